//! Tables of good and bad lines.

use super::*;
use crate::wire::{Deliver, method};

#[test]
fn good_lines_survive_the_round_trip() {
    let lines = [
        r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":18446744073709551615,"method":"ping","params":{}}"#,
        r#"{"jsonrpc":"2.0","id":"a","method":"cancel","params":{"id":"x"}}"#,
        r#"{"jsonrpc":"2.0","method":"log","params":{"level":"info","message":"m"}}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":null}"#,
        r#"{"jsonrpc":"2.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"m"}}"#,
        r#"{"jsonrpc":"2.0","id":7,"error":{"code":1,"message":"m","data":[1]}}"#,
    ];
    for line in lines {
        let message = Message::parse(line).unwrap_or_else(|error| panic!("{line}: {error}"));
        let written = message.to_line();
        assert!(written.ends_with('\n') && !written.trim_end().contains('\n'));
        assert_eq!(Message::parse(written.trim_end()).unwrap(), message, "{line}");
        let value = serde_json::to_value(&message).unwrap();
        assert_eq!(serde_json::from_value::<Message>(value).unwrap(), message, "{line}");
    }
}

#[test]
fn bad_lines_are_refused_with_the_reason() {
    let long_id = format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"ping"}}"#, "x".repeat(limits::MAX_ID + 1));
    let table = [
        ("", "not JSON"),
        ("{", "not JSON"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping"} {}"#, "not JSON"),
        ("[]", "batches"),
        ("1", "batches"),
        (r#"{"id":1,"method":"ping"}"#, "`jsonrpc`"),
        (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, "`jsonrpc`"),
        (r#"{"jsonrpc":2.0,"id":1,"method":"ping"}"#, "`jsonrpc`"),
        (r#"{"jsonrpc":"2.0","id":-1,"method":"ping"}"#, "whole number"),
        (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, "whole number"),
        (r#"{"jsonrpc":"2.0","id":{},"method":"ping"}"#, "whole number"),
        (long_id.as_str(), "whole number"),
        (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, "null"),
        (r#"{"jsonrpc":"2.0","id":null,"result":1}"#, "null"),
        (r#"{"jsonrpc":"2.0","result":1}"#, "null"),
        (r#"{"jsonrpc":"2.0","id":1,"method":5}"#, "`method`"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":[1]}"#, "`params`"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","params":"x"}"#, "`params`"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","extra":1}"#, "only"),
        (r#"{"jsonrpc":"2.0","id":1}"#, "either"),
        (r#"{"jsonrpc":"2.0","id":1,"method":"ping","result":1}"#, "either"),
        (r#"{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":"m"}}"#, "either"),
        (r#"{"jsonrpc":"2.0","id":1,"result":1,"params":{}}"#, "either"),
        (r#"{"jsonrpc":"2.0","error":{"code":1,"message":"m"}}"#, "either"),
        (r#"{"jsonrpc":"2.0","id":1,"error":"x"}"#, "`error`"),
        (r#"{"jsonrpc":"2.0","id":1,"error":{"code":"x","message":"m"}}"#, "`error`"),
    ];
    for (line, expected) in table {
        let error = Message::parse(line).expect_err(line);
        assert!(error.to_string().contains(expected), "{line}: {error}");
        let Message::Response { outcome: Err(_), .. } = error.into_response() else { panic!("{line}") };
    }
}

#[test]
fn nesting_as_deep_as_a_line_allows_is_refused_and_not_followed() {
    let deep = "[".repeat(limits::MAX_LINE);
    assert!(matches!(Message::parse(&deep), Err(MessageError::NotJson { .. })));
}

#[test]
fn the_limit_of_a_line_holds_at_it_and_past_it() {
    let empty = Message::notification(method::LOG, &json!({ "m": "" })).to_line();
    let room = limits::MAX_LINE - empty.trim_end().len();
    for (extra, fits) in [(0, true), (1, false)] {
        let line = Message::notification(method::LOG, &json!({ "m": "x".repeat(room + extra) })).to_line();
        assert_eq!(Message::parse(line.trim_end()).is_ok(), fits, "{extra}");
    }
}

#[test]
fn an_error_keeps_the_id_when_it_can_be_read() {
    let error = Message::parse(r#"{"jsonrpc":"2.0","id":"k","method":5}"#).unwrap_err();
    let Message::Response { id, .. } = error.into_response() else { panic!("no response") };
    assert_eq!(id, Some(Id::Text("k".into())));
}

#[test]
fn wrong_params_name_the_place_and_never_the_value() {
    let good = json!({ "id": "d", "channel": "email", "to": "ada@example.org", "purpose": "test",
        "locale": "en", "fields": { "code": "508688" }, "deadline_ms": 1000 });
    parse_params::<Deliver>(good.clone()).unwrap();
    let with = |name: &str, value: Value| {
        let mut params = good.clone();
        params[name] = value;
        parse_params::<Deliver>(params).unwrap_err().to_string()
    };
    assert_eq!(with("fields", json!({ "code": 508688 })), "params.fields.code: has the wrong type or value");
    assert_eq!(with("to", json!(["ada@example.org"])), "params.to: has the wrong type or value");
    assert_eq!(with("deadline_ms", json!("508688")), "params.deadline_ms: has the wrong type or value");
    assert!(with("exrta", json!("508688")).contains("unknown field `exrta`"));
    let error = parse_params::<Deliver>(json!({})).unwrap_err().to_string();
    assert!(error.contains("missing field `id`"), "{error}");
    assert!(parse_params::<Deliver>(Value::Null).is_err());
}

#[test]
fn debug_hides_parameters_and_results() {
    let call = Message::request(Id::Number(1), method::CHECK, &json!({ "digits": "508688" }));
    assert_eq!(format!("{call:?}"), "Request(Number(1), check)");
    let done = Message::success(Id::Number(1), &json!({ "secret": "508688" }));
    assert!(!format!("{done:?}").contains("508688"));
}
