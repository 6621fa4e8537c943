//! Requirement: one front end cannot starve the rest.

use std::io::{BufRead as _, BufReader};

use readmit_tests::kill;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::system::{HANNA, OLGA, PORTAL, Plan, ROOT, System};

/// Speaks to the bus by itself, since no client sends so much at once.
const FLOOD: &str = include_str!("flood.py");

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_floods_is_told_so_and_others_are_served() {
    let system = System::start(Plan::default()).await;
    std::fs::write(system.place().join("flood.py"), FLOOD).unwrap();
    let line = format!("exec python3 {}/flood.py {}/bus", system.place().display(), system.place().display());
    let mut flood = system.spawn(PORTAL, &[], &line);
    let mut lines = BufReader::new(flood.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "flooding");
    for _ in 0..5 {
        for (user, words) in
            [(HANNA, "Cases1 List a{sv}uu 0 0 10"), (ROOT, "Recovery1 Open ssa{sv} alice lost 0")]
        {
            system.call(user, words).unwrap_or_else(|error| panic!("{error}\n{}", system.log()));
        }
    }
    let counts: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert!(flood.wait().unwrap().success());
    let of = |name: &str| counts[name].as_u64().unwrap_or_default();
    // How many are too many depends on the machine's speed; the numbers are held to in the daemon's own tests.
    let (answered, limited) = (of("answered"), of("org.readmit.Error.RateLimited"));
    assert!(answered > 0, "{counts}");
    assert_eq!(answered + limited, 24_000, "nobody else's places are taken: {counts}");
    // Afterwards it is a front end like any other.
    system.call(PORTAL, "Authentication1 Verify ss alice 123456").unwrap();
}

/// Whose share is used up is told so by an error of that name, and what to do; everybody else is served meanwhile. While
/// polkitd is stopped no call of hers is answered, so that some of them are too many on any machine.
#[tokio::test(flavor = "multi_thread")]
async fn a_share_that_is_used_up_is_one_users_alone() {
    let system = System::start(Plan::default()).await;
    let polkit = Pid::from_raw(i32::try_from(system.polkit()).unwrap()).unwrap();
    kill_process(polkit, Signal::STOP).unwrap();
    std::fs::write(system.place().join("flood.py"), FLOOD).unwrap();
    let place = system.place().display();
    let mut flood = system.spawn(OLGA, &[], &format!("exec python3 {place}/flood.py {place}/bus refused"));
    let mut lines = BufReader::new(flood.stdout.take().unwrap()).lines();
    let refused: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    assert_eq!(refused["name"], "org.readmit.Error.RateLimited");
    let text = refused["text"].as_str().unwrap();
    assert!(text.starts_with("this user ") && text.contains(": try again in a "), "{text}");
    for (user, words) in [(PORTAL, "Authentication1 Verify ss alice 123456"), (ROOT, "Audit1 Verify")] {
        system.call(user, words).unwrap_or_else(|error| panic!("{error}\n{}", system.log()));
    }
    kill(flood.id());
    flood.wait().unwrap();
}
