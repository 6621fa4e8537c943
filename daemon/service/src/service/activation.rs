//! Which set of policies is in force: taking what was saved, waiting for two persons, going back.
//!
//! The store is what knows; nothing is in force that is not on file there. What a set must stand is in `admission`.

use readmit_policy::PolicySet;
use readmit_recovery::id::PolicyVersion;
use readmit_recovery::person::is_same_person;
use readmit_store::{Activation, Entry, Found, PendingPolicy, Write};
use serde_json::{Map, Value};

use super::admission::{Admitted, BuiltIn, Inadmissible};
use super::limits::MAX_CAUSE_CHARS;
use super::policies::SAVER;
use super::versions::pick;
use super::{Fault, Service, Signal};
use crate::config::Activation as Rule;
use crate::meters::PolicyChange;

/// A set that has stood the check, on its way into force.
pub(super) struct Coming {
    pub(super) set: PolicySet,
    /// How many tests of its own it passed.
    pub(super) tests: u32,
    /// What is found where the policies are.
    pub(super) found: Found,
    pub(super) origin: Origin,
}

/// Where a set comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// From the files.
    Saved,
    /// From the store: it was in force before.
    Earlier,
}

impl Service {
    /// Takes what was saved while the daemon did not run. What is refused is told; the last set stays in force.
    ///
    /// # Errors
    /// [`Fault`] if the store fails.
    pub async fn start_policies(&self) -> Result<(), Fault> {
        match self.reload_policies("daemon").await {
            Ok(_) | Err(Fault::Refused(_)) => Ok(()),
            Err(fault) => Err(fault),
        }
    }

    /// Reads the policies again. If there is a new set and it stands the check and its tests, it is in force, or,
    /// where two persons are asked for, waits for them. Otherwise everything stays as it was. Returns the version
    /// that is in force, or waits.
    ///
    /// # Errors
    /// [`Fault::Refused`] with every problem.
    pub async fn reload_policies(&self, actor: &str) -> Result<PolicyVersion, Fault> {
        let _alone = self.reloading.lock().await;
        match self.take_what_is_there(actor).await? {
            Ok(version) => Ok(version),
            Err(refusal) => {
                let why = refusal.to_string();
                let is_known = self.policies.set_refusal(&why);
                // What is saved in several steps may be refused at each for the same reason: once is enough.
                if is_known && actor == SAVER {
                    Err(Fault::Refused(why))
                } else {
                    self.refuse(actor, why).await
                }
            }
        }
    }

    /// Approves the version that waits; the second person brings it into force.
    ///
    /// # Errors
    /// [`Fault::WrongState`] if nothing waits, [`Fault::NotFound`] if it is another version,
    /// [`Fault::NotAuthorized`] for the second approval of the same person, [`Fault::Refused`] if it does not
    /// stand the check any more.
    pub async fn activate_policies(&self, version: &str, actor: &str) -> Result<PolicyVersion, Fault> {
        let _alone = self.reloading.lock().await;
        let pending = self.store.pending_policy().await?.ok_or_else(|| {
            Fault::WrongState(
                "no policies wait for approval: `readmit policy list` shows what is in force".to_owned(),
            )
        })?;
        pick(version, [&pending.version])?;
        self.approve_pending(pending, actor).await
    }

