//! Between the bus's `a{sv}` and JSON: answers become JSON as they are, so that `--json` shows everything
//! the daemon said, also what this version knows no name for.

use std::collections::{BTreeMap, HashMap};

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use zbus::{OwnedVariant, Variant};

use crate::failure::{Failure, Kind};

/// A dictionary as it comes from the bus.
pub type Answer = HashMap<String, OwnedVariant>;

/// A dictionary as it goes to the bus.
pub type Options = BTreeMap<&'static str, Variant<'static>>;

/// The dictionary as a JSON object.
#[must_use]
pub fn object(answer: &Answer) -> Value {
    let pairs = answer.iter().map(|(key, value)| (key.clone(), json(value)));
    Value::Object(pairs.collect::<BTreeMap<_, _>>().into_iter().collect())
}

/// The dictionaries as a JSON array.
#[must_use]
pub fn objects(answers: &[Answer]) -> Value {
    Value::Array(answers.iter().map(object).collect())
}

/// Reads a JSON answer into a typed view.
///
/// # Errors
/// A known key has a value of another type than this version expects.
pub fn view<T: DeserializeOwned>(answer: Value) -> Result<T, Failure> {
    serde_json::from_value(answer).map_err(|error| {
        Failure::new(Kind::Failed, format!("the daemon's answer cannot be read: {error}")).with_hint(
            "the daemon may be of another version: compare readmit --version and readmitd --version",
        )
    })
}

/// One value as JSON. Nested variants disappear; keys become text.
#[must_use]
pub fn json(value: &Variant<'_>) -> Value {
    match value {
        Variant::U8(number) => Value::from(*number),
        Variant::Bool(truth) => Value::from(*truth),
        Variant::I16(number) => Value::from(*number),
        Variant::U16(number) => Value::from(*number),
        Variant::I32(number) => Value::from(*number),
        Variant::U32(number) => Value::from(*number),
        Variant::I64(number) => Value::from(*number),
        Variant::U64(number) => Value::from(*number),
        Variant::F64(number) => Value::from(*number),
        Variant::Str(text) => Value::from(text.as_str()),
        Variant::Signature(signature) => Value::from(signature.to_string()),
        Variant::ObjectPath(path) => Value::from(path.as_str()),
        Variant::Variant(inner) => json(inner),
        Variant::Array(array) => Value::Array(array.inner().iter().map(json).collect()),
        Variant::Dict(dict) => {
            let sorted: BTreeMap<String, Value> =
                dict.iter().map(|(key, value)| (text_of(key), json(value))).collect();
            Value::Object(Map::from_iter(sorted))
        }
        Variant::Structure(structure) => Value::Array(structure.fields().iter().map(json).collect()),
        // A file descriptor means nothing outside this process.
        Variant::Fd(_) => Value::Null,
    }
}

fn text_of(key: &Variant<'_>) -> String {
    match json(key) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json as expected;

    use super::*;

    #[test]
    fn nested_answers_become_json() {
        let step: HashMap<String, Variant<'_>> =
            [("factor".to_owned(), Variant::from("voice")), ("tries_left".to_owned(), Variant::from(3_u32))]
                .into();
        let steps = Variant::from(vec![step]);
        let answer: Answer = [
            ("steps".to_owned(), OwnedVariant::try_from(steps).unwrap()),
            ("drift".to_owned(), OwnedVariant::from(-2_i64)),
            ("tasks".to_owned(), OwnedVariant::try_from(Variant::from(vec!["enroll"])).unwrap()),
            ("known".to_owned(), OwnedVariant::from(true)),
        ]
        .into();
        let wanted = expected!({
            "drift": -2, "known": true, "tasks": ["enroll"],
            "steps": [{"factor": "voice", "tries_left": 3}],
        });
        assert_eq!(object(&answer), wanted);
    }

    #[test]
    fn a_wrong_type_is_an_error_with_a_hint() {
        let failed = view::<Vec<u32>>(expected!({"a": 1})).unwrap_err();
        assert!(failed.hint().contains("--version"));
    }
}
