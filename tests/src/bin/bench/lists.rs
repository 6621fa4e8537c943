//! Many people at once: a list put on file, the store backed up, the journal checked, all by the command line.

use std::fmt::Write as _;
use std::fs::File;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;

use crate::Outcome;
use crate::bus::Bus;
use crate::daemon::{Daemon, program};
use crate::limits::{MANY_ACCOUNTS, ONE_BY_ONE};
use crate::table::{Row, Wanted, say};
use crate::world::{add, directory, for_each};

const WANTED_MEBIBYTES: f64 = 128.0;

/// Puts people on file one by one and by a list, then backs up what came of it and checks it.
pub(crate) async fn measure() -> Outcome<Vec<Row>> {
    let directory = directory()?;
    let place = directory.path();
    let bus = Bus::start(place).await?;
    let daemon = Daemon::start(&bus, place).await?;
    let callers = bus.callers(64).await?;
    let begin = Instant::now();
    for_each(ONE_BY_ONE, 64, move |number| {
        let callers = callers.clone();
        async move { add(&callers, number, &format!("one-{number}")).await }
    })
    .await?;
    let one_by_one = a_second(ONE_BY_ONE, begin.elapsed());
    let list = place.join("people.csv");
    std::fs::write(&list, people(MANY_ACCOUNTS)?)?;
    say(&format!("a list of {MANY_ACCOUNTS} people is put on file"));
    let list = list.to_str().ok_or("no text")?;
    let import = run(&bus, &["account", "import", list]).await?;
    let again = run(&bus, &["account", "import", list]).await?;
    let peak = daemon.mebibytes("VmHWM")?;
    let store = place.join("store/readmit.db");
    let backup = place.join("one.backup");
    let backed_up = run(&bus, &["backup", backup.to_str().ok_or("no text")?]).await?;
    let copied = copied(&backup, &place.join("copy"))?;
    let checked = run(&bus, &["audit", "verify"]).await?;
    daemon.stop().await?;
    let rate = a_second(MANY_ACCOUNTS, import);
    let seconds = |time: Duration| format!("{:.1} s", time.as_secs_f64());
    let megabytes = std::fs::metadata(&store)?.len() as f64 / 1e6;
    Ok(vec![
        Row::new(
            &format!("account import, {MANY_ACCOUNTS} rows"),
            format!("{rate:.0}/s ({}; again without a difference {})", seconds(import), seconds(again)),
            format!("Add by 64 callers {one_by_one:.0}/s"),
            rate / one_by_one,
            Wanted::Nothing,
        ),
        Row::new(
            "the daemon's memory at most, meanwhile",
            format!("{peak:.1} MiB"),
            format!("{WANTED_MEBIBYTES} MiB"),
            peak / WANTED_MEBIBYTES,
            Wanted::AtMost(1.0),
        ),
        Row::new(
            "backup while the daemon runs",
            format!("{} for {megabytes:.0} MB", seconds(backed_up)),
            format!("copied and synced in {}", seconds(copied)),
            backed_up.as_secs_f64() / copied.as_secs_f64(),
            Wanted::Nothing,
        ),
        Row::new(
            "audit verify",
            format!("{} for {megabytes:.0} MB", seconds(checked)),
            format!("copied and synced in {}", seconds(copied)),
            checked.as_secs_f64() / copied.as_secs_f64(),
            Wanted::Nothing,
        ),
    ])
}

fn a_second(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

fn people(count: usize) -> Outcome<String> {
    let mut list = "id,kind,emails,phones,groups,locale\n".to_owned();
    for number in 0..count {
        let phone = 4_155_550_100_u64 + number as u64 % 100;
        writeln!(list, "list-{number},owner,list-{number}@example.org,+1{phone},staff;engineering,en-US")?;
    }
    Ok(list)
}

/// How long a verb of the command line takes.
async fn run(bus: &Bus, arguments: &[&str]) -> Outcome<Duration> {
    let begin = Instant::now();
    let ended = Command::new(program("readmit")?)
        .args(arguments)
        .env("READMIT_BUS", bus.address())
        .stdin(Stdio::null())
        .output()
        .await?;
    let took = begin.elapsed();
    if ended.status.success() {
        return Ok(took);
    }
    Err(format!("readmit {}: {}", arguments.join(" "), String::from_utf8_lossy(&ended.stderr)).into())
}

fn copied(from: &Path, to: &Path) -> Outcome<Duration> {
    let begin = Instant::now();
    std::fs::copy(from, to)?;
    File::open(to)?.sync_all()?;
    Ok(begin.elapsed())
}
