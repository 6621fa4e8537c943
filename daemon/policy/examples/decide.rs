//! Measures one decision of the shipped policy, limits on: `cargo run --release -p readmit-policy --example decide`.
//!
//! It prints microseconds a decision, hook by hook: the median and the 99th percentile of single decisions on one
//! thread, what two threads do a second, and how long it takes to load the set.

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use readmit_policy::{Budget, Channels, PolicyHost, PolicySet, Sources};
use readmit_recovery::facts::{Hook, Question};
use readmit_recovery::verdict::Verdict;

#[path = "../tests/question/mod.rs"]
mod question;

const WARM_UP: usize = 2_000;
const DECISIONS: usize = 50_000;

#[expect(clippy::print_stdout, reason = "a measurement is for reading")]
fn main() -> Result<(), Box<dyn Error>> {
    let set = PolicySet::load(Sources::shipped()?, Budget::default(), &Channels::default())?;
    let host = Arc::new(PolicyHost::new(set));
    println!("{:<10} {:>10} {:>10} {:>10} {:>10}", "hook", "median µs", "p99 µs", "mean µs", "interrupts");
    for hook in Hook::ALL {
        let question = question::question(hook);
        measure(&host, &question)?;
    }
    throughput(&host);
    loading()
}

#[expect(clippy::print_stdout, reason = "a measurement is for reading")]
fn measure(host: &PolicyHost, question: &Question) -> Result<(), Box<dyn Error>> {
    let decide = || host.current().decide(question);
    for _ in 0..WARM_UP {
        if let Verdict::Unable { cause } = decide().verdict {
            return Err(cause.into());
        }
    }
    let mut nanoseconds: Vec<u128> = (0..DECISIONS)
        .map(|_| {
            let started = Instant::now();
            let decision = decide();
            let elapsed = started.elapsed();
            drop(decision);
            elapsed.as_nanos()
        })
        .collect();
    nanoseconds.sort_unstable();
    let micros = |nanoseconds: u128| {
        Duration::from_nanos(u64::try_from(nanoseconds).unwrap_or(u64::MAX)).as_secs_f64() * 1e6
    };
    println!(
        "{:<10} {:>10.1} {:>10.1} {:>10.1} {:>10}",
        question.hook.as_str(),
        micros(nanoseconds[DECISIONS / 2]),
        micros(nanoseconds[DECISIONS * 99 / 100]),
        micros(nanoseconds.iter().sum::<u128>() / DECISIONS as u128),
        decide().interrupts,
    );
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a measurement is for reading")]
fn loading() -> Result<(), Box<dyn Error>> {
    const LOADS: u32 = 200;
    let started = Instant::now();
    for _ in 0..LOADS {
        drop(PolicySet::load(Sources::shipped()?, Budget::default(), &Channels::default())?);
    }
    println!("one set loaded: {:.0} µs", started.elapsed().as_secs_f64() * 1e6 / f64::from(LOADS));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "a measurement is for reading")]
fn throughput(host: &Arc<PolicyHost>) {
    const THREADS: usize = 2;
    let started = Instant::now();
    let threads: Vec<_> = (0..THREADS)
        .map(|_| {
            let host = Arc::clone(host);
            std::thread::spawn(move || {
                let question = question::question(Hook::Open);
                for _ in 0..DECISIONS {
                    drop(host.current().decide(&question));
                }
            })
        })
        .collect();
    let finished = threads.into_iter().map(|thread| thread.join().is_ok()).filter(|ok| *ok).count();
    #[expect(clippy::cast_precision_loss, reason = "a count of a few ten thousand")]
    let a_second = (finished * DECISIONS) as f64 / started.elapsed().as_secs_f64();
    println!("{THREADS} threads: {a_second:.0} decisions a second");
}
