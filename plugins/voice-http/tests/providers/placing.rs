//! Asking the provider for a call: what it may answer, how often it is asked, and how a call is ended.

use serde_json::{Value, json};

use crate::kit::{CODE, Plugin, Provider, free_address};

fn status(word: &str) -> Value {
    json!({ "do": "status", "word": word })
}

fn start(changes: Value) -> (Plugin, Provider) {
    let listen = free_address();
    let provider = Provider::twilio(&listen, &[]);
    let mut plugin = Plugin::spawn();
    plugin.twilio(&provider.base_url(), &listen, changes);
    (plugin, provider)
}

#[test]
fn a_refusal_is_told_with_the_providers_words() {
    let (mut plugin, mut provider) = start(json!({}));
    let table = [
        (401, 20003, "trunk_auth", "auth"),
        (400, 21211, "invalid_number", "error 21211"),
        (400, 21215, "trunk_forbidden", "error 21215"),
        (402, 20005, "trunk_forbidden", "credit"),
        (404, 20404, "provider_error", "check account"),
        (302, 0, "provider_error", "never followed"),
        (500, 20500, "provider_error", "HTTP 500"),
        (400, 77777, "rejected", "error 77777"),
    ];
    for (status, code, disposition, detail) in table {
        let body = json!({ "code": code, "status": status, "message": "no auth for +1 415 555 0123" });
        provider.answer(
            json!({ "status": status, "body": body, "headers": { "Location": "http://127.0.0.1:1/" } }),
        );
        let ended = plugin.call();
        assert_eq!(ended.disposition, disposition, "{ended:?}");
        assert!(ended.detail.contains(detail), "{ended:?}");
        assert_eq!(ended.provider_id, None);
    }
    for _ in table {
        provider.wait_for("request");
    }
    assert_eq!(provider.all("request").len(), table.len(), "each was asked for once");
    plugin.finish(&["555 0123"]);
}

#[test]
fn a_provider_with_too_many_calls_is_asked_again() {
    let (mut plugin, mut provider) = start(json!({}));
    for wait in ["0", "1"] {
        provider
            .answer(json!({ "status": 429, "body": { "code": 20429 }, "headers": { "Retry-After": wait } }));
    }
    provider.plan(&[status("busy")]);
    let mut queued = 0;
    let ended = plugin.call_with(json!({}), |_, phase| {
        queued += u32::from(phase == "queued");
        None
    });
    assert_eq!(ended.disposition, "busy");
    assert_eq!(ended.phases, ["calling"; 3], "{ended:?}");
    assert!(queued >= 1, "{ended:?}");
    for _ in 0..4 {
        provider.answer(json!({ "status": 429, "body": {}, "headers": { "Retry-After": "0" } }));
    }
    let ended = plugin.call();
    assert_eq!(ended.disposition, "provider_error");
    assert!(ended.detail.contains("calls_per_second"), "{ended:?}");
    provider.answer(json!({ "status": 429, "body": {}, "headers": { "Retry-After": "100000" } }));
    let ended = plugin.call_with(json!({ "deadline_ms": 6000 }), |_, _| None);
    assert_eq!(ended.disposition, "provider_error", "a wait past the deadline is none: {ended:?}");
    plugin.finish(&[]);
}

#[test]
fn calls_keep_the_providers_pace() {
    let (mut plugin, mut provider) = start(json!({ "calls_per_second": 2 }));
    for _ in 0..3 {
        provider.plan(&[status("busy")]);
        plugin.start_call(json!({}));
    }
    let mut queued = 0;
    for _ in 0..3 {
        let ended = plugin.until(|message| {
            message["result"]["disposition"].is_string() || message["params"]["phase"] == "queued"
        });
        queued += usize::from(ended["params"]["phase"] == "queued");
    }
    assert!(queued >= 1, "who comes too early is told to wait");
    plugin.finish(&[]);
}

/// The answer got lost: the call may be there, so it is not asked for again; and if it is, it counts.
#[test]
fn a_call_whose_answer_got_lost_is_never_placed_twice() {
    let (mut plugin, mut provider) = start(json!({ "trying_seconds": 3 }));
    provider.answer(json!({ "drop": true }));
    let ended = plugin.call();
    assert_eq!(ended.disposition, "unreachable", "{ended:?}");
    assert!(ended.detail.contains("not known whether there was a call"), "{ended:?}");
    assert!(ended.detail.contains("no webhook came"), "{ended:?}");
    // The daemon takes a phase that it does not know for a telephone that may ring: no other plugin calls.
    assert_eq!(ended.phases, ["calling", "unclear"]);

    provider.answer(json!({ "drop": true, "taken": true }));
    let talk = [json!({ "do": "answer" }), json!({ "do": "keys", "digits": CODE }), status("completed")];
    provider.plan(&talk);
    let ended = plugin.call();
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    provider.planned();
    assert_eq!(provider.all("request").len(), 2, "one request each");
    plugin.finish(&[]);
}

#[test]
fn a_provider_that_cannot_be_reached_is_told_with_the_reason() {
    let mut plugin = Plugin::spawn();
    plugin.twilio(&format!("http://{}", free_address()), &free_address(), json!({}));
    let ended = plugin.call();
    assert_eq!(ended.disposition, "unreachable");
    assert!(ended.detail.contains("Connection refused"), "{ended:?}");
    plugin.finish(&[]);
}

