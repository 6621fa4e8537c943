//! The daemon on the bus: whether it is there, lets itself be asked, and has all that it needs.

use serde_json::Value;

use super::Findings;
use super::heads::Known;
use crate::bus::NAME;
use crate::bus::value::{Options, object};
use crate::commands::status;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::limits::{DOCTOR_ACCOUNTS, READINESS_PAGE};
use crate::output::{number, word};
use crate::work::Pen;

const BUS: &str = "bus";
const JOURNAL: &str = "journal";
const READINESS: &str = "readiness";

/// Whether the daemon is there; nothing more can be asked where it is not.
pub async fn reach(context: &mut Context, findings: &mut Findings) -> bool {
    if let Err(failure) = context.connection().await {
        findings.failure(BUS, failure.message.clone(), failure.hint());
        return false;
    }
    match status::look(context).await {
        Ok(()) => {}
        Err(failure) => {
            let mend = "systemctl start readmitd, then journalctl -u readmitd; or name its bus with --bus";
            findings.failure(BUS, format!("{NAME} is not there: {}", failure.message), mend);
            return false;
        }
    }
    match ping(context).await {
        Ok(()) => {
            findings.ok(BUS, format!("{NAME} is there and answers"));
            true
        }
        Err(failure) if failure.kind == Kind::NotAuthorized => {
            let mend =
                "install the bus policy (contrib/dbus) into /usr/share/dbus-1/system.d, or run it as root";
            findings.failure(BUS, "the bus does not let you call the daemon", mend);
            false
        }
        Err(failure) => {
            findings.failure(BUS, failure.message.clone(), "journalctl -u readmitd says what it does");
            false
        }
    }
}

async fn ping(context: &mut Context) -> Result<(), Failure> {
    let (path, peer) = ("/org/readmit/Recovery1", "org.freedesktop.DBus.Peer");
    context.connection().await?.call_method(Some(NAME), path, Some(peer), "Ping", &()).await?;
    Ok(())
}

/// How the daemon is; none where the caller may not know.
pub async fn status(context: &mut Context, findings: &mut Findings) -> Option<Value> {
    let status = match status::ask(context).await {
        Ok(status) => status,
        Err(failure) => {
            unseen("daemon", &failure, findings);
            return None;
        }
    };
    for degraded in status["degraded"].as_array().into_iter().flatten() {
        let part = word(degraded, "part");
        // Each plugin is tried for itself.
        if !part.starts_with("plugin") {
            findings.failure(&part, word(degraded, "what"), &word(degraded, "mend"));
        }
    }
    let store = &status["store"];
    if !is_degraded(&status, "disk") {
        findings.ok("disk", format!("{} MiB are free", number(store, "free_bytes") >> 20));
    }
    if !is_degraded(&status, "policy") {
        findings.ok("policy", format!("version {} is in force", word(&status["policy"], "version")));
    }
    if let Some(version) = status["policy"]["pending"]["version"].as_str() {
        let mend = format!("readmit policy activate {version}");
        findings.warning("policy", "a set of policies waits for approval", &mend);
    }
    Some(status)
}

fn is_degraded(status: &Value, part: &str) -> bool {
    status["degraded"].as_array().into_iter().flatten().any(|degraded| degraded["part"] == part)
}

/// Checks the whole chain of the journal, and that it leads to what is known of it elsewhere.
pub async fn journal(context: &mut Context, known: &Known, findings: &mut Findings) -> Result<(), Failure> {
    let journal = context.audit().await?;
    match journal.verify().await.map_err(Failure::from) {
        Err(failure) => unseen(JOURNAL, &failure, findings),
        Ok(report) => {
            let report = object(&report);
            if report["ok"] == true {
                findings.ok(JOURNAL, format!("{} entries, every link holds", number(&report, "rows")));
            } else {
                let what = format!("entry {} is broken: {}", word(&report, "broken"), word(&report, "why"));
                findings.failure(JOURNAL, what, "readmit audit verify, and compare with the last backup");
            }
            known.compare(&report, &journal, findings).await?;
        }
    }
    Ok(())
}

/// Looks at whether people would have a way back.
pub async fn readiness(context: &mut Context, pen: &Pen, findings: &mut Findings) -> Result<(), Failure> {
    let policies = context.policies().await?;
    let (mut looked, mut lacking, mut after) = (0, 0, String::new());
    loop {
        let page = match policies.readiness(Options::new(), &after, READINESS_PAGE).await {
            Ok(page) => page,
            Err(error) => {
                unseen(READINESS, &error.into(), findings);
                return Ok(());
            }
        };
        let before = after.clone();
        for row in page.iter().map(object) {
            looked += 1;
            lacking += usize::from(row["ready"] != true && row["by_rule"] != true);
            after = after.max(word(&row, "account"));
        }
        pen.tell(&format!("{looked} accounts"));
        if after == before || looked >= DOCTOR_ACCOUNTS {
            break;
        }
    }
    let of = if looked >= DOCTOR_ACCOUNTS {
        format!("of the first {looked} accounts")
    } else {
        format!("of {looked} accounts")
    };
    if lacking == 0 {
        findings.ok(READINESS, format!("none {of} lacks something"));
    } else {
        let what = format!("{lacking} {of} have no way back for want of something");
        findings.warning(READINESS, what, "readmit policy readiness names them and what is missing");
    }
    Ok(())
}

/// What the caller may not see is no failure of the daemon's.
fn unseen(check: &'static str, failure: &Failure, findings: &mut Findings) {
    if failure.kind == Kind::NotAuthorized {
        findings.note(check, "you may not see it", "run readmit doctor as root");
    } else {
        findings.failure(check, failure.message.clone(), failure.hint());
    }
}
