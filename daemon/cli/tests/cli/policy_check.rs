//! `readmit policy check` with the real type checker, and with doubles of it that misbehave.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::programs::beside;
use crate::run::{Ended, command, finish};

/// The checker is built beside the command line, but not by it.
fn built() {
    let program = Path::new(env!("CARGO_BIN_EXE_readmit")).with_file_name("readmit-typecheck");
    assert!(program.is_file(), "build it first: cargo build -p readmit-typecheck");
}

fn directory(files: &[(&str, &str)]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let file = directory.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }
    directory
}

/// Checks the directory it runs in, so that files are named as they are.
fn check(directory: &Path, arguments: &[&str]) -> Ended {
    built();
    let mut readmit = command("unix:path=/nowhere");
    readmit.args(["policy", "check"]).args(arguments).current_dir(directory);
    finish(readmit, "")
}

fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies").canonicalize().unwrap()
}

/// Every problem as `file:line:column severity message`.
fn places(ended: &Ended) -> Vec<String> {
    let json = ended.json();
    let told = |problem: &Value| {
        let number = |key: &str| problem[key].as_u64().map_or("-".to_owned(), |number| number.to_string());
        let text = |key: &str| problem[key].as_str().unwrap().to_owned();
        let (line, column) = (number("line"), number("column"));
        format!("{}:{line}:{column} {} {}", text("file"), text("severity"), text("message"))
    };
    json.as_array().unwrap().iter().map(told).collect()
}

#[test]
fn the_shipped_policies_and_their_tests_have_no_problem() {
    let ended = check(&shipped(), &["--deny-warnings"]);
    assert_eq!((ended.code, ended.error.as_str()), (0, ""), "{ended:?}");
    assert!(
        ended.output.contains(" files, version ") && ended.output.ends_with(", no problem\n"),
        "{ended:?}"
    );
    assert_eq!(check(&shipped(), &["--json"]).json(), json!([]));
}

#[test]
fn usual_ways_of_writing_have_no_problem() {
    let idioms = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/idioms");
    assert_eq!(places(&check(&idioms, &["--json"])), [] as [&str; 0]);
}

/// A policy whose `open` has this body, from line 3 on.
fn opening(body: &str) -> String {
    format!(
        "local policy = {{}}\nfunction policy.open(case)\n{body}\n  return prove {{ \"password\", \"email\" }}\nend\nreturn policy\n"
    )
}

#[test]
fn slips_in_a_policy_are_found_where_they_are() {
    let table = [
        ("  if case.acount then end", "3:11 error Key 'acount' not found in table 'Case'"),
        ("  if case.account.emial then end", "3:19 error Key 'emial' not found in table 'Account'"),
        ("  if case.reason == \"stollen\" then end", "3:21 error \"stollen\" is no reason"),
        ("  if case.account.created_at < \"5\" then end", "3:6 error Cannot compare unrelated types"),
        ("  if case.account.phone.on_lost_device then end", "3:6 error Value of type 'Phone?' could be nil"),
        ("  if case.now > 5 then return retry { after = 1 } end", "3:24 error Expected this to be"),
        (
            "  if case.now > 5 then return outcome { device = \"deactivated\" } end",
            "3:50 error \"deactivated\" is nothing that can happen to a device",
        ),
        (
            "  if case.now > 5 then return deny { becuase = \"x\" } end",
            "3:38 error deny does not know the key `becuase`",
        ),
        ("  if case.now > 5 then return escalate { to = \"x\" } end", "3:40 error Table type"),
        ("  if case.now > 5 then return prove { \"emial\" } end", "3:39 error `emial` is no factor"),
        ("  if case.now > 5 then return prove { \"sms\" } end", "3:39 error `sms` is no factor"),
        (
            "  if case.now > 5 then return prove(\"email\") end",
            "3:37 error Expected this to be 'Plan | {Step}'",
        ),
        ("  if case.now > 5 then return end", "3:24 error"),
        ("  if case.now > 5 then deny \"x\" end", "3:24 error this answer is made and thrown away"),
        ("  local late = 5", "3:9 warning Variable 'late' is never used"),
        ("  lat = 5", "3:3 error Unknown global 'lat'"),
        ("  if os.time() > 5 then end", "3:6 error there is no `os` here"),
        ("  if math.random() > 5 then end", "3:6 error `math.random` is not there in a policy"),
        ("  case.now = 5", "3:3 error Property now of table 'Case' is read-only"),
        ("  if false then require \"./gone\" end", "3:25 error there is no file gone.lua to require"),
        (
            "  if false then require \"gone\" end",
            "3:25 error require takes a path inside the policies directory",
        ),
        ("  local ä = case.acount", "3:9 error Expected identifier when parsing variable name"),
        ("  if case.now > 5 then return prove { } end end", "5:1 error Expected <eof>, got 'end'"),
    ];
    for (body, wanted) in table {
        let ended = check(directory(&[("default.lua", &opening(body))]).path(), &["--json"]);
        let (found, (place, message)) = (places(&ended), wanted.split_once(" error").unwrap_or((wanted, "")));
        let is_it = |told: &String| {
            told.starts_with(&format!("default.lua:{place}")) && told.contains(message.trim())
        };
        assert!(found.iter().any(is_it), "{body}\n{found:#?}");
        assert_eq!(ended.code == 0, !found.iter().any(|place| place.contains(" error ")), "{body}");
    }
}

