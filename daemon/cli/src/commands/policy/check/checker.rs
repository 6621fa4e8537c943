//! Runs `readmit-typecheck`, which is not trusted to survive what it reads.

use std::collections::BTreeMap;
use std::process::{ExitStatus, Stdio};

use readmit_policy::workbench::check::{Finding, Severity, TypeCheck, TypeProblem};
use serde::Deserialize;
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::Command;

use crate::failure::{Failure, Kind};
use crate::limits::{COMPLAINT_BYTES, TYPES_BYTES, TYPES_TIME};
use crate::output::plain;
use crate::sibling;

const PROGRAM: &str = "readmit-typecheck";

/// Has the files of a request checked. A file that brings the checker down is told about like any other problem, so that
/// it hides nothing of the others.
///
/// # Errors
/// There is no checker, or it does not answer.
pub async fn check(request: &TypeCheck<'_>) -> Result<Vec<Finding>, Failure> {
    match ask(&request.definitions, &request.files).await? {
        Ended::Answered(answer) => Ok(findings(request, answer)),
        Ended::Fell(how) => one_by_one(request, &how).await,
    }
}

/// Finds the files that bring the checker down.
async fn one_by_one(request: &TypeCheck<'_>, how: &str) -> Result<Vec<Finding>, Failure> {
    let mut found = Vec::new();
    let mut fell = false;
    for (file, text) in &request.files {
        let alone = BTreeMap::from([(file.clone(), text.clone())]);
        match ask(&request.definitions, &alone).await? {
            Ended::Answered(answer) => found.extend(findings(request, answer)),
            Ended::Fell(how) => {
                fell = true;
                found.push(unchecked(file, &how));
            }
        }
    }
    // Nobody knows what it was that brought it down, so nothing is known to be right.
    if fell { Ok(found) } else { Err(broken(&format!("{PROGRAM} {how}"))) }
}

/// How the checker ended.
enum Ended {
    Answered(Answer),
    /// It did not end by itself.
    Fell(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    problems: Vec<Problem>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Problem {
    file: String,
    line: u32,
    column: u32,
    end_line: u32,
    end_column: u32,
    severity: Word,
    message: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Error,
    Warning,
    Unchecked,
}

async fn ask(definitions: &str, files: &BTreeMap<String, String>) -> Result<Ended, Failure> {
    let program = sibling::find(PROGRAM).map_err(|missing| {
        let hint = format!("{}; or leave the types unchecked: --no-types", missing.hint());
        missing.with_hint(hint)
    })?;
    let request = json!({"definitions": definitions, "files": files}).to_string();
    let mut command = Command::new(program);
    command.env_clear().kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| broken(&format!("{PROGRAM} does not start: {error}")))?;
    let (Some(mut input), Some(output), Some(error)) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take())
    else {
        return Err(broken(&format!("{PROGRAM} does not start")));
    };
    let write = async move {
        // If it ends early, how it ended says why.
        let _ = input.write_all(request.as_bytes()).await;
        Ok(())
    };
    let talk = async {
        let (answer, complaint, ()) =
            tokio::try_join!(read(output, TYPES_BYTES), read(error, COMPLAINT_BYTES), write)?;
        Ok::<_, Failure>((child.wait().await?, answer, complaint))
    };
    let Ok(ended) = tokio::time::timeout(TYPES_TIME, talk).await else {
        return Err(broken(&format!("{PROGRAM} took longer than {} seconds", TYPES_TIME.as_secs())));
    };
    let (status, answer, complaint) = ended?;
    how(status, &answer, &complaint)
}

/// What comes out, up to a limit; whoever writes more than that is cut off.
async fn read(output: impl AsyncRead + Unpin, limit: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    output.take(limit).read_to_end(&mut bytes).await?;
    Ok(bytes)
}

fn how(status: ExitStatus, answer: &[u8], complaint: &[u8]) -> Result<Ended, Failure> {
    if status.code().is_none() {
        return Ok(Ended::Fell(format!("was brought down ({status})")));
    }
    if !status.success() {
        let complaint = String::from_utf8_lossy(complaint);
        let last = complaint.lines().last().map_or_else(|| status.to_string(), plain);
        return Err(broken(&format!("{PROGRAM}: {last}")));
    }
    match serde_json::from_slice(answer) {
        Ok(answer) => Ok(Ended::Answered(answer)),
        Err(error) => Err(broken(&format!("{PROGRAM} gave an answer that is none: {error}"))),
    }
}

fn broken(message: &str) -> Failure {
    Failure::new(Kind::Failed, message).with_hint(
        "build it of the same version (cargo build --release -p readmit-typecheck), or use --no-types",
    )
}

fn findings(request: &TypeCheck<'_>, answer: Answer) -> Vec<Finding> {
    let (mut problems, mut found) = (Vec::new(), Vec::new());
    for problem in answer.problems {
        let severity = match problem.severity {
            Word::Error => Severity::Error,
            Word::Warning => Severity::Warning,
            Word::Unchecked => {
                found.push(unchecked(&problem.file, &format!("said: {}", problem.message)));
                continue;
            }
        };
        problems.push(TypeProblem {
            file: problem.file,
            start: (problem.line, problem.column),
            end: (problem.end_line, problem.end_column),
            severity,
            message: problem.message,
        });
    }
    found.extend(request.findings(&problems));
    found
}

fn unchecked(file: &str, how: &str) -> Finding {
    Finding {
        file: file.to_owned(),
        place: None,
        severity: Severity::Error,
        message: format!("the types of this file could not be checked: the type checker {how}"),
        hint: Some("make the file simpler, or leave the types unchecked: --no-types".to_owned()),
    }
}
