//! TLS: the certificate, its key, and how renewed ones are taken up.

use std::fs::{File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::RwLock;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::version::{TLS12, TLS13};
use thiserror::Error;
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

use super::notify;
use crate::{config, limits};

/// Why there is no TLS.
#[derive(Debug, Error)]
pub(crate) enum TlsError {
    /// A file cannot be read.
    #[error("`tls.{key}`: {} cannot be read", path.display())]
    Read {
        key: &'static str,
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// A file is not what it should be.
    #[error("`tls.{key}`: {} holds no {key} in PEM", path.display())]
    Content { key: &'static str, path: PathBuf },
    /// Others may read the key.
    #[error("`tls.key`: {} may be read by others: chmod 600, or pass it as a systemd credential", .0.display())]
    Open(PathBuf),
    /// A credential is named, and systemd passed none.
    #[error(
        "`tls.key`: `{0}` is the name of a credential, and $CREDENTIALS_DIRECTORY is not set: write LoadCredential= into the unit, or the path of a file of mode 0600"
    )]
    NoCredentials(String),
    /// Certificate and key do not belong together, or are of no use.
    #[error("`tls`: the certificate and the key cannot be used together")]
    Unfit(#[source] rustls::Error),
}

/// What is shown to browsers now.
pub(super) struct Tls {
    certificate: PathBuf,
    key: Key,
    current: RwLock<Arc<rustls::ServerConfig>>,
}

/// Where the key is.
enum Key {
    /// Systemd passed it, to nobody else.
    Credential(PathBuf),
    /// A file that nobody else may read.
    File(PathBuf),
}

/// What changes when a file is replaced or written.
type Stamp = Option<(u64, u64, i64, i64, u64)>;

impl Tls {
    /// Reads both files.
    ///
    /// # Errors
    /// [`TlsError`] names the key of the configuration.
    pub(super) fn load(config: &config::Tls) -> Result<Self, TlsError> {
        let key = if Path::new(&config.key).is_absolute() {
            Key::File(config.key.clone().into())
        } else {
            let directory = std::env::var_os("CREDENTIALS_DIRECTORY");
            let directory = directory.ok_or_else(|| TlsError::NoCredentials(config.key.clone()))?;
            Key::Credential(Path::new(&directory).join(&config.key))
        };
        let current = RwLock::new(read(&config.certificate, &key)?);
        Ok(Self { certificate: config.certificate.clone(), key, current })
    }

    /// What new connections are greeted with. Those that there are keep what they have.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        TlsAcceptor::from(self.current.read().clone())
    }

    /// Takes up renewed files, when told to and when they change. What cannot be used is logged, and the old kept.
    pub(super) async fn keep_up(&self, reload: &Notify, stop: CancellationToken) {
        let mut seen = self.stamps();
        loop {
            let asked = tokio::select! {
                () = stop.cancelled() => return,
                () = reload.notified() => true,
                () = tokio::time::sleep(limits::CERTIFICATE_LOOK) => false,
            };
            let now = self.stamps();
            if !asked && now == seen {
                continue;
            }
            seen = now;
            if asked {
                notify::reloading();
            }
            match read(&self.certificate, &self.key) {
                Ok(config) => {
                    *self.current.write() = config;
                    tracing::info!(certificate = %self.certificate.display(), "the certificate was read anew");
                }
                // Of two files that are renewed, the second may not be there yet.
                Err(error) => {
                    let cause = std::error::Error::source(&error).map(ToString::to_string);
                    tracing::error!(%error, cause, "the certificate that was there before is kept");
                }
            }
            if asked {
                notify::ready();
            }
        }
    }

    fn stamps(&self) -> [Stamp; 2] {
        [stamp(&self.certificate), stamp(self.key.path())]
    }
}

impl Key {
    fn path(&self) -> &Path {
        match self {
            Self::Credential(path) | Self::File(path) => path,
        }
    }
}

fn stamp(path: &Path) -> Stamp {
    let of = |data: Metadata| (data.dev(), data.ino(), data.mtime(), data.mtime_nsec(), data.len());
    std::fs::metadata(path).ok().map(of)
}

fn read(certificate: &Path, key: &Key) -> Result<Arc<rustls::ServerConfig>, TlsError> {
    let pem = contents("certificate", certificate, |_| true)?;
    let no_certificate = || TlsError::Content { key: "certificate", path: certificate.to_owned() };
    let chain: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&pem).collect::<Result<_, _>>().map_err(|_| no_certificate())?;
    if chain.is_empty() {
        return Err(no_certificate());
    }
    let is_closed = |data: &Metadata| matches!(key, Key::Credential(_)) || data.mode() & 0o077 == 0;
    let pem = contents("key", key.path(), is_closed)?;
    let key = PrivateKeyDer::from_pem_slice(&pem)
        .map_err(|_| TlsError::Content { key: "key", path: key.path().to_owned() })?;
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(TlsError::Unfit)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// The bytes of a file that passes this check; the check is of the file that is read, whatever its name leads to later.
fn contents(
    name: &'static str,
    path: &Path,
    is_closed: impl Fn(&Metadata) -> bool,
) -> Result<Zeroizing<Vec<u8>>, TlsError> {
    let failed = |source| TlsError::Read { key: name, path: path.to_owned(), source };
    let file = File::open(path).map_err(failed)?;
    if !is_closed(&file.metadata().map_err(failed)?) {
        return Err(TlsError::Open(path.to_owned()));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(limits::CERTIFICATE_BYTES).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}
