//! The policy workbench as its authors and administrators use it: the real programs, the shipped policies, and a real
//! daemon with a log of its own.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use readmit_tests::{Ended, World, patiently, program, run};
use serde_json::{Value, json};

/// A rule for everybody that asks for less than the shipped one: no call.
const WEAKER: &str = r#"
return {
  open = function(case)
    if case.account.kind == "member" then
      return escalate { to = "administrator", because = "members cannot reset their own device" }
    end
    return prove { "password", "email" }
  end,
}
"#;

/// A test that the weaker rule does not pass.
const CALLED: &str = r#"
test("everybody is called", function()
  expect(open {}.plan):is("all { password, email, voice }")
end)
"#;

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies")
}

/// Runs the command line without a daemon.
fn offline(arguments: &[&str]) -> Ended {
    run("readmit", arguments, "")
}

fn json_of(ended: &Ended) -> Value {
    serde_json::from_str(&ended.output).unwrap_or_else(|error| panic!("{error}: {ended:?}"))
}

/// A directory with these files.
fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(directory.path().join(name), text).unwrap();
    }
    directory
}

/// What an organization would run in CI holds for the policies that Readmit ships: they are clean, their tests reach
/// everything, and no case that they can tell apart breaks a promise.
#[test]
fn the_shipped_policies_stand_every_tool() {
    let policies = shipped();
    let policies = policies.to_str().unwrap();
    let texts =
        ["default.lua", "small_team.lua"].map(|name| fs::read_to_string(shipped().join(name)).unwrap());
    let two = directory(&[("default.lua", &texts[0]), ("small_team.lua", &texts[1])]);
    let picture = two.path().join("policy.svg");
    let (two, picture) = (two.path().to_str().unwrap(), picture.to_str().unwrap());
    for arguments in [
        &["policy", "check", policies][..],
        &["policy", "test", policies, "--coverage", "--min-coverage", "100"],
        &["policy", "verify", policies],
        &["policy", "diff", two, two, "--fail-if-weaker"],
        &["policy", "graph", two, "-o", picture],
    ] {
        let ended = offline(arguments);
        assert_eq!(ended.code, 0, "{arguments:?}: {ended:?}");
    }
    assert!(fs::read_to_string(picture).unwrap().starts_with("<svg"));
}

