//! People on file, with what they know and have.

use serde_json::Value;
use totp_rs::{Builder, Secret};

/// The password of every person of the kit.
pub const PASSWORD: &str = "correct horse battery staple";

/// Seconds that a one-time password lives.
const STEP: u64 = 30;

/// Someone with an account, a password and a device.
#[derive(Debug, Clone)]
pub struct Person {
    /// The account.
    pub account: String,
    /// The e-mail address on file.
    pub email: String,
    /// The phone number on file.
    pub phone: String,
    /// The device's id.
    pub device: String,
    /// The device's secret in base32.
    pub secret: String,
}

impl Person {
    pub(crate) fn new(account: &str, enrolled: &Value) -> Self {
        let text = |key: &str| enrolled[key].as_str().unwrap().to_owned();
        Self {
            account: account.to_owned(),
            email: Self::email_of(account),
            phone: Self::phone_of(account),
            device: text("device"),
            secret: text("secret"),
        }
    }

    /// The address of a person who was put on file without another.
    #[must_use]
    pub fn email_of(account: &str) -> String {
        format!("{account}.mailbox@people.example")
    }

    /// A number of the range for fiction, one a name.
    pub(crate) fn phone_of(account: &str) -> String {
        let sum = account.bytes().fold(0_u32, |sum, byte| (sum * 31 + u32::from(byte)) % 100);
        format!("+141555501{sum:02}")
    }

    /// The device's code, `steps` steps of 30 seconds after `now`.
    #[must_use]
    pub fn code(&self, now: u64, steps: i64) -> String {
        code_at(&self.secret, now, steps)
    }
}

/// The code of the device with this secret, `steps` steps of 30 seconds after `now`.
#[must_use]
pub fn code_at(secret: &str, now: u64, steps: i64) -> String {
    let secret = Secret::try_from_base32(secret).unwrap();
    let totp = Builder::new().with_secret(secret).with_account_name("-").build().unwrap();
    totp.generate((now / STEP).saturating_add_signed(steps) * STEP).to_string()
}
