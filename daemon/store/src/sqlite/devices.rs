//! Devices and their sealed secrets.

use readmit_recovery::account::{Device, DeviceStatus};
use readmit_recovery::id::{AccountId, DeviceId};
use readmit_recovery::secret::Secret;
use rusqlite::{OptionalExtension, Row};

use super::column::{number, time, to_number, to_time};
use super::pool::Reader;
use super::session::Session;
use crate::account::DeviceRecord;
use crate::error::{CommitError, StoreError, What};

impl Session<'_> {
    pub(super) fn add_device(
        &self,
        device: &Device,
        secret: &Secret,
        drift: i64,
        last_step: u64,
    ) -> Result<(), CommitError> {
        self.account_is_there(&device.account)?;
        self.insert(
            "INSERT INTO devices (id, account, label, form, status, enrolled_at, drift, last_step, secret)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            (
                device.id.as_str(),
                device.account.as_str(),
                &device.label,
                device.form.as_str(),
                device.status.as_str(),
                time(device.enrolled_at),
                drift,
                number(last_step),
                self.seal("devices", device.id.as_str(), secret.expose().as_bytes())?,
            ),
        )
    }

    pub(super) fn set_device_status(&self, id: &DeviceId, status: DeviceStatus) -> Result<(), CommitError> {
        self.change("UPDATE devices SET status = ?2 WHERE id = ?1", (id.as_str(), status.as_str()))
    }

    pub(super) fn delete_device(&self, id: &DeviceId) -> Result<(), CommitError> {
        self.change("DELETE FROM devices WHERE id = ?1", [id.as_str()])
    }

    pub(super) fn set_drift(&self, id: &DeviceId, drift: i64, last_step: u64) -> Result<(), CommitError> {
        let changed = self.execute(
            "UPDATE devices SET drift = ?2, last_step = ?3 WHERE id = ?1 AND last_step <= ?3",
            (id.as_str(), drift, number(last_step)),
        )?;
        if changed > 0 {
            return Ok(());
        }
        let there = self.finds("SELECT 1 FROM devices WHERE id = ?1", [id.as_str()])?;
        Err(if there { CommitError::Spent(What::TotpStep) } else { CommitError::NotFound })
    }

    pub(super) fn spend_step(&self, id: &DeviceId, step: u64) -> Result<(), CommitError> {
        let changed = self.execute(
            "UPDATE devices SET last_step = ?2 WHERE id = ?1 AND last_step < ?2 AND status = 'active'",
            (id.as_str(), number(step)),
        )?;
        if changed > 0 { Ok(()) } else { Err(CommitError::Spent(What::TotpStep)) }
    }
}

impl Reader<'_> {
    pub(super) fn devices(&self, account: &AccountId) -> Result<Vec<DeviceRecord>, StoreError> {
        self.statement(
            "SELECT id, account, label, form, status, enrolled_at, drift, last_step
             FROM devices WHERE account = ?1 ORDER BY enrolled_at, number",
        )?
        .query_and_then([account.as_str()], record)?
        .collect()
    }

    pub(super) fn device(&self, id: &DeviceId) -> Result<Option<DeviceRecord>, StoreError> {
        self.statement(
            "SELECT id, account, label, form, status, enrolled_at, drift, last_step
             FROM devices WHERE id = ?1",
        )?
        .query_and_then([id.as_str()], record)?
        .next()
        .transpose()
    }

    pub(super) fn device_secret(&self, id: &DeviceId) -> Result<Option<Secret>, StoreError> {
        let sealed: Option<Vec<u8>> = self
            .statement("SELECT secret FROM devices WHERE id = ?1")?
            .query_row([id.as_str()], |row| row.get(0))
            .optional()?;
        sealed.map(|sealed| self.unseal_text("devices", id.as_str(), &sealed)).transpose()
    }
}

fn record(row: &Row<'_>) -> Result<DeviceRecord, StoreError> {
    let text = |index| row.get::<_, String>(index);
    let malformed = |column| StoreError::Malformed { table: "devices", column };
    Ok(DeviceRecord {
        device: Device {
            id: text(0)?.try_into().map_err(|_| malformed("id"))?,
            account: text(1)?.try_into().map_err(|_| malformed("account"))?,
            label: text(2)?,
            form: text(3)?.parse().map_err(|_| malformed("form"))?,
            status: text(4)?.parse().map_err(|_| malformed("status"))?,
            enrolled_at: to_time(row, 5)?,
        },
        drift: row.get(6)?,
        last_step: to_number(row, 7)?,
    })
}
