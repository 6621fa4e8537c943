//! The shipped policy, as it lies in `policies/`, asked about every way of the journey.

#![cfg(test)]

mod question;

use std::time::Duration;

use question::question;
use readmit_policy::{Budget, Channels, PolicySet, Sources};
use readmit_recovery::account::{Form, Reason};
use readmit_recovery::factor::Factor;
use readmit_recovery::facts::{Hook, Question};
use readmit_recovery::plan::Plan;
use readmit_recovery::verdict::{DeviceFate, Outcome, Verdict};

fn shipped() -> PolicySet {
    let sources = Sources::shipped().expect("the shipped policy fits every limit");
    PolicySet::load(sources, Budget::default(), &Channels::default()).expect("the shipped policy loads")
}

fn ask(hook: Hook, change: impl FnOnce(&mut Question)) -> Verdict {
    let mut question = question(hook);
    change(&mut question);
    shipped().decide(&question).verdict
}

fn prove(factors: &[Factor]) -> Verdict {
    Verdict::Prove { plan: Plan::All(factors.iter().cloned().map(Plan::Factor).collect()) }
}

fn escalate(to: &str, because: &str) -> Verdict {
    Verdict::Escalate { to: to.to_owned(), because: because.to_owned() }
}

#[test]
fn the_policy_in_the_directory_is_what_is_built_in() {
    let directory = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let read = Sources::read(&directory).expect("the directory can be read");
    let shipped = Sources::shipped().expect("the built-in policy can be read");
    // What lies beside it is for people: the page, the types for editors, tests, and policies to copy.
    assert_eq!(read.files().get("default.lua"), shipped.files().get("default.lua"));
    assert_eq!(shipped.files().len(), 1);
}

#[test]
fn an_owner_proves_password_then_email_then_voice() {
    // J2, J4, J6.
    for reason in [Reason::Lost, Reason::Stolen, Reason::Damaged, Reason::NotWorking] {
        let verdict = ask(Hook::Open, |question| question.reason = reason);
        assert_eq!(verdict, prove(&[Factor::Password, Factor::Email, Factor::Voice]), "{reason:?}");
    }
}

#[test]
fn a_member_is_told_to_ask_the_administrator() {
    // J3: whatever the reason.
    for reason in Reason::ALL {
        let verdict = ask(Hook::Open, |question| {
            question.reason = *reason;
            question.facts.account.kind = "member".to_owned();
        });
        assert_eq!(verdict, escalate("administrator", "members cannot reset their own device"));
    }
}

#[test]
fn a_drifting_device_is_put_right_without_recovery() {
    // J15, and J1 for those without a device.
    let resync = ask(Hook::Open, |question| {
        question.reason = Reason::OutOfSync;
        question.facts.account.phone = None;
    });
    assert_eq!(resync, prove(&[Factor::Password, Factor::Resync]));
    let without = ask(Hook::Open, |question| {
        question.reason = Reason::OutOfSync;
        question.facts.device = None;
    });
    assert_eq!(without, escalate("support", "there is no device to put right"));
}

#[test]
fn who_lacks_a_verified_address_goes_to_support() {
    // J4.
    type Change = fn(&mut Question);
    let table: [(Change, &str); 5] = [
        (|question| question.facts.account.email = None, "no verified e-mail address on file"),
        (
            |question| question.facts.account.email.as_mut().expect("on file").verified_at = None,
            "no verified e-mail address on file",
        ),
        (|question| question.facts.account.phone = None, "no verified phone number on file"),
        (
            |question| question.facts.account.phone.as_mut().expect("on file").verified_at = None,
            "no verified phone number on file",
        ),
        (|question| question.facts.account.has.password = false, "no password on file"),
    ];
    for (change, because) in table {
        assert_eq!(ask(Hook::Open, change), escalate("support", because));
    }
}

