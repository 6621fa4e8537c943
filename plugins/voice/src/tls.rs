//! TLS to a trunk: whom we believe, who we are, and the real reason when a handshake fails.
//!
//! The handshake itself is the SIP stack's, by rustls; what is read here is checked at the start, so that a wrong
//! file is the start's error and not that of a call.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use readmit_plugin::credential::{self, CredentialError};
use rsipstack::transport::TlsConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{CertificateError, RootCertStore};

use crate::limits;

/// Where distributions keep the authorities that the system trusts.
const SYSTEM_AUTHORITIES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

/// What TLS to a trunk needs.
#[derive(Clone)]
pub struct Tls(TlsConfig);

impl std::fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Tls(…)")
    }
}

/// Why TLS cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("{key}: {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The key.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file has no certificates.
    #[error("{key}: {} has no certificates: write them as PEM, BEGIN CERTIFICATE", path.display())]
    NoCertificates {
        /// The key.
        key: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The system has no list of authorities.
    #[error(
        "ca_file: this system has no list of authorities in /etc/ssl/certs: install ca-certificates, or name the trunk's authority"
    )]
    NoAuthorities,
    /// There is a certificate without a key, or a key without a certificate.
    #[error("{given} is set and {missing} is not: set both, or neither")]
    Half {
        /// The key that is there.
        given: &'static str,
        /// The key that is not.
        missing: &'static str,
    },
    /// The key cannot be read.
    #[error("key_file: {0}")]
    Credential(CredentialError),
    /// The key is none that can be used.
    #[error(
        "key_file: has to hold a private key as PEM, BEGIN PRIVATE KEY; convert others with `openssl pkcs8 -topk8 -nodes`"
    )]
    Key,
    /// Key and certificate do not belong together.
    #[error("key_file: the key does not belong to the certificate in certificate_file")]
    Mismatch,
}

impl Tls {
    /// Reads and checks the files. Without `ca_file`, the authorities that the system trusts are believed.
    ///
    /// # Errors
    ///
    /// [`TlsError`] names the key and what to do.
    pub fn load(
        ca_file: Option<&Path>,
        certificate_file: Option<&Path>,
        key_file: Option<&Path>,
    ) -> Result<Tls, TlsError> {
        let ca_certs = Some(authorities(ca_file)?);
        let (certificate, key) = match (certificate_file, key_file) {
            (None, None) => (None, None),
            (Some(certificate), Some(key)) => identity(certificate, key).map(|(c, k)| (Some(c), Some(k)))?,
            (Some(_), None) => {
                return Err(TlsError::Half { given: "certificate_file", missing: "key_file" });
            }
            (None, Some(_)) => {
                return Err(TlsError::Half { given: "key_file", missing: "certificate_file" });
            }
        };
        Ok(Tls(TlsConfig {
            cert: certificate.clone(),
            key: key.clone(),
            client_cert: certificate,
            client_key: key,
            ca_certs,
            sni_hostname: None,
        }))
    }

    /// For connections to the host of this name, which its certificate has to have.
    pub fn to(&self, host: &str) -> TlsConfig {
        // The last dot of a name is none of a certificate's.
        TlsConfig { sni_hostname: Some(host.trim_end_matches('.').to_owned()), ..self.0.clone() }
    }

    /// For connections to us, if we have a certificate.
    pub fn listen(&self) -> Option<TlsConfig> {
        self.0.cert.is_some().then(|| self.0.clone())
    }
}

/// Picks the cryptography for the process, once. The stack asks for it at every handshake.
pub fn choose_provider() {
    // Fails only if it was chosen before.
    drop(rustls::crypto::ring::default_provider().install_default());
}

fn authorities(ca_file: Option<&Path>) -> Result<Vec<u8>, TlsError> {
    let system = || SYSTEM_AUTHORITIES.iter().map(Path::new).find(|path| path.exists());
    let path = ca_file.or_else(system).ok_or(TlsError::NoAuthorities)?;
    let (pem, certificates) = certificates("ca_file", path)?;
    let mut store = RootCertStore::empty();
    // The stack takes all or none.
    if certificates.into_iter().any(|certificate| store.add(certificate).is_err()) {
        return Err(TlsError::NoCertificates { key: "ca_file", path: path.to_owned() });
    }
    Ok(pem)
}

fn identity(certificate_file: &Path, key_file: &Path) -> Result<(Vec<u8>, Vec<u8>), TlsError> {
    let (pem, chain) = certificates("certificate_file", certificate_file)?;
    let key_pem = credential::read(key_file, limits::MAX_KEY_FILE).map_err(TlsError::Credential)?;
    let key = PrivateKeyDer::from_pem_slice(&key_pem).map_err(|_| TlsError::Key)?;
    // The stack does not read the third kind, "EC PRIVATE KEY".
    if matches!(key, PrivateKeyDer::Sec1(_)) {
        return Err(TlsError::Key);
    }
    let provider = rustls::crypto::ring::default_provider();
    match rustls::sign::CertifiedKey::from_der(chain, key, &provider) {
        Ok(_) => Ok((pem, key_pem.to_vec())),
        Err(rustls::Error::InconsistentKeys(_)) => Err(TlsError::Mismatch),
        Err(_) => Err(TlsError::Key),
    }
}

fn certificates(key: &'static str, path: &Path) -> Result<(Vec<u8>, Vec<CertificateDer<'static>>), TlsError> {
    let unreadable = |source| TlsError::Unreadable { key, path: path.to_owned(), source };
    let mut pem = Vec::new();
    File::open(path)
        .and_then(|file| file.take(limits::MAX_CA_FILE).read_to_end(&mut pem))
        .map_err(unreadable)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok((pem, found)),
        _ => Err(TlsError::NoCertificates { key, path: path.to_owned() }),
    }
}

/// Why a handshake failed, in words, or nothing if it was not TLS that failed.
pub fn reason(error: &io::Error) -> Option<String> {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return Some("the other side closed the connection in the handshake".to_owned());
    }
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(match error {
        rustls::Error::InvalidCertificate(wrong) => certificate_reason(wrong),
        rustls::Error::InvalidMessage(_) => "it does not speak TLS on this port".to_owned(),
        rustls::Error::AlertReceived(alert) => format!("the other side refused the handshake: {alert:?}"),
        other => other.to_string(),
    })
}

fn certificate_reason(wrong: &CertificateError) -> String {
    match wrong {
        // The second is an authority that only has the same name.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            "its certificate is from an authority that is not in ca_file".to_owned()
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "its certificate has expired".to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet".to_owned()
        }
        CertificateError::NotValidForName => "its certificate is for another name".to_owned(),
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names: Vec<&str> = presented
                .iter()
                .take(limits::MAX_NAMES)
                .map(|name| name.trim_start_matches("DnsName("))
                .collect();
            let names = names.join(", ").replace([')', '"'], "");
            let expected = expected.to_str();
            format!("its certificate is not for {expected} but for {names}")
        }
        other => format!("its certificate cannot be used: {other}"),
    }
}

#[cfg(test)]
#[path = "tls_tests.rs"]
mod tests;
