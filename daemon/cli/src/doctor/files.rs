//! Files and directories: who may read and change them, and whether they are there.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Findings;

const STATE: &str = "state";
const KEY: &str = "key";
const RULES: &str = "rules";
const SECRETS: &str = "secrets";

/// Looks at everything that the configuration names.
pub fn check(config: &Value, file: &Path, is_running: bool, findings: &mut Findings) {
    let path = |value: &Value| value.as_str().map(PathBuf::from).unwrap_or_default();
    let database = path(&config["store"]["path"]);
    let directory = database.parent().unwrap_or(Path::new("/")).to_owned();
    let owner = state(&directory, &database, findings);
    key(&directory.join(path(&config["store"]["key"])), database.exists(), is_running, findings);
    for place in [file, &path(&config["policy"]["directory"])] {
        rules(place, owner, findings);
    }
    for plugin in config["plugins"].as_array().into_iter().flatten() {
        secrets(plugin, findings);
    }
}

/// The database and its directory; returns whose they are.
fn state(directory: &Path, database: &Path, findings: &mut Findings) -> Option<u32> {
    let mut owner = None;
    for (place, mode) in [(directory, 0o700), (database, 0o600)] {
        match look(place) {
            Seen::There(found) => {
                owner = owner.or(Some(found.uid()));
                private(STATE, place, &found, mode, findings);
                if owner != Some(found.uid()) {
                    let mend = format!("chown --reference={} {}", directory.display(), place.display());
                    findings.failure(
                        STATE,
                        format!("{} belongs to another user than its directory", place.display()),
                        &mend,
                    );
                }
            }
            Seen::Absent => findings.note(
                STATE,
                format!("{} is not there: the daemon has not been started yet", place.display()),
                "systemctl start readmitd",
            ),
            Seen::Hidden(why) => hidden(STATE, place, &why, findings),
        }
    }
    owner
}

fn key(file: &Path, has_database: bool, is_running: bool, findings: &mut Findings) {
    match look(file) {
        Seen::There(found) => private(KEY, file, &found, 0o600, findings),
        Seen::Absent if is_running => findings.ok(KEY, "the daemon has it as a credential"),
        Seen::Absent if has_database => findings.failure(
            KEY,
            format!(
                "neither {} nor a running daemon has the key, and the database is sealed with it",
                file.display()
            ),
            "restore the key from its backup, or name its credential in the unit (LoadCredentialEncrypted=)",
        ),
        Seen::Absent => findings.note(KEY, "the first start makes it", "systemctl start readmitd"),
        Seen::Hidden(why) => hidden(KEY, file, &why, findings),
    }
}

/// What decides about accounts: whoever can change it can let themselves in.
fn rules(place: &Path, owner: Option<u32>, findings: &mut Findings) {
    let found = match look(place) {
        Seen::There(found) => found,
        // Without a file every default holds, and without a directory the policy that is built in.
        Seen::Absent => {
            return findings.ok(RULES, format!("{} is not there; the defaults hold", place.display()));
        }
        Seen::Hidden(why) => return hidden(RULES, place, &why, findings),
    };
    let (mode, shown) = (found.mode() & 0o7777, place.display());
    if mode & 0o002 != 0 {
        let mend = format!("chmod o-w {shown}");
        findings.failure(RULES, format!("{shown} can be changed by every user (mode {mode:04o})"), &mend);
    } else if mode & 0o020 != 0 {
        let mend = format!("chmod g-w {shown}, unless that group is meant to decide about recoveries");
        findings.warning(RULES, format!("{shown} can be changed by its group (mode {mode:04o})"), &mend);
    } else if found.uid() != 0 && owner.is_some_and(|owner| owner != found.uid()) {
        let mend = format!("chown root {shown}");
        findings.warning(RULES, format!("{shown} belongs to user {}, who can change it", found.uid()), &mend);
    } else {
        findings.ok(RULES, format!("{shown} can be changed by its owner alone"));
    }
}

/// Files that a plugin reads a secret from. A name without a directory is a credential, which only its unit sees.
fn secrets(plugin: &Value, findings: &mut Findings) {
    let name = plugin["name"].as_str().unwrap_or_default();
    for (setting, value) in plugin["files"].as_object().into_iter().flatten() {
        let file = Path::new(value.as_str().unwrap_or_default());
        let about = format!("{} ({setting} of {name})", file.display());
        if !file.is_absolute() {
            findings.note(SECRETS, format!("{about} is a credential, which only its unit sees"), "");
            continue;
        }
        match look(file) {
            // Certificates are for everybody.
            Seen::There(_) if is_public(setting) => findings.ok(SECRETS, format!("{about} is there")),
            Seen::There(found) => private(SECRETS, file, &found, 0o600, findings),
            Seen::Absent => findings.failure(
                SECRETS,
                format!("{about} is not there"),
                "write it, for its owner alone, or correct the setting",
            ),
            Seen::Hidden(why) => hidden(SECRETS, file, &why, findings),
        }
    }
}

