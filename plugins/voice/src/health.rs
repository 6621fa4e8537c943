//! Whether a trunk is there: by what calls come to, and in between by OPTIONS and registrations. A trunk that is not
//! is tried last, never left out.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until, timeout};

use crate::limits;
use crate::probe::CheckError;
use crate::signalling::Signalling;

/// What is known of a trunk.
#[derive(Debug, Default)]
pub struct Health(Mutex<Option<String>>);

impl Health {
    /// Whether it failed last.
    pub fn is_down(&self) -> bool {
        self.0.lock().is_some()
    }

    fn set(&self, down: Option<String>) -> bool {
        let mut known = self.0.lock();
        let changed = known.is_some() != down.is_some();
        *known = down;
        changed
    }
}

impl Signalling {
    /// Remembers that the trunk answered.
    pub(crate) fn is_up(&self) {
        self.pinned.answers();
        if self.health.set(None) {
            tracing::info!(trunk = %self.trunk, "the trunk is there again");
        }
    }

    /// Remembers that the trunk did not do what it is for.
    pub(crate) fn is_down(&self, why: &str) {
        if self.health.set(Some(why.to_owned())) {
            tracing::warn!(trunk = %self.trunk, why, "the trunk is not there; others are tried first");
        }
    }

    /// Asks and registers in its time until the endpoint stops.
    pub(crate) async fn watch(self: Arc<Self>, every: Option<Duration>) {
        let now = Instant::now();
        let mut options = every.map(|every| now + every);
        let mut register = self.register.map(|_| now);
        loop {
            let Some(next) = [options, register].into_iter().flatten().min() else { return };
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = sleep_until(next) => {}
            }
            if register == Some(next) {
                register = Some(Instant::now() + self.register_again().await);
            } else if let Some(every) = every {
                self.look().await;
                options = Some(Instant::now() + every);
            }
        }
    }

    async fn look(&self) {
        let checked = timeout(limits::PROBE, self.check()).await.unwrap_or(Err(CheckError::Silent));
        match checked {
            Ok(_) => self.is_up(),
            Err(error) => {
                self.is_down(&error.to_string());
                if matches!(error, CheckError::Silent | CheckError::Ask(_)) {
                    self.link.give_up().await;
                }
            }
        }
    }

    /// Registers anew, and says when to do so again: well before it ends.
    async fn register_again(&self) -> Duration {
        match self.renew().await {
            Ok(granted) => {
                self.is_up();
                granted.unwrap_or(limits::REGISTER_RETRY).mul_f32(0.8)
            }
            Err(error) => {
                self.is_down(&error.to_string());
                limits::REGISTER_RETRY
            }
        }
    }
}
