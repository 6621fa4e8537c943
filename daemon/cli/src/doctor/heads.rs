//! What is known of the journal outside the database: the anchor, and heads in the system's journal.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Findings;
use crate::bus::administration::AuditProxy;
use crate::failure::Failure;
use crate::heads::{Anchored, Found, Head, anchor, compare, of_journal};
use crate::output::plain;
use crate::time::stamp;

const ANCHOR: &str = "anchor";
const HEADS: &str = "heads";

/// What mends a journal that is not the one that was: nothing that a program may do by itself.
const INVESTIGATE: &str = "keep a copy of the database; contrib/BACKUP.md says how to find out what happened, and the way \
                           back: readmit restore";

/// What was known before the daemon was asked for its journal, which only grows.
pub struct Known {
    anchor: Option<(PathBuf, Anchored)>,
    journal: Option<Found>,
}

/// Looks outside the database. Heads in the system's journal are those of the system's daemon alone.
///
/// # Errors
/// The work broke down.
pub async fn look(config: Option<&Value>, is_systems: bool) -> Result<Known, Failure> {
    let path = config.and_then(|config| config["store"]["anchor"].as_str()).map(PathBuf::from);
    let anchor = path.map(|path| {
        let found = anchor(&path);
        (path, found)
    });
    Ok(Known { anchor, journal: if is_systems { Some(of_journal().await?) } else { None } })
}

impl Known {
    /// Says what can be known where the daemon does not run: whether its database is gone.
    pub fn without_daemon(&self, database: &Path, findings: &mut Findings) {
        let Some((path, Anchored::At(head, at))) = &self.anchor else { return };
        let known = format!("the journal was at entry {} at {}", head.seq, stamp(*at));
        if database.exists() {
            let what = format!("{known}; whether it still is, is seen when the daemon runs");
            return findings.note(
                ANCHOR,
                what,
                "systemctl start readmitd; if it refuses its database, journalctl -u readmitd says why",
            );
        }
        let what = format!("{known} ({}), and {} is gone", path.display(), database.display());
        findings.failure(ANCHOR, what, "put it back from the last backup: readmit restore FILE");
    }

    /// Compares with the journal, whose chain was verified with this answer.
    ///
    /// # Errors
    /// The daemon's.
    pub async fn compare(
        &self,
        answer: &Value,
        journal: &AuditProxy,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        if let Some((path, found)) = &self.anchor
            && let Some((head, at)) = usable(path, found, findings)
        {
            let told = format!("the journal leads to entry {} of {}", head.seq, stamp(at));
            match compare(std::slice::from_ref(head), answer, journal).await?.first() {
                None => findings.ok(ANCHOR, told),
                Some(problem) => findings.failure(ANCHOR, problem.why.clone(), INVESTIGATE),
            }
        }
        if let Some(found) = &self.journal {
            let problems = compare(&found.heads, answer, journal).await?;
            match (problems.first(), found.heads.len()) {
                (Some(problem), _) => findings.failure(HEADS, problem.why.clone(), INVESTIGATE),
                (None, 0) => {
                    let what = format!("there are none in {}", plain(&found.source));
                    findings.note(HEADS, what, "run readmit doctor as root on the daemon's host");
                }
                (None, many) => {
                    findings.ok(HEADS, format!("the journal leads to all {many} in {}", found.source));
                }
            }
        }
        Ok(())
    }
}

/// The anchor's head, if it has one; otherwise that is told.
fn usable<'a>(path: &Path, found: &'a Anchored, findings: &mut Findings) -> Option<(&'a Head, u64)> {
    let shown = path.display();
    match found {
        Anchored::At(head, at) => return Some((head, *at)),
        Anchored::Absent => findings.warning(
            ANCHOR,
            format!("{shown} is not there: an earlier database in this one's place would not be noticed"),
            "systemctl reload-or-restart readmitd writes it; journalctl -u readmitd says why it cannot",
        ),
        Anchored::Useless(why) => findings.failure(
            ANCHOR,
            format!("{shown} is unusable: {why}"),
            "compare with what is known elsewhere: readmit audit verify --require-heads; then move the file away, and \
             restart readmitd, which writes a new one",
        ),
        Anchored::Hidden(why) => findings.note(
            ANCHOR,
            format!("{shown} could not be looked at: {why}"),
            "run readmit doctor as root",
        ),
    }
    None
}
