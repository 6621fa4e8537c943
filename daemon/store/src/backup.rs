//! Backups: one file with a copy of the database, and a manifest at its end that is signed with the journal's key.
//!
//! ```text
//! the database                 as many bytes as the manifest says
//! the manifest                 JSON
//! its signature                64 bytes, Ed25519, over `readmit-backup-1` and the manifest
//! its length                   4 bytes, big-endian
//! readmit-backup-1             16 bytes
//! ```
//! What is cut off, changed or put together from two is noticed before anything is done with it. Secrets in it are sealed
//! as they are in the database, and the keyring is not in it.

use std::fs::File;
use std::io::{Read, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use readmit_recovery::time::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;

use crate::head::{HeadSigner, SignedHead, verifies};
use crate::journal::Head;
use crate::limits::{COPIED_AT_ONCE, MAX_MANIFEST_BYTES};

const MARK: &[u8; 16] = b"readmit-backup-1";
const SIGNATURE_BYTES: u64 = 64;
/// The length and the mark.
const END_BYTES: u64 = 4 + 16;

/// Why a backup cannot be made or used.
#[derive(Debug, Error)]
pub enum BackupError {
    /// A file cannot be read or written.
    #[error("cannot {what} {}", path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// The file does not end as a backup does.
    #[error("{} is no backup of Readmit, or its end was cut off: use another one, made by readmit backup", .0.display())]
    NoBackup(PathBuf),
    /// The file is not what its manifest says.
    #[error("the backup {} is damaged: {why}; use another one", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// How it shows.
        why: &'static str,
    },
    /// A newer program made it.
    #[error("the backup {} has schema {found}, and this program knows only up to {known}: use the newer program", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema in it.
        found: i64,
        /// The newest schema that this program knows.
        known: i64,
    },
    /// The keys do not open it.
    #[error("the key does not open the backup {}: restore the key from its own backup first", path.display())]
    OtherKey {
        /// The file.
        path: PathBuf,
    },
}

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The form of the backup: 1.
    pub readmit_backup: u32,
    /// Which version of the program made it.
    pub program: String,
    /// When.
    pub made_at: u64,
    /// The schema of the database.
    pub schema: i64,
    /// How many bytes it has.
    pub bytes: u64,
    /// Their SHA-256.
    #[serde(with = "hex")]
    pub sha256: [u8; 32],
    /// The number of the journal's last entry.
    pub seq: u64,
    /// Its hash.
    #[serde(with = "hex")]
    pub hash: [u8; 32],
    /// The signature of that head.
    #[serde(with = "hex")]
    pub signature: [u8; 64],
    /// The journal's key.
    #[serde(with = "hex")]
    pub public_key: [u8; 32],
}

impl Manifest {
    /// Where the journal in it ends.
    #[must_use]
    pub const fn head(&self) -> SignedHead {
        SignedHead {
            head: Head { seq: self.seq, hash: self.hash },
            signature: self.signature,
            public_key: self.public_key,
        }
    }
}

/// A backup that is whole.
#[derive(Debug)]
pub struct Backup {
    /// What it says of itself.
    pub manifest: Manifest,
    path: PathBuf,
}

impl Backup {
    /// Opens a backup and reads all of it: nothing is cut off, and nothing was changed since it was made.
    ///
    /// # Errors
    /// [`BackupError`].
    pub fn open(path: &Path) -> Result<Self, BackupError> {
        let mut file = File::open(path).map_err(failed("open", path))?;
        let (manifest, text, signature) = read_end(&mut file, path)?;
        let damaged = |why| BackupError::Damaged { path: path.to_owned(), why };
        if !verifies(&[MARK.as_slice(), &text].concat(), &signature, &manifest.public_key) {
            return Err(damaged("its manifest was changed"));
        }
        file.rewind().map_err(failed("read", path))?;
        let (bytes, sha256) = hashed(&mut file.take(manifest.bytes)).map_err(failed("read", path))?;
        if bytes != manifest.bytes || sha256 != manifest.sha256 {
            return Err(damaged("its bytes are not those that were written"));
        }
        if !manifest.head().is_genuine() {
            return Err(damaged("the signature of its journal's head is forged"));
        }
        Ok(Self { manifest, path: path.to_owned() })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Copies the database in it into an empty file, and puts that on disk.
    pub(crate) fn extract(&self, to: &mut File, to_path: &Path) -> Result<(), BackupError> {
        let file = File::open(&self.path).map_err(failed("open", &self.path))?;
        let mut hashing = Hashing { file: file.take(self.manifest.bytes), digest: Sha256::new() };
        std::io::copy(&mut hashing, to).map_err(failed("write", to_path))?;
        to.sync_all().map_err(failed("write", to_path))?;
        // It may have been changed since it was checked.
        if hashing.digest.finalize()[..] != self.manifest.sha256 {
            let why = "its bytes are not those that were written";
            return Err(BackupError::Damaged { path: self.path.clone(), why });
        }
        Ok(())
    }
}

struct Hashing<R> {
    file: R,
    digest: Sha256,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.digest.update(&buffer[..read]);
        Ok(read)
    }
}

