//! `readmit audit`: the journal.

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::bus::value::{object, objects};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::limits::LIST_DEFAULT;
use crate::output::{number, word};
use crate::table::{Table, fields};
use crate::time::{parse_since, stamp};

const EXAMPLES: &str = "\
Examples:
  readmit audit read --since 24h
  readmit audit read --since 2026-11-01 --limit 1000 --json
  readmit audit verify                             is every entry as it was written?

JSON: read: [{seq, at, actor, kind, case, account, detail, hash}]; verify: {ok, rows, head, signature, \
public_key} and {broken, why} for the first broken entry. \
A broken chain ends with exit code 1.";

/// Read and check the journal
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Audit {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Show the journal's entries
    Read {
        /// From when: a duration ago (24h), a date (2026-11-22) or Unix seconds (@1700000000)
        #[arg(long, default_value = "24h", value_name = "TIME", value_parser = parse_since)]
        since: u64,
        /// Show at most so many entries; the daemon gives 1000 at once
        #[arg(long, default_value_t = LIST_DEFAULT, value_name = "N")]
        limit: u32,
    },
    /// Check the hash chain from the first entry to the last
    Verify,
}

/// Runs the verb.
pub async fn run(audit: Audit, context: &mut Context) -> Result<(), Failure> {
    let journal = context.audit().await?;
    match audit.verb {
        Verb::Read { since, limit } => {
            let entries = objects(&journal.read(since, limit).await?);
            context.output.answer(&entries, |style| table(&entries).text(style))
        }
        Verb::Verify => {
            let answer = object(&journal.verify().await?);
            let is_whole = answer["ok"] == true;
            context.output.answer(&answer, |style| {
                let state = if is_whole { "ok" } else { "broken" };
                let mut pairs = vec![("journal", state.to_owned())];
                pairs
                    .extend(["rows", "head", "signature", "public_key"].map(|key| (key, word(&answer, key))));
                if !is_whole {
                    pairs.extend(["broken", "why"].map(|key| (key, word(&answer, key))));
                }
                fields(&pairs, style)
            })?;
            if is_whole {
                return Ok(());
            }
            let message =
                format!("the journal is broken at entry {}: {}", answer["broken"], word(&answer, "why"));
            Err(Failure::new(Kind::Failed, message)
                .with_hint("keep a copy of the database, then compare it with the last backup that verifies"))
        }
    }
}

fn table(entries: &Value) -> Table {
    let nothing = "No entry since then. Go back further: readmit audit read --since 30d";
    let mut table = Table::new(&["SEQ", "AT", "ACTOR", "WHAT", "CASE", "ACCOUNT", "DETAIL"], nothing);
    for entry in entries.as_array().into_iter().flatten() {
        let mut row = vec![word(entry, "seq"), stamp(number(entry, "at"))];
        row.extend(["actor", "kind", "case", "account", "detail"].map(|key| word(entry, key)));
        table.row(row);
    }
    table
}
