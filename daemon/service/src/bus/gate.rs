//! What every call passes: a bounded number at once, of one user and of all, the caller's identity and rights, and a
//! net under panics.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Instant;

use futures_util::FutureExt;
use opentelemetry::KeyValue;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, SemaphorePermit};
use zbus::Connection;
use zbus::message::{Flags, Header};

use super::action::{Action, Request};
use super::authority::{Authority, Interaction, Question, Ruling};
use super::caller::{Caller, Callers};
use super::error::Error;
use super::limits::{CALLS_AT_ONCE, CALLS_IN_HAND, CALLS_OF_STRANGERS, MAX_DETAIL_BYTES};
use super::shares::{Share, ShareRules, Shares};
use super::watchers::{Listeners, Watchers};
use crate::meters::Meters;
use crate::service::Fault;
use crate::traces::{Traces, note};

/// The one gate of all interfaces.
pub struct Gate {
    admins: Vec<u32>,
    callers: Callers,
    authority: Authority,
    shares: Shares,
    /// Calls whose user is not known yet.
    strangers: Semaphore,
    /// Calls in hand.
    places: Semaphore,
    /// Calls worked on.
    turns: Semaphore,
    pub(super) watchers: Watchers,
    pub(super) listeners: Listeners,
    meters: Arc<Meters>,
    traces: Arc<Traces>,
}

/// A call in hand, with the places that it takes for as long.
struct Admitted<'a> {
    caller: Caller,
    share: Arc<Share>,
    _own_place: OwnedSemaphorePermit,
    _place: SemaphorePermit<'a>,
}

/// The limit that one user's calls meet, among the limits that are counted.
const OF_USER: &str = "bus_calls_per_user";

impl Gate {
    /// A gate at which these users may without polkit being asked.
    #[must_use]
    pub fn new(admins: Vec<u32>) -> Self {
        Self::with_shares(admins, ShareRules::default())
    }

    /// As [`Gate::new`], with other shares for each user than the usual ones.
    #[must_use]
    pub fn with_shares(admins: Vec<u32>, shares: ShareRules) -> Self {
        Self {
            admins,
            callers: Callers::default(),
            authority: Authority::default(),
            shares: Shares::new(shares),
            strangers: Semaphore::new(CALLS_OF_STRANGERS),
            places: Semaphore::new(CALLS_IN_HAND),
            turns: Semaphore::new(CALLS_AT_ONCE),
            watchers: Watchers::default(),
            listeners: Listeners::default(),
            meters: Arc::default(),
            traces: Arc::default(),
        }
    }

    /// The gate, with its calls counted and traced there.
    #[must_use]
    pub fn watched_by(mut self, meters: Arc<Meters>, traces: Arc<Traces>) -> Self {
        self.meters = meters;
        self.traces = traces;
        self
    }

    /// Waits until every call that has begun is answered, and lets none begin after.
    pub async fn close(&self) {
        let all = u32::try_from(CALLS_AT_ONCE).unwrap_or(u32::MAX);
        if let Ok(turns) = self.turns.acquire_many(all).await {
            turns.forget();
        }
        self.turns.close();
    }

    /// Lets a call of a front end through: whom the bus configuration lets send it.
    pub(super) async fn front_end<T, F: Future<Output = Result<T, Fault>>>(
        &self,
        connection: &Connection,
        header: &Header<'_>,
        work: impl FnOnce(Caller) -> F,
    ) -> Result<T, Error> {
        let passed = async {
            let Admitted { caller, share, .. } = &self.admit(connection, header).await?;
            self.work(share, Box::pin(work(caller.clone()))).await
        };
        self.metered(header, passed).await
    }

    /// Lets a call of an administrator through: who may, by the configuration or because polkit says so.
    pub(super) async fn admin<T, F: Future<Output = Result<T, Fault>>>(
        &self,
        request: impl Into<Request>,
        connection: &Connection,
        header: &Header<'_>,
        work: impl FnOnce(Caller) -> F,
    ) -> Result<T, Error> {
        let request = request.into();
        let passed = async {
            let Admitted { caller, share, .. } = &mut self.admit(connection, header).await?;
            self.authorize(&request, connection, header, share, caller).await?;
            self.callers.add_login(connection, caller).await?;
            self.work(share, Box::pin(work(caller.clone()))).await
        };
        self.metered(header, passed).await
    }

