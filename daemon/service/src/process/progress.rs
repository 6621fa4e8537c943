//! The watchdog: the service manager hears that the daemon is alive only while what it stands on answers.
//!
//! A daemon whose store, bus or policies hang looks alive from outside and helps nobody. So each is asked something
//! real again and again, and a sign of life is sent only if each has answered lately; the one that does not is named.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, FutureExt as _};
use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::limits::WATCHDOG_PARTS;

/// Something that the daemon is no use without.
pub struct Part {
    name: &'static str,
    ask: Box<dyn Fn() -> BoxFuture<'static, Result<(), String>> + Send + Sync>,
}

/// Who hears of it.
pub trait Listener: Send + Sync {
    /// Everything has answered lately.
    fn alive(&self);
    /// These have not, or all have again.
    fn silent(&self, names: &[&'static str]);
}

impl Part {
    /// A part that counts as answering whenever `ask` ends well.
    #[must_use]
    pub fn new<F>(name: &'static str, ask: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<(), String>> + Send + 'static,
    {
        Self { name, ask: Box::new(move || ask().boxed()) }
    }
}

/// Asks every part and gives signs of life, until `shutdown`. `limit` is how long the service manager waits for one.
pub async fn watch(
    parts: Vec<Part>,
    limit: Duration,
    listener: Arc<dyn Listener>,
    shutdown: CancellationToken,
) {
    let every = limit / WATCHDOG_PARTS;
    let patience = limit / 2;
    let mut asking = JoinSet::new();
    let mut answers = Vec::new();
    for part in parts {
        let answered = Arc::new(Mutex::new(Instant::now()));
        answers.push((part.name, answered.clone()));
        asking.spawn(keep_asking(part, answered, every));
    }
    let mut before = Vec::new();
    loop {
        let late = |answered: &Arc<Mutex<Instant>>| answered.lock().elapsed() > patience;
        let silent: Vec<_> = answers.iter().filter(|(_, at)| late(at)).map(|(name, _)| *name).collect();
        if silent != before {
            listener.silent(&silent);
        }
        if silent.is_empty() {
            listener.alive();
        }
        before = silent;
        tokio::select! {
            () = sleep(every) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

async fn keep_asking(part: Part, answered: Arc<Mutex<Instant>>, every: Duration) {
    loop {
        let asked = Instant::now();
        match (part.ask)().await {
            // From when it was asked: an answer that took long tells of then.
            Ok(()) => *answered.lock() = asked,
            Err(why) => tracing::warn!(part = part.name, why, "the watchdog was answered with a failure"),
        }
        sleep(every).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use tokio::sync::mpsc;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(20);

    #[derive(Debug, PartialEq, Eq)]
    enum Heard {
        Alive,
        Silent(Vec<&'static str>),
    }

    struct Ear(mpsc::UnboundedSender<Heard>);

    impl Listener for Ear {
        fn alive(&self) {
            self.0.send(Heard::Alive).unwrap();
        }

        fn silent(&self, names: &[&'static str]) {
            self.0.send(Heard::Silent(names.to_vec())).unwrap();
        }
    }

    /// A part that answers, fails or hangs as it is told.
    fn part(name: &'static str, hangs: &Arc<AtomicBool>, fails: &Arc<AtomicBool>) -> Part {
        let (hangs, fails) = (hangs.clone(), fails.clone());
        Part::new(name, move || {
            let (hangs, fails) = (hangs.clone(), fails.clone());
            async move {
                while hangs.load(Ordering::SeqCst) {
                    sleep(Duration::from_millis(10)).await;
                }
                if fails.load(Ordering::SeqCst) { Err("it fails".to_owned()) } else { Ok(()) }
            }
        })
    }

    #[tokio::test(start_paused = true)]
    async fn one_part_that_hangs_or_fails_stops_the_signs_of_life_and_is_named() {
        for failing in [false, true] {
            let (hangs, fails) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
            let well = Arc::new(AtomicBool::new(false));
            let parts = vec![part("store", &hangs, &fails), part("bus", &well, &well)];
            let (ear, mut heard) = mpsc::unbounded_channel();
            let stop = CancellationToken::new();
            let watching = tokio::spawn(watch(parts, LIMIT, Arc::new(Ear(ear)), stop.clone()));
            for _ in 0..10 {
                assert_eq!(heard.recv().await, Some(Heard::Alive));
            }
            if failing { &fails } else { &hangs }.store(true, Ordering::SeqCst);
            let since = Instant::now();
            while heard.recv().await == Some(Heard::Alive) {}
            assert!(since.elapsed() < LIMIT, "it is named before the service manager's patience ends");
            sleep(LIMIT * 3).await;
            assert!(heard.try_recv().is_err(), "no sign of life while one part is silent");
            hangs.store(false, Ordering::SeqCst);
            fails.store(false, Ordering::SeqCst);
            assert_eq!(heard.recv().await, Some(Heard::Silent(Vec::new())));
            assert_eq!(heard.recv().await, Some(Heard::Alive));
            stop.cancel();
            watching.await.unwrap();
        }
    }
}
