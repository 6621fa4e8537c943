//! `org.readmit.Audit1`: the journal, for auditors.

use std::collections::HashMap;
use std::sync::Arc;

use readmit_recovery::time::Timestamp;
use readmit_store::JournalRow;
use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::{Connection, interface};

use super::action::Action;
use super::dict::{Dict, Out};
use super::error::Error;
use super::gate::Gate;
use crate::service::Service;

/// The interface for the journal.
pub(super) struct Audit {
    service: Arc<Service>,
    gate: Arc<Gate>,
}

impl Audit {
    pub(super) const fn new(service: Arc<Service>, gate: Arc<Gate>) -> Self {
        Self { service, gate }
    }
}

/// Reads and checks the journal.
#[interface(name = "org.readmit.Audit1")]
impl Audit {
    /// Reads the journal from a time on, up to 1,000 entries: seq t, at t, actor s, kind s, case s, account s, detail s
    /// (JSON), hash s.
    #[zbus(out_args("entries"))]
    async fn read(
        &self,
        since: u64,
        limit: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        self.gate
            .admin(Action::AuditRead, connection, &header, |_caller| async move {
                let rows = self.service.journal(Timestamp::from_unix(since), limit).await?;
                Ok(rows.iter().map(entry).collect())
            })
            .await
    }

    /// Checks every link of the journal and the signature of its head: ok b, rows t, head s, and broken t, why s at the
    /// first broken entry.
    #[zbus(out_args("report"))]
    async fn verify(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .admin(Action::AuditVerify, connection, &header, |_caller| async move {
                let report = self.service.verify_journal().await?;
                Ok(Out::new()
                    .put("ok", report.broken.is_none())
                    .put("rows", report.rows)
                    .put("seq", report.head.seq)
                    .put("head", hex::encode(report.head.hash))
                    .put("signature", hex::encode(report.signature))
                    .put("public_key", hex::encode(report.public_key))
                    .maybe("broken", report.broken.map(|(seq, _)| seq))
                    .maybe("why", report.broken.map(|(_, why)| why))
                    .done())
            })
            .await
    }

    /// People should look at this.
    #[zbus(signal)]
    pub(super) async fn alert(
        emitter: &SignalEmitter<'_>,
        kind: &str,
        detail: HashMap<&str, zbus::wire::Variant<'_>>,
    ) -> zbus::Result<()>;
}

pub(super) fn entry(row: &JournalRow) -> Dict {
    let detail = serde_json::to_string(&row.entry.detail).unwrap_or_default();
    Out::new()
        .put("seq", row.seq)
        .put("at", row.at.unix())
        .put("actor", row.actor.as_str())
        .put("kind", row.entry.kind.as_str())
        .maybe("case", row.entry.case.as_ref().map(|case| case.as_str()))
        .maybe("account", row.entry.account.as_ref().map(|account| account.as_str()))
        .put("detail", detail)
        .put("hash", hex::encode(row.hash))
        .done()
}
