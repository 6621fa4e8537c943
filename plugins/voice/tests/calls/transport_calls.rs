//! Calls over TCP and TLS: to sipp, to a softphone, and through kamailio; and what is said when there is no connection.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::{Value, json};

use super::kit::{
    BlackHole, CODE, Certificates, Handshake, Kamailio, NUMBER, PATIENCE, Plugin, Sipp, Softphone, free_port,
};

/// The settings of a trunk whose certificate is from this authority.
fn trusting(certificates: &Certificates, trunk: &str) -> Value {
    json!({ "trunk": trunk, "ca_file": certificates.path("ca.pem") })
}

#[test]
fn over_tcp_one_connection_serves_calls_until_it_is_gone() {
    let trunk = Sipp::answer_over_tcp("keys", &[("keys", CODE)]);
    let address = trunk.address();
    let mut plugin = Plugin::start(json!({ "trunk": address }));
    let ended = plugin.call();
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    assert!(
        ended.detail.contains(&format!("trunk {}", address.replace(";transport=tcp", " over TCP"))),
        "{ended:?}"
    );
    // With sipp its connection is gone too, and nothing listens any more.
    trunk.finish();
    let ended = plugin.call();
    assert_eq!(ended.disposition, "unreachable", "{ended:?}");
    assert!(ended.detail.contains("refused the connection"), "{ended:?}");
    // The next call opens a new one.
    let trunk = Sipp::answer_over_tcp_at(&address, "keys", &[("keys", CODE)]);
    let ended = plugin.call();
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    trunk.finish();
    plugin.finish(&[CODE.to_owned()]);
}

#[test]
fn the_trunk_uses_the_connection_that_we_opened() {
    for (scenario, disposition) in
        [("hang_up", "hung_up"), ("no_answer", "no_answer"), ("reinvite", "entered")]
    {
        let words: &[_] = if scenario == "reinvite" { &[("keys", CODE)] } else { &[] };
        let trunk = Sipp::answer_over_tcp(scenario, words);
        let mut plugin = Plugin::start(json!({ "trunk": trunk.address(), "ring_seconds": 1 }));
        let ended = plugin.call();
        trunk.finish();
        assert_eq!(ended.disposition, disposition, "{scenario}: {ended:?}");
        plugin.finish(&ended.checks);
    }
}

#[test]
fn nobody_can_call_the_plugin_over_tcp() {
    let port = free_port();
    let settings = json!({ "trunk": "127.0.0.1:5060;transport=tcp", "sip_port": port });
    let plugin = Plugin::start(settings);
    Sipp::call_over_tcp("inbound", port).finish();
    plugin.finish(&[]);
}

#[test]
fn a_softphone_over_tls_hangs_up_and_is_heard() {
    let certificates = Certificates::make();
    let (certificate, key) = (certificates.path("server.pem"), certificates.path("server.key"));
    for (mode, disposition) in [("hangup", "hung_up"), ("answer", "entered")] {
        let phone = Softphone::start(&[
            "--transport",
            "tls",
            "--certificate",
            &certificate,
            "--key",
            &key,
            "--mode",
            mode,
            "--digits",
            CODE,
        ]);
        let trunk = format!("localhost:{};transport=tls", phone.port());
        let mut plugin = Plugin::start(trusting(&certificates, &trunk));
        let ended = plugin.call();
        assert_eq!(ended.disposition, disposition, "{ended:?}");
        plugin.finish(&ended.checks);
        phone.finish();
    }
}

/// The proxy finds our connection by the Contact, or opens its own to the port where we listen.
#[test]
fn through_a_proxy_over_tls_the_hang_up_arrives_with_and_without_a_listener() {
    let certificates = Certificates::make();
    certificates.issue("client", "DNS:client.test");
    fs::set_permissions(certificates.path("client.key"), Permissions::from_mode(0o600)).unwrap();
    for listens in [false, true] {
        let phone = Sipp::answer("hang_up", &[]);
        let mut trunk = Kamailio::start_as("127.0.0.1", phone.port(), "SHA-256", &certificates, &[]);
        let mut settings = trusting(&certificates, &trunk.tls());
        if listens {
            settings["sip_port"] = free_port().into();
            settings["certificate_file"] = certificates.path("client.pem").into();
            settings["key_file"] = certificates.path("client.key").into();
        }
        let mut plugin = Plugin::start(settings);
        let ended = plugin.call();
        assert_eq!(ended.disposition, "hung_up", "{listens}: {ended:?}");
        trunk.saw("INVITE over tls to sip");
        trunk.saw("BYE within the call over udp");
        phone.finish();
        plugin.finish(&[]);
    }
}

#[test]
fn sips_is_tls_all_the_way() {
    let certificates = Certificates::make();
    let phone = Sipp::answer("keys", &[("keys", CODE)]);
    let mut trunk = Kamailio::start_as("127.0.0.1", phone.port(), "MD5", &certificates, &[]);
    let mut plugin = Plugin::start(trusting(&certificates, &trunk.sips()));
    let ended = plugin.call();
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    trunk.saw("INVITE over tls to sips");
    phone.finish();
    plugin.finish(&ended.checks);
}

