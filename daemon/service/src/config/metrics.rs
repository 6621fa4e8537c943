//! `[metrics]`: where what is counted can be read.

use std::net::SocketAddr;
use std::path::PathBuf;

use toml::de::DeValue;

use super::document::{Fault, Section, text};

/// Where what is counted can be read, and by whom.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Where.
    pub listen: MetricsListen,
    /// The group that may read a socket in the file system, beside the daemon's user.
    pub group: Option<String>,
}

/// Where what is counted can be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum MetricsListen {
    /// On the sockets called `metrics` that systemd passes; nowhere if it passes none.
    #[default]
    Systemd,
    /// Nowhere.
    Off,
    /// On a socket in the file system.
    Unix(PathBuf),
    /// On the loopback.
    Tcp(SocketAddr),
}

pub(super) fn read(mut section: Section<'_>) -> Metrics {
    let metrics = Metrics {
        listen: section.value("listen", MetricsListen::default(), listen),
        group: section.value("group", None, |value| group(value).map(Some)),
    };
    section.finish();
    metrics
}

fn listen(value: &DeValue<'_>) -> Result<MetricsListen, Fault> {
    let text = text(value)?;
    if let Some(path) = text.strip_prefix("unix:").map(PathBuf::from).filter(|path| path.is_absolute()) {
        return Ok(MetricsListen::Unix(path));
    }
    match (text, text.parse::<SocketAddr>()) {
        ("systemd", _) => Ok(MetricsListen::Systemd),
        ("off", _) => Ok(MetricsListen::Off),
        (_, Ok(address)) if address.ip().is_loopback() => Ok(MetricsListen::Tcp(address)),
        (_, Ok(address)) => Err(Fault::new(
            "is open to the network, and metrics say much about an organization",
            format!("write \"127.0.0.1:{}\", and let an agent on this machine pass them on", address.port()),
        )),
        (_, Err(_)) => Err(Fault::new(
            "is nowhere to listen",
            "write \"systemd\", \"off\", \"unix:/run/readmit/metrics.sock\" or \"127.0.0.1:9464\"",
        )),
    }
}

fn group(value: &DeValue<'_>) -> Result<String, Fault> {
    let name = text(value)?;
    let fits = |c: char| c.is_alphanumeric() || "._-@$".contains(c);
    if !name.is_empty() && !name.starts_with('-') && name.chars().all(fits) {
        return Ok(name.to_owned());
    }
    Err(Fault::new("is no name of a group", "write the group that reads metrics, as \"prometheus\""))
}
