//! `org.readmit.Policies1`: the policies in force, for administrators.

use std::collections::HashMap;
use std::sync::Arc;

use readmit_recovery::case::State;
use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::wire::Variant;
use zbus::{Connection, interface};

use super::dict::{Dict, Out};
use super::error::Error;
use super::gate::Gate;
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
    /// refused s where the last attempt to load another set was refused.
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
                let earlier = self.service.store().policies().await?.into_iter();
                let earlier =
                    earlier.filter(|(version, _)| *version != current.version).map(|(version, at)| {
                        Out::new()
                            .put("version", version.as_str())
                            .put("current", false)
                            .put("loaded_at", at.unix())
                            .done()
                    });
                Ok(std::iter::once(first).chain(earlier).collect())
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
