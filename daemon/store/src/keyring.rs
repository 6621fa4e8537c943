//! The keys that seal what the store keeps: one current key, and the older ones that rows may still need.
//!
//! A keyring is a small text file that only its owner can read:
//! ```text
//! readmit-keyring 1
//! key 1 <32 bytes in base64>
//! key 2 <32 bytes in base64>
//! ```
//! The key with the highest number is the current one. The file may also be a credential that the daemon can only read:
//! new keys are then kept in the database, sealed with the current key of the file ([`crate::Store::rotate_key`]).

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use parking_lot::{Mutex, RwLock};
use thiserror::Error;
use zeroize::Zeroizing;

use self::file::{check_access, file_in, read, text, write_new};
use crate::durable::sync_directory;
use crate::limits::MAX_KEYS;

mod file;

/// The number of a key. It stands in clear before everything that the key has sealed.
///
/// The keyring's own keys have numbers from 1 on, those that the database keeps from [`KeyId::FIRST_DATA`] on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(pub u32);

impl KeyId {
    /// The first key that the database keeps.
    pub const FIRST_DATA: Self = Self(1 << 31);

    /// Whether the database keeps it, sealed with one of the keyring's own.
    #[must_use]
    pub fn is_data(self) -> bool {
        self >= Self::FIRST_DATA
    }
}

/// `root 2`, `data 1`.
impl fmt::Display for KeyId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.checked_sub(Self::FIRST_DATA.0) {
            Some(number) => write!(formatter, "data {}", number + 1),
            None => write!(formatter, "root {}", self.0),
        }
    }
}

/// Why a keyring cannot be used. No message holds key material.
#[derive(Debug, Error)]
pub enum KeyringError {
    /// The file cannot be read, written or made.
    #[error("cannot {what} the keyring {}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The keyring.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// Somebody else owns the file, and could change it.
    #[error("the keyring {} belongs to uid {owner}: run chown {wanted} on it", path.display())]
    Owner {
        /// The keyring.
        path: PathBuf,
        /// Who owns it.
        owner: u32,
        /// Who should.
        wanted: u32,
    },
    /// Others can read or change the file.
    #[error("the keyring {} has mode {mode:04o}, so that other users can reach it: run chmod 0600 on it", path.display())]
    Exposed {
        /// The keyring.
        path: PathBuf,
        /// The mode that it has.
        mode: u32,
    },
    /// The file is no keyring.
    #[error("line {line} of the keyring {} is malformed: {why}", path.display())]
    Malformed {
        /// The keyring.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The keyring has no file, as those for tests have not.
    #[error("this keyring has no file to keep a new key in")]
    NoFile,
    /// The keyring is full.
    #[error("the keyring holds {MAX_KEYS} keys: seal everything again and forget the old ones first")]
    Full,
    /// The current key cannot be forgotten, nor one that is not there.
    #[error("key `{0}` is the current one, or is not there")]
    NotOld(KeyId),
    /// The system gave no random bytes.
    #[error("the system gave no random bytes: {0}")]
    Random(getrandom::Error),
}

pub(crate) type Key = Zeroizing<[u8; 32]>;

/// The keys. Shared: a key that [`Keyring::rotate`] adds seals the next row of every store that uses it.
pub struct Keyring {
    path: Option<PathBuf>,
    keys: RwLock<Keys>,
    // Held over reading, writing and switching, so that two rotations do not make the same key number.
    changing: Mutex<()>,
}

#[derive(Clone)]
struct Keys {
    all: BTreeMap<KeyId, Key>,
}

impl Keys {
    /// The one that seals: one that the database keeps, if there is any.
    fn current(&self) -> KeyId {
        self.all.last_key_value().map_or(KeyId(0), |(id, _)| *id)
    }

    /// The newest of the keyring's own.
    fn root(&self) -> KeyId {
        self.own().last().map_or(KeyId(0), |(id, _)| *id)
    }

    fn own(&self) -> impl DoubleEndedIterator<Item = (&KeyId, &Key)> {
        self.all.range(..KeyId::FIRST_DATA)
    }
}

impl Keyring {
    /// Reads the keyring `path`; in a directory, the file `keyring` in it.
    ///
    /// The file must belong to this process's user or to root, and nobody else may reach it. (The group of a
    /// file of root's may read it, as systemd shows credentials in that way.)
    ///
    /// # Errors
    /// [`KeyringError`] says what is wrong with the file and how to mend it.
    pub fn load(path: &Path) -> Result<Self, KeyringError> {
        let path = file_in(path);
        let mut file = File::open(&path).map_err(|source| KeyringError::File {
            what: "open",
            path: path.clone(),
            source,
        })?;
        check_access(&file, &path)?;
        let keys = read(&mut file, &path)?;
        Ok(Self { path: Some(path), keys: RwLock::new(keys), changing: Mutex::new(()) })
    }

