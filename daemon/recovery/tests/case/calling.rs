//! The phone step: the page shows the digits, the phone takes them.

use readmit_recovery::address::PhoneNumber;
use readmit_recovery::case::StepState;
use readmit_recovery::command::Command;
use readmit_recovery::disposition::Disposition;
use readmit_recovery::event::{Comparison, Event, Reply};
use readmit_recovery::facts::Hook;
use readmit_recovery::limits::{SENDS_PER_CASE, TRIES_PER_CALL, TRIES_PER_CASE};
use readmit_recovery::secret::Secret;
use readmit_recovery::verdict::{Outcome, Verdict};

use crate::kit::{Desk, Script, check, factor, outcome, plan};

fn voice() -> Script {
    Script::new(plan("voice password"))
}

/// J7: "the page shows six digits, the phone rings, the person types them on the keypad".
#[test]
fn the_page_shows_the_digits_while_the_call_is_under_way() {
    let mut desk = Desk::open(voice());
    assert_eq!(desk.told("ask voice"), "proving | call>+14155550123");
    let Some(Command::PlaceCall(call)) = desk.last.commands.first() else { panic!("no call") };
    assert_eq!((call.digits, call.tries), (6, TRIES_PER_CALL));
    assert_eq!(call.deadline.unix(), desk.now + 240);
    let step = |desk: &Desk| desk.case.step(&factor("voice"), desk.now()).expect("a step");
    assert_eq!(step(&desk).state, StepState::Sent);
    assert_eq!(step(&desk).code.map(|code| code.expose().to_owned()), Some(desk.code("voice")));
    assert_eq!(step(&desk).hint.as_deref(), Some("••• 23"));
    for phase in ["calling", "ringing", "answered", "prompting"] {
        desk.all(&format!("phase voice {phase}"));
        assert_eq!(step(&desk).phase.map(|phase| phase.as_str()), Some(phase));
    }
    assert_eq!(desk.told("digits right"), "proving | clear(voice)");
    assert_eq!(desk.last.reply, Reply::Proof { comparison: Comparison::Right, tries_left: 3 });
    assert_eq!((step(&desk).state, step(&desk).code), (StepState::Proven, None));
    assert_eq!(desk.told("end voice entered"), "proving");
}

#[test]
fn digits_count_only_in_their_own_call_and_while_it_lasts() {
    let unknown = "refused: this delivery is not under way";
    let over = "refused: this code is no longer good: ask for a new one";
    let table = [
        ("", "digits right", unknown),
        ("", "phase voice ringing", unknown),
        ("ask voice", "ask voice", "refused: a call is under way: answer it, or wait until it has ended"),
        ("ask voice", "right voice", "refused: voice cannot be typed here"),
        ("ask voice", "digits wrong", "proving | count(voice)"),
        ("ask voice; digits wrong; digits wrong", "digits right", "proving | clear(voice)"),
        ("ask voice; digits wrong; digits wrong; digits wrong", "digits right", over),
        ("ask voice; end voice no_input", "digits right", over),
        ("ask voice; end voice no_input", "phase voice ringing", unknown),
        ("ask voice; wait 600", "digits right", over),
        // The call's answer never came and the code has expired: the next call ends the one before it.
        ("ask voice; wait 600", "ask voice", "proving | cancel call>+14155550123"),
        ("ask voice; digits right", "digits right", "refused: voice is proven already"),
    ];
    for (given, event, wanted) in table {
        assert_eq!(check(voice(), given, event), wanted, "{event} after {given:?}");
    }
    let mut desk = Desk::open(voice());
    desk.all("ask voice");
    let earlier = desk.delivery("voice");
    desk.all("end voice busy; ask voice");
    let digits = Secret::new(desk.code("voice"));
    let refused = desk.happen(Event::DigitsEntered { delivery: earlier, digits });
    assert_eq!(refused.map_err(|refusal| refusal.to_string()).err().as_deref(), Some(&unknown[9..]));
}

