//! What a policy is told, what its answers mean, and that nothing but the question decides.

#![cfg(test)]

mod question;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use proptest::prelude::*;
use question::question;
use readmit_policy::limits::{MAX_FACT_BYTES, MAX_FACTS, MAX_OLD_SETS};
use readmit_policy::{Budget, Channels, PolicyHost, PolicySet, Sources};
use readmit_recovery::account::Reason;
use readmit_recovery::disposition::Disposition;
use readmit_recovery::factor::Factor;
use readmit_recovery::facts::{Client, Hook, Question};
use readmit_recovery::limits::{LONGEST_ENROLLMENT, LONGEST_HOLD, LONGEST_RETRY_WAIT};
use readmit_recovery::plan::Plan;
use readmit_recovery::time::Timestamp;
use readmit_recovery::verdict::{DeviceFate, Outcome, Verdict};

fn set(text: &str) -> PolicySet {
    let files = BTreeMap::from([("default.lua".to_owned(), text.to_owned())]);
    let sources = Sources::from_files(files).expect("it fits");
    PolicySet::load(sources, Budget::default(), &Channels::default())
        .unwrap_or_else(|error| panic!("{error}"))
}

/// A policy with this body in one hook.
fn hooked(hook: Hook, body: &str) -> PolicySet {
    let other = if hook == Hook::Open { "" } else { "open = function() return prove { 'email' } end, " };
    // Loading asks about made-up cases; here it is the deciding that is looked at.
    let silent = "if case.account.id == 'probe' then return end";
    set(&format!("return {{ {other}{} = function(case, subject) {silent} {body} end }}", hook.as_str()))
}

fn answer(hook: Hook, body: &str) -> Verdict {
    hooked(hook, body).decide(&question(hook)).verdict
}

/// What the policy sees at a place in the case, as text.
fn seen(question: &Question, place: &str) -> String {
    let body = format!("local seen = {place} return deny(if seen == nil then 'nil' else tostring(seen))");
    match hooked(question.hook, &body).decide(question).verdict {
        Verdict::Deny { because } => because,
        other => panic!("{place}: {other:?}"),
    }
}

#[test]
fn every_fact_reaches_lua() {
    let mut full = question(Hook::Failed);
    full.facts.history.last_recovered_at = Some(Timestamp::from_unix(12_345));
    full.facts.account.email.as_mut().expect("on file").changed_at = Some(Timestamp::from_unix(777));
    let table = [
        ("case.reason", "lost"),
        ("case.now", "1795348800"),
        ("case.account.id", "alice"),
        ("case.account.realm", "example"),
        ("case.account.kind", "owner"),
        ("case.account.created_at", "1717588800"),
        ("#case.account.groups", "2"),
        ("case.account.groups[1]", "staff"),
        ("case.account.groups[2]", "billing"),
        ("case.account.attributes.tier", "gold"),
        ("case.account.attributes.none", "nil"),
        ("case.account.email.domain", "example.org"),
        ("case.account.email.verified_at", "1726228800"),
        ("case.account.email.changed_at", "777"),
        ("case.account.email.same_mailbox_as_account", "false"),
        ("case.account.phone.country", "US"),
        ("case.account.phone.verified_at", "1734868800"),
        ("case.account.phone.changed_at", "1734782400"),
        ("case.account.phone.on_lost_device", "false"),
        ("case.account.has.password", "true"),
        ("case.account.has.recovery_codes", "true"),
        ("case.account.has.other_devices", "false"),
        ("case.account.has.contacts", "true"),
        ("case.device.id", "device-1"),
        ("case.device.form", "virtual"),
        ("case.device.label", "Phone"),
        ("case.device.enrolled_at", "1743508800"),
        ("case.client.address", "192.0.2.7"),
        ("string.sub(case.client.user_agent, 1, 11)", "Mozilla/5.0"),
        ("case.client.locale", "en-US"),
        ("case.client.known", "true"),
        ("case.history.opened_24h", "1"),
        ("case.history.failed_24h", "2"),
        ("case.history.recovered_90d", "0"),
        ("case.history.last_recovered_at", "12345"),
        ("table.concat(case.proven, ' ')", "password email"),
        ("#case.failures", "1"),
        ("case.failures[1].factor", "voice"),
        ("subject.factor", "voice"),
        ("subject.disposition", "no_answer"),
        ("subject.count", "1"),
        ("subject.at", "1795348800"),
        ("case.id", "nil"),
        ("case.case", "nil"),
    ];
    for (place, wanted) in table {
        assert_eq!(seen(&full, place), wanted, "{place}");
    }
    assert_eq!(seen(&question(Hook::Proved), "subject"), "password");
    assert_eq!(seen(&question(Hook::Open), "subject"), "nil");
    assert_eq!(seen(&question(Hook::Recovered), "subject"), "nil");
}

