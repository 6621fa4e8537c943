//! Challenges that are sent and typed: order, resends, wrong tries, links.

use std::time::Duration;

use readmit_recovery::case::Standing;
use readmit_recovery::command::Command;
use readmit_recovery::event::{Comparison, Reply};
use readmit_recovery::facts::Hook;
use readmit_recovery::limits::{
    FAILURES_PER_CASE, LONGEST_RESEND_WAIT, SENDS_PER_CASE, TRIES_PER_CASE, TRIES_PER_CHALLENGE,
};
use readmit_recovery::rules::Rules;
use readmit_recovery::verdict::Verdict;

use crate::kit::{Desk, Script, check, factor, plan, support_rules};

fn usual() -> Script {
    Script::new(plan("password email voice"))
}

/// J5, J6: what each event does in which order of steps.
#[test]
fn steps_come_in_the_plans_order() {
    let table = [
        ("", "right password", "proving | clear(password)"),
        ("", "wrong password", "proving | count(password)"),
        ("", "ask password", "refused: password needs no message: give the proof itself"),
        ("", "ask email", "refused: email comes later: finish the step before it first"),
        ("", "right email", "refused: email comes later: finish the step before it first"),
        ("", "click same", "refused: email comes later: finish the step before it first"),
        ("", "ask sms", "refused: this recovery does not ask for sms"),
        ("", "right totp", "refused: this recovery does not ask for totp"),
        ("", "type password secret", "refused: this is not the kind of proof that password takes"),
        ("right password", "right password", "refused: password is proven already"),
        ("right password", "right email", "refused: ask for a code first"),
        ("right password", "ask voice", "refused: voice comes later: finish the step before it first"),
        ("right password", "ask email", "proving | veto link(2) verification>alice"),
        ("right password; ask email", "right email", "proving | clear(email)"),
        ("right password; ask email; end email sent", "right email", "proving | clear(email)"),
        ("right password; ask email; end email sent", "click same", "proving | clear(email)"),
        ("right password; ask email", "wrong email", "proving | count(email)"),
        ("right password; ask email; right email", "click same", "refused: email is proven already"),
        ("right password; ask email; right email", "ask voice", "proving | call>+14155550123"),
        ("right password; ask email; right email", "right voice", "refused: voice cannot be typed here"),
    ];
    for (given, event, wanted) in table {
        assert_eq!(check(usual(), given, event), wanted, "{event} after {given:?}");
    }
}

#[test]
fn spaces_and_dashes_in_a_code_do_not_matter_and_length_does() {
    for (form, wanted) in [("{a}{b}", "clear"), ("{a}-{b}", "clear"), ("{a}", "count"), ("{a}{b}0", "count")]
    {
        let mut desk = Desk::open(Script::new(plan("email password")));
        desk.all("ask email");
        let code = desk.code("email");
        let typed = form.replace("{a}", &code[..3]).replace("{b}", &code[3..]);
        assert!(desk.told(&format!("type email {typed}")).contains(wanted), "{form}");
    }
    let mut desk = Desk::open(Script::new(plan("email password")));
    desk.all("ask email");
    assert_eq!(desk.told("type email -"), "proving | count(email)");
}

/// Only a call shows its code: whoever reads the page must not be able to answer for the mailbox.
#[test]
fn the_page_never_shows_the_code_of_a_message() {
    for name in ["email", "sms"] {
        let mut desk = Desk::open(Script::new(plan(&format!("{name} password"))));
        for event in [format!("ask {name}"), format!("end {name} sent"), format!("wrong {name}")] {
            desk.all(&event);
            assert_ne!(desk.code(name), "none");
            assert_eq!(desk.case.view(desk.now()).steps[0].code, None, "{event}");
        }
    }
}

/// J5: "resend is offered". It keeps the code and every count, and waits twice as long each time.
#[test]
fn a_resend_keeps_code_and_counts_and_waits_longer() {
    let rules = Rules { email_code_for: Duration::from_secs(24 * 3600), ..support_rules() };
    let mut desk = Desk::open_with(Standing::Known, Script::new(plan("email password")), rules);
    desk.all("ask email; wrong email; wrong email");
    let (code, first) = (desk.code("email"), desk.delivery("email"));
    let mut wait = 30;
    for sends in 2..=SENDS_PER_CASE {
        desk.now += wait - 1;
        assert_eq!(desk.told("ask email"), "refused: wait before trying again");
        desk.now += 1;
        assert_eq!(desk.told("ask email"), "proving | veto link(1) verification>alice");
        wait = (wait * 2).min(LONGEST_RESEND_WAIT.as_secs());
        let track = &desk.case.tracks[&factor("email")];
        assert_eq!((track.sends, track.wrong), (sends, 2));
    }
    assert_eq!(desk.code("email"), code);
    assert_ne!(desk.delivery("email"), first);
    assert_eq!(desk.challenge("email").map(|challenge| (challenge.number, challenge.wrong)), Some((1, 2)));
    desk.all("wait 600");
    let refused = desk.told("ask email");
    assert_eq!(refused, format!("refused: {}", readmit_recovery::case::Refusal::Spent(factor("email"))));
    // The last message may still be answered.
    assert_eq!(desk.told("right email"), "proving | clear(email)");
}

