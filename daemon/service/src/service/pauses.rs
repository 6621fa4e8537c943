//! The switch that stops a channel at once: calls that cost money, or messages that should not go out.

use readmit_store::{CommitError, Entry, Pause, Write};
use serde_json::{Map, Value};

use super::{Fault, Service};
use crate::config::is_channel_name;

/// Characters of why a channel is stopped.
const MAX_BECAUSE_CHARS: usize = 200;

impl Service {
    /// Stops a channel: what is under way on it is called off, and nothing is delivered on it, tests included, until
    /// somebody resumes it. Messages wait; a call that cannot be made ends at once, and the policy says how to go on.
    ///
    /// # Errors
    /// [`Fault::InvalidArgument`] without a channel or a reason, [`Fault::WrongState`] if it is stopped already.
    pub async fn pause_channel(&self, channel: &str, because: &str, actor: &str) -> Result<(), Fault> {
        let because = because.trim();
        if because.is_empty() || because.chars().count() > MAX_BECAUSE_CHARS {
            return Err(Fault::invalid(format!(
                "because: say why in up to {MAX_BECAUSE_CHARS} characters, for whoever finds it stopped"
            )));
        }
        self.known_channel(channel)?;
        let detail = [("channel", channel), ("because", because)];
        let writes = vec![
            Write::Pause { channel: channel.to_owned(), because: because.to_owned() },
            entry("channel_paused", &detail),
        ];
        match self.commit_plainly(actor, writes).await {
            Ok(_) => {}
            Err(CommitError::Exists) => {
                return Err(Fault::WrongState(format!(
                    "{channel} is paused already: readmit status says why"
                )));
            }
            Err(error) => return Err(error.into()),
        }
        self.plugins()?.pause(channel);
        self.alert("channel_paused", vec![("channel", channel.to_owned())]);
        Ok(())
    }

    /// Lets a channel go on; messages that waited are sent.
    ///
    /// # Errors
    /// [`Fault::WrongState`] if it is not stopped.
    pub async fn resume_channel(&self, channel: &str, actor: &str) -> Result<(), Fault> {
        let writes = vec![
            Write::Resume { channel: channel.to_owned() },
            entry("channel_resumed", &[("channel", channel)]),
        ];
        match self.commit_plainly(actor, writes).await {
            Ok(_) => {}
            Err(CommitError::NotFound) => {
                let shown: String = channel.chars().take(40).collect();
                return Err(Fault::WrongState(format!(
                    "{shown} is not paused: readmit status shows what is"
                )));
            }
            Err(error) => return Err(error.into()),
        }
        self.plugins()?.resume(channel);
        self.outbox.notify_one();
        Ok(())
    }

    /// Stops what was stopped before the daemon started.
    pub(super) async fn keep_pauses(&self) -> Result<(), Fault> {
        for Pause { channel, .. } in self.store.pauses().await? {
            self.plugins()?.pause(&channel);
        }
        Ok(())
    }

    fn known_channel(&self, channel: &str) -> Result<(), Fault> {
        // A plugin that has not said yet what it delivers on is no reason to let it ring.
        if is_channel_name(channel) {
            return Ok(());
        }
        Err(Fault::invalid("channel: name one, as voice or email; readmit plugin list shows them"))
    }
}

fn entry(kind: &str, detail: &[(&str, &str)]) -> Write {
    let detail = detail.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value)));
    let (kind, detail) = (kind.to_owned(), Map::from_iter(detail));
    Write::Journal(Entry { kind, case: None, account: None, detail })
}
