//! The authenticator app on the sample person's phone (RFC 6238).

use std::time::{SystemTime, UNIX_EPOCH};

use thiserror::Error;
use totp_rs::{Builder, Secret, Totp};

/// Seconds for which one code is shown.
pub const STEP: u64 = 30;

/// The text is neither a base32 secret nor an `otpauth` URI.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("this is no secret: paste the base32 secret or the otpauth:// URI that the page shows")]
pub struct NoSecret;

/// One device in the app.
#[derive(Debug, Clone)]
pub struct Authenticator {
    totp: Totp,
}

impl Authenticator {
    /// Takes a device by its secret in base32, or by the URI that its QR code shows.
    ///
    /// # Errors
    /// If the text is neither.
    pub fn scan(text: &str) -> Result<Self, NoSecret> {
        let text = text.trim();
        let totp = if text.starts_with("otpauth://") {
            Totp::from_url(text).map_err(|_| NoSecret)?
        } else {
            let plain: String =
                text.chars().filter(|c| !" -=".contains(*c)).map(|c| c.to_ascii_uppercase()).collect();
            let secret = Secret::try_from_base32(plain).map_err(|_| NoSecret)?;
            Builder::new().with_secret(secret).build().map_err(|_| NoSecret)?
        };
        Ok(Self { totp })
    }

    /// The code that is shown `steps` after now.
    #[must_use]
    pub fn code(&self, steps: i64) -> String {
        self.code_at(now(), steps)
    }

    /// Seconds for which the present code is shown.
    #[must_use]
    pub fn seconds_left() -> u64 {
        STEP - now() % STEP
    }

    fn code_at(&self, now: u64, steps: i64) -> String {
        self.totp.generate((now / STEP).saturating_add_signed(steps) * STEP).to_string()
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

    /// RFC 6238 appendix B, the last six digits.
    #[test]
    fn codes_are_those_of_the_rfc() {
        let uri = format!("otpauth://totp/Demo:alice?secret={SECRET}&issuer=Demo");
        for text in [SECRET, &SECRET.to_lowercase(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ", &uri] {
            let device = Authenticator::scan(text).unwrap();
            assert_eq!(device.code_at(59, 0), "287082", "{text}");
            assert_eq!(device.code_at(29, 1), "287082");
            assert_eq!(device.code_at(1_111_111_109, 0), "081804");
            assert_eq!(device.code_at(1_111_111_111, -1), "081804");
        }
    }

    #[test]
    fn what_is_no_secret() {
        for text in ["", "1", "otpauth://totp/x", "otpauth://totp/x?secret=1", "not base32!", "GEZDGNBV"] {
            assert!(Authenticator::scan(text).is_err(), "{text}");
        }
    }
}
