//! Channels that somebody has stopped.

use readmit_store::{CommitError, Pause, Write};

use crate::kit::*;

fn pause(because: &str) -> Write {
    Write::Pause { channel: "voice".to_owned(), because: because.to_owned() }
}

pub async fn a_channel_is_paused_once_until_it_is_resumed(make: Make) {
    let store = make();
    let resume = || Write::Resume { channel: "voice".to_owned() };
    refused!(attempt_at(&store, at(0), resume()).await, CommitError::NotFound);
    attempt_at(&store, at(1), pause("the bill")).await.unwrap();
    refused!(attempt_at(&store, at(2), pause("again")).await, CommitError::Exists);
    let paused = store.pauses().await.unwrap();
    let (channel, because) = ("voice".to_owned(), "the bill".to_owned());
    assert_eq!(paused, [Pause { channel, since: at(1), actor: paused[0].actor.clone(), because }]);
    attempt_at(&store, at(3), resume()).await.unwrap();
    assert_eq!(store.pauses().await.unwrap(), []);
}

pub async fn a_pause_outlives_a_restart(make: Make) {
    let store = make();
    attempt_at(&store, at(1), pause("the bill")).await.unwrap();
    drop(store);
    assert_eq!(make().pauses().await.unwrap().len(), 1);
}
