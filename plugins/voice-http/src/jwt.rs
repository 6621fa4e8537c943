//! JSON Web Tokens (RFC 7519), of the two kinds that Vonage uses and no others: ours, signed with a private key (RS256),
//! and theirs, signed with a shared secret (HS256). Which is meant is never the token's to say.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::Value;

/// The largest token that is read, in bytes.
const MAX_TOKEN: usize = 4096;

/// A key that tokens are signed with.
pub struct SigningKey(RsaKeyPair);

/// Why a key cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadKey {
    /// It is not there.
    #[error("has to hold a private key as PEM, -----BEGIN PRIVATE KEY-----")]
    NotPem,
    /// It is of another kind.
    #[error("has to hold an RSA key of 2048 bits or more")]
    NotRsa,
}

impl SigningKey {
    /// Reads a key as PEM (PKCS #8, or PKCS #1 as older tools write it).
    ///
    /// # Errors
    ///
    /// [`BadKey`].
    pub fn read(pem: &[u8]) -> Result<SigningKey, BadKey> {
        let pair = match PrivateKeyDer::from_pem_slice(pem).map_err(|_| BadKey::NotPem)? {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(BadKey::NotRsa),
        };
        pair.map(SigningKey).map_err(|_| BadKey::NotRsa)
    }

    /// A token with these claims; none if the system gives no random numbers.
    pub fn sign(&self, claims: &Value) -> Option<String> {
        let header = URL_SAFE_NO_PAD.encode(br#"{"alg":"RS256","typ":"JWT"}"#);
        let signed = format!("{header}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let mut signature = vec![0; self.0.public().modulus_len()];
        self.0.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("SigningKey(…)")
    }
}

/// Reads the claims of a token that is signed with this secret (HS256); none for every other token.
pub fn claims_of(token: &str, secret: &hmac::Key) -> Option<Value> {
    #[derive(Deserialize)]
    struct Header {
        alg: String,
        #[serde(default)]
        crit: Option<Value>,
    }
    if token.len() > MAX_TOKEN {
        return None;
    }
    let (signed, signature) = token.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    hmac::verify(secret, signed.as_bytes(), &signature).ok()?;
    let header: Header = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).ok()?).ok()?;
    // An extension that is not understood has to be refused (RFC 7515 section 4.1.11).
    if header.alg != "HS256" || header.crit.is_some() {
        return None;
    }
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key() -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, b"a secret of thirty-two bytes or so")
    }

    fn token(header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
        let signature = hmac::sign(&key(), signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    #[test]
    fn only_a_token_of_this_kind_and_secret_is_read() {
        let good = token(r#"{"alg":"HS256","typ":"JWT"}"#, r#"{"iat":1}"#);
        assert_eq!(claims_of(&good, &key()), Some(json!({ "iat": 1 })));
        let other = hmac::Key::new(hmac::HMAC_SHA256, b"another secret");
        assert_eq!(claims_of(&good, &other), None);
        for bad in [
            token(r#"{"alg":"none"}"#, r#"{"iat":1}"#),
            token(r#"{"alg":"RS256"}"#, r#"{"iat":1}"#),
            token(r#"{"alg":"HS256","crit":["x"]}"#, r#"{"iat":1}"#),
            token("no header", r#"{"iat":1}"#),
            token(r#"{"alg":"HS256"}"#, "no claims"),
            format!("{good}="),
            good.replace('.', ""),
            format!("{}.", good.rsplit_once('.').unwrap().0),
            token(r#"{"alg":"HS256"}"#, &"x".repeat(MAX_TOKEN)),
            String::new(),
        ] {
            assert_eq!(claims_of(&bad, &key()), None, "{bad}");
        }
        // RFC 7515 A.1, whose key is another: only its form fits.
        let mut tampered = good.into_bytes();
        tampered[30] ^= 1;
        assert_eq!(claims_of(&String::from_utf8_lossy(&tampered), &key()), None);
    }

    #[test]
    fn keys_are_pem_and_rsa() {
        assert_eq!(SigningKey::read(b"no key").unwrap_err(), BadKey::NotPem);
        let ec = "-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqGSM49\n-----END PRIVATE KEY-----\n";
        assert!(SigningKey::read(ec.as_bytes()).is_err());
    }
}
