//! `readmit restore`: puts a backup back, by the daemon's own program, so that there is one that touches the database and
//! not two.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Stdio;

use clap::Args;
use serde_json::Value;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::limits::CHECK_BYTES;
use crate::output::{Style, number, plain, word};
use crate::sibling;
use crate::table::fields;

const EXAMPLES: &str = "\
Examples:
  systemctl stop readmitd
  readmit restore /var/backups/readmit-2026-11-22.backup
  readmit restore --accept-rollback /var/backups/readmit-2026-11-22.backup
  systemd-creds decrypt --name=readmit.store.key /etc/credstore.encrypted/readmit.store.key - | readmit restore --key - FILE

The daemon must be stopped. A backup that is older than what is known to have happened is put back only with \
--accept-rollback; without it you are told what would be lost. After a restore nothing that was used once counts again: \
open cases have expired; recovery codes, passes and links are void; one-time passwords up to now are refused. Issue new \
recovery codes: readmit codes issue. The replaced database is kept beside it.

JSON: {ok, back_to: {seq, hash}, known: {seq, hash}, lost: {kinds, accounts}, head: {seq, hash}, aside, voided: \
{recovery_codes, passes, links, deliveries}}; refused: {error, message, hint}.";

/// Put a backup back in the place of the database
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Restore {
    /// The backup
    file: PathBuf,
    /// Go back although what happened since the backup is lost
    #[arg(long)]
    accept_rollback: bool,
    /// The daemon's configuration
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The key, if it is not where the configuration says; - reads it from standard input
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// Runs the verb.
pub async fn run(restore: Restore, context: &mut Context) -> Result<(), Failure> {
    let mut arguments = vec!["restore", "--json"];
    if restore.accept_rollback {
        arguments.push("--accept-rollback");
    }
    let mut rest: Vec<&OsStr> = Vec::new();
    if let Some(key) = &restore.key {
        rest.extend([OsStr::new("--key"), key.as_os_str()]);
    }
    rest.extend([OsStr::new("--"), restore.file.as_os_str()]);
    let answer = ask(restore.config.as_ref(), &arguments, &rest).await?;
    if answer["ok"] == true {
        return context.output.answer(&answer, |style| text(&answer, style));
    }
    let mut message = word(&answer, "message");
    if answer["would"].is_object() {
        message += &would_be_lost(&answer["would"]);
    }
    let kind = if answer["would"].is_object() { Kind::Refused } else { Kind::Failed };
    Err(Failure::new(kind, message).with_hint(answer["hint"].as_str().unwrap_or_default()))
}

/// Asks the daemon's program, which may read a key from standard input.
///
/// # Errors
/// It is not there, or gave no answer.
pub async fn ask(config: Option<&PathBuf>, arguments: &[&str], rest: &[&OsStr]) -> Result<Value, Failure> {
    let program = sibling::find("readmitd")?;
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::new(Kind::Failed, format!("{} cannot do it: {error}", program.display()))
    };
    let mut command = Command::new(&program);
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    command.args(arguments).args(rest);
    command.stdin(Stdio::inherit()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| cannot(&error))?;
    let (mut output, mut complaint) = (Vec::new(), Vec::new());
    let limit = CHECK_BYTES as u64;
    if let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) {
        let (mut stdout, mut stderr) = (stdout.take(limit), stderr.take(limit));
        tokio::try_join!(stdout.read_to_end(&mut output), stderr.read_to_end(&mut complaint))?;
    }
    child.wait().await?;
    match serde_json::from_slice(&output) {
        Ok(answer) => Ok(answer),
        Err(_) => {
            let complaint = String::from_utf8_lossy(&complaint);
            Err(cannot(&complaint.lines().last().unwrap_or("it gave no answer")))
        }
    }
}

fn would_be_lost(would: &Value) -> String {
    let kinds = would["lost"]["kinds"].as_object().into_iter().flatten();
    let kinds: Vec<String> = kinds.map(|(kind, count)| format!("{count} × {}", plain(kind))).collect();
    let mut text = String::new();
    if !kinds.is_empty() {
        text += &format!("\nwhat happened since: {}", kinds.join(", "));
    }
    if would["lost"]["accounts"].as_array().is_some_and(|accounts| !accounts.is_empty()) {
        text += &format!("\naccounts that would be set back: {}", word(&would["lost"], "accounts"));
    }
    text
}

fn text(answer: &Value, style: Style) -> String {
    let voided = &answer["voided"];
    let lost = number(&answer["known"], "seq").saturating_sub(number(&answer["back_to"], "seq"));
    let pairs = [
        (
            "restored",
            format!("up to entry {} of the journal; {lost} known entries given up", answer["back_to"]["seq"]),
        ),
        ("journal", format!("ends at entry {} now", answer["head"]["seq"])),
        (
            "void now",
            format!(
                "{} recovery codes, {} passes, {} links; open cases have expired",
                voided["recovery_codes"], voided["passes"], voided["links"]
            ),
        ),
        ("replaced", word(answer, "aside")),
        (
            "next",
            "systemctl start readmitd, then readmit codes issue for whoever has recovery codes".to_owned(),
        ),
    ];
    fields(&pairs, style)
}
