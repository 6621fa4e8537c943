//! What a policy can tell apart, read from its text, and the classes of cases that it does tell apart.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};

use readmit_policy::workbench::Start;
use readmit_policy::workbench::verify::{Domain, Value, decide, explore, opening};
use readmit_policy::{Budget, Channels, Fact, PolicySet, Sources};
use readmit_recovery::verdict::Verdict;

fn sources(files: &[(&str, &str)]) -> Sources {
    let files: BTreeMap<String, String> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    Sources::from_files(files).expect("sources")
}

/// A policy whose `open` is this.
fn policy(body: &str) -> String {
    format!("return {{ open = function(case)\n{body}\nreturn prove {{ \"password\", \"email\" }}\nend }}")
}

fn values(text: &str, fact: Fact) -> Vec<String> {
    let sources = sources(&[("default.lua", text)]);
    Domain::of(&sources, "default.lua").values(fact).iter().map(ToString::to_string).collect()
}

#[test]
fn a_fact_is_tried_with_what_it_is_compared_with() {
    let kinds = |body: &str| values(&policy(body), Fact::Kind);
    let usual = ["owner", "member", "other"].map(|word| format!("account.kind is \"{word}\""));
    let vip = "account.kind is \"vip\"".to_owned();
    for body in ["", "if case.device.form == 'vip' then end", "local x = case.account.email and 'vip'"] {
        let found: BTreeSet<_> = kinds(body).into_iter().collect();
        assert_eq!(found, usual.iter().cloned().collect(), "{body}");
    }
    for body in [
        "if case.account.kind == 'vip' then end",
        "if 'vip' ~= case.account.kind then end",
        "local kind = case.account.kind\nif kind == 'vip' then end",
        "local word = 'vip'\nif case.account.kind == word then end",
        "local rank = ({ vip = 1 })[case.account.kind]",
        "local rank = rank_of(case.account.kind, 'vip')",
        "for name, value in pairs(case.account) do if value == 'vip' then end end",
        "local words = { 'vip' }\nif table.find(words, case.account.kind) then end",
    ] {
        assert!(kinds(body).contains(&vip), "{body}: {:?}", kinds(body));
    }
}

#[test]
fn numbers_and_times_are_tried_at_and_beside_what_they_are_compared_with() {
    let failed = values(&policy("if case.history.failed_24h >= 3 then end"), Fact::Failed24h);
    let numbers = [0, 3].map(|count| format!("history.failed_24h is {count}"));
    assert_eq!(failed, numbers);
    let changed = |text: &str| values(text, Fact::PhoneChangedAt);
    let ages = |words: &[&str]| -> Vec<String> { words.iter().map(|word| format!("phone {word}")).collect() };
    let compared = policy("if case.now - case.account.phone.changed_at < days(30) then end");
    assert_eq!(
        changed(&compared),
        ages(&["never changed", "changed just now", "changed less than 30 days ago", "changed 30 days ago",])
    );
    for same in ["30 * days(1)", "days(15) * 2", "2592000", "30 * 24 * 3600"] {
        assert_eq!(changed(&compared.replace("days(30)", same)), changed(&compared), "{same}");
    }
    let asked = policy("if not case.account.phone.changed_at then end\nif case.now > days(30) then end");
    assert_eq!(changed(&asked), ages(&["never changed", "changed 365 days ago"]));
    let held = "local hold = days(3)\nreturn { open = function(case) local x = f(case.account.phone.changed_at) end,\n recovered = function(case) return outcome { hold = case.reason == 'lost' and hold or nil, enroll_within = days(9) } end }";
    assert_eq!(changed(held), ages(&["never changed", "changed just now", "changed 1 second ago"]));
}

#[test]
fn groups_and_attributes_are_tried_together() {
    let groups = values(
        &policy("if table.find(case.account.groups, 'a') or table.find(case.account.groups, 'b') then end"),
        Fact::Groups,
    );
    let texts = ["is empty", "is \"a\"", "is \"b\"", "is \"a\", \"b\"", "is \"other\""];
    assert_eq!(groups, texts.map(|text| format!("account.groups {text}")));
    let attributes = values(&policy("if case.account.attributes.tier == 'gold' then end"), Fact::Attributes);
    let texts = ["is empty", "has tier = \"gold\"", "has tier = \"other\""];
    assert_eq!(attributes, texts.map(|text| format!("account.attributes {text}")));
}

