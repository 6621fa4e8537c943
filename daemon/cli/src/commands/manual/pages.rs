//! The pages: one a verb, and those of what is not a verb.

use std::process::Stdio;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use serde_json::Value;

use super::roff;
use crate::cli::Cli;
use crate::failure::{Failure, Kind};
use crate::limits::CHECK_BYTES;
use crate::sibling;

/// When the pages last changed what they say.
const DATE: &str = "2026-12-01";
const MANUAL: &str = "Readmit";

/// Pages that no program could make.
const WRITTEN: [(&str, u8, &str); 3] = [
    ("readmitd", 8, include_str!("../../../manual/readmitd.8")),
    ("readmit-policy", 5, include_str!("../../../manual/readmit-policy.5")),
    ("org.readmit.Recovery1", 5, include_str!("../../../manual/org.readmit.Recovery1.5")),
];

/// One page.
pub struct Page {
    /// Its name.
    pub name: String,
    /// Its section.
    pub section: u8,
    /// What it says, as roff.
    pub text: String,
}

impl Page {
    /// The name of its file.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{}.{}", self.name, self.section)
    }
}

/// Every page.
///
/// # Errors
/// The daemon's program, which knows the configuration, is not there.
pub async fn all() -> Result<Vec<Page>, Failure> {
    let mut command = Cli::command();
    command.build();
    let mut pages = Vec::new();
    verbs(&command, "readmit", &mut pages)?;
    for (name, section, text) in WRITTEN {
        let text = text.replace("@DATE@", DATE).replace("@VERSION@", env!("CARGO_PKG_VERSION"));
        pages.push(Page { name: name.to_owned(), section, text });
    }
    pages.push(configuration(&describe().await?));
    for page in &mut pages {
        page.text = roff::tidied(&page.text);
    }
    Ok(pages)
}

/// The page of a command and those of its verbs.
fn verbs(command: &Command, name: &str, pages: &mut Vec<Page>) -> Result<(), Failure> {
    pages.push(Page { name: name.to_owned(), section: 1, text: page(command, name)? });
    for verb in command.get_subcommands().filter(|verb| verb.get_name() != "help" && !verb.is_hide_set()) {
        verbs(verb, &format!("{name}-{}", verb.get_name()), pages)?;
    }
    Ok(())
}

fn page(command: &Command, name: &str) -> Result<String, Failure> {
    // What stands behind the help is put into form here; the library would run its lines together.
    let extra = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    let man = Man::new(command.clone().after_help(""))
        .title(name.to_uppercase())
        .section("1")
        .date(DATE)
        .source(format!("Readmit {}", env!("CARGO_PKG_VERSION")))
        .manual(MANUAL);
    let mut text = Vec::new();
    man.render_title(&mut text)?;
    text.extend(format!(".SH NAME\n{} \\- {}\n", roff::line(name), about(command)).into_bytes());
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if command.get_arguments().any(|argument| !argument.is_hide_set()) {
        man.render_options_section(&mut text)?;
    }
    if command.get_subcommands().next().is_some() {
        text.extend(subcommands(command, name).into_bytes());
    }
    text.extend(roff::after_help(&extra).into_bytes());
    text.extend(see_also(name).into_bytes());
    String::from_utf8(text).map_err(|_| Failure::new(Kind::Failed, "a page is no text"))
}

fn about(command: &Command) -> String {
    command.get_about().map(|about| roff::line(&about.to_string())).unwrap_or_default()
}

fn subcommands(command: &Command, name: &str) -> String {
    let verbs = command.get_subcommands().filter(|verb| verb.get_name() != "help" && !verb.is_hide_set());
    let lines = verbs.map(|verb| {
        let page = roff::line(&format!("{name}-{}", verb.get_name()));
        format!(".TP\n.BR {page} (1)\n{}\n", about(verb))
    });
    format!(".SH COMMANDS\n{}", lines.collect::<String>())
}

fn see_also(name: &str) -> String {
    let others = ["readmit(1)", "readmitd(8)", "readmit.toml(5)"];
    let others = others.iter().filter(|other| **other != format!("{name}(1)"));
    let references = others.map(|other| format!(".BR {}", roff::line(other).replacen('(', " (", 1)));
    format!(".SH SEE ALSO\n{}\n", references.collect::<Vec<_>>().join(" ,\n"))
}

/// The keys of the configuration, as the daemon's program tells them.
async fn describe() -> Result<Value, Failure> {
    let program = sibling::find("readmitd")?;
    let mut command = tokio::process::Command::new(&program);
    command.arg("--describe-config").stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    let output = command.output().await?;
    let keys = (output.stdout.len() <= CHECK_BYTES).then(|| serde_json::from_slice(&output.stdout));
    match keys {
        Some(Ok(keys)) if output.status.success() => Ok(keys),
        _ => Err(Failure::new(
            Kind::Failed,
            format!("{} does not describe its configuration", program.display()),
        )
        .with_hint("compare readmit --version and readmitd --version")),
    }
}

fn configuration(keys: &Value) -> Page {
    let mut text = include_str!("../../../manual/readmit.toml.5")
        .replace("@DATE@", DATE)
        .replace("@VERSION@", env!("CARGO_PKG_VERSION"));
    let mut told = String::new();
    let mut section = String::new();
    for key in keys.as_array().into_iter().flatten() {
        let word = |name: &str| key[name].as_str().unwrap_or_default();
        let (place, name) = word("key").rsplit_once('.').unwrap_or_default();
        if place != section {
            place.clone_into(&mut section);
            told += &format!(".SH \"{}\"\n", roff::line(&format!("[{place}]")));
        }
        let default = match word("default") {
            "" => String::new(),
            value => format!("; default {}", roff::line(value)),
        };
        told += &format!(
            ".TP\n.BR {} \" = \" {}\n{}\n",
            roff::line(name),
            roff::line(&kind(&key["kind"])).replace(' ', "\\ "),
            roff::text(word("about"))
        );
        if !default.is_empty() {
            told += &format!("Default: {}.\n", roff::line(word("default")));
        }
    }
    text = text.replace("@KEYS@\n", &told);
    Page { name: "readmit.toml".to_owned(), section: 5, text }
}

fn kind(kind: &Value) -> String {
    if let Some(number) = kind.get("number") {
        return format!("whole number from {} to {}", number["least"], number["most"]);
    }
    if let Some(words) = kind.get("word").and_then(Value::as_array) {
        return words.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" | ");
    }
    match kind.as_str().unwrap_or_default() {
        "text" => "text",
        "list" => "list of texts",
        "path" => "absolute path",
        "flag" => "true | false",
        _ => "section",
    }
    .to_owned()
}
