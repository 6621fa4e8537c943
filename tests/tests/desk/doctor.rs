//! `readmit doctor`: every check once with what it is for truly broken.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use readmit_tests::{Ended, World};
use serde_json::Value;
use zbus::{OwnedObjectPath, interface};

/// What the doctor says about a world.
struct Said {
    ended: Ended,
    findings: Vec<Value>,
}

impl Said {
    /// Asserts that a check has a finding of this level with these words, and a mend.
    fn has(&self, check: &str, level: &str, words: &str) {
        let about: Vec<&Value> = self.findings.iter().filter(|finding| finding["check"] == check).collect();
        let fits = |finding: &&&Value| {
            finding["level"] == level && finding["what"].as_str().unwrap().contains(words)
        };
        let found = about.iter().find(fits);
        let found = found.unwrap_or_else(|| panic!("no {level} of {check} with {words:?}: {about:#?}"));
        if level == "failure" || level == "warning" {
            assert!(found["mend"].as_str().unwrap().len() > 10, "{check} has a mend: {found}");
        }
    }
}

fn doctor(world: &World) -> Said {
    let config = world.config();
    let ended = world.cli(&["doctor", "--json", "--config", config.to_str().unwrap()], "");
    let answer: Value =
        serde_json::from_str(&ended.output).unwrap_or_else(|error| panic!("{error}: {ended:?}"));
    Said { findings: answer["findings"].as_array().unwrap().clone(), ended }
}

#[tokio::test]
async fn all_is_well_until_something_is_broken() {
    let mut world = World::builder().phone("silent").start().await;
    world.plugins_run().await;
    let said = doctor(&world);
    for (check, words) in [
        ("configuration", "is right, with 2 plugins"),
        ("bus", "is there and answers"),
        ("state", "readmit.db is its owner's alone"),
        ("key", "store.key is its owner's alone"),
        ("rules", "readmit.toml can be changed by its owner alone"),
        ("disk", "MiB are free"),
        ("policy", "is in force"),
        ("plugin email", "reaches its other side (dns, connect, noop: 250)"),
        ("plugin voice", "reaches its other side (dns, options: "),
        ("readiness", "none of 0 accounts lacks something"),
        ("journal", "every link holds"),
    ] {
        said.has(check, "ok", words);
    }
    // There is no polkit on this bus, nor anybody who knows about the clock.
    said.has("polkit", "warning", "not on this bus");
    assert_eq!(said.ended.code, 8, "only warnings: {:?}", said.ended);

    world.mailbox.stop();
    let set = |name: &str, mode| {
        let file = world.directory().join(name);
        std::fs::set_permissions(file, Permissions::from_mode(mode)).unwrap();
    };
    set("state/store.key", 0o644);
    set("policies", 0o777);
    world.desk.add_account("stranded", serde_json::json!({"kind": "owner"})).await.unwrap();
    let said = doctor(&world);
    said.has("plugin email", "failure", "connect: connecting: ");
    said.has("key", "failure", "can be reached by others (mode 0644)");
    said.has("rules", "failure", "can be changed by every user (mode 0777)");
    said.has("readiness", "warning", "1 of 1 accounts have no way back");
    assert_eq!(said.ended.code, 1);
    assert!(!said.ended.output.contains("hunter2"), "no secret is told");

    world.kill().await;
    let said = doctor(&world);
    said.has("bus", "failure", "org.readmit.Recovery1 is not there");
    said.has("state", "ok", "readmit.db is its owner's alone");
    assert_eq!(said.ended.code, 1);
    std::fs::write(world.config(), "[bus]\nadress = \"system\"\n").unwrap();
    doctor(&world).has("configuration", "failure", "readmit.toml:2: bus.adress unknown key");
}

#[tokio::test]
async fn a_way_that_leads_nowhere_is_told_with_its_real_reason() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "hunter2\n").unwrap();
    std::fs::set_permissions(file.path(), Permissions::from_mode(0o604)).unwrap();
    let config = format!(
        "[plugins.email.settings]\nserver = \"no-such-host.invalid\"\nusername = \"u\"\npassword_file = {:?}\n\
         security = \"starttls\"\n",
        file.path()
    );
    // Nobody is at the trunk, and the daemon's clock is an hour ahead.
    let world = World::builder().config(&config).clock().start().await;
    world.clock.advance(3600);
    let said = doctor(&world);
    // A plugin refuses a password that others can read, and says so.
    said.has("plugin email", "failure", "other users can reach it");
    said.has("secrets", "failure", "can be reached by others (mode 0604)");
    said.has("clock", "failure", "seconds from this program's");

    std::fs::set_permissions(file.path(), Permissions::from_mode(0o600)).unwrap();
    world.desk.texts("Plugins1", "Restart", &["email"]).await.unwrap();
    world.plugins_run().await;
    let said = doctor(&world);
    said.has("plugin email", "failure", "dns: looking up no-such-host.invalid: ");
    said.has("plugin voice", "failure", "options: ");
    said.has("secrets", "ok", "is its owner's alone");
    let ended = world.cli(&["plugin", "probe", "email"], "");
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.output.contains("dns") && ended.output.contains("failed"), "{ended:?}");
    assert!(!ended.output.contains("hunter2"), "no secret is told");
}

