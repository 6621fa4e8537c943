//! Normal sign-in: one-time passwords that count once, whatever happens to the machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::Outcome;
use crate::bus::Callers;
use crate::decisions::pings;
use crate::limits::{CONTESTED, ROUNDS, SIGN_INS};
use crate::load::{median, per_second, round};
use crate::table::{Row, Wanted};
use crate::world::{World, authenticator, for_each, sign_in};

const MANY: usize = 64;
/// What is wanted: so many each second on a machine like the one in tests/bench.md.
const WANTED: f64 = 5000.0;
const STEP: u64 = 30;
/// Steps on either side of now in which a code is taken.
const SKEW: u64 = 1;

/// `Authentication1.Verify` with valid codes, and one code sent by everybody.
pub(crate) async fn measure(world: &World) -> Outcome<Vec<Row>> {
    let callers = world.bus.callers(MANY).await?;
    let (mut verified, mut pinged) = (Vec::new(), Vec::new());
    for number in 0..ROUNDS {
        pinged.push(round(MANY, pings(&callers)).await?.per_second);
        verified.push(one_round(&callers, number).await?);
    }
    let accepted = contested(&callers).await?;
    let once = accepted.iter().all(|accepted| *accepted == 1);
    Ok(vec![
        Row::new(
            &format!("Verify, durable, {MANY} callers, {SIGN_INS} accounts"),
            format!("{:.0}/s (Ping {:.0}/s)", median(verified.clone()), median(pinged)),
            format!("{WANTED}/s"),
            median(verified) / WANTED,
            Wanted::AtLeast(1.0),
        ),
        Row::promise(
            &format!("the same code {MANY} times at once, {CONTESTED} accounts"),
            format!("accepted {} times", accepted.iter().sum::<usize>()),
            &format!("{CONTESTED}, each once"),
            once,
        ),
    ])
}

/// Everybody of a round signs in with every code that counts now, oldest first; each has to be accepted.
async fn one_round(callers: &Callers, round: usize) -> Outcome<f64> {
    let mut codes = Vec::new();
    let now = far_from_the_next_step().await?;
    for number in round * SIGN_INS..(round + 1) * SIGN_INS {
        let account = sign_in(number);
        let authenticator = authenticator(&account)?;
        let steps = now / STEP - SKEW..=now / STEP + SKEW;
        let texts: Vec<String> = steps.map(|step| authenticator.generate(step * STEP).to_string()).collect();
        codes.push((account, texts));
    }
    let (codes, callers) = (Arc::new(codes), callers.clone());
    let count: usize = codes.iter().map(|(_, texts)| texts.len()).sum();
    let begin = Instant::now();
    for_each(codes.len(), MANY, move |number| {
        let (codes, callers) = (Arc::clone(&codes), callers.clone());
        async move {
            let (account, texts) = &codes[number];
            for text in texts {
                let result = verify(&callers, number, account, text).await?;
                if result != "accepted" {
                    return Err(format!("a right code was {result}").into());
                }
            }
            Ok(())
        }
    })
    .await?;
    Ok(per_second(count, begin.elapsed()))
}

/// How often one code was accepted that all callers sent at once, for each of the contested accounts.
async fn contested(callers: &Callers) -> Outcome<Vec<usize>> {
    let mut counts = Vec::new();
    for number in 0..CONTESTED {
        let account = sign_in(SIGN_INS * ROUNDS + number);
        let code = authenticator(&account)?.generate(far_from_the_next_step().await?).to_string();
        let accepted = Arc::new(AtomicUsize::new(0));
        for_each(MANY, MANY, {
            let (callers, accepted) = (callers.clone(), Arc::clone(&accepted));
            move |caller| {
                let (callers, accepted) = (callers.clone(), Arc::clone(&accepted));
                let (account, code) = (account.clone(), code.clone());
                async move {
                    if verify(&callers, caller, &account, &code).await? == "accepted" {
                        accepted.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(())
                }
            }
        })
        .await?;
        counts.push(accepted.load(Ordering::Relaxed));
    }
    Ok(counts)
}

async fn verify(callers: &Callers, caller: usize, account: &str, code: &str) -> Outcome<String> {
    let answer = callers.call(caller, "Authentication1.Verify", &(account, code)).await?;
    Ok(answer.body().deserialize()?)
}

/// The time, at a moment from which the codes that count now go on counting for a while.
async fn far_from_the_next_step() -> Outcome<u64> {
    loop {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        if now % STEP < STEP * 2 / 3 {
            return Ok(now);
        }
        tokio::time::sleep(Duration::from_secs(STEP - now % STEP)).await;
    }
}
