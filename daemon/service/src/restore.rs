//! `readmitd restore`: puts a backup back, with the daemon stopped; and `readmitd keyring`, filters for whoever keeps the
//! keyring as a credential. What they do with files is the store's; here it is told.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use readmit_store::{
    Backup, By, CaseFilter, Change, CommitError, Head, Keyring, KeyringError, Manifest, Outlook, Page,
    Restoration, RestoreReport, Store as _, StoreError, check_backup,
};
use serde_json::{Value, json};
use thiserror::Error;

use crate::args::{KeyringVerb, RestoreArgs};
use crate::causes::with_causes;
use crate::config::{Config, Store};
use crate::run::{RunError, keyring, store_options};
use crate::service::{Fault, ended_by_restore, now};

/// Who the journal says it was.
const ACTOR: &str = "restore";

/// Why nothing was put back. Nothing has changed.
#[derive(Debug, Error)]
pub enum RestoreError {
    /// The database or the backup cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The keys cannot be used.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// The configured key cannot be used.
    #[error(transparent)]
    Run(#[from] RunError),
    /// A case in the backup cannot be ended.
    #[error("a case in the backup cannot be ended: use another backup, or an earlier version of readmitd")]
    Case(#[from] Fault),
    /// The cases in the backup cannot be ended.
    #[error("the cases in the backup cannot be ended")]
    Commit(#[from] CommitError),
    /// It would undo what is known to have happened.
    #[error("the backup ends at entry {} of the journal, and entry {} is known to have happened: what is between them would be lost", .0.back_to.seq, .0.known.seq)]
    Rollback(Box<Outlook>),
}

impl RestoreError {
    fn hint(&self) -> String {
        match self {
            Self::Rollback(_) => "use a newer backup; if there is none, and this is what you mean: the same command with --accept-rollback".to_owned(),
            Self::Store(StoreError::InUse { .. }) => "stop the daemon first: systemctl stop readmitd".to_owned(),
            Self::Keyring(_) | Self::Run(_) => "name the key with --key FILE, or give it on standard input with --key -".to_owned(),
            _ => "nothing was changed; readmit backup --verify FILE shows whether a backup is whole".to_owned(),
        }
    }
}

/// Puts a backup back, or checks it.
pub async fn restore(arguments: &RestoreArgs, config: &Config) -> ExitCode {
    let done = if arguments.check {
        check(&arguments.file).map(|manifest| described(&manifest))
    } else {
        put_back(arguments, &config.store).await.map(|(outlook, report)| told(&outlook, &report))
    };
    match done {
        Ok(mut answer) => {
            answer["ok"] = json!(true);
            say(arguments.json, &answer, &text(&answer));
            ExitCode::SUCCESS
        }
        Err(error) => {
            let mut answer = json!({ "ok": false, "message": with_causes(&error), "hint": error.hint() });
            if let RestoreError::Rollback(outlook) = &error {
                answer["would"] = looked(outlook);
            }
            say(arguments.json, &answer, &text(&answer));
            ExitCode::FAILURE
        }
    }
}

fn check(file: &Path) -> Result<Manifest, RestoreError> {
    let backup = Backup::open(file).map_err(StoreError::from)?;
    check_backup(&backup)?;
    Ok(backup.manifest)
}

async fn put_back(arguments: &RestoreArgs, store: &Store) -> Result<(Outlook, RestoreReport), RestoreError> {
    let backup = Backup::open(&arguments.file).map_err(StoreError::from)?;
    let keys = match arguments.key.as_deref() {
        None => keyring(store)?,
        Some(path) if path == Path::new("-") => Keyring::from_pipe(std::io::stdin().lock())?,
        Some(path) => Keyring::load(path)?,
    };
    let restoration = Restoration::prepare(&store_options(store), Arc::new(keys), &backup)?;
    let outlook = restoration.outlook().clone();
    if outlook.is_rollback && !arguments.accept_rollback {
        return Err(RestoreError::Rollback(Box::new(outlook)));
    }
    let ended = end_cases(&restoration).await?;
    let by = By { at: now(), actor: ACTOR.to_owned() };
    let report = restoration.finish(&by, ended).await?;
    Ok((outlook, report))
}

/// Ends every open case: what was proven in it, and what it sent, may have been used since the backup.
async fn end_cases(restoration: &Restoration) -> Result<u64, RestoreError> {
    let store = restoration.store()?;
    let filter = CaseFilter { closed: Some(false), ..CaseFilter::default() };
    let mut ended = 0;
    loop {
        let rows = store.cases(filter.clone(), Page::default()).await?;
        if rows.is_empty() {
            return Ok(ended);
        }
        let before = ended;
        for row in rows {
            let Some(stored) = store.case(&row.id).await? else { continue };
            let writes = ended_by_restore(&stored)?;
            ended += u64::from(!writes.is_empty());
            store.commit(Change { at: now(), actor: ACTOR.to_owned(), writes }).await?;
        }
        if ended == before {
            return Err(Fault::internal().into());
        }
    }
}

fn described(manifest: &Manifest) -> Value {
    json!({
        "made_at": manifest.made_at, "program": manifest.program, "schema": manifest.schema,
        "bytes": manifest.bytes, "sha256": hex::encode(manifest.sha256), "seq": manifest.seq,
        "hash": hex::encode(manifest.hash), "public_key": hex::encode(manifest.public_key),
    })
}

fn looked(outlook: &Outlook) -> Value {
    let head = |head: &Head| json!({ "seq": head.seq, "hash": hex::encode(head.hash) });
    let lost = outlook.lost.as_ref().map(|lost| json!({ "kinds": lost.kinds, "accounts": lost.accounts }));
    json!({ "back_to": head(&outlook.back_to), "known": head(&outlook.known), "lost": lost })
}

fn told(outlook: &Outlook, report: &RestoreReport) -> Value {
    let voided = report.voided;
    let mut answer = looked(outlook);
    answer["head"] = json!({ "seq": report.head.seq, "hash": hex::encode(report.head.hash) });
    answer["aside"] = json!(report.aside.as_ref().map(|aside: &PathBuf| aside.display().to_string()));
    answer["voided"] = json!({
        "recovery_codes": voided.recovery_codes, "passes": voided.passes, "links": voided.links,
        "deliveries": voided.deliveries,
    });
    answer
}

/// For people who run the program itself; `readmit restore` has its own words.
fn text(answer: &Value) -> String {
    let mut text = String::new();
    if let Some(message) = answer["message"].as_str() {
        text += &format!("error: {message}\nhint: {}\n", answer["hint"].as_str().unwrap_or_default());
    }
    if answer["ok"] != true && answer.get("would").is_none() {
        return text;
    }
    text + &format!("{answer:#}\n")
}

/// Adds a key to a keyring, or takes the old ones away, from standard input to standard output.
pub fn change_keyring(verb: &KeyringVerb) -> ExitCode {
    let changed = Keyring::from_pipe(std::io::stdin().lock()).and_then(|keyring| match verb {
        KeyringVerb::Add => keyring.with_new_key(),
        KeyringVerb::Prune => Ok(keyring.without_old_keys()),
    });
    match changed {
        Ok(text) => {
            let written = std::io::stdout().lock().write_all(text.as_bytes());
            if written.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "error: {}", with_causes(&error));
            ExitCode::FAILURE
        }
    }
}

fn say(json: bool, answer: &Value, text: &str) {
    // Whether anybody reads it changes nothing.
    let _ = if json { writeln!(std::io::stdout(), "{answer}") } else { write!(std::io::stdout(), "{text}") };
}
