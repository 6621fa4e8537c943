//! The decision log and the shadow's differences as rows on the bus.

use readmit_store::{ShadowRow, StoredDecision};

use super::dict::{Dict, Out};
use crate::service::Difference;

pub(super) fn decision(stored: &StoredDecision) -> Dict {
    let row = &stored.row;
    Out::new()
        .put("id", stored.id)
        .put("at", row.at.unix())
        .put("case", row.case.as_str())
        .put("version", row.version.as_str())
        .put("hook", row.hook.as_str())
        .put("input", row.input.as_str())
        .put("verdict", row.verdict.as_str())
        .put("micros", row.micros)
        .done()
}

pub(super) fn difference(difference: &Difference) -> Dict {
    let row = &difference.stored.row;
    Out::new()
        .put("id", difference.stored.id)
        .put("at", row.at.unix())
        .put("case", row.case.as_str())
        .put("version", row.version.as_str())
        .put("hook", row.hook.as_str())
        .put("change", row.change.as_str())
        .put("words", difference.words.as_str())
        .put("input", row.input.as_str())
        .put("verdict", row.verdict.as_str())
        .put("shadow", row.shadow.as_str())
        .done()
}

/// The candidate among the versions.
pub(super) fn shadow(row: &ShadowRow) -> Dict {
    let files: Vec<&str> = row.files.keys().map(String::as_str).collect();
    let tally = &row.tally;
    Out::new()
        .put("version", row.version.as_str())
        .put("state", "shadow")
        .put("current", false)
        .put("shadow", row.stopped_at.is_none())
        .put("files", files)
        .put("loaded_at", row.started_at.unix())
        .maybe("stopped_at", row.stopped_at.map(readmit_recovery::time::Timestamp::unix))
        .put("asked", tally.asked)
        .put("same", tally.same)
        .put("weaker", tally.weaker)
        .put("failing", tally.failing)
        .put("stronger", tally.stronger)
        .put("other", tally.other)
        .put("dropped", tally.dropped)
        .done()
}