    /// Brings a version into force that was in force before. It stays so until other files are saved. Where two
    /// persons are asked for, the caller is the first of them, and it waits for the second.
    ///
    /// # Errors
    /// [`Fault::NotFound`] if no such version was in force, [`Fault::InvalidArgument`] if more than one fits,
    /// [`Fault::WrongState`] if it is in force, [`Fault::Refused`] if it cannot be loaded any more,
    /// [`Fault::NotAuthorized`] for the second call of the same person.
    pub async fn roll_back_policies(&self, version: &str, actor: &str) -> Result<PolicyVersion, Fault> {
        let _alone = self.reloading.lock().await;
        let (options, in_force) = (self.policies.options(), self.policies.activation());
        let known = self.store.activations().await?;
        let version = pick(version, known.iter().map(|activation| &activation.version))?;
        if version == in_force.version {
            return Err(Fault::WrongState(format!("version {version} is in force already")));
        }
        let pending = self.store.pending_policy().await?;
        if let Some(pending) = pending.filter(|it| it.version == version && it.restores) {
            return self.approve_pending(pending, actor).await;
        }
        let row = self.store.policy(&version).await?;
        let files = row.map(|row| row.files).unwrap_or_default();
        let set = match options.restore(&version, files).await {
            Ok(set) => set,
            Err(refusal) => return self.refuse(actor, gone(&version, &refusal)).await,
        };
        let tests = known.iter().find(|one| one.version == version).map_or(0, |one| one.tests);
        let found = options.look(BuiltIn::beside(&in_force)).await;
        let found = found.map_or(Found::Nothing, |(found, _)| found);
        let coming = Coming { set, tests, found, origin: Origin::Earlier };
        match options.activation {
            Rule::Saved => self.bring_into_force(coming, actor, Vec::new()).await,
            Rule::TwoPersons => self.propose(coming, actor).await,
        }
    }

    async fn take_what_is_there(&self, actor: &str) -> Result<Result<PolicyVersion, Inadmissible>, Fault> {
        let policies = &self.policies;
        let (options, in_force) = (policies.options(), policies.activation());
        let (found, sources) = match options.look(BuiltIn::beside(&in_force)).await {
            Ok(found) => found,
            Err(refusal) => return Ok(Err(refusal)),
        };
        policies.set_found(sources.version());
        let pending = match options.activation {
            Rule::Saved => None,
            Rule::TwoPersons => self.store.pending_policy().await?,
        };
        let known = pending.as_ref().map_or(&in_force.found, |pending| &pending.found);
        if known.version() == Some(sources.version()) {
            policies.clear_refusal();
            return Ok(Ok(pending.map_or(in_force.version, |pending| pending.version)));
        }
        if *sources.version() == in_force.version {
            self.take_note(found, pending, actor).await?;
            return Ok(Ok(in_force.version));
        }
        let Admitted { set, tests } = match options.admit(sources).await {
            Ok(admitted) => admitted,
            Err(refusal) => return Ok(Err(refusal)),
        };
        let coming = Coming { set, tests, found, origin: Origin::Saved };
        let version = match options.activation {
            Rule::Saved => self.bring_into_force(coming, actor, Vec::new()).await?,
            Rule::TwoPersons => self.propose(coming, actor).await?,
        };
        Ok(Ok(version))
    }

    /// The files are those of the set in force again: nothing else waits, and whatever is saved next is new.
    async fn take_note(
        &self,
        found: Found,
        pending: Option<PendingPolicy>,
        actor: &str,
    ) -> Result<(), Fault> {
        let mut writes = vec![Write::PoliciesFound(found)];
        if let Some(pending) = pending {
            writes.push(Write::WithdrawPolicy);
            writes.push(entry("policies_withdrawn", [("version", pending.version.as_str().into())]));
        }
        self.commit(actor, writes).await?;
        self.policies.stay_in_force(self.last_activation().await?);
        Ok(())
    }

    /// Tells that a set was refused.
    async fn refuse(&self, actor: &str, why: String) -> Result<PolicyVersion, Fault> {
        tracing::error!(%why, "the policies are refused: the last good set stays in force");
        self.meters.policies(PolicyChange::Refused);
        self.tell(Signal::PoliciesRefused { why: why.clone() });
        let told: String = why.chars().take(MAX_CAUSE_CHARS).collect();
        self.commit(actor, vec![entry("policies_refused", [("why", told.into())])]).await?;
        Err(Fault::Refused(why))
    }

    /// Lets a set wait for two persons. Whoever asks for an earlier version is the first of them.
    async fn propose(&self, coming: Coming, actor: &str) -> Result<PolicyVersion, Fault> {
        let Coming { set, tests, found, origin } = coming;
        let version = set.version().clone();
        let restores = origin == Origin::Earlier;
        let files = set.sources().files().clone();
        let detail =
            [("version", version.as_str().into()), ("tests", tests.into()), ("restores", restores.into())];
        let mut writes = vec![
            Write::ProposePolicy { version: version.clone(), files, found, tests, restores },
            entry("policies_pending", detail),
        ];
        if restores {
            writes.extend(approval(&version));
        }
        self.commit(actor, writes).await?;
        self.policies.clear_refusal();
        tracing::info!(%version, "the policies wait for approval");
        self.meters.policies(PolicyChange::Pending);
        self.tell(Signal::PoliciesPending { version: version.to_string() });
        Ok(version)
    }

