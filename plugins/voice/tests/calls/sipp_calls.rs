//! Calls to sipp, one scenario of `tests/sipp` a test: what is said on the wire, what the daemon is told, and
//! that nothing secret is written anywhere.

use serde_json::{Value, json};

use super::kit::{BlackHole, CODE, Ended, NUMBER, PASSWORD, Plugin, Sipp, USERNAME, free_port};

/// Makes one call to a scenario and checks that both sides agree that it went as it should.
fn call(scenario: &str, settings: Value, words: &[(&str, &str)]) -> (Ended, String) {
    let trunk = Sipp::answer(scenario, words);
    let mut all = json!({ "trunk": trunk.address() });
    all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
    let mut plugin = Plugin::start(all);
    let ended = plugin.call();
    let log = trunk.finish();
    plugin.finish(&ended.checks);
    (ended, log)
}

fn keys(scenario: &str, words: &[(&str, &str)]) -> Ended {
    call(scenario, json!({}), words).0
}

fn refusal(status: &str, extra: &str) -> Ended {
    call("refuse", json!({}), &[("status", status), ("extra", extra)]).0
}

#[test]
fn right_digits() {
    let ended = keys("keys", &[("keys", CODE)]);
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    assert_eq!(ended.checks, [CODE]);
    assert_eq!(ended.phases, ["calling", "ringing", "answered", "prompting"]);
    assert!(ended.provider_id.is_some_and(|id| !id.is_empty() && !id.contains('@')));
    assert!(ended.detail.contains("keys by RTP"), "{}", ended.detail);
}

#[test]
fn right_digits_in_a_law() {
    let ended = keys("keys_pcma", &[("keys", CODE)]);
    assert_eq!(ended.disposition, "entered", "{ended:?}");
}

#[test]
fn the_same_digit_twice_is_two_digits() {
    let ended = keys("keys", &[("keys", "112233")]);
    assert_eq!(ended.checks, ["112233"], "{ended:?}");
    assert_eq!(ended.disposition, "no_input");
    assert_eq!(ended.phases.last().map(String::as_str), Some("prompting"));
    assert!(ended.phases.contains(&"wrong_digits".to_owned()));
}

#[test]
fn wrong_then_right() {
    let ended = keys("keys_twice", &[("first", "111111"), ("second", CODE)]);
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    assert_eq!(ended.checks, ["111111", CODE]);
    assert_eq!(ended.phases, ["calling", "ringing", "answered", "prompting", "wrong_digits", "prompting"]);
}

#[test]
fn wrong_three_times() {
    let ended = keys("keys_thrice", &[("first", "111111"), ("second", "222222"), ("third", "333333")]);
    assert_eq!(ended.disposition, "wrong_digits", "{ended:?}");
    assert_eq!(ended.checks, ["111111", "222222", "333333"]);
    assert!(ended.detail.contains("3 wrong entries"), "{}", ended.detail);
}

#[test]
fn no_digits() {
    let (ended, _) = call("silent", json!({ "first_key_seconds": 1 }), &[]);
    assert_eq!(ended.disposition, "no_input", "{ended:?}");
    assert!(ended.checks.is_empty());
}

#[test]
fn too_few_digits() {
    let ended = keys("keys", &[("keys", "407")]);
    assert_eq!(ended.disposition, "no_input", "{ended:?}");
    assert!(ended.checks.is_empty());
    assert!(ended.detail.contains("3 keys"), "{}", ended.detail);
}

#[test]
fn refusals() {
    let table = [
        ("486 Busy Here", "Reason: Q.850;cause=17;text=\"User busy\"", "busy", "Q.850;cause=17"),
        ("480 Temporarily Unavailable", "Reason: Q.850;cause=21", "declined", "480"),
        ("603 Decline", "X-Nothing: x", "declined", "603 Decline"),
        ("404 Not Found", "X-Nothing: x", "invalid_number", "404 Not Found"),
        ("403 Caller +14155550123 not allowed", "X-Nothing: x", "trunk_forbidden", "403 Caller"),
        (
            "503 Service Unavailable",
            "Retry-After: 60",
            "unreachable",
            "503 Service Unavailable; retry after 60",
        ),
        ("500 Oops", "X-Nothing: x", "provider_error", "500 Oops"),
        ("488 Not Acceptable Here", "X-Nothing: x", "media_negotiation", "488"),
    ];
    for (status, extra, disposition, detail) in table {
        let ended = refusal(status, extra);
        assert_eq!(ended.disposition, disposition, "{status}: {ended:?}");
        assert!(ended.detail.contains(detail), "{status}: {}", ended.detail);
        assert!(ended.detail.contains("last provisional 100"), "{status}: {}", ended.detail);
        assert!(ended.phases == ["calling"], "{status}: {ended:?}");
    }
}

