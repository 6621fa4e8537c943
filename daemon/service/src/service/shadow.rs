//! A candidate set of policies that is asked beside the one in force, and of which only the differences are kept.
//!
//! The candidate decides nothing. It is asked after a decision was made, committed and told, on threads of its own,
//! and from a queue that is allowed to overflow: whatever it does, a live case does not notice.

use std::collections::{BTreeMap, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use readmit_policy::PolicySet;
use readmit_policy::workbench::compare::{Change, Effect, as_followed};
use readmit_recovery::facts::Question;
use readmit_recovery::id::PolicyVersion;
use readmit_recovery::rules::Rules;
use readmit_recovery::time::Timestamp;
use readmit_recovery::verdict::Verdict;
use readmit_store::{
    CommitError, DecisionRow, DifferenceRow, ShadowRow, ShadowTally, StoredDifference, Write,
};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::decisions::{access, within_bytes};
use super::limits::{MAX_ROWS, SHADOW_BATCH, SHADOW_FLUSH, SHADOW_QUEUE, SHADOW_QUEUE_BYTES};
use super::policies::policies_entry;
use super::{Fault, Service};

/// The candidate and what waits for it.
#[derive(Default)]
pub(super) struct Shadow {
    candidate: ArcSwapOption<PolicySet>,
    queue: Mutex<Queue>,
    wake: Notify,
    /// One batch is compared at a time; this is what of it the store does not have yet.
    unsaved: tokio::sync::Mutex<Unsaved>,
}

#[derive(Default)]
struct Queue {
    rows: VecDeque<DecisionRow>,
    bytes: usize,
    dropped: u64,
}

#[derive(Default)]
struct Unsaved {
    tally: ShadowTally,
    differences: Vec<DifferenceRow>,
}

/// A difference, with its meaning.
#[derive(Clone, Debug)]
pub struct Difference {
    /// As it was stored.
    pub stored: StoredDifference,
    /// What the candidate's answer would change, in words.
    pub words: String,
}

impl Shadow {
    /// The decisions that the candidate is to be asked about once they are committed; none while there is no
    /// candidate.
    pub(super) fn wanted(&self, decisions: &[Write]) -> Vec<DecisionRow> {
        if self.candidate.load().is_none() {
            return Vec::new();
        }
        let rows = decisions.iter().filter_map(|write| match write {
            Write::Decision(row) => Some(row.clone()),
            _ => None,
        });
        rows.collect()
    }

    /// Queues decisions, or drops them. Never waits.
    pub(super) fn ask(&self, rows: Vec<DecisionRow>) {
        if rows.is_empty() {
            return;
        }
        let mut queue = self.queue.lock();
        for row in rows {
            let bytes = row.input.len() + row.verdict.len();
            if queue.rows.len() >= SHADOW_QUEUE || queue.bytes + bytes > SHADOW_QUEUE_BYTES {
                queue.dropped += 1;
            } else {
                queue.bytes += bytes;
                queue.rows.push_back(row);
            }
        }
        drop(queue);
        self.wake.notify_one();
    }

    /// The next decisions to be compared, and how many were dropped since the last ones.
    fn take(&self) -> (Vec<DecisionRow>, u64) {
        let mut queue = self.queue.lock();
        let count = queue.rows.len().min(SHADOW_BATCH);
        let rows: Vec<DecisionRow> = queue.rows.drain(..count).collect();
        let bytes: usize = rows.iter().map(|row| row.input.len() + row.verdict.len()).sum();
        queue.bytes = queue.bytes.saturating_sub(bytes);
        (rows, std::mem::take(&mut queue.dropped))
    }

    /// Counts what waits as dropped.
    fn drop_queued(&self) {
        let mut queue = self.queue.lock();
        queue.dropped += queue.rows.len() as u64;
        queue.rows.clear();
        queue.bytes = 0;
    }
}

impl Service {
    /// Asks a candidate beside the policies in force from now on, in place of any candidate before.
    ///
    /// # Errors
    /// [`Fault::Refused`] with every problem of the set.
    pub async fn start_shadow(
        &self,
        files: BTreeMap<String, String>,
        actor: &str,
    ) -> Result<PolicyVersion, Fault> {
        let admitted = self.policies.options().admit_files(files).await;
        let set = admitted.map_err(|refusal| Fault::Refused(refusal.to_string()))?.set;
        let version = set.version().clone();
        let mut unsaved = self.shadow.unsaved.lock().await;
        let files = set.sources().files().clone();
        let entry = policies_entry("shadow_started", "version", version.to_string());
        self.commit(actor, vec![Write::StartShadow { version: version.clone(), files }, entry]).await?;
        *unsaved = Unsaved::default();
        *self.shadow.queue.lock() = Queue::default();
        self.shadow.candidate.store(Some(Arc::new(set)));
        Ok(version)
    }

    /// No longer asks the candidate. What it differed in stays on file until the next one.
    ///
    /// # Errors
    /// [`Fault::WrongState`] if there is none.
    pub async fn stop_shadow(&self, actor: &str) -> Result<(), Fault> {
        let candidate = self.shadow.candidate.load_full();
        let candidate =
            candidate.ok_or_else(|| Fault::WrongState("no candidate is asked in the shadow".to_owned()))?;
        self.shadow.drop_queued();
        self.flush_shadow().await;
        let entry = policies_entry("shadow_stopped", "version", candidate.version().to_string());
        self.commit(actor, vec![Write::StopShadow, entry]).await?;
        self.shadow.candidate.store(None);
        Ok(())
    }

    /// The last candidate, with its counts up to now.
    ///
    /// # Errors
    /// [`Fault::Unavailable`].
    pub async fn shadow(&self) -> Result<Option<ShadowRow>, Fault> {
        let unsaved = self.shadow.unsaved.lock().await;
        let mut row = self.store.shadow().await?;
        if let Some(row) = &mut row {
            row.tally.add(&unsaved.tally);
        }
        Ok(row)
    }

    /// Where the candidate answered otherwise, from a time and behind a number on. Fewer than `limit` come where they
    /// are large; none means that there are no more. Reading them is journalled, as they hold what is on file about
    /// people.
    ///
    /// # Errors
    /// [`Fault::Unavailable`].
    pub async fn differences(
        &self,
        since: Timestamp,
        after: u64,
        limit: u32,
        actor: &str,
    ) -> Result<Vec<Difference>, Fault> {
        let rows = self.store.differences(since, after, limit.min(MAX_ROWS)).await?;
        let size =
            |one: &StoredDifference| one.row.input.len() + one.row.verdict.len() + one.row.shadow.len();
        let rows = within_bytes(rows, size);
        if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
            let entry = access("differences_read", first.id, last.id, rows.len());
            self.commit(actor, vec![entry]).await?;
        }
        let rules = &self.settings.rules;
        let told = rows.into_iter().map(|stored| {
            let words = change(&stored.row, rules).map_or_else(String::new, |change| change.to_string());
            Difference { stored, words }
        });
        Ok(told.collect())
    }

    /// Compares everything that waits for the candidate, and puts the result on file.
    pub async fn settle_shadow(&self) {
        self.compare_queued().await;
        self.flush_shadow().await;
    }

    /// Compares what comes, until `shutdown`. What is left then is counted as dropped.
    pub(super) async fn work_off_shadow(&self, shutdown: &CancellationToken) {
        let mut flush = tokio::time::interval(SHADOW_FLUSH);
        flush.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = self.shadow.wake.notified() => self.compare_queued().await,
                _ = flush.tick() => self.flush_shadow().await,
            }
        }
        self.shadow.drop_queued();
        self.flush_shadow().await;
    }

    /// Takes up the candidate that was asked before a restart, before anybody is answered: no decision is left out.
    pub async fn resume_shadow(&self) {
        let row = match self.store.shadow().await {
            Ok(Some(row)) if row.stopped_at.is_none() => row,
            Ok(_) => return,
            Err(error) => {
                tracing::error!(%error, "the candidate in the shadow cannot be read");
                return;
            }
        };
        match self.policies.options().restore(&row.version, row.files).await {
            // Another one may have been started meanwhile.
            Ok(set) if self.shadow.candidate.load().is_none() => {
                self.shadow.candidate.store(Some(Arc::new(set)));
            }
            Ok(_) => {}
            Err(error) => {
                tracing::error!(%error, version = %row.version, "the candidate in the shadow no longer loads: it is stopped");
                let entry = policies_entry("shadow_stopped", "version", row.version.to_string());
                if let Err(error) = self.commit("daemon", vec![Write::StopShadow, entry]).await {
                    tracing::error!(%error, "the candidate in the shadow could not be stopped");
                }
            }
        }
    }

    async fn compare_queued(&self) {
        while !self.stopping.is_cancelled() {
            let mut unsaved = self.shadow.unsaved.lock().await;
            let (rows, dropped) = self.shadow.take();
            unsaved.tally.dropped += dropped;
            if rows.is_empty() {
                return;
            }
            let Some(candidate) = self.shadow.candidate.load_full() else { return };
            let (asked, version, rules) =
                (rows.len(), candidate.version().clone(), self.settings.rules.clone());
            let compared = tokio::task::spawn_blocking(move || compare(&candidate, rows, &rules)).await;
            match compared {
                Ok(compared) => {
                    unsaved.tally.add(&compared.tally);
                    unsaved.differences = compared.differences;
                }
                Err(error) => {
                    tracing::error!(%error, "comparing with the shadow met a defect");
                    unsaved.tally.dropped += asked as u64;
                }
            }
            if !unsaved.differences.is_empty() {
                self.save(&version, &mut unsaved).await;
            }
        }
    }

    async fn flush_shadow(&self) {
        let mut unsaved = self.shadow.unsaved.lock().await;
        unsaved.tally.dropped += std::mem::take(&mut self.shadow.queue.lock().dropped);
        let candidate = self.shadow.candidate.load_full();
        if let Some(candidate) = candidate
            && unsaved.tally != ShadowTally::default()
        {
            self.save(candidate.version(), &mut unsaved).await;
        }
    }

    /// Puts on file what is not there yet. What the store does not take is forgotten: it is no case's.
    async fn save(&self, version: &PolicyVersion, unsaved: &mut Unsaved) {
        let Unsaved { tally, differences } = std::mem::take(unsaved);
        let write = Write::CountShadow { version: version.clone(), tally, differences };
        match self.commit_plainly("daemon", vec![write]).await {
            // Another candidate has taken its place.
            Ok(_) | Err(CommitError::Stale) => {}
            Err(error) => tracing::error!(%error, "what the shadow differs in could not be kept"),
        }
    }
}

