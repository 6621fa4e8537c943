//! The policies in force: loading them whole or not at all, finding those of open cases, explaining them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use readmit_policy::{Budget, Channels, LoadError, PolicyHost, PolicySet, Sources};
use readmit_recovery::account::Reason;
use readmit_recovery::case::{Case, Opening, State};
use readmit_recovery::id::{CaseId, PolicyVersion};
use readmit_recovery::time::Timestamp;
use readmit_store::{Change, Entry, Store, Write};

use super::limits::MAX_CAUSE_CHARS;
use super::{Fault, OpenContext, Service, Signal, facts, now, parse_account, seed};

/// Where policies come from, and the sets that are loaded.
pub struct Policies {
    directory: PathBuf,
    budget: Budget,
    channels: Channels,
    host: PolicyHost,
    state: Mutex<LoadState>,
}

#[derive(Default)]
struct LoadState {
    loaded_at: Timestamp,
    refused: Option<String>,
}

/// The set in force, for administrators.
#[derive(Clone, Debug)]
pub struct PolicyInForce {
    /// Its version.
    pub version: PolicyVersion,
    /// Its files.
    pub files: Vec<String>,
    /// When it came into force.
    pub loaded_at: Timestamp,
    /// Why the last attempt to load another set was refused, if it was.
    pub refused: Option<String>,
}

/// What would happen to a recovery that is opened now.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// The case as it would open.
    pub case: Case,
    /// The version that decides.
    pub version: PolicyVersion,
    /// How long the policy took, in microseconds.
    pub micros: u64,
    /// Why no policy could decide, where none could.
    pub cause: Option<String>,
}

impl Policies {
    /// Loads the policies of `directory`. If they are refused, the newest version that `store` kept stays in
    /// force; without one the daemon does not start.
    ///
    /// # Errors
    /// [`LoadError`] with every problem, if there is no earlier set to fall back on.
    pub async fn load(
        directory: &Path,
        budget: Budget,
        channels: Channels,
        store: &dyn Store,
    ) -> Result<Self, LoadError> {
        let (set, refused) = match read(directory, budget, &channels) {
            Ok(set) => (set, None),
            Err(error) => match last_good(store, budget, &channels).await {
                Some(set) => {
                    tracing::error!(%error, version = %set.version(), "the policies are refused: the last good set stays in force");
                    (set, Some(error.to_string()))
                }
                None => return Err(error),
            },
        };
        let state = Mutex::new(LoadState { loaded_at: now(), refused });
        Ok(Self { directory: directory.to_owned(), budget, channels, host: PolicyHost::new(set), state })
    }

    pub(super) const fn host(&self) -> &PolicyHost {
        &self.host
    }

    /// What a set is loaded with.
    pub(super) fn surroundings(&self) -> (Budget, Channels) {
        (self.budget, self.channels.clone())
    }

    /// The set in force.
    #[must_use]
    pub fn in_force(&self) -> PolicyInForce {
        let set = self.host.current();
        let state = self.state.lock();
        PolicyInForce {
            version: set.version().clone(),
            files: set.sources().iter().map(|(file, _)| file.to_owned()).collect(),
            loaded_at: state.loaded_at,
            refused: state.refused.clone(),
        }
    }
}

impl Service {
    /// The policies in force.
    #[must_use]
    pub const fn policies(&self) -> &Policies {
        &self.policies
    }

    /// Keeps the sources of the set in force, before any case is opened under it.
    ///
    /// # Errors
    /// [`Fault`] if the store does not take them.
    pub async fn keep_policies(&self) -> Result<(), Fault> {
        let set = self.policy_host().current();
        self.keep(&set, "daemon").await
    }

    /// Reads the policies again. Either the whole new set is in force, or everything stays as it was.
    ///
    /// # Errors
    /// [`Fault::Refused`] with every problem.
    pub async fn reload_policies(&self, actor: &str) -> Result<PolicyVersion, Fault> {
        let policies = &self.policies;
        let _alone = self.reloading.lock().await;
        let set = match read(&policies.directory, policies.budget, &policies.channels) {
            Ok(set) => set,
            Err(error) => {
                let why = error.to_string();
                policies.state.lock().refused = Some(why.clone());
                tracing::error!(%error, "the policies are refused: the last good set stays in force");
                self.tell(Signal::PoliciesRefused { why: why.clone() });
                let told: String = why.chars().take(MAX_CAUSE_CHARS).collect();
                self.commit(actor, vec![policies_entry("policies_refused", "why", told)]).await?;
                return Err(Fault::Refused(why));
            }
        };
        self.keep(&set, actor).await?;
        let version = set.version().clone();
        policies.host.swap(set);
        *policies.state.lock() = LoadState { loaded_at: now(), refused: None };
        tracing::info!(%version, "the policies are in force");
        self.tell(Signal::PoliciesLoaded { version: version.to_string() });
        Ok(version)
    }

