//! Signed heads and checkpoints of the journal: what an outsider holds the journal against.

use ed25519_dalek::{Signature, Signer, SigningKey, Verifier, VerifyingKey};
use readmit_recovery::time::Timestamp;

use crate::journal::Head;

/// A head with the signature that makes it worth keeping elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedHead {
    /// The head.
    pub head: Head,
    /// The Ed25519 signature: over `readmit-journal-head-1`, the number as 8 bytes big-endian, the hash.
    pub signature: [u8; 64],
    /// The key that it verifies with.
    pub public_key: [u8; 32],
}

impl SignedHead {
    /// Whether the holder of the key has signed this head.
    #[must_use]
    pub fn is_genuine(&self) -> bool {
        verify_head(&self.head, &self.signature, &self.public_key)
    }
}

/// Where a journal begins whose older entries were removed by a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last entry that was removed; the first that is left is chained to it.
    pub head: Head,
    /// When it was removed.
    pub at: Timestamp,
    /// By what rule: `journal_days=3650`.
    pub rule: String,
    /// The Ed25519 signature: over `readmit-journal-checkpoint-1`, the number and the time as 8 bytes big-endian each,
    /// the hash, the rule.
    pub signature: [u8; 64],
}

impl Checkpoint {
    /// Whether the holder of this key has signed it.
    #[must_use]
    pub fn is_genuine(&self, public_key: &[u8; 32]) -> bool {
        verifies(&checkpoint_bytes(&self.head, self.at, &self.rule), &self.signature, public_key)
    }
}

/// Signs for one journal.
pub(crate) struct HeadSigner {
    key: SigningKey,
}

impl HeadSigner {
    /// The signer with this seed.
    pub(crate) fn new(seed: &[u8; 32]) -> Self {
        Self { key: SigningKey::from_bytes(seed) }
    }

    /// The key that the signatures verify with.
    pub(crate) fn public_key(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// The signature of a head.
    pub(crate) fn sign(&self, head: &Head) -> [u8; 64] {
        self.sign_bytes(&signed_bytes(head))
    }

    /// A signed checkpoint.
    pub(crate) fn checkpoint(&self, head: Head, at: Timestamp, rule: &str) -> Checkpoint {
        let signature = self.sign_bytes(&checkpoint_bytes(&head, at, rule));
        Checkpoint { head, at, rule: rule.to_owned(), signature }
    }

    /// The signature of bytes that begin with what they are.
    pub(crate) fn sign_bytes(&self, bytes: &[u8]) -> [u8; 64] {
        self.key.sign(bytes).to_bytes()
    }
}

/// Whether `signature` is the holder's of `public_key` under `head`.
#[must_use]
pub fn verify_head(head: &Head, signature: &[u8; 64], public_key: &[u8; 32]) -> bool {
    verifies(&signed_bytes(head), signature, public_key)
}

/// Whether `signature` is the holder's of `public_key` under these bytes.
pub(crate) fn verifies(bytes: &[u8], signature: &[u8; 64], public_key: &[u8; 32]) -> bool {
    VerifyingKey::from_bytes(public_key)
        .is_ok_and(|key| key.verify(bytes, &Signature::from_bytes(signature)).is_ok())
}

fn signed_bytes(head: &Head) -> Vec<u8> {
    [b"readmit-journal-head-1".as_slice(), &head.seq.to_be_bytes(), &head.hash].concat()
}

fn checkpoint_bytes(head: &Head, at: Timestamp, rule: &str) -> Vec<u8> {
    let (seq, at) = (head.seq.to_be_bytes(), at.unix().to_be_bytes());
    [b"readmit-journal-checkpoint-1".as_slice(), &seq, &at, &head.hash, rule.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_fits_one_head_and_one_key() {
        let signer = HeadSigner::new(&[3; 32]);
        let head = Head { seq: 5, hash: [9; 32] };
        let signature = signer.sign(&head);
        let other_key = HeadSigner::new(&[4; 32]).public_key();
        let signed = |head, public_key| SignedHead { head, signature, public_key }.is_genuine();
        assert!(signed(head, signer.public_key()));
        assert!(!signed(Head { seq: 6, ..head }, signer.public_key()));
        assert!(!signed(Head { hash: [8; 32], ..head }, signer.public_key()));
        assert!(!signed(head, other_key));
    }

    #[test]
    fn a_checkpoint_is_signed_with_everything_that_it_says() {
        let signer = HeadSigner::new(&[3; 32]);
        let made =
            signer.checkpoint(Head { seq: 5, hash: [9; 32] }, Timestamp::from_unix(7), "journal_days=1");
        assert!(made.is_genuine(&signer.public_key()));
        let changed = [
            Checkpoint { head: Head { seq: 6, ..made.head }, ..made.clone() },
            Checkpoint { head: Head { hash: [8; 32], ..made.head }, ..made.clone() },
            Checkpoint { at: Timestamp::from_unix(8), ..made.clone() },
            Checkpoint { rule: "journal_days=2".to_owned(), ..made.clone() },
        ];
        for checkpoint in changed {
            assert!(!checkpoint.is_genuine(&signer.public_key()), "{checkpoint:?}");
        }
        // A head is never taken for a checkpoint.
        let head = SignedHead { head: made.head, signature: made.signature, public_key: signer.public_key() };
        assert!(!head.is_genuine());
    }
}
