//! Backups, the way back, and keys.

use serde_json::{Value, json};

use crate::fake::{Fake, Reply};
use crate::programs::beside;
use crate::run::readmit;
use crate::verbs::{Row, check};

fn manifest() -> Value {
    json!({"made_at": 1_700_000_000, "schema": 7, "bytes": 3_250_586, "sha256": "ab12", "seq": 41,
        "hash": "00ff", "public_key": "cd34"})
}

#[test]
fn a_backup_is_written_by_the_daemon_into_a_file_that_was_not_there() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("one.backup").display().to_string();
    let fake = Fake::always(manifest());
    let ended = readmit(&fake.address, &["backup", &file], "");
    assert_eq!(ended.code, 0, "{ended:?}");
    for words in ["one.backup", "2023-11-14 22:13:20Z", "3.1 MiB", "up to entry 41", "ab12"] {
        assert!(ended.output.contains(words), "{words}: {}", ended.output);
    }
    let ended = readmit(&fake.address, &["backup", &file], "");
    assert!(ended.code == 1 && ended.hint().contains("--force"), "{ended:?}");
    let ended = readmit(&fake.address, &["backup", &file, "--force", "--json"], "");
    let mut wanted = manifest();
    wanted["file"] = json!(file);
    assert_eq!((ended.code, ended.json()), (0, wanted));
    let calls: Vec<_> = fake.calls().into_iter().map(|call| (call.method, call.arguments)).collect();
    assert_eq!(calls, vec![("Store1.Backup".to_owned(), json!(["file"])); 2]);

    let refusing = Fake::start(|_| Reply::Error("org.readmit.Error.Refused", "the disk is full"));
    let other = place.path().join("two.backup");
    let ended = readmit(&refusing.address, &["backup", other.to_str().unwrap()], "");
    assert!(ended.code == 1 && ended.error.contains("the disk is full"), "{ended:?}");
    assert!(!other.exists(), "what is not whole is not left behind");
}

