//! What one plugin is working on, and what it may therefore say.

use std::collections::HashMap;

use parking_lot::Mutex;
use readmit_recovery::id::DeliveryId;

use super::limits;
use super::request::{Judge, Request};

/// The phases of a call in which no telephone rings yet; every other one may mean that it has.
const BEFORE_RINGING: [&str; 2] = ["queued", "calling"];

/// The messages and calls that one connection works on, by their id.
#[derive(Default)]
pub(super) struct Live {
    works: Mutex<HashMap<String, State>>,
}

struct State {
    id: DeliveryId,
    /// None for a message.
    call: Option<Call>,
    phases_left: u32,
    phase: String,
    /// Whether a telephone rang, as far as the plugin has told.
    rang: bool,
}

struct Call {
    judge: Judge,
    tries_left: u32,
    /// Only one check at a time: a person types one code after the other.
    checking: bool,
    accepted: bool,
}

/// What to do about a `check`.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Ask the daemon about this call.
    Ask(DeliveryId),
    /// A test call: whatever is typed is right.
    Accept,
    /// All tries are used up.
    Exhausted,
    /// The last check is still under way.
    Busy,
    /// This plugin makes no such call.
    Unknown,
}

/// One piece of work. Dropped, the plugin may say nothing more about it.
pub(super) struct Work<'a> {
    live: &'a Live,
    id: String,
}

impl Live {
    pub(super) fn begin(&self, request: &Request) -> Work<'_> {
        let call = match request {
            Request::Message(_) => None,
            Request::Call(call, judge) => Some(Call {
                judge: *judge,
                tries_left: u32::from(call.tries),
                checking: false,
                accepted: false,
            }),
        };
        let id = request.id().as_str().to_owned();
        let state = State {
            id: request.id().clone(),
            call,
            phases_left: limits::PHASES,
            phase: String::new(),
            rang: false,
        };
        self.works.lock().insert(id.clone(), state);
        Work { live: self, id }
    }

    /// The id to pass a phase on for, if it is a new one of a live work, within the limit; an error if the work
    /// is not this plugin's.
    pub(super) fn phase(&self, id: &str, phase: &str) -> Result<Option<DeliveryId>, ()> {
        let mut works = self.works.lock();
        let state = works.get_mut(id).ok_or(())?;
        state.rang |= !BEFORE_RINGING.contains(&phase);
        if state.phase == phase || state.phases_left == 0 {
            return Ok(None);
        }
        state.phases_left -= 1;
        phase.clone_into(&mut state.phase);
        Ok(Some(state.id.clone()))
    }

    /// Takes one try.
    pub(super) fn check(&self, id: &str) -> Verdict {
        let mut works = self.works.lock();
        let Some(state) = works.get_mut(id) else { return Verdict::Unknown };
        let Some(call) = state.call.as_mut() else { return Verdict::Unknown };
        if call.judge == Judge::Anyone {
            call.accepted = true;
            return Verdict::Accept;
        }
        if call.checking {
            return Verdict::Busy;
        }
        if call.tries_left == 0 {
            return Verdict::Exhausted;
        }
        call.tries_left -= 1;
        call.checking = true;
        Verdict::Ask(state.id.clone())
    }

    /// A check has ended.
    pub(super) fn checked(&self, id: &DeliveryId, accepted: bool) {
        let mut works = self.works.lock();
        if let Some(call) = works.get_mut(id.as_str()).and_then(|state| state.call.as_mut()) {
            call.checking = false;
            call.accepted |= accepted;
        }
    }
}

impl Work<'_> {
    /// Whether a telephone rang, as far as the plugin has told.
    pub(super) fn rang(&self) -> bool {
        self.live.works.lock().get(&self.id).is_some_and(|state| state.rang)
    }

    /// Whether digits of this call were found right.
    pub(super) fn accepted(&self) -> bool {
        let works = self.live.works.lock();
        works.get(&self.id).and_then(|state| state.call.as_ref()).is_some_and(|call| call.accepted)
    }
}

impl Drop for Work<'_> {
    fn drop(&mut self) {
        self.live.works.lock().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use readmit_recovery::secret::Secret;

    use super::*;
    use crate::plugins::CallRequest;

    fn call(judge: Judge) -> Request {
        let call = CallRequest {
            id: DeliveryId::parse("c").expect("an id"),
            to: Secret::new("+14155550123"),
            locale: "en".to_owned(),
            fields: BTreeMap::new(),
            digits: 6,
            tries: 2,
            deadline: Duration::from_secs(60),
        };
        Request::Call(call, judge)
    }

    #[test]
    fn a_call_has_as_many_checks_as_tries_one_at_a_time() {
        let live = Live::default();
        let request = call(Judge::Events);
        assert_eq!(live.check("c"), Verdict::Unknown);
        let work = live.begin(&request);
        let ask = Verdict::Ask(request.id().clone());
        assert_eq!(live.check("c"), ask);
        assert_eq!(live.check("c"), Verdict::Busy);
        live.checked(request.id(), false);
        assert_eq!(live.check("c"), ask);
        live.checked(request.id(), true);
        assert_eq!(live.check("c"), Verdict::Exhausted);
        assert!(work.accepted());
        drop(work);
        assert_eq!(live.check("c"), Verdict::Unknown);
    }

    #[test]
    fn a_test_call_accepts_what_is_typed() {
        let live = Live::default();
        let request = call(Judge::Anyone);
        let work = live.begin(&request);
        assert!(!work.accepted());
        assert_eq!(live.check("c"), Verdict::Accept);
        assert!(work.accepted());
    }

    #[test]
    fn phases_are_passed_on_once_each_and_up_to_the_limit() {
        let live = Live::default();
        let request = call(Judge::Events);
        assert_eq!(live.phase("c", "ringing"), Err(()));
        let _work = live.begin(&request);
        let id = Ok(Some(request.id().clone()));
        assert_eq!(live.phase("c", "ringing"), id);
        assert_eq!(live.phase("c", "ringing"), Ok(None));
        for n in 1..limits::PHASES {
            assert_eq!(live.phase("c", &format!("phase_{n}")), id);
        }
        assert_eq!(live.phase("c", "answered"), Ok(None), "past the limit");
    }
}
