//! A daemon that dies on any line keeps what it has acknowledged.

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use readmit_store::{Keyring, SqliteOptions, SqliteStore, Store, Write};

use super::Bench;
use crate::kit::*;

const CHILD: &str = "READMIT_STORE_CRASH_CHILD";
const ROUNDS: usize = 6;
const CALLERS: usize = 8;

#[test]
fn what_was_acknowledged_outlives_a_kill() {
    // The test is its own child: the parent runs this very test again with the variable set.
    if let Ok(directory) = std::env::var(CHILD) {
        run(commit_until_killed(Path::new(&directory)));
        return;
    }
    let bench = Bench::new();
    let mut acknowledged = Vec::new();
    for round in 0..ROUNDS {
        acknowledged.extend(kill_after(&bench, round, 100 + 157 * round));
        run(check(&bench, &acknowledged));
    }
}

/// Commits as fast as it can and says what is acknowledged, until somebody ends it.
async fn commit_until_killed(directory: &Path) {
    let round = std::env::var("READMIT_STORE_CRASH_ROUND").unwrap();
    let keyring = Arc::new(Keyring::load(directory).unwrap());
    let options = SqliteOptions::new(directory.join("readmit.db"));
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&options, keyring).unwrap());
    let callers: Vec<_> = (0..CALLERS)
        .map(|caller| {
            let (store, round) = (Arc::clone(&store), round.clone());
            tokio::spawn(async move {
                for number in 0.. {
                    let id = format!("r{round}-{caller}-{number}");
                    let case = Write::InsertCase(case_row(&id, "alice"));
                    let delivery = Write::Enqueue(item(&id));
                    commit(&store, [case, delivery, entry("case.opened"), entry("mail.queued")]).await;
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "acknowledged {id}").unwrap();
                }
            })
        })
        .collect();
    for caller in callers {
        caller.await.unwrap();
    }
}

/// Starts a child, kills it after so many acknowledgements, and returns all that it got out.
fn kill_after(bench: &Bench, round: usize, count: usize) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "sqlite::crash::what_was_acknowledged_outlives_a_kill", "--nocapture"])
        .env(CHILD, bench.path().parent().unwrap())
        .env("READMIT_STORE_CRASH_ROUND", round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if let Some(id) = line.strip_prefix("acknowledged ") {
            lines.push(id.to_owned());
        }
        // The rest is what was in the pipe when it died.
        if lines.len() == count {
            child.kill().unwrap();
        }
    }
    let status = child.wait().unwrap();
    assert_eq!(std::os::unix::process::ExitStatusExt::signal(&status), Some(9), "it ended by itself");
    assert!(lines.len() >= count);
    lines
}

async fn check(bench: &Bench, acknowledged: &[String]) {
    let store = bench.open();
    for id in acknowledged {
        assert!(store.case(&case_id(id)).await.unwrap().is_some(), "{id} is lost");
    }
    let counts = store.counts().await.unwrap();
    assert!(counts.cases as usize >= acknowledged.len());
    // Whole or not at all, the unacknowledged ones too.
    assert_eq!((counts.queued_deliveries, counts.journal), (counts.cases, 2 * counts.cases));
    let report = store.verify_journal().await.unwrap();
    assert_eq!((report.rows, report.broken), (counts.journal, None));
}