#[test]
fn what_is_not_known_is_nil() {
    let mut bare = question(Hook::Open);
    bare.facts.account.groups.clear();
    bare.facts.account.attributes.clear();
    bare.facts.account.phone.as_mut().expect("on file").country.clear();
    bare.facts.account.phone.as_mut().expect("on file").verified_at = None;
    bare.facts.account.email = None;
    bare.facts.device = None;
    bare.facts.client = Client::default();
    let nil = [
        "case.account.email",
        "case.device",
        "case.client.address",
        "case.client.user_agent",
        "case.client.locale",
        "case.history.last_recovered_at",
        "case.account.phone.country",
        "case.account.phone.verified_at",
        "next(case.account.groups)",
        "next(case.account.attributes)",
        "next(case.proven)",
        "next(case.failures)",
    ];
    for place in nil {
        assert_eq!(seen(&bare, place), "nil", "{place}");
    }
    assert_eq!(seen(&bare, "case.client.known"), "false");
    bare.facts.account.phone = None;
    assert_eq!(seen(&bare, "case.account.phone"), "nil");
}

#[test]
fn every_word_makes_its_verdict() {
    let factor = |factor: Factor| Plan::Factor(factor);
    let both = || vec![factor(Factor::Email), factor(Factor::Voice)];
    let prove = |plan: Plan| Verdict::Prove { plan };
    let table = [
        ("return prove { 'email', 'voice' }", prove(Plan::All(both()))),
        ("return prove { 'email' }", prove(factor(Factor::Email))),
        ("return prove(any(1, { 'email', 'voice' }))", prove(Plan::Any { need: 1, of: both() })),
        ("return any(2, { 'email', 'voice' })", prove(Plan::Any { need: 2, of: both() })),
        ("return all { 'email', 'voice' }", prove(Plan::All(both()))),
        ("return approvals(2)", prove(Plan::Approvals(2))),
        (
            "return prove { 'password', { 'email', 'voice' } }",
            prove(Plan::All(vec![factor(Factor::Password), Plan::All(both())])),
        ),
        (
            "return any(1, { all { 'email', 'voice' }, approvals(2), 'recovery_code' })",
            prove(Plan::Any {
                need: 1,
                of: vec![Plan::All(both()), Plan::Approvals(2), factor(Factor::RecoveryCode)],
            }),
        ),
        (
            "return escalate { to = 'support', because = 'häufig' }",
            Verdict::Escalate { to: "support".to_owned(), because: "häufig".to_owned() },
        ),
        ("return deny { because = 'no' }", Verdict::Deny { because: "no".to_owned() }),
        ("return deny 'no'", Verdict::Deny { because: "no".to_owned() }),
    ];
    for (body, wanted) in table {
        assert_eq!(answer(Hook::Open, body), wanted, "{body}");
    }
    let whole = Outcome {
        device: DeviceFate::Keep,
        force_password_change: true,
        revoke_sessions: true,
        hold: Some(Duration::from_secs(86_400)),
        enroll_within: Some(Duration::from_secs(7 * 86_400)),
    };
    let body = "return outcome { device = 'keep', force_password_change = true, revoke_sessions = true, \
        hold = hours(24), enroll_within = days(7) }";
    assert_eq!(answer(Hook::Recovered, body), Verdict::Outcome(whole));
    let least = Outcome {
        device: DeviceFate::Deactivate,
        force_password_change: false,
        revoke_sessions: false,
        hold: None,
        enroll_within: None,
    };
    assert_eq!(answer(Hook::Recovered, "return outcome {}"), Verdict::Outcome(least.clone()));
    assert_eq!(answer(Hook::Recovered, "return outcome { hold = 0 }"), Verdict::Outcome(least));
    assert_eq!(answer(Hook::Proved, "return nil"), Verdict::Nothing);
    assert_eq!(answer(Hook::Proved, "return prove { 'voice' }"), prove(factor(Factor::Voice)));
    for (unit, seconds) in
        [("seconds(90)", 90), ("minutes(1.5)", 90), ("hours(1)", 3600), ("days(1)", 86_400)]
    {
        let wanted = Verdict::Retry { after: Duration::from_secs(seconds), next_number: false };
        assert_eq!(answer(Hook::Failed, &format!("return retry {{ after = {unit} }}")), wanted);
    }
    let wanted = Verdict::Retry { after: Duration::ZERO, next_number: true };
    assert_eq!(answer(Hook::Failed, "return retry { after = 0, next_number = true }"), wanted);
}

