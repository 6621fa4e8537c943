//! Normal sign-in: comparing passwords, reading one-time passwords with a durable replay lock, and putting a drifting
//! device right.

use readmit_recovery::account::DeviceStatus;
use readmit_recovery::event::Comparison;
use readmit_recovery::id::{AccountId, DeviceId};
use readmit_recovery::limits::CONSECUTIVE_FAILURES;
use readmit_recovery::secret::Secret;
use readmit_recovery::totp::Reading;
use readmit_store::{CommitError, DeviceRecord, Spend, Write};

use super::counting::charge;
use super::limits::SIGN_IN_FAILURES;
use super::{Fault, Service, now, parse_account, seed};

/// Passwords tried at sign-in since the last right one.
const IN_A_ROW: &str = "passwords_in_a_row";

/// What a code, or a password, was worth at sign-in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verified {
    /// It was right, and counts this once.
    Accepted,
    /// It was wrong, or was used before.
    Rejected,
    /// It is right for a clock that is off: two codes in a row put the device right.
    ResyncNeeded,
    /// Too many wrong codes: wait.
    Throttled,
}

impl Verified {
    /// The word for it on the bus.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::ResyncNeeded => "resync_needed",
            Self::Throttled => "throttled",
        }
    }
}

impl Service {
    /// Reads a code at sign-in. The same code is accepted once, whoever sends it how often.
    ///
    /// Every try counts against the account's limit, and past it even a right code is refused: guessing on gains
    /// nothing.
    ///
    /// # Errors
    /// [`Fault::Unavailable`].
    pub async fn verify(&self, account: &str, code: &Secret, actor: &str) -> Result<Verified, Fault> {
        let account = parse_account(account)?;
        let at = now();
        let count =
            charge("verifies_per_account", account.as_str(), self.settings.limits.verifies_per_account);
        let devices = self.store.devices(&account).await?;
        let mut drifting = false;
        let active = |device: &&DeviceRecord| device.device.status == DeviceStatus::Active;
        if !devices.iter().any(|device| active(&device)) {
            self.read_for_nobody(code).await?;
        }
        for device in devices.iter().filter(active) {
            let Some(authenticator) = self.authenticator(device).await? else { continue };
            match authenticator.read(code, at, device.drift) {
                Reading::Valid { step } => {
                    let spend = Write::Spend(Spend::TotpStep { device: device.device.id.clone(), step });
                    match self.store.commit(self.change(actor, vec![count.clone(), spend])).await {
                        Ok(_) => return Ok(Verified::Accepted),
                        Err(CommitError::RateLimited { .. }) => return Ok(Verified::Throttled),
                        // Replayed: counted below like any other wrong code.
                        Err(CommitError::Spent(_)) => {}
                        Err(error) => return Err(error.into()),
                    }
                }
                Reading::Drifting => drifting = true,
                Reading::Wrong => {}
            }
        }
        match self.store.commit(self.change(actor, vec![count])).await {
            Ok(_) if drifting => Ok(Verified::ResyncNeeded),
            Ok(_) => Ok(Verified::Rejected),
            Err(CommitError::RateLimited { .. }) => Ok(Verified::Throttled),
            Err(error) => Err(error.into()),
        }
    }

    /// Compares a password at sign-in. An unknown account, and one without a password, is rejected at the same cost.
    ///
    /// Every try is counted before it is compared, so that guessing on past the limit gains nothing. After 100 wrong
    /// ones in a row the password signs nobody in any more (NIST SP 800-63B-4 §3.2.2) until it is set anew or proven
    /// in a recovery. Recoveries count by themselves: who is locked out here, by whomever, may still recover.
    ///
    /// # Errors
    /// [`Fault::Unavailable`].
    pub async fn verify_password(
        &self,
        account: &str,
        password: Secret,
        actor: &str,
    ) -> Result<Verified, Fault> {
        let account = parse_account(account)?;
        let limit = self.settings.limits.passwords_per_account;
        let counts = vec![
            charge("passwords_per_account", account.as_str(), limit),
            Write::Charge {
                scope: IN_A_ROW,
                subject: account.as_str().to_owned(),
                window: SIGN_IN_FAILURES,
                amount: 1,
                max: CONSECUTIVE_FAILURES,
            },
        ];
        match self.store.commit(self.change(actor, counts)).await {
            Ok(_) => {}
            Err(CommitError::RateLimited { .. }) => return Ok(Verified::Throttled),
            Err(error) => return Err(error.into()),
        }
        let stored = self.store.account(&account, now()).await?.and_then(|record| record.password);
        match self.passwords.compare(stored, password).await? {
            Comparison::Wrong => Ok(Verified::Rejected),
            Comparison::Right => {
                self.commit(actor, vec![forget_wrong_passwords(&account)]).await?;
                Ok(Verified::Accepted)
            }
        }
    }

    /// Puts a drifting device of the account right by two codes in a row.
    ///
    /// # Errors
    /// [`Fault::RateLimited`] after too many wrong ones.
    pub async fn resync(
        &self,
        account: &str,
        first: &Secret,
        second: &Secret,
        actor: &str,
    ) -> Result<bool, Fault> {
        let account = parse_account(account)?;
        // Counted before anything is compared: two codes are looked for over a whole day.
        let count =
            charge("resyncs_per_account", account.as_str(), self.settings.limits.verifies_per_account);
        self.commit(actor, vec![count]).await?;
        let mut devices = self.store.devices(&account).await?;
        devices.retain(|device| device.device.status == DeviceStatus::Active);
        if devices.is_empty() {
            self.synchronize_for_nobody(first, second).await?;
        }
        for device in devices {
            if self.resync_device(&device, first, second, actor).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Reads a code for an account without a device, so that nobody learns from the time it takes.
    pub(super) async fn read_for_nobody(&self, code: &Secret) -> Result<(), Fault> {
        self.look_for_no_secret().await?;
        let _ = self.nobody.read(code, now(), 0);
        Ok(())
    }

    /// Looks for two codes in a row for an account without a device, at the same cost.
    pub(super) async fn synchronize_for_nobody(&self, first: &Secret, second: &Secret) -> Result<(), Fault> {
        self.look_for_no_secret().await?;
        let _ = self.nobody.synchronize(first, second, now());
        Ok(())
    }

    async fn look_for_no_secret(&self) -> Result<(), Fault> {
        let nobody = DeviceId::from_random(seed()?.id("nobody"));
        drop(self.store.device_secret(&nobody).await?);
        Ok(())
    }
}

/// What was tried at sign-in with an account's password counts no more.
pub(super) fn forget_wrong_passwords(account: &AccountId) -> Write {
    Write::Forget { scope: IN_A_ROW, subject: account.as_str().to_owned() }
}
