//! `readmit account export`: who is on file, as a list.

use std::io::{BufWriter, Write};
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use crate::bus::value::object;
use crate::context::Context;
use crate::draft::{Draft, unwritable};
use crate::failure::{Failure, Hint as _, Kind};
use crate::limits::ACCOUNTS_PAGE;
use crate::output::plain;
use crate::roster::{Format, cells};
use crate::work::Bar;

const EXAMPLES: &str = "\
Examples:
  readmit account export people.csv
  readmit account export people.jsonl
  readmit account export --format json | jq length

The list holds addresses and phone numbers of everybody on file: a file is made readable for you alone, and the \
journal says who was given the list. It holds no password, no code and no device. readmit account import --help has the \
columns; importing what was exported changes nothing.

JSON (with FILE): {file, accounts}.";

/// Write everybody on file to a list
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Export {
    /// Write to this file, which is there whole or not at all; standard output if it is left out
    file: Option<PathBuf>,
    /// How to write it [default: what the file's name says, or csv]
    #[arg(long, value_enum)]
    format: Option<Format>,
}

/// Runs the verb.
pub async fn run(export: Export, context: &mut Context) -> Result<(), Failure> {
    let name = export.file.as_ref().map(|file| file.display().to_string());
    let by_name = name.as_deref().and_then(Format::of_name);
    let usual = if context.output.is_json() { Format::Json } else { Format::Csv };
    let format = export.format.or(by_name).unwrap_or(usual);
    let (Some(path), Some(name)) = (export.file, name) else {
        let copied = copy(format, &mut BufWriter::new(std::io::stdout()), context).await;
        return match copied {
            // A reader that has had enough is no failure.
            Err(Stopped::Write(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
            Err(Stopped::Write(error)) => Err(error.into()),
            Err(Stopped::Failed(failure)) => Err(failure),
            Ok(_) => Ok(()),
        };
    };
    let draft = Draft::beside(&path)?;
    let accounts = match copy(format, &mut BufWriter::new(&draft.file), context).await {
        Ok(accounts) => accounts,
        Err(Stopped::Write(error)) => return Err(unwritable(&path, &error)),
        Err(Stopped::Failed(failure)) => return Err(failure),
    };
    draft.keep(&path)?;
    context.output.answer(&json!({"file": name, "accounts": accounts}), |_| {
        let noun = if accounts == 1 { "account" } else { "accounts" };
        format!("{accounts} {noun} in {}.\n", plain(&name))
    })
}

/// Why the copying ended early.
enum Stopped {
    /// It cannot be written.
    Write(std::io::Error),
    /// Something else went wrong.
    Failed(Failure),
}

impl From<std::io::Error> for Stopped {
    fn from(error: std::io::Error) -> Self {
        Self::Write(error)
    }
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// Copies the accounts, page by page; returns how many there were.
async fn copy(format: Format, output: &mut impl Write, context: &mut Context) -> Result<u64, Stopped> {
    let accounts = context.accounts().await?;
    let bar = Bar::new("export");
    let pen = bar.pen();
    let (mut after, mut count) = (String::new(), 0);
    match format {
        Format::Csv => output.write_all(cells::heading()?.as_bytes())?,
        Format::Json => output.write_all(b"[")?,
        Format::Jsonl => {}
    }
    loop {
        let page = accounts.export(&after, ACCOUNTS_PAGE).await;
        let page = page.hint(Kind::NotAuthorized, "the list is for administrators: run it with sudo")?;
        let before = after.clone();
        for account in page.iter().map(object) {
            write(&account, format, count == 0, output)?;
            if let Some(id) = account["id"].as_str() {
                after = after.max(id.to_owned());
            }
            count += 1;
        }
        // An answer that does not go on would be asked for for ever.
        if after == before {
            break;
        }
        pen.tell(&format!("{count} accounts"));
    }
    if format == Format::Json {
        output.write_all(b"\n]\n")?;
    }
    output.flush()?;
    Ok(count)
}

fn write(account: &Value, format: Format, is_first: bool, output: &mut impl Write) -> Result<(), Stopped> {
    let text = match format {
        Format::Csv => cells::line(account)?,
        Format::Json if is_first => format!("\n{account}"),
        Format::Json => format!(",\n{account}"),
        Format::Jsonl => format!("{account}\n"),
    };
    output.write_all(text.as_bytes())?;
    Ok(())
}
