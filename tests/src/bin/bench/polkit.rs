//! The same question to polkitd, which most of a desktop asks: may this be done, by a rule in JavaScript?
//!
//! polkitd reads fixed directories, so it runs in a mount namespace of its own, where they are ours. That needs
//! root.

use std::collections::HashMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use futures_util::StreamExt as _;
use tokio::process::{Child, Command};
use tokio::time::timeout;
use zbus::fdo::DBusProxy;
use zbus::{Connection, Variant};

use crate::bus::{Bus, Callers};
use crate::decisions::{callers_in_words, explanations, rates};
use crate::limits::{CALLERS, PATIENCE, ROUNDS};
use crate::load::{median, ratio, round, warm_up};
use crate::table::{Row, Wanted};
use crate::world::World;
use crate::{Outcome, missing};

const NAME: &str = "org.freedesktop.PolicyKit1";
const PROGRAMS: [&str; 2] = ["/usr/lib/polkit-1/polkitd", "/usr/libexec/polkitd"];
const ACTION: &str = "org.readmit.benchmark";
/// The user whom the rule is about: nobody special, so that the rule is asked.
const SUBJECT: u32 = 65_534;

const RULE: &str = r#"polkit.addRule(function (action, subject) {
    if (action.id != "org.readmit.benchmark") { return polkit.Result.NOT_HANDLED; }
    if (action.lookup("kind") == "member") { return polkit.Result.NO; }
    if (action.lookup("reason") == "lost" && action.lookup("country") == "US") { return polkit.Result.YES; }
    return polkit.Result.NO;
});
"#;

const ACTIONS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE policyconfig PUBLIC "-//freedesktop//DTD PolicyKit Policy Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/PolicyKit/1/policyconfig.dtd">
<policyconfig><action id="org.readmit.benchmark"><description>d</description><message>m</message>
<defaults><allow_any>no</allow_any><allow_inactive>no</allow_inactive><allow_active>no</allow_active></defaults>
</action></policyconfig>
"#;

/// `Policies1.Explain` against `CheckAuthorization`.
pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let what = "Explain against polkitd's CheckAuthorization";
    let Some(program) = PROGRAMS.into_iter().find(|program| Path::new(program).exists()) else {
        return Ok(missing(what, "polkitd is not installed", "apt-get install polkitd"));
    };
    if !rustix::process::getuid().is_root() {
        return Ok(vec![Row::missing(
            what,
            "polkitd in directories of its own needs root: run tests/bench as root",
        )]);
    }
    let polkit = match Polkit::start(&world.bus, world.directory(), program).await {
        Ok(polkit) => polkit,
        // A container may forbid mounts; that says nothing about the daemon.
        Err(error) => return Ok(vec![Row::missing(what, &error.to_string())]),
    };
    let mut rows = Vec::new();
    for (count, wanted) in CALLERS.into_iter().zip([10.0, f64::NAN, 18.0]) {
        let callers = world.bus.callers(count).await?;
        warm_up(count, polkit.checks(&callers)).await?;
        warm_up(count, explanations(&callers)).await?;
        let (mut explained, mut checked) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            checked.push(round(count, polkit.checks(&callers)).await?);
            explained.push(round(count, explanations(&callers)).await?);
        }
        let (explained, checked) = (rates(&explained), rates(&checked));
        rows.push(Row::new(
            &format!("Explain, {}, against polkitd with a JavaScript rule", callers_in_words(count)),
            format!("{:.0}/s", median(explained.clone())),
            format!("CheckAuthorization {:.0}/s", median(checked.clone())),
            ratio(&explained, &checked),
            if wanted.is_nan() { Wanted::Nothing } else { Wanted::AtLeast(wanted) },
        ));
    }
    Ok(rows)
}

/// A running polkitd, and a process to ask about.
struct Polkit {
    _daemon: Child,
    _subject: Child,
    subject: u32,
    since: u64,
}

impl Polkit {
    async fn start(bus: &Bus, directory: &Path, program: &str) -> Outcome<Self> {
        let actions = readable(directory, "actions", "org.readmit.benchmark.policy", ACTIONS)?;
        let rules = readable(directory, "rules.d", "50-benchmark.rules", RULE)?;
        let script = "mount --bind \"$1\" /usr/share/polkit-1/actions \
                      && mount --bind \"$2\" /etc/polkit-1/rules.d && exec \"$3\" --no-debug";
        let connection = bus.connect().await?;
        let proxy = DBusProxy::new(&connection).await?;
        let mut owners = proxy.receive_name_owner_changed_with_args(&[(0, NAME)]).await?;
        let mut daemon = Command::new("unshare")
            .args(["--mount", "sh", "-c", script, "sh"])
            .args([&actions, &rules])
            .arg(program)
            .env("DBUS_SYSTEM_BUS_ADDRESS", bus.address())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        tokio::select! {
            named = timeout(PATIENCE, owners.next()) => drop(named?),
            status = daemon.wait() => return Err(format!("polkitd could not be run here: {}", status?).into()),
        }
        let process = Command::new("sleep")
            .arg("86400")
            .uid(SUBJECT)
            .gid(SUBJECT)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()?;
        let subject = process.id().ok_or("the subject is gone")?;
        let stat = std::fs::read_to_string(format!("/proc/{subject}/stat"))?;
        // Field 22 of proc(5), counted from behind the name, which may hold anything.
        let since = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(19));
        let since = since.ok_or("the subject has no start time")?.parse()?;
        let polkit = Self { _daemon: daemon, _subject: process, subject, since };
        polkit.check(&connection).await?;
        Ok(polkit)
    }

    fn checks(
        &self,
        callers: &Callers,
    ) -> impl Fn(usize, usize) -> futures_util::future::BoxFuture<'static, Outcome<()>> + Clone + Send + 'static
    {
        let (callers, subject, since) = (callers.clone(), self.subject, self.since);
        move |caller, _| {
            let callers = callers.clone();
            Box::pin(async move { check(callers.connection(caller), subject, since).await })
        }
    }

    async fn check(&self, connection: &Connection) -> Outcome<()> {
        check(connection, self.subject, self.since).await
    }
}

/// Asks once. An answer other than yes means that the rule was not asked.
async fn check(connection: &Connection, subject: u32, since: u64) -> Outcome<()> {
    let process = HashMap::from([
        ("pid", Variant::from(subject)),
        ("start-time", Variant::from(since)),
        ("uid", Variant::from(i32::try_from(SUBJECT)?)),
    ]);
    let details = HashMap::from([("reason", "lost"), ("kind", "owner"), ("country", "US")]);
    let question = (("unix-process", process), ACTION, details, 0_u32, "");
    let path = "/org/freedesktop/PolicyKit1/Authority";
    let interface = "org.freedesktop.PolicyKit1.Authority";
    let answer =
        connection.call_method(Some(NAME), path, Some(interface), "CheckAuthorization", &question).await?;
    let body = answer.body();
    let (allowed, ..): (bool, bool, HashMap<String, String>) = body.deserialize()?;
    if allowed { Ok(()) } else { Err("polkitd did not follow the rule".into()) }
}

/// A directory with one file that polkitd's own user can read.
fn readable(directory: &Path, name: &str, file: &str, text: &str) -> Outcome<PathBuf> {
    let path = directory.join(name);
    std::fs::create_dir_all(&path)?;
    std::fs::write(path.join(file), text)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))?;
    std::fs::set_permissions(path.join(file), std::fs::Permissions::from_mode(0o644))?;
    Ok(path)
}
