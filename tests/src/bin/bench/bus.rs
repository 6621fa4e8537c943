//! A bus of the benchmark's own, and the connections of its callers.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Serialize;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use zbus::connection::Builder;
use zbus::{Connection, DynamicType, Message, Variant};

use crate::Outcome;
use crate::limits::{CALLERS_PER_CONNECTION, PATIENCE};

/// The daemon's name on the bus.
pub(crate) const NAME: &str = "org.readmit.Recovery1";
/// Its one object.
const PATH: &str = "/org/readmit/Recovery1";

/// A dictionary as it goes to the bus.
pub(crate) type Dict = HashMap<&'static str, Variant<'static>>;

/// A running dbus-daemon; dropped, it is killed.
pub(crate) struct Bus {
    address: String,
    _child: Child,
}

impl Bus {
    /// Starts one with its socket in `directory`. Limits that a busy system bus is given are lifted.
    pub(crate) async fn start(directory: &Path) -> Outcome<Self> {
        let socket: PathBuf = directory.join("bus");
        let config = directory.join("bus.conf");
        let text = format!(
            r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow send_destination="*" eavesdrop="false"/><allow receive_sender="*"/>
<allow own="*"/><allow user="*"/></policy>
<limit name="max_replies_per_connection">50000</limit></busconfig>"#,
            socket.display()
        );
        std::fs::write(&config, text)?;
        let mut child = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--nopidfile", "--print-address"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // It complains that it may not have more file descriptors; these callers do with fewer.
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|error| format!("dbus-daemon cannot be run ({error}): apt-get install dbus-daemon"))?;
        // It prints its address once it listens.
        let mut printed = String::new();
        let output = child.stdout.take().ok_or("dbus-daemon has no output")?;
        BufReader::new(output).read_line(&mut printed).await?;
        if !printed.starts_with("unix:") {
            return Err("dbus-daemon did not start".into());
        }
        Ok(Self { address: format!("unix:path={}", socket.display()), _child: child })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// A connection of its own.
    pub(crate) async fn connect(&self) -> Outcome<Connection> {
        Ok(Builder::address(self.address()).method_timeout(PATIENCE).build().await?)
    }

    /// Connections for so many callers.
    pub(crate) async fn callers(&self, callers: usize) -> Outcome<Callers> {
        let mut connections = Vec::new();
        for _ in 0..callers.div_ceil(CALLERS_PER_CONNECTION) {
            connections.push(self.connect().await?);
        }
        Ok(Callers { connections: connections.into() })
    }
}

/// Connections that callers share out among themselves.
#[derive(Clone)]
pub(crate) struct Callers {
    connections: std::sync::Arc<[Connection]>,
}

impl Callers {
    /// The connection of this caller.
    pub(crate) fn connection(&self, caller: usize) -> &Connection {
        // There is at least one: nobody asks for no callers.
        &self.connections[caller % self.connections.len()]
    }

    /// Calls a method of the daemon. `method` is `Interface.Member`, after `org.readmit.`.
    pub(crate) async fn call<B>(&self, caller: usize, method: &str, body: &B) -> Outcome<Message>
    where
        B: Serialize + DynamicType,
    {
        call(self.connection(caller), method, body).await
    }

    /// Asks the daemon whether it is there, which its bus library answers by itself.
    pub(crate) async fn ping(&self, caller: usize) -> Outcome<()> {
        let connection = self.connection(caller);
        connection.call_method(Some(NAME), PATH, Some("org.freedesktop.DBus.Peer"), "Ping", &()).await?;
        Ok(())
    }
}

/// Calls a method of the daemon on a connection.
pub(crate) async fn call<B>(connection: &Connection, method: &str, body: &B) -> Outcome<Message>
where
    B: Serialize + DynamicType,
{
    let (interface, member) = method.split_once('.').ok_or("a method without interface")?;
    let interface = format!("org.readmit.{interface}");
    Ok(connection.call_method(Some(NAME), PATH, Some(interface), member, body).await?)
}
