//! The conformance suite that every backend must pass, and what only the SQLite backend has to show.

#![cfg(test)]

mod kit;
#[macro_use]
mod suite;
mod sqlite;
