//! Descriptions of peers, and what is made of them.

use super::*;

const BOTH: [Codec; 2] = [Codec::Pcmu, Codec::Pcma];

fn local(codecs: &[Codec], security: Security) -> Local {
    Local { address: "192.0.2.9:20000".parse().unwrap(), codecs: codecs.to_vec(), session: 7, security }
}

fn plain() -> Local {
    local(&BOTH, Security::Off)
}

fn read(body: &[u8], codecs: &[Codec]) -> Result<Negotiated, SdpError> {
    local(codecs, Security::Off).read_answer(body)
}

fn description(media: &str) -> Vec<u8> {
    format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{media}").into_bytes()
}

#[test]
fn our_offer_is_what_we_read_back() {
    let local = plain();
    let read = super::tests::read(local.offer().as_bytes(), &BOTH).unwrap();
    assert_eq!(read.remote, Some("192.0.2.9:20000".parse().unwrap()));
    assert_eq!((read.codec, read.payload_type, read.events), (Codec::Pcmu, 0, vec![101]));
    assert!(read.send && read.receive);
    let v6 = Local { address: "[2001:db8::9]:20000".parse().unwrap(), ..local };
    assert_eq!(super::tests::read(v6.offer().as_bytes(), &BOTH).unwrap().remote, Some(v6.address));
}

#[test]
fn answers() {
    let ok = |codec, payload_type, events: &[u8]| Ok((codec, payload_type, events.to_vec()));
    type Read = Result<(Codec, u8, Vec<u8>), SdpError>;
    let table: &[(&str, Read)] = &[
        ("m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n", ok(Codec::Pcmu, 0, &[101])),
        ("m=audio 4000 RTP/AVP 8 96\r\na=rtpmap:96 Telephone-Event/8000\r\n", ok(Codec::Pcma, 8, &[96])),
        ("m=audio 4000 RTP/AVP 111 0\r\na=rtpmap:111 opus/48000/2\r\n", ok(Codec::Pcmu, 0, &[])),
        ("m=audio 4000 RTP/AVP 97\r\na=rtpmap:97 pcma/8000\r\n", ok(Codec::Pcma, 97, &[])),
        (
            "m=audio 4000 RTP/AVP 0 100 101\r\na=rtpmap:100 telephone-event/16000\r\na=rtpmap:101 telephone-event/8000\r\n",
            ok(Codec::Pcmu, 0, &[101]),
        ),
        ("m=audio 4000 RTP/AVP 111\r\na=rtpmap:111 opus/48000/2\r\n", Err(SdpError::NoCodec)),
        ("m=audio 4000 RTP/AVP 0\r\na=rtpmap:0 PCMU/16000\r\n", Err(SdpError::NoCodec)),
        ("m=audio 0 RTP/AVP 0\r\n", Err(SdpError::NoAudio)),
        ("m=video 4000 RTP/AVP 0\r\n", Err(SdpError::NoAudio)),
        ("", Err(SdpError::NoAudio)),
        ("m=audio 4000 RTP/SAVP 0\r\n", Err(SdpError::Transport)),
        ("m=audio 4000 UDP/TLS/RTP/SAVPF 0\r\n", Err(SdpError::Transport)),
        ("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 media.example.org\r\n", Err(SdpError::NoAddress)),
        ("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 224.1.1.1/127\r\n", Err(SdpError::NoAddress)),
    ];
    for (media, expected) in table {
        let got = read(&description(media), &BOTH).map(|read| (read.codec, read.payload_type, read.events));
        assert_eq!(&got, expected, "{media}");
    }
}

#[test]
fn only_codecs_that_were_offered_count() {
    let answer = description("m=audio 4000 RTP/AVP 8\r\n");
    assert_eq!(read(&answer, &[Codec::Pcmu]), Err(SdpError::NoCodec));
}

#[test]
fn the_address_of_the_stream_wins_and_zero_is_hold() {
    let stream = read(&description("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 198.51.100.7\r\n"), &BOTH).unwrap();
    assert_eq!(stream.remote, Some("198.51.100.7:4000".parse().unwrap()));
    let held = read(&description("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n"), &BOTH).unwrap();
    assert_eq!(held.remote, None);
}

#[test]
fn directions_and_their_answers() {
    let local = plain();
    for (theirs, send, receive, ours) in [
        ("sendrecv", true, true, "sendrecv"),
        ("sendonly", false, true, "recvonly"),
        ("recvonly", true, false, "sendonly"),
        ("inactive", false, false, "inactive"),
    ] {
        let offer = description(&format!(
            "m=audio 4000 RTP/AVP 8 96\r\na=rtpmap:96 telephone-event/8000\r\na={theirs}\r\n"
        ));
        let negotiated = read(&offer, &BOTH).unwrap();
        assert_eq!((negotiated.send, negotiated.receive), (send, receive), "{theirs}");
        let answer = local.answer(&negotiated, 2);
        assert!(answer.contains(&format!("a={ours}\r\n")), "{answer}");
        assert!(answer.contains("m=audio 20000 RTP/AVP 8 96\r\n"), "{answer}");
        assert!(answer.contains("o=- 7 2 IN IP4"), "{answer}");
    }
}

#[test]
fn hostile_bodies() {
    assert_eq!(read(b"", &BOTH), Err(SdpError::Missing));
    assert_eq!(read(&vec![b'v'; limits::MAX_SDP + 1], &BOTH), Err(SdpError::TooLarge));
    for body in [&b"\xff\xfe"[..], b"v=0", b"v=0\r\nm=audio 99999 RTP/AVP 0\r\n", b"INVITE sip:x SIP/2.0\r\n"]
    {
        assert!(read(body, &BOTH).is_err(), "{body:?}");
    }
}

