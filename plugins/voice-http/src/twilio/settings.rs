//! Who we are to Twilio, as the administrator writes it.

use std::path::PathBuf;

use readmit_plugin::credential::{self, CredentialError};
use serde::Deserialize;

use super::Twilio;
use super::signature::{Algorithm, Verifier};
use crate::limits;

/// `[…settings.twilio]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The account's SID, `AC…`.
    pub account: String,
    /// The account's auth token.
    pub auth_token_file: Option<PathBuf>,
    /// An API key's SID, `SK…`, for requests instead of the auth token.
    pub api_key_id: Option<String>,
    /// Its secret.
    pub api_key_file: Option<PathBuf>,
    /// How webhooks are signed.
    #[serde(default = "default_signature")]
    pub signature: Algorithm,
    /// The shared key, for `hmac_sha256`.
    pub shared_key_file: Option<PathBuf>,
}

fn default_signature() -> Algorithm {
    Algorithm::HmacSha1
}

/// What is wrong with the settings.
#[derive(Debug, thiserror::Error)]
pub enum TwilioError {
    /// An id cannot stand in a path.
    #[error("twilio.{key}: {value:?} is no SID: letters and digits, as the provider's console shows it")]
    Sid {
        /// The key.
        key: &'static str,
        /// What was written.
        value: String,
    },
    /// A key is missing.
    #[error("twilio.{missing} is missing: {why}")]
    Missing {
        /// The key.
        missing: &'static str,
        /// Why it is needed.
        why: &'static str,
    },
    /// A secret cannot be read.
    #[error("twilio.{key}: {source}")]
    Secret {
        /// The key.
        key: &'static str,
        /// Why.
        source: CredentialError,
    },
}

impl Settings {
    /// Checks everything and reads the secrets.
    ///
    /// # Errors
    ///
    /// [`TwilioError`] names the key and what to do.
    pub fn check(self) -> Result<Twilio, TwilioError> {
        let sid = |key, value: &str| {
            let fits =
                (2..=64).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if fits { Ok(()) } else { Err(TwilioError::Sid { key, value: value.to_owned() }) }
        };
        sid("account", &self.account)?;
        let read = |key, file: Option<&PathBuf>, why| {
            let file = file.ok_or(TwilioError::Missing { missing: key, why })?;
            credential::read_line(file, limits::MAX_SECRET)
                .map_err(|source| TwilioError::Secret { key, source })
        };
        let token = |why| read("auth_token_file", self.auth_token_file.as_ref(), why);
        let (user, secret) = match &self.api_key_id {
            Some(id) => {
                sid("api_key_id", id)?;
                (id.as_str(), read("api_key_file", self.api_key_file.as_ref(), "api_key_id is set")?)
            }
            None if self.api_key_file.is_some() => {
                return Err(TwilioError::Missing { missing: "api_key_id", why: "api_key_file is set" });
            }
            None => (self.account.as_str(), token("requests are made with it, unless there is an API key")?),
        };
        let signed_with = match self.signature {
            Algorithm::HmacSha1 => token("webhooks are signed with it (signature = \"hmac_sha1\")")?,
            Algorithm::HmacSha256 => {
                let why = "webhooks are signed with it (signature = \"hmac_sha256\")";
                read("shared_key_file", self.shared_key_file.as_ref(), why)?
            }
        };
        let verifier = Verifier::new(self.signature, &signed_with);
        Ok(Twilio::new(self.account.clone(), user, &secret, verifier))
    }
}