#[test]
fn the_library_does_what_lua_says() {
    let table = [
        ("select('#', pcall(function() return 1, nil, nil end))", "4"),
        ("select(2, pcall(error, 'x'))", "x"),
        ("select(2, pcall(error, { code = 7 })).code", "7"),
        ("select(2, pcall(function() error('x', 0) end))", "x"),
        ("select(2, xpcall(error, function(e) return e .. '!' end, 'x'))", "x!"),
        ("select('#', xpcall(function(...) return ... end, error, 1, 2, nil))", "4"),
        ("typeof(select(2, pcall(error, deny 'x')))", "verdict"),
        ("('a,b'):split(',')[2]", "b"),
        ("('abc'):find('b', 1, true)", "2"),
        ("('abc'):gsub('%a', string.upper)", "ABC"),
        ("('key=value'):match('^(%w+)=')", "key"),
        ("('x'):rep(3)", "xxx"),
        ("('x'):rep(-1) .. '.'", "."),
        ("string.format('%s %d %5.1f', 'a', 7, 1.25)", "a 7   1.2"),
        ("string.format('%s', {})", "table"),
        ("tostring(setmetatable({}, { __tostring = function() return 'shown' end }))", "shown"),
        ("table.concat({ 'a', 'b' }, '-')", "a-b"),
        ("(function() local t = { 3, 1, 2 } table.sort(t) return table.concat(t) end)()", "123"),
        (
            "(function() local t = { 3, 1, 2 } table.sort(t, function(a, b) return a > b end) return table.concat(t) end)()",
            "321",
        ),
        ("table.concat(table.move({ 1, 2 }, 1, 2, 2, { 0 }))", "012"),
        ("#table.create(3, true)", "3"),
        ("select('#', table.unpack({ 1, nil, 3 }, 1, 3))", "3"),
        ("utf8.len('häufig')", "6"),
        ("tonumber('0x10')", "16"),
        ("tonumber('z', 36)", "35"),
        ("math.clamp(7, 1, 5)", "5"),
        ("bit32.band(6, 3)", "2"),
        ("typeof(case)", "table"),
        ("#table.clone(case.account.groups)", "2"),
        ("rawlen(case.account.groups)", "2"),
    ];
    for (expression, wanted) in table {
        assert_eq!(seen(&question(Hook::Open), expression), wanted, "{expression}");
    }
}

#[test]
fn a_verdict_built_and_not_returned_is_no_silence() {
    let Verdict::Unable { cause } = answer(Hook::Proved, "prove { 'voice' }") else {
        panic!("`return` is missing")
    };
    assert!(cause.contains("is `return` missing"), "{cause}");
    // One that is kept ready above the hooks is none of this hook's.
    let set = set("local more = prove { 'voice' }\n\
        return { open = function() return more end, proved = function() if more == nil then return more end end }");
    assert_eq!(set.decide(&question(Hook::Proved)).verdict, Verdict::Nothing);
    assert!(matches!(set.decide(&question(Hook::Open)).verdict, Verdict::Prove { .. }));
}