#[test]
fn a_call_without_webhooks_is_asked_about() {
    let (mut plugin, mut provider) = start(json!({ "trying_seconds": 1 }));
    provider.plan(&[]);
    provider.status(json!({ "status": "busy" }));
    let ended = plugin.call();
    assert_eq!(ended.disposition, "busy", "{ended:?}");
    assert!(ended.detail.contains("cannot reach public_url"), "{ended:?}");
    provider.plan(&[json!({ "do": "ended" })]);
    provider.status(json!({ "status": "queued" }));
    let ended = plugin.call();
    assert_eq!(ended.disposition, "provider_error", "{ended:?}");
    assert!(ended.detail.contains("cannot reach public_url"), "{ended:?}");
    plugin.finish(&[]);
}

#[test]
fn a_cancelled_call_is_ended_at_the_provider() {
    let (mut plugin, mut provider) = start(json!({}));
    let ringing = [status("initiated"), status("ringing"), json!({ "do": "ended" })];
    let talking = [status("ringing"), json!({ "do": "answer" }), json!({ "do": "ended" })];
    for (plan, phase, word) in [(ringing, "ringing", "canceled"), (talking, "prompting", "completed")] {
        provider.plan(&plan);
        let id = format!("cancel-{phase}");
        let ended = plugin.call_with(json!({ "id": id }), |_, at| (at == phase).then(|| id.clone()));
        assert_eq!(ended.disposition, "cancelled", "{ended:?}");
        provider.planned();
        let asked = provider.all("request").last().unwrap()["asked"].clone();
        assert_eq!(asked["Status"], word);
    }
    plugin.finish(&[]);
}

/// The daemon's deadline, or the plugin's own time: the call is ended, and what it was at is told.
#[test]
fn a_call_that_takes_too_long_is_ended() {
    let (mut plugin, mut provider) = start(json!({}));
    let end = json!({ "do": "ended" });
    let table = [
        (vec![status("initiated"), end.clone()], "no_answer", "no ringing was reported", "canceled"),
        (vec![status("ringing"), end.clone()], "no_answer", "rang until", "canceled"),
        (vec![json!({ "do": "answer" }), end], "max_duration", "max_call_seconds", "completed"),
    ];
    for (plan, disposition, detail, word) in table {
        provider.plan(&plan);
        let ended = plugin.call_with(json!({ "deadline_ms": 7000 }), |_, _| None);
        assert_eq!(ended.disposition, disposition, "{ended:?}");
        assert!(ended.detail.contains(detail), "{ended:?}");
        provider.planned();
        assert_eq!(provider.all("request").last().unwrap()["asked"]["Status"], word);
    }
    plugin.finish(&[]);
}

#[test]
fn nothing_is_called_that_may_not_be() {
    let (mut plugin, mut provider) = start(json!({ "concurrent_calls": 1 }));
    let table = [
        (json!({ "to": "+4915112345678" }), "blocked", "regions"),
        (json!({ "to": "+19005550123" }), "blocked", "blocked_prefixes"),
        (json!({ "to": "+1415555O123" }), "invalid_number", "E.164"),
        (json!({ "digits": 3 }), "blocked", "digits"),
        (json!({ "tries": 0 }), "blocked", "tries"),
        (json!({ "deadline_ms": 5000 }), "blocked", "deadline_ms"),
    ];
    for (changes, disposition, detail) in table {
        let ended = plugin.call_with(changes.clone(), |_, _| None);
        assert_eq!(ended.disposition, disposition, "{changes} {ended:?}");
        assert!(ended.detail.contains(detail), "{changes} {ended:?}");
    }
    provider.plan(&[status("ringing"), json!({ "do": "ended" })]);
    let first = plugin.start_call(json!({ "id": "first" }));
    plugin.until(|message| message["params"]["phase"] == "ringing");
    let ended = plugin.call();
    assert_eq!(ended.disposition, "provider_error", "{ended:?}");
    assert!(ended.detail.contains("concurrent_calls"), "{ended:?}");
    assert_ne!(first, 0);
    plugin.call_with(json!({ "digits": 3 }), |_, _| None);
    provider.wait_for("request");
    assert_eq!(provider.all("request").len(), 1, "no more than one call was asked for");
    plugin.finish(&["4915112345678", "9005550123"]);
}

#[test]
fn a_probe_says_how_far_the_way_goes() {
    let listen = free_address();
    let provider = Provider::twilio(&listen, &[]);
    let mut plugin = Plugin::spawn();
    plugin.twilio(&provider.base_url(), &listen, json!({ "public_url": format!("http://{listen}/readmit") }));
    let names = |steps: &[Value]| -> Vec<(String, bool)> {
        steps.iter().map(|step| (step["name"].as_str().unwrap().to_owned(), step["ok"] == true)).collect()
    };
    let good = ["connect", "login", "webhook"].map(|name| (name.to_owned(), true));
    assert_eq!(names(&plugin.probe()), good);
    plugin.finish(&[]);

    let mut plugin = Plugin::spawn();
    let token = plugin.secret("wrong", "not-the-token");
    let twilio = json!({ "account": crate::kit::ACCOUNT, "auth_token_file": token });
    plugin.twilio(&provider.base_url(), &free_address(), json!({ "twilio": twilio }));
    let steps = plugin.probe();
    assert_eq!(names(&steps), [("connect".to_owned(), true), ("login".to_owned(), false)]);
    assert!(steps[1]["detail"].as_str().unwrap().contains("HTTP 401"), "{steps:?}");
    plugin.finish(&["not-the-token"]);
}
