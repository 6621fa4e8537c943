//! Measures what Readmit promises about speed, each figure against a limit measured in the same run, and prints
//! one table. `tests/bench` builds everything and starts this; `tests/bench.md` says what each row means.
//!
//! A missed ratio is no failure: machines differ and are shared. Only what does not work at all is.

mod authors;
mod browser;
mod bus;
mod calls;
mod daemon;
mod decisions;
mod durable;
mod examples;
mod letters;
mod limits;
mod lists;
mod load;
mod plugin;
mod polkit;
mod portal;
mod reload;
mod signin;
mod starting;
mod strangers;
mod table;
mod world;

use std::process::ExitCode;

use table::{Row, Table};
use world::World;

/// Whatever a part of the benchmark may fail with; it is only ever shown.
type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

#[tokio::main]
async fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    match run(&wanted).await {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            table::say(&format!("bench: {error}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs the parts that were asked for, or all; says whether all of them worked.
async fn run(wanted: &[String]) -> Outcome<bool> {
    let known = [
        "decide",
        "bus",
        "open",
        "store",
        "verify",
        "reload",
        "email",
        "start",
        "lists",
        "voice",
        "strangers",
        "authors",
        "portal",
    ];
    if let Some(unknown) = wanted.iter().find(|part| !known.contains(&part.as_str())) {
        return Err(format!("there is no part `{unknown}`: choose from {}", known.join(", ")).into());
    }
    let is_wanted = |part: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == part);
    let mut table = Table::default();
    let on_the_bus = ["decide", "bus", "open", "verify", "strangers", "reload", "portal"];
    if on_the_bus.into_iter().any(is_wanted) {
        match World::start(is_wanted("verify")).await {
            Ok(world) => {
                if is_wanted("decide") {
                    table.add("decide", examples::decide(&world).await);
                }
                if is_wanted("bus") {
                    table.add("bus", decisions::measure(&world).await);
                    table.add("bus", polkit::measure(&world).await);
                }
                if is_wanted("open") {
                    table.add("open", durable::measure(&world).await);
                }
                if is_wanted("verify") {
                    table.add("verify", signin::measure(&world).await);
                }
                if is_wanted("strangers") {
                    table.add("strangers", strangers::measure(&world).await);
                }
                if is_wanted("portal") {
                    table.add("portal", portal::measure(&world).await);
                }
                if is_wanted("reload") {
                    table.add("reload", reload::measure(&world).await);
                }
                world.stop().await?;
            }
            Err(error) => table.add("the daemon", Err(error)),
        }
    }
    if is_wanted("authors") {
        table.add("authors", authors::measure().await);
    }
    if is_wanted("store") {
        table.add("store", examples::commit().await);
    }
    if is_wanted("email") {
        table.add("email", letters::measure().await);
    }
    if is_wanted("start") {
        table.add("start", starting::measure().await);
    }
    if is_wanted("lists") {
        table.add("lists", lists::measure().await);
    }
    if is_wanted("voice") {
        for count in limits::CALLS {
            table.add("voice", calls::measure(count).await);
        }
    }
    table.print();
    Ok(table.is_whole())
}

/// What a row can be when the other side of a comparison is not on this machine.
fn missing(what: &str, why: &str, install: &str) -> Vec<Row> {
    vec![Row::missing(what, &format!("{why}; install it: {install}"))]
}
