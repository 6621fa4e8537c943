//! The daemon's interface for staff, over this user's own connection to the bus: the daemon takes them for who they
//! are, since the bus says so.

use std::sync::Arc;

use tokio::sync::Mutex;
use zbus::Variant;

use super::views::{Case, Row};
use crate::desk::{self, DeskError, Dict};

/// Recoveries, for administrators and support. The console never asks for more rights than its user has.
#[zbus::proxy(
    interface = "org.readmit.Cases1",
    default_service = "org.readmit.Recovery1",
    default_path = "/org/readmit/Recovery1"
)]
trait Cases {
    fn list(&self, filter: Dict, offset: u32, limit: u32) -> zbus::Result<Vec<Row>>;
    fn show(&self, case: &str) -> zbus::Result<Case>;
    fn approve(&self, case: &str, because: &str) -> zbus::Result<()>;
    fn resolve(&self, case: &str, resolution: Dict) -> zbus::Result<()>;
    fn deny(&self, case: &str, because: &str) -> zbus::Result<()>;
}

/// Which cases, and in what order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    pub(super) state: Option<String>,
    pub(super) account: Option<String>,
    pub(super) open: Option<bool>,
    pub(super) order: Order,
}

/// Which comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Order {
    #[default]
    Oldest,
    Newest,
}

/// The way to the daemon.
pub(super) struct Staff {
    address: Arc<str>,
    line: Mutex<Option<CasesProxy<'static>>>,
}

impl Staff {
    /// The daemon on the bus at this address. It is not called yet.
    pub(super) fn new(address: &str) -> Self {
        Self { address: address.into(), line: Mutex::default() }
    }

    /// The cases that fit.
    pub(super) async fn list(&self, filter: &Filter, offset: u32, limit: u32) -> Result<Vec<Row>, DeskError> {
        let mut asked = Dict::new();
        let order = match filter.order {
            Order::Oldest => "oldest",
            Order::Newest => "newest",
        };
        asked.insert("order", Variant::from(order));
        for (key, value) in [("state", &filter.state), ("account", &filter.account)] {
            asked.extend(value.as_ref().map(|value| (key, Variant::from(value.clone()))));
        }
        asked.extend(filter.open.map(|open| ("open", Variant::from(open))));
        let line = self.line().await?;
        self.heard(line.list(asked, offset, limit).await).await
    }

    /// A case with its whole history.
    pub(super) async fn show(&self, case: &str) -> Result<Case, DeskError> {
        let line = self.line().await?;
        self.heard(line.show(case).await).await
    }

    /// Vouches for the person.
    pub(super) async fn approve(&self, case: &str, because: &str) -> Result<(), DeskError> {
        let line = self.line().await?;
        self.heard(line.approve(case, because).await).await
    }

    /// Refuses the recovery.
    pub(super) async fn deny(&self, case: &str, because: &str) -> Result<(), DeskError> {
        let line = self.line().await?;
        self.heard(line.deny(case, because).await).await
    }

    /// Resolves an escalated recovery: `pass` or `reset`.
    pub(super) async fn resolve(
        &self,
        case: &str,
        action: &'static str,
        because: &str,
    ) -> Result<(), DeskError> {
        let resolution =
            Dict::from([("action", Variant::from(action)), ("because", Variant::from(because.to_owned()))]);
        let line = self.line().await?;
        self.heard(line.resolve(case, resolution).await).await
    }

    /// The connection, made anew where it was lost.
    async fn line(&self) -> Result<CasesProxy<'static>, DeskError> {
        let mut current = self.line.lock().await;
        if let Some(line) = current.as_ref() {
            return Ok(line.clone());
        }
        let line = CasesProxy::new(&desk::connect(&self.address).await?).await?;
        *current = Some(line.clone());
        Ok(line)
    }

    async fn heard<T>(&self, answer: zbus::Result<T>) -> Result<T, DeskError> {
        if matches!(answer, Err(zbus::Error::InputOutput(_))) {
            *self.line.lock().await = None;
        }
        Ok(answer?)
    }
}