    /// Finds out who calls, and takes a place of theirs and then one of all: what one user has too much of takes nobody
    /// else's places.
    async fn admit(&self, connection: &Connection, header: &Header<'_>) -> Result<Admitted<'_>, Fault> {
        let caller = match self.callers.known(header)? {
            Some(caller) => caller,
            None => {
                let _stranger = self.place_among(&self.strangers)?;
                self.callers.identify(connection, header).await?
            }
        };
        let share = self.share(&caller)?;
        let own_place = self.noted(OF_USER, share.place())?;
        let place = self.place_among(&self.places)?;
        Ok(Admitted { caller, share, _own_place: own_place, _place: place })
    }

    /// Counts a call, with how it was answered.
    async fn metered<T>(
        &self,
        header: &Header<'_>,
        call: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let began = Instant::now();
        let interface = header.interface().map(|interface| interface.as_str()).unwrap_or_default();
        let member = header.member().map(|member| member.as_str()).unwrap_or_default();
        let named = || {
            let words = [("rpc.system", "dbus"), ("rpc.service", interface), ("rpc.method", member)];
            words.map(|(name, word)| KeyValue::new(name, word.to_owned())).into()
        };
        let noted = async {
            let answer = call.await;
            let result = answer.as_ref().err().map_or("ok", Error::word);
            note("readmit.result", result);
            (answer, result)
        };
        let (answer, result) = self.traces.within("bus call", named, noted).await;
        self.meters.called(interface, member, result, began.elapsed());
        answer
    }

    /// Counts a limit that was met.
    fn noted<T>(&self, limit: &'static str, taken: Result<T, Fault>) -> Result<T, Fault> {
        taken.inspect_err(|_| self.meters.limit_hit(limit))
    }

    fn place_among<'a>(&self, places: &'a Semaphore) -> Result<SemaphorePermit<'a>, Fault> {
        let place = places
            .try_acquire()
            .map_err(|_| Fault::Unavailable("too many requests at once: try again in a moment".to_owned()));
        self.noted("bus_calls", place)
    }

    fn share(&self, caller: &Caller) -> Result<Arc<Share>, Fault> {
        let share = self.noted(OF_USER, self.shares.of(caller.uid))?;
        if !self.admins.contains(&caller.uid) {
            self.noted(OF_USER, share.count_call())?;
        }
        Ok(share)
    }

    /// Waits for a turn, one of the user's own first, so that who asks much at once waits behind themselves.
    /// The work comes in a box: it may be large, and everything around it would be too.
    async fn work<T>(&self, share: &Share, work: impl Future<Output = Result<T, Fault>>) -> Result<T, Error> {
        let _own = share.turns.acquire().await.map_err(|_| Fault::internal())?;
        let _turn = self.turns.acquire().await.map_err(|_| Fault::internal())?;
        Ok(caught(work).await?)
    }

    /// Nobody waits for polkit in a turn: a password may take minutes to be typed.
    async fn authorize(
        &self,
        request: &Request,
        connection: &Connection,
        header: &Header<'_>,
        share: &Share,
        caller: &mut Caller,
    ) -> Result<(), Error> {
        let sender = header.sender().ok_or_else(Fault::internal)?;
        let method = header.member().map(|member| member.as_str()).unwrap_or_default();
        if !request.action.is_of(method) {
            tracing::error!(method, action = request.action.id(), "a method asks for another method's right");
            return Err(Fault::internal().into());
        }
        check_details(&request.details)?;
        if self.admins.contains(&caller.uid) {
            request.beside.into_iter().for_each(|action| caller.grant(action));
            return Ok(());
        }
        share.count_check()?;
        let interaction = if header.primary().flags().contains(Flags::ALLOW_INTERACTIVE_AUTH) {
            Interaction::Allowed
        } else {
            Interaction::Forbidden
        };
        let details = request.details.as_slice();
        let question = Question { action: request.action, details, subject: sender, interaction };
        let ruling = self.authority.ask(connection, &question, share).await;
        if ruling != Ruling::Allowed {
            return Err(refusal(ruling, request.action, method));
        }
        if let Some(action) = request.beside {
            let question = Question { action, interaction: Interaction::Forbidden, ..question };
            if self.authority.ask(connection, &question, share).await == Ruling::Allowed {
                caller.grant(action);
            }
        }
        Ok(())
    }
}

