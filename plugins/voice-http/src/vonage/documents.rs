//! NCCO: what the provider is to do next. A document that ends, ends the call.

use readmit_telephone::prompts::Prompt;
use serde_json::{Value, json};

use crate::conversation::Turn;
use crate::provider::Setting;
use crate::webhook::Place;

/// Writes a document. A key cuts the prompt short; then the keys are collected, and silence is told like them.
pub fn document(turn: Turn, setting: &Setting<'_>) -> String {
    let actions = match turn {
        Turn::Ask(prompt, entry) => json!([
            stream(prompt, true, setting),
            {
                "action": "input",
                "type": ["dtmf"],
                "dtmf": {
                    "maxDigits": setting.digits,
                    "timeOut": setting.key.as_secs(),
                    "submitOnHash": false,
                },
                "eventUrl": [setting.place(Place::Keys(entry))],
                "eventMethod": "POST",
            },
        ]),
        Turn::Part(Some(prompt)) => json!([stream(prompt, false, setting)]),
        Turn::Part(None) => json!([]),
    };
    actions.to_string()
}

fn stream(prompt: Prompt, barge_in: bool, setting: &Setting<'_>) -> Value {
    json!({ "action": "stream", "streamUrl": [setting.prompt(prompt)], "bargeIn": barge_in })
}
