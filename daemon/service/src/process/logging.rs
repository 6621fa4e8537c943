//! Where the log goes: to the journal with its fields, where standard error is the journal's, and else as text to
//! standard error.
//!
//! Fields are called `READMIT_…` in the journal: `journalctl READMIT_PLUGIN=voice`. What floods is bounded where it comes from
//! (plugins' lines) and by the journal's own limit a service.

use readmit_plugin::journal::Journal;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// What is logged unless `READMIT_LOG` says otherwise.
const LOG: &str = "info,zbus=warn";

/// Starts the log.
pub fn start() {
    let filter = EnvFilter::try_from_env("READMIT_LOG").unwrap_or_else(|_| EnvFilter::new(LOG));
    match Journal::connect("readmitd") {
        Some(journal) => tracing_subscriber::registry().with(filter).with(journal).init(),
        None => tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_writer(std::io::stderr)
            .with_ansi(false)
            .init(),
    }
}
