//! Which classes of cases two sets of policies decide otherwise.

#![cfg(test)]

use std::collections::BTreeMap;

use readmit_policy::workbench::compare::Effect;
use readmit_policy::workbench::diff::Diff;
use readmit_policy::workbench::verify::ExploreError;
use readmit_policy::{Budget, Channels, PolicySet, Sources};
use readmit_recovery::rules::Rules;

const LIMIT: usize = 5000;

fn watched(files: &[(&str, &str)]) -> PolicySet {
    let files: BTreeMap<String, String> =
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    let sources = Sources::from_files(files).expect("sources");
    PolicySet::watched(sources, Budget::default(), &Channels::default()).expect("a set")
}

fn shipped() -> String {
    Sources::shipped().expect("the shipped policy").files()["default.lua"].clone()
}

fn diff(before: &PolicySet, after: &PolicySet) -> Diff {
    let mut last = 0;
    let diff =
        Diff::between(before, after, &Rules::default(), LIMIT, &mut |done| last = done).expect("a diff");
    assert_eq!(last, diff.classes);
    diff
}

/// Every group as `effect realm hook factor: words (when)`.
fn told(diff: &Diff) -> Vec<String> {
    let group = |group: &readmit_policy::workbench::diff::DiffGroup| {
        let factor = group.factor.as_ref().map(|factor| format!(" {factor}")).unwrap_or_default();
        let (effect, hook) = (group.change.effect(), group.hook.as_str());
        format!("{effect} {}: {hook}{factor}: {} ({})", group.realm, group.change, group.when)
    };
    diff.groups.iter().map(group).collect()
}

fn changed(from: &str, to: &str) -> PolicySet {
    assert!(shipped().contains(from), "the shipped policy says {from}");
    watched(&[("default.lua", &shipped().replace(from, to))])
}

#[test]
fn the_same_policies_tell_nothing_apart() {
    let set = changed("", "");
    let diff = diff(&set, &set);
    assert_eq!(told(&diff), [""; 0]);
    assert_eq!(diff.same, diff.classes);
    assert!(diff.classes > 20 && diff.questions > 10 * diff.classes, "{diff:?}");
}

#[test]
fn another_text_with_the_same_meaning_is_the_same() {
    let other = changed(
        "not account.phone or not account.phone.verified_at",
        "not (account.phone and account.phone.verified_at)",
    );
    assert_eq!(told(&diff(&changed("", ""), &other)), [""; 0]);
}

#[test]
fn a_step_that_is_dropped_is_weaker_where_it_was_asked_for() {
    let diff =
        diff(&changed("", ""), &changed("\"password\", \"email\", \"voice\"", "\"password\", \"email\""));
    assert_eq!(
        told(&diff),
        [
            "weaker default: open: asks for voice no longer (lost, stolen, damaged or not working, not member, \
             verified e-mail address, verified phone, phone not lost with the device, password on file)",
        ]
    );
    assert_eq!(diff.count(Effect::Weaker) + diff.same, diff.classes);
    let example = diff.groups[0].example.to_string();
    assert!(example.starts_with("open { reason = \"") && example.contains("lost"), "{example}");
}

#[test]
fn an_outcome_is_compared_along_the_way() {
    let both = changed("hold_if_stolen = hours(24)", "hold_if_stolen = hours(48)");
    assert_eq!(
        told(&diff(&both, &changed("", ""))),
        ["weaker default: recovered: is held for 24 hours instead of 48 hours (stolen, not member, \
             verified e-mail address, verified phone, phone not lost with the device, password on file; \
             or: stolen, not member, verified e-mail address, verified phone, phone lost with the device, \
             password on file, recovery codes on file)",]
    );
}

#[test]
fn failures_are_compared_one_after_the_other() {
    let diff = diff(&changed("", ""), &changed("failures_to_support = 3 ", "failures_to_support = 2 "));
    let told = told(&diff);
    assert_eq!(told.len(), 5, "{told:#?}");
    for (group, factor) in diff.groups.iter().zip(["email", "password", "voice", "recovery_code", "resync"]) {
        assert_eq!(group.change.effect(), Effect::Stronger);
        assert_eq!(group.change.to_string(), "goes to support instead of being tried again after 1 minute");
        assert!(
            diff.groups.iter().any(|group| group.factor.as_ref().is_some_and(|is| is.as_str() == factor))
        );
    }
}

#[test]
fn a_rule_that_only_one_of_them_has_is_found_by_its_own_constants() {
    let rule = "function policy.open(case)\n  if case.account.kind == \"robot\" and case.history.failed_24h > 6 then\n    \
                return deny \"robots\"\n  end\n";
    let strict = changed("function policy.open(case)\n", rule);
    let diff = diff(&changed("", ""), &strict);
    // Each of the four things that an opening can lead to is denied now.
    assert_eq!(diff.groups.len(), 4);
    assert_eq!(diff.count(Effect::Stronger) + diff.same, diff.classes);
    let robots = "stronger default: open: is denied instead of asking for password, then resync \
                  (out of sync, robot, password on file, device on file, at least 7 failures in 24 hours)";
    assert!(told(&diff).iter().any(|group| group == robots), "{:#?}", told(&diff));
    assert!(diff.groups.iter().all(
        |group| group.when.matches("robot").count() == group.when.matches("at least 7 failures").count()
    ));
}

#[test]
fn what_is_asked_for_on_the_way_is_compared() {
    let asks = |more: &str| {
        let text = format!(
            "return {{ open = function(case) return prove {{ \"password\", \"email\" }} end, \
             proved = function(case, factor) if factor == \"email\" then return {more} end end }}"
        );
        watched(&[("default.lua", text.as_str())])
    };
    assert_eq!(
        told(&diff(&asks("prove { \"voice\" }"), &asks("prove { \"totp\" }"))),
        ["weaker default: proved email: asks for totp instead of voice (always)"]
    );
    assert_eq!(
        told(&diff(&asks("prove { \"voice\" }"), &asks("nil"))),
        ["weaker default: proved email: asks for voice no longer (always)"]
    );
}

#[test]
fn realms_are_compared_by_the_file_that_decides_for_them() {
    let deny = "return { open = function(case) return deny \"closed\" end }";
    let open = "return { open = function(case) return prove { \"password\", \"email\" } end }";
    let one = watched(&[("default.lua", open)]);
    let two = watched(&[("default.lua", open), ("sales.lua", deny)]);
    assert_eq!(
        told(&diff(&one, &two)),
        ["stronger sales: open: is denied instead of asking for password, then email (always)"]
    );
    let only = watched(&[("sales.lua", deny)]);
    let told = told(&diff(&two, &only));
    // What comes up on the way that the others go is put to the failing policy too.
    let openings: Vec<&String> = told.iter().filter(|group| group.contains(" default: open: ")).collect();
    assert!(
        openings.len() == 1 && told.iter().all(|group| group.starts_with("failing default: ")),
        "{told:#?}"
    );
    assert!(openings[0].contains("there is no policy for the realm `default`"), "{told:#?}");
}

#[test]
fn too_many_classes_are_an_error() {
    let set = changed("", "");
    let error = Diff::between(&set, &set, &Rules::default(), 5, &mut |_| ()).expect_err("too many");
    assert!(matches!(error, ExploreError::TooMany { limit: 5 }));
}
