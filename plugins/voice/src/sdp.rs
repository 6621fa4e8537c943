//! Session descriptions: the offer that an INVITE carries, what an answer settled, and the answers to offers
//! that a peer makes during the call. Pure text in, values out (RFC 8866, RFC 3264, RFC 4733 §2.4).

use std::net::{IpAddr, SocketAddr};

use sdp_types::{Media, RtpMap, Session};
use serde::Deserialize;

use crate::limits;

/// The payload type under which this plugin offers telephone events.
pub const OFFERED_EVENTS: u8 = 101;

/// An audio codec of G.711.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Codec {
    /// µ-law, usual in North America and Japan.
    Pcmu,
    /// A-law, usual elsewhere.
    Pcma,
}

impl Codec {
    /// The static payload type of RFC 3551 §6.
    pub fn payload_type(self) -> u8 {
        match self {
            Codec::Pcmu => 0,
            Codec::Pcma => 8,
        }
    }

    /// The encoding name of RFC 3551 §6.
    pub fn name(self) -> &'static str {
        match self {
            Codec::Pcmu => "PCMU",
            Codec::Pcma => "PCMA",
        }
    }

    /// The code for no sound at all.
    pub fn silence(self) -> u8 {
        match self {
            Codec::Pcmu => 0xff,
            Codec::Pcma => 0xd5,
        }
    }
}

/// Our side of a session.
#[derive(Debug, Clone)]
pub struct Local {
    /// Where the peer sends its audio: as the peer reaches us, which may be an address in front of ours.
    pub address: SocketAddr,
    /// Our codecs, the preferred first.
    pub codecs: Vec<Codec>,
    /// The session id of the `o=` line.
    pub session: u64,
}

/// What offer and answer settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Negotiated {
    /// Where the peer wants its audio. `None` while it is on hold with no address.
    pub remote: Option<SocketAddr>,
    /// The codec that we send.
    pub codec: Codec,
    /// The payload type under which we send it.
    pub payload_type: u8,
    /// The peer's payload types of telephone events at 8 kHz; empty if it has none.
    pub events: Vec<u8>,
    /// Whether the peer wants to hear us.
    pub send: bool,
    /// Whether the peer may send.
    pub receive: bool,
}

/// Why a session description cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// There is none.
    #[error("no session description")]
    Missing,
    /// It is larger than `limits::MAX_SDP`.
    #[error("the session description is too large")]
    TooLarge,
    /// It is not SDP.
    #[error("the session description cannot be parsed")]
    Syntax,
    /// It has no audio, or refuses it.
    #[error("no audio stream was accepted")]
    NoAudio,
    /// The audio is not plain RTP.
    #[error("the audio stream is not RTP/AVP")]
    Transport,
    /// None of our codecs is in it.
    #[error("no common codec")]
    NoCodec,
    /// It names no usable IP address.
    #[error("no usable address for audio")]
    NoAddress,
}

impl Local {
    /// Writes the offer for an INVITE.
    pub fn offer(&self) -> String {
        let formats = self.codecs.iter().map(|codec| codec.payload_type().to_string()).collect::<Vec<_>>();
        let maps = self
            .codecs
            .iter()
            .map(|codec| format!("a=rtpmap:{} {}/8000\r\n", codec.payload_type(), codec.name()))
            .collect::<String>();
        self.describe(1, &formats.join(" "), &maps, OFFERED_EVENTS, "sendrecv")
    }

    /// Writes the answer to an offer of the peer that was read as `negotiated`. `version` is above that of
    /// every description sent before in this session.
    pub fn answer(&self, negotiated: &Negotiated, version: u64) -> String {
        let events = negotiated.events.first().copied().unwrap_or(OFFERED_EVENTS);
        let map = format!("a=rtpmap:{} {}/8000\r\n", negotiated.payload_type, negotiated.codec.name());
        let direction = match (negotiated.send, negotiated.receive) {
            (true, true) => "sendrecv",
            (true, false) => "sendonly",
            (false, true) => "recvonly",
            (false, false) => "inactive",
        };
        self.describe(version, &negotiated.payload_type.to_string(), &map, events, direction)
    }

    fn describe(&self, version: u64, formats: &str, maps: &str, events: u8, direction: &str) -> String {
        let Local { address, session, .. } = self;
        let (family, ip, port) =
            (if address.is_ipv4() { "IP4" } else { "IP6" }, address.ip(), address.port());
        format!(
            "v=0\r\no=- {session} {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP {formats} {events}\r\n{maps}\
             a=rtpmap:{events} telephone-event/8000\r\na=fmtp:{events} 0-15\r\na=ptime:20\r\na={direction}\r\n"
        )
    }
}