    /// Reads a keyring from a pipe, such as one from `systemd-creds decrypt`. It has no file that it could change.
    ///
    /// # Errors
    /// [`KeyringError`] says what is wrong with it.
    pub fn from_pipe(mut pipe: impl Read) -> Result<Self, KeyringError> {
        let keys = read(&mut pipe, Path::new("-"))?;
        Ok(Self { path: None, keys: RwLock::new(keys), changing: Mutex::new(()) })
    }

    /// The keyring's file as it would be with one key more, for whoever keeps it as a credential.
    ///
    /// # Errors
    /// [`KeyringError::Full`], or there is no randomness.
    pub fn with_new_key(&self) -> Result<Zeroizing<String>, KeyringError> {
        let mut keys = self.keys.read().clone();
        if keys.all.len() >= MAX_KEYS {
            return Err(KeyringError::Full);
        }
        keys.all.insert(KeyId(keys.root().0 + 1), fresh_key()?);
        Ok(text(&keys))
    }

    /// The keyring's file as it would be with its newest key alone.
    #[must_use]
    pub fn without_old_keys(&self) -> Zeroizing<String> {
        let mut keys = self.keys.read().clone();
        let root = keys.root();
        keys.all.retain(|id, _| *id == root);
        text(&keys)
    }

    /// Makes the keyring `path` with one fresh key; in a directory, the file `keyring` in it.
    ///
    /// # Errors
    /// [`KeyringError::File`] if there is a file already, or none can be made.
    pub fn create(path: &Path) -> Result<Self, KeyringError> {
        let path = file_in(path);
        let keys = Keys { all: BTreeMap::from([(KeyId(1), fresh_key()?)]) };
        write_new(&path, &keys)
            .and_then(|()| sync_directory(&path))
            .map_err(|source| KeyringError::File { what: "create", path: path.clone(), source })?;
        Ok(Self { path: Some(path), keys: RwLock::new(keys), changing: Mutex::new(()) })
    }

    /// A keyring of one key that is in no file, for tests and benchmarks.
    #[must_use]
    pub fn ephemeral(key: [u8; 32]) -> Self {
        let all = BTreeMap::from([(KeyId(1), Zeroizing::new(key))]);
        Self { path: None, keys: RwLock::new(Keys { all }), changing: Mutex::new(()) }
    }

    /// The current key's number.
    #[must_use]
    pub fn current(&self) -> KeyId {
        self.keys.read().current()
    }

    /// Every key's number, the oldest first.
    #[must_use]
    pub fn ids(&self) -> Vec<KeyId> {
        self.keys.read().all.keys().copied().collect()
    }

    /// Adds a fresh key and makes it the current one. It is in the file, and the file on disk, before
    /// anything is sealed with it. The older keys stay.
    ///
    /// # Errors
    /// [`KeyringError`]; then nothing has changed.
    pub fn rotate(&self) -> Result<KeyId, KeyringError> {
        let _changing = self.changing.lock();
        let mut keys = self.keys.read().clone();
        if keys.all.len() >= MAX_KEYS {
            return Err(KeyringError::Full);
        }
        let id = KeyId(keys.root().0 + 1);
        if id.is_data() {
            return Err(KeyringError::Full);
        }
        keys.all.insert(id, fresh_key()?);
        self.replace(keys)?;
        Ok(id)
    }

    /// The number of the newest key of its own, which seals those that the database keeps.
    #[must_use]
    pub fn root(&self) -> KeyId {
        self.keys.read().root()
    }

    /// Whether a new key of its own can be put into its file.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        let Some(directory) = self.path.as_deref().map(crate::durable::directory_of) else { return false };
        rustix::fs::access(directory, rustix::fs::Access::WRITE_OK).is_ok()
    }

    /// Holds a key that the database keeps.
    pub(crate) fn hold(&self, id: KeyId, key: Key) {
        let _changing = self.changing.lock();
        self.keys.write().all.insert(id, key);
    }

    /// Lets go of keys that the database kept.
    pub(crate) fn let_go(&self, ids: &[KeyId]) {
        let _changing = self.changing.lock();
        self.keys.write().all.retain(|id, _| !ids.contains(id));
    }

