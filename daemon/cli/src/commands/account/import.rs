//! `readmit account import`: many accounts at once, from a list.
//!
//! The whole list is read, put into form and shown to the daemon before anything is changed: one row that cannot be is a
//! list that is not taken. What is then taken goes in pieces, each whole; an interruption says how far it went, and the
//! same list again does the rest.

mod told;

use std::collections::HashMap;
use std::io::Read as _;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde_json::Value;
use zbus::Variant;

use self::told::Told;
use crate::bus::administration::AccountsProxy;
use crate::bus::value::{Options, object};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::limits::{IMPORT_ROWS, LIST_BYTES};
use crate::roster::{self, Format, Row, number::Region};
use crate::work::{Bar, Pen, aside};

const EXAMPLES: &str = "\
Examples:
  readmit account import people.csv --region US --dry-run    what would happen, row by row
  readmit account import people.csv --region US
  readmit account import people.csv --on-conflict update     what differs is changed as the list says
  hr-export | readmit account import - --delimiter ';'

Columns (CSV, in any order, named in the first line) and keys (JSON): id, realm, kind, emails, email_verified, \
email_same_mailbox, phones, phone_verified, phone_country, phone_on_lost_device, contacts, groups, attributes, locale; \
only id must be there. In CSV, several of something are separated by semicolons (\\; is a semicolon), attributes are \
NAME=VALUE (\\= in a name), an empty cell says nothing, and a single - says: none. In JSON, null says nothing and [] \
says none.

  id,kind,emails,phones,groups,attributes
  alice,owner,alice@example.org,(415) 555-2671,staff;admins,department=research

Numbers become E.164: those without + are read as numbers of --region. Domains of addresses become lower case and ASCII. \
Nothing is changed if a single row is refused. The list is applied in pieces of 100; after an interruption the same \
command does the rest.

JSON: {rows, added, changed, unchanged, skipped, refused, applied, dry_run, differences: [{line, id, result, changed, \
why}], notes: [{line, id, what}]}; result is added, changed, skipped or refused. Exit code 1 if rows are refused.";

/// Put the accounts of a list on file
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Import {
    /// The list; - is standard input
    file: PathBuf,
    /// Only say what would happen
    #[arg(long)]
    dry_run: bool,
    /// The country of numbers that are written without one (ISO 3166-1 alpha-2)
    #[arg(long, value_name = "CODE")]
    region: Option<Region>,
    /// What happens where an account is on file and differs
    #[arg(long, value_enum, default_value_t = Conflict::Fail, value_name = "WHAT")]
    on_conflict: Conflict,
    /// What separates the cells of CSV
    #[arg(long, default_value = ",", value_name = "CHARACTER", value_parser = delimiter)]
    delimiter: u8,
    /// How the list is written [default: what its name says, or how it begins]
    #[arg(long, value_enum)]
    format: Option<Format>,
}

/// What happens where an account is on file and differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Conflict {
    /// What is on file stays
    Skip,
    /// What the list says takes its place
    Update,
    /// The list is refused
    Fail,
}

impl Conflict {
    const fn word(self) -> &'static str {
        match self {
            Self::Skip => "skip",
            Self::Update => "update",
            Self::Fail => "fail",
        }
    }
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "\\t" | "tab" => Ok(b'\t'),
        _ => match *text.as_bytes() {
            [byte @ 0x20..=0x7e] if !byte.is_ascii_alphanumeric() && byte != b'"' => Ok(byte),
            _ => Err("use one character such as , or ; or the word tab".to_owned()),
        },
    }
}

/// Runs the verb.
pub async fn run(import: Import, context: &mut Context) -> Result<(), Failure> {
    let bar = Bar::new("import");
    let pen = bar.pen();
    pen.tell("reading the list");
    let rows = aside({
        let (file, format) = (import.file.clone(), import.format);
        let (delimiter, region) = (import.delimiter, import.region);
        move || load(&file, format, delimiter, region)
    })
    .await??;
    let accounts = context.accounts().await?;
    let mut told = Told::new(&rows, import.dry_run);
    let remaining = look(&rows, &import, &accounts, &mut told, &pen).await?;
    if told.refused() == 0 && !import.dry_run {
        apply(&rows, &remaining, &import, &accounts, context, &pen).await?;
        context.next_step = None;
        told.applied();
    }
    drop(bar);
    context.output.answer(&told.json(), |style| told.text(style))?;
    match told.refused() {
        0 => Ok(()),
        1 => Err(refused("a row is refused; nothing was changed")),
        many => Err(refused(format!("{many} rows are refused; nothing was changed"))),
    }
}