#[test]
fn a_redirection_is_not_followed() {
    let elsewhere = BlackHole::open();
    let contact = format!("Contact: <sip:+19005550100@{}>", elsewhere.address());
    let ended = refusal("302 Moved Temporarily", &contact);
    assert_eq!(ended.disposition, "rejected", "{ended:?}");
    assert!(ended.detail.contains("never followed"), "{}", ended.detail);
    assert_eq!(elsewhere.packets(), 0);
}

/// The domain is a name that nobody can look up: the CANCEL arrives only if it goes where the INVITE went.
#[test]
fn nobody_answers_and_the_telephone_stops_ringing() {
    let (ended, _) = call("no_answer", json!({ "ring_seconds": 1 }), &[]);
    assert_eq!(ended.disposition, "no_answer", "{ended:?}");
    assert!(ended.detail.contains("last provisional 180"), "{}", ended.detail);
    assert_eq!(ended.phases, ["calling", "ringing"]);
}

/// The same with an address for a domain, which the stack would send the CANCEL to.
#[test]
fn a_cancel_goes_to_the_trunk_even_if_the_domain_is_an_address() {
    let (ended, _) = call("no_answer", json!({ "ring_seconds": 1, "domain": "192.0.2.55" }), &[]);
    assert_eq!(ended.disposition, "no_answer", "{ended:?}");
}

#[test]
fn a_trunk_that_goes_quiet_after_trying() {
    let (ended, _) = call("busy_trunk", json!({ "ring_seconds": 1 }), &[]);
    assert_eq!(ended.disposition, "no_answer", "{ended:?}");
    assert!(ended.detail.contains("no ringing was reported"), "{}", ended.detail);
}

#[test]
fn an_answer_that_crosses_the_cancel_is_acknowledged_and_ended() {
    let (ended, _) = call("crossing", json!({ "ring_seconds": 1 }), &[]);
    assert_eq!(ended.disposition, "no_answer", "{ended:?}");
}

#[test]
fn cancelled_while_it_rings() {
    let trunk = Sipp::answer("no_answer", &[]);
    let mut plugin = Plugin::start(json!({ "trunk": trunk.address() }));
    let ended =
        plugin.call_with(json!({ "id": "x" }), |_, phase| (phase == "ringing").then(|| "x".to_owned()));
    assert_eq!(ended.disposition, "cancelled", "{ended:?}");
    trunk.finish();
    plugin.finish(&[]);
}

#[test]
fn cancelled_while_it_talks() {
    let trunk = Sipp::answer("silent", &[]);
    let mut plugin = Plugin::start(json!({ "trunk": trunk.address() }));
    let ended =
        plugin.call_with(json!({ "id": "x" }), |_, phase| (phase == "prompting").then(|| "x".to_owned()));
    assert_eq!(ended.disposition, "cancelled", "{ended:?}");
    trunk.finish();
    plugin.finish(&[]);
}

#[test]
fn the_daemon_leaves_and_the_call_ends() {
    let trunk = Sipp::answer("silent", &[]);
    let mut plugin = Plugin::start(json!({ "trunk": trunk.address() }));
    let ended = plugin.call_with(json!({}), |plugin, phase| {
        if phase == "prompting" {
            plugin.ask_shutdown();
        }
        None
    });
    assert_eq!(ended.disposition, "cancelled", "{ended:?}");
    trunk.finish();
    plugin.wait(&[]);
}

#[test]
fn the_deadline_of_the_daemon_holds() {
    let trunk = Sipp::answer("no_answer", &[]);
    let mut plugin = Plugin::start(json!({ "trunk": trunk.address() }));
    let ended = plugin.call_with(json!({ "deadline_ms": 4000 }), |_, _| None);
    assert_eq!(ended.disposition, "no_answer", "{ended:?}");
    trunk.finish();
    plugin.finish(&[]);
}

#[test]
fn the_longest_duration_of_a_call() {
    let (ended, _) = call("silent", json!({ "first_key_seconds": 60, "max_call_seconds": 10 }), &[]);
    assert_eq!(ended.disposition, "max_duration", "{ended:?}");
}

#[test]
fn audio_that_stops() {
    let settings = json!({ "first_key_seconds": 60, "next_key_seconds": 60, "silence_seconds": 5 });
    let (ended, _) = call("keys", settings, &[("keys", "40")]);
    assert_eq!(ended.disposition, "hung_up", "{ended:?}");
    assert!(ended.detail.contains("silence_seconds"), "{}", ended.detail);
}