fn is_public(setting: &str) -> bool {
    setting.ends_with("ca_file") || setting.ends_with("certificate_file")
}

fn private(check: &'static str, place: &Path, found: &Metadata, wanted: u32, findings: &mut Findings) {
    let (mode, shown) = (found.mode() & 0o7777, place.display());
    if mode & 0o077 == 0 {
        return findings.ok(check, format!("{shown} is its owner's alone"));
    }
    let mend = format!("chmod {wanted:04o} {shown}");
    findings.failure(check, format!("{shown} can be reached by others (mode {mode:04o})"), &mend);
}

fn hidden(check: &'static str, place: &Path, why: &str, findings: &mut Findings) {
    findings.note(
        check,
        format!("{} could not be looked at: {why}", place.display()),
        "run readmit doctor as root",
    );
}

enum Seen {
    There(Metadata),
    Absent,
    Hidden(String),
}

fn look(place: &Path) -> Seen {
    match place.metadata() {
        Ok(found) => Seen::There(found),
        Err(error) if error.kind() == ErrorKind::NotFound => Seen::Absent,
        Err(error) => Seen::Hidden(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use serde_json::json;

    use super::*;
    use crate::doctor::Level;

    /// A daemon's files as they should be, one of them changed.
    fn found(change: impl FnOnce(&Path)) -> Vec<(String, String, String)> {
        let home = tempfile::tempdir().unwrap();
        let place = |name: &str| home.path().join(name);
        for directory in ["state", "policies"] {
            fs::create_dir(place(directory)).unwrap();
        }
        for file in ["state/readmit.db", "state/store.key", "smtp", "trunk", "ca.pem", "readmit.toml"] {
            fs::write(place(file), "").unwrap();
            fs::set_permissions(place(file), Permissions::from_mode(0o600)).unwrap();
        }
        fs::set_permissions(place("state"), Permissions::from_mode(0o700)).unwrap();
        fs::set_permissions(place("ca.pem"), Permissions::from_mode(0o644)).unwrap();
        change(home.path());
        let files = json!({
            "password_file": place("smtp"), "ca_file": place("ca.pem"), "token_file": "token",
            "trunks[1].password_file": place("trunk"), "trunks[1].certificate_file": place("ca.pem"),
        });
        let config = json!({
            "store": {"path": place("state/readmit.db"), "key": "store.key"},
            "policy": {"directory": place("policies")},
            "plugins": [{"name": "email", "files": files}],
        });
        let mut findings = Findings::default();
        check(&config, &place("readmit.toml"), false, &mut findings);
        let all = findings.json()["findings"].as_array().unwrap().clone();
        let bad = all.iter().filter(|finding| finding["level"] == "failure" || finding["level"] == "warning");
        let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
        bad.map(|finding| (text(finding, "check"), text(finding, "level"), text(finding, "mend"))).collect()
    }

    #[test]
    fn every_file_that_is_wrong_is_found_with_its_mend() {
        let mode = |name: &'static str, mode: u32| {
            move |home: &Path| fs::set_permissions(home.join(name), Permissions::from_mode(mode)).unwrap()
        };
        assert_eq!(found(|_| {}), []);
        type Change = Box<dyn FnOnce(&Path)>;
        let table: [(&str, Level, &str, Change); 9] = [
            (STATE, Level::Failure, "chmod 0700", Box::new(mode("state", 0o755))),
            (STATE, Level::Failure, "chmod 0600", Box::new(mode("state/readmit.db", 0o640))),
            (KEY, Level::Failure, "chmod 0600", Box::new(mode("state/store.key", 0o644))),
            (
                KEY,
                Level::Failure,
                "restore the key",
                Box::new(|home| fs::remove_file(home.join("state/store.key")).unwrap()),
            ),
            (RULES, Level::Failure, "chmod o-w", Box::new(mode("policies", 0o777))),
            (RULES, Level::Warning, "chmod g-w", Box::new(mode("readmit.toml", 0o664))),
            (SECRETS, Level::Failure, "chmod 0600", Box::new(mode("smtp", 0o604))),
            (SECRETS, Level::Failure, "chmod 0600", Box::new(mode("trunk", 0o640))),
            (
                SECRETS,
                Level::Failure,
                "write it",
                Box::new(|home| fs::remove_file(home.join("smtp")).unwrap()),
            ),
        ];
        for (check, level, mend, change) in table {
            let found = found(change);
            assert_eq!(found.len(), 1, "{mend}: {found:?}");
            assert_eq!((found[0].0.as_str(), found[0].1.as_str()), (check, level.word()), "{mend}");
            assert!(found[0].2.contains(mend), "{found:?}");
        }
    }
}