#[test]
fn a_duration_is_whole_seconds_within_its_limits() {
    let retry = |after: &str| answer(Hook::Failed, &format!("return retry {{ after = {after} }}"));
    let longest = LONGEST_RETRY_WAIT.as_secs();
    for good in ["0", "1", &longest.to_string()] {
        assert!(matches!(retry(good), Verdict::Retry { .. }), "{good}");
    }
    let past = (longest + 1).to_string();
    for bad in ["-1", "0.5", "0/0", "1/0", "-1/0", "2^63", "'60'", "true", "{}", "nil", &past] {
        assert!(matches!(retry(bad), Verdict::Unable { .. }), "{bad}");
    }
    let outcome = |field: &str| answer(Hook::Recovered, &format!("return outcome {{ {field} }}"));
    let table = [
        ("hold", LONGEST_HOLD.as_secs(), true),
        ("hold", LONGEST_HOLD.as_secs() + 1, false),
        ("enroll_within", LONGEST_ENROLLMENT.as_secs(), true),
        ("enroll_within", LONGEST_ENROLLMENT.as_secs() + 1, false),
        ("enroll_within", 0, false),
    ];
    for (field, seconds, fits) in table {
        let verdict = outcome(&format!("{field} = {seconds}"));
        assert_eq!(matches!(verdict, Verdict::Outcome(_)), fits, "{field} = {seconds}: {verdict:?}");
    }
    for bad in [
        "device = 'delete'",
        "device = true",
        "revoke_sessions = 'yes'",
        "force_password_change = 1",
        "holt = 1",
    ] {
        assert!(matches!(outcome(bad), Verdict::Unable { .. }), "{bad}");
    }
}

#[test]
fn a_hook_answers_only_what_fits_it() {
    let words = [
        ("prove { 'email' }", "open proved"),
        ("escalate { to = 'support', because = 'x' }", "open proved failed recovered"),
        ("deny 'x'", "open proved failed recovered"),
        ("retry { after = 1 }", "failed"),
        ("outcome {}", "recovered"),
        ("nil", "proved"),
    ];
    for (word, hooks) in words {
        for hook in Hook::ALL {
            let verdict = answer(hook, &format!("return {word}"));
            let fits = hooks.split(' ').any(|name| name == hook.as_str());
            assert_eq!(!matches!(verdict, Verdict::Unable { .. }), fits, "{word} to {hook:?}: {verdict:?}");
        }
    }
}

#[test]
fn a_missing_hook_has_its_default() {
    let set = set("return { open = function() return prove { 'email' } end }");
    let decide = |question: &Question| {
        let decision = set.decide(question);
        assert!(decision.by_default);
        decision.verdict
    };
    assert_eq!(decide(&question(Hook::Proved)), Verdict::Nothing);
    let retry = Verdict::Retry { after: Duration::from_secs(60), next_number: false };
    let failed = [
        (Disposition::NoAnswer, 1, true),
        (Disposition::NoAnswer, 2, true),
        (Disposition::NoAnswer, 3, false),
        (Disposition::WrongCode, 2, true),
        (Disposition::WrongDigits, 3, false),
        (Disposition::InvalidNumber, 1, false),
        (Disposition::InvalidAddress, 1, false),
        (Disposition::Blocked, 1, false),
    ];
    for (disposition, count, again) in failed {
        let mut question = question(Hook::Failed);
        let failure = question.failure.as_mut().expect("the question has one");
        (failure.disposition, failure.count) = (disposition, count);
        let verdict = decide(&question);
        assert_eq!(verdict == retry, again, "{disposition:?} {count}");
        assert!(again || matches!(&verdict, Verdict::Escalate { to, .. } if to == "support"), "{verdict:?}");
    }
    for reason in Reason::ALL {
        let mut question = question(Hook::Recovered);
        question.reason = *reason;
        let exposed = matches!(reason, Reason::Lost | Reason::Stolen);
        let kept = *reason == Reason::OutOfSync;
        let wanted = Outcome {
            device: if kept { DeviceFate::Keep } else { DeviceFate::Deactivate },
            force_password_change: exposed,
            revoke_sessions: exposed,
            hold: None,
            enroll_within: if kept { None } else { Some(Duration::from_secs(7 * 86_400)) },
        };
        assert_eq!(decide(&question), Verdict::Outcome(wanted), "{reason:?}");
    }
}

