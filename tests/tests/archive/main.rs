//! The store over years: heads that leave it, backups and the way back, exports, new keys, and files that are not what
//! they should be. The daemon and the command line are the real ones.

#[cfg(test)]
mod export;
#[cfg(test)]
mod heads;
#[cfg(test)]
mod integrity;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod kit;
#[cfg(test)]
mod restoring;
#[cfg(test)]
mod runbook;
#[cfg(test)]
mod unusable;
#[cfg(test)]
mod upgrading;
