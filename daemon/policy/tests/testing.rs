//! The runner of tests: what passes, what fails and how that is told, invariants, budgets, and what tests cannot do to
//! one another.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use readmit_policy::limits::{
    MAX_CASES_PER_TEST, MAX_EXHAUSTED_TESTS, MAX_STEPS_PER_TEST, MAX_TESTS_PER_FILE,
};
use readmit_policy::workbench::testing::{
    Invariants, Options, Report, Suite, TOP_LEVEL, TestFailure, TestResult,
};
use readmit_policy::workbench::{Action, Journey, Start};
use readmit_policy::{Budget, Channels, Fact, PolicySet, Sources};
use readmit_recovery::account::Reason;
use readmit_recovery::assurance::Level;
use readmit_recovery::rules::Rules;

/// A policy with a plan for each reason, a hold for stolen, and a mistake in it.
const POLICY: &str = r#"
local policy = {}
function policy.open(case)
  if case.account.kind == "member" then
    return escalate { to = "administrator", because = "members ask" }
  end
  if case.reason == "damaged" then
    return prove { approvals(2), any(1, { "totp", "sms" }) }
  end
  if case.reason == "not_working" then
    return case.device.nothing.at_all
  end
  if case.history.failed_24h > 5 then
    return deny "too often"
  end
  return prove { "password", "email", "voice" }
end
function policy.failed(case, failure)
  if failure.count < 3 then
    return retry { after = minutes(1) }
  end
  return escalate { to = "support", because = failure.disposition }
end
function policy.recovered(case)
  return outcome {
    device = "deactivate",
    force_password_change = case.reason == "stolen",
    hold = if case.reason == "stolen" then hours(24) else nil,
    enroll_within = days(7),
  }
end
return policy
"#;

fn files(files: &[(&str, &str)]) -> Sources {
    let files: BTreeMap<_, _> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Sources::from_files(files).unwrap()
}

fn options() -> Options {
    Options { threads: 1, channels: ["sms"].into_iter().collect(), ..Options::default() }
}

fn run_with(sources: Sources, options: &Options) -> Report {
    let suite = Suite::load(&sources).unwrap();
    let set = PolicySet::load(sources, Budget::default(), &options.channels).unwrap();
    suite.run(&set, options, &|_| ())
}

fn run_files(all: &[(&str, &str)]) -> Report {
    run_with(files(all), &options())
}

fn run(tests: &str) -> Report {
    run_files(&[("default.lua", POLICY), ("default_test.lua", tests)])
}

/// Why the one test with this body fails, if it does.
fn failure(body: &str) -> Option<TestFailure> {
    let report = run(&format!("test(\"t\", function()\n{body}\nend)"));
    let [result] = report.results.as_slice() else { panic!("{body}: {:?}", report.results) };
    assert_eq!((result.name.as_str(), result.line), ("t", 1), "{body}");
    result.failure.clone()
}

fn failed(report: &Report) -> Vec<(&str, &str)> {
    let failed = report.results.iter().filter_map(|result| {
        result.failure.as_ref().map(|failure| (result.name.as_str(), failure.message.as_str()))
    });
    failed.collect()
}

