//! Requirement: polkit is asked, and only its yes lets anybody through: not its no, not its silence, not its absence.

use futures_util::StreamExt as _;
use readmit_tests::{kill, patiently};
use rustix::process::{Pid, Signal, kill_process};
use zbus::MessageStream;
use zbus::fdo::MonitoringProxy;

use crate::system::{ADA, AUDREY, OLGA, Plan, ROOT, System};

const READ: &str = "Audit1 Read tu 0 10";

/// Rules of an organization's own come before those that are shipped.
const NOT_OLGA: &str = r#"polkit.addRule(function (action, subject) {
    if (action.id == "org.readmit.accounts.show" && subject.user == "olga") {
        return action.lookup("account") == "dora" ? polkit.Result.YES : polkit.Result.NO;
    }
});
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_sees_what_the_request_is_about() {
    let system = System::start(Plan { rules: NOT_OLGA, ..Plan::default() }).await;
    let shown = system.call(OLGA, "Accounts1 Show s dora").unwrap_err();
    assert!(shown.contains("there is no account `dora`"), "let through: {shown}");
    let refused = system.call(OLGA, "Accounts1 Show s alice").unwrap_err();
    assert!(refused.contains("org.readmit.accounts.show") && refused.contains("a role"), "{refused}");
    let long = system.call(OLGA, &format!("Accounts1 Show s {}", "x".repeat(300))).unwrap_err();
    assert!(long.contains("longer than 256 bytes"), "a rule must not see less than the method: {long}");
}

/// busctl and every other client know the name of the error.
#[tokio::test(flavor = "multi_thread")]
async fn a_password_that_nobody_can_be_asked_for_is_said_so() {
    let system = System::start(Plan::default()).await;
    let text = system.call(OLGA, READ).unwrap_err();
    assert!(text.contains("takes an administrator's password (org.readmit.audit.read)"), "{text}");
    let sent = system.run(
        OLGA,
        &[],
        "dbus-send --system --print-reply --dest=org.readmit.Recovery1 /org/readmit/Recovery1 \
         org.readmit.Audit1.Verify",
    );
    assert!(sent.error.contains("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired"), "{sent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_polkit_only_the_configured_may() {
    let system = System::start(Plan { has_polkit: false, ..Plan::default() }).await;
    for user in [ADA, AUDREY, OLGA] {
        let text = system.call(user, READ).unwrap_err();
        assert!(text.contains("run it as root, or install polkit"), "{text}");
    }
    system.call(ROOT, READ).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn root_goes_through_polkit_where_nobody_is_configured() {
    let mut system = System::start(Plan { admins: "", ..Plan::default() }).await;
    system.call(ROOT, READ).unwrap();
    system.call(AUDREY, READ).unwrap();
    system.kill_polkit().await;
    assert!(system.call(ROOT, READ).unwrap_err().contains("install polkit"));
}

/// polkitd that hangs holds up nobody who need not ask it; when it dies, whoever was being asked about is refused.
#[tokio::test(flavor = "multi_thread")]
async fn polkit_that_dies_while_it_is_asked_lets_nobody_through() {
    let mut system = System::start(Plan::default()).await;
    let monitor = zbus::connection::Builder::address(system.address().as_str()).build().await.unwrap();
    let rule = zbus::MatchRule::try_from("type='method_call',member='CheckAuthorization'").unwrap();
    MonitoringProxy::new(&monitor).await.unwrap().become_monitor(&[rule], 0).await.unwrap();
    let mut asked = MessageStream::from(&monitor);
    let pid = Pid::from_raw(i32::try_from(system.polkit()).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    let line = format!(
        "busctl --address={} call org.readmit.Recovery1 /org/readmit/Recovery1 org.readmit.{READ}",
        system.address()
    );
    let waiting: Vec<_> = (0..4).map(|_| system.spawn(AUDREY, &[], &line)).collect();
    for _ in &waiting {
        patiently("a question to polkit", asked.next()).await.unwrap().unwrap();
    }
    system.call(ROOT, READ).unwrap();
    kill(system.polkit());
    for caller in waiting {
        let ended = caller.wait_with_output().unwrap();
        let text = String::from_utf8_lossy(&ended.stderr).into_owned();
        // The bus may have noticed its death before the question, or after.
        let refused =
            ["polkit did not say whether you may", "install polkit"].iter().any(|it| text.contains(it));
        assert!(!ended.status.success() && refused, "{text}");
    }
    system.kill_polkit().await;
}

/// polkitd that lives and is slow: after a while whoever waits is refused and told what to look at, its late yes lets
/// nobody through, and it is asked again for the next call.
#[tokio::test(flavor = "multi_thread")]
async fn a_yes_that_comes_too_late_is_none() {
    let system = System::start(Plan::default()).await;
    let pid = Pid::from_raw(i32::try_from(system.polkit()).unwrap()).unwrap();
    kill_process(pid, Signal::STOP).unwrap();
    let text = system.call(ADA, "Accounts1 Add sa{sv} late 0").unwrap_err();
    for words in ["polkit did not say whether you may call Add", "it was not done", "systemctl status polkit"]
    {
        assert!(text.contains(words), "{text}");
    }
    kill_process(pid, Signal::CONT).unwrap();
    // By the time that it answers this, it has answered what it was asked before.
    system.call(ADA, "Accounts1 Add sa{sv} timely 0").unwrap();
    assert_eq!(system.desk.account_ids().await, ["timely"]);
}
