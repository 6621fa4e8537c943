//! An account that is not there answers like one that is: step by step, for the same inputs.

use std::collections::BTreeMap;

use readmit_recovery::case::View;
use readmit_recovery::limits::CONSECUTIVE_FAILURES;
use readmit_recovery::secret::Secret;
use readmit_store::Store;
use readmitd::service::{Fault, Verified};

use crate::house::{ALICE, House, NOBODY, by};

/// A view without what may differ between any two cases: which address, which second, which ticket.
fn shape(view: &View) -> String {
    let mut view = view.clone();
    view.expires_at = Default::default();
    view.ticket = view.ticket.map(|_| "ticket".to_owned().try_into().expect("an id"));
    for step in &mut view.steps {
        step.hint = step.hint.take().map(|hint| {
            hint.chars()
                .map(|c| if c == '•' || c == '@' || c == '.' || c == ' ' { c } else { '?' })
                .take(9)
                .collect()
        });
        step.expires_at = step.expires_at.map(|_| Default::default());
        step.resend_after = if step.resend_after == Default::default() {
            Default::default()
        } else {
            readmit_recovery::time::Timestamp::from_unix(1)
        };
        step.code = step.code.take().map(|code| Secret::new("?".repeat(code.expose().len())));
    }
    format!("{view:#?}")
}

/// An error without the second that it names.
fn words(fault: &Fault) -> String {
    let text = format!("{fault:?}");
    text.chars().map(|c| if c.is_ascii_digit() { '9' } else { c }).collect()
}

fn told<T: std::fmt::Debug>(result: &Result<T, Fault>) -> String {
    match result {
        Ok(reply) => format!("{reply:?}"),
        Err(fault) => words(fault),
    }
}