#[test]
fn a_trunk_that_does_not_answer() {
    let hole = BlackHole::open();
    let mut plugin = Plugin::start(json!({ "trunk": hole.address().to_string(), "trying_seconds": 1 }));
    let ended = plugin.call();
    assert_eq!(ended.disposition, "unreachable", "{ended:?}");
    assert!(ended.detail.contains("did not answer at all; no provisional"), "{}", ended.detail);
    assert!(hole.packets() > 0);
    plugin.finish(&[]);
}

#[test]
fn a_trunk_without_an_address() {
    let mut plugin = Plugin::start(json!({ "trunk": "trunk.invalid", "bind": "127.0.0.1" }));
    let ended = plugin.call();
    assert_eq!(ended.disposition, "unreachable", "{ended:?}");
    assert!(ended.detail.contains("looked up"), "{}", ended.detail);
    plugin.finish(&[]);
    let error = Plugin::try_start(json!({ "trunk": "trunk.invalid" })).err().unwrap();
    assert!(error.to_string().contains("bind"), "{error}");
}

#[test]
fn hung_up_by_the_person() {
    let (ended, _) = call("hang_up", json!({}), &[]);
    assert_eq!(ended.disposition, "hung_up", "{ended:?}");
}

#[test]
fn early_media_is_no_answer() {
    let ended = keys("early_media", &[("keys", CODE)]);
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    assert_eq!(ended.phases, ["calling", "ringing", "answered", "prompting"]);
}

#[test]
fn no_common_codec() {
    let (ended, _) = call("opus_only", json!({}), &[]);
    assert_eq!(ended.disposition, "media_negotiation", "{ended:?}");
    assert!(ended.detail.contains("no common codec"), "{}", ended.detail);
}

#[test]
fn no_telephone_events() {
    let (ended, _) = call("no_events", json!({ "first_key_seconds": 1 }), &[]);
    assert_eq!(ended.disposition, "dtmf_unsupported", "{ended:?}");
}

#[test]
fn keys_as_sip_info() {
    let names = ["a", "b", "c", "d", "e", "f"];
    let digits: Vec<String> = CODE.chars().map(String::from).collect();
    let variables: Vec<_> = names.into_iter().zip(digits.iter().map(String::as_str)).collect();
    let ended = keys("info", &variables);
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    assert!(ended.detail.contains("keys by INFO"), "{}", ended.detail);
}

#[test]
fn hold_refresh_and_transfer() {
    let ended = keys("reinvite", &[("keys", CODE)]);
    assert_eq!(ended.disposition, "entered", "{ended:?}");
}

fn challenged(parameters: &str, password: &str) -> Ended {
    let words = [("keys", CODE), ("parameters", parameters), ("username", USERNAME), ("password", password)];
    call("digest_401", json!({}), &words).0
}

#[test]
fn credentials() {
    for parameters in ["", ", algorithm=MD5", ", qop=\"auth\"", ", algorithm=MD5, qop=\"auth,auth-int\""] {
        let ended = challenged(parameters, PASSWORD);
        assert_eq!(ended.disposition, "entered", "{parameters}: {ended:?}");
    }
}

#[test]
fn a_wrong_password() {
    let ended = challenged(", qop=\"auth\"", "another");
    assert_eq!(ended.disposition, "trunk_auth", "{ended:?}");
    assert!(ended.detail.contains("refused username and password"), "{}", ended.detail);
}

#[test]
fn no_password_at_all() {
    let words = [("status", "407 Proxy Authentication Required"), ("extra", "X-Nothing: x")];
    let (ended, _) = call("refuse", json!({ "username": null, "password_file": null }), &words);
    assert_eq!(ended.disposition, "trunk_auth", "{ended:?}");
    assert!(ended.detail.contains("set username and password_file"), "{}", ended.detail);
}

#[test]
fn a_challenge_that_cannot_be_answered() {
    let challenge = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA-512-256";
    let words = [("status", "401 Unauthorized"), ("extra", challenge)];
    let (ended, _) = call("refuse", json!({}), &words);
    assert_eq!(ended.disposition, "trunk_auth", "{ended:?}");
    assert!(ended.detail.contains("not supported"), "{}", ended.detail);
}

#[test]
fn a_sha_256_challenge_among_others() {
    let (ended, log) = call("digest_407", json!({}), &[("keys", CODE)]);
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    let value = |name: &str| {
        let (_, rest) = log.split_once(&format!("{name}=")).unwrap_or_else(|| panic!("no {name} in {log}"));
        rest.split([',', '\n', '\r']).next().unwrap().trim().trim_matches('"').to_owned()
    };
    assert_eq!(
        (value("algorithm"), value("realm"), value("qop")),
        ("SHA-256".into(), "trunk.test".into(), "auth".into())
    );
    // RFC 7616 §3.4.1, computed here by itself.
    let a1 = sha256(&format!("{USERNAME}:trunk.test:{PASSWORD}"));
    let a2 = sha256(&format!("INVITE:{}", value("uri")));
    let response = sha256(&format!("{a1}:f00dcafe:{}:{}:auth:{a2}", value("nc"), value("cnonce")));
    assert_eq!(value("response"), response, "{log}");
}