/// Requirement: what is known of the journal outside the database is compared with it.
#[tokio::test]
async fn a_journal_that_is_not_the_one_that_was_is_found() {
    let mut world = World::builder().start().await;
    let files = ["readmit.db", "readmit.db.anchor"].map(|name| world.directory().join("state").join(name));
    let [database, anchor] = &files;
    let read = || files.each_ref().map(|file| std::fs::read(file).unwrap());
    doctor(&world).has("anchor", "ok", "the journal leads to entry ");
    world.stop().await;
    doctor(&world).has("anchor", "note", "whether it still is, is seen when the daemon runs");
    let earlier = read();
    world.start().await;
    for id in ["a", "b", "c"] {
        world.desk.add_account(id, serde_json::json!({})).await.unwrap();
    }
    world.stop().await;
    let later = read();
    // Both files put back, the daemon serves; whoever kept the later anchor elsewhere can show what is missing.
    std::fs::write(database, &earlier[0]).unwrap();
    std::fs::write(anchor, &earlier[1]).unwrap();
    world.start().await;
    doctor(&world).has("anchor", "ok", "the journal leads to entry ");
    std::fs::write(anchor, &later[1]).unwrap();
    let said = doctor(&world);
    said.has("anchor", "failure", "it was cut off at the end: entry ");
    said.has("journal", "ok", "every link holds");
    assert!(said.ended.output.contains("contrib/BACKUP.md"), "{:?}", said.ended);

    let forged = String::from_utf8(later[1].clone()).unwrap().replace("\"seq\":", "\"seq\":1");
    for (text, level, words) in [
        (forged.as_str(), "failure", "its signature is forged"),
        ("{}", "failure", "it cannot be understood"),
    ] {
        std::fs::write(anchor, text).unwrap();
        doctor(&world).has("anchor", level, words);
    }
    let other = World::builder().start().await;
    std::fs::copy(other.directory().join("state/readmit.db.anchor"), anchor).unwrap();
    doctor(&world).has("anchor", "failure", "was signed with another key");
    std::fs::remove_file(anchor).unwrap();
    doctor(&world).has("anchor", "warning", "is not there: an earlier database");
    world.stop().await;
    std::fs::remove_file(database).unwrap();
    doctor(&world).has("anchor", "failure", "is gone");
}

/// Somebody who may write the database, and has no key.
const CHANGE: &str = "import sqlite3, sys\n\
                      base = sqlite3.connect(sys.argv[1])\n\
                      base.execute('DROP TRIGGER journal_is_not_changed')\n\
                      base.execute('UPDATE journal SET account = ? WHERE seq = 2', ('nobody',))\n\
                      base.commit()\n";

#[tokio::test]
async fn an_entry_that_was_changed_is_named() {
    let mut world = World::builder().start().await;
    for id in ["a", "b", "c"] {
        world.desk.add_account(id, serde_json::json!({})).await.unwrap();
    }
    world.stop().await;
    let python = std::env::var("READMIT_TEST_PYTHON").unwrap_or("/tmp/readmit-venv/bin/python".to_owned());
    let database = world.directory().join("state/readmit.db");
    let status = Command::new(python).args(["-c", CHANGE]).arg(database).status().unwrap();
    assert!(status.success());
    world.start().await;
    let said = doctor(&world);
    said.has("journal", "failure", "entry 2 is broken: ");
    // The head is as it was: what is known outside is about the end.
    said.has("anchor", "ok", "the journal leads to entry ");
}

/// Somebody who says how units are, as systemd does; systemd itself is asked in the tests of units.
struct Systemd {
    state: Option<&'static str>,
}

#[interface(name = "org.freedesktop.systemd1.Manager")]
impl Systemd {
    fn get_unit(&self, name: &str) -> zbus::fdo::Result<OwnedObjectPath> {
        match self.state {
            Some(_) => Ok(OwnedObjectPath::try_from(UNIT).unwrap()),
            None => Err(zbus::fdo::Error::Failed(format!("Unit {name} not loaded."))),
        }
    }
}

const UNIT: &str = "/org/freedesktop/systemd1/unit/readmitd";

struct Unit {
    state: &'static str,
}

#[interface(name = "org.freedesktop.systemd1.Unit")]
impl Unit {
    #[zbus(property)]
    fn active_state(&self) -> &str {
        self.state
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_that_is_not_as_it_should_be_is_found() {
    let world = World::builder().start().await;
    for (state, level, words) in [
        (None, "warning", "readmitd.service is not loaded"),
        (Some("failed"), "failure", "readmitd.service is failed"),
        (Some("activating"), "failure", "readmitd.service is activating"),
        (Some("reloading"), "ok", "readmitd.service is reloading"),
    ] {
        let _systemd = zbus::connection::Builder::address(world.address())
            .name("org.freedesktop.systemd1")
            .serve_at("/org/freedesktop/systemd1", Systemd { state })
            .serve_at(UNIT, Unit { state: state.unwrap_or_default() })
            .build()
            .await
            .unwrap();
        let said = tokio::task::block_in_place(|| doctor(&world));
        said.has("unit", level, words);
    }
}

/// Somebody who says how the clock is, as systemd-timedated does.
struct Timedated {
    synchronized: bool,
}

#[interface(name = "org.freedesktop.timedate1")]
impl Timedated {
    #[zbus(property, name = "NTPSynchronized")]
    fn synchronized(&self) -> bool {
        self.synchronized
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_nobody_keeps_is_found() {
    let world = World::builder().start().await;
    for (synchronized, level) in [(false, "warning"), (true, "ok")] {
        let _timedated = zbus::connection::Builder::address(world.address())
            .name("org.freedesktop.timedate1")
            .serve_at("/org/freedesktop/timedate1", Timedated { synchronized })
            .build()
            .await
            .unwrap();
        let said = tokio::task::block_in_place(|| doctor(&world));
        said.has("clock", level, "synchronized");
    }
}
