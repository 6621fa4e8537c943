//! The store over years: heads that leave it, backups and the way back, exports, new keys, and files that are not what
//! they should be. The daemon and the command line are the real ones.

#![cfg(test)]

mod export;
mod heads;
mod integrity;
mod keys;
mod kit;
mod restoring;
mod runbook;
mod unusable;
mod upgrading;
