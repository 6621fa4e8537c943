//! `readmit audit`: the journal.

mod export;
mod verify;

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::bus::value::objects;
use crate::context::Context;
use crate::failure::Failure;
use crate::limits::LIST_DEFAULT;
use crate::output::{number, word};
use crate::table::Table;
use crate::time::{parse_since, stamp};

const EXAMPLES: &str = "\
Examples:
  readmit audit read --since 24h
  readmit audit read --since 2026-11-01 --limit 1000 --json
  readmit audit verify                             is every entry as it was written, and none missing at the end?
  readmit audit verify --require-heads             for a timer: fails too if there is no head to compare with
  journalctl --root /var/log/central -o json MESSAGE_ID=5d0c7a1e0b6f4b7c9e6b3a8f2d41c9e7 | readmit audit verify --heads -
  readmit audit export -o audit.jsonl
  readmit audit export --after 120000 -o more.jsonl
  readmit audit export --since 30d --redact -o for-the-auditor.jsonl

JSON: read: [{seq, at, actor, kind, case, account, detail, hash}]; verify: {ok, rows, seq, head, signature, \
public_key, checkpoint, restores, heads: {source, found, compared, problems: [{seq, why}]}} and {broken, why} for the \
first broken entry; export (with -o): {file, entries, last, redacted}. \
A broken chain, or a head that does not fit, ends with exit code 1.";

/// Read, check and export the journal
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
    Verify(verify::Verify),
    Export(export::Export),
}

/// Runs the verb.
pub async fn run(audit: Audit, context: &mut Context) -> Result<(), Failure> {
    match audit.verb {
        Verb::Read { since, limit } => {
            let entries = objects(&context.audit().await?.read(since, limit).await?);
            context.output.answer(&entries, |style| table(&entries).text(style))
        }
        Verb::Verify(verify) => verify::run(verify, context).await,
        Verb::Export(export) => export::run(export, context).await,
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
