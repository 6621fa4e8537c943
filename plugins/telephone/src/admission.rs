//! Whether a call may be made at all: the last gate before money is spent, which trusts nobody.

use std::time::Duration;

use readmit_plugin::Call;

use crate::limits;
use crate::number::{Gate, Number, Regions};
use crate::outcome::{Detail, Disposition};

/// Lets a call in, or says why not. It has to end by `margin` before its deadline.
///
/// # Errors
///
/// The disposition, and what the administrator reads.
pub fn admit(regions: &Regions, call: &Call, margin: Duration) -> Result<Number, (Disposition, Detail)> {
    let blocked = |text: &str| Err((Disposition::Blocked, Detail::new(text)));
    if !limits::DIGITS.contains(&call.digits) || !limits::TRIES.contains(&call.tries) {
        return blocked("digits has to be 4 to 12 and tries 1 to 10");
    }
    if call.deadline() <= margin {
        return blocked("deadline_ms leaves no time for a call");
    }
    let number = Number::parse(call.to.expose())
        .map_err(|error| (Disposition::InvalidNumber, Detail::new(error.to_string())))?;
    match regions.gate(&number) {
        Gate::Open => Ok(number),
        Gate::NothingAllowed => {
            blocked("`regions` is empty: list the prefixes that may be called, as in [\"+1\"]")
        }
        Gate::OutsideRegions => blocked("no prefix in `regions` matches the number"),
        Gate::Blocked => blocked("a prefix in `blocked_prefixes` matches the number"),
        Gate::Kind(kind) => blocked(&format!("it is {kind}: put another number on file")),
    }
}
