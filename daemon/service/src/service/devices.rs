//! Devices, for administrators: enroll, deactivate, delete, put right.

use readmit_recovery::account::{Device, DeviceStatus, Form};
use readmit_recovery::factor::Factor;
use readmit_recovery::id::{AccountId, DeviceId};
use readmit_recovery::limits::MAX_ANSWER_BYTES;
use readmit_recovery::secret::Secret;
use readmit_recovery::totp::{self, Authenticator};
use readmit_store::{CommitError, DeviceRecord, Entry, Spend, Write};
use serde_json::{Map, Value};

use super::limits::MAX_REASON_BYTES;
use super::{Fault, Officer, Service, now, parse_account, seed};

/// What an administrator says about a device to enroll.
#[derive(Clone, Debug)]
pub struct DeviceProperties {
    /// What the person calls it.
    pub label: String,
    /// Where its secret lives.
    pub form: Form,
    /// The secret of a device that has one already, in base32.
    pub secret: Option<Secret>,
}

/// A device just enrolled. Its secret is shown this once.
#[derive(Clone, Debug)]
pub struct NewDevice {
    /// Its id.
    pub id: DeviceId,
    /// Its secret in base32.
    pub secret: Secret,
    /// The address that an app reads.
    pub uri: Secret,
}

impl Service {
    /// Binds a device to an account.
    ///
    /// # Errors
    /// [`Fault::InvalidArgument`] for a label or a secret that is none.
    pub async fn enroll(
        &self,
        account: &str,
        device: DeviceProperties,
        by: &Officer,
    ) -> Result<NewDevice, Fault> {
        let account = parse_account(account)?;
        self.not_own(&account, by).await?;
        let label_fits = !device.label.trim().is_empty()
            && device.label.len() <= MAX_ANSWER_BYTES
            && !device.label.chars().any(char::is_control);
        if !label_fits {
            return Err(Fault::invalid(format!("give the device a label of up to {MAX_ANSWER_BYTES} bytes")));
        }
        let seed = seed()?;
        let mut random = [0; 20];
        random.copy_from_slice(&seed.derive("device secret")[..20]);
        let secret = device.secret.unwrap_or_else(|| totp::new_secret(random));
        let uri = totp::enrollment_uri(&secret, &self.settings.organization, account.as_str())
            .map_err(Fault::invalid)?;
        let id = DeviceId::from_random(seed.id("device"));
        let add = Write::AddDevice {
            device: Device {
                id: id.clone(),
                account: account.clone(),
                label: device.label,
                form: device.form,
                status: DeviceStatus::Active,
                enrolled_at: now(),
            },
            secret: secret.clone(),
            drift: 0,
            last_step: 0,
        };
        let forgotten = Write::ClearFailures { account: account.clone(), factor: Factor::Totp };
        let writes = vec![add, forgotten, device_entry("device_enrolled", &account, &id, None)];
        self.store
            .commit(self.change(&by.actor, writes))
            .await
            .map_err(|error| no_account(error, &account))?;
        Ok(NewDevice { id, secret, uri })
    }

    /// The devices of an account.
    ///
    /// # Errors
    /// [`Fault::NotFound`] for an unknown account.
    pub async fn devices(&self, account: &str) -> Result<Vec<DeviceRecord>, Fault> {
        let account = parse_account(account)?;
        if self.store.account(&account, now()).await?.is_none() {
            return Err(Fault::NotFound(format!("there is no account `{account}`")));
        }
        Ok(self.store.devices(&account).await?)
    }

    /// Sign-in no longer asks for the device.
    ///
    /// # Errors
    /// [`Fault::NotFound`], [`Fault::InvalidArgument`] without a reason.
    pub async fn deactivate(&self, device: &str, because: &str, by: &Officer) -> Result<(), Fault> {
        if because.trim().is_empty() || because.len() > MAX_REASON_BYTES {
            return Err(Fault::invalid(format!(
                "say why, in up to {MAX_REASON_BYTES} bytes: the reason is kept in the journal"
            )));
        }
        let device = self.device(device).await?.device;
        self.not_own(&device.account, by).await?;
        let status = Write::DeviceStatus { id: device.id.clone(), status: DeviceStatus::Deactivated };
        let entry = device_entry("device_deactivated", &device.account, &device.id, Some(because));
        self.commit(&by.actor, vec![status, entry]).await.map(|_| ())
    }

    /// Deletes a device and its secret.
    ///
    /// # Errors
    /// [`Fault::NotFound`].
    pub async fn delete_device(&self, device: &str, by: &Officer) -> Result<(), Fault> {
        let device = self.device(device).await?.device;
        self.not_own(&device.account, by).await?;
        let entry = device_entry("device_deleted", &device.account, &device.id, None);
        self.commit(&by.actor, vec![Write::DeleteDevice(device.id), entry]).await.map(|_| ())
    }

    /// Puts a device right by two codes in a row.
    ///
    /// # Errors
    /// [`Fault::NotFound`].
    pub async fn resync_by_admin(
        &self,
        device: &str,
        first: &Secret,
        second: &Secret,
        by: &Officer,
    ) -> Result<bool, Fault> {
        let device = self.device(device).await?;
        self.not_own(&device.device.account, by).await?;
        self.resync_device(&device, first, second, &by.actor).await
    }

    pub(super) async fn resync_device(
        &self,
        device: &DeviceRecord,
        first: &Secret,
        second: &Secret,
        actor: &str,
    ) -> Result<bool, Fault> {
        let id = device.device.id.clone();
        let secret = self.store.device_secret(&id).await?;
        let authenticator = secret.and_then(|secret| Authenticator::new(&secret).ok());
        let found = authenticator.and_then(|device| device.synchronize(first, second, now()));
        let Some(found) = found else { return Ok(false) };
        let entry = device_entry("device_resynchronized", &device.device.account, &id, None);
        let writes = vec![
            Write::Spend(Spend::TotpStep { device: id.clone(), step: found.step }),
            Write::SetDrift { id, drift: found.drift, last_step: found.step },
            entry,
        ];
        match self.store.commit(self.change(actor, writes)).await {
            Ok(_) => Ok(true),
            Err(CommitError::Spent(_)) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn device(&self, id: &str) -> Result<DeviceRecord, Fault> {
        let missing = || {
            Fault::NotFound("there is no such device: `readmit device list ACCOUNT` names them".to_owned())
        };
        let id = DeviceId::parse(id).map_err(|_| missing())?;
        self.store.device(&id).await?.ok_or_else(missing)
    }
}

pub(super) fn no_account(error: CommitError, account: &AccountId) -> Fault {
    match error {
        CommitError::NotFound => Fault::NotFound(format!("there is no account `{account}`")),
        other => other.into(),
    }
}

fn device_entry(kind: &str, account: &AccountId, device: &DeviceId, because: Option<&str>) -> Write {
    let mut detail = Map::from_iter([("device".to_owned(), Value::String(device.to_string()))]);
    if let Some(because) = because {
        detail.insert("because".to_owned(), Value::String(because.to_owned()));
    }
    Write::Journal(Entry { kind: kind.to_owned(), case: None, account: Some(account.clone()), detail })
}
