//! What a stranger could learn from the time that an answer takes: whether an account exists.

use std::time::Instant;

use crate::Outcome;
use crate::bus::Callers;
use crate::limits::PAIRS;
use crate::load::median;
use crate::table::{Row, Wanted};
use crate::world::{World, account, context};

/// How much longer or shorter one may take than the other.
const ALIKE: f64 = 1.1;

/// The times of accounts that are on file and of such that are not, one after the other.
pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let callers = world.bus.callers(1).await?;
    let mut opened = [Vec::new(), Vec::new()];
    let mut submitted = [Vec::new(), Vec::new()];
    for pair in 0..PAIRS {
        let known = account(pair);
        // As long as a name on file, so that nothing but being unknown sets it apart.
        let unknown = known.replace("person", "nobody");
        // Who goes first changes, so that what the first one warms up favours neither.
        let order = if pair % 2 == 0 { [0, 1] } else { [1, 0] };
        let names = [known, unknown];
        for side in order {
            let (opening, submission) = one(&callers, &names[side]).await?;
            opened[side].push(opening);
            submitted[side].push(submission);
        }
    }
    Ok(vec![row("Open", opened), row("Submit of a wrong password", submitted)])
}

fn row(what: &str, [known, unknown]: [Vec<f64>; 2]) -> Row {
    let (known, unknown) = (median(known), median(unknown));
    Row::new(
        &format!("{what}: an unknown account against a known one"),
        format!("{unknown:.0} µs"),
        format!("{known:.0} µs"),
        // Either way round would tell.
        (unknown / known).max(known / unknown),
        Wanted::AtMost(ALIKE),
    )
}

/// Opens a recovery and hands in a wrong password; says how many microseconds each took.
async fn one(callers: &Callers, account: &str) -> Outcome<(f64, f64)> {
    let started = Instant::now();
    let answer = callers.call(0, "Recovery1.Open", &(account, "lost", context())).await?;
    let opening = started.elapsed();
    let case: String = answer.body().deserialize()?;
    let started = Instant::now();
    callers
        .call(0, "Recovery1.Submit", &(case.as_str(), "password", ["not the password"].as_slice()))
        .await?;
    Ok((opening.as_secs_f64() * 1e6, started.elapsed().as_secs_f64() * 1e6))
}
