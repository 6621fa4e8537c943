//! The daemon on the bus: one file an interface, each method of a few lines that convert, authorize, call the
//! service, convert.

mod accounts;
mod action;
mod audit;
mod authentication;
mod authority;
mod caller;
mod cases;
mod devices;
mod dict;
mod error;
mod explained;
mod gate;
mod limits;
mod listed;
mod logged;
mod login;
mod manager;
mod plugins;
mod policies;
mod readiness;
mod recovery;
mod shares;
mod signals;
mod store;
mod view;
mod watchers;

use std::sync::Arc;

use thiserror::Error;
use zbus::connection::Builder;

pub use action::{Action, Request};
pub use gate::Gate;
pub use shares::ShareRules;
pub use signals::relay;

use crate::service::Service;

/// The name on the bus.
pub const NAME: &str = "org.readmit.Recovery1";
/// The one object.
pub const PATH: &str = "/org/readmit/Recovery1";

/// The daemon could not get onto the bus.
#[derive(Debug, Error)]
pub enum BusError {
    /// The address is unusable or nobody answers there.
    #[error("cannot connect to the bus at {address}: is it running, and may this user use it?")]
    Connect {
        /// The address as configured.
        address: String,
        /// Why.
        #[source]
        source: zbus::Error,
    },
    /// The bus went away.
    #[error(
        "the connection to the bus is lost: the daemon ends, and is to be started again once the bus is back"
    )]
    Lost(#[source] zbus::Error),
    /// Somebody else has the name.
    #[error(
        "the name {NAME} is taken on the bus: another readmitd is running (`systemctl status readmitd`), or the bus policy does not let this user own it"
    )]
    Name(#[source] zbus::Error),
}

/// Puts every interface onto the bus; the name is not taken yet.
///
/// # Errors
/// [`BusError::Connect`].
pub async fn serve(
    address: &str,
    gate: Arc<Gate>,
    service: Arc<Service>,
) -> Result<zbus::Connection, BusError> {
    let builder = match address {
        "system" => Builder::system(),
        "session" => Builder::session(),
        other => Builder::address(other),
    };
    let connect = |source| BusError::Connect { address: address.to_owned(), source };
    builder
        .serve_at(PATH, recovery::Recovery::new(service.clone(), gate.clone()))
        .serve_at(PATH, authentication::Authentication::new(service.clone(), gate.clone()))
        .serve_at(PATH, accounts::Accounts::new(service.clone(), gate.clone()))
        .serve_at(PATH, devices::Devices::new(service.clone(), gate.clone()))
        .serve_at(PATH, cases::Cases::new(service.clone(), gate.clone()))
        .serve_at(PATH, policies::Policies::new(service.clone(), gate.clone()))
        .serve_at(PATH, plugins::Plugins::new(service.clone(), gate.clone()))
        .serve_at(PATH, store::Store::new(service.clone(), gate.clone()))
        .serve_at(PATH, audit::Audit::new(service.clone(), gate.clone()))
        .serve_at(PATH, manager::Manager::new(service, gate))
        .max_queued(limits::QUEUED_MESSAGES)
        .build()
        .await
        .map_err(connect)
}

/// Takes the name: from here on, callers find the daemon.
///
/// # Errors
/// [`BusError::Name`].
pub async fn take_name(connection: &zbus::Connection) -> Result<(), BusError> {
    use zbus::fdo::RequestNameFlags;
    // Without replacement in either direction: nobody takes over by starting later.
    let flags = RequestNameFlags::DO_NOT_QUEUE;
    connection.request_name_with_flags(NAME, flags).await.map(|_| ()).map_err(BusError::Name)
}

/// Asks the bus whether it is there.
///
/// # Errors
/// [`BusError::Lost`]; a bus that hangs says nothing.
pub async fn ping(connection: &zbus::Connection) -> Result<(), BusError> {
    // What every bus lets everyone ask; a system bus takes no `Ping` of its own.
    let (bus, path) = ("org.freedesktop.DBus", "/org/freedesktop/DBus");
    match connection.call_method(Some(bus), path, Some(bus), "GetId", &()).await {
        // Any answer shows that the bus is there.
        Ok(_) | Err(zbus::Error::MethodError(..)) => Ok(()),
        Err(error) => Err(BusError::Lost(error)),
    }
}

/// Waits for as long as the bus is there.
pub async fn lost(connection: &zbus::Connection) -> BusError {
    loop {
        tokio::time::sleep(limits::BUS_LOOK).await;
        if let Err(error) = ping(connection).await {
            return error;
        }
    }
}
