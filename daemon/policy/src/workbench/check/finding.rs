//! One thing that is wrong with a set of policies, and where.

use crate::load_error::Problem;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It must be mended.
    Error,
    /// It works, and is hardly meant.
    Warning,
    /// It is worth knowing.
    Note,
}

impl Severity {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// Where in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line, counted from 1.
    pub line: u32,
    /// The column in bytes, counted from 1.
    pub column: u32,
    /// How many bytes of that line are meant.
    pub width: u32,
}

/// One thing that is wrong, or nearly so. Findings are in the order of their files and places.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, relative to the policies directory; `.` for the directory itself.
    pub file: String,
    /// The place, unless it is about the file as a whole.
    pub place: Option<Place>,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Finding {
    /// A finding that must be mended.
    pub(super) fn error(file: &str, place: Option<Place>, message: impl Into<String>) -> Self {
        let (file, message) = (file.to_owned(), message.into());
        Self { file, place, severity: Severity::Error, message, hint: None }
    }

    /// A finding that should be looked at.
    pub(super) fn warning(file: &str, place: Option<Place>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(file, place, message) }
    }

    /// The same with a hint.
    pub(super) fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// A problem of the policy host. Its place is looked for in `text`, the file's, if there is any.
pub(super) fn of_problem(problem: &Problem, text: Option<&str>) -> Finding {
    let message = problem.message();
    let place = text.and_then(|text| super::place::of_message(text, problem.line, &message));
    Finding { hint: problem.hint(), ..Finding::error(&problem.file, place, message) }
}
