//! Session descriptions: the offer that an INVITE carries, what an answer settled, and the answers to offers
//! that a peer makes during the call. Pure text in, values out (RFC 8866, RFC 3264, RFC 4733 §2.4).
//!
//! Encryption never gets less than what is asked for: what is required has to be in the description, and a
//! call that is encrypted stays so (RFC 4568 §7.1).

use std::net::{IpAddr, SocketAddr};

use sdp_types::{Crypto, Media, RtpMap, Session};
use serde::Deserialize;

use crate::limits;
use crate::srtp::{MasterKey, Policy, Sdes};

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
    /// Whether audio is encrypted, and by which key ours is.
    pub security: Security,
}

/// How our side wants its audio protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Security {
    /// Not at all.
    Off,
    /// If the peer can: a plain stream with a key beside it is offered (RFC 8643).
    Optional(MasterKey),
    /// In any case: only a secure stream is offered.
    Required(MasterKey),
}

/// The tag of the only key line that we offer.
const OFFERED_KEY: u32 = 1;

impl Security {
    /// Makes up a key if the policy needs one.
    ///
    /// # Errors
    ///
    /// If the system gives no random numbers.
    pub fn new(policy: Policy) -> Result<Security, getrandom::Error> {
        Ok(match policy {
            Policy::Off => Security::Off,
            Policy::Optional => Security::Optional(MasterKey::generate()?),
            Policy::Required => Security::Required(MasterKey::generate()?),
        })
    }

    /// Our key, if we have one.
    pub fn key(&self) -> Option<&MasterKey> {
        match self {
            Security::Off => None,
            Security::Optional(key) | Security::Required(key) => Some(key),
        }
    }

    fn line(&self, tag: u32) -> String {
        let line = self.key().map(|key| Sdes { tag, key: key.clone() }.line());
        line.map(|line| line.as_str().to_owned()).unwrap_or_default()
    }
}

/// The transport of a stream of audio.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// Plain, or with keys beside it for those who understand them.
    Avp,
    /// Encrypted.
    Savp,
}

impl Profile {
    fn of(text: &str) -> Option<Profile> {
        [Profile::Avp, Profile::Savp].into_iter().find(|profile| text.eq_ignore_ascii_case(profile.name()))
    }

