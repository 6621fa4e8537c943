//! What a person reads, as tables: every state, every step, every disposition.

use readmit_recovery::disposition::Disposition;
use serde_json::{Value, json};

use super::*;

const NOW: u64 = 1_700_000_000;

fn show(case: Value) -> Screen {
    show_in(case, Session { case: "c1".into(), ..Session::default() })
}

fn show_in(case: Value, session: Session) -> Screen {
    let case: Case = serde_json::from_value(case).unwrap();
    screen(&case, &session, NOW, Style::PLAIN)
}

fn step(mut step: Value) -> Screen {
    for (key, value) in [("hint", json!("+1 *** 42")), ("tries_left", json!(5))] {
        if step[key].is_null() {
            step[key] = value;
        }
    }
    show(json!({"state": "proving", "account": "alice", "expires_at": NOW + 7200, "steps": [step]}))
}

/// Everything that is printed of a fresh screen.
fn read(screen: &Screen) -> String {
    screen.news(None).join("\n")
}

/// J8: "must never be the last thing a person reads": something is told and something can be done.
fn assert_goes_on(screen: &Screen, what: &str) {
    assert!(screen.text.iter().any(|line| line.len() > 15), "{what} tells something: {screen:#?}");
    let does = |wanted: fn(&Action) -> bool| screen.choices.iter().any(|choice| wanted(&choice.action));
    assert!(does(|action| *action == Action::Leave), "{what} can be left");
    let goes_on = does(|action| !matches!(action, Action::Leave | Action::Look | Action::Support));
    assert!(
        goes_on || screen.entry != Entry::Nothing || screen.topic == "recovered",
        "{what} is no dead end"
    );
    assert!(does(|action| *action == Action::Support), "{what} leads to people");
    let mut keys: Vec<_> = screen.choices.iter().map(|choice| choice.key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), screen.choices.len(), "{what}: a key does one thing");
}

const FACTORS: [&str; 10] =
    ["password", "email", "voice", "recovery_code", "totp", "resync", "approval", "pass", "contact", "sms"];

#[test]
fn no_state_is_a_dead_end() {
    for state in ["proving", "held", "escalated", "denied", "vetoed", "cancelled", "expired", "something_new"]
    {
        assert_goes_on(&show(json!({"state": state})), state);
    }
    for task in ["sign_in", "change_password", "enroll", "something_new"] {
        assert_goes_on(&show(json!({"state": "recovered", "tasks": [task]})), task);
    }
    let screen = show(json!({"state": "completed"}));
    assert!(read(&screen).contains("Done: you are back in.") && !read(&screen).contains("You can"));
}

#[test]
fn no_factor_is_a_dead_end_in_any_state() {
    for factor in FACTORS {
        for state in ["waiting", "open", "sent", "proven", "failed", "something_new"] {
            assert_goes_on(&step(json!({"factor": factor, "state": state})), &format!("{factor} {state}"));
        }
    }
}

/// J8: "a plain-words cause and the next thing to do are shown, and the person may retry within limits, start
/// over, or go to support".
#[test]
fn every_disposition_is_told_with_a_way_on() {
    for disposition in Disposition::ALL.iter().filter(|disposition| disposition.is_failure()) {
        for factor in ["voice", "email", "sms", "contact"] {
            for state in ["open", "failed"] {
                let screen =
                    step(json!({"factor": factor, "state": state, "disposition": disposition.as_str()}));
                assert!(read(&screen).contains(disposition.message()), "{disposition:?}");
                let again = Action::Start(factor.to_owned());
                assert!(
                    screen.choices.iter().any(|choice| choice.action == again),
                    "{factor} {disposition:?}"
                );
                assert!(screen.choices.iter().any(|choice| choice.action == Action::StartOver));
            }
        }
    }
}