#[test]
fn a_question_that_is_too_large_is_not_put() {
    let set = set("return { open = function() return prove { 'email' } end }");
    let mut question = question(Hook::Open);
    question.facts.account.groups = vec!["x".to_owned(); MAX_FACTS];
    assert!(matches!(set.decide(&question).verdict, Verdict::Prove { .. }));
    question.facts.account.groups.push("x".to_owned());
    let Verdict::Unable { cause } = set.decide(&question).verdict else { panic!("too many groups") };
    assert!(cause.contains("too large"), "{cause}");
    question.facts.account.groups = vec!["x".repeat(MAX_FACT_BYTES)];
    assert!(matches!(set.decide(&question).verdict, Verdict::Unable { .. }));
}

#[test]
fn the_budget_is_what_it_says() {
    let count = |interrupts, n: u32| {
        let text =
            format!("return {{ open = function() for i = 1, {n} do end return prove {{ 'email' }} end }}");
        let sources =
            Sources::from_files(BTreeMap::from([("default.lua".to_owned(), text)])).expect("it fits");
        let budget = Budget { interrupts, ..Budget::default() };
        let set = PolicySet::load(sources, budget, &Channels::default()).expect("it loads");
        set.decide(&question(Hook::Open))
    };
    let free = count(10_000, 1_000);
    assert!(matches!(free.verdict, Verdict::Prove { .. }));
    // At the limit, and one past it.
    assert_eq!(count(free.interrupts, 1_000).verdict, free.verdict);
    assert!(matches!(count(free.interrupts - 1, 1_000).verdict, Verdict::Unable { .. }));
    assert_eq!(count(10_000, 1_001).interrupts, free.interrupts + 1);
}

#[test]
fn memory_is_bounded_for_each_decision_and_not_for_all_together() {
    let hungry =
        "local t = {} for i = 1, 4000 do t[i] = string.rep('x', 1000) .. i end return prove { 'email' }";
    let set = hooked(Hook::Open, hungry);
    for round in 0..50 {
        let verdict = set.decide(&question(Hook::Open)).verdict;
        assert!(matches!(verdict, Verdict::Prove { .. }), "{round}: {verdict:?}");
    }
}

#[test]
fn one_question_always_has_one_answer() {
    let text = include_str!("../../../policies/default.lua");
    let wordy = "local t = {} for k, v in pairs(case.account.attributes) do t[#t + 1] = k .. v end \
        for k in pairs(case.account) do t[#t + 1] = k end \
        return deny(tostring({}) .. string.format('%s', tostring) .. table.concat(t, ' '))";
    for set in [set(text), hooked(Hook::Open, wordy)] {
        let set = Arc::new(set);
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let set = Arc::clone(&set);
                thread::spawn(move || {
                    let decide = |_| {
                        let decision = set.decide(&question(Hook::Open));
                        (format!("{:?}", decision.verdict), decision.interrupts)
                    };
                    (0..1000).map(decide).collect::<BTreeSet<_>>()
                })
            })
            .collect();
        let answers: BTreeSet<_> =
            threads.into_iter().flat_map(|thread| thread.join().expect("no thread panics")).collect();
        assert_eq!(answers.len(), 1, "{answers:?}");
        assert!(
            answers.iter().all(|(verdict, interrupts)| !verdict.contains("Unable") && *interrupts > 0),
            "{answers:?}"
        );
    }
}