    fn name(self) -> &'static str {
        match self {
            Profile::Avp => "RTP/AVP",
            Profile::Savp => "RTP/SAVP",
        }
    }
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
    /// Where the peer wants reports on its audio; the port after that of the audio as a rule.
    pub reports: Option<SocketAddr>,
    /// The transport as it was written.
    pub profile: Profile,
    /// The peer's key; `None` if the audio is plain.
    pub secured: Option<Sdes>,
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
    /// The audio has a transport that we do not have, or not with this setting.
    #[error("the audio stream is neither RTP/AVP nor, with srtp = \"optional\" or \"required\", RTP/SAVP")]
    Transport,
    /// The audio is plain and must not be.
    #[error("the other side answered without encryption, and srtp = \"required\" does not take that")]
    Plain,
    /// The audio is encrypted under nothing that we could use.
    #[error(
        "the encrypted stream has no key that can be used: SDES with AES_CM_128_HMAC_SHA1_80 is understood"
    )]
    Keys,
    /// The call is encrypted, and the new description is not.
    #[error("an encrypted call does not go on without encryption")]
    Downgrade,
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
        let profile =
            if matches!(self.security, Security::Required(_)) { Profile::Savp } else { Profile::Avp };
        let lines = maps + &self.security.line(OFFERED_KEY);
        self.describe(1, profile, &formats.join(" "), &lines, OFFERED_EVENTS, "sendrecv")
    }

    /// Writes the answer to an offer of the peer that was read as `negotiated`. `version` is above that of
    /// every description sent before in this session.
    pub fn answer(&self, negotiated: &Negotiated, version: u64) -> String {
        let events = negotiated.events.first().copied().unwrap_or(OFFERED_EVENTS);
        let map = format!("a=rtpmap:{} {}/8000\r\n", negotiated.payload_type, negotiated.codec.name());
        let key = negotiated.secured.as_ref().map(|sdes| self.security.line(sdes.tag));
        let direction = match (negotiated.send, negotiated.receive) {
            (true, true) => "sendrecv",
            (true, false) => "sendonly",
            (false, true) => "recvonly",
            (false, false) => "inactive",
        };
        let (profile, format) = (negotiated.profile, negotiated.payload_type.to_string());
        self.describe(version, profile, &format, &(map + &key.unwrap_or_default()), events, direction)
    }

    fn describe(
        &self,
        version: u64,
        profile: Profile,
        formats: &str,
        lines: &str,
        events: u8,
        direction: &str,
    ) -> String {
        let Local { address, session, .. } = self;
        let (family, ip, port) =
            (if address.is_ipv4() { "IP4" } else { "IP6" }, address.ip(), address.port());
        let profile = profile.name();
        format!(
            "v=0\r\no=- {session} {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\nt=0 0\r\n\
             m=audio {port} {profile} {formats} {events}\r\n{lines}\
             a=rtpmap:{events} telephone-event/8000\r\na=fmtp:{events} 0-15\r\na=ptime:20\r\na={direction}\r\n"
        )
    }

    /// Reads the peer's answer to our offer.
    ///
    /// # Errors
    ///
    /// [`SdpError`] if there is nothing in it that a call can be held with.
    pub fn read_answer(&self, body: &[u8]) -> Result<Negotiated, SdpError> {
        let negotiated = self.read(body)?;
        // Anything else than the key that we offered is no answer to it.
        let strange = negotiated.secured.as_ref().is_some_and(|sdes| sdes.tag != OFFERED_KEY);
        if strange { Err(SdpError::Keys) } else { Ok(negotiated) }
    }

    /// Reads an offer that the peer makes during the call, which went on as `current` until now.
    ///
    /// # Errors
    ///
    /// [`SdpError`] if the call cannot go on with it, or not as safely as it does.
    pub fn read_offer(&self, body: &[u8], current: &Negotiated) -> Result<Negotiated, SdpError> {
        let negotiated = self.read(body)?;
        let less = current.secured.is_some() && negotiated.secured.is_none();
        if less { Err(SdpError::Downgrade) } else { Ok(negotiated) }
    }

    fn read(&self, body: &[u8]) -> Result<Negotiated, SdpError> {
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
        let profile = Profile::of(&media.proto).ok_or(SdpError::Transport)?;
        let secured = self.secured(profile, media)?;
        let formats: Vec<u8> =
            media.fmt.split_ascii_whitespace().filter_map(|format| format.parse().ok()).collect();
        let (payload_type, codec) = formats
            .iter()
            .find_map(|&format| {
                let codec = codec_of(media, format).filter(|codec| self.codecs.contains(codec));
                codec.map(|codec| (format, codec))
            })
            .ok_or(SdpError::NoCodec)?;
        let events = formats.iter().copied().filter(|&format| is_events(media, format)).collect();
        let (send, receive) = directions(&session, media);
        let remote = remote(&session, media)?;
        let reports = remote.and_then(|remote| reports(media, remote));
        Ok(Negotiated { remote, codec, payload_type, events, send, receive, reports, profile, secured })
    }

    /// The peer's key, if the stream is encrypted and may be; `None` if it is plain and may be.
    fn secured(&self, profile: Profile, media: &Media) -> Result<Option<Sdes>, SdpError> {
        match (&self.security, profile) {
            (Security::Off, Profile::Savp) => return Err(SdpError::Transport),
            (Security::Off, Profile::Avp) => return Ok(None),
            (Security::Required(_), Profile::Avp) => return Err(SdpError::Plain),
            (Security::Optional(_), Profile::Avp) if !media.has_attribute("crypto") => return Ok(None),
            (Security::Optional(_) | Security::Required(_), _) => {}
        }
        let usable = media.attributes_typed::<Crypto>().flatten().find_map(|line| Sdes::of(&line));
        // Our own key, sent back, would let our own packets pass for the peer's.
        let usable = usable.filter(|sdes| self.security.key() != Some(&sdes.key));
        usable.map(Some).ok_or(SdpError::Keys)
    }
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

/// Where reports go: the next port, unless the peer names another (RFC 3605).
fn reports(media: &Media, remote: SocketAddr) -> Option<SocketAddr> {
    let Some(Some(value)) = media.get_first_attribute_value("rtcp") else {
        return Some(SocketAddr::new(remote.ip(), remote.port().checked_add(1)?));
    };
    let mut words = value.split_ascii_whitespace();
    let port = words.next()?.parse().ok().filter(|port| *port != 0)?;
    let ip = match words.nth(2) {
        Some(ip) => ip.parse().ok()?,
        None => remote.ip(),
    };
    Some(SocketAddr::new(ip, port))
}

#[cfg(test)]
#[path = "sdp_tests.rs"]
mod tests;
