//! The daemon's answers to what a person did, in words.

use serde_json::Value;

use crate::output::plain;

/// How a proof was judged, in words.
pub fn judged(answer: &Value) -> String {
    match (answer["message"].as_str(), answer["accepted"].as_bool(), answer["tries_left"].as_u64()) {
        (_, Some(true), _) => "That was right.".to_owned(),
        (Some(message), ..) if !message.is_empty() => message.to_owned(),
        (_, _, Some(1)) => "That was not right. You have one more try.".to_owned(),
        (_, _, Some(tries)) => format!("That was not right. You have {tries} more tries."),
        _ => "That was not right.".to_owned(),
    }
}

/// What the sign-in brought.
pub fn claimed(answer: &Value) -> Vec<String> {
    let mut lines = vec![match answer["device"].as_str() {
        Some("kept") => "You may sign in now. Your device stays on file.".to_owned(),
        _ => "You may sign in now. Your old device is out of use.".to_owned(),
    }];
    let codes: Vec<&str> =
        answer["recovery_codes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if !codes.is_empty() {
        lines.push("You have used a recovery code, so here is a new set. It is shown this once:".to_owned());
        lines.extend(codes.iter().map(|code| format!("  {code}")));
    }
    lines
}

/// Texts in an answer without what could drive a terminal.
pub fn without_controls(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(plain(&text)),
        Value::Array(items) => Value::Array(items.into_iter().map(without_controls).collect()),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(key, value)| (key, without_controls(value))).collect())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_judgement_is_told_with_what_is_left() {
        for (answer, words) in [
            (json!({"accepted": true}), "That was right."),
            (json!({"accepted": false, "tries_left": 1}), "That was not right. You have one more try."),
            (json!({"accepted": false, "tries_left": 3}), "That was not right. You have 3 more tries."),
            (json!({"accepted": false}), "That was not right."),
            (json!({"accepted": true, "message": "What comes next is on the screen."}), "That was right."),
            (json!({"accepted": false, "message": "In the daemon's words."}), "In the daemon's words."),
        ] {
            assert_eq!(judged(&answer), words);
        }
    }

    #[test]
    fn a_new_set_of_codes_is_shown() {
        assert_eq!(claimed(&json!({"device": "kept"})).len(), 1);
        assert_eq!(claimed(&json!({"device": "deactivated", "recovery_codes": ["a-b", "c-d"]})).len(), 4);
    }

    #[test]
    fn nothing_from_outside_drives_the_terminal() {
        assert_eq!(without_controls(json!({"a": ["\u{1b}[2J"]})), json!({"a": ["\u{fffd}[2J"]}));
    }
}
