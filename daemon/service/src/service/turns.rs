//! One event, from the stored case to the committed one.

use std::hash::{Hash, Hasher};
use std::time::Duration;

use opentelemetry::KeyValue;
use readmit_recovery::case::{Case, Moment, Opening, Transition};
use readmit_recovery::command::{Command, Record};
use readmit_recovery::event::{Event, Reply};
use readmit_recovery::facts::Question;
use readmit_recovery::id::{CaseId, DeliveryId, PolicyVersion};
use readmit_recovery::time::Timestamp;
use readmit_recovery::verdict::Verdict;
use readmit_store::{CommitError, DecisionRow, Entry, Write};
use serde_json::{Map, Value};

use super::limits::{APPLY_TRIES, CASE_LOCKS};
use super::writes::{Row, effects, from_row};
use super::{Fault, Service, Signal, now, seed};
use crate::meters::Tally;

/// A case as it is stored.
pub(super) struct Loaded {
    pub(super) case: Case,
    revision: u64,
}

/// A case after a committed event.
pub(super) struct Applied {
    pub(super) case: Case,
    pub(super) reply: Reply,
}

/// Why an event was not committed.
pub(super) enum ApplyError {
    /// Nothing to tell apart: it is told as it is.
    Fault(Fault),
    /// What the event relied on is spent: the proof was wrong after all.
    Spent,
}

impl From<Fault> for ApplyError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Service {
    /// Reads a case.
    pub(super) async fn load(&self, id: &CaseId) -> Result<Loaded, Fault> {
        let stored = self.store.case(id).await?.ok_or_else(Fault::no_case)?;
        Ok(Loaded { case: from_row(&stored.row)?, revision: stored.revision })
    }

