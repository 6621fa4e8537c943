//! Connections are kept, limited, and replaced when they break.

use std::collections::BTreeSet;

use serde_json::json;

use crate::peers::{Plugin, Server, plain_settings, test_letter};

#[test]
fn fifty_letters_one_after_the_other_use_one_connection() {
    let server = Server::start(&json!({}));
    let mut plugin = Plugin::for_server(&server);
    for n in 0..50 {
        assert_eq!(plugin.deliver(test_letter(&n.to_string(), 60_000)).disposition, "sent");
    }
    plugin.end();
    assert_eq!(server.wait_for("quit")["connection"], 1, "it says goodbye");
    let mut plugin = Plugin::for_server(&server);
    plugin.deliver(test_letter("next", 60_000));
    assert_eq!(server.wait_for("message")["connection"], 2, "fifty letters took one connection");
}

#[test]
fn many_letters_at_once_use_as_many_connections_as_are_set() {
    let server = Server::start(&json!({}));
    let mut settings = plain_settings(server.port);
    settings["connections"] = json!(3);
    let mut plugin = Plugin::start(&settings);
    let sent: Vec<u64> =
        (0..60).map(|n| plugin.send("deliver", test_letter(&n.to_string(), 60_000))).collect();
    for id in sent {
        assert_eq!(plugin.answer(id).unwrap()["disposition"], "sent");
    }
    let events = server.happened();
    let messages: Vec<_> = events.iter().filter(|event| event["event"] == "message").collect();
    let ids: BTreeSet<_> =
        messages.iter().map(|event| event["headers"]["Message-ID"].as_str().unwrap()).collect();
    assert_eq!((messages.len(), ids.len()), (60, 60));
    assert_eq!(events.iter().filter(|event| event["event"] == "connected").count(), 3);
}

#[test]
fn a_server_that_hangs_up_costs_no_letter() {
    for command in ["MAIL", "RCPT", "DATA"] {
        let server = Server::start(&json!({ "replies": { command: [null, "DROP"] } }));
        let mut plugin = Plugin::for_server(&server);
        for id in ["a", "b", "c"] {
            assert_eq!(plugin.deliver(test_letter(id, 60_000)).disposition, "sent", "{command} {id}");
        }
        let connected = server.happened().iter().filter(|event| event["event"] == "connected").count();
        assert_eq!(connected, 2, "{command}");
    }
}

#[test]
fn a_server_that_closes_with_421_is_called_again() {
    let server = Server::start(&json!({ "replies": { "MAIL": [null, "421 4.3.2 shutting down"] } }));
    let mut plugin = Plugin::for_server(&server);
    for id in ["a", "b"] {
        assert_eq!(plugin.deliver(test_letter(id, 60_000)).disposition, "sent", "{id}");
    }
    assert_eq!(server.happened().iter().filter(|event| event["event"] == "connected").count(), 2);
}

#[test]
fn a_server_that_restarts_is_found_again() {
    let server = Server::start(&json!({}));
    let mut plugin = Plugin::for_server(&server);
    assert_eq!(plugin.deliver(test_letter("a", 60_000)).disposition, "sent");
    let port = server.port;
    drop(server);
    let ended = plugin.deliver(test_letter("b", 1200));
    assert_eq!(ended.disposition, "unreachable", "{ended:?}");
    let waiting = plugin.send("deliver", test_letter("c", 60_000));
    let server = Server::start(&json!({ "port": port }));
    assert_eq!(plugin.answer(waiting).unwrap()["disposition"], "sent");
    assert_eq!(server.wait_for("message")["headers"]["Message-ID"], "<c@example.org>");
    assert_eq!(
        plugin.deliver(test_letter("b", 60_000)).disposition,
        "sent",
        "what was unreachable may be tried again"
    );
}

#[test]
fn an_unused_connection_is_closed_after_its_time() {
    let server = Server::start(&json!({}));
    for (idle, id) in [(0, "at once"), (1, "after a second")] {
        let mut settings = plain_settings(server.port);
        settings["idle_seconds"] = json!(idle);
        let mut plugin = Plugin::start(&settings);
        assert_eq!(plugin.deliver(test_letter(id, 60_000)).disposition, "sent");
        let connection = server.wait_for("message")["connection"].clone();
        assert_eq!(server.wait_for("quit")["connection"], connection, "{id}, with the plugin still there");
        assert_eq!(plugin.deliver(test_letter(&format!("{id} again"), 60_000)).disposition, "sent");
        assert_ne!(server.wait_for("message")["connection"], connection, "{id}");
    }
}
