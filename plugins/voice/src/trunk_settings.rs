//! What the administrator writes about one trunk, and what it becomes once it was checked.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use readmit_telephone::range::{OutOfRange, in_range};
use serde::Deserialize;

use crate::credentials::{self, CredentialsError, Login};
use crate::limits;
use crate::network::{Network, NotANetwork};
use crate::settings::{is_host, is_sip_user, networks};
use crate::tls::{Tls, TlsError};
use crate::trunk::{BadTrunk, Transport, Trunk};

/// One trunk as it is written: at the top of the settings, or in a table of `trunks`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrunkSettings {
    /// The trunk: `host`, `host:port` or a SIP URI.
    pub trunk: Option<String>,
    /// The proxy that requests go through, written like the trunk.
    pub outbound_proxy: Option<String>,
    /// The domain of request, From and To URIs; the trunk's host if left out.
    pub domain: Option<String>,
    /// The user name that the trunk knows us by; left out if it knows our address.
    pub username: Option<String>,
    /// The file with the password: mode 0600, or a name in `$CREDENTIALS_DIRECTORY`.
    pub password_file: Option<PathBuf>,
    /// The caller that people see: a number in E.164 form or a SIP user.
    pub from: Option<String>,
    /// The local address of signalling and media; the one that the route to the trunk has if left out.
    pub bind: Option<IpAddr>,
    /// The local port of signalling. Left out, it is any free one over UDP; over TCP and TLS nothing listens, and the
    /// trunk uses the connection that we opened.
    pub sip_port: u16,
    /// The address that the trunk reaches us at, if it is not `bind` because of address translation.
    pub advertise: Option<IpAddr>,
    /// The authorities that the trunk's certificate may be from; those of the system if left out.
    pub ca_file: Option<PathBuf>,
    /// Our certificate, for the trunk that wants one and for TLS connections to us.
    pub certificate_file: Option<PathBuf>,
    /// Its key: mode 0600, or a name in `$CREDENTIALS_DIRECTORY`.
    pub key_file: Option<PathBuf>,
    /// How long a registration is asked to last; no registration if left out.
    pub register_seconds: Option<u64>,
    /// How often the trunk is asked whether it is there; 0 for never.
    pub options_seconds: Option<u64>,
    /// The session interval that is asked for; only what the trunk asks for if left out.
    pub session_seconds: Option<u64>,
    /// Networks that signalling may come from besides the trunk's own address.
    pub signalling_networks: Vec<String>,
}