#[test]
fn slips_in_other_hooks_files_and_tests_are_found_too() {
    let good = opening("");
    let hook = |text: &str| good.replace("return policy", &format!("{text}\nreturn policy"));
    let table = [
        (
            vec![("default.lua", hook("function policy.faild(case) end"))],
            "default.lua:6:17 error `faild` is no hook",
        ),
        (
            vec![(
                "default.lua",
                hook("function policy.failed(case, failure)\n  return retry(\"now\")\nend"),
            )],
            "default.lua:7:16 error Expected this to be '{ after: number, next_number: boolean? }', but got 'string'",
        ),
        (
            vec![(
                "default.lua",
                hook(
                    "policy.recovered = function(case)\n  if case.reason == \"lost\" then return outcome {} end\nend",
                ),
            )],
            "default.lua:8:1 error Not all codepaths in this function return",
        ),
        (
            vec![(
                "default.lua",
                hook(
                    "function policy.failed(case, failure)\n  if failure.disposition == \"buzy\" then return deny \"x\" end\n  return deny \"y\"\nend",
                ),
            )],
            "default.lua:7:29 error \"buzy\" is nothing that a factor can fail by",
        ),
        (
            vec![("default.lua", good.clone()), ("lib/idle.lua", "return {}".to_owned())],
            "lib/idle.lua:-:- warning no policy requires this module",
        ),
        (
            vec![
                (
                    "default.lua",
                    good.replace("policy = {}", "policy, lib = {}, require \"./lib/m\"")
                        .replace("return prove", "lib.nothing() return prove"),
                ),
                ("lib/m.lua", "return { something = 1 }".to_owned()),
            ],
            "default.lua:4:7 error Key 'nothing' not found in table '{ something: number }'",
        ),
        (
            vec![("default.lua", good.clone()), ("default_test.lua", "local x = 1\nreturn x".to_owned())],
            "default_test.lua:-:- warning there is no test in this file",
        ),
        (
            vec![
                ("default.lua", good.clone()),
                ("default_test.lua", "test(\"x\", function()\n  open {}:prov(\"email\")\nend)".to_owned()),
            ],
            "default_test.lua:2:11 error Key 'prov' not found in table 'TestCase'",
        ),
        (
            vec![
                ("default.lua", good.clone()),
                ("default_test.lua", "test(\"x\", function()\n  open { acount = {} }\nend)".to_owned()),
            ],
            "default_test.lua:2:10 error what open is given has no field `acount`",
        ),
        (
            vec![("default.lua", good.clone()), ("default_test.lua", "test(\"x\", function(".to_owned())],
            "default_test.lua:1:",
        ),
        (vec![("default.lua", hook("if test then end"))], "default.lua:6:4 error"),
        (
            vec![("default.lua", format!("--!nocheck\n{good}"))],
            "default.lua:1:1 warning the types of this file are not checked strictly",
        ),
        (vec![("lib/m.lua", "return {}".to_owned())], ".:-:- error there is no policy in the set"),
        (
            vec![("default.lua", good.clone()), ("a.lua", "return {}".to_owned())],
            "a.lua:1:1 error the policy has no function `open`",
        ),
    ];
    for (files, wanted) in table {
        let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (*name, text.as_str())).collect();
        let found = places(&check(directory(&files).path(), &[".", "--json"]));
        assert!(found.iter().any(|place| place.starts_with(wanted)), "{wanted}\n{found:#?}");
    }
}

