//! Calls to a softphone with a media stack of its own, pjsip: what is typed arrives, and what is said is heard.

use serde_json::json;

use super::kit::{CODE, Plugin, Softphone};

fn call(arguments: &[&str]) -> (super::kit::Ended, Softphone) {
    let phone = Softphone::start(arguments);
    let mut plugin = Plugin::start(json!({ "trunk": phone.address(), "ring_seconds": 3 }));
    let ended = plugin.call();
    plugin.finish(&ended.checks);
    (ended, phone)
}

/// How loud a tone is in what was heard, against all else: the plugin's test prompts are 440 Hz, for 0.2 s each.
fn tone_seconds(rate: u32, samples: &[i16], frequency: f64) -> f64 {
    let window = rate as usize / 50;
    let pure = samples.chunks_exact(window).filter(|chunk| {
        let (mut sine, mut cosine, mut energy) = (0.0, 0.0, 0.0);
        for (index, &sample) in chunk.iter().enumerate() {
            let phase = std::f64::consts::TAU * frequency * index as f64 / f64::from(rate);
            let sample = f64::from(sample);
            sine += sample * phase.sin();
            cosine += sample * phase.cos();
            energy += sample * sample;
        }
        energy > 1e6 * window as f64 && 2.0 * (sine * sine + cosine * cosine) / window as f64 > 0.9 * energy
    });
    pure.count() as f64 / 50.0
}

#[test]
fn digits_by_rtp_and_the_prompts_are_heard() {
    for codec in ["pcmu", "pcma"] {
        let (ended, phone) = call(&["--digits", CODE, "--codec", codec, "--after", "1.5"]);
        assert_eq!(ended.disposition, "entered", "{ended:?}");
        assert_eq!(ended.checks, [CODE]);
        assert!(ended.detail.contains("keys by RTP"), "{}", ended.detail);
        let (rate, heard) = phone.finish();
        // The greeting and the thanks, less the windows that they begin and end in.
        let seconds = tone_seconds(rate, &heard, 440.0);
        assert!(
            (0.28..=0.44).contains(&seconds),
            "{codec}: {seconds} s of prompts in {} samples",
            heard.len()
        );
        assert!(tone_seconds(rate, &heard, 700.0) == 0.0);
    }
}

#[test]
fn digits_by_info() {
    let (ended, phone) = call(&["--digits", "112233", "--method", "info"]);
    assert_eq!(ended.checks, ["112233"], "{ended:?}");
    assert!(ended.detail.contains("keys by INFO"), "{}", ended.detail);
    phone.finish();
}

#[test]
fn what_people_do() {
    for (mode, disposition) in
        [("busy", "busy"), ("decline", "declined"), ("ring", "no_answer"), ("hangup", "hung_up")]
    {
        let (ended, mut phone) = call(&["--mode", mode]);
        assert_eq!(ended.disposition, disposition, "{mode}: {ended:?}");
        assert!(phone.wait_for("ended").is_some(), "{mode}");
        phone.finish();
    }
}

#[test]
fn silence() {
    let phone = Softphone::start(&["--mode", "silent"]);
    let mut plugin = Plugin::start(json!({ "trunk": phone.address(), "first_key_seconds": 1 }));
    let ended = plugin.call();
    assert_eq!(ended.disposition, "no_input", "{ended:?}");
    plugin.finish(&[]);
    phone.finish();
}

#[test]
fn commands() {
    let mut phone = Softphone::start(&["--mode", "manual"]);
    let mut plugin = Plugin::start(json!({ "trunk": phone.address() }));
    let ended = plugin.call_with(json!({}), |_, phase| {
        match phase {
            "ringing" => phone.command("answer"),
            "prompting" => phone.command(&format!("digits {CODE}")),
            _ => {}
        }
        None
    });
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    phone.command("nonsense");
    assert!(phone.wait_for("error").is_some());
    plugin.finish(&[]);
    phone.finish();
}

/// Whoever did not ask for the call says so by a 9 alone, and is believed when it is meant.
#[test]
fn a_person_who_did_not_ask_reports_the_call() {
    for keys in ["9#", "9"] {
        let mut phone = Softphone::start(&["--mode", "silent"]);
        let mut plugin = Plugin::start(json!({ "trunk": phone.address(), "first_key_seconds": 30 }));
        let ended = plugin.call_with(json!({}), |_, phase| {
            if phase == "prompting" {
                phone.command(&format!("digits {keys}"));
            }
            None
        });
        assert_eq!(ended.disposition, "reported", "{keys}: {ended:?}");
        assert!(ended.checks.is_empty(), "{keys}: {ended:?}");
        // A 9 alone was asked back about, and said again.
        let prompted = ended.phases.iter().filter(|phase| *phase == "prompting").count();
        assert_eq!(prompted, if keys == "9#" { 1 } else { 2 }, "{ended:?}");
        plugin.finish(&[]);
        phone.finish();
    }
}
