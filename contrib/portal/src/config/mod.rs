//! The portal's configuration: strict, checked whole before anything starts; every key has a default that serves.

use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;

/// The whole configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// `host:port`, or `unix:/path`. Sockets that systemd passes win over it.
    pub(crate) listen: String,
    /// Where people reach the portal, as links name it: `https://recover.example.org`. Never taken from a request.
    pub(crate) public_url: String,
    /// What people know the organization as.
    pub(crate) organization: String,
    /// How people reach support, as the foot of every page says it: an e-mail address, a web address, or any text.
    pub(crate) support: String,
    /// The bus: `system`, `session`, or an address.
    pub(crate) bus: String,
    /// Pages that may show the portal in a frame, as origins. None, unless you know why: a page around the portal can
    /// make people click what they do not see.
    pub(crate) framed_by: Vec<String>,
    pub(crate) sign_in: SignIn,
    pub(crate) branding: Branding,
    pub(crate) languages: Languages,
}

/// The built-in sign-in page.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct SignIn {
    /// Whether `/` is a sign-in page (for small sites and the demonstration) or only the way to a recovery.
    pub(crate) built_in: bool,
}

/// How the pages look.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Branding {
    /// A style sheet that comes after the portal's own.
    pub(crate) css: Option<PathBuf>,
    /// An SVG or PNG.
    pub(crate) logo: Option<PathBuf>,
}

/// What the pages say.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Languages {
    /// Further or other texts: `<language>.ftl`, each laid over the built-in one of its name.
    pub(crate) directory: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            public_url: "http://localhost:8080".to_owned(),
            organization: String::new(),
            support: String::new(),
            bus: "system".to_owned(),
            framed_by: Vec::new(),
            sign_in: SignIn::default(),
            branding: Branding::default(),
            languages: Languages::default(),
        }
    }
}

impl Default for SignIn {
    fn default() -> Self {
        Self { built_in: true }
    }
}

/// Why there is no configuration.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: cannot be read")]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// The file says what cannot be.
    #[error("{path}: {why}")]
    Wrong { path: PathBuf, why: String },
}

impl Config {
    /// Reads and checks a file. One that is not there is an empty one.
    ///
    /// # Errors
    /// [`ConfigError`] says what is wrong, and where.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(ConfigError::Read { path: path.to_owned(), source }),
        };
        toml::from_str(&text)
            .map_err(|error| ConfigError::Wrong { path: path.to_owned(), why: error.to_string() })
    }

    /// Whether people reach the portal by TLS, so that cookies may ask for it.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }
}