fn refused(message: impl Into<String>) -> Failure {
    Failure::new(Kind::Failed, message)
        .with_hint("mend the rows that are named, and run the same command again")
}

/// Reads the list and puts its rows into form. Of the same account twice, the second is a problem.
fn load(
    file: &std::path::Path,
    format: Option<Format>,
    delimiter: u8,
    region: Option<Region>,
) -> Result<Vec<Row>, Failure> {
    let name = file.to_string_lossy();
    let unreadable = |error: std::io::Error| {
        Failure::new(Kind::Failed, format!("{name} cannot be read: {error}"))
            .with_hint("name a file that you may read, or - for standard input")
    };
    let mut bytes = Vec::new();
    let input: Box<dyn std::io::Read> = if name == "-" {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(std::fs::File::open(file).map_err(unreadable)?)
    };
    input.take(LIST_BYTES + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let mut rows = roster::read(bytes, format.or_else(|| Format::of_name(&name)), delimiter)?;
    let mut first = HashMap::new();
    for row in &mut rows {
        row.normalize(region);
        if let Some(line) = first.get(&row.id) {
            row.problems.push(format!("id: it is in line {line} already"));
        } else {
            first.insert(row.id.clone(), row.line);
        }
    }
    Ok(rows)
}

/// Asks the daemon what would become of every row; returns the places of those that it would change.
async fn look(
    rows: &[Row],
    import: &Import,
    accounts: &AccountsProxy,
    told: &mut Told,
    pen: &Pen,
) -> Result<Vec<usize>, Failure> {
    let sound: Vec<usize> = (0..rows.len()).filter(|&place| told.is_sound(place)).collect();
    let mut remaining = Vec::new();
    for (round, places) in sound.chunks(IMPORT_ROWS).enumerate() {
        pen.show(round * IMPORT_ROWS, sound.len(), "checked");
        for (&place, result) in places.iter().zip(send(rows, places, import, true, accounts).await?) {
            if matches!(result["result"].as_str(), Some("added" | "changed")) {
                remaining.push(place);
            }
            told.result(place, result);
        }
    }
    Ok(remaining)
}

/// Has the daemon take the rows, piece by piece.
async fn apply(
    rows: &[Row],
    remaining: &[usize],
    import: &Import,
    accounts: &AccountsProxy,
    context: &mut Context,
    pen: &Pen,
) -> Result<(), Failure> {
    for (round, places) in remaining.chunks(IMPORT_ROWS).enumerate() {
        let done = round * IMPORT_ROWS;
        pen.show(done, remaining.len(), "applied");
        context.next_step = Some(format!(
            "{done} of {} changes were made, perhaps {} more: run the same command again, and it does the rest",
            remaining.len(),
            places.len()
        ));
        let results = send(rows, places, import, false, accounts).await?;
        // Between the look and this, somebody else may have changed an account.
        if let Some((&place, why)) =
            places.iter().zip(&results).find_map(|(place, result)| Some((place, result["why"].as_str()?)))
        {
            let line = rows.get(place).map_or(0, |row| row.line);
            return Err(Failure::new(Kind::Failed, format!("line {line} was refused after all: {why}"))
                .with_hint(format!(
                    "about {done} changes were made; run the same command again for the rest"
                )));
        }
    }
    Ok(())
}

async fn send(
    rows: &[Row],
    places: &[usize],
    import: &Import,
    dry_run: bool,
    accounts: &AccountsProxy,
) -> Result<Vec<Value>, Failure> {
    let piece: Vec<Options> = places.iter().filter_map(|&place| rows.get(place)).map(Row::options).collect();
    let options = Options::from([
        ("dry_run", Variant::from(dry_run)),
        ("on_conflict", Variant::from(import.on_conflict.word())),
    ]);
    let results: Vec<Value> = accounts.import(&piece, options).await?.iter().map(object).collect();
    if results.len() == piece.len() {
        return Ok(results);
    }
    Err(Failure::new(Kind::Failed, "the daemon's answer does not fit the list")
        .with_hint("the daemon may be of another version: compare readmit --version and readmitd --version"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_separated_by_one_character() {
        assert_eq!((delimiter(";"), delimiter("tab"), delimiter("|")), (Ok(b';'), Ok(b'\t'), Ok(b'|')));
        for wrong in ["", "a", "\"", ";;", "ü", "\n"] {
            assert!(delimiter(wrong).is_err(), "{wrong}");
        }
    }
}
