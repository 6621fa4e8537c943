//! A machine's bus, users, polkit and daemon, in a mount namespace.

use std::fs::{OpenOptions, Permissions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use readmit_tests::{Desk, Ended, patiently, program};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;
use zbus::Connection;
use zbus::fdo::DBusProxy;
use zbus::names::BusName;

const POLKIT: &str = "org.freedesktop.PolicyKit1";
const READMIT: &str = "org.readmit.Recovery1";

/// A user of the machine, with the groups they are in beside their own.
#[derive(Clone, Copy, Debug)]
pub struct User {
    pub name: &'static str,
    pub uid: u32,
    groups: &'static [u32],
}

const FRONT_ENDS: u32 = 6100;
const DESK: u32 = 6101;
const SECURITY: u32 = 6102;
const AUDITORS: u32 = 6103;
const ADMINS: u32 = 6104;

pub const ROOT: User = User { name: "root", uid: 0, groups: &[] };
pub const DAEMON: User = User { name: "readmit", uid: 6000, groups: &[] };
pub const PORTAL: User = User { name: "readmit-portal", uid: 6001, groups: &[FRONT_ENDS] };
pub const HANNA: User = User { name: "hanna", uid: 6011, groups: &[DESK] };
pub const SAM: User = User { name: "sam", uid: 6012, groups: &[SECURITY] };
pub const AUDREY: User = User { name: "audrey", uid: 6013, groups: &[AUDITORS] };
pub const ADA: User = User { name: "ada", uid: 6014, groups: &[ADMINS] };
pub const BOB: User = User { name: "bob", uid: 6015, groups: &[ADMINS] };
/// Nobody special.
pub const OLGA: User = User { name: "olga", uid: 6016, groups: &[] };

const USERS: [User; 8] = [DAEMON, PORTAL, HANNA, SAM, AUDREY, ADA, BOB, OLGA];
const GROUPS: [(&str, u32); 5] = [
    ("readmit-frontend", FRONT_ENDS),
    ("readmit-helpdesk", DESK),
    ("readmit-security", SECURITY),
    ("readmit-auditors", AUDITORS),
    ("readmit-admins", ADMINS),
];

/// Which program carries the messages.
#[derive(Clone, Copy, Debug)]
pub enum Broker {
    DbusDaemon,
    DbusBroker,
}

/// What is to be started.
pub struct Plan {
    pub broker: Broker,
    pub has_polkit: bool,
    /// Whether polkit knows the actions that are shipped.
    pub has_actions: bool,
    /// The rules of the bus for the daemon.
    pub bus_policy: &'static str,
    /// The users who may without polkit.
    pub admins: &'static str,
    /// More rules for polkit, which come before those that are shipped.
    pub rules: &'static str,
    pub policy: &'static str,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            broker: Broker::DbusDaemon,
            has_polkit: true,
            has_actions: true,
            bus_policy: include_str!("../../../contrib/dbus/org.readmit.Recovery1.conf"),
            admins: "\"root\"",
            rules: "",
            policy: "return { open = function() return escalate { to = \"support\", because = \"a test\" } end }\n",
        }
    }
}

/// The machine. Dropped, it is gone.
pub struct System {
    place: TempDir,
    namespace: Child,
    bus: Child,
    polkit: Option<Child>,
    _daemon: tokio::process::Child,
    /// Root's connection.
    pub root: Connection,
    pub desk: Desk,
}

impl System {
    /// Starts everything and waits until it is there.
    pub async fn start(plan: Plan) -> Self {
        assert!(rustix::process::getuid().is_root(), "these tests need root: run them as root");
        let place = tempfile::Builder::new().prefix("readmit-polkit").tempdir().unwrap();
        lay_out(place.path(), &plan);
        let namespace = namespace(place.path());
        let bus = start_bus(place.path(), &namespace, plan.broker);
        let address = address(place.path());
        let root = patiently("the bus", connect(&address)).await;
        let polkit = plan.has_polkit.then(|| start_polkit(place.path(), &namespace));
        if polkit.is_some() {
            patiently("polkitd to take its name", owned(&root, POLKIT)).await;
        }
        let mut daemon = start_daemon(place.path(), &namespace);
        let named = patiently("the daemon to take its name", owned(&root, READMIT));
        tokio::select! {
            () = named => {}
            status = daemon.wait() => {
                let log = std::fs::read_to_string(place.path().join("daemon.log")).unwrap();
                panic!("readmitd ended with {status:?}:\n{log}");
            }
        }
        let desk = Desk::connect(&address).await;
        Self { place, namespace, bus, polkit, _daemon: daemon, root, desk }
    }

