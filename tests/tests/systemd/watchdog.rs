//! Signs of life stop when one of what the daemon stands on hangs; it is named, and they come back with it.

use std::time::Duration;

use readmit_tests::{Builder, World};
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};

/// Short, so that the tests are; the unit has 30 seconds.
const INTERVAL: Duration = Duration::from_secs(2);

async fn with_watchdog(builder: Builder) -> World {
    let world = builder.manager(Some(INTERVAL)).start().await;
    for _ in 0..2 {
        world.manager().until("WATCHDOG=1").await;
    }
    world
}

/// From the moment that `part` is named until it is not any more, there is no sign of life.
async fn is_named_and_silences(world: &World, part: &str, mend: impl FnOnce()) {
    let named = format!("the {part} does not answer");
    world.manager().until(&named).await;
    assert!(world.log().contains(&named), "{}", world.log());
    mend();
    let heard = world.manager().until("WATCHDOG=1").await;
    let silent = heard.iter().rposition(|report| report.contains(&named));
    let well = heard.iter().rposition(|report| report.starts_with("STATUS=") && !report.contains(&named));
    assert!(well.is_some() && silent < well, "{heard:?}");
}

#[tokio::test]
async fn a_bus_that_hangs_stops_the_signs_of_life() {
    let world = with_watchdog(World::builder()).await;
    let bus = Pid::from_raw(i32::try_from(world.bus_id()).unwrap()).unwrap();
    kill_process(bus, Signal::STOP).unwrap();
    is_named_and_silences(&world, "bus", || kill_process(bus, Signal::CONT).unwrap()).await;
}

#[tokio::test]
async fn a_store_that_is_locked_stops_the_signs_of_life() {
    let world = with_watchdog(World::builder()).await;
    let thief = Connection::open(world.directory().join("state/readmit.db")).unwrap();
    thief.execute_batch("BEGIN IMMEDIATE").unwrap();
    is_named_and_silences(&world, "store", || thief.execute_batch("ROLLBACK").unwrap()).await;
}

/// A policy that spins is stopped by its own limits, long before the service manager would have to.
#[tokio::test]
async fn a_policy_that_does_not_end_is_no_reason_to_replace_the_daemon() {
    let world = with_watchdog(World::builder()).await;
    let version = world.desk.texts("Policies1", "List", &[]).await.unwrap()[0]["version"].clone();
    let spinning = "local policy = {}\nfunction policy.open(case)\n  while true do end\nend\nreturn policy\n";
    world.write_policy("default", spinning);
    while world.desk.texts("Policies1", "List", &[]).await.unwrap()[0]["version"] == version {
        world.manager().next().await;
    }
    for _ in 0..8 {
        let heard = world.manager().until("WATCHDOG=1").await;
        assert!(!heard.iter().any(|report| report.contains("does not answer")), "{heard:?}");
    }
}
