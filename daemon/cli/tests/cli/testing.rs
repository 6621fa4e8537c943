//! `readmit policy test`, without a daemon.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use serde_json::json;

use crate::mutating::{directory, policy};
use crate::run::command;

const POLICY: &str = "\
return {
  open = function(case)
    return prove { \"password\", \"email\" }
  end,
}
";

const GOOD: &str = "test(\"good\", function() open {}:prove(\"password\"):prove(\"email\") end)\n";

const BAD: &str = "\
test(\"bad <&> \\\"ä\\\"\", function()
  local case = open { reason = \"stolen\" }
  case:prove(\"password\")
  expect(case.state):is(\"recovered\")
end)
";

/// Longer than any wait on a busy machine; a command that says nothing more fails the test.
const LIMIT: Duration = Duration::from_secs(120);

#[test]
fn all_is_well_only_if_a_test_has_passed_and_none_failed() {
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str], i32, &'a str);
    let table: [Row<'_>; 7] = [
        (&[("default_test.lua", GOOD)], &[], 0, ""),
        (&[("default_test.lua", BAD)], &[], 1, "error: 1 of 1 tests failed\n"),
        (&[("default_test.lua", GOOD), ("bad_test.lua", BAD)], &["GOOD"], 0, ""),
        (&[("default_test.lua", GOOD)], &["goood"], 1, "error: no test has `goood` in its file or name\n"),
        (&[("default_test.lua", "local x = 1\n")], &[], 1, "error: the files of tests hold no test\n"),
        (&[], &[], 1, "error: there is no file of tests\n"),
        (&[("default_test.lua", GOOD)], &["--threads", "0"], 2, "error: invalid value '0'"),
    ];
    for (tests, arguments, code, message) in table {
        let directory = directory(&[&[("default.lua", POLICY)], tests].concat());
        let ended = policy("test", directory.path(), arguments);
        assert_eq!(ended.code, code, "{tests:?} {arguments:?}: {ended:?}");
        assert!(ended.error.starts_with(message), "{tests:?} {arguments:?}: {ended:?}");
        assert!(code != 1 || !ended.hint().is_empty(), "{ended:?}");
        assert!(!ended.output.contains('\u{1b}'), "no colours for a script: {ended:?}");
    }
    let ended = policy("test", Path::new("/nowhere/at/all"), &[]);
    assert_eq!((ended.code, ended.hint().contains("readmit policy test . '/nowhere/at/all'")), (3, true));
}

#[test]
fn a_failure_is_shown_as_a_journey() {
    let directory = directory(&[("default.lua", POLICY), ("default_test.lua", BAD)]);
    let ended = policy("test", directory.path(), &[]);
    let (shown, summary) = ended.output.split_once("\n\n").unwrap();
    assert_eq!(
        shown,
        "\
failed default_test.lua:1: bad <&> \"ä\"
  default_test.lua:4: this is not the value that was expected
    expected  \"recovered\"
    got       \"proving\"
    1. open { reason = \"stolen\" } → proving: all { password, email }
    2. case:prove(\"password\") → proving, open: email"
    );
    assert!(summary.starts_with("0 tests passed, 1 failed, in "), "{summary}");
}

#[test]
fn scripts_get_one_document() {
    let directory = directory(&[("default.lua", POLICY), ("a_test.lua", GOOD), ("b_test.lua", BAD)]);
    let ended = policy("test", directory.path(), &["--json"]);
    assert_eq!(ended.code, 1);
    let mut document = ended.json();
    for micros in ["/micros", "/tests/0/micros", "/tests/1/micros"] {
        assert!(document.pointer_mut(micros).unwrap().take().is_u64(), "{micros}");
    }
    let failure = json!({
        "message": "this is not the value that was expected",
        "file": "b_test.lua",
        "line": 4,
        "expected": "\"recovered\"",
        "got": "\"proving\"",
        "journey": [
            "open { reason = \"stolen\" } → proving: all { password, email }",
            "case:prove(\"password\") → proving, open: email",
        ],
    });
    let tests = json!([
        {"file": "a_test.lua", "line": 1, "name": "good", "passed": true, "micros": null, "failure": null},
        {"file": "b_test.lua", "line": 1, "name": "bad <&> \"ä\"", "passed": false, "micros": null, "failure": failure},
    ]);
    assert_eq!(document, json!({"passed": 1, "failed": 1, "micros": null, "tests": tests}));
    let error: serde_json::Value = serde_json::from_str(&ended.error).unwrap();
    assert_eq!((&error["error"], &error["message"]), (&json!("failed"), &json!("1 of 2 tests failed")));
}

#[test]
fn the_first_failure_can_end_the_run() {
    let tests = "for i = 1, 9 do test(\"t\" .. i, function() expect(i):at_most(3) end) end\n";
    let directory = directory(&[("default.lua", POLICY), ("default_test.lua", tests)]);
    let ended = policy("test", directory.path(), &["--fail-fast", "--json", "--threads", "1"]);
    assert_eq!((ended.json()["passed"].clone(), ended.json()["failed"].clone()), (json!(3), json!(1)));
}

#[test]
fn junit_is_xml_that_says_the_same() {
    let directory = directory(&[("default.lua", POLICY), ("a_test.lua", GOOD), ("b_test.lua", BAD)]);
    let file = directory.path().join("out.xml");
    let ended = policy("test", directory.path(), &["--junit", file.to_str().unwrap()]);
    assert_eq!(ended.code, 1, "{ended:?}");
    let text = fs::read_to_string(&file).unwrap();
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_end_names = true;
    let mut elements = Vec::new();
    loop {
        match reader.read_event().unwrap() {
            Event::Start(element) | Event::Empty(element) => {
                let attributes = element.attributes().map(|attribute| {
                    let attribute = attribute.unwrap();
                    let key = attribute.key.as_ref().to_owned();
                    (key, unescape(&attribute.value).unwrap().into_owned())
                });
                let name = element.name().as_ref().to_owned();
                elements.push((name, attributes.collect::<Vec<_>>()));
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let value = |at: usize, key: &str| {
        let (_, attributes): &(String, Vec<(String, String)>) = &elements[at];
        attributes.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str()).unwrap_or_default()
    };
    let names: Vec<_> = elements.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["testsuites", "testsuite", "testcase", "testsuite", "testcase", "failure"]);
    assert_eq!([value(0, "tests"), value(0, "failures")], ["2", "1"]);
    assert_eq!([value(3, "name"), value(3, "failures")], ["b_test.lua", "1"]);
    assert_eq!(
        [value(4, "name"), value(4, "classname"), value(4, "line")],
        ["bad <&> \"ä\"", "b_test.lua", "1"]
    );
    assert_eq!(value(5, "message"), "this is not the value that was expected");
    let ended = policy("test", directory.path(), &["--junit", "/nowhere/at/all.xml"]);
    assert!(ended.code == 1 && ended.error.contains("/nowhere/at/all.xml cannot be written"), "{ended:?}");
}

#[test]
fn bad_files_are_refused_by_name_and_nothing_is_run() {
    let endless = "test(\"endless\", function() while true do end end)\n";
    let cycle = "test(\"good\", function() end) require \"./lib/a\"\n";
    let table: [(&str, &[u8], &str); 7] = [
        ("default_test.lua", b"test(\"x\", function( end)\n", "default_test.lua:1:"),
        ("default_test.lua", b"-- \xff\n", "default_test.lua: is not UTF-8 text"),
        ("default_test.lua", &vec![b' '; 10 << 20], "default_test.lua: is larger than 262144 bytes"),
        ("default.lua", b"return {}", "default.lua: the policy has no function `open`"),
        ("default.lua", b"while true do end", "default.lua:1: the budget of"),
        ("default_test.lua", endless.as_bytes(), "1 of 1 tests failed"),
        ("default_test.lua", cycle.as_bytes(), "1 of 1 tests failed"),
    ];
    for (name, bytes, wanted) in table {
        let directory = directory(&[
            ("default.lua", POLICY),
            ("default_test.lua", GOOD),
            ("lib/a.lua", "return require \"./b\""),
            ("lib/b.lua", "return require \"./a\""),
        ]);
        fs::write(directory.path().join(name), bytes).unwrap();
        let ended = policy("test", directory.path(), &["--threads", "1"]);
        assert_eq!(ended.code, 1, "{name}: {ended:?}");
        assert!(ended.error.contains(wanted), "{wanted}: {ended:?}");
    }
    let (inside, outside) = (directory(&[("default.lua", POLICY)]), directory(&[("x_test.lua", GOOD)]));
    std::os::unix::fs::symlink(outside.path().join("x_test.lua"), inside.path().join("x_test.lua")).unwrap();
    let ended = policy("test", inside.path(), &[]);
    assert_eq!(ended.code, 1);
    assert!(
        ended.error.contains("x_test.lua: is a symbolic link that leaves the policies directory"),
        "{ended:?}"
    );
}

/// A command that goes on until it is interrupted, and what it says line by line.
struct Watching {
    child: Child,
    lines: Receiver<String>,
    /// What was said and not waited for yet: output and errors come in no order.
    said: Vec<String>,
}

impl Watching {
    fn start(directory: &Path) -> Self {
        let mut command = command("unix:path=/nowhere");
        command.args(["policy", "test", directory.to_str().unwrap(), "--watch"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (sender, lines) = channel();
        let said: [Box<dyn std::io::Read + Send>; 2] =
            [Box::new(child.stdout.take().unwrap()), Box::new(child.stderr.take().unwrap())];
        for stream in said {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        break;
                    }
                }
            });
        }
        Self { child, lines, said: Vec::new() }
    }

    /// Waits until it says this.
    fn says(&mut self, part: &str) {
        loop {
            if let Some(at) = self.said.iter().position(|line| line.contains(part)) {
                self.said.remove(at);
                return;
            }
            match self.lines.recv_timeout(LIMIT) {
                Ok(line) => self.said.push(line),
                Err(error) => panic!("it never says {part:?} ({error}), but {:?}", self.said),
            }
        }
    }

    /// Ends it as a person does.
    fn interrupt(mut self) -> Option<i32> {
        let sent = Command::new("kill").args(["-INT", &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // It is gone unless the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn watching_runs_the_tests_again_at_each_save() {
    let parent = directory(&[("p/default.lua", POLICY), ("p/default_test.lua", GOOD)]);
    let path = parent.path().join("p");
    let mut watching = Watching::start(&path);
    watching.says("1 test passed, in ");
    watching.says("waiting for a save in ");

    fs::write(path.join("bad_test.lua"), BAD).unwrap();
    watching.says("failed bad_test.lua:1: bad");
    watching.says("1 of 2 tests failed");
    watching.says("waiting for a save in ");

    fs::write(path.join("bad_test.lua"), "test(").unwrap();
    watching.says("bad_test.lua:1:");
    watching.says("waiting for a save in ");

    // As editors save: beside it, then in its place.
    fs::write(path.join(".new"), GOOD.replace("good", "better")).unwrap();
    fs::rename(path.join(".new"), path.join("bad_test.lua")).unwrap();
    watching.says("2 tests passed, in ");
    watching.says("waiting for a save in ");

    fs::rename(&path, parent.path().join("away")).unwrap();
    watching.says("cannot be read");
    fs::rename(parent.path().join("away"), &path).unwrap();
    watching.says("2 tests passed, in ");
    assert_eq!(watching.interrupt(), Some(130));
}
