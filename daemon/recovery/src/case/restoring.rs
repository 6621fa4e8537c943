//! The end of a case whose store was put back to an earlier state.
//!
//! No event: nothing happened to the case but that nobody knows any more what did. So neither the policy nor the time has
//! a say, and it ends on the safe side.

use super::{Case, State};
use crate::id::DeviceId;
use crate::verdict::DeviceFate;

/// A case that a restore has ended.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedByRestore {
    /// The case, expired.
    pub case: Case,
    /// The device that sign-in has to ask for again.
    pub reactivated: Option<DeviceId>,
}

impl Case {
    /// Ends the case if it is open: what was proven in it may have been used since, and its codes and links may have
    /// been too.
    #[must_use]
    pub fn ended_by_restore(&self) -> Option<EndedByRestore> {
        if self.state.is_final() {
            return None;
        }
        let mut case = self.clone();
        let reactivated = match &case.state {
            State::Recovered { outcome, .. } if outcome.device == DeviceFate::Deactivate => {
                case.device.clone()
            }
            State::Recovered { .. }
            | State::Proving
            | State::Held { .. }
            | State::Escalated { .. }
            | State::Completed { .. }
            | State::Denied { .. }
            | State::Vetoed
            | State::Cancelled
            | State::Expired => None,
        };
        for challenge in case.tracks.values_mut().filter_map(|track| track.challenge.as_mut()) {
            challenge.end();
        }
        case.enrollment = None;
        case.state = State::Expired;
        Some(EndedByRestore { case, reactivated })
    }
}
