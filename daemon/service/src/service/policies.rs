//! The policies in force: loading them whole or not at all, finding those of open cases, explaining them.

use std::sync::Arc;

use parking_lot::Mutex;
use readmit_policy::{Budget, Channels, PolicyHost, PolicySet};
use readmit_recovery::account::Reason;
use readmit_recovery::case::{Case, State};
use readmit_recovery::id::PolicyVersion;
use readmit_recovery::time::Timestamp;
use readmit_store::{Activation, Change, CommitError, Found, Store, StoreError, Write};
use thiserror::Error;

use super::activation::{Coming, Origin, activation, entry};
use super::admission::{Admitted, BuiltIn, Inadmissible, PolicyOptions};
use super::explaining::{Imagined, imagine};
use super::{Fault, OpenContext, Service, facts, now, parse_account};

/// Who saves files, for the journal.
pub const SAVER: &str = "directory";

/// Where policies come from, and the sets that are loaded.
pub struct Policies {
    options: PolicyOptions,
    host: PolicyHost,
    state: Mutex<LoadState>,
}

struct LoadState {
    activation: Activation,
    /// What was last read where the policies are.
    found: Option<PolicyVersion>,
    /// Why it was refused, if it was.
    refused: Option<String>,
}

/// Why the daemon has no policies to start with.
#[derive(Debug, Error)]
pub enum NoPolicies {
    /// Those that are there are refused, and none were in force before.
    #[error(transparent)]
    Inadmissible(#[from] Inadmissible),
    /// The store cannot be read.
    #[error("the policies on file cannot be read")]
    Unreadable(#[from] StoreError),
    /// The store takes nothing.
    #[error("the policies cannot be put on file")]
    NotKept(#[from] CommitError),
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
    /// Takes up the policies that were in force last. If these cannot be loaded any more, those before them; if none
    /// ever were, those that are there now come into force.
    ///
    /// # Errors
    /// [`NoPolicies`] with every problem, if there is no earlier set to fall back on.
    pub async fn load(options: PolicyOptions, store: &dyn Store) -> Result<Self, NoPolicies> {
        for (age, activation) in store.activations().await?.into_iter().enumerate() {
            let files = store.policy(&activation.version).await?.map(|row| row.files).unwrap_or_default();
            match options.restore(&activation.version, files).await {
                Ok(set) if age == 0 => return Ok(Self::with(options, set, activation)),
                Ok(set) => {
                    let tests = activation.tests;
                    let coming = Coming { set, tests, found: Found::Nothing, origin: Origin::Earlier };
                    return Self::begin(options, coming, store).await;
                }
                Err(error) => {
                    let version = activation.version;
                    tracing::error!(%error, %version, "policies that were in force cannot be loaded: those before them are taken");
                }
            }
        }
        let (found, sources) = options.look(BuiltIn::Counts).await?;
        let Admitted { set, tests } = options.admit(sources).await?;
        Self::begin(options, Coming { set, tests, found, origin: Origin::Saved }, store).await
    }

    async fn begin(options: PolicyOptions, coming: Coming, store: &dyn Store) -> Result<Self, NoPolicies> {
        let writes = activation(&coming, None, Vec::new()).into();
        let committed = Change { at: now(), actor: "daemon".to_owned(), writes };
        store.commit(committed).await?;
        let activation = Activation {
            version: coming.set.version().clone(),
            at: now(),
            actor: "daemon".to_owned(),
            approved_by: Vec::new(),
            tests: coming.tests,
            found: coming.found,
        };
        Ok(Self::with(options, coming.set, activation))
    }

    fn with(options: PolicyOptions, set: PolicySet, activation: Activation) -> Self {
        let state = Mutex::new(LoadState { activation, found: None, refused: None });
        Self { options, host: PolicyHost::new(set), state }
    }

    pub(super) const fn host(&self) -> &PolicyHost {
        &self.host
    }

    pub(super) const fn options(&self) -> &PolicyOptions {
        &self.options
    }

    /// What a set is loaded with.
    pub(super) fn surroundings(&self) -> (Budget, Channels) {
        (self.options.budget, self.options.channels.clone())
    }

    /// The set in force.
    #[must_use]
    pub fn in_force(&self) -> PolicyInForce {
        let state = self.state.lock();
        let set = self.host.current();
        PolicyInForce {
            version: set.version().clone(),
            files: set.sources().iter().map(|(file, _)| file.to_owned()).collect(),
            loaded_at: state.activation.at,
            refused: state.refused.clone(),
        }
    }

    /// How the set in force came into force.
    pub(super) fn activation(&self) -> Activation {
        self.state.lock().activation.clone()
    }

    /// The files are those of the set in force again.
    pub(super) fn stay_in_force(&self, activation: Activation) {
        let mut state = self.state.lock();
        state.activation = activation;
        state.refused = None;
    }

    /// Lets a set decide from now on; what was refused before it is over. Whoever sees the new set sees the rest too.
    pub(super) fn put_in_force(&self, set: PolicySet, activation: Activation) {
        let mut state = self.state.lock();
        self.host.swap(set);
        state.activation = activation;
        state.refused = None;
    }

    /// What was last read where the policies are.
    pub(super) fn found(&self) -> Option<PolicyVersion> {
        self.state.lock().found.clone()
    }

    pub(super) fn set_found(&self, found: &PolicyVersion) {
        self.state.lock().found = Some(found.clone());
    }

    /// Remembers why what is there was refused; says whether that is known already.
    pub(super) fn set_refusal(&self, why: &str) -> bool {
        let before = self.state.lock().refused.replace(why.to_owned());
        before.as_deref() == Some(why)
    }

    pub(super) fn clear_refusal(&self) {
        self.state.lock().refused = None;
    }
}

impl Service {
    /// The policies in force.
    #[must_use]
    pub const fn policies(&self) -> &Policies {
        &self.policies
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
        let Imagined { case, cause, micros } = imagine(&set, &self.settings.rules, subject, reason, at);
        Ok(Explanation { case, version: set.version().clone(), micros, cause })
    }

    /// The set of a version: of the one in force, or of an open case. None where its sources are gone or no longer
    /// load, which sends the case to people.
    pub(super) async fn policy_of(&self, version: &PolicyVersion) -> Result<Option<Arc<PolicySet>>, Fault> {
        if let Some(set) = self.policy_host().get(version) {
            return Ok(Some(set));
        }
        let options = self.policies.options();
        let Some(row) = self.store.policy(version).await? else {
            tracing::error!(%version, "the sources of a policy version are missing");
            return Ok(None);
        };
        match options.restore(version, row.files).await {
            Ok(set) => Ok(Some(self.policy_host().add(set))),
            Err(error) => {
                tracing::error!(%error, %version, "a policy version that was in force cannot be loaded");
                Ok(None)
            }
        }
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

/// An entry of the journal about policies that says one thing.
pub(super) fn policies_entry(kind: &str, name: &'static str, value: String) -> Write {
    entry(kind, [(name, value.into())])
}
