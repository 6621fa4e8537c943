//! What logind says, told by a double: there is no login in these tests. A process's login is what its environment
//! says, `READMIT_TEST_LOGIN=6014:3`: the user and the session. The real one is asked in the tests that boot a machine.

use zbus::{Connection, DBusError, interface};

const PATH: &str = "/org/freedesktop/login1";

/// Puts the double onto the bus.
pub async fn start(connection: &Connection) {
    let manager = Manager { connection: connection.clone() };
    connection.object_server().at(PATH, manager).await.unwrap();
    connection.request_name("org.freedesktop.login1").await.unwrap();
}

#[derive(Debug, DBusError)]
#[zbus(prefix = "org.freedesktop.login1")]
enum Unknown {
    #[zbus(error)]
    ZBus(zbus::Error),
    NoUserForPID(String),
    NoSessionForPID(String),
}

struct Manager {
    connection: Connection,
}

#[interface(name = "org.freedesktop.login1.Manager")]
impl Manager {
    #[zbus(name = "GetUserByPID")]
    async fn user_of(&self, pid: u32) -> Result<zbus::wire::OwnedObjectPath, Unknown> {
        let (uid, _) = login(pid).ok_or_else(|| Unknown::NoUserForPID("no login".to_owned()))?;
        let path = format!("{PATH}/user/_{uid}");
        self.connection.object_server().at(path.as_str(), User { uid }).await?;
        Ok(zbus::wire::OwnedObjectPath::try_from(path).unwrap())
    }

    #[zbus(name = "GetSessionByPID")]
    async fn session_of(&self, pid: u32) -> Result<zbus::wire::OwnedObjectPath, Unknown> {
        let (_, id) = login(pid).ok_or_else(|| Unknown::NoSessionForPID("no login".to_owned()))?;
        let path = format!("{PATH}/session/_3{id}");
        self.connection.object_server().at(path.as_str(), Session { id }).await?;
        Ok(zbus::wire::OwnedObjectPath::try_from(path).unwrap())
    }
}

struct User {
    uid: u32,
}

#[interface(name = "org.freedesktop.login1.User")]
impl User {
    #[zbus(property, name = "UID")]
    fn uid(&self) -> u32 {
        self.uid
    }
}

struct Session {
    id: String,
}

#[interface(name = "org.freedesktop.login1.Session")]
impl Session {
    #[zbus(property)]
    fn id(&self) -> String {
        self.id.clone()
    }
}

fn login(pid: u32) -> Option<(u32, String)> {
    let environment = std::fs::read(format!("/proc/{pid}/environ")).ok()?;
    let text = String::from_utf8_lossy(&environment).into_owned();
    let said = text.split('\0').find_map(|line| line.strip_prefix("READMIT_TEST_LOGIN="))?;
    let (uid, session) = said.split_once(':')?;
    Some((uid.parse().ok()?, session.to_owned()))
}
