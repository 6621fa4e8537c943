//! `readmit audit verify`: the chain within, and the heads that left the store.

use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use crate::bus::value::object;
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::heads::{Found, Problem, compare, of_file, of_journal};
use crate::output::word;
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
        "source": found.source, "found": found.heads.len(), "forged": found.forged,
        "problems": problems.iter().map(Problem::json).collect::<Vec<_>>(),
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
        let message = format!("the journal is not the one that was: {}", problem.why);
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