    /// Forgets an old key. What is still sealed with it, in the database or in a backup of it, cannot be read
    /// again: seal everything again first ([`crate::Store::reseal`]).
    ///
    /// # Errors
    /// [`KeyringError::NotOld`] for the current key, and those of writing the file.
    pub fn forget(&self, id: KeyId) -> Result<(), KeyringError> {
        let _changing = self.changing.lock();
        let mut keys = self.keys.read().clone();
        if id == keys.root() || id.is_data() || keys.all.remove(&id).is_none() {
            return Err(KeyringError::NotOld(id));
        }
        self.replace(keys)
    }

    /// The current key and its number.
    pub(crate) fn current_key(&self) -> Option<(KeyId, Key)> {
        let keys = self.keys.read();
        keys.all.last_key_value().map(|(id, key)| (*id, key.clone()))
    }

    /// The key with this number.
    pub(crate) fn key(&self, id: KeyId) -> Option<Key> {
        self.keys.read().all.get(&id).cloned()
    }

    fn replace(&self, keys: Keys) -> Result<(), KeyringError> {
        let path = self.path.as_ref().ok_or(KeyringError::NoFile)?;
        let next = path.with_extension("next");
        let failed = |source| KeyringError::File { what: "replace", path: path.clone(), source };
        match std::fs::remove_file(&next) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            Ok(()) | Err(_) => {}
        }
        write_new(&next, &keys)
            .and_then(|()| std::fs::rename(&next, path))
            .and_then(|()| sync_directory(path))
            .map_err(failed)?;
        *self.keys.write() = keys;
        Ok(())
    }
}

impl fmt::Debug for Keyring {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Keyring").field("current", &self.current()).field("ids", &self.ids()).finish()
    }
}

pub(crate) fn fresh_key() -> Result<Key, KeyringError> {
    let mut key = Zeroizing::new([0; 32]);
    getrandom::fill(key.as_mut()).map_err(KeyringError::Random)?;
    Ok(key)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};

    use super::*;

    #[test]
    fn what_is_created_is_loaded_and_only_the_owner_reaches_it() {
        let directory = tempfile::tempdir().unwrap();
        let made = Keyring::create(directory.path()).unwrap();
        let path = directory.path().join("keyring");
        assert_eq!(path.metadata().unwrap().mode() & 0o7777, 0o600);
        let loaded = Keyring::load(directory.path()).unwrap();
        assert_eq!(loaded.current_key(), made.current_key());
        assert!(matches!(Keyring::create(&path), Err(KeyringError::File { what: "create", .. })));
    }

    #[test]
    fn a_rotation_is_in_the_file_and_keeps_the_old_key() {
        let directory = tempfile::tempdir().unwrap();
        let keyring = Keyring::create(directory.path()).unwrap();
        let (first, old) = keyring.current_key().unwrap();
        let second = keyring.rotate().unwrap();
        assert_ne!(first, second);
        let loaded = Keyring::load(directory.path()).unwrap();
        assert_eq!(loaded.current(), second);
        assert_eq!(loaded.key(first), Some(old));
        assert!(matches!(loaded.forget(second), Err(KeyringError::NotOld(_))));
        loaded.forget(first).unwrap();
        assert_eq!(Keyring::load(directory.path()).unwrap().ids(), [second]);
    }

    #[test]
    fn a_keyring_takes_so_many_keys_and_no_more() {
        let directory = tempfile::tempdir().unwrap();
        let keyring = Keyring::create(directory.path()).unwrap();
        for _ in 1..MAX_KEYS {
            keyring.rotate().unwrap();
        }
        assert!(matches!(keyring.rotate(), Err(KeyringError::Full)));
        assert_eq!(Keyring::load(directory.path()).unwrap().ids().len(), MAX_KEYS);
    }

    #[test]
    fn a_file_that_others_reach_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        drop(Keyring::create(directory.path()).unwrap());
        let path = directory.path().join("keyring");
        for mode in [0o604, 0o620, 0o644, 0o666, 0o602] {
            std::fs::set_permissions(&path, PermissionsExt::from_mode(mode)).unwrap();
            let refused = Keyring::load(&path).unwrap_err();
            assert!(
                matches!(refused, KeyringError::Exposed { mode: found, .. } if found == mode),
                "{refused}"
            );
        }
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o400)).unwrap();
        Keyring::load(&path).unwrap();
    }

    #[test]
    fn nothing_secret_is_printed() {
        assert_eq!(
            format!("{:?}", Keyring::ephemeral([7; 32])),
            "Keyring { current: KeyId(1), ids: [KeyId(1)] }"
        );
    }
}
