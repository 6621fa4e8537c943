//! A case of an account that does not exist: it looks like any other, and is never proven.

use readmit_recovery::case::{Standing, View};

use crate::kit::{Desk, Script, plan};

fn both(words: &str) -> [Desk; 2] {
    [Standing::Known, Standing::Decoy].map(|standing| Desk::open_as(standing, Script::new(plan(words))))
}

/// The view without what differs between any two cases: the digits to type.
fn seen(desk: &Desk) -> View {
    let mut view = desk.case.view(desk.now());
    for step in &mut view.steps {
        step.code = step.code.take().map(|_| readmit_recovery::secret::Secret::new("shown"));
    }
    view
}

/// Whatever a stranger does without the right proof, both cases show the same and answer the same.
#[test]
fn a_stranger_sees_no_difference() {
    let walks = [
        (
            "password email",
            "wrong password; wrong password; wrong password; wrong password; wrong password; wrong password",
        ),
        (
            "email password",
            "ask email; end email sent; wrong email; wait 30; ask email; end email sent; wait 900; ask email",
        ),
        ("email password", "ask email; wrong email; wrong email; wrong email; wrong email; wrong email"),
        (
            "voice password",
            "ask voice; phase voice calling; phase voice ringing; wait 30; end voice no_answer; ask voice; cancel",
        ),
        ("1 of sms totp then password", "wrong totp; ask sms; end sms sent; wrong sms; support"),
        ("recovery_code email", "wrong recovery_code; support; support; cancel"),
        (
            "contact password",
            "ask contact; end contact sent; wrong contact; wait 30; ask contact; end contact sent; wait 86400; ask contact",
        ),
        ("password email", "veto"),
        ("approval", "deny bob"),
        ("email voice", "support; wait 1209600; time"),
    ];
    for (words, walk) in walks {
        let [mut known, mut decoy] = both(words);
        for event in walk.split(';').map(str::trim) {
            let results = (known.one(event), decoy.one(event));
            assert_eq!(results.0, results.1, "{event}");
            assert_eq!(seen(&known), seen(&decoy), "after {event} of {walk}");
            let replies = (&known.last.reply, &decoy.last.reply);
            assert_eq!(replies.0, replies.1, "{event}");
        }
    }
}

#[test]
fn no_proof_of_a_decoy_is_ever_right() {
    for (words, events) in [
        ("password email", "right password"),
        ("recovery_code email", "right recovery_code"),
        ("totp email", "right totp"),
        ("pass", "right pass"),
        ("email password", "ask email; right email"),
        ("email password", "ask email; click same"),
        ("sms password", "ask sms; right sms"),
        ("contact password", "ask contact; right contact"),
        ("voice password", "ask voice; digits right"),
    ] {
        let [mut known, mut decoy] = both(words);
        known.all(events);
        decoy.all(events);
        assert_eq!((known.case.proven.len(), decoy.case.proven.len()), (1, 0), "{events}");
        assert!(decoy.told_of_last().starts_with("proving | count("), "{events}");
    }
}

#[test]
fn nothing_is_delivered_for_a_decoy() {
    let [_, mut decoy] = both("1 of email voice sms contact then password");
    for (name, wanted) in [
        ("email", "proving | pretend(sent)"),
        ("sms", "proving | pretend(sent)"),
        ("contact", "proving | pretend(sent)"),
        ("voice", "proving | pretend(no_answer)"),
    ] {
        assert_eq!(decoy.told(&format!("ask {name}")), wanted);
    }
    assert_eq!(decoy.told("veto"), "vetoed | alert(vetoed) cancel cancel cancel cancel");
}

/// Staff cannot let in who does not exist; they can refuse it.
#[test]
fn staff_can_only_deny_a_decoy() {
    let nobody = "refused: there is no such account: deny the case";
    let [_, mut decoy] = both("approval");
    assert_eq!(decoy.told("approve bob"), nobody);
    decoy.all("support");
    assert_eq!(decoy.told("resolve bob pass"), nobody);
    assert_eq!(decoy.told("resolve bob reset"), nobody);
    assert_eq!(decoy.told("resolve bob deny"), "denied");
}