/// A plugin that delivered a code knows it, so keys "pressed" in its delivery are worth nothing.
#[test]
fn no_plugin_answers_the_code_that_it_delivered() {
    for name in ["email", "sms"] {
        let mut desk = Desk::open(Script::new(plan(&format!("{name} password"))));
        desk.all(&format!("ask {name}"));
        let event =
            Event::DigitsEntered { delivery: desk.delivery(name), digits: Secret::new(desk.code(name)) };
        assert!(desk.happen(event).is_err(), "{name}");
    }
}

/// J8: "the exact cause is recorded", and the person goes on.
#[test]
fn every_end_of_a_call_is_a_failure_unless_the_digits_were_right() {
    for disposition in Disposition::ALL.iter().filter(|disposition| **disposition != Disposition::Reported) {
        let mut desk = Desk::open(voice());
        desk.all("ask voice");
        let told = desk.told(&format!("end voice {}", disposition.as_str()));
        let (wanted, recorded) = if disposition.is_success() {
            ("proving | alert(plugin_contradicts)", Disposition::ProviderError)
        } else {
            ("proving", *disposition)
        };
        assert_eq!(told, wanted, "{disposition:?}");
        assert!(desk.case.proven.is_empty());
        assert_eq!(desk.case.failures.last().map(|failure| failure.disposition), Some(recorded));
        let asked = desk.script.asked.last().expect("the policy is asked");
        assert_eq!((asked.hook, asked.failure.as_ref()), (Hook::Failed, desk.case.failures.last()));
        assert_eq!(desk.told("ask voice"), "proving | call>+14155550123", "{disposition:?}");
    }
}

/// Whoever answers the phone can stop the recovery, as the owner can by the notices, wherever the case stands by
/// then. The policy is not asked.
#[test]
fn whoever_answers_can_stop_the_recovery() {
    let told = "notice(vetoed)>alice notice(vetoed)>backup";
    let hold = Outcome { hold: Some(std::time::Duration::from_secs(3600)), ..outcome() };
    let either = || Script::new(plan("1 of email voice then password"));
    let refused = || either().answer(Hook::Proved, Verdict::Deny { because: "no".to_owned() });
    let none = |state: &str| state.to_owned();
    let both = "ask email; right email; right password";
    let claimed = format!("{both}; claim");
    let table = [
        (voice(), "", "proving", format!("vetoed | alert(vetoed) {told}")),
        (voice(), "digits wrong", "proving", format!("vetoed | alert(vetoed) {told}")),
        (voice(), "support", "escalated", format!("vetoed | alert(vetoed) {told}")),
        (either().outcome(hold), both, "held", format!("vetoed | alert(vetoed) {told}")),
        (either(), both, "recovered", format!("vetoed | alert(vetoed) revoke reactivate(old) {told}")),
        (either(), &*claimed, "completed", "completed | alert(vetoed) revoke".to_owned()),
        (refused(), "ask email; right email", "denied", none("denied")),
        (voice(), "cancel", "cancelled", none("cancelled")),
        (voice(), "veto", "vetoed", none("vetoed")),
        (voice(), "wait 86400; time", "expired", none("expired")),
    ];
    for (script, given, state, wanted) in table {
        let mut desk = Desk::open(script);
        desk.all(&format!("ask voice; {given}"));
        assert_eq!(desk.state(), state, "{given}");
        let asked = desk.script.asked.len();
        assert_eq!(desk.told("end voice reported"), wanted, "{given}");
        assert_eq!(desk.recorded("delivery_ended", "disposition").as_deref(), Some("reported"), "{given}");
        assert_eq!(desk.recorded("vetoed", "while").is_some(), wanted.contains("alert"), "{given}");
        assert_eq!(desk.script.asked.len(), asked, "{given}");
    }
}

