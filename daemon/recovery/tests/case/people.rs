//! Staff, the owner, and the person who asks for help.

use std::time::Duration;

use readmit_recovery::command::{Command, Purpose};
use readmit_recovery::event::{Event, Reply, Staff};
use readmit_recovery::facts::Hook;
use readmit_recovery::limits::{LONGEST_HOLD, MAX_MESSAGE_BYTES, TRIES_PER_CASE};
use readmit_recovery::recovery_code;
use readmit_recovery::verdict::{DeviceFate, Outcome, Verdict};

use crate::kit::{Desk, Script, check, factor, full_outcome, outcome, plan};
use crate::states::desk_in;

#[test]
fn approvals_come_from_different_people_with_a_reason_and_never_from_oneself() {
    let own = "refused: nobody decides about their own account: ask a colleague";
    let same = "refused: you have approved this recovery already: the next approval takes another person";
    let recovered = "recovered | clear(approval) deactivate(old) veto notice(recovered)>alice veto \
                     notice(recovered)>backup";
    let table = [
        ("approval", "", "approve bob", recovered),
        ("approval", "", "approve alice", own),
        ("approval", "", "right approval", "refused: approval cannot be typed here"),
        ("approval", "", "ask approval", "refused: approval needs no message: give the proof itself"),
        ("approvals 2", "", "approve bob", "proving"),
        ("approvals 2", "approve bob", "approve bob", same),
        ("approvals 2", "approve bob", "approve carol", recovered),
        ("approvals 2", "approve bob", "approve alice", own),
        (
            "password then approval",
            "",
            "approve bob",
            "refused: approval comes later: finish the step before it first",
        ),
        ("password email", "", "approve bob", "refused: this recovery does not ask for approval"),
        (
            "approvals 1 then password",
            "approve bob",
            "approve carol",
            "refused: approval comes later: finish the step before it first",
        ),
    ];
    for (words, given, event, wanted) in table {
        assert_eq!(
            check(Script::new(plan(words)), given, event),
            wanted,
            "{event} after {given:?} of {words}"
        );
    }
}

#[test]
fn staff_give_a_reason_for_everything() {
    let by = || Staff { name: "uid:bob".to_owned(), account: None };
    let reasons = [
        (String::new(), false),
        (" \n".to_owned(), false),
        ("x".repeat(MAX_MESSAGE_BYTES), true),
        ("x".repeat(MAX_MESSAGE_BYTES + 1), false),
    ];
    for (because, taken) in reasons {
        let mut desk = Desk::open(Script::new(plan("approval")));
        let approved = Event::Approved { by: by(), because: because.clone() };
        assert_eq!(desk.happen(approved).is_ok(), taken);
        let mut desk = Desk::open(Script::new(plan("approval")));
        let denied = Event::DenialDecided { by: by(), because };
        assert_eq!(desk.happen(denied).is_ok(), taken);
    }
}

#[test]
fn approvals_in_two_places_of_a_plan_are_one_factor() {
    let mut desk = Desk::open(Script::new(plan("approvals 1 then password then approvals 2")));
    let steps = |desk: &Desk| -> Vec<String> {
        let steps = desk.case.view(desk.now()).steps;
        steps.iter().map(|step| format!("{} {}", step.factor, step.state.as_str())).collect()
    };
    assert_eq!(steps(&desk), ["approval open", "password waiting"]);
    desk.all("approve bob");
    assert_eq!(steps(&desk), ["password open", "approval waiting"]);
    desk.all("right password");
    assert_eq!(steps(&desk), ["password proven", "approval open"]);
    desk.all("approve carol");
    assert_eq!(desk.state(), "recovered");
    assert_eq!(desk.case.proven, [factor("approval"), factor("password")]);
}

/// J13: support may "issue an access pass, reset the device, or refuse".
#[test]
fn support_resolves_an_escalated_case() {
    let denied = "denied | notice(denied)>alice notice(denied)>backup";
    let own = "refused: nobody decides about their own account: ask a colleague";
    let reset = "recovered | deactivate(old) veto notice(recovered)>alice veto notice(recovered)>backup";
    for (event, wanted) in [
        ("resolve bob pass", "proving | pass pass>alice"),
        ("resolve bob reset", reset),
        ("resolve bob deny", denied),
        ("deny bob", denied),
        ("resolve alice pass", own),
        ("resolve alice reset", own),
        ("resolve alice deny", own),
        ("deny alice", own),
    ] {
        let mut desk = desk_in("escalated");
        assert_eq!(desk.told(event), wanted, "{event}");
        if let Some(because) = desk.recorded("resolved", "by").or(desk.recorded("denied", "by")) {
            assert_eq!(because, "uid:bob");
        } else {
            assert_eq!(wanted, own);
        }
    }
}

