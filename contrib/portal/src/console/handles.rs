//! Names for cases that may be seen.
//!
//! A case's id is the secret that its person acts by: whoever has it can go on in the person's stead. So addresses and
//! pages of the console carry a handle, which follows from the id and does not lead back to it. It stays the same, so
//! that one colleague can send it to another.

use std::collections::{HashMap, VecDeque};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use super::Console;
use super::staff::{Filter, Order};
use crate::desk::DeskError;
use crate::limits::{CONSOLE_HANDLES, CONSOLE_LOOK_BACK, CONSOLE_LOOK_STEP};
use crate::secret::Secret;

/// The cases that were seen lately, by their handles.
pub(super) struct Handles {
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    ids: HashMap<String, Secret>,
    order: VecDeque<String>,
}

impl Handles {
    pub(super) fn new() -> Self {
        Self { seen: Mutex::default() }
    }

    /// The handle of a case, which is remembered.
    pub(super) fn of(&self, case: &Secret) -> String {
        let handle = of(case);
        let mut seen = self.seen.lock();
        if seen.ids.insert(handle.clone(), case.clone()).is_none() {
            seen.order.push_back(handle.clone());
            if seen.order.len() > CONSOLE_HANDLES
                && let Some(oldest) = seen.order.pop_front()
            {
                seen.ids.remove(&oldest);
            }
        }
        handle
    }

    /// The case of a handle, where it is remembered.
    pub(super) fn case(&self, handle: &str) -> Option<Secret> {
        self.seen.lock().ids.get(handle).cloned()
    }
}

/// The case of a handle: remembered, or found among the latest ones (the console was started anew, or a colleague has
/// sent the address).
///
/// # Errors
/// What the daemon says; [`DeskError::NotFound`] where there is no such case.
pub(super) async fn find(console: &Console, handle: &str) -> Result<Secret, DeskError> {
    if let Some(case) = console.handles.case(handle) {
        return Ok(case);
    }
    let latest = Filter { order: Order::Newest, ..Filter::default() };
    let mut offset = 0;
    while offset < CONSOLE_LOOK_BACK {
        let rows = console.staff.list(&latest, offset, CONSOLE_LOOK_STEP).await?;
        let mut ids = rows.iter().filter_map(|row| row.case.as_deref()).map(Secret::new);
        if let Some(case) = ids.find(|case| of(case) == handle) {
            console.handles.of(&case);
            return Ok(case);
        }
        if rows.is_empty() {
            break;
        }
        offset = offset.saturating_add(CONSOLE_LOOK_STEP);
    }
    Err(DeskError::NotFound("no case of this handle".to_owned()))
}

/// The handle of a case. Ids are random and long enough that none is found by trying.
fn of(case: &Secret) -> String {
    let hash = Sha256::new().chain_update("readmit console handle\0").chain_update(case.expose()).finalize();
    URL_SAFE_NO_PAD.encode(&hash[..12])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_leads_to_its_case_and_the_oldest_is_forgotten() {
        let handles = Handles::new();
        let first = handles.of(&Secret::new("0"));
        assert_eq!(first, handles.of(&Secret::new("0")));
        assert_eq!(first.len(), 16);
        for number in 1..CONSOLE_HANDLES {
            handles.of(&Secret::new(number.to_string()));
        }
        assert_eq!(handles.case(&first), Some(Secret::new("0")));
        let last = handles.of(&Secret::new("one more"));
        assert_eq!(handles.case(&first), None);
        assert_eq!(handles.case(&last), Some(Secret::new("one more")));
        assert_eq!(handles.case("unknown"), None);
    }
}
