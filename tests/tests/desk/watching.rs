//! What an administrator watches: cases as they change, one screen again and again, and a telephone that rings.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use readmit_tests::{Desk, Person, World, patiently, program};
use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The command line at work, line by line.
pub struct Running {
    child: Child,
    output: UnboundedReceiver<String>,
    error: UnboundedReceiver<String>,
}

impl Running {
    pub fn start(world: &World, arguments: &[&str]) -> Self {
        let mut child = Command::new(program("readmit"))
            .args(["--bus", world.address()])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (output, error) = (lines(child.stdout.take().unwrap()), lines(child.stderr.take().unwrap()));
        Self { child, output, error }
    }

    pub async fn line(&mut self) -> String {
        patiently("a line", self.output.recv()).await.expect("it has ended")
    }

    pub async fn told(&mut self) -> String {
        patiently("a line on standard error", self.error.recv()).await.expect("it has ended")
    }

    /// Waits for its end, which nobody asked for.
    async fn code(mut self) -> Option<i32> {
        let ended = tokio::task::spawn_blocking(move || self.child.wait().unwrap().code());
        patiently("its end", ended).await.unwrap()
    }

    /// Ends it as Ctrl-C does.
    pub async fn interrupt(self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        self.code().await
    }
}

fn lines(stream: impl std::io::Read + Send + 'static) -> UnboundedReceiver<String> {
    let (sender, receiver) = unbounded_channel();
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}

#[tokio::test]
async fn cases_are_told_as_they_change_and_by_their_handles_alone() {
    let mut world = World::builder().start().await;
    world.person("alice").await;
    let mut all = Running::start(&world, &["case", "watch", "--json"]);
    assert!(all.told().await.starts_with("watching"));
    let case = world.desk.open("alice", "lost").await;
    let line = all.line().await;
    let told: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(
        (&told["account"], &told["state"], &told["reason"]),
        (&json!("alice"), &json!("proving"), &json!("lost"))
    );
    assert!(!line.contains(&*case.id), "an id is what lets its person act");
    let handle = told["case"].as_str().unwrap().to_owned();

    let mut one = Running::start(&world, &["case", "watch", &handle]);
    assert!(one.told().await.starts_with("watching"));
    let other = world.desk.open("nobody", "lost").await;
    world.desk.texts("Recovery1", "Cancel", &[&other.id]).await.unwrap();
    world.desk.texts("Recovery1", "Cancel", &[&case.id]).await.unwrap();
    let line = one.line().await;
    assert!(line.contains(&handle) && line.contains("cancelled") && line.contains("alice (lost)"), "{line}");
    assert_eq!(one.code().await, Some(0), "nothing follows the end of a case");
    for wanted in ["nobody proving", "nobody cancelled", "alice cancelled"] {
        let told: Value = serde_json::from_str(&all.line().await).unwrap();
        assert_eq!(
            format!("{} {}", told["account"].as_str().unwrap(), told["state"].as_str().unwrap()),
            wanted
        );
    }

    // A daemon that was away is watched again when it is back.
    world.kill().await;
    assert!(all.told().await.contains("away"));
    world.start().await;
    assert!(all.told().await.starts_with("watching"));
    world.desk.open("alice", "stolen").await;
    assert!(all.line().await.contains("stolen"));
    assert_eq!(all.interrupt().await, Some(130));
    let unknown = world.cli(&["case", "watch", "0000000000"], "");
    assert_eq!(unknown.code, 3, "{unknown:?}");
}

/// Fails where a recovery is asked for as stolen.
const FAILING: &str = "return { open = function(case) if case.reason == 'stolen' then error('a defect') end \
                       return prove { 'password', 'email', 'voice' } end }\n";

