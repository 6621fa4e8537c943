//! `/case/device`: the new device, from its name to two of its codes.

use axum::http::StatusCode;
use maud::{Markup, html};
use serde::Deserialize;

use super::stand::Stand;
use super::{Elsewhere, done, form_page, say_count, say_time};
use crate::desk::DeskError;
use crate::desk::views::Enrollment;
use crate::limits;
use crate::pages::parts::{self, Field, Tone, Wrong};
use crate::pages::shell;
use crate::secret::Secret;
use crate::web::keepsakes::{Keepsake, Kind, NewDevice};
use crate::web::{Form, Page, Problem, Visit};

/// What the person calls the device, and whether to begin once more.
#[derive(Deserialize)]
pub(super) struct Label {
    #[serde(default)]
    label: String,
    #[serde(default)]
    anew: Option<String>,
}

/// Two codes, one after the other.
#[derive(Deserialize)]
pub(super) struct Codes {
    #[serde(default)]
    first: Secret,
    #[serde(default)]
    second: Secret,
}

pub(super) async fn show(visit: Visit) -> Result<Page, Elsewhere> {
    let stand = asked(visit).await?;
    if stand.ending().enrolling.is_some() {
        return Ok(confirming(&stand, "", ""));
    }
    Ok(naming(&stand, "", None))
}

/// Has the daemon make a secret, once: a second click or tab sees the same.
pub(super) async fn begin(visit: Visit, Form(given): Form<Label>) -> Result<Page, Elsewhere> {
    let stand = asked(visit).await?;
    if given.anew.is_none() && stand.ending().enrolling.is_some() {
        return Ok(stand.visit.go_to("/case/device"));
    }
    let label = given.label.trim();
    let wrong = match label {
        "" => "device-label-missing",
        long if long.len() > limits::LABEL_BYTES => "device-label-long",
        odd if odd.contains(char::is_control) => "device-label-odd",
        _ => "",
    };
    if !wrong.is_empty() {
        return Ok(naming(&stand, label, Some(wrong)));
    }
    match take(&stand, label).await? {
        Err(DeskError::RateLimited(_)) => Err(too_often(&stand).into()),
        begun => {
            done(&stand.visit, begun)?;
            Ok(confirming(&asked(stand.visit).await?, "", ""))
        }
    }
}

pub(super) async fn confirm(visit: Visit, Form(codes): Form<Codes>) -> Result<Page, Elsewhere> {
    let stand = asked(visit).await?;
    let (first, second) = (digits(&codes.first), digits(&codes.second));
    let wrong = |first: &'static str, second: &'static str| Ok(confirming(&stand, first, second));
    // What cannot be a code costs no try.
    match (first, second) {
        (None, None) => wrong("device-code-digits", "device-code-digits"),
        (None, _) => wrong("device-code-digits", ""),
        (_, None) => wrong("", "device-code-digits"),
        (Some(first), Some(second)) if first == second => wrong("", "device-codes-same"),
        (Some(first), Some(second)) => {
            match stand.visit.portal.desk.confirm_enrollment(&stand.id, &first, &second).await {
                Err(DeskError::Refused(_)) => refused(stand.visit.clone()).await,
                Err(DeskError::WrongState(_)) => Ok(stand.visit.go_to("/case/device")),
                Err(error) => Err(error.into()),
                Ok(()) => {
                    stand.forget(Kind::Device);
                    Ok(stand.visit.go_to("/case/finish"))
                }
            }
        }
    }
}

/// The codes were wrong: once more with the same secret, or after too many with another.
async fn refused(visit: Visit) -> Result<Page, Elsewhere> {
    let stand = asked(visit).await?;
    if stand.ending().enrolling.is_some() {
        return Ok(confirming(&stand, "device-codes-wrong", ""));
    }
    stand.forget(Kind::Device);
    Ok(naming(&stand, "", Some("device-codes-over")))
}

async fn asked(visit: Visit) -> Result<Stand, Elsewhere> {
    let stand = Stand::of(visit).await?;
    if stand.is_left("enroll") { Ok(stand) } else { Err(stand.visit.go_to("/case/finish").into()) }
}

/// Has the daemon make a secret, and keeps it: a browser that goes away meanwhile finds it when it comes back.
async fn take(stand: &Stand, label: &str) -> Result<Result<(), DeskError>, Problem> {
    let (visit, case, label) = (stand.visit.clone(), stand.id.clone(), label.to_owned());
    let taking = tokio::spawn(async move {
        let Enrollment { secret, uri, qr_svg } = visit.portal.desk.begin_enrollment(&case, &label).await?;
        let text = |text: Option<String>| Secret::new(text.unwrap_or_default());
        let device = NewDevice { secret: text(secret), uri: text(uri), picture: text(qr_svg) };
        visit.portal.keepsakes.keep(&visit.browser, &case, Keepsake::Device(device));
        Ok(())
    });
    taking.await.map_err(|_| Problem::Unavailable)
}

/// Six digits, however they were grouped.
fn digits(given: &Secret) -> Option<Secret> {
    let code: String = given.expose().chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let fits = (6..=8).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| Secret::new(code))
}

/// Asks what the device is to be called, and tells what is about to happen.
fn naming(stand: &Stand, label: &str, wrong: Option<&str>) -> Page {
    let visit = &stand.visit;
    let error = wrong.map(|key| visit.say(key)).unwrap_or_default();
    let suggested = visit.say("device-label-suggested");
    let fields = html! {
        (parts::field(Field {
            name: "label",
            label: &visit.say("device-label"),
            hint: &visit.say("device-label-hint"),
            error: &error,
            autocomplete: "off",
            value: if label.is_empty() { &suggested } else { label },
            ..Field::default()
        }))
        (parts::primary(&visit.say("device-begin")))
    };
    let content = html! {
        h1 { (visit.say("device-title")) }
        p { (visit.say("device-intro")) }
        (old_device(stand))
        p { (visit.say("device-app")) }
        (shell::form(visit, "/case/device", &fields))
        (later(stand))
    };
    let wrong = wrong.is_some().then_some(Wrong { field: "label", message: &error });
    form_page(visit, &visit.say("device-title"), wrong.as_slice(), &content)
}

