//! Who is signed in by the built-in sign-in page, and who has given a right password and owes a code.
//!
//! Only in memory: a restart signs everybody out. A session has a secret of its own, made when the password was right
//! and never before, so that nobody can plant one; the table knows it by its hash. It is bounded in number and age.

use std::collections::HashMap;
use std::time::Instant;

use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};

use super::{Cookie, Page, Problem, Visit};
use crate::limits;
use crate::secret::Secret;

/// Every session.
#[derive(Default)]
pub(crate) struct Sessions {
    table: Mutex<HashMap<Key, Entry>>,
}

/// A session's secret, hashed.
type Key = [u8; 32];

/// A browser's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Session {
    pub(crate) account: String,
    pub(crate) stage: Stage,
}

/// How far a sign-in is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The password was right; a code of the device is owed.
    Password(Device),
    SignedIn,
}

/// What is known of the device since the password was given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Device {
    /// Nothing.
    Unremarked,
    /// Its clock is off.
    Drifting,
    /// It was put right: its next code will do.
    PutRight,
}

struct Entry {
    session: Session,
    since: Instant,
    seen: Instant,
}

impl Sessions {
    /// Signs the browser in, as by the one sign-in of a recovery: with a new secret, which the page carries to the
    /// browser. What it was signed in as before ends.
    ///
    /// For portals whose configuration has `sign_in.built_in`; elsewhere a session opens nothing. Call it once the
    /// daemon has said yes, and never with an account that only the browser names.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub(crate) fn sign_in(&self, visit: &Visit, account: &str, page: Page) -> Result<Page, Problem> {
        self.begin(visit, Session { account: account.to_owned(), stage: Stage::SignedIn }, page)
    }

    /// Ends every session of an account, as a recovery does whose outcome says `revoke_sessions`.
    pub(crate) fn end_all_of(&self, account: &str) {
        self.table.lock().retain(|_, entry| entry.session.account != account);
    }

    fn begin(&self, visit: &Visit, session: Session, page: Page) -> Result<Page, Problem> {
        let secret = Secret::random().map_err(|_| Problem::Unavailable)?;
        let mut table = self.table.lock();
        if let Some(old) = &visit.session {
            table.remove(&key(old));
        }
        insert(&mut table, key(&secret), session, Instant::now());
        Ok(page.set(visit, Cookie::Session, &secret))
    }

    /// The password was right: a code of the account's device is owed.
    ///
    /// # Errors
    /// The system gives no randomness.
    pub(crate) fn owe_code(&self, visit: &Visit, account: &str, page: Page) -> Result<Page, Problem> {
        let stage = Stage::Password(Device::Unremarked);
        self.begin(visit, Session { account: account.to_owned(), stage }, page)
    }

    /// The session of this browser, if it has one.
    pub(crate) fn of(&self, visit: &Visit) -> Option<Session> {
        find(&mut self.table.lock(), &key(visit.session.as_ref()?), Instant::now())
    }

    /// The same session at another stage. Its secret stays: it was made after the password, and a form that is sent
    /// twice at once finds it.
    pub(crate) fn advance(&self, visit: &Visit, stage: Stage) {
        let Some(secret) = &visit.session else { return };
        if let Some(entry) = self.table.lock().get_mut(&key(secret)) {
            entry.session.stage = stage;
            if stage == Stage::SignedIn {
                entry.since = Instant::now();
            }
        }
    }

    /// Ends the session of this browser.
    pub(crate) fn end(&self, visit: &Visit, page: Page) -> Page {
        if let Some(secret) = &visit.session {
            self.table.lock().remove(&key(secret));
        }
        page.remove(visit, Cookie::Session)
    }
}

fn key(secret: &Secret) -> Key {
    Sha256::digest(secret.expose()).into()
}

