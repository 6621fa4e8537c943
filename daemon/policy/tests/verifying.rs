//! All cases, not examples: each planted fault is found, and printed as a test that shows it.

#![cfg(test)]

use std::collections::BTreeMap;

use readmit_policy::workbench::testing::{self, Invariants, Report, Suite};
use readmit_policy::workbench::verify::{Counterexample, Options, Property, Verified, verify};
use readmit_policy::{Budget, Channels, PolicySet, Sources};

fn sources(files: &[(&str, &str)]) -> Sources {
    let files: BTreeMap<String, String> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Sources::from_files(files).expect("sources")
}

fn verified_with(sources: &Sources, options: &Options) -> Vec<Verified> {
    let channels = Channels::default();
    let invariants = Invariants::load(sources, &channels).expect("invariants");
    let set = PolicySet::watched(sources.clone(), Budget::default(), &channels).expect("a set");
    verify(&set, &invariants, options, &|_| ()).expect("a verification")
}

fn verified(sources: &Sources) -> Vec<Verified> {
    verified_with(sources, &Options::default())
}

/// What does not hold in one policy with these tests.
fn broken(policy: &str, tests: &str) -> Vec<Counterexample> {
    let mut verified = verified(&sources(&[("default.lua", policy), ("default_test.lua", tests)]));
    let file = verified.pop().expect("a file");
    assert!(verified.is_empty() && file.is_complete);
    file.counterexamples
}

/// Runs one printed counterexample with the runner of tests.
fn pasted(policy: &str, tests: &str, example: &Counterexample) -> Report {
    let all = format!("{tests}\n{}", example.test);
    let sources = sources(&[("default.lua", policy), ("default_test.lua", &all)]);
    let set = PolicySet::load(sources.clone(), Budget::default(), &Channels::default()).expect("a set");
    let options = testing::Options::default();
    Suite::load(&sources).expect("a suite").run(&set, &options, &|_| ())
}

/// Whether the pasted test shows what is wrong: a state that should not be is reached as it says, and what the runner
/// itself can see fails.
fn assert_reproduces(policy: &str, tests: &str, example: &Counterexample) {
    let report = pasted(policy, tests, example);
    let [result] = report.results.as_slice() else { panic!("one test is wanted:\n{}", example.test) };
    let failure = result.failure.as_ref().map(|failure| failure.message.clone()).unwrap_or_default();
    match example.property {
        Property::NoDeadEnd | Property::Risk => assert_eq!(failure, "", "{}", example.test),
        Property::Floor | Property::Answers => {
            assert_eq!(failure, "this is not the value that was expected", "{}", example.test);
        }
        Property::Invariant => assert!(failure.contains("does not hold"), "{failure}\n{}", example.test),
    }
}

/// A policy made of hooks.
fn policy(open: &str, rest: &str) -> String {
    format!("local policy = {{}}\nfunction policy.open(case)\n{open}\nend\n{rest}\nreturn policy\n")
}

#[test]
fn each_planted_fault_is_found_with_the_shortest_journey() {
    let below = policy(
        "local phone = case.account.phone\nif phone and phone.country == 'DE' and phone.changed_at and case.now - phone.changed_at > days(30) then return prove { 'voice' } end\nif not case.account.has.password or not case.account.email then return deny 'no' end\nreturn prove { 'password', 'email' }",
        "",
    );
    let dead = policy(
        "if not case.account.has.password then return deny 'no' end\nif case.reason == 'not_working' then return prove { 'password', 'recovery_code' } end\nif not case.account.email then return deny 'no' end\nreturn prove { 'password', 'email' }",
        "",
    );
    let escape = policy(
        "if case.account.kind == 'member' and not case.client.known then return escalate { to = 'administrator', because = 'member' } end\nif not case.account.has.password or not case.account.email then return deny 'no' end\nreturn prove { 'password', 'email' }",
        "",
    );
    let risk = policy(
        "if not case.account.has.password or not case.account.email or not case.account.phone then return deny 'no' end\nif case.reason == 'stolen' then return prove { 'password', 'email' } end\nreturn prove { 'password', 'email', 'voice' }",
        "",
    );
    let error = policy(
        "if not case.account.phone or not case.account.has.password then return deny 'no' end\nreturn prove { 'password', 'voice' }",
        "function policy.failed(case, failure)\nif failure.factor == 'voice' and failure.count == 3 and failure.disposition == 'busy' then return retry { after = minutes(failure.nothing) } end\nreturn retry { after = minutes(1) }\nend",
    );
    let hold = policy(
        "if not case.account.has.password or not case.account.email then return deny 'no' end\nreturn prove { 'password', 'email' }",
        "function policy.recovered(case) return outcome { hold = hours(1), force_password_change = case.reason == 'stolen' } end",
    );
    let region = policy(
        "local regions = { FR = 'no' }\nlocal phone = case.account.phone\nif not phone or not case.account.has.password then return deny 'no' end\nif phone.country and regions[phone.country] then return prove { 'recovery_code', 'password' } end\nreturn prove { 'password', 'voice' }",
        "",
    );
    let table: [(&str, &str, Property, &[&str], &str); 7] = [
        (
            &below,
            "",
            Property::Floor,
            &["account.phone.country is \"DE\"", "phone changed more than 30 days ago"],
            "  local case = open { reason = \"lost\", account = { phone = { country = \"DE\", changed_at = now - seconds(2592001) } } }\n  expect(case.cause):is(nil)\n",
        ),
        (
            &dead,
            "",
            Property::NoDeadEnd,
            &["reason is \"not_working\""],
            "  local case = open { reason = \"not_working\" }\n  expect(case.state):is(\"proving\") -- and there is no way on\n",
        ),
        (
            &escape,
            "invariant('members go to their administrator', function(case) return case.account.kind ~= 'member' end)",
            Property::Invariant,
            &["account.kind is \"member\"", "client.known is true"],
            "  local case = open { reason = \"lost\", account = { kind = \"member\" }, client = { known = true } }\n  case:prove(\"password\")\n  case:prove(\"email\")\n  expect(case.state):is(\"recovered\")\n",
        ),
        (
            &risk,
            "",
            Property::Risk,
            &["reason is \"stolen\""],
            "  local case = open { reason = \"stolen\" }\n  case:prove(\"password\")\n  case:prove(\"email\")\n  expect(case.state):is(\"recovered\")\n  local safer = open { reason = \"lost\" }\n  safer:prove(\"password\")\n  safer:prove(\"email\")\n  safer:prove(\"voice\")\n  expect(safer.state):is(\"recovered\")\n",
        ),
        (
            &error,
            "",
            Property::Answers,
            &[],
            "  case:fail(\"voice\", \"busy\")\n  expect(case.cause):is(nil)\n",
        ),
        (
            &hold,
            "invariant('a stolen device leaves a new password', function(case) return case.state ~= 'recovered' or case.reason == 'stolen' end)",
            Property::Invariant,
            &["reason is \"lost\""],
            "  case:prove(\"password\")\n  case:prove(\"email\")\n  case:wait(hours(1))\n  expect(case.state):is(\"recovered\")\n",
        ),
        (
            &region,
            "",
            Property::NoDeadEnd,
            &["account.phone.country is \"FR\""],
            "  local case = open { reason = \"lost\", account = { phone = { country = \"FR\" } } }\n  expect(case.state):is(\"proving\") -- and there is no way on\n",
        ),
    ];
    for (policy, tests, property, conditions, journey) in table {
        let found = broken(policy, tests);
        let properties: Vec<Property> = found.iter().map(|example| example.property).collect();
        assert_eq!(properties, [property], "{found:#?}");
        let example = &found[0];
        for condition in conditions {
            assert!(example.conditions.iter().any(|told| told == condition), "{condition}: {example:#?}");
        }
        assert!(example.test.contains(journey), "{}", example.test);
        assert_reproduces(policy, tests, example);
    }
}

