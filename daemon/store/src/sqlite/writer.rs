//! The one writer: a thread that takes what waits, commits it as a group with one sync of the disk, and then
//! answers everybody.
//!
//! Each change runs in a savepoint of its own, so that one that cannot be does not sink the others. If the
//! group as a whole cannot be committed, every caller in it is told so, as what each saw included the others.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Instant;

use parking_lot::Mutex;
use readmit_recovery::time::Timestamp;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};
use zeroize::Zeroizing;

use super::journal::write_head;
use super::session::Session;
use super::sweep::{Swept, sweep};
use crate::durable;
use crate::error::{CommitError, StoreError};
use crate::head::HeadSigner;
use crate::journal::Head;
use crate::limits::{GROUP, QUEUE, SWEEP_EVERY};
use crate::observer::{CommitGroup, Observed};
use crate::seal::Sealer;

/// What the writer works with.
pub(super) struct Desk {
    pub(super) connection: Connection,
    pub(super) sealer: Sealer,
    pub(super) subjects: Zeroizing<[u8; 32]>,
    pub(super) signer: Arc<HeadSigner>,
    pub(super) head: Head,
    pub(super) swept_at: Timestamp,
    pub(super) observer: Observed,
}

/// The door to the writer's thread.
pub(super) struct Writer {
    queue: Mutex<Option<mpsc::Sender<Box<dyn Task>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(desk: Desk) -> Result<Self, StoreError> {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || desk.serve(receiver))
            .map_err(StoreError::Thread)?;
        Ok(Self { queue: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    /// Does `work` in a savepoint of the next group, and returns once the group is on disk.
    pub(super) async fn submit<T, W>(&self, work: W) -> Result<T, CommitError>
    where
        T: Send + 'static,
        W: FnOnce(&mut Session<'_>) -> Result<T, CommitError> + Send + 'static,
    {
        let queue = self.queue.lock().clone().ok_or(CommitError::Closed)?;
        let (reply, answer) = oneshot::channel();
        let ticket = Ticket { work: Some(work), outcome: None, reply };
        queue.send(Box::new(ticket)).await.map_err(|_| CommitError::Closed)?;
        drop(queue);
        answer.await.unwrap_or(Err(CommitError::Closed))
    }

    /// Takes nothing more, and returns once what was taken is done and the database closed.
    pub(super) fn close(&self) {
        self.queue.lock().take();
        let thread = self.thread.lock().take();
        if thread.is_some_and(|thread| thread.join().is_err()) {
            tracing::error!("the writer of the store died");
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.close();
    }
}

/// Something for the writer to do.
trait Task: Send {
    /// Does it, inside a savepoint. An error undoes it.
    fn run(&mut self, session: &mut Session<'_>) -> Result<(), CommitError>;

    /// Answers the caller, with the outcome of the run or with why the group failed.
    fn reply(self: Box<Self>, failed: Option<&CommitError>);
}

struct Ticket<T, W> {
    work: Option<W>,
    outcome: Option<Result<T, CommitError>>,
    reply: oneshot::Sender<Result<T, CommitError>>,
}

impl<T, W> Task for Ticket<T, W>
where
    T: Send,
    W: FnOnce(&mut Session<'_>) -> Result<T, CommitError> + Send,
{
    fn run(&mut self, session: &mut Session<'_>) -> Result<(), CommitError> {
        let Some(work) = self.work.take() else { return Ok(()) };
        // A defect in one change must not take the writer from all others. What the closure touches is
        // undone by the savepoint, or read again from the database.
        let outcome = catch_unwind(AssertUnwindSafe(|| work(session)))
            .unwrap_or_else(|panic| Err(StoreError::Defect(message(&*panic)).into()));
        let told = outcome.as_ref().map(|_| ()).map_err(Clone::clone);
        self.outcome = Some(outcome);
        told
    }

    fn reply(self: Box<Self>, failed: Option<&CommitError>) {
        let outcome = match failed {
            Some(error) => Err(error.clone()),
            None => self.outcome.unwrap_or(Err(CommitError::Closed)),
        };
        // A caller that has gone away does not want to know.
        drop(self.reply.send(outcome));
    }
}

fn message(panic: &(dyn Any + Send)) -> Box<str> {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("no message").into()
}

impl Desk {
    fn serve(mut self, mut queue: mpsc::Receiver<Box<dyn Task>>) {
        let mut group = Vec::with_capacity(GROUP);
        while queue.blocking_recv_many(&mut group, GROUP) > 0 {
            let began = Instant::now();
            let before = self.head;
            let failed = self.commit(&mut group).err().map(|error| self.explained(error));
            let (changes, took) = (group.len(), began.elapsed());
            let wrote = self.head != before;
            self.observer.group(&CommitGroup { changes, took, wrote }, failed.as_ref());
            if let Some(error) = &failed {
                let error: &dyn std::error::Error = error;
                tracing::error!(changes = group.len(), error, "a group of changes was not committed");
                self.undo();
            }
            for task in group.drain(..) {
                task.reply(failed.as_ref());
            }
        }
    }

    fn commit(&mut self, group: &mut [Box<dyn Task>]) -> Result<(), CommitError> {
        run(&self.connection, "BEGIN IMMEDIATE")?;
        let mut session = Session {
            connection: &self.connection,
            sealer: &self.sealer,
            head: self.head,
            at: self.swept_at,
            actor: String::new(),
            subjects: &self.subjects,
            signer: &self.signer,
        };
        for task in group {
            let before = session.head;
            run(&self.connection, "SAVEPOINT change")?;
            let result = task.run(&mut session);
            if let Err(CommitError::RateLimited { scope, .. }) = &result {
                self.observer.limited(scope);
            }
            if self.connection.is_autocommit() {
                // SQLite itself has given up the whole transaction, as it may when the disk is full.
                let lost = StoreError::Defect("the transaction was lost".into());
                return Err(result.err().unwrap_or_else(|| lost.into()));
            }
            if result.is_err() {
                run(&self.connection, "ROLLBACK TO change")?;
                session.head = before;
            }
            run(&self.connection, "RELEASE change")?;
        }
        let (head, now) = (session.head, session.at);
        let swept = self.sweep(now)?;
        if head != self.head {
            write_head(&self.connection, &self.signer, &head)?;
        }
        run(&self.connection, "COMMIT")?;
        self.head = head;
        if let Some(swept) = swept {
            // After a full sweep there may be more: the next group goes on.
            self.swept_at = if swept == Swept::All { now } else { self.swept_at };
        }
        Ok(())
    }

    /// Sweeps if it is time. An unswept row does no harm, so a sweep that fails does not fail the group.
    fn sweep(&self, now: Timestamp) -> Result<Option<Swept>, CommitError> {
        if now.since(self.swept_at) < SWEEP_EVERY {
            return Ok(None);
        }
        run(&self.connection, "SAVEPOINT sweep")?;
        let swept = sweep(&self.connection, now);
        if let Err(error) = &swept {
            if self.connection.is_autocommit() {
                return Err(CommitError::from(StoreError::Defect("the transaction was lost".into())));
            }
            tracing::warn!(%error, "old rows were not swept");
            run(&self.connection, "ROLLBACK TO sweep")?;
        }
        run(&self.connection, "RELEASE sweep")?;
        Ok(swept.ok())
    }

    /// SQLite says only that the disk failed it. What it is that fails, a file of one's own says.
    fn explained(&self, error: CommitError) -> CommitError {
        let CommitError::Backend(cause) = &error else { return error };
        let Some(path) = self.connection.path().filter(|_| cause.is_of_disk()).map(Path::new) else {
            return error;
        };
        match durable::probe(path) {
            Ok(()) => error,
            Err(source) => {
                let directory = durable::directory_of(path).to_owned();
                StoreError::Unwritable { directory, source }.into()
            }
        }
    }

    fn undo(&self) {
        if self.connection.is_autocommit() {
            return;
        }
        if let Err(error) = run(&self.connection, "ROLLBACK") {
            tracing::error!(%error, "a group of changes was not rolled back");
        }
    }
}

fn run(connection: &Connection, sql: &str) -> Result<(), CommitError> {
    connection.prepare_cached(sql)?.execute([])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc as std_mpsc;

    use super::*;

    type Work = Box<dyn FnOnce(&mut Session<'_>) -> Result<(), CommitError> + Send>;

    /// What an observer was told.
    #[derive(Default)]
    struct Watch {
        groups: Mutex<Vec<(usize, bool)>>,
        limits: Mutex<Vec<&'static str>>,
    }

    impl crate::StoreObserver for Watch {
        fn group(&self, group: &CommitGroup, failed: Option<&CommitError>) {
            self.groups.lock().push((group.changes, failed.is_none()));
        }

        fn limited(&self, scope: &'static str) {
            self.limits.lock().push(scope);
        }
    }

    fn writer() -> Writer {
        watched(std::sync::Arc::<Watch>::default())
    }

    fn watched(observer: std::sync::Arc<Watch>) -> Writer {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch("CREATE TABLE t (x UNIQUE)").unwrap();
        let sealer = Sealer::new(std::sync::Arc::new(crate::Keyring::ephemeral([7; 32])));
        Writer::start(Desk {
            connection,
            sealer,
            subjects: Zeroizing::new([1; 32]),
            signer: Arc::new(HeadSigner::new(&[2; 32])),
            head: Head::EMPTY,
            swept_at: Timestamp::default(),
            observer: Observed::by(observer),
        })
        .unwrap()
    }

    fn insert(session: &mut Session<'_>, x: i64) -> Result<(), CommitError> {
        session.insert("INSERT INTO t VALUES (?1)", [x])
    }

    fn rows(session: &mut Session<'_>) -> Result<i64, CommitError> {
        Ok(session.connection.query_row("SELECT count(*) FROM t", [], |row| row.get(0))?)
    }

    /// Has the writer do these as one group: it is held up while they queue.
    async fn as_one_group(writer: &Writer, works: Vec<Work>) -> Vec<Result<(), CommitError>> {
        let (go, wait) = std_mpsc::channel::<()>();
        let (begun, begins) = oneshot::channel();
        let holdup = writer.submit(move |_| {
            begun.send(()).unwrap();
            wait.recv().unwrap();
            Ok(())
        });
        let mut answers: Vec<_> = works
            .into_iter()
            // Without the fairness of the runtime, which would put off all but the first 128.
            .map(|work| Box::pin(tokio::task::unconstrained(writer.submit(work))))
            .collect();
        let queued = async {
            begins.await.unwrap();
            // Each is polled once, and that puts it into the queue.
            for answer in &mut answers {
                assert!(
                    std::future::poll_fn(|context| {
                        std::task::Poll::Ready(answer.as_mut().poll(context).is_pending())
                    })
                    .await
                );
            }
            go.send(()).unwrap();
        };
        let (held, ()) = tokio::join!(holdup, queued);
        held.unwrap();
        let mut results = Vec::new();
        for answer in answers {
            results.push(answer.await);
        }
        results
    }

    #[tokio::test]
    async fn a_panic_in_one_change_undoes_it_and_nothing_else() {
        let writer = writer();
        let results = as_one_group(
            &writer,
            vec![
                Box::new(|session| insert(session, 1)),
                Box::new(|session| {
                    insert(session, 2)?;
                    panic!("a defect, on purpose")
                }),
                Box::new(|session| insert(session, 3)),
            ],
        )
        .await;
        assert!(results[0].is_ok() && results[2].is_ok());
        match &results[1] {
            Err(CommitError::Backend(source)) => {
                assert!(matches!(&**source, StoreError::Defect(text) if text.contains("on purpose")));
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(writer.submit(rows).await.unwrap(), 2);
    }

    #[tokio::test]
    async fn a_lost_transaction_fails_its_whole_group_and_no_later_one() {
        let writer = writer();
        let results = as_one_group(
            &writer,
            vec![
                Box::new(|session| insert(session, 1)),
                // As SQLite itself does when the disk is full.
                Box::new(|session| {
                    session.connection.execute_batch("ROLLBACK")?;
                    Err(CommitError::Full)
                }),
                Box::new(|session| insert(session, 3)),
            ],
        )
        .await;
        for result in results {
            assert!(matches!(result, Err(CommitError::Full)), "{result:?}");
        }
        writer.submit(|session| insert(session, 4)).await.unwrap();
        assert_eq!(writer.submit(rows).await.unwrap(), 1);
    }

    #[tokio::test]
    async fn more_callers_than_the_queue_holds_wait_and_are_all_served() {
        let writer = writer();
        let callers = QUEUE + GROUP + 10;
        let works = (0..callers as i64)
            .map(|x| Box::new(move |session: &mut Session<'_>| insert(session, x)) as Work);
        let results = as_one_group(&writer, works.collect()).await;
        assert!(results.iter().all(Result::is_ok));
        assert_eq!(writer.submit(rows).await.unwrap(), callers as i64);
    }

    #[tokio::test]
    async fn a_group_takes_so_many_changes_and_no_more() {
        let writer = writer();
        let mut works: Vec<Work> = vec![Box::new(|session| {
            session.connection.execute_batch("ROLLBACK")?;
            Err(CommitError::Full)
        })];
        works.extend((0..300).map(|x| Box::new(move |session: &mut Session<'_>| insert(session, x)) as Work));
        let results = as_one_group(&writer, works).await;
        let failed = results.iter().take_while(|result| result.is_err()).count();
        assert_eq!((failed, results[GROUP..].iter().all(Result::is_ok)), (GROUP, true));
    }

    #[tokio::test]
    async fn an_observer_hears_of_every_group_and_every_limit() {
        let watch = std::sync::Arc::<Watch>::default();
        let writer = watched(watch.clone());
        let limited = || CommitError::RateLimited { scope: "a limit", retry_at: Timestamp::default() };
        let works: Vec<Work> =
            vec![Box::new(|session| insert(session, 1)), Box::new(move |_| Err(limited()))];
        as_one_group(&writer, works).await;
        let lost: Work = Box::new(|session| {
            session.connection.execute_batch("ROLLBACK")?;
            Err(CommitError::Full)
        });
        assert!(writer.submit(lost).await.is_err());
        writer.close();
        assert_eq!(*watch.groups.lock(), [(1, true), (2, true), (1, false)]);
        assert_eq!(*watch.limits.lock(), ["a limit"]);
    }

    #[tokio::test]
    async fn what_was_queued_is_done_before_the_writer_closes() {
        let writer = writer();
        writer.submit(|session| insert(session, 1)).await.unwrap();
        let refused = writer.submit(|session| insert(session, 1)).await;
        assert!(matches!(refused, Err(CommitError::Exists)), "{refused:?}");
        writer.close();
        let late = writer.submit(rows).await;
        assert!(matches!(late, Err(CommitError::Closed)), "{late:?}");
    }
}
