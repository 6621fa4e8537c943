//! Every event in every state.

use readmit_recovery::case::Refusal;
use readmit_recovery::facts::Hook;
use readmit_recovery::verdict::{Outcome, Verdict};

use crate::kit::{Desk, Script, full_outcome, outcome, plan};

/// One letter a state: which of them take the event. A small letter is refused, and changes nothing.
const TABLE: [(&str, &str); 18] = [
    // P roving, H eld, R ecovered, C ompleted, E scalated, D enied, V etoed, X cancelled, T ime out
    ("ask email", "Phrcedvxt"),
    ("right email", "Phrcedvxt"),
    ("click same", "Phrcedvxt"),
    ("phase email calling", "Phrcedvxt"),
    ("digits wrong", "Phrcedvxt"),
    ("end email sent", "PHRCEDVXT"),
    ("approve bob", "Phrcedvxt"),
    ("deny bob", "PHRcEdvxt"),
    ("resolve bob pass", "phrcEdvxt"),
    ("resolve bob reset", "phrcEdvxt"),
    ("support", "PHRcEdvxt"),
    ("veto", "PHRCEdvxt"),
    ("cancel", "PHrcEdvxt"),
    ("claim", "phRcedvxt"),
    ("change", "phRcedvxt"),
    ("begin", "phRcedvxt"),
    ("confirm right", "phRcedvxt"),
    ("time", "PHRCEDVXT"),
];

const STATES: [(char, &str); 9] = [
    ('P', "proving"),
    ('H', "held"),
    ('R', "recovered"),
    ('C', "completed"),
    ('E', "escalated"),
    ('D', "denied"),
    ('V', "vetoed"),
    ('X', "cancelled"),
    ('T', "expired"),
];

pub fn desk_in(state: &str) -> Desk {
    let prove = "right password; ask email; right email";
    let hold = Outcome { hold: Some(std::time::Duration::from_secs(3600)), ..outcome() };
    let script = Script::new(plan("password email"));
    let (script, given) = match state {
        "proving" => (script, "right password; ask email".to_owned()),
        "held" => (script.outcome(hold), prove.to_owned()),
        "recovered" => (script.outcome(full_outcome()), format!("{prove}; begin")),
        "completed" => (script, format!("{prove}; claim")),
        "escalated" => (script, "support".to_owned()),
        "denied" => (script.answer(Hook::Open, Verdict::Deny { because: "no".to_owned() }), String::new()),
        "vetoed" => (script, "veto".to_owned()),
        "cancelled" => (script, "cancel".to_owned()),
        _ => (script, "wait 86400; time".to_owned()),
    };
    let mut desk = Desk::open(script);
    desk.all(&given);
    assert_eq!(desk.state(), state);
    desk
}

#[test]
fn every_event_in_every_state_is_taken_or_refused_as_the_table_says() {
    for (event, row) in TABLE {
        assert_eq!(row.len(), STATES.len());
        for (letter, (initial, state)) in row.chars().zip(STATES) {
            assert_eq!(letter.to_ascii_uppercase(), initial);
            let mut desk = desk_in(state);
            let before = desk.case.clone();
            let result = desk.one(event);
            if letter.is_ascii_uppercase() {
                assert!(!matches!(result, Err(Refusal::WrongState(_))), "{event} while {state}");
            } else {
                assert_eq!(result, Err(Refusal::WrongState(state)), "{event} while {state}");
                assert_eq!(desk.case, before);
            }
        }
    }
}

#[test]
fn a_final_state_stays_and_time_alone_changes_nothing_early() {
    for (_, state) in STATES {
        for (event, _) in TABLE {
            let mut desk = desk_in(state);
            let before = desk.case.state.clone();
            let _ = desk.one(event);
            if before.is_final() || event == "time" {
                assert_eq!(desk.case.state, before, "{event} while {state}");
            }
        }
        let desk = desk_in(state);
        assert_eq!(desk.case.next_deadline().is_none(), desk.case.state.is_final(), "{state}");
    }
}

/// A deadline is kept when it comes, and not a second before, also when another event comes first.
#[test]
fn deadlines_are_kept_before_a_late_event() {
    let table = [
        (
            "proving",
            24 * 3600,
            "cancel",
            "cancelled | cancel",
            "refused: this cannot be done while the recovery is expired",
        ),
        ("proving", 24 * 3600, "time", "proving", "expired | cancel"),
        (
            "held",
            3600,
            "time",
            "held",
            "recovered | deactivate(old) veto notice(recovered)>alice veto notice(recovered)>backup",
        ),
        ("recovered", 7 * 24 * 3600, "time", "recovered", "expired | reactivate(old)"),
        ("escalated", 14 * 24 * 3600, "time", "escalated", "expired"),
    ];
    for (state, deadline, event, early, late) in table {
        let mut desk = desk_in(state);
        desk.now += deadline - 1;
        assert_eq!(desk.told(event), early, "{event} a second before the end of {state}");
        let mut desk = desk_in(state);
        desk.now += deadline;
        assert_eq!(desk.told(event), late, "{event} at the end of {state}");
    }
    let mut held = desk_in("held");
    held.now += 3600;
    assert_eq!(
        held.told("claim"),
        "completed | deactivate(old) veto notice(recovered)>alice veto notice(recovered)>backup"
    );
    let mut held = desk_in("held");
    held.now += 3600;
    assert_eq!(
        held.told("veto"),
        "vetoed | deactivate(old) veto notice(recovered)>alice veto notice(recovered)>backup alert(vetoed) \
         revoke reactivate(old) notice(vetoed)>alice notice(vetoed)>backup",
        "a veto that comes after the hold finds the case recovered"
    );
}
