//! Requirement: nobody acts on their own account, and two approvals are of two persons, also where one of them goes
//! through sudo. The journal names the user and the session.

use serde_json::json;

use crate::logind;
use crate::system::{ADA, BOB, Plan, ROOT, SAM, System};

const ADAS: Option<&str> = Some("6014:3");
const BOBS: Option<&str> = Some("6015:4");

const APPROVALS: &str = "return { open = function() return prove { approvals(2) } end }\n";

fn refused(answer: Result<String, String>, with: &str, what: &str) {
    match answer {
        Err(text) => assert!(text.contains(with), "{what}: {text}"),
        Ok(output) => panic!("{what} went through: {output}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_approval_takes_a_second_person() {
    let system = System::start(Plan { policy: APPROVALS, ..Plan::default() }).await;
    logind::start(&system.root).await;
    system.desk.add_account("dora", json!({})).await.unwrap();
    let case = system.desk.open("dora", "lost").await;
    let words = format!("Cases1 Approve ss {} known", case.handle());
    system.call_as(ADA, ADAS, &words).unwrap();
    refused(system.call_as(ADA, Some("6014:9"), &words), "another person", "in another session");
    refused(system.call_as(ROOT, ADAS, &words), "another person", "through sudo");
    refused(system.call_as(SAM, ADAS, &words), "another person", "as somebody else");
    system.desk.add_account("bob", json!({})).await.unwrap();
    let own = format!("Cases1 Approve ss {} known", system.desk.open("bob", "lost").await.handle());
    refused(system.call_as(BOB, BOBS, &own), "their own", "of oneself");
    refused(system.call_as(ROOT, BOBS, &own), "their own", "of oneself, through sudo");
    system.call_as(ROOT, BOBS, &words).unwrap();
    assert_eq!(case.state().await, "recovered");
    let journal = system.desk.journal().await;
    let approved = journal.iter().filter(|entry| entry["kind"] == "approved");
    let actors: Vec<&str> = approved.map(|entry| entry["actor"].as_str().unwrap()).collect();
    assert_eq!(actors, ["uid:6014 session:3", "uid:0 session:4 login:6015"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_acts_on_their_own_account() {
    let system = System::start(Plan::default()).await;
    logind::start(&system.root).await;
    for (account, user, attributes, login) in
        [("ada", ADA, json!({}), ADAS), ("carol", BOB, json!({ "unix_user": "bob" }), BOBS)]
    {
        let properties = json!({ "email": format!("{account}@example.org"), "attributes": attributes });
        system.desk.add_account(account, properties).await.unwrap();
        let enrolled = system.desk.enroll(account, json!({ "label": "phone" })).await.unwrap();
        let device = enrolled["device"].as_str().unwrap();
        let case = system.desk.open(account, "lost").await.handle();
        let words = [
            format!("Accounts1 Set sa{{sv}} {account} 1 email s other@example.org"),
            format!("Accounts1 Set sa{{sv}} {account} 1 attributes a{{ss}} 0"),
            format!("Accounts1 SetPassword ss {account} long-enough-for-me"),
            format!("Accounts1 IssuePass su {account} 600"),
            format!("Accounts1 SendPass su {account} 600"),
            format!("Accounts1 IssueRecoveryCodes s {account}"),
            format!("Accounts1 Remove s {account}"),
            format!("Devices1 Enroll sa{{sv}} {account} 1 label s second"),
            format!("Devices1 Deactivate ss {device} x"),
            format!("Devices1 Delete s {device}"),
            format!("Devices1 Resync sss {device} 123456 654321"),
            format!("Cases1 Deny ss {case} x"),
            format!("Cases1 Resolve sa{{sv}} {case} 2 action s reset because s x"),
        ];
        let before = system.desk.journal().await.len();
        for words in &words {
            refused(system.call_as(user, login, words), "own", words);
            refused(system.call_as(user, None, words), "own", words);
            refused(system.call_as(ROOT, login, words), "own", words);
        }
        assert_eq!(system.desk.journal().await.len(), before, "nothing was done");
    }
    // Root alone on a machine is nobody's colleague, and nobody but root.
    system.call(ROOT, "Accounts1 IssuePass su ada 600").unwrap();
    // And colleagues help one another.
    system.call_as(BOB, BOBS, "Accounts1 IssuePass su ada 600").unwrap();
}