async fn same(house: &House, known: &str, unknown: &str, after: &str) {
    assert_eq!(shape(&house.view(known).await), shape(&house.view(unknown).await), "{after}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_about_it_is_the_same() {
    for reason in ["lost", "stolen", "damaged", "not_working", "out_of_sync"] {
        let house = House::quiet().await;
        house.add_alice().await;
        let known = house.open(ALICE, reason).await;
        let unknown = house.open(NOBODY, reason).await;
        same(&house, &known, &unknown, reason).await;
        let first = if reason == "not_working" { "totp" } else { "password" };
        let inputs = [
            (first, "wrong"),
            ("email", "123456"),
            ("voice", "123456"),
            ("recovery_code", "ABCD-EFGH-JKMN-PQRS"),
            ("pass", "ABCD-EFGH-JKMN-PQRS"),
            ("approval", "x"),
            ("nonsense", "x"),
            (first, "000000"),
            (first, ""),
        ];
        for (factor, proof) in inputs {
            let answers =
                [house.submit(&known, factor, proof).await, house.submit(&unknown, factor, proof).await];
            assert_eq!(told(&answers[0]), told(&answers[1]), "{reason}: {factor} {proof}");
            same(&house, &known, &unknown, factor).await;
        }
        for factor in ["password", "email", "voice", "approval", "sms"] {
            let answers = [
                house.service.start(&known, factor, "x").await.map(|step| step.state),
                house.service.start(&unknown, factor, "x").await.map(|step| step.state),
            ];
            assert_eq!(told(&answers[0]), told(&answers[1]), "{reason}: start {factor}");
        }
        // Past every try that there is.
        for number in 0..16 {
            let answers =
                [house.submit(&known, first, "wrong").await, house.submit(&unknown, first, "wrong").await];
            assert_eq!(told(&answers[0]), told(&answers[1]), "{reason}: try {number}");
            same(&house, &known, &unknown, first).await;
        }
        for case in [&known, &unknown] {
            let claimed = house.service.claim(case, "x").await;
            assert!(matches!(claimed, Err(Fault::WrongState(_))));
        }
        let form = BTreeMap::from([("problem".to_owned(), "other".to_owned())]);
        for case in [&known, &unknown] {
            let first = house.service.escalate(case, &form, "x").await.expect("a ticket");
            let again = house.service.escalate(case, &form, "x").await.expect("a ticket");
            assert_eq!(first, again);
        }
        same(&house, &known, &unknown, "escalated").await;
        for case in [&known, &unknown] {
            house.service.cancel(case, "x").await.expect("cancelled");
            let again = house.service.cancel(case, "x").await;
            assert!(matches!(again, Err(Fault::WrongState(_))));
        }
        same(&house, &known, &unknown, "cancelled").await;
    }
}

/// Deliveries too: a message is sent, a call rings and nobody answers, and when no plugin serves, neither is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deliveries_to_it_end_like_others() {
    let policy = r#"return {
      open = function(case) return prove { any(1, { all { "email", "recovery_code" }, all { "voice", "recovery_code" } }) } end,
      failed = function(case, failure) return retry { after = 0 } end,
    }"#;
    let mut house = House::with_policy(policy).await;
    house.add_alice().await;
    house.work();
    let known = house.open(ALICE, "lost").await;
    let unknown = house.open(NOBODY, "lost").await;
    for factor in ["email", "voice"] {
        for case in [&known, &unknown] {
            house.service.start(case, factor, "x").await.expect("started");
            house
                .until(case, |view| {
                    view.steps.iter().any(|step| step.factor.as_str() == factor && step.disposition.is_some())
                })
                .await;
        }
        same(&house, &known, &unknown, factor).await;
        assert_eq!(house.step(&unknown, factor).await.disposition.map(|it| it.as_str()), Some("unreachable"));
    }
    house.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_and_a_call_to_it_seem_to_go_out() {
    let policy = r#"return {
      open = function(case) return prove { any(1, { all { "email", "recovery_code" }, all { "voice", "recovery_code" } }) } end,
      failed = function(case, failure) return retry { after = 0 } end,
    }"#;
    let (mut house, mut post) = House::working_with(policy).await;
    house.add_alice().await;
    let known = house.open(ALICE, "lost").await;
    let unknown = house.open(NOBODY, "lost").await;
    for case in [&known, &unknown] {
        house.service.start(case, "email", "x").await.expect("started");
    }
    post.mail("verification").await;
    let sent = |view: &View| view.steps[0].disposition.is_some();
    for case in [&known, &unknown] {
        house.until(case, sent).await;
    }
    same(&house, &known, &unknown, "sent").await;
    for case in [&known, &unknown] {
        house.service.start(case, "voice", "x").await.expect("started");
    }
    let call = post.ring().await;
    for phase in ["calling", "ringing"] {
        call.progress(phase);
        let came = |view: &View| view.steps[2].phase.map(|phase| phase.as_str()) == Some(phase);
        house.until(&known, came).await;
    }
    house.until(&unknown, |view| view.steps[2].phase.map(|phase| phase.as_str()) == Some("ringing")).await;
    same(&house, &known, &unknown, "ringing").await;
    assert_eq!(house.step(&unknown, "voice").await.code.map(|code| code.expose().len()), Some(6));
    // Nothing reached the plugin but alice's own.
    assert!(post.waiting().is_empty());
    // Called off, both end alike.
    for case in [&known, &unknown] {
        house.service.cancel(case, "x").await.expect("cancelled");
    }
    for case in [&known, &unknown] {
        let id = readmit_recovery::id::CaseId::parse(case).expect("an id");
        loop {
            let ended = house.store.journal_of(&id.handle()).await.expect("a journal");
            if ended.iter().filter(|row| row.entry.kind == "delivery_ended").count() == 2 {
                let last = ended.iter().rfind(|row| row.entry.kind == "delivery_ended").expect("one");
                assert_eq!(last.entry.detail["disposition"], "cancelled");
                break;
            }
            crate::house::within(house.signals.recv()).await.expect("told");
        }
    }
    house.stop().await;
}

