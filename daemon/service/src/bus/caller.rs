//! Who calls: the user behind a connection, as the bus itself says, and the login behind that, as logind says.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::OnceCell;
use zbus::Connection;
use zbus::fdo::DBusProxy;
use zbus::message::Header;
use zbus::names::UniqueName;

use super::action::Action;
use super::limits::CALLERS_REMEMBERED;
use super::login::{self, Login};
use crate::service::{Fault, Officer};

/// Somebody on the bus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    /// The user id.
    pub(super) uid: u32,
    /// The connection's unique name, which the bus never gives out twice.
    pub(super) name: String,
    /// Who logged in, for callers of the interfaces for administrators.
    login: Option<Login>,
    /// What was granted beside what was asked for.
    beside: Option<Action>,
    pid: Option<u32>,
}

impl Caller {
    /// How the journal names them: `uid:1000 session:3`, and `uid:0 session:3 login:1000` through sudo.
    pub(super) fn actor(&self) -> String {
        self.to_string()
    }

    pub(super) fn officer(&self) -> Officer {
        let login = self.login.as_ref().map(|login| login.uid).filter(|uid| *uid != self.uid);
        let users = [Some(self.uid), login].into_iter().flatten().filter_map(crate::users::name_of);
        Officer { actor: self.actor(), users: users.collect() }
    }

    /// Whether this was granted beside what was asked for.
    pub(super) fn may(&self, action: Action) -> bool {
        self.beside == Some(action)
    }

    pub(super) fn grant(&mut self, action: Action) {
        self.beside = Some(action);
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "uid:{}", self.uid)?;
        let Some(login) = &self.login else { return Ok(()) };
        if let Some(session) = &login.session {
            write!(formatter, " session:{session}")?;
        }
        if login.uid != self.uid {
            write!(formatter, " login:{}", login.uid)?;
        }
        Ok(())
    }
}

/// The users behind connections, asked once a connection.
#[derive(Default)]
pub(super) struct Callers {
    known: Mutex<HashMap<String, Arc<OnceCell<Known>>>>,
}

/// Who is behind a connection.
#[derive(Debug)]
struct Known {
    uid: u32,
    pid: Option<u32>,
    login: OnceCell<Option<Login>>,
}

impl Callers {
    /// The user behind the call, if that is known.
    pub(super) fn known(&self, header: &Header<'_>) -> Result<Option<Caller>, Fault> {
        let sender = header.sender().ok_or_else(nobody)?;
        let known = self.known.lock();
        Ok(known.get(sender.as_str()).and_then(|cell| cell.get()).map(|known| known.caller(sender)))
    }

    /// The user behind the call. However many calls of a connection wait for it, the bus is asked once.
    pub(super) async fn identify(
        &self,
        connection: &Connection,
        header: &Header<'_>,
    ) -> Result<Caller, Fault> {
        let sender = header.sender().ok_or_else(nobody)?;
        let cell = self.cell(sender.as_str());
        let known = cell
            .get_or_try_init(|| async {
                let known = ask(connection, sender).await.map_err(|error| {
                    tracing::warn!(%error, "the bus does not say who calls");
                    nobody()
                })?;
                known.ok_or_else(nobody)
            })
            .await?;
        Ok(known.caller(sender))
    }

    /// Adds who logged in. Where there is no logind, nobody did, and the user is all that is known.
    pub(super) async fn add_login(&self, connection: &Connection, caller: &mut Caller) -> Result<(), Fault> {
        let cell = self.cell(&caller.name);
        // It may have been forgotten meanwhile.
        let (uid, pid) = (caller.uid, caller.pid);
        let known = cell.get_or_init(|| async { Known { uid, pid, login: OnceCell::new() } }).await;
        let login = known.login.get_or_try_init(|| login::of(connection, pid)).await.map_err(|error| {
            tracing::warn!(%error, "the login behind a caller is not known");
            Fault::Unavailable(
                "it is not known who is logged in behind this request: see whether `loginctl` answers, then \
                 try again"
                    .to_owned(),
            )
        })?;
        caller.login.clone_from(login);
        Ok(())
    }

    /// The place of what is known about a connection.
    fn cell(&self, name: &str) -> Arc<OnceCell<Known>> {
        let mut known = self.known.lock();
        if let Some(cell) = known.get(name) {
            return cell.clone();
        }
        if known.len() >= CALLERS_REMEMBERED {
            known.clear();
        }
        known.entry(name.to_owned()).or_default().clone()
    }
}

impl Known {
    fn caller(&self, name: &UniqueName<'_>) -> Caller {
        Caller { uid: self.uid, name: name.to_string(), login: None, beside: None, pid: self.pid }
    }
}

fn nobody() -> Fault {
    Fault::NotAuthorized("the bus does not say who calls".to_owned())
}

async fn ask(connection: &Connection, sender: &UniqueName<'_>) -> zbus::Result<Option<Known>> {
    let bus = DBusProxy::new(connection).await?;
    let of = bus.get_connection_credentials(sender.to_owned().into()).await?;
    Ok(of.unix_user_id().map(|uid| Known { uid, pid: of.process_id(), login: OnceCell::new() }))
}
