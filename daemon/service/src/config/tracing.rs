//! `[tracing]`: where traces are sent.

use std::net::SocketAddr;
use std::path::PathBuf;

use toml::de::DeValue;

use super::document::{Fault, Section, number, text};

/// Where traces are sent, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracing {
    /// The collector; none means that there are no traces.
    pub otlp: Option<Collector>,
    /// How many of a hundred calls are traced.
    pub percent: u32,
}

/// A collector that takes OTLP over HTTP, on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Collector {
    /// It listens on a socket in the file system.
    Unix(PathBuf),
    /// It listens on the loopback.
    Tcp(SocketAddr),
}

impl Default for Tracing {
    fn default() -> Self {
        Self { otlp: None, percent: 100 }
    }
}

pub(super) fn read(mut section: Section<'_>) -> Tracing {
    let default = Tracing::default();
    let tracing = Tracing {
        otlp: section.value("otlp", default.otlp, collector),
        percent: section.value("percent", default.percent, |value| number(value, 1..=100)),
    };
    section.finish();
    tracing
}

fn collector(value: &DeValue<'_>) -> Result<Option<Collector>, Fault> {
    let text = text(value)?;
    if text == "off" {
        return Ok(None);
    }
    if let Some(path) = text.strip_prefix("unix:").map(PathBuf::from).filter(|path| path.is_absolute()) {
        return Ok(Some(Collector::Unix(path)));
    }
    let address = text.strip_prefix("http://").and_then(|address| address.parse::<SocketAddr>().ok());
    match address {
        Some(address) if address.ip().is_loopback() => Ok(Some(Collector::Tcp(address))),
        Some(_) => Err(Fault::new(
            "is not on this machine, and the daemon speaks to nobody else",
            "run a collector here, which passes traces on, and write \"unix:/run/otelcol/otlp.sock\"",
        )),
        None => Err(Fault::new(
            "is no collector",
            "write \"off\", \"unix:/run/otelcol/otlp.sock\" or \"http://127.0.0.1:4318\"",
        )),
    }
}
