//! Whole calls by Vonage, whose tokens PyJWT reads and writes.

use std::process::Command;

use serde_json::{Value, json};

use crate::kit::{CODE, Plugin, Provider, SECRET, free_address};

const APPLICATION: &str = "78d335fa-323d-0114-9c3d-d6f0d48968cf";

/// A private key and the public one, by OpenSSL.
fn keys(directory: &std::path::Path) -> (String, String) {
    let (private, public) = (directory.join("private.pem"), directory.join("public.pem"));
    let run = |arguments: &[&str]| {
        let ended = Command::new("openssl").args(arguments).output();
        let ended = ended.unwrap_or_else(|error| panic!("openssl: {error}: apt-get install openssl"));
        assert!(ended.status.success(), "{ended:?}");
    };
    let path = |path: &std::path::Path| path.display().to_string();
    run(&["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", &path(&private)]);
    run(&["pkey", "-in", &path(&private), "-pubout", "-out", &path(&public)]);
    (std::fs::read_to_string(private).unwrap(), path(&public))
}

fn start() -> (Plugin, Provider, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let (private, public) = keys(directory.path());
    let listen = free_address();
    let arguments = ["--kind", "vonage", "--through", &listen, "--account", APPLICATION];
    let provider =
        Provider::start(&[&arguments, ["--secret", SECRET, "--public-key", &public].as_slice()].concat());
    let mut plugin = Plugin::spawn();
    plugin.vonage(&provider.base_url(), &listen, APPLICATION, &private);
    (plugin, provider, directory)
}

fn status(word: &str) -> Value {
    json!({ "do": "status", "word": word })
}

fn typed(digits: &str) -> Value {
    json!({ "do": "keys", "digits": digits })
}

fn answered(steps: &[Value]) -> Vec<Value> {
    let before = [status("started"), status("ringing"), status("answered"), json!({ "do": "answer" })];
    let after = json!({ "do": "status", "word": "completed", "parameters": { "duration": "9" } });
    [before.as_slice(), steps, &[after]].concat()
}

#[test]
fn calls_are_held_as_by_any_provider() {
    let (mut plugin, mut provider, _directory) = start();
    let silence = json!({ "do": "silence" });
    let table: [(&[Value], &str, usize); 5] = [
        (&[json!({ "do": "fetch" }), typed(CODE)], "entered", 1),
        (&[typed("111111"), typed("222222"), typed("333333")], "wrong_digits", 3),
        (&[silence.clone(), silence], "no_input", 0),
        (&[typed("9"), typed("9")], "reported", 0),
        (&[], "hung_up", 0),
    ];
    for (steps, disposition, checks) in table {
        provider.plan(&answered(steps));
        let ended = plugin.call();
        assert_eq!((ended.disposition.as_str(), ended.checks.len()), (disposition, checks), "{ended:?}");
        assert!(ended.detail.contains("answered for 9 s"), "{ended:?}");
        assert_eq!(ended.phases[..3], ["calling", "ringing", "answered"], "{ended:?}");
        provider.planned();
    }
    let asked = &provider.all("request")[0]["asked"];
    assert_eq!(asked["to"], json!([{ "type": "phone", "number": "14155550123" }]));
    assert_eq!((&asked["answer_method"], &asked["event_method"]), (&json!("POST"), &json!("POST")));
    assert_eq!((&asked["ringing_timer"], &asked["length_timer"]), (&json!(30), &json!(120)));
    let token = &provider.all("token")[0];
    assert_eq!(token["header"], json!({ "alg": "RS256", "typ": "JWT" }));
    assert_eq!(token["claims"]["application_id"], APPLICATION);
    let input = &provider.all("webhook").iter().find(|event| event["step"] == "answer").unwrap()["document"]
        ["gather"];
    assert_eq!(input["dtmf"], json!({ "maxDigits": 6, "timeOut": 8, "submitOnHash": false }));
    plugin.finish(&["111111", "222222", "333333"]);
}