    /// Adds an approval; the last one that is needed brings the set into force.
    async fn approve_pending(&self, pending: PendingPolicy, actor: &str) -> Result<PolicyVersion, Fault> {
        let PendingPolicy { version, files, mut approved_by, found, tests, restores, .. } = pending;
        if approved_by.iter().any(|by| is_same_person(by, actor)) {
            return Err(Fault::NotAuthorized(format!(
                "you have approved version {version} already: a second person must"
            )));
        }
        let options = self.policies.options();
        let (admitted, origin) = if restores {
            (options.restore(&version, files).await.map(|set| Admitted { set, tests }), Origin::Earlier)
        } else {
            (options.admit_files(files).await, Origin::Saved)
        };
        let Admitted { set, tests } = match admitted {
            Ok(admitted) => admitted,
            Err(refusal) => return self.refuse(actor, gone(&version, &refusal)).await,
        };
        approved_by.push(actor.to_owned());
        if approved_by.len() >= options.persons() {
            let coming = Coming { set, tests, found, origin };
            return self.bring_into_force(coming, actor, approved_by).await;
        }
        self.commit(actor, approval(&version).into()).await?;
        tracing::info!(%version, actor, "the policies that wait have one more approval");
        Ok(version)
    }

    async fn bring_into_force(
        &self,
        coming: Coming,
        actor: &str,
        approved_by: Vec<String>,
    ) -> Result<PolicyVersion, Fault> {
        let version = coming.set.version().clone();
        let mut writes = Vec::new();
        if !approved_by.is_empty() {
            writes.extend(approval(&version));
        }
        let before = self.policies.activation().version;
        writes.extend(activation(&coming, Some(&before), approved_by));
        self.commit(actor, writes).await?;
        // On file before any case is opened by it.
        self.policies.put_in_force(coming.set, self.last_activation().await?);
        tracing::info!(%version, "the policies are in force");
        self.meters.policies(PolicyChange::Loaded);
        self.tell(Signal::PoliciesLoaded { version: version.to_string() });
        Ok(version)
    }

    async fn last_activation(&self) -> Result<Activation, Fault> {
        self.store.activation().await?.ok_or_else(Fault::internal)
    }
}

/// What is written when a set comes into force.
pub(super) fn activation(
    coming: &Coming,
    before: Option<&PolicyVersion>,
    approved_by: Vec<String>,
) -> [Write; 3] {
    let (version, tests) = (coming.set.version(), coming.tests);
    let kind = match coming.origin {
        Origin::Saved => "policies_loaded",
        Origin::Earlier => "policies_rolled_back",
    };
    let mut detail = vec![("version", version.as_str().into()), ("tests", tests.into())];
    detail.extend(before.map(|before| ("before", before.as_str().into())));
    if !approved_by.is_empty() {
        detail.push(("approved_by", approved_by.into()));
    }
    [
        Write::Policy { version: version.clone(), files: coming.set.sources().files().clone() },
        Write::ActivatePolicy { version: version.clone(), found: coming.found.clone(), tests },
        entry(kind, detail),
    ]
}

fn approval(version: &PolicyVersion) -> [Write; 2] {
    let told = entry("policies_approved", [("version", version.as_str().into())]);
    [Write::ApprovePolicy { version: version.clone() }, told]
}

/// An entry of the journal about policies.
pub(super) fn entry(kind: &str, detail: impl IntoIterator<Item = (&'static str, Value)>) -> Write {
    let detail: Map<String, Value> =
        detail.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Write::Journal(Entry { kind: kind.to_owned(), case: None, account: None, detail })
}

fn gone(version: &PolicyVersion, refusal: &Inadmissible) -> String {
    format!("version {version} cannot come into force any more:\n{refusal}")
}
