//! The decision log as a file: JSON Lines, one decision a line, behind a first line that names the format.
//!
//! A log is read whole or not at all: a line that is cut, corrupt or out of order is an error with its number. What
//! a later version may add beside the question and the verdict is passed over; something unknown *inside* a question
//! is refused, since a policy that is not shown it might decide otherwise.

use std::io::{self, BufRead, Read as _};

use readmit_recovery::facts::{Hook, Question};
use readmit_recovery::id::{CaseHandle, PolicyVersion};
use readmit_recovery::time::Timestamp;
use readmit_recovery::verdict::Verdict;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::MAX_LOG_LINE_BYTES;

/// The format that this version writes and reads.
pub const FORMAT: u64 = 1;

/// One decision of the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Logged {
    /// Counts up from 1.
    pub id: u64,
    /// When.
    pub at: Timestamp,
    /// In which case.
    pub case: CaseHandle,
    /// Who answered.
    pub version: PolicyVersion,
    /// Which hook was asked.
    pub hook: Hook,
    /// The question.
    pub input: Question,
    /// The answer.
    pub verdict: Verdict,
    /// How long it took, in microseconds.
    pub micros: u64,
}

/// The first line.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    readmit_decisions: u64,
}

/// Why a log cannot be replayed.
#[derive(Debug, Error)]
pub enum LogError {
    /// The file cannot be read.
    #[error("line {line}: the log cannot be read")]
    Unreadable {
        /// The line, counted from 1.
        line: u64,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The first line is not that of a log.
    #[error("line 1: this is no decision log: it does not begin with {{\"readmit_decisions\":{FORMAT}}}")]
    NoHeader,
    /// A later version has written it.
    #[error("line 1: the log has format {0}, and this version of readmit reads format {FORMAT}")]
    OtherFormat(u64),
    /// More than [`MAX_LOG_LINE_BYTES`].
    #[error("line {0}: the line is longer than {MAX_LOG_LINE_BYTES} bytes")]
    TooLong(u64),
    /// The last line has no end.
    #[error("line {0}: the log is cut off in the middle of this line")]
    Cut(u64),
    /// No decision.
    #[error("line {line}: this is no decision")]
    Malformed {
        /// The line.
        line: u64,
        /// What is wrong, and in which column.
        #[source]
        source: serde_json::Error,
    },
    /// Something in the question that this version does not know.
    #[error("line {line}: the question has `{field}`, which this version of readmit does not know")]
    Unknown {
        /// The line.
        line: u64,
        /// Where in the line.
        field: String,
    },
    /// Two parts of a line say different things.
    #[error("line {line}: the decision and its question name different {what}")]
    Contradiction {
        /// The line.
        line: u64,
        /// What is named twice.
        what: &'static str,
    },
    /// A number that is not larger than the one before.
    #[error("line {line}: decision {id} comes after decision {after}")]
    Order {
        /// The line.
        line: u64,
        /// The decision.
        id: u64,
        /// The one before it.
        after: u64,
    },
    /// A thread that compares has died, which only a defect in Readmit can do.
    #[error("line {0}: comparing came to an unexpected end in or after this line")]
    Interrupted(u64),
}

impl LogError {
    /// What to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NoHeader => "write one with: readmit policy export > decisions.jsonl",
            Self::OtherFormat(_) | Self::Unknown { .. } => {
                "replay it with the readmit that belongs to the daemon that wrote it"
            }
            Self::Unreadable { .. }
            | Self::TooLong(_)
            | Self::Cut(_)
            | Self::Malformed { .. }
            | Self::Contradiction { .. }
            | Self::Order { .. }
            | Self::Interrupted(_) => "nothing was compared; export the log again: readmit policy export",
        }
    }
}

/// The first line of a log, with its end.
#[must_use]
pub fn header() -> String {
    format!("{{\"readmit_decisions\":{FORMAT}}}\n")
}

/// One decision as its line of the log, with its end; `input` and `verdict` are JSON already.
#[must_use]
pub fn line(
    (id, at, micros): (u64, u64, u64),
    (case, version, hook): (&str, &str, &str),
    input: &str,
    verdict: &str,
) -> String {
    let text = |text: &str| serde_json::Value::from(text).to_string();
    let (case, version, hook) = (text(case), text(version), text(hook));
    format!(
        "{{\"id\":{id},\"at\":{at},\"case\":{case},\"version\":{version},\"hook\":{hook},\"input\":{input},\
         \"verdict\":{verdict},\"micros\":{micros}}}\n"
    )
}

/// The lines of a log behind its first, each without its end, and no more of it in memory than one.
pub struct Lines<R> {
    input: R,
    line: Vec<u8>,
    number: u64,
}

impl<R: BufRead> Lines<R> {
    /// Reads the first line.
    ///
    /// # Errors
    /// [`LogError`], if it is not that of a log of this format.
    pub fn open(input: R) -> Result<Self, LogError> {
        let mut lines = Self { input, line: Vec::new(), number: 0 };
        // Whatever is wrong with a first line, the file is no log.
        match lines.advance() {
            Ok(true) => {}
            Err(error @ LogError::Unreadable { .. }) => return Err(error),
            Ok(false) | Err(_) => return Err(LogError::NoHeader),
        }
        let header: Header = serde_json::from_slice(&lines.line).map_err(|_| LogError::NoHeader)?;
        match header.readmit_decisions {
            FORMAT => Ok(lines),
            other => Err(LogError::OtherFormat(other)),
        }
    }

    /// The next line; none at the end of the log.
    ///
    /// # Errors
    /// [`LogError`], if it cannot be read, is too long, or has no end.
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, LogError> {
        Ok(self.advance()?.then_some(self.line.as_slice()))
    }

    fn advance(&mut self) -> Result<bool, LogError> {
        self.line.clear();
        self.number += 1;
        let most = MAX_LOG_LINE_BYTES as u64 + 1;
        let read = self.input.by_ref().take(most).read_until(b'\n', &mut self.line);
        let read = read.map_err(|source| LogError::Unreadable { line: self.number, source })?;
        match self.line.pop() {
            None => Ok(false),
            Some(b'\n') => Ok(true),
            Some(_) if read > MAX_LOG_LINE_BYTES => Err(LogError::TooLong(self.number)),
            Some(_) => Err(LogError::Cut(self.number)),
        }
    }
}

/// Reads one line of a log; `number` is for the error.
pub(super) fn parse(number: u64, line: &[u8]) -> Result<Logged, LogError> {
    let malformed = |source| LogError::Malformed { line: number, source };
    let mut unknown = None;
    let mut json = serde_json::Deserializer::from_slice(line);
    let logged: Logged = serde_ignored::deserialize(&mut json, |path| {
        if unknown.is_none() && is_in_question(&path) {
            unknown = Some(path.to_string());
        }
    })
    .map_err(malformed)?;
    json.end().map_err(malformed)?;
    if let Some(field) = unknown {
        return Err(LogError::Unknown { line: number, field: field.chars().take(80).collect() });
    }
    let contradicts = |what| Err(LogError::Contradiction { line: number, what });
    if logged.case != logged.input.case {
        return contradicts("cases");
    }
    if logged.hook != logged.input.hook {
        return contradicts("hooks");
    }
    if !logged.verdict.fits(logged.hook) {
        return contradicts("hooks: the verdict is of another");
    }
    Ok(logged)
}

fn is_in_question(path: &serde_ignored::Path<'_>) -> bool {
    let text = path.to_string();
    text.starts_with("input.")
}
