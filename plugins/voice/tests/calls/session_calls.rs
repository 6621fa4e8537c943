//! Session timers (RFC 4028), and odd and hostile messages of a trunk, by sipp.

use serde_json::{Value, json};

use super::kit::{CODE, Ended, PASSWORD, Plugin, Sipp, USERNAME};

fn call(scenario: &str, settings: Value, words: &[(&str, &str)]) -> Ended {
    let trunk = Sipp::answer(scenario, words);
    let mut all = json!({ "trunk": trunk.address() });
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let mut plugin = Plugin::start(all);
    let ended = plugin.call();
    trunk.finish();
    plugin.finish(&ended.checks);
    ended
}

#[test]
fn a_session_that_we_refresh() {
    for scenario in ["session_ours", "session_reinvite"] {
        let ended = call(scenario, json!({ "first_key_seconds": 20 }), &[("keys", CODE)]);
        assert_eq!(ended.disposition, "entered", "{scenario}: {ended:?}");
    }
}

#[test]
fn a_session_that_the_trunk_lets_end_is_over() {
    let ended = call("session_theirs", json!({ "first_key_seconds": 20 }), &[]);
    assert_eq!(ended.disposition, "hung_up", "{ended:?}");
}

#[test]
fn a_session_interval_that_is_too_short_is_asked_for_longer() {
    let ended = call("session_longer", json!({ "session_seconds": 90 }), &[("keys", CODE)]);
    assert_eq!(ended.disposition, "entered", "{ended:?}");
}

#[test]
fn an_answer_without_a_contact_is_not_usable() {
    let ended = call("no_contact", json!({}), &[]);
    assert_eq!(ended.disposition, "provider_error", "{ended:?}");
    assert!(ended.detail.contains("the answer is not usable"), "{ended:?}");
}

/// The trunk may not send us anywhere else: what is answered there would not be read.
#[test]
fn a_contact_that_is_elsewhere_is_not_followed() {
    let ended = call("elsewhere", json!({}), &[("keys", CODE)]);
    assert_eq!(ended.disposition, "entered", "{ended:?}");
}

#[test]
fn odd_messages_do_no_harm() {
    let ended = call("odd", json!({}), &[("keys", CODE)]);
    assert_eq!(ended.disposition, "entered", "{ended:?}");
}

#[test]
fn a_nonce_that_is_stale_is_replaced() {
    let ended = call("digest_stale", json!({}), &[("keys", CODE)]);
    assert_eq!(ended.disposition, "entered", "{ended:?}");
}

#[test]
fn challenges_that_cannot_be_answered_say_why() {
    for (parameters, words) in [
        ("algorithm=MD5-sess", "-sess"),
        ("algorithm=SHA-256-sess, qop=\"auth\"", "-sess"),
        ("qop=\"auth-int\"", "auth-int"),
        ("algorithm=SHA-512-256", "neither MD5 nor SHA-256"),
    ] {
        let challenge = format!("WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", {parameters}");
        let ended = call("refuse", json!({}), &[("status", "401 Unauthorized"), ("extra", &challenge)]);
        assert_eq!(ended.disposition, "trunk_auth", "{ended:?}");
        assert!(ended.detail.contains(words), "{parameters}: {}", ended.detail);
        assert!(!ended.detail.contains(USERNAME) && !ended.detail.contains(PASSWORD));
    }
}
