//! What every call passes: a bounded number at once, the caller's identity and rights, and a net under panics.

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::FutureExt;
use tokio::sync::Semaphore;
use zbus::message::Header;

use super::caller::{Caller, Callers};
use super::error::Error;
use super::limits::{CALLS_AT_ONCE, CALLS_WAITING};
use super::watchers::Watchers;
use crate::service::Fault;

/// The one gate of all interfaces.
pub struct Gate {
    admins: Vec<u32>,
    callers: Callers,
    turns: Semaphore,
    waiting: AtomicUsize,
    pub(super) watchers: Watchers,
}

/// Who may call a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Audience {
    /// Front ends: whom the bus configuration lets through.
    FrontEnds,
    /// Administrators.
    Admins,
}

impl Gate {
    /// A gate that takes these users for administrators.
    #[must_use]
    pub fn new(admins: Vec<u32>) -> Self {
        Self {
            admins,
            callers: Callers::default(),
            turns: Semaphore::new(CALLS_AT_ONCE),
            waiting: AtomicUsize::new(0),
            watchers: Watchers::default(),
        }
    }

    /// Waits until every call that has begun is answered, and lets none begin after.
    pub async fn close(&self) {
        let all = u32::try_from(CALLS_AT_ONCE).unwrap_or(u32::MAX);
        if let Ok(turns) = self.turns.acquire_many(all).await {
            turns.forget();
        }
        self.turns.close();
    }

    /// Lets a call of a front end through.
    pub(super) async fn front_end<T, F: Future<Output = Result<T, Fault>>>(
        &self,
        connection: &zbus::Connection,
        header: &Header<'_>,
        work: impl FnOnce(Caller) -> F,
    ) -> Result<T, Error> {
        self.pass(Audience::FrontEnds, connection, header, work).await
    }

    /// Lets a call of an administrator through.
    pub(super) async fn admin<T, F: Future<Output = Result<T, Fault>>>(
        &self,
        connection: &zbus::Connection,
        header: &Header<'_>,
        work: impl FnOnce(Caller) -> F,
    ) -> Result<T, Error> {
        self.pass(Audience::Admins, connection, header, work).await
    }

    async fn pass<T, F: Future<Output = Result<T, Fault>>>(
        &self,
        audience: Audience,
        connection: &zbus::Connection,
        header: &Header<'_>,
        work: impl FnOnce(Caller) -> F,
    ) -> Result<T, Error> {
        if self.waiting.fetch_add(1, Ordering::Relaxed) >= CALLS_WAITING {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(
                Fault::Unavailable("too many requests at once: try again in a moment".to_owned()).into()
            );
        }
        let turn = self.turns.acquire().await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        let _turn = turn.map_err(|_| Fault::internal())?;
        let caller = self.callers.identify(connection, header).await?;
        if audience == Audience::Admins && !self.admins.contains(&caller.uid) {
            let member = header.member().map_or("this", |member| member.as_str());
            return Err(Fault::NotAuthorized(format!(
                "only administrators may call {member}: run it as root"
            ))
            .into());
        }
        Ok(caught(work(caller)).await?)
    }
}

/// Turns a panic into an answer: a caller never waits for one that does not come.
async fn caught<T>(work: impl Future<Output = Result<T, Fault>>) -> Result<T, Fault> {
    AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        tracing::error!("a request met a defect of the daemon; its change, if any, was undone");
        Err(Fault::internal())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_answered() {
        async fn defective() -> Result<(), Fault> {
            panic!("a defect");
        }
        assert_eq!(caught(defective()).await, Err(Fault::internal()));
        assert_eq!(caught(async { Ok(7) }).await, Ok(7));
    }
}
