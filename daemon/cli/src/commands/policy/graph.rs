//! `readmit policy graph`: the journeys of a policy as a picture.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use readmit_policy::workbench::graph::{DrawError, Picture};
use serde_json::json;

use super::changes::many;
use super::set::{Surroundings, directory, read};
use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::limits::CLASSES_DEFAULT;
use crate::output::write;
use crate::work::{Bar, aside};

const EXAMPLES: &str = "\
Examples:
  readmit policy graph -o journeys.svg              a picture for a browser, to print and to sign
  readmit policy graph ./policies --realm sales --format mermaid
  readmit policy graph --format dot | dot -Tpdf -o journeys.pdf

Every case that the policy can tell apart is walked through the rules that decide about people, and cases that take \
the same journey are put together. The same policies always give the same picture.

JSON: {version, realm, format, classes, journeys, picture}; with -o {version, realm, format, classes, journeys, file}.";

/// Draw the journeys of a policy
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Graph {
    /// The directory of the policies; without it this one, or the daemon's
    #[arg(value_name = "DIR")]
    directory: Option<PathBuf>,
    /// Draw what is decided for the accounts of this realm
    #[arg(long, default_value = "default")]
    realm: String,
    /// As what
    #[arg(long, default_value = "svg", value_enum)]
    format: Format,
    /// Write it to a file instead of standard output
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Walk at most so many classes of cases
    #[arg(long, default_value_t = CLASSES_DEFAULT, value_name = "N")]
    limit: usize,
    #[command(flatten)]
    surroundings: Surroundings,
}

/// How a picture is written down.
#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// A picture for browsers
    Svg,
    /// The language of Graphviz
    Dot,
    /// A flowchart for Mermaid, as in Markdown files
    Mermaid,
}

/// Runs the verb.
pub async fn run(verb: Graph, context: &mut Context) -> Result<(), Failure> {
    let set = verb.surroundings.watch(read(&directory(verb.directory))?)?;
    let version = set.version().to_string();
    let (rules, limit, realm) = (verb.surroundings.rules(), verb.limit, verb.realm);
    let bar = Bar::new("graph");
    let pen = bar.pen();
    let of = realm.clone();
    let found = aside(move || {
        let mut progress = |done| pen.tell(&format!("{} walked", many(done, "class")));
        Picture::of(&set, &of, &rules, limit, &mut progress)
    });
    let picture = found.await?.map_err(|error| match error {
        DrawError::NoPolicy(_) => Failure::new(Kind::NotFound, error.to_string())
            .with_hint("name a realm that has a file, or write default.lua"),
        DrawError::Explore(_) => {
            Failure::new(Kind::Failed, error.to_string()).with_hint("raise it with --limit")
        }
    })?;
    drop(bar);
    let (format, text) = match verb.format {
        Format::Svg => ("svg", picture.svg()),
        Format::Dot => ("dot", picture.dot()),
        Format::Mermaid => ("mermaid", picture.mermaid()),
    };
    let mut answer = json!({"version": version, "realm": realm, "format": format, "classes": picture.classes(),
        "journeys": picture.journeys()});
    let Some(file) = verb.output else {
        if context.output.is_json() {
            answer["picture"] = text.into();
            return context.output.answer(&answer, |_| String::new());
        }
        return write(&text);
    };
    std::fs::write(&file, text).map_err(|error| {
        Failure::new(Kind::Failed, format!("{} cannot be written: {error}", file.display()))
            .with_hint("name a file in a directory that is there and that you may write to")
    })?;
    answer["file"] = file.display().to_string().into();
    let told = many(picture.journeys() as u64, "journey");
    context.output.answer(&answer, |_| format!("{told} drawn in {}.\n", file.display()))
}