/// What is said of the copy of a database.
pub(crate) struct Copied {
    /// The schema.
    pub(crate) schema: i64,
    /// Where its journal ends.
    pub(crate) head: Head,
    /// When it is written.
    pub(crate) at: Timestamp,
}

/// Writes the copy of a database and its manifest to a file, and puts it on disk.
pub(crate) fn write(
    copy: &Path,
    copied: &Copied,
    signer: &HeadSigner,
    mut to: &File,
) -> Result<Manifest, BackupError> {
    let to_path = Path::new("the backup");
    let mut from = File::open(copy).map_err(failed("open", copy))?;
    let (mut digest, mut bytes) = (Sha256::new(), 0);
    let mut buffer = vec![0; COPIED_AT_ONCE];
    loop {
        let read = from.read(&mut buffer).map_err(failed("read", copy))?;
        if read == 0 {
            break;
        }
        digest.update(&buffer[..read]);
        to.write_all(&buffer[..read]).map_err(failed("write", to_path))?;
        bytes += read as u64;
    }
    let manifest = Manifest {
        readmit_backup: 1,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at: copied.at.unix(),
        schema: copied.schema,
        bytes,
        sha256: digest.finalize().into(),
        seq: copied.head.seq,
        hash: copied.head.hash,
        signature: signer.sign(&copied.head),
        public_key: signer.public_key(),
    };
    let text = serde_json::to_vec(&manifest).map_err(|error| failed("write", to_path)(error.into()))?;
    let signature = signer.sign_bytes(&[MARK.as_slice(), &text].concat());
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes();
    let end = [text.as_slice(), &signature, &length, MARK].concat();
    to.write_all(&end).and_then(|()| to.sync_all()).map_err(failed("write", to_path))?;
    Ok(manifest)
}

fn read_end(file: &mut File, path: &Path) -> Result<(Manifest, Vec<u8>, [u8; 64]), BackupError> {
    let no_backup = || BackupError::NoBackup(path.to_owned());
    let size = file.metadata().map_err(failed("look at", path))?.len();
    let mut end = [0; END_BYTES as usize];
    let at = size.checked_sub(END_BYTES).ok_or_else(no_backup)?;
    read_at(file, at, &mut end).map_err(failed("read", path))?;
    let (length, mark) = end.split_at(4);
    let length = u32::from_be_bytes(length.try_into().unwrap_or_default());
    if mark != MARK || length > MAX_MANIFEST_BYTES {
        return Err(no_backup());
    }
    let rest = u64::from(length) + SIGNATURE_BYTES;
    let bytes = at.checked_sub(rest).ok_or_else(no_backup)?;
    let mut text = vec![0; length as usize];
    let mut signature = [0; SIGNATURE_BYTES as usize];
    read_at(file, bytes, &mut text).map_err(failed("read", path))?;
    read_at(file, bytes + u64::from(length), &mut signature).map_err(failed("read", path))?;
    let manifest: Manifest = serde_json::from_slice(&text).map_err(|_| no_backup())?;
    if manifest.bytes != bytes {
        let why = "its length is not the one that was written";
        return Err(BackupError::Damaged { path: path.to_owned(), why });
    }
    Ok((manifest, text, signature))
}

fn read_at(file: &mut File, at: u64, buffer: &mut [u8]) -> std::io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(buffer)
}

fn hashed(from: &mut impl Read) -> std::io::Result<(u64, [u8; 32])> {
    let (mut digest, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; COPIED_AT_ONCE]);
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, digest.finalize().into()));
        }
        digest.update(&buffer[..read]);
        bytes += read as u64;
    }
}

fn failed(what: &'static str, path: &Path) -> impl Fn(std::io::Error) -> BackupError + use<> {
    let path = path.to_owned();
    move |source| BackupError::File { what, path: path.clone(), source }
}
