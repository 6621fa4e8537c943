//! Why a set of policies was refused: every fault with its file, its line and its mend.

use std::fmt;

use thiserror::Error;

use crate::limits::{
    MAX_DIRECTORY_DEPTH, MAX_ENTRIES, MAX_FILE_BYTES, MAX_FILES, MAX_PROBLEMS, MAX_TOTAL_BYTES,
};

/// The refusal of a whole set; it holds at least one [`Problem`].
#[derive(Debug)]
pub struct LoadError {
    problems: Vec<Problem>,
}

impl LoadError {
    /// What is wrong, in the order of the files; at most [`MAX_PROBLEMS`] of them.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// `Ok` where nothing is wrong.
    pub(crate) fn unless_empty(mut problems: Vec<Problem>) -> Result<(), Self> {
        problems.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        problems.truncate(MAX_PROBLEMS);
        if problems.is_empty() { Ok(()) } else { Err(Self { problems }) }
    }
}

impl From<Problem> for LoadError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.problems.iter().enumerate() {
            let gap = if at == 0 { "" } else { "\n" };
            write!(formatter, "{gap}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for LoadError {}

/// One fault of a set of policies. It prints as `file:line: message` and, where there is one, a line with the
/// hint.
#[derive(Debug)]
pub struct Problem {
    /// The file, relative to the policies directory; `.` for the directory itself.
    pub file: String,
    /// The line, counted from 1, where the fault has one.
    pub line: Option<u32>,
    /// What is wrong.
    pub fault: Fault,
}

impl Problem {
    /// A fault of a file as a whole.
    pub(crate) fn in_file(file: impl Into<String>, fault: Fault) -> Self {
        Self { file: file.into(), line: None, fault }
    }

    /// What is wrong, in words.
    #[must_use]
    pub fn message(&self) -> String {
        self.fault.to_string()
    }

    /// What to do about it, where that can be said.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        self.fault.hint()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:", self.file)?;
        if let Some(line) = self.line {
            write!(formatter, "{line}:")?;
        }
        write!(formatter, " {}", self.fault)?;
        if let Some(hint) = self.hint() {
            write!(formatter, "\n  hint: {hint}")?;
        }
        Ok(())
    }
}

/// What can be wrong with a file of a set.
#[derive(Debug, Error)]
pub enum Fault {
    /// The file system refused.
    #[error("cannot be read")]
    Unreadable(#[source] std::io::Error),
    /// Not UTF-8.
    #[error("is not UTF-8 text")]
    NotText,
    /// Neither a file nor a directory.
    #[error("is no regular file")]
    NotAFile,
    /// A symbolic link to somewhere else.
    #[error("is a symbolic link that leaves the policies directory")]
    LeavesDirectory,
    /// Not a plain relative path to a `.lua` or `.luau` file.
    #[error("is no relative path to a .lua or .luau file")]
    BadName,
    /// More than [`MAX_FILE_BYTES`].
    #[error("is larger than {MAX_FILE_BYTES} bytes")]
    TooLarge,
    /// More than [`MAX_TOTAL_BYTES`].
    #[error("makes the set larger than {MAX_TOTAL_BYTES} bytes")]
    TotalTooLarge,
    /// More than [`MAX_FILES`].
    #[error("the set has more than {MAX_FILES} files")]
    TooManyFiles,
    /// More than [`MAX_ENTRIES`].
    #[error("the directory has more than {MAX_ENTRIES} entries")]
    TooManyEntries,
    /// Deeper than [`MAX_DIRECTORY_DEPTH`].
    #[error("lies deeper than {MAX_DIRECTORY_DEPTH} directories")]
    TooDeep,
    /// `x.lua` beside `x.luau`.
    #[error("stands beside {0}, and both would be the policy of the same realm")]
    TwiceOneRealm(String),
    /// No file that could be a policy.
    #[error("there is no policy in the set")]
    NoPolicy,
    /// Luau does not understand the text.
    #[error("{0}")]
    Syntax(String),
    /// The top level of a file raised an error or exhausted its budget.
    #[error("{0}")]
    Raised(String),
    /// A policy file returned something else than a table.
    #[error("a policy file must return its table of hooks, and this one returns {0}")]
    NotATable(&'static str),
    /// The table of hooks has a metatable, which could answer for hooks that are not there.
    #[error("the table of hooks has a metatable")]
    Metatable,
    /// A key that is no hook.
    #[error("`{name}` is no hook")]
    UnknownHook {
        /// The key.
        name: String,
        /// The hook that is spelt nearly so.
        meant: Option<String>,
    },
    /// A hook that is no function.
    #[error("the hook `{hook}` must be a function, and is {got}")]
    NotAFunction {
        /// The hook.
        hook: String,
        /// What it is.
        got: &'static str,
    },
    /// A verdict that does not fit the hook.
    #[error("`{hook}` cannot answer with `{word}`")]
    Misfit {
        /// The hook.
        hook: &'static str,
        /// What it answered.
        word: &'static str,
    },
    /// No `open`.
    #[error("the policy has no function `open`")]
    NoOpen,
}

impl Fault {
    fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unreadable(source) => return Some(source.to_string()),
            Self::NotText => "save the file as UTF-8",
            Self::LeavesDirectory => "copy the file into the policies directory",
            Self::TwiceOneRealm(_) => "keep one of them",
            Self::NoPolicy => "write default.lua, or copy the one that Readmit ships",
            Self::NotATable(_) => {
                "end the file with `return policy`; a module that other files require belongs in a sub-directory"
            }
            Self::Metatable => "put the hooks into the table itself",
            Self::UnknownHook { meant: Some(meant), .. } => return Some(format!("did you mean `{meant}`?")),
            Self::UnknownHook { meant: None, .. } => {
                "the hooks are open, proved, failed and recovered; keep other functions local"
            }
            Self::NoOpen => "write `function policy.open(case) … end`: it says what must be proven",
            Self::NotAFile
            | Self::BadName
            | Self::TooLarge
            | Self::TotalTooLarge
            | Self::TooManyFiles
            | Self::TooManyEntries
            | Self::TooDeep
            | Self::Syntax(_)
            | Self::Raised(_)
            | Self::Misfit { .. }
            | Self::NotAFunction { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
