//! The daemon's unit, where systemd is on the bus.

use zbus::{Connection, OwnedObjectPath, OwnedVariant, Variant};

use super::{Findings, Neighbour, Silent};

const CHECK: &str = "unit";
const SYSTEMD: &str = "org.freedesktop.systemd1";
const UNIT: &str = "readmitd.service";

/// Asks systemd how the unit is.
pub async fn check(connection: &Connection, findings: &mut Findings) {
    let systemd = Neighbour::new(connection, SYSTEMD);
    let manager = "org.freedesktop.systemd1.Manager";
    let unit = systemd.ask::<OwnedObjectPath>("/org/freedesktop/systemd1", manager, "GetUnit", &UNIT).await;
    let path = match unit {
        Ok(path) => path,
        Err(Silent::Absent) => return findings.note(CHECK, "systemd is not on this bus", ""),
        Err(Silent::Failing(_)) => {
            let mend = "systemctl enable --now readmitd";
            return findings.warning(CHECK, format!("{UNIT} is not loaded"), mend);
        }
    };
    let get = async |interface: &str, property: &str| -> Option<OwnedVariant> {
        let properties = "org.freedesktop.DBus.Properties";
        systemd.ask(path.as_str(), properties, "Get", &(interface, property)).await.ok()
    };
    let state = get("org.freedesktop.systemd1.Unit", "ActiveState").await;
    let state = match state.as_deref() {
        Some(Variant::Str(state)) => state.to_string(),
        _ => {
            return findings.note(
                CHECK,
                format!("{UNIT} does not say how it is"),
                "systemctl status readmitd",
            );
        }
    };
    let restarts = match get("org.freedesktop.systemd1.Service", "NRestarts").await.as_deref() {
        Some(Variant::U32(restarts)) => *restarts,
        _ => 0,
    };
    match (state.as_str(), restarts) {
        ("active" | "reloading", 0) => findings.ok(CHECK, format!("{UNIT} is {state}")),
        ("active" | "reloading", many) => {
            let what = format!("{UNIT} is {state}, and was restarted {many} times");
            findings.warning(CHECK, what, "journalctl -u readmitd -p warning");
        }
        _ => findings.failure(CHECK, format!("{UNIT} is {state}"), "systemctl status readmitd"),
    }
}
