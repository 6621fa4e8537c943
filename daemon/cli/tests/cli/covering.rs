//! `readmit policy test` with `--coverage`, `--lcov`, `--html` and `--min-coverage`.

use serde_json::json;

use crate::mutating::{directory, policy};

const POLICY: &str = "\
local policy = {}
function policy.open(case)
  if case.account.kind == \"member\" then
    return escalate { to = \"administrator\", because = \"<b>members</b>\" }
  end
  return case.reason == \"stolen\" and deny \"no\" or prove { \"password\", \"email\" }
end
return policy
";

const TESTS: &str = "test(\"owners\", function() open {} end)\n";

#[test]
fn what_is_missed_is_shown_by_line_and_by_verdict() {
    let directory = directory(&[("default.lua", POLICY), ("default_test.lua", TESTS)]);
    let plain = policy("test", directory.path(), &[]);
    assert!(plain.code == 0 && !plain.output.contains("verdicts"), "{plain:?}");
    let ended = policy("test", directory.path(), &["--coverage"]);
    assert_eq!((ended.code, ended.error.as_str()), (0, ""));
    let (_, shown) = ended.output.split_once("\n\n").unwrap();
    assert_eq!(
        shown,
        "\
FILE         LINES   VERDICTS  MISSED
default.lua  83.3 %  33.3 %    4, deny at 6

POLICY       HOOK  ANSWERED
default.lua  open  prove 1×

The tests reach 5 of 6 lines (83.3 %) and 1 of 3 verdicts (33.3 %).
"
    );
}

#[test]
fn a_minimum_is_of_lines_and_of_verdicts() {
    let directory = directory(&[("default.lua", POLICY), ("default_test.lua", TESTS)]);
    for (least, code) in [("33.3", 0), ("0", 0), ("33.4", 1), ("83.3", 1), ("100", 1), ("101", 2), ("x", 2)] {
        let ended = policy("test", directory.path(), &["--min-coverage", least]);
        assert_eq!(ended.code, code, "{least}: {ended:?}");
    }
    let ended = policy("test", directory.path(), &["--min-coverage", "80"]);
    let message =
        "error: the tests reach 83.3 % of the lines and 33.3 % of the verdicts; 80 % of each are wanted\n";
    assert!(ended.error.starts_with(message), "{ended:?}");
    assert!(ended.output.ends_with("1 of 3 verdicts (33.3 %).\n") && ended.hint().contains("--coverage"));
}

#[test]
fn a_failed_test_comes_before_a_missed_minimum() {
    let failing = "test(\"owners\", function() expect(open({}).state):is(\"held\") end)\n";
    let directory = directory(&[("default.lua", POLICY), ("default_test.lua", failing)]);
    let ended = policy("test", directory.path(), &["--min-coverage", "100"]);
    assert!(ended.code == 1 && ended.error.starts_with("error: 1 of 1 tests failed"), "{ended:?}");
}

#[test]
fn files_and_json_say_the_same() {
    let directory = directory(&[("default.lua", POLICY), ("default_test.lua", TESTS)]);
    let [lcov, html] = ["c.info", "c.html"].map(|name| directory.path().join(name));
    let (lcov_name, html_name) = (lcov.to_str().unwrap(), html.to_str().unwrap());
    let ended = policy("test", directory.path(), &["--json", "--lcov", lcov_name, "--html", html_name]);
    assert_eq!(ended.code, 0, "{ended:?}");
    let coverage = &ended.json()["coverage"];
    assert_eq!(coverage["lines"], json!({"hit": 5, "of": 6, "percent": 83.3}));
    assert_eq!(
        coverage["files"],
        json!([{
            "file": "default.lua",
            "lines": {"hit": 5, "of": 6, "percent": 83.3, "missed": [[4, 4]]},
            "verdicts": {"hit": 1, "of": 3, "percent": 33.3, "missed": [
                {"line": 4, "column": 12, "word": "escalate"},
                {"line": 6, "column": 38, "word": "deny"},
            ]},
        }])
    );
    assert_eq!(coverage["answers"], json!([{"file": "default.lua", "hook": "open", "given": {"prove": 1}}]));
    let trace = std::fs::read_to_string(lcov).unwrap();
    let file = directory.path().join("default.lua");
    assert!(trace.starts_with(&format!("TN:\nSF:{}\n", file.display())), "{trace}");
    assert!(
        trace.contains("\nBRDA:6,0,1,0\nBRDA:6,0,2,1\n") && trace.ends_with("\nLF:6\nLH:5\nend_of_record\n")
    );
    let page = std::fs::read_to_string(html).unwrap();
    assert!(page.contains("&lt;b&gt;members&lt;/b&gt;") && !page.contains("<b>"), "{page}");
}

#[test]
fn a_file_that_cannot_be_written_is_an_error() {
    let directory = directory(&[("default.lua", POLICY), ("default_test.lua", TESTS)]);
    for option in ["--lcov", "--html"] {
        let ended = policy("test", directory.path(), &[option, "/nowhere/file"]);
        assert!(ended.code == 1 && ended.error.contains("/nowhere/file cannot be written"), "{ended:?}");
    }
}
