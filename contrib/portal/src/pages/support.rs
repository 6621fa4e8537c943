//! `/case/support`: the form for support (J13), and the ticket that it becomes.

use std::sync::Arc;

use axum::Router;
use axum::extract::Query;
use axum::extract::rejection::QueryRejection;
use axum::routing::get;
use maud::{Markup, html};
use serde::Deserialize;
use zbus::Variant;

use super::parts::{self, Choices, Field, Kind, Tone, Wrong, choices, field, notice};
use super::{case, shell};
use crate::desk::views::CaseView;
use crate::desk::{DeskError, Dict};
use crate::limits;
use crate::web::{Form, Page, Portal, Problem, Visit};

/// The problems that a person chooses from, as the daemon names them.
const PROBLEMS: [&str; 7] =
    ["lost_device", "no_call", "no_email", "wrong_number", "wrong_email", "not_me", "other"];

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new().route("/case/support", get(ask).post(send))
}

/// What a person writes to support.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Letter {
    problem: String,
    name: String,
    email: String,
    phone: String,
    account: String,
    message: String,
}

/// What is wrong with a letter: the field, and the text's key.
type Errors = Vec<(&'static str, &'static str)>;

/// The problem that the page before has in mind.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Suggested {
    problem: String,
}

async fn ask(visit: Visit, asked: Result<Query<Suggested>, QueryRejection>) -> Result<Page, Problem> {
    let suggested = asked.map(|Query(suggested)| suggested).unwrap_or_default();
    let case = visit.portal.desk.show(visit.case()?).await?;
    if let Some(ticket) = ticket(&case) {
        return Ok(sent(&visit, &case, ticket));
    }
    if !case::takes_support(&case) {
        return Ok(visit.go_to("/case"));
    }
    let account = case.account.clone().unwrap_or_default();
    let letter = Letter { problem: suggested.problem, account, ..Letter::default() };
    Ok(visit.page(&visit.say("support-title"), &draw(&visit, &case, &letter, &[])))
}

async fn send(visit: Visit, Form(letter): Form<Letter>) -> Result<Page, Problem> {
    let letter = letter.cleaned();
    let errors = letter.errors();
    if !errors.is_empty() {
        return again(&visit, &letter, &errors).await;
    }
    match visit.portal.desk.escalate(visit.case()?, letter.form()).await {
        Ok(_) => Ok(visit.go_to("/case/support")),
        // It is over, or support has it by now: the page says which.
        Err(DeskError::WrongState(_)) => Ok(visit.go_to("/case")),
        Err(DeskError::InvalidArgument(text)) => {
            again(&visit, &letter, &[(Letter::field_in(&text), "support-not-taken")]).await
        }
        Err(error) => Err(error.into()),
    }
}

/// The same form again, with what was written and what is wrong with it.
async fn again(
    visit: &Visit,
    letter: &Letter,
    errors: &[(&'static str, &'static str)],
) -> Result<Page, Problem> {
    let case = visit.portal.desk.show(visit.case()?).await?;
    let told: Vec<(&str, String)> = errors.iter().map(|(field, key)| (*field, visit.say(key))).collect();
    let wrong: Vec<Wrong<'_>> = told.iter().map(|(field, message)| Wrong { field, message }).collect();
    Ok(visit.page_with_errors(&visit.say("support-title"), &wrong, &draw(visit, &case, letter, &told)))
}

impl Letter {
    /// Without what a form adds around what was meant.
    fn cleaned(&self) -> Self {
        let trimmed = |text: &str| text.trim().to_owned();
        Self {
            problem: trimmed(&self.problem),
            name: trimmed(&self.name),
            email: trimmed(&self.email),
            phone: trimmed(&self.phone),
            account: trimmed(&self.account),
            // Browsers send two characters for the end of a line (HTML §4.10.21.4).
            message: trimmed(&self.message.replace("\r\n", "\n")),
        }
    }

    /// Support has to know what it is about, and how to get back to whom.
    fn errors(&self) -> Errors {
        let mut errors = Errors::new();
        if !PROBLEMS.contains(&self.problem.as_str()) {
            errors.push(("problem", "support-choose-problem"));
        }
        if self.name.is_empty() {
            errors.push(("name", "support-no-name"));
        }
        if self.email.is_empty() && self.phone.is_empty() {
            errors.push(("email", "support-no-way-back"));
        } else if !self.email.is_empty() && !looks_like_mail(&self.email) {
            errors.push(("email", "support-not-mail"));
        }
        if !self.phone.is_empty() && self.phone.bytes().filter(u8::is_ascii_digit).count() < 5 {
            errors.push(("phone", "support-not-phone"));
        }
        for (name, answer) in self.answers() {
            let longest = if name == "message" { limits::MESSAGE_BYTES } else { limits::ANSWER_BYTES };
            if answer.len() > longest {
                errors.push((name, "support-too-long"));
            }
        }
        errors
    }

    fn answers(&self) -> [(&'static str, &str); 5] {
        [
            ("name", &self.name),
            ("email", &self.email),
            ("phone", &self.phone),
            ("account", &self.account),
            ("message", &self.message),
        ]
    }

    /// As the bus takes it.
    fn form(&self) -> Dict {
        let answers = self.answers().into_iter().chain([("problem", self.problem.as_str())]);
        answers.map(|(name, answer)| (name, Variant::from(answer.to_owned()))).collect()
    }

    /// The field that the daemon names in its words; the problem where it names none.
    fn field_in(text: &str) -> &'static str {
        let named = text.split('`').nth(1).unwrap_or_default();
        Self::default()
            .answers()
            .iter()
            .map(|(name, _)| *name)
            .find(|name| *name == named)
            .unwrap_or("problem")
    }
}

