//! Who is behind an actor: where two people are asked for, one person under two names is still one.
//!
//! The service names whoever acts by the user they act as and, where it differs, by the one they logged in as:
//! `uid:1000 session:3`, or through sudo `uid:0 session:3 login:1000`.

use std::collections::BTreeSet;

/// Whether two actors are, or may be, the same person: they share a user. That both act as root says nothing, as long
/// as it is known who logged in.
#[must_use]
pub fn is_same_person(one: &str, other: &str) -> bool {
    let (ones, others) = (users(one), users(other));
    if ones.is_empty() || others.is_empty() { one == other } else { !ones.is_disjoint(&others) }
}

fn users(actor: &str) -> BTreeSet<&str> {
    let named = actor.split(' ').filter_map(|word| word.strip_prefix("uid:").or(word.strip_prefix("login:")));
    let mut users: BTreeSet<&str> = named.collect();
    if users.len() > 1 {
        users.remove("0");
    }
    users
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_stays_one_under_every_name() {
        let table = [
            ("uid:1000", "uid:1000", true),
            ("uid:1000 session:3", "uid:1000 session:9", true),
            ("uid:1000 session:3", "uid:0 session:3 login:1000", true),
            ("uid:1000", "uid:1001 session:3 login:1000", true),
            ("uid:1001", "uid:1001 session:3 login:1000", true),
            ("uid:0 session:3 login:1000", "uid:0 session:4 login:1001", false),
            ("uid:0", "uid:0 session:4 login:1001", false),
            ("uid:0", "uid:0 session:1", true),
            ("uid:1000", "uid:1001", false),
            ("uid:100", "uid:1000", false),
            ("daemon", "daemon", true),
            ("daemon", "uid:0", false),
        ];
        for (one, other, wanted) in table {
            assert_eq!(is_same_person(one, other), wanted, "{one} and {other}");
            assert_eq!(is_same_person(other, one), wanted, "{other} and {one}");
        }
    }
}
