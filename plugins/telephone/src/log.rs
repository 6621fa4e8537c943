//! A plugin's log: to the journal with its fields, where standard error is the journal's, and else as text.

use readmit_plugin::journal::Journal;
use tracing_subscriber::filter::{EnvFilter, FilterFn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging at the level of `READMIT_LOG`, or else `RUST_LOG`; `info` if neither is set.
///
/// Whatever these say, only this project's own lines are written: libraries log whole messages, with
/// numbers, keys and credentials in them.
pub fn start(plugin: &'static str) {
    let asked = EnvFilter::try_from_env("READMIT_LOG").or_else(|_| EnvFilter::try_from_default_env());
    let level = asked.unwrap_or_else(|_| EnvFilter::new("info"));
    let ours = FilterFn::new(|metadata| metadata.target().starts_with("readmit"));
    let journal = Journal::connect(plugin);
    let lines = || tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    let lines = journal.is_none().then(lines);
    // Fails only if logging was started before, and then it is as it should be.
    drop(tracing_subscriber::registry().with(level).with(ours).with(journal).with(lines).try_init());
}
