//! Normal sign-in: reading one-time passwords, with a durable replay lock, and putting a drifting device right.

use readmit_recovery::account::DeviceStatus;
use readmit_recovery::secret::Secret;
use readmit_recovery::totp::Reading;
use readmit_store::{CommitError, Spend, Write};

use super::recovery::charge;
use super::{Fault, Service, now, parse_account};

/// What a code was worth at sign-in.
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
        if devices.is_empty() {
            // Nobody learns from the time it takes whether there is a device to read for.
            let _ = self.nobody.read(code, at, 0);
        }
        for device in devices.iter().filter(|device| device.device.status == DeviceStatus::Active) {
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
        for device in self.store.devices(&account).await? {
            if device.device.status == DeviceStatus::Active
                && self.resync_device(&device, first, second, actor).await?
            {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