#[test]
fn everything_is_told_at_once_and_in_order() {
    let ended = check(
        directory(&[
            ("default.lua", &opening("  if case.acount then end\n  local unused = 1")),
            ("broken.lua", "return {\n  open = function(case) end end,\n}"),
            (
                "needs.lua",
                "local m = require './broken'\nreturn { open = function(case) return m.f(case.nothing) end }",
            ),
        ])
        .path(),
        &["--json"],
    );
    let found = places(&ended);
    let starts =
        ["broken.lua:2:29 error ", "default.lua:3:11 error ", "default.lua:4:9 warning ", "needs.lua:2:"];
    assert_eq!(found.len(), starts.len(), "{found:#?}");
    for (place, start) in found.iter().zip(starts) {
        assert!(place.starts_with(start), "{start}: {found:#?}");
    }
    assert!(ended.error.contains("the policies have 3 errors and 1 warning"), "{ended:?}");
}

#[test]
fn a_problem_is_shown_with_its_line_and_a_caret() {
    let directory = directory(&[("default.lua", &opening("\tif \"ä\" == case.acount then end"))]);
    let ended = check(directory.path(), &[]);
    let wanted = "default.lua:3:17: error: Key 'acount' not found in table 'Case'\n  \
                  3 |  if \"ä\" == case.acount then end\n    |                 ^^^^^^\n  \
                  hint: did you mean `account`?\n";
    assert_eq!((ended.code, ended.output.as_str()), (1, wanted));
    assert!(ended.error.starts_with("error: the policies have 1 error\nhint: mend"), "{ended:?}");

    let ended = check(directory.path().parent().unwrap(), &[directory.path().to_str().unwrap()]);
    assert!(
        ended.output.starts_with(&format!("{}/default.lua:3:17: ", directory.path().display())),
        "{ended:?}"
    );
    let problem = &check(directory.path(), &["--json"]).json()[0];
    assert_eq!(problem["source"], "\tif \"ä\" == case.acount then end");
    assert_eq!(problem["hint"], "did you mean `account`?");
}

#[test]
fn warnings_fail_only_where_they_are_denied() {
    let directory = directory(&[("default.lua", &opening("  local unused = 1"))]);
    let ended = check(directory.path(), &[]);
    assert!(ended.code == 0 && ended.output.contains(", 1 warning\n"), "{ended:?}");
    let ended = check(directory.path(), &["--deny-warnings"]);
    assert!(ended.code == 1 && ended.error.contains("the policies have 1 warning"), "{ended:?}");
}

#[test]
fn a_channel_is_a_factor_where_a_plugin_provides_it() {
    let text = opening("  if case.now > 5 then return prove { \"sms\" } end")
        .replace("return policy", "function policy.proved(case, factor)\n  if factor == \"sms\" then return deny \"x\" end\nend\nreturn policy");
    let directory = directory(&[("default.lua", &text)]);
    assert_eq!(check(directory.path(), &["--channel", "sms", "--deny-warnings"]).code, 0);
    assert_eq!(places(&check(directory.path(), &["--json"])).len(), 2);
}

