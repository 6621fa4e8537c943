//! Values that must not be seen: what people type, the ids of cases, what the browser keeps.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac as _};
use serde::Deserialize;
use sha2::Sha256;
use subtle::ConstantTimeEq as _;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A text that is not to be seen: it zeroizes, redacts its `Debug`, has no `Display`, compares in constant time.
#[derive(Clone, Default, Zeroize, ZeroizeOnDrop, Deserialize)]
#[serde(transparent)]
pub(crate) struct Secret(String);

impl Secret {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A new secret of 256 bits, as text.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub(crate) fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        let text = URL_SAFE_NO_PAD.encode(bytes);
        bytes.zeroize();
        Ok(Self(text))
    }

    /// Shows the secret, to the one place that has to use it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same without the spaces that people type between digits.
    pub(crate) fn without_spaces(&self) -> Self {
        Self(self.0.chars().filter(|character| !character.is_whitespace()).collect())
    }

    /// Another secret that follows from this one and from what it is for, and tells nothing of it.
    pub(crate) fn derive(&self, purpose: &str) -> Self {
        // HMAC takes a key of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.0.as_bytes()) else { return Self::default() };
        mac.update(purpose.as_bytes());
        Self(URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown_and_what_follows_from_it_differs() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret:?}"), "Secret(redacted)");
        assert_eq!(secret.derive("forms"), secret.derive("forms"));
        assert_ne!(secret.derive("forms"), secret.derive("links"));
        assert_ne!(secret.derive("forms"), Secret::new("hunter3").derive("forms"));
        assert_ne!(Secret::random().unwrap(), Secret::random().unwrap());
    }
}
