//! Whether the other side of a plugin can be reached, without sending anything to anybody.

use std::time::Duration;

use readmit_plugin::wire::{self, method};

use super::connection::{Connection, Failure};
use super::limits;
use super::mask;

/// How far the way to the other side goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Whether the plugin can be asked at all; old ones cannot.
    pub supported: bool,
    /// The steps, up to the first that failed.
    pub steps: Vec<ProbeStep>,
}

/// One step on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeStep {
    /// What was tried, in the plugin's word.
    pub name: String,
    /// Whether it worked.
    pub ok: bool,
    /// What was found, or why it failed.
    pub detail: String,
}

impl Probe {
    /// Whether nothing failed.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.steps.iter().all(|step| step.ok)
    }

    /// A probe that did not come as far as the plugin's other side.
    pub(super) fn failed(name: &str, detail: String) -> Self {
        Self { supported: true, steps: vec![ProbeStep { name: name.to_owned(), ok: false, detail }] }
    }
}

/// Has the plugin try its way.
pub(super) async fn probe(connection: &Connection, grace: Duration) -> Probe {
    let within = limits::PROBE;
    let deadline_ms = u64::try_from(within.as_millis()).unwrap_or(u64::MAX);
    match connection.ask(method::PROBE, &wire::Probe { deadline_ms }, within + grace).await {
        Ok(answer) => match wire::parse_params::<wire::Probed>(answer) {
            Ok(probed) => read(probed),
            Err(_) => Probe::failed("plugin", "its answer does not fit the protocol".to_owned()),
        },
        Err(Failure::Refused(error)) if error.code == wire::code::METHOD_NOT_FOUND => {
            Probe { supported: false, steps: Vec::new() }
        }
        Err(Failure::Refused(error)) => {
            Probe::failed("plugin", mask::cleaned(&error.message, limits::TEXT_CHARS))
        }
        Err(Failure::NotSent | Failure::TooLong | Failure::Lost | Failure::Late) => {
            Probe::failed("plugin", "it was lost over this, or did not answer in time".to_owned())
        }
    }
}

fn read(probed: wire::Probed) -> Probe {
    let steps = probed.steps.into_iter().take(readmit_plugin::limits::MAX_PROBE_STEPS);
    let steps = steps.map(|step| ProbeStep {
        name: mask::cleaned(&step.name, limits::PHASE_CHARS),
        ok: step.ok,
        detail: mask::cleaned(&step.detail.unwrap_or_default(), limits::TEXT_CHARS),
    });
    Probe { supported: true, steps: steps.collect() }
}
