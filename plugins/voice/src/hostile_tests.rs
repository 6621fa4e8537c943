//! Whatever a peer sends, every decoder of it gives an answer or an error, and nothing it sends gets further
//! than it may.

use proptest::prelude::*;
use readmit_telephone::number::Number;
use readmit_telephone::outcome::{Disposition, peer_text, q850_cause};
use readmit_telephone::prompts::Prompt;

use crate::conversation::{Action, Conversation, Event, Rules};
use crate::dtmf::{Key, Keypad};
use crate::rtcp::{self, Reception, Remote};
use crate::sdp::{Codec, Local, Security};
use crate::srtp::{Policy, Srtp};
use crate::trunk::Trunk;

fn local(policy: Policy) -> Local {
    Local {
        address: "192.0.2.9:20000".parse().unwrap(),
        codecs: vec![Codec::Pcmu, Codec::Pcma],
        session: 7,
        security: Security::new(policy).unwrap(),
    }
}

/// Descriptions that are nearly right, which get further than noise.
fn description() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        Just("m=audio 4000 RTP/AVP 0 8 96".to_owned()),
        Just("m=audio 4000 RTP/SAVP 0 8 96".to_owned()),
        Just("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj".to_owned()),
        "a=crypto:[0-9]{1,3} [A-Z_0-9]{0,24} inline:[a-zA-Z+/=|^:;0-9]{0,60}",
        "a=rtcp:[0-9]{0,6}( IN IP4 [0-9.]{0,12})?",
        Just("c=IN IP4 192.0.2.1".to_owned()),
        Just("c=IN IP6 2001:db8::1".to_owned()),
        "a=rtpmap:[0-9]{1,3} [a-zA-Z-]{0,16}/[0-9]{1,7}",
        "a=(sendonly|recvonly|inactive|sendrecv)",
        "m=[a-z]{0,5} [0-9]{0,6} [A-Z/]{0,8}( [0-9]{1,3}){0,4}",
        "[a-z]=[ -~]{0,40}",
    ];
    prop::collection::vec(line, 0..12).prop_map(|lines| {
        format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\n{}\r\n", lines.join("\r\n"))
    })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0..10_u8).prop_map(|digit| Event::KeyPressed(Key::Digit(digit))),
        1 => Just(Event::KeyPressed(Key::Star)),
        1 => Just(Event::KeyPressed(Key::Pound)),
        2 => Just(Event::PromptEnded),
        2 => Just(Event::MediaArrived),
        1 => any::<(bool, u8)>().prop_map(|(accepted, tries_left)| Event::Checked { accepted, tries_left }),
        1 => Just(Event::CheckFailed),
        1 => prop_oneof![
            Just(Event::HungUp), Just(Event::TimeUp), Just(Event::Cancelled), Just(Event::MediaStopped)
        ],
    ]
}

proptest! {
    #[test]
    fn session_descriptions(body in prop::collection::vec(any::<u8>(), 0..400)) {
        drop(local(Policy::Optional).read_answer(&body));
    }

    #[test]
    fn session_descriptions_that_are_nearly_right(body in description()) {
        if let Ok(negotiated) = local(Policy::Off).read_answer(body.as_bytes()) {
            prop_assert!(negotiated.remote.is_none_or(|remote| remote.port() != 0));
            prop_assert!(negotiated.secured.is_none());
        }
        if let Ok(negotiated) = local(Policy::Required).read_answer(body.as_bytes()) {
            prop_assert!(negotiated.secured.is_some());
        }
    }

    #[test]
    fn packets_and_reports(bytes in prop::collection::vec(any::<u8>(), 0..200), header in any::<bool>()) {
        let mut bytes = bytes;
        if let (true, [first, second, ..]) = (header, &mut bytes[..]) {
            (*first, *second) = (0x80 | *first & 0x1f, 200 | *second & 7);
        }
        let key = |policy| Security::new(policy).unwrap().key().unwrap().clone();
        let mut srtp = Srtp::new(&key(Policy::Required), &key(Policy::Required)).unwrap();
        prop_assert!(srtp.open(&bytes).is_none() && srtp.open_report(&bytes).is_none());
        let now = std::time::Duration::from_secs(1);
        rtcp::read(&bytes, 7, &mut Reception::default(), now, &mut Remote::default());
    }

    #[test]
    fn keys(packets in prop::collection::vec((any::<u32>(), any::<u32>(), prop::collection::vec(any::<u8>(), 0..8)), 0..50)) {
        let mut keypad = Keypad::default();
        let pressed = packets.iter().filter(|(ssrc, timestamp, payload)| keypad.rtp(*ssrc, *timestamp, payload).is_some());
        prop_assert!(pressed.count() <= packets.len());
    }

    #[test]
    fn info_bodies(content_type in "[ -~]{0,30}", body in prop::collection::vec(any::<u8>(), 0..60)) {
        let _ = Keypad::default().info(&content_type, &body);
        let _ = Keypad::default().info("application/dtmf-relay", &body);
    }

    #[test]
    fn texts_of_peers_lose_every_number(text in "\\PC{0,40}[0-9]{6,15}\\PC{0,40}", reason in "[ -~]{0,60}") {
        let clean = peer_text(&text);
        prop_assert!(clean.split(|c: char| !c.is_ascii_digit()).all(|run| run.len() < 6), "{clean}");
        prop_assert!(!clean.contains('@'));
        prop_assert!(clean.chars().count() <= readmit_telephone::limits::MAX_PEER_TEXT);
        let _ = q850_cause(&reason);
    }

    #[test]
    fn numbers_and_trunks(text in "\\PC{0,30}") {
        if let Ok(number) = Number::parse(&text) {
            prop_assert!(number.as_str().len() <= 16);
        }
        drop(text.parse::<Trunk>());
    }

    /// However events fall: a check has as many digits as asked for, there is at most one end, nothing comes
    /// after it, and `entered` only follows a check that was accepted.
    #[test]
    fn conversations(events in prop::collection::vec((event(), 0..12_u64), 0..80), digits in 4..=8_u8, tries in 1..=4_u8) {
        let second = std::time::Duration::from_secs(1);
        let rules = Rules { digits, tries, first_key: 10 * second, next_key: 5 * second, events_negotiated: true };
        let mut conversation = Conversation::new(rules);
        let (mut now, mut checking, mut accepted, mut ended, mut wrong) = (std::time::Duration::ZERO, false, false, None, 0);
        for (event, wait) in events {
            now += u32::try_from(wait).unwrap_or(0) * second;
            let mut actions = conversation.on_deadline(now);
            if let Event::Checked { accepted: right, .. } = event && checking && ended.is_none() {
                checking = false;
                accepted |= right;
                wrong += u8::from(!right);
            }
            actions.extend(conversation.on(event, now));
            for action in actions {
                prop_assert!(ended.is_none(), "{action:?} after the end");
                match action {
                    Action::Check(entry) => {
                        prop_assert_eq!(entry.len(), usize::from(digits));
                        prop_assert!(wrong < tries && !accepted);
                        checking = true;
                    }
                    Action::End(disposition) => ended = Some(disposition),
                    Action::Play(Prompt::Accepted) => prop_assert!(accepted),
                    Action::Play(_) | Action::Hush | Action::Report(_) => {}
                }
            }
            prop_assert_eq!(ended == Some(Disposition::Entered), ended.is_some() && accepted);
            if ended.is_some() {
                prop_assert_eq!(conversation.deadline(), None);
            }
        }
    }
}