#[test]
fn a_trunk_that_wants_our_certificate() {
    let certificates = Certificates::make();
    certificates.issue("client", "DNS:client.test");
    fs::set_permissions(certificates.path("client.key"), Permissions::from_mode(0o600)).unwrap();
    let phone = Sipp::answer("keys", &[("keys", CODE)]);
    let defined = ["CLIENT_CERTIFICATE"];
    let trunk = Kamailio::start_as("127.0.0.1", phone.port(), "MD5", &certificates, &defined);
    let mut settings = trusting(&certificates, &trunk.tls());
    let mut plugin = Plugin::start(settings.clone());
    let ended = plugin.call();
    assert_eq!(ended.disposition, "unreachable", "{ended:?}");
    assert!(ended.detail.contains("closed the connection"), "{ended:?}");
    plugin.finish(&[]);
    settings["certificate_file"] = certificates.path("client.pem").into();
    settings["key_file"] = certificates.path("client.key").into();
    let mut plugin = Plugin::start(settings);
    let ended = plugin.call();
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    phone.finish();
    plugin.finish(&ended.checks);
}

/// The stack keeps to itself why a connection fails and would let each of these run into the time-out.
#[test]
fn a_connection_that_fails_says_why_at_once() {
    let (certificates, others) = (Certificates::make(), Certificates::make());
    certificates.issue("other", "DNS:other.test");
    certificates.issue_expired("expired", "DNS:localhost");
    let plain = TcpListener::bind("127.0.0.1:0").unwrap();
    let plain_port = plain.local_addr().unwrap().port();
    std::thread::spawn(move || {
        // Somebody who greets in plain text, like a mail server.
        plain.incoming().flatten().for_each(|mut peer| drop(peer.write_all(b"220 hello\r\n")));
    });
    let shown = |file| Handshake::with(&certificates, file);
    let servers = [shown("server"), shown("other"), shown("expired")];
    let at = |port: u16| format!("sips:localhost:{port}");
    let closed = free_port();
    for (trunk, authority, step, words) in [
        (servers[0].address(), &others, "tls", "authority that is not in ca_file"),
        (servers[1].address(), &certificates, "tls", "not for localhost but for other.test"),
        (servers[2].address(), &certificates, "tls", "has expired"),
        (at(plain_port), &certificates, "tls", "does not speak TLS"),
        (at(closed), &certificates, "connect", "refused the connection"),
        (format!("127.0.0.1:{closed};transport=tls"), &certificates, "connect", "refused the connection"),
        ("sips:trunk.invalid".to_owned(), &certificates, "dns", "cannot be looked up"),
    ] {
        let mut plugin = Plugin::start(trusting(authority, &trunk));
        let ended = plugin.call();
        assert_eq!(ended.disposition, "unreachable", "{trunk}: {ended:?}");
        assert!(ended.detail.contains(words) && ended.phases.is_empty(), "{trunk}: {}", ended.detail);
        let steps = plugin.probe();
        let last = steps.last().unwrap();
        assert!(last.name == step && !last.ok && last.detail.contains(words), "{trunk}: {steps:?}");
        plugin.finish(&[NUMBER.to_owned()]);
    }
}

/// A request from outside any call, as it goes over a connection.
fn request(method: &str, port: u16) -> String {
    format!(
        "{method} sip:readmit@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:{port};branch=z9hG4bK{method}\r\n\
         From: <sip:x@127.0.0.1>;tag=x\r\nTo: <sip:readmit@127.0.0.1>\r\nCall-ID: {method}\r\n\
         CSeq: 1 {method}\r\nMax-Forwards: 70\r\nRefer-To: <sip:+19005550100@127.0.0.1>\r\n\
         Content-Length: 0\r\n\r\n"
    )
}

/// The first line of an answer; empty if the connection was closed instead.
fn answer(stream: TcpStream) -> String {
    let mut line = String::new();
    drop(BufReader::new(stream).read_line(&mut line));
    line
}

/// Sends it to a port of the loopback, from there.
fn ask(port: u16, text: &str) -> String {
    // The stack opens the port just after the plugin has said that it is ready.
    let started = Instant::now();
    let mut stream = loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => break stream,
            Err(error) => assert!(started.elapsed() < PATIENCE, "{error}"),
        }
    };
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // What is not read to its end may be refused in the middle.
    drop(stream.write_all(text.as_bytes()));
    answer(stream)
}

fn listening(trunk: &str) -> (Plugin, u16) {
    let port = free_port();
    let settings =
        json!({ "trunk": format!("{trunk};transport=tcp"), "sip_port": port, "bind": "127.0.0.1" });
    (Plugin::start(settings), port)
}

