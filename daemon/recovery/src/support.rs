//! The support form: what a person may tell support, from a list and a few short fields.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use thiserror::Error;

use crate::id::TicketId;
use crate::limits::{MAX_ANSWER_BYTES, MAX_MESSAGE_BYTES};

/// The problems a person can choose from, with the words that support reads.
pub const PROBLEMS: &[(&str, &str)] = &[
    ("lost_device", "I lost my device"),
    ("no_call", "I am not getting the call"),
    ("no_email", "I am not getting the e-mail"),
    ("wrong_number", "The phone number on file is wrong"),
    ("wrong_email", "The e-mail address on file is wrong"),
    ("not_me", "Somebody else is trying to recover my account"),
    ("other", "Something else"),
];

/// The fields of the form beside the problem.
pub const FIELDS: &[&str] = &["email", "account", "phone", "name", "message"];

/// A request to support, once there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Its id, as the person is told it.
    pub id: TicketId,
    /// What the person wrote.
    pub form: SupportForm,
}

/// What a person writes to support.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(into = "BTreeMap<String, String>")]
pub struct SupportForm {
    problem: &'static str,
    answers: BTreeMap<&'static str, String>,
}

/// Why a form is not taken.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum InvalidForm {
    /// The problem is none of [`PROBLEMS`].
    #[error("choose a problem: lost_device, no_call, no_email, wrong_number, wrong_email, not_me or other")]
    Problem,
    /// There is no such field.
    #[error("unknown field `{0}`: the form has problem, email, account, phone, name and message")]
    Field(String),
    /// The answer is too long.
    #[error("the field `{0}` is too long")]
    TooLong(&'static str),
}

impl SupportForm {
    /// Takes a form by its fields. Control characters other than line breaks in the message become spaces.
    ///
    /// # Errors
    /// [`InvalidForm`] names the field.
    pub fn parse(fields: &BTreeMap<String, String>) -> Result<Self, InvalidForm> {
        let problem = fields.get("problem").map(String::as_str).unwrap_or_default();
        let (problem, _) = PROBLEMS.iter().find(|(word, _)| *word == problem).ok_or(InvalidForm::Problem)?;
        let mut answers = BTreeMap::new();
        for (name, answer) in fields.iter().filter(|(name, _)| *name != "problem") {
            let known = FIELDS.iter().find(|known| *known == name);
            let field = known.ok_or_else(|| InvalidForm::Field(name.chars().take(40).collect()))?;
            let longest = if *field == "message" { MAX_MESSAGE_BYTES } else { MAX_ANSWER_BYTES };
            if answer.len() > longest {
                return Err(InvalidForm::TooLong(field));
            }
            let line_break = |c: char| c == '\n' && *field == "message";
            let plain = answer.chars().map(|c| if c.is_control() && !line_break(c) { ' ' } else { c });
            answers.insert(*field, plain.collect());
        }
        Ok(Self { problem, answers })
    }

    /// The problem's word.
    #[must_use]
    pub const fn problem(&self) -> &'static str {
        self.problem
    }

    /// The problem as support reads it.
    #[must_use]
    pub fn problem_in_words(&self) -> &'static str {
        PROBLEMS.iter().find(|(word, _)| *word == self.problem).map_or("", |(_, words)| words)
    }

    /// What the person wrote in a field; empty where nothing.
    #[must_use]
    pub fn answer(&self, field: &str) -> &str {
        self.answers.get(field).map_or("", String::as_str)
    }
}

// Not derived: that would ask for input that lives as long as the names of the fields.
impl<'de> Deserialize<'de> for SupportForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = BTreeMap::<String, String>::deserialize(deserializer)?;
        Self::parse(&fields).map_err(de::Error::custom)
    }
}

impl From<SupportForm> for BTreeMap<String, String> {
    fn from(form: SupportForm) -> Self {
        let answers = form.answers.into_iter().map(|(field, answer)| (field.to_owned(), answer));
        answers.chain([("problem".to_owned(), form.problem.to_owned())]).collect()
    }
}

/// Shows the problem alone: the rest is about a person.
impl fmt::Debug for SupportForm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SupportForm").field("problem", &self.problem).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn form(fields: &[(&str, &str)]) -> Result<SupportForm, InvalidForm> {
        let fields = fields.iter().map(|(name, answer)| ((*name).to_owned(), (*answer).to_owned()));
        SupportForm::parse(&fields.collect())
    }

    #[test]
    fn a_form_has_a_problem_from_the_list_and_short_known_fields() {
        assert_eq!(form(&[("name", "Alice")]), Err(InvalidForm::Problem));
        assert_eq!(form(&[("problem", "bored")]), Err(InvalidForm::Problem));
        assert_eq!(
            form(&[("problem", "other"), ("colour", "x")]),
            Err(InvalidForm::Field("colour".to_owned()))
        );
        let long = "x".repeat(MAX_ANSWER_BYTES + 1);
        assert_eq!(form(&[("problem", "other"), ("name", &long)]), Err(InvalidForm::TooLong("name")));
        assert!(form(&[("problem", "other"), ("name", &long[1..]), ("message", &long)]).is_ok());
        let taken = form(&[("problem", "no_call"), ("name", "A\r\nB"), ("message", "a\nb")]).expect("a form");
        assert_eq!((taken.answer("name"), taken.answer("message")), ("A  B", "a\nb"));
        assert_eq!(taken.problem_in_words(), "I am not getting the call");
    }
}
