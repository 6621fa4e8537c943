//! What `--json` says: real answers of the verbs, held against the schemas by a validator that is not ours.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use readmit_tests::{PASSWORD, World, run};

use crate::watching::Running;

/// Verbs that answer nothing, or not as JSON.
const WITHOUT: [&str; 4] = ["completions", "demo", "recover", "schema"];

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
    wanted.retain(|verb| !WITHOUT.contains(&verb.as_str()));
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

/// Answers of worlds, in files that are called by the verb.
struct Answers {
    place: PathBuf,
    seen: BTreeSet<String>,
}

impl Answers {
    /// Runs a verb, and keeps its answer.
    fn keep(&mut self, world: &World, verb: &str, arguments: &[&str], input: &str) {
        let words = verb.splitn(2, '-').collect::<Vec<_>>();
        let ended = world.cli(&[&words[..], arguments, &["--json"]].concat(), input);
        assert!(!ended.output.is_empty(), "{verb}: {ended:?}");
        self.put(verb, &ended.output);
    }

    /// Runs a verb that fails, and keeps what it says on standard error.
    fn keep_error(&mut self, world: &World, code: i32, arguments: &[&str]) {
        let ended = world.cli(&[arguments, &["--json"]].concat(), "");
        assert_eq!(ended.code, code, "{ended:?}");
        self.put("error", &ended.error);
    }

    fn put(&mut self, verb: &str, text: &str) {
        let number = std::fs::read_dir(&self.place).unwrap().count();
        self.seen.insert(verb.to_owned());
        std::fs::write(self.place.join(format!("{verb}.{number}.json")), text).unwrap();
    }
}

/// Every verb that answers with `--json` is run against a real daemon, and what it says is held against its schema.
#[tokio::test]
async fn what_every_verb_says_fits_its_schema() {
    let place = tempfile::tempdir().unwrap();
    let kept = std::env::var_os("READMIT_TEST_ANSWERS").map(PathBuf::from);
    let place = kept.unwrap_or_else(|| place.path().to_owned());
    let mut answers = Answers { place, seen: BTreeSet::new() };
    of_an_ordinary_day(&mut answers).await;
    of_what_takes_two(&mut answers).await;
    let mut wanted = BTreeSet::new();
    verbs(&[], &mut wanted);
    wanted.retain(|verb| !WITHOUT.contains(&verb.as_str()));
    wanted.insert("error".to_owned());
    let missed: Vec<&String> = wanted.difference(&answers.seen).collect();
    assert!(missed.is_empty(), "no answer of {missed:?} is looked at");
    validate(&answers.place);
}

