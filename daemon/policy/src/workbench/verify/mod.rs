//! All cases, not examples: what a policy can tell apart is enumerated, and every case is walked through the real
//! core.
//!
//! A policy is a pure function, and a [watched](crate::PolicySet::watched) set tells which facts it looked at. So only
//! facts that are looked at can matter: every walk begins with nothing decided, and where a fact is looked at that is
//! not decided yet, its other values become walks of their own. What is never looked at is abstracted away exactly.
//!
//! - [`Domain`] is what each fact may be, as far as a policy can tell.
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
mod domain;
mod explore;
mod value;

pub use class::{Branching, Class};
pub use domain::{Domain, NOBODYS_WORD};
pub use explore::{ExploreError, decide, explore, opening};
pub use value::Value;