/// With one factor only exhausted and another that is not on file, the plan could still be satisfied in theory.
#[test]
fn a_way_that_is_lost_on_the_road_is_a_dead_end() {
    let policy = policy(
        "if not case.account.has.password or not case.account.phone then return deny 'no' end\nreturn prove { 'password', any(1, { 'voice', 'recovery_code' }) }",
        "function policy.failed(case, failure) return retry { after = minutes(1) } end",
    );
    let found = broken(&policy, "");
    let [example] = found.as_slice() else { panic!("{found:#?}") };
    assert_eq!(example.property, Property::NoDeadEnd);
    assert!(example.cause.contains("no recovery code"), "{}", example.cause);
    assert!(example.cause.contains("voice cannot be tried any more"), "{}", example.cause);
    assert_reproduces(&policy, "", example);
}

#[test]
fn a_wait_that_outlasts_the_case_is_a_dead_end() {
    let policy = policy(
        "if not case.account.has.password or not case.account.phone then return deny 'no' end\nreturn prove { 'password', 'voice' }",
        "function policy.failed(case, failure) return retry { after = hours(24) } end",
    );
    let found = broken(&policy, "");
    assert!(
        !found.is_empty() && found.iter().all(|example| example.property == Property::NoDeadEnd),
        "{found:#?}"
    );
    for example in &found {
        assert!(example.cause.contains("does not outlast"), "{}", example.cause);
        assert_reproduces(&policy, "", example);
    }
}

#[test]
fn the_shipped_policies_are_proven() {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../policies");
    let shipped = Sources::read(directory.as_ref()).expect("the shipped policies");
    let mut files = 0;
    for (file, text) in shipped.iter().filter(|(name, _)| !name.contains("_test") && !name.contains('/')) {
        let tests = file.replace(".lua", "_test.lua");
        let own: Vec<(&str, &str)> =
            shipped.iter().filter(|(name, _)| *name == tests || name.contains('/')).collect();
        let set = sources(&[own.as_slice(), &[(file, text)]].concat());
        for verified in verified(&set) {
            let told: Vec<&str> =
                verified.counterexamples.iter().map(|example| example.test.as_str()).collect();
            assert!(verified.is_proven(), "{file}:\n{}", told.join("\n"));
            assert!(verified.cases > 100 && verified.states > 100, "{file}: {verified:?}");
            files += 1;
        }
    }
    assert!(files >= 5, "{files}");
}

#[test]
fn the_same_is_found_with_any_number_of_threads() {
    let shipped = Sources::shipped().expect("sources");
    let counts = |threads| {
        let options = Options { threads, ..Options::default() };
        let file = verified_with(&shipped, &options).pop().expect("a file");
        (file.openings, file.classes, file.cases, file.states, file.counterexamples)
    };
    assert_eq!(counts(1), counts(3));
}

#[test]
fn past_a_limit_nothing_is_proven() {
    let shipped = Sources::shipped().expect("sources");
    let all = verified(&shipped).pop().expect("a file");
    assert!(all.is_proven());
    let with = |most_classes, most_states| {
        let options = Options { most_classes, most_states, ..Options::default() };
        verified_with(&shipped, &options).pop().expect("a file")
    };
    let most = all.openings.max(all.classes);
    assert!(with(most, Options::default().most_states).is_proven(), "at the limit");
    let cut = with(all.openings - 1, Options::default().most_states);
    assert!(!cut.is_complete && !cut.is_proven());
    assert!(!with(most, 3).is_complete);
}
