//! What libraries measure of themselves: their examples are run and read.

use std::collections::HashMap;

use tokio::process::Command;
use zbus::OwnedVariant;

use crate::Outcome;
use crate::daemon::program;
use crate::load::median;
use crate::table::{Row, Wanted};
use crate::world::{World, account, context};

/// How often the daemon is asked how long a decision took it.
const DECISIONS: usize = 2000;
/// The promised time of a decision, in microseconds.
const WANTED: f64 = 25.0;

/// One decision of the default policy: in the daemon by its own account, and in the library.
pub(crate) async fn decide(world: &World) -> Outcome<Vec<Row>> {
    let callers = world.bus.callers(1).await?;
    let mut micros = Vec::new();
    for count in 0..DECISIONS {
        let question = (account(count), "lost", context());
        let answer = callers.call(0, "Policies1.Explain", &question).await?;
        let body = answer.body();
        let explanation: HashMap<String, OwnedVariant> = body.deserialize()?;
        let taken = explanation.get("micros").ok_or("Explain does not say how long it took")?;
        micros.push(f64::from(u32::try_from(u64::try_from(taken.try_clone()?)?)?));
    }
    let daemon = median(micros);
    let printed = run("decide").await?;
    let library = number(&printed, "open", 1)?;
    let row = |what: &str, micros: f64| {
        let measured = format!("{micros:.0} µs");
        Row::new(what, measured, format!("{WANTED} µs"), micros / WANTED, Wanted::AtMost(1.0))
    };
    Ok(vec![
        row("one decision of the default policy, in the daemon", daemon),
        row("one decision of the default policy, in a loop of the library", library),
    ])
}

/// The store alone: one state change by group commit against commits on connections of their own.
pub(crate) async fn commit() -> Outcome<Vec<Row>> {
    let printed = run("commit").await?;
    let own = number(&printed, "64", 1)?;
    let plain = number(&printed, "64", 2)?;
    let case = number(&printed, "64", 4)?;
    let row = |what: &str, rate: f64, wanted| {
        let what = format!("store alone, {what}, 64 callers");
        Row::new(&what, format!("{rate:.0}/s"), format!("own connections {own:.0}/s"), rate / own, wanted)
    };
    Ok(vec![
        row("1 update + 2 inserts", plain, Wanted::AtLeast(20.0)),
        row("a sealed case + 2 entries of the journal", case, Wanted::Nothing),
    ])
}

async fn run(example: &str) -> Outcome<String> {
    let output = Command::new(program(&format!("examples/{example}"))?).output().await?;
    if !output.status.success() {
        return Err(format!("{example} ended with {}", output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The number in a column of the line that begins so.
fn number(printed: &str, line: &str, column: usize) -> Outcome<f64> {
    let unreadable = || format!("no number in column {column} of line `{line}` of:\n{printed}");
    let columns = |text: &str| -> Vec<String> {
        text.split(|c: char| c.is_whitespace() || "(x)".contains(c))
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let found = printed.lines().map(columns).find(|words| words.first().is_some_and(|first| first == line));
    let found = found.and_then(|words| words.get(column)?.parse().ok());
    Ok(found.ok_or_else(unreadable)?)
}