/// Requirement: what happens is told to nobody but those who asked, and may: never to every local user.
#[tokio::test]
async fn what_happens_is_told_to_nobody_who_has_not_asked() {
    const SIGNALS: [(&str, &str); 4] =
        [("Cases1", "Changed"), ("Policies1", "Loaded"), ("Policies1", "Refused"), ("Audit1", "Alert")];
    let world = World::builder().start().await;
    let other = Desk::connect(world.address()).await;
    let (mut told, mut overheard) = (Vec::new(), Vec::new());
    for (interface, member) in SIGNALS {
        told.push(world.desk.signals(interface, member).await);
        overheard.push(other.overheard(interface, member).await);
    }
    overheard.push(other.overheard("Recovery1", "CaseChanged").await);
    world.write_policy("default", FAILING);
    assert_eq!(told[1].next().await.len(), 1);
    world.write_policy("default", "return {");
    assert!(told[2].next().await[0].as_str().unwrap().contains("default.lua"));
    let case = world.desk.open("alice", "stolen").await;
    let wanted = [case.handle(), "alice".into(), "escalated".into(), "stolen".into()];
    assert_eq!(told[0].next().await, wanted.map(Value::from));
    assert_eq!(told[3].next().await.len(), 2);
    world.desk.texts("Recovery1", "Cancel", &[&case.id]).await.unwrap();
    assert_eq!(told[0].next().await[2], "cancelled");
    // Its answer comes behind all that was told before.
    other.ask("Manager1", "Status", &()).await.unwrap();
    for (signals, what) in overheard.iter_mut().zip(SIGNALS.iter().chain([&("Recovery1", "CaseChanged")])) {
        assert!(signals.is_silent(), "{what:?} is told to everybody");
    }
}

#[tokio::test]
async fn the_screen_comes_again_when_something_happens() {
    let world = World::builder().start().await;
    world.person("alice").await;
    let once = world.cli(&["top", "--once"], "");
    assert!(once.code == 0 && once.output.contains("0 open (0 escalated"), "{once:?}");
    // So rarely that only what happens can bring the next one.
    let mut top = Running::start(&world, &["top", "--json", "--every", "3600"]);
    let first: Value = serde_json::from_str(&top.line().await).unwrap();
    assert_eq!(first["cases"]["open"], 0);
    world.desk.open("alice", "lost").await;
    let second: Value = serde_json::from_str(&top.line().await).unwrap();
    assert_eq!((&second["cases"]["open"], &second["cases"]["by_state"]["proving"]), (&json!(1), &json!(1)));
    assert_eq!(top.interrupt().await, Some(130));
}

#[tokio::test]
async fn a_number_is_verified_by_whoever_has_the_telephone() {
    let limits = "[limits]\ncalls_per_number_per_15_minutes = 1\n";
    let mut world = World::builder().phone("silent").config(limits).start().await;
    world.plugins_run().await;
    world.person_with("alice", json!({"phone_verified": false}), "virtual").await;
    let mut verify = Running::start(&world, &["account", "verify", "alice", "--phone", "--json"]);
    let digits = verify.told().await.rsplit(' ').next().unwrap().to_owned();
    let phone = world.phone();
    phone.talk().await;
    phone.press(&digits).await;
    let mut document = String::new();
    while let Some(line) = patiently("the answer", verify.output.recv()).await {
        document += &line;
    }
    let answer: Value = serde_json::from_str(&document).unwrap();
    assert_eq!((&answer["disposition"], &answer["verified"]), (&json!("entered"), &json!(true)), "{answer}");
    assert_eq!(verify.code().await, Some(0));
    assert_eq!(world.desk.account("alice").await["phone_verified"], true);
    world.phone().settle().await;
    // A telephone is not rung without end.
    let ended = world.cli(&["account", "verify", "alice", "--phone"], "");
    assert_eq!(ended.code, 5, "{ended:?}");
    let ended = world.cli(&["account", "verify", "alice", "--email", "--json"], "");
    assert_eq!(ended.code, 0, "{ended:?}");
    world.mailbox.mail(&Person::email_of("alice"), "").await;
    let journal = world.desk.journal().await;
    let told = journal.iter().filter(|row| row["kind"] == "contact_tested" && row["account"] == "alice");
    let told: Vec<&str> = told.map(|row| row["detail"]["disposition"].as_str().unwrap()).collect();
    assert_eq!(told, ["entered", "sent"]);
}
