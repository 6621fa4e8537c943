//! Whole calls by a provider like Twilio: what it is told, what it tells, and the disposition that the daemon hears.

use serde_json::{Value, json};

use crate::kit::{CODE, Ended, Plugin, Provider, free_address};

/// A call that is answered and goes on with these steps.
fn answered(steps: &[Value]) -> Vec<Value> {
    let before = [status("initiated"), status("ringing"), json!({ "do": "answer" }), status("in-progress")];
    [before.as_slice(), steps].concat()
}

fn status(word: &str) -> Value {
    json!({ "do": "status", "word": word })
}

fn keys(digits: &str) -> Value {
    json!({ "do": "keys", "digits": digits })
}

fn completed() -> Value {
    json!({ "do": "status", "word": "completed", "parameters": { "CallDuration": "21", "SipResponseCode": "200" } })
}

/// Makes a call by this plan; gives its end, and the webhooks.
fn call(plugin: &mut Plugin, provider: &mut Provider, plan: &[Value]) -> (Ended, Vec<Value>) {
    provider.plan(plan);
    let ended = plugin.call();
    let webhooks = provider.planned();
    (ended, webhooks)
}

fn start(more: &[&str], changes: Value) -> (Plugin, Provider) {
    let listen = free_address();
    let provider = Provider::twilio(&listen, more);
    let mut plugin = Plugin::spawn();
    plugin.twilio(&provider.base_url(), &listen, changes);
    (plugin, provider)
}

#[test]
fn the_right_digits_end_a_call_that_says_who_it_is() {
    let (mut plugin, mut provider) = start(&[], json!({}));
    let plan = answered(&[json!({ "do": "fetch" }), keys(CODE), json!({ "do": "fetch" }), completed()]);
    let (ended, webhooks) = call(&mut plugin, &mut provider, &plan);
    assert_eq!(
        (ended.disposition.as_str(), ended.checks.as_slice()),
        ("entered", [CODE.to_owned()].as_slice())
    );
    assert_eq!(ended.phases, ["calling", "ringing", "answered", "prompting"]);
    assert!(ended.provider_id.is_some_and(|id| id.starts_with("CA")));
    assert!(
        ended.detail.contains("answered for 21 s") && ended.detail.contains("SIP 200"),
        "{}",
        ended.detail
    );
    assert!(ended.detail.contains(" ms"), "{}", ended.detail);

    let asked = &provider.all("request")[0]["asked"];
    assert_eq!((&asked["To"], &asked["From"]), (&json!("+14155550123"), &json!("+14155550100")));
    assert_eq!((&asked["Timeout"], &asked["TimeLimit"]), (&json!("30"), &json!("120")));
    assert_eq!(asked["StatusCallbackEvent"], json!(["initiated", "ringing", "answered", "completed"]));

    let greeting = webhooks.iter().find(|event| event["step"] == "answer").unwrap();
    let gather = &greeting["document"]["gather"];
    assert_eq!(
        (&gather["numDigits"], &gather["finishOnKey"], &gather["input"]),
        (&json!("6"), &json!(""), &json!("dtmf"))
    );
    assert_eq!(gather["timeout"], "8");
    let thanks = webhooks.iter().find(|event| event["step"] == "keys").unwrap();
    assert_eq!(thanks["document"]["hangup"], true);
    let played: Vec<_> = provider.all("played").iter().map(|event| event["url"].clone()).collect();
    let prompts = ["greeting", "accepted"]
        .map(|name| format!("https://calls.example.org/readmit/prompts/en/{name}.wav"));
    assert_eq!(played, prompts, "the prompts are there, and are sound");
    plugin.finish(&[]);
}

#[test]
fn what_is_typed_decides() {
    let (mut plugin, mut provider) = start(&[], json!({}));
    let silence = json!({ "do": "silence" });
    let table: [(&[Value], &str, usize, &[&str]); 11] = [
        (&[keys("111111"), keys(CODE), completed()], "entered", 2, &["greeting", "wrong", "accepted"]),
        (
            &[keys("111111"), keys("222222"), keys("333333"), completed()],
            "wrong_digits",
            3,
            &["greeting", "wrong", "wrong", "too_many_tries"],
        ),
        (&[silence.clone(), silence.clone(), completed()], "no_input", 0, &["greeting", "again", "no_input"]),
        (&[silence.clone(), keys(CODE), completed()], "entered", 1, &["greeting", "again", "accepted"]),
        (&[keys("4079"), keys(CODE), completed()], "entered", 1, &["greeting", "again", "accepted"]),
        (&[keys("9"), keys("9"), completed()], "reported", 0, &["greeting", "report", "reported"]),
        (&[keys("9"), completed()], "reported", 0, &["greeting", "report"]),
        (&[keys("9"), keys(CODE), completed()], "entered", 1, &["greeting", "report", "accepted"]),
        (&[keys("111111"), completed()], "hung_up", 1, &["greeting", "wrong"]),
        (&[completed()], "hung_up", 0, &["greeting"]),
        // Hung up while the last prompt is played: the outcome stands.
        (&[keys(CODE), completed()], "entered", 1, &["greeting", "accepted"]),
    ];
    for (steps, disposition, checks, prompts) in table {
        let (ended, webhooks) = call(&mut plugin, &mut provider, &answered(steps));
        assert_eq!(
            (ended.disposition.as_str(), ended.checks.len()),
            (disposition, checks),
            "{steps:?} {ended:?}"
        );
        let documents = webhooks.iter().filter(|event| event["status"] == 200);
        let played: Vec<String> = documents
            .flat_map(|event| event["document"]["plays"].as_array().unwrap().clone())
            .map(|url| url.as_str().unwrap().rsplit('/').next().unwrap().replace(".wav", ""))
            .collect();
        assert_eq!(played, prompts, "{steps:?}");
    }
    plugin.finish(&["111111", "222222", "333333", "4079,"]);
}

