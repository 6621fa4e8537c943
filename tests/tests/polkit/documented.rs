//! Requirement: what contrib/polkit/README.md tells people to type does what it says there.

use readmit_tests::Ended;

use crate::system::{ADA, HANNA, OLGA, PORTAL, Plan, System};

const README: &str = include_str!("../../../contrib/polkit/README.md");

const FRONT_ENDS: [&str; 2] = ["org.readmit.Recovery1 Open", "org.readmit.Authentication1 "];

/// The rules that are shown, as a file.
fn rules() -> &'static str {
    let (_, from) = README.split_once("```js\n").unwrap();
    from.split_once("```").unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn every_line_of_busctl_works() {
    let system = System::start(Plan::default()).await;
    let lines: Vec<&str> = README.lines().filter(|line| line.starts_with("busctl ")).collect();
    let interfaces = ["Accounts1", "Devices1", "Cases1", "Policies1", "Plugins1", "Audit1", "Recovery1 Open"];
    for interface in interfaces {
        assert!(lines.iter().any(|line| line.contains(&format!("org.readmit.{interface}"))), "{interface}");
    }
    let mut case = String::new();
    for line in lines {
        let user = if FRONT_ENDS.iter().any(|call| line.contains(call)) { PORTAL } else { ADA };
        let Ended { code, output, error } = system.run(user, &[("CASE", &case)], line);
        assert_eq!(code, 0, "{line}\n{error}");
        if line.contains("Cases1 List") {
            let (_, from) = output.split_once("\"case\" : {").unwrap();
            case = from.split('"').find(|word| word.len() == 20).unwrap().to_owned();
        }
    }
    let introspected = system.busctl(OLGA, "introspect org.readmit.Recovery1 /org/readmit/Recovery1");
    assert!(introspected.output.contains("org.readmit.Audit1"), "{introspected:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_that_are_shown_hold() {
    let system = System::start(Plan { rules: rules(), ..Plan::default() }).await;
    system.call(HANNA, "Policies1 Readiness a{sv}su 0 '' 10").unwrap();
    let refused = system.call(HANNA, "Accounts1 SendPass su dora 600").unwrap_err();
    assert!(refused.contains("you may not call SendPass"), "{refused}");
    let missing = system.call(HANNA, "Accounts1 SendPass su staff-dora 600").unwrap_err();
    assert!(missing.contains("no account"), "{missing}");
}
