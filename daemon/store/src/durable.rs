//! Files that are there whole or not at all, whenever the power goes.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Puts a file with these bytes in place of whatever is at `path`; for its owner alone.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let next = with_suffix(path, ".next");
    remove_if_there(&next)?;
    let mut file = create_new(&next)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    std::fs::rename(&next, path)?;
    sync_directory(path)
}

/// Makes a file for its owner alone; who that is, the directory says when root makes it.
pub(crate) fn create_new(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)?;
    adopt(&file, path)?;
    Ok(file)
}

/// Whether a file can be made and written beside this one.
pub(crate) fn probe(path: &Path) -> io::Result<()> {
    let probe = with_suffix(path, ".probe");
    remove_if_there(&probe)?;
    create_new(&probe)?.write_all(&[0])?;
    remove_if_there(&probe)
}

/// Gives what root has made to the owner of its directory: the daemon must be able to use it.
pub(crate) fn adopt(file: &File, path: &Path) -> io::Result<()> {
    if !rustix::process::geteuid().is_root() {
        return Ok(());
    }
    let owner = directory_of(path).metadata()?;
    if owner.uid() != 0 {
        std::os::unix::fs::fchown(file, Some(owner.uid()), Some(owner.gid()))?;
    }
    Ok(())
}

/// Removes a file that may be there.
pub(crate) fn remove_if_there(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Puts the names in the directory of `path` on disk.
pub(crate) fn sync_directory(path: &Path) -> io::Result<()> {
    File::open(directory_of(path))?.sync_all()
}

/// The directory that `path` is in.
pub(crate) fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// The path with something behind its name.
pub(crate) fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
