//! Mutation testing: which mistakes are made, and which of them a test notices.

#![cfg(test)]

mod question;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use readmit_policy::limits::MAX_MUTANTS;
use readmit_policy::workbench::mutate::{
    Fate, Mutant, MutationReport, NotJudged, Operator, Progress, Trial, mutants,
};
use readmit_policy::{Channels, PolicySet, Sources};
use readmit_recovery::account::Reason;
use readmit_recovery::facts::Hook;
use readmit_recovery::rules::Rules;
use readmit_recovery::verdict::Verdict;

use question::question;

fn sources(files: &[(&str, &str)]) -> Sources {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Sources::from_files(files.collect()).expect("sources")
}

/// The changes of a text, each as `operator: from → to`.
fn changes(text: &str) -> Vec<String> {
    let mutants = mutants(&sources(&[("default.lua", text)]));
    mutants.iter().map(|mutant| format!("{}: {} → {}", mutant.operator, mutant.from, mutant.to)).collect()
}

#[test]
fn every_kind_of_change_is_made_where_it_fits() {
    let table: &[(&str, &[&str])] = &[
        ("x = a == b", &["comparison: == → ~="]),
        ("x = a ~= b", &["comparison: ~= → =="]),
        ("x = a < b", &["comparison: < → <=", "comparison: < → >="]),
        ("x = a <= b", &["comparison: <= → <", "comparison: <= → >"]),
        ("x = a > b", &["comparison: > → >=", "comparison: > → <="]),
        ("x = a >= b", &["comparison: >= → >", "comparison: >= → <"]),
        ("x = a and b or c", &["logic: and → or", "logic: or → and"]),
        ("x = not a", &["negation: not  → "]),
        ("x = true y = false", &["flag: true → false", "flag: false → true"]),
        ("x = 3", &["number: 3 → 4", "number: 3 → 2"]),
        ("x = 0", &["number: 0 → 1"]),
        ("x = 1.5 + 0x10 + 1e300", &[]),
        ("x = any(2, y)", &["number: 2 → 3", "number: 2 → 1"]),
        (
            "prove { 'email', \"voice\" }",
            &[
                "entry: 'email',  → ",
                "word: 'email' → 'recovery_code'",
                "entry: , \"voice\" → ",
                "word: \"voice\" → \"recovery_code\"",
            ],
        ),
        ("prove { f(), all { g() } }", &["entry: f(),  → ", "entry: , all { g() } → "]),
        (
            "any(n, { f(1 == 1), g })",
            &[
                "entry: f(1 == 1),  → ",
                "number: 1 → 2",
                "number: 1 → 0",
                "comparison: == → ~=",
                "number: 1 → 2",
                "number: 1 → 0",
                "entry: , g → ",
            ],
        ),
        ("x = { f(), g() }", &[]),
        ("x = { 'red', 'blue' }", &["entry: 'red',  → ", "entry: , 'blue' → "]),
        ("x = { one = 'red', two = 'blue' }", &[]),
        ("x = r == 'lost'", &["comparison: == → ~=", "word: 'lost' → 'stolen'"]),
        (
            "x = 'out_of_sync' .. 'member' .. 'keep' .. 'hardware' .. 'busy'",
            &[
                "word: 'out_of_sync' → 'lost'",
                "word: 'member' → 'owner'",
                "word: 'keep' → 'deactivate'",
                "word: 'hardware' → 'virtual'",
                "word: 'busy' → 'no_answer'",
            ],
        ),
        (
            "escalate { to = 'support', because = 'lost' }",
            &[
                "verdict: escalate { to = 'support', because = 'lost' } → deny { because = 'lost' }",
                "word: 'support' → 'administrator'",
            ],
        ),
        ("escalate({ because = why })", &["verdict: escalate({ because = why } → deny({ because = why }"]),
        ("deny 'lost'", &["verdict: deny 'lost' → escalate { to = \"support\", because = 'lost' }"]),
        ("deny(f(x))", &["verdict: deny(f(x)) → escalate { to = \"support\", because = f(x) }"]),
        (
            "deny { because = y }",
            &["verdict: deny { because = y } → escalate { to = \"support\", because = y }"],
        ),
        (
            "outcome { force_password_change = x, hold = h, }",
            &["field: force_password_change = x,  → ", "field: x → true", "field: , hold = h → "],
        ),
        ("outcome { revoke_sessions = true, hold = nil }", &["flag: true → false"]),
        ("if a.b then f() elseif c then g() end", &["guard: a.b → false", "guard: c → false"]),
        (
            "if f(if a then b else c) then return end",
            &["guard: f(if a then b else c) → false", "guard: a → false"],
        ),
        // What does not run is not changed.
        ("-- a == b\n--[[ true ]] x = \"a == b\" .. [[not true]]", &[]),
        (
            "type R = 'lost' | 'stolen'\ntype S = {\n  a: 'lost',\n  b: true,\n}\nlocal x: 'lost' | true = y",
            &[],
        ),
        ("x.deny 'y' x.not_a = x['then']", &[]),
    ];
    for (text, wanted) in table {
        assert_eq!(changes(text), *wanted, "{text}");
    }
}