#[test]
fn what_the_network_does_decides() {
    let (mut plugin, mut provider) = start(&[], json!({}));
    let end =
        |word: &str, parameters: Value| json!({ "do": "status", "word": word, "parameters": parameters });
    let table = [
        (end("busy", json!({})), "busy", "busy"),
        (end("busy", json!({ "SipResponseCode": "486" })), "busy", "SIP 486"),
        (end("busy", json!({ "SipResponseCode": "603" })), "declined", "SIP 603"),
        (end("no-answer", json!({ "SipResponseCode": "487" })), "no_answer", "SIP 487"),
        (end("no-answer", json!({})), "no_answer", "no-answer"),
        (end("canceled", json!({})), "no_answer", "canceled"),
        (end("failed", json!({ "SipResponseCode": "404" })), "invalid_number", "SIP 404"),
        (end("failed", json!({ "SipResponseCode": "503" })), "unreachable", "SIP 503"),
        (end("failed", json!({ "SipResponseCode": "488" })), "media_negotiation", "SIP 488"),
        (end("failed", json!({ "ErrorCode": "13224" })), "invalid_number", "error 13224"),
        (end("failed", json!({ "ErrorCode": "13227" })), "trunk_forbidden", "error 13227"),
        (end("failed", json!({})), "rejected", "failed"),
        (end("completed", json!({ "CallDuration": "3" })), "hung_up", "never asked what to say"),
        (end("completed", json!({ "CallDuration": "120" })), "max_duration", "120 s"),
    ];
    for (last, disposition, detail) in table {
        let plan = [status("initiated"), status("ringing"), last.clone()];
        let (ended, _) = call(&mut plugin, &mut provider, &plan);
        assert_eq!(ended.disposition, disposition, "{last} {ended:?}");
        assert!(ended.detail.contains(detail), "{last} {ended:?}");
        assert_eq!(ended.phases, ["calling", "ringing"], "{last}");
    }
    plugin.finish(&[]);
}

#[test]
fn prompts_are_in_the_persons_language() {
    let (mut plugin, mut provider) = start(&[], json!({}));
    provider.plan(&answered(&[keys(CODE), completed()]));
    let ended = plugin.call_with(json!({ "locale": "de-AT" }), |_, _| None);
    assert_eq!(ended.disposition, "entered");
    let greeting = provider.planned().into_iter().find(|event| event["step"] == "answer").unwrap();
    assert!(greeting["content"].as_str().unwrap().contains("/prompts/de/greeting.wav"), "{greeting}");
    plugin.finish(&[]);
}

#[test]
fn a_shared_key_signs_with_sha256_and_a_header_chooses_nothing() {
    let key = "a-shared-key-of-its-own";
    let listen = free_address();
    let mut provider = Provider::twilio(&listen, &["--secret", key, "--algorithm", "HMAC_SHA256"]);
    let mut plugin = Plugin::spawn();
    let (file, token) = (plugin.secret("shared", key), plugin.secret("token", crate::kit::TOKEN));
    let twilio = json!({
        "account": crate::kit::ACCOUNT, "auth_token_file": token, "signature": "hmac_sha256", "shared_key_file": file,
    });
    plugin.twilio(&provider.base_url(), &listen, json!({ "twilio": twilio }));
    let weaker = json!({ "do": "keys", "digits": CODE, "sign": "sha1" });
    let plan = answered(&[weaker, keys(CODE), completed()]);
    let (ended, webhooks) = call(&mut plugin, &mut provider, &plan);
    assert_eq!((ended.disposition.as_str(), ended.checks.len()), ("entered", 1));
    let statuses: Vec<_> =
        webhooks.iter().filter(|event| event["step"] == "keys").map(|event| &event["status"]).collect();
    assert_eq!(statuses, [404, 200], "the weaker algorithm is not taken, whatever its header says");
    plugin.finish(&[key]);
}

#[test]
fn a_daemon_that_does_not_answer_a_check_ends_the_call() {
    let (mut plugin, mut provider) = start(&[], json!({}));
    plugin.silent = true;
    let (ended, webhooks) = call(&mut plugin, &mut provider, &answered(&[keys(CODE), completed()]));
    assert_eq!(ended.disposition, "provider_error", "{ended:?}");
    let last = webhooks.iter().find(|event| event["step"] == "keys").unwrap();
    assert_eq!(last["document"]["hangup"], true, "{last}");
    plugin.finish(&[]);
}
