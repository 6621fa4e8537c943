//! `org.readmit.Devices1`: authenticators, for administrators.

use std::collections::HashMap;
use std::sync::Arc;

use readmit_recovery::account::Form;
use readmit_recovery::secret::Secret;
use readmit_store::DeviceRecord;
use zbus::message::Header;
use zbus::wire::Variant;
use zbus::{Connection, interface};

use super::action::Action;
use super::dict::{Dict, In, Out};
use super::error::Error;
use super::gate::Gate;
use super::recovery::enrollment;
use crate::service::{DeviceProperties, Fault, Service};

/// The interface for devices.
pub(super) struct Devices {
    service: Arc<Service>,
    gate: Arc<Gate>,
}

impl Devices {
    pub(super) const fn new(service: Arc<Service>, gate: Arc<Gate>) -> Self {
        Self { service, gate }
    }
}

/// Keeps the devices of accounts.
#[interface(name = "org.readmit.Devices1")]
impl Devices {
    /// Binds a device to an account. properties: label s, form s (virtual or hardware), secret s (base32, of a device
    /// that has one already). Answers device s, uri s, secret s, qr_svg s; the secret is shown this once.
    #[zbus(out_args("device"))]
    async fn enroll(
        &self,
        account: String,
        properties: HashMap<String, Variant<'_>>,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .admin(
                Action::DevicesEnroll.about("account", &account),
                connection,
                &header,
                |caller| async move {
                    let properties = read(properties)?;
                    let device = self.service.enroll(&account, properties, &caller.officer()).await?;
                    Ok(enrollment(&device.secret, &device.uri)?.put("device", device.id.as_str()).done())
                },
            )
            .await
    }

    /// Lists the devices of an account.
    #[zbus(out_args("devices"))]
    async fn list(
        &self,
        account: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        self.gate
            .admin(Action::DevicesList.about("account", &account), connection, &header, |_caller| async move {
                Ok(self.service.devices(&account).await?.iter().map(shown).collect())
            })
            .await
    }

    /// Sign-in no longer asks for the device. The reason is kept in the journal.
    async fn deactivate(
        &self,
        device: String,
        because: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .admin(
                Action::DevicesDeactivate.about("device", &device),
                connection,
                &header,
                |caller| async move { self.service.deactivate(&device, &because, &caller.officer()).await },
            )
            .await
    }

    /// Deletes a device and its secret.
    async fn delete(
        &self,
        device: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .admin(Action::DevicesDelete.about("device", &device), connection, &header, |caller| async move {
                self.service.delete_device(&device, &caller.officer()).await
            })
            .await
    }

    /// Puts a device whose codes are refused right, by two codes in a row; false if they are not.
    #[zbus(out_args("done"))]
    async fn resync(
        &self,
        device: String,
        first: String,
        second: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<bool, Error> {
        self.gate
            .admin(Action::DevicesResync.about("device", &device), connection, &header, |caller| async move {
                let (first, second) = (Secret::new(first), Secret::new(second));
                self.service.resync_by_admin(&device, &first, &second, &caller.officer()).await
            })
            .await
    }
}

pub(super) fn shown(record: &DeviceRecord) -> Dict {
    let device = &record.device;
    Out::new()
        .put("device", device.id.as_str())
        .put("label", device.label.as_str())
        .put("form", device.form.as_str())
        .put("status", device.status.as_str())
        .put("enrolled_at", device.enrolled_at.unix())
        .put("drift", record.drift)
        .done()
}

fn read(properties: HashMap<String, Variant<'_>>) -> Result<DeviceProperties, Fault> {
    let mut from = In::new("properties", properties);
    let form = from.text("form")?.map(|form| form.parse::<Form>()).transpose().map_err(Fault::invalid)?;
    let properties = DeviceProperties {
        label: from.text("label")?.unwrap_or_else(|| "device".to_owned()),
        form: form.unwrap_or(Form::Virtual),
        secret: from.secret("secret")?,
    };
    from.finish()?;
    Ok(properties)
}
