//! Lists of accounts: what goes out comes in without a difference, and a list is taken as a whole or not at all.

use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use readmit_tests::{Ended, World, patiently, program};
use serde_json::{Value, json};

/// People with everything that is hard to write down.
async fn awkward_people(world: &World) {
    let people = json!({
        "plain": {"email": "plain@example.org", "phone": "+14155552671"},
        "=formula": {"kind": "@kind", "realm": "-realm", "groups": ["+group", "with;semicolon", "back\\slash", "\"quoted\""]},
        "many": {
            "emails": ["first@example.org", "second@xn--bcher-kva.example"], "email_verified": false,
            "phones": ["+442071838750", "+390612345678"], "phone_verified": false, "phone_country": "GB",
            "contacts": ["Ann, the first <ann@example.org>", "Bob; \"the\" second <bob@example.org>"],
            "attributes": {"department": "a=b;c", "note": "'quoted, twice'"}, "locale": "de",
        },
        "own-mailbox": {"email": "own@example.org", "email_same_mailbox": true, "phone": "+14155552671",
            "phone_on_lost_device": true},
        "nothing": {},
    });
    for (id, properties) in people.as_object().unwrap() {
        world.desk.add_account(id, properties.clone()).await.unwrap();
    }
}

fn answer(ended: &Ended) -> Value {
    serde_json::from_str(&ended.output).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

async fn accounts(world: &World) -> Vec<Value> {
    let mut all = Vec::new();
    for id in world.desk.account_ids().await {
        let mut account = world.desk.account(&id).await;
        account.as_object_mut().unwrap().remove("created_at");
        all.push(account);
    }
    all
}

#[tokio::test]
async fn what_was_exported_is_imported_without_a_difference() {
    let world = World::builder().start().await;
    awkward_people(&world).await;
    let before = accounts(&world).await;
    for name in ["people.csv", "people.json", "people.jsonl"] {
        let file = world.directory().join(name);
        let file = file.to_str().unwrap();
        let ended = world.cli(&["account", "export", file, "--json"], "");
        assert_eq!((ended.code, &answer(&ended)["accounts"]), (0, &json!(5)), "{ended:?}");
        let mode = std::fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o7777, 0o600, "{name} is its owner's alone");

        let ended = world.cli(&["account", "import", file, "--on-conflict", "update", "--json"], "");
        let told = answer(&ended);
        assert_eq!(
            (ended.code, &told["unchanged"], &told["differences"]),
            (0, &json!(5), &json!([])),
            "{name}: {told}"
        );
        assert_eq!(accounts(&world).await, before, "{name}");

        // And into a store that has none of them.
        let other = World::builder().start().await;
        let ended = other.cli(&["account", "import", file, "--json"], "");
        assert_eq!((ended.code, &answer(&ended)["added"]), (0, &json!(5)), "{name}: {ended:?}");
        assert_eq!(accounts(&other).await, before, "{name}");
    }
    let to_output = world.cli(&["account", "export", "--format", "csv"], "");
    assert_eq!(to_output.output, std::fs::read_to_string(world.directory().join("people.csv")).unwrap());
    let exported =
        world.desk.journal().await.into_iter().filter(|row| row["kind"] == "accounts_exported").count();
    assert!(exported >= 4, "each list that was given out is journalled");
}

