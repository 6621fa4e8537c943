//! The clock: one-time passwords are good for seconds, and deadlines are kept by it.

use zbus::{Connection, OwnedVariant, Variant};

use super::{Findings, Neighbour, Silent};
use crate::limits::CLOCK_SECONDS;
use crate::time::now;

const CHECK: &str = "clock";
const SET: &str = "timedatectl set-ntp true, or set up chrony; one-time passwords depend on it";

/// Asks whether the clock is kept by others.
pub async fn check(connection: &Connection, findings: &mut Findings) {
    let neighbour = Neighbour::new(connection, "org.freedesktop.timedate1");
    let body = ("org.freedesktop.timedate1", "NTPSynchronized");
    let path = "/org/freedesktop/timedate1";
    let answer = neighbour.ask::<OwnedVariant>(path, "org.freedesktop.DBus.Properties", "Get", &body).await;
    match answer.as_deref() {
        Ok(Variant::Bool(true)) => findings.ok(CHECK, "is synchronized"),
        Ok(Variant::Bool(false)) => findings.warning(CHECK, "is not synchronized with the network", SET),
        Ok(_) => findings.note(CHECK, "timedated does not say whether it is synchronized", "timedatectl"),
        // systemd-timesyncd leaves a sign also where nobody can be asked.
        Err(_) if std::path::Path::new("/run/systemd/timesync/synchronized").exists() => {
            findings.ok(CHECK, "was synchronized by systemd-timesyncd");
        }
        Err(Silent::Absent) => {
            findings.note(CHECK, "nobody on this bus says whether it is synchronized", "timedatectl");
        }
        Err(Silent::Failing(why)) => {
            findings.note(CHECK, format!("whether it is synchronized is not known: {why}"), "timedatectl");
        }
    }
}

/// Compares the daemon's clock with ours.
pub fn compare(daemon: u64, findings: &mut Findings) {
    let apart = now().abs_diff(daemon);
    if daemon > 0 && apart > CLOCK_SECONDS {
        findings.failure(CHECK, format!("the daemon's is {apart} seconds from this program's"), SET);
    }
}