#[test]
fn every_step_and_every_field_can_be_used() {
    let passing = [
        "",
        r#"local case = open {} expect(case.state):is("proving") expect(case.reason):is("lost")"#,
        r#"local case = open() expect(case.plan):is("all { password, email, voice }") expect(case.open):is { "password" }"#,
        r#"local case = open {} case:prove("password"):prove("email"):prove("voice")
           expect(case.proven):is { "password", "email", "voice" } expect(case.state):is("recovered")
           expect(case.tasks):is { "sign_in", "enroll" } expect(case.open):is {}
           case:sign_in():enroll() expect(case.state):is("completed") expect(case.tasks):is {}"#,
        r#"local case = open { reason = "stolen" } case:prove("password"):prove("email"):prove("voice")
           expect(case.state):is("held") expect(case.held_until):is(case.now + hours(24)) expect(case.held_until):is(now + days(1))
           expect(case.outcome):is { device = "deactivate", force_password_change = true, revoke_sessions = false, hold = hours(24), enroll_within = days(7) }
           case:wait(hours(24)) expect(case.held_until):is(nil) expect(case.state):is("recovered")
           case:sign_in():change_password():enroll() expect(case.state):is("completed")"#,
        r#"local case = open { reason = "stolen" } case:prove("password"):prove("email"):prove("voice"):veto()
           expect(case.state):is("vetoed") expect(case.outcome):is(nil)"#,
        r#"local case = open {} case:cancel() expect(case.state):is("cancelled") expect(case.plan):is_not(nil)"#,
        r#"local case = open {} expect(case.expires_at):is(now + days(1)) case:wait(days(1)) expect(case.state):is("expired")"#,
        r#"local case = open { account = { kind = "member" } } expect(case.state):is("escalated") expect(case.plan):is(nil)
           expect(case.to):is("administrator") expect(case.because):is("members ask") case:resolve("reset") expect(case.state):is("recovered")"#,
        r#"local case = open { account = { kind = "member" } } case:resolve("pass") expect(case.plan):is("all { pass }") case:prove("pass") expect(case.state):is("recovered")"#,
        r#"local case = open { account = { kind = "member" } } case:resolve("deny") expect(case.state):is("denied") expect(case.because):is_not(nil)"#,
        r#"local case = open { history = { failed_24h = 6 } } expect(case.state):is("denied") expect(case.because):is("too often") expect(case.to):is(nil)"#,
        r#"local case = open {} case:ask_support() expect(case.state):is("escalated") expect(case.to):is("support")"#,
        r#"local case = open { reason = "damaged" } expect(case.plan):is("all { approvals(2), any(1, { totp, sms }) }")
           expect(case.open):is { "approval" } case:approve("ann") expect(case.approvals):is { "ann" } expect(case.open):is { "approval" }
           expect(case):refuses("approve", "ann") case:approve("bob") expect(case.open):is { "totp", "sms" }
           case:mistake("sms"):prove("sms") expect(case.state):is("recovered")"#,
        r#"local case = open { reason = "damaged" } case:deny("ann") expect(case.state):is("denied")"#,
        r#"local case = open {} case:prove("password") case:send("email") expect(case.open):is { "email" } case:mistake("email"):prove("email")
           case:fail("voice", "no_answer") expect(case.failures):is { { factor = "voice", disposition = "no_answer", count = 1, at = now } }
           expect(case):refuses("prove", "voice") case:wait(minutes(1)):fail("voice", "wrong_digits"):wait(minutes(1)):fail("voice", "busy")
           expect(#case.failures):is(3) expect(case.failures[3].at):is(now + 120) expect(case.state):is("escalated") expect(case.because):is("busy")"#,
        r#"local case = open {} case:fail("password", "wrong_code") expect(case.failures[1].disposition):is("wrong_code")"#,
        r#"local case = open { reason = "not_working" } expect(case.state):is("escalated") expect(case.to):is("support")
           expect(case.cause):contains("attempt to index nil with 'at_all'") expect(case.alerts):is { "policy_failed" }"#,
        r#"local case = open {} expect(case.cause):is(nil) expect(case.alerts):is {} expect(case.notices):is(0)
           case:prove("password"):prove("email"):prove("voice") expect(case.notices):is(1)"#,
        r#"local case = open { account = { email = false }, history = { failed_24h = 6 } } expect(case.notices):is(0)"#,
        r#"local case = open { account = { groups = { "a", "b" }, attributes = { x = "y" }, phone = { country = "DE" } }, client = { locale = "de" } }
           expect(case.account.groups):is { "a", "b" } expect(case.account.attributes):is { x = "y" } expect(case.account.attributes.z):is(nil)
           expect(case.account.phone.country):is("DE") expect(case.account.phone.changed_at):is(nil) expect(case.client.locale):is("de")
           expect(case.account.has):is { password = true, recovery_codes = false, other_devices = false, contacts = false }
           expect(case.device.form):is("virtual") expect(case.history.failed_24h):is(0) expect(case.account.email.verified_at):is(now - days(365))"#,
        r#"local case = open { device = false } expect(case.device):is(nil)"#,
        r#"local a, b = open {}, open { reason = "stolen" } a:prove("password") expect(b.proven):is {} expect(a.proven):is { "password" } expect(a):is_not(b) expect(a):is(a)"#,
        r#"expect(1):at_least(1) expect(1):at_most(1) expect("abc"):contains("b") expect({ 1, { 2 } }):contains { 2 } expect(true):is_not(1)"#,
        r#"expect(function() error("a.b") end):errors("a.b") expect(function() error({}) end):errors()"#,
        r#"expect(function() open { x = 1 } end):errors("open has no field `x`")"#,
        r#"expect(function() open {}:prove("voice") end):errors("comes later")"#,
        r#"expect(seconds(1) + minutes(1) + hours(1) + days(1)):is(90061) expect(now):is(1767225600)"#,
    ];
    for body in passing {
        assert_eq!(failure(body), None, "{body}");
    }
}

#[test]
fn what_fails_is_told_with_its_line() {
    // (body, message, expected, got); the failure is in line 3.
    let table = [
        ("\nexpect(1):is(2)", "not the value that was expected", Some("2"), Some("1")),
        (
            "\nexpect({ 1, a = \"x\" }):is { 1, a = \"y\" }",
            "not the value",
            Some("{ 1, a = \"y\" }"),
            Some("{ 1, a = \"x\" }"),
        ),
        ("\nexpect({}):is { 1 }", "not the value", Some("{ 1 }"), Some("{}")),
        ("\nexpect(nil):is(false)", "not the value", Some("false"), Some("nil")),
        ("\nexpect(\"a\\nb\"):is(\"a\")", "not the value", Some("\"a\""), Some("\"a\\nb\"")),
        ("\nexpect(open {}):is(open {})", "not the value", Some("a case"), Some("a case")),
        ("\nexpect(1):is_not(1)", "the value that was not expected", Some("anything but 1"), Some("1")),
        ("\nexpect({ 1 }):contains(2)", "the list does not contain", Some("{ …, 2, … }"), Some("{ 1 }")),
        (
            "\nexpect(\"abc\"):contains(\"x\")",
            "the text does not contain",
            Some("… \"x\" …"),
            Some("\"abc\""),
        ),
        ("\nexpect(1):contains(1)", "a list or a text can contain something, and this is 1", None, None),
        ("\nexpect(\"a\"):contains(1)", "a text contains texts, and not 1", None, None),
        ("\nexpect(1):at_least(2)", "smaller than expected", Some("at least 2"), Some("1")),
        ("\nexpect(3):at_most(2)", "larger than expected", Some("at most 2"), Some("3")),
        ("\nexpect(0 / 0):at_most(2)", "larger than expected", Some("at most 2"), Some("nan")),
        ("\nexpect(\"3\"):at_most(2)", "at_most compares numbers, and this is \"3\" with 2", None, None),
        ("\nexpect(function() end):errors()", "there was no error", Some("an error"), Some("none")),
        (
            "\nexpect(function() error(\"x\", 0) end):errors(\"y\")",
            "there was another error",
            Some("an error with \"y\""),
            Some("\"x\""),
        ),
        ("\nexpect(1):errors()", "takes a function", None, None),
        (
            "\nexpect(open {}):refuses(\"prove\", \"password\")",
            "the step was not refused",
            Some("a refusal"),
            Some("it can be taken"),
        ),
        (
            "\nexpect(open {}):refuses(\"prove\", \"vioce\")",
            "`vioce` is no factor: did you mean `voice`?",
            None,
            None,
        ),
        ("\nexpect(open {}):refuses(\"prov\")", "there is no step `prov`: did you mean `prove`?", None, None),
        ("\nexpect(1):refuses(\"prove\")", "takes a case", None, None),
        ("\nexpect(1).is(1)", "with a colon", None, None),
        ("\nexpect(1):iss(1)", "an expectation has no `iss`: did you mean `is`?", None, None),
        ("\nexpect(1, 2)", "expect takes one value", None, None),
        ("\nexpect(1)", "an expect(…) is asked nothing: go on with :is(…)", None, None),
        ("\nlocal _ = open {}.stat", "a case has no field `stat`: did you mean `state`?", None, None),
        (
            "\nlocal _ = open {}.account.emial",
            "case.account has no field `emial`: did you mean `email`?",
            None,
            None,
        ),
        (
            "\nlocal _ = open {}.account.phone.contry",
            "case.account.phone has no field `contry`: did you mean `country`?",
            None,
            None,
        ),
        ("\nopen {}.state = 1", "a case is changed by what happens in it", None, None),
        ("\nfor _ in open {} do end", "a case cannot be iterated over", None, None),
        ("\nopen {}.prove(\"password\")", "with a colon", None, None),
        ("\nopen { reason = \"stoln\" }", "open.reason: did you mean `stolen`?", None, None),
        ("\nopen({}, 1)", "open takes one table", None, None),
        ("\nopen {}:prove(\"voice\")", "case:prove(\"voice\") cannot be done: voice comes later", None, None),
        (
            "\nopen {}:prove(\"emial\")",
            "case:prove(…): `emial` is no factor: did you mean `email`?",
            None,
            None,
        ),
        ("\nopen {}:prove()", "case:prove(…) takes a factor, as in case:prove(\"email\")", None, None),
        ("\nopen {}:prove(\"email\", 1)", "case:prove(…) takes a factor", None, None),
        ("\nopen {}:fail(\"password\")", "case:fail(…) takes a factor and a disposition", None, None),
        (
            "\nopen {}:fail(\"voice\", \"no_anwser\")",
            "`no_anwser` is no disposition: did you mean `no_answer`?",
            None,
            None,
        ),
        ("\nopen {}:wait(-1)", "case:wait(…) takes whole seconds", None, None),
        ("\nopen {}:wait(1 / 0)", "case:wait(…) takes whole seconds", None, None),
        ("\nopen {}:approve(\"\")", "case:approve(…) takes a name of 1 to 64 bytes", None, None),
        ("\nopen {}:resolve(\"maybe\")", "case:resolve(…) takes \"pass\", \"reset\" or \"deny\"", None, None),
        ("\nopen {}:veto(1)", "case:veto(…) takes nothing", None, None),
        ("\nopen {}:sign_in()", "this cannot be done while the recovery is proving", None, None),
        ("\nopn {}", "there is no `opn`: did you mean `open`?", None, None),
        ("\ntest(\"x\", function() end)", "a test cannot hold another one", None, None),
        ("\ncases(\"x\", { {} }, function() end)", "a test cannot hold a table of cases", None, None),
        ("\ninvariant(\"x\", function() end)", "a test cannot hold an invariant", None, None),
        ("\nerror(\"by hand\")", "by hand", None, None),
        ("\nassert(false, \"asserted\")", "asserted", None, None),
        ("\nerror({})", "an error was raised that is no text", None, None),
        ("\nlocal t = nil; return t.x", "attempt to index nil with 'x'", None, None),
        ("\nstring.rep(\"x\", 1e9)", "string.rep makes at most", None, None),
        ("\nos.time()", "there is no `os`", None, None),
        ("\nmath.random()", "attempt to call a nil value", None, None),
    ];
    for (body, message, expected, got) in table {
        let failure = failure(body).expect(body);
        assert!(failure.message.contains(message), "{body}: {}", failure.message);
        assert_eq!((failure.expected.as_deref(), failure.got.as_deref()), (expected, got), "{body}");
        // An error that is no text, or comes without a place, is laid to the test.
        let line = if body.contains("error({})") || body.contains("assert") { failure.line } else { 3 };
        assert_eq!((failure.file.as_str(), failure.line), ("default_test.lua", line), "{body}");
    }
}

#[test]
fn a_caught_failure_leaves_nothing_behind_in_the_next_one() {
    let failure = failure("pcall(function() expect(1):is(2) end)\nerror(\"another\")").unwrap();
    assert_eq!((failure.message.as_str(), failure.expected), ("another", None));
}

#[test]
fn a_failed_test_tells_its_journey() {
    let told = |body: &str| failure(&format!("{body}\nerror(\"stop\")")).unwrap().journey;
    let table: [(&str, &[&str]); 8] = [
        ("", &[]),
        (
            "open { account = { phone = { country = \"DE\" } } }:prove(\"password\"):prove(\"email\")",
            &[
                "open { reason = \"lost\", account = { phone = { country = \"DE\" } } } → proving: all { password, email, voice }",
                "case:prove(\"password\") → proving, open: email",
                "case:prove(\"email\") → proving, open: voice",
            ],
        ),
        (
            "open { reason = \"stolen\" }:prove(\"password\"):prove(\"email\"):prove(\"voice\"):wait(hours(24))",
            &[
                "open { reason = \"stolen\" } → proving: all { password, email, voice }",
                "case:prove(\"password\") → proving, open: email",
                "case:prove(\"email\") → proving, open: voice",
                "case:prove(\"voice\") → held for days(1)",
                "case:wait(days(1)) → recovered, left to do: sign_in, change_password, enroll",
            ],
        ),
        (
            "open { reason = \"not_working\" }",
            &[
                "open { reason = \"not_working\" } → escalated to support: default.lua:11: attempt to index nil with 'at_all' \
               (the policy failed: default.lua:11: attempt to index nil with 'at_all')",
            ],
        ),
        (
            "open { history = { failed_24h = 6 } }",
            &["open { reason = \"lost\", history = { failed_24h = 6 } } → denied: too often"],
        ),
        (
            "local a, b = open {}, open {} a:cancel() b:veto()",
            &[
                "case 1: open { reason = \"lost\" } → proving: all { password, email, voice }",
                "case 2: open { reason = \"lost\" } → proving: all { password, email, voice }",
                "case 1: case:cancel() → cancelled",
                "case 2: case:veto() → vetoed",
            ],
        ),
        (
            "local c = open {} pcall(function() c:prove(\"voice\") end)",
            &[
                "open { reason = \"lost\" } → proving: all { password, email, voice }",
                "case:prove(\"voice\") → cannot be done: voice comes later: finish the step before it first",
            ],
        ),
        (
            "open { account = { email = false } }:prove(\"password\"):send(\"email\")",
            &[
                "open { reason = \"lost\", account = { email = false } } → proving: all { password, email, voice }",
                "case:prove(\"password\") → proving, open: email",
                "case:send(\"email\") → proving, open: email (email failed: blocked)",
            ],
        ),
    ];
    for (body, wanted) in table {
        assert_eq!(told(body), wanted, "{body}");
    }
    let many = told("local c = open {} for _ = 1, 200 do c:wait(1) end");
    assert_eq!((many.len(), many[0].as_str()), (101, "… 101 earlier steps"));
}

#[test]
fn a_file_that_is_wrong_fails_as_a_whole() {
    let table = [
        ("error(\"early\")", 1, "early"),
        (
            "\ntest(\"a\", function() end)\ntest(\"a\", function() end)",
            3,
            "in this file there is the test \"a\" already, in line 2",
        ),
        ("test(\"\", function() end)", 1, "the name of a test is a text of 1 to 256 bytes in one line"),
        ("test(\"a\\nb\", function() end)", 1, "in one line"),
        ("test((\"x\"):rep(257), function() end)", 1, "of 1 to 256 bytes"),
        ("test(\"a\")", 1, "takes a function"),
        ("test(1, function() end)", 1, "the name of a test"),
        ("tset(\"a\", function() end)", 1, "there is no `tset`: did you mean `test`?"),
        ("local c = open {}", 1, "open belongs into a test"),
        ("expect(1):is(1)", 1, "expect belongs into a test"),
        ("cases(\"a\", {}, function() end)", 1, "takes a list of at least one row"),
        ("cases(\"a {x}\", { { y = 1 } }, function() end)", 1, "row 1 has no \"x\""),
        ("cases(\"a\", { 1 }, function() end)", 1, "row 1 must be a table, and is 1"),
        ("cases(\"a\", { {} })", 1, "takes a function"),
        ("invariant(\"a\", \"heldd\", function() end)", 1, "there is no state `heldd`: did you mean `held`?"),
        ("invariant(\"a\", \"held\")", 1, "takes a function"),
        ("invariant(\"a\", function() end)\ninvariant(\"a\", function() end)", 2, "\"a\" already, in line 1"),
        ("while true do end", 1, "steps is used up"),
        (
            "local t = {} while true do t[#t + 1] = (\"x\"):rep(60000) .. #t end",
            1,
            "bytes of memory is used up",
        ),
        ("require \"./nothing\"", 1, "there is no file nothing.lua to require"),
        ("require \"./other_test\"", 1, "there is no file other_test.lua to require"),
        ("require \"../secret\"", 1, "require cannot leave the policies directory"),
        ("\nrequire \"./lib/circle\"", 1, "in a circle"),
        ("for i = 1, 1e5 do test(\"t\" .. i, function() end) end", 1, "a file holds at most 20000 tests"),
    ];
    let circle = "return require \"./circle\"";
    for (tests, line, message) in table {
        let report = run_files(&[
            ("default.lua", POLICY),
            ("lib/circle.lua", circle),
            ("default_test.lua", tests),
            ("other_test.lua", "test(\"fine\", function() open {} end)"),
        ]);
        let [failed, fine] = report.results.as_slice() else { panic!("{tests}: {report:?}") };
        assert_eq!(
            (fine.name.as_str(), &fine.failure),
            ("fine", &None),
            "{tests}: other files are run all the same"
        );
        assert_eq!((failed.file.as_str(), failed.name.as_str()), ("default_test.lua", TOP_LEVEL), "{tests}");
        let failure = failed.failure.as_ref().unwrap();
        assert!(failure.message.contains(message), "{tests}: {}", failure.message);
        if failure.file == "default_test.lua" {
            assert_eq!((failure.line, failed.line), (line, line), "{tests}");
        }
        assert!(!report.is_good(), "{tests}");
    }
    assert_eq!(MAX_TESTS_PER_FILE, 20_000);
}

#[test]
fn a_syntax_error_refuses_the_whole_set_with_its_line() {
    let sources = files(&[("default.lua", POLICY), ("default_test.lua", "\ntest(")]);
    let error = Suite::load(&sources).unwrap_err();
    assert_eq!((error.problems().len(), error.problems()[0].file.as_str()), (1, "default_test.lua"));
    assert_eq!(error.problems()[0].line, Some(2));
}

#[test]
fn a_table_of_cases_is_a_test_a_row() {
    let tests = r#"
cases("{reason} asks for a new password: {1}", {
  { true, reason = "stolen" },
  { false, reason = "lost" },
}, function(row)
  local case = open { reason = row.reason }
  case:prove("password"):prove("email"):prove("voice")
  expect(case.outcome.force_password_change):is(row[1])
end)
cases("plain", { { 1 }, { 2 } }, function(row) expect(row[1]):is(1) end)
cases("same {1}", { { 1 }, { 1 } }, function(row) end)
for _, kind in { "owner", "member" } do
  test("a loop: " .. kind, function() open { account = { kind = kind } } end)
end
"#;
    let report = run(tests);
    let told: Vec<_> = report
        .results
        .iter()
        .map(|result| (result.line, result.name.as_str(), result.failure.is_none()))
        .collect();
    assert_eq!(
        told,
        [
            (2, "stolen asks for a new password: true", true),
            (2, "lost asks for a new password: false", true),
            (10, "plain #1", true),
            (10, "plain #2", false),
            (11, "same 1", true),
            (11, "same 1 #2", true),
            (13, "a loop: owner", true),
            (13, "a loop: member", true),
        ]
    );
}

#[test]
fn cases_open_in_the_realm_that_the_file_is_about() {
    let realm = "test(\"realm\", function() expect(open {}.account.realm):is(\"REALM\") end)\n\
                 test(\"another\", function() expect(open { account = { realm = \"x\" } }.account.realm):is(\"x\") end)";
    let of = |name: &str| realm.replace("REALM", name);
    let bank = "return { open = function(case) return deny \"closed\" end }";
    let report = run_files(&[
        ("default.lua", POLICY),
        ("bank.lua", bank),
        ("lib/tools.lua", "return {}"),
        ("default_test.lua", &of("default")),
        (
            "bank_test.lua",
            &(of("bank") + "\ntest(\"closed\", function() expect(open {}.state):is(\"denied\") end)"),
        ),
        ("journeys_test.lua", &of("default")),
        ("lib/tools_test.lua", &of("default")),
    ]);
    assert_eq!((failed(&report), report.passed()), (vec![], 9));
}

#[test]
fn modules_of_the_set_can_be_required_and_keep_nothing_of_the_policies() {
    let module = "local n = 0 return { next = function() n += 1 return n end, plan = function() return prove { \"totp\" } end }";
    let policy = "local m = require \"./lib/m\" m.next() m.next()\n\
                  return { open = function() return deny(tostring(m.next())) end }";
    let tests = r#"
local m = require "./lib/m"
test("its own", function()
  expect(m.next()):is(1)
  expect(open {}.because):is("3")
  expect(m.next()):is(2)
  expect(require("./lib/m").next()):is(3)
  expect(m.plan()):is_not(nil)
end)
test("modules have no words of tests", function() expect(function() require "./lib/words" end):errors("there is no `expect`") end)
"#;
    let report = run_files(&[
        ("default.lua", policy),
        ("lib/m.lua", module),
        ("lib/words.lua", "expect(1):is(1) return {}"),
        ("default_test.lua", tests),
    ]);
    assert_eq!(failed(&report), [], "{report:?}");
}

#[test]
fn the_floor_and_the_channels_are_those_of_the_options() {
    let policy = "return { open = function(case) return prove(if case.reason == \"lost\" then { \"email\" } else { \"password\", \"fax\" }) end }";
    let tests = "test(\"weak\", function() expect(open {}.state):is(\"proving\") end)\n\
                 test(\"fax\", function() open { reason = \"stolen\" }:prove(\"password\"):prove(\"fax\") end)";
    let sources = || files(&[("default.lua", policy), ("default_test.lua", tests)]);
    let channels: Channels = ["fax"].into_iter().collect();
    let none = Options {
        rules: Rules { assurance: Level::None, ..Rules::default() },
        channels,
        threads: 1,
        ..Options::default()
    };
    assert_eq!(failed(&run_with(sources(), &none)), []);
    let aal2 = Options { rules: Rules::default(), ..none };
    let report = run_with(sources(), &aal2);
    assert_eq!(failed(&report).len(), 1, "{report:?}");
    assert_eq!(report.results[0].failure.as_ref().unwrap().got.as_deref(), Some("\"escalated\""));
}

#[test]
fn tests_are_picked_by_their_file_and_name() {
    let sources = || {
        files(&[
            ("default.lua", POLICY),
            ("a_test.lua", "test(\"one\", function() end) test(\"Two\", function() end)"),
            ("b_test.lua", "test(\"two\", function() end)"),
        ])
    };
    let table: [(Option<&str>, &[&str]); 6] = [
        (None, &["one", "Two", "two"]),
        (Some("two"), &["Two", "two"]),
        (Some("TWO"), &["Two", "two"]),
        (Some("a_test.lua: "), &["one", "Two"]),
        (Some("."), &["one", "Two", "two"]),
        (Some("t.o"), &[]),
    ];
    for (pattern, wanted) in table {
        let options = Options { pattern: pattern.map(str::to_owned), ..options() };
        let report = run_with(sources(), &options);
        let names: Vec<_> = report.results.iter().map(|result| result.name.as_str()).collect();
        assert_eq!(names, wanted, "{pattern:?}");
        assert_eq!(report.is_good(), !wanted.is_empty(), "{pattern:?}: no test is no success");
    }
    let none = files(&[("default.lua", POLICY)]);
    assert!(Suite::load(&none).unwrap().is_empty());
    assert!(!run_with(none, &options()).is_good());
}

#[test]
fn files_run_at_the_same_time_are_told_in_order_and_each_test_once() {
    let tests = "for i = 1, 20 do test(\"t\" .. i, function() open {}:prove(\"password\") expect(i):is_not(7) end) end";
    let names: Vec<String> = (10..40).map(|number| format!("f{number}_test.lua")).collect();
    let mut all = vec![("default.lua", POLICY)];
    all.extend(names.iter().map(|name| (name.as_str(), tests)));
    let sources = files(&all);
    let suite = Suite::load(&sources).unwrap();
    let set = PolicySet::watched(sources, Budget::default(), &Channels::default().clone()).unwrap_err();
    assert!(set.to_string().contains("sms"), "a channel that nobody provides is no factor: {set}");
    let sources = files(&all);
    let set = PolicySet::watched(sources, Budget::default(), &options().channels).unwrap();
    let told = Mutex::new(Vec::new());
    let tell = |result: &TestResult| told.lock().unwrap().push(result.clone());
    let report = suite.run(&set, &Options { threads: 8, ..options() }, &tell);
    assert_eq!((report.passed(), report.failed()), (30 * 19, 30));
    let places: Vec<_> = report.results.iter().map(|result| (result.file.clone(), result.line)).collect();
    assert!(places.is_sorted());
    let mut told = told.into_inner().unwrap();
    told.sort_by(|a, b| a.file.cmp(&b.file));
    assert_eq!(told, report.results);
    let lines = set.coverage();
    assert!(
        lines.file("default.lua").is_some_and(|lines| lines.values().any(|hits| *hits >= 600)),
        "{lines:?}"
    );
}

#[test]
fn the_first_failure_can_be_the_last() {
    let tests = "for i = 1, 20 do test(\"t\" .. i, function() expect(i):is_not(3) end) end";
    let sources = files(&[("default.lua", POLICY), ("a_test.lua", tests), ("b_test.lua", tests)]);
    let report = run_with(sources, &Options { stop_at_failure: true, ..options() });
    assert_eq!((report.passed(), report.failed()), (2, 1));
}

#[test]
fn a_test_that_uses_up_its_budget_fails_alone() {
    let tests = r#"
test("before", function() open {} end)
test("a loop", function() while true do end end)
test("a loop in pcall", function() while true do pcall(function() while true do end end) end end)
test("memory", function() local t = {} while true do t[#t + 1] = ("x"):rep(60000) .. #t end end)
test("cases", function() while true do open {} end end)
test("steps", function() local c = open {} while true do c:wait(0) end end)
test("refusals", function() local c = open {} while true do expect(c):refuses("prove", "voice") end end)
test("texts", function() while true do open { account = { attributes = { x = ("x"):rep(60000) } } } end end)
test("after", function() open {}:prove("password") end)
"#;
    let report = run(tests);
    let wanted = [
        ("a loop", "the budget of 2000000 steps is used up"),
        ("a loop in pcall", "the budget of 2000000 steps is used up"),
        ("memory", "the budget of 67108864 bytes of memory is used up"),
        ("cases", "a test opens at most 1000 cases"),
        ("steps", "a test takes at most 10000 steps"),
        ("refusals", "budget"),
        ("texts", "the texts of all cases of a test have at most 4194304 bytes"),
    ];
    let failed = failed(&report);
    for ((name, message), (wanted, part)) in failed.iter().zip(wanted) {
        assert_eq!(*name, wanted);
        assert!(message.contains(part), "{name}: {message}");
    }
    assert_eq!((failed.len(), report.passed()), (wanted.len(), 2));
    assert_eq!((MAX_CASES_PER_TEST, MAX_STEPS_PER_TEST), (1_000, 10_000));
}

#[test]
fn a_file_that_only_loops_is_given_up() {
    let report = run("for i = 1, 1000 do test(\"t\" .. i, function() while true do end end) end");
    assert_eq!(report.results.len(), MAX_EXHAUSTED_TESTS + 1);
    let message = |result: &TestResult| result.failure.as_ref().unwrap().message.clone();
    let last = report.results.iter().find(|result| result.name == TOP_LEVEL).unwrap();
    assert!(message(last).contains("the rest of the file is not run"), "{}", message(last));
}

#[test]
fn tests_cannot_get_at_one_another() {
    let tests = r#"
local kept
test("keeps a case", function() kept = open {} end)
test("cannot use it", function() expect(function() return kept.state end):errors("belongs to another test") end)
test("nor by a step", function() expect(function() kept:prove("password") end):errors("a case that this test has opened") end)
test("nor for a refusal", function() expect(function() expect(kept):refuses("prove", "voice") end):errors("takes a case") end)
test("libraries stay as they are", function()
  expect(function() string.rep = nil end):errors("readonly")
  expect(function() math.floor = nil end):errors("readonly")
  expect((pcall(rawset, string, "x", 1))):is(false)
  expect((pcall(function() getmetatable("").__index = nil end))):is(false)
end)
test("globals are of this file alone", function() stray = 1 expect(stray):is(1) end)
test("stand-ins have no inside", function()
  local case = open {}
  expect(getmetatable(case)):is(false)
  expect(getmetatable(expect)):is(nil)
  expect(next(case)):is(nil)
  expect(rawget(case, "state")):is(nil)
  expect((pcall(setmetatable, case, {}))):is(false)
  expect((pcall(rawset, case.account, "kind", "x"))):is(false)
  expect((pcall(function() case.account.kind = "x" end))):is(false)
  expect((pcall(table.insert, case.proven, "x"))):is(false)
end)
test("what is forged is no case", function()
  local case = open {}
  local fake = setmetatable({}, { __index = case })
  expect(function() fake:prove("password") end):errors("a case that this test has opened")
end)
"#;
    let other = "test(\"no stray\", function() expect(function() return stray end):errors(\"there is no `stray`\") end)";
    let report = run_files(&[("default.lua", POLICY), ("a_test.lua", tests), ("b_test.lua", other)]);
    assert_eq!(failed(&report), [], "{report:?}");
}

/// The case after these steps.
fn journey(set: &PolicySet, reason: Reason, steps: &str) -> Journey {
    let (rules, mut policy) = (Rules::default(), |question: &_| set.decide(question).verdict);
    let start = Start { reason, ..Start::complete("default").unwrap() };
    let (mut journey, _) = Journey::open(&start, set.version(), &rules, &mut policy);
    for factor in steps.split_whitespace() {
        let _ = journey.act(&Action::Prove(factor.parse().unwrap()), &rules, &mut policy).unwrap();
    }
    journey
}

fn set() -> PolicySet {
    PolicySet::load(files(&[("default.lua", POLICY)]), Budget::default(), &options().channels).unwrap()
}

fn invariants(tests: &str) -> Invariants {
    let sources = files(&[("default.lua", POLICY), ("default_test.lua", tests)]);
    Invariants::load(&sources, &options().channels).unwrap()
}

#[test]
fn an_invariant_holds_if_it_returns_true_and_breaks_by_anything_else() {
    let set = set();
    let recovered = journey(&set, Reason::Lost, "password email voice");
    let table = [
        ("return true", None),
        (
            "return #case.proven >= 2 and case.outcome.device == \"deactivate\" and case.reason == \"lost\"",
            None,
        ),
        ("return case.account.phone.country == \"US\" and case.tasks[1] == \"sign_in\"", None),
        ("return false", Some("it returned false, and not true")),
        ("return", Some("it returned nil, and not true")),
        ("return 1", Some("it returned 1, and not true")),
        ("return { a = \"b\" }", Some("it returned { a = \"b\" }, and not true")),
        ("error(\"by hand\")", Some("by hand")),
        ("return case.outcme == nil", Some("a case has no field `outcme`: did you mean `outcome`?")),
        ("return case.notices > 0", Some("`notices` is known in tests only")),
        ("return case.cause == nil", Some("`cause` is known in tests only")),
        (
            "case:prove(\"password\") return true",
            Some("an invariant looks at its case and does nothing to it"),
        ),
        ("open {} return true", Some("open belongs into a test")),
        ("expect(1):is(1) return true", Some("expect belongs into a test")),
        ("while true do end", Some("steps is used up")),
        ("pcall(function() while true do end end) return true", Some("steps is used up")),
        (
            "local t = {} while true do t[#t + 1] = (\"x\"):rep(60000) .. #t end",
            Some("bytes of memory is used up"),
        ),
    ];
    for (body, wanted) in table {
        let invariants = invariants(&format!(
            "\ninvariant(\"i\", function(case) {body} end)\ninvariant(\"after\", function() return true end)"
        ));
        assert_eq!(invariants.names().collect::<Vec<_>>(), ["i", "after"]);
        // What one check leaves behind is none of the next one's concern.
        for _ in 0..2 {
            let broken = invariants.check(&recovered).broken;
            let told = broken.first().map(|broken| broken.message.as_str());
            assert!(told.is_some() == wanted.is_some() && broken.len() < 2, "{body}: {broken:?}");
            assert!(told.unwrap_or_default().contains(wanted.unwrap_or_default()), "{body}: {told:?}");
            if let Some(broken) = broken.first() {
                assert_eq!(
                    (broken.name.as_str(), broken.file.as_str(), broken.line),
                    ("i", "default_test.lua", 2),
                    "{body}"
                );
            }
        }
    }
}

#[test]
fn an_invariant_is_asked_about_its_state_and_says_what_it_looked_at() {
    let set = set();
    let (proving, held) =
        (journey(&set, Reason::Lost, "password"), journey(&set, Reason::Stolen, "password email voice"));
    let recovered = journey(&set, Reason::Lost, "password email voice");
    let usual = invariants("invariant(\"i\", function(case) return case.account.kind == \"x\" end)");
    let proving_only =
        invariants("invariant(\"i\", \"proving\", function(case) return case.plan == nil end)");
    let table = [(&proving, 0, 1), (&held, 1, 0), (&recovered, 1, 0)];
    for (journey, by_usual, by_proving) in table {
        let state = journey.case.state.as_str();
        assert_eq!(usual.check(journey).broken.len(), by_usual, "{state}");
        assert_eq!(proving_only.check(journey).broken.len(), by_proving, "{state}");
    }
    assert_eq!(usual.check(&proving).facts, BTreeSet::new());
    assert_eq!(usual.check(&held).facts, BTreeSet::from([Fact::Account, Fact::Kind]));
    let several = invariants(
        "invariant(\"a\", function(case) return case.reason ~= \"x\" and case.state ~= \"x\" end)\n\
         invariant(\"b\", function(case) for _ in case.client do end return #case.proven > 0 and case.device.form ~= nil end)",
    );
    let wanted = [
        Fact::Reason,
        Fact::Device,
        Fact::DeviceForm,
        Fact::Client,
        Fact::ClientAddress,
        Fact::ClientUserAgent,
        Fact::ClientLocale,
        Fact::ClientKnown,
        Fact::Proven,
    ];
    assert_eq!(several.check(&recovered).facts, BTreeSet::from(wanted));
    assert_eq!(several.check(&recovered).broken, []);
    assert!(invariants("test(\"a\", function() end)").is_empty());
}

#[test]
fn an_invariant_of_a_policys_own_tests_is_about_its_cases_alone() {
    let never = "invariant(\"FILE\", function() return false end)";
    let sources = files(&[
        ("default.lua", POLICY),
        ("bank.lua", POLICY),
        ("default_test.lua", &never.replace("FILE", "default")),
        ("bank_test.lua", &never.replace("FILE", "bank")),
        ("all_test.lua", &never.replace("FILE", "all")),
    ]);
    let invariants = Invariants::load(&sources, &options().channels).unwrap();
    let set = PolicySet::load(sources, Budget::default(), &options().channels).unwrap();
    for (realm, wanted) in
        [("bank", ["all", "bank"]), ("default", ["all", "default"]), ("other", ["all", "default"])]
    {
        let mut journey = journey(&set, Reason::Lost, "password email voice");
        journey.case.facts.account.realm = realm.to_owned();
        let broken = invariants.check(&journey).broken;
        let names: Vec<_> = broken.iter().map(|broken| broken.name.as_str()).collect();
        assert_eq!(names, wanted, "{realm}");
    }
}

#[test]
fn invariants_of_a_broken_file_are_refused() {
    let table = [
        ("\ninvariant(", "default_test.lua:2:"),
        ("\nerror(\"early\") invariant(\"x\", function() end)", "default_test.lua:2: early"),
        (
            "invariant(\"a\", function() end)\nwhile true do end",
            "default_test.lua:2: the budget of 2000000 steps",
        ),
    ];
    for (tests, wanted) in table {
        let sources = files(&[("default.lua", POLICY), ("default_test.lua", tests)]);
        let error = Invariants::load(&sources, &Channels::default()).unwrap_err().to_string();
        assert!(error.contains(wanted), "{tests}: {error}");
    }
}

#[test]
fn a_broken_invariant_fails_the_test_in_which_it_breaks() {
    let tests = r#"
invariant("never for bob", function(case) return case.account.id ~= "bob" end)
invariant("proving has a plan", "proving", function(case) return case.plan ~= nil end)
local function recover(id)
  open { account = { id = id } }:prove("password"):prove("email"):prove("voice")
end
test("alice", function() recover("alice") end)
test("bob", function() recover("bob") end)
test("bob, caught", function() pcall(recover, "bob") end)
test("bob, not yet", function() open { account = { id = "bob" } }:prove("password") end)
"#;
    let other = r#"test("elsewhere", function()
  open { account = { id = "bob" } }:prove("password"):prove("email"):prove("voice")
end)
test("support decides", function() open { account = { id = "bob" } }:ask_support():resolve("reset") end)
test("a pass", function() open { account = { id = "bob" } }:ask_support():resolve("pass"):prove("pass") end)
"#;
    let report = run_files(&[("default.lua", POLICY), ("a_test.lua", tests), ("b_test.lua", other)]);
    let broken =
        "the invariant \"never for bob\" (a_test.lua:2) does not hold: it returned false, and not true";
    assert_eq!(failed(&report), [("bob", broken), ("bob, caught", broken), ("elsewhere", broken)]);
    let places: Vec<_> = report
        .results
        .iter()
        .filter_map(|result| result.failure.as_ref())
        .map(|failure| (failure.file.as_str(), failure.line, failure.journey.len()))
        .collect();
    assert_eq!(places, [("a_test.lua", 5, 4), ("a_test.lua", 9, 4), ("b_test.lua", 2, 4)]);
}
