//! The session description of a call: what the caller offers, and the phone's answer (RFC 3264).

use std::net::{IpAddr, SocketAddr};

use audio_codec_algorithms::{decode_alaw, decode_ulaw};
use sdp_types::{Media, Session};
use thiserror::Error;

use crate::limits;

/// What the phone needs to know of an offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Offer {
    /// Where the caller wants to be sent sound.
    pub remote: SocketAddr,
    /// The codec that was taken.
    pub codec: Codec,
    /// The payload type of telephone events at 8 kHz, if the caller knows them (RFC 4733).
    pub events: Option<u8>,
}

/// The two laws of G.711, with their static payload types (RFC 3551 §6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    /// µ-law.
    Pcmu,
    /// A-law.
    Pcma,
}

impl Codec {
    /// The RTP payload type.
    #[must_use]
    pub const fn payload_type(self) -> u8 {
        match self {
            Self::Pcmu => 0,
            Self::Pcma => 8,
        }
    }

    /// The octet that is silence.
    #[must_use]
    pub const fn silence(self) -> u8 {
        match self {
            Self::Pcmu => 0xff,
            Self::Pcma => 0xd5,
        }
    }

    /// Whether the octet is louder than the hiss of a quiet line.
    #[must_use]
    pub const fn is_loud(self, octet: u8) -> bool {
        let level = match self {
            Self::Pcmu => !octet & 0x7f,
            Self::Pcma => (octet ^ 0x55) & 0x7f,
        };
        level > 0x20
    }

    /// The sample that the octet stands for.
    #[must_use]
    pub fn sample(self, octet: u8) -> i16 {
        match self {
            Self::Pcmu => decode_ulaw(octet),
            Self::Pcma => decode_alaw(octet),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Pcmu => "PCMU",
            Self::Pcma => "PCMA",
        }
    }
}

/// Why an offer cannot be answered.
#[derive(Debug, Error)]
pub enum OfferError {
    /// The description is longer than [`limits::SDP`].
    #[error("the offer is longer than {} octets", limits::SDP)]
    TooLong,
    /// The description is malformed.
    #[error("the offer is not a session description")]
    Malformed(#[source] sdp_types::ParserError),
    /// There is no plain sound.
    #[error("the offer has no audio stream over RTP/AVP")]
    NoAudio,
    /// There is no address to send to.
    #[error("the offer names no IP address for its audio")]
    NoAddress,
    /// Neither law of G.711 is offered.
    #[error("the offer has neither PCMU nor PCMA")]
    NoCodec,
}

impl Offer {
    /// Reads an offer.
    ///
    /// # Errors
    /// If it offers nothing that the phone can do.
    pub fn read(description: &[u8]) -> Result<Self, OfferError> {
        if description.len() > limits::SDP {
            return Err(OfferError::TooLong);
        }
        let session = Session::parse(description).map_err(OfferError::Malformed)?;
        let audio = session
            .medias
            .iter()
            .find(|media| media.media == "audio" && media.port != 0 && media.proto == "RTP/AVP")
            .ok_or(OfferError::NoAudio)?;
        let address: IpAddr = audio
            .connections
            .first()
            .or(session.connection.as_ref())
            .and_then(|connection| connection.connection_address.parse().ok())
            .ok_or(OfferError::NoAddress)?;
        let codec = audio
            .fmt
            .split(' ')
            .find_map(|format| match format {
                "0" => Some(Codec::Pcmu),
                "8" => Some(Codec::Pcma),
                _ => None,
            })
            .ok_or(OfferError::NoCodec)?;
        Ok(Self { remote: SocketAddr::new(address, audio.port), codec, events: event_type(audio) })
    }

