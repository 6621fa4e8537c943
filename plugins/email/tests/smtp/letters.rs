//! What arrives, and what the daemon is told when it does not.

use std::net::TcpListener;

use serde_json::json;

use crate::peers::{BRIEF, Plugin, Server, plain_settings, test_letter, verification};

#[test]
fn a_letter_arrives_whole_and_harmless() {
    let server = Server::start(&json!({}));
    let mut plugin = Plugin::for_server(&server);
    let ended = plugin.deliver(verification("case-1"));
    assert_eq!(ended.disposition, "sent");
    assert_eq!(ended.provider_id.as_deref(), Some("<case-1@example.org>"));
    assert_eq!(ended.detail.as_deref(), Some("250 2.0.0 queued as 4711"));
    let message = server.wait_for("message");
    assert_eq!(message["sender"], "no-reply@example.org");
    assert_eq!(message["recipients"], json!(["ada@customer.test"]));
    assert_eq!(message["hello"], "plugin.test");
    assert_eq!(message["type"], "multipart/alternative");
    assert_eq!(message["defects"], json!([]), "Python's strict parser has nothing to say");
    let headers = &message["headers"];
    assert_eq!(headers["From"], "Example Recovery <no-reply@example.org>");
    assert_eq!(headers["To"], "ada@customer.test");
    assert_eq!(headers["Message-ID"], "<case-1@example.org>");
    assert_eq!(headers["Auto-Submitted"], "auto-generated");
    assert_eq!(headers["Content-Language"], "de");
    assert!(headers["Subject"].as_str().unwrap().starts_with("Example & Söhne: "), "{headers}");
    assert!(headers["Date"].is_string() && headers["Bcc"].is_null(), "{headers}");
    let parts = message["parts"].as_array().unwrap();
    assert_eq!((&parts[0][0], &parts[1][0]), (&json!("text/plain"), &json!("text/html")));
    for (part, client) in
        parts.iter().zip(["Firefox <b>  Bcc: eve@evil.test", "Firefox &lt;b&gt;  Bcc: eve@evil.test"])
    {
        let text = part[1].as_str().unwrap();
        for wanted in [
            "508688",
            "https://recover.example.org/link/link-token-1",
            "https://recover.example.org/veto/veto-token-1",
            client,
        ] {
            assert!(text.contains(wanted), "no {wanted} in {text}");
        }
    }
}

#[test]
fn every_purpose_in_every_language_is_understood_by_another_parser() {
    let server = Server::start(&json!({}));
    let mut plugin = Plugin::for_server(&server);
    let long = "ä, a long line that no server would take as it is. ".repeat(60);
    let fields = [
        ("verification", json!({ "code": "508688", "minutes": "15" })),
        ("notice", json!({ "event": "held", "hold_until": "2026-01-31T14:00:00Z", "veto_token": "v" })),
        (
            "contact",
            json!({ "account": "jörg", "code": "508688", "until": "2026-01-31T14:00:00Z", "veto_token": "v" }),
        ),
        ("ticket", json!({ "ticket": "T-1", "problem": "lost", "history": format!(".\n..\n{long}\n.") })),
        ("enrolled", json!({ "label": "Schlüssel", "veto_token": "v" })),
        ("pass", json!({ "code": "ABCD-EFGH", "minutes": "30" })),
        ("test", json!({})),
    ];
    for locale in ["en", "de", "fr-CH"] {
        for (purpose, fields) in &fields {
            let mut letter = test_letter(&format!("{purpose}-{locale}"), 60_000);
            letter["purpose"] = json!(purpose);
            letter["locale"] = json!(locale);
            letter["fields"] = fields.clone();
            assert_eq!(plugin.deliver(letter).disposition, "sent", "{purpose} {locale}");
            let message = server.wait_for("message");
            assert_eq!(message["defects"], json!([]), "{purpose} {locale}");
            assert_eq!(message["headers"]["Content-Language"], locale[..2]);
            if *purpose == "ticket" {
                let text = message["parts"][0][1].as_str().unwrap().replace("\r\n", "\n");
                assert!(
                    text.contains(&format!("\n.\n..\n{}\n.\n", long.trim_end())),
                    "dots and long lines survive: {text}"
                );
            }
        }
    }
}

#[test]
fn the_same_id_is_sent_once_by_a_process_and_has_the_same_message_id_after_a_restart() {
    let server = Server::start(&json!({}));
    let mut plugin = Plugin::for_server(&server);
    let first = plugin.deliver(test_letter("same", 60_000));
    assert_eq!(plugin.deliver(test_letter("same", 60_000)), first);
    plugin.end();
    let messages =
        |server: &Server| server.happened().into_iter().filter(|event| event["event"] == "message").count();
    assert_eq!(messages(&server), 1);
    let mut restarted = Plugin::for_server(&server);
    assert_eq!(restarted.deliver(test_letter("same", 60_000)).provider_id, first.provider_id);
    assert_eq!(server.wait_for("message")["headers"]["Message-ID"], "<same@example.org>");
}