#[tokio::test]
async fn a_list_is_taken_whole_or_not_at_all() {
    let world = World::builder().start().await;
    world
        .desk
        .add_account(
            "alice",
            json!({"email": "alice@example.org", "phone": "+14155552671", "phone_country": "US"}),
        )
        .await
        .unwrap();
    let before = accounts(&world).await;

    let bad = "id,emails,phones\nalice,alice@example.org,(415) 555-2671\nbob,bob@example.org,415 555 O123\n\
               carol,carol@,\nbob,,\n\ndan,dan@example.org,020 7183 8750\n";
    let ended = world.cli(&["account", "import", "-", "--region", "US", "--json"], bad);
    let told = answer(&ended);
    assert_eq!((ended.code, &told["refused"], &told["applied"]), (1, &json!(4), &json!(false)), "{told}");
    let refused: Vec<(u64, &str)> = told["differences"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["result"] == "refused")
        .map(|row| (row["line"].as_u64().unwrap(), row["why"].as_str().unwrap()))
        .collect();
    let wanted = [
        (3, "something else than digits"),
        (4, "not an e-mail"),
        (5, "in line 3 already"),
        (7, "cannot be one"),
    ];
    for ((line, why), (wanted_line, words)) in refused.iter().zip(wanted) {
        assert!(*line == wanted_line && why.contains(words), "line {line}: {why}");
    }
    assert!(!ended.output.contains("O123") && !ended.error.contains("O123"), "a refusal quotes no number");
    assert_eq!(accounts(&world).await, before, "nothing was changed");

    let list = "id,emails,phones,groups\nalice,new@EXAMPLE.org,(415) 555-2671,\nbob,bob@bücher.example,415-555-2672,staff; admins\n";
    let dry = world
        .cli(&["account", "import", "-", "--region", "US", "--on-conflict", "update", "--dry-run"], list);
    assert_eq!(dry.code, 0, "{dry:?}");
    for words in
        ["~ line 2 alice emails\n", "+ line 3 bob\n", "1 added, 1 changed", "dry run, nothing was changed"]
    {
        assert!(dry.output.contains(words), "{words}: {}", dry.output);
    }
    assert_eq!(accounts(&world).await, before, "a dry run changes nothing");

    let ended = world.cli(&["account", "import", "-", "--region", "US"], list);
    assert_eq!(ended.code, 1, "what differs is refused unless it is said what to do: {ended:?}");
    assert!(ended.output.contains("line 2 alice it is on file already and differs: emails "), "{ended:?}");
    assert_eq!(accounts(&world).await, before);

    let ended =
        world.cli(&["account", "import", "-", "--region", "US", "--on-conflict", "skip", "--json"], list);
    let told = answer(&ended);
    assert_eq!(
        (&told["added"], &told["skipped"], &told["applied"]),
        (&json!(1), &json!(1), &json!(true)),
        "{told}"
    );
    let bob = world.desk.account("bob").await;
    assert_eq!(bob["emails"], json!(["bob@xn--bcher-kva.example"]));
    assert_eq!((&bob["phones"], &bob["phone_country"]), (&json!(["+14155552672"]), &json!("US")));
    assert_eq!(bob["groups"], json!(["staff", "admins"]));

    let ended = world.cli(&["account", "import", "-", "--region", "US", "--on-conflict", "update"], list);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(world.desk.account("alice").await["emails"], json!(["new@example.org"]));
    let again = world.cli(&["account", "import", "-", "--region", "US", "--json"], list);
    assert_eq!((again.code, &answer(&again)["unchanged"]), (0, &json!(2)), "{again:?}");
    let journal = world.desk.journal().await;
    let by_import = |kind: &str| {
        journal.iter().filter(|row| row["kind"] == kind && row["detail"]["by"] == "import").count()
    };
    assert_eq!(
        (by_import("account_added"), by_import("account_changed")),
        (1, 1),
        "each account is journalled"
    );
}

/// Whatever interrupts it, the same command does the rest.
#[tokio::test]
async fn an_interrupted_list_is_finished_by_the_same_command() {
    const ROWS: usize = 2000;
    let mut world = World::builder().start().await;
    let rows = (0..ROWS).map(|n| format!("p{n:04},p{n}@example.org,member\n"));
    let list = String::from("id,emails,kind\n") + &rows.collect::<String>();
    let file = world.directory().join("many.csv");
    std::fs::write(&file, list).unwrap();
    let file = file.to_str().unwrap().to_owned();

    let mut child = Command::new(program("readmit"))
        .args(["--bus", world.address(), "account", "import", &file])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let begun = async { while world.desk.account_ids().await.is_empty() {} };
    patiently("the first accounts", begun).await;
    // As a power cut does, in the middle.
    world.kill().await;
    let ended = tokio::task::spawn_blocking(move || {
        let mut error = String::new();
        std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut error).unwrap();
        (child.wait().unwrap().code(), error)
    });
    let (code, error) = patiently("the command", ended).await.unwrap();
    assert_eq!(code, Some(7), "{error}");
    assert!(error.contains("run the same command again, and it does the rest"), "{error}");

    world.start().await;
    let before = world.desk.account_ids().await.len();
    assert!(before > 0 && before < ROWS && before % 100 == 0, "whole pieces, and not all of them: {before}");
    let ended = world.cli(&["account", "import", &file, "--json"], "");
    let told = answer(&ended);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!((&told["unchanged"], &told["added"]), (&json!(before), &json!(ROWS - before)));
    assert_eq!(world.desk.account_ids().await.len(), ROWS);
}
