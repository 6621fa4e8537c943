//! Closed loops: so many callers, each with one request under way, for so long.

use std::future::Future;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::limits::{ROUND, WARM_UP};

/// What a loop came to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rate {
    /// Requests answered each second.
    pub(crate) per_second: f64,
    /// The median time of one, in microseconds.
    pub(crate) micros: f64,
}

/// Drives `work` for one round. It is given the caller and its count.
pub(crate) async fn round<F, W>(callers: usize, work: F) -> Outcome<Rate>
where
    F: Fn(usize, usize) -> W + Clone + Send + 'static,
    W: Future<Output = Outcome<()>> + Send,
{
    drive(callers, ROUND, work).await
}

/// Drives `work` until caches, connections and pools are what they are in a running system.
pub(crate) async fn warm_up<F, W>(callers: usize, work: F) -> Outcome<()>
where
    F: Fn(usize, usize) -> W + Clone + Send + 'static,
    W: Future<Output = Outcome<()>> + Send,
{
    drive(callers, WARM_UP, work).await.map(|_| ())
}

async fn drive<F, W>(callers: usize, length: Duration, work: F) -> Outcome<Rate>
where
    F: Fn(usize, usize) -> W + Clone + Send + 'static,
    W: Future<Output = Outcome<()>> + Send,
{
    let begin = Instant::now();
    let loops: Vec<_> = (0..callers)
        .map(|caller| {
            let work = work.clone();
            tokio::spawn(async move {
                let mut times = Vec::new();
                while begin.elapsed() < length {
                    let started = Instant::now();
                    work(caller, times.len()).await?;
                    times.push(started.elapsed());
                }
                Outcome::Ok(times)
            })
        })
        .collect();
    let mut times = Vec::new();
    for each in loops {
        times.extend(each.await??);
    }
    let elapsed = begin.elapsed();
    let micros = median(times.iter().map(|time| time.as_secs_f64() * 1e6).collect());
    Ok(Rate { per_second: per_second(times.len(), elapsed), micros })
}

/// So many in so long.
#[expect(clippy::cast_precision_loss, reason = "counts here are far below 2^52")]
pub(crate) fn per_second(count: usize, elapsed: Duration) -> f64 {
    count as f64 / elapsed.as_secs_f64()
}

/// The middle one; 0 of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The median of what each round's pair says: rounds of a shared machine differ more than their sides.
pub(crate) fn ratio(above: &[f64], below: &[f64]) -> f64 {
    median(above.iter().zip(below).map(|(above, below)| above / below).collect())
}
