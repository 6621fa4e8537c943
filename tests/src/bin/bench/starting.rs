//! How long the daemon takes to be there, and how much memory it takes, with many people on file.

use crate::Outcome;
use crate::bus::Bus;
use crate::daemon::Daemon;
use crate::limits::{MANY_ACCOUNTS, STARTS};
use crate::load::median;
use crate::table::{Row, Wanted, say};
use crate::world::{add, directory, for_each};

const WANTED_MILLISECONDS: f64 = 150.0;
const WANTED_MEBIBYTES: f64 = 48.0;

/// Fills a store, then starts the daemon over it again and again.
pub(crate) async fn measure() -> Outcome<Vec<Row>> {
    let directory = directory()?;
    let bus = Bus::start(directory.path()).await?;
    let daemon = Daemon::start(&bus, directory.path()).await?;
    let empty = daemon.started_in.as_secs_f64() * 1000.0;
    say(&format!("{MANY_ACCOUNTS} people are put on file"));
    let callers = bus.callers(64).await?;
    for_each(MANY_ACCOUNTS, 64, move |number| {
        let callers = callers.clone();
        async move { add(&callers, number, &format!("person-{number}")).await }
    })
    .await?;
    daemon.stop().await?;
    let (mut milliseconds, mut mebibytes) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let daemon = Daemon::start(&bus, directory.path()).await?;
        milliseconds.push(daemon.started_in.as_secs_f64() * 1000.0);
        mebibytes.push(daemon.mebibytes("VmRSS")?);
        daemon.stop().await?;
    }
    let (milliseconds, mebibytes) = (median(milliseconds), median(mebibytes));
    Ok(vec![
        Row::new(
            &format!("start to READY, {MANY_ACCOUNTS} accounts"),
            format!("{milliseconds:.0} ms (first start, empty: {empty:.0} ms)"),
            format!("{WANTED_MILLISECONDS} ms"),
            milliseconds / WANTED_MILLISECONDS,
            Wanted::AtMost(1.0),
        ),
        Row::new(
            "resident when READY",
            format!("{mebibytes:.1} MiB"),
            format!("{WANTED_MEBIBYTES} MiB"),
            mebibytes / WANTED_MEBIBYTES,
            Wanted::AtMost(1.0),
        ),
    ])
}