/// What a batch came to.
struct Compared {
    tally: ShadowTally,
    differences: Vec<DifferenceRow>,
}

/// Asks the candidate what the policy in force was asked.
fn compare(candidate: &PolicySet, rows: Vec<DecisionRow>, rules: &Rules) -> Compared {
    // What fails in the candidate is told apart in the log from what fails in the policy in force.
    let _span = tracing::error_span!("shadow", version = %candidate.version()).entered();
    let mut compared = Compared { tally: ShadowTally::default(), differences: Vec::new() };
    for row in rows {
        let Ok(question) = serde_json::from_str::<Question>(&row.input) else {
            tracing::error!(case = %row.case, "a logged question cannot be read");
            compared.tally.dropped += 1;
            continue;
        };
        let answer = catch_unwind(AssertUnwindSafe(|| candidate.decide(&question).verdict));
        let answer =
            answer.unwrap_or_else(|_| Verdict::Unable { cause: "the policy host met a defect".to_owned() });
        let difference = DifferenceRow {
            at: row.at,
            case: row.case,
            version: row.version,
            hook: row.hook,
            change: String::new(),
            input: row.input,
            verdict: row.verdict,
            shadow: serde_json::to_string(&answer).unwrap_or_default(),
        };
        let Some(change) = change(&difference, rules) else {
            compared.tally.dropped += 1;
            continue;
        };
        let (tally, effect) = (&mut compared.tally, change.effect());
        tally.asked += 1;
        *match effect {
            Effect::Same => &mut tally.same,
            Effect::Weaker => &mut tally.weaker,
            Effect::Failing => &mut tally.failing,
            Effect::Stronger => &mut tally.stronger,
            Effect::Other => &mut tally.other,
        } += 1;
        if effect != Effect::Same {
            compared.differences.push(DifferenceRow { change: effect.as_str().to_owned(), ..difference });
        }
    }
    compared
}

/// What the candidate's answer would change; none for a row that cannot be read.
fn change(row: &DifferenceRow, rules: &Rules) -> Option<Change> {
    let hook = serde_json::from_value(serde_json::Value::String(row.hook.clone())).ok()?;
    let followed =
        |text: &str| serde_json::from_str(text).ok().map(|verdict| as_followed(verdict, hook, rules));
    Some(Change::between(&followed(&row.verdict)?, &followed(&row.shadow)?))
}
