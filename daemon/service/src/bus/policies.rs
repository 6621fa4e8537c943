//! `org.readmit.Policies1`: the policies in force, for administrators.

use std::collections::HashMap;
use std::sync::Arc;

use readmit_recovery::case::State;
use readmit_recovery::time::Timestamp;
use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::wire::Variant;
use zbus::{Connection, interface};

use super::dict::{Dict, Out};
use super::error::Error;
use super::gate::Gate;
use super::logged;
use super::recovery::open_context;
use crate::service::{Explanation, Service};

/// The interface for policies.
pub(super) struct Policies {
    service: Arc<Service>,
    gate: Arc<Gate>,
}

impl Policies {
    pub(super) const fn new(service: Arc<Service>, gate: Arc<Gate>) -> Self {
        Self { service, gate }
    }
}

/// Loads and explains the policies.
#[interface(name = "org.readmit.Policies1")]
impl Policies {
    /// Lists the versions of the policies, the one in force first: version s, current b, files as, loaded_at t, and
    /// refused s where the last attempt to load another set was refused. The last candidate that was asked in the
    /// shadow stands behind it: shadow b (whether it still is), stopped_at t, and how its answers compare: asked t,
    /// same t, weaker t, failing t, stronger t, other t, dropped t.
    #[zbus(out_args("policies"))]
    async fn list(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        self.gate
            .admin(connection, &header, |_caller| async move {
                let current = self.service.policies().in_force();
                let files: Vec<&str> = current.files.iter().map(String::as_str).collect();
                let first = Out::new()
                    .put("version", current.version.as_str())
                    .put("current", true)
                    .put("files", files)
                    .put("loaded_at", current.loaded_at.unix())
                    .maybe("refused", current.refused.as_deref())
                    .done();
                let shadow = self.service.shadow().await?;
                let shadow = shadow.as_ref().map(logged::shadow);
                let earlier = self.service.store().policies().await?.into_iter();
                let earlier =
                    earlier.filter(|(version, _)| *version != current.version).map(|(version, at)| {
                        Out::new()
                            .put("version", version.as_str())
                            .put("current", false)
                            .put("loaded_at", at.unix())
                            .done()
                    });
                Ok(std::iter::once(first).chain(shadow).chain(earlier).collect())
            })
            .await
    }

    /// Reads the policies again. Either the whole new set is in force, or everything stays as it was.
    #[zbus(out_args("version"))]
    async fn reload(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<String, Error> {
        self.gate
            .admin(connection, &header, |caller| async move {
                Ok(self.service.reload_policies(&caller.actor()).await?.to_string())
            })
            .await
    }

    /// Says what a recovery would ask for if it were opened now. Changes nothing. Answers verdict s, plan s, to s,
    /// because s, minimal_sets as, version s, micros t, and cause s
    /// where the policy failed.
    #[zbus(out_args("explanation"))]
    async fn explain(
        &self,
        account: String,
        reason: String,
        context: HashMap<String, Variant<'_>>,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .admin(connection, &header, |_caller| async move {
                let context = open_context(context)?;
                Ok(explained(&self.service.explain(&account, &reason, &context).await?))
            })
            .await
    }

    /// Reads the decision log from a time and behind a number on, up to 1,000 decisions or 8 MiB; an empty answer is
    /// the end: id t, at t, case s, version s, hook s, input s (JSON), verdict s (JSON), micros t. The inputs hold ids
    /// and attributes of accounts and clients' addresses, so every reading is journalled as decisions_read.
    #[zbus(out_args("decisions"))]
    async fn decisions(
        &self,
        since: u64,
        after: u64,
        limit: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        self.gate
            .admin(connection, &header, |caller| async move {
                let since = Timestamp::from_unix(since);
                let rows = self.service.decisions(since, after, limit, &caller.actor()).await?;
                Ok(rows.iter().map(logged::decision).collect())
            })
            .await
    }

    /// Asks a candidate set, given as its files' texts by their paths, beside the set in force from now on, and keeps
    /// where its answers differ. It decides nothing, takes the place of any candidate before, and goes on after a
    /// restart. It is loaded and checked like a set that is to come into force; Refused names what is wrong with it.
    #[zbus(out_args("version"))]
    async fn shadow(
        &self,
        files: HashMap<String, String>,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<String, Error> {
        self.gate
            .admin(connection, &header, |caller| async move {
                let files = files.into_iter().collect();
                Ok(self.service.start_shadow(files, &caller.actor()).await?.to_string())
            })
            .await
    }

    /// No longer asks the candidate set. Its counts and differences stay until there is another one.
    async fn stop_shadow(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .admin(
                connection,
                &header,
                |caller| async move { self.service.stop_shadow(&caller.actor()).await },
            )
            .await
    }

    /// Reads where the candidate set answered otherwise, from a time and behind a number on, up to 1,000 differences
    /// or 8 MiB; an empty answer is the end: id t, at t, case s, version s (that was followed), hook s, change s
    /// (weaker, failing, stronger or other), words s, input s (JSON), verdict s (JSON, that was followed), shadow s
    /// (JSON, the candidate's verdict). The last 10,000 are kept. Every reading is journalled as differences_read.
    #[zbus(out_args("differences"))]
    async fn differences(
        &self,
        since: u64,
        after: u64,
        limit: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        self.gate
            .admin(connection, &header, |caller| async move {
                let since = Timestamp::from_unix(since);
                let rows = self.service.differences(since, after, limit, &caller.actor()).await?;
                Ok(rows.iter().map(logged::difference).collect())
            })
            .await
    }

    /// A set of policies is in force.
    #[zbus(signal)]
    pub(super) async fn loaded(emitter: &SignalEmitter<'_>, version: &str) -> zbus::Result<()>;

    /// A set of policies was refused; the last one stays in force.
    #[zbus(signal)]
    pub(super) async fn refused(emitter: &SignalEmitter<'_>, why: &str) -> zbus::Result<()>;
}

fn explained(explanation: &Explanation) -> Dict {
    let case = &explanation.case;
    let (to, because) = match &case.state {
        State::Escalated { to, because } => (Some(to.as_str()), Some(because.as_str())),
        State::Denied { because } => (None, Some(because.as_str())),
        _ => (None, None),
    };
    let sets: Vec<String> = case.plan.iter().flat_map(|plan| plan.minimal_sets()).map(in_words).collect();
    Out::new()
        .put("verdict", explanation.verdict())
        .put("version", explanation.version.as_str())
        .put("micros", explanation.micros)
        .maybe("plan", case.plan.as_ref().map(ToString::to_string))
        .put("minimal_sets", sets)
        .maybe("to", to)
        .maybe("because", because)
        .maybe("cause", explanation.cause.as_deref())
        .done()
}

fn in_words(set: std::collections::BTreeSet<readmit_recovery::plan::Atom>) -> String {
    let words: Vec<String> = set.into_iter().map(|atom| atom.to_string()).collect();
    words.join(" and ")
}
