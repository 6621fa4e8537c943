//! What the person hears is the recording: two media stacks that this project did not write take it down, and it
//! is held against the file.

use std::path::Path;
use std::time::Duration;
use std::{fs, thread};

use serde_json::json;

use super::kit::{Baresip, CODE, Plugin, Softphone};

/// How long the recording is, in samples: a beginning of speech, long enough to be like nothing else.
const SAMPLES: u32 = 16_000;

/// A directory of an organization's own recordings, in which the greeting is real speech.
fn recordings() -> (tempfile::TempDir, Vec<i16>) {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../telephone/prompts/en/accepted.wav");
    let mut source = hound::WavReader::open(source).unwrap();
    let speech: Vec<i16> = source.samples().map(Result::unwrap).take(SAMPLES as usize).collect();
    let directory = tempfile::tempdir().unwrap();
    let language = directory.path().join("en");
    fs::create_dir(&language).unwrap();
    for name in ["greeting", "again", "wrong", "accepted", "too_many_tries", "no_input", "report", "reported"]
    {
        let samples = if name == "greeting" { &speech[..] } else { &[0; 800] };
        let mut wav = hound::WavWriter::create(language.join(format!("{name}.wav")), source.spec()).unwrap();
        samples.iter().for_each(|sample| wav.write_sample(*sample).unwrap());
        wav.finalize().unwrap();
    }
    (directory, speech)
}

/// The samples that are compared at once, and how far those may be from where the ones before were: buffers of
/// telephones stretch and shrink pauses by a frame now and then.
const WINDOW: usize = 400;
const SHIFT: usize = 480;

/// The normalized correlation of a recording with what was heard, where it fits best.
fn correlation(recording: &[i16], heard: &[i16]) -> f64 {
    let speech = spoken(recording);
    let fitted = fit(speech, heard).concat();
    like(&speech[..fitted.len()], &fitted)
}

/// A recording from its first sound on.
fn spoken(recording: &[i16]) -> &[i16] {
    &recording[recording.iter().position(|sample| sample.unsigned_abs() > 500).unwrap()..]
}

/// What was heard of each window of a recording.
fn fit(speech: &[i16], heard: &[i16]) -> Vec<[i16; WINDOW]> {
    let best = |mark: &[i16], range: std::ops::Range<usize>| {
        let places = range.filter(|at| at + mark.len() <= heard.len());
        let likeness = places.map(|at| (like(mark, &heard[at..][..mark.len()]), at));
        likeness.max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, at)| at)
    };
    let mut place = best(&speech[..2 * WINDOW], 0..heard.len()).unwrap_or(heard.len());
    let windows = speech.chunks_exact(WINDOW).map(|window| {
        let range = place.saturating_sub(SHIFT)..place + SHIFT;
        let silent = window.iter().all(|sample| sample.unsigned_abs() < 500);
        let at = if silent { place } else { best(window, range).unwrap_or(place) };
        place = at + WINDOW;
        heard.get(at..at + WINDOW).and_then(|window| window.try_into().ok()).unwrap_or([0; WINDOW])
    });
    windows.collect()
}

/// How like the recording it is that is heard in a few calls: each part of it in the call that carries it best. On a
/// machine that has too much to do, each call has gaps somewhere.
fn best_of(recording: &[i16], calls: impl Fn() -> Vec<i16>) -> f64 {
    let speech = spoken(recording);
    let mut best: Vec<[i16; WINDOW]> = Vec::new();
    for _ in 0..3 {
        let fitted = fit(speech, &calls());
        best.resize(fitted.len(), [0; WINDOW]);
        for ((window, best), heard) in speech.chunks_exact(WINDOW).zip(&mut best).zip(fitted) {
            if like(window, &heard) > like(window, best) {
                *best = heard;
            }
        }
        let correlation = like(&speech[..best.len() * WINDOW], &best.concat());
        if correlation >= 0.99 {
            return correlation;
        }
    }
    like(&speech[..best.len() * WINDOW], &best.concat())
}

fn like(one: &[i16], other: &[i16]) -> f64 {
    let (mut product, mut first, mut second) = (0.0, 0.0, 0.0);
    for (a, b) in one.iter().zip(other) {
        let (a, b) = (f64::from(*a), f64::from(*b));
        product += a * b;
        first += a * a;
        second += b * b;
    }
    if first == 0.0 || second == 0.0 { 0.0 } else { product / (first * second).sqrt() }
}

#[test]
fn pjsip_hears_the_recording() {
    let (directory, speech) = recordings();
    let best = best_of(&speech, || {
        let phone = Softphone::start(&["--digits", CODE, "--after", "3"]);
        let mut plugin = Plugin::start(json!({ "trunk": phone.address(), "prompts": directory.path() }));
        let ended = plugin.call();
        plugin.finish(&[]);
        assert_eq!(ended.disposition, "entered", "{ended:?}");
        let (rate, heard) = phone.finish();
        assert_eq!(rate, 8000);
        heard
    });
    assert!(best >= 0.99, "{best}");
}

#[test]
fn baresip_hears_the_recording() {
    let (directory, speech) = recordings();
    let best = best_of(&speech, || {
        let mut phone = Baresip::start("");
        let mut plugin = Plugin::start(json!({ "trunk": phone.address(), "prompts": directory.path() }));
        let calling = thread::spawn(move || {
            let ended = plugin.call();
            plugin.finish(&[]);
            ended
        });
        phone.wait_for("CALL_ESTABLISHED");
        // The first key would cut the greeting short.
        thread::sleep(Duration::from_secs(3));
        phone.press(CODE);
        let ended = calling.join().unwrap();
        assert_eq!(ended.checks, [CODE], "{ended:?}");
        phone.finish()
    });
    assert!(best >= 0.99, "{best}");
}

/// Barge-in: whoever knows what to do need not listen to the end.
#[test]
fn a_key_cuts_the_recording_short() {
    let (directory, speech) = recordings();
    let mut phone = Softphone::start(&["--mode", "silent"]);
    let mut plugin = Plugin::start(json!({ "trunk": phone.address(), "prompts": directory.path() }));
    let ended = plugin.call_with(json!({}), |_, phase| {
        if phase == "prompting" {
            phone.command(&format!("digits {CODE}"));
        }
        None
    });
    plugin.finish(&[]);
    assert_eq!(ended.checks, [CODE], "{ended:?}");
    let (_, heard) = phone.finish();
    assert!(correlation(&speech, &heard) < 0.9, "the whole recording was played");
}

#[test]
fn silence_and_noise_are_not_the_recording() {
    let (_directory, speech) = recordings();
    let mut noise = 1_u32;
    let mut heard: Vec<i16> = (0..48_000)
        .map(|_| {
            noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (noise >> 18) as i16
        })
        .collect();
    assert!(correlation(&speech, &heard) < 0.5);
    assert_eq!(correlation(&speech, &[0; 48_000]), 0.0);
    heard[20_000..][..speech.len()].copy_from_slice(&speech);
    assert!(correlation(&speech, &heard) > 0.9999);
}
