//! What an administrator has the store do: new keys, backups.

use readmit_recovery::time::Timestamp;

use crate::keyring::KeyId;

/// Who has something done, and when: for the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct By {
    /// When.
    pub at: Timestamp,
    /// Who, as [`crate::Change::actor`] has it.
    pub actor: String,
}

/// A key, and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyState {
    /// Its number.
    pub id: KeyId,
    /// What it is for.
    pub part: KeyPart,
}

/// What a key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyPart {
    /// It seals what is written now.
    Current,
    /// It seals the keys that the database keeps.
    Root,
    /// What it sealed is being sealed again; then it is forgotten.
    Old,
}

/// A key that signed sign-ins until lately.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetiredKey {
    /// The public key.
    pub public_key: [u8; 32],
    /// Until when verifiers are told of it.
    pub until: Timestamp,
}
