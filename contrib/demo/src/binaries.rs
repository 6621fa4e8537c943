//! The project's programs, as they lie beside this one.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Programs are missing.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{} not in {}: run `cargo build --workspace` first", missing.join(", "), directory.display())]
pub struct Missing {
    /// Which.
    pub missing: Vec<&'static str>,
    /// Where they were looked for.
    pub directory: PathBuf,
}

/// Where the programs are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries {
    /// The demonstration itself.
    pub demo: PathBuf,
    /// The command line.
    pub cli: PathBuf,
    /// The daemon.
    pub daemon: PathBuf,
    /// The e-mail plugin.
    pub email: PathBuf,
    /// The voice plugin.
    pub voice: PathBuf,
    /// The portal.
    pub portal: PathBuf,
}

impl Binaries {
    /// Finds all programs in one directory.
    ///
    /// # Errors
    /// If one is not there.
    pub fn find(directory: &Path) -> Result<Self, Missing> {
        let mut missing = Vec::new();
        let mut find = |name: &'static str| {
            let path = directory.join(name);
            if !path.is_file() {
                missing.push(name);
            }
            path
        };
        let found = Self {
            demo: find("readmit-demo"),
            cli: find("readmit"),
            daemon: find("readmitd"),
            email: find("readmit-email"),
            voice: find("readmit-voice"),
            portal: find("readmit-portal"),
        };
        if missing.is_empty() { Ok(found) } else { Err(Missing { missing, directory: directory.to_owned() }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_named_with_the_way_to_get_it() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["readmit-demo", "readmit", "readmit-email"] {
            std::fs::write(directory.path().join(name), "").unwrap();
        }
        let error = Binaries::find(directory.path()).unwrap_err();
        assert_eq!(error.missing, ["readmitd", "readmit-voice", "readmit-portal"]);
        assert!(error.to_string().ends_with("run `cargo build --workspace` first"), "{error}");
        for name in ["readmitd", "readmit-voice", "readmit-portal"] {
            std::fs::write(directory.path().join(name), "").unwrap();
        }
        assert!(Binaries::find(directory.path()).is_ok());
    }
}
