//! The portal's configuration: read whole, checked whole before anything starts, and turned into typed values.
//!
//! Every key has a default that serves, so an empty file is a working configuration: of a portal for this machine alone.
//! Everything that is wrong is found in one go, each with its line and how to mend it. What each key means is in
//! `contrib/portal/README.md`.

mod clients;
mod document;
mod network;
mod origin;
mod read;
mod report;
mod serving;

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

pub(crate) use self::clients::{Client, Clients};
pub(crate) use self::network::Network;
pub(crate) use self::origin::origin_of;
pub(crate) use self::report::{ConfigError, Report};
pub(crate) use self::serving::{Connections, Listen, RateLimits, SaidIn, Socket, Tls, Trusted};
use crate::limits;

/// The whole configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    /// Where people's browsers, or the proxy, come in. Sockets that systemd passes win over it.
    pub(crate) listen: Vec<Listen>,
    pub(crate) socket: Socket,
    /// Where people reach the portal, as links name it and browsers write it: `https://recover.example.org`. Never
    /// taken from a request.
    pub(crate) public_url: String,
    /// A proxy that speaks TLS is in front, wherever it is.
    pub(crate) behind_proxy: bool,
    pub(crate) trusted_proxies: Trusted,
    pub(crate) tls: Option<Tls>,
    pub(crate) connections: Connections,
    pub(crate) limits: RateLimits,
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
    /// The logins that recoveries may be started from.
    pub(crate) clients: Clients,
}

/// The built-in sign-in page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SignIn {
    /// Whether `/` is a sign-in page (for small sites and the demonstration) or only the way to a recovery.
    pub(crate) built_in: bool,
}

/// How the pages look.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Branding {
    /// A style sheet that comes after the portal's own.
    pub(crate) css: Option<PathBuf>,
    /// An SVG or PNG.
    pub(crate) logo: Option<PathBuf>,
}

/// What the pages say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Languages {
    /// Further or other texts: `<language>.ftl`, each laid over the built-in one of its name.
    pub(crate) directory: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: vec![Listen::Tcp(([127, 0, 0, 1], 8080).into())],
            socket: Socket::default(),
            public_url: "http://localhost:8080".to_owned(),
            behind_proxy: false,
            trusted_proxies: Trusted::default(),
            tls: None,
            connections: Connections::default(),
            limits: RateLimits::default(),
            organization: String::new(),
            support: String::new(),
            bus: "system".to_owned(),
            framed_by: Vec::new(),
            sign_in: SignIn::default(),
            branding: Branding::default(),
            languages: Languages::default(),
            clients: Clients::default(),
        }
    }
}

impl Default for SignIn {
    fn default() -> Self {
        Self { built_in: true }
    }
}

impl Config {
    /// Reads and checks a file. One that is not there is an empty one.
    ///
    /// # Errors
    /// [`ConfigError`] says everything that is wrong, and where.
    pub(crate) fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = match text_of(path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(ConfigError::Unreadable { path: path.to_owned(), source }),
        };
        Self::parse(&text, path).map_err(ConfigError::Invalid)
    }

    /// Reads and checks a text. `file` is only named in what is wrong.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub(crate) fn parse(text: &str, file: &Path) -> Result<Self, Report> {
        read::read(text, file)
    }

    /// Whether people reach the portal by TLS, so that cookies may ask for it.
    pub(crate) fn is_secure(&self) -> bool {
        self.public_url.starts_with("https://")
    }

    /// Whether pages that people are told to be safe would go over the network in clear if this were listened on.
    pub(crate) fn exposes(&self, listen: &Listen) -> bool {
        self.is_secure() && self.tls.is_none() && !self.behind_proxy && !listen.is_local()
    }
}

fn text_of(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(limits::CONFIG_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > limits::CONFIG_BYTES {
        let why = format!("it is longer than {} bytes", limits::CONFIG_BYTES);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
    }
    Ok(text)
}
