//! Requirement: each role may do what it is for and nothing else. The help desk sees, and has passes sent, but resets
//! nothing and sees no secret; security approves; auditors read.

use serde_json::json;

use crate::system::{ADA, AUDREY, HANNA, OLGA, Plan, ROOT, SAM, System, User};

const COLUMNS: [User; 6] = [HANNA, SAM, AUDREY, ADA, ROOT, OLGA];

/// For help desk, security, auditor, administrator, root, and anybody: `y`es, `n`o, or an administrator's `p`assword.
const TABLE: &[(&str, &str)] = &[
    ("Accounts1 List a{sv}uu 0 0 10", "yyyyyp"),
    ("Accounts1 Show s dora", "yyyyyp"),
    ("Accounts1 Add sa{sv} dora 0", "nnnyyp"),
    ("Accounts1 Set sa{sv} nobody 0", "nnnyyp"),
    ("Accounts1 Remove s nobody", "nnnyyp"),
    ("Accounts1 IssueRecoveryCodes s nobody", "nnnyyp"),
    ("Accounts1 IssuePass su nobody 600", "nnnyyp"),
    ("Accounts1 SendPass su nobody 600", "yynyyp"),
    ("Accounts1 SetPassword ss nobody long-enough-for-me", "nnnyyp"),
    ("Devices1 List s dora", "yyyyyp"),
    ("Devices1 Enroll sa{sv} nobody 0", "nnnyyp"),
    ("Devices1 Deactivate ss nothing x", "nnnyyp"),
    ("Devices1 Delete s nothing", "nnnyyp"),
    ("Devices1 Resync sss nothing 1 2", "nnnyyp"),
    ("Cases1 List a{sv}uu 0 0 10", "yyyyyp"),
    ("Cases1 Show s nothing", "yyyyyp"),
    ("Cases1 Approve ss nothing x", "nynyyp"),
    ("Cases1 Deny ss nothing x", "nynyyp"),
    ("Cases1 Resolve sa{sv} nothing 2 action s pass because s x", "yynyyp"),
    ("Cases1 Resolve sa{sv} nothing 2 action s deny because s x", "nynyyp"),
    ("Cases1 Resolve sa{sv} nothing 2 action s reset because s x", "nnnyyp"),
    ("Cases1 Resolve sa{sv} nothing 0", "nnnyyp"),
    ("Policies1 List", "nnyyyp"),
    ("Policies1 Watch", "nnyyyp"),
    ("Policies1 Reload", "nnnyyp"),
    ("Policies1 Rollback s 000000", "nnnyyp"),
    ("Policies1 Explain ssa{sv} dora lost 0", "nnyyyp"),
    ("Policies1 Readiness a{sv}su 0 '' 10", "nnyyyp"),
    ("Policies1 Decisions ttu 0 0 10", "nnyyyp"),
    ("Policies1 Shadow a{ss} 0", "nnnyyp"),
    ("Plugins1 List", "nnyyyp"),
    ("Plugins1 Test ss email x", "nnnyyp"),
    ("Plugins1 Restart s email", "nnnyyp"),
    ("Plugins1 Pause ss voice x", "nynyyp"),
    ("Plugins1 Resume s voice", "nnnyyp"),
    ("Audit1 Watch", "yyyyyp"),
    ("Audit1 Read tu 0 10", "nnyyyp"),
    ("Audit1 Verify", "nnyyyp"),
];

/// What became of a call: the daemon says no in words of its own, and everything else was let through.
fn ruling(answer: &Result<String, String>) -> char {
    match answer {
        Err(text) if text.contains("takes an administrator's password") => 'p',
        Err(text) if text.contains("you may not call") => 'n',
        Err(text) if text.contains("only administrators") || text.contains("polkit") => '?',
        _ => 'y',
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_role_may_what_it_is_for() {
    let system = System::start(Plan::default()).await;
    system.desk.add_account("dora", json!({})).await.unwrap();
    let mut wrong = Vec::new();
    for (words, wanted) in TABLE {
        for (user, wanted) in COLUMNS.into_iter().zip(wanted.chars()) {
            let answer = system.call(user, words);
            if ruling(&answer) != wanted {
                wrong.push(format!("{} {words}: {answer:?}, not {wanted}", user.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}\n{}", system.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn whole_addresses_are_for_whom_they_are_granted() {
    let system = System::start(Plan::default()).await;
    let properties = json!({
        "email": "dora@example.org",
        "phone": "+14155550123",
        "contact": "Ann Example <ann@example.net>"
    });
    system.desk.add_account("dora", properties).await.unwrap();
    for user in COLUMNS.into_iter().filter(|user| user.name != OLGA.name) {
        for words in ["Accounts1 Show s dora", "Accounts1 List a{sv}uu 0 0 10"] {
            let shown = system.call(user, words).unwrap();
            let whole = ["dora@example.org", "+14155550123", "ann@example.net"].map(|it| shown.contains(it));
            let may = user.name == ROOT.name || user.name == ADA.name;
            assert_eq!(whole, [may; 3], "{} {words}: {shown}", user.name);
            assert!(shown.contains("Ann Example"), "{shown}");
        }
    }
}
