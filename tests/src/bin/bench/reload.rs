//! How long a saved policy takes to decide, and what becomes of those who ask meanwhile.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::time::timeout;
use zbus::OwnedVariant;

use crate::Outcome;
use crate::bus::Callers;
use crate::daemon::sources;
use crate::limits::{PATIENCE, SAVES};
use crate::load::median;
use crate::table::{Row, Wanted};
use crate::world::{World, account, context};

const WANTED_MILLISECONDS: f64 = 100.0;
/// Between a decision by the new set and the next save.
const PAUSE: Duration = Duration::from_millis(20);
/// Callers who ask all the time.
const CALLERS: usize = 64;

/// Saves the shipped policy again and again, each time with another comment, and asks until the new version answers. Its
/// tests lie beside it, so that each set comes into force only after they have passed.
pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let policies = world.directory().join("policies");
    let shipped = std::fs::read_to_string(sources()?.join("policies/default.lua"))?;
    let callers = world.bus.callers(CALLERS + 1).await?;
    let before = version(&callers).await?;
    std::fs::copy(sources()?.join("policies/default_test.lua"), policies.join("default_test.lua"))?;
    timeout(PATIENCE, another_than(&before, &callers)).await??;
    let idle = saves(&policies, &shipped, &callers, "idle").await?;
    let crowd = Crowd::gather(&callers);
    let busy = saves(&policies, &shipped, &callers, "busy").await;
    let (asked, refused) = crowd.disperse().await?;
    let busy = busy?;
    Ok(vec![
        row("save → tests → next decision", &idle),
        row(&format!("save → tests → next decision, {CALLERS} callers of Explain meanwhile"), &busy),
        Row::promise(
            &format!("refused calls, {CALLERS} callers of Explain while {SAVES} sets come into force"),
            format!("{refused} of {asked}"),
            "0",
            refused == 0 && asked > 0,
        ),
    ])
}

fn row(what: &str, milliseconds: &[f64]) -> Row {
    let most = milliseconds.iter().copied().fold(0.0, f64::max);
    let middle = median(milliseconds.to_vec());
    Row::new(
        what,
        format!("{middle:.1} ms (median of {SAVES}; at most {most:.1} ms)"),
        format!("{WANTED_MILLISECONDS} ms"),
        middle / WANTED_MILLISECONDS,
        Wanted::AtMost(1.0),
    )
}

/// How long each save took to decide, in milliseconds: from the rename that puts the file into place to the answer of
/// the first decision by it.
async fn saves(policies: &Path, shipped: &str, callers: &Callers, round: &str) -> Outcome<Vec<f64>> {
    let mut milliseconds = Vec::new();
    let mut before = version(callers).await?;
    for number in 0..SAVES {
        let new = policies.join(".default.lua.new");
        std::fs::write(&new, format!("-- {round} {number}\n{shipped}"))?;
        let started = Instant::now();
        std::fs::rename(&new, policies.join("default.lua"))?;
        before = timeout(PATIENCE, another_than(&before, callers)).await??;
        milliseconds.push(started.elapsed().as_secs_f64() * 1000.0);
        // Nobody saves again at once.
        tokio::time::sleep(PAUSE).await;
    }
    Ok(milliseconds)
}

async fn another_than(before: &str, callers: &Callers) -> Outcome<String> {
    loop {
        let version = version(callers).await?;
        if version != before {
            return Ok(version);
        }
    }
}

/// The version that decides now.
async fn version(callers: &Callers) -> Outcome<String> {
    let question = (account(0), "lost", context());
    let answer = callers.call(CALLERS, "Policies1.Explain", &question).await?;
    let body = answer.body();
    let explanation: HashMap<String, OwnedVariant> = body.deserialize()?;
    let version = explanation.get("version").ok_or("Explain does not say which version decided")?;
    Ok(String::try_from(version.try_clone()?)?)
}

/// Callers who ask all the time, until they are told to stop.
struct Crowd {
    is_over: Arc<AtomicBool>,
    asked: Arc<AtomicU64>,
    refused: Arc<AtomicU64>,
    members: Vec<tokio::task::JoinHandle<()>>,
}

impl Crowd {
    fn gather(callers: &Callers) -> Self {
        let (is_over, asked, refused) =
            (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let member = |caller: usize| {
            let (callers, is_over) = (callers.clone(), is_over.clone());
            let (asked, refused) = (asked.clone(), refused.clone());
            tokio::spawn(async move {
                for count in 0.. {
                    if is_over.load(Ordering::Relaxed) {
                        return;
                    }
                    let question = (account(caller * 31 + count), "lost", context());
                    let answer = callers.call(caller, "Policies1.Explain", &question).await;
                    asked.fetch_add(1, Ordering::Relaxed);
                    refused.fetch_add(u64::from(answer.is_err()), Ordering::Relaxed);
                }
            })
        };
        let members = (0..CALLERS).map(member).collect();
        Self { is_over, asked, refused, members }
    }

    /// How many questions were asked, and how many of them were refused.
    async fn disperse(self) -> Outcome<(u64, u64)> {
        self.is_over.store(true, Ordering::Relaxed);
        for member in self.members {
            member.await?;
        }
        Ok((self.asked.load(Ordering::Relaxed), self.refused.load(Ordering::Relaxed)))
    }
}
