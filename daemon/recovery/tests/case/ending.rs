//! The outcome, the one sign-in and the tasks that are left.

use std::time::Duration;

use readmit_recovery::account::Form;
use readmit_recovery::command::Command;
use readmit_recovery::event::{Comparison, Event, Reply};
use readmit_recovery::facts::DeviceFacts;
use readmit_recovery::limits::{ENROLLMENTS_PER_CASE, MAX_ANSWER_BYTES, TRIES_PER_CHALLENGE};
use readmit_recovery::recovery_code;
use readmit_recovery::verdict::{DeviceFate, Outcome};

use crate::kit::{Desk, Script, full_outcome, outcome, plan};
use crate::states::desk_in;

fn recovered(words: &str, outcome: Outcome) -> Desk {
    let mut desk = Desk::open(Script::new(plan(words)).outcome(outcome));
    for name in words.split_whitespace() {
        desk.all(&format!("right {name}"));
    }
    assert_eq!(desk.state(), "recovered");
    desk
}

/// J9, J10, J12: what each outcome does to the account.
#[test]
fn an_outcome_is_done_to_the_account() {
    let notices = "veto notice(recovered)>alice veto notice(recovered)>backup";
    let keep = Outcome { device: DeviceFate::Keep, ..outcome() };
    let table = [
        (outcome(), format!("recovered | clear(totp) deactivate(old) {notices}"), "sign_in"),
        (keep, format!("recovered | clear(totp) {notices}"), "sign_in"),
        (
            full_outcome(),
            format!("recovered | clear(totp) deactivate(old) revoke {notices}"),
            "sign_in change_password enroll",
        ),
    ];
    for (outcome, wanted, tasks) in table {
        let desk = recovered("password totp", outcome);
        assert_eq!(desk.told_of_last(), wanted);
        let left: Vec<&str> = desk.case.view(desk.now()).tasks.iter().map(|task| task.as_str()).collect();
        assert_eq!(left.join(" "), tasks);
    }
}

/// J11: "Virtual device: same, and the person is told to remove the account from the app."
#[test]
fn an_entry_left_in_an_app_is_named() {
    let keep = Outcome { device: DeviceFate::Keep, ..outcome() };
    for (form, outcome, named) in
        [(Form::Virtual, outcome(), true), (Form::Hardware, outcome(), false), (Form::Virtual, keep, false)]
    {
        let mut desk = recovered("password totp", outcome);
        let (label, enrolled_at) = ("phone".to_owned(), desk.now());
        let id = desk.case.device.clone().expect("a device");
        desk.case.facts.device = Some(DeviceFacts { id, form, label, enrolled_at });
        assert_eq!(desk.case.view(desk.now()).message.contains("the app on the old device"), named);
    }
}

#[test]
fn a_hold_comes_before_the_outcome() {
    let hold = Outcome { hold: Some(Duration::from_secs(3600)), ..outcome() };
    let mut desk = Desk::open(Script::new(plan("password totp")).outcome(hold));
    desk.all("right password");
    assert_eq!(
        desk.told("right totp"),
        "held | clear(totp) veto notice(held)>alice veto notice(held)>backup"
    );
    let view = desk.case.view(desk.now());
    assert_eq!(view.held_until.map(|until| until.unix()), Some(desk.now + 3600));
    assert_eq!(view.expires_at.unix(), desk.now + 3600);
    desk.all("wait 3599");
    assert_eq!(desk.told("time"), "held");
    desk.all("wait 1");
    assert!(desk.told("time").starts_with("recovered | deactivate(old)"));
    assert_eq!(desk.case.expires_at.unix(), desk.now + 7 * 24 * 3600);
}

/// J9: "the person may sign in once".
#[test]
fn the_sign_in_is_given_once() {
    let mut desk = recovered("password totp", full_outcome());
    assert_eq!(desk.told("claim"), "recovered");
    assert_eq!(desk.last.reply, Reply::SignIn { recovery_codes: Vec::new() });
    assert_eq!(desk.told("claim"), "refused: this is not left to do");
    let mut desk = recovered("password totp", outcome());
    assert_eq!(desk.told("claim"), "completed");
    assert_eq!(desk.told("claim"), "refused: this cannot be done while the recovery is completed");
}

