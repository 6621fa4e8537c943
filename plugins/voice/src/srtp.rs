//! Encrypted audio: the keys that session descriptions carry (SDES, RFC 4568), and the packets under them
//! (SRTP, RFC 3711). Which descriptions are good enough is decided in [`crate::sdp`].

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rtc_srtp::context::Context;
use rtc_srtp::crypto::default_provider;
use rtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc_srtp::protection_profile::ProtectionProfile;
use sdp_types::{CryptoSuite, SrtpSessionParam};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::limits;

/// The cipher and authentication that are offered and taken: the one that every SRTP peer has to know
/// (RFC 4568 §6.2.1).
pub const SUITE: &str = "AES_CM_128_HMAC_SHA1_80";

const PROFILE: ProtectionProfile = ProtectionProfile::Aes128CmHmacSha1_80;

/// Octets of the master key, which its salt follows.
const KEY: usize = 16;

/// Octets of master key and salt together.
const KEY_AND_SALT: usize = 30;

/// Octets of what follows an encrypted report: the index, whose first bit says that it is encrypted, and the
/// authentication (RFC 3711 §3.4).
const REPORT_TRAILER: usize = 4 + 10;
const ENCRYPTED: u8 = 0x80;

/// What an administrator wants of encryption.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Plain RTP only.
    #[default]
    Off,
    /// Keys are offered, and the peer chooses.
    Optional,
    /// No audio without encryption.
    Required,
}

/// A master key with its salt. It is wiped when dropped, and its `Debug` does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey(Zeroizing<[u8; KEY_AND_SALT]>);

impl fmt::Debug for MasterKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// Makes one up.
    ///
    /// # Errors
    ///
    /// If the system gives no random numbers.
    pub fn generate() -> Result<MasterKey, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; KEY_AND_SALT]);
        getrandom::fill(&mut bytes[..])?;
        Ok(MasterKey(bytes))
    }

    fn decode(text: &str) -> Option<MasterKey> {
        let mut bytes = Zeroizing::new([0; KEY_AND_SALT]);
        (STANDARD.decode_slice(text, &mut bytes[..]).ok()? == KEY_AND_SALT).then_some(MasterKey(bytes))
    }

    fn context(&self) -> Option<Context> {
        let (key, salt) = self.0.split_at_checked(KEY)?;
        let provider = default_provider().ok()?;
        let (audio, reports) =
            (srtp_replay_protection(limits::REPLAY_WINDOW), srtcp_replay_protection(limits::REPLAY_WINDOW));
        Context::new(key, salt, PROFILE, Some(audio), Some(reports), provider.crypto()).ok()
    }
}

/// A key as one side's description names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sdes {
    /// The number of the line, by which an answer says which one it takes.
    pub tag: u32,
    /// The key.
    pub key: MasterKey,
}

impl Sdes {
    /// Takes over a line of a peer if we can do all that it asks for. Several keys for one line, and parameters
    /// that switch protection off, are nothing that we can or would do.
    pub fn of(line: &sdp_types::Crypto) -> Option<Sdes> {
        let harmless = |parameter: &SrtpSessionParam| {
            matches!(parameter, SrtpSessionParam::Wsh(_) | SrtpSessionParam::Kdr(0))
        };
        let [key] = &line.key_params[..] else { return None };
        let lasts = key.lifetime.is_none_or(|packets| packets >= limits::MAX_CALL_PACKETS);
        let usable = line.crypto_suite == CryptoSuite::AesCm128HmacSha1_80
            && key.mki_and_length.is_none()
            && lasts
            && line.session_params.iter().all(harmless);
        if !usable {
            return None;
        }
        Some(Sdes { tag: line.tag, key: MasterKey::decode(&key.key_and_salt)? })
    }

    /// The line for our description.
    pub fn line(&self) -> Zeroizing<String> {
        let key = Zeroizing::new(STANDARD.encode(&self.key.0[..]));
        Zeroizing::new(format!("a=crypto:{} {SUITE} inline:{}\r\n", self.tag, *key))
    }
}

/// Both directions of one call's audio.
pub struct Srtp {
    outgoing: Context,
    theirs: MasterKey,
    /// One for each sender that proved to have the key. Packets that prove nothing leave nothing behind.
    incoming: Vec<(u32, Context)>,
}

impl fmt::Debug for Srtp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Srtp({} senders)", self.incoming.len())
    }
}

impl Srtp {
    /// Protects what we send by our key, and expects the peer to use its own.
    pub fn new(ours: &MasterKey, theirs: &MasterKey) -> Option<Srtp> {
        Some(Srtp { outgoing: ours.context()?, theirs: theirs.clone(), incoming: Vec::new() })
    }

    /// Takes over the key of a new description. The same key goes on where it was, so that no packet of before
    /// can be played again.
    pub fn rekey(&mut self, theirs: &MasterKey) {
        if self.theirs != *theirs {
            self.theirs = theirs.clone();
            self.incoming.clear();
        }
    }

    /// Encrypts an RTP packet.
    pub fn protect(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        self.outgoing.encrypt_rtp(packet).ok().map(Vec::from)
    }

    /// Encrypts an RTCP packet.
    pub fn protect_report(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        self.outgoing.encrypt_rtcp(packet).ok().map(Vec::from)
    }

    /// Decrypts an RTP packet; `None` if it is not from the peer, or came before.
    pub fn open(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let sender = sender(packet, 8)?;
        self.of_sender(sender, |context| context.decrypt_rtp(packet).ok().map(Vec::from))
    }

    /// Decrypts an RTCP packet; `None` if it is not from the peer, or came before.
    pub fn open_report(&mut self, packet: &[u8]) -> Option<Vec<u8>> {
        let sender = sender(packet, 4)?;
        // The library (0.21.1) takes a report that says it is not encrypted without a look at its authentication.
        let flags = packet.get(packet.len().checked_sub(REPORT_TRAILER)?)?;
        if flags & ENCRYPTED == 0 {
            return None;
        }
        self.of_sender(sender, |context| context.decrypt_rtcp(packet).ok().map(Vec::from))
    }

    fn of_sender(
        &mut self,
        sender: u32,
        decrypt: impl FnOnce(&mut Context) -> Option<Vec<u8>>,
    ) -> Option<Vec<u8>> {
        if let Some((_, context)) = self.incoming.iter_mut().find(|(known, _)| *known == sender) {
            return decrypt(context);
        }
        // None is ever forgotten: a forgotten sender's packets could be played again.
        if self.incoming.len() >= limits::MAX_SENDERS {
            return None;
        }
        let mut context = self.theirs.context()?;
        let decrypted = decrypt(&mut context)?;
        self.incoming.push((sender, context));
        Some(decrypted)
    }
}

fn sender(packet: &[u8], at: usize) -> Option<u32> {
    let bytes = packet.get(at..)?.first_chunk::<4>()?;
    Some(u32::from_be_bytes(*bytes))
}

#[cfg(test)]
#[path = "srtp_tests.rs"]
mod tests;
