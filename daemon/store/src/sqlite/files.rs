//! The database's files: nobody else may reach them, and only one store may have them.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use crate::durable::{adopt, directory_of, with_suffix};
use crate::error::StoreError;

/// The lock on a database, for as long as it lives. The kernel takes it back however the process ends.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Closing the file is not enough: a process that is being started has a copy of it until its exec.
    fn drop(&mut self) {
        if let Err(errno) = flock(&self.file, FlockOperation::Unlock) {
            tracing::warn!(error = %errno, "the lock on the database goes with its file only");
        }
    }
}

/// Makes the directory of the database where it is missing, refuses it where others reach it, and takes the lock.
pub(super) fn lock_database(path: &Path) -> Result<Lock, StoreError> {
    let directory = directory_of(path);
    if !directory.exists() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)
            .map_err(StoreError::file("make the directory", directory))?;
    }
    refuse_exposed(directory, 0o700)?;
    lock(path)
}

/// Makes the file of the database where it is missing, and refuses it where others reach it.
pub(super) fn prepare(path: &Path) -> Result<(), StoreError> {
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            return Err(StoreError::file("make the database", path)(error));
        }
        Ok(_) | Err(_) => {}
    }
    refuse_exposed(path, 0o600)
}

fn lock(path: &Path) -> Result<Lock, StoreError> {
    let name = with_suffix(path, ".lock");
    let file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(&name)
        .map_err(StoreError::file("open the lock", &name))?;
    adopt(&file, &name).map_err(StoreError::file("give away the lock", &name))?;
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Lock { file }),
        Err(rustix::io::Errno::WOULDBLOCK) => Err(StoreError::InUse { path: path.to_owned() }),
        Err(errno) => Err(StoreError::file("lock", &name)(errno.into())),
    }
}

fn refuse_exposed(path: &Path, wanted: u32) -> Result<(), StoreError> {
    let found = path.metadata().map_err(StoreError::file("look at", path))?;
    let (mode, own) = (found.mode() & 0o7777, rustix::process::geteuid().as_raw());
    // Root reaches everything, whosever it is.
    if found.uid() != own && own != 0 {
        return Err(StoreError::Owner { path: path.to_owned(), owner: found.uid(), wanted: own });
    }
    if mode & 0o077 != 0 {
        return Err(StoreError::Exposed { path: path.to_owned(), mode, wanted });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::lock;

    #[test]
    fn a_lock_ends_even_if_a_process_that_is_being_started_has_its_file() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("readmit.db");
        let held = lock(&path).unwrap();
        let inherited = held.file.try_clone().unwrap();
        lock(&path).unwrap_err();
        drop(held);
        lock(&path).unwrap();
        drop(inherited);
    }
}
