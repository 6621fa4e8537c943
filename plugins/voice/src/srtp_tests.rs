//! Keys and packets of SRTP, against the vectors of the standards and against ourselves.

use rtp_types::{RtpPacket, RtpPacketBuilder};

use super::*;

fn line(text: &str) -> Option<Sdes> {
    Sdes::of(&text.parse().ok()?)
}

/// The example of RFC 4568 §6.1: sixteen octets of key and fourteen of salt.
const EXAMPLE: &str = "1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

#[test]
fn lines_that_are_taken_and_not() {
    let key = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";
    let suite = SUITE;
    let table = [
        (EXAMPLE.to_owned(), Some(1)),
        (format!("7 {suite} inline:{key}|2^20"), Some(7)),
        (format!("7 {suite} inline:{key}|65536 WSH=128"), Some(7)),
        (format!("7 {suite} inline:{key} KDR=0"), Some(7)),
        (format!("7 {suite} inline:{key}|2^10"), None),
        (format!("7 {suite} inline:{key}|2^20|1:4"), None),
        (format!("7 {suite} inline:{key};inline:{key}"), None),
        (format!("7 {suite} inline:{key} UNENCRYPTED_SRTP"), None),
        (format!("7 {suite} inline:{key} UNAUTHENTICATED_SRTP"), None),
        (format!("7 {suite} inline:{key} UNENCRYPTED_SRTCP"), None),
        (format!("7 {suite} inline:{key} KDR=3"), None),
        (format!("7 {suite} inline:{key} WHATEVER=1"), None),
        (format!("7 {suite} inline:{}", &key[..36]), None),
        (format!("7 {suite} inline:{key}AAAA"), None),
        (format!("7 {suite} inline:not base 64"), None),
        (format!("7 {suite} {key}"), None),
        (format!("x {suite} inline:{key}"), None),
        (format!("7 AES_CM_128_HMAC_SHA1_32 inline:{key}"), None),
        (format!("7 F8_128_HMAC_SHA1_80 inline:{key}"), None),
        (format!("7 AEAD_AES_256_GCM inline:{key}"), None),
        ("7".to_owned(), None),
    ];
    for (text, tag) in table {
        assert_eq!(line(&text).map(|sdes| sdes.tag), tag, "{text}");
    }
}

#[test]
fn our_line_is_what_we_read_back_and_nothing_prints_it() {
    let sdes = line(EXAMPLE).unwrap();
    assert_eq!(&**sdes.line(), format!("a=crypto:{EXAMPLE}\r\n"));
    assert_eq!(format!("{sdes:?}"), "Sdes { tag: 1, key: MasterKey(…) }");
    let key = MasterKey::generate().unwrap();
    assert_ne!(key, MasterKey::generate().unwrap());
    let srtp = Srtp::new(&key, &sdes.key).unwrap();
    assert_eq!(format!("{srtp:?}"), "Srtp(0 senders)");
}

fn packet(ssrc: u32, sequence: u16) -> Vec<u8> {
    RtpPacketBuilder::<&[u8], &[u8]>::new()
        .payload_type(0)
        .ssrc(ssrc)
        .sequence_number(sequence)
        .payload(&[0x55; 160][..])
        .write_vec()
        .unwrap()
}

fn pair() -> (Srtp, Srtp) {
    let (a, b) = (MasterKey::generate().unwrap(), MasterKey::generate().unwrap());
    (Srtp::new(&a, &b).unwrap(), Srtp::new(&b, &a).unwrap())
}

#[test]
fn packets_arrive_once_and_only_under_the_key() {
    let (mut here, mut there) = pair();
    let protected = here.protect(&packet(9, 1000)).unwrap();
    assert_eq!(protected.len(), 12 + 160 + 10);
    assert_ne!(protected[12..172], [0x55; 160], "the audio is not readable");
    let opened = there.open(&protected).unwrap();
    assert_eq!(RtpPacket::parse(&opened).unwrap().payload(), [0x55; 160]);
    assert_eq!(there.open(&protected), None, "the same packet once more");
    let mut forged = here.protect(&packet(9, 1001)).unwrap();
    forged[20] ^= 1;
    assert_eq!(there.open(&forged), None, "a changed packet");
    assert_eq!(there.open(&packet(9, 1002)), None, "a plain packet");
    assert_eq!(pair().1.open(&protected), None, "another key");
    assert_eq!(here.open(&protected), None, "our own packet, reflected");
    for length in 0..12 {
        assert_eq!(there.open(&protected[..length]), None);
    }
}

