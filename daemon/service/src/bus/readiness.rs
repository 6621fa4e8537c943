//! Readiness on the bus.

use std::collections::HashMap;

use zbus::wire::Variant;

use super::dict::{Dict, In, Out};
use crate::service::{Fault, Readiness, ReadinessFilter, Way};

pub(super) fn filter(filter: HashMap<String, Variant<'_>>) -> Result<ReadinessFilter, Fault> {
    let mut filter = In::new("filter", filter);
    let wanted = ReadinessFilter { realm: filter.text("realm")?, kind: filter.text("kind")? };
    filter.finish()?;
    Ok(wanted)
}

pub(super) fn row(readiness: &Readiness) -> Dict {
    let ways = readiness.ways.iter();
    let ways: HashMap<&str, &str> = ways.map(|(reason, way): (_, &Way)| (*reason, way.as_str())).collect();
    let row = Out::new()
        .put("account", readiness.account.as_str())
        .put("realm", readiness.realm.as_str())
        .put("kind", readiness.kind.as_str())
        .put("ready", readiness.ready)
        .put("ways", ways);
    if readiness.ready {
        return row.done();
    }
    row.put("by_rule", readiness.by_rule)
        .put("missing", readiness.missing.clone())
        .maybe("to", readiness.to.as_deref())
        .put("because", readiness.because.clone())
        .done()
}
