//! Two persons are two: real sessions of a real logind, on a host where everything is installed as it is shipped.

use readmit_tests::{Ended, Host};
use serde_json::Value;

use crate::packages::{self, install};

const POLICIES: &str = "/etc/readmit/policies/default.lua";

/// Two approvals, and nothing else.
const APPROVALS: &str = "return { open = function() return prove { approvals(2) } end }\n";

/// What sudo is to the daemon: a program that acts as root, in the session of whoever is logged in.
const AS_ROOT: &str = "/usr/local/bin/busctl-as-root";

fn host() -> Host {
    let host = Host::boot();
    install(&host, &[&packages::first().readmit]);
    host.sh(&format!(
        "install -m 4755 /usr/bin/busctl {AS_ROOT}
         for user in alice bob; do useradd --groups readmit-admins $user; done; useradd --groups readmit-frontend fred"
    ));
    host.write(POLICIES, APPROVALS);
    host.write("/etc/readmit/readmit.toml", "[policy]\nactivation = \"two_persons\"\n");
    // The tests are of the policy that was shipped. And nothing else was in force before, so that nobody has to be asked
    // for this one.
    host.sh("rm /etc/readmit/policies/*_test.lua; systemctl stop readmitd.service; rm -r /var/lib/readmit/*");
    host.sh("systemctl start readmitd.service");
    host
}

/// A method of the daemon's, called in a session of the user's own by this program.
fn call(host: &Host, user: &str, program: &str, words: &str) -> Ended {
    let line = format!("{program} call org.readmit.Recovery1 /org/readmit/Recovery1 org.readmit.{words}");
    host.run_as(user, ["sh", "-c", &line])
}

#[track_caller]
fn taken(ended: &Ended) {
    assert_eq!(ended.code, 0, "{ended:?}");
}

#[track_caller]
fn refused(ended: &Ended, words: &str) {
    assert!(ended.code != 0 && ended.error.contains(words), "{words}: {ended:?}");
}

/// Who has done this, as the journal names them.
fn actors(host: &Host, kind: &str) -> Vec<String> {
    let entries: Value = serde_json::from_str(&host.sh("readmit audit read --json")).unwrap();
    let entries = entries.as_array().unwrap().iter().filter(|entry| entry["kind"] == kind);
    entries.map(|entry| entry["actor"].as_str().unwrap().to_owned()).collect()
}

/// Alice by herself and Alice as root are one, in whatever sessions; Bob is another, as root as well.
#[track_caller]
fn are(actors: &[String], host: &Host) {
    let id = |user: &str| host.sh(&format!("id -u {user}")).trim().to_owned();
    let (alice, bob) = (id("alice"), id("bob"));
    let [first, second]: &[String; 2] = actors.try_into().unwrap();
    assert!(first.starts_with(&format!("uid:{alice} session:")), "{actors:?}");
    assert!(second.starts_with("uid:0 session:") && second.ends_with(&format!(" login:{bob}")), "{actors:?}");
}

fn two_approvals_of_a_case(host: &Host) {
    host.sh("readmit account add dora --email dora@example.org");
    let opened = call(host, "fred", "busctl", "Recovery1 Open ssa{sv} dora lost 0");
    let case = opened.output.trim().trim_start_matches("s ").trim_matches('"').to_owned();
    assert!(!case.is_empty(), "{opened:?}");
    let words = format!("Cases1 Approve ss {case} known");
    taken(&call(host, "alice", "busctl", &words));
    refused(&call(host, "alice", "busctl", &words), "another person");
    refused(&call(host, "alice", AS_ROOT, &words), "another person");
    let state = || call(host, "fred", "busctl", &format!("Recovery1 Show s {case}")).output;
    assert!(state().contains("\"state\" s \"proving\""), "{}", state());
    taken(&call(host, "bob", AS_ROOT, &words));
    assert!(state().contains("\"state\" s \"recovered\""), "{}", state());
    are(&actors(host, "approved"), host);
}

fn two_persons_for_a_policy(host: &Host) {
    host.write(POLICIES, APPROVALS.replace("approvals(2)", "approvals(3)"));
    host.sh("readmit policy reload");
    let pending = || {
        let status: Value = serde_json::from_str(&host.sh("readmit status --json")).unwrap();
        status["policy"]["pending"].clone()
    };
    let version = pending()["version"].as_str().unwrap().to_owned();
    let words = format!("Policies1 Activate s {version}");
    taken(&call(host, "alice", "busctl", &words));
    refused(&call(host, "alice", "busctl", &words), "person");
    refused(&call(host, "alice", AS_ROOT, &words), "person");
    assert_eq!(pending()["approved_by"].as_array().unwrap().len(), 1);
    taken(&call(host, "bob", AS_ROOT, &words));
    assert!(pending().is_null(), "it is in force");
    assert!(host.sh("readmit policy list").contains(&version[..12]));
}

#[test]
fn two_persons_are_two_in_sessions_of_their_own_and_one_through_sudo() {
    let host = host();
    two_approvals_of_a_case(&host);
    two_persons_for_a_policy(&host);
}
