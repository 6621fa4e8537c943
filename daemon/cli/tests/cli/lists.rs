//! Lists of accounts, and addresses that are tried: what is sent, and what is shown.

use serde_json::{Value, json};

use crate::fake::{Call, Fake, Reply};
use crate::run::readmit;
use crate::verbs::{Row, check};

const LIST: &str = "id,emails,phones\nalice,a@EXAMPLE.org,(415) 555-2671\nbob,,\n";

/// A daemon to which the first row of a list is new, and the second nothing.
fn importing() -> Fake {
    Fake::start(|call| {
        let rows = call.arguments[0].as_array().unwrap();
        let result = |row: &Value| match row["id"].as_str() {
            Some("alice") => json!({"id": "alice", "result": "added"}),
            _ => json!({"id": row["id"], "result": "unchanged"}),
        };
        Reply::Value(rows.iter().map(result).collect())
    })
}

fn sent(call: &Call) -> (Vec<&str>, &Value) {
    assert_eq!(call.method, "Accounts1.Import");
    let rows = call.arguments[0].as_array().unwrap();
    (rows.iter().map(|row| row["id"].as_str().unwrap()).collect(), &call.arguments[1])
}

#[test]
fn a_list_is_looked_at_whole_before_what_differs_is_changed() {
    let fake = importing();
    let import = ["account", "import", "-", "--region", "US"];
    let ended = readmit(&fake.address, &import, LIST);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(
        ended.output,
        "+ line 2 alice\n2 rows: 1 added, 0 changed, 1 unchanged, 0 skipped, 0 refused (done)\n"
    );
    let calls = fake.calls();
    assert_eq!(calls[0].arguments[0][0]["phones"], json!(["+14155552671"]), "{calls:?}");
    assert_eq!(calls[0].arguments[0][0]["emails"], json!(["a@example.org"]));
    let looked = json!({"dry_run": true, "on_conflict": "fail"});
    let applied = json!({"dry_run": false, "on_conflict": "fail"});
    let seen: Vec<_> = calls.iter().map(sent).collect();
    assert_eq!(seen, [(vec!["alice", "bob"], &looked), (vec!["alice"], &applied)]);
}

#[test]
fn a_dry_run_only_looks_and_says_what_would_be() {
    let fake = importing();
    let import =
        ["account", "import", "-", "--region", "US", "--dry-run", "--on-conflict", "update", "--json"];
    let ended = readmit(&fake.address, &import, LIST);
    let told = ended.json();
    assert_eq!((ended.code, &told["dry_run"], &told["applied"]), (0, &json!(true), &json!(false)), "{told}");
    assert_eq!(told["differences"], json!([{"line": 2, "id": "alice", "result": "added"}]));
    for key in ["rows", "added", "changed", "unchanged", "skipped", "refused", "notes"] {
        assert!(!told[key].is_null(), "{key}: {told}");
    }
    let calls = fake.calls();
    let seen: Vec<_> = calls.iter().map(sent).collect();
    assert_eq!(seen, [(vec!["alice", "bob"], &json!({"dry_run": true, "on_conflict": "update"}))]);
}

#[test]
fn one_row_that_cannot_be_is_a_list_that_is_not_taken() {
    let fake = importing();
    let ended = readmit(&fake.address, &["account", "import", "-"], "id,phones\nalice,123\nalice,\n");
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(
        ended.output.contains("! line 2 alice") && ended.output.contains("in line 2 already"),
        "{ended:?}"
    );
    assert!(ended.error.contains("2 rows are refused; nothing was changed"), "{ended:?}");
    assert!(fake.calls().iter().all(|call| call.arguments[1]["dry_run"] == true), "{:?}", fake.calls());
    // Nor is one that the daemon answers otherwise than it was asked.
    let short = Fake::always(json!([]));
    let ended = readmit(&short.address, &["account", "import", "-"], "id\nalice\n");
    assert!(ended.code == 1 && ended.hint().contains("--version"), "{ended:?}");
}

#[test]
fn a_list_is_asked_for_page_by_page() {
    let account =
        |id: &str| json!({"id": id, "realm": "default", "kind": "owner", "emails": ["a@example.org"]});
    let fake = Fake::start(move |call| {
        Reply::Value(match call.arguments[0].as_str() {
            Some("") => json!([account("alice"), account("=bob")]),
            Some("alice") => json!([account("carol")]),
            _ => json!([]),
        })
    });
    let ended = readmit(&fake.address, &["account", "export"], "");
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(ended.output.lines().count(), 4, "{}", ended.output);
    assert!(ended.output.contains("alice,") && !ended.output.contains("\n=bob"), "{}", ended.output);
    let asked: Vec<Value> = fake.calls().into_iter().map(|call| call.arguments).collect();
    assert_eq!(asked, [json!(["", 500]), json!(["alice", 500]), json!(["carol", 500])]);
}

#[test]
fn an_address_is_tried() {
    check(Row {
        arguments: &["account", "verify", "alice", "--email"],
        input: "",
        call: ("Accounts1.TestEmail", json!(["alice"])),
        answer: json!({"disposition": "sent", "detail": "250 ok"}),
        keys: &["account", "channel", "disposition", "detail"],
        words: &["sent: 250 ok", "Ask the person whether it came"],
    });
}

#[test]
fn a_number_is_tried_with_digits_that_are_read_out() {
    let table = [
        ("entered", 0, true, "it is verified"),
        ("wrong_digits", 1, false, "Read them out slowly"),
        ("no_answer", 1, false, "Try again"),
        ("unheard_of", 1, false, "readmit doctor"),
    ];
    for (disposition, code, verified, words) in table {
        let fake = Fake::always(json!({"disposition": disposition, "detail": "x"}));
        let ended = readmit(&fake.address, &["account", "verify", "alice", "--phone", "--json"], "");
        let told = ended.json();
        assert_eq!((ended.code, &told["verified"]), (code, &json!(verified)), "{ended:?}");
        let calls = fake.calls();
        let digits = calls[0].arguments[1].as_str().unwrap();
        assert_eq!((calls[0].method.as_str(), digits.len()), ("Accounts1.TestPhone", 6));
        assert!(
            ended.error.contains(&format!("Read this to the person, who types it: {digits}")),
            "{ended:?}"
        );
        let ended = readmit(&fake.address, &["account", "verify", "alice", "--phone"], "");
        assert!(ended.output.contains(words), "{disposition}: {ended:?}");
    }
    let none = Fake::start(|_| Reply::Error("org.readmit.Error.NotFound", "no account"));
    let ended = readmit(&none.address, &["account", "verify", "x", "--email"], "");
    assert!(ended.code == 3 && ended.hint().contains("readmit account list"), "{ended:?}");
}