#[test]
fn a_backup_is_checked_without_a_daemon() {
    let mut answer = manifest();
    answer["ok"] = json!(true);
    let script = format!(r#"test "$*" = "restore --check --json x.backup" && echo '{answer}'"#);
    let ended = beside(Some(("readmitd", &script)), &["backup", "--verify", "x.backup", "--json"]);
    answer["file"] = json!("x.backup");
    assert_eq!((ended.code, ended.json()), (0, answer));
    let damaged = r#"echo '{"ok":false,"message":"it is damaged","hint":"take another"}'; exit 1"#;
    let ended = beside(Some(("readmitd", damaged)), &["backup", "--verify", "x.backup"]);
    assert_eq!((ended.code, ended.hint()), (1, "take another"), "{ended:?}");
    assert!(ended.error.contains("it is damaged"), "{ended:?}");
}

#[test]
fn a_restore_says_what_came_of_it() {
    let answer = json!({"ok": true, "back_to": {"seq": 41, "hash": "00"}, "known": {"seq": 44, "hash": "11"},
        "lost": {"kinds": {}, "accounts": []}, "head": {"seq": 46, "hash": "22"}, "aside": "/var/lib/readmit/aside",
        "voided": {"recovery_codes": 9, "passes": 1, "links": 2, "deliveries": 0}});
    let wanted = "--config c.toml restore --json --accept-rollback --key key -- x.backup";
    let script = format!(r#"test "$*" = "{wanted}" && echo '{answer}'"#);
    let arguments =
        ["restore", "--config", "c.toml", "--key", "key", "--accept-rollback", "x.backup"].as_slice();
    let ended = beside(Some(("readmitd", &script)), arguments);
    assert_eq!(ended.code, 0, "{ended:?}");
    for words in [
        "up to entry 41 of the journal; 3 known entries given up",
        "ends at entry 46 now",
        "9 recovery codes, 1 passes, 2 links",
        "/var/lib/readmit/aside",
        "systemctl start readmitd",
    ] {
        assert!(ended.output.contains(words), "{words}: {}", ended.output);
    }
    let ended = beside(Some(("readmitd", &script)), &[arguments, &["--json"]].concat());
    assert_eq!(ended.json(), answer);
}

/// A refusal is told with what would be lost, and nothing is done by a program that gives no answer.
#[test]
fn a_restore_that_loses_something_takes_a_word() {
    let refused = json!({"ok": false, "message": "the backup is older than what is known", "hint": "--accept-rollback",
        "would": {"back_to": {"seq": 1}, "known": {"seq": 9},
            "lost": {"kinds": {"account_added": 2, "pass\u{1b}_sent": 1}, "accounts": ["alice", "bob"]}}});
    let script = format!("cat > /dev/null; echo '{refused}'; exit 1");
    let ended = beside(Some(("readmitd", &script)), &["restore", "--key", "-", "x.backup", "--json"]);
    let error: Value = serde_json::from_str(&ended.error).unwrap();
    assert_eq!(
        (ended.code, &error["error"], &error["hint"]),
        (1, &json!("refused"), &json!("--accept-rollback"))
    );
    let message = error["message"].as_str().unwrap();
    for words in ["older than what is known", "2 × account_added", "1 × pass\u{fffd}_sent", "alice", "bob"]
    {
        assert!(message.contains(words), "{words}: {message}");
    }
    let silent = beside(Some(("readmitd", "echo no key there >&2; exit 1")), &["restore", "x.backup"]);
    assert!(silent.code == 1 && silent.error.contains("no key there"), "{silent:?}");
}

#[test]
fn keys() {
    let answer = json!({"key": "k3", "resealing": true, "resealed": 120, "can_change_root": true, "keys": [
        {"key": "k1", "part": "root"}, {"key": "k2", "part": "old"}, {"key": "k3", "part": "current"}]});
    let rotations: [(&'static [&'static str], &str); 3] = [
        (&["key", "rotate"], "data"),
        (&["key", "rotate", "--root"], "root"),
        (&["key", "rotate", "--sign-in"], "sign_in"),
    ];
    for (arguments, which) in rotations {
        check(Row {
            arguments,
            input: "",
            call: ("Store1.RotateKey", json!([{"which": which}])),
            answer: answer.clone(),
            keys: &["key", "keys", "resealing", "resealed", "can_change_root"],
            words: &[
                "new key    k3",
                "k3: seals what is written",
                "k2: old: what it sealed is being sealed again",
                "120 rows sealed again so far; readmit key status",
            ],
        });
    }
    check(Row {
        arguments: &["key", "status"],
        input: "",
        call: ("Store1.Keys", json!([])),
        answer: json!({"resealing": false, "resealed": 0, "can_change_root": false, "keys": [
            {"key": "k2", "part": "old"}, {"key": "k3", "part": "current"}]}),
        keys: &["keys", "resealing", "resealed", "can_change_root"],
        words: &["k2: old: not needed any more", "k3: seals what is written"],
    });
}

/// Waiting ends when everything is sealed again, and the new key's name is still told.
#[test]
fn a_rotation_is_waited_for() {
    let mut looks = 0;
    let fake = Fake::start(move |call| {
        looks += usize::from(call.method == "Store1.Keys");
        Reply::Value(match call.method.as_str() {
            "Store1.RotateKey" => json!({"key": "k3", "keys": [], "resealing": true, "resealed": 0}),
            _ => json!({"keys": [], "resealing": looks < 2, "resealed": looks}),
        })
    });
    let ended = readmit(&fake.address, &["key", "rotate", "--wait", "--json"], "");
    let told = ended.json();
    assert_eq!((ended.code, &told["key"], &told["resealing"]), (0, &json!("k3"), &json!(false)), "{ended:?}");
    assert_eq!(fake.calls().len(), 3);
}
