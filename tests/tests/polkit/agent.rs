//! Requirement: where the caller can wait, somebody is asked for a password, and that holds up nobody else: the number
//! of such dialogs is bounded for each user, and the dialog of a caller who is gone is closed.
//!
//! What is shown to people and takes the password is an authentication agent of the test's own, registered for the
//! caller's process; it vouches as polkit's own privileged program does.

use std::collections::HashMap;
use std::process::Child;

use readmit_tests::{kill, patiently};
use tokio::sync::mpsc;
use zbus::{Connection, OwnedVariant, Variant, interface};

use crate::system::{OLGA, Plan, ROOT, System};

const AUTHORITY: &str = "org.freedesktop.PolicyKit1";
const PATH: &str = "/org/readmit/test/Agent";

type Identity = (String, HashMap<String, OwnedVariant>);

/// What the agent was told.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Begin { action: String, message: String, cookie: String },
    Cancel { cookie: String },
}

/// Whether somebody types the password.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Typing {
    AtOnce,
    Never,
}

struct Agent {
    connection: Connection,
    typing: Typing,
    told: mpsc::UnboundedSender<Told>,
}

#[interface(name = "org.freedesktop.PolicyKit1.AuthenticationAgent")]
impl Agent {
    async fn begin_authentication(
        &self,
        action: String,
        message: String,
        _icon: String,
        _details: HashMap<String, String>,
        cookie: String,
        identities: Vec<Identity>,
    ) {
        self.told.send(Told::Begin { action, message, cookie: cookie.clone() }).unwrap();
        if self.typing == Typing::Never {
            return std::future::pending().await;
        }
        let (kind, details) = identities.first().unwrap();
        let details: HashMap<&str, &Variant<'_>> =
            details.iter().map(|(key, value)| (key.as_str(), &**value)).collect();
        let answer = (0_u32, cookie, (kind.as_str(), details));
        ask(&self.connection, "AuthenticationAgentResponse2", &answer).await;
    }

    async fn cancel_authentication(&self, cookie: String) {
        self.told.send(Told::Cancel { cookie }).unwrap();
    }
}

async fn ask<B: serde::Serialize + zbus::DynamicType>(connection: &Connection, method: &str, body: &B) {
    let path = "/org/freedesktop/PolicyKit1/Authority";
    let interface = "org.freedesktop.PolicyKit1.Authority";
    connection.call_method(Some(AUTHORITY), path, Some(interface), method, body).await.unwrap();
}

/// A caller who waits until their agent is there, and the agent.
struct Desk {
    caller: Child,
    told: mpsc::UnboundedReceiver<Told>,
    _connection: Connection,
}

impl Desk {
    async fn start(system: &System, typing: Typing) -> Self {
        let busctl = format!(
            "busctl --address={} --timeout=100 call org.readmit.Recovery1 /org/readmit/Recovery1 org.readmit.Audit1 Verify",
            system.address()
        );
        Self::start_with(system, typing, &busctl).await
    }

    /// A caller who runs this.
    async fn start_with(system: &System, typing: Typing, command: &str) -> Self {
        let gate = system.place().join(format!("go-{}", rand()));
        let line = format!("read go < {}; exec {command}", gate.display());
        assert!(
            std::process::Command::new("mkfifo").args(["-m", "644"]).arg(&gate).status().unwrap().success()
        );
        let caller = system.spawn(OLGA, &[], &line);
        let connection = zbus::connection::Builder::address(system.address().as_str()).build().await.unwrap();
        let (sender, told) = mpsc::unbounded_channel();
        let agent = Agent { connection: connection.clone(), typing, told: sender };
        connection.object_server().at(PATH, agent).await.unwrap();
        let pid = caller.id();
        let process = HashMap::from([
            ("pid", Variant::from(pid)),
            ("start-time", Variant::from(started(pid))),
            ("uid", Variant::from(OLGA.uid.cast_signed())),
        ]);
        ask(&connection, "RegisterAuthenticationAgent", &(("unix-process", process), "en_US.UTF-8", PATH))
            .await;
        // A pipe is opened once somebody reads it.
        tokio::task::spawn_blocking(move || std::fs::write(gate, "go\n").unwrap()).await.unwrap();
        Self { caller, told, _connection: connection }
    }

