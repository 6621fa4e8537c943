//! Words that no policy can mean, found without running it: a misspelt factor in a list, an unknown key of an answer,
//! a reason that there is not, a function that the libraries do not have here.

use std::collections::BTreeSet;

use readmit_recovery::account::{Form, Reason};
use readmit_recovery::disposition::Disposition;

use super::finding::Finding;
use super::libraries::kept;
use super::place;
use crate::limits::MAX_TOKENS_AHEAD;
use crate::misuse::Misuse;
use crate::spelling::nearest;
use crate::verdicts::{KEYS, keys};
use crate::vocabulary::Channels;
use crate::workbench::lex::{Kind, Token};

/// The states of a case.
pub(super) const STATES: [&str; 9] =
    ["proving", "held", "recovered", "completed", "escalated", "denied", "vetoed", "cancelled", "expired"];

/// What is wrong with the words of a file.
pub(super) fn findings(file: &str, tokens: &[Token<'_>], channels: &Channels) -> Vec<Finding> {
    let locals = tokens.windows(2).filter(|pair| pair.first().is_some_and(|word| word.text == "local"));
    let locals = locals.filter_map(|pair| pair.get(1)).map(|name| name.text).collect();
    let scan = Scan { file, tokens, channels, locals };
    (0..tokens.len()).flat_map(|at| scan.word(at)).collect()
}

struct Scan<'a> {
    file: &'a str,
    tokens: &'a [Token<'a>],
    channels: &'a Channels,
    /// The names of local variables.
    locals: BTreeSet<&'a str>,
}

