//! The connection to the daemon's bus, and what goes over it.

pub mod administration;
pub mod agent;
pub mod proxies;
pub mod value;

use std::time::Duration;

use zbus::connection::Builder;
use zbus::{Address, Connection};

use crate::failure::Failure;
use crate::limits::METHOD_TIMEOUT;

/// The daemon's name on the bus.
pub const NAME: &str = "org.readmit.Recovery1";

/// Connects to `system` (also where nothing is said), `session` or a D-Bus address such as `unix:path=…`.
///
/// # Errors
/// The address is none, or nobody listens there.
pub async fn connect(address: Option<&str>) -> Result<Connection, Failure> {
    connect_for(address, METHOD_TIMEOUT).await
}

/// As [`connect`], for calls that take up to `timeout`.
///
/// # Errors
/// As [`connect`].
pub async fn connect_for(address: Option<&str>, timeout: Duration) -> Result<Connection, Failure> {
    let builder = match address {
        None | Some("" | "system") => Builder::system(),
        Some("session") => Builder::session(),
        Some(address) => Builder::address(address.parse::<Address>()?),
    };
    Ok(builder.method_timeout(timeout).build().await?)
}
