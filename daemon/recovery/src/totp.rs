//! Time-based one-time passwords (RFC 6238: SHA-1, six digits, 30 seconds) and putting a drifting device right.
//!
//! The arithmetic is that of `totp-rs`; the windows, the replay rule and the resynchronization are ours. That
//! a step is accepted only once is the store's promise: it keeps the last step of each device.

use subtle::ConstantTimeEq;
use thiserror::Error;
use totp_rs::{Builder, Totp};

use crate::limits::{RESYNC_STEPS, TOTP_NEAR_STEPS, TOTP_SKEW_STEPS};
use crate::secret::Secret;
use crate::time::Timestamp;

/// Seconds a code lives (RFC 6238 §5.2).
pub const STEP_SECONDS: u64 = 30;

/// The stored text is no authenticator secret.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the authenticator's secret is not base32 of at least 128 bits")]
pub struct InvalidSecret;

/// What a code says about a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The code is that of this step, within the tolerated skew.
    Valid {
        /// The step, for the replay lock.
        step: u64,
    },
    /// The code is right for a clock that is off by more than is tolerated.
    Drifting,
    /// The code is none of the device's near now.
    Wrong,
}

/// A device whose drift has just been measured by two consecutive codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Synchronized {
    /// Steps by which the device's clock is ahead of ours.
    pub drift: i64,
    /// The step of the second code, for the replay lock.
    pub step: u64,
}

/// One authenticator, ready to compute codes.
pub struct Authenticator {
    totp: Totp,
}

impl Authenticator {
    /// The authenticator with this secret in base32.
    ///
    /// # Errors
    /// [`InvalidSecret`] if the text is not base32 of at least 128 bits (RFC 4226 §4, R6).
    pub fn new(secret: &Secret) -> Result<Self, InvalidSecret> {
        let secret = totp_rs::Secret::try_from_base32(secret.expose()).map_err(|_| InvalidSecret)?;
        let totp = Builder::new()
            .with_secret(secret)
            .with_account_name("-")
            .with_skew(0)
            .build()
            .map_err(|_| InvalidSecret)?;
        Ok(Self { totp })
    }

    /// Reads one code at `now`, for a device whose clock is `drift` steps ahead.
    #[must_use]
    pub fn read(&self, code: &Secret, now: Timestamp, drift: i64) -> Reading {
        let Some(code) = normalized(code) else { return Reading::Wrong };
        let center = (now.unix() / STEP_SECONDS).saturating_add_signed(drift);
        // The likeliest step first; an accepted code ends the search, a refused one always walks it all.
        let near = (0..=TOTP_NEAR_STEPS).flat_map(|away| [center.saturating_sub(away), center + away]);
        for (at, step) in near.enumerate() {
            if self.matches(&code, step) {
                let away = (at / 2) as u64;
                return if away <= TOTP_SKEW_STEPS { Reading::Valid { step } } else { Reading::Drifting };
            }
        }
        Reading::Wrong
    }

    /// Finds where two consecutive codes lie, up to [`RESYNC_STEPS`] around now (RFC 4226 §7.4 resynchronizes by
    /// a sequence of codes). A random pair fits with a chance of 6 in 10^9.
    #[must_use]
    pub fn synchronize(&self, first: &Secret, second: &Secret, now: Timestamp) -> Option<Synchronized> {
        let (first, second) = (normalized(first)?, normalized(second)?);
        let center = now.unix() / STEP_SECONDS;
        let ahead_then_behind =
            (0..=RESYNC_STEPS).flat_map(|away| [center.saturating_sub(away), center + away]);
        let step = ahead_then_behind
            .into_iter()
            .find(|&step| self.matches(&first, step) && self.matches(&second, step + 1))?;
        // The second code is the one of "now" on the device.
        let drift = i64::try_from(step + 1).ok()? - i64::try_from(center).ok()?;
        Some(Synchronized { drift, step: step + 1 })
    }

    /// The code of a step.
    #[must_use]
    pub fn code(&self, step: u64) -> Secret {
        Secret::new(self.totp.generate(step * STEP_SECONDS).to_string())
    }

    fn matches(&self, code: &Secret, step: u64) -> bool {
        self.code(step).expose().as_bytes().ct_eq(code.expose().as_bytes()).into()
    }
}