/// Shows the secret, and asks for two codes.
fn confirming(stand: &Stand, first: &str, second: &str) -> Page {
    let visit = &stand.visit;
    let error = |key: &str| if key.is_empty() { String::new() } else { visit.say(key) };
    let (first, second) = (error(first), error(second));
    let wrong = [("first", &first), ("second", &second)];
    let wrong = wrong.into_iter().filter(|(_, message)| !message.is_empty());
    let wrong: Vec<_> = wrong.map(|(field, message)| Wrong { field, message }).collect();
    let tries = stand.ending().tries_left.unwrap_or_default();
    let code = |name, label: &str, hint: &str, error: &str| {
        parts::field(Field {
            name,
            label: &visit.say(label),
            hint: &visit.say(hint),
            error,
            kind: parts::Kind::Digits,
            autocomplete: "one-time-code",
            value: "",
        })
    };
    let fields = html! {
        (code("first", "device-first", "device-first-hint", &first))
        (code("second", "device-second", "device-second-hint", &second))
        @if !wrong.is_empty() { p class="hint" { (say_count(visit, "device-tries", tries)) } }
        (parts::primary(&visit.say("device-confirm")))
    };
    let content = html! {
        h1 { (visit.say("device-scan-title")) }
        (secret(stand))
        h2 { (visit.say("device-codes-title")) }
        p { (visit.say("device-codes-how")) }
        (shell::form(visit, "/case/device/confirm", &fields))
        (anew(stand))
        (later(stand))
    };
    form_page(visit, &visit.say("device-scan-title"), &wrong, &content)
}

/// The secret in every form; or what to do where it can be shown no more.
fn secret(stand: &Stand) -> Markup {
    let visit = &stand.visit;
    let Some(device) = stand.device() else {
        return parts::notice(Tone::Info, &html! { p { (visit.say("device-shown-before")) } });
    };
    html! {
        ol class="how" {
            li { (visit.say("device-scan-open")) }
            li {
                (visit.say("device-scan-scan"))
                p { (parts::qr(device.picture.expose(), &visit.say("device-qr-alt"))) }
            }
        }
        details {
            summary { (visit.say("device-typed")) }
            p { (visit.say("device-typed-how")) }
            p class="key secret" { code { (groups(device.secret.expose())) } }
        }
        p { a href=(device.uri.expose()) { (visit.say("device-here")) } }
    }
}

/// A way to begin with another secret.
fn anew(stand: &Stand) -> Markup {
    let visit = &stand.visit;
    let label = stand.ending().enrolling.unwrap_or_default();
    shell::form(
        visit,
        "/case/device",
        &html! {
            input type="hidden" name="label" value=(label);
            input type="hidden" name="anew" value="yes";
            (parts::secondary(&visit.say("device-anew")))
        },
    )
}

/// What happens to the old device (J10, J11).
fn old_device(stand: &Stand) -> Markup {
    let visit = &stand.visit;
    let ending = stand.ending();
    let key = match (ending.device_form.as_deref(), stand.is_deactivated()) {
        (None, _) => return Markup::default(),
        (Some("hardware"), true) => "device-old-hardware",
        (Some("hardware"), false) => "device-old-hardware-kept",
        (Some(_), true) => "device-old-app",
        (Some(_), false) => "device-old-app-kept",
    };
    let label = ending.device_label.unwrap_or_default();
    parts::notice(Tone::Info, &html! { p { (visit.say_with(key, &[("label", &label)])) } })
}

/// It may wait, and until when.
fn later(stand: &Stand) -> Markup {
    let visit = &stand.visit;
    html! {
        @if let Some(until) = stand.case.expires_at {
            p class="hint" { (say_time(visit, "device-until", until)) }
        }
        p { a href="/case/finish" { (visit.say("device-later")) } }
    }
}

/// Too many were begun: support goes on.
fn too_often(stand: &Stand) -> Page {
    let visit = &stand.visit;
    let title = visit.say("device-too-often");
    let contact = stand.case.support.clone().and_then(|support| support.contact).unwrap_or_default();
    let content = html! {
        h1 { (title) }
        p { (visit.say("device-too-often-next")) }
        @if !contact.is_empty() { p { strong { (parts::contact(&contact)) } } }
        p { a href="/case/summary" { (visit.say("finish-summary")) } }
    };
    visit.page(&title, &content).status(StatusCode::TOO_MANY_REQUESTS)
}

/// In groups of four, as people can type it.
fn groups(secret: &str) -> String {
    let letters: Vec<char> = secret.chars().collect();
    letters.chunks(4).map(|group| group.iter().collect::<String>()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_read_as_people_type_them() {
        let read = |text: &str| digits(&Secret::new(text)).map(|code| code.expose().to_owned());
        assert_eq!(read("123456").as_deref(), Some("123456"));
        assert_eq!(read(" 123 456 ").as_deref(), Some("123456"));
        assert_eq!(read("123-456").as_deref(), Some("123456"));
        for wrong in ["", "12345", "123456789", "12345x", "١٢٣٤٥٦", "123.456"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
        assert_eq!(groups("ABCDEFGHIJ"), "ABCD EFGH IJ");
    }
}
