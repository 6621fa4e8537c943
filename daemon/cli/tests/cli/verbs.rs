//! What each verb sends to the daemon and shows of its answer.

use serde_json::{Value, json};

use crate::fake::{Call, Fake, Reply};
use crate::run::readmit;

/// One row: a command, its input, the call it makes, the answer it gets, the keys of its JSON, words of its text.
pub struct Row {
    pub arguments: &'static [&'static str],
    pub input: &'static str,
    pub call: (&'static str, Value),
    pub answer: Value,
    pub keys: &'static [&'static str],
    pub words: &'static [&'static str],
}

pub fn check(row: Row) {
    let fake = Fake::always(row.answer.clone());
    let ended = readmit(&fake.address, row.arguments, row.input);
    assert_eq!(ended.code, 0, "{:?}: {ended:?}", row.arguments);
    let call = Call { method: row.call.0.to_owned(), arguments: row.call.1 };
    assert_eq!(fake.calls(), [call], "{:?}", row.arguments);
    for word in row.words {
        assert!(ended.output.contains(word), "{:?} says {word}: {}", row.arguments, ended.output);
    }
    assert!(!ended.output.contains('\u{1b}'), "no colours for a script");

    let ended = readmit(&fake.address, &[row.arguments, &["--json"]].concat(), row.input);
    assert_eq!((ended.code, ended.error.as_str()), (0, ""));
    let document = ended.json();
    let first = document.as_array().map_or(&document, |items| &items[0]);
    for key in row.keys {
        assert!(!first[key].is_null(), "{:?} has {key}: {document}", row.arguments);
    }
}

fn account() -> Value {
    json!({"id": "alice", "realm": "default", "kind": "owner", "emails": ["a@example.org"], "phones": [],
        "groups": ["staff"], "attributes": {"team": "red"}, "created_at": 1_700_000_000, "has_password": true,
        "recovery_codes": 9, "devices": [device()]})
}

fn device() -> Value {
    json!({"device": "d1", "label": "Phone", "form": "virtual", "status": "active",
        "enrolled_at": 1_700_000_000, "drift": -3})
}

pub fn case() -> Value {
    json!({"case": "c1", "account": "alice", "state": "escalated", "reason": "lost", "opened_at": 1_700_000_000,
        "next_deadline": 1_700_000_100, "policy": "0a1b", "support": {"to": "support", "ticket": "T-1"},
        "outcome": {}, "tasks": [], "steps": [{"factor": "voice", "state": "failed", "disposition": "busy",
        "hint": "+1 *** 42", "tries_left": 3}],
        "history": [{"seq": 1, "at": 1_700_000_000, "actor": "front end", "kind": "opened",
            "detail": "{\"name\":\"\u{1b}[2Jx\"}"}]})
}

#[test]
fn accounts() {
    check(Row {
        arguments: &[
            "account",
            "add",
            "alice",
            "--kind",
            "owner",
            "--email",
            "a@example.org",
            "--email",
            "b@example.org",
            "--phone",
            "+14155550123",
            "--phone-country",
            "US",
            "--phone-on-lost-device",
            "true",
            "--email-verified",
            "false",
            "--attribute",
            "team=red",
            "--group",
            "staff",
            "--locale",
            "de",
        ],
        input: "",
        call: (
            "Accounts1.Add",
            json!(["alice", {"kind": "owner", "emails": ["a@example.org", "b@example.org"], "email_verified": false,
                "phones": ["+14155550123"], "phone_country": "US", "phone_on_lost_device": true,
                "attributes": {"team": "red"}, "groups": ["staff"], "locale": "de"}]),
        ),
        answer: json!(null),
        keys: &["done", "account"],
        words: &["alice is on file", "readmit device enroll alice"],
    });
    check(Row {
        arguments: &["account", "set", "alice", "--phone", ""],
        input: "",
        call: ("Accounts1.Set", json!(["alice", {"phones": []}])),
        answer: json!(null),
        keys: &["done", "account"],
        words: &["changed"],
    });
    check(Row {
        arguments: &["account", "show", "alice"],
        input: "",
        call: ("Accounts1.Show", json!(["alice"])),
        answer: account(),
        keys: &[
            "id",
            "realm",
            "kind",
            "emails",
            "groups",
            "attributes",
            "created_at",
            "devices",
            "recovery_codes",
        ],
        words: &["a@example.org", "team=red", "9 left", "d1", "90 s behind", "2023-11-14 22:13:20Z"],
    });
    check(Row {
        arguments: &["account", "list", "--kind", "owner", "--text", "ali", "--offset", "5", "--limit", "7"],
        input: "",
        call: ("Accounts1.List", json!([{"kind": "owner", "text": "ali"}, 5, 7])),
        answer: json!([account()]),
        keys: &["id", "realm", "kind"],
        words: &["ACCOUNT", "alice", "owner"],
    });
    check(Row {
        arguments: &["account", "remove", "alice"],
        input: "",
        call: ("Accounts1.Remove", json!(["alice"])),
        answer: json!(null),
        keys: &["done", "account"],
        words: &["removed"],
    });
    check(Row {
        arguments: &["account", "set-password", "alice"],
        input: "correct horse battery\n",
        call: ("Accounts1.SetPassword", json!(["alice", "correct horse battery"])),
        answer: json!(null),
        keys: &["done", "account"],
        words: &["password of alice is set"],
    });
}