#[test]
fn a_reload_is_seen_by_the_next_decision_and_refuses_none() {
    let numbered = |number: usize| set(&format!("return {{ open = function() return deny '{number}' end }}"));
    let host = Arc::new(PolicyHost::new(numbered(0)));
    let first = host.current().version().clone();
    let asking = Arc::clone(&host);
    let thread = thread::spawn(move || {
        let mut last = 0;
        while last < 40 {
            let Verdict::Deny { because } = asking.current().decide(&question(Hook::Open)).verdict else {
                return Err(last);
            };
            let number: usize = because.parse().map_err(|_| last)?;
            if number < last {
                return Err(last);
            }
            last = number;
        }
        Ok(())
    });
    for number in 1..=40 {
        let before = host.current();
        assert_eq!(host.swap(numbered(number)).version(), before.version());
        let Verdict::Deny { because } = host.current().decide(&question(Hook::Open)).verdict else {
            panic!("no verdict");
        };
        assert_eq!(because, number.to_string());
    }
    assert_eq!(thread.join().expect("the thread does not panic"), Ok(()));

    // Old versions are kept as long as there is room, and come back from their sources.
    assert!(host.get(&first).is_none());
    let kept = host.get(numbered(40 - MAX_OLD_SETS).version()).expect("the oldest that is kept");
    assert!(host.get(numbered(39 - MAX_OLD_SETS).version()).is_none());
    assert_eq!(host.get(host.current().version()).expect("the current").version(), host.current().version());
    let again = host.add(numbered(0));
    assert_eq!(host.get(&first).expect("added").version(), again.version());
    assert!(Arc::ptr_eq(&again, &host.add(numbered(0))));
    // The one just asked for outlived the one that was not.
    assert!(host.get(kept.version()).is_some());
    assert!(host.get(numbered(41 - MAX_OLD_SETS).version()).is_none());
}

/// A plan as Lua text, and the plan that must come of it.
fn written_plan() -> impl Strategy<Value = (String, Plan)> {
    let names = ["password", "email", "voice", "recovery_code", "totp", "pass", "contact"];
    let leaf = prop_oneof![
        (0..names.len()).prop_map(move |at| {
            (format!("'{}'", names[at]), Plan::Factor(names[at].parse().expect("a factor")))
        }),
        (1..=5_u8).prop_map(|count| (format!("approvals({count})"), Plan::Approvals(count))),
    ];
    leaf.prop_recursive(4, 24, 4, |part| {
        (prop::collection::vec(part, 2..4), 0..3_u8, 1..4_u8).prop_map(|(parts, form, need)| {
            let (texts, plans): (Vec<String>, Vec<Plan>) = parts.into_iter().unzip();
            let list = format!("{{ {} }}", texts.join(", "));
            match form {
                0 => (list, Plan::All(plans)),
                1 => (format!("all {list}"), Plan::All(plans)),
                _ => (format!("any({need}, {list})"), Plan::Any { need, of: plans }),
            }
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// What is written is what is meant; a plan that makes no sense is refused and never mended.
    #[test]
    fn a_plan_means_what_it_says((text, plan) in written_plan()) {
        let body = format!("return prove {{ {text} }}");
        let verdict = answer(Hook::Open, &body);
        match plan.check() {
            Ok(()) => prop_assert_eq!(verdict, Verdict::Prove { plan }),
            Err(_) => prop_assert!(matches!(verdict, Verdict::Unable { .. }), "{}: {:?}", body, verdict),
        }
    }

    /// No number makes a duration that is not exactly it.
    #[test]
    fn a_duration_is_exact_or_refused(seconds in any::<f64>()) {
        let body = format!("return retry {{ after = tonumber('{seconds:?}') }}");
        match answer(Hook::Failed, &body) {
            Verdict::Retry { after, .. } => prop_assert!((after.as_secs_f64() - seconds).abs() < f64::EPSILON),
            Verdict::Unable { .. } => prop_assert!(!(seconds.fract() == 0.0 && (0.0..=86_400.0).contains(&seconds))),
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
