//! Users of the system: whom the console serves, and whom the journal names.

use std::fmt;

use nix::unistd::{Uid, User};
use thiserror::Error;

/// A user of the system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Person {
    pub(super) uid: u32,
    /// Where the system knows one.
    pub(super) name: Option<String>,
}

/// There is no such user.
#[derive(Debug, Error)]
#[error("`--proxy {0}`: the system knows no such user")]
pub(crate) struct UnknownUser(String);

impl Person {
    /// The user that this program runs as.
    pub(super) fn myself() -> Self {
        Self::of(Uid::effective().as_raw())
    }

    /// The user of this name or number.
    ///
    /// # Errors
    /// [`UnknownUser`].
    pub(super) fn named(name: &str) -> Result<Self, UnknownUser> {
        if let Ok(uid) = name.parse() {
            return Ok(Self::of(uid));
        }
        let user = User::from_name(name).ok().flatten().ok_or_else(|| UnknownUser(name.to_owned()))?;
        Ok(Self { uid: user.uid.as_raw(), name: Some(user.name) })
    }

    /// The user whom the journal names so (`uid:1000`); none where it is not a user who acted.
    pub(super) fn of_actor(actor: &str) -> Option<Self> {
        actor.strip_prefix("uid:")?.parse().ok().map(Self::of)
    }

    /// How the journal names them.
    pub(super) fn actor(&self) -> String {
        format!("uid:{}", self.uid)
    }

    fn of(uid: u32) -> Self {
        let name = User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.name);
        Self { uid, name }
    }
}

impl fmt::Display for Person {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(formatter, "{name} ({})", self.uid),
            None => write!(formatter, "user {}", self.uid),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_acted_is_named_as_the_system_names_them() {
        let root = Person::of_actor("uid:0").unwrap();
        assert_eq!((root.to_string().as_str(), root.actor().as_str()), ("root (0)", "uid:0"));
        assert_eq!(Person::of_actor("uid:4294967294").unwrap().to_string(), "user 4294967294");
        for other in ["plugin:email", "timer", "uid:", "uid:x", "uid:-1"] {
            assert_eq!(Person::of_actor(other), None, "{other}");
        }
        assert_eq!(Person::named("root").unwrap(), Person::named("0").unwrap());
        assert!(Person::named("nobody-of-this-name").is_err());
    }
}
