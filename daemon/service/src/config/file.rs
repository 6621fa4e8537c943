//! Which file the configuration is read from.

use std::path::{Path, PathBuf};

use super::{Config, ConfigError, DEFAULT_PATH};

/// The file that was named, or the usual one, which may be missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFile {
    named: Option<PathBuf>,
}

impl ConfigFile {
    /// The file that was `named`; without one, the usual.
    #[must_use]
    pub const fn new(named: Option<PathBuf>) -> Self {
        Self { named }
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.named.as_deref().unwrap_or(Path::new(DEFAULT_PATH))
    }

    /// Reads and checks it.
    ///
    /// # Errors
    /// As [`Config::load`].
    pub fn load(&self) -> Result<Config, ConfigError> {
        match &self.named {
            Some(path) => Config::load(path),
            None => Config::load_default(),
        }
    }
}
