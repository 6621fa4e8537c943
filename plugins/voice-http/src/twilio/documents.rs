//! TwiML: what the provider is to do next.

use readmit_telephone::prompts::Prompt;

use crate::conversation::Turn;
use crate::provider::Setting;
use crate::webhook::Place;

/// Writes a document.
///
/// A `Gather` without keys goes on to the next verb, so a `Redirect` says so. An empty `finishOnKey` has the pound sign
/// be a key like any other.
pub fn document(turn: Turn, setting: &Setting<'_>) -> String {
    let verbs = match turn {
        Turn::Ask(prompt, entry) => format!(
            "<Gather input=\"dtmf\" numDigits=\"{digits}\" timeout=\"{seconds}\" finishOnKey=\"\" \
             action=\"{keys}\" method=\"POST\">{pause}{play}</Gather>\
             <Redirect method=\"POST\">{silence}</Redirect>",
            digits = setting.digits,
            seconds = setting.key.as_secs(),
            keys = escaped(&setting.place(Place::Keys(entry))),
            // The first second after an answer is often lost.
            pause = if prompt == Prompt::Greeting { "<Pause length=\"1\"/>" } else { "" },
            play = play(prompt, setting),
            silence = escaped(&setting.place(Place::Silence(entry))),
        ),
        Turn::Part(prompt) => {
            let play = prompt.map(|prompt| play(prompt, setting)).unwrap_or_default();
            format!("{play}<Hangup/>")
        }
    };
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response>{verbs}</Response>")
}

fn play(prompt: Prompt, setting: &Setting<'_>) -> String {
    format!("<Play>{}</Play>", escaped(&setting.prompt(prompt)))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
