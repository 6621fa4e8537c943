//! A file that is there under its name whole or not at all.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Kind};

/// A file that is not yet there under its name; it is gone when it is dropped before it is kept.
pub struct Draft {
    /// The file.
    pub file: File,
    path: PathBuf,
    kept: bool,
}

impl Draft {
    /// A draft in the directory of `path`, for this user alone.
    ///
    /// # Errors
    /// It cannot be made there.
    pub fn beside(path: &Path) -> Result<Self, Failure> {
        let name = path.file_name().and_then(|name| name.to_str()).filter(|name| !name.is_empty());
        let name = name.ok_or_else(|| Failure::new(Kind::Usage, "the output is no name of a file"))?;
        let draft = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
        let options = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft);
        Ok(Self { file: options.map_err(|error| unwritable(path, &error))?, path: draft, kept: false })
    }

    /// Gives it its name, once it is on disk.
    ///
    /// # Errors
    /// It cannot be put on disk; then it is gone.
    pub fn keep(mut self, path: &Path) -> Result<(), Failure> {
        let synced = self.file.sync_all().and_then(|()| std::fs::rename(&self.path, path));
        synced.map_err(|error| unwritable(path, &error))?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            // What cannot be removed is empty or cut, and says so by its name.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Why there is no such file.
#[must_use]
pub fn unwritable(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Kind::Failed, format!("{} cannot be written: {error}", path.display()))
        .with_hint("name a file in a directory that you may write to, with room for the log")
}