#[test]
fn a_pass_goes_to_the_address_on_file_and_is_proven_like_a_factor() {
    let mut desk = desk_in("escalated");
    desk.all("resolve bob pass");
    let (mut issued, mut sent) = (None, None);
    for command in &desk.last.commands {
        match command {
            Command::IssuePass { hash, expires_at } => issued = Some((*hash, *expires_at)),
            Command::SendMessage(message) if message.purpose == Purpose::Pass => {
                sent = recovery_code::hash(&message.fields["code"]);
            }
            other => panic!("unexpected: {other:?}"),
        }
    }
    let (hash, expires_at) = issued.expect("a pass is issued");
    assert_eq!(Some(hash), sent);
    assert_eq!(expires_at.unix(), desk.now + 24 * 3600);
    assert_eq!(desk.case.next_deadline(), Some(expires_at));
    assert!(desk.told("right password").starts_with("refused"), "the plan is the pass alone");
    assert_eq!(desk.told("wrong pass"), "proving | count(pass)");
    assert!(desk.told("right pass").starts_with("recovered | clear(pass)"));

    let mut desk = desk_in("escalated");
    desk.case.addresses.email = None;
    assert!(desk.told("resolve bob pass").starts_with("refused: there is no e-mail address on file"));
}

#[test]
fn passes_do_not_bring_tries_back() {
    let mut desk = desk_in("escalated");
    for tried in 0..TRIES_PER_CASE {
        if desk.state() == "escalated" {
            desk.all("resolve bob pass");
        }
        desk.all("wrong pass");
        assert_eq!(desk.case.tracks[&factor("pass")].wrong, tried + 1);
    }
    assert_eq!(desk.state(), "escalated");
    assert!(desk.told("resolve bob pass").starts_with("refused: pass was tried too often"));
    assert!(desk.told("resolve bob reset").starts_with("recovered"));
}

/// A policy cannot stand in the way of support, and support's reset is never looser than the policy's limits.
#[test]
fn a_reset_takes_the_policys_outcome_or_the_strictest() {
    let keep = Outcome { device: DeviceFate::Keep, ..outcome() };
    let hold = Outcome { hold: Some(Duration::from_secs(60)), ..outcome() };
    let endless = Outcome { hold: Some(LONGEST_HOLD * 2), ..outcome() };
    let at_once = Outcome { enroll_within: Some(Duration::ZERO), ..outcome() };
    let strictest = full_outcome();
    let deny = Verdict::Deny { because: "no".to_owned() };
    let unable = Verdict::Unable { cause: "error".to_owned() };
    let table = [
        (Verdict::Outcome(keep), "recovered", outcome(), false),
        (Verdict::Outcome(hold.clone()), "held", hold, false),
        (Verdict::Outcome(endless), "recovered", strictest.clone(), true),
        (Verdict::Outcome(at_once), "recovered", strictest.clone(), true),
        (deny, "recovered", strictest.clone(), false),
        (unable, "recovered", strictest, true),
    ];
    for (verdict, state, outcome, alert) in table {
        let mut desk =
            Desk::open(Script::new(plan("password email")).answer(Hook::Recovered, verdict.clone()));
        desk.all("support; resolve bob reset");
        assert_eq!((desk.state(), desk.case.state.outcome()), (state, Some(&outcome)), "{verdict:?}");
        assert_eq!(desk.told_of_last().contains("alert(policy_failed)"), alert, "{verdict:?}");
    }
}

