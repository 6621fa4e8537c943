//! Everything that a recovery needs, on one machine: bus, daemon, plugins, mailbox, telephone, an account.

use std::path::Path;

use thiserror::Error;
use zbus::Variant;

use crate::authenticator::{Authenticator, NoSecret};
use crate::binaries::Binaries;
use crate::bus::{BusError, EmbeddedBus};
use crate::client::{Client, Options};
use crate::daemon::{Daemon, DaemonError};
use crate::home::{Home, HomeError, PortalPlace, Surroundings};
use crate::limits;
use crate::phone::{PhoneError, Softphone};
use crate::smtp::MailSink;

/// The sample account.
pub const ACCOUNT: &str = "alice";
/// Its e-mail address.
pub const EMAIL: &str = "alice@example.org";
/// Its telephone number.
pub const PHONE: &str = "+14155550123";
/// Its password.
pub const PASSWORD: &str = "correct horse battery staple";
/// The one that the person may take after it.
pub const NEW_PASSWORD: &str = "a battery for every horse";

/// Why the stage could not be set.
#[derive(Debug, Error)]
pub enum StageError {
    /// The directory.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The bus.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The mailbox.
    #[error("the mail server could not be started")]
    Mail(#[source] std::io::Error),
    /// The telephone.
    #[error(transparent)]
    Phone(#[from] PhoneError),
    /// The daemon.
    #[error(transparent)]
    Daemon(#[from] DaemonError),
    /// A call over the bus.
    #[error("the sample account could not be put on file")]
    Account(#[source] zbus::Error),
    /// The connection to the bus.
    #[error("the bus could not be reached")]
    Connect(#[source] zbus::Error),
    /// The sample device.
    #[error("the sample account's device is unusable")]
    Device(#[from] NoSecret),
}

/// The stage. Whatever is on it ends when it is struck or dropped.
#[derive(Debug)]
pub struct Stage {
    /// The daemon over the bus.
    pub client: Client,
    /// The mailbox.
    pub mail: MailSink,
    /// The telephone.
    pub phone: Softphone,
    /// The device that the person is about to lose.
    pub device: Authenticator,
    /// The codes that the person saved.
    pub recovery_codes: Vec<String>,
    /// The address of the bus.
    pub bus_address: String,
    // Dropped in this order: the daemon before the bus, the bus before its directory.
    daemon: Option<Daemon>,
    bus: EmbeddedBus,
    /// The directory.
    pub home: Home,
}

impl Stage {
    /// Sets the stage: starts everything and puts the sample account on file.
    ///
    /// # Errors
    /// If something does not start.
    pub async fn set(
        binaries: &Binaries,
        keep: Option<&Path>,
        ring_seconds: u64,
        portal: Option<PortalPlace<'_>>,
    ) -> Result<Self, StageError> {
        let home = Home::make(keep)?;
        let bus = EmbeddedBus::start(&home.bus())?;
        let loopback = ([127, 0, 0, 1], 0).into();
        let mail = MailSink::bind(loopback).await.map_err(StageError::Mail)?;
        let phone = Softphone::bind(loopback).await?;
        home.furnish(Surroundings {
            binaries,
            bus: bus.address(),
            mail: mail.address(),
            phone: phone.address(),
            ring_seconds,
            portal,
        })?;
        let client = Client::connect(bus.address()).await.map_err(StageError::Connect)?;
        let daemon = Daemon::start(binaries, &home, &client).await?;
        let (secret, recovery_codes) = add_account(&client).await.map_err(StageError::Account)?;
        let device = Authenticator::scan(&secret)?;
        let bus_address = bus.address().to_owned();
        Ok(Self { client, mail, phone, device, recovery_codes, bus_address, daemon: Some(daemon), bus, home })
    }

    /// Kills the daemon, leaves it dead for a while, and starts it again. What it had answered, it still knows.
    ///
    /// # Errors
    /// If it does not come back.
    pub async fn restart_daemon(&mut self, binaries: &Binaries) -> Result<(), DaemonError> {
        if let Some(daemon) = self.daemon.take() {
            daemon.kill().await;
        }
        tokio::time::sleep(limits::OUTAGE).await;
        self.daemon = Some(Daemon::start(binaries, &self.home, &self.client).await?);
        Ok(())
    }

    /// Strikes the stage in good order.
    pub async fn strike(self) {
        let Self { daemon, client, bus, home, .. } = self;
        if let Some(daemon) = daemon {
            daemon.stop().await;
        }
        drop(client);
        // The bus joins its thread, which must not hold up the runtime's.
        let _ = tokio::task::spawn_blocking(move || drop(bus)).await;
        drop(home);
    }
}

async fn add_account(client: &Client) -> zbus::Result<(String, Vec<String>)> {
    let properties = Options::from([
        ("kind", Variant::from("owner")),
        ("email", Variant::from(EMAIL)),
        ("phone", Variant::from(PHONE)),
        ("phone_country", Variant::from("US")),
        ("phone_verified", Variant::from(true)),
        ("locale", Variant::from("en")),
    ]);
    client.accounts.add(ACCOUNT, properties).await?;
    client.accounts.set_password(ACCOUNT, PASSWORD).await?;
    let device =
        Options::from([("label", Variant::from("Alice's phone")), ("form", Variant::from("virtual"))]);
    let device = client.devices.enroll(ACCOUNT, device).await?;
    let codes = client.accounts.issue_recovery_codes(ACCOUNT).await?;
    Ok((device.secret.unwrap_or_default(), codes))
}