/// J7: "the page shows six digits, the phone rings, the person types them on the keypad".
#[test]
fn a_call_shows_its_digits_and_where_it_is() {
    let call =
        |phase: &str| step(json!({"factor": "voice", "state": "sent", "code": "482913", "phase": phase}));
    for (phase, words) in [
        ("calling", "We are calling you"),
        ("ringing", "Your phone is ringing"),
        ("answered", "Open the keypad"),
        ("prompting", "Type the six digits on the phone's keypad now"),
        ("wrong_digits", "Type them again, slowly. You have 5 more tries."),
        ("something_new", "We are calling you"),
    ] {
        let screen = call(phase);
        assert!(read(&screen).contains("Your six digits: 482 913"), "{phase}");
        assert!(read(&screen).contains(words), "{phase}");
        assert!(screen.is_elsewhere && screen.entry == Entry::Nothing, "nothing is typed here: {phase}");
    }
    let news = call("answered").news(Some(&call("ringing")));
    assert_eq!(news, ["You have answered. Open the keypad and listen."], "only the news is printed");
}

/// J5: "resend is offered; the page tells the sender's address and to look in the spam folder".
#[test]
fn a_message_tells_its_sender_and_can_be_sent_again_in_time() {
    let mail = |resend_after| {
        step(
            json!({"factor": "email", "state": "sent", "hint": "a***@example.org", "sender": "help@example.com",
            "resend_after": resend_after}),
        )
    };
    let early = mail(NOW + 25);
    for words in
        ["help@example.com", "a***@example.org", "spam folder", "send it again (possible in 25 seconds)"]
    {
        assert!(read(&early).contains(words), "{words}");
    }
    assert_eq!(early.meaning("R"), Meaning::Action(Action::StartLater(NOW + 25)));
    assert_eq!(mail(0).meaning("r"), Meaning::Action(Action::Start("email".into())));
    assert_eq!(mail(0).meaning("123456"), Meaning::Typed);
    assert_eq!(mail(0).meaning(""), Meaning::Action(Action::Look));
}

#[test]
fn steps_are_listed_with_where_they_stand() {
    let screen = show(json!({"state": "proving", "account": "alice", "expires_at": NOW + 7200, "steps": [
        {"factor": "password", "state": "proven"},
        {"factor": "totp", "state": "failed"},
        {"factor": "email", "state": "open", "hint": "a***@example.org"},
        {"factor": "voice", "state": "waiting", "hint": "+1 *** 42"},
        {"factor": "sms", "state": "open"},
    ]}));
    let wanted = "\
Case c1 of alice, open for 2 hours
  [done]   your password
  [failed] a code of another device
  [now]    e-mail to a***@example.org
  [later]  phone call to +1 *** 42
  [ready]  text message";
    assert!(read(&screen).starts_with(wanted), "{}", read(&screen));
    assert_eq!(screen.meaning("1"), Meaning::Action(Action::Choose("totp".into())));
    assert_eq!(screen.meaning("2"), Meaning::Action(Action::Choose("sms".into())));
    assert_eq!(screen.meaning("9"), Meaning::Unclear);
    assert_eq!(screen.meaning(""), Meaning::Action(Action::Start("email".into())));
}

#[test]
fn what_is_typed_is_known_for_each_factor() {
    for (factor, state, is_typed) in [
        ("password", "open", true),
        ("recovery_code", "open", true),
        ("totp", "open", true),
        ("resync", "open", true),
        ("pass", "open", true),
        ("approval", "open", false),
        ("email", "open", false),
        ("email", "sent", true),
        ("voice", "open", false),
        ("voice", "sent", false),
        ("contact", "sent", true),
        ("sms", "sent", true),
    ] {
        let screen = step(json!({"factor": factor, "state": state}));
        assert_eq!(matches!(screen.entry, Entry::Proof { .. }), is_typed, "{factor} {state}");
        assert_eq!(screen.entry.is_secret(), is_typed, "what is typed is not shown");
    }
    let resync = step(json!({"factor": "resync", "state": "open"}));
    assert!(matches!(resync.entry, Entry::Proof { then: Some(_), .. }), "two codes: {resync:?}");
}