/// A message has no keys, so a plugin that says so is wrong; and a call of before is nobody's to stop a case by.
#[test]
fn only_the_call_of_this_case_can_stop_it() {
    for name in ["email", "sms"] {
        let mut desk = Desk::open(Script::new(plan(&format!("{name} password"))));
        desk.all(&format!("ask {name}"));
        assert_eq!(desk.told(&format!("end {name} reported")), "proving | alert(plugin_contradicts)");
    }
    let mut desk = Desk::open(voice());
    desk.all("ask voice");
    let earlier = desk.delivery("voice");
    desk.all("end voice busy; ask voice");
    let event =
        Event::DeliveryEnded { delivery: earlier, disposition: Disposition::Reported, detail: String::new() };
    desk.happen(event).expect("recorded");
    assert_eq!(desk.state(), "proving");
}

#[test]
fn each_call_has_its_own_digits_and_wrong_ones_add_up() {
    let mut desk = Desk::open(voice());
    let mut codes = std::collections::BTreeSet::new();
    for tried in 1..=TRIES_PER_CASE {
        if tried % TRIES_PER_CALL == 1 {
            desk.all("ask voice");
            codes.insert(desk.code("voice"));
        }
        desk.all("digits wrong");
        let in_call = tried % TRIES_PER_CALL;
        let tries_left = if in_call == 0 { 0 } else { TRIES_PER_CALL - in_call };
        assert_eq!(desk.last.reply, Reply::Proof { comparison: Comparison::Wrong, tries_left });
        if in_call == 0 {
            desk.all("end voice wrong_digits");
        }
    }
    assert_eq!(codes.len(), (TRIES_PER_CASE / TRIES_PER_CALL) as usize);
    assert_eq!(desk.state(), "escalated", "whatever the policy says about trying again");
}

#[test]
fn calls_in_one_case_are_limited() {
    let mut desk = Desk::open(voice());
    for _ in 1..SENDS_PER_CASE {
        desk.all("ask voice; end voice no_answer");
    }
    desk.all("ask voice");
    assert_eq!(desk.told("end voice no_answer"), "escalated");
}

#[test]
fn a_retry_waits_as_long_as_the_policy_says_but_never_for_ever() {
    for (seconds, waits) in [(0, 0), (60, 60), (1_000_000, 24 * 3600)] {
        let after = std::time::Duration::from_secs(seconds);
        let mut desk = Desk::open(voice().answer(Hook::Failed, Verdict::Retry { after, next_number: false }));
        desk.rules.open_for = std::time::Duration::from_secs(1_000_000);
        desk.case.expires_at = desk.now().plus(desk.rules.open_for);
        desk.all("ask voice; end voice busy");
        let resend_after = desk.case.view(desk.now()).steps[0].resend_after.unix();
        assert_eq!(resend_after, if waits == 0 { 0 } else { desk.now + waits });
        if waits > 0 {
            desk.now += waits - 1;
            assert_eq!(desk.told("ask voice"), "refused: wait before trying again");
            desk.now += 1;
        }
        assert_eq!(desk.told("ask voice"), "proving | call>+14155550123");
    }
}

/// After the last number the first is called again; and what the person sees is the number that rings next.
#[test]
fn a_policy_may_have_the_next_number_called() {
    let next = Verdict::Retry { after: std::time::Duration::ZERO, next_number: true };
    let mut desk = Desk::open(voice().answer(Hook::Failed, next));
    desk.case.addresses.other_phones = vec![PhoneNumber::parse("+14155550199").expect("a number")];
    for number in ["+14155550123", "+14155550199", "+14155550123"] {
        let hint = desk.case.view(desk.now()).steps[0].hint.clone().expect("a hint");
        assert_eq!(hint.get(hint.len() - 2..), number.get(number.len() - 2..));
        assert_eq!(desk.told("ask voice"), format!("proving | call>{number}"));
        desk.all("end voice no_answer");
    }
}
