//! Recoveries that are on disk when they are answered for.

use std::path::Path;
use std::time::Instant;

use futures_util::future::BoxFuture;
use rusqlite::Connection;

use crate::Outcome;
use crate::bus::Callers;
use crate::decisions::{explanations, pings, rates};
use crate::limits::{ROUND, ROUNDS};
use crate::load::{median, ratio, round, warm_up};
use crate::table::{Row, Wanted};
use crate::world::{World, account, context};

/// `Recovery1.Open` against `Explain`, which decides the same and writes nothing; and, for one caller alone,
/// against the trip over the bus and the one commit that it cannot do without.
pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let many = 64;
    let callers = world.bus.callers(many).await?;
    warm_up(many, openings(&callers)).await?;
    let (mut opened, mut explained) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        explained.push(round(many, explanations(&callers)).await?);
        opened.push(round(many, openings(&callers)).await?);
    }
    let (opened, explained) = (rates(&opened), rates(&explained));
    let mut rows = vec![Row::new(
        &format!("Open, durable, {many} callers"),
        format!("{:.0}/s", median(opened.clone())),
        format!("Explain {:.0}/s", median(explained.clone())),
        ratio(&opened, &explained),
        Wanted::AtLeast(0.5),
    )];
    let callers = world.bus.callers(1).await?;
    let commits = Commits::open(&world.directory().join("commits.db"))?;
    warm_up(1, openings(&callers)).await?;
    let (mut opened, mut least) = (Vec::new(), Vec::new());
    let (mut pinged, mut committed) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let ping = round(1, pings(&callers)).await?.micros;
        let commit = commits.micros()?;
        opened.push(round(1, openings(&callers)).await?.micros);
        least.push(ping + commit);
        pinged.push(ping);
        committed.push(commit);
    }
    rows.push(Row::new(
        "Open, durable, 1 caller",
        format!("{:.0} µs", median(opened.clone())),
        format!("Ping {:.0} µs + commit {:.0} µs", median(pinged), median(committed)),
        ratio(&opened, &least),
        Wanted::AtMost(1.5),
    ));
    Ok(rows)
}

fn openings(
    callers: &Callers,
) -> impl Fn(usize, usize) -> BoxFuture<'static, Outcome<()>> + Clone + Send + 'static {
    let callers = callers.clone();
    move |caller, count| {
        let callers = callers.clone();
        Box::pin(async move {
            let account = account(caller * 31 + count);
            callers.call(caller, "Recovery1.Open", &(account, "lost", context())).await.map(|_| ())
        })
    }
}

/// The least that a durable change costs on this disk: SQLite, one row, synced.
struct Commits {
    connection: Connection,
}

impl Commits {
    fn open(path: &Path) -> Outcome<Self> {
        let connection = Connection::open(path)?;
        connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.execute_batch("CREATE TABLE rows (id INTEGER PRIMARY KEY, body BLOB)")?;
        Ok(Self { connection })
    }

    /// The median time of one.
    fn micros(&self) -> Outcome<f64> {
        let mut insert = self.connection.prepare("INSERT INTO rows (body) VALUES (?1)")?;
        let (begin, mut times) = (Instant::now(), Vec::new());
        while begin.elapsed() < ROUND {
            let started = Instant::now();
            insert.execute([[7_u8; 1500].as_slice()])?;
            times.push(started.elapsed().as_secs_f64() * 1e6);
        }
        Ok(median(times))
    }
}