/// Two unknown accounts may be given the same number; the calls to one are no calls to the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_to_one_unknown_account_limit_no_other() {
    let house = House::with_policy(
        r#"return { open = function(case) return prove { any(1, { all { "email", "recovery_code" }, all { "voice", "recovery_code" } }) } end,
          failed = function(case, failure) return retry { after = 0 } end }"#,
    )
    .await;
    let names: Vec<String> = (0..300).map(|number| format!("nobody-{number}")).collect();
    // By the pigeonholes, three hundred names share a hundred endings at least three times somewhere.
    for name in &names {
        let case = house.open(name, "lost").await;
        let started = house.service.start(&case, "voice", "x").await;
        assert!(started.is_ok(), "{name}: {started:?}");
    }
}

/// At the hundredth failure in a row the factor is disabled, there or not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_blocked_at_the_same_failure() {
    let house = House::quiet().await;
    house.add_alice().await;
    let mut answers = Vec::new();
    for account in [ALICE, NOBODY] {
        let mut heard = Vec::new();
        let mut failures = 0;
        while failures < CONSECUTIVE_FAILURES {
            let case = house.open(account, "not_working").await;
            for _ in 0..15 {
                let reply = house.submit(&case, "totp", "000000").await;
                heard.push(told(&reply));
                if reply.is_err() {
                    break;
                }
                failures += 1;
            }
            if failures >= CONSECUTIVE_FAILURES {
                break;
            }
        }
        let case = house.open(account, "not_working").await;
        heard.push(told(&house.submit(&case, "totp", "000000").await));
        heard.push(told(&house.service.start(&case, "totp", "x").await.map(|_| ())));
        answers.push(heard);
    }
    assert_eq!(answers[0], answers[1]);
    let last = &answers[0][answers[0].len() - 2];
    assert!(last.starts_with("Refused") && last.contains("blocked"), "{last}");
}

/// A policy that looks at what came before sees the same of both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_history_is_the_same() {
    let policy = r#"return {
      open = function(case)
        if case.history.opened_24h > 2 then return escalate { to = "opened", because = "often" } end
        if case.history.failed_24h > 2 then return escalate { to = "failed", because = "often" } end
        return prove { "totp", "email" }
      end,
      failed = function(case, failure) return retry { after = 0 } end,
      recovered = function(case) return outcome { device = "keep" } end,
    }"#;
    let house = House::with_policy(policy).await;
    house.add_alice().await;
    let mut heard = Vec::new();
    for account in [ALICE, NOBODY] {
        let mut asked = Vec::new();
        for tries in [2, 1, 0, 0] {
            let case = house.open(account, "lost").await;
            asked.push(house.view(&case).await.escalated_to);
            for _ in 0..tries {
                house.submit(&case, "totp", "000000").await.expect("taken");
            }
        }
        heard.push(asked);
    }
    assert_eq!(heard[0], heard[1]);
    assert_eq!(heard[0], [None, None, Some("failed".to_owned()), Some("opened".to_owned())]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sign_in_answers_alike_without_an_account_or_a_device() {
    let house = House::quiet().await;
    let device = house.add_alice().await;
    house.service.deactivate(device.id.as_str(), "a test", &by("uid:0")).await.expect("deactivated");
    for account in [ALICE, NOBODY] {
        for code in ["000000", "", "not a code"] {
            let read = house.service.verify(account, &Secret::new(code), "x").await;
            assert_eq!(read, Ok(Verified::Rejected), "{account} {code}");
        }
        let put_right =
            house.service.resync(account, &Secret::new("000000"), &Secret::new("000001"), "x").await;
        assert_eq!(put_right, Ok(false), "{account}");
    }
}

/// Asking twice, or after a restart, shows the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn its_traits_outlive_a_restart() {
    let house = House::quiet().await;
    let case = house.open(NOBODY, "damaged").await;
    let hints = |view: View| view.steps.into_iter().map(|step| step.hint).collect::<Vec<_>>();
    let before = hints(house.view(&case).await);
    let directory = house.stop().await;
    let house = House::on(directory, crate::house::limits(), Vec::new()).await;
    let case = house.open(NOBODY, "damaged").await;
    assert_eq!(hints(house.view(&case).await), before);
}
