//! Polkit: whether it answers, and knows what may be asked.

use std::collections::HashMap;

use zbus::Connection;

use super::{Findings, Neighbour, Silent};

const CHECK: &str = "polkit";

/// One action as polkit tells it: its id, then words and defaults that matter to nobody here.
type Action = (String, String, String, String, String, String, u32, u32, u32, HashMap<String, String>);

/// Asks polkit which actions it knows.
pub async fn check(connection: &Connection, findings: &mut Findings) {
    let neighbour = Neighbour::new(connection, "org.freedesktop.PolicyKit1");
    let path = "/org/freedesktop/PolicyKit1/Authority";
    let actions = neighbour
        .ask::<(Vec<Action>,)>(path, "org.freedesktop.PolicyKit1.Authority", "EnumerateActions", &"C")
        .await;
    match actions {
        Ok((actions,)) => {
            let ours = actions.iter().filter(|action| action.0.starts_with("org.readmit.")).count();
            if ours > 0 {
                return findings.ok(CHECK, format!("answers, and knows {ours} actions of Readmit's"));
            }
            let mend = "install contrib/polkit/org.readmit.policy into /usr/share/polkit-1/actions";
            findings.failure(CHECK, "answers, and knows no action of Readmit's", mend);
        }
        Err(Silent::Absent) => findings.warning(
            CHECK,
            "is not on this bus, so only the users in bus.admins may administer",
            "apt install polkitd, if others than them shall",
        ),
        Err(Silent::Failing(why)) => {
            findings.failure(CHECK, format!("does not answer: {why}"), "systemctl status polkit");
        }
    }
}