#[test]
fn recovery_codes_are_reissued_where_one_was_used() {
    let mut desk = recovered("password recovery_code", outcome());
    assert_eq!(desk.told("claim"), "completed | codes(10)");
    let Reply::SignIn { recovery_codes } = &desk.last.reply else { panic!("no sign-in") };
    let hashes: Vec<_> = recovery_codes.iter().filter_map(recovery_code::hash).collect();
    assert_eq!(desk.last.commands, [Command::ReplaceRecoveryCodes(hashes)]);
}

#[test]
fn tasks_may_be_done_in_any_order_and_each_once() {
    let orders = [
        ["claim", "change", "enroll"],
        ["claim", "enroll", "change"],
        ["change", "claim", "enroll"],
        ["change", "enroll", "claim"],
        ["enroll", "claim", "change"],
        ["enroll", "change", "claim"],
    ];
    for order in orders {
        let mut desk = recovered("password totp", full_outcome());
        for (at, task) in order.iter().enumerate() {
            assert_eq!(desk.state(), "recovered");
            desk.all(if *task == "enroll" { "begin; confirm right" } else { task });
            if at < 2 {
                let again = desk.told(if *task == "enroll" { "begin" } else { task });
                assert_eq!(again, "refused: this is not left to do");
            }
        }
        assert_eq!(desk.state(), "completed", "{order:?}");
    }
    let mut desk = recovered("password totp", outcome());
    for event in ["change", "begin", "confirm right"] {
        assert_eq!(desk.told(event), "refused: this is not left to do", "{event}");
    }
}

/// J10, J14: two consecutive codes bind the new device; "the old device's entry is deleted before".
#[test]
fn a_new_device_is_bound_by_two_consecutive_codes() {
    let mut desk = recovered("password totp", full_outcome());
    assert_eq!(desk.told("confirm right"), "refused: ask for a code first");
    desk.all("begin");
    let Reply::Enrollment { secret } = desk.last.reply.clone() else { panic!("no secret") };
    assert_eq!(desk.told("confirm wrong"), "recovered");
    let wrong = Reply::Proof { comparison: Comparison::Wrong, tries_left: TRIES_PER_CHALLENGE - 1 };
    assert_eq!(desk.last.reply, wrong);
    assert_eq!(
        desk.told("confirm right"),
        "recovered | delete(old) add(new phone) veto enrolled>alice veto enrolled>backup"
    );
    let added = desk.last.commands.iter().find_map(|command| match command {
        Command::AddDevice { device, secret, drift, last_step } => Some((device, secret, drift, last_step)),
        _ => None,
    });
    let (device, bound, drift, last_step) = added.expect("a device");
    assert_eq!((bound, *drift, *last_step), (&secret, 0, desk.now / 30));
    assert_eq!(device.account, desk.case.account);
    // The old device is gone, so nothing comes back.
    assert!(!desk.told("veto").contains("reactivate"));
}

#[test]
fn an_enrollment_ends_after_five_wrong_pairs_and_begins_anew() {
    let mut desk = recovered("password totp", full_outcome());
    for begun in 0..ENROLLMENTS_PER_CASE {
        desk.all("begin");
        for tried in 1..=TRIES_PER_CHALLENGE {
            desk.all("confirm wrong");
            let tries_left = TRIES_PER_CHALLENGE - tried;
            assert_eq!(desk.last.reply, Reply::Proof { comparison: Comparison::Wrong, tries_left });
        }
        assert_eq!(desk.told("confirm right"), "refused: ask for a code first", "after {begun}");
    }
    assert!(desk.told("begin").starts_with("refused: too many enrollments"));
    assert_eq!(desk.told("support"), "recovered | ticket>help");
}

#[test]
fn a_new_device_needs_a_short_plain_name() {
    for (label, taken) in [
        ("phone".to_owned(), true),
        ("x".repeat(MAX_ANSWER_BYTES), true),
        ("x".repeat(MAX_ANSWER_BYTES + 1), false),
        (" ".to_owned(), false),
        ("a\nb".to_owned(), false),
    ] {
        let mut desk = desk_in("recovered");
        assert_eq!(desk.happen(Event::EnrollmentBegan { label }).is_ok(), taken);
    }
}

#[test]
fn the_time_to_finish_is_the_policys_time_to_enroll() {
    for (within, wanted) in [(None, 7 * 24 * 3600), (Some(Duration::from_secs(7200)), 7200)] {
        let desk = recovered("password totp", Outcome { enroll_within: within, ..outcome() });
        assert_eq!(desk.case.next_deadline().map(|at| at.unix()), Some(desk.now + wanted));
    }
}
