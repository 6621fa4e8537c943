//! A watched set: the same verdicts, with what was looked at and which lines were run.

#![cfg(test)]

mod question;

use std::collections::{BTreeMap, BTreeSet};

use readmit_policy::{Budget, Channels, Fact, PolicySet, Sources};
use readmit_recovery::account::Reason;
use readmit_recovery::facts::Hook;
use readmit_recovery::verdict::Verdict;

use question::question;

fn watched(text: &str) -> PolicySet {
    let files = BTreeMap::from([("default.lua".to_owned(), text.to_owned())]);
    let sources = Sources::from_files(files).expect("sources");
    PolicySet::watched(sources, Budget::default(), &Channels::default()).expect("a set")
}

fn facts(set: &PolicySet, hook: Hook) -> BTreeSet<Fact> {
    set.decide_watched(&question(hook)).facts
}

#[test]
fn what_is_looked_at_is_remembered_once_a_question() {
    use Fact as F;
    let table: [(&str, &[Fact]); 9] = [
        ("", &[]),
        ("local x = case.reason", &[F::Reason]),
        ("if case.account.phone then end", &[F::Account, F::Phone]),
        ("local x = case.account.phone.country", &[F::Account, F::Phone, F::PhoneCountry]),
        ("local x = #case.account.groups", &[F::Account, F::Groups]),
        ("for _, x in ipairs(case.proven) do end", &[F::Proven]),
        (
            "for _, x in pairs(case.client) do end",
            &[F::Client, F::ClientAddress, F::ClientUserAgent, F::ClientLocale, F::ClientKnown],
        ),
        (
            "for _, x in case.client do end",
            &[F::Client, F::ClientAddress, F::ClientUserAgent, F::ClientLocale, F::ClientKnown],
        ),
        ("local x = rawget(case.client, 'known')", &[F::Client, F::ClientKnown]),
    ];
    for (line, wanted) in table {
        let set = watched(&format!(
            "return {{ open = function(case)\n{line}\nreturn prove {{ \"password\", \"email\" }}\nend }}"
        ));
        for _ in 0..2 {
            assert_eq!(facts(&set, Hook::Open), wanted.iter().copied().collect(), "{line}");
        }
    }
}

#[test]
fn an_error_keeps_what_was_looked_at_before_it() {
    let set = watched(
        "return { open = function(case) if case.reason == 'lost' then error('no') end return deny 'x' end }",
    );
    let watched = set.decide_watched(&question(Hook::Open));
    assert!(matches!(watched.decision.verdict, Verdict::Unable { .. }));
    assert_eq!(watched.facts, [Fact::Reason].into());
}

#[test]
fn a_watched_set_decides_as_any_other() {
    let plain =
        PolicySet::load(Sources::shipped().expect("sources"), Budget::default(), &Channels::default());
    let watching =
        PolicySet::watched(Sources::shipped().expect("sources"), Budget::default(), &Channels::default());
    let (plain, watching) = (plain.expect("a set"), watching.expect("a set"));
    for hook in Hook::ALL {
        for reason in Reason::ALL {
            let mut question = question(hook);
            question.reason = *reason;
            let (plain, watched) = (plain.decide(&question), watching.decide_watched(&question));
            assert_eq!(plain.verdict, watched.decision.verdict);
            assert_eq!(watched.facts.contains(&Fact::Reason), hook == Hook::Open || hook == Hook::Recovered);
        }
    }
}

#[test]
fn lines_are_counted_from_the_first_question_on() {
    let set = watched(
        "local policy = {}\nlocal function no()\n  return deny 'x'\nend\nfunction policy.open(case)\n  if case.reason == 'lost' then\n    return no()\n  end\n  return prove { 'password', 'email' }\nend\nreturn policy",
    );
    let hits = |set: &PolicySet, line| {
        set.coverage().file("default.lua").and_then(|lines| lines.get(&line)).copied()
    };
    assert_eq!(hits(&set, 3), Some(0), "the inspection has covered nothing");
    let before = set.coverage();
    let _ = set.decide(&question(Hook::Open));
    assert_eq!(
        [hits(&set, 3), hits(&set, 7), hits(&set, 9), hits(&set, 4)],
        [Some(1), Some(1), Some(0), None]
    );
    let ran = set.coverage().since(&before);
    assert!(
        ran.contains(&("default.lua".to_owned(), 3)) && !ran.contains(&("default.lua".to_owned(), 9)),
        "{ran:?}"
    );
    let _ = set.decide(&question(Hook::Open));
    assert_eq!(hits(&set, 3), Some(2));
}

#[test]
fn a_trace_tells_the_lines_that_were_run_and_those_that_decided() {
    let text = r#"local policy = {}
local function support(why)
  return escalate { to = "support", because = why }
end
function policy.open(case)
  if case.reason == "stolen" then
    return deny "no"
  end
  local plan = any(2, { "password", "email" })
  if case.account.phone then
    return support("a phone")
  end
  return plan
end
function policy.failed(case)
  while true do end
end
return policy"#;
    let set = watched(text);
    let lines =
        |traced: &readmit_policy::Traced| traced.lines.iter().map(|(_, line)| *line).collect::<Vec<_>>();
    for _ in 0..2 {
        let traced = set.decide_traced(&question(Hook::Open));
        assert!(matches!(traced.decision.verdict, Verdict::Escalate { .. }));
        assert_eq!(
            (lines(&traced), traced.way),
            (vec![3, 6, 9, 10, 11], vec!["default.lua:11".to_owned(), "default.lua:3".to_owned()])
        );
        assert_eq!(traced.facts, facts(&set, Hook::Open));
    }
    let mut other = question(Hook::Open);
    other.facts.account.phone = None;
    let traced = set.decide_traced(&other);
    // A plan is told by the line that made it, not by the one that returned it.
    assert_eq!((lines(&traced), traced.way), (vec![6, 9, 10, 13], vec!["default.lua:9".to_owned()]));
    // Neither a default nor an exhausted budget is a word of the policy.
    let traced = set.decide_traced(&question(Hook::Recovered));
    assert!(traced.decision.by_default && traced.way.is_empty() && traced.lines.is_empty());
    let traced = set.decide_traced(&question(Hook::Failed));
    assert!(traced.way.is_empty() && lines(&traced).contains(&16), "{traced:?}");
}
