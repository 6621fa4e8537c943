//! `readmit policy export`: the decision log as a file.

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::Args;
use readmit_policy::workbench::replay::log;
use serde_json::json;

use crate::bus::value::object;
use crate::context::Context;
use crate::draft::{Draft, unwritable};
use crate::failure::{Failure, Hint as _, Kind};
use crate::limits::EXPORT_PAGE;
use crate::output::{number, plain};
use crate::redaction::Redaction;
use crate::time::parse_since;

const EXAMPLES: &str = "\
Examples:
  readmit policy export --since 30d -o decisions.jsonl     for: readmit policy replay DIR --from decisions.jsonl
  readmit policy export --since 30d --redact -o log.jsonl  to hand to whoever writes the policy
  readmit policy export | gzip > decisions.jsonl.gz

The log holds personal data: ids, groups and attributes of accounts, the addresses and browsers of clients, labels of
devices. (It holds no e-mail address and no phone number.) Keep it as you keep the accounts; a file is made readable for
you alone, and the journal says who has read the log.

With --redact, the ids of accounts, cases and devices, the labels of devices, and the addresses and browsers of clients
become pseudonyms: the same one throughout the file, another one in the next export, and nobody can turn them back,
since the key is thrown away. Groups and attributes stay, because policies decide by them. A policy that decides by
what was redacted may decide otherwise in a replay.

Format: JSON Lines. The first is {\"readmit_decisions\": 1}, then one decision a line: {id, at, case, version, hook, \
input, verdict, micros}.
JSON (with -o): {file, decisions, redacted}.";

/// Write the decision log to a file, for replay and for audits
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Export {
    /// From when: a duration ago (30d), a date (2026-11-22) or Unix seconds (@1700000000); everything unless said
    #[arg(long, default_value = "@0", hide_default_value = true, value_name = "TIME", value_parser = parse_since)]
    since: u64,
    /// Write to this file instead of standard output; it is there whole or not at all
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Put pseudonyms in place of ids, device labels, and clients' addresses and browsers
    #[arg(long)]
    redact: bool,
}

/// Runs the verb.
pub async fn run(export: Export, context: &mut Context) -> Result<(), Failure> {
    let redaction = if export.redact { Some(Redaction::new()?) } else { None };
    let Some(path) = export.output else {
        let mut output = BufWriter::new(std::io::stdout());
        return match copy(export.since, redaction.as_ref(), &mut output, context).await {
            Err(Stopped::Full) | Ok(_) => Ok(()),
            Err(Stopped::Failed(failure)) => Err(failure),
        };
    };
    let draft = Draft::beside(&path)?;
    let mut output = BufWriter::new(&draft.file);
    let decisions = match copy(export.since, redaction.as_ref(), &mut output, context).await {
        Ok(decisions) => decisions,
        Err(Stopped::Full) => return Err(unwritable(&path, &std::io::ErrorKind::BrokenPipe.into())),
        Err(Stopped::Failed(failure)) => return Err(failure),
    };
    drop(output);
    draft.keep(&path)?;
    let file = path.display().to_string();
    let answer = json!({"file": file, "decisions": decisions, "redacted": export.redact});
    context.output.answer(&answer, |_| {
        let noun = if decisions == 1 { "decision" } else { "decisions" };
        format!("{decisions} {noun} in {}.\n", plain(&file))
    })
}

/// Why the copying ended early.
enum Stopped {
    /// The reader has had enough.
    Full,
    /// Something went wrong.
    Failed(Failure),
}

impl<E: Into<Failure>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Copies the log, page by page; returns how many decisions there were.
async fn copy(
    since: u64,
    redaction: Option<&Redaction>,
    output: &mut impl Write,
    context: &mut Context,
) -> Result<u64, Stopped> {
    let policies = context.policies().await?;
    put(output, &log::header())?;
    let (mut after, mut count) = (0, 0);
    loop {
        let page = policies.decisions(since, after, EXPORT_PAGE).await;
        let page =
            page.hint(Kind::NotAuthorized, "the decision log is for administrators: run it with sudo")?;
        let before = after;
        for decision in page.iter().map(object) {
            let id = number(&decision, "id");
            let text = |key: &str| decision[key].as_str().unwrap_or_default();
            let (mut case, mut input, mut verdict) =
                (text("case").to_owned(), text("input").to_owned(), text("verdict").to_owned());
            if let Some(redaction) = redaction {
                (case, input, verdict) = redaction.decision(&input, &verdict)?;
            }
            let numbers = (id, number(&decision, "at"), number(&decision, "micros"));
            let line = log::line(numbers, (&case, text("version"), text("hook")), &input, &verdict);
            put(output, &line)?;
            after = after.max(id);
            count += 1;
        }
        // An answer that does not go on would be asked for for ever.
        if after == before {
            break;
        }
    }
    output.flush().or_else(stopped)?;
    Ok(count)
}

fn put(output: &mut impl Write, line: &str) -> Result<(), Stopped> {
    output.write_all(line.as_bytes()).or_else(stopped)
}

fn stopped(error: std::io::Error) -> Result<(), Stopped> {
    if error.kind() == std::io::ErrorKind::BrokenPipe { Err(Stopped::Full) } else { Err(error.into()) }
}
