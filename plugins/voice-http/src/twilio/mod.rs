//! Twilio, and providers that are compatible with it: its REST interface, its webhooks and its documents (TwiML).

mod answers;
mod documents;
pub mod settings;
pub mod signature;
mod webhooks;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::Method;
use zeroize::Zeroizing;

pub use self::answers::{placed, status_of_answer};
pub use self::documents::document;
use self::signature::Verifier;
use crate::client::Asking;
use crate::provider::{Answered, Placing};
use crate::webhook::{Place, Target};

const FORM: &str = "application/x-www-form-urlencoded";

/// Where Twilio is.
pub const BASE_URL: &str = "https://api.twilio.com";

/// How a call's way is told: every event.
const EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];

/// Who we are to the provider.
pub struct Twilio {
    account: String,
    /// The user and password of requests.
    authorization: Zeroizing<String>,
    verifier: Verifier,
}

impl std::fmt::Debug for Twilio {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Twilio(…)")
    }
}

impl Twilio {
    /// The account, the user (the account itself, or an API key) with its secret, and what webhooks are checked by.
    pub fn new(account: String, user: &str, secret: &str, verifier: Verifier) -> Twilio {
        let login = Zeroizing::new(format!("{user}:{secret}"));
        let authorization = Zeroizing::new(format!("Basic {}", STANDARD.encode(login.as_bytes())));
        Twilio { account, authorization, verifier }
    }

    pub(crate) fn place(&self, placing: &Placing<'_>) -> Asking {
        let place = |place| placing.public.below(&Target { call: placing.call, place }.path());
        let mut form = vec![
            ("To", placing.number.as_str().to_owned()),
            ("From", placing.from.to_owned()),
            ("Url", place(Place::Answer)),
            ("Method", "POST".to_owned()),
            ("StatusCallback", place(Place::Status)),
            ("StatusCallbackMethod", "POST".to_owned()),
            ("Timeout", placing.ring.as_secs().to_string()),
            ("TimeLimit", placing.max_call.as_secs().to_string()),
        ];
        form.extend(EVENTS.map(|event| ("StatusCallbackEvent", event.to_owned())));
        self.post("/Calls.json", &form)
    }

    /// Before the answer a call is cancelled, after it completed; the wrong one of both is refused.
    pub(crate) fn end(&self, id: &str, answered: Answered) -> Asking {
        let status = match answered {
            Answered::Yes => "completed",
            Answered::NotYet => "canceled",
        };
        self.post(&format!("/Calls/{id}.json"), &[("Status", status.to_owned())])
    }

    pub(crate) fn ask_status(&self, id: &str) -> Asking {
        self.get(&format!("/Calls/{id}.json"))
    }

    pub(crate) fn ask_who_we_are(&self) -> Asking {
        self.get(".json")
    }

    fn get(&self, path: &str) -> Asking {
        let path = self.path(path);
        Asking { method: Method::GET, path, authorization: self.authorization.clone(), body: None }
    }

    fn post(&self, path: &str, form: &[(&str, String)]) -> Asking {
        // Pairs of texts can always be written.
        let form = serde_urlencoded::to_string(form).unwrap_or_default();
        let body = Some((FORM, Zeroizing::new(form.into_bytes())));
        Asking {
            method: Method::POST,
            path: self.path(path),
            authorization: self.authorization.clone(),
            body,
        }
    }

    fn path(&self, path: &str) -> String {
        format!("/2010-04-01/Accounts/{}{path}", self.account)
    }
}
