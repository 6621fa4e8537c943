//! `readmit backup`: a copy of the database while the daemon runs, and the check of one.

use std::os::fd::AsFd as _;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};

use super::restore::ask;
use crate::bus::value::object;
use crate::context::Context;
use crate::draft::Draft;
use crate::failure::{Failure, Kind};
use crate::limits::BACKUP_LOOK;
use crate::output::{Style, number, word};
use crate::table::fields;
use crate::time::stamp;
use crate::work::Bar;

const EXAMPLES: &str = "\
Examples:
  readmit backup /var/backups/readmit-$(date +%F).backup
  readmit backup --verify /var/backups/readmit-2026-11-22.backup    is it whole? needs neither daemon nor key

A backup holds the whole database as of one moment. What is secret in it is sealed, and the key is not in it: without the
key it is of no use, so keep a copy of the key too, and somewhere else (contrib/BACKUP.md). Put it back with: readmit \
restore FILE.

JSON: {file, made_at, schema, bytes, sha256, seq, hash, public_key}; with --verify also {ok, program}.";

/// Make a backup of the database while everything runs, or check one
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Backup {
    /// The file, which must not be there yet
    file: PathBuf,
    /// Replace a file that is there
    #[arg(long, conflicts_with = "verify")]
    force: bool,
    /// Check a backup instead: is it whole, and does its journal hold?
    #[arg(long)]
    verify: bool,
}

/// Runs the verb.
pub async fn run(backup: Backup, context: &mut Context) -> Result<(), Failure> {
    if backup.verify {
        return verify(&backup.file, context).await;
    }
    let path = backup.file;
    if path.exists() && !backup.force {
        return Err(Failure::new(Kind::Failed, format!("{} is there already", path.display()))
            .with_hint("name another file, or replace it with --force"));
    }
    let draft = Draft::beside(&path)?;
    let store = context.patient_store().await?;
    let bar = Bar::new("backup");
    let pen = bar.pen();
    let progress = async {
        loop {
            tokio::time::sleep(BACKUP_LOOK).await;
            let bytes = draft.file.metadata().map_or(0, |found| found.len());
            pen.tell(&if bytes == 0 { "copying".to_owned() } else { size(bytes) });
        }
    };
    let made = tokio::select! {
        made = store.backup(draft.file.as_fd().into()) => made?,
        () = progress => return Ok(()),
    };
    drop(bar);
    draft.keep(&path)?;
    let mut answer = object(&made);
    answer["file"] = json!(path.display().to_string());
    context.output.answer(&answer, |style| text(&answer, style))
}

async fn verify(path: &Path, context: &Context) -> Result<(), Failure> {
    let mut answer = ask(None, &["restore", "--check", "--json"], &[path.as_os_str()]).await?;
    if answer["ok"] != true {
        let hint = answer["hint"].as_str().unwrap_or_default();
        return Err(Failure::new(Kind::Failed, word(&answer, "message")).with_hint(hint));
    }
    answer["file"] = json!(path.display().to_string());
    context.output.answer(&answer, |style| text(&answer, style))
}

fn text(answer: &Value, style: Style) -> String {
    let pairs = [
        ("backup", word(answer, "file")),
        ("made", stamp(number(answer, "made_at"))),
        ("size", size(number(answer, "bytes"))),
        ("schema", word(answer, "schema")),
        ("journal", format!("up to entry {}", answer["seq"])),
        ("sha256", word(answer, "sha256")),
    ];
    fields(&pairs, style)
}

fn size(bytes: u64) -> String {
    format!("{}.{} MiB", bytes >> 20, ((bytes % (1 << 20)) * 10) >> 20)
}