#[test]
fn modules_and_invariants_count_and_other_files_do_not() {
    let module = "return function(account) return account.kind == 'from module' end";
    let sources = sources(&[
        ("default.lua", "local f = require('./lib/kinds')\nreturn { open = function(case) end }"),
        ("lib/kinds.lua", module),
        ("sales.lua", "return { open = function(case) if case.account.kind == 'sales' then end end }"),
        (
            "a_test.lua",
            "test('x', function() local y = case.account.kind == 'test' end)\ninvariant('y', function(case) return case.account.kind ~= 'invariant' end)",
        ),
    ]);
    let kinds = |file: &str| -> Vec<String> {
        Domain::of(&sources, file).values(Fact::Kind).iter().map(ToString::to_string).collect()
    };
    let has = |file: &str, word: &str| kinds(file).contains(&format!("account.kind is \"{word}\""));
    assert!(has("default.lua", "from module") && has("default.lua", "invariant"));
    assert!(!has("default.lua", "sales") && !has("default.lua", "test"));
    assert!(has("sales.lua", "sales") && !has("sales.lua", "from module"));
}

#[test]
fn every_value_is_what_it_says() {
    let body = "if case.account.kind == 'a' and case.history.opened_24h > 2 and case.now - case.account.created_at > days(2) then end\nfor name in pairs(case.client) do end";
    let sources = sources(&[("default.lua", &policy(body))]);
    let domain = Domain::of(&sources, "default.lua");
    let mut tried = 0;
    for fact in Fact::ALL {
        for value in domain.values(*fact) {
            let mut start = Start::complete("default").expect("a start");
            value.apply(&mut start);
            assert_eq!(Value::of(&start, *fact), Some(value.clone()), "{value}");
            tried += 1;
        }
    }
    assert!(tried > 80, "{tried}");
}

/// Every combination of everything, asked one by one, gives the same verdicts as the few classes that are told apart.
#[test]
fn the_classes_are_all_that_brute_force_finds() {
    for body in [
        "if case.account.kind == 'member' and case.account.phone and case.account.phone.country == 'DE' then return deny 'a' end",
        "local member, german = case.account.kind == 'member', case.client.locale == 'de'\nif member and german then return deny 'a' end",
        "if case.history.failed_24h > 2 then if case.reason == 'stolen' then return deny 'a' end return escalate { to = 'support', because = 'b' } end",
        "local h = case.history\nif h.last_recovered_at and case.now - h.last_recovered_at < days(90) and h.recovered_90d > 1 then return deny 'a' end",
    ] {
        let text = policy(body);
        let set =
            PolicySet::watched(sources(&[("default.lua", &text)]), Budget::default(), &Channels::default());
        let set = set.expect("a set");
        let domain = Domain::of(set.sources(), "default.lua");
        let found = explore("default", &domain, 10_000, |branching| {
            let question = opening(branching.class().start());
            decide(branching, &set, &question).verdict
        });
        let found = found.expect("classes");
        let mut starts = vec![Start::complete("default").expect("a start")];
        let facts = [
            Fact::Reason,
            Fact::Kind,
            Fact::Phone,
            Fact::PhoneCountry,
            Fact::ClientLocale,
            Fact::Failed24h,
            Fact::Recovered90d,
            Fact::LastRecoveredAt,
        ];
        for fact in facts {
            let values = domain.values(fact);
            let with = |start: &Start| -> Vec<Start> {
                let apply = |value: &Value| {
                    let mut start = start.clone();
                    value.apply(&mut start);
                    start
                };
                values.iter().map(apply).collect()
            };
            starts = starts.iter().flat_map(with).collect();
        }
        let mut verdicts = BTreeSet::new();
        for start in &starts {
            let is_in = |value: &Value| Value::of(start, value.fact).is_none_or(|theirs| theirs == *value);
            let history = start.facts.history;
            let mut classes = found.iter().filter(|(class, _)| class.decided().all(is_in));
            let verdict = set.decide(&opening(start)).verdict;
            match (classes.next(), classes.next()) {
                (Some((_, found)), None) => assert_eq!(*found, verdict, "{start}"),
                // Recovered lately without a recovery lately: there is no such case.
                (None, None) => {
                    assert_ne!(history.last_recovered_at.is_some(), history.recovered_90d > 0, "{start}")
                }
                _ => panic!("{start} is in more than one class"),
            }
            verdicts.insert(format!("{verdict:?}"));
        }
        let told: BTreeSet<String> = found.iter().map(|(_, verdict)| format!("{verdict:?}")).collect();
        assert!(told.contains(&format!("{:?}", Verdict::Deny { because: "a".to_owned() })), "{body}");
        assert!(verdicts.is_subset(&told) && found.len() < starts.len(), "{body}");
    }
}