/// What polkit is told, and may show and log, is short and printable, and whole: a rule must not see less than the
/// method does.
fn check_details(details: &[(&'static str, String)]) -> Result<(), Fault> {
    for (key, value) in details {
        if value.len() > MAX_DETAIL_BYTES || value.chars().any(char::is_control) {
            return Err(Fault::invalid(format!(
                "{key}: longer than {MAX_DETAIL_BYTES} bytes, or a control character in it"
            )));
        }
    }
    Ok(())
}

/// What somebody is told who is not let through, with what would mend it.
fn refusal(ruling: Ruling, action: Action, method: &str) -> Error {
    let id = action.id();
    let text = match ruling {
        Ruling::PasswordNeeded => {
            return Error::PasswordNeeded(format!(
                "{method} takes an administrator's password ({id}), and nobody can be asked for it here: run it \
                 in a terminal with `readmit`, `busctl` or `pkttyagent`, as root, or have a role granted"
            ));
        }
        Ruling::TooMany => {
            return Fault::RateLimited(
                "too many requests of this user wait for a password: answer those first".to_owned(),
            )
            .into();
        }
        Ruling::Silent => {
            return Fault::Unavailable(format!(
                "polkit did not say whether you may call {method}, so it was not done: see `systemctl status \
                 polkit`, then try again"
            ))
            .into();
        }
        // Nobody reads it; and whatever else is asked for by mistake is no yes either.
        Ruling::CallerGone | Ruling::Allowed => "whoever asked is gone".to_owned(),
        Ruling::Denied => format!(
            "you may not call {method}: only who has the right {id} may; ask an administrator for a role that has it"
        ),
        Ruling::Dismissed => format!("the password for {method} was not given, so it was not done"),
        Ruling::Absent => format!(
            "only administrators may call {method}: run it as root, or install polkit, which lets others (`apt-get \
             install polkitd`, `systemctl status polkit`)"
        ),
        Ruling::Unfit => format!(
            "only administrators may call {method}: run it as root; polkit knows no right {id}, or does not let the \
             daemon ask: install org.readmit.policy in /usr/share/polkit-1/actions"
        ),
    };
    Fault::NotAuthorized(text).into()
}

/// Turns a panic into an answer: a caller never waits for one that does not come.
async fn caught<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("a request met a defect of the daemon; its change, if any, was undone");
        Err(Fault::internal())
    })
}

#[cfg(test)]
mod tests {
    use super::super::limits::TURNS_PER_USER;
    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered() {
        async fn defective() -> Result<(), Fault> {
            panic!("a defect");
        }
        assert_eq!(caught(defective()).await, Err(Fault::internal()));
        assert_eq!(caught(async { Ok(7) }).await, Ok(7));
    }

    #[tokio::test]
    async fn who_takes_all_their_turns_leaves_some_to_others() {
        let gate = Gate::new(Vec::new());
        let (one, other) = (gate.shares.of(1).expect("a share"), gate.shares.of(2).expect("a share"));
        // All in one poll of the test: without the runtime's share for each.
        let endless = || {
            let work = gate.work(&one, std::future::pending::<Result<(), Fault>>());
            Box::pin(tokio::task::unconstrained(work))
        };
        let mut held: Vec<_> = std::iter::repeat_with(endless).take(TURNS_PER_USER + 1).collect();
        assert!(held.iter_mut().all(|call| call.now_or_never().is_none()));
        assert_eq!(gate.turns.available_permits(), CALLS_AT_ONCE - TURNS_PER_USER);
        assert_eq!(gate.work(&other, async { Ok(7) }).await, Ok(7));
    }

    #[test]
    fn a_call_too_many_is_told_to_come_back() {
        let gate = Gate::new(Vec::new());
        for (places, most) in [(&gate.strangers, CALLS_OF_STRANGERS), (&gate.places, CALLS_IN_HAND)] {
            let held: Vec<_> = (0..most).map(|_| gate.place_among(places)).collect();
            assert!(held.iter().all(Result::is_ok));
            assert!(matches!(gate.place_among(places), Err(Fault::Unavailable(_))));
            drop(held);
            assert!(gate.place_among(places).is_ok());
        }
    }

    #[test]
    fn what_polkit_is_told_is_short_and_printable() {
        let table = [("a".repeat(MAX_DETAIL_BYTES), true), ("a".repeat(MAX_DETAIL_BYTES + 1), false)];
        for (value, wanted) in table.into_iter().chain([("a\nb".to_owned(), false), (String::new(), true)]) {
            assert_eq!(check_details(&[("account", value.clone())]).is_ok(), wanted, "{value:?}");
        }
    }
}
