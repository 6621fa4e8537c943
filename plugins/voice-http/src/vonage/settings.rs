//! Who we are to Vonage, as the administrator writes it.

use std::path::PathBuf;

use readmit_plugin::credential::{self, CredentialError};
use serde::Deserialize;

use super::Vonage;
use crate::jwt::{BadKey, SigningKey};
use crate::limits;

/// `[…settings.vonage]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The application's id.
    pub application: String,
    /// The application's private key, as PEM.
    pub private_key_file: PathBuf,
    /// The secret that webhooks are signed with.
    pub signature_secret_file: PathBuf,
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum VonageError {
    /// The application's id is none.
    #[error(
        "vonage.application: {0:?} is no application's id, such as \"78d335fa-323d-0114-9c3d-d6f0d48968cf\""
    )]
    Application(String),
    /// A secret cannot be read.
    #[error("vonage.{key}: {source}")]
    Secret {
        /// The key.
        key: &'static str,
        /// Why.
        source: CredentialError,
    },
    /// The private key cannot be used.
    #[error("vonage.private_key_file: {0}")]
    Key(#[from] BadKey),
}

impl Settings {
    /// Checks everything and reads the secrets.
    ///
    /// # Errors
    ///
    /// [`VonageError`] names the key and what to do.
    pub fn check(self) -> Result<Vonage, VonageError> {
        let fits = (1..=64).contains(&self.application.len())
            && self.application.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        if !fits {
            return Err(VonageError::Application(self.application));
        }
        let failed = |key| move |source| VonageError::Secret { key, source };
        let pem =
            credential::read(&self.private_key_file, limits::MAX_KEY).map_err(failed("private_key_file"))?;
        let secret = credential::read_line(&self.signature_secret_file, limits::MAX_SECRET);
        let secret = secret.map_err(failed("signature_secret_file"))?;
        Ok(Vonage::new(self.application, SigningKey::read(&pem)?, &secret))
    }
}
