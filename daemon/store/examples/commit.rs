//! Measures group commit: one state change of the store (1 update + 2 inserts) against the same statements
//! committed by every caller on a connection of its own. Everything is synced to disk, in the directory of
//! `TMPDIR`.
//!
//! Run with `cargo run --release -p readmit-store --example commit`. Only the ratios of one run mean anything.

use std::error::Error;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use readmit_recovery::account::{Account, Device, DeviceStatus, Form};
use readmit_recovery::id::{AccountId, CaseId, DeviceId, PolicyVersion};
use readmit_recovery::secret::Secret;
use readmit_recovery::time::Timestamp;
use readmit_store::{
    CaseRow, Change, Entry, Keyring, SqliteOptions, SqliteStore, Store, TokenPurpose, Write,
};
use rusqlite::{Connection, TransactionBehavior};
use zeroize::Zeroizing;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const CALLERS: [usize; 2] = [1, 64];
const ROUNDS: usize = 5;
const ROUND: Duration = Duration::from_millis(800);
const BODY_BYTES: usize = 1500;

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Own connections: UPDATE, INSERT, INSERT, COMMIT.
    OwnConnections,
    /// The store: a device's drift and two tokens.
    Plain,
    /// The store: a sealed case, two chained and signed journal entries.
    Case,
}

fn main() -> Outcome<()> {
    let private = PermissionsExt::from_mode(0o700);
    let directory = tempfile::Builder::new().permissions(private).tempdir()?;
    let runtime = tokio::runtime::Runtime::new()?;
    say("state changes a second, median of 5 alternating rounds, every commit synced");
    say(&format!(
        "{:>8} {:>16} {:>22} {:>28}",
        "callers", "own connections", "store: plain", "store: case + 2 journal"
    ));
    for callers in CALLERS {
        let mut rates = [const { Vec::new() }; 3];
        for round in 0..ROUNDS {
            for (shape, rates) in
                [Shape::OwnConnections, Shape::Plain, Shape::Case].into_iter().zip(&mut rates)
            {
                let path = directory.path().join(format!("{callers}-{round}-{}.db", shape as u8));
                rates.push(match shape {
                    Shape::OwnConnections => own_connections(&path, callers)?,
                    Shape::Plain | Shape::Case => runtime.block_on(store(&path, callers, shape))?,
                });
            }
        }
        let [own, plain, case] = rates.map(median);
        say(&format!(
            "{callers:>8} {own:>16.0} {plain:>14.0} (x{:>5.1}) {case:>20.0} (x{:>5.1})",
            plain / own,
            case / own
        ));
    }
    Ok(())
}

#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
fn say(line: &str) {
    println!("{line}");
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn connect(path: &Path) -> Outcome<Connection> {
    let mut connection = Connection::open(path)?;
    // SQLite's own waiting backs off to 100 ms, and 64 callers then mostly sleep. This asks again soon, so that
    // what is compared is the committing.
    connection.busy_handler(Some(|_| {
        std::thread::sleep(Duration::from_micros(100));
        true
    }))?;
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    Ok(connection)
}

/// Every caller commits for itself; SQLite lets one after the other.
fn own_connections(path: &Path, callers: usize) -> Outcome<f64> {
    connect(path)?.execute_batch(
        "CREATE TABLE devices (id TEXT PRIMARY KEY, drift INTEGER, last_step INTEGER);
         CREATE TABLE tokens (hash BLOB PRIMARY KEY, case_id TEXT, expires_at INTEGER) WITHOUT ROWID;",
    )?;
    let begin = Instant::now();
    let threads: Vec<_> = (0..callers)
        .map(|caller| {
            let path = path.to_owned();
            std::thread::spawn(move || -> Outcome<u64> {
                let mut connection = connect(&path)?;
                connection.execute("INSERT INTO devices VALUES (?1, 0, 0)", [caller.to_string()])?;
                let mut count = 0;
                while begin.elapsed() < ROUND {
                    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                    transaction
                        .prepare_cached("UPDATE devices SET drift = 1, last_step = ?2 WHERE id = ?1")?
                        .execute((caller.to_string(), i64::try_from(count)?))?;
                    for token in 0..2 {
                        transaction.prepare_cached("INSERT INTO tokens VALUES (?1, ?2, ?3)")?.execute((
                            unique(caller, count, token).hash().as_bytes(),
                            "c",
                            1,
                        ))?;
                    }
                    transaction.commit()?;
                    count += 1;
                }
                Ok(count)
            })
        })
        .collect();
    let mut total = 0;
    for thread in threads {
        total += thread.join().map_err(|_| "a caller died")??;
    }
    Ok(per_second(total, begin))
}

/// Every caller commits through the store.
async fn store(path: &Path, callers: usize, shape: Shape) -> Outcome<f64> {
    let keyring = Arc::new(Keyring::ephemeral([7; 32]));
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&SqliteOptions::new(path), keyring)?);
    for caller in 0..callers {
        store.commit(change(prepare(caller)?)).await?;
    }
    let begin = Instant::now();
    let tasks: Vec<_> = (0..callers)
        .map(|caller| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut count = 0;
                while begin.elapsed() < ROUND {
                    let writes =
                        if shape == Shape::Plain { plain(caller, count)? } else { case(caller, count)? };
                    store.commit(change(writes)).await?;
                    count += 1;
                }
                Outcome::Ok(count)
            })
        })
        .collect();
    let mut total = 0;
    for task in tasks {
        total += task.await??;
    }
    Ok(per_second(total, begin))
}

