//! `readmit audit verify`: the chain within, and the heads that left the store.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::heads::{Found, Head, of_file, of_journal};
use crate::bus::proxies::AuditProxy;
use crate::bus::value::object;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::output::{number, word};
use crate::table::fields;

/// Check the journal: every link, and that it still leads to every head that left the store
#[derive(Args)]
pub struct Verify {
    /// Compare with the heads in this file (journalctl -o json, or the daemon's log; - is standard input) instead of
    /// those in the system's journal
    #[arg(long, value_name = "FILE")]
    heads: Option<PathBuf>,
    /// Fail if there is no head to compare with
    #[arg(long)]
    require_heads: bool,
}

/// Runs the verb.
pub async fn run(verify: Verify, context: &mut Context) -> Result<(), Failure> {
    let journal = context.audit().await?;
    // First what is outside: the journal only grows, so it must lead to every head that was there before.
    let found = match &verify.heads {
        Some(path) => of_file(path).await?,
        None => of_journal().await?,
    };
    let mut answer = object(&journal.verify().await?);
    let problems = compare(&found.heads, &answer, &journal).await?;
    answer["heads"] = json!({
        "source": found.source, "found": found.heads.len(), "forged": found.forged, "problems": problems,
    });
    let is_whole = answer["ok"] == true;
    context.output.answer(&answer, |style| {
        let state = if is_whole && problems.is_empty() { "ok" } else { "broken" };
        let mut pairs = vec![("journal", style.state(state))];
        pairs.extend(["rows", "head", "signature", "public_key"].map(|key| (key, word(&answer, key))));
        if !is_whole {
            pairs.extend(["broken", "why"].map(|key| (key, word(&answer, key))));
        }
        if answer["checkpoint"].is_object() {
            let begin = &answer["checkpoint"];
            pairs.push(("begins", format!("behind entry {}, by {}", begin["seq"], word(begin, "rule"))));
        }
        pairs.push(("heads", in_words(&found)));
        fields(&pairs, style)
    })?;
    if !is_whole {
        let message =
            format!("the journal is broken at entry {}: {}", answer["broken"], word(&answer, "why"));
        return Err(Failure::new(Kind::Failed, message)
            .with_hint("keep a copy of the database, then compare it with the last backup that verifies"));
    }
    if let Some(problem) = problems.first() {
        let message = format!("the journal is not the one that was: {}", word(problem, "why"));
        return Err(Failure::new(Kind::Failed, message).with_hint(
            "keep a copy of the database; contrib/BACKUP.md says how to find out what happened, and the way back",
        ));
    }
    if verify.require_heads && found.heads.is_empty() {
        return Err(Failure::new(Kind::Failed, format!("there is no head in {}", found.source))
            .with_hint("run it as root on the daemon's host, or name where heads are kept with --heads"));
    }
    Ok(())
}

fn in_words(found: &Found) -> String {
    let forged = match found.forged {
        0 => String::new(),
        count => format!(", {count} with a forged signature not looked at"),
    };
    match found.heads.len() {
        0 => format!("none in {}{forged}", found.source),
        count => format!("{count} compared, from {}{forged}", found.source),
    }
}

/// What is wrong between the heads and the journal, the earliest first.
async fn compare(heads: &[Head], answer: &Value, journal: &AuditProxy<'_>) -> Result<Vec<Value>, Failure> {
    let mut problems = Vec::new();
    for head in heads {
        let seq = head.seq;
        let why = if answer["public_key"] != head.public_key.as_str() {
            format!("entry {seq} was signed with another key: the database, or its key, was replaced")
        } else if seq > number(answer, "seq") && !is_explained(seq, answer) {
            format!("it was cut off at the end: entry {seq} was signed, and the last is {}", answer["seq"])
        } else if !is_there(head, answer, journal).await? && !is_explained(seq, answer) {
            format!("entry {seq} is another than the one that was signed")
        } else {
            continue;
        };
        problems.push(json!({ "seq": seq, "why": why }));
    }
    Ok(problems)
}

/// Whether the entry is the one that the head names, or was removed by the rules of retention.
async fn is_there(head: &Head, answer: &Value, journal: &AuditProxy<'_>) -> Result<bool, Failure> {
    let begin = &answer["checkpoint"];
    let hash = match number(begin, "seq") {
        removed if head.seq < removed || head.seq == 0 => return Ok(true),
        removed if head.seq == removed => begin["hash"].clone(),
        _ if head.seq > number(answer, "seq") => return Ok(false),
        _ => {
            let entries = journal.read_behind(head.seq - 1, 1).await?;
            entries
                .first()
                .map(object)
                .filter(|entry| number(entry, "seq") == head.seq)
                .map_or(Value::Null, |entry| entry["hash"].clone())
        }
    };
    Ok(hash == head.hash.as_str())
}

/// Whether the journal itself says that this entry was given up by going back to a backup.
fn is_explained(seq: u64, answer: &Value) -> bool {
    answer["restores"].as_array().into_iter().flatten().any(|restored| {
        (number(restored, "back_to_seq") + 1..=number(restored, "replaced_seq")).contains(&seq)
    })
}
