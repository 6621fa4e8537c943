//! Secrets of a plugin: a credential of its unit, or a file that is closed to others. Never the settings.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use thiserror::Error;
use zeroize::Zeroizing;

/// Why a secret cannot be used. No message holds any of it.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// It is neither a name nor an absolute path.
    #[error(
        "{} is neither the name of a credential nor an absolute path: write \"password\" or \"/path/to/file\"",
        .0.display()
    )]
    Name(PathBuf),
    /// There are no credentials.
    #[error(
        "{} is the name of a credential, and the plugin has none ($CREDENTIALS_DIRECTORY is not set): give its unit ImportCredential= or LoadCredential=, or write the absolute path of a file of mode 0600",
        .0.display()
    )]
    NoCredentials(PathBuf),
    /// There is no such credential.
    #[error(
        "the plugin has no credential {}: put it into /etc/credstore.encrypted with `systemd-creds encrypt`, under the name that ImportCredential= of its unit takes, and start the unit anew",
        .0.display()
    )]
    Missing(PathBuf),
    /// It cannot be read.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Somebody else could change it.
    #[error("{} belongs to uid {owner}: run chown {wanted} on it", path.display())]
    Owner {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Whose it should be.
        wanted: u32,
    },
    /// Others can read it.
    #[error("{} has mode {mode:04o}, so that other users can reach it: run chmod 600 on it", path.display())]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is not what a secret looks like.
    #[error("{} has to hold one line of text of at most {most} bytes, the secret", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// Bytes that it may have.
        most: u64,
    },
    /// It is too long.
    #[error("{} has more than {most} bytes", path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// Bytes that it may have.
        most: u64,
    },
}

/// Reads a secret of one line and at most `most` bytes.
///
/// A plain name is a credential of the unit (`$CREDENTIALS_DIRECTORY`, systemd.exec(5)), which systemd keeps to it. An
/// absolute path is a file of this process's user or of root's that nobody else can reach; a group may read a file
/// of root's.
///
/// # Errors
/// [`CredentialError`] says what is wrong, and how to mend it.
pub fn read_line(name: &Path, most: u64) -> Result<Zeroizing<String>, CredentialError> {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    read_line_of(name, most, credentials.as_deref(), rustix::process::geteuid().as_raw())
}

/// Reads a secret of any content and at most `most` bytes, such as a private key, by the rules of [`read_line`].
///
/// # Errors
/// [`CredentialError`] says what is wrong, and how to mend it.
pub fn read(name: &Path, most: u64) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let (path, bytes) = read_of(name, most, credentials.as_deref(), rustix::process::geteuid().as_raw())?;
    if bytes.len() as u64 > most {
        return Err(CredentialError::TooLong { path, most });
    }
    Ok(bytes)
}

fn read_line_of(
    name: &Path,
    most: u64,
    credentials: Option<&Path>,
    own: u32,
) -> Result<Zeroizing<String>, CredentialError> {
    let (path, bytes) = read_of(name, most, credentials, own)?;
    let content = || CredentialError::Content { path: path.clone(), most };
    if bytes.len() as u64 > most {
        return Err(content());
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| content())?;
    let line = text.strip_suffix('\n').unwrap_or(text);
    let line = line.strip_suffix('\r').unwrap_or(line);
    if line.is_empty() || line.chars().any(char::is_control) {
        return Err(content());
    }
    Ok(Zeroizing::new(line.to_owned()))
}

/// Reads what is there, and one byte more than it may have if there are more.
fn read_of(
    name: &Path,
    most: u64,
    credentials: Option<&Path>,
    own: u32,
) -> Result<(PathBuf, Zeroizing<Vec<u8>>), CredentialError> {
    let (path, is_credential) = place(name, credentials)?;
    let unreadable = |source: io::Error| {
        if is_credential && source.kind() == io::ErrorKind::NotFound {
            return CredentialError::Missing(name.to_owned());
        }
        CredentialError::Unreadable { path: path.clone(), source }
    };
    let file = File::open(&path).map_err(unreadable)?;
    if !is_credential {
        let found = file.metadata().map_err(unreadable)?;
        check(&path, found.uid(), found.mode() & 0o7777, own)?;
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(most + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    Ok((path, bytes))
}

fn place(name: &Path, credentials: Option<&Path>) -> Result<(PathBuf, bool), CredentialError> {
    if name.is_absolute() {
        return Ok((name.to_owned(), false));
    }
    let mut parts = name.components();
    if !matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None)) {
        return Err(CredentialError::Name(name.to_owned()));
    }
    let directory = credentials.ok_or_else(|| CredentialError::NoCredentials(name.to_owned()))?;
    Ok((directory.join(name), true))
}

