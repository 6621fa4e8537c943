//! Whether what the service stands on still answers, for the watchdog.

use std::sync::Arc;

use readmit_recovery::account::Reason;
use readmit_recovery::facts::History;
use readmit_store::CommitError;
use tracing::subscriber::NoSubscriber;

use super::explaining::imagine;
use super::{Fault, OpenContext, Service, facts, now, parse_account};

/// Whom decisions are made about that nobody waits for. It is nobody on file.
const NOBODY: &str = "watchdog";

impl Service {
    /// Commits nothing: a whole round trip through the writer and its lock on the database.
    ///
    /// # Errors
    /// Why the store does not take changes. A full disk is no reason: it is told to whoever wants something kept,
    /// and another daemon would have no more room.
    pub async fn store_answers(&self) -> Result<(), CommitError> {
        match self.commit_plainly("watchdog", Vec::new()).await {
            Ok(_) | Err(CommitError::Full) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Has the policies in force decide about a case that is not opened. What they say does not matter here.
    ///
    /// # Errors
    /// [`Fault::Unavailable`] if they could not be asked.
    pub async fn policies_answer(self: Arc<Self>) -> Result<(), Fault> {
        let account = parse_account(NOBODY)?;
        let history = (History::default(), 0);
        let subject = facts::decoy(&account, &OpenContext::default(), &self.decoys, history, now())?;
        let asking = tokio::task::spawn_blocking(move || {
            let set = self.policy_host().current();
            // Nobody asked for this decision, so nobody reads in the log how it came out, again and again.
            tracing::subscriber::with_default(NoSubscriber::default(), || {
                drop(imagine(&set, &self.settings.rules, subject, Reason::Lost, now()));
            });
        });
        asking.await.map_err(|error| {
            tracing::error!(%error, "a decision met a defect");
            Fault::internal()
        })
    }
}
