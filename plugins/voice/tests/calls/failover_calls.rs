//! Several trunks: when the next is tried, when it must not be, and who is tried first.

use serde_json::{Value, json};

use super::kit::{BlackHole, CODE, Plugin, Sipp, free_port};

fn refusing(status: &str) -> Sipp {
    Sipp::answer("refuse", &[("status", status), ("extra", "X-Nothing: x")])
}

fn with(first: Value, second: &str) -> Plugin {
    Plugin::start(json!({ "trunks": [first, { "trunk": second }], "trying_seconds": 4 }))
}

#[test]
fn the_next_trunk_takes_a_call_that_the_first_did_not() {
    let closed = format!("127.0.0.1:{};transport=tcp", free_port());
    let silent = BlackHole::open();
    let challenge = "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=MD5-sess";
    let cases: [(Option<Sipp>, String, &str); 5] = [
        (None, closed, "refused the connection"),
        (None, "trunk.invalid;transport=tcp".to_owned(), "cannot be looked up"),
        (None, silent.address().to_string(), "did not answer at all"),
        (Some(refusing("503 Service Unavailable")), String::new(), "503 Service Unavailable"),
        (
            Some(Sipp::answer("refuse", &[("status", "401 Unauthorized"), ("extra", challenge)])),
            String::new(),
            "its algorithm is one of the -sess ones",
        ),
    ];
    for (first, address, why) in cases {
        let second = Sipp::answer("keys", &[("keys", CODE)]);
        let address = first.as_ref().map_or(address, Sipp::address);
        let mut plugin = with(json!({ "trunk": address }), &second.address());
        let ended = plugin.call();
        assert_eq!(ended.disposition, "entered", "{why}: {ended:?}");
        assert!(
            ended.detail.contains(&format!("trunk {}; before that: ", second.address())),
            "{}",
            ended.detail
        );
        assert_eq!(ended.phases, ["calling", "ringing", "answered", "prompting"], "{why}");
        let (_, before) = ended.detail.split_once("before that: ").unwrap();
        assert!(before.contains(why), "{why}: {}", ended.detail);
        first.map(Sipp::finish);
        second.finish();
        plugin.finish(&ended.checks);
    }
}

#[test]
fn a_call_that_may_have_rung_is_never_tried_again() {
    for (scenario, status, disposition) in [
        ("refuse", "486 Busy Here", "busy"),
        ("refuse", "500 Oops", "provider_error"),
        ("refuse", "403 Forbidden", "trunk_forbidden"),
        ("refuse", "302 Moved Temporarily", "rejected"),
        ("ring_and_refuse", "503 Service Unavailable", "unreachable"),
        ("ring_and_refuse", "407 Proxy Authentication Required", "trunk_auth"),
    ] {
        let second = BlackHole::open();
        let first = Sipp::answer(scenario, &[("status", status), ("extra", "X-Nothing: x")]);
        let mut plugin = with(json!({ "trunk": first.address() }), &second.address().to_string());
        let ended = plugin.call();
        assert_eq!(ended.disposition, disposition, "{status}: {ended:?}");
        assert!(ended.detail.ends_with(&format!("trunk {}", first.address())), "{}", ended.detail);
        first.finish();
        plugin.finish(&[]);
        assert_eq!(second.packets(), 0, "{status}");
    }
}

#[test]
fn each_trunk_gets_its_own_credentials() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "the second's").unwrap();
    let words = [("keys", CODE), ("parameters", ""), ("username", "other"), ("password", "the second's")];
    let second = Sipp::answer("digest_401", &words);
    let first = refusing("503 Service Unavailable");
    let mut plugin = Plugin::start(json!({ "trunks": [
        { "trunk": first.address() },
        { "trunk": second.address(), "username": "other", "password_file": file.path() },
    ] }));
    let ended = plugin.call();
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    first.finish();
    second.finish();
    plugin.finish(&[CODE.to_owned(), "the second's".to_owned()]);
}

#[test]
fn a_trunk_that_was_not_there_is_tried_last_until_it_answers() {
    let first = BlackHole::open();
    let (one, two) = (Sipp::answer("keys", &[("keys", CODE)]), Sipp::answer("keys", &[("keys", CODE)]));
    let mut plugin = Plugin::start(json!({ "trying_seconds": 4, "trunks": [
        { "trunk": first.address().to_string(), "options_seconds": 1 },
        { "trunk": one.address() },
        { "trunk": two.address() },
    ] }));
    let ended = plugin.call();
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    one.finish();
    // Not the first, of which it is known, but the second, where nobody is any more; and then the third.
    let ended = plugin.call();
    assert!(!ended.detail.contains(&first.address().to_string()), "{}", ended.detail);
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    two.finish();
    // OPTIONS come all the time; once one is answered, the first is the first again.
    first.answer_options();
    loop {
        let ended = plugin.call();
        assert_eq!(ended.disposition, "unreachable", "{ended:?}");
        let (_, last) = ended.detail.rsplit_once("before that: ").unwrap();
        if last.contains(&first.address().to_string()) {
            break;
        }
        first.answer_options();
    }
    plugin.finish(&[CODE.to_owned()]);
}

#[test]
fn a_probe_tells_of_every_trunk() {
    let (here, silent) = (super::kit::Kamailio::start(1, &[]), BlackHole::open());
    let mut plugin = Plugin::start(json!({ "trunks": [
        { "trunk": here.udp() }, { "trunk": here.tcp() }, { "trunk": silent.address().to_string() },
    ] }));
    let steps = plugin.probe();
    let seen: Vec<_> = steps.iter().map(|step| (step.name.as_str(), step.ok)).collect();
    assert_eq!(
        seen,
        [
            ("dns", true),
            ("options", true),
            ("dns", true),
            ("connect", true),
            ("options", true),
            ("dns", true),
            ("options", false),
        ],
        "{steps:?}"
    );
    assert!(steps[6].detail.contains("does not answer OPTIONS within 5 s"), "{steps:?}");
    plugin.finish(&[]);
}