#[test]
fn late_packets_are_taken_within_the_window() {
    let (mut here, mut there) = pair();
    let protected: Vec<_> =
        (0..200).map(|index| here.protect(&packet(9, 65_500_u16.wrapping_add(index))).unwrap()).collect();
    assert!(there.open(&protected[0]).is_some());
    assert!(there.open(&protected[70]).is_some(), "after the sequence numbers have started anew");
    for late in [69, 40, 20] {
        assert!(there.open(&protected[late]).is_some(), "{late}");
        assert!(there.open(&protected[late]).is_none(), "{late} again");
    }
    assert!(there.open(&protected[199]).is_some());
    assert!(there.open(&protected[60]).is_none(), "older than the window");
}

#[test]
fn reports_are_protected_too() {
    let (mut here, mut there) = pair();
    let report = [0x80, 201, 0, 1, 0, 0, 0, 9];
    let protected = here.protect_report(&report).unwrap();
    assert_eq!(there.open_report(&protected).unwrap(), report);
    assert_eq!(there.open_report(&protected), None, "the same report once more");
    assert_eq!(there.open_report(&report), None, "a plain report");
    // A report that only says that it is not encrypted, with any authentication at all.
    let claimed = [&report[..], &[0, 0, 0, 9], &[0; 10]].concat();
    assert_eq!(there.open_report(&claimed), None, "an unencrypted report");
}

#[test]
fn forgeries_leave_nothing_behind_and_senders_are_few() {
    let (mut here, mut there) = pair();
    for ssrc in 0..100 {
        assert_eq!(there.open(&[&packet(ssrc, 1)[..], &[0; 10]].concat()), None);
    }
    assert_eq!(format!("{there:?}"), "Srtp(0 senders)");
    let opened = (0..20).filter(|ssrc| there.open(&here.protect(&packet(*ssrc, 1)).unwrap()).is_some());
    assert_eq!(opened.count(), limits::MAX_SENDERS);
}

#[test]
fn a_new_key_counts_from_then_on_and_the_same_one_forgets_nothing() {
    let (mut here, mut there) = pair();
    let first = here.protect(&packet(9, 1)).unwrap();
    assert!(there.open(&first).is_some());
    let same = there.theirs.clone();
    there.rekey(&same);
    assert_eq!(there.open(&first), None, "played again after a refresh");
    let other = MasterKey::generate().unwrap();
    there.rekey(&other);
    assert_eq!(there.open(&here.protect(&packet(9, 2)).unwrap()), None);
    assert!(there.open(&Srtp::new(&other, &other).unwrap().protect(&packet(9, 3)).unwrap()).is_some());
}

/// RFC 3711 B.3: the key derivation. Its session keys make the one packet that is looked at here.
#[test]
fn keys_are_derived_as_the_standard_says() {
    let key = STANDARD.encode(hex("e1f97a0d3e018be0d64fa32c06de41390ec675ad498afeebb6960b3aabe6"));
    let sdes = line(&format!("1 {SUITE} inline:{key}")).unwrap();
    let mut srtp = Srtp::new(&sdes.key, &sdes.key).unwrap();
    let mut plain = vec![0x80, 0x0f, 0x12, 0x34, 0xde, 0xca, 0xfb, 0xad, 0xca, 0xfe, 0xba, 0xbe];
    plain.extend([0xab; 16]);
    // The packet of libsrtp's self-test under the same master key.
    let expected = hex("800f1234decafbadcafebabe4e55dc4ce79978d88ca4d215949d2402b78d6acc99ea179b8dbb");
    assert_eq!(srtp.protect(&plain).unwrap(), expected);
}

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
