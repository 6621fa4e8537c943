//! What was found.

use serde_json::{Value, json};

use crate::output::{Style, plain};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// All is well.
    Ok,
    /// Something could not be seen.
    Note,
    /// It works, and should be looked at.
    Warning,
    /// It does not work.
    Failure,
}

impl Level {
    /// Its word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Failure => "failure",
        }
    }
}

struct Finding {
    check: String,
    level: Level,
    what: String,
    mend: String,
}

/// Everything that was found, in the order in which it was looked at.
#[derive(Default)]
pub struct Findings {
    all: Vec<Finding>,
}

impl Findings {
    /// All is well with something.
    pub fn ok(&mut self, check: &str, what: impl Into<String>) {
        self.add(check, Level::Ok, what, "");
    }

    /// Something could not be seen, and this would show it.
    pub fn note(&mut self, check: &str, what: impl Into<String>, mend: &str) {
        self.add(check, Level::Note, what, mend);
    }

    /// Something should be looked at.
    pub fn warning(&mut self, check: &str, what: impl Into<String>, mend: &str) {
        self.add(check, Level::Warning, what, mend);
    }

    /// Something does not work, and this mends it.
    pub fn failure(&mut self, check: &str, what: impl Into<String>, mend: &str) {
        self.add(check, Level::Failure, what, mend);
    }

    fn add(&mut self, check: &str, level: Level, what: impl Into<String>, mend: &str) {
        self.all.push(Finding {
            check: check.to_owned(),
            level,
            what: plain(&what.into()),
            mend: plain(mend),
        });
    }

    /// How many findings matter so much.
    #[must_use]
    pub fn count(&self, level: Level) -> usize {
        self.all.iter().filter(|finding| finding.level == level).count()
    }

    /// The worst of them.
    #[must_use]
    pub fn worst(&self) -> Level {
        self.all.iter().map(|finding| finding.level).max().unwrap_or(Level::Ok)
    }

    /// For scripts.
    #[must_use]
    pub fn json(&self) -> Value {
        let shown = |finding: &Finding| {
            let level = finding.level.word();
            json!({"check": finding.check, "level": level, "what": finding.what, "mend": finding.mend})
        };
        let findings: Vec<Value> = self.all.iter().map(shown).collect();
        json!({"ok": self.worst() <= Level::Note, "worst": self.worst().word(), "findings": findings})
    }

    /// For people: what is wrong stands out, with its mend below.
    #[must_use]
    pub fn text(&self, style: Style) -> String {
        let width = self.all.iter().map(|finding| finding.check.chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for finding in &self.all {
            let sign = match finding.level {
                Level::Ok => style.state("ok"),
                Level::Note => style.dim("--"),
                Level::Warning => style.bold("?!"),
                Level::Failure => style.bad("!!"),
            };
            text += &format!("{sign}  {:width$}  {}\n", finding.check, finding.what);
            if !finding.mend.is_empty() {
                text += &format!("    {:width$}  -> {}\n", "", finding.mend);
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_counts_and_the_mend_stands_below() {
        let mut findings = Findings::default();
        assert_eq!(findings.worst(), Level::Ok);
        findings.ok("bus", "is there");
        findings.note("files", "not seen", "run it as root");
        assert_eq!((findings.worst(), findings.json()["ok"] == true), (Level::Note, true));
        findings.failure("plugin email", "no\u{1b}", "do that");
        findings.warning("clock", "off", "set it");
        assert_eq!((findings.worst(), findings.count(Level::Failure)), (Level::Failure, 1));
        let wanted = "ok  bus           is there\n--  files         not seen\n                  -> run it as root\n\
                      !!  plugin email  no\u{fffd}\n                  -> do that\n\
                      ?!  clock         off\n                  -> set it\n";
        assert_eq!(findings.text(Style::PLAIN), wanted);
        assert_eq!(findings.json()["worst"], "failure");
    }
}