    async fn told(&mut self) -> Told {
        patiently("polkit to ask for a password", self.told.recv()).await.unwrap()
    }

    async fn begun(&mut self) -> String {
        match self.told().await {
            Told::Begin { cookie, .. } => cookie,
            other => panic!("{other:?}"),
        }
    }

    fn ended(self) -> Result<String, String> {
        let ended = self.caller.wait_with_output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        if ended.status.success() { Ok(text(&ended.stdout)) } else { Err(text(&ended.stderr)) }
    }
}

fn rand() -> usize {
    use std::sync::atomic::{AtomicUsize, Ordering};
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// When a process started: field 22 of proc(5), counted from behind the name, which may hold anything.
fn started(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    stat.rsplit(')').next().unwrap().split_whitespace().nth(19).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_is_typed_lets_through() {
    let system = System::start(Plan::default()).await;
    let mut desk = Desk::start(&system, Typing::AtOnce).await;
    match desk.told().await {
        Told::Begin { action, message, .. } => {
            assert_eq!(action, "org.readmit.audit.verify");
            assert!(message.starts_with("Authentication is required to check that the journal"), "{message}");
        }
        other => panic!("{other:?}"),
    }
    let output = desk.ended().unwrap();
    assert!(output.contains("\"ok\" b true"), "{output}");
}

/// The command line brings an agent along for the terminal that it runs in.
#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_asks_in_its_terminal() {
    let system = System::start(Plan::default()).await;
    let readmit = system.place().join("readmit");
    let line = format!("printf 'wrong\n' | script -qec '{} audit verify' /dev/null", readmit.display());
    let ended = system.run(OLGA, &[("TERM", "dumb")], &line);
    assert!(ended.output.contains("org.readmit.audit.verify"), "nobody was asked: {ended:?}");
    assert_eq!(ended.code, 4, "{ended:?}");
    // Where there is no terminal, it says what to do.
    let ended = system.run(OLGA, &[], &format!("{} audit verify", readmit.display()));
    assert!(ended.code == 4 && ended.hint().contains("in a terminal"), "{ended:?}");
}

/// A script is refused at once; it takes a word for a desktop's dialog to come up in the middle of it.
#[tokio::test(flavor = "multi_thread")]
async fn without_a_terminal_nobody_is_asked_unless_it_is_said() {
    let system = System::start(Plan::default()).await;
    let readmit = system.place().join("readmit").display().to_string();
    let command = format!("{readmit} audit verify --json");
    let mut script = Desk::start_with(&system, Typing::AtOnce, &command).await;
    let ended = script.caller.wait().unwrap();
    assert_eq!(ended.code(), Some(4));
    script.told.try_recv().unwrap_err();
    let mut script = Desk::start_with(&system, Typing::AtOnce, &format!("{command} --ask-password")).await;
    script.begun().await;
    let output = script.ended().unwrap();
    assert!(output.contains("\"ok\": true"), "{output}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dialog_that_waits_holds_up_nobody_and_is_closed_with_its_caller() {
    let system = System::start(Plan::default()).await;
    let mut desks = Vec::new();
    for _ in 0..4 {
        let mut desk = Desk::start(&system, Typing::Never).await;
        let cookie = desk.begun().await;
        desks.push((desk, cookie));
    }
    let fifth = Desk::start(&system, Typing::Never).await.ended().unwrap_err();
    assert!(fifth.contains("wait for a password"), "{fifth}");
    system.call(ROOT, "Audit1 Verify").unwrap();
    let (mut gone, cookie) = desks.remove(0);
    kill(gone.caller.id());
    assert_eq!(gone.told().await, Told::Cancel { cookie });
    gone.ended().unwrap_err();
    // Its place is free again.
    Desk::start(&system, Typing::AtOnce).await.ended().unwrap();
    for (desk, _) in desks {
        kill(desk.caller.id());
        desk.ended().unwrap_err();
    }
}
