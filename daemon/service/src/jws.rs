//! Compact JSON Web Signatures by one Ed25519 key (RFC 7515, RFC 8037): what the daemon vouches for to others.
//!
//! What a token says is left to whoever has it signed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

/// A key that signs, with the name that verifiers find it by.
pub struct JwsKey {
    key: SigningKey,
    id: String,
}

impl JwsKey {
    /// The key with this seed.
    #[must_use]
    pub fn new(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let id = thumbprint(&encode(key.verifying_key().as_bytes()));
        Self { key, id }
    }

    /// Its name: the thumbprint of the public key (RFC 7638).
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public key as a JSON Web Key (RFC 8037 §2).
    #[must_use]
    pub fn public(&self) -> Value {
        public_jwk(&self.public_bytes())
    }

    /// The public key as it is.
    #[must_use]
    pub fn public_bytes(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// A token of this type with these claims.
    #[must_use]
    pub fn sign(&self, kind: &str, claims: &Value) -> String {
        let header = json!({ "alg": "EdDSA", "typ": kind, "kid": self.id });
        self.sign_parts(header.to_string().as_bytes(), claims.to_string().as_bytes())
    }

    /// RFC 7515 §7.1.
    fn sign_parts(&self, header: &[u8], payload: &[u8]) -> String {
        let signed = format!("{}.{}", encode(header), encode(payload));
        let signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", encode(&signature.to_bytes()))
    }
}

/// A public key as a JSON Web Key (RFC 8037 §2).
#[must_use]
pub fn public_jwk(public_key: &[u8; 32]) -> Value {
    let x = encode(public_key);
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": thumbprint(&x), "x": x, "alg": "EdDSA", "use": "sig" })
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// RFC 7638 §3: the required members, in order and without spaces.
fn thumbprint(x: &str) -> String {
    encode(&Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#)))
}

#[cfg(test)]
mod tests {
    use ed25519_dalek::{Signature, Verifier as _};

    use super::*;

    fn decode(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).expect("base64url")
    }

    /// RFC 8037 appendix A: key (A.1, A.2), thumbprint (A.3), signature (A.4).
    #[test]
    fn the_vectors_of_the_standard_come_out() {
        let seed = decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
        let key = JwsKey::new(seed.as_slice().try_into().expect("32 bytes"));
        assert_eq!(key.public()["x"], "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        assert_eq!(key.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(
            key.sign_parts(br#"{"alg":"EdDSA"}"#, b"Example of Ed25519 signing"),
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"
        );
    }

    #[test]
    fn a_token_says_what_it_was_given_and_by_which_key() {
        let key = JwsKey::new(&[7; 32]);
        let claims = json!({ "sub": "a\"lice", "n": 1 });
        let token = key.sign("x+jwt", &claims);
        let parts: Vec<&str> = token.split('.').collect();
        let [header, payload, signature] = parts.as_slice() else { panic!("{token}") };
        let header: Value = serde_json::from_slice(&decode(header)).expect("a header");
        assert_eq!(header, json!({ "alg": "EdDSA", "typ": "x+jwt", "kid": key.id() }));
        assert_eq!(serde_json::from_slice::<Value>(&decode(payload)).expect("claims"), claims);
        let signature = Signature::from_slice(&decode(signature)).expect("a signature");
        let signed = token.rsplit_once('.').expect("a signature").0;
        key.key.verifying_key().verify(signed.as_bytes(), &signature).expect("it fits");
        assert_ne!(key.id(), JwsKey::new(&[8; 32]).id());
    }
}
