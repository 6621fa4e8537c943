//! `/case/password`: the new password that the outcome asks for.

use maud::html;
use serde::Deserialize;

use super::stand::Stand;
use super::{Elsewhere, done, form_page};
use crate::desk::DeskError;
use crate::limits;
use crate::pages::parts::{self, Field, Kind};
use crate::pages::shell;
use crate::secret::Secret;
use crate::web::{Form, Page, Visit};

/// A new password, typed twice so that a slip does not lock the person out.
#[derive(Deserialize)]
pub(super) struct NewPassword {
    #[serde(default)]
    password: Secret,
    #[serde(default)]
    again: Secret,
}

/// What is wrong with it: keys of texts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Wrong {
    password: &'static str,
    again: &'static str,
}

pub(super) async fn ask(visit: Visit) -> Result<Page, Elsewhere> {
    Ok(page(&asked(visit).await?, Wrong::default()))
}

pub(super) async fn change(visit: Visit, Form(new): Form<NewPassword>) -> Result<Page, Elsewhere> {
    let stand = asked(visit).await?;
    let wrong = check(&new);
    if wrong != Wrong::default() {
        return Ok(page(&stand, wrong));
    }
    match stand.visit.portal.desk.change_password(&stand.id, &new.password).await {
        // Long enough it is: so it is the one from before.
        Err(DeskError::InvalidArgument(_)) => {
            Ok(page(&stand, Wrong { password: "password-same", ..Wrong::default() }))
        }
        changed => {
            done(&stand.visit, changed)?;
            Ok(stand.visit.go_to("/case/finish"))
        }
    }
}

async fn asked(visit: Visit) -> Result<Stand, Elsewhere> {
    let stand = Stand::of(visit).await?;
    if stand.is_left("change_password") { Ok(stand) } else { Err(stand.visit.go_to("/case/finish").into()) }
}

fn check(new: &NewPassword) -> Wrong {
    let text = new.password.expose();
    let password = match (text.chars().count(), text.len()) {
        (0, _) => "password-missing",
        (few, _) if few < limits::PASSWORD_CHARS => "password-short",
        (_, long) if long > limits::PASSWORD_BYTES => "password-long",
        _ => "",
    };
    let again = match () {
        () if !password.is_empty() => "",
        () if new.again.is_empty() => "password-again-missing",
        () if new.again != new.password => "password-different",
        () => "",
    };
    Wrong { password, again }
}

fn page(stand: &Stand, wrong: Wrong) -> Page {
    let visit = &stand.visit;
    let error = |key: &str| if key.is_empty() { String::new() } else { visit.say(key) };
    let (first, again) = (error(wrong.password), error(wrong.again));
    let why = match stand.case.reason.as_deref() {
        Some("lost") => "password-why-lost",
        Some("stolen") => "password-why-stolen",
        _ => "password-why",
    };
    let fields = html! {
        // Where a password manager looks for the account that the password belongs to.
        input type="text" name="username" autocomplete="username" value=(stand.account()) readonly hidden;
        (parts::field(Field {
            name: "password",
            label: &visit.say("password-new"),
            hint: &visit.say("password-rule"),
            error: &first,
            kind: Kind::Password,
            autocomplete: "new-password",
            value: "",
        }))
        (parts::field(Field {
            name: "again",
            label: &visit.say("password-again"),
            error: &again,
            kind: Kind::Password,
            autocomplete: "new-password",
            ..Field::default()
        }))
        p { button type="button" class="plain" data-show="password again" aria-pressed="false" hidden { (visit.say("password-show")) } }
        (parts::primary(&visit.say("password-change")))
    };
    let content = html! {
        h1 { (visit.say("password-title")) }
        p { (visit.say(why)) }
        p { (visit.say("password-advice")) }
        (shell::form(visit, "/case/password", &fields))
    };
    let wrong = [("password", &first), ("again", &again)];
    let wrong = wrong.into_iter().filter(|(_, message)| !message.is_empty());
    let wrong: Vec<_> = wrong.map(|(field, message)| parts::Wrong { field, message }).collect();
    form_page(visit, &visit.say("password-title"), &wrong, &content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_found_before_the_daemon_is_asked() {
        let least = "x".repeat(limits::PASSWORD_CHARS);
        let most = "x".repeat(limits::PASSWORD_BYTES);
        let long = format!("{most}x");
        let table = [
            ("", "", "password-missing", ""),
            ("short", "short", "password-short", ""),
            ("short", "other", "password-short", ""),
            (&least, &least, "", ""),
            (&most, &most, "", ""),
            (&long, &long, "password-long", ""),
            (&least, "", "", "password-again-missing"),
            (&least, "xxxxxxxxxxxxxxy", "", "password-different"),
            ("üüüüüüüüüüüüüüü", "üüüüüüüüüüüüüüü", "", ""),
        ];
        for (password, again, first, second) in table {
            let new = NewPassword { password: Secret::new(password), again: Secret::new(again) };
            assert_eq!(check(&new), Wrong { password: first, again: second }, "{password:?} {again:?}");
        }
    }
}
