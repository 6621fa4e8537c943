//! The plugin's log on standard error.
//!
//! Addresses, codes and tokens pass through the libraries below, and some libraries log what they send. So only
//! events of our own two crates are written, whatever `RUST_LOG` asks for, and those never carry such values.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

/// Starts logging at the level that `RUST_LOG` names for everything, or at `info`.
pub(crate) fn start() {
    let level = std::env::var("RUST_LOG").ok().and_then(|asked| level(&asked)).unwrap_or(LevelFilter::INFO);
    let ours = Targets::new().with_target("readmit_email", level).with_target("readmit_plugin", level);
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_ansi(false);
    // A second start (only tests do that) keeps the first.
    let _already_started = tracing_subscriber::registry().with(lines).with(ours).try_init();
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

    #[test]
    fn only_a_plain_level_is_followed() {
        assert_eq!(level("trace"), Some(LevelFilter::TRACE));
        assert_eq!(level("lettre=trace, debug"), Some(LevelFilter::DEBUG));
        assert_eq!(level("lettre=trace"), None);
        assert_eq!(level(""), None);
    }
}
