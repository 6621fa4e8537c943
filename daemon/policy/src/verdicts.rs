//! Verdicts out of Lua that are no plans: `escalate`, `deny`, `retry`, `outcome`.

use std::time::Duration;

use mlua::{Table, Value};
use readmit_recovery::limits::{LONGEST_ENROLLMENT, LONGEST_HOLD, LONGEST_RETRY_WAIT};
use readmit_recovery::verdict::{DeviceFate, Outcome, Verdict};

use crate::limits::{MAX_BECAUSE_BYTES, MAX_TO_BYTES};
use crate::misuse::{Misuse, kind, shown};
use crate::parts::{number, whole};
use crate::spelling::nearest;

/// The keys of the tables that words take.
pub(crate) const KEYS: [(&str, &[&str]); 4] = [
    ("escalate", &["to", "because"]),
    ("deny", &["because"]),
    ("retry", &["after", "next_number"]),
    ("outcome", &["device", "force_password_change", "revoke_sessions", "hold", "enroll_within"]),
];

/// `escalate`.
pub(crate) fn escalate(value: &Value) -> Result<Verdict, Misuse> {
    let fields = Fields::of("escalate", "escalate { to = \"support\", because = \"…\" }", value)?;
    let to = fields.text("to", MAX_TO_BYTES)?;
    let because = fields.text("because", MAX_BECAUSE_BYTES)?;
    Ok(Verdict::Escalate { to, because })
}

/// `deny`.
pub(crate) fn deny(value: &Value) -> Result<Verdict, Misuse> {
    let because = if let Value::String(_) = value {
        text("deny", "because", MAX_BECAUSE_BYTES, value)?
    } else {
        let fields = Fields::of("deny", "deny { because = \"…\" }", value)?;
        fields.text("because", MAX_BECAUSE_BYTES)?
    };
    Ok(Verdict::Deny { because })
}

/// `retry`.
pub(crate) fn retry(value: &Value) -> Result<Verdict, Misuse> {
    let fields = Fields::of("retry", "retry { after = minutes(1) }", value)?;
    let after = fields.span("after", 0, LONGEST_RETRY_WAIT)?;
    let after = after.ok_or(Misuse::Missing { word: "retry", key: "after" })?;
    Ok(Verdict::Retry { after, next_number: fields.flag("next_number")? })
}

/// `outcome`.
pub(crate) fn outcome(value: &Value) -> Result<Verdict, Misuse> {
    let fields = Fields::of("outcome", "outcome { device = \"deactivate\" }", value)?;
    let outcome = Outcome {
        device: fields.fate()?,
        force_password_change: fields.flag("force_password_change")?,
        revoke_sessions: fields.flag("revoke_sessions")?,
        hold: fields.span("hold", 0, LONGEST_HOLD)?.filter(|hold| !hold.is_zero()),
        enroll_within: fields.span("enroll_within", 1, LONGEST_ENROLLMENT)?,
    };
    Ok(Verdict::Outcome(outcome))
}

/// The keys that the table of a word may have.
pub(crate) fn keys(word: &str) -> &'static [&'static str] {
    KEYS.iter().find(|(known, _)| *known == word).map_or(&[], |(_, keys)| keys)
}

/// The named fields of a verdict, none of them unknown.
struct Fields<'a> {
    word: &'static str,
    table: &'a Table,
}

impl<'a> Fields<'a> {
    fn of(word: &'static str, example: &'static str, value: &'a Value) -> Result<Self, Misuse> {
        let keys = keys(word);
        let Value::Table(table) = value else {
            return Err(Misuse::NoTable { word, example, got: kind(value) });
        };
        // The first unknown key ends the walk, so it takes at most as many steps as there are keys.
        for entry in table.pairs::<Value, Value>() {
            let (key, _) = entry?;
            let known = matches!(&key, Value::String(name) if keys.iter().any(|known| *name == **known));
            if !known {
                let key = shown(&key);
                let meant = nearest(key.trim_matches('`'), keys.iter().copied());
                return Err(Misuse::UnknownKey { word, key, meant });
            }
        }
        Ok(Self { word, table })
    }

    fn value(&self, key: &'static str) -> Result<Value, Misuse> {
        Ok(self.table.raw_get(key)?)
    }

    fn text(&self, key: &'static str, most: usize) -> Result<String, Misuse> {
        match self.value(key)? {
            Value::Nil => Err(Misuse::Missing { word: self.word, key }),
            value => text(self.word, key, most, &value),
        }
    }

    fn flag(&self, key: &'static str) -> Result<bool, Misuse> {
        match self.value(key)? {
            Value::Nil => Ok(false),
            Value::Boolean(flag) => Ok(flag),
            other => Err(self.wrong(key, "true or false", &other)),
        }
    }

    fn fate(&self) -> Result<DeviceFate, Misuse> {
        match self.value("device")? {
            Value::Nil => Ok(DeviceFate::Deactivate),
            Value::String(word) if word == "deactivate" => Ok(DeviceFate::Deactivate),
            Value::String(word) if word == "keep" => Ok(DeviceFate::Keep),
            other => Err(self.wrong("device", "\"deactivate\" or \"keep\"", &other)),
        }
    }

    fn span(&self, key: &'static str, least: u64, most: Duration) -> Result<Option<Duration>, Misuse> {
        let value = self.value(key)?;
        if value.is_nil() {
            return Ok(None);
        }
        let seconds = number(&value).ok_or_else(|| self.wrong(key, "a number of seconds", &value))?;
        let most = most.as_secs();
        let seconds = exact(most).and_then(|most| whole(seconds, most)).filter(|seconds| *seconds >= least);
        let seconds = seconds.ok_or(Misuse::Span { word: self.word, key, least, most })?;
        Ok(Some(Duration::from_secs(seconds)))
    }

    fn wrong(&self, key: &'static str, wanted: &'static str, got: &Value) -> Misuse {
        Misuse::Kind { word: self.word, key, wanted, got: kind(got) }
    }
}

fn text(word: &'static str, key: &'static str, most: usize, value: &Value) -> Result<String, Misuse> {
    let Value::String(text) = value else {
        return Err(Misuse::Kind { word, key, wanted: "a text", got: kind(value) });
    };
    let refused = Misuse::Text { word, key, most };
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > most {
        return Err(refused);
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        Ok(_) | Err(_) => Err(refused),
    }
}

fn exact(number: u64) -> Option<f64> {
    u32::try_from(number).ok().map(f64::from)
}
