//! Words that no test can mean: a field that nobody has in `open { … }`, a factor, disposition or state that there is
//! not.

use readmit_recovery::account::{Form, Reason};
use readmit_recovery::disposition::Disposition;

use super::finding::Finding;
use super::place;
use super::words::{STATES, unknown};
use crate::fact::Fact;
use crate::limits::MAX_TOKENS_AHEAD;
use crate::spelling::nearest;
use crate::vocabulary::Channels;
use crate::workbench::lex::{Kind, Token};

/// What is wrong with the words of a file of tests.
pub(super) fn findings(file: &str, tokens: &[Token<'_>], channels: &Channels) -> Vec<Finding> {
    let scan = Scan { file, tokens, channels };
    (0..tokens.len()).flat_map(|at| scan.word(at)).collect()
}

struct Scan<'a> {
    file: &'a str,
    tokens: &'a [Token<'a>],
    channels: &'a Channels,
}

impl<'a> Scan<'a> {
    fn text(&self, at: usize) -> &'a str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    fn literal(&self, at: usize) -> Option<(&'a Token<'a>, &'a str)> {
        let token = self.tokens.get(at)?;
        Some((token, token.literal()?))
    }

    fn word(&self, at: usize) -> Vec<Finding> {
        let before = at.checked_sub(1).map_or("", |at| self.text(at));
        let is_step = before == ":" && self.text(at + 1) == "(";
        match self.text(at) {
            "open" if !matches!(before, "." | ":" | "function" | "local") => self.start(at + 1),
            "prove" | "mistake" | "send" if is_step => self.factor(at + 2).into_iter().collect(),
            "fail" if is_step => self.factor(at + 2).into_iter().chain(self.disposition(at + 4)).collect(),
            "resolve" if is_step => {
                self.known(at + 2, "is no way to resolve a case", &["pass", "reset", "deny"])
            }
            "is" | "is_not" if is_step => self.expected(at),
            "invariant" if self.text(at + 3) == "," => self.known(at + 4, "is no state of a case", &STATES),
            _ => Vec::new(),
        }
    }

    fn factor(&self, at: usize) -> Option<Finding> {
        let (token, word) = self.literal(at)?;
        let wrong = self.channels.factor(word).err()?;
        Some(Finding::error(self.file, Some(place::of_token(token)), wrong))
    }

    fn disposition(&self, at: usize) -> Vec<Finding> {
        let failures = Disposition::ALL.iter().filter(|ended| ended.is_failure());
        let failures: Vec<&str> = failures.map(|ended| ended.as_str()).collect();
        self.known(at, "is nothing that a factor can fail by", &failures)
    }

    /// `expect(case.state):is("…")`.
    fn expected(&self, at: usize) -> Vec<Finding> {
        let before = at.checked_sub(4).and_then(|from| self.tokens.get(from..at)).unwrap_or_default();
        let is_state = matches!(before, [dot, field, close, _] if dot.text == "." && field.text == "state" && close.text == ")");
        if is_state { self.known(at + 2, "is no state of a case", &STATES) } else { Vec::new() }
    }

    fn known(&self, at: usize, what: &str, known: &[&str]) -> Vec<Finding> {
        let wrong = self.literal(at).filter(|(_, word)| !known.contains(word));
        wrong.map(|(token, word)| unknown(self.file, token, word, what, known)).into_iter().collect()
    }

    /// The fields of `open { … }`, as far as they are written there.
    fn start(&self, call: usize) -> Vec<Finding> {
        let open = if self.text(call) == "(" { call + 1 } else { call };
        if self.text(open) != "{" {
            return Vec::new();
        }
        // The field that each open bracket belongs to; none where what is inside is not a record of the case.
        let mut path: Vec<Option<String>> = Vec::new();
        let mut findings = Vec::new();
        for at in open..self.tokens.len().min(open + MAX_TOKENS_AHEAD) {
            let (before, text) = (at.checked_sub(1).map_or("", |at| self.text(at)), self.text(at));
            match text {
                "{" => {
                    let name = at.checked_sub(2).map_or("", |at| self.text(at));
                    let inside = match path.last() {
                        None => Some(String::new()),
                        Some(Some(outer)) if before == "=" => Some(format!("{outer}{name}.")),
                        Some(_) => None,
                    };
                    path.push(
                        inside
                            .filter(|inside| inside != "account.groups." && inside != "account.attributes."),
                    );
                }
                "(" | "[" => path.push(None),
                "}" | ")" | "]" => {
                    path.pop();
                    if path.is_empty() {
                        break;
                    }
                }
                name if matches!(before, "{" | "," | ";") && self.text(at + 1) == "=" => {
                    let record = path.last().and_then(Option::as_deref);
                    findings.extend(record.and_then(|record| self.field(at, record, name)));
                }
                _ => {}
            }
        }
        findings
    }

    /// What is wrong with one field, or with the word that it is given.
    fn field(&self, at: usize, record: &str, name: &str) -> Option<Finding> {
        let token = self.tokens.get(at).filter(|token| token.kind == Kind::Name)?;
        let known: Vec<&str> = fields(record).collect();
        if !known.is_empty() && !known.contains(&name) {
            let owner = if record.is_empty() { "what open is given" } else { record.trim_end_matches('.') };
            let hint = match nearest(name, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("its fields are {}", known.join(", ")),
            };
            let message = format!("{owner} has no field `{name}`");
            return Some(Finding::error(self.file, Some(place::of_token(token)), message).with_hint(hint));
        }
        let (what, words): (_, Vec<&str>) = match (record, name) {
            ("", "reason") => ("is no reason", Reason::ALL.iter().map(|reason| reason.as_str()).collect()),
            ("device.", "form") => {
                ("is no form of a device", Form::ALL.iter().map(|form| form.as_str()).collect())
            }
            _ => return None,
        };
        // Only where the word is all that is there, and not `reason or "lost"`.
        let is_alone = matches!(self.text(at + 3), "," | "}" | ";");
        self.known(at + 2, what, &words).into_iter().next().filter(|_| is_alone)
    }
}

