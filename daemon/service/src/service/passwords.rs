//! Passwords: hashed with Argon2id, compared at the same cost whether there is one or not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use argon2::Argon2;
use argon2::password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString};
use readmit_recovery::event::Comparison;
use readmit_recovery::secret::Secret;
use tokio::sync::Semaphore;

use super::limits::{HASHES_AT_ONCE, HASHES_WAITING, MAX_PASSWORD_BYTES, MIN_PASSWORD_CHARS};
use super::{Fault, seed};
use crate::meters::Meters;

/// Hashes and compares passwords, a few at a time.
pub(super) struct Passwords {
    turns: Arc<Semaphore>,
    waiting: AtomicUsize,
    meters: Arc<Meters>,
    /// The hash of a password that nobody has, for accounts that are not there.
    dummy: Secret,
}

impl Passwords {
    pub(super) fn new(meters: Arc<Meters>) -> Result<Self, Fault> {
        let dummy = hash(&Secret::new(hex::encode(seed()?.derive("dummy password"))))?;
        let turns = Arc::new(Semaphore::new(HASHES_AT_ONCE));
        Ok(Self { turns, waiting: AtomicUsize::new(0), meters, dummy })
    }

    /// Compares a password with a stored hash; without one, at the same cost, it is wrong.
    pub(super) async fn compare(&self, stored: Option<Secret>, given: Secret) -> Result<Comparison, Fault> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.dummy.clone());
        let right = self.in_turn(move || Ok(verify(&stored, &given))).await?;
        Ok(if right && known { Comparison::Right } else { Comparison::Wrong })
    }

    /// Hashes a new password.
    pub(super) async fn hash(&self, password: Secret) -> Result<Secret, Fault> {
        check_new(&password)?;
        self.in_turn(move || hash(&password)).await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
    ) -> Result<T, Fault> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= HASHES_WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            self.meters.limit_hit("password_hashes");
            return Err(Fault::Unavailable(
                "too many people sign in just now: try again in a moment".to_owned(),
            ));
        }
        let turn = self.turns.clone().acquire_owned().await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let _turn = turn.map_err(|_| Fault::internal())?;
        tokio::task::spawn_blocking(work).await.map_err(|_| Fault::internal())?
    }
}

/// Says whether a text may become a password (NIST SP 800-63B-4 §3.1.1.2: length counts, composition does not).
fn check_new(password: &Secret) -> Result<(), Fault> {
    let text = password.expose();
    if text.chars().count() < MIN_PASSWORD_CHARS {
        return Err(Fault::invalid(format!(
            "the password is too short: use at least {MIN_PASSWORD_CHARS} characters; a few words make a good one"
        )));
    }
    if text.len() > MAX_PASSWORD_BYTES {
        return Err(Fault::invalid(format!("the password is longer than {MAX_PASSWORD_BYTES} bytes")));
    }
    Ok(())
}

fn hash(password: &Secret) -> Result<Secret, Fault> {
    let salt = &seed()?.derive("salt")[..16];
    let salt = SaltString::encode_b64(salt).map_err(|_| Fault::internal())?;
    let hash = Argon2::default()
        .hash_password(password.expose().as_bytes(), &salt)
        .map_err(|_| Fault::internal())?;
    Ok(Secret::new(hash.to_string()))
}

fn verify(stored: &Secret, given: &Secret) -> bool {
    // Longer than any password can be: not worth a hash, and no secret either.
    if given.expose().len() > MAX_PASSWORD_BYTES {
        return false;
    }
    PasswordHash::new(stored.expose())
        .is_ok_and(|hash| Argon2::default().verify_password(given.expose().as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_of_a_known_account_is_right() -> Result<(), Fault> {
        let passwords = Passwords::new(Arc::default())?;
        let stored = passwords.hash(Secret::new("correct horse battery")).await?;
        let table = [
            (Some(stored.clone()), "correct horse battery", Comparison::Right),
            (Some(stored.clone()), "correct horse batterz", Comparison::Wrong),
            (Some(stored), "", Comparison::Wrong),
            (None, "correct horse battery", Comparison::Wrong),
            (Some(Secret::new("not a hash")), "x", Comparison::Wrong),
        ];
        for (stored, given, wanted) in table {
            assert_eq!(passwords.compare(stored, Secret::new(given)).await?, wanted, "{given:?}");
        }
        Ok(())
    }

    #[test]
    fn a_new_password_is_long_enough_and_not_endless() {
        assert!(check_new(&Secret::new("x".repeat(MIN_PASSWORD_CHARS - 1))).is_err());
        assert!(check_new(&Secret::new("ü".repeat(MIN_PASSWORD_CHARS))).is_ok());
        assert!(check_new(&Secret::new("x".repeat(MAX_PASSWORD_BYTES + 1))).is_err());
    }
}
