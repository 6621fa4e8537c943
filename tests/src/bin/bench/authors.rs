//! What authors of policies wait for: tests, against busted on the same file; every case; a year of history.

use std::path::Path;
use std::time::Instant;

use serde_json::Value;
use tokio::process::Command;

use crate::Outcome;
use crate::daemon::{program, sources};
use crate::limits::{REPLAYED, ROUNDS};
use crate::load::{median, ratio};
use crate::table::{Row, Wanted};
use crate::world::directory;

/// Decisions of a year of 1,000 recoveries a day, five each.
const A_YEAR: f64 = 1_825_000.0;
/// The seconds in which they are to be replayed.
const WANTED_SECONDS: f64 = 60.0;

/// All three.
pub(crate) async fn measure() -> Outcome<Vec<Row>> {
    let mut rows = tests().await?;
    rows.extend(cases().await?);
    rows.push(history().await?);
    Ok(rows)
}

/// 2,000 tests of the shipped policy: the whole run of the program, as an author waits for it.
async fn tests() -> Outcome<Vec<Row>> {
    if Command::new("busted").arg("--version").output().await.is_err() {
        return Ok(crate::missing("2,000 policy tests", "busted is not here", "apt-get install lua-busted"));
    }
    let bench = sources()?.join("tests/src/bin/bench");
    let (place, theirs) = (directory()?, directory()?);
    for (place, name) in [(&place, "default_test.lua"), (&theirs, "authors_test.lua")] {
        std::fs::copy(sources()?.join("policies/default.lua"), place.path().join("default.lua"))?;
        std::fs::copy(bench.join("authors_test.lua"), place.path().join(name))?;
    }
    let (mut ours, mut busted) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let mut command = Command::new("busted");
        command.arg(bench.join("authors_spec.lua")).args(["-o", "TAP"]);
        busted.push(seconds(command.env("READMIT_BENCH_DIRECTORY", theirs.path())).await?);
        ours.push(
            seconds(Command::new(program("readmit")?).args(["policy", "test"]).arg(place.path())).await?,
        );
    }
    let speed = ratio(&busted, &ours);
    Ok(vec![Row::new(
        "2,000 policy tests, the whole program",
        format!("{:.0} ms", median(ours) * 1000.0),
        format!("busted {:.0} ms", median(busted) * 1000.0),
        speed,
        Wanted::AtLeast(10.0),
    )])
}

/// Every case of every shipped policy.
async fn cases() -> Outcome<Vec<Row>> {
    let mut command = Command::new(program("readmit")?);
    let output =
        command.args(["policy", "verify", "--json"]).arg(sources()?.join("policies")).output().await?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let files = report["files"].as_array().ok_or("verify gives no files")?;
    let number = |file: &Value, key: &str| file[key].as_f64().unwrap_or_default();
    let rows = files.iter().map(|file| {
        let took = number(file, "seconds").max(0.001);
        let measured = format!(
            "{:.0} cases/s, {:.0} states/s ({} cases in {took:.1} s)",
            number(file, "cases") / took,
            number(file, "states") / took,
            file["cases"],
        );
        let what = format!("verify {}", file["file"].as_str().unwrap_or_default());
        Row::promise(&what, measured, "all of it proven", file["proven"] == true && file["complete"] == true)
    });
    Ok(rows.collect())
}

/// A part of a year's log, from the disk, against the policy that made it.
async fn history() -> Outcome<Row> {
    let place = directory()?;
    let log = place.path().join("log.jsonl");
    let count = REPLAYED.to_string();
    let mut write = Command::new(program("examples/replay")?);
    seconds(write.arg(&log).arg(&count)).await?;
    let candidate = place.path().join("candidate");
    std::fs::create_dir(&candidate)?;
    std::fs::copy(sources()?.join("policies/default.lua"), candidate.join("default.lua"))?;
    let took = seconds(&mut replay(&candidate, &log)?).await?;
    #[expect(clippy::cast_precision_loss, reason = "a count far below 2^52")]
    let rate = REPLAYED as f64 / took;
    let year = A_YEAR / rate;
    Ok(Row::new(
        "replay of a year of 1,000 recoveries a day",
        format!("{year:.0} s ({rate:.0} decisions/s, one thread)"),
        format!("{WANTED_SECONDS} s"),
        year / WANTED_SECONDS,
        Wanted::AtMost(1.0),
    ))
}

/// On one processor, as was promised.
fn replay(candidate: &Path, log: &Path) -> Outcome<Command> {
    let mut command = Command::new("taskset");
    command.args(["-c", "0"]).arg(program("readmit")?).args(["policy", "replay"]).arg(candidate);
    command.arg("--from").arg(log);
    Ok(command)
}

/// How long a program takes that must succeed.
async fn seconds(command: &mut Command) -> Outcome<f64> {
    let begin = Instant::now();
    let output = command.output().await?;
    let took = begin.elapsed().as_secs_f64();
    if output.status.success() {
        return Ok(took);
    }
    Err(format!(
        "{:?} ended with {}: {}",
        command.as_std(),
        output.status,
        String::from_utf8_lossy(&output.stderr)
    )
    .into())
}
