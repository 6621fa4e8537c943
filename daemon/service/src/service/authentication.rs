//! Normal sign-in: reading one-time passwords, with a durable replay lock, and putting a drifting device right.

use readmit_recovery::account::DeviceStatus;
use readmit_recovery::id::DeviceId;
use readmit_recovery::secret::Secret;
use readmit_recovery::totp::Reading;
use readmit_store::{CommitError, DeviceRecord, Spend, Write};

use super::counting::charge;
use super::{Fault, Service, now, parse_account, seed};

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
