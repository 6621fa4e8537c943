//! One call from its request to its end: the gate, the provider's turn, the ringing, the conversation, the hang-up.
//!
//! What to do is decided in [`readmit_telephone::admission`], [`crate::ending`] and [`crate::conversation`]; here it is done.

mod placed;

use std::time::SystemTime;

use readmit_plugin::{Call, Daemon};
use readmit_telephone::admission::admit;
use readmit_telephone::number::Number;
use readmit_telephone::outcome::{Detail, Disposition};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::calls::{Calls, Fixed, Line};
use crate::client::Client;
use crate::limits;
use crate::pace::Pace;
use crate::provider::{Placed as Answered, Placing, Provider};
use crate::settings::Checked;

/// Phases that the protocol leaves to plugins.
pub(crate) mod own_phase {
    /// The call waits for its turn at the provider.
    pub const QUEUED: &str = "queued";
    /// The call is being placed.
    pub const CALLING: &str = "calling";
    /// It is not known whether the provider has the call, so nobody else may be asked for it.
    pub const UNCLEAR: &str = "unclear";
    /// The person typed wrong digits.
    pub const WRONG_DIGITS: &str = "wrong_digits";
}

/// How a call ended.
#[derive(Debug)]
pub struct Outcome {
    /// The word for it.
    pub disposition: Disposition,
    /// What administrators read.
    pub detail: Detail,
    /// The provider's name for the call, if there is one.
    pub provider_id: Option<String>,
}

impl Outcome {
    pub(crate) fn unplaced(disposition: Disposition, detail: Detail) -> Outcome {
        Outcome { disposition, detail, provider_id: None }
    }
}

/// What all calls share.
pub struct Shared {
    /// The checked settings.
    pub settings: Checked,
    /// The provider.
    pub provider: std::sync::Arc<Provider>,
    /// The way to it.
    pub client: Client,
    /// Its pace.
    pub pace: Pace,
    /// The calls under way.
    pub calls: Calls,
    /// The daemon.
    pub daemon: Daemon,
}

/// What became of the request for a call, as far as the call goes on.
enum Taken {
    /// The provider makes it.
    Known(String),
    /// The provider may make it; why that is not known.
    Unclear(Detail),
}

/// Makes a call. `cancelled` ends it at any time.
pub async fn make(shared: &Shared, call: &Call, cancelled: &CancellationToken) -> Outcome {
    let started = Instant::now();
    let number = match admit(&shared.settings.regions, call, limits::DEADLINE_MARGIN) {
        Ok(number) => number,
        Err((disposition, detail)) => return Outcome::unplaced(disposition, detail),
    };
    let language = shared.settings.prompts.language(&call.locale).to_owned();
    let Some(line) = shared.calls.open(Fixed { language, digits: call.digits }) else {
        return Outcome::unplaced(
            Disposition::ProviderError,
            Detail::new("the system gives no random numbers"),
        );
    };
    let deadline = started + call.deadline().saturating_sub(limits::DEADLINE_MARGIN);
    let request = Request { shared, call, cancelled, number: &number, line: &line, deadline };
    let taken = match request.place().await {
        Ok(taken) => taken,
        Err(outcome) => return outcome,
    };
    placed::Placed::new(shared, call, cancelled, started, deadline, line, taken).run().await
}

/// A call that is to be asked for.
struct Request<'a> {
    shared: &'a Shared,
    call: &'a Call,
    cancelled: &'a CancellationToken,
    number: &'a Number,
    line: &'a Line,
    deadline: Instant,
}

impl Request<'_> {
    /// Asks the provider, again where it has too many calls, and never again where it may have taken this one.
    async fn place(&self) -> Result<Taken, Outcome> {
        let mut not_before = Instant::now();
        for _try in 0..limits::PLACE_TRIES {
            self.wait_for_turn(not_before).await?;
            self.shared.daemon.progress(&self.call.id, own_phase::CALLING);
            let (wait, detail) = match self.ask().await? {
                Answered::Taken(id) => return Ok(Taken::Known(id)),
                Answered::Unclear(detail) => {
                    self.shared.daemon.progress(&self.call.id, own_phase::UNCLEAR);
                    return Ok(Taken::Unclear(detail));
                }
                Answered::Refused(disposition, detail) => return Err(Outcome::unplaced(disposition, detail)),
                Answered::Later(wait, detail) => (wait, detail),
            };
            not_before = Instant::now() + wait.unwrap_or(limits::RETRY_AFTER).min(limits::MAX_RETRY_AFTER);
            if not_before >= self.deadline {
                return Err(Self::too_many(detail));
            }
        }
        Err(Self::too_many(Detail::default()))
    }

    fn too_many(detail: Detail) -> Outcome {
        let detail = detail.and("the provider has too many calls of ours: lower calls_per_second");
        Outcome::unplaced(Disposition::ProviderError, detail)
    }

    async fn wait_for_turn(&self, not_before: Instant) -> Result<(), Outcome> {
        let now = Instant::now();
        let Some(turn) = self.shared.pace.turn(not_before.max(now), self.deadline) else {
            let text = "too many calls wait for their turn: calls_per_second";
            return Err(Outcome::unplaced(Disposition::ProviderError, Detail::new(text)));
        };
        if turn > now {
            self.shared.daemon.progress(&self.call.id, own_phase::QUEUED);
        }
        tokio::select! {
            () = self.cancelled.cancelled() => {
                let detail = Detail::new("cancelled by the daemon before the call was placed");
                Err(Outcome::unplaced(Disposition::Cancelled, detail))
            }
            () = sleep_until(turn) => Ok(()),
        }
    }

    async fn ask(&self) -> Result<Answered, Outcome> {
        let settings = &self.shared.settings;
        let placing = Placing {
            number: self.number,
            from: &settings.from,
            public: &settings.public,
            call: self.line.token,
            ring: settings.ring,
            max_call: settings.max_call,
        };
        let asking = self.shared.provider.place(&placing, SystemTime::now()).ok_or_else(|| {
            Outcome::unplaced(Disposition::ProviderError, Detail::new("the system gives no random numbers"))
        })?;
        match self.shared.client.ask(asking, limits::REQUEST).await {
            Ok(answer) => Ok(self.shared.provider.placed(&answer)),
            Err(error) if error.may_have_arrived() => Ok(Answered::Unclear(Detail::new(error.to_string()))),
            Err(error) => Err(Outcome::unplaced(Disposition::Unreachable, Detail::new(error.to_string()))),
        }
    }
}
