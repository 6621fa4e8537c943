//! What is done with bytes of the network, and what has to hold whatever they are. The fuzz targets and the tests of
//! the plugin come in here.

use std::time::Duration;

use readmit_voice::dtmf::Keypad;
use readmit_voice::rtcp::{self, Reception, Remote, Sent};
use readmit_voice::sdp::{Codec, Local, Security};
use readmit_voice::srtp::{MasterKey, Policy, Srtp};
use rtp_types::RtpPacket;

/// A description as an answer and as an offer, under each setting.
pub fn sdp(data: &[u8]) {
    for policy in [Policy::Off, Policy::Optional, Policy::Required] {
        let local = Local {
            address: ([192, 0, 2, 9], 20_000).into(),
            codecs: vec![Codec::Pcmu, Codec::Pcma],
            session: 7,
            security: Security::new(policy).expect("random numbers"),
        };
        let Ok(read) = local.read_answer(data) else { continue };
        assert!(read.remote.is_none_or(|remote| remote.port() != 0 && !remote.ip().is_unspecified()));
        match policy {
            Policy::Off => assert!(read.secured.is_none()),
            Policy::Optional => {}
            Policy::Required => assert!(read.secured.is_some()),
        }
        let again = local.read_offer(data, &read).expect("what was taken once is taken again");
        let answer = local.answer(&again, 2);
        assert!(answer.is_ascii() && answer.contains("\r\nm=audio 20000 "));
        assert_eq!(answer.contains("a=crypto:"), again.secured.is_some());
    }
}

/// Packets, each behind an octet that tells its length and kind.
pub fn rtp(data: &[u8]) {
    let key = || MasterKey::generate().expect("random numbers");
    let mut srtp = Srtp::new(&key(), &key()).expect("contexts");
    let (mut reception, mut remote) = (Reception::default(), Remote::default());
    let mut rest = data;
    let mut at = Duration::ZERO;
    while let [head, after @ ..] = rest {
        let (packet, next) = after.split_at(usize::from(head & 0x7f).min(after.len()));
        at += Duration::from_millis(20);
        assert!(srtp.open(packet).is_none(), "nobody has the key");
        assert!(srtp.open_report(packet).is_none(), "nobody has the key");
        if head & 0x80 == 0 {
            if let Ok(packet) = RtpPacket::parse(packet) {
                let timestamp = packet.marker_bit().then(|| packet.timestamp());
                reception.heard(packet.ssrc(), packet.sequence_number(), timestamp, at);
            }
        } else {
            rtcp::read(packet, 7, &mut reception, at, &mut remote);
        }
        rest = next;
    }
    let sent = Sent { ssrc: 7, timestamp: 0, packets: 0, octets: 0 };
    let report = rtcp::write(sent, &mut reception, at, at, true).expect("a report can always be written");
    let mut theirs = Remote::default();
    assert!(rtcp::read(&report, 9, &mut Reception::default(), at, &mut theirs) && theirs.goodbye);
}

/// Telephone events of thirteen octets each, then, behind an octet of zero, the type and body of an INFO.
pub fn dtmf(data: &[u8]) {
    let mut keypad = Keypad::default();
    let (events, info) = match data.iter().position(|octet| *octet == 0xff) {
        Some(at) => (&data[..at], &data[at + 1..]),
        None => (data, &data[..0]),
    };
    let mut pressed = 0;
    for event in events.chunks(13) {
        let Some((head, payload)) = event.split_at_checked(8) else { continue };
        let number = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
        let first = keypad.rtp(number(0), number(4), payload).is_some();
        assert!(keypad.rtp(number(0), number(4), payload).is_none(), "the same packet twice is one press");
        pressed += usize::from(first);
    }
    let text = String::from_utf8_lossy(info);
    let (content_type, body) = text.split_once('\n').unwrap_or(("application/dtmf-relay", &text));
    let by_info = keypad.info(content_type, body.as_bytes()).is_some();
    assert!(!by_info || pressed == 0, "keys of one call come from one source");
    // The type that is looked into, whatever the type said.
    let _ = Keypad::default().info("application/dtmf-relay", info);
    let _ = Keypad::default().info("application/dtmf", info);
}
