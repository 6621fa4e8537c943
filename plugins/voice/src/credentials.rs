//! Who we are to the trunk. The password comes from a file that nobody else can read, never from the settings.

use std::fmt;
use std::path::PathBuf;

use readmit_plugin::credential::{self, CredentialError};
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
    /// The password cannot be used.
    #[error("password_file: {0}")]
    Password(CredentialError),
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
    let password = credential::read_line(&path, limits::MAX_PASSWORD).map_err(CredentialsError::Password)?;
    Ok(Some(Login { username, password }))
}
