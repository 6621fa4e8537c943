//! Whom we believe to be the provider: the public authorities, and those in `ca_file`.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

use crate::limits;

/// Why TLS cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file cannot be read.
    #[error("ca_file: {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The file has no certificates.
    #[error("ca_file: {} holds no PEM certificates (-----BEGIN CERTIFICATE-----) of at most {} bytes", path.display(), limits::MAX_CA_FILE)]
    NoCertificates {
        /// The file.
        path: PathBuf,
    },
    /// The library and its cryptography do not fit.
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
}

/// Makes connections that believe the public authorities and those in the file.
pub(crate) fn connector(ca_file: Option<&Path>) -> Result<TlsConnector, TlsError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = ca_file {
        for certificate in certificates(path)? {
            roots.add(certificate)?;
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |source| TlsError::Unreadable { path: path.to_owned(), source };
    let none = || TlsError::NoCertificates { path: path.to_owned() };
    let mut pem = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    file.take(limits::MAX_CA_FILE + 1).read_to_end(&mut pem).map_err(unreadable)?;
    if pem.len() as u64 > limits::MAX_CA_FILE {
        return Err(none());
    }
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    found.ok().filter(|found| !found.is_empty()).ok_or_else(none)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_certificates_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let refused = |path: &Path| connector(Some(path)).err().unwrap().to_string();
        assert!(refused(file.path()).contains("holds no PEM certificates"));
        std::fs::write(file.path(), "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
            .unwrap();
        assert!(connector(Some(file.path())).is_err(), "what is no certificate is refused");
        assert!(refused(Path::new("/nonexistent")).contains("/nonexistent cannot be read"));
        assert!(connector(None).is_ok());
    }
}