fn per_second(count: u64, begin: Instant) -> f64 {
    count as f64 / begin.elapsed().as_secs_f64()
}

fn unique(caller: usize, count: u64, token: u64) -> Secret {
    Secret::new(format!("{caller}-{count}-{token}"))
}

fn change(writes: Vec<Write>) -> Change {
    Change { at: Timestamp::from_unix(1_800_000_000), actor: "uid:1000".to_owned(), writes }
}

fn prepare(caller: usize) -> Outcome<Vec<Write>> {
    let account = AccountId::parse(&format!("account{caller}"))?;
    Ok(vec![
        Write::InsertAccount(Account {
            id: account.clone(),
            realm: "default".to_owned(),
            kind: "owner".to_owned(),
            created_at: Timestamp::default(),
            emails: Vec::new(),
            phones: Vec::new(),
            contacts: Vec::new(),
            groups: Vec::new(),
            attributes: std::collections::BTreeMap::new(),
            locale: None,
        }),
        Write::AddDevice {
            device: Device {
                id: DeviceId::parse(&format!("device{caller}"))?,
                account,
                label: "a device".to_owned(),
                form: Form::Virtual,
                status: DeviceStatus::Active,
                enrolled_at: Timestamp::default(),
            },
            secret: Secret::new("JBSWY3DPEHPK3PXP"),
            drift: 0,
            last_step: 0,
        },
        Write::InsertCase(case_row(caller)?),
    ])
}

fn plain(caller: usize, count: u64) -> Outcome<Vec<Write>> {
    let token = |token| -> Outcome<Write> {
        Ok(Write::AddToken {
            hash: unique(caller, count, token).hash(),
            purpose: TokenPurpose::Link,
            case: CaseId::parse(&format!("case{caller}"))?,
            challenge: 1,
            expires_at: Timestamp::from_unix(1_800_000_900),
        })
    };
    let device = DeviceId::parse(&format!("device{caller}"))?;
    Ok(vec![Write::SetDrift { id: device, drift: 1, last_step: count }, token(0)?, token(1)?])
}

fn case(caller: usize, count: u64) -> Outcome<Vec<Write>> {
    let row = case_row(caller)?;
    let mut detail = serde_json::Map::new();
    detail.insert("factor".to_owned(), "email".into());
    detail.insert("disposition".to_owned(), "sent".into());
    let entry = |kind: &str| {
        Write::Journal(Entry {
            kind: kind.to_owned(),
            case: Some(row.id.handle()),
            account: Some(row.account.clone()),
            detail: detail.clone(),
        })
    };
    let (first, second) = (entry("factor.proven"), entry("challenge.opened"));
    Ok(vec![Write::UpdateCase { row, revision: count + 1 }, first, second])
}

fn case_row(caller: usize) -> Outcome<CaseRow> {
    Ok(CaseRow {
        id: CaseId::parse(&format!("case{caller}"))?,
        account: AccountId::parse(&format!("account{caller}"))?,
        state: "proving".to_owned(),
        reason: "lost".to_owned(),
        policy: PolicyVersion::parse("v1")?,
        opened_at: Timestamp::default(),
        next_deadline: Some(Timestamp::from_unix(1_800_000_900)),
        closed: false,
        body: Zeroizing::new(vec![7; BODY_BYTES]),
    })
}
