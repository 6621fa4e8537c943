//! What is wrong with a configuration, for people and for programs.

use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use serde::Serialize;
use thiserror::Error;

use super::MAX_FILE;

/// Why there is no configuration.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{} cannot be read; {}", .0.display(), mend(.1))]
    Unreadable(PathBuf, #[source] io::Error),
    /// The file is wrong.
    #[error("the configuration is wrong:\n{0}")]
    Invalid(Report),
}

/// Everything that is wrong with a file, in its order. Empty means that nothing is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Report {
    /// The problems.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1; 0 if it is about the whole file.
    pub line: usize,
    /// The key, with its sections, dotted; empty if it is about no key.
    pub key: String,
    /// What is wrong. It quotes no value.
    pub message: String,
    /// How to mend it; may be empty.
    pub hint: String,
}

impl ConfigError {
    /// The error as a report.
    #[must_use]
    pub fn into_report(self) -> Report {
        match self {
            Self::Invalid(report) => report,
            Self::Unreadable(path, error) => {
                let problem = Problem {
                    file: path.display().to_string(),
                    line: 0,
                    key: String::new(),
                    message: format!("the file cannot be read: {error}"),
                    hint: mend(&error).to_owned(),
                };
                Report { problems: vec![problem] }
            }
        }
    }
}

fn mend(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "name an existing file with --config",
        io::ErrorKind::PermissionDenied => {
            "let the daemon's user read it: it has to have mode 0644 and holds no secrets"
        }
        _ => "see whether its disk is well",
    }
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.problems.is_empty()
    }

    /// The problems as a JSON array of objects.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Strings and numbers are always JSON.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, problem) in self.problems.iter().enumerate() {
            if n > 0 {
                formatter.write_str("\n")?;
            }
            problem.fmt(formatter)?;
        }
        Ok(())
    }
}

/// `readmit.toml:7: case.open_hour: unknown key; did you mean `open_hours`?`
impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.file)?;
        if self.line > 0 {
            write!(formatter, ":{}", self.line)?;
        }
        if !self.key.is_empty() {
            write!(formatter, ": {}", self.key)?;
        }
        write!(formatter, ": {}", self.message)?;
        if !self.hint.is_empty() {
            write!(formatter, "; {}", self.hint)?;
        }
        Ok(())
    }
}

/// Reads a file of at most [`MAX_FILE`] bytes.
pub(super) fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_FILE {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it is longer than {MAX_FILE} bytes"),
        ));
    }
    Ok(text)
}