/// Reads the description that a peer sent, as an answer to our offer or as an offer of its own.
///
/// # Errors
///
/// [`SdpError`] if there is nothing in it that a call can be held with.
pub fn read(body: &[u8], codecs: &[Codec]) -> Result<Negotiated, SdpError> {
    if body.is_empty() {
        return Err(SdpError::Missing);
    }
    if body.len() > limits::MAX_SDP {
        return Err(SdpError::TooLarge);
    }
    let session = Session::parse(body).map_err(|_| SdpError::Syntax)?;
    let media = session
        .medias
        .iter()
        .find(|media| media.media.eq_ignore_ascii_case("audio") && media.port != 0)
        .ok_or(SdpError::NoAudio)?;
    if !media.proto.eq_ignore_ascii_case("RTP/AVP") {
        return Err(SdpError::Transport);
    }
    let formats: Vec<u8> =
        media.fmt.split_ascii_whitespace().filter_map(|format| format.parse().ok()).collect();
    let (payload_type, codec) = formats
        .iter()
        .find_map(|&format| {
            codec_of(media, format).filter(|codec| codecs.contains(codec)).map(|codec| (format, codec))
        })
        .ok_or(SdpError::NoCodec)?;
    let events = formats.iter().copied().filter(|&format| is_events(media, format)).collect();
    let (send, receive) = directions(&session, media);
    Ok(Negotiated { remote: remote(&session, media)?, codec, payload_type, events, send, receive })
}

fn map_of(media: &Media, format: u8) -> Option<RtpMap> {
    media.attributes_typed::<RtpMap>().flatten().find(|map| map.payload_type == format)
}

fn codec_of(media: &Media, format: u8) -> Option<Codec> {
    match map_of(media, format) {
        Some(map) if map.clock_rate != 8000 => None,
        Some(map) => [Codec::Pcmu, Codec::Pcma]
            .into_iter()
            .find(|codec| map.encoding_name.eq_ignore_ascii_case(codec.name())),
        None => [Codec::Pcmu, Codec::Pcma].into_iter().find(|codec| codec.payload_type() == format),
    }
}

fn is_events(media: &Media, format: u8) -> bool {
    map_of(media, format).is_some_and(|map| {
        map.encoding_name.eq_ignore_ascii_case("telephone-event") && map.clock_rate == 8000
    })
}

/// The peer's direction, seen from our side: may we send, may it send.
fn directions(session: &Session, media: &Media) -> (bool, bool) {
    let has = |name: &str| {
        let settled =
            ["sendrecv", "sendonly", "recvonly", "inactive"].iter().any(|other| media.has_attribute(other));
        if settled { media.has_attribute(name) } else { session.has_attribute(name) }
    };
    match () {
        () if has("inactive") => (false, false),
        () if has("sendonly") => (false, true),
        () if has("recvonly") => (true, false),
        () => (true, true),
    }
}

fn remote(session: &Session, media: &Media) -> Result<Option<SocketAddr>, SdpError> {
    let connection = media.connections.first().or(session.connection.as_ref()).ok_or(SdpError::NoAddress)?;
    let ip: IpAddr = connection.try_address().map_err(|_| SdpError::NoAddress)?.ip;
    if ip.is_multicast() {
        return Err(SdpError::NoAddress);
    }
    // The address 0.0.0.0 is how RFC 2543 put a call on hold, and some gateways still do.
    Ok((!ip.is_unspecified()).then(|| SocketAddr::new(ip, media.port)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Codec; 2] = [Codec::Pcmu, Codec::Pcma];

    fn description(media: &str) -> Vec<u8> {
        format!("v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n{media}")
            .into_bytes()
    }

    #[test]
    fn our_offer_is_what_we_read_back() {
        let local = Local { address: "192.0.2.9:20000".parse().unwrap(), codecs: BOTH.to_vec(), session: 7 };
        let read = read(local.offer().as_bytes(), &BOTH).unwrap();
        assert_eq!(read.remote, Some("192.0.2.9:20000".parse().unwrap()));
        assert_eq!((read.codec, read.payload_type, read.events), (Codec::Pcmu, 0, vec![101]));
        assert!(read.send && read.receive);
        let v6 = Local { address: "[2001:db8::9]:20000".parse().unwrap(), ..local };
        assert_eq!(super::read(v6.offer().as_bytes(), &BOTH).unwrap().remote, Some(v6.address));
    }

    #[test]
    fn answers() {
        let ok = |codec, payload_type, events: &[u8]| Ok((codec, payload_type, events.to_vec()));
        type Read = Result<(Codec, u8, Vec<u8>), SdpError>;
        let table: &[(&str, Read)] = &[
            (
                "m=audio 4000 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n",
                ok(Codec::Pcmu, 0, &[101]),
            ),
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
            let got =
                read(&description(media), &BOTH).map(|read| (read.codec, read.payload_type, read.events));
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
        let stream =
            read(&description("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 198.51.100.7\r\n"), &BOTH).unwrap();
        assert_eq!(stream.remote, Some("198.51.100.7:4000".parse().unwrap()));
        let held = read(&description("m=audio 4000 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\n"), &BOTH).unwrap();
        assert_eq!(held.remote, None);
    }

    #[test]
    fn directions_and_their_answers() {
        let local = Local { address: "192.0.2.9:20000".parse().unwrap(), codecs: BOTH.to_vec(), session: 7 };
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
        for body in
            [&b"\xff\xfe"[..], b"v=0", b"v=0\r\nm=audio 99999 RTP/AVP 0\r\n", b"INVITE sip:x SIP/2.0\r\n"]
        {
            assert!(read(body, &BOTH).is_err(), "{body:?}");
        }
    }
}
