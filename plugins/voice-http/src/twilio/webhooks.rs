//! What a webhook tells, once its signature fits.

use hyper::header::CONTENT_TYPE;
use serde_json::Value;
use zeroize::Zeroizing;

use super::answers::status;
use super::{FORM, Twilio, signature};
use crate::limits;
use crate::provider::{Received, Refused, provider_id};
use crate::webhook::{News, Place, What};

/// Names and values.
type Parameters = Vec<(String, String)>;

impl Twilio {
    pub(crate) fn read(&self, received: &Received<'_>, place: Place) -> Result<News, Refused> {
        let mut signatures = received.headers.get_all("x-twilio-signature").iter();
        let (Some(signature), None) = (signatures.next(), signatures.next()) else {
            return Err(Refused::Unsigned);
        };
        let signature = signature.to_str().map_err(|_| Refused::Forged)?;
        let urls = received.public.signed_as(received.target);
        let parameters = if is_form(received) {
            let parameters = form(received.body)?;
            if !self.verifier.fits(&urls, &parameters, signature) {
                return Err(Refused::Forged);
            }
            parameters
        } else {
            let (_, query) = received.target.split_once('?').unwrap_or_default();
            let body_fits = signature::body_fits(query, received.body);
            if !self.verifier.fits(&urls, &[], signature) || body_fits != Some(true) {
                return Err(Refused::Forged);
            }
            object(received.body)?
        };
        self.news(&parameters, place)
    }

    fn news(&self, parameters: &Parameters, place: Place) -> Result<News, Refused> {
        let found =
            |name: &str| parameters.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str());
        if found("AccountSid").is_some_and(|account| account != self.account) {
            return Err(Refused::OtherAccount);
        }
        let provider_id = found("CallSid").and_then(provider_id).ok_or(Refused::Unreadable)?;
        let what = match place {
            Place::Answer => What::Answered,
            Place::Keys(entry) => What::Heard(entry, keys(found("Digits").unwrap_or_default())),
            Place::Silence(entry) => What::Heard(entry, Zeroizing::default()),
            Place::Status => {
                let number = |name: &str| found(name).and_then(|text| text.parse::<u32>().ok());
                let sip = number("SipResponseCode").and_then(|status| u16::try_from(status).ok());
                let took = number("CallDuration").map(u64::from);
                let word = found("CallStatus").ok_or(Refused::Unreadable)?;
                What::Status(status(word, sip, number("ErrorCode"), took))
            }
        };
        // The signature is over the URL, so it fits at one place only.
        Ok(News { provider_id, what, token_id: None })
    }
}

fn keys(digits: &str) -> Zeroizing<String> {
    Zeroizing::new(digits.chars().take(usize::from(*readmit_telephone::limits::DIGITS.end()) * 2).collect())
}

fn is_form(received: &Received<'_>) -> bool {
    let kind = received.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case(FORM) || kind.is_empty()
}

fn form(body: &[u8]) -> Result<Parameters, Refused> {
    let parameters: Parameters = serde_urlencoded::from_bytes(body).map_err(|_| Refused::Unreadable)?;
    bounded(parameters)
}

fn object(body: &[u8]) -> Result<Parameters, Refused> {
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else { return Err(Refused::Unreadable) };
    let text = |value: Value| match value {
        Value::String(text) => text,
        value => value.to_string(),
    };
    bounded(object.into_iter().map(|(name, value)| (name, text(value))).collect())
}

fn bounded(parameters: Parameters) -> Result<Parameters, Refused> {
    if parameters.len() > limits::MAX_PARAMETERS { Err(Refused::Unreadable) } else { Ok(parameters) }
}
