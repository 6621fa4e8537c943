//! Sealing: what lies on the disk cannot be read or moved without the keyring.
//!
//! A sealed blob is the key's number (4 bytes, big-endian), a random nonce (24 bytes) and the XChaCha20-Poly1305
//! ciphertext. The associated data names the table and the row, so that a blob put in another row's place does
//! not open. It does not stop somebody from putting an older blob of the same row back.

use std::sync::Arc;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::keyring::{Key, KeyId, Keyring};

/// Why something cannot be sealed or unsealed.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// The keyring has not the key.
    #[error("the keyring has no key `{0}`")]
    NoKey(KeyId),
    /// The blob was changed, belongs to another row, or the key of this number is another one.
    #[error("it was changed, moved, or sealed with another key `{0}`")]
    Forged(KeyId),
    /// The blob is too short to be one.
    #[error("it is too short")]
    Short,
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    Random(getrandom::Error),
    /// The text is larger than the cipher takes.
    #[error("it is too large")]
    TooLarge,
}

const ID_BYTES: usize = 4;
const NONCE_BYTES: usize = 24;

/// Seals and unseals with the keys of one keyring.
#[derive(Clone, Debug)]
pub(crate) struct Sealer {
    keyring: Arc<Keyring>,
}

impl Sealer {
    /// A sealer with these keys, and whichever are added.
    pub(crate) const fn new(keyring: Arc<Keyring>) -> Self {
        Self { keyring }
    }

    /// Seals `plain` for the row `id` of `table` with the current key.
    pub(crate) fn seal(&self, table: &str, id: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let (number, key) =
            self.keyring.current_key().ok_or_else(|| SealError::NoKey(self.keyring.current()))?;
        Self::seal_with(number, &key, table, id, plain)
    }

    /// As [`Sealer::seal`], with the keyring's own newest key.
    pub(crate) fn seal_at_root(&self, table: &str, id: &str, plain: &[u8]) -> Result<Vec<u8>, SealError> {
        let number = self.keyring.root();
        let key = self.keyring.key(number).ok_or(SealError::NoKey(number))?;
        Self::seal_with(number, &key, table, id, plain)
    }

    fn seal_with(
        number: KeyId,
        key: &Key,
        table: &str,
        id: &str,
        plain: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let mut nonce = XNonce::default();
        getrandom::fill(&mut nonce).map_err(SealError::Random)?;
        let sealed = XChaCha20Poly1305::new(key.as_slice().into())
            .encrypt(&nonce, Payload { msg: plain, aad: &place(table, id) })
            .map_err(|_| SealError::TooLarge)?;
        let mut blob = Vec::with_capacity(ID_BYTES + NONCE_BYTES + sealed.len());
        blob.extend_from_slice(&number.0.to_be_bytes());
        blob.extend_from_slice(&nonce);
        blob.extend_from_slice(&sealed);
        Ok(blob)
    }

    /// Unseals the `blob` of the row `id` of `table`.
    pub(crate) fn unseal(&self, table: &str, id: &str, blob: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let number = sealed_with(blob)?;
        let (nonce, sealed) = blob[ID_BYTES..].split_at_checked(NONCE_BYTES).ok_or(SealError::Short)?;
        let key = self.keyring.key(number).ok_or(SealError::NoKey(number))?;
        XChaCha20Poly1305::new(key.as_slice().into())
            .decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: &place(table, id) })
            .map(Zeroizing::new)
            .map_err(|_| SealError::Forged(number))
    }

    /// The keys.
    pub(crate) fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// Whether a blob is sealed with another key than the current one.
    pub(crate) fn is_old(&self, blob: &[u8]) -> Result<bool, SealError> {
        Ok(sealed_with(blob)? != self.keyring.current())
    }
}

/// The number of the key that a blob is sealed with.
pub(crate) fn sealed_with(blob: &[u8]) -> Result<KeyId, SealError> {
    let number = blob.first_chunk::<ID_BYTES>().ok_or(SealError::Short)?;
    Ok(KeyId(u32::from_be_bytes(*number)))
}

fn place(table: &str, id: &str) -> Vec<u8> {
    // The table's name is one of ours and holds no zero byte, so the two parts cannot run into each other.
    [table.as_bytes(), &[0], id.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealer() -> Sealer {
        Sealer::new(Arc::new(Keyring::ephemeral([7; 32])))
    }

    #[test]
    fn only_the_same_row_unseals_it() {
        let sealer = sealer();
        let blob = sealer.seal("devices", "d1", b"JBSWY3DP").unwrap();
        assert_eq!(sealer.unseal("devices", "d1", &blob).unwrap().as_slice(), b"JBSWY3DP");
        assert_eq!(sealer.unseal("devices", "d2", &blob), Err(SealError::Forged(KeyId(1))));
        assert_eq!(sealer.unseal("accounts", "d1", &blob), Err(SealError::Forged(KeyId(1))));
        let other = Sealer::new(Arc::new(Keyring::ephemeral([8; 32])));
        assert_eq!(other.unseal("devices", "d1", &blob), Err(SealError::Forged(KeyId(1))));
    }

    #[test]
    fn every_changed_byte_is_noticed() {
        let sealer = sealer();
        let blob = sealer.seal("t", "i", b"secret").unwrap();
        for index in 0..blob.len() {
            let mut changed = blob.clone();
            changed[index] ^= 1;
            assert!(sealer.unseal("t", "i", &changed).is_err(), "byte {index}");
            assert!(sealer.unseal("t", "i", &blob[..index]).is_err(), "cut at {index}");
        }
    }

    #[test]
    fn the_same_text_never_gives_the_same_blob() {
        let sealer = sealer();
        assert_ne!(sealer.seal("t", "i", b"x").unwrap(), sealer.seal("t", "i", b"x").unwrap());
    }
}