/// J13: the form "becomes a ticket; support sees it with the whole history of the case".
#[test]
fn a_request_to_support_is_one_ticket() {
    let mut desk = Desk::usual();
    desk.all("right password; ask email; right email; ask voice; end voice no_answer");
    assert_eq!(desk.told("support"), "escalated | ticket>help");
    let Reply::Ticket(first) = desk.last.reply.clone() else { panic!("no ticket") };
    let Some(Command::SendMessage(ticket)) = desk.last.commands.first().cloned() else { panic!("no mail") };
    let field = |name: &str| ticket.fields[name].expose().to_owned();
    assert_eq!(field("name"), "Alice Ayers");
    assert_eq!(field("problem"), "I am not getting the call");
    let history = field("history");
    for line in
        ["proven: password, email", "voice failed: no_answer", "escalated to support: the person asks"]
    {
        assert!(history.contains(line), "{line} in {history}");
    }
    assert_eq!(desk.told("support"), "escalated");
    assert_eq!(desk.last.reply, Reply::Ticket(first.clone()));
    desk.all("resolve bob pass; support");
    assert_eq!((desk.state(), &desk.last.reply), ("escalated", &Reply::Ticket(first.clone())));
    assert_eq!(desk.case.view(desk.now()).ticket, Some(first));

    for state in ["held", "recovered"] {
        let mut desk = desk_in(state);
        assert_eq!(desk.told("support"), format!("{state} | ticket>help"), "asking changes nothing");
    }
    let mut desk = Desk::usual();
    desk.rules.support = None;
    assert_eq!(desk.told("support"), "escalated");
}

/// J16: "with a way to say 'this was not me' that stops it", wherever the case stands.
#[test]
fn the_owner_stops_a_recovery() {
    let told = "notice(vetoed)>alice notice(vetoed)>backup";
    for (state, wanted) in [
        ("proving", format!("vetoed | alert(vetoed) cancel {told}")),
        ("held", format!("vetoed | alert(vetoed) {told}")),
        ("escalated", format!("vetoed | alert(vetoed) {told}")),
        ("recovered", format!("vetoed | alert(vetoed) revoke reactivate(old) {told}")),
        ("completed", "completed | alert(vetoed) revoke".to_owned()),
    ] {
        let mut desk = desk_in(state);
        assert_eq!(desk.told("veto"), wanted);
        assert_eq!(desk.case.enrollment, None);
        assert_eq!(desk.recorded("vetoed", "while").as_deref(), Some(state));
    }
    let keep = Outcome { device: DeviceFate::Keep, ..full_outcome() };
    let mut desk = Desk::open(Script::new(plan("password totp")).outcome(keep));
    desk.all("right password; right totp");
    assert_eq!(desk.told("veto"), format!("vetoed | alert(vetoed) revoke {told}"), "nothing to give back");
}

#[test]
fn staff_stop_a_recovery() {
    let told = "notice(denied)>alice notice(denied)>backup";
    for (state, wanted) in [
        ("proving", format!("denied | cancel {told}")),
        ("held", format!("denied | {told}")),
        ("recovered", format!("denied | revoke reactivate(old) {told}")),
    ] {
        let mut desk = desk_in(state);
        assert_eq!(desk.told("deny bob"), wanted);
        assert_eq!(desk.recorded("denied", "because").as_deref(), Some("odd"));
    }
}

#[test]
fn a_person_gives_up() {
    let mut desk = Desk::usual();
    desk.all("right password; ask email");
    assert_eq!(desk.told("cancel"), "cancelled | cancel");
    assert_eq!(desk.told("right email"), "refused: this cannot be done while the recovery is cancelled");
}

/// J16: "every address on file gets a notice of a recovery".
#[test]
fn every_notice_of_a_recovery_has_its_own_veto_token() {
    let hold = Outcome { hold: Some(Duration::from_secs(60)), ..full_outcome() };
    for (outcome, event) in [(full_outcome(), "recovered"), (hold, "held")] {
        let mut desk = Desk::open(Script::new(plan("password totp")).outcome(outcome));
        desk.all("right password; right totp");
        let mut tokens = std::collections::BTreeSet::new();
        for command in &desk.last.commands {
            if let Command::SendMessage(message) = command {
                assert_eq!(message.fields["event"].expose(), event);
                assert_eq!(message.fields.contains_key("hold_until"), event == "held");
                tokens.insert(message.fields["veto_token"].hash());
            }
        }
        assert_eq!(tokens.len(), 2);
        for command in &desk.last.commands {
            if let Command::RegisterToken(token) = command {
                assert!(tokens.remove(&token.hash));
                assert_eq!(token.expires_at.unix(), desk.now + 45 * 24 * 3600);
            }
        }
        assert!(tokens.is_empty(), "each token is registered");
    }
}
