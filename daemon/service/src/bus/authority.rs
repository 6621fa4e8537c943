//! polkit is asked whether somebody may, on the bus that they call on.
//!
//! Only its plain yes lets anybody through: whatever else it answers, or does not, is a refusal. Nothing is
//! remembered here; how long a password typed once is good is polkit's to say (`auth_admin_keep`).

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use zbus::Connection;
use zbus::fdo::DBusProxy;
use zbus::names::{BusName, UniqueName};
use zbus::wire::Variant;

use super::action::Action;
use super::error::name_of;
use super::limits::{CHECK_PATIENCE, CHECKS_AT_ONCE, DIALOG_PATIENCE, DIALOGS_AT_ONCE};
use super::shares::Share;

const NAME: &str = "org.freedesktop.PolicyKit1";
const PATH: &str = "/org/freedesktop/PolicyKit1/Authority";
const INTERFACE: &str = "org.freedesktop.PolicyKit1.Authority";

/// The flag of CheckAuthorization that lets polkit ask somebody for a password.
const ALLOW_USER_INTERACTION: u32 = 1;

/// Who wants what.
pub(super) struct Question<'a> {
    pub(super) action: Action,
    /// What it is about, for the rules to look at.
    pub(super) details: &'a [(&'static str, String)],
    /// The caller's connection, which the bus never gives out twice.
    pub(super) subject: &'a UniqueName<'a>,
    pub(super) interaction: Interaction,
}

/// Whether the caller said that they can wait for a password to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interaction {
    Allowed,
    Forbidden,
}

/// What came of a question. Whoever asks must look: only `Allowed` lets anybody through.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    /// Yes.
    Allowed,
    /// No.
    Denied,
    /// Yes, once somebody has typed a password, whom nobody could ask.
    PasswordNeeded,
    /// Somebody was asked for a password and closed the dialog.
    Dismissed,
    /// Too many questions of this user's, or of all, wait already.
    TooMany,
    /// There is no polkit here.
    Absent,
    /// It did not answer in time, or ended while it was asked.
    Silent,
    /// It cannot answer this question: it does not know the action, or does not trust the daemon to ask.
    Unfit,
    /// Whoever asked is gone.
    CallerGone,
}

/// The way to polkit.
pub(super) struct Authority {
    checks: Semaphore,
    dialogs: Semaphore,
    asked: AtomicU64,
}

impl Default for Authority {
    fn default() -> Self {
        Self {
            checks: Semaphore::new(CHECKS_AT_ONCE),
            dialogs: Semaphore::new(DIALOGS_AT_ONCE),
            asked: AtomicU64::new(0),
        }
    }
}

impl Authority {
    /// Asks; first without a dialog, so that only who needs one takes one of the few places for them.
    pub(super) async fn ask(
        &self,
        connection: &Connection,
        question: &Question<'_>,
        share: &Share,
    ) -> Ruling {
        let plain = self.ask_plainly(connection, question, share).await;
        match (plain, question.interaction) {
            (Ruling::PasswordNeeded, Interaction::Allowed) => {
                self.ask_with_dialog(connection, question, share).await
            }
            (ruling, _) => ruling,
        }
    }

    async fn ask_plainly(&self, connection: &Connection, question: &Question<'_>, share: &Share) -> Ruling {
        // Who asks much at once waits for their own turn first, and takes none of the others' meanwhile.
        let (Ok(_own), Ok(_all)) = (share.checks.acquire().await, self.checks.acquire().await) else {
            return Ruling::TooMany;
        };
        let id = self.cancellation_id();
        self.within(CHECK_PATIENCE, connection, &id, check(connection, question, 0, &id)).await
    }

    async fn ask_with_dialog(
        &self,
        connection: &Connection,
        question: &Question<'_>,
        share: &Share,
    ) -> Ruling {
        // A dialog may take minutes: nobody waits for a place.
        let (Ok(_own), Ok(_all)) = (share.dialogs.try_acquire(), self.dialogs.try_acquire()) else {
            return Ruling::TooMany;
        };
        let id = self.cancellation_id();
        let answer = async {
            tokio::select! {
                // Who is gone gets nothing, even if the answer came at the same moment.
                biased;
                gone = left(connection, question.subject) => {
                    if let Err(error) = gone {
                        tracing::warn!(%error, "the bus does not say whether a caller is there");
                    }
                    cancel(connection, &id).await;
                    Ruling::CallerGone
                }
                ruling = check(connection, question, ALLOW_USER_INTERACTION, &id) => ruling,
            }
        };
        self.within(DIALOG_PATIENCE, connection, &id, answer).await
    }

