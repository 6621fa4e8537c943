//! The signature of a webhook: base64 of an HMAC over the URL and what stands in the form, sorted. Which of the two
//! algorithms is in use is configured: a header that chose could choose the weaker one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::{digest, hmac};
use serde::Deserialize;
use zeroize::Zeroizing;

/// How webhooks are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// With the account's auth token, as ever.
    HmacSha1,
    /// With a shared key.
    HmacSha256,
}

/// Knows the secret.
pub struct Verifier(hmac::Key);

impl Verifier {
    /// A verifier of this algorithm with this secret.
    pub fn new(algorithm: Algorithm, secret: &str) -> Verifier {
        let algorithm = match algorithm {
            Algorithm::HmacSha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Algorithm::HmacSha256 => hmac::HMAC_SHA256,
        };
        Verifier(hmac::Key::new(algorithm, secret.as_bytes()))
    }

    /// Whether the signature is over one of these URLs and these parameters. Takes as long for a wrong one.
    pub fn fits(&self, urls: &[String], parameters: &[(String, String)], signature: &str) -> bool {
        let Ok(signature) = STANDARD.decode(signature) else { return false };
        let parameters = in_order(parameters);
        let fits = |url: &String| {
            let signed = Zeroizing::new([url.as_str(), &parameters].concat());
            hmac::verify(&self.0, signed.as_bytes(), &signature).is_ok()
        };
        // Every URL is tried, so that the time does not tell which one it was.
        urls.iter().fold(false, |found, url| fits(url) | found)
    }
}

/// Names and values one after the other, sorted by name and then by value, each pair once.
fn in_order(parameters: &[(String, String)]) -> Zeroizing<String> {
    let mut pairs: Vec<_> = parameters.iter().collect();
    pairs.sort_unstable();
    pairs.dedup();
    let mut text = Zeroizing::new(String::new());
    for (name, value) in pairs {
        text.push_str(name);
        text.push_str(value);
    }
    text
}

/// Whether the body's hash is the one in the query (`bodySHA256`); none if the query has none.
pub fn body_fits(query: &str, body: &[u8]) -> Option<bool> {
    let parameters: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
    let (_, stated) = parameters.into_iter().find(|(name, _)| name == "bodySHA256")?;
    let actual = digest::digest(&digest::SHA256, body);
    // Both are known to whoever sent them: nothing is to be learned from the time.
    Some(stated == hex::encode(actual.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    /// The example of Twilio's documentation, which its own libraries compute as well.
    #[test]
    fn the_documented_example() {
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2".to_owned();
        let parameters = pairs(&[
            ("CallSid", "CA1234567890ABCDE"),
            ("Caller", "+12349013030"),
            ("Digits", "1234"),
            ("From", "+12349013030"),
            ("To", "+18005551212"),
        ]);
        let verifier = Verifier::new(Algorithm::HmacSha1, "12345");
        let signature = "0/KCTR6DLpKmkAf8muzZqo1nDgQ=";
        assert!(verifier.fits(std::slice::from_ref(&url), &parameters, signature));
        assert!(verifier.fits(&["https://other".to_owned(), url.clone()], &parameters, signature));
        let sha256 = Verifier::new(Algorithm::HmacSha256, "12345");
        assert!(
            !sha256.fits(std::slice::from_ref(&url), &parameters, signature),
            "an algorithm is not chosen by length"
        );
        for wrong in ["", "0/KCTR6DLpKmkAf8muzZqo1nDgQ", "1/KCTR6DLpKmkAf8muzZqo1nDgQ=", "?"] {
            assert!(!verifier.fits(std::slice::from_ref(&url), &parameters, wrong), "{wrong}");
        }
    }

    #[test]
    fn the_hash_of_a_body() {
        let hash = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        assert_eq!(body_fits(&format!("a=b&bodySHA256={hash}"), b"hello"), Some(true));
        assert_eq!(body_fits(&format!("bodySHA256={hash}"), b"hellO"), Some(false));
        assert_eq!(body_fits("a=b", b"hello"), None);
    }
}
