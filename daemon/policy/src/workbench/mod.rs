//! The workbench: for those who write policies, and for whoever must be sure of them.
//!
//! Everything here runs without a daemon, a clock or a network, and through the same core and the same policy host
//! that decide about people.
//!
//! - [`Start`] is who wants back in, [`Action`] is what then happens, [`Journey`] is a case under way.
//! - [`check`] finds what is wrong with a set before any case is run.
//! - [`CoverageReport`] is what the tests of a policy reach.
//! - [`mutants`](mutate::mutants) are policies with a mistake each, for their tests to notice.
//! - [`testing`] runs the `*_test.lua` files of a set.
//! - [`verify`] enumerates what a policy can tell apart.
//! - [`tokens`](lex::tokens) takes the text of a policy apart.
//! - [`Change`](compare::Change) says what it means that a verdict is another than before.
//! - [`Diff`](diff::Diff) says which classes of cases two sets decide otherwise.
//! - [`Picture`](graph::Picture) draws the journeys of a policy.
//! - [`Replay`](replay::Replay) puts the questions of the decision log to a candidate.

mod action;
pub mod check;
pub mod compare;
mod course;
mod coverage_report;
pub mod diff;
pub mod graph;
mod journey;
pub mod lex;
pub mod mutate;
mod regions;
pub mod replay;
mod start;
pub mod testing;
mod told;
pub mod verify;
pub mod words;

pub use action::Action;
pub use coverage_report::{Answers, CoverageReport, FileCoverage, Tally, VerdictPlace};
pub use journey::{Journey, Step, Stuck};
pub use start::{NOW, Start};
pub use told::told;
