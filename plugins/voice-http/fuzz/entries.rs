//! What a fuzzer's bytes are fed to: everything that reads what comes from outside, signed and unsigned.

use std::sync::LazyLock;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hyper::HeaderMap;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use readmit_voice_http::provider::{Received, Refused};
use readmit_voice_http::twilio::Twilio;
use readmit_voice_http::twilio::signature::{Algorithm, Verifier};
use readmit_voice_http::web_address::WebAddress;
use readmit_voice_http::webhook::{Place, Target};
use readmit_voice_http::{jwt, provider::Provider, vonage};
use ring::{digest, hmac};

const SECRET: &str = "a secret of the fuzzer";
const NOW: u64 = 1_790_000_000;

static PUBLIC: LazyLock<Option<WebAddress>> = LazyLock::new(|| "https://calls.example.org".parse().ok());

/// Feeds one input; panics if anything is believed that is not signed.
pub fn feed(data: &[u8]) {
    let Some((&kind, rest)) = data.split_first() else { return };
    let (head, body) = match rest.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&rest[..at], &rest[at + 1..]),
        None => (rest, rest),
    };
    let head = String::from_utf8_lossy(head);
    if let Some(target) = Target::read(&head) {
        assert_eq!(target.path(), head, "a path is written in one way");
    }
    drop(head.parse::<WebAddress>());
    drop(jwt::claims_of(&head, &hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes())));
    let place = [Place::Answer, Place::Keys(1), Place::Silence(2), Place::Status][usize::from(kind % 4)];
    twilio(kind, &head, body, place);
    vonage_token(kind, body);
}

fn twilio(kind: u8, query: &str, body: &[u8], place: Place) {
    let verifier = Verifier::new(Algorithm::HmacSha1, SECRET);
    let provider = Provider::Twilio(Box::new(Twilio::new("AC1".to_owned(), "AC1", SECRET, verifier)));
    let Some(public) = PUBLIC.as_ref() else { return };
    let json = kind & 4 != 0;
    let target = if json {
        format!("/x?bodySHA256={}", hex::encode(digest::digest(&digest::SHA256, body).as_ref()))
    } else {
        format!("/x?{}", query.replace(char::is_control, ""))
    };
    let mut headers = HeaderMap::new();
    let kind_of_content = if json { "application/json" } else { "application/x-www-form-urlencoded" };
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind_of_content));
    let now = UNIX_EPOCH + Duration::from_secs(NOW);
    let ask = |headers: &HeaderMap| {
        provider.read(&Received { public, target: &target, headers, body, now }, place).map(|_news| ())
    };
    assert_eq!(ask(&headers), Err(Refused::Unsigned));
    if let Ok(wrong) = HeaderValue::from_bytes(body) {
        headers.insert("x-twilio-signature", wrong);
        let refused = ask(&headers);
        assert!(matches!(refused, Err(Refused::Forged | Refused::Unreadable)), "{refused:?}");
    }
    let mut pairs: Vec<(String, String)> =
        if json { vec![] } else { serde_urlencoded::from_bytes(body).unwrap_or_default() };
    pairs.sort();
    pairs.dedup();
    let signed = pairs.iter().fold(public.below(&target), |text, (name, value)| text + name + value);
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET.as_bytes());
    let signature = STANDARD.encode(hmac::sign(&key, signed.as_bytes()).as_ref());
    if let Ok(right) = HeaderValue::from_str(&signature) {
        headers.insert("x-twilio-signature", right);
        assert_ne!(ask(&headers), Err(Refused::Unsigned));
    }
}

/// Vonage's reader needs a private key for what it does not do here, so its parts are fed.
fn vonage_token(kind: u8, body: &[u8]) {
    let answer = |status| readmit_voice_http::client::Answer {
        status,
        retry_after: None,
        body: hyper::body::Bytes::copy_from_slice(body),
    };
    drop(vonage::status_of_answer(&answer(200)));
    drop(vonage::placed(&answer(200 + u16::from(kind))));
    drop(readmit_voice_http::twilio::status_of_answer(&answer(200)));
    drop(readmit_voice_http::twilio::placed(&answer(200 + u16::from(kind))));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
    let signed =
        format!("{}.{}", URL_SAFE_NO_PAD.encode("{\"alg\":\"HS256\"}"), URL_SAFE_NO_PAD.encode(body));
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()).as_ref());
    let claims = jwt::claims_of(&format!("{signed}.{signature}"), &key);
    assert!(claims.is_none() || serde_json::from_slice::<serde_json::Value>(body).is_ok());
}
