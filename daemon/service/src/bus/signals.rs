//! From the service's signals to the bus.

use std::collections::HashMap;
use std::sync::Arc;

use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use zbus::Connection;
use zbus::names::BusName;
use zbus::object_server::SignalEmitter;
use zbus::wire::Variant;

use super::PATH;
use super::audit::Audit;
use super::cases::Cases;
use super::gate::Gate;
use super::policies::Policies;
use super::recovery::Recovery;
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
    let listeners = &gate.listeners;
    let to = match signal {
        Signal::CaseChanged { case, .. } => gate.watchers.of(case),
        Signal::CaseMoved { .. } => listeners.cases.all(),
        Signal::Alert { .. } => listeners.alerts.all(),
        Signal::PoliciesLoaded { .. } | Signal::PoliciesPending { .. } | Signal::PoliciesRefused { .. } => {
            listeners.policies.all()
        }
    };
    for connection_name in to {
        let to = BusName::try_from(connection_name)?;
        tell(&SignalEmitter::new(connection, PATH)?.set_destination(to), signal).await?;
    }
    Ok(())
}

/// Tells one connection.
async fn tell(emitter: &SignalEmitter<'_>, signal: &Signal) -> zbus::Result<()> {
    match signal {
        Signal::CaseChanged { case, state } => Recovery::case_changed(emitter, case.as_str(), state).await,
        Signal::CaseMoved { case, account, state, reason } => {
            Cases::changed(emitter, case.as_str(), account.as_str(), state, reason).await
        }
        Signal::Alert { kind, detail } => {
            let detail: HashMap<&str, Variant<'_>> =
                detail.iter().map(|(name, value)| (*name, value.as_str().into())).collect();
            Audit::alert(emitter, kind, detail).await
        }
        Signal::PoliciesLoaded { version } => Policies::loaded(emitter, version).await,
        Signal::PoliciesPending { version } => Policies::pending(emitter, version).await,
        Signal::PoliciesRefused { why } => Policies::refused(emitter, why).await,
    }
}
