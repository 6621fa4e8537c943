//! Pseudonyms: what names a person or a machine becomes a word that says only whether it is the same one.

use hmac::{Hmac, Mac as _};
use serde_json::{Map, Value};
use sha2::Sha256;

use crate::failure::{Failure, Kind};

/// Where in a question something is that is replaced, and the word that its pseudonym begins with.
const PLACES: [(&str, &str); 6] = [
    ("/case", "case"),
    ("/facts/account/id", "account"),
    ("/facts/device/id", "device"),
    ("/facts/device/label", "label"),
    ("/facts/client/address", "address"),
    ("/facts/client/user_agent", "browser"),
];

/// Who acts in the journal without being anybody.
const OWN_ACTORS: [&str; 6] = ["daemon", "timer", "store", "restore", "signal", "saved"];

/// Keys of an entry's detail whose values are words of Readmit's own. Everything else is hidden, also what a later
/// version adds.
const OWN_WORDS: [&str; 12] = [
    "disposition",
    "factor",
    "factors",
    "kind",
    "policy",
    "problem",
    "reason",
    "resolution",
    "rule",
    "standing",
    "version",
    "while",
];

/// Bytes of the hash that are shown: enough that no two of a billion are the same.
const SHOWN: usize = 10;

/// A key that nobody else has, and that is gone with this.
pub struct Redaction {
    key: Hmac<Sha256>,
}