fn check(path: &Path, owner: u32, mode: u32, own: u32) -> Result<(), CredentialError> {
    if owner != own && owner != 0 {
        return Err(CredentialError::Owner { path: path.to_owned(), owner, wanted: own });
    }
    let others = if owner != own { 0o037 } else { 0o077 };
    if mode & others != 0 {
        return Err(CredentialError::Exposed { path: path.to_owned(), mode });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    const MOST: u64 = 64;
    const SECRET: &str = "hunter2";

    #[test]
    fn what_is_wrong_with_a_secret_is_said_with_its_mend_and_without_the_secret() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path();
        let own = rustix::process::geteuid().as_raw();
        let file = |name: &str, text: &str, mode: u32| {
            let path = place.join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            path
        };
        let name = |name: &str| PathBuf::from(name);
        let long = format!("{SECRET}{}", "x".repeat(64));
        symlink(file("shown", SECRET, 0o644), place.join("link")).unwrap();
        for (path, credentials, uid, words) in [
            (name("password"), None, own, &["credential", "CREDENTIALS_DIRECTORY", "ImportCredential="][..]),
            (name("absent"), Some(place), own, &["no credential absent", "systemd-creds encrypt"]),
            (name("../shown"), Some(place), own, &["neither", "write \"password\""]),
            (name("a/b"), Some(place), own, &["neither"]),
            (name(""), Some(place), own, &["neither"]),
            (place.join("absent"), None, own, &["cannot be read", "No such file"]),
            (place.to_owned(), None, own, &["mode"]),
            (file("group", SECRET, 0o640), None, own, &["mode 0640", "chmod 600"]),
            (file("all", SECRET, 0o604), None, own, &["mode 0604", "chmod 600"]),
            (place.join("link"), None, own, &["mode 0644"]),
            (file("empty", "", 0o600), None, own, &["one line of text", "64 bytes"]),
            (file("newline", "\n", 0o600), None, own, &["one line"]),
            (file("lines", "hunter2\nhunter2", 0o600), None, own, &["one line"]),
            (file("nul", "hunter2\0", 0o600), None, own, &["one line"]),
            (file("long", &long, 0o600), None, own, &["64 bytes"]),
        ] {
            let error = read_line_of(&path, MOST, credentials, uid).unwrap_err().to_string();
            assert!(words.iter().all(|word| error.contains(word)), "{path:?}: {error}");
            assert!(!error.contains(SECRET), "{path:?}: {error}");
        }
        for (path, credentials) in [
            (file("closed", "hunter2\n", 0o600), None),
            (file("dos", "hunter2\r\n", 0o400), None),
            // systemd keeps the directory to the unit, whatever the mode says.
            (name("group"), Some(place)),
        ] {
            let read = read_line_of(&path, MOST, credentials, own).unwrap();
            assert_eq!(read.as_str(), SECRET, "{path:?}");
        }
    }

    #[test]
    fn a_file_is_ones_own_or_roots() {
        let path = Path::new("/etc/secret");
        for (owner, mode, own, fits) in [
            (1000, 0o600, 1000, true),
            (1000, 0o640, 1000, false),
            (0, 0o600, 1000, true),
            (0, 0o640, 1000, true),
            (0, 0o660, 1000, false),
            (0, 0o644, 1000, false),
            (0, 0o640, 0, false),
            (1001, 0o600, 1000, false),
            (1001, 0o600, 0, false),
        ] {
            assert_eq!(check(path, owner, mode, own).is_ok(), fits, "{owner} {mode:o} {own}");
        }
        let error = check(path, 1001, 0o600, 1000).unwrap_err().to_string();
        assert!(error.contains("uid 1001") && error.contains("chown 1000"), "{error}");
    }
}
