//! What every verb is given: where answers go, who may be asked, and the daemon.

use zbus::Connection;
use zbus::proxy::CacheProperties;

use crate::bus;
use crate::bus::administration::{
    AccountsProxy, Asking, AuditProxy, CasesProxy, DevicesProxy, ManagerProxy, PluginsProxy, PoliciesProxy,
    StoreProxy,
};
use crate::bus::agent::Agent;
use crate::bus::proxies::{AuditSignalsProxy, CasesSignalsProxy, RecoveryProxy};
use crate::failure::Failure;
use crate::limits::BACKUP_TIMEOUT;
use crate::output::Output;
use crate::terminal::Terminal;

/// One command's surroundings.
pub struct Context {
    /// Where answers go.
    pub output: Output,
    /// Who may be asked.
    pub terminal: Terminal,
    /// How to go on after an interruption, where something was begun.
    pub next_step: Option<String>,
    bus: Option<String>,
    asking: Asking,
    connection: Option<Connection>,
    /// Asks for a password for as long as there are calls to make.
    agent: Option<Agent>,
}

impl Context {
    /// Surroundings that connect to `bus` when they must. Somebody can be asked for a password at a terminal, and
    /// elsewhere where `asking` says so.
    #[must_use]
    pub fn new(json: bool, bus: Option<String>, asking: Asking) -> Self {
        let terminal = Terminal::new();
        let asking = if terminal.is_interactive() { Asking::Allowed } else { asking };
        Self {
            output: Output::new(json),
            terminal,
            next_step: None,
            bus,
            asking,
            connection: None,
            agent: None,
        }
    }

    /// The same surroundings, with a connection of its own for a call that takes as long as it takes.
    ///
    /// # Errors
    /// The bus cannot be reached.
    pub async fn patient_store(&mut self) -> Result<StoreProxy, Failure> {
        // Whoever is asked for a password is asked in this terminal, whichever connection it is for.
        self.connection().await?;
        let connection = bus::connect_for(self.bus.as_deref(), BACKUP_TIMEOUT).await?;
        Ok(StoreProxy::new(&connection, self.asking).await?)
    }

    /// The bus, connected once.
    ///
    /// # Errors
    /// It cannot be reached.
    pub async fn connection(&mut self) -> Result<&Connection, Failure> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let connection = bus::connect(self.bus.as_deref()).await?;
                self.agent = Agent::start(self.asking).await;
                connection
            }
        };
        Ok(self.connection.insert(connection))
    }
}

macro_rules! interfaces {
    ($($method:ident: $proxy:ident),+) => {
        impl Context {
            $(
                /// The interface of this name.
                ///
                /// # Errors
                /// The bus cannot be reached.
                pub async fn $method(&mut self) -> Result<$proxy, Failure> {
                    let asking = self.asking;
                    Ok($proxy::new(self.connection().await?, asking).await?)
                }
            )+
        }
    };
}

interfaces!(
    accounts: AccountsProxy,
    devices: DevicesProxy,
    cases: CasesProxy,
    policies: PoliciesProxy,
    plugins: PluginsProxy,
    audit: AuditProxy,
    store: StoreProxy,
    manager: ManagerProxy
);

macro_rules! told {
    ($($method:ident: $proxy:ident),+) => {
        impl Context {
            $(
                /// What is called, or told, without anybody's password.
                ///
                /// # Errors
                /// The bus cannot be reached.
                pub async fn $method(&mut self) -> Result<$proxy<'static>, Failure> {
                    let builder = $proxy::builder(self.connection().await?);
                    Ok(builder.cache_properties(CacheProperties::No).build().await?)
                }
            )+
        }
    };
}

told!(recovery: RecoveryProxy, case_signals: CasesSignalsProxy, audit_signals: AuditSignalsProxy);
