//! Session timers (RFC 4028), and odd, early and hostile messages of a trunk, by sipp where it can.

use serde_json::{Value, json};

use super::kit::{BlackHole, CODE, Ended, PASSWORD, Plugin, Sipp, USERNAME, copied};

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

/// Requests within the call go to the trunk anyway, and the call is ended there.
#[test]
fn an_answer_without_a_contact_is_one_of_the_trunk() {
    let ended = call("no_contact", json!({}), &[("keys", CODE)]);
    assert_eq!(ended.disposition, "entered", "{ended:?}");
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

/// A plugin that is to end while its INVITE has no answer may not cancel it yet (RFC 3261 §9.1); it stays until it may.
#[test]
fn a_call_that_nobody_answered_yet_is_cancelled_before_the_end() {
    let peer = BlackHole::open();
    let mut plugin = Plugin::start(json!({ "trunk": peer.address().to_string() }));
    plugin.start_call(json!({}));
    let (invite, us) = peer.receive_first("INVITE");
    let headers = copied(&invite, &["Via", "From", "To", "Call-ID", "CSeq"]);
    plugin.ask_shutdown();
    peer.send_to(us, &format!("SIP/2.0 100 Trying\r\n{headers}Content-Length: 0\r\n\r\n"));
    let (cancel, _) = peer.receive_first("CANCEL");
    let headers = copied(&cancel, &["Via", "From", "To", "Call-ID", "CSeq"]);
    peer.send_to(us, &format!("SIP/2.0 200 OK\r\n{headers}Content-Length: 0\r\n\r\n"));
    plugin.wait(&[]);
}

/// What the peer wants before our ACK is there has to wait for the stack to tell us of the answer; before its answer
/// there is no call to change (RFC 3311 §5.2). sipp waits for the ACK, so the peer is a double.
#[test]
fn a_peer_that_does_not_wait() {
    let peer = BlackHole::open();
    let mut plugin = Plugin::start(json!({ "trunk": peer.address().to_string() }));
    let call = plugin.start_call(json!({}));
    let (invite, us) = peer.receive_first("INVITE");
    let at = peer.address();
    let sdp = format!(
        "v=0\r\no=- 1 1 IN IP4 {ip}\r\ns=-\r\nc=IN IP4 {ip}\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 96\r\n\
         a=rtpmap:96 telephone-event/8000\r\n",
        ip = at.ip(),
        port = at.port() + 2
    );
    let carries = |body: &str| {
        let length = body.len();
        format!(
            "Contact: <sip:peer@{at}>\r\nContent-Type: application/sdp\r\nContent-Length: {length}\r\n\r\n{body}"
        )
    };
    let answers = |status: &str, body: &str| {
        let (before, after) = (copied(&invite, &["Via", "From"]), copied(&invite, &["Call-ID", "CSeq"]));
        let to = copied(&invite, &["To"]);
        format!("SIP/2.0 {status}\r\n{before}{};tag=peer\r\n{after}{}", to.trim_end(), carries(body))
    };
    let asks = |method: &str, number: u32, body: &str| {
        let value = |name: &str| copied(&invite, &[name]).split_once(':').unwrap().1.trim().to_owned();
        let (from, to, call) = (value("To"), value("From"), value("Call-ID"));
        format!(
            "{method} sip:{us} SIP/2.0\r\nVia: SIP/2.0/UDP {at};branch=z9hG4bK{number}\r\nFrom: {from};tag=peer\r\n\
             To: {to}\r\nCall-ID: {call}\r\nCSeq: {number} {method}\r\nMax-Forwards: 70\r\n{}",
            carries(body)
        )
    };
    // What is answered next, and how.
    let answered = || {
        let (response, _) = peer.receive_first("SIP/2.0 ");
        let status = response.lines().next().unwrap();
        format!("{} {status}", copied(&response, &["CSeq"]).trim_end())
    };
    peer.send_to(us, &answers("180 Ringing", ""));
    peer.send_to(us, &asks("UPDATE", 1, ""));
    assert_eq!(answered(), "CSeq: 1 UPDATE SIP/2.0 491 Request Pending");
    peer.send_to(us, &answers("200 OK", &sdp));
    // Several, so that some arrive in each moment of the answer's way through the stack.
    let updates = 2..14;
    for number in updates.clone() {
        peer.send_to(us, &asks("UPDATE", number, &sdp));
    }
    let mut expected: Vec<_> =
        updates.map(|number| format!("CSeq: {number} UPDATE SIP/2.0 200 OK")).collect();
    while !expected.is_empty() {
        let answer = answered();
        let place = expected.iter().position(|expected| *expected == answer);
        expected.remove(place.unwrap_or_else(|| panic!("{answer}, and not one of {expected:?}")));
    }
    peer.send_to(us, &asks("BYE", 14, ""));
    assert_eq!(answered(), "CSeq: 14 BYE SIP/2.0 200 OK");
    let ended = plugin.until(|message| message["id"] == call && message.get("method").is_none());
    assert_eq!(ended["result"]["disposition"], "hung_up", "{ended}");
    plugin.finish(&[]);
}