#[test]
fn a_server_that_says_later_is_asked_again() {
    for command in ["MAIL", "RCPT", "DATA"] {
        let server = Server::start(&json!({ "replies": { command: ["451 4.7.1 greylisted, come back"] } }));
        let mut plugin = Plugin::for_server(&server);
        assert_eq!(plugin.deliver(test_letter("a", 60_000)).disposition, "sent", "{command}");
        let connections = server.happened().iter().filter(|event| event["event"] == "connected").count();
        assert_eq!(connections, 1, "{command}: a polite refusal does not cost the connection");
    }
}

#[test]
fn a_server_that_always_says_later_is_unreachable_in_its_own_words() {
    let server = Server::start(
        &json!({ "replies": { "RCPT": vec!["450 4.2.1 mailbox of <ADA@customer.test> busy"; 20] } }),
    );
    let mut plugin = Plugin::for_server(&server);
    let ended = plugin.deliver(test_letter("a", BRIEF));
    assert_eq!(ended.disposition, "unreachable");
    assert_eq!(ended.detail.as_deref(), Some("naming the recipient: 450 4.2.1 mailbox of <[address]> busy"));
    let again = plugin.deliver(test_letter("a", BRIEF));
    assert_eq!(again.disposition, "unreachable", "the same id may be tried again, because nothing was sent");
}

#[test]
fn a_refusal_is_final_and_told_in_the_servers_words() {
    for (command, reply, detail) in [
        ("MAIL", "550 5.7.1 no mail from you", "naming the sender: 550 5.7.1 no mail from you"),
        ("RCPT", "550 5.1.1 no such user", "naming the recipient: 550 5.1.1 no such user"),
        ("DATA", "554 5.6.0 looks like 508688", "sending the message: 554 5.6.0 looks like [secret]"),
    ] {
        let server = Server::start(&json!({ "replies": { command: [reply] } }));
        let mut plugin = Plugin::for_server(&server);
        let ended = plugin.deliver(verification("a"));
        assert_eq!(ended.disposition, "rejected", "{command}");
        assert_eq!(ended.detail.as_deref(), Some(detail));
        assert_eq!(
            plugin.deliver(verification("b")).disposition,
            "sent",
            "{command}: the next one is not harmed"
        );
    }
}

#[test]
fn what_cannot_be_sent_is_told_without_asking_the_server() {
    let server = Server::start(&json!({}));
    let mut plugin = Plugin::for_server(&server);
    for (key, value, disposition, detail) in [
        ("purpose", json!("advert"), "blocked", "no purpose `advert`"),
        ("channel", json!("sms"), "blocked", "only the channel `email`"),
        ("to", json!("nobody"), "invalid_address", "malformed"),
        ("to", json!("a@b.test\r\nRCPT TO:<eve@evil.test>"), "invalid_address", "malformed"),
        ("to", json!("ädä@customer.test"), "invalid_address", "outside ASCII"),
        ("fields", json!({ "code": "508688" }), "blocked", "needs the field `minutes`"),
        ("fields", json!({ "minutes": "5", "link_token": "a/../b" }), "blocked", "`link_token` is malformed"),
    ] {
        let mut letter = verification(&format!("{key}-{detail}"));
        letter[key] = value;
        let ended = plugin.deliver(letter);
        assert_eq!(ended.disposition, disposition, "{ended:?}");
        assert!(ended.detail.as_deref().unwrap().contains(detail), "{ended:?}");
    }
    assert_eq!(server.happened(), Vec::<serde_json::Value>::new(), "nobody called");
}

#[test]
fn a_server_that_is_not_there_or_says_nothing_is_unreachable_by_the_deadline() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut plugin = Plugin::start(&plain_settings(port));
    let ended = plugin.deliver(test_letter("silent", 1500));
    assert_eq!(ended.disposition, "unreachable");
    assert_eq!(ended.detail.as_deref(), Some("connecting: no answer in time"));
    drop(listener);
    let ended = plugin.deliver(test_letter("absent", BRIEF));
    assert_eq!(ended.disposition, "unreachable");
    assert!(ended.detail.as_deref().unwrap().to_lowercase().contains("connection refused"), "{ended:?}");
}

#[test]
fn a_letter_that_waits_can_be_cancelled() {
    let server = Server::start(&json!({ "replies": { "RCPT": vec!["450 4.2.1 busy"; 100] } }));
    let mut plugin = Plugin::for_server(&server);
    let delivery = plugin.send("deliver", test_letter("a", 600_000));
    server.wait_for("connected");
    plugin.ask("cancel", json!({ "id": "a" })).unwrap();
    assert_eq!(plugin.answer(delivery).unwrap()["disposition"], "cancelled");
}
