//! From the service's signals to the bus.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use zbus::Connection;
use zbus::names::BusName;
use zbus::object_server::SignalEmitter;
use zbus::wire::Variant;

use super::gate::Gate;
use super::{PATH, audit, cases, policies, recovery};
use crate::service::Signal;

/// Sends every signal out, until the service is gone.
pub async fn relay(connection: Connection, gate: Arc<Gate>, mut signals: Receiver<Signal>) {
    loop {
        match signals.recv().await {
            Ok(signal) => {
                if let Err(error) = send(&connection, &gate, &signal).await {
                    tracing::warn!(%error, "a signal was not sent");
                }
            }
            Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "signals were lost: too many at once"),
            Err(RecvError::Closed) => return,
        }
    }
}

async fn send(connection: &Connection, gate: &Gate, signal: &Signal) -> zbus::Result<()> {
    let emitter = SignalEmitter::new(connection, PATH)?;
    match signal {
        Signal::CaseChanged { case, state } => {
            for watcher in gate.watchers.of(case) {
                let to = BusName::try_from(watcher)?;
                recovery::Recovery::case_changed(&emitter.clone().set_destination(to), case.as_str(), state)
                    .await?;
            }
            Ok(())
        }
        Signal::CaseMoved { case, account, state, reason } => {
            for watcher in gate.staff.all() {
                let to = BusName::try_from(watcher)?;
                let emitter = emitter.clone().set_destination(to);
                cases::Cases::changed(&emitter, case.as_str(), account.as_str(), state, reason).await?;
            }
            Ok(())
        }
        Signal::Alert { kind, detail } => {
            let detail: HashMap<&str, Variant<'_>> =
                detail.iter().map(|(name, value)| (*name, value.as_str().into())).collect();
            audit::Audit::alert(&emitter, kind, detail).await
        }
        Signal::PoliciesLoaded { version } => policies::Policies::loaded(&emitter, version).await,
        Signal::PoliciesPending { version } => policies::Policies::pending(&emitter, version).await,
        Signal::PoliciesRefused { why } => policies::Policies::refused(&emitter, why).await,
    }
}
