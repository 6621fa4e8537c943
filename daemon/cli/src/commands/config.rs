//! `readmit config`: checks the daemon's configuration by asking the daemon's own program, so that there is
//! one reader of it and not two.

use std::path::PathBuf;
use std::process::Stdio;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use crate::context::Context;
use crate::failure::{Failure, Kind};
use crate::limits::CHECK_BYTES;
use crate::output::{Style, plain, word};
use crate::sibling;

const EXAMPLES: &str = "\
Examples:
  readmit config check                             the file the daemon reads
  readmit config check ./readmit.toml --json

JSON: {ok, file, problems: [{file, line, key, message, hint}]}. Problems end with exit code 1.";

/// Check the daemon's configuration
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Config {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Check a configuration file and say what to mend, without starting anything
    Check {
        /// The file
        #[arg(default_value = "/etc/readmit/readmit.toml")]
        file: PathBuf,
    },
}

/// Runs the verb.
pub async fn run(config: Config, context: &mut Context) -> Result<(), Failure> {
    let Verb::Check { file } = config.verb;
    let problems = ask(&file).await?;
    let count = problems.as_array().map_or(0, Vec::len);
    let answer = json!({"ok": count == 0, "file": file.to_string_lossy(), "problems": problems});
    context.output.answer(&answer, |style| text(&answer, style))?;
    match count {
        0 => Ok(()),
        1 => Err(Failure::new(Kind::Failed, "the configuration has a problem")
            .with_hint("mend it, then check again")),
        _ => Err(Failure::new(Kind::Failed, format!("the configuration has {count} problems"))
            .with_hint("mend them, then check again")),
    }
}

/// The problems that the daemon's program finds.
async fn ask(file: &std::path::Path) -> Result<Value, Failure> {
    let program = sibling::find("readmitd")?;
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::new(Kind::Failed, format!("{} cannot check it: {error}", program.display()))
    };
    let mut command = Command::new(&program);
    command.args(["--check-config", "--json", "--config"]).arg(file);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| cannot(&error))?;
    let (mut output, mut complaint) = (Vec::new(), Vec::new());
    let limit = CHECK_BYTES as u64;
    if let (Some(stdout), Some(stderr)) = (child.stdout.take(), child.stderr.take()) {
        let (mut stdout, mut stderr) = (stdout.take(limit), stderr.take(limit));
        tokio::try_join!(stdout.read_to_end(&mut output), stderr.read_to_end(&mut complaint))?;
    }
    let status = child.wait().await?;
    let answer: Option<Value> = serde_json::from_slice(&output).ok();
    let problems = match answer {
        Some(Value::Array(problems)) => Some(Value::Array(problems)),
        Some(Value::Object(mut fields)) => fields.remove("problems").filter(Value::is_array),
        _ => None,
    };
    match problems {
        Some(problems) => Ok(problems),
        None if status.success() => Ok(json!([])),
        None => {
            let complaint = String::from_utf8_lossy(&complaint);
            Err(cannot(&complaint.lines().last().unwrap_or("it gave no answer")))
        }
    }
}

fn text(answer: &Value, style: Style) -> String {
    let problems = answer["problems"].as_array().into_iter().flatten();
    let mut text = String::new();
    for problem in problems {
        // Line 0 is a problem of the whole file.
        let place = match problem["line"].as_u64().filter(|&line| line > 0) {
            Some(line) => format!("{}:{line}", word(problem, "file")),
            None => word(problem, "file"),
        };
        let key = problem["key"]
            .as_str()
            .filter(|key| !key.is_empty())
            .map_or_else(String::new, |key| plain(key) + ": ");
        text += &format!("{}: {key}{}\n", style.bold(&place), word(problem, "message"));
        if let Some(hint) = problem["hint"].as_str().filter(|hint| !hint.is_empty()) {
            text += &format!("  hint: {}\n", plain(hint));
        }
    }
    if text.is_empty() { format!("{}: {}\n", word(answer, "file"), style.state("ok")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn problems_name_their_place_and_mend() {
        let answer = json!({"file": "r.toml", "problems": [
            {"file": "r.toml", "line": 3, "key": "case.open_hours", "message": "is no number", "hint": "use 24"},
            {"file": "r.toml", "line": 0, "key": "", "message": "cannot be read", "hint": ""},
        ]});
        let wanted = "r.toml:3: case.open_hours: is no number\n  hint: use 24\nr.toml: cannot be read\n";
        assert_eq!(text(&answer, Style::PLAIN), wanted);
        assert_eq!(text(&json!({"file": "r.toml", "problems": []}), Style::PLAIN), "r.toml: ok\n");
    }
}