#[test]
fn a_code_expires_and_the_next_one_is_another_with_the_same_counts() {
    let mut desk = Desk::open(Script::new(plan("email password")));
    desk.all("ask email; wrong email; end email sent; wait 899");
    let old = desk.code("email");
    assert!(desk.case.view(desk.now()).steps[0].message.starts_with("Open the message"));
    desk.all("wait 1");
    assert_eq!(desk.told("right email"), "refused: this code is no longer good: ask for a new one");
    assert_eq!(desk.told("click same"), "refused: this code is no longer good: ask for a new one");
    assert_eq!(
        desk.case.view(desk.now()).steps[0].message,
        "The time to answer is over. Start this step again for a new code."
    );
    desk.all("ask email");
    assert_ne!(desk.code("email"), old);
    assert_eq!(desk.case.tracks[&factor("email")].wrong, 1);
    assert_eq!(desk.told(&format!("type email {old}")), "proving | count(email)");
    assert_eq!(
        desk.told("click same 1"),
        "refused: this code is no longer good: ask for a new one",
        "the link of the challenge before"
    );
    assert_eq!(desk.told("click same 2"), "proving | clear(email)");
}

#[test]
fn the_configuration_cannot_make_codes_live_longer_than_nist_allows() {
    let long = Duration::from_secs(30 * 24 * 3600);
    let rules = Rules { email_code_for: long, code_for: long, open_for: long, ..support_rules() };
    let script = Script::new(plan("1 of email sms then password"));
    let mut desk = Desk::open_with(Standing::Known, script, rules);
    desk.all("ask email; ask sms; wait 599");
    assert!(desk.challenge("sms").is_some_and(|challenge| challenge.is_live(desk.now())));
    desk.all("wait 1");
    assert!(!desk.challenge("sms").is_some_and(|challenge| challenge.is_live(desk.now())));
    desk.now += 24 * 3600 - 601;
    assert!(desk.challenge("email").is_some_and(|challenge| challenge.is_live(desk.now())));
    desk.all("wait 1");
    assert!(!desk.challenge("email").is_some_and(|challenge| challenge.is_live(desk.now())));
}

/// Five wrong tries end a challenge; fifteen end the factor, whatever the policy says.
#[test]
fn wrong_tries_end_a_challenge_and_at_last_the_factor() {
    for name in ["password", "email"] {
        let script = Script::new(plan(if name == "email" { "email password" } else { "password email" }));
        let mut desk = Desk::open(script);
        for tried in 1..=TRIES_PER_CASE {
            if name == "email" && tried % TRIES_PER_CHALLENGE == 1 {
                desk.now += 600;
                desk.all("ask email");
            }
            let told = desk.told(&format!("wrong {name}"));
            let left = (TRIES_PER_CHALLENGE - tried % TRIES_PER_CHALLENGE) % TRIES_PER_CHALLENGE;
            let wanted = Reply::Proof { comparison: Comparison::Wrong, tries_left: left };
            assert_eq!(desk.last.reply, wanted, "try {tried}");
            let last = tried == TRIES_PER_CASE;
            let state = if last { "escalated" } else { "proving" };
            assert_eq!(told, format!("{state} | count({name})"), "try {tried}");
            assert_eq!(desk.records().contains(&"factor_failed"), left == 0, "try {tried}");
            if left == 0 && name == "email" && !last {
                let refused = desk.told("right email");
                assert_eq!(refused, "refused: this code is no longer good: ask for a new one");
            }
        }
        assert_eq!(desk.case.failures.len(), 3);
    }
}

#[test]
fn an_exhausted_factor_with_an_alternative_leaves_the_case_open() {
    let mut desk = Desk::open(Script::new(plan("1 of totp recovery_code then email")));
    for _ in 0..TRIES_PER_CASE {
        desk.all("wrong totp");
    }
    assert_eq!(desk.state(), "proving");
    let view = desk.case.view(desk.now());
    assert_eq!(view.steps[0].tries_left, 0);
    assert_eq!(
        view.steps[0].message,
        "This was tried too often in this recovery. Use another way, or contact support."
    );
    assert!(desk.told("right totp").starts_with("refused: totp was tried too often"));
    desk.all("right recovery_code; ask email; right email");
    assert_eq!(desk.state(), "recovered");
}

/// The journey: J5's link counts in the browser that opened the case and shows a code elsewhere.
#[test]
fn a_link_counts_only_in_the_browser_that_opened_the_case() {
    for browser in ["other", "nowhere"] {
        let mut desk = Desk::open(Script::new(plan("email password")));
        desk.all("ask email");
        let code = desk.code("email");
        assert_eq!(desk.told(&format!("click {browser}")), "proving");
        let Reply::CodeToType { code: shown } = &desk.last.reply else { panic!("no code was shown") };
        assert_eq!(shown.expose(), code);
        assert!(desk.case.proven.is_empty());
        assert_eq!(desk.told(&format!("type email {code}")), "proving | clear(email)");
    }
    let mut desk = Desk::open(Script::new(plan("email password")));
    desk.case.browser = None;
    desk.all("ask email; click nowhere");
    assert!(desk.case.proven.is_empty(), "no browser is not the same browser");
}

