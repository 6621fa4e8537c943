//! Calls over a bad network, and calls that are put on hold: no key is lost and none is doubled, and both sides
//! tell how well the audio went.

use std::thread;
use std::time::Duration;

use serde_json::json;

use super::kit::{Baresip, CODE, Network, Plugin, Sipp, Softphone, Weather};

/// The way to a telephone on a bad day: one packet of twelve is lost, of the signalling too, and packets overtake up to
/// three others.
const BAD: Weather = Weather { loss: 8, delay: 60, jitter: 70 };

#[test]
fn no_key_is_lost_or_doubled_by_loss_delay_and_reordering() {
    let typed_in = |srtp: &str| {
        let network = Network::start(BAD);
        let mut phone =
            network.far(|| Softphone::start(&["--host", Network::FAR, "--mode", "silent", "--srtp", srtp]));
        let settings = json!({
            "trunk": phone.address(), "srtp": srtp, "srtp_without_tls": true, "next_key_seconds": 5,
        });
        let mut plugin = network.near(|| Plugin::start(settings));
        let entries = ["112233", "445566", CODE];
        let mut typed = entries.iter();
        let ended = plugin.call_with(json!({}), |_, phase| {
            match phase {
                // Our ACK may be late, or have to come again.
                "answered" => drop(phone.wait_for("answered")),
                "prompting" => phone.command(&format!("digits {}", typed.next().unwrap())),
                _ => {}
            }
            None
        });
        plugin.finish(&ended.checks);
        assert_eq!(ended.checks, entries, "{ended:?}");
        assert_eq!(ended.disposition, "entered", "{ended:?}");
        assert!(!ended.detail.contains(" 0 lost, jitter"), "{}", ended.detail);
        assert!(!ended.detail.contains("not authentic"), "{}", ended.detail);
        let quality = phone.wait_for("quality").unwrap();
        assert!(quality["lost"].as_u64().unwrap() > 0, "{quality}");
        phone.finish();
        let (lost, overtaken) = network.finish();
        assert!(lost > 10 && overtaken > 10, "{lost} {overtaken}");
    };
    thread::scope(|scope| {
        scope.spawn(|| typed_in("off"));
        scope.spawn(|| typed_in("required"));
    });
}

#[test]
fn no_key_of_baresip_is_lost_or_doubled_either() {
    let network = Network::start(BAD);
    let mut phone = network.far(|| Baresip::start_at(Network::FAR, ""));
    let settings = json!({ "trunk": phone.address(), "next_key_seconds": 5 });
    let mut plugin = network.near(|| Plugin::start(settings));
    let calling = thread::spawn(move || {
        let ended = plugin.call();
        plugin.finish(&ended.checks);
        ended
    });
    phone.wait_for("CALL_ESTABLISHED");
    phone.press("112233");
    phone.press("445566");
    phone.press(CODE);
    let ended = calling.join().unwrap();
    // Keys that come while an entry is checked belong to no entry; a quarter of a second is longer than that.
    assert_eq!(ended.checks, ["112233", "445566", CODE], "{ended:?}");
    phone.finish();
    network.finish();
}

/// Each side hears in reports how its audio arrived at the other.
#[test]
fn reports_are_sent_and_read() {
    let mut phone = Softphone::start(&["--mode", "silent"]);
    // Until the second prompt two reports have come, however late each was (RFC 3550 §6.2).
    let mut plugin = Plugin::start(json!({ "trunk": phone.address(), "first_key_seconds": 14 }));
    let mut prompted = 0;
    let ended = plugin.call_with(json!({}), |_, phase| {
        prompted += usize::from(phase == "prompting");
        if prompted == 2 {
            phone.command(&format!("digits {CODE}"));
        }
        None
    });
    plugin.finish(&[]);
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    assert!(ended.detail.contains(", there 0 lost, jitter "), "{}", ended.detail);
    let quality = phone.wait_for("quality").unwrap();
    assert!(quality["reports"].as_u64().unwrap() >= 2, "{quality}");
    assert_eq!(quality["lost_there"], 0, "{quality}");
    phone.finish();
}

/// What we send stops on hold and begins again after it; that silence of the other side is borne meanwhile is shown
/// with the media alone.
#[test]
fn a_call_on_hold_is_not_over() {
    let mut phone = Softphone::start(&["--mode", "silent"]);
    let mut plugin = Plugin::start(json!({
        "trunk": phone.address(), "first_key_seconds": 15,
    }));
    let ended = plugin.call_with(json!({}), |_, phase| {
        if phase == "prompting" {
            phone.command("hold");
            phone.wait_for("held").unwrap();
            thread::sleep(Duration::from_secs(1));
            phone.command("resume");
            phone.wait_for("resumed").unwrap();
            phone.command(&format!("digits {CODE}"));
        }
        None
    });
    plugin.finish(&[]);
    assert_eq!(ended.disposition, "entered", "{ended:?}");
    phone.finish();
}

/// Some gateways send each press twice, as SIP INFO and in RTP: what came first counts, and the other not at all.
#[test]
fn keys_that_come_as_info_and_in_rtp_count_once() {
    let digits: Vec<String> = "111111".chars().map(String::from).collect();
    let mut words: Vec<_> =
        ["a", "b", "c", "d", "e", "f"].into_iter().zip(digits.iter().map(String::as_str)).collect();
    words.push(("keys", "111111"));
    let trunk = Sipp::answer("info_and_rtp", &words);
    let mut plugin =
        Plugin::start(json!({ "trunk": trunk.address(), "first_key_seconds": 3, "next_key_seconds": 3 }));
    let ended = plugin.call();
    plugin.finish(&[]);
    // The second entry would be the same digits, from RTP.
    assert_eq!(ended.checks, ["111111"], "{ended:?}");
    assert_eq!(ended.disposition, "no_input", "{ended:?}");
    assert!(ended.detail.contains("6 keys") && ended.detail.contains("keys by INFO"), "{}", ended.detail);
    trunk.finish();
}