    /// Opens a case and commits it, with `charges` against limits.
    pub(super) async fn open_case(
        &self,
        opening: Opening,
        charges: Vec<Write>,
        actor: &str,
    ) -> Result<Case, Fault> {
        let at = now();
        let (transition, decisions) =
            self.decide(&opening.policy.clone(), at, |moment| Ok(Case::open(opening, moment))).await?;
        let tally = Tally::of(None, &transition);
        match self.commit_transition(transition, &Row::Insert, charges, decisions, actor, at).await {
            Ok(applied) => {
                self.meters.turn(&tally);
                Ok(applied.case)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Applies an event to a case, with `extra` writes that must come true with it. Starts over when others
    /// changed the case meanwhile.
    pub(super) async fn apply(
        &self,
        id: &CaseId,
        actor: &str,
        event: Event,
        extra: Vec<Write>,
    ) -> Result<Applied, Fault> {
        match self.try_apply(id, actor, event, extra).await {
            Ok(applied) => Ok(applied),
            Err(ApplyError::Fault(fault)) => Err(fault),
            Err(ApplyError::Spent) => {
                Err(Fault::WrongState("this was used already or has expired: ask for a new one".to_owned()))
            }
        }
    }

    /// As [`Service::apply`], telling apart what was spent.
    pub(super) async fn try_apply(
        &self,
        id: &CaseId,
        actor: &str,
        event: Event,
        extra: Vec<Write>,
    ) -> Result<Applied, ApplyError> {
        // In a box: it is large, and so would everything be that waits for it.
        let turn = Box::pin(self.apply_in_turn(id, actor, event, extra));
        self.traces.within("turn", Vec::new, turn).await
    }

    async fn apply_in_turn(
        &self,
        id: &CaseId,
        actor: &str,
        event: Event,
        extra: Vec<Write>,
    ) -> Result<Applied, ApplyError> {
        let _turn = self.turn_of(id).await;
        let mut missing = false;
        for _ in 0..APPLY_TRIES {
            let Loaded { case, revision } = self.load(id).await?;
            let at = now();
            let event = event.clone();
            let (transition, decisions) = self
                .decide(&case.policy, at, |moment| case.apply(event, moment).map_err(Fault::from))
                .await?;
            let unchanged =
                transition.case == case && transition.commands.is_empty() && transition.records.is_empty();
            if unchanged && extra.is_empty() {
                return Ok(Applied { case: transition.case, reply: transition.reply });
            }
            let (row, tally) = (Row::Update { revision }, Tally::of(Some(&case), &transition));
            match self.commit_transition(transition, &row, extra.clone(), decisions, actor, at).await {
                Ok(applied) => {
                    self.meters.turn(&tally);
                    return Ok(applied);
                }
                // Another daemon was faster.
                Err(CommitError::Stale) => {}
                // A device may have been deleted since it was looked for: once more, without it.
                Err(CommitError::NotFound) if !missing => missing = true,
                Err(CommitError::NotFound) => return Err(ApplyError::Fault(gone())),
                Err(CommitError::Spent(_)) => return Err(ApplyError::Spent),
                Err(error) => return Err(ApplyError::Fault(error.into())),
            }
        }
        Err(ApplyError::Fault(CommitError::Stale.into()))
    }

    /// Lets the core decide, with the policy of `version`; returns the decisions for the log.
    pub(super) async fn decide(
        &self,
        version: &PolicyVersion,
        at: Timestamp,
        step: impl FnOnce(Moment<'_>) -> Result<Transition, Fault>,
    ) -> Result<(Transition, Vec<Write>), Fault> {
        let set = self.policy_of(version).await?;
        let mut decisions = Vec::new();
        let mut policy = |question: &Question| -> Verdict {
            let (verdict, micros) = match &set {
                Some(set) => {
                    let decision = set.decide(question);
                    (decision.verdict, decision.micros)
                }
                None => (Verdict::Unable { cause: format!("the policies of version {version} are gone") }, 0),
            };
            let took = Duration::from_micros(micros);
            self.meters.decided(question.hook, &verdict, took);
            let hook = || vec![KeyValue::new("readmit.hook", question.hook.as_str())];
            self.traces.done("decision", took, hook);
            decisions.push(Write::Decision(DecisionRow {
                at,
                case: question.case.clone(),
                version: version.clone(),
                hook: question.hook.as_str().to_owned(),
                input: serde_json::to_string(question).unwrap_or_default(),
                verdict: serde_json::to_string(&verdict).unwrap_or_default(),
                micros,
            }));
            verdict
        };
        let moment = Moment { now: at, seed: seed()?, rules: &self.settings.rules, policy: &mut policy };
        let transition = step(moment)?;
        Ok((transition, decisions))
    }

    /// Waits until no other event of the case is being applied. Whoever came first goes first, so that a flood of
    /// events cannot keep a veto or the end of a call waiting for ever.
    async fn turn_of(&self, id: &CaseId) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        let mut hasher = std::hash::DefaultHasher::new();
        id.as_str().hash(&mut hasher);
        let number = usize::try_from(hasher.finish() % CASE_LOCKS as u64).unwrap_or_default();
        match self.case_locks.get(number) {
            Some(lock) => Some(lock.lock().await),
            None => None,
        }
    }

    /// Leaves out what is to be done to devices that administrators have deleted meanwhile: an owner's veto, or the
    /// end of a hold, does not fail for that.
    async fn without_gone_devices(&self, mut transition: Transition) -> Result<Transition, CommitError> {
        let mut kept = Vec::with_capacity(transition.commands.len());
        for command in transition.commands {
            let (Command::DeactivateDevice(id) | Command::ReactivateDevice(id) | Command::DeleteDevice(id)) =
                &command
            else {
                kept.push(command);
                continue;
            };
            let found = self.store.device(id).await;
            if found.map_err(|error| CommitError::Backend(error.into()))?.is_some() {
                kept.push(command);
            } else {
                let detail = vec![("device", id.to_string())];
                transition.records.push(Record { kind: "device_gone", detail });
            }
        }
        transition.commands = kept;
        Ok(transition)
    }

    async fn commit_transition(
        &self,
        transition: Transition,
        row: &Row,
        mut writes: Vec<Write>,
        decisions: Vec<Write>,
        actor: &str,
        at: Timestamp,
    ) -> Result<Applied, CommitError> {
        let transition = self.without_gone_devices(transition).await?;
        let effects = effects(&transition, row, at).map_err(|_| CommitError::TooLarge("the case"))?;
        let case = transition.case;
        let shadowed = self.shadow.wanted(&decisions);
        writes.extend(effects.writes);
        writes.extend(decisions);
        for kind in &effects.alerts {
            writes.push(Write::Journal(Entry {
                kind: "alert".to_owned(),
                case: Some(case.id.handle()),
                account: Some(case.account.clone()),
                detail: Map::from_iter([("kind".to_owned(), Value::String((*kind).to_owned()))]),
            }));
        }
        let mut change = self.change(actor, writes);
        change.at = at;
        let queued: Vec<DeliveryId> = change.writes.iter().filter_map(queues).collect();
        let committed = self.traces.within("commit", Vec::new, self.store.commit(change)).await;
        if let Err(CommitError::RateLimited { scope, .. }) = &committed {
            self.alert_of_limit(scope);
        }
        committed?;
        self.traces.remember(queued.iter());
        // Whoever opens a case learns its id, and with it the state, by the reply; nobody else knows it yet.
        if matches!(row, Row::Update { .. }) {
            self.tell(Signal::CaseChanged { case: case.id.clone(), state: case.state.as_str() });
        }
        self.tell(Signal::CaseMoved {
            case: case.id.handle(),
            account: case.account.clone(),
            state: case.state.as_str(),
            reason: case.reason.as_str(),
        });
        for kind in effects.alerts {
            // Whom it is about stands in the journal; the signal may be heard by many.
            self.alert(kind, Vec::new());
        }
        if effects.delivers {
            self.outbox.notify_one();
        }
        for id in effects.cancelled {
            self.cancel_delivery(&id, actor).await;
        }
        self.shadow.ask(shadowed);
        Ok(Applied { case, reply: transition.reply })
    }
}

/// The delivery that a write queues.
fn queues(write: &Write) -> Option<DeliveryId> {
    match write {
        Write::Enqueue(item) => Some(item.id.clone()),
        _ => None,
    }
}

fn gone() -> Fault {
    Fault::NotFound("what this is about is no longer on file: contact support".to_owned())
}
