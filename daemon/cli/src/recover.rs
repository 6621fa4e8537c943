//! A whole recovery at a terminal. [`screen`] is a pure function from the case to what a person reads and can
//! do; [`journey`] is the thin loop around it. No screen is a dead end: the tests hold every state and every
//! disposition to that.

mod answer;
pub mod case;
mod digits;
mod ending;
mod form;
pub mod journey;
mod opening;
mod proving;
pub mod qr;
pub mod screen;
mod words;