const KEY: &str = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj";

/// An answer with a transport and key lines such as `1 AES_CM_128_HMAC_SHA1_80 <key>`.
fn answer(profile: &str, lines: &[&str]) -> Vec<u8> {
    let lines: String = lines.iter().map(|line| format!("a=crypto:{line}\r\n")).collect();
    description(&format!("m=audio 4000 {profile} 0 101\r\na=rtpmap:101 telephone-event/8000\r\n{lines}"))
}

#[test]
fn encryption_is_as_the_setting_says_and_never_less() {
    let key = || MasterKey::generate().unwrap();
    let (off, optional, required) = (Security::Off, Security::Optional(key()), Security::Required(key()));
    let good = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}|2^31");
    let short = format!("1 AES_CM_128_HMAC_SHA1_32 inline:{KEY}");
    let second = format!("2 AES_CM_128_HMAC_SHA1_80 inline:{KEY}");
    let open = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY} UNENCRYPTED_SRTP");
    let (plain, secure) = (Ok(false), Ok(true));
    type Case<'a> = (&'a Security, &'a str, Vec<&'a str>, Result<bool, SdpError>);
    let table: Vec<Case<'_>> = vec![
        (&off, "RTP/AVP", vec![], plain.clone()),
        (&off, "RTP/AVP", vec![&good], plain.clone()),
        (&off, "RTP/SAVP", vec![&good], Err(SdpError::Transport)),
        (&optional, "RTP/AVP", vec![], plain),
        (&optional, "RTP/AVP", vec![&good], secure.clone()),
        (&optional, "RTP/SAVP", vec![&good], secure.clone()),
        (&optional, "RTP/AVP", vec![&open], Err(SdpError::Keys)),
        (&optional, "RTP/SAVP", vec![], Err(SdpError::Keys)),
        (&required, "RTP/AVP", vec![], Err(SdpError::Plain)),
        (&required, "RTP/AVP", vec![&good], Err(SdpError::Plain)),
        (&required, "RTP/SAVP", vec![&good], secure.clone()),
        (&required, "RTP/SAVP", vec![&short, &good], secure),
        (&required, "RTP/SAVP", vec![&short], Err(SdpError::Keys)),
        (&required, "RTP/SAVP", vec![&second], Err(SdpError::Keys)),
        (&required, "RTP/SAVP", vec![&open], Err(SdpError::Keys)),
        (&required, "RTP/SAVP", vec![], Err(SdpError::Keys)),
        (&required, "UDP/TLS/RTP/SAVPF", vec![&good], Err(SdpError::Transport)),
    ];
    for (security, profile, lines, expected) in table {
        let read = local(&BOTH, security.clone()).read_answer(&answer(profile, &lines));
        assert_eq!(read.map(|read| read.secured.is_some()), expected, "{security:?} {profile} {lines:?}");
    }
}

#[test]
fn our_own_key_is_no_key_of_the_peer() {
    let ours = local(&BOTH, Security::Required(MasterKey::generate().unwrap()));
    assert_eq!(ours.read_answer(ours.offer().as_bytes()), Err(SdpError::Keys));
}

#[test]
fn keys_are_offered_as_the_field_does_it() {
    for (policy, profile) in
        [(Policy::Off, "RTP/AVP"), (Policy::Optional, "RTP/AVP"), (Policy::Required, "RTP/SAVP")]
    {
        let offer = local(&BOTH, Security::new(policy).unwrap()).offer();
        assert!(offer.contains(&format!("m=audio 20000 {profile} 0 8 101\r\n")), "{offer}");
        let keys = offer.matches("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:").count();
        assert_eq!(keys, usize::from(policy != Policy::Off), "{offer}");
    }
}

#[test]
fn an_encrypted_call_stays_encrypted() {
    let good = format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY}");
    let fifth = format!("5 AES_CM_128_HMAC_SHA1_80 inline:{KEY}");
    let ours = local(&BOTH, Security::Optional(MasterKey::generate().unwrap()));
    let current = ours.read_answer(&answer("RTP/AVP", &[&good])).unwrap();
    assert_eq!(ours.read_offer(&answer("RTP/AVP", &[]), &current), Err(SdpError::Downgrade));
    let moved = ours.read_offer(&answer("RTP/SAVP", &[&fifth]), &current).unwrap();
    let text = ours.answer(&moved, 2);
    assert!(text.contains("RTP/SAVP 0 101\r\n") && text.contains("a=crypto:5 AES_CM_128"), "{text}");
    let plain = ours.read_answer(&answer("RTP/AVP", &[])).unwrap();
    assert!(!ours.answer(&plain, 2).contains("a=crypto"));
    assert!(ours.read_offer(&answer("RTP/AVP", &[]), &plain).is_ok());
}

#[test]
fn reports_go_to_the_next_port_or_where_the_peer_says() {
    let table = [
        ("", Some("192.0.2.1:4001")),
        ("a=rtcp:5555\r\n", Some("192.0.2.1:5555")),
        ("a=rtcp:5555 IN IP4 198.51.100.7\r\n", Some("198.51.100.7:5555")),
        ("a=rtcp:0\r\n", None),
        ("a=rtcp:x\r\n", None),
        ("a=rtcp:5555 IN IP4 host.example.org\r\n", None),
    ];
    for (line, expected) in table {
        let body = description(&format!("m=audio 4000 RTP/AVP 0\r\n{line}"));
        let expected = expected.map(|address| address.parse::<SocketAddr>().unwrap());
        assert_eq!(read(&body, &BOTH).unwrap().reports, expected, "{line}");
    }
    let last = description("m=audio 65535 RTP/AVP 0\r\n");
    assert_eq!(read(&last, &BOTH).unwrap().reports, None);
}