#[test]
fn a_phone_on_the_lost_device_is_never_called() {
    let mut question = question(Hook::Open);
    question.facts.account.phone.as_mut().expect("on file").on_lost_device = true;
    let set = shipped();
    assert_eq!(
        set.decide(&question).verdict,
        prove(&[Factor::Password, Factor::Email, Factor::RecoveryCode])
    );
    question.facts.account.has.recovery_codes = false;
    let verdict = set.decide(&question).verdict;
    assert_eq!(verdict, escalate("support", "the phone on file was lost with the device"));
}

#[test]
fn a_failed_call_may_be_tried_again_until_support_takes_over() {
    // J8.
    let table = [
        (1, Verdict::Retry { after: Duration::from_secs(60), next_number: false }),
        (2, Verdict::Retry { after: Duration::from_secs(60), next_number: false }),
        (3, escalate("support", "voice failed: no_answer")),
        (4, escalate("support", "voice failed: no_answer")),
    ];
    for (count, wanted) in table {
        let verdict = ask(Hook::Failed, |question| {
            question.failure.as_mut().expect("the question has one").count = count;
        });
        assert_eq!(verdict, wanted, "failure {count}");
    }
}

#[test]
fn nothing_is_added_when_a_factor_is_proven() {
    let decision = shipped().decide(&question(Hook::Proved));
    assert_eq!((decision.verdict, decision.by_default), (Verdict::Nothing, true));
}

#[test]
fn what_happens_to_the_account_follows_from_the_reason() {
    // J9, J10, J11, J12, J15.
    let week = Some(Duration::from_secs(7 * 86_400));
    let day = Some(Duration::from_secs(86_400));
    let gone = |exposed, hold| Outcome {
        device: DeviceFate::Deactivate,
        force_password_change: exposed,
        revoke_sessions: exposed,
        hold,
        enroll_within: week,
    };
    let kept = Outcome {
        device: DeviceFate::Keep,
        force_password_change: false,
        revoke_sessions: false,
        hold: None,
        enroll_within: None,
    };
    let table = [
        (Reason::Lost, Form::Virtual, gone(true, None)),
        (Reason::Lost, Form::Hardware, gone(true, None)),
        (Reason::Stolen, Form::Virtual, gone(true, day)),
        (Reason::Stolen, Form::Hardware, gone(true, day)),
        (Reason::Damaged, Form::Virtual, gone(false, None)),
        (Reason::Damaged, Form::Hardware, kept.clone()),
        (Reason::NotWorking, Form::Virtual, gone(false, None)),
        (Reason::NotWorking, Form::Hardware, gone(false, None)),
        (Reason::OutOfSync, Form::Virtual, kept.clone()),
        (Reason::OutOfSync, Form::Hardware, kept),
    ];
    for (reason, form, wanted) in table {
        let verdict = ask(Hook::Recovered, |question| {
            question.reason = reason;
            question.facts.device.as_mut().expect("the question has one").form = form;
        });
        assert_eq!(verdict, Verdict::Outcome(wanted), "{reason:?} {form:?}");
    }
}

/// The pages beside the policy name every field, word and hook, and no others would find them.
#[test]
fn the_page_and_the_types_tell_of_everything_there_is() {
    let page = include_str!("../../../policies/README.md");
    let types = include_str!("../../../policies/types.d.luau");
    let fields = "reason now account device client history proven failures id realm kind created_at groups \
        attributes domain verified_at changed_at same_mailbox_as_account country on_lost_device password \
        recovery_codes other_devices form label enrolled_at address user_agent locale known opened_24h failed_24h \
        recovered_90d last_recovered_at factor disposition count at";
    let words = "prove all any approvals escalate deny retry outcome seconds minutes hours days";
    let keys = "to because after device force_password_change revoke_sessions hold enroll_within";
    let hooks = Hook::ALL.map(Hook::as_str).join(" ");
    for word in [fields, words, keys, &hooks].join(" ").split_whitespace() {
        let is_word = |text: &str| {
            text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|found| found == word)
        };
        assert!(is_word(page), "README.md does not tell of {word}");
        assert!(is_word(types), "types.d.luau does not tell of {word}");
    }
    for reason in Reason::ALL {
        assert!(page.contains(reason.as_str()) && types.contains(reason.as_str()), "{reason:?}");
    }
}
