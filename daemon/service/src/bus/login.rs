//! Who logged in to the process that calls, as logind knows it, so that somebody and the same one through sudo are
//! one person. Where no logind runs, nobody is known to have logged in.

use rustix::process::{Pid, test_kill_process};
use thiserror::Error;
use tokio::time::timeout;
use zbus::fdo::DBusProxy;
use zbus::proxy::{CacheProperties, MethodFlags};
use zbus::wire::{OwnedObjectPath, OwnedVariant};
use zbus::{Connection, Proxy};

use super::error::name_of;
use super::limits::LOGIND_PATIENCE;

const NAME: &str = "org.freedesktop.login1";
const PATH: &str = "/org/freedesktop/login1";

/// Who logged in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Login {
    /// The user who did.
    pub(super) uid: u32,
    /// The session, where the process belongs to one.
    pub(super) session: Option<String>,
}

/// It is not known who logged in.
#[derive(Debug, Error)]
pub(super) enum LoginError {
    #[error("logind could not be asked")]
    Bus(#[from] zbus::Error),
    #[error("logind does not answer")]
    Silent,
    #[error("the process that calls has ended")]
    Gone,
}

/// Who logged in to the process. The user's own manager belongs to them as their sessions do.
pub(super) async fn of(connection: &Connection, pid: Option<u32>) -> Result<Option<Login>, LoginError> {
    let Some(pid) = pid else { return Ok(None) };
    let asked = async {
        // Some buses never answer a call to a name that nobody has.
        let bus = DBusProxy::new(connection).await?;
        if !bus.name_has_owner(NAME.try_into()?).await.map_err(zbus::Error::from)? {
            return Ok(None);
        }
        let user = match object(connection, "GetUserByPID", pid).await? {
            Found::At(path) => path,
            // A process that has ended belongs to no login any more, whoever started it.
            Found::Nothing if !is_alive(pid) => return Err(LoginError::Gone),
            Found::Nothing | Found::NoLogind => return Ok(None),
        };
        let uid = property(connection, &user, "org.freedesktop.login1.User", "UID").await?;
        let session = match object(connection, "GetSessionByPID", pid).await? {
            Found::At(path) => {
                Some(property(connection, &path, "org.freedesktop.login1.Session", "Id").await?)
            }
            Found::Nothing | Found::NoLogind => None,
        };
        let session = session.map(String::try_from).transpose()?;
        Ok(Some(Login { uid: u32::try_from(uid)?, session }))
    };
    timeout(LOGIND_PATIENCE, asked).await.unwrap_or(Err(LoginError::Silent))
}

enum Found {
    At(OwnedObjectPath),
    Nothing,
    NoLogind,
}

async fn object(connection: &Connection, method: &str, pid: u32) -> Result<Found, LoginError> {
    let manager = proxy(connection, PATH, "org.freedesktop.login1.Manager").await?;
    // Where it does not run, nobody has logged in by it: it need not be started.
    let asked = manager.call_with_flags(method, MethodFlags::NO_AUTO_START, &pid).await;
    match asked {
        Ok(path) => path.map(Found::At).ok_or(LoginError::Silent),
        Err(error) => match name_of(&error).as_deref() {
            Some("org.freedesktop.login1.NoSessionForPID" | "org.freedesktop.login1.NoUserForPID") => {
                Ok(Found::Nothing)
            }
            Some(
                "org.freedesktop.DBus.Error.ServiceUnknown" | "org.freedesktop.DBus.Error.NameHasNoOwner",
            ) => Ok(Found::NoLogind),
            _ => Err(error.into()),
        },
    }
}

async fn property(
    connection: &Connection,
    path: &OwnedObjectPath,
    interface: &'static str,
    name: &str,
) -> Result<OwnedVariant, LoginError> {
    let object = proxy(connection, path.as_str(), "org.freedesktop.DBus.Properties").await?;
    Ok(object.call("Get", &(interface, name)).await?)
}

async fn proxy<'a>(
    connection: &Connection,
    path: &'a str,
    interface: &'static str,
) -> zbus::Result<Proxy<'a>> {
    zbus::proxy::Builder::new(connection)
        .destination(NAME)
        .path(path)
        .interface(interface)
        .cache_properties(CacheProperties::No)
        .build()
        .await
}

/// Whether there is such a process, whosoever it is.
fn is_alive(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else { return false };
    !matches!(test_kill_process(pid), Err(rustix::io::Errno::SRCH))
}
