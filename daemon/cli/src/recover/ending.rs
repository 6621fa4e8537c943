//! The screens after proving: the hold, the way in, support, and the ends.

use super::case::{Case, State, Support};
use super::qr;
use super::screen::{Action, Choice, Entry, Screen, Session, ways_out, ways_out_after_sign_in};
use crate::output::Style;
use crate::time::{span, stamp, until};

/// Everything is proven, a cool-down runs.
pub fn held(case: &Case, session: &Session, now: u64) -> Screen {
    let mut text = told(case, "Everything is confirmed.");
    text.push(match case.held_until {
        Some(end) => format!("For your safety nothing changes before {} ({}).", stamp(end), until(end, now)),
        None => "For your safety nothing changes for a while.".to_owned(),
    });
    text.push(
        "Everybody on file was told, and can stop it if it was not you. You need not wait here.".to_owned(),
    );
    let mut choices = vec![
        Choice::new(None, "look again", Action::Look),
        Choice::new('c', "call it off: this was not me", Action::Cancel),
    ];
    choices.extend(ways_out(session));
    Screen { topic: "held".to_owned(), text, entry: Entry::Nothing, choices, is_elsewhere: false }
}

/// The way in is open; tasks are left.
pub fn recovered(case: &Case, session: &Session, now: u64, style: Style) -> Screen {
    if case.has_task("sign_in") {
        return claim(case, session);
    }
    if case.has_task("change_password") {
        let text = vec![
            "Your device may be in other hands, so choose a new password before you go on.".to_owned(),
            "Take one that you use nowhere else.".to_owned(),
        ];
        let choices = ways_out_after_sign_in(session);
        return Screen {
            topic: "password".to_owned(),
            text,
            entry: Entry::NewPassword,
            choices,
            is_elsewhere: false,
        };
    }
    if case.has_task("enroll") {
        return enroll(case, session, now, style);
    }
    let text = told(case, "You are back in. The last entries are being made.");
    let mut choices = vec![Choice::new(None, "look again", Action::Look)];
    choices.extend(ways_out_after_sign_in(session));
    Screen { topic: "recovered".to_owned(), text, entry: Entry::Nothing, choices, is_elsewhere: false }
}

fn claim(case: &Case, session: &Session) -> Screen {
    let mut text = told(case, "Everything is confirmed: you can get back in.");
    text.push(match case.outcome.device.as_str() {
        "keep" => "Your device stays on file; this one sign-in goes without it.".to_owned(),
        _ => "Your old device is taken out of use; the next sign-in does not ask for it.".to_owned(),
    });
    if case.outcome.revoke_sessions {
        text.push("Every other session of yours ends.".to_owned());
    }
    if case.outcome.force_password_change {
        text.push("You will choose a new password.".to_owned());
    }
    if case.has_task("enroll") {
        text.push("Then you enroll a new device.".to_owned());
    }
    let mut choices = vec![Choice::new(None, "go on", Action::Claim)];
    choices.extend(ways_out(session));
    Screen { topic: "claim".to_owned(), text, entry: Entry::Nothing, choices, is_elsewhere: false }
}

fn enroll(case: &Case, session: &Session, now: u64, style: Style) -> Screen {
    let (mut text, entry, topic);
    match &session.enrollment {
        None => {
            text = vec!["Now enroll your new device, so that your account is protected again.".to_owned()];
            if case.outcome.enroll_within > 0 && case.expires_at > now {
                text.push(format!("You can also do it later, within {}.", span(case.expires_at - now)));
            }
            (entry, topic) = (Entry::Label, "label");
        }
        Some(enrollment) => {
            text = vec!["Scan this with the authenticator app on the new device:".to_owned(), String::new()];
            text.extend(qr::lines(&enrollment.uri, style).unwrap_or_default());
            text.extend([
                String::new(),
                format!("or type this secret into it: {}", enrollment.secret),
                "Remove the old entry of this account from the app, if it is still there.".to_owned(),
                "Then type the code it shows, and after it the next one.".to_owned(),
            ]);
            (entry, topic) = (Entry::DeviceCodes, "enroll");
        }
    }
    let mut choices = Vec::new();
    if session.enrollment.is_some() {
        choices.push(Choice::new('n', "get a new secret for another device", Action::Enroll));
    }
    choices.extend(ways_out_after_sign_in(session));
    Screen { topic: topic.to_owned(), text, entry, choices, is_elsewhere: false }
}