async fn of_an_ordinary_day(answers: &mut Answers) {
    let mut world = World::builder().start().await;
    world.plugins_run().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    let second = world.desk.open("alice", "stolen").await;
    let form =
        serde_json::json!({"problem": "no_call", "email": "alice@example.org", "name": "Alice Example"});
    for it in [&case, &second] {
        it.escalate(form.clone()).await.unwrap();
    }
    let path = |name: &str| world.directory().join(name).to_str().unwrap().to_owned();
    let policies = path("policies");
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policies/default_test.lua");
    std::fs::copy(tests, world.directory().join("policies/default_test.lua")).unwrap();
    let (whole, backup) = (path("whole.jsonl"), path("one.backup"));
    let config = path("readmit.toml");
    let (people, log) = (path("people.csv"), path("log.jsonl"));
    let (handle, other) = (case.handle(), second.handle());
    let codes = [-1, 0].map(|step| alice.code(world.now(), step)).map(|code| code + "\n").concat();
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
        ("account-export", vec![], ""),
        ("account-import", vec![&people], ""),
        ("account-import", vec!["-"], "id,phones\nx,1\ny,+999\nz,\n"),
        ("account-remove", vec!["carol"], ""),
        ("device-enroll", vec!["alice", "--label", "second"], ""),
        ("device-list", vec!["alice"], ""),
        ("device-resync", vec![&alice.device], &codes),
        ("device-deactivate", vec![&alice.device, "--because", "broken"], ""),
        ("device-delete", vec![&alice.device], ""),
        ("case-list", vec![], ""),
        ("case-show", vec![&handle], ""),
        ("case-resolve", vec![&handle, "--action", "pass", "--because", "seen"], ""),
        ("case-deny", vec![&other, "--because", "not the person"], ""),
        ("codes-issue", vec!["alice"], ""),
        ("pass-issue", vec!["alice"], ""),
        ("pass-send", vec!["alice"], ""),
        ("plugin-list", vec![], ""),
        ("plugin-test", vec!["email", "a@example.org"], ""),
        ("plugin-probe", vec!["email"], ""),
        ("plugin-probe", vec!["voice"], ""),
        ("plugin-restart", vec!["email"], ""),
        ("plugin-pause", vec!["voice", "--because", "the bill"], ""),
        ("plugin-resume", vec!["voice"], ""),
        ("audit-read", vec![], ""),
        ("audit-verify", vec![], ""),
        ("audit-export", vec![], ""),
        ("audit-export", vec!["--redact"], ""),
        ("audit-export", vec!["-o", &whole], ""),
        ("key-rotate", vec![], ""),
        ("key-status", vec![], ""),
        ("backup", vec![&backup], ""),
        ("backup", vec!["--verify", &backup], ""),
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
        answers.keep(&world, verb, &arguments, input);
    }
    let version = world.cli(&["policy", "list", "--json"], "");
    let version: serde_json::Value = serde_json::from_str(&version.output).unwrap();
    let shipped = std::fs::read_to_string(world.directory().join("policies/default.lua")).unwrap();
    world.write_policy("default", &format!("-- changed\n{shipped}"));
    assert_eq!(world.cli(&["policy", "reload"], "").code, 0);
    answers.keep(&world, "policy-rollback", &[version[0]["version"].as_str().unwrap()], "");
    answers.keep_error(&world, 3, &["account", "show", "nobody"]);
    answers.keep_error(&world, 2, &["account", "add"]);
    answers.keep_error(&world, 6, &["case", "deny", &other, "--because", "once more"]);
    watched(&world, answers).await;
    world.stop().await;
    answers.keep_error(&world, 7, &["status"]);
    answers.keep_error(&world, 1, &["restore", "--config", &config, &backup]);
    answers.keep(&world, "restore", &["--config", &config, "--accept-rollback", &backup], "");
    world.start().await;
    // Now the journal tells of a restore.
    answers.keep(&world, "audit-verify", &[], "");
}

/// What takes two persons to decide.
async fn of_what_takes_two(answers: &mut Answers) {
    let world = World::builder()
        .policy("return { open = function() return prove { approvals(2) } end }\n")
        .config("[policy]\nactivation = \"two_persons\"\n[assurance]\nlevel = \"none\"")
        .start()
        .await;
    world.person("bob").await;
    let case = world.desk.open("bob", "lost").await;
    answers.keep(&world, "case-approve", &[&case.handle(), "--because", "known to me"], "");
    world.write_policy("default", "return { open = function() return deny { because = 'closed' } end }\n");
    let reloaded = world.cli(&["policy", "reload", "--json"], "");
    answers.put("policy-reload", &reloaded.output);
    let reloaded: serde_json::Value = serde_json::from_str(&reloaded.output).unwrap();
    answers.keep(&world, "policy-activate", &[reloaded["version"].as_str().unwrap()], "");
}

/// A line of a stream.
async fn watched(world: &World, answers: &mut Answers) {
    let mut watch = Running::start(world, &["case", "watch", "--json"]);
    assert!(watch.told().await.starts_with("watching"));
    world.desk.open("alice", "damaged").await;
    answers.put("case-watch", &watch.line().await);
    watch.interrupt().await;
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