fn insert(table: &mut HashMap<Key, Entry>, key: Key, session: Session, now: Instant) {
    if table.len() >= limits::SESSIONS {
        table.retain(|_, entry| entry.is_alive(now));
    }
    if table.len() >= limits::SESSIONS {
        let oldest = table.iter().min_by_key(|(_, entry)| entry.seen).map(|(key, _)| *key);
        oldest.and_then(|oldest| table.remove(&oldest));
    }
    table.insert(key, Entry { session, since: now, seen: now });
}

fn find(table: &mut HashMap<Key, Entry>, key: &Key, now: Instant) -> Option<Session> {
    let entry = table.get_mut(key)?;
    if entry.is_alive(now) {
        entry.seen = now;
        return Some(entry.session.clone());
    }
    table.remove(key);
    None
}

impl Entry {
    fn is_alive(&self, now: Instant) -> bool {
        let (whole, idle) = (now.duration_since(self.since), now.duration_since(self.seen));
        match self.session.stage {
            Stage::Password(_) => whole < limits::CODE_OWED_FOR,
            Stage::SignedIn => whole < limits::SIGNED_IN_FOR && idle < limits::SIGNED_IN_IDLE,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn session(stage: Stage) -> Session {
        Session { account: "alice".to_owned(), stage }
    }

    fn number(number: usize) -> Key {
        key(&Secret::new(number.to_string()))
    }

    #[test]
    fn a_session_ends_by_age_and_by_idleness() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let table = [
            (Stage::Password(Device::Drifting), vec![limits::CODE_OWED_FOR - second], true),
            (Stage::Password(Device::Unremarked), vec![limits::CODE_OWED_FOR], false),
            (Stage::SignedIn, vec![limits::SIGNED_IN_IDLE - second], true),
            (Stage::SignedIn, vec![limits::SIGNED_IN_IDLE], false),
            (Stage::SignedIn, vec![limits::SIGNED_IN_IDLE / 2; 4], true),
            (Stage::SignedIn, vec![limits::SIGNED_IN_IDLE / 2; 48], false),
        ];
        for (stage, waits, alive) in table {
            let mut all = HashMap::new();
            insert(&mut all, number(1), session(stage), start);
            let mut now = start;
            let mut found = None;
            for wait in &waits {
                now += *wait;
                found = find(&mut all, &number(1), now);
            }
            assert_eq!(found, alive.then(|| session(stage)), "{stage:?} {waits:?}");
            assert_eq!(all.is_empty(), !alive, "what is over is not kept");
        }
        assert_eq!(find(&mut HashMap::new(), &number(1), start), None);
    }

    #[test]
    fn no_more_are_kept_than_the_limit_and_the_longest_unseen_goes_first() {
        let start = Instant::now();
        let mut all = HashMap::new();
        for one in 0..limits::SESSIONS {
            let now = start + Duration::from_millis(one as u64);
            insert(&mut all, number(one), session(Stage::SignedIn), now);
        }
        let now = start + Duration::from_secs(60);
        assert!(find(&mut all, &number(0), now).is_some());
        insert(&mut all, number(limits::SESSIONS), session(Stage::SignedIn), now);
        assert_eq!(all.len(), limits::SESSIONS);
        assert!(find(&mut all, &number(0), now).is_some(), "seen just now");
        assert_eq!(find(&mut all, &number(1), now), None);
        let later = now + limits::SIGNED_IN_IDLE;
        insert(&mut all, number(1), session(Stage::SignedIn), later);
        assert_eq!(all.len(), 1, "all others are over");
    }

    #[test]
    fn all_of_an_account_end_together() {
        let sessions = Sessions::default();
        for (one, account) in ["alice", "bob", "alice"].into_iter().enumerate() {
            let session = Session { account: account.to_owned(), stage: Stage::SignedIn };
            insert(&mut sessions.table.lock(), number(one), session, Instant::now());
        }
        sessions.end_all_of("alice");
        let left: Vec<String> =
            sessions.table.lock().values().map(|entry| entry.session.account.clone()).collect();
        assert_eq!(left, ["bob"]);
    }
}
