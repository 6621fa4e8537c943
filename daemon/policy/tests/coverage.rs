//! Coverage: which lines and verdicts were reached, and the forms in which it is told.

#![cfg(test)]

mod question;

use std::collections::BTreeMap;

use readmit_policy::workbench::{CoverageReport, Tally};
use readmit_policy::{Budget, Channels, Coverage, PolicySet, Sources};
use readmit_recovery::account::Reason;
use readmit_recovery::facts::Hook;

use question::question;

const POLICY: &str = "\
local policy = {}
function policy.open(case)
  if case.reason == \"stolen\" then
    -- deny \"in a remark\"
    return deny \"prove { 'in a text' }\"
  end
  return case.reason == \"lost\" and any(2, { \"email\", \"voice\", \"recovery_code\" })
    or escalate { to = \"support\", because = \"<script>alert('x')</script>\" }
end
function policy.recovered(case)
  return outcome { device = case.reason == \"damaged\" and \"keep\" or \"deactivate\" }
end
return policy
";

fn sources(files: &[(&str, &str)]) -> Sources {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    Sources::from_files(files.collect()).expect("sources")
}

fn report(files: &[(&str, &str)], questions: &[(Hook, Reason)]) -> CoverageReport {
    let sources = sources(files);
    let set =
        PolicySet::watched(sources.clone(), Budget::default(), &Channels::default()).expect("a good set");
    for (hook, reason) in questions {
        let mut question = question(*hook);
        question.reason = *reason;
        let _ = set.decide(&question);
    }
    CoverageReport::new(&set.coverage(), &sources)
}

/// The places of one file: line, column, word, calls.
fn places(text: &str) -> Vec<(u32, u32, &'static str, u32)> {
    let report = CoverageReport::new(&Coverage::default(), &sources(&[("default.lua", text)]));
    let places = report.files.iter().flat_map(|file| &file.places);
    places.map(|place| (place.line, place.column, place.word, place.calls)).collect()
}

#[test]
fn verdict_places_are_calls_of_the_words_and_nothing_else() {
    type Place = (u32, u32, &'static str, u32);
    let table: &[(&str, &[Place])] = &[
        ("return deny 'x'", &[(1, 8, "deny", 1)]),
        ("return deny('x')", &[(1, 8, "deny", 1)]),
        ("return\n  prove{'email'}", &[(2, 3, "prove", 1)]),
        ("-- deny 'x'\n--[[ deny 'x' ]] local s = \"deny 'x'\" .. [[deny 'x']] .. `deny 'x'`", &[]),
        ("local d = deny", &[]),
        ("local word = x.deny 'x' or x:deny 'x'", &[]),
        ("x.deny = deny", &[]),
        ("return prove { all { 'a', 'b' }, any(1, { 'c' }), approvals(2) }", &[(1, 8, "prove", 1)]),
        ("return any(2, { all { 'a' }, 'b' })", &[(1, 8, "any", 1)]),
        ("return x and all { 'a' } or approvals(1)", &[(1, 14, "all", 1), (1, 29, "approvals", 1)]),
        ("return if x then any(1, { 'a' }) else escalate {}", &[(1, 18, "any", 1), (1, 39, "escalate", 1)]),
        ("local plan = any(1, { 'a' })\nreturn prove(plan)", &[(2, 8, "prove", 1)]),
        ("if x then return f() end\nplan = any(1, { 'a' })", &[]),
        ("if x then return y else plan = any(1, { 'a' }) end", &[]),
        ("return f(any(1, { 'a' }))", &[]),
        ("return f(1), any(1, { 'a' })", &[(1, 14, "any", 1)]),
        ("return x and deny 'a' or deny 'b' or retry {}", &[(1, 14, "deny", 2), (1, 38, "retry", 1)]),
        ("local function deny(x) return x end\nreturn deny 'x'", &[]),
        ("local v = outcome {}\nreturn v", &[(1, 11, "outcome", 1)]),
    ];
    for (text, wanted) in table {
        assert_eq!(places(text), *wanted, "{text}");
    }
}

#[test]
fn a_verdict_on_a_line_of_a_longer_statement_is_told_apart() {
    let files = [("default.lua", POLICY), ("default_test.lua", "return deny 'not a policy'")];
    let made = |report: &CoverageReport| {
        let places = report.files.iter().flat_map(|file| &file.places);
        places.map(|place| (place.line, place.word, place.made)).collect::<Vec<_>>()
    };
    let none = report(&files, &[]);
    assert_eq!(none.files.len(), 1, "tests are no policies");
    assert_eq!(made(&none), [(5, "deny", 0), (7, "any", 0), (8, "escalate", 0), (11, "outcome", 0)]);
    assert_eq!((none.lines(), none.verdicts()), (Tally { hit: 0, of: 8 }, Tally { hit: 0, of: 4 }));
    assert!(none.answers.is_empty());
    let some = report(
        &files,
        &[(Hook::Open, Reason::Lost), (Hook::Open, Reason::Lost), (Hook::Open, Reason::Damaged)],
    );
    assert_eq!(made(&some), [(5, "deny", 0), (7, "any", 2), (8, "escalate", 1), (11, "outcome", 0)]);
    let file = some.files.first().expect("the policy");
    assert_eq!(file.missed(), [5..=5, 11..=11]);
    assert_eq!((some.lines(), some.verdicts()), (Tally { hit: 6, of: 8 }, Tally { hit: 2, of: 4 }));
    assert_eq!(some.percent(), 50.0);
    let answers = some.answers.first().expect("the answers of open");
    assert_eq!(
        (answers.hook, &answers.given),
        (Hook::Open, &BTreeMap::from([("prove", 2), ("escalate", 1)]))
    );
}

#[test]
fn missed_lines_are_joined_over_lines_with_nothing_to_run() {
    let text = "local policy = {}\nfunction policy.open(case)\n  if case.reason == \"stolen\" then\n    local a = 1\n\n    -- a remark\n    local b = a\n    return deny(tostring(b))\n  end\n  return deny \"x\"\nend\nreturn policy\n";
    let report = report(&[("default.lua", text)], &[(Hook::Open, Reason::Lost)]);
    assert_eq!(report.files.first().expect("the policy").missed(), [4..=8]);
}

#[test]
fn files_that_are_never_required_and_answers_by_default_are_told() {
    let files = [
        ("default.lua", "return { open = function(case) error('no') end }"),
        ("sales.lua", "return { open = function(case) return deny 'x' end }"),
        ("lib/unused.lua", "local x = 1\nreturn x"),
    ];
    let report = report(&files, &[(Hook::Open, Reason::Lost), (Hook::Failed, Reason::Lost)]);
    let unused = report.files.iter().find(|file| file.file == "lib/unused.lua").expect("the module");
    assert_eq!((unused.line_tally(), unused.missed()), (Tally { hit: 0, of: 2 }, vec![1..=2]));
    let given: Vec<_> = report.answers.iter().map(|answers| (answers.hook, answers.given.clone())).collect();
    assert_eq!(
        given,
        [(Hook::Open, BTreeMap::from([("unable", 1)])), (Hook::Failed, BTreeMap::from([("default", 1)]))]
    );
}

#[test]
fn a_share_is_a_hundred_only_if_it_is_all() {
    for (hit, of, percent) in [(0, 0, 100.0), (0, 3, 0.0), (2, 3, 66.6), (1999, 2000, 99.9), (7, 7, 100.0)] {
        assert_eq!(Tally { hit, of }.percent(), percent, "{hit} of {of}");
    }
}

/// The values of each kind of line of a file's record.
type Records = BTreeMap<String, Vec<Vec<String>>>;

/// Reads a tracefile as `geninfo(1)` describes it, and refuses what it does not describe.
fn parse(trace: &str) -> BTreeMap<String, Records> {
    let mut files = BTreeMap::new();
    let mut lines = trace.lines();
    assert_eq!(lines.next(), Some("TN:"));
    let mut current: Option<(String, Records)> = None;
    for line in lines {
        if line == "end_of_record" {
            let (file, records) = current.take().expect("a record is open");
            assert!(files.insert(file, records).is_none(), "each file once");
            continue;
        }
        let (key, value) = line.split_once(':').expect("key:value");
        if key == "SF" {
            assert!(current.is_none(), "the record before is closed");
            current = Some((value.to_owned(), BTreeMap::new()));
            continue;
        }
        let fields = match key {
            "DA" => 2,
            "BRDA" => 4,
            "LF" | "LH" | "BRF" | "BRH" => 1,
            _ => 0,
        };
        let values: Vec<String> = value.split(',').map(str::to_owned).collect();
        assert_eq!(values.len(), fields, "{line}");
        let is_number = |value: &String| value.parse::<u64>().is_ok() || key == "BRDA" && value == "-";
        assert!(values.iter().all(is_number), "{line}");
        let (_, records) = current.as_mut().expect("a record is open");
        records.entry(key.to_owned()).or_default().push(values);
    }
    assert!(current.is_none(), "the last record is closed");
    files
}

#[test]
fn the_tracefile_says_the_same_as_the_report() {
    let files = [("default.lua", POLICY), ("lib/empty.lua", "return {}")];
    let report = report(&files, &[(Hook::Open, Reason::Lost)]);
    let parsed = parse(&report.lcov("policies/"));
    assert_eq!(parsed.keys().collect::<Vec<_>>(), ["policies/default.lua", "policies/lib/empty.lua"]);
    for file in &report.files {
        let records = parsed.get(&format!("policies/{}", file.file)).expect("its record");
        let numbers = |key: &str| -> Vec<Vec<u64>> {
            let values = records.get(key).into_iter().flatten();
            values.map(|line| line.iter().filter_map(|value| value.parse().ok()).collect()).collect()
        };
        let lines: Vec<Vec<u64>> =
            file.lines.iter().map(|(line, hits)| vec![u64::from(*line), *hits]).collect();
        assert_eq!(numbers("DA"), lines);
        let tally = file.line_tally();
        assert_eq!(
            (numbers("LF"), numbers("LH")),
            (vec![vec![tally.of as u64]], vec![vec![tally.hit as u64]])
        );
        assert_eq!(records.get("BRDA").map_or(0, Vec::len), file.places.len());
    }
    let branches = &parsed["policies/default.lua"]["BRDA"];
    let taken: Vec<_> = branches.iter().map(|branch| (branch[0].as_str(), branch[3].as_str())).collect();
    assert_eq!(taken, [("5", "-"), ("7", "1"), ("8", "0"), ("11", "-")]);
    assert!(report.lcov("").contains("\nSF:default.lua\n"));
}

#[test]
fn the_page_shows_a_hostile_text_as_text() {
    let hostile = format!("{POLICY}-- </code><img src=x onerror=alert(1)> \u{202e}drow\u{1b}[2J & \"'");
    let report = report(&[("default.lua", &hostile)], &[(Hook::Open, Reason::Lost)]);
    let page = report.html();
    for wanted in [
        "<html lang=\"en\">",
        "<title>Policy coverage</title>",
        "default-src 'none'",
        "prefers-color-scheme: dark",
        "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;",
        "&lt;/code&gt;&lt;img src=x onerror=alert(1)&gt; <span class=\"odd\">U+202E</span>drow",
        "<span class=\"odd\">U+001B</span>[2J &amp; &quot;&#39;",
        "<mark class=\"never\" title=\"never made\">deny<span class=\"spoken\"> (never made)</span></mark>",
        "<mark class=\"made\" title=\"made once\">any<span",
        "<tr class=\"missed\" id=\"line-0-5\"><th scope=\"row\">5</th><td>missed</td>",
        "<td><a href=\"#line-0-5\">5</a>, <a href=\"#line-0-11\">11</a></td>",
        "<td>prove 1×</td>",
    ] {
        assert!(page.contains(wanted), "{wanted}\n{page}");
    }
    for unwanted in ["<script", "<img", "\u{202e}", "\u{1b}", "http://", "https://", "javascript:"] {
        assert!(!page.contains(unwanted), "{unwanted}");
    }
    for tag in ["table", "tr", "td", "th", "section", "mark", "span", "main", "thead", "tbody", "a", "p"] {
        let opened = page.matches(&format!("<{tag}>")).count() + page.matches(&format!("<{tag} ")).count();
        assert_eq!(opened, page.matches(&format!("</{tag}>")).count(), "every {tag} is closed");
    }
}
