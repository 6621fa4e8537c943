//! Calls through kamailio: its digest, its Record-Route, its CANCEL matching, its registrar.

use serde_json::json;

use super::kit::{CODE, Certificates, Kamailio, PASSWORD, Plugin, Sipp, USERNAME};

#[test]
fn digest_and_record_route_over_all_transports() {
    let certificates = Certificates::make();
    for (algorithm, over) in [("MD5", "udp"), ("SHA-256", "udp"), ("SHA-256", "tcp"), ("SHA-256", "tls")] {
        let phone = Sipp::answer("keys", &[("keys", CODE)]);
        let mut trunk = Kamailio::start_as("127.0.0.1", phone.port(), algorithm, &certificates, &[]);
        let settings = match over {
            "udp" => json!({ "trunk": trunk.udp() }),
            "tcp" => json!({ "trunk": trunk.tcp() }),
            _ => json!({ "trunk": trunk.tls(), "ca_file": certificates.path("ca.pem") }),
        };
        let mut plugin = Plugin::start(settings);
        let ended = plugin.call();
        assert_eq!(ended.disposition, "entered", "{algorithm} over {over}: {ended:?}");
        trunk.saw(&format!("INVITE over {over}"));
        trunk.saw(&format!("ACK within the call over {over}"));
        trunk.saw(&format!("BYE within the call over {over}"));
        phone.finish();
        plugin.finish(&ended.checks);
    }
}

/// CANCEL has to have the number of the second INVITE, the one with credentials, and to go where that went.
#[test]
fn a_cancel_after_a_challenge_is_of_the_call_that_rings() {
    let certificates = Certificates::make();
    for over in ["udp", "tcp", "tls"] {
        let phone = Sipp::answer("no_answer", &[]);
        let mut trunk = Kamailio::start_as("127.0.0.1", phone.port(), "SHA-256", &certificates, &[]);
        let settings = match over {
            "udp" => json!({ "trunk": trunk.udp(), "ring_seconds": 1 }),
            "tcp" => json!({ "trunk": trunk.tcp(), "ring_seconds": 1 }),
            _ => json!({ "trunk": trunk.tls(), "ca_file": certificates.path("ca.pem"), "ring_seconds": 1 }),
        };
        let mut plugin = Plugin::start(settings);
        let ended = plugin.call();
        assert_eq!(ended.disposition, "no_answer", "{over}: {ended:?}");
        assert!(ended.detail.contains("last provisional 180"), "{over}: {ended:?}");
        trunk.saw("CANCEL of a known call");
        phone.finish();
        plugin.finish(&[]);
    }
}

#[test]
fn a_wrong_password_at_a_proxy() {
    let phone = Sipp::answer("keys", &[("keys", CODE)]);
    let trunk = Kamailio::start(phone.port(), &[]);
    let files = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(files.path(), "wrong").unwrap();
    let mut plugin = Plugin::start(json!({ "trunk": trunk.udp(), "password_file": files.path() }));
    let ended = plugin.call();
    assert_eq!(ended.disposition, "trunk_auth", "{ended:?}");
    assert!(ended.detail.contains("407") && ended.detail.contains("refused username"), "{ended:?}");
    plugin.finish(&[PASSWORD.to_owned()]);
}

/// The trunk itself cannot be looked up: everything goes through the proxy, CANCEL too.
#[test]
fn an_outbound_proxy() {
    for (scenario, disposition) in [("keys", "entered"), ("no_answer", "no_answer")] {
        let words: &[_] = if scenario == "keys" { &[("keys", CODE)] } else { &[] };
        let phone = Sipp::answer(scenario, words);
        let mut proxy = Kamailio::start(phone.port(), &[]);
        let settings = json!({ "trunk": "trunk.invalid", "outbound_proxy": proxy.udp(), "ring_seconds": 1, "domain": null });
        let mut plugin = Plugin::start(settings);
        let ended = plugin.call();
        assert_eq!(ended.disposition, disposition, "{ended:?}");
        proxy.saw(&format!("Route <sip:{};lr>", proxy.udp()));
        phone.finish();
        plugin.finish(&ended.checks);
    }
}

#[test]
fn a_trunk_that_wants_a_registration_gets_it_and_gets_it_back() {
    let phone = Sipp::answer("keys", &[("keys", CODE)]);
    let mut trunk = Kamailio::start(phone.port(), &["REGISTERED"]);
    // The registrar knows the address of record, which is what the call has to come from.
    let settings = json!({ "trunk": trunk.tcp(), "register_seconds": 60, "from": USERNAME });
    let mut plugin = Plugin::start(settings);
    let ended = plugin.call();
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    let steps = plugin.probe();
    assert!(steps.iter().any(|step| step.name == "login" && step.ok), "{steps:?}");
    phone.finish();
    plugin.finish(&ended.checks);
    trunk.saw("REGISTER of trunkuser for 60 s");
    trunk.saw("REGISTER of trunkuser for 0 s");
}

/// It asks for 30 s, gets 423 with 40 s, and asks for those.
#[test]
fn a_registration_that_is_too_short_is_asked_for_longer() {
    let phone = Sipp::answer("keys", &[("keys", CODE)]);
    let mut trunk = Kamailio::start(phone.port(), &[]);
    let mut plugin = Plugin::start(json!({ "trunk": trunk.udp(), "register_seconds": 30 }));
    let steps = plugin.probe();
    assert!(steps.iter().any(|step| step.name == "login" && step.detail.contains("registered")), "{steps:?}");
    trunk.saw("REGISTER of trunkuser for");
    plugin.finish(&[]);
}

#[test]
fn a_registration_with_a_wrong_password() {
    let phone = Sipp::answer("keys", &[("keys", CODE)]);
    let trunk = Kamailio::start(phone.port(), &["REGISTERED"]);
    let files = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(files.path(), "wrong").unwrap();
    let settings = json!({ "trunk": trunk.udp(), "register_seconds": 60, "password_file": files.path() });
    let mut plugin = Plugin::start(settings);
    let ended = plugin.call();
    assert_eq!(ended.disposition, "trunk_auth", "{ended:?}");
    assert!(ended.detail.contains("REGISTER"), "{ended:?}");
    let last = plugin.probe().pop().unwrap();
    assert!(last.name == "login" && !last.ok, "{last:?}");
    plugin.finish(&[PASSWORD.to_owned()]);
}

#[test]
fn over_ipv6_end_to_end() {
    let phone = Sipp::answer_over_ipv6("keys", &[("keys", CODE)]);
    let certificates = Certificates::make();
    let mut trunk = Kamailio::start_as("[::1]", phone.port(), "SHA-256", &certificates, &[]);
    for address in [trunk.udp(), trunk.tcp()] {
        let mut plugin = Plugin::start(json!({ "trunk": address, "domain": "::1" }));
        let steps = plugin.probe();
        assert!(steps.iter().all(|step| step.ok), "{steps:?}");
        if address == trunk.udp() {
            let ended = plugin.call();
            assert_eq!(ended.disposition, "entered", "{ended:?}");
            trunk.saw("INVITE over udp");
        }
        plugin.finish(&[]);
    }
    phone.finish();
}
