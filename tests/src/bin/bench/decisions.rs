//! A decision asked for over the bus, against the least that the bus itself costs.

use crate::Outcome;
use crate::bus::Callers;
use crate::limits::{CALLERS, ROUNDS};
use crate::load::{Rate, median, ratio, round, warm_up};
use crate::table::{Row, Wanted};
use crate::world::{World, account, context};

/// `Policies1.Explain` against `Peer.Ping` of the same daemon.
pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let mut rows = Vec::new();
    for count in CALLERS {
        let callers = world.bus.callers(count).await?;
        warm_up(count, pings(&callers)).await?;
        warm_up(count, explanations(&callers)).await?;
        let (mut explained, mut pinged) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            pinged.push(round(count, pings(&callers)).await?.per_second);
            explained.push(round(count, explanations(&callers)).await?.per_second);
        }
        rows.push(Row::new(
            &format!("Explain over the bus, {}", callers_in_words(count)),
            format!("{:.0}/s", median(explained.clone())),
            format!("Ping {:.0}/s", median(pinged.clone())),
            ratio(&explained, &pinged),
            Wanted::AtLeast(0.6),
        ));
    }
    Ok(rows)
}

/// So many callers.
pub(crate) fn callers_in_words(count: usize) -> String {
    if count == 1 { "1 caller".to_owned() } else { format!("{count} callers") }
}

/// The work of a caller that asks whether the daemon is there.
pub(crate) fn pings(
    callers: &Callers,
) -> impl Fn(usize, usize) -> futures_util::future::BoxFuture<'static, Outcome<()>> + Clone + Send + 'static {
    let callers = callers.clone();
    move |caller, _| {
        let callers = callers.clone();
        Box::pin(async move { callers.ping(caller).await })
    }
}

/// The work of a caller that asks what would be decided.
pub(crate) fn explanations(
    callers: &Callers,
) -> impl Fn(usize, usize) -> futures_util::future::BoxFuture<'static, Outcome<()>> + Clone + Send + 'static {
    let callers = callers.clone();
    move |caller, count| {
        let callers = callers.clone();
        Box::pin(async move {
            // Callers walk the accounts at their own places, so that no two ask about the same at once.
            let account = account(caller * 31 + count);
            callers.call(caller, "Policies1.Explain", &(account, "lost", context())).await.map(|_| ())
        })
    }
}

/// What each round did a second.
pub(crate) fn rates(rounds: &[Rate]) -> Vec<f64> {
    rounds.iter().map(|rate| rate.per_second).collect()
}
