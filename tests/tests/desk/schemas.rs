//! What `--json` says: real answers of the verbs, held against the schemas by a validator that is not ours.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use readmit_tests::{PASSWORD, World, run};

/// Verbs that answer nothing, or not as JSON.
const WITHOUT: [&str; 4] = ["completions", "demo", "recover", "schema"];
/// Verbs of the store, whose answers their own help describes.
const DESCRIBED: [&str; 4] = ["audit", "backup", "key", "restore"];
/// Verbs whose answers are not looked at here: they write a file (`archive/export.rs` looks at it), need a second person,
/// a stream, or a telephone's codes.
const ELSEWHERE: [&str; 6] =
    ["audit-export", "case-approve", "case-watch", "device-resync", "error", "policy-activate"];

fn is_without(verb: &str) -> bool {
    let first = verb.split('-').next().unwrap();
    WITHOUT.contains(&verb)
        || DESCRIBED.contains(&first) && !["audit-export", "audit-read", "audit-verify"].contains(&verb)
}

/// The verbs, down to those that do something.
fn verbs(words: &[&str], found: &mut BTreeSet<String>) {
    let help = run("readmit", &[words, &["--help"]].concat(), "").output;
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| line.starts_with("  ")).filter(|line| !line.starts_with("   "));
    let names: Vec<&str> = listed.filter_map(|line| line.split_whitespace().next()).collect();
    if names.is_empty() || words == ["demo"] {
        found.insert(words.join("-"));
    }
    // What is below `demo` is another program's.
    for name in names.into_iter().filter(|name| *name != "help" && words != ["demo"]) {
        verbs(&[words, &[name]].concat(), found);
    }
}

#[test]
fn every_verb_has_a_schema_and_every_schema_a_verb() {
    let mut wanted = BTreeSet::new();
    verbs(&[], &mut wanted);
    wanted.retain(|verb| !is_without(verb));
    wanted.insert("error".to_owned());
    let listed = run("readmit", &["schema", "--list"], "").output;
    let listed: BTreeSet<String> = listed.lines().map(str::to_owned).collect();
    assert_eq!(listed, wanted);
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contrib/schemas");
    let files = std::fs::read_dir(files).unwrap().map(|file| file.unwrap().path());
    let files: BTreeSet<String> =
        files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(files, wanted);
    let one = run("readmit", &["schema", "account", "list"], "");
    assert!(one.code == 0 && one.output.contains("2020-12"), "{one:?}");
    assert_eq!(run("readmit", &["schema", "nothing"], "").code, 3);
}

/// Answers of a world, in files that are called by the verb.
struct Answers<'a> {
    world: &'a World,
    place: &'a Path,
    seen: BTreeSet<String>,
}

impl Answers<'_> {
    fn keep(&mut self, verb: &str, arguments: &[&str], input: &str) {
        let ended = self
            .world
            .cli(&[&verb.splitn(2, '-').collect::<Vec<_>>()[..], arguments, &["--json"]].concat(), input);
        assert!(!ended.output.is_empty(), "{verb}: {ended:?}");
        let number = self.seen.len();
        self.seen.insert(verb.to_owned());
        std::fs::write(self.place.join(format!("{verb}.{number}.json")), ended.output).unwrap();
    }
}

