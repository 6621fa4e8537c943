//! Who calls: the user behind a connection, as the bus itself says.

use std::collections::HashMap;

use parking_lot::Mutex;
use zbus::fdo::DBusProxy;
use zbus::message::Header;
use zbus::names::UniqueName;

use super::limits::CALLERS_REMEMBERED;
use crate::service::{Fault, Officer};

/// Somebody on the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// The user id.
    pub(super) uid: u32,
    /// The connection's unique name, which the bus never gives out twice.
    pub(super) name: String,
}

impl Caller {
    /// How the journal names them.
    pub(super) fn actor(&self) -> String {
        format!("uid:{}", self.uid)
    }

    pub(super) fn officer(&self) -> Officer {
        let user = crate::users::name_of(self.uid);
        Officer { actor: self.actor(), user }
    }
}

/// The users behind connections, asked once a connection.
#[derive(Default)]
pub(super) struct Callers {
    known: Mutex<HashMap<String, u32>>,
}

impl Callers {
    pub(super) async fn identify(
        &self,
        connection: &zbus::Connection,
        header: &Header<'_>,
    ) -> Result<Caller, Fault> {
        let nobody = || Fault::NotAuthorized("the bus does not say who calls".to_owned());
        let sender = header.sender().ok_or_else(nobody)?;
        if let Some(uid) = self.known.lock().get(sender.as_str()).copied() {
            return Ok(Caller { uid, name: sender.to_string() });
        }
        let uid = ask(connection, sender).await.map_err(|error| {
            tracing::warn!(%error, "the bus does not say who calls");
            nobody()
        })?;
        let mut known = self.known.lock();
        if known.len() >= CALLERS_REMEMBERED {
            known.clear();
        }
        known.insert(sender.to_string(), uid);
        Ok(Caller { uid, name: sender.to_string() })
    }
}

async fn ask(connection: &zbus::Connection, sender: &UniqueName<'_>) -> zbus::Result<u32> {
    let bus = DBusProxy::new(connection).await?;
    Ok(bus.get_connection_unix_user(sender.to_owned().into()).await?)
}