#[test]
fn codes_and_passes() {
    check(Row {
        arguments: &["codes", "issue", "alice"],
        input: "",
        call: ("Accounts1.IssueRecoveryCodes", json!(["alice"])),
        answer: json!(["aaaa-bbbb", "cccc-dddd"]),
        keys: &["account", "codes"],
        words: &["aaaa-bbbb", "cccc-dddd", "shown this once"],
    });
    check(Row {
        arguments: &["pass", "issue", "alice", "--valid", "30m"],
        input: "",
        call: ("Accounts1.IssuePass", json!(["alice", 1800])),
        answer: json!("pass-word"),
        keys: &["account", "pass", "valid_seconds", "expires_at"],
        words: &["pass-word", "30 minutes"],
    });
    check(Row {
        arguments: &["pass", "send", "alice"],
        input: "",
        call: ("Accounts1.SendPass", json!(["alice", 3600])),
        answer: json!("a•••@•••.example"),
        keys: &["account", "sent_to", "valid_seconds", "expires_at"],
        words: &["on its way to a•••@•••.example", "60 minutes"],
    });
    let helpdesk = Fake::start(|_| Reply::Error("org.readmit.Error.NotAuthorized", "no"));
    let ended = readmit(&helpdesk.address, &["pass", "issue", "alice"], "");
    assert!(ended.code == 4 && ended.hint().contains("readmit pass send"), "{ended:?}");
}

#[test]
fn devices() {
    let enrolled =
        json!({"device": "d1", "uri": "otpauth://totp/x?secret=ABC", "secret": "ABC", "qr_svg": "<svg/>"});
    check(Row {
        arguments: &["device", "enroll", "alice", "--label", "Phone"],
        input: "",
        call: ("Devices1.Enroll", json!(["alice", {"label": "Phone", "form": "virtual"}])),
        answer: enrolled.clone(),
        keys: &["device", "uri", "secret", "qr_svg"],
        words: &["d1", "secret  ABC", "████"],
    });
    check(Row {
        arguments: &["device", "enroll", "bob", "--form", "hardware", "--secret-stdin"],
        input: "GEZDGNBVGY3TQOJQ\n",
        call: ("Devices1.Enroll", json!(["bob", {"form": "hardware", "secret": "GEZDGNBVGY3TQOJQ"}])),
        answer: enrolled,
        keys: &["device"],
        words: &["enrolled"],
    });
    check(Row {
        arguments: &["device", "list", "alice"],
        input: "",
        call: ("Devices1.List", json!(["alice"])),
        answer: json!([device()]),
        keys: &["device", "label", "form", "status", "enrolled_at", "drift"],
        words: &["DEVICE", "Phone", "active"],
    });
    check(Row {
        arguments: &["device", "deactivate", "d1", "--because", "stolen"],
        input: "",
        call: ("Devices1.Deactivate", json!(["d1", "stolen"])),
        answer: json!(null),
        keys: &["done", "device"],
        words: &["deactivated"],
    });
    check(Row {
        arguments: &["device", "delete", "d1"],
        input: "",
        call: ("Devices1.Delete", json!(["d1"])),
        answer: json!(null),
        keys: &["done", "device"],
        words: &["deleted"],
    });
    check(Row {
        arguments: &["device", "resync", "d1"],
        input: "123456\n654321\n",
        call: ("Devices1.Resync", json!(["d1", "123456", "654321"])),
        answer: json!(true),
        keys: &["device", "in_sync"],
        words: &["in step again"],
    });
}

#[test]
fn codes_that_do_not_fit_a_device_are_no_success() {
    let fake = Fake::always(json!(false));
    let ended = readmit(&fake.address, &["device", "resync", "d1"], "123456\n654321\n");
    assert_eq!(ended.code, 1);
    assert!(ended.hint().contains("enroll the device anew"));
}

#[test]
fn cases() {
    check(Row {
        arguments: &["case", "list", "--open", "--state", "escalated", "--account", "alice"],
        input: "",
        call: ("Cases1.List", json!([{"open": true, "state": "escalated", "account": "alice"}, 0, 100])),
        answer: json!([case()]),
        keys: &["case", "account", "state", "reason", "opened_at", "next_deadline"],
        words: &["c1", "escalated", "lost"],
    });
    check(Row {
        arguments: &["case", "show", "c1"],
        input: "",
        call: ("Cases1.Show", json!(["c1"])),
        answer: case(),
        keys: &["state", "account", "steps", "outcome", "support", "history", "policy"],
        words: &["voice", "busy", "opened", "ticket=T-1", "\u{fffd}[2Jx"],
    });
    for (verb, method) in [("approve", "Cases1.Approve"), ("deny", "Cases1.Deny")] {
        let arguments: &'static [&'static str] = if verb == "approve" {
            &["case", "approve", "c1", "--because", "x"]
        } else {
            &["case", "deny", "c1", "--because", "x"]
        };
        check(Row {
            arguments,
            input: "",
            call: (method, json!(["c1", "x"])),
            answer: json!(null),
            keys: &["done", "case"],
            words: &["c1"],
        });
    }
    check(Row {
        arguments: &["case", "resolve", "c1", "--action", "pass", "--because", "called back"],
        input: "",
        call: ("Cases1.Resolve", json!(["c1", {"action": "pass", "because": "called back"}])),
        answer: json!(null),
        keys: &["done", "case", "action"],
        words: &["on its way to the address on file"],
    });
}

#[test]
fn policies() {}