#[test]
fn what_the_network_does_decides() {
    let (mut plugin, mut provider, _directory) = start();
    let end =
        |word: &str, parameters: Value| json!({ "do": "status", "word": word, "parameters": parameters });
    let table = [
        (end("busy", json!({})), "busy"),
        (end("timeout", json!({})), "no_answer"),
        (end("unanswered", json!({ "sip_code": 480 })), "no_answer"),
        (end("unanswered", json!({ "sip_code": 603 })), "declined"),
        (end("failed", json!({ "sip_code": "404" })), "invalid_number"),
        (end("rejected", json!({})), "rejected"),
        (end("cancelled", json!({})), "no_answer"),
    ];
    for (last, disposition) in table {
        provider.plan(&[status("started"), status("ringing"), last.clone()]);
        let ended = plugin.call();
        assert_eq!(ended.disposition, disposition, "{last} {ended:?}");
        provider.planned();
    }
    provider.answer(
        json!({ "status": 400, "body": { "invalid_parameters": [{ "name": "to", "reason": "no" }] } }),
    );
    assert_eq!(plugin.call().disposition, "invalid_number");
    provider.answer(json!({ "status": 401, "body": { "title": "Unauthorized" } }));
    assert_eq!(plugin.call().disposition, "trunk_auth");
    provider.answer(json!({ "status": 429, "body": {}, "headers": { "Retry-After": "0" } }));
    provider.plan(&[status("busy")]);
    assert_eq!(plugin.call().disposition, "busy");
    plugin.finish(&[]);
}

#[test]
fn tokens_are_fresh_and_over_what_was_sent() {
    let (mut plugin, mut provider, _directory) = start();
    let signs = ["none", "forged", "old", "no_hash", "other_body"];
    let steps = signs.map(|sign| json!({ "do": "keys", "digits": "111111", "sign": sign }));
    provider.plan(&answered(&[steps.as_slice(), &[typed(CODE)]].concat()));
    let ended = plugin.call();
    assert_eq!(
        (ended.disposition.as_str(), ended.checks.as_slice()),
        ("entered", [CODE.to_owned()].as_slice())
    );
    let webhooks = provider.planned();
    let entries = webhooks.iter().filter(|event| event["step"] == "keys").map(|event| &event["status"]);
    assert_eq!(entries.collect::<Vec<_>>(), [404, 404, 404, 404, 404, 200]);
    plugin.finish(&["111111"]);
}

/// A token says nothing of the URL, so what was said for one entry could be said again for the next.
#[test]
fn a_token_is_good_at_one_place() {
    let (mut plugin, mut provider, _directory) = start();
    provider.plan(&answered(&[typed("111111"), json!({ "do": "replay" }), typed(CODE)]));
    let ended = plugin.call();
    assert_eq!(ended.disposition, "entered");
    assert_eq!(ended.checks, ["111111", CODE], "each entry was asked about once");
    let webhooks = provider.planned();
    assert_eq!(webhooks.iter().find(|event| event["step"] == "replay").unwrap()["status"], 404);
    plugin.finish(&["111111"]);
}

#[test]
fn a_cancelled_call_is_ended_at_the_provider_and_a_probe_logs_in() {
    let (mut plugin, mut provider, _directory) = start();
    provider.plan(&[status("ringing"), json!({ "do": "ended" })]);
    let ended =
        plugin.call_with(json!({ "id": "x" }), |_, phase| (phase == "ringing").then(|| "x".to_owned()));
    assert_eq!(ended.disposition, "cancelled");
    provider.planned();
    let request = provider.all("request").last().copied().cloned().unwrap();
    assert_eq!((&request["method"], &request["asked"]), (&json!("PUT"), &json!({ "action": "hangup" })));
    let steps = plugin.probe();
    assert_eq!((&steps[1]["name"], &steps[1]["ok"]), (&json!("login"), &json!(true)), "{steps:?}");
    plugin.finish(&[]);
}