    pub fn address(&self) -> String {
        address(self.place.path())
    }

    /// The process of polkitd.
    pub fn polkit(&self) -> u32 {
        self.polkit.as_ref().unwrap().id()
    }

    /// Kills polkitd and waits until its name is free.
    pub async fn kill_polkit(&mut self) {
        end(self.polkit.as_mut().unwrap());
        patiently("polkitd to be gone", gone(&self.root, POLKIT)).await;
    }

    /// Runs `busctl` as a user with these words, which a shell reads.
    pub fn busctl(&self, user: User, words: &str) -> Ended {
        self.run(user, &[], &format!("busctl --address={} {words}", self.address()))
    }

    /// Calls a method as a user: `Cases1 Show s x`. Nobody is asked for a password.
    pub fn call(&self, user: User, words: &str) -> Result<String, String> {
        self.call_as(user, None, words)
    }

    /// The same in the login session of somebody: `6014:3`.
    pub fn call_as(&self, user: User, login: Option<&str>, words: &str) -> Result<String, String> {
        let line = format!(
            "busctl --address={} --allow-interactive-authorization=no call {READMIT} /org/readmit/Recovery1 \
             org.readmit.{words}",
            self.address()
        );
        let environment: Vec<(&str, &str)> =
            login.map(|login| ("READMIT_TEST_LOGIN", login)).into_iter().collect();
        let ended = self.run(user, &environment, &line);
        if ended.code == 0 { Ok(ended.output) } else { Err(ended.error) }
    }

    /// Starts a line of shell as a user, in the machine.
    pub fn spawn(&self, user: User, environment: &[(&str, &str)], line: &str) -> Child {
        let groups: Vec<String> = std::iter::once(&user.uid).chain(user.groups).map(u32::to_string).collect();
        Command::new("nsenter")
            .args(["--mount", "--target", &self.namespace.id().to_string(), "setpriv"])
            .args(["--reuid", &user.uid.to_string(), "--regid", &user.uid.to_string()])
            .args(["--groups", &groups.join(","), "--", "sh", "-c", line])
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("DBUS_SYSTEM_BUS_ADDRESS", self.address())
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The same, to its end.
    pub fn run(&self, user: User, environment: &[(&str, &str)], line: &str) -> Ended {
        self.spawn(user, environment, line).wait_with_output().unwrap().into()
    }

    /// What the daemon has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.place.path().join("daemon.log")).unwrap()
    }

    /// Where programs of the test's own may be put, readable by everybody.
    pub fn place(&self) -> &Path {
        self.place.path()
    }
}

impl Drop for System {
    fn drop(&mut self) {
        // With what it has started.
        let group = Pid::from_raw(i32::try_from(self.bus.id()).unwrap()).unwrap();
        let _ = kill_process_group(group, Signal::KILL);
        for child in
            [self.polkit.as_mut(), Some(&mut self.bus), Some(&mut self.namespace)].into_iter().flatten()
        {
            end(child);
        }
    }
}

fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

fn address(place: &Path) -> String {
    format!("unix:path={}", place.join("bus").display())
}