#[test]
fn a_mutant_says_where_it_is_and_what_it_does() {
    let text = "local policy = {}\nfunction policy.open(case)\n  return prove { \"password\",\n    \"voice\" }\nend\nreturn policy\n";
    let sources = sources(&[("default.lua", text), ("default_test.lua", "x = 1 == 1")]);
    let mutants = mutants(&sources);
    let told: Vec<_> = mutants.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "default.lua:3:18: dropped `\"password\"`",
            "default.lua:3:18: changed `\"password\"` to `\"email\"`",
            "default.lua:4:5: dropped `\"voice\"`",
            "default.lua:4:5: changed `\"voice\"` to `\"recovery_code\"`",
        ]
    );
    let dropped = mutants.get(2).expect("four");
    assert_eq!(dropped.source_line(&sources), Some(("    \"voice\" }", 4..11)));
    let applied = dropped.apply(&sources).expect("it fits");
    assert_eq!(applied.files()["default.lua"], text.replace(",\n    \"voice\"", ""));
    assert_eq!(applied.files()["default_test.lua"], sources.files()["default_test.lua"]);
    let other = Sources::from_files(BTreeMap::from([("default.lua".to_owned(), "return {}".to_owned())]));
    let refused = dropped.apply(&other.expect("sources")).map_err(|error| error.to_string());
    assert_eq!(refused.err().as_deref(), Some("default.lua is not the text that the mutant was made from"));
}

#[test]
fn mutants_of_the_shipped_policy_differ_are_in_order_and_always_the_same() {
    let sources = Sources::shipped().expect("sources");
    let all = mutants(&sources);
    assert_eq!(all, mutants(&sources));
    let versions: BTreeSet<_> =
        all.iter().map(|mutant| mutant.apply(&sources).expect("it fits").version().to_string()).collect();
    assert_eq!(versions.len(), all.len(), "each is another text");
    assert!(!versions.contains(&sources.version().to_string()));
    assert!(all.is_sorted_by_key(|mutant| (mutant.line, mutant.column)));
    let kinds: BTreeSet<_> = all.iter().map(|mutant| mutant.operator).collect();
    for operator in Operator::ALL.into_iter().filter(|operator| *operator != Operator::Flag) {
        assert!(kinds.contains(&operator), "{operator}");
    }
}

#[test]
fn hostile_texts_give_a_bounded_number_of_bounded_mutants() {
    let texts = [
        format!("x = {{ {} }}", "'lost', ".repeat(30_000)),
        "if (".repeat(60_000),
        "escalate { because = ".repeat(12_000) + &"}".repeat(4_000),
        "{ [ ( ".repeat(40_000),
        "type x = { ".repeat(20_000),
        "1 ".repeat(120_000),
        format!("x = '{}' == \u{202e}", "é".repeat(100_000)),
    ];
    for text in texts {
        let begins: String = text.chars().take(20).collect();
        let sources = sources(&[("default.lua", &text)]);
        let mutants = mutants(&sources);
        assert!(mutants.len() <= MAX_MUTANTS, "{begins}");
        for mutant in mutants.iter().rev().take(50) {
            assert!(mutant.to_string().len() < 300, "{begins}: {mutant}");
            assert!(mutant.apply(&sources).is_ok(), "{begins}");
            assert!(mutant.source_line(&sources).is_some(), "{begins}");
        }
    }
}

