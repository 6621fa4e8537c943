//! `readmit policy mutate`, without a daemon.

use std::path::Path;

use serde_json::json;

use crate::run::{Ended, readmit};

const POLICY: &str = "\
local policy = {}
function policy.open(case)
  if case.account.kind == \"member\" then
    return escalate { to = \"administrator\", because = \"members\" }
  end
  return prove { \"password\", \"email\" }
end
return policy
";

const OWNERS: &str = "\
test(\"owners prove two things\", function()
  local case = open {}
  expect(case.plan):is(\"all { password, email }\")
end)
";

const MEMBERS: &str = "\
test(\"members are sent to their administrator\", function()
  local case = open { account = { kind = \"member\" } }
  expect(case.state):is(\"escalated\")
  expect(case.to):is(\"administrator\")
end)
";

/// A directory with these files.
pub fn directory(files: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    directory
}

/// `readmit policy VERB DIR …`, with no daemon anywhere.
pub fn policy(verb: &str, directory: &Path, arguments: &[&str]) -> Ended {
    let mut all = vec!["policy", verb, directory.to_str().unwrap()];
    all.extend(arguments);
    readmit("unix:path=/nowhere", &all, "")
}

#[test]
fn survivors_are_shown_with_their_line_and_the_change_marked() {
    let directory = directory(&[("default.lua", POLICY), ("default_test.lua", OWNERS)]);
    let ended = policy("mutate", directory.path(), &[]);
    assert_eq!((ended.code, ended.error.as_str()), (0, ""), "{ended:?}");
    let (first, second, third) = (
        "case.account.kind == \"member\"",
        "escalate { to = \"administrator\", because = \"members\" }",
        "\"administrator\"",
    );
    let [under_first, under_second, under_third] = [first, second, third].map(|text| "^".repeat(text.len()));
    let wanted = format!(
        "\
default.lua
default.lua:3:6: changed `{first}` to `false`: no test noticed
     3 |   if {first} then
       |      {under_first}
default.lua:4:12: changed `{second}` to `deny {{ because = \"members\" }}`: no test noticed
     4 |     return {second}
       |            {under_second}
default.lua:4:28: changed `{third}` to `\"support\"`: no test noticed
     4 |     return {second}
       |                            {under_third}
CHANGE      NOTICED  OF
comparison  1        1
entry       2        2
word        3        4
verdict     0        1
guard       0        1

The tests notice 6 of 9 mistakes (66.6 %); 3 survive.
"
    );
    assert_eq!(ended.output, wanted);
    let enough = policy("mutate", directory.path(), &["--min-score", "66.6"]);
    assert_eq!(enough.code, 0, "{enough:?}");
    let ended = policy("mutate", directory.path(), &["--min-score", "67%", "--threads", "3"]);
    assert_eq!((ended.code, ended.output.as_str()), (1, wanted.as_str()), "the report is shown all the same");
    assert!(
        ended.error.starts_with("error: the tests notice 66.6 % of the mistakes; 67 % are wanted\n"),
        "{ended:?}"
    );
}

#[test]
fn scripts_get_one_document() {
    let directory = directory(&[("default.lua", POLICY), ("default_test.lua", MEMBERS)]);
    let ended = policy("mutate", directory.path(), &["--json", "--limit", "3"]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let document = ended.json();
    assert_eq!(
        (&document["left_out"], &document["invalid"], &document["stopped"]),
        (&json!(6), &json!(0), &json!(0))
    );
    assert_eq!(document["killed"].as_u64().unwrap() + document["survived"].as_u64().unwrap(), 3);
    let survivor = &document["survivors"][0];
    assert_eq!(
        survivor,
        &json!({
            "file": "default.lua", "line": 6, "column": 18, "operator": "entry",
            "from": "\"password\", ", "to": "", "source": "  return prove { \"password\", \"email\" }",
        })
    );
    let whole = policy("mutate", directory.path(), &["--json"]).json();
    assert_eq!(
        (&whole["left_out"], &whole["operators"]["guard"]),
        (&json!(0), &json!({"noticed": 1, "of": 1}))
    );
}

#[test]
fn tests_that_cannot_judge_are_said_so() {
    let none = directory(&[("default.lua", POLICY)]);
    let ended = policy("mutate", none.path(), &[]);
    assert_eq!((ended.code, ended.output.as_str()), (1, ""));
    assert!(ended.error.contains("there is no test, so nothing can be noticed"), "{ended:?}");
    assert!(ended.hint().contains("_test.lua"), "{ended:?}");

    let failing = OWNERS.replace("email", "voice");
    let failing = directory(&[("default.lua", POLICY), ("default_test.lua", &failing)]);
    let ended = policy("mutate", failing.path(), &["--json"]);
    assert_eq!((ended.code, ended.output.as_str()), (1, ""));
    assert!(
        ended.error.contains("`default_test.lua: owners prove two things` fails on the policies as they are")
    );

    let broken = directory(&[("default.lua", "return {"), ("default_test.lua", OWNERS)]);
    let ended = policy("mutate", broken.path(), &[]);
    assert!(ended.code == 1 && ended.error.contains("default.lua:1"), "{ended:?}");

    for bad in [["--min-score", "101"], ["--threads", "0"], ["--limit", "x"], ["--limit", "0"]] {
        assert_eq!(policy("mutate", none.path(), &bad).code, 2, "{bad:?}");
    }
}

#[test]
fn a_hostile_text_drives_no_terminal() {
    let hostile = POLICY.replace("\"members\"", "\"\u{202e}x\" .. `\u{1b}[2J`");
    let directory = directory(&[("default.lua", &hostile), ("default_test.lua", OWNERS)]);
    let ended = policy("mutate", directory.path(), &[]);
    assert!(ended.code == 0 && ended.output.contains("no test noticed"), "{ended:?}");
    assert!(!ended.output.contains(['\u{1b}', '\u{202e}']), "{ended:?}");
}

#[test]
fn tests_that_require_what_was_changed_see_the_change() {
    let module = "return { least = 3 }\n";
    let default =
        POLICY.replace("local policy = {}", "local policy = {}\nlocal _ = require \"./lib/numbers\"");
    let tests = format!(
        "{OWNERS}{MEMBERS}test(\"least\", function() expect(require(\"./lib/numbers\").least):is(3) end)\n"
    );
    let files =
        [("default.lua", default.as_str()), ("default_test.lua", &tests), ("lib/numbers.lua", module)];
    let directory = directory(&files);
    let document = policy("mutate", directory.path(), &["--json", "--min-score", "100"]).json();
    assert_eq!(
        (&document["score"], &document["operators"]["number"]),
        (&json!(100.0), &json!({"noticed": 2, "of": 2}))
    );
}
