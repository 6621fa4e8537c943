//! The type checker, asked about one file after the other.

use luau_analyze::{CheckOptions, Checker, Diagnostic, Error};
use thiserror::Error as ThisError;

use crate::limits::{FILE_PROBLEMS, FILE_TIME, MESSAGE_BYTES};
use crate::protocol::{Answer, Problem, Request, Severity};

/// Why nothing can be checked.
#[derive(Debug, ThisError)]
pub enum Unable {
    /// The checker does not start.
    #[error("the type checker does not start")]
    Start(#[source] Error),
    /// The definitions are wrong.
    #[error("{0}")]
    Definitions(#[source] Error),
    /// The checker does not take a file.
    #[error("{0}")]
    File(#[source] Error),
}

/// Checks every file of a request, strictly, with the definitions.
///
/// # Errors
/// [`Unable`] if the checker or the definitions do not work; what is wrong in the files is the answer.
pub fn check(request: &Request) -> Result<Answer, Unable> {
    let mut checker = Checker::new().map_err(Unable::Start)?;
    checker.add_definitions_with_name(&request.definitions, "definitions").map_err(Unable::Definitions)?;
    let mut answer = Answer::default();
    for (name, text) in &request.files {
        let options =
            CheckOptions { timeout: Some(FILE_TIME), module_name: Some(name), cancellation_token: None };
        let found = checker.check_with_options(text, options).map_err(Unable::File)?;
        let problems = found.diagnostics.iter().take(FILE_PROBLEMS);
        answer.problems.extend(problems.map(|diagnostic| problem(name, diagnostic)));
    }
    Ok(answer)
}

fn problem(file: &str, diagnostic: &Diagnostic) -> Problem {
    // Where the checker gives up, it says so at a place that is none.
    let place = [diagnostic.line, diagnostic.col, diagnostic.end_line, diagnostic.end_col];
    let is_placed = place != [0; 4];
    let severity = match diagnostic.severity {
        _ if !is_placed => Severity::Unchecked,
        luau_analyze::Severity::Error => Severity::Error,
        luau_analyze::Severity::Warning => Severity::Warning,
    };
    Problem {
        file: file.to_owned(),
        line: diagnostic.line.saturating_add(1),
        column: diagnostic.col.saturating_add(1),
        end_line: diagnostic.end_line.saturating_add(1),
        end_column: diagnostic.end_col.saturating_add(1),
        severity,
        message: bounded(&diagnostic.message),
    }
}

fn bounded(message: &str) -> String {
    let fits = |(at, c): &(usize, char)| at + c.len_utf8() <= MESSAGE_BYTES;
    message.char_indices().take_while(fits).map(|(_, c)| c).collect()
}
