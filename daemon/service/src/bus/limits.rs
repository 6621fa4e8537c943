//! Every number that bounds something at the bus.

use std::num::NonZeroUsize;
use std::time::Duration;

/// Calls worked on at once.
pub const CALLS_AT_ONCE: usize = 128;
/// Calls in hand, those that wait included; the next is told to come back.
pub const CALLS_IN_HAND: usize = 8192;
/// Calls in hand of connections whose user is not known yet, so that nobody's share is charged: as many as a system bus lets
/// one user have, 128 in each of 256 connections.
pub const CALLS_OF_STRANGERS: usize = 32_768;
/// One user's calls worked on at once: some turns are always left to others.
pub const TURNS_PER_USER: usize = 96;
/// One user's calls in hand.
pub const CALLS_PER_USER: usize = 2048;
/// One user's calls in a second, over time. Administrators' are not counted.
pub const CALLS_PER_SECOND: u32 = 5000;
/// One user's calls at once after a quiet time.
pub const CALLS_BURST: u32 = 10_000;
/// Questions that polkit is asked at once: it answers one after the other.
pub const CHECKS_AT_ONCE: usize = 32;
/// One user's questions to polkit at once.
pub const CHECKS_PER_USER: usize = 8;
/// One user's questions to polkit in a second, over time.
pub const CHECKS_PER_SECOND: u32 = 200;
/// One user's questions to polkit at once after a quiet time.
pub const CHECKS_BURST: u32 = 1000;
/// How long polkit may take to answer without asking anybody.
pub const CHECK_PATIENCE: Duration = Duration::from_secs(10);
/// Dialogs that wait for a password at once.
pub const DIALOGS_AT_ONCE: usize = 64;
/// One user's dialogs.
pub const DIALOGS_PER_USER: usize = 4;
/// How long a dialog may wait for a password.
pub const DIALOG_PATIENCE: Duration = Duration::from_secs(120);
/// Bytes in what a question to polkit is about.
pub const MAX_DETAIL_BYTES: usize = 256;
/// How long logind may take to say who logged in.
pub const LOGIND_PATIENCE: Duration = Duration::from_secs(10);
/// Users whose share is remembered.
pub const USERS_REMEMBERED: usize = 1024;
/// Callers whose user is remembered.
pub const CALLERS_REMEMBERED: usize = 4096;
/// Cases whose watchers are remembered.
pub const CASES_WATCHED: usize = 65_536;
/// Connections that are told about one case.
pub const WATCHERS_PER_CASE: usize = 4;
/// Connections of staff that are told about every case.
pub const STAFF_WATCHING: usize = 64;
/// Rows of a list.
pub const MAX_ROWS: u32 = 1000;
/// Messages that wait in a queue of the connection.
pub const QUEUED_MESSAGES: NonZeroUsize = match NonZeroUsize::new(1024) {
    Some(number) => number,
    None => NonZeroUsize::MIN,
};
/// How often the daemon looks whether the bus is there.
pub const BUS_LOOK: Duration = Duration::from_secs(5);