    /// Says what a recovery would ask for if it were opened now. Changes nothing.
    ///
    /// # Errors
    /// [`Fault::NotFound`] for an unknown account: administrators may know.
    pub async fn explain(
        &self,
        account: &str,
        reason: &str,
        context: &OpenContext,
    ) -> Result<Explanation, Fault> {
        let account = parse_account(account)?;
        let reason: Reason = reason.parse().map_err(Fault::invalid)?;
        let at = now();
        let record = self.store.account(&account, at).await?;
        let record = record.ok_or_else(|| Fault::NotFound(format!("there is no account `{account}`")))?;
        let subject = facts::known(&record, context)?;
        let set = self.policy_host().current();
        let version = set.version().clone();
        let seed = seed()?;
        let mut micros = 0;
        let mut policy = |question: &readmit_recovery::facts::Question| {
            let decision = set.decide(question);
            micros = decision.micros;
            decision.verdict
        };
        let opening = Opening {
            id: CaseId::from_random(seed.id("case")),
            account,
            standing: subject.standing,
            reason,
            policy: version.clone(),
            facts: subject.facts,
            addresses: subject.addresses,
            device: subject.device,
            browser: None,
        };
        let moment = readmit_recovery::case::Moment {
            now: at,
            seed,
            rules: &self.settings.rules,
            policy: &mut policy,
        };
        let opened = Case::open(opening, moment);
        let failed = opened.records.iter().find(|record| record.kind == "policy_failed");
        let cause = failed.and_then(|record| record.detail.iter().find(|(name, _)| *name == "cause"));
        let cause = cause.map(|(_, text)| text.clone());
        Ok(Explanation { case: opened.case, version, micros, cause })
    }

    /// The set of a version: of the one in force, or of an open case. None where its sources are gone or no longer
    /// load, which sends the case to people.
    pub(super) async fn policy_of(&self, version: &PolicyVersion) -> Result<Option<Arc<PolicySet>>, Fault> {
        if let Some(set) = self.policy_host().get(version) {
            return Ok(Some(set));
        }
        let policies = &self.policies;
        let Some(row) = self.store.policy(version).await? else {
            tracing::error!(%version, "the sources of a policy version are missing");
            return Ok(None);
        };
        let set = Sources::from_files(row.files)
            .and_then(|sources| PolicySet::restore(sources, policies.budget, &policies.channels));
        match set {
            Ok(set) => Ok(Some(self.policy_host().add(set))),
            Err(error) => {
                tracing::error!(%error, %version, "a policy version that was in force cannot be loaded");
                Ok(None)
            }
        }
    }

    async fn keep(&self, set: &PolicySet, actor: &str) -> Result<(), Fault> {
        let files = set.sources().iter().map(|(file, text)| (file.to_owned(), text.to_owned())).collect();
        let entry = policies_entry("policies_loaded", "version", set.version().to_string());
        let writes = vec![Write::Policy { version: set.version().clone(), files }, entry];
        self.store.commit(Change { at: now(), actor: actor.to_owned(), writes }).await?;
        Ok(())
    }
}

impl Explanation {
    /// What the policy said, in one word.
    #[must_use]
    pub const fn verdict(&self) -> &'static str {
        match &self.case.state {
            State::Escalated { .. } => "escalate",
            State::Denied { .. } => "deny",
            State::Proving
            | State::Held { .. }
            | State::Recovered { .. }
            | State::Completed { .. }
            | State::Vetoed
            | State::Cancelled
            | State::Expired => "prove",
        }
    }
}

pub(super) fn policies_entry(kind: &str, name: &str, value: String) -> Write {
    let detail = serde_json::Map::from_iter([(name.to_owned(), serde_json::Value::String(value))]);
    Write::Journal(Entry { kind: kind.to_owned(), case: None, account: None, detail })
}

/// The policies of a directory; without one, the policy that is built in.
fn read(directory: &Path, budget: Budget, channels: &Channels) -> Result<PolicySet, LoadError> {
    let sources = if directory.exists() { Sources::read(directory)? } else { Sources::shipped()? };
    PolicySet::load(sources, budget, channels)
}

/// The newest version on file that still loads.
async fn last_good(store: &dyn Store, budget: Budget, channels: &Channels) -> Option<PolicySet> {
    for (version, _) in store.policies().await.ok()? {
        let Ok(Some(row)) = store.policy(&version).await else { continue };
        let set =
            Sources::from_files(row.files).and_then(|sources| PolicySet::restore(sources, budget, channels));
        if let Ok(set) = set {
            return Some(set);
        }
    }
    None
}
