//! The conformance suite that every backend must pass, and what only the SQLite backend has to show.

#[cfg(test)]
mod kit;
#[cfg(test)]
#[macro_use]
mod suite;
#[cfg(test)]
mod sqlite;
