//! What counts once counts once, however many send it at the same time.

use std::collections::BTreeMap;

use futures_util::future::join_all;
use readmit_tests::{Case, World};
use serde_json::{Value, json};

const AT_ONCE: usize = 64;

/// Limits out of the way of what is looked at here.
const NO_LIMITS: &str = "
[limits]
open_per_account_per_hour = 1000
open_per_address_per_hour = 1000
tries_per_address_per_hour = 1000
codes_per_account_per_15_minutes = 1000
";

/// A policy whose first step is this factor.
fn first(factor: &str) -> String {
    format!(
        r#"
local policy = {{}}
function policy.open(case) return prove {{ "{factor}", "password" }} end
function policy.failed(case, failure) return retry {{ after = minutes(1) }} end
function policy.recovered(case) return outcome {{ device = "keep" }} end
return policy
"#
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_one_time_password_counts_once() {
    let world = World::builder().config(NO_LIMITS).start().await;
    let alice = world.person("alice").await;
    let code = alice.code(world.now(), 0);
    let words = join_all((0..AT_ONCE).map(|_| world.desk.verify("alice", &code))).await;
    assert_eq!(words.iter().filter(|word| *word == "accepted").count(), 1, "{words:?}");
    assert_eq!(words.iter().filter(|word| *word == "rejected").count(), AT_ONCE - 1, "{words:?}");
}

/// Guessing on is of no use: past the limit even a right code is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn past_its_limit_sign_in_is_throttled() {
    let limit = "[limits]\ncodes_per_account_per_15_minutes = 20";
    let world = World::builder().config(limit).start().await;
    let alice = world.person("alice").await;
    let words = join_all((0..AT_ONCE).map(|_| world.desk.verify("alice", "12345"))).await;
    assert_eq!(words.iter().filter(|word| *word == "rejected").count(), 20, "{words:?}");
    assert_eq!(words.iter().filter(|word| *word == "throttled").count(), AT_ONCE - 20, "{words:?}");
    assert_eq!(world.desk.verify("alice", &alice.code(world.now(), 0)).await, "throttled");
}

/// The same secret of the account, handed in to as many cases as there may be.
async fn counts_in_one_case(world: &World, factor: &str, secret: &str) {
    let cases: Vec<Case> = join_all((0..AT_ONCE).map(|_| world.desk.open("alice", "lost"))).await;
    let proof = [secret];
    let answers = join_all(cases.iter().map(|case| case.submit(factor, &proof))).await;
    let accepted =
        answers.iter().filter(|answer| answer.as_ref().is_ok_and(|answer| answer["accepted"] == true));
    assert_eq!(accepted.count(), 1, "{answers:?}");
    let wrong =
        answers.iter().filter(|answer| answer.as_ref().is_ok_and(|answer| answer["accepted"] == false));
    assert_eq!(wrong.count(), AT_ONCE - 1, "{answers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recovery_code_counts_once_over_all_cases() {
    let world = World::builder().policy(&first("recovery_code")).config(NO_LIMITS).start().await;
    world.person("alice").await;
    let codes = world.desk.recovery_codes("alice").await;
    counts_in_one_case(&world, "recovery_code", &codes[0]).await;
    assert_eq!(world.desk.account("alice").await["recovery_codes"], codes.len() - 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_access_pass_counts_once_over_all_cases() {
    let world = World::builder().policy(&first("pass")).config(NO_LIMITS).start().await;
    world.person("alice").await;
    let pass = world.desk.pass("alice", 600).await;
    counts_in_one_case(&world, "pass", &pass).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_counts_once() {
    let mut world = World::builder().policy(&first("email")).config(NO_LIMITS).start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.start("email").await.unwrap();
    let token = world.mailbox.mail(&alice.email, "is it you").await.token("link");
    let answers = join_all((0..AT_ONCE).map(|_| world.desk.open_link(&token, "browser"))).await;
    let (proven, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((proven.len(), refused.len()), (1, AT_ONCE - 1), "{proven:?}");
    assert!(refused.iter().flatten().next().is_none());
    assert!(
        refused.iter().all(|error| error.as_ref().is_err_and(|error| error.name == "WrongState")),
        "{refused:?}"
    );
    let history = world.desk.journal().await;
    assert_eq!(history.iter().filter(|row| row["kind"] == "factor_proven").count(), 1);
}

/// Guesses at the same time are counted one by one: five, and not one more, are compared.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_of_many_guesses_at_once_are_compared() {
    let mut world = World::builder().policy(&first("email")).config(NO_LIMITS).start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.start("email").await.unwrap();
    let right = world.mailbox.mail(&alice.email, "is it you").await.code();
    let wrong = if right == "000000" { "111111" } else { "000000" };
    let guess = [wrong];
    let answers = join_all((0..AT_ONCE).map(|_| case.submit("email", &guess))).await;
    let compared: Vec<&Value> = answers.iter().flatten().collect();
    assert_eq!(compared.len(), 5, "{answers:?}");
    let mut left: Vec<u64> = compared.iter().filter_map(|answer| answer["tries_left"].as_u64()).collect();
    left.sort_unstable();
    assert_eq!(left, [0, 1, 2, 3, 4]);
    assert_eq!(case.submit("email", &[&right]).await.unwrap_err().name, "WrongState");
    let journal = world.desk.journal().await;
    assert_eq!(journal.iter().filter(|row| row["kind"] == "proof_refused").count(), 5);
}

/// A right and wrong ones at the same time: the right one counts once, and each wrong one that was compared is on
/// record.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_different_submissions_do_not_lose_one_another() {
    let mut world = World::builder().policy(&first("email")).config(NO_LIMITS).start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.start("email").await.unwrap();
    let right = world.mailbox.mail(&alice.email, "is it you").await.code();
    let wrong = if right == "000000" { "111111" } else { "000000" };
    let proofs = [[wrong], [wrong], [right.as_str()], [wrong], [wrong]];
    let answers = join_all(proofs.iter().map(|proof| case.submit("email", proof))).await;
    let count =
        |accepted: bool| answers.iter().flatten().filter(|answer| answer["accepted"] == accepted).count();
    assert_eq!(count(true), 1, "{answers:?}");
    assert_eq!(case.step("email").await["state"], "proven");
    let journal = world.desk.journal().await;
    assert_eq!(journal.iter().filter(|row| row["kind"] == "proof_refused").count(), count(false));
}

/// NIST SP 800-63B-4 section 3.2.2: no more than 100 consecutive failures, over all cases of the account; after that
/// the right proof does not count either.
#[tokio::test]
async fn a_hundred_failures_in_a_row_disable_a_factor() {
    let world = World::builder().policy(&first("recovery_code")).config(NO_LIMITS).start().await;
    world.person("alice").await;
    let codes = world.desk.recovery_codes("alice").await;
    for _ in 0..20 {
        let case = world.desk.open("alice", "lost").await;
        for left in (0..5).rev() {
            assert_eq!(case.submit("recovery_code", &["a wrong one"]).await.unwrap()["tries_left"], left);
        }
    }
    assert_eq!(world.desk.account("alice").await["failures"]["recovery_code"], 100);
    let case = world.desk.open("alice", "lost").await;
    let refused = case.submit("recovery_code", &[&codes[0]]).await.unwrap_err();
    assert!(refused.name == "Refused" && refused.text.contains("contact support"), "{refused:?}");
    assert_eq!(world.desk.account("alice").await["recovery_codes"], codes.len() as u64, "no code was spent");
}

/// A new message never resets the failures.
#[tokio::test]
async fn a_resend_keeps_the_count() {
    let mut world = World::builder().policy(&first("email")).clock().start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.start("email").await.unwrap();
    let code = world.mailbox.mail(&alice.email, "is it you").await.code();
    case.until_disposition("email", "sent").await;
    let wrong = if code == "000000" { "111111" } else { "000000" };
    for left in [4, 3] {
        assert_eq!(case.submit("email", &[wrong]).await.unwrap()["tries_left"], left);
    }
    world.clock.advance(31);
    case.start("email").await.unwrap();
    assert_eq!(world.mailbox.mail(&alice.email, "is it you").await.code(), code);
    assert_eq!(case.step("email").await["tries_left"], 3);
    assert_eq!(case.submit("email", &[wrong]).await.unwrap()["tries_left"], 2);
}

/// Keys and kinds of values, as far down as they go.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            Value::Object(object.iter().map(|(key, value)| (key.clone(), shape(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(shape).collect()),
        Value::String(_) => "text".into(),
        Value::Number(_) => "number".into(),
        Value::Bool(_) => "flag".into(),
        Value::Null => Value::Null,
    }
}

/// An unknown account answers like a known one: the same keys, the same words, the same errors. That it takes as
/// long is measured by the benchmark, not asserted here.
#[tokio::test]
async fn an_unknown_account_answers_like_a_known_one() {
    let world = World::builder().policy(&first("email")).start().await;
    world.person("alice").await;
    let mut seen: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for account in ["alice", "nobody"] {
        let case = world.desk.open(account, "lost").await;
        let mut told = vec![shape(&case.show().await)];
        told.push(json!(case.submit("password", &["a guess that is long"]).await.unwrap_err().text));
        told.push(json!(case.submit("email", &["123456"]).await.unwrap_err().text));
        told.push(shape(&case.start("email").await.unwrap()));
        told.push(json!(case.start("email").await.unwrap_err().name));
        let step = case.until_disposition("email", "sent").await;
        told.extend([shape(&step), step["state"].clone(), step["message"].clone()]);
        // Six letters are nobody's code.
        for _ in 0..5 {
            told.push(case.submit("email", &["abcdef"]).await.unwrap());
        }
        told.push(json!(case.submit("email", &["abcdef"]).await.unwrap_err().text));
        let last = case.show().await;
        told.extend([
            shape(&last),
            last["state"].clone(),
            last["message"].clone(),
            last["steps"][0]["message"].clone(),
        ]);
        let wrong_link = world.desk.open_link("garbage", "browser").await.unwrap_err();
        told.push(json!(wrong_link.text));
        told.push(json!(world.desk.verify(account, "12345").await));
        seen.insert(account, told);
    }
    assert_eq!(seen["alice"], seen["nobody"]);
    assert_eq!(
        world.desk.account("alice").await["failures"]["email"],
        5,
        "what is wrong is counted for real ones"
    );
}