    async fn within(
        &self,
        patience: Duration,
        connection: &Connection,
        id: &str,
        answer: impl Future<Output = Ruling>,
    ) -> Ruling {
        if let Ok(ruling) = timeout(patience, answer).await {
            return ruling;
        }
        cancel(connection, id).await;
        Ruling::Silent
    }

    fn cancellation_id(&self) -> String {
        format!("readmitd-{}", self.asked.fetch_add(1, Ordering::Relaxed))
    }
}

async fn check(connection: &Connection, question: &Question<'_>, flags: u32, id: &str) -> Ruling {
    let subject = ("system-bus-name", HashMap::from([("name", Variant::from(question.subject.as_str()))]));
    let details: HashMap<&str, &str> =
        question.details.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let body = (subject, question.action.id(), details, flags, id);
    let reply = connection.call_method(Some(NAME), PATH, Some(INTERFACE), "CheckAuthorization", &body).await;
    match reply {
        Ok(reply) => match reply.body().deserialize::<(bool, bool, HashMap<String, String>)>() {
            Ok((is_authorized, is_challenge, details)) => ruling(is_authorized, is_challenge, &details),
            Err(error) => {
                tracing::error!(%error, "polkit answered something else than yes or no");
                Ruling::Unfit
            }
        },
        Err(error) => failed(&error),
    }
}

/// What the answer means. An answer that contradicts itself is no yes.
fn ruling(is_authorized: bool, is_challenge: bool, details: &HashMap<String, String>) -> Ruling {
    match (is_authorized, is_challenge) {
        (true, false) => Ruling::Allowed,
        (false, _) if details.contains_key("polkit.dismissed") => Ruling::Dismissed,
        (false, true) => Ruling::PasswordNeeded,
        (false, false) | (true, true) => Ruling::Denied,
    }
}

fn failed(error: &zbus::Error) -> Ruling {
    let Some(name) = name_of(error) else {
        tracing::error!(%error, "polkit could not be asked");
        return Ruling::Silent;
    };
    match name.as_str() {
        "org.freedesktop.DBus.Error.ServiceUnknown" | "org.freedesktop.DBus.Error.NameHasNoOwner" => {
            Ruling::Absent
        }
        name if name.starts_with("org.freedesktop.DBus.Error.Spawn.") => {
            tracing::error!(%error, "polkit cannot be started");
            Ruling::Absent
        }
        "org.freedesktop.DBus.Error.NoReply" | "org.freedesktop.DBus.Error.TimedOut" => Ruling::Silent,
        "org.freedesktop.PolicyKit1.Error.Cancelled" => Ruling::Dismissed,
        _ => {
            tracing::error!(%error, "polkit does not answer: is org.readmit.policy installed?");
            Ruling::Unfit
        }
    }
}

/// Takes the question back: a dialog that nobody waits for is closed.
async fn cancel(connection: &Connection, id: &str) {
    let call = connection.call_method(Some(NAME), PATH, Some(INTERFACE), "CancelCheckAuthorization", &id);
    match timeout(CHECK_PATIENCE, call).await {
        Ok(Ok(_)) => {}
        // It may have been answered at the same moment.
        Ok(Err(error)) if name_of(&error).is_some() => {}
        Ok(Err(error)) => tracing::warn!(%error, "a question to polkit could not be taken back"),
        Err(_) => tracing::warn!("a question to polkit could not be taken back: it does not answer"),
    }
}

/// Waits until the connection is gone from the bus.
async fn left(connection: &Connection, name: &UniqueName<'_>) -> zbus::Result<()> {
    let bus = DBusProxy::new(connection).await?;
    let mut changes = bus.receive_name_owner_changed_with_args(&[(0, name.as_str())]).await?;
    if !bus.name_has_owner(BusName::from(name.to_owned())).await? {
        return Ok(());
    }
    while let Some(change) = changes.next().await {
        if change.args()?.new_owner.is_none() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_yes_is_yes() {
        let none = HashMap::new();
        let dismissed = HashMap::from([("polkit.dismissed".to_owned(), "true".to_owned())]);
        let table = [
            ((true, false, &none), Ruling::Allowed),
            ((true, true, &none), Ruling::Denied),
            ((false, true, &none), Ruling::PasswordNeeded),
            ((false, false, &none), Ruling::Denied),
            ((false, false, &dismissed), Ruling::Dismissed),
            ((false, true, &dismissed), Ruling::Dismissed),
            ((true, true, &dismissed), Ruling::Denied),
        ];
        for ((is_authorized, is_challenge, details), wanted) in table {
            assert_eq!(
                ruling(is_authorized, is_challenge, details),
                wanted,
                "{is_authorized} {is_challenge} {details:?}"
            );
        }
    }
}