#[tokio::test]
async fn what_the_verbs_say_fits_their_schemas() {
    let world = World::builder().start().await;
    world.plugins_run().await;
    world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    let second = world.desk.open("alice", "stolen").await;
    let form =
        serde_json::json!({"problem": "no_call", "email": "alice@example.org", "name": "Alice Example"});
    for it in [&case, &second] {
        it.escalate(form.clone()).await.unwrap();
    }
    let device = world.desk.devices("alice").await[0]["device"].as_str().unwrap().to_owned();
    let place = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("READMIT_TEST_ANSWERS").map(std::path::PathBuf::from);
    let path = |name: &str| world.directory().join(name).to_str().unwrap().to_owned();
    let mut answers =
        Answers { world: &world, place: kept.as_deref().unwrap_or(place.path()), seen: BTreeSet::new() };
    let policies = path("policies");
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/default_test.lua");
    std::fs::copy(tests, world.directory().join("policies/default_test.lua")).unwrap();
    let config = path("readmit.toml");
    let (people, log) = (path("people.csv"), path("log.jsonl"));
    let (handle, other) = (case.handle(), second.handle());
    let table: Vec<(&str, Vec<&str>, &str)> = vec![
        ("status", vec![], ""),
        ("top", vec!["--once"], ""),
        ("doctor", vec!["--config", &config], ""),
        ("account-add", vec!["carol", "--email", "carol@example.org"], ""),
        ("account-set", vec!["carol", "--group", "staff"], ""),
        ("account-set-password", vec!["carol"], PASSWORD),
        ("account-show", vec!["alice"], ""),
        ("account-show", vec!["carol"], ""),
        ("account-list", vec![], ""),
        ("account-verify", vec!["carol", "--email"], ""),
        ("account-export", vec![&people], ""),
        ("account-import", vec![&people], ""),
        ("account-import", vec!["-"], "id,phones\nx,1\ny,+999\nz,\n"),
        ("account-remove", vec!["carol"], ""),
        ("device-enroll", vec!["alice", "--label", "second"], ""),
        ("device-list", vec!["alice"], ""),
        ("device-deactivate", vec![&device, "--because", "broken"], ""),
        ("device-delete", vec![&device], ""),
        ("case-list", vec![], ""),
        ("case-show", vec![&handle], ""),
        ("case-resolve", vec![&handle, "--action", "pass", "--because", "seen"], ""),
        ("case-deny", vec![&other, "--because", "not the person"], ""),
        ("codes-issue", vec!["alice"], ""),
        ("pass-issue", vec!["alice"], ""),
        ("plugin-list", vec![], ""),
        ("plugin-test", vec!["email", "a@example.org"], ""),
        ("plugin-probe", vec!["email"], ""),
        ("plugin-probe", vec!["voice"], ""),
        ("plugin-restart", vec!["email"], ""),
        ("audit-read", vec![], ""),
        ("audit-verify", vec![], ""),
        ("config-check", vec![&config], ""),
        ("manual", vec!["--dir", &people.trim_end_matches(".csv")], ""),
        ("policy-check", vec![&policies, "--no-types"], ""),
        ("policy-list", vec![], ""),
        ("policy-reload", vec![], ""),
        ("policy-explain", vec!["alice", "--reason", "lost"], ""),
        ("policy-test", vec![&policies], ""),
        ("policy-verify", vec![&policies], ""),
        ("policy-mutate", vec![&policies], ""),
        ("policy-graph", vec![&policies], ""),
        ("policy-diff", vec![&policies, &policies], ""),
        ("policy-export", vec!["-o", &log], ""),
        ("policy-replay", vec![&policies, "--from", &log], ""),
        ("policy-readiness", vec!["--all"], ""),
        ("policy-shadow", vec![&policies], ""),
    ];
    for (verb, arguments, input) in table {
        answers.keep(verb, &arguments, input);
    }
    let version = world.cli(&["policy", "list", "--json"], "");
    let version: serde_json::Value = serde_json::from_str(&version.output).unwrap();
    let shipped = std::fs::read_to_string(world.directory().join("policies/default.lua")).unwrap();
    world.write_policy("default", &format!("-- changed\n{shipped}"));
    assert_eq!(world.cli(&["policy", "reload"], "").code, 0);
    answers.keep("policy-rollback", &[version[0]["version"].as_str().unwrap()], "");
    let mut wanted = BTreeSet::new();
    verbs(&[], &mut wanted);
    wanted.retain(|verb| !is_without(verb) && !ELSEWHERE.contains(&verb.as_str()));
    let missed: Vec<&String> = wanted.difference(&answers.seen).collect();
    assert!(missed.is_empty(), "no answer of {missed:?} is looked at");
    validate(answers.place);
}

/// Has the validator compare every answer with the schema of its verb.
fn validate(place: &Path) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = std::env::var("READMIT_TEST_PYTHON").unwrap_or("/tmp/readmit-venv/bin/python".to_owned());
    let output = Command::new(&python)
        .arg(here.join("tests/desk/validate.py"))
        .args([&here.join("../contrib/schemas"), place])
        .output()
        .unwrap_or_else(|error| panic!("{python} cannot be run: {error}"));
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
}