fn looks_like_mail(text: &str) -> bool {
    let parts = text.split_once('@');
    parts.is_some_and(|(user, domain)| !user.is_empty() && domain.contains('.'))
        && !text.contains(char::is_whitespace)
}

fn ticket(case: &CaseView) -> Option<&str> {
    case.support.as_ref()?.ticket.as_deref()
}

fn draw(visit: &Visit, case: &CaseView, letter: &Letter, errors: &[(&str, String)]) -> Markup {
    let error =
        |name: &str| errors.iter().find(|(field, _)| *field == name).map_or("", |(_, text)| text.as_str());
    let problems = PROBLEMS
        .map(|problem| (problem, visit.say(&format!("support-problem-{}", problem.replace('_', "-")))));
    let text = |name: &'static str, kind, autocomplete, value: &str| {
        let (label, hint) = (format!("support-{name}"), format!("support-{name}-hint"));
        let (label, hint) = (visit.say(&label), visit.say(&hint));
        field(Field { name, label: &label, hint: &hint, error: error(name), kind, autocomplete, value })
    };
    let is_proving = case.state.as_deref() == Some("proving");
    html! {
        h1 { (visit.say("support-title")) }
        p { (visit.say("support-text")) }
        @if is_proving { (notice(Tone::Info, &html! { p { (visit.say("support-hands-over")) } })) }
        (shell::form(visit, "/case/support", &html! {
            (choices(Choices {
                name: "problem",
                legend: &visit.say("support-problem"),
                error: error("problem"),
                chosen: &letter.problem,
                answers: &problems,
                ..Choices::default()
            }))
            (text("name", Kind::Text, "name", &letter.name))
            (text("email", Kind::Email, "email", &letter.email))
            (text("phone", Kind::Phone, "tel", &letter.phone))
            (text("account", Kind::Text, "username", &letter.account))
            (text("message", Kind::Lines, "off", &letter.message))
            (parts::primary(&visit.say("support-send")))
        }))
        (contact(visit, case))
        p { a href="/case" { (visit.say("support-back")) } }
    }
}

/// The ticket, and what happens next.
fn sent(visit: &Visit, case: &CaseView, ticket: &str) -> Page {
    let title = visit.say("support-sent-title");
    let content = html! {
        h1 { (title) }
        p { (visit.say("support-ticket")) }
        p class="short-code" id="ticket" { (ticket) }
        h2 { (visit.say("support-next")) }
        ul {
            @for key in ["support-next-see", "support-next-call", "support-next-keep"] { li { (visit.say(key)) } }
        }
        (contact(visit, case))
        p { a class="button" href="/case" { (visit.say("support-back")) } }
    };
    visit.page(&title, &content)
}

/// How to reach support without the form.
fn contact(visit: &Visit, case: &CaseView) -> Markup {
    let contact = case.support.as_ref().and_then(|support| support.contact.as_deref()).unwrap_or_default();
    html! { @if !contact.is_empty() { p { (visit.say("support-contact")) " " strong { (parts::contact(contact)) } } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter() -> Letter {
        Letter {
            problem: "no_call".to_owned(),
            name: "Alice".to_owned(),
            email: "alice@example.org".to_owned(),
            ..Letter::default()
        }
    }

    fn wrong(letter: &Letter) -> Vec<&'static str> {
        letter.errors().into_iter().map(|(field, _)| field).collect()
    }

    #[test]
    fn support_has_to_know_what_it_is_about_and_how_to_get_back() {
        assert!(wrong(&letter()).is_empty());
        assert_eq!(wrong(&Letter::default()), ["problem", "name", "email"]);
        let by_phone = |phone: &str| Letter { email: String::new(), phone: phone.to_owned(), ..letter() };
        assert!(wrong(&by_phone("+1 (415) 555-0123")).is_empty());
        assert_eq!(wrong(&by_phone("ask my son")), ["phone"]);
        for mail in ["alice", "@example.org", "alice@example", "a lice@example.org"] {
            assert_eq!(wrong(&Letter { email: mail.to_owned(), ..letter() }), ["email"], "{mail}");
        }
        assert_eq!(wrong(&Letter { problem: "bored".to_owned(), ..letter() }), ["problem"]);
    }

    #[test]
    fn answers_are_as_long_as_the_daemon_takes_them() {
        let named = |bytes: usize| Letter { name: "x".repeat(bytes), ..letter() };
        assert!(wrong(&named(limits::ANSWER_BYTES)).is_empty());
        assert_eq!(wrong(&named(limits::ANSWER_BYTES + 1)), ["name"]);
        let written = |bytes: usize| Letter { message: "x".repeat(bytes), ..letter() };
        assert!(wrong(&written(limits::MESSAGE_BYTES)).is_empty());
        assert_eq!(wrong(&written(limits::MESSAGE_BYTES + 1)), ["message"]);
    }

    #[test]
    fn a_field_that_the_daemon_does_not_take_is_found_in_its_words() {
        assert_eq!(Letter::field_in("the field `name` is too long"), "name");
        assert_eq!(Letter::field_in("choose a problem: lost_device, no_call"), "problem");
        assert_eq!(Letter::field_in("unknown field `colour`"), "problem");
    }

    #[test]
    fn every_problem_has_its_words() {
        let english = include_str!("../../languages/en/support.ftl");
        for problem in PROBLEMS {
            let key = format!("\nsupport-problem-{} =", problem.replace('_', "-"));
            assert!(english.contains(&key), "{key}");
        }
    }
}