impl<'a> Scan<'a> {
    fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    fn before(&self, at: usize, steps: usize) -> &'a str {
        at.checked_sub(steps).map_or("", |at| self.text(at))
    }

    fn word(&self, at: usize) -> Vec<Finding> {
        let Some(token) = self.tokens.get(at) else { return Vec::new() };
        let is_free = !matches!(self.before(at, 1), "." | ":" | "function" | "local");
        match (token.kind, token.text) {
            (Kind::Name, "prove" | "all") if is_free => self.list(at + 1, 0),
            (Kind::Name, "any") if is_free => self.list(at + 1, 1),
            (Kind::Name, "string" | "table" | "math" | "utf8") if is_free => {
                self.library(at).into_iter().collect()
            }
            (Kind::Symbol, "==" | "~=") => self.comparison(at).into_iter().collect(),
            (Kind::Name, name) if is_free => {
                let word = KEYS.iter().find(|(word, _)| *word == name);
                word.map(|(word, _)| self.answer(word, at + 1)).unwrap_or_default()
            }
            _ => Vec::new(),
        }
    }

    /// The tokens directly inside of the braces that a call takes as its argument number `skipped`, each with whether
    /// an entry begins there.
    fn entries(&self, call: usize, skipped: usize) -> Vec<(usize, bool)> {
        let open = match (self.text(call), skipped) {
            ("{", 0) => call,
            ("(", 0) => call + 1,
            // `any(n, {`, with a plain number.
            ("(", _) if self.text(call + 2) == "," => call + 3,
            _ => return Vec::new(),
        };
        if self.text(open) != "{" {
            return Vec::new();
        }
        let (mut depth, mut entries) = (0_usize, Vec::new());
        for (at, token) in self.tokens.iter().enumerate().skip(open).take(MAX_TOKENS_AHEAD) {
            match token.text {
                "}" | ")" | "]" if depth == 1 => break,
                "}" | ")" | "]" => depth -= 1,
                _ if depth == 1 => entries.push((at, matches!(self.before(at, 1), "{" | "," | ";"))),
                _ => {}
            }
            if matches!(token.text, "{" | "(" | "[") && token.kind == Kind::Symbol {
                depth += 1;
            }
        }
        entries
    }

    /// Factors that are none, in a list.
    fn list(&self, call: usize, skipped: usize) -> Vec<Finding> {
        let entries = self.entries(call, skipped);
        let plain =
            entries.iter().filter(|(at, begins)| *begins && matches!(self.text(at + 1), "," | ";" | "}"));
        let tokens = plain.filter_map(|(at, _)| self.tokens.get(*at));
        tokens.filter_map(|token| self.factor(token)).collect()
    }

    fn factor(&self, token: &Token<'_>) -> Option<Finding> {
        if token.kind == Kind::Number {
            let message =
                format!("`{}` is no factor: a list holds names of factors and parts of plans", token.text);
            return Some(Finding::error(self.file, Some(place::of_token(token)), message));
        }
        let wrong = self.channels.factor(token.literal()?).err()?;
        Some(Finding::error(self.file, Some(place::of_token(token)), wrong))
    }

    /// Keys and words that are unknown, in an answer.
    fn answer(&self, word: &'static str, call: usize) -> Vec<Finding> {
        let entries = self.entries(call, 0);
        let (mut findings, mut key) = (Vec::new(), "");
        for (at, begins) in entries {
            let Some(token) = self.tokens.get(at) else { continue };
            if begins {
                key = if self.text(at + 1) == "=" { token.text } else { "" };
                if !key.is_empty() && !keys(word).contains(&key) {
                    findings.push(self.unknown_key(word, token));
                }
            } else if key == "device"
                && let Some(fate) = token.literal()
                && !matches!(self.before(at, 1), "==" | "~=")
                && !matches!(fate, "deactivate" | "keep")
            {
                findings.push(unknown(
                    self.file,
                    token,
                    fate,
                    "is nothing that can happen to a device",
                    &["deactivate", "keep"],
                ));
            }
        }
        findings
    }

    fn unknown_key(&self, word: &'static str, token: &Token<'_>) -> Finding {
        let meant = nearest(token.text, keys(word).iter().copied());
        let hint = match meant {
            Some(_) => None,
            None => Some(format!("its keys are {}", keys(word).join(", "))),
        };
        let misuse = Misuse::UnknownKey { word, key: format!("`{}`", token.text), meant };
        Finding { hint, ..Finding::error(self.file, Some(place::of_token(token)), misuse.to_string()) }
    }

    /// A function that a library does not have here.
    fn library(&self, at: usize) -> Option<Finding> {
        let (library, name) = (self.tokens.get(at)?, self.tokens.get(at + 2)?);
        if self.text(at + 1) != "." || name.kind != Kind::Name || self.locals.contains(library.text) {
            return None;
        }
        let kept = kept(library.text)?;
        if kept.contains(&name.text) {
            return None;
        }
        let hint = match (library.text, nearest(name.text, kept.iter().copied())) {
            ("math", _) if name.text.starts_with("random") => {
                "the same question must always get the same answer, so there is no randomness".to_owned()
            }
            (library, Some(meant)) => format!("did you mean `{library}.{meant}`?"),
            (library, None) => format!("{library} has {}", kept.join(", ")),
        };
        let message = format!("`{}.{}` is not there in a policy", library.text, name.text);
        Some(Finding::error(self.file, Some(place::of_tokens(library, name)), message).with_hint(hint))
    }

    /// A comparison that can have one result only.
    fn comparison(&self, at: usize) -> Option<Finding> {
        let (left, right) = (self.tokens.get(at.checked_sub(1)?)?, self.tokens.get(at + 1)?);
        let (owner, field, text) = if right.literal().is_some() {
            (self.owner(at - 1), left, right)
        } else {
            left.literal()?;
            // `"lost" == case.reason`: to the end of the chain of fields.
            let mut end = at + 1;
            while self.text(end + 1) == "." {
                end += 2;
            }
            (self.owner(end), self.tokens.get(end)?, left)
        };
        let word = text.literal()?;
        let (what, known): (_, Vec<&str>) = match (owner, field.text) {
            ("case", "reason") => {
                ("is no reason", Reason::ALL.iter().map(|reason| reason.as_str()).collect())
            }
            ("device", "form") => {
                ("is no form of a device", Form::ALL.iter().map(|form| form.as_str()).collect())
            }
            ("failure", "disposition") => (
                "is nothing that a factor can fail by",
                Disposition::ALL
                    .iter()
                    .filter(|ended| ended.is_failure())
                    .map(|ended| ended.as_str())
                    .collect(),
            ),
            ("failure" | "", "factor") => {
                let wrong = self.channels.factor(word).err()?;
                return Some(Finding::error(self.file, Some(place::of_token(text)), wrong));
            }
            ("case", "state") => ("is no state of a case", STATES.to_vec()),
            _ => return None,
        };
        (!known.contains(&word)).then(|| unknown(self.file, text, word, what, &known))
    }

    /// What stands before the last field of a chain: `device` in `case.device.form`; nothing before a plain name.
    fn owner(&self, field: usize) -> &'a str {
        if self.before(field, 1) == "." { self.before(field, 2) } else { "" }
    }
}