/// The commands that need no daemon, on the page that teaches policies, do well on the shipped policy.
#[test]
fn the_commands_of_the_tutorial_work() {
    let page = fs::read_to_string(shipped().join("WRITING.md")).unwrap();
    let files =
        ["default.lua", "default_test.lua"].map(|name| fs::read_to_string(shipped().join(name)).unwrap());
    let place = directory(&[("default.lua", &files[0]), ("default_test.lua", &files[1])]);
    let blocks = page.split("\n```console\n").skip(1).filter_map(|block| block.split_once("\n```"));
    let commands: Vec<&str> =
        blocks.flat_map(|(block, _)| block.lines()).filter(|line| !line.contains("--watch")).collect();
    assert!(commands.len() >= 6, "{commands:?}");
    for line in commands {
        let words = line.strip_prefix("$ readmit ").unwrap_or_else(|| panic!("{line}")).split(' ');
        let output = Command::new(program("readmit")).current_dir(place.path()).args(words).output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

/// What `verify` finds is printed as a test; put beside the policy, that test shows the same fault.
#[test]
fn a_counterexample_is_a_test() {
    let policy = r#"
return {
  open = function(case)
    if case.reason == "stolen" and case.account.phone and case.account.phone.country == "FR" then
      return prove { "email", "voice" }
    end
    return prove { "password", "email", "voice" }
  end,
}
"#;
    let place = directory(&[("default.lua", policy)]);
    let path = place.path().to_str().unwrap();
    let verified = offline(&["policy", "verify", path]);
    assert_eq!(verified.code, 1, "{verified:?}");
    let from = verified.output.find("test(").unwrap_or_else(|| panic!("{verified:?}"));
    let found = &verified.output[from..];
    let test: String = found[..found.find("end)\n").unwrap() + 5].to_owned();
    assert!(test.contains("\"FR\"") && test.contains("stolen"), "{test}");
    fs::write(place.path().join("default_test.lua"), &test).unwrap();
    let tested = offline(&["policy", "test", path]);
    let said = format!("{}{}", tested.output, tested.error);
    assert!(
        tested.code == 1 && said.contains("email and voice alone is below the floor"),
        "{test}\n{tested:?}"
    );
}

/// Bad input to every verb that reads files: refused with a clear text, nothing half done.
#[test]
fn bad_files_are_named() {
    let good = fs::read_to_string(shipped().join("default.lua")).unwrap();
    let large = directory(&[("default.lua", &good), ("large.lua", &"-".repeat(10_000_000))]);
    let latin = directory(&[("default.lua", &good)]);
    fs::write(latin.path().join("bad.lua"), b"return '\xe9'").unwrap();
    let circle =
        directory(&[("default.lua", "return require './a'"), ("a.lua", "return require './default'")]);
    let outside = directory(&[("default.lua", &good)]);
    std::os::unix::fs::symlink("/etc/hostname", outside.path().join("out.lua")).unwrap();
    for (place, said) in
        [(&large, "larger than"), (&latin, "UTF-8"), (&circle, "circle"), (&outside, "symbolic link")]
    {
        fs::write(place.path().join("default_test.lua"), CALLED).unwrap();
        let path = place.path().to_str().unwrap();
        for verb in ["check", "test", "verify", "mutate", "graph"] {
            let ended = offline(&["policy", verb, path]);
            assert_eq!(ended.code, 1, "{verb}: {ended:?}");
            let told = format!("{}{}", ended.output, ended.error);
            assert!(told.contains(said), "{verb} says {said}: {ended:?}");
        }
    }
}

/// A daemon whose log has some recoveries in it.
async fn after_some_recoveries() -> World {
    let mut world = World::builder().start().await;
    let alice = world.person("alice").await;
    let bob = json!({ "kind": "member" });
    world.person_with("bob", bob, "virtual").await;
    let case = world.desk.open("alice", "damaged").await;
    case.prove_password().await;
    case.prove_email(&mut world.mailbox, &alice.email).await;
    world.desk.open("bob", "lost").await;
    world
}

/// The decision log against the rules that made it: nothing differs, over the bus and from a file, redacted or not.
/// Against weaker rules: what would change is named, and CI is told.
#[tokio::test]
async fn history_is_replayed() {
    let world = after_some_recoveries().await;
    let live = world.directory().join("policies");
    let live = live.to_str().unwrap();
    let log = world.directory().join("log.jsonl");
    let log = log.to_str().unwrap();
    let exported = world.cli(&["policy", "export", "--since", "30d", "-o", log], "");
    assert_eq!(exported.code, 0, "{exported:?}");
    let redacted = world.cli(&["policy", "export", "--redact"], "");
    assert!(redacted.code == 0 && !redacted.output.contains("alice"), "{redacted:?}");
    let redacted_log = world.directory().join("redacted.jsonl");
    fs::write(&redacted_log, &redacted.output).unwrap();
    let redacted_log = redacted_log.to_str().unwrap();
    for from in [&["--since", "30d"][..], &["--from", log], &["--from", redacted_log]] {
        let arguments = [&["policy", "replay", live, "--fail-if-weaker", "--json"], from].concat();
        let ended = world.cli(&arguments, "");
        assert_eq!(ended.code, 0, "{ended:?}");
        let report = json_of(&ended);
        assert!(report["decisions"].as_u64() >= Some(4), "{report}");
        assert_eq!((&report["same"], &report["changes"]), (&report["decisions"], &json!([])), "{report}");
    }
    let candidate = directory(&[("default.lua", WEAKER)]);
    let candidate = candidate.path().to_str().unwrap();
    let ended = world.cli(&["policy", "replay", candidate, "--fail-if-weaker", "--json"], "");
    assert_eq!(ended.code, 1, "{ended:?}");
    let report = json_of(&ended);
    assert!(report["weaker"].as_u64() >= Some(1), "{report}");
    assert_eq!(report["changes"][0]["effect"], "weaker", "weakened first: {report}");
    let cut = fs::read_to_string(log).unwrap();
    fs::write(log, &cut[..cut.len() - 20]).unwrap();
    let ended = world.cli(&["policy", "replay", live, "--from", log], "");
    assert!(ended.code == 1 && ended.output.is_empty(), "a log that is cut gives no report: {ended:?}");
    let kinds: Vec<Value> =
        world.desk.journal().await.into_iter().map(|entry| entry["kind"].clone()).collect();
    assert!(kinds.contains(&json!("decisions_read")), "reading the log is journalled: {kinds:?}");
}

/// A candidate runs in the shadow: it decides nothing, and where it would have decided otherwise is kept, across a
/// restart too.
#[tokio::test]
async fn a_candidate_runs_in_the_shadow() {
    let mut world = after_some_recoveries().await;
    let candidate = directory(&[("default.lua", WEAKER)]);
    let shadow = world.cli(&["policy", "shadow", candidate.path().to_str().unwrap()], "");
    assert_eq!(shadow.code, 0, "{shadow:?}");
    assert_eq!(world.stop().await.code(), Some(0));
    world.start().await;
    let case = world.desk.open("alice", "lost").await;
    let plan = case.show().await["steps"].as_array().map(Vec::len);
    assert_eq!(plan, Some(3), "the candidate decides nothing");
    let differs = async {
        loop {
            let shown = json_of(&world.cli(&["policy", "shadow", "--show", "--json"], ""));
            if shown["weaker"].as_u64() >= Some(1) {
                return shown;
            }
            tokio::task::yield_now().await;
        }
    };
    let shown = patiently("a difference", differs).await;
    assert_eq!(shown["differences"][0]["change"], "weaker", "{shown}");
    assert_eq!(world.cli(&["policy", "shadow", "--stop"], "").code, 0);
}

/// What is saved comes into force after its check and its own tests; one call goes back, and stays so over a restart.
#[tokio::test]
async fn a_saved_set_passes_its_own_tests_first() {
    let mut world = after_some_recoveries().await;
    let versions = |world: &World| json_of(&world.cli(&["policy", "list", "--json"], ""));
    let first = versions(&world)[0]["version"].clone();
    fs::write(world.directory().join("policies/default_test.lua"), CALLED).unwrap();
    let mut loaded = world.desk.signals("Policies1", "Loaded").await;
    let mut refused = world.desk.signals("Policies1", "Refused").await;
    world.write_policy("default", WEAKER);
    let why = refused.next().await;
    let why = why[0].as_str().unwrap();
    assert!(why.contains("default_test.lua:2") && why.contains("everybody is called"), "{why}");
    let listed = versions(&world);
    assert!(
        listed[0]["refused"].as_str().is_some_and(|text| text.contains("everybody is called")),
        "{listed}"
    );
    assert_eq!(
        world.desk.open("alice", "lost").await.show().await["steps"].as_array().map(Vec::len),
        Some(3)
    );

    fs::remove_file(world.directory().join("policies/default_test.lua")).unwrap();
    while versions(&world)[0]["version"] == first || versions(&world)[0].get("refused").is_some() {
        loaded.next().await;
    }
    assert_eq!(
        world.desk.open("alice", "lost").await.show().await["steps"].as_array().map(Vec::len),
        Some(2)
    );

    let back = world.cli(&["policy", "rollback", &first.as_str().unwrap()[..8]], "");
    assert_eq!(back.code, 0, "{back:?}");
    assert_eq!(world.stop().await.code(), Some(0));
    world.start().await;
    assert_eq!(versions(&world)[0]["version"], first, "it stays, although the directory holds another set");
    assert_eq!(
        world.desk.open("alice", "lost").await.show().await["steps"].as_array().map(Vec::len),
        Some(3)
    );
}

/// `explain` names lines, facts and factors; `readiness` names who has no way back before they need it.
#[tokio::test]
async fn an_administrator_asks_what_would_happen() {
    let world = after_some_recoveries().await;
    let explained = world.cli(&["policy", "explain", "alice", "--reason", "stolen", "--json"], "");
    assert_eq!(explained.code, 0, "{explained:?}");
    let explained = json_of(&explained);
    let facts: Vec<&str> =
        explained["facts"].as_array().unwrap().iter().filter_map(|fact| fact["fact"].as_str()).collect();
    assert!(facts.contains(&"account.phone.on_lost_device"), "{explained}");
    let voice = explained["factors"].as_array().unwrap().iter().find(|factor| factor["factor"] == "voice");
    assert_eq!(voice.map(|voice| &voice["asked"]), Some(&json!(true)), "{explained}");
    let codes =
        explained["factors"].as_array().unwrap().iter().find(|factor| factor["factor"] == "recovery_code");
    assert_eq!(codes.map(|codes| &codes["asked"]), Some(&json!(false)), "{explained}");
    assert!(
        explained["decided_at"][0].as_str().is_some_and(|at| at.starts_with("default.lua:")),
        "{explained}"
    );

    let carol = json!({ "phone": null, "phone_country": null });
    world.person_with("carol", carol, "virtual").await;
    let ready = world.cli(&["policy", "readiness", "--fail-if-any", "--json"], "");
    assert_eq!(ready.code, 1, "{ready:?}");
    let ready = json_of(&ready);
    assert_eq!(ready["accounts"].as_array().map(Vec::len), Some(1), "{ready}");
    assert_eq!(ready["accounts"][0]["account"], "carol", "bob's way is the rule, alice is ready: {ready}");
    assert!(ready["accounts"][0]["missing"].to_string().contains("phone"), "{ready}");
}