/// The files of the machine: users, rights, the daemon's configuration.
fn lay_out(place: &Path, plan: &Plan) {
    let contrib = |file: &str| Path::new(env!("CARGO_MANIFEST_DIR")).join("../contrib").join(file);
    std::fs::set_permissions(place, Permissions::from_mode(0o755)).unwrap();
    for directory in ["actions", "rules", "own-rules", "policies", "state"] {
        std::fs::create_dir(place.join(directory)).unwrap();
        std::fs::set_permissions(place.join(directory), Permissions::from_mode(0o755)).unwrap();
    }
    std::fs::set_permissions(place.join("state"), Permissions::from_mode(0o700)).unwrap();
    chown(place.join("state"), Some(DAEMON.uid), Some(DAEMON.uid)).unwrap();
    let mut passwd = std::fs::read_to_string("/etc/passwd").unwrap();
    let mut group = std::fs::read_to_string("/etc/group").unwrap();
    for User { name, uid, .. } in USERS {
        passwd += &format!("{name}:x:{uid}:{uid}::/:/bin/sh\n");
        group += &format!("{name}:x:{uid}:\n");
    }
    for (name, gid) in GROUPS {
        let members: Vec<&str> =
            USERS.iter().filter(|user| user.groups.contains(&gid)).map(|user| user.name).collect();
        group += &format!("{name}:x:{gid}:{}\n", members.join(","));
    }
    let actions = std::fs::read_to_string(contrib("polkit/org.readmit.policy")).unwrap();
    if plan.has_actions {
        std::fs::write(place.join("actions/org.readmit.policy"), actions).unwrap();
    }
    let daemon = format!(
        "[bus]\naddress = \"{}\"\nadmins = [{}]\n[store]\npath = \"{place}/state/readmit.db\"\n[policy]\ndirectory = \
         \"{place}/policies\"\n[assurance]\nlevel = \"none\"\n",
        address(place),
        plan.admins,
        place = place.display()
    );
    for (file, text) in [
        ("passwd", passwd.as_str()),
        ("group", &group),
        ("bus.conf", &BUS.replace("PLACE", &place.display().to_string())),
        ("own-rules/10-test.rules", plan.rules),
        ("readmit.conf", plan.bus_policy),
        ("policies/default.lua", plan.policy),
        ("readmit.toml", &daemon),
        ("rules/50-readmit.rules", &std::fs::read_to_string(contrib("polkit/50-readmit.rules")).unwrap()),
        ("readmitd", ""),
        ("readmit", ""),
        ("daemon.log", ""),
    ] {
        std::fs::write(place.join(file), text).unwrap();
    }
}

/// The rules of a system bus as distributions ship them, and on top what polkit, logind and Readmit bring along.
const BUS: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path=PLACE/bus</listen><auth>EXTERNAL</auth>
<policy context="default">
  <allow user="*"/><deny own="*"/><deny send_type="method_call"/>
  <allow send_type="signal"/>
  <allow send_requested_reply="true" send_type="method_return"/>
  <allow send_requested_reply="true" send_type="error"/>
  <allow receive_type="method_call"/><allow receive_type="method_return"/>
  <allow receive_type="error"/><allow receive_type="signal"/>
  <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
  <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
  <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Properties"/>
  <allow send_destination="org.freedesktop.login1"/>
</policy>
<policy user="root">
  <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Monitoring"/>
  <allow own="org.freedesktop.login1"/>
</policy>
<include ignore_missing="yes">/usr/share/dbus-1/system.d/org.freedesktop.PolicyKit1.conf</include>
<include>PLACE/readmit.conf</include>
</busconfig>
"#;

/// Holds the mounts. Whatever runs in the machine enters its namespace.
fn namespace(place: &Path) -> Child {
    let script = "set -e; cd \"$1\"
mount --bind passwd /etc/passwd; mount --bind group /etc/group
mount --bind actions /usr/share/polkit-1/actions; mount --bind rules /usr/share/polkit-1/rules.d
mkdir -p /etc/polkit-1/rules.d; mount --bind own-rules /etc/polkit-1/rules.d
mount --bind \"$2\" readmitd; mount --bind \"$3\" readmit
# Whoever logs to the journal writes into a socket that nobody reads.
mkdir -p /run/systemd; mount -t tmpfs none /run/systemd; mkdir /run/systemd/journal
echo ready; exec sleep infinity";
    let mut child = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", script, "sh"])
        .arg(place)
        .args([program("readmitd"), program("readmit")])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line.trim(), "ready", "mounts need root, and a kernel that lets it");
    child
}

