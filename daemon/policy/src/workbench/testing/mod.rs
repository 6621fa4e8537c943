//! Tests of policies: `*_test.lua` files, run through the real core and the real policies.
//!
//! - [`Suite`] is the files of tests of a set; [`Suite::run`] tries them and gives a [`Report`].
//! - [`Invariants`] are what those files say of every case: `verify` asks them about all cases that it can build,
//!   a run of the tests about every case of a test, after each step.
//!
//! A test file runs in the same hardened machine as a policy, with a few words more (`testing.luau`) and a budget
//! that is a small multiple. What a case does is left to the core, by way of [`Journey`](super::Journey).

mod acting;
mod invariants;
mod machine;
mod parts;
mod reading;
mod report;
mod session;
mod story;
mod suite;
mod viewing;

#[cfg(test)]
pub(crate) use acting::METHODS;
pub use invariants::{BrokenInvariant, Checked, Invariants};
pub use report::{Report, TOP_LEVEL, TestFailure, TestResult};
pub use suite::{Options, Suite};
#[cfg(test)]
pub(crate) use viewing::FIELDS;
