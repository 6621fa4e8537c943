//! What is written to standard error, where the service manager keeps it.

use tracing_subscriber::filter::{EnvFilter, FilterFn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Starts logging at the level of `RUST_LOG`, `info` if it is not set.
///
/// Whatever `RUST_LOG` says, only this project's own lines are written: the SIP stack logs whole messages, with
/// numbers, keys and credentials in them.
pub fn start() {
    let level = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let ours = FilterFn::new(|metadata| metadata.target().starts_with("readmit"));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    // Fails only if logging was started before, and then it is as it should be.
    drop(tracing_subscriber::registry().with(level).with(ours).with(lines).try_init());
}
