//! The words a person reads: names of factors, phases of a call, reasons.

use readmit_recovery::account::Reason;

use super::case::{Step, StepState};

/// What a factor is called.
pub fn title(factor: &str) -> String {
    match factor {
        "password" => "your password".to_owned(),
        "email" => "e-mail".to_owned(),
        "voice" => "phone call".to_owned(),
        "recovery_code" => "a recovery code that you saved".to_owned(),
        "totp" => "a code of another device".to_owned(),
        "resync" => "two codes of your device".to_owned(),
        "approval" => "an administrator's word".to_owned(),
        "pass" => "an access pass from support".to_owned(),
        "contact" => "your recovery contact".to_owned(),
        "sms" => "text message".to_owned(),
        other => format!("message by {other}"),
    }
}

/// One line of the list of steps.
pub fn step(step: &Step, is_current: bool) -> String {
    let mark = match step.state {
        StepState::Proven => "[done] ",
        StepState::Failed if !is_current => "[failed]",
        _ if is_current => "[now]  ",
        StepState::Open | StepState::Sent => "[ready]",
        StepState::Waiting | StepState::Failed | StepState::Unknown => "[later]",
    };
    let to = if step.hint.is_empty() { String::new() } else { format!(" to {}", step.hint) };
    format!("  {mark:8} {}{to}", title(&step.factor))
}

/// How far a call is, and what to do on the phone.
pub fn phase(phase: &str, tries_left: Option<u32>) -> String {
    match phase {
        "ringing" => "Your phone is ringing. Answer it; the number may be unfamiliar.".to_owned(),
        "answered" => "You have answered. Open the keypad and listen.".to_owned(),
        "prompting" => "Type the six digits on the phone's keypad now.".to_owned(),
        "wrong_digits" => {
            let left = match tries_left {
                Some(1) => " You have one more try.".to_owned(),
                Some(tries) => format!(" You have {tries} more tries."),
                None => String::new(),
            };
            format!("Those were not the six digits. Type them again, slowly.{left}")
        }
        _ => "We are calling you. This can take half a minute.".to_owned(),
    }
}

/// What to say about a factor before it is proven.
pub fn explanation(step: &Step) -> Vec<String> {
    let to = if step.hint.is_empty() { "what is on file".to_owned() } else { step.hint.clone() };
    let lines: Vec<String> = match step.factor.as_str() {
        "password" => vec!["First the password that you sign in with.".to_owned()],
        "email" if step.state == StepState::Sent => {
            let from = match step.sender.as_str() {
                "" => String::new(),
                sender => format!(" from {sender}"),
            };
            vec![
                format!("A message{from} is on its way to {to}."),
                "It may take a minute or two. If you do not see it, look in the spam folder.".to_owned(),
                "Open its link and type the code that the page shows; or type the code in the message.".to_owned(),
            ]
        }
        "email" => {
            let mut lines = vec![format!("We send a message with a link to {to}.")];
            if !step.sender.is_empty() {
                lines.push(format!("It will come from {}.", step.sender));
            }
            lines
        }
        "voice" => vec![
            format!("We call you on {to}. Have that phone at hand."),
            "We show six digits here, and you type them on the phone's keypad.".to_owned(),
            "The voice never reads the digits aloud and never asks for anything else.".to_owned(),
        ],
        "recovery_code" => vec!["One of the codes that you printed or saved when you enrolled. Each works once.".to_owned()],
        "totp" => vec!["The six digits that another of your devices shows now.".to_owned()],
        "resync" => vec![
            "Your device and we disagree about the time. Two codes in a row put that right.".to_owned(),
            "Type the code it shows now; then wait until it changes and type the next one.".to_owned(),
        ],
        "approval" => vec![
            "An administrator has to confirm that you are you. Call or visit one, and give them the case id above."
                .to_owned(),
            "They confirm it with: readmit case approve CASE. This page goes on by itself.".to_owned(),
        ],
        "pass" => vec!["The access pass that support gave you after checking who you are.".to_owned()],
        "contact" if step.state == StepState::Sent => {
            vec![format!("Your recovery contact ({to}) has a code for you. Ask them for it, in person or by voice.")]
        }
        "contact" => vec![format!("We send a code to your recovery contact ({to}); they hand it to you.")],
        _ if step.state == StepState::Sent => vec![format!("A message with a code is on its way to {to}.")],
        _ => vec![format!("We send a message with a code to {to}.")],
    };
    lines
}

/// What to type for a factor.
pub fn prompt(factor: &str) -> &'static str {
    match factor {
        "password" => "Password (not shown while you type)",
        "recovery_code" => "Recovery code (not shown while you type)",
        "pass" => "Access pass (not shown while you type)",
        "resync" => "The code it shows now (not shown while you type)",
        _ => "Code (not shown while you type)",
    }
}

/// What happened, as a choice to make.
pub const fn reason(reason: Reason) -> &'static str {
    match reason {
        Reason::Lost => "I have lost it",
        Reason::Stolen => "it was stolen",
        Reason::Damaged => "it is broken or in repair",
        Reason::NotWorking => "it does nothing, I do not know why",
        Reason::OutOfSync => "it works, but its codes are refused",
    }
}

/// Problems of the support form: the word on the bus and what it means.
pub const PROBLEMS: [(&str, &str); 7] = [
    ("lost_device", "I cannot use my device"),
    ("no_call", "The number is right, but I am not getting any call"),
    ("no_email", "The address is right, but I am not getting any e-mail"),
    ("wrong_number", "The phone number is not mine any more"),
    ("wrong_email", "The e-mail address is not mine any more"),
    ("not_me", "Somebody else is trying to get into my account"),
    ("other", "Something else"),
];