impl Redaction {
    /// Pseudonyms of a fresh key.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub fn new() -> Result<Self, Failure> {
        let mut key = [0; 32];
        getrandom::fill(&mut key).map_err(|error| {
            Failure::new(Kind::Failed, format!("the system gives no randomness: {error}"))
        })?;
        Self::with_key(&key)
    }

    fn with_key(key: &[u8; 32]) -> Result<Self, Failure> {
        let key = Hmac::new_from_slice(key)
            .map_err(|error| Failure::new(Kind::Failed, format!("no pseudonyms can be made: {error}")))?;
        Ok(Self { key })
    }

    /// The case, question and verdict of a decision with pseudonyms. What a verdict repeats of the question, as in its
    /// `because`, is replaced too.
    ///
    /// # Errors
    /// They are not what the daemon logs, so that nobody knows what is in them.
    pub fn decision(&self, input: &str, verdict: &str) -> Result<(String, String, String), Failure> {
        let malformed = |error: serde_json::Error| {
            Failure::new(
                Kind::Failed,
                format!("a decision cannot be read, so it cannot be redacted: {error}"),
            )
            .with_hint("compare readmit --version and readmitd --version")
        };
        let mut input: Value = serde_json::from_str(input).map_err(malformed)?;
        let mut verdict: Value = serde_json::from_str(verdict).map_err(malformed)?;
        let mut replaced = Vec::new();
        for (place, word) in PLACES {
            if let Some(Value::String(text)) = input.pointer_mut(place) {
                let pseudonym = self.pseudonym(word, text);
                replaced.push((std::mem::replace(text, pseudonym.clone()), pseudonym));
            }
        }
        // The longest first: one may be a part of another.
        replaced.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        replaced.retain(|(text, _)| !text.is_empty());
        rewrite(&mut verdict, &replaced);
        let case = input["case"].as_str().unwrap_or_default().to_owned();
        Ok((case, input.to_string(), verdict.to_string()))
    }

    /// What a person could be known by in an entry of the journal, replaced; what is left are numbers and words of
    /// Readmit's own.
    pub fn entry(&self, entry: &mut Map<String, Value>) {
        for key in ["case", "account", "actor"] {
            if let Some(Value::String(text)) = entry.get_mut(key)
                && !(key == "actor" && OWN_ACTORS.contains(&text.as_str()))
            {
                *text = self.pseudonym(key, text);
            }
        }
        for (key, value) in entry.get_mut("detail").and_then(Value::as_object_mut).into_iter().flatten() {
            if !OWN_WORDS.contains(&key.as_str()) {
                self.hide(value);
            }
        }
        // The hash covers what was replaced: whoever guesses it could see by the hash that the guess is right.
        entry.remove("hash");
    }

    fn hide(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.pseudonym("text", text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.hide(item)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.hide(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A word that stands for a text, the same one for the same text.
    #[must_use]
    pub fn pseudonym(&self, word: &str, text: &str) -> String {
        let mut mac = self.key.clone();
        mac.update(word.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        let hash = mac.finalize().into_bytes();
        let digits: String = hash.iter().take(SHOWN).map(|byte| format!("{byte:02x}")).collect();
        format!("{word}-{digits}")
    }
}

/// Replaces texts in what a policy has written: the reasons, and the cause of a failure.
fn rewrite(verdict: &mut Value, replaced: &[(String, String)]) {
    for key in ["because", "cause"] {
        if let Some(Value::String(text)) = verdict.get_mut(key) {
            for (from, to) in replaced {
                *text = text.replace(from.as_str(), to);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn input(account: &str) -> Value {
        json!({"hook": "open", "case": "the-case", "reason": "lost", "facts": {
            "account": {"id": account, "realm": "sales", "groups": ["staff"]},
            "device": {"id": "d1", "label": "Alice's phone"},
            "client": {"address": "203.0.113.9", "user_agent": null, "known": true}}})
    }

    #[test]
    fn whatever_names_somebody_is_replaced_and_nothing_else() {
        let redaction = Redaction::with_key(&[7; 32]).unwrap();
        let verdict = json!({"verdict": "escalate", "to": "support", "because": "alice from 203.0.113.9"});
        let (case, redacted, verdict) =
            redaction.decision(&input("alice").to_string(), &verdict.to_string()).unwrap();
        for secret in ["alice", "Alice", "203.0.113.9", "the-case", "\"d1\""] {
            assert!(
                !redacted.contains(secret) && !verdict.contains(secret),
                "{secret}: {redacted} {verdict}"
            );
        }
        let redacted: Value = serde_json::from_str(&redacted).unwrap();
        assert_eq!((&redacted["case"], redacted["case"].as_str()), (&json!(case), Some(&*case)));
        assert_eq!(
            (&redacted["facts"]["account"]["realm"], &redacted["reason"]),
            (&json!("sales"), &json!("lost"))
        );
        assert_eq!(redacted["facts"]["account"]["groups"], json!(["staff"]));
        assert!(redacted["facts"]["client"]["user_agent"].is_null());
        let verdict: Value = serde_json::from_str(&verdict).unwrap();
        assert_eq!(verdict["to"], "support");
        let account = redacted["facts"]["account"]["id"].as_str().unwrap();
        assert!(verdict["because"].as_str().unwrap().starts_with(account));
    }

    #[test]
    fn a_pseudonym_is_the_same_for_the_same_and_for_no_other_key() {
        let account = |key, id: &str| {
            let redacted =
                Redaction::with_key(&[key; 32]).unwrap().decision(&input(id).to_string(), "{}").unwrap().1;
            serde_json::from_str::<Value>(&redacted).unwrap()["facts"]["account"]["id"].clone()
        };
        assert_eq!(account(1, "alice"), account(1, "alice"));
        assert_ne!(account(1, "alice"), account(1, "bob"));
        assert_ne!(account(1, "alice"), account(2, "alice"));
        let redaction = Redaction::with_key(&[1; 32]).unwrap();
        assert_ne!(redaction.pseudonym("device", "x")[7..], redaction.pseudonym("account", "x")[8..]);
        assert!(redaction.decision("{", "{}").is_err());
    }

    #[test]
    fn an_entry_keeps_numbers_and_our_own_words_and_no_more() {
        let redaction = Redaction::with_key(&[7; 32]).unwrap();
        let entry = json!({"seq": 7, "at": 9, "actor": "uid:1000 (alice)", "kind": "denied", "case": "h-1",
            "account": "alice", "hash": "00", "detail": {"because": "alice called", "factor": "voice", "count": 3,
            "new": {"deep": ["alice"]}}});
        let Value::Object(mut fields) = entry else { unreachable!() };
        redaction.entry(&mut fields);
        let text = Value::Object(fields.clone()).to_string();
        assert!(!text.contains("alice") && !text.contains("1000") && !text.contains("h-1"), "{text}");
        assert_eq!(fields["detail"]["factor"], "voice");
        assert_eq!((&fields["seq"], &fields["detail"]["count"]), (&json!(7), &json!(3)));
        assert!(fields.get("hash").is_none());
        let mut timer = Map::from_iter([("actor".to_owned(), json!("timer"))]);
        redaction.entry(&mut timer);
        assert_eq!(timer["actor"], "timer");
    }
}
