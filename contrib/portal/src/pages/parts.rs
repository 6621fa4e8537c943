//! What pages are made of. Every part is plain HTML that works without script and without style.

use jiff::Timestamp;
use maud::{Markup, html};

/// One field of a form: label, hint and error belong to it for those who cannot see where they stand.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Field<'a> {
    /// Its name in the form, and its id in the page.
    pub(crate) name: &'a str,
    pub(crate) label: &'a str,
    /// What to look out for, below the label; may be empty.
    pub(crate) hint: &'a str,
    /// What was wrong with what was typed; empty if nothing.
    pub(crate) error: &'a str,
    pub(crate) kind: Kind,
    /// What a browser may fill in (HTML §4.10.18.7): `username`, `current-password`, `one-time-code`, `off`, …
    pub(crate) autocomplete: &'a str,
    pub(crate) value: &'a str,
}

/// What is typed into a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    #[default]
    Text,
    Password,
    /// Digits: telephones show their keypad.
    Digits,
    Email,
    Phone,
    /// Several lines.
    Lines,
}

/// How a notice is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Info,
    Success,
    Warning,
    Error,
}

/// A field with all that belongs to it.
pub(crate) fn field(field: Field<'_>) -> Markup {
    let Field { name, label, hint, error, kind, autocomplete, value } = field;
    let (hint_id, error_id) = (format!("{name}-hint"), format!("{name}-error"));
    let mut described = Vec::new();
    described.extend((!hint.is_empty()).then_some(hint_id.as_str()));
    described.extend((!error.is_empty()).then_some(error_id.as_str()));
    let described = (!described.is_empty()).then(|| described.join(" "));
    let invalid = (!error.is_empty()).then_some("true");
    let input = match kind {
        Kind::Text | Kind::Digits => "text",
        Kind::Password => "password",
        Kind::Email => "email",
        Kind::Phone => "tel",
        Kind::Lines => "",
    };
    let mode = (kind == Kind::Digits).then_some("numeric");
    html! {
        div class="field" {
            label for=(name) { (label) }
            @if !hint.is_empty() { p class="hint" id=(hint_id) { (hint) } }
            @if !error.is_empty() { p class="error" id=(error_id) { (error) } }
            @if kind == Kind::Lines {
                textarea id=(name) name=(name) rows="4" aria-describedby=[described] aria-invalid=[invalid] { (value) }
            } @else {
                input id=(name) name=(name) type=(input) inputmode=[mode] autocomplete=(autocomplete)
                    autocapitalize="none" spellcheck="false" value=(value)
                    aria-describedby=[described] aria-invalid=[invalid];
            }
        }
    }
}

/// The button that does what the page is for.
pub(crate) fn primary(text: &str) -> Markup {
    html! { button class="primary" { (text) } }
}

/// A button for what else can be done.
pub(crate) fn secondary(text: &str) -> Markup {
    html! { button class="secondary" { (text) } }
}

/// Something to know.
pub(crate) fn notice(tone: Tone, content: &Markup) -> Markup {
    let class = match tone {
        Tone::Info => "notice info",
        Tone::Success => "notice success",
        Tone::Warning => "notice warning",
        Tone::Error => "notice error",
    };
    let role = (tone == Tone::Error).then_some("alert");
    html! { div class=(class) role=[role] { (content) } }
}

/// A point in time: in UTC, until the script says it in the reader's zone and language.
pub(crate) fn time(unix: u64) -> Markup {
    let stamp = i64::try_from(unix).ok().and_then(|unix| Timestamp::from_second(unix).ok());
    let stamp = stamp.unwrap_or(Timestamp::UNIX_EPOCH);
    html! { time datetime=(stamp) { (stamp.strftime("%Y-%m-%d %H:%M UTC")) } }
}
