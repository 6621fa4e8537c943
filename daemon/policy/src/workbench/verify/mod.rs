//! All cases, not examples: what a policy can tell apart is enumerated, and every case is walked through the real
//! core.
//!
//! A policy is a pure function, and a [watched](crate::PolicySet::watched) set tells which facts it looked at. So only
//! facts that are looked at can matter: every walk begins with nothing decided, and where a fact is looked at that is
//! not decided yet, its other values become walks of their own. What is never looked at is abstracted away exactly.
//!
//! What is merged, so that the states of a class stay few: states that agree in what the case is, what is proven, how
//! often each factor that is still asked for has failed (up to the largest number that the policy names, and on from
//! there to the end of what the core allows), and whether it can still be proven in time. The order of the proofs, what
//! failed before and how, and the time are told apart as soon as the policy or an invariant looks at them, the time by
//! the durations in the policy and otherwise by quarters of a day. Single wrong tries are not steps of their own, since
//! no policy is asked about them.
//!
//! - [`Domain`] is what each fact may be, as far as a policy can tell.
//! - [`verify`] walks every case of every policy, and says which [properties](Property) do not hold, with a
//!   [`Counterexample`] each.
//! - [`explore`] enumerates the [classes](Class) of cases that a question can tell apart.
//!
//! ```
//! use readmit_policy::workbench::verify::{Domain, decide, explore, opening};
//! use readmit_policy::{Budget, Channels, PolicySet, Sources};
//!
//! let set = PolicySet::watched(Sources::shipped()?, Budget::default(), &Channels::default())?;
//! let domain = Domain::of(set.sources(), "default.lua");
//! let openings = explore("default", &domain, 1000, |branching| {
//!     let question = opening(branching.class().start());
//!     decide(branching, &set, &question).verdict
//! })?;
//! assert!(openings.len() > 10, "{}", openings.len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod class;
mod constants;
mod counterexample;
mod domain;
mod explore;
mod finding;
mod fork;
mod group;
mod key;
mod looks;
mod memo;
mod moves;
mod named;
mod reading;
mod risk;
mod run;
mod value;
mod walk;

pub use class::{Branching, Class};
pub use counterexample::Counterexample;
pub use domain::{Domain, NOBODYS_WORD};
pub use explore::{ExploreError, decide, explore, opening};
pub use finding::Property;
pub use run::{Options, Progress, Verified, verify};
pub use value::Value;