const POLICY: &str = "\
local policy = {}
function policy.open(case)
  if case.reason == \"stolen\" then
    return deny \"no\"
  end
  return prove { \"password\", \"email\" }
end
return policy
";

fn verdict(set: &PolicySet, reason: Reason) -> Verdict {
    let mut question = question(Hook::Open);
    question.reason = reason;
    set.decide(&question).verdict
}

/// Tests that compare what a set says with what the right one says, for some reasons.
fn tests(reasons: &'static [Reason]) -> impl Fn(&PolicySet, Option<&Mutant>) -> Option<String> + Sync {
    let right =
        PolicySet::load(sources(&[("default.lua", POLICY)]), Default::default(), &Channels::default());
    let right = right.expect("a good set");
    move |set, _| {
        let failing = reasons.iter().find(|reason| verdict(set, **reason) != verdict(&right, **reason));
        failing.map(|reason| reason.as_str().to_owned())
    }
}

fn judge(
    text: &str,
    most: usize,
    threads: usize,
    reasons: &'static [Reason],
) -> Result<MutationReport, NotJudged> {
    let sources = sources(&[("default.lua", text)]);
    let threads = NonZeroUsize::new(threads).expect("more than none");
    let trial = Trial { sources: &sources, channels: &Channels::default(), most, threads };
    trial.judge(mutants(&sources), &tests(reasons), &|_| true)
}

#[test]
fn tests_without_a_hole_leave_no_survivor() {
    let report = judge(POLICY, 100, 2, &[Reason::Lost, Reason::Stolen, Reason::Damaged]).expect("a report");
    assert_eq!(report.survivors().map(ToString::to_string).collect::<Vec<_>>(), Vec::<String>::new());
    assert_eq!((report.score(), report.left_out, report.mutants.len()), (100.0, 0, 8));
    assert_eq!(report.by_operator()[&Operator::Word], (3, 3));
    assert!(report.mutants.iter().any(|(_, fate)| *fate == Fate::Killed { by: "stolen".to_owned() }));
}

#[test]
fn a_hole_in_the_tests_is_named() {
    let report = judge(POLICY, 100, 1, &[Reason::Lost, Reason::Damaged]).expect("a report");
    assert_eq!(
        report.survivors().map(ToString::to_string).collect::<Vec<_>>(),
        [
            "default.lua:3:6: changed `case.reason == \"stolen\"` to `false`",
            "default.lua:4:12: changed `deny \"no\"` to `escalate { to = \"support\", because = \"no\" }`"
        ]
    );
    assert_eq!(report.score(), 75.0);
    for threads in [2, 7] {
        let again = judge(POLICY, 100, threads, &[Reason::Lost, Reason::Damaged]).expect("a report");
        assert_eq!(again, report, "the number of threads makes no difference");
    }
}

#[test]
fn tests_that_fail_before_any_change_judge_nothing() {
    let wrong = POLICY.replace("\"no\"", "\"yes\"");
    let refused = judge(&wrong, 100, 1, &[Reason::Stolen]).map_err(|error| error.to_string());
    assert_eq!(
        refused.err().as_deref(),
        Some("the test `stolen` fails on the policies as they are, so it cannot tell a mistake from none")
    );
    assert!(matches!(judge("return 1", 100, 1, &[]), Err(NotJudged::Refused(_))));
}

#[test]
fn what_does_not_load_counts_for_nothing_and_what_does_not_end_is_stopped() {
    let text = POLICY.replace(
        "  return prove",
        "  local n: number = 0\n  while n ~= 4 do n += 2 end\n  local f = function<A>(a: A) return a end\n  return f(prove",
    );
    let text = text.replace("\"email\" }", "\"email\" })");
    let report = judge(&text, 100, 2, &[Reason::Lost, Reason::Stolen]).expect("a report");
    let fates = |fate| {
        let mutants = report.mutants.iter().filter(move |(_, is)| is.as_str() == fate);
        mutants.map(|(mutant, _)| mutant.change()).collect::<Vec<_>>()
    };
    assert_eq!(
        fates("stopped"),
        ["changed `0` to `1`", "changed `4` to `5`", "changed `4` to `3`", "changed `2` to `3`",]
    );
    assert_eq!(
        fates("invalid"),
        ["changed `<` to `<=`", "changed `<` to `>=`", "changed `>` to `>=`", "changed `>` to `<=`",]
    );
    let loaded = report.count("killed") + report.count("stopped") + report.count("survived");
    assert_eq!(loaded + 4, report.mutants.len());
    assert_eq!(fates("survived"), ["changed `~=` to `==`", "changed `2` to `1`"]);
}

#[test]
fn a_limit_takes_mutants_from_everywhere_and_says_how_many_are_left_out() {
    let all = mutants(&sources(&[("default.lua", POLICY)]));
    for most in [0, 1, 3, 7, 8, 9] {
        let report = judge(POLICY, most, 2, &[Reason::Lost]).expect("a report");
        assert_eq!(report.mutants.len(), most.min(all.len()));
        assert_eq!(report.left_out, all.len() - report.mutants.len());
        let tried: Vec<_> = report.mutants.into_iter().map(|(mutant, _)| mutant).collect();
        assert!(
            tried.iter().all(|mutant| all.contains(mutant)) && tried.is_sorted_by_key(|mutant| mutant.line)
        );
        if most == 3 {
            assert!(tried.first() != all.first() && tried.last() == all.last(), "{tried:?}");
        }
    }
}

#[test]
fn a_run_tells_how_far_it_is_and_ends_when_it_is_told() {
    let sources = sources(&[("default.lua", POLICY)]);
    let threads = NonZeroUsize::MIN;
    let trial = Trial { sources: &sources, channels: &Channels::default(), most: 100, threads };
    let seen = std::sync::Mutex::new(Vec::new());
    let watch = |progress: Progress| {
        seen.lock().expect("no panic").push(progress);
        progress.done < 3
    };
    let asked = AtomicUsize::new(0);
    let test = |_: &PolicySet, _: Option<&Mutant>| {
        asked.fetch_add(1, Relaxed);
        None
    };
    let report = trial.judge(mutants(&sources), &test, &watch).expect("a report");
    let seen = seen.into_inner().expect("no panic");
    let told: Vec<_> = seen.iter().map(|progress| (progress.done, progress.of, progress.survived)).collect();
    assert_eq!(told, [(1, 8, 1), (2, 8, 2), (3, 8, 3)]);
    assert_eq!((report.mutants.len(), report.left_out, report.score()), (3, 5, 0.0));
    assert_eq!(asked.into_inner(), 4, "once without a change");
}

#[test]
fn the_tests_beside_the_policies_judge_the_file_that_is_changed_first() {
    let files = [
        ("default.lua", POLICY),
        ("sales.lua", POLICY),
        ("a_test.lua", "test(\"any\", function() open { account = { realm = \"sales\" } } end)"),
        (
            "default_test.lua",
            "for _, realm in { \"default\", \"sales\" } do test(realm, function()\n  \
             local case = open { reason = \"stolen\", account = { realm = realm } }\n  \
             expect(case.state):is(\"denied\") end) end",
        ),
        (
            "sales_test.lua",
            "test(\"own\", function() expect(open({ reason = \"stolen\" }).state):is(\"denied\") end)",
        ),
    ];
    let sources = sources(&files);
    let threads = NonZeroUsize::MIN;
    let trial = Trial { sources: &sources, channels: &Channels::default(), most: 100, threads };
    let report = trial.run(mutants(&sources), &Rules::default(), &|_| true).expect("the tests pass");
    let killers: BTreeSet<_> = report
        .mutants
        .iter()
        .filter_map(|(mutant, fate)| match fate {
            Fate::Killed { by } => Some((mutant.file.as_str(), by.as_str())),
            Fate::Stopped | Fate::Survived | Fate::Invalid => None,
        })
        .collect();
    let wanted = [("default.lua", "default_test.lua: default"), ("sales.lua", "sales_test.lua: own")];
    assert_eq!(killers, wanted.into());
    assert_eq!(report.count("survived"), 8, "the plans of both are tested by nobody");
    let untested = Sources::from_files(BTreeMap::from([("default.lua".to_owned(), POLICY.to_owned())]));
    let untested = untested.expect("sources");
    let trial = Trial { sources: &untested, channels: &Channels::default(), most: 100, threads };
    assert!(matches!(trial.run(mutants(&untested), &Rules::default(), &|_| true), Err(NotJudged::NoTests)));
}
