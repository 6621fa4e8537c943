//! What a Lua error says, without what Rust and Lua wrap around it.

use crate::limits::MAX_CAUSE_BYTES;

/// An error that a file raised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Raised {
    /// The file, where the error says so.
    pub file: Option<String>,
    /// The line, likewise.
    pub line: Option<u32>,
    /// What happened, in one line of bounded length.
    pub message: String,
}

impl Raised {
    /// Reads an error of mlua.
    pub fn of(error: &mlua::Error) -> Self {
        match error {
            mlua::Error::CallbackError { traceback, cause } => Self::with_trace(&innermost(cause), traceback),
            mlua::Error::RuntimeError(text) | mlua::Error::SyntaxError { message: text, .. } => {
                let (text, trace) = text.split_once("\nstack traceback:").unwrap_or((text, ""));
                Self::with_trace(text, trace)
            }
            mlua::Error::MemoryError(_) => Self::with_trace("the budget of memory is used up", ""),
            other => Self::with_trace(&other.to_string(), ""),
        }
    }

    fn with_trace(text: &str, trace: &str) -> Self {
        if let Some((file, line, message)) = positioned(text) {
            let message = tidy(without_prelude(message));
            return Self { file: Some(file.to_owned()), line: Some(line), message };
        }
        let message = if is_no_text(text) {
            "an error was raised that is no text".to_owned()
        } else {
            tidy(without_prelude(text))
        };
        let place =
            trace.lines().find_map(|line| positioned(line.trim()).map(|(file, line, _)| (file, line)));
        Self { file: place.map(|(file, _)| file.to_owned()), line: place.map(|(_, line)| line), message }
    }
}

impl std::fmt::Display for Raised {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(formatter, "{file}:{line}: {}", self.message),
            (Some(file), None) => write!(formatter, "{file}: {}", self.message),
            (None, _) => formatter.write_str(&self.message),
        }
    }
}

fn innermost(error: &mlua::Error) -> String {
    match error {
        mlua::Error::CallbackError { cause, .. } => innermost(cause),
        mlua::Error::RuntimeError(text) => text.clone(),
        mlua::Error::ExternalError(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// Whether a table, a function or an object was raised: Lua shows the address, which tells nobody anything.
fn is_no_text(text: &str) -> bool {
    let address = text.split_once(": 0x").filter(|(kind, _)| kind.bytes().all(|b| b.is_ascii_alphanumeric()));
    text == "nil" || address.is_some_and(|(_, digits)| digits.bytes().all(|b| b.is_ascii_hexdigit()))
}

/// The message without the place in the prelude with which it begins if a library function is wrapped there.
fn without_prelude(text: &str) -> &str {
    if text.ends_with("attempt to modify a readonly table") {
        return "the case, the libraries and what is frozen are readonly: copy with table.clone to change the copy";
    }
    let rest =
        text.strip_prefix("readmit:").map(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()));
    rest.and_then(|rest| rest.strip_prefix(": ")).unwrap_or(text)
}

/// Splits `file.lua:7: message`, and `file.lua:7` of a trace.
fn positioned(text: &str) -> Option<(&str, u32, &str)> {
    let extension = [".lua:", ".luau:"].iter().filter_map(|end| Some((text.find(end)?, end.len()))).min()?;
    let (file, rest) = text.split_at(extension.0 + extension.1 - 1);
    let rest = rest.strip_prefix(':')?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let line = rest.get(..digits)?.parse().ok()?;
    // A path has no blanks; text that merely mentions a file has.
    let message = rest.get(digits..)?.trim_start_matches(':').trim_start();
    (!file.contains(char::is_whitespace)).then_some((file, line, message))
}

/// One line without control characters, cut at [`MAX_CAUSE_BYTES`].
pub(crate) fn tidy(text: &str) -> String {
    let mut tidied = String::new();
    for c in text.chars().map(|c| if c.is_control() { ' ' } else { c }) {
        if tidied.len() + c.len_utf8() > MAX_CAUSE_BYTES {
            break;
        }
        tidied.push(c);
    }
    tidied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_told_apart_from_the_message() {
        let table = [
            ("lib/a.lua:7: attempt to index nil", Some(("lib/a.lua", 7)), "attempt to index nil"),
            ("a.luau:12: x.lua:3: why", Some(("a.luau", 12)), "x.lua:3: why"),
            ("nothing to see", None, "nothing to see"),
            ("see a.lua:3: no", None, "see a.lua:3: no"),
            ("a.lua: no line", None, "a.lua: no line"),
            ("readmit:149: out of range", None, "out of range"),
            ("a.lua:1: readmit:149: out of range", Some(("a.lua", 1)), "out of range"),
            (
                "a.lua:1: attempt to modify a readonly table",
                Some(("a.lua", 1)),
                "the case, the libraries and what is frozen are readonly: copy with table.clone to change the copy",
            ),
            ("see: 0x5 and more", None, "see: 0x5 and more"),
            ("table: 0x55d0", None, "an error was raised that is no text"),
        ];
        for (text, place, message) in table {
            let raised = Raised::of(&mlua::Error::RuntimeError(text.to_owned()));
            assert_eq!(raised.file.as_deref().zip(raised.line), place, "{text}");
            assert_eq!(raised.message, message, "{text}");
        }
    }

    #[test]
    fn a_cause_is_one_short_line() {
        assert_eq!(tidy("a\nb\u{7}c"), "a b c");
        assert_eq!(tidy(&"ä".repeat(MAX_CAUSE_BYTES)).len(), MAX_CAUSE_BYTES);
    }
}