/// Nothing is left to do.
pub fn completed(case: &Case) -> Screen {
    let mut text = told(case, "Done: you are back in.");
    text.push(match case.outcome.device.as_str() {
        "keep" => "Your device stays on file and will be asked for at the next sign-in.".to_owned(),
        _ => "The old device no longer works here: remove this account from its app.".to_owned(),
    });
    if case.outcome.force_password_change {
        text.push("Your password is new: change it in password managers too.".to_owned());
    }
    if case.outcome.revoke_sessions {
        text.push("Every other session has ended; sign in again where you need to.".to_owned());
    }
    text.push("Keep recovery codes in a safe place, so that the next time is easier.".to_owned());
    Screen {
        topic: "completed".to_owned(),
        text,
        entry: Entry::Nothing,
        choices: Vec::new(),
        is_elsewhere: false,
    }
}

/// Support or an administrator has it.
pub fn escalated(case: &Case, session: &Session) -> Screen {
    let support = &case.support;
    let who = if support.to == "administrator" { "an administrator" } else { "support" };
    let mut text = told(case, &format!("This goes on with the help of {who}."));
    text.extend([&support.message].into_iter().filter(|message| !message.is_empty()).cloned());
    text.extend(contact(support));
    let mut choices = vec![Choice::new(None, "look again", Action::Look)];
    if support.ticket.is_empty() {
        text.push(match support.to.as_str() {
            "administrator" => {
                format!("Contact your administrator and give them the case id: {}", session.case)
            }
            _ => "Fill in the form, and support calls you back.".to_owned(),
        });
        choices.push(Choice::new('h', "fill in the support form", Action::Support));
    } else {
        text.push(format!(
            "Your ticket is {}. Somebody will get in touch with you; keep the id.",
            support.ticket
        ));
        choices.push(Choice::new('h', "add to what you told support", Action::Support));
    }
    let others = ways_out(session).into_iter().filter(|choice| choice.key != Some('h'));
    choices.extend(others);
    Screen {
        topic: format!("escalated:{}", support.ticket),
        text,
        entry: Entry::Nothing,
        choices,
        is_elsewhere: false,
    }
}

/// The case has ended without a way in.
pub fn ended(case: &Case) -> Screen {
    let (topic, what) = match case.state {
        State::Denied => ("denied", "This recovery was refused. If you are the owner, contact support."),
        State::Vetoed => (
            "vetoed",
            "Somebody who gets the notices of this account said that this was not them, and stopped it. If that \
             was you by mistake, start over; if it was not, contact support at once.",
        ),
        State::Cancelled => ("cancelled", "This recovery was called off. Nothing has changed."),
        _ => ("expired", "The time for this recovery is over. Nothing has changed."),
    };
    let mut text = told(case, what);
    text.extend(contact(&case.support));
    let choices = vec![
        Choice::new('s', "start over", Action::StartOver),
        Choice::new('h', "ask support for help", Action::Support),
        Choice::new('q', "leave", Action::Leave),
    ];
    Screen { topic: topic.to_owned(), text, entry: Entry::Nothing, choices, is_elsewhere: false }
}

/// A newer daemon is in a state that this version has no words for.
pub fn unknown(case: &Case, session: &Session) -> Screen {
    let text = told(case, "This case is in a state that this program does not know. Support can help.");
    let mut choices = vec![Choice::new(None, "look again", Action::Look)];
    choices.extend(ways_out(session));
    Screen { topic: "unknown".to_owned(), text, entry: Entry::Nothing, choices, is_elsewhere: false }
}

/// The daemon's own words, or ours where it has none.
fn told(case: &Case, ours: &str) -> Vec<String> {
    vec![if case.message.is_empty() { ours.to_owned() } else { case.message.clone() }]
}

fn contact(support: &Support) -> Option<String> {
    (!support.contact.is_empty()).then(|| format!("You reach them here: {}", support.contact))
}