#[test]
fn what_cannot_be_read_is_told_and_nothing_is_half_checked() {
    let policy = opening("");
    let many = directory(&[("default.lua", &policy)]);
    let at = |name: &str| many.path().join(name);
    std::fs::write(at("large.lua"), vec![b' '; 10 << 20]).unwrap();
    std::fs::write(at("bytes.lua"), b"return \"\xff\"").unwrap();
    let outside = directory(&[("other.lua", &policy)]);
    symlink(outside.path().join("other.lua"), at("link.lua")).unwrap();
    let found = places(&check(many.path(), &["--json"]));
    let wanted = [
        "bytes.lua:-:- error is not UTF-8 text",
        "large.lua:-:- error is larger than 262144 bytes",
        "link.lua:-:- error is a symbolic link that leaves the policies directory",
    ];
    assert_eq!(found, wanted);
    let text = check(many.path(), &[]).output;
    assert!(text.contains("bytes.lua: error: is not UTF-8 text\n  hint: save the file as UTF-8\n"), "{text}");

    let circle = directory(&[
        ("default.lua", &format!("local a = require './lib/a'\n{policy}")),
        ("lib/a.lua", "return require './b'"),
        ("lib/b.lua", "return require './a'"),
    ]);
    let found = places(&check(circle.path(), &["--json"]));
    assert!(
        found.iter().any(|place| place.contains("these files require each other in a circle")),
        "{found:#?}"
    );

    let ended = check(Path::new("/"), &["/nowhere/at/all"]);
    assert!(ended.code == 1 && ended.error.contains("/nowhere/at/all is no directory"), "{ended:?}");
}

#[test]
fn without_the_checker_the_types_are_never_skipped_in_silence() {
    let directory = directory(&[("default.lua", &opening("  if case.acount then end"))]);
    let directory = directory.path().to_str().unwrap();
    let ended = beside(None, &["policy", "check", directory]);
    assert!(
        ended.code == 1 && ended.error.contains("readmit-typecheck is neither beside readmit nor in PATH"),
        "{ended:?}"
    );
    assert!(ended.hint().contains("cargo build --release -p readmit-typecheck"), "{ended:?}");
    assert!(ended.hint().contains("--no-types"), "{ended:?}");
    let ended = beside(None, &["policy", "check", directory, "--no-types"]);
    assert!(
        ended.code == 0 && ended.output.contains("no problem; the types were not checked (--no-types)"),
        "{ended:?}"
    );
}

#[test]
fn a_checker_that_misbehaves_is_a_failure() {
    let policy = opening("");
    let directory = directory(&[("default.lua", &policy), ("boom.lua", &policy.replace("policy", "boom"))]);
    let directory = directory.path().to_str().unwrap();
    let run = |script: &str| beside(Some(("readmit-typecheck", script)), &["policy", "check", directory]);
    let table = [
        ("cat > /dev/null; echo garbage", "readmit-typecheck gave an answer that is none"),
        ("cat > /dev/null; echo '{\"problems\":[{}]}'", "readmit-typecheck gave an answer that is none"),
        ("cat > /dev/null", "readmit-typecheck gave an answer that is none"),
        ("exit 0", "readmit-typecheck gave an answer that is none"),
        ("echo it fell over >&2; exit 3", "readmit-typecheck: it fell over"),
        ("test -z \"$HOME$READMIT_BUS\" || exit 0; echo clean >&2; exit 4", "readmit-typecheck: clean"),
    ];
    for (script, message) in table {
        let ended = run(script);
        assert!(ended.code == 1 && ended.error.contains(message), "{script}: {ended:?}");
        assert!(ended.hint().contains("--no-types"), "{script}: {ended:?}");
    }

    // The file that brings it down is named, and the others are checked all the same.
    let ended = run("if grep -q 'function boom'; then kill -SEGV $$; fi; echo '{\"problems\":[]}'");
    let wanted =
        "boom.lua: error: the types of this file could not be checked: the type checker was brought down";
    assert!(ended.code == 1 && ended.output.contains(wanted), "{ended:?}");
    assert!(ended.output.contains("SIGSEGV") && !ended.output.contains("default.lua"), "{ended:?}");

    // One that floods is cut off.
    let ended = run("exec yes");
    assert!(ended.code == 1 && ended.output.contains("could not be checked"), "{ended:?}");
}