#[test]
fn tries_are_told_once_one_is_gone() {
    assert!(!read(&step(json!({"factor": "password", "state": "open"}))).contains("Tries left"));
    assert!(
        read(&step(json!({"factor": "password", "state": "open", "tries_left": 2})))
            .contains("Tries left: 2.")
    );
    assert!(
        !read(&step(json!({"factor": "voice", "state": "open", "tries_left": 2}))).contains("Tries left")
    );
}

#[test]
fn a_hold_tells_its_end_and_can_be_called_off() {
    let screen = show(json!({"state": "held", "held_until": NOW + 86_400}));
    assert!(read(&screen).contains("2023-11-15 22:13:20Z (in 24 hours)"));
    assert_eq!(screen.meaning("c"), Meaning::Action(Action::Cancel));
}

/// J3: "they are told to contact an administrator"; J13: the form becomes a ticket.
#[test]
fn an_escalation_tells_who_helps() {
    let to = |support: Value| read(&show(json!({"state": "escalated", "support": support})));
    assert!(
        to(json!({"to": "administrator"}))
            .contains("Contact your administrator and give them the case id: c1")
    );
    assert!(to(json!({"to": "support", "contact": "help@example.org"})).contains("help@example.org"));
    assert!(to(json!({"to": "support"})).contains("fill in the support form"));
    assert!(to(json!({"to": "support", "ticket": "T-7"})).contains("Your ticket is T-7"));
}

#[test]
fn the_daemon_s_words_come_first() {
    for state in ["held", "escalated", "denied", "vetoed", "cancelled", "expired", "completed"] {
        assert_eq!(
            show(json!({"state": state, "message": "As the daemon says."})).text[0],
            "As the daemon says."
        );
    }
}

#[test]
fn the_tasks_come_in_order() {
    let recovered = |tasks: Value| {
        let outcome = json!({"device": "deactivate", "force_password_change": true, "revoke_sessions": true,
            "enroll_within": 604_800});
        show(json!({"state": "recovered", "tasks": tasks, "outcome": outcome, "expires_at": NOW + 604_800}))
    };
    let first = recovered(json!(["sign_in", "change_password", "enroll"]));
    assert_eq!(first.meaning(""), Meaning::Action(Action::Claim));
    for words in ["taken out of use", "Every other session", "new password", "enroll a new device"] {
        assert!(read(&first).contains(words), "{words}");
    }
    let password = recovered(json!(["change_password", "enroll"]));
    assert_eq!(password.entry, Entry::NewPassword);
    assert_eq!(password.meaning("s"), Meaning::Typed, "the sign-in was used: there is no starting over");
    let label = recovered(json!(["enroll"]));
    assert_eq!(label.entry, Entry::Label);
    assert_eq!(label.meaning(""), Meaning::Typed, "Enter takes the usual name");
    assert!(read(&label).contains("within 7 days"));
}

/// J14: "secret and QR code, confirmed with two consecutive codes".
#[test]
fn a_new_device_is_shown_as_a_code_and_a_secret() {
    let enrollment = Enrollment { uri: "otpauth://totp/x?secret=ABC".into(), secret: "ABC".into() };
    let session = Session { enrollment: Some(enrollment), ..Session::default() };
    let screen = show_in(json!({"state": "recovered", "tasks": ["enroll"]}), session);
    assert_eq!(screen.entry, Entry::DeviceCodes);
    assert!(read(&screen).contains("████") && read(&screen).contains("this secret into it: ABC"));
    assert!(read(&screen).contains("Remove the old entry"), "J11");
    assert_eq!(screen.meaning("n"), Meaning::Action(Action::Enroll));
}

#[test]
fn choices_are_printed_again_only_when_they_change() {
    let wait = |state: &str, resend_after: u64| {
        step(json!({"factor": "email", "state": state, "sender": "x@y", "resend_after": resend_after}))
    };
    assert!(wait("sent", NOW + 20).news(Some(&wait("sent", NOW + 25))).is_empty());
    assert!(wait("sent", 0).news(Some(&wait("open", 0))).join("\n").contains("send it again"));
}