#[test]
fn requests_over_a_connection_to_us_are_refused_and_junk_does_no_harm() {
    let (plugin, port) = listening("127.0.0.1");
    for (method, status) in [
        ("OPTIONS", "200"),
        ("INVITE", "405"),
        ("REFER", "405"),
        ("NOTIFY", "405"),
        ("BYE", "405"),
        ("MESSAGE", "405"),
    ] {
        let line = ask(port, &request(method, port));
        assert!(line.starts_with(&format!("SIP/2.0 {status}")), "{method}: {line}");
    }
    let unknown = request("BYE", port)
        .replace("z9hG4bK", "z9hG4bKx")
        .replace("To: <sip:readmit@127.0.0.1>", "To: <sip:readmit@127.0.0.1>;tag=y");
    assert!(ask(port, &unknown).starts_with("SIP/2.0 481"));
    for junk in [
        "OPTIONS sip:x SIP/2.0\r\nContent-Length: -1\r\n\r\n".to_owned(),
        "OPTIONS sip:x SIP/2.0\r\nContent-Length: 99999999\r\n\r\n".to_owned() + &"x".repeat(200_000),
        "x".repeat(200_000),
    ] {
        assert_eq!(ask(port, &junk), "");
    }
    let line = ask(port, &request("OPTIONS", port));
    assert!(line.starts_with("SIP/2.0 200"), "the plugin is as it was: {line}");
    plugin.finish(&[]);
}

#[test]
fn a_connection_from_elsewhere_is_closed_unread() {
    let (plugin, port) = listening("127.0.0.9");
    assert_eq!(ask(port, &request("OPTIONS", port)), "");
    plugin.finish(&[]);
}

/// OpenSSL's client calls us where we listen for the trunk.
#[test]
fn nobody_can_call_the_plugin_over_tls() {
    let certificates = Certificates::make();
    certificates.issue("client", "DNS:client.test");
    let key = certificates.path("client.key");
    fs::set_permissions(&key, Permissions::from_mode(0o600)).unwrap();
    let port = free_port();
    let mut settings = trusting(&certificates, "127.0.0.1:5061;transport=tls");
    settings["sip_port"] = port.into();
    settings["certificate_file"] = certificates.path("client.pem").into();
    settings["key_file"] = key.into();
    let plugin = Plugin::start(settings);
    let mut client = Command::new("openssl")
        .args(["s_client", "-quiet", "-verify_quiet", "-verify_return_error"])
        .args(["-CAfile", &certificates.path("ca.pem"), "-verify_hostname", "client.test"])
        .args(["-connect", &format!("127.0.0.1:{port}")])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    client.stdin.as_mut().unwrap().write_all(request("INVITE", port).as_bytes()).unwrap();
    let mut line = String::new();
    BufReader::new(client.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("SIP/2.0 405"), "{line}");
    drop(client.kill());
    drop(client.wait());
    plugin.finish(&[]);
}

/// Every call here is challenged, and its keys come as SIP INFO, which the stack would log with all else. What was
/// written is searched when the plugin ends, here as in every other test.
#[test]
fn no_number_digit_or_credential_is_logged_over_any_transport() {
    let certificates = Certificates::make();
    let words: Vec<(String, String)> = "abcdef"
        .chars()
        .zip(CODE.chars())
        .map(|(name, digit)| (name.to_string(), digit.to_string()))
        .collect();
    let words: Vec<_> = words.iter().map(|(name, digit)| (name.as_str(), digit.as_str())).collect();
    for over in ["udp", "tcp", "tls"] {
        let phone = Sipp::answer("info", &words);
        let trunk = Kamailio::start_as("127.0.0.1", phone.port(), "SHA-256", &certificates, &[]);
        let settings = match over {
            "udp" => json!({ "trunk": trunk.udp() }),
            "tcp" => json!({ "trunk": trunk.tcp(), "register_seconds": 60 }),
            _ => trusting(&certificates, &trunk.tls()),
        };
        // All other tests ask by the other variable.
        let mut plugin = Plugin::try_start_logging_by("READMIT_LOG", settings).unwrap();
        let ended = plugin.call();
        assert_eq!(ended.disposition, "entered", "{over}: {ended:?}");
        assert!(ended.detail.contains("keys by INFO"), "{over}: {ended:?}");
        phone.finish();
        plugin.finish(&ended.checks);
    }
}

#[test]
fn a_port_that_is_taken_is_told_at_the_start() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let settings = json!({ "trunk": "127.0.0.1:5060;transport=tcp", "sip_port": port });
    let error = Plugin::try_start(settings).err().unwrap().to_string();
    assert!(error.contains("sip_port") && error.contains("in use"), "{error}");
    let hole = BlackHole::open();
    let settings = json!({ "trunk": "127.0.0.1:5060", "sip_port": hole.address().port() });
    let error = Plugin::try_start(settings).err().unwrap().to_string();
    assert!(error.contains("sip_port") && error.contains("in use"), "{error}");
}
