//! `org.readmit.Audit1`: the journal, for auditors.

use std::collections::HashMap;
use std::sync::Arc;

use readmit_recovery::time::Timestamp;
use readmit_store::{Checkpoint, JournalRow, Restored};
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
    /// Has every alert told to this connection, and to no other, until it is closed: by the signal Alert.
    async fn watch(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .admin(Action::AuditWatch, connection, &header, |caller| async move {
                self.gate.listeners.alerts.add(&caller.name);
                Ok(())
            })
            .await
    }

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

    /// Reads the journal behind the entry of this number, up to 1,000 entries as Read gives them: the way to read all of
    /// it, page by page.
    #[zbus(out_args("entries"))]
    async fn read_behind(
        &self,
        after: u64,
        limit: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        self.gate
            .admin(Action::AuditReadBehind, connection, &header, |_caller| async move {
                let rows = self.service.journal_behind(after, limit).await?;
                Ok(rows.iter().map(entry).collect())
            })
            .await
    }

    /// Checks every link of the journal and the signature of its head: ok b, rows t, seq t, head s, signature s,
    /// public_key s; broken t, why s at the first broken entry; checkpoint a{sv} (seq t, hash s, at t, rule s,
    /// signature s) where older entries were removed; restores aa{sv} (seq t, back_to_seq t, back_to_hash s,
    /// replaced_seq t, replaced_hash s) where the store was put back to an earlier state.
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
                    .maybe("checkpoint", report.checkpoint.as_ref().map(checkpoint))
                    .put("restores", report.restores.iter().map(restored).collect::<Vec<_>>())
                    .done())
            })
            .await
    }

    /// People should look at this; for who asked by Watch.
    #[zbus(signal)]
    pub(super) async fn alert(
        emitter: &SignalEmitter<'_>,
        kind: &str,
        detail: HashMap<&str, zbus::wire::Variant<'_>>,
    ) -> zbus::Result<()>;
}

fn checkpoint(checkpoint: &Checkpoint) -> Dict {
    Out::new()
        .put("seq", checkpoint.head.seq)
        .put("hash", hex::encode(checkpoint.head.hash))
        .put("at", checkpoint.at.unix())
        .put("rule", checkpoint.rule.as_str())
        .put("signature", hex::encode(checkpoint.signature))
        .done()
}

fn restored(restored: &Restored) -> Dict {
    Out::new()
        .put("seq", restored.seq)
        .put("back_to_seq", restored.back_to.seq)
        .put("back_to_hash", hex::encode(restored.back_to.hash))
        .put("replaced_seq", restored.replaced.seq)
        .put("replaced_hash", hex::encode(restored.replaced.hash))
        .done()
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