    /// Writes the answer of a phone that listens for sound at `local`.
    #[must_use]
    pub fn answer(&self, local: SocketAddr) -> String {
        let family = if local.is_ipv4() { "IP4" } else { "IP6" };
        let (ip, port) = (local.ip(), local.port());
        let (audio, name) = (self.codec.payload_type(), self.codec.name());
        let (format, lines) = match self.events {
            Some(events) => (
                format!("{audio} {events}"),
                format!("a=rtpmap:{events} telephone-event/8000\r\na=fmtp:{events} 0-15\r\n"),
            ),
            None => (audio.to_string(), String::new()),
        };
        format!(
            "v=0\r\no=phone 1 1 IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP {format}\r\na=rtpmap:{audio} {name}/8000\r\n{lines}a=ptime:20\r\na=sendrecv\r\n"
        )
    }
}

fn event_type(audio: &Media) -> Option<u8> {
    audio
        .attributes
        .iter()
        .filter(|attribute| attribute.attribute == "rtpmap")
        .filter_map(|attribute| attribute.value.as_deref()?.split_once(' '))
        .filter(|(_, format)| format.trim().eq_ignore_ascii_case("telephone-event/8000"))
        .filter_map(|(number, _)| number.parse().ok())
        .find(|number| (96..=127).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
        m=audio 4000 RTP/AVP 0 8 101\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
        a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=sendrecv\r\n";

    #[test]
    fn offers() {
        let usual = Offer { remote: ([192, 0, 2, 1], 4000).into(), codec: Codec::Pcmu, events: Some(101) };
        assert_eq!(Offer::read(OFFER.as_bytes()).unwrap(), usual);
        let table = [
            ("RTP/AVP 0 8 101", "RTP/AVP 8 0 101", Offer { codec: Codec::Pcma, ..usual }),
            ("a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\n", "", Offer { events: None, ..usual }),
            (
                "a=rtpmap:101 telephone-event/8000",
                "a=rtpmap:101 telephone-event/16000",
                Offer { events: None, ..usual },
            ),
            ("m=audio", "m=video 9 RTP/AVP 99\r\nm=audio", usual),
            ("a=sendrecv", "c=IN IP4 192.0.2.1\r\na=sendrecv", usual),
        ];
        for (from, to, offer) in table {
            assert_eq!(Offer::read(OFFER.replace(from, to).as_bytes()).unwrap(), offer, "{from} → {to}");
        }
    }

    #[test]
    fn offers_that_cannot_be_answered() {
        for (from, to) in [
            ("RTP/AVP 0", "RTP/SAVP 0"),
            ("audio 4000", "audio 0"),
            ("c=IN IP4 192.0.2.1\r\n", ""),
            ("c=IN IP4 192.0.2.1", "c=IN IP4 phone.example"),
            ("RTP/AVP 0 8 101", "RTP/AVP 111 101"),
            ("v=0", "nonsense"),
        ] {
            assert!(Offer::read(OFFER.replace(from, to).as_bytes()).is_err(), "{from} → {to}");
        }
        assert!(matches!(Offer::read(&vec![b' '; limits::SDP + 1]), Err(OfferError::TooLong)));
    }

    #[test]
    fn an_answer_can_be_read_as_an_offer_of_the_same_stream() {
        let offer = Offer::read(OFFER.as_bytes()).unwrap();
        for (offer, local) in
            [(offer, "127.0.0.1:5004"), (Offer { events: None, codec: Codec::Pcma, ..offer }, "[::1]:5004")]
        {
            let local: SocketAddr = local.parse().unwrap();
            let read = Offer::read(offer.answer(local).as_bytes()).unwrap();
            assert_eq!(read, Offer { remote: local, ..offer });
        }
    }

    #[test]
    fn silence_is_not_loud() {
        for codec in [Codec::Pcmu, Codec::Pcma] {
            assert!(!codec.is_loud(codec.silence()));
            assert!(!codec.is_loud(codec.silence() ^ 0x80));
        }
        assert!(Codec::Pcmu.is_loud(0x00) && Codec::Pcmu.is_loud(0x80));
        assert!(Codec::Pcma.is_loud(0x2a) && Codec::Pcma.is_loud(0xaa));
    }
}