/// What is wrong with a trunk's settings.
#[derive(Debug, thiserror::Error)]
pub enum TrunkError {
    /// There is no trunk.
    #[error("trunk: name the trunk, as in trunk = \"sip.example.org\"; several go into tables, [[trunks]]")]
    Missing,
    /// The trunk or its proxy is not an address that can be dialled.
    #[error("{key}: {source}")]
    Trunk {
        /// The key.
        key: &'static str,
        /// What is wrong.
        source: BadTrunk,
    },
    /// The domain is not a host.
    #[error("domain: {0:?} is not a host name or address")]
    Domain(String),
    /// The caller is neither a number nor a SIP user.
    #[error(
        "from: {0:?} is not a caller: write a number such as \"+14155550100\" or a SIP user such as \"help\""
    )]
    From(String),
    /// The credentials cannot be used.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// TLS cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// There is TLS in the settings and none on the way.
    #[error(
        "{0}: is for TLS only: write the trunk, or its outbound_proxy, as \"sips:sip.example.org\" or with \";transport=tls\""
    )]
    NotTls(&'static str),
    /// TLS cannot be listened for.
    #[error(
        "sip_port: to listen for TLS a certificate is needed: set certificate_file and key_file, or leave sip_port out"
    )]
    NoCertificate,
    /// A registration needs a user.
    #[error("register_seconds: a registration needs username and password_file")]
    RegisterNobody,
    /// A number is outside its limits.
    #[error(transparent)]
    Range(#[from] OutOfRange),
    /// A list is too long.
    #[error("signalling_networks: has at most {} entries", limits::MAX_NETWORKS)]
    TooMany,
    /// An entry is not a network.
    #[error("signalling_networks: {0}")]
    Network(#[from] NotANetwork),
}

/// One trunk after every check.
#[derive(Debug)]
pub struct CheckedTrunk {
    /// The trunk.
    pub trunk: Trunk,
    /// The proxy before it, if requests go through one.
    pub proxy: Option<Trunk>,
    /// The domain of our URIs.
    pub domain: String,
    /// The credentials, if any.
    pub login: Option<Login>,
    /// The user part of our From.
    pub from: String,
    /// The local address, if not the one of the route.
    pub bind: Option<IpAddr>,
    /// The local port of signalling, 0 for any.
    pub sip_port: u16,
    /// The address in Contact, Via and SDP, if not the local one.
    pub advertise: Option<IpAddr>,
    /// Whom we believe and who we are, over TLS.
    pub tls: Option<Tls>,
    /// How long a registration is asked to last, if there is one.
    pub register: Option<Duration>,
    /// How often the trunk is asked whether it is there, if it is.
    pub options: Option<Duration>,
    /// The session interval that is asked for, if any.
    pub session: Option<Duration>,
    /// Where signalling may come from besides the trunk.
    pub networks: Vec<Network>,
}

impl CheckedTrunk {
    /// Where requests go first.
    pub fn hop(&self) -> &Trunk {
        self.proxy.as_ref().unwrap_or(&self.trunk)
    }
}

impl TrunkSettings {
    /// Checks everything and reads the files that the settings name.
    ///
    /// # Errors
    ///
    /// [`TrunkError`] names the first key that is wrong and what to do about it.
    pub fn check(self) -> Result<CheckedTrunk, TrunkError> {
        let parse = |key, text: &str| text.parse().map_err(|source| TrunkError::Trunk { key, source });
        let trunk: Trunk = parse("trunk", self.trunk.as_deref().ok_or(TrunkError::Missing)?)?;
        let proxy: Option<Trunk> =
            self.outbound_proxy.as_deref().map(|text| parse("outbound_proxy", text)).transpose()?;
        let domain = self.domain.clone().unwrap_or_else(|| trunk.host().to_owned());
        if !is_host(&domain) {
            return Err(TrunkError::Domain(domain));
        }
        let from = self.from.clone().unwrap_or_else(|| "anonymous".to_owned());
        if !is_sip_user(&from) {
            return Err(TrunkError::From(from));
        }
        let tls = self.tls(proxy.as_ref().unwrap_or(&trunk))?;
        if self.register_seconds.is_some() && self.username.is_none() {
            return Err(TrunkError::RegisterNobody);
        }
        if self.signalling_networks.len() > limits::MAX_NETWORKS {
            return Err(TrunkError::TooMany);
        }
        let options = match self.options_seconds {
            None => Some(limits::OPTIONS_DEFAULT),
            Some(0) => None,
            given => seconds("options_seconds", given, &limits::OPTIONS_SECONDS)?,
        };
        Ok(CheckedTrunk {
            login: credentials::load(self.username, self.password_file)?,
            register: seconds("register_seconds", self.register_seconds, &limits::REGISTER_SECONDS)?,
            options,
            session: seconds("session_seconds", self.session_seconds, &limits::SESSION_SECONDS)?,
            networks: networks(&self.signalling_networks)?,
            trunk,
            proxy,
            domain,
            from,
            tls,
            bind: self.bind,
            sip_port: self.sip_port,
            advertise: self.advertise,
        })
    }

    fn tls(&self, hop: &Trunk) -> Result<Option<Tls>, TrunkError> {
        let files = [
            ("ca_file", &self.ca_file),
            ("certificate_file", &self.certificate_file),
            ("key_file", &self.key_file),
        ];
        if hop.transport() != Transport::Tls {
            let given = files.iter().find(|(_, file)| file.is_some());
            return given.map_or(Ok(None), |(key, _)| Err(TrunkError::NotTls(key)));
        }
        if self.sip_port != 0 && self.certificate_file.is_none() {
            return Err(TrunkError::NoCertificate);
        }
        let [ca, certificate, key] = files.map(|(_, file)| file.as_deref());
        Ok(Some(Tls::load(ca, certificate, key)?))
    }
}

fn seconds(
    key: &'static str,
    value: Option<u64>,
    limits: &std::ops::RangeInclusive<u64>,
) -> Result<Option<Duration>, TrunkError> {
    Ok(value.map(|value| in_range(key, value, limits)).transpose()?.map(Duration::from_secs))
}
