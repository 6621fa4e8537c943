//! The plugin's log: to the journal with its fields, where standard error is the journal's, and else as text.
//!
//! Addresses, codes and tokens pass through the libraries below, and some libraries log what they send. So only
//! events of our own two crates are written, whatever level is asked for, and those never carry such values.

use readmit_plugin::journal::Journal;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::{FilterFn, LevelFilter, filter_fn};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging at the level that `READMIT_LOG`, or else `RUST_LOG`, names for everything, or at `info`.
pub(crate) fn start() {
    let asked = ["READMIT_LOG", "RUST_LOG"].iter().find_map(|name| std::env::var(name).ok());
    let level = asked.and_then(|asked| level(&asked)).unwrap_or(LevelFilter::INFO);
    // A second start (only tests do that) keeps the first.
    let _already_started = match Journal::connect("readmit-email") {
        Some(journal) => tracing_subscriber::registry().with(journal).with(ours(level)).try_init(),
        None => ours_only(level, std::io::stderr).try_init(),
    };
}

fn ours_only<W>(level: LevelFilter, writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let lines = tracing_subscriber::fmt::layer().with_writer(writer).with_ansi(false);
    tracing_subscriber::registry().with(lines).with(ours(level))
}

fn ours(level: LevelFilter) -> FilterFn<impl Fn(&Metadata<'_>) -> bool> {
    filter_fn(move |event| {
        let crate_name = event.target().split("::").next();
        *event.level() <= level && matches!(crate_name, Some("readmit_email" | "readmit_plugin"))
    })
}

/// The first plain level in a list of directives; directives for single targets are not for us to follow.
fn level(asked: &str) -> Option<LevelFilter> {
    asked
        .split(',')
        .map(str::trim)
        .filter(|directive| !directive.is_empty())
        .find_map(|level| level.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn libraries_are_not_heard_at_any_level() {
        let file = tempfile::tempfile().unwrap();
        let writer = Arc::new(file.try_clone().unwrap());
        tracing::subscriber::with_default(ours_only(LevelFilter::TRACE, writer), || {
            tracing::error!(target: "lettre::transport", "Wrote: RCPT TO:<ada@example.org>");
            tracing::trace!(target: "rustls", "secret");
            tracing::error!(target: "readmit_emailer", "not ours");
            tracing::trace!(target: "readmit_email::smtp", "ours");
        });
        let mut text = String::new();
        std::io::Seek::rewind(&mut &file).unwrap();
        std::io::Read::read_to_string(&mut &file, &mut text).unwrap();
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("ours"), "{text}");
    }

    #[test]
    fn only_a_plain_level_is_followed() {
        assert_eq!(level("trace"), Some(LevelFilter::TRACE));
        assert_eq!(level("lettre=trace, debug"), Some(LevelFilter::DEBUG));
        assert_eq!(level("lettre=trace"), None);
        assert_eq!(level(""), None);
    }
}
