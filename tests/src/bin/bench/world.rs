//! What most of the measurements run against: a bus, the daemon, and people on file.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tempfile::TempDir;
use totp_rs::{Builder, Secret, Totp};
use zbus::Variant;

use crate::Outcome;
use crate::bus::{Bus, Callers, Dict};
use crate::daemon::Daemon;
use crate::limits::{ACCOUNTS, CONTESTED, ROUNDS, SIGN_INS};
use crate::table::say;

/// The password of those who have one.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A bus, a daemon and people.
pub(crate) struct World {
    /// The bus.
    pub(crate) bus: Bus,
    daemon: Daemon,
    directory: TempDir,
}

impl World {
    /// Starts everything and puts the people on file; those who sign in only if they are needed.
    pub(crate) async fn start(sign_ins: bool) -> Outcome<Self> {
        let directory = directory()?;
        let bus = Bus::start(directory.path()).await?;
        let daemon = Daemon::start(&bus, directory.path()).await?;
        let world = Self { bus, daemon, directory };
        say(&format!("{ACCOUNTS} people get a password"));
        let callers = world.bus.callers(64).await?;
        for_each(ACCOUNTS, 64, {
            let callers = callers.clone();
            move |number| {
                let callers = callers.clone();
                async move {
                    let account = account(number);
                    add(&callers, number, &account).await?;
                    callers.call(number, "Accounts1.SetPassword", &(account.as_str(), PASSWORD)).await?;
                    enroll(&callers, number, &account).await
                }
            }
        })
        .await?;
        if sign_ins {
            let devices = SIGN_INS * ROUNDS + CONTESTED;
            say(&format!("{devices} people get a device"));
            for_each(devices, 64, move |number| {
                let callers = callers.clone();
                async move {
                    let account = sign_in(number);
                    add(&callers, number, &account).await?;
                    enroll(&callers, number, &account).await
                }
            })
            .await?;
        }
        Ok(world)
    }

    /// The directory of everything that this run keeps.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Ends the daemon in good order.
    pub(crate) async fn stop(self) -> Outcome<()> {
        self.daemon.stop().await
    }
}

/// A place of a run's own, which services of other users may pass through.
pub(crate) fn directory() -> Outcome<TempDir> {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = std::fs::Permissions::from_mode(0o711);
    Ok(tempfile::Builder::new().prefix("readmit-bench-").permissions(mode).tempdir()?)
}

/// Somebody with a password.
pub(crate) fn account(number: usize) -> String {
    format!("person-{}", number % ACCOUNTS)
}

/// Somebody who signs in.
pub(crate) fn sign_in(number: usize) -> String {
    format!("worker-{number}")
}

/// The authenticator of somebody who has one.
pub(crate) fn authenticator(account: &str) -> Outcome<Totp> {
    let totp = Builder::new().with_secret(secret(account)).with_account_name("-").with_skew(0).build();
    totp.map_err(|error| format!("an authenticator could not be made: {error}").into())
}

fn secret(account: &str) -> Secret {
    let mut bytes = [b'-'; 20];
    bytes.iter_mut().zip(account.bytes()).for_each(|(byte, letter)| *byte = letter);
    Secret::new_stack(bytes)
}

/// What a front end says about the person who asks.
pub(crate) fn context() -> Dict {
    Dict::from([
        ("address", Variant::from("203.0.113.7")),
        (
            "user_agent",
            Variant::from("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"),
        ),
        ("locale", Variant::from("en-US")),
        ("known", Variant::from(true)),
    ])
}

/// Puts somebody on file.
pub(crate) async fn add(callers: &Callers, caller: usize, account: &str) -> Outcome<()> {
    let properties = Dict::from([
        ("kind", Variant::from("owner")),
        ("email", Variant::from(format!("{account}@example.org"))),
        ("phone", Variant::from("+14155550123")),
        ("phone_country", Variant::from("US")),
        ("groups", Variant::from(vec!["staff".to_owned(), "engineering".to_owned()])),
        ("locale", Variant::from("en-US")),
    ]);
    callers.call(caller, "Accounts1.Add", &(account, properties)).await.map(|_| ())
}

async fn enroll(callers: &Callers, caller: usize, account: &str) -> Outcome<()> {
    let properties = Dict::from([
        ("label", Variant::from("phone")),
        ("form", Variant::from("virtual")),
        ("secret", Variant::from(secret(account).to_base32())),
    ]);
    callers.call(caller, "Devices1.Enroll", &(account, properties)).await.map(|_| ())
}

/// Does something for every number below `count`, so many at once.
pub(crate) async fn for_each<F, W>(count: usize, at_once: usize, work: F) -> Outcome<()>
where
    F: Fn(usize) -> W + Clone + Send + 'static,
    W: Future<Output = Outcome<()>> + Send,
{
    let next = Arc::new(AtomicUsize::new(0));
    let hands: Vec<_> = (0..at_once)
        .map(|_| {
            let (next, work) = (Arc::clone(&next), work.clone());
            tokio::spawn(async move {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return Outcome::Ok(());
                    }
                    work(number).await?;
                }
            })
        })
        .collect();
    for hand in hands {
        hand.await??;
    }
    Ok(())
}
