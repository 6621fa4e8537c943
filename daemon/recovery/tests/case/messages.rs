//! What a person reads: at every point what to do next (J8).

use std::time::Duration;

use readmit_recovery::case::{Standing, StepState};
use readmit_recovery::disposition::Disposition;
use readmit_recovery::event::Event;
use readmit_recovery::limits::{LONGEST_CONTACT_CODE, SENDS_PER_CASE};
use readmit_recovery::rules::Rules;

use crate::kit::{Desk, Script, factor, opening, plan, support_rules};
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
        if factor(name).channel().is_none() {
            continue;
        }
        let stops = |disposition: &Disposition| name == "voice" && *disposition == Disposition::Reported;
        for disposition in Disposition::ALL.iter().filter(|disposition| !stops(disposition)) {
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
    assert!(step.needed && !step.possible);
    assert!(step.message.ends_with("or contact support."), "{}", step.message);
}

/// The contact reads the code, whom it is about and until when: nothing that proves by a click, and nothing more of
/// the account. The owner hears of it, once.
#[test]
fn a_contact_is_told_no_more_than_they_need() {
    let mut desk = Desk::open(Script::new(plan("contact password")));
    assert_eq!(
        desk.told("ask contact"),
        "proving | veto contact>ann veto notice(contact_asked)>alice veto notice(contact_asked)>backup"
    );
    let message = desk.message("contact").expect("a message");
    let said: Vec<(&str, String)> =
        message.fields.iter().map(|(name, value)| (*name, value.expose().to_owned())).collect();
    let told = |name: &str| said.iter().find(|(field, _)| *field == name).map(|(_, value)| value.as_str());
    assert_eq!(
        said.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["account", "code", "until", "veto_token"]
    );
    assert_eq!(told("code"), Some(desk.code("contact").as_str()));
    assert_eq!(told("account"), Some("alice"));
    let until = desk.challenge("contact").expect("a challenge").expires_at;
    assert_eq!((told("until"), message.deadline), (Some(until.rfc3339().as_str()), until));
    desk.all("end contact sent; wait 30");
    assert_eq!(desk.told("ask contact"), "proving | veto contact>bob", "the owner is told once a case");
}

/// Whoever cannot reach one contact has the next one asked; the code stays the same, and so do the counts.
#[test]
fn having_it_sent_again_asks_the_next_contact() {
    let mut desk = Desk::open(Script::new(plan("contact password")));
    let hint = |desk: &Desk| desk.case.step(&factor("contact"), desk.now()).expect("a step").hint;
    assert_eq!(hint(&desk).as_deref(), Some("a•••@•••.example"), "nobody was asked yet");
    desk.all("ask contact; end contact sent; wrong contact; wait 30");
    let code = desk.code("contact");
    assert_eq!(hint(&desk).as_deref(), Some("a•••@•••.example"));
    desk.all("ask contact; end contact sent");
    assert_eq!(hint(&desk).as_deref(), Some("b•••@•••.example"));
    assert_eq!(desk.code("contact"), code);
    assert_eq!(desk.case.step(&factor("contact"), desk.now()).expect("a step").tries_left, 4);
    desk.all("wait 60; ask contact; end contact sent; right contact");
    assert_eq!(desk.case.proven, [factor("contact")]);
}

/// NIST SP 800-63B-4 §4.2.1.3: the code that a contact hands over may live a day longer than one by e-mail.
#[test]
fn a_contacts_code_lives_long_enough_to_be_handed_over_and_no_longer() {
    let life = |rules: Rules| {
        let mut desk = Desk::open_with(Standing::Known, Script::new(plan("contact password")), rules);
        desk.all("ask contact");
        desk.challenge("contact").expect("a challenge").expires_at.since(desk.now()).as_secs()
    };
    assert_eq!(life(support_rules()), 24 * 3600);
    let week = Duration::from_secs(7 * 24 * 3600);
    let long = Rules { contact_code_for: week, open_for: week, ..support_rules() };
    assert_eq!(life(long), LONGEST_CONTACT_CODE.as_secs());
}

/// A mail server's words about a contact's address stay out of the journal, as about any other.
#[test]
fn a_contacts_address_is_masked_in_the_journal() {
    let mut desk = Desk::open(Script::new(plan("contact password")));
    desk.all("ask contact");
    let delivery = desk.delivery("contact");
    let detail = "550 <ann@friends.example> unknown; try bob@friends.example".to_owned();
    desk.happen(Event::DeliveryEnded { delivery, disposition: Disposition::Rejected, detail })
        .expect("taken");
    let told = desk.recorded("delivery_ended", "detail").expect("recorded");
    assert_eq!(told, "550 <a•••@•••.example> unknown; try b•••@•••.example");
}

/// Where the last contact was removed after the policy was asked, or a policy asks without looking.
#[test]
fn without_a_contact_the_step_fails_and_says_so() {
    let mut opening = opening(Standing::Known);
    opening.addresses.contacts.clear();
    let mut desk = Desk::open_for(opening, Script::new(plan("contact password")), support_rules());
    desk.all("ask contact");
    let step = desk.case.step(&factor("contact"), desk.now()).expect("a step");
    assert_eq!((step.state, step.disposition), (StepState::Failed, Some(Disposition::Blocked)));
    assert_eq!(step.hint, None);
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