#[test]
fn late_and_foreign_results_are_only_recorded() {
    let table = [
        // What is asked, whose delivery ends, and how often that counts as a failure.
        ("ask email; end email rejected; end email rejected", 1),
        ("ask email; end email sent; end email rejected", 0),
        ("ask email; right email; end email rejected", 0),
        ("end voice busy", 0),
    ];
    for (given, failures) in table {
        let mut desk = Desk::open(Script::new(plan("email password")));
        desk.all(given);
        assert_eq!(desk.case.failures.len(), failures, "{given}");
        assert_eq!(desk.records().first(), Some(&"delivery_ended"));
    }
    // The first message's result comes after its resend.
    let mut desk = Desk::open(Script::new(plan("email password")));
    desk.all("ask email");
    let first = desk.event("end email rejected");
    desk.all("wait 30; ask email");
    desk.happen(first).expect("late, and taken");
    assert!(desk.case.failures.is_empty());
}

/// A call that was called off must not end the pass that support has given since.
#[test]
fn a_late_result_does_not_disturb_a_case_that_support_has_resolved() {
    let escalate = Verdict::Escalate { to: "support".to_owned(), because: "no".to_owned() };
    let mut desk = Desk::open(Script::new(plan("voice password")).answer(Hook::Failed, escalate));
    desk.all("ask voice");
    assert_eq!(desk.told("support"), "escalated | cancel ticket>help");
    let late = desk.event("end voice cancelled");
    desk.all("resolve bob pass");
    desk.happen(late).expect("late, and taken");
    assert_eq!(desk.state(), "proving");
}

#[test]
fn what_is_under_way_for_a_step_that_is_no_longer_open_is_called_off() {
    let mut desk = Desk::open(Script::new(plan("1 of email voice then password")));
    desk.all("ask voice; ask email");
    let busy = desk.event("end voice no_answer");
    let digits = desk.event("digits right");
    assert_eq!(desk.told("right email"), "proving | clear(email) cancel");
    desk.happen(busy).expect("late, and taken");
    assert!(desk.case.failures.is_empty());
    assert!(desk.happen(digits).is_err());
    let steps = desk.case.view(desk.now()).steps;
    assert_eq!(steps[1].message, "This is not needed any more.");
    assert!(!steps[1].needed && steps[1].possible);
    assert_eq!(steps[2].message, "Type your password.");
}

#[test]
fn a_factor_without_an_address_fails_at_once_and_not_for_ever() {
    let mut desk = Desk::open(Script::new(plan("voice password")));
    desk.case.addresses.phone = None;
    for failed in 1..=FAILURES_PER_CASE {
        assert_eq!(
            desk.told("ask voice"),
            if failed < FAILURES_PER_CASE { "proving" } else { "escalated" },
            "try {failed}"
        );
        assert!(desk.last.commands.is_empty());
        assert_eq!(desk.code("voice"), "none", "nobody was told a code, so there is none");
    }
    assert_eq!(desk.case.failures.len(), FAILURES_PER_CASE as usize);
}

#[test]
fn a_message_says_how_long_its_code_is_good_and_how_to_stop() {
    let mut desk = Desk::open(Script::new(plan("email password")));
    desk.all("ask email; wait 870; ask email");
    let message = desk.last.commands.iter().find_map(|command| match command {
        Command::SendMessage(message) => Some(message),
        _ => None,
    });
    let message = message.expect("a message");
    let field = |name: &str| message.fields.get(name).map(|value| value.expose().to_owned());
    assert_eq!(field("minutes").as_deref(), Some("1"), "never nothing");
    assert_eq!(field("code"), Some(desk.code("email")));
    assert_eq!(field("client").as_deref(), Some("192.0.2.7"));
    for token in ["veto_token", "link_token"] {
        let hash = message.fields[token].hash();
        let registered = desk
            .last
            .commands
            .iter()
            .filter(|command| matches!(command, Command::RegisterToken(token) if token.hash == hash));
        assert_eq!(registered.count(), 1, "{token}");
    }
    assert_ne!(field("veto_token"), field("link_token"));
}

#[test]
fn the_journal_gets_a_providers_words_on_one_line_without_addresses() {
    let mut desk = Desk::open(Script::new(plan("email password")));
    desk.all("ask email");
    let mut event = desk.event("end email rejected");
    if let readmit_recovery::event::Event::DeliveryEnded { detail, .. } = &mut event {
        *detail = format!("550 <alice@example.org>: unknown\r\n14155550123 {}", "x".repeat(1000));
    }
    desk.happen(event).expect("taken");
    let detail = desk.recorded("delivery_ended", "detail").expect("a detail");
    assert!(detail.starts_with("550 <a•••@•••.org>: unknown  ••• 23 xxx"), "{detail}");
    assert_eq!(detail.chars().count(), readmit_recovery::limits::MAX_DETAIL_CHARS);
}