fn sha256(text: &str) -> String {
    use sha2::Digest;
    sha2::Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn nobody_can_call_the_plugin() {
    let (trunk, port) = (BlackHole::open(), free_port());
    let settings = json!({ "trunk": trunk.address().to_string(), "sip_port": port, "bind": "127.0.0.1" });
    let plugin = Plugin::start(settings);
    Sipp::call("inbound", port).finish();
    plugin.finish(&[]);
}

#[test]
fn messages_from_elsewhere_are_not_read() {
    let port = free_port();
    let plugin = Plugin::start(json!({ "trunk": "127.0.0.9:5060", "sip_port": port, "bind": "127.0.0.1" }));
    let stranger = BlackHole::open();
    stranger.send(port, "OPTIONS sip:readmit@127.0.0.1 SIP/2.0", "stranger");
    // The same from the trunk's address is answered, so the stranger's, which came before, was read by then.
    let trunk = BlackHole::open_at([127, 0, 0, 9]);
    trunk.send(port, "OPTIONS sip:readmit@127.0.0.1 SIP/2.0", "trunk");
    assert!(trunk.receive().starts_with("SIP/2.0 200"));
    assert_eq!(stranger.packets(), 0);
    plugin.finish(&[]);
}

#[test]
fn numbers_that_are_not_called() {
    let hole = BlackHole::open();
    let mut plugin = Plugin::start(json!({ "trunk": hole.address().to_string() }));
    for (number, disposition, detail) in [
        ("+4915112345678", "blocked", "regions"),
        ("+19005550123", "blocked", "blocked_prefixes"),
        ("14155550123", "invalid_number", "E.164"),
        ("+1415555O123", "invalid_number", "E.164"),
    ] {
        let ended = plugin.call_with(json!({ "to": number }), |_, _| None);
        assert_eq!(ended.disposition, disposition, "{number}");
        assert!(ended.detail.contains(detail), "{number}: {}", ended.detail);
        assert!(ended.phases.is_empty() && ended.provider_id.is_none());
    }
    for changes in [
        json!({ "digits": 3 }),
        json!({ "digits": 13 }),
        json!({ "tries": 0 }),
        json!({ "tries": 11 }),
        json!({ "deadline_ms": 3000 }),
    ] {
        let ended = plugin.call_with(changes.clone(), |_, _| None);
        assert_eq!(ended.disposition, "blocked", "{changes}");
    }
    plugin.finish(&["4915112345678".to_owned(), "19005550123".to_owned(), "1415555O123".to_owned()]);
    let mut plugin = Plugin::start(json!({ "trunk": hole.address().to_string(), "regions": null }));
    let ended = plugin.call_with(json!({ "to": NUMBER }), |_, _| None);
    assert_eq!(ended.disposition, "blocked");
    assert!(ended.detail.contains("`regions` is empty"), "{}", ended.detail);
    plugin.finish(&[]);
    assert_eq!(hole.packets(), 0);
}

#[test]
fn lines_run_out() {
    let trunk = Sipp::answer("no_answer", &[]);
    let mut plugin = Plugin::start(json!({ "trunk": trunk.address(), "concurrent_calls": 1 }));
    let mut second = None;
    let first = plugin.call_with(json!({ "id": "first" }), |plugin, phase| {
        if phase != "ringing" {
            return None;
        }
        second = Some(plugin.call_with(json!({ "id": "second" }), |_, _| None));
        Some("first".to_owned())
    });
    let second = second.unwrap();
    assert_eq!(second.disposition, "provider_error", "{second:?}");
    assert!(second.detail.contains("concurrent_calls"), "{}", second.detail);
    assert_eq!(first.disposition, "cancelled");
    trunk.finish();
    plugin.finish(&[]);
}

#[test]
fn settings_that_are_wrong_are_told() {
    for (settings, key) in [
        (json!({}), "trunk"),
        (json!({ "trunk": "127.0.0.1", "regions": ["49"] }), "regions"),
        (json!({ "trunk": "127.0.0.1", "colour": 1 }), "colour"),
        (json!({ "trunk": "127.0.0.1", "ring_seconds": 0 }), "ring_seconds"),
    ] {
        let error = Plugin::try_start(settings).err().unwrap();
        assert!(error.to_string().contains(key), "{error}");
    }
}
