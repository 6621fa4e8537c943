//! Standard output: one JSON document, or text for people, with colours where they are wanted.

use std::io::{IsTerminal as _, Write as _};

use serde_json::Value;

use crate::failure::Failure;

/// Where answers go.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    json: bool,
    style: Style,
}

impl Output {
    /// Standard output, for scripts if `json`.
    #[must_use]
    pub fn new(json: bool) -> Self {
        Self { json, style: if json { Style::PLAIN } else { Style::of_environment() } }
    }

    /// Whether the output is for scripts.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// The colours for this output.
    #[must_use]
    pub const fn style(&self) -> Style {
        self.style
    }

    /// Gives an answer: `value` to scripts, what `text` says to people.
    ///
    /// # Errors
    /// Standard output cannot be written.
    pub fn answer(&self, value: &Value, text: impl FnOnce(Style) -> String) -> Result<(), Failure> {
        if self.json { write(&format!("{value:#}\n")) } else { write(&text(self.style)) }
    }
}

/// Writes to standard output.
///
/// # Errors
/// It cannot be written. A reader that has had enough (`readmit audit read | head`) is no error.
pub fn write(text: &str) -> Result<(), Failure> {
    let mut output = std::io::stdout().lock();
    match output.write_all(text.as_bytes()).and_then(|()| output.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Colours, or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    colors: bool,
}

impl Style {
    /// No colours.
    pub const PLAIN: Self = Self { colors: false };

    /// Colours, if standard output is a terminal that has them and NO_COLOR (no-color.org) does not say no.
    #[must_use]
    pub fn of_environment() -> Self {
        let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self { colors: std::io::stdout().is_terminal() && !is_set("NO_COLOR") && !dumb }
    }

    /// Whether colours are shown.
    #[must_use]
    pub const fn has_colors(self) -> bool {
        self.colors
    }

    /// What matters most.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    /// What matters least.
    #[must_use]
    pub fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    /// A word in the colour of what it means: green for good, yellow for pending, red for bad.
    #[must_use]
    pub fn state(self, text: &str) -> String {
        let color = match text {
            "running" | "completed" | "recovered" | "active" | "accepted" | "sent" | "entered" | "proven"
            | "ok" | "yes" => "32",
            "starting" | "held" | "proving" | "escalated" | "waiting" | "open" => "33",
            "failed" | "stopped" | "denied" | "vetoed" | "expired" | "broken" | "rejected" | "error" => "31",
            _ => return text.to_owned(),
        };
        self.paint(color, text)
    }

    /// What is bad.
    #[must_use]
    pub fn bad(self, text: &str) -> String {
        self.paint("31", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colors { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// The text without what could drive a terminal: control characters and direction overrides. Names and
/// messages in a case come from whoever opened it.
#[must_use]
pub fn plain(text: &str) -> String {
    let is_safe = |c: char| {
        !c.is_control()
            && !matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if is_safe(c) { c } else { '\u{fffd}' }).collect()
}

/// The value of a key as people read it: a dash if it is absent, lists with commas.
#[must_use]
pub fn word(object: &Value, key: &str) -> String {
    words(&object[key])
}

fn words(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::Bool(truth) => if *truth { "yes" } else { "no" }.to_owned(),
        Value::String(text) if text.is_empty() => "-".to_owned(),
        Value::String(text) => plain(text),
        Value::Number(number) => number.to_string(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
        Value::Object(fields) if fields.is_empty() => "-".to_owned(),
        Value::Object(fields) => {
            let pairs = fields.iter().map(|(key, value)| format!("{}={}", plain(key), words(value)));
            pairs.collect::<Vec<_>>().join(", ")
        }
    }
}

/// The number of a key; zero if it is absent.
#[must_use]
pub fn number(object: &Value, key: &str) -> u64 {
    object[key].as_u64().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_are_told_in_words() {
        let object = json!({"a": [1, 2], "b": true, "c": "", "d": {"x": "y"}, "e": "x\u{1b}[2Jy\u{202e}"});
        for (key, text) in [("a", "1, 2"), ("b", "yes"), ("c", "-"), ("d", "x=y"), ("z", "-")] {
            assert_eq!(word(&object, key), text, "{key}");
        }
        assert_eq!(word(&object, "e"), "x\u{fffd}[2Jy\u{fffd}");
    }

    #[test]
    fn plain_style_adds_nothing() {
        assert_eq!(Style::PLAIN.state("failed"), "failed");
        let colors = Style { colors: true };
        assert_eq!(colors.state("failed"), "\u{1b}[31mfailed\u{1b}[0m");
        assert_eq!(colors.state("something else"), "something else");
    }
}
