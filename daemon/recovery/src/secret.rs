//! Values that must not be seen: codes, tokens, passwords, authenticator secrets, randomness.
//!
//! They zeroize, redact their `Debug`, have no `Display` and compare in constant time. None of them is
//! `Serialize`: the one place that may write them out, the sealed body of a case, asks for it field by field
//! with [`sealed`].

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A secret text: a typed code, a password, a link's token, an authenticator's secret in base32.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret(String);

impl Secret {
    /// Takes `text` into keeping.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Shows the secret, to the one place that has to use it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// The SHA-256 of the secret, which is what is stored of a token or code with enough entropy.
    #[must_use]
    pub fn hash(&self) -> SecretHash {
        SecretHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(redacted)")
    }
}

/// The SHA-256 of a secret that has at least 64 bits of entropy.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SecretHash(#[serde(with = "hex::serde")] [u8; 32]);

impl SecretHash {
    /// A hash as it was read from a store.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes that a store keeps and looks up.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("SecretHash(redacted)")
    }
}

/// 256 random bits, drawn by the service for one event. The core derives every id, code and token of that
/// event from them, each under its own label, so that one event is one draw and a test can fix it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Seed([u8; 32]);

impl Seed {
    /// Takes 32 bytes from a cryptographic random number generator.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// 32 bytes that only this seed and this label give.
    #[must_use]
    pub fn derive(&self, label: &str) -> [u8; 32] {
        let mut digest = Sha256::new();
        digest.update(self.0);
        digest.update(label.as_bytes());
        digest.finalize().into()
    }

    /// 16 bytes for an id.
    #[must_use]
    pub fn id(&self, label: &str) -> [u8; 16] {
        let mut id = [0; 16];
        id.copy_from_slice(&self.derive(label)[..16]);
        id
    }

    /// A token of 256 bits in unpadded base64url, for a link.
    #[must_use]
    pub fn token(&self, label: &str) -> Secret {
        Secret::new(URL_SAFE_NO_PAD.encode(self.derive(label)))
    }

    /// A code of six decimal digits, each of the million equally likely (NIST SP 800-63B-4 §3.1.3.2 asks for
    /// at least six).
    #[must_use]
    pub fn code(&self, label: &str) -> Secret {
        let bytes = self.derive(label);
        let mut number = [0; 16];
        number.copy_from_slice(&bytes[..16]);
        // 2^128 is no multiple of a million; the bias is below 2^-108.
        Secret::new(format!("{:06}", u128::from_be_bytes(number) % 1_000_000))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Seed(redacted)")
    }
}

/// Writes a secret out as it is, for bytes that the store seals before they touch a disk.
pub mod sealed {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::Secret;

    /// Writes the secret. Only for a field of something that is sealed as a whole.
    ///
    /// # Errors
    /// Those of the serializer.
    pub fn serialize<S: Serializer>(secret: &Secret, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.expose())
    }

    /// Reads the secret back.
    ///
    /// # Errors
    /// Those of the deserializer.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        String::deserialize(deserializer).map(Secret::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_printed() {
        let secret = Secret::new("123456");
        let printed = format!("{secret:?} {:?} {:?}", secret.hash(), Seed::new([7; 32]));
        assert_eq!(printed, "Secret(redacted) SecretHash(redacted) Seed(redacted)");
    }

    #[test]
    fn one_seed_gives_different_things_under_different_labels() {
        let seed = Seed::new([7; 32]);
        assert_ne!(seed.derive("a"), seed.derive("b"));
        assert_eq!(seed.derive("a"), Seed::new([7; 32]).derive("a"));
        assert_eq!(seed.code("voice").expose().len(), 6);
        assert_eq!(seed.token("link").expose().len(), 43);
    }
}
