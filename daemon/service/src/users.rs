//! Users of the system, by name and by number.

use nix::unistd::{Uid, User};

/// The name of a user, where the system knows one.
#[must_use]
pub fn name_of(uid: u32) -> Option<String> {
    User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.name)
}

/// The number of a user named, or given as a number already.
#[must_use]
pub fn id_of(name: &str) -> Option<u32> {
    if let Ok(uid) = name.parse() {
        return Some(uid);
    }
    User::from_name(name).ok().flatten().map(|user| user.uid.as_raw())
}
