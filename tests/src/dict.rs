//! Between JSON, in which tests are easy to read, and the dictionaries of the bus.

use std::collections::HashMap;

use serde_json::{Map, Value};
use zbus::{OwnedVariant, Variant};

/// A dictionary that goes to the bus: texts, flags, lists of texts and dictionaries of texts.
pub(crate) fn to_bus(object: &Value) -> HashMap<String, Variant<'static>> {
    let object = object.as_object().expect("a dictionary");
    object.iter().map(|(key, value)| (key.clone(), variant(value))).collect()
}

fn variant(value: &Value) -> Variant<'static> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    match value {
        Value::String(text) => Variant::from(text.clone()),
        Value::Bool(flag) => Variant::from(*flag),
        Value::Number(number) => Variant::from(number.as_u64().unwrap()),
        Value::Array(items) => Variant::from(items.iter().map(text).collect::<Vec<String>>()),
        Value::Object(object) => {
            let texts: HashMap<String, String> =
                object.iter().map(|(key, value)| (key.clone(), text(value))).collect();
            Variant::from(texts)
        }
        Value::Null => panic!("the bus has no null"),
    }
}

/// A dictionary that came from the bus.
pub(crate) fn from_bus(dict: &HashMap<String, OwnedVariant>) -> Value {
    Value::Object(dict.iter().map(|(key, value)| (key.clone(), json(value))).collect())
}

fn json(value: &Variant<'_>) -> Value {
    match value {
        Variant::Bool(flag) => Value::from(*flag),
        Variant::I32(number) => Value::from(*number),
        Variant::U32(number) => Value::from(*number),
        Variant::I64(number) => Value::from(*number),
        Variant::U64(number) => Value::from(*number),
        Variant::Str(text) => Value::from(text.as_str()),
        Variant::Variant(inner) => json(inner),
        Variant::Array(array) => Value::Array(array.inner().iter().map(json).collect()),
        Variant::Dict(dict) => {
            let key = |key: &Variant<'_>| json(key).as_str().expect("a text").to_owned();
            Value::Object(dict.iter().map(|(name, value)| (key(name), json(value))).collect::<Map<_, _>>())
        }
        other => panic!("the interface has no {other:?}"),
    }
}