/// A word that is none of those that there are.
pub(super) fn unknown(file: &str, token: &Token<'_>, word: &str, what: &str, known: &[&str]) -> Finding {
    let hint = match nearest(word, known.iter().copied()) {
        Some(meant) => format!("did you mean \"{meant}\"?"),
        None => format!("it is one of {}", known.join(", ")),
    };
    let word: String = word.chars().filter(|c| !c.is_control()).take(40).collect();
    let message = format!("\"{word}\" {what}");
    Finding::error(file, Some(place::of_token(token)), message).with_hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbench::lex::tokens;

    /// What is found, with its column.
    fn found(text: &str) -> Vec<(u32, String)> {
        let channels: Channels = ["sms"].into_iter().collect();
        let findings = findings("x.lua", &tokens(text), &channels).into_iter();
        findings.map(|finding| (finding.place.map_or(0, |place| place.column), finding.message)).collect()
    }

    #[test]
    fn slips_are_found() {
        let table = [
            ("prove { \"emial\", 'sms' }", 9, "`emial` is no factor: did you mean `email`?"),
            (
                "prove({ \"email\", any(2, { \"vioce\", \"totp\" }) })",
                27,
                "`vioce` is no factor: did you mean `voice`?",
            ),
            ("all { 5 }", 7, "`5` is no factor: a list holds names of factors and parts of plans"),
            (
                "outcome { devise = \"keep\" }",
                11,
                "outcome does not know the key `devise`: did you mean `device`?",
            ),
            (
                "outcome { device = x and \"keep\" or \"deactivated\" }",
                36,
                "\"deactivated\" is nothing that can happen to a device",
            ),
            (
                "escalate { to = \"support\", becuase = \"x\" }",
                28,
                "escalate does not know the key `becuase`: did you mean `because`?",
            ),
            ("retry({ delay = 5 })", 9, "retry does not know the key `delay`"),
            ("if case.reason == \"stollen\" then", 19, "\"stollen\" is no reason"),
            ("if \"hard\" ~= case.device.form then", 4, "\"hard\" is no form of a device"),
            ("failure.disposition == \"buzy\"", 24, "\"buzy\" is nothing that a factor can fail by"),
            ("failure.disposition == \"sent\"", 24, "\"sent\" is nothing that a factor can fail by"),
            (
                "failure.factor == \"fax\"",
                19,
                "`fax` is no factor: use password, email, voice, recovery_code, totp, resync, approval, pass, contact, sms",
            ),
            ("if factor == \"emial\" then", 14, "`emial` is no factor: did you mean `email`?"),
            ("math.random(6)", 1, "`math.random` is not there in a policy"),
        ];
        for (text, column, message) in table {
            assert_eq!(found(text), [(column, message.to_owned())], "{text}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "prove { \"email\", x == 1 and \"voice\" or \"nothing\", f(\"more\"), { \"password\" } }",
            "local function prove(x) end x.prove { \"fax\" } x:all { \"fax\" }",
            "outcome { device = case.reason == \"lost\" and \"keep\" or nil, hold = f { key = 1 } }",
            "entry.reason == \"other\" case.account.kind == \"robot\" kind == \"x\"",
            "local math = {} math.random()",
            "escalate(to) deny \"x\" deny { because = \"device\" } any(n, list)",
            "prove {",
            "any(2, {",
            "outcome",
            "case.reason ==",
            "== \"x\"",
            "\"x\" == case.",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }
}
