//! Who we are to the trunk. The password comes from a file that nobody else can read, never from the settings.

use std::fmt;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::limits;

/// Who we are to the trunk.
#[derive(Clone)]
pub struct Login {
    /// The user name.
    pub username: String,
    /// The password.
    pub password: Zeroizing<String>,
}

impl fmt::Debug for Login {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Login(…)")
    }
}

/// Why the credentials cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CredentialsError {
    /// There is a password without a user, or a user without a password.
    #[error(
        "{given} is set and {missing} is not: set both, or neither if the trunk knows this host's address"
    )]
    HalfCredential {
        /// The key that is there.
        given: &'static str,
        /// The key that is not.
        missing: &'static str,
    },
    /// The user name cannot be sent.
    #[error("username: quotes, backslashes and control characters cannot be sent")]
    Username,
    /// The password file cannot be read.
    #[error("password_file: cannot read {}", path.display())]
    PasswordFile {
        /// The file.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// The password file is open to others.
    #[error("password_file: {} can be read by others; run: chmod 600 {}", path.display(), path.display())]
    PasswordOpen {
        /// The file.
        path: PathBuf,
    },
    /// The password is empty, too long or not text.
    #[error("password_file: {} has to hold one line of text of at most {} bytes", path.display(), limits::MAX_PASSWORD)]
    Password {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the password of the user, if there is one.
///
/// # Errors
///
/// [`CredentialsError`] if one of the two settings is missing or cannot be used.
pub fn load(
    username: Option<String>,
    password_file: Option<PathBuf>,
) -> Result<Option<Login>, CredentialsError> {
    let (username, path) = match (username, password_file) {
        (None, None) => return Ok(None),
        (Some(username), Some(path)) => (username, path),
        (Some(_), None) => {
            return Err(CredentialsError::HalfCredential { given: "username", missing: "password_file" });
        }
        (None, Some(_)) => {
            return Err(CredentialsError::HalfCredential { given: "password_file", missing: "username" });
        }
    };
    if username.is_empty() || username.chars().any(|c| c.is_control() || matches!(c, '"' | '\\')) {
        return Err(CredentialsError::Username);
    }
    let directory = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let password = read_password(&path, directory.as_deref())?;
    Ok(Some(Login { username, password }))
}

/// A relative path names a credential of systemd, whose directory nobody else can read; any other file has to
/// be closed to others.
fn read_password(path: &Path, credentials: Option<&Path>) -> Result<Zeroizing<String>, CredentialsError> {
    let path = match credentials {
        Some(directory) if path.is_relative() => directory.join(path),
        _ => path.to_owned(),
    };
    let unreadable = |source| CredentialsError::PasswordFile { path: path.clone(), source };
    let file = fs::File::open(&path).map_err(unreadable)?;
    let mode = file.metadata().map_err(unreadable)?.permissions().mode();
    let protected = credentials.is_some_and(|directory| path.starts_with(directory));
    if mode & 0o077 != 0 && !protected {
        return Err(CredentialsError::PasswordOpen { path });
    }
    let mut text = Zeroizing::new(String::new());
    file.take(limits::MAX_PASSWORD + 1).read_to_string(&mut text).map_err(unreadable)?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    let fits = !password.is_empty() && text.len() as u64 <= limits::MAX_PASSWORD;
    if !fits || password.chars().any(char::is_control) {
        return Err(CredentialsError::Password { path });
    }
    Ok(Zeroizing::new(password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_name_is_a_credential_of_systemd() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("trunk"), "s3cret").unwrap();
        let password = read_password(Path::new("trunk"), Some(directory.path())).unwrap();
        assert_eq!(password.as_str(), "s3cret", "whatever mode systemd gave it");
        assert!(read_password(Path::new("trunk"), None).is_err());
    }
}
