//! What `readmit doctor` looks at, one part a module: each says what it found, and how to mend what is wrong.

pub mod clock;
pub mod configuration;
pub mod daemon;
pub mod files;
pub mod finding;
pub mod heads;
pub mod plugins;
pub mod polkit;
pub mod unit;

use serde::de::DeserializeOwned;
use zbus::{Connection, DynamicType, Type, fdo};

pub use finding::{Findings, Level};

use crate::limits::LOOK_TIMEOUT;

/// Somebody else on the bus, who may not be there.
pub struct Neighbour<'a> {
    connection: &'a Connection,
    name: &'static str,
}

/// Why a neighbour has not answered.
pub enum Silent {
    /// They are not on this bus, and nobody starts them.
    Absent,
    /// They answer with an error, or not in time.
    Failing(String),
}

impl<'a> Neighbour<'a> {
    /// The owner of this name.
    #[must_use]
    pub const fn new(connection: &'a Connection, name: &'static str) -> Self {
        Self { connection, name }
    }

    /// Calls a method, and waits a moment for the answer.
    ///
    /// # Errors
    /// [`Silent`].
    pub async fn ask<T: DeserializeOwned + Type>(
        &self,
        path: &str,
        interface: &str,
        method: &str,
        body: &(impl serde::Serialize + DynamicType),
    ) -> Result<T, Silent> {
        let call = self.connection.call_method(Some(self.name), path, Some(interface), method, body);
        match tokio::time::timeout(LOOK_TIMEOUT, call).await {
            Err(_) => Err(Silent::Failing("it does not answer in time".to_owned())),
            Ok(Ok(reply)) => {
                reply.body().deserialize::<T>().map_err(|error| Silent::Failing(error.to_string()))
            }
            Ok(Err(zbus::Error::MethodError(name, text, _))) => {
                let absent = ["ServiceUnknown", "NameHasNoOwner", "Spawn.ServiceNotFound"];
                if absent.iter().any(|word| name.as_str().ends_with(word)) {
                    return Err(Silent::Absent);
                }
                Err(Silent::Failing(text.unwrap_or_else(|| name.to_string())))
            }
            Ok(Err(zbus::Error::FDO(error))) => Err(match *error {
                fdo::Error::ServiceUnknown(_)
                | fdo::Error::NameHasNoOwner(_)
                | fdo::Error::SpawnServiceNotFound(_) => Silent::Absent,
                other => Silent::Failing(other.to_string()),
            }),
            Ok(Err(error)) => Err(Silent::Failing(error.to_string())),
        }
    }
}