fn enter(namespace: &Child) -> Command {
    let mut command = Command::new("nsenter");
    command.args(["--mount", "--target", &namespace.id().to_string()]).stdin(Stdio::null());
    command
}

fn start_bus(place: &Path, namespace: &Child, broker: Broker) -> Child {
    let config = format!("--config-file={}", place.join("bus.conf").display());
    let socket = place.join("bus");
    match broker {
        Broker::DbusDaemon => {
            let mut child = enter(namespace)
                .args(["dbus-daemon", &config, "--nofork", "--nopidfile", "--print-address"])
                .process_group(0)
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut line = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
            assert!(line.starts_with("unix:"), "dbus-daemon did not start");
            child
        }
        // systemd makes the socket for it; without one, so does systemd-socket-activate. Its launcher is a client of
        // the bus itself.
        Broker::DbusBroker => {
            let script = format!(
                "python3 -c 'import socket, time\ns = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n\
                 s.bind(\"/run/systemd/journal/socket\")\nprint(\"ready\", flush=True)\nwhile True: s.recv(65536)' &\n\
                 until [ -S /run/systemd/journal/socket ]; do sleep 0.01; done\n\
                 exec systemd-socket-activate -l {socket} \
                 -E DBUS_SESSION_BUS_ADDRESS=unix:path={socket} dbus-broker-launch --scope user {config}",
                socket = socket.display()
            );
            let mut child = enter(namespace)
                .args(["sh", "-c", &script])
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .process_group(0)
                .spawn()
                .unwrap();
            let mut line = String::new();
            // It says so once it listens.
            let mut told = BufReader::new(child.stderr.take().unwrap());
            told.read_line(&mut line).unwrap();
            assert!(line.contains("istening"), "{line}");
            std::fs::set_permissions(&socket, Permissions::from_mode(0o666)).unwrap();
            // What it says later has to go somewhere.
            std::thread::spawn(move || std::io::copy(&mut told, &mut std::io::sink()));
            child
        }
    }
}

fn start_polkit(place: &Path, namespace: &Child) -> Child {
    let program = ["/usr/lib/polkit-1/polkitd", "/usr/libexec/polkitd"];
    let program = program
        .into_iter()
        .find(|program| Path::new(program).exists())
        .unwrap_or_else(|| panic!("polkitd is missing; install it: apt-get install polkitd"));
    enter(namespace)
        .args([program, "--no-debug"])
        .env("DBUS_SYSTEM_BUS_ADDRESS", address(place))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn start_daemon(place: &Path, namespace: &Child) -> tokio::process::Child {
    let log = OpenOptions::new().append(true).open(place.join("daemon.log")).unwrap();
    let program: PathBuf = place.join("readmitd");
    tokio::process::Command::from(enter(namespace))
        .args(["setpriv", "--reuid", DAEMON.name, "--regid", DAEMON.name, "--init-groups", "--"])
        .arg(program)
        .arg("--config")
        .arg(place.join("readmit.toml"))
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("READMIT_LOG", "info,zbus=warn")
        .stdout(Stdio::from(log.try_clone().unwrap()))
        .stderr(Stdio::from(log))
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

/// The bus accepts nobody before it runs, though its socket is there.
async fn connect(address: &str) -> Connection {
    zbus::connection::Builder::address(address).build().await.unwrap()
}

async fn owned(connection: &Connection, name: &'static str) {
    wait_for(connection, name, true).await;
}

async fn gone(connection: &Connection, name: &'static str) {
    wait_for(connection, name, false).await;
}

async fn wait_for(connection: &Connection, name: &'static str, wanted: bool) {
    use futures_util::StreamExt as _;
    let bus = DBusProxy::new(connection).await.unwrap();
    let mut changes = bus.receive_name_owner_changed_with_args(&[(0, name)]).await.unwrap();
    while bus.name_has_owner(BusName::try_from(name).unwrap()).await.unwrap() != wanted {
        changes.next().await.unwrap();
    }
}
