//! What a person reads: at every point what to do next (J8).

use readmit_recovery::case::StepState;
use readmit_recovery::disposition::Disposition;
use readmit_recovery::limits::SENDS_PER_CASE;

use crate::kit::{Desk, Script, factor, plan};
use crate::states::desk_in;

/// A text that tells somebody to do something, or that there is nothing to do.
fn says_what_to_do(text: &str) -> bool {
    let ways_on = [
        "again",
        "support",
        "Type",
        "Have it",
        "have it",
        "Open",
        "Ask",
        "Answer",
        "answer",
        "Sign in",
        "Contact",
        "over",
        "nothing else",
        "Done",
        "After",
        "after",
        "not needed",
        "nothing to do",
        "step",
        "spam folder",
        "come back",
    ];
    ways_on.iter().any(|way| text.contains(way))
}

#[test]
fn every_state_says_what_to_do_next() {
    let states = [
        "proving",
        "held",
        "recovered",
        "completed",
        "escalated",
        "denied",
        "vetoed",
        "cancelled",
        "expired",
    ];
    let mut messages = std::collections::BTreeSet::new();
    for state in states {
        let desk = desk_in(state);
        let view = desk.case.view(desk.now());
        assert_eq!(view.state, state);
        assert!(says_what_to_do(view.message), "{state}: {}", view.message);
        messages.insert(view.message);
    }
    assert_eq!(messages.len(), states.len(), "each state has a message of its own");
}

#[test]
fn every_step_and_every_end_of_a_delivery_says_what_to_do_next() {
    for name in ["email", "voice", "sms", "contact", "password", "totp", "resync", "recovery_code", "pass"] {
        let words = format!("{name} {}", if name == "password" { "email" } else { "password" });
        let words = if name == "pass" { "pass" } else { &words };
        let fresh = Desk::open(Script::new(plan(words)));
        let step = fresh.case.step(&factor(name), fresh.now()).expect("a step");
        assert_eq!(step.state, StepState::Open);
        assert!(says_what_to_do(step.message), "{name}: {}", step.message);
        if factor(name).channel().is_none() || name == "contact" {
            continue;
        }
        for disposition in Disposition::ALL {
            let mut desk = Desk::open(Script::new(plan(words)));
            desk.all(&format!("ask {name}"));
            let sent = desk.case.step(&factor(name), desk.now()).expect("a step");
            assert_eq!(sent.state, StepState::Sent);
            assert!(says_what_to_do(sent.message), "{name} sent: {}", sent.message);
            desk.all(&format!("end {name} {}", disposition.as_str()));
            let step = desk.case.step(&factor(name), desk.now()).expect("a step");
            let arrived = *disposition == Disposition::Sent && name != "voice";
            assert_eq!(step.state, if arrived { StepState::Sent } else { StepState::Failed });
            assert!(says_what_to_do(step.message), "{name} {disposition:?}: {}", step.message);
            // Once people have the case, the step tells what happened and the case what to do.
            desk.all("support");
            let step = desk.case.step(&factor(name), desk.now()).expect("a step");
            if !arrived {
                assert!(!step.message.contains("again"), "{name} {disposition:?}: {}", step.message);
            }
            assert_eq!(step.code, None);
        }
    }
}

#[test]
fn a_wrong_password_is_not_called_a_code() {
    let mut desk = Desk::open(Script::new(plan("password email")));
    for _ in 0..5 {
        desk.all("wrong password");
    }
    let step = desk.case.step(&factor("password"), desk.now()).expect("a step");
    assert_eq!((step.state, step.disposition), (StepState::Failed, Some(Disposition::WrongCode)));
    assert!(step.message.starts_with("This was wrong too often."), "{}", step.message);
    desk.all("wrong password");
    let step = desk.case.step(&factor("password"), desk.now()).expect("a step");
    assert_eq!((step.state, step.tries_left), (StepState::Open, 4));
}

/// The last message was never answered: the way on is support, not a resend that would be refused.
#[test]
fn a_step_that_cannot_be_sent_again_says_so() {
    let mut desk = Desk::open(Script::new(plan("email password")));
    for _ in 0..SENDS_PER_CASE {
        desk.all("wait 600; ask email; end email sent");
    }
    let step = desk.case.step(&factor("email"), desk.now()).expect("a step");
    assert_eq!(step.state, StepState::Sent);
    desk.all("wait 900");
    let step = desk.case.step(&factor("email"), desk.now()).expect("a step");
    assert_eq!(step.state, StepState::Failed);
    assert!(step.message.ends_with("or contact support."), "{}", step.message);
}

#[test]
fn steps_that_come_later_say_so() {
    let mut desk = Desk::usual();
    let states = |desk: &Desk| -> Vec<(&'static str, &'static str)> {
        let steps = desk.case.view(desk.now()).steps;
        steps.iter().map(|step| (step.state.as_str(), step.message)).collect()
    };
    let later = ("waiting", "This comes after the step before it.");
    assert_eq!(states(&desk)[1..], [later, later]);
    desk.all("right password");
    assert_eq!(states(&desk)[0], ("proven", "Done."));
    desk.all("cancel");
    assert_eq!(states(&desk)[1], ("waiting", "There is nothing to do here now."));
}

#[test]
fn foreign_text_about_the_client_is_cut_and_plain() {
    use readmit_recovery::case::client_in_words;
    use readmit_recovery::facts::Client;
    let agent = format!("Evil\r\nBcc: x {}", "y".repeat(500));
    let both = Client {
        address: Some("192.0.2.7".to_owned()),
        user_agent: Some(agent.clone()),
        ..Client::default()
    };
    let words = client_in_words(&both);
    assert!(words.starts_with("192.0.2.7 (Evil  Bcc: x yyy") && words.len() < 150, "{words}");
    assert!(!words.contains(['\r', '\n']));
    let only = Client { user_agent: Some("Browser".to_owned()), ..Client::default() };
    assert_eq!(client_in_words(&only), "Browser");
    assert_eq!(client_in_words(&Client::default()), "an unknown place");
}
