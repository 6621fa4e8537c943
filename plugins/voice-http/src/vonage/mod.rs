//! Vonage: its REST interface with tokens of ours (RS256), its webhooks with tokens of theirs (HS256), its documents
//! (NCCO).

mod answers;
mod documents;
pub mod settings;
mod webhooks;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hyper::Method;
use ring::hmac;
use serde_json::{Value, json};
use zeroize::Zeroizing;

pub use self::answers::{placed, status_of_answer};
pub use self::documents::document;
use crate::client::Asking;
use crate::jwt::SigningKey;
use crate::limits;
use crate::provider::Placing;
use crate::webhook::{Place, Target};

/// Where Vonage is.
pub const BASE_URL: &str = "https://api.nexmo.com";

/// Who we are to the provider.
pub struct Vonage {
    application: String,
    key: SigningKey,
    secret: hmac::Key,
}

impl std::fmt::Debug for Vonage {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Vonage(…)")
    }
}

impl Vonage {
    /// The application, its private key, and the secret that webhooks are signed with.
    pub fn new(application: String, key: SigningKey, secret: &str) -> Vonage {
        Vonage { application, key, secret: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()) }
    }

    pub(crate) fn place(&self, placing: &Placing<'_>, now: SystemTime) -> Option<Asking> {
        let place = |place| [placing.public.below(&Target { call: placing.call, place }.path())];
        let phone = |number: &str| json!({ "type": "phone", "number": number.trim_start_matches('+') });
        let call = json!({
            "to": [phone(placing.number.as_str())],
            "from": phone(placing.from),
            "answer_url": place(Place::Answer),
            "answer_method": "POST",
            "event_url": place(Place::Status),
            "event_method": "POST",
            "ringing_timer": placing.ring.as_secs(),
            "length_timer": placing.max_call.as_secs(),
        });
        self.asking(Method::POST, "/v1/calls".to_owned(), Some(&call), now)
    }

    pub(crate) fn end(&self, id: &str, now: SystemTime) -> Option<Asking> {
        self.asking(Method::PUT, format!("/v1/calls/{id}"), Some(&json!({ "action": "hangup" })), now)
    }

    pub(crate) fn ask_status(&self, id: &str, now: SystemTime) -> Option<Asking> {
        self.asking(Method::GET, format!("/v1/calls/{id}"), None, now)
    }

    pub(crate) fn ask_who_we_are(&self, now: SystemTime) -> Option<Asking> {
        self.asking(Method::GET, "/v1/calls?page_size=1".to_owned(), None, now)
    }

    fn asking(&self, method: Method, path: String, body: Option<&Value>, now: SystemTime) -> Option<Asking> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).ok()?;
        let issued = since_epoch(now);
        let claims = json!({
            "application_id": self.application,
            "iat": issued.as_secs(),
            "exp": (issued + limits::OUR_TOKEN).as_secs(),
            "jti": hex::encode(id),
        });
        let authorization = Zeroizing::new(format!("Bearer {}", self.key.sign(&claims)?));
        let body = body.map(|body| ("application/json", Zeroizing::new(body.to_string().into_bytes())));
        Some(Asking { method, path, authorization, body })
    }
}

fn since_epoch(now: SystemTime) -> Duration {
    now.duration_since(UNIX_EPOCH).unwrap_or_default()
}