/// The secret of a new device: 160 bits in base32 (RFC 4226 §4, R6 recommends this length).
#[must_use]
pub fn new_secret(random: [u8; 20]) -> Secret {
    Secret::new(totp_rs::Secret::new_stack(random).to_base32())
}

/// The address that an app reads from a QR code (the Key URI format of authenticator apps).
///
/// # Errors
/// [`InvalidSecret`] if the secret is not one.
pub fn enrollment_uri(secret: &Secret, issuer: &str, account: &str) -> Result<Secret, InvalidSecret> {
    let plain = |text: &str| text.replace(':', " ");
    let secret = totp_rs::Secret::try_from_base32(secret.expose()).map_err(|_| InvalidSecret)?;
    let totp = Builder::new()
        .with_secret(secret)
        .with_issuer(Some(plain(issuer)))
        .with_account_name(plain(account))
        .build()
        .map_err(|_| InvalidSecret)?;
    totp.to_url().map(Secret::new).map_err(|_| InvalidSecret)
}

/// Six digits without the spaces and dashes that people type between them.
fn normalized(code: &Secret) -> Option<Secret> {
    let digits: String = code.expose().chars().filter(|c| !matches!(c, ' ' | '-' | '\u{a0}')).collect();
    (digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| Secret::new(digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device() -> Authenticator {
        // The SHA-1 key of RFC 6238, appendix B.
        Authenticator::new(&Secret::new("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")).expect("the RFC's secret is one")
    }

    #[test]
    fn the_codes_are_those_of_rfc_6238_appendix_b() {
        for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924")] {
            assert_eq!(device().code(seconds / STEP_SECONDS), Secret::new(code));
        }
    }

    #[test]
    fn a_code_is_read_by_how_far_its_step_is_away() {
        let now = Timestamp::from_unix(1_700_000_010);
        let step = now.unix() / STEP_SECONDS;
        let table = [
            (0, 0, Reading::Valid { step }),
            (1, 0, Reading::Valid { step: step + 1 }),
            (-1, 0, Reading::Valid { step: step - 1 }),
            (2, 0, Reading::Drifting),
            (-10, 0, Reading::Drifting),
            (11, 0, Reading::Wrong),
            (100, 100, Reading::Valid { step: step + 100 }),
            (0, 100, Reading::Wrong),
        ];
        for (away, drift, wanted) in table {
            let code = device().code(step.saturating_add_signed(away));
            assert_eq!(device().read(&code, now, drift), wanted, "{away} steps away, drift {drift}");
        }
        for not_a_code in ["", "12345", "1234567", "+12345", "١٢٣٤٥٦"] {
            assert_eq!(device().read(&Secret::new(not_a_code), now, 0), Reading::Wrong, "{not_a_code:?}");
        }
    }

    #[test]
    fn people_may_type_spaces() {
        let now = Timestamp::from_unix(59);
        assert_eq!(device().read(&Secret::new(" 287 082"), now, 0), Reading::Valid { step: 1 });
    }

    /// J15: "two consecutive codes put a drifting device right, without recovery".
    #[test]
    fn two_consecutive_codes_find_the_drift() {
        let now = Timestamp::from_unix(1_700_000_010);
        let center = now.unix() / STEP_SECONDS;
        for drift in [0_i64, 1, -3, 500, -2000] {
            let second = center.saturating_add_signed(drift);
            let found = device().synchronize(&device().code(second - 1), &device().code(second), now);
            assert_eq!(found, Some(Synchronized { drift, step: second }));
        }
        let reversed = device().synchronize(&device().code(center), &device().code(center - 1), now);
        assert_eq!(reversed, None);
        let far = center + RESYNC_STEPS + 2;
        assert_eq!(device().synchronize(&device().code(far), &device().code(far + 1), now), None);
    }

    #[test]
    fn short_secrets_are_refused() {
        assert!(Authenticator::new(&Secret::new("MFRGG")).is_err());
        assert!(Authenticator::new(&Secret::new("not base32!")).is_err());
        assert!(Authenticator::new(&new_secret([3; 20])).is_ok());
    }

    #[test]
    fn an_app_can_read_the_address() {
        let uri = enrollment_uri(&new_secret([3; 20]), "Example: Corp", "alice@example.org");
        let uri = uri.expect("a new secret enrolls");
        assert!(uri.expose().starts_with("otpauth://totp/Example%20%20Corp:alice%40example.org?secret="));
        assert!(uri.expose().contains("issuer=Example%20%20Corp"));
    }
}
