//! What pages are made of. Every part is plain HTML that works without script and without style.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
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

/// A question with few answers, of which one is chosen.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Choices<'a> {
    /// Its name in the form; the id of its first answer, so that an error leads there.
    pub(crate) name: &'a str,
    /// The question.
    pub(crate) legend: &'a str,
    /// What to look out for; may be empty.
    pub(crate) hint: &'a str,
    /// What was wrong with the choice; empty if nothing.
    pub(crate) error: &'a str,
    /// What is chosen; empty if nothing.
    pub(crate) chosen: &'a str,
    /// Value and text of each answer.
    pub(crate) answers: &'a [(&'a str, String)],
    /// What each answer means, below it, in the same order; may be empty.
    pub(crate) explanations: &'a [String],
}

/// An error in a form: the name of its field, and what to do about it. Without a name it is the whole form's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wrong<'a> {
    pub(crate) field: &'a str,
    pub(crate) message: &'a str,
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
    let class = matches!(kind, Kind::Digits).then_some("short");
    let mode = (kind == Kind::Digits).then_some("numeric");
    html! {
        div class="field" {
            label for=(name) { (label) }
            @if !hint.is_empty() { p class="hint" id=(hint_id) { (hint) } }
            @if !error.is_empty() { p class="error" id=(error_id) { (error) } }
            @if kind == Kind::Lines {
                textarea id=(name) name=(name) rows="4" aria-describedby=[described] aria-invalid=[invalid] { (value) }
            } @else {
                input class=[class] id=(name) name=(name) type=(input) inputmode=[mode] autocomplete=(autocomplete)
                    autocapitalize="none" spellcheck="false" value=(value)
                    aria-describedby=[described] aria-invalid=[invalid];
            }
        }
    }
}

/// A question with the answers to choose from.
pub(crate) fn choices(choices: Choices<'_>) -> Markup {
    let Choices { name, legend, hint, error, chosen, answers, explanations } = choices;
    let (hint_id, error_id) = (format!("{name}-hint"), format!("{name}-error"));
    let described = [(!hint.is_empty()).then_some(&*hint_id), (!error.is_empty()).then_some(&*error_id)];
    let described = described.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let described = (!described.is_empty()).then_some(described);
    let invalid = (!error.is_empty()).then_some("true");
    html! {
        fieldset class="choices" aria-describedby=[described] {
            legend { (legend) }
            @if !hint.is_empty() { p class="hint" id=(hint_id) { (hint) } }
            @if !error.is_empty() { p class="error" id=(error_id) { (error) } }
            @for (index, (value, text)) in answers.iter().enumerate() {
                label class="choice" {
                    input id=[(index == 0).then_some(name)] type="radio" name=(name) value=(value)
                        checked[*value == chosen] aria-invalid=[invalid];
                    span {
                        (text)
                        @if let Some(explanation) = explanations.get(index) {
                            " " span class="hint" { (explanation) }
                        }
                    }
                }
            }
        }
    }
}

/// What is wrong with a form, before everything else on the page; each error leads to its field.
pub(crate) fn error_summary(heading: &str, wrong: &[Wrong<'_>]) -> Markup {
    html! {
        div class="error-summary" role="alert" aria-labelledby="error-summary" tabindex="-1" autofocus {
            h2 id="error-summary" { (heading) }
            ul {
                @for Wrong { field, message } in wrong {
                    li { @if field.is_empty() { (message) } @else { a href={ "#" (field) } { (message) } } }
                }
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

/// Digits to type on a telephone: large, in groups of three, and read out one by one.
pub(crate) fn digits(code: &str) -> Markup {
    let digits: Vec<String> = code.chars().map(String::from).collect();
    html! {
        p class="digits" data-digits=(code) {
            span aria-hidden="true" {
                @for (index, group) in digits.chunks(3).enumerate() {
                    @if index > 0 { " " }
                    span class="group" { (group.concat()) }
                }
            }
            span class="visually-hidden" { (digits.join(" ")) }
        }
    }
}

/// A picture that a telephone's camera reads. It is an image, so that nothing in it runs.
pub(crate) fn qr(svg: &str, description: &str) -> Markup {
    html! {
        img class="qr" src={ "data:image/svg+xml;base64," (STANDARD.encode(svg)) } alt=(description)
            width="240" height="240";
    }
}

/// How somebody is reached, as an administrator wrote it: what is an address can be clicked.
pub(crate) fn contact(text: &str) -> Markup {
    let is_mail = text.contains('@') && !text.contains(|c: char| c.is_whitespace() || "<>?&/:".contains(c));
    let is_web = text.starts_with("https://") && !text.contains(char::is_whitespace);
    html! {
        @if is_mail { a href={ "mailto:" (text) } { (text) } }
        @else if is_web { a href=(text) rel="noreferrer" { (text.trim_start_matches("https://")) } }
        @else { (text) }
    }
}

/// A point in time: in UTC, until the script says it in the reader's zone and language.
pub(crate) fn time(unix: u64) -> Markup {
    let stamp = i64::try_from(unix).ok().and_then(|unix| Timestamp::from_second(unix).ok());
    let stamp = stamp.unwrap_or(Timestamp::UNIX_EPOCH);
    html! { time datetime=(stamp) { (stamp.strftime("%Y-%m-%d %H:%M UTC")) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_described_by_what_belongs_to_it() {
        let plain = field(Field { name: "code", label: "Code", ..Field::default() }).into_string();
        assert!(!plain.contains("aria-describedby") && !plain.contains("aria-invalid"), "{plain}");
        let wrong = Field { name: "code", label: "Code", hint: "Six", error: "No", ..Field::default() };
        let wrong = field(wrong).into_string();
        assert!(wrong.contains(r#"aria-describedby="code-hint code-error""#), "{wrong}");
        assert!(wrong.contains(r#"aria-invalid="true""#), "{wrong}");
    }

    #[test]
    fn errors_lead_to_their_fields() {
        let wrong = [Wrong { field: "a", message: "Type a" }, Wrong { field: "", message: "Later" }];
        let summary = error_summary("Oh", &wrong).into_string();
        assert!(summary.contains(r##"<a href="#a">Type a</a>"##), "{summary}");
        assert!(summary.contains("<li>Later</li>"), "{summary}");
        let answers = [("x", "X".to_owned()), ("y", "Y".to_owned())];
        let choice =
            Choices { name: "a", legend: "A?", chosen: "y", answers: &answers, ..Choices::default() };
        let choice = choices(choice).into_string();
        assert!(choice.contains(r#"<input id="a" type="radio" name="a" value="x">"#), "{choice}");
        assert!(choice.contains(r#"value="y" checked"#), "{choice}");
    }

    #[test]
    fn digits_are_seen_in_groups_and_heard_one_by_one() {
        let drawn = digits("123456").into_string();
        assert!(
            drawn.contains(r#"<span class="group">123</span> <span class="group">456</span>"#),
            "{drawn}"
        );
        assert!(drawn.contains("1 2 3 4 5 6"), "{drawn}");
    }

    #[test]
    fn only_whole_addresses_are_clicked() {
        let mail = contact("help@example.org").into_string();
        assert_eq!(mail, r#"<a href="mailto:help@example.org">help@example.org</a>"#);
        assert!(contact("https://example.org/help").into_string().contains(">example.org/help<"));
        for text in ["room 7", "javascript:alert(1)@x", "write to help@example.org", "http://example.org"] {
            assert_eq!(contact(text).into_string(), text);
        }
    }
}
