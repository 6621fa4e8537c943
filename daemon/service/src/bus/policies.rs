//! `org.readmit.Policies1`: the policies in force, for administrators.

use std::collections::HashMap;
use std::sync::Arc;

use readmit_recovery::time::Timestamp;
use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::wire::Variant;
use zbus::{Connection, interface};

use super::action::Action;
use super::dict::{Dict, Out};
use super::error::Error;
use super::explained::{self, explained};
use super::gate::Gate;
use super::logged;
use super::readiness;
use super::recovery::open_context;
use crate::service::{PolicyListing, PolicyState, Service};

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
    /// Has what becomes of the policies told to this connection, and to no other, until it is closed: by the signals
    /// Loaded, Pending and Refused.
    async fn watch(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .admin(Action::PoliciesWatch, connection, &header, |caller| async move {
                self.gate.listeners.policies.add(&caller.name);
                Ok(())
            })
            .await
    }

    /// Lists the versions of the policies: the one in force, then the one that waits for approval, then the candidate,
    /// then the earlier ones, the latest first. Each has version s, state s (in_force, pending, shadow, earlier), current
    /// b, and loaded_at t (when it came into force the last time; of a pending one and of a candidate, since when it is
    /// that). All but the candidate have actor s (who brought it there), tests u (of its own, that it passed),
    /// approved_by as, and on_disk b (whether it is what was last read in the policies directory). All but the earlier
    /// ones have files as. The one in force has refused s where what was last read is refused. The candidate is the last
    /// one that was asked in the shadow: shadow b (whether it still is), stopped_at t, and how its answers compare: asked
    /// t, same t, weaker t, failing t, stronger t, other t, dropped t.
    #[zbus(out_args("policies"))]
    async fn list(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        self.gate
            .admin(Action::PoliciesList, connection, &header, |_caller| async move {
                let shadow = self.service.shadow().await?;
                let shadow = shadow.as_ref().map(logged::shadow);
                let versions = self.service.policy_versions().await?;
                let at = versions.iter().position(|version| version.state == PolicyState::Earlier);
                let mut rows: Vec<Dict> = versions.into_iter().map(listed).collect();
                let at = at.unwrap_or(rows.len());
                rows.splice(at..at, shadow);
                Ok(rows)
            })
            .await
    }

    /// Reads the policies again. A new set that stands the check and its own tests comes into force as a whole, or,
    /// where the configuration asks for two persons, waits for them; a set that does not is refused, and everything
    /// stays as it was. Answers the version that is in force, or waits. After a rollback, files that nobody has changed
    /// are not taken again.
    #[zbus(out_args("version"))]
    async fn reload(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<String, Error> {
        self.gate
            .admin(Action::PoliciesReload, connection, &header, |caller| async move {
                Ok(self.service.reload_policies(&caller.actor()).await?.to_string())
            })
            .await
    }

    /// Approves the version that waits, named by its first 6 or more digits. The approval of a second user brings it
    /// into force; nobody approves twice. Answers the whole version.
    #[zbus(out_args("version"))]
    async fn activate(
        &self,
        version: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<String, Error> {
        self.gate
            .admin(
                Action::PoliciesActivate.about("version", &version),
                connection,
                &header,
                |caller| async move {
                    Ok(self.service.activate_policies(&version, &caller.actor()).await?.to_string())
                },
            )
            .await
    }

    /// Brings a version into force that was in force before, named by its first 6 or more digits. It stays in force
    /// until other files are saved than those that are there now. Where the configuration asks for two persons, the
    /// caller is the first of them, and Activate, or this again, by another user brings it into force. Answers the whole
    /// version.
    #[zbus(out_args("version"))]
    async fn rollback(
        &self,
        version: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<String, Error> {
        self.gate
            .admin(
                Action::PoliciesRollback.about("version", &version),
                connection,
                &header,
                |caller| async move {
                    Ok(self.service.roll_back_policies(&version, &caller.actor()).await?.to_string())
                },
            )
            .await
    }

    /// Says what a recovery would ask for if it were opened now. Changes nothing. The context has the keys of a
    /// recovery's, and detail b. Answers verdict s, plan s, to s, because s, minimal_sets as, version s, micros t, and
    /// cause s where the policy failed. With detail, which takes many times as long, also why: lines as (the lines of
    /// functions that were run, file:line), decided_at as (the lines that led to the verdict, from the hook inwards),
    /// facts aa{sv} (fact s, value s: what was looked at, as the policy sees it), factors aa{sv} (factor s, asked b,
    /// because s: every factor), source aa{sv} (file s, line u, text s, ran b: the policy around the lines that were
    /// run), and where there is a plan outcome a{sv}: what the policy would do to the account once the fewest factors
    /// that are enough are proven (verdict s, and for an outcome device s, force_password_change b, revoke_sessions b,
    /// hold t, enroll_within t in seconds; else to s, because s, cause s).
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
            .admin(
                Action::PoliciesExplain.about("account", &account),
                connection,
                &header,
                |_caller| async move {
                    let mut context = context;
                    let detail = explained::wants_detail(&mut context)?;
                    let context = open_context(context)?;
                    let answer = explained(&self.service.explain(&account, &reason, &context).await?);
                    if !detail {
                        return Ok(answer.done());
                    }
                    let detail = self.service.explain_in_detail(&account, &reason, &context).await?;
                    Ok(explained::detail(answer, &detail).done())
                },
            )
            .await
    }

    /// Says which accounts have a way back, before they need it: looks at up to 200 accounts, behind one on, in the
    /// order of their ids, and opens nothing. The filter has realm s and kind s. An empty answer is the end: account s,
    /// realm s, kind s, ready b (there is a way for every reason), ways a{ss} (by reason: alone, with_people,
    /// cannot_prove, escalate, deny or failing), and where it is not ready by_rule b (nothing that could be put on file
    /// would change it), missing as (what is not on file: each alone makes every way that can be made), to s (whom the
    /// account is sent to), because as (what the policy says).
    #[zbus(out_args("accounts"))]
    async fn readiness(
        &self,
        filter: HashMap<String, Variant<'_>>,
        after: String,
        limit: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        self.gate
            .admin(Action::PoliciesReadiness, connection, &header, |_caller| async move {
                let filter = readiness::filter(filter)?;
                let found = self.service.readiness(filter, &after, limit).await?;
                Ok(found.iter().map(readiness::row).collect())
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
            .admin(Action::PoliciesDecisions, connection, &header, |caller| async move {
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
            .admin(Action::PoliciesShadow, connection, &header, |caller| async move {
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
            .admin(Action::PoliciesStopShadow, connection, &header, |caller| async move {
                self.service.stop_shadow(&caller.actor()).await
            })
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
            .admin(Action::PoliciesDifferences, connection, &header, |caller| async move {
                let since = Timestamp::from_unix(since);
                let rows = self.service.differences(since, after, limit, &caller.actor()).await?;
                Ok(rows.iter().map(logged::difference).collect())
            })
            .await
    }

    /// A set of policies is in force; for who asked by Watch.
    #[zbus(signal)]
    pub(super) async fn loaded(emitter: &SignalEmitter<'_>, version: &str) -> zbus::Result<()>;

    /// A set of policies has stood the check and waits for the approval of two persons; for who asked by Watch.
    #[zbus(signal)]
    pub(super) async fn pending(emitter: &SignalEmitter<'_>, version: &str) -> zbus::Result<()>;

    /// A set of policies was refused; the last one stays in force. For who asked by Watch.
    #[zbus(signal)]
    pub(super) async fn refused(emitter: &SignalEmitter<'_>, why: &str) -> zbus::Result<()>;
}

fn listed(policy: PolicyListing) -> Dict {
    Out::new()
        .put("version", policy.version.as_str())
        .put("state", policy.state.as_str())
        .put("current", policy.state == PolicyState::InForce)
        .put("loaded_at", policy.since.unix())
        .put("actor", policy.actor)
        .put("tests", policy.tests)
        .put("approved_by", policy.approved_by)
        .put("on_disk", policy.is_found)
        .maybe("files", policy.files)
        .maybe("refused", policy.refused)
        .done()
}