/// The fields of a record of a case that a test can say: those of `account.email.`, or of `` for the case itself.
fn fields(record: &str) -> impl Iterator<Item = &'static str> {
    let facts = Fact::ALL.iter().map(|fact| fact.as_str());
    let said =
        facts.filter(|fact| !matches!(*fact, "now" | "proven" | "failures") && !fact.starts_with("failure."));
    said.filter_map(move |fact| fact.strip_prefix(record))
        .filter(|field| !field.is_empty() && !field.contains('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workbench::lex::tokens;

    /// What is found, with its column.
    fn found(text: &str) -> Vec<(u32, String)> {
        let findings = findings("x_test.lua", &tokens(text), &Channels::default()).into_iter();
        findings.map(|finding| (finding.place.map_or(0, |place| place.column), finding.message)).collect()
    }

    #[test]
    fn slips_are_found() {
        let table = [
            ("open { raeson = 'lost' }", 8, "what open is given has no field `raeson`"),
            ("open { reason = 'losst' }", 17, "\"losst\" is no reason"),
            ("open({ account = { emial = false } })", 20, "account has no field `emial`"),
            ("open { account = { has = { contact = true } } }", 28, "account.has has no field `contact`"),
            ("open { device = { form = 'hard', label = 'x' } }", 26, "\"hard\" is no form of a device"),
            ("case:prove('emial')", 12, "`emial` is no factor: did you mean `email`?"),
            ("case:fail('voice', 'buzy')", 20, "\"buzy\" is nothing that a factor can fail by"),
            ("case:resolve('refuse')", 14, "\"refuse\" is no way to resolve a case"),
            ("expect(case.state):is('hold')", 23, "\"hold\" is no state of a case"),
            ("invariant('x', 'hold', function(case) end)", 16, "\"hold\" is no state of a case"),
        ];
        for (text, column, message) in table {
            assert_eq!(found(text), [(column, message.to_owned())], "{text}");
        }
    }

    #[test]
    fn nothing_else_is() {
        for text in [
            "open { reason = reason or 'x', account = { groups = { 'a' }, attributes = { tier = 'b' }, phone = true } }",
            "open(start) open {} open { account = f { any = 1 }, history = { failed_24h = #{ x = 1 } } }",
            "case:prove(row[1]) case:fail(f, d) expect(case.plan):is('x') invariant('hold', function(case) end)",
            "file.open { x = 1 } open {",
            "case:fail(",
            "open { account = {",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn every_record_has_fields() {
        for record in [
            "",
            "account.",
            "account.email.",
            "account.phone.",
            "account.has.",
            "device.",
            "client.",
            "history.",
        ] {
            assert!(fields(record).count() >= 4, "{record}");
        }
    }
}
