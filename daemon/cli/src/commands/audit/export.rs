//! `readmit audit export`: the journal as a file that others can check and keep.

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::{Map, Value, json};

use crate::bus::administration::AuditProxy;
use crate::bus::value::object;
use crate::context::Context;
use crate::draft::{Draft, unwritable};
use crate::failure::{Failure, Kind};
use crate::limits::JOURNAL_PAGE;
use crate::output::{number, plain};
use crate::redaction::Redaction;
use crate::time::parse_since;

/// Write the journal to a file, as JSON Lines (contrib/schemas/audit-export.json)
#[derive(Args)]
pub struct Export {
    /// Only what is behind this entry: go on where an earlier export ended
    #[arg(long, value_name = "SEQ", conflicts_with = "since")]
    after: Option<u64>,
    /// Only up to this entry
    #[arg(long, value_name = "SEQ")]
    to: Option<u64>,
    /// Only from then on: a duration ago (30d), a date (2026-11-22) or Unix seconds (@1700000000)
    #[arg(long, value_name = "TIME", value_parser = parse_since)]
    since: Option<u64>,
    /// Only until then
    #[arg(long, value_name = "TIME", value_parser = parse_since)]
    until: Option<u64>,
    /// Write to this file instead of standard output; it is there whole or not at all
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Put pseudonyms in place of whatever names or describes somebody. The hashes go too: they would tell whether a
    /// guess is right
    #[arg(long)]
    redact: bool,
}

/// Which entries, and what they are chained to.
struct Range {
    after: u64,
    to: u64,
    until: u64,
    header: Value,
}

/// Runs the verb.
pub async fn run(export: Export, context: &mut Context) -> Result<(), Failure> {
    let redaction = if export.redact { Some(Redaction::new()?) } else { None };
    let journal = context.audit().await?;
    let range = range(&export, &journal).await?;
    let Some(path) = export.output else {
        let mut output = BufWriter::new(std::io::stdout());
        return match copy(&range, redaction.as_ref(), &mut output, &journal).await {
            // The reader has had enough.
            Err(Stopped::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            Err(Stopped::Write(error)) => Err(error.into()),
            Err(Stopped::Failed(failure)) => Err(failure),
            Ok(_) => Ok(()),
        };
    };
    let draft = Draft::beside(&path)?;
    let mut output = BufWriter::new(&draft.file);
    let (entries, last) = match copy(&range, redaction.as_ref(), &mut output, &journal).await {
        Ok(copied) => copied,
        Err(Stopped::Write(error)) => return Err(unwritable(&path, &error)),
        Err(Stopped::Failed(failure)) => return Err(failure),
    };
    drop(output);
    draft.keep(&path)?;
    let file = path.display().to_string();
    let answer = json!({ "file": file, "entries": entries, "last": last, "redacted": export.redact });
    context.output.answer(&answer, |_| {
        let noun = if entries == 1 { "entry" } else { "entries" };
        format!(
            "{entries} {noun} in {}. Go on later with: readmit audit export --after {last}\n",
            plain(&file)
        )
    })
}

async fn range(export: &Export, journal: &AuditProxy) -> Result<Range, Failure> {
    let report = object(&journal.verify().await?);
    if report["ok"] != true {
        return Err(Failure::new(
            Kind::Failed,
            "the journal is broken, so an export of it would prove nothing",
        )
        .with_hint("see where: readmit audit verify"));
    }
    let end = number(&report, "seq");
    let begin = number(&report["checkpoint"], "seq");
    let mut after = export.after.unwrap_or(0).max(begin);
    if let Some(since) = export.since {
        let first = journal.read(since, 1).await?;
        after = first.first().map(object).map_or(end, |entry| number(&entry, "seq").saturating_sub(1));
    }
    let previous = if after == begin {
        report["checkpoint"]["hash"].as_str().map_or_else(|| "0".repeat(64), str::to_owned)
    } else {
        let entries = journal.read_behind(after - 1, 1).await?;
        let entry = entries.first().map(object).filter(|entry| number(entry, "seq") == after);
        let hash = entry.as_ref().and_then(|entry| entry["hash"].as_str());
        hash.map(str::to_owned).ok_or_else(|| {
            Failure::new(Kind::NotFound, format!("the journal has no entry {after}"))
                .with_hint("leave --after away, or use the number that the last export ended with")
        })?
    };
    let mut header = json!({ "readmit_journal": 1, "after": after, "redacted": export.redact });
    if !export.redact {
        header["previous"] = json!(previous);
        header["public_key"] = report["public_key"].clone();
        header["checkpoint"] = report["checkpoint"].clone();
        header["head"] = json!({ "seq": end, "hash": report["head"], "signature": report["signature"] });
    }
    let to = export.to.unwrap_or(end).min(end);
    Ok(Range { after, to, until: export.until.unwrap_or(u64::MAX), header })
}

/// Why the copying ended early.
enum Stopped {
    /// The output takes no more.
    Write(std::io::Error),
    /// Something else.
    Failed(Failure),
}

/// Copies the journal page by page; returns how many entries there were, and the last.
async fn copy(
    range: &Range,
    redaction: Option<&Redaction>,
    output: &mut impl Write,
    journal: &AuditProxy,
) -> Result<(u64, u64), Stopped> {
    writeln!(output, "{}", range.header).map_err(Stopped::Write)?;
    let (mut after, mut count) = (range.after, 0);
    'pages: while after < range.to {
        let page = journal.read_behind(after, JOURNAL_PAGE).await;
        let page = page.map_err(|error| Stopped::Failed(error.into()))?;
        let before = after;
        for entry in page.iter().map(object) {
            let seq = number(&entry, "seq");
            if seq > range.to || number(&entry, "at") > range.until {
                break 'pages;
            }
            let line = line(entry, redaction).map_err(Stopped::Failed)?;
            writeln!(output, "{line}").map_err(Stopped::Write)?;
            after = after.max(seq);
            count += 1;
        }
        // An answer that does not go on would be asked for for ever.
        if after == before {
            break;
        }
    }
    output.flush().map_err(Stopped::Write)?;
    Ok((count, after))
}

/// An entry as a line: every key there, the detail as it is, and nothing that a later daemon may add.
fn line(mut entry: Value, redaction: Option<&Redaction>) -> Result<Value, Failure> {
    let detail = entry["detail"].as_str().unwrap_or_default();
    let detail: Value = serde_json::from_str(detail).map_err(|error| {
        Failure::new(Kind::Failed, format!("entry {} cannot be read: {error}", entry["seq"]))
            .with_hint("compare readmit --version and readmitd --version")
    })?;
    entry["detail"] = detail;
    let keys = ["seq", "at", "actor", "kind", "case", "account", "detail", "hash"];
    let mut fields: Map<String, Value> =
        keys.into_iter().map(|key| (key.to_owned(), entry[key].take())).collect();
    if let Some(redaction) = redaction {
        redaction.entry(&mut fields);
    }
    Ok(Value::Object(fields))
}
