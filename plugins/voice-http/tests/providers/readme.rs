//! The README tells the truth about settings and dispositions, and its example is one.

use std::collections::BTreeSet;

use readmit_telephone::outcome::Disposition;
use readmit_voice_http::settings::Settings;
use readmit_voice_http::{twilio, vonage};
use serde::de::DeserializeOwned;
use serde_json::json;

const README: &str = include_str!("../../README.md");

/// The names in the first cells of a section's table.
fn told(section: &str) -> BTreeSet<&'static str> {
    let text = README.split(&format!("# {section}\n")).nth(1).unwrap();
    let text = text.split("\n#").next().unwrap();
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    rows.flat_map(|line| quoted(line.split('|').nth(1).unwrap())).collect()
}

fn quoted(text: &str) -> BTreeSet<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The keys that the program knows, as it tells whoever writes another.
fn known<T: DeserializeOwned>() -> BTreeSet<String> {
    let Err(error) = serde_json::from_value::<T>(json!({ "nonsense": 1 })) else {
        panic!("nonsense was taken")
    };
    let error = error.to_string();
    quoted(&error).into_iter().filter(|key| *key != "nonsense").map(str::to_owned).collect()
}

#[test]
fn its_settings_are_those_of_the_program() {
    let own = |section: &str| told(section).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    assert_eq!(own("Settings"), known::<Settings>());
    assert_eq!(own("Twilio"), known::<twilio::settings::Settings>());
    assert_eq!(own("Vonage"), known::<vonage::settings::Settings>());
}

#[test]
fn its_dispositions_are_those_of_the_program() {
    // Who collects whole entries does not see how the keys came.
    let own = Disposition::ALL.iter().filter(|disposition| **disposition != Disposition::DtmfUnsupported);
    assert_eq!(told("A call"), own.map(|disposition| disposition.as_str()).collect());
}

#[test]
fn its_example_is_taken() {
    let example = README.split("```toml\n").nth(1).unwrap().split("```").next().unwrap();
    let table: toml::Table = example.parse().unwrap();
    let settings = serde_json::to_value(&table["plugins"]["voice"]["settings"]).unwrap();
    let settings: Settings = serde_json::from_value(settings).unwrap();
    let Err(refused) = settings.check() else { panic!("there is no such credential here") };
    assert!(
        refused.to_string().contains("readmit-voice-http.token is the name of a credential"),
        "{refused}"
    );
}
