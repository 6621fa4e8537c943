//! What a webhook tells, once its token fits: signed with the secret, fresh, for our application, and over this content.

use hyper::header::AUTHORIZATION;
use ring::digest;
use serde_json::Value;
use zeroize::Zeroizing;

use super::answers::status;
use super::{Vonage, since_epoch};
use crate::provider::{Received, Refused, provider_id};
use crate::webhook::{News, Place, What};
use crate::{jwt, limits};

impl Vonage {
    pub(crate) fn read(&self, received: &Received<'_>, place: Place) -> Result<News, Refused> {
        let token_id = Some(self.check_token(received)?);
        let event: Value = serde_json::from_slice(received.body).map_err(|_| Refused::Unreadable)?;
        let provider_id = event["uuid"].as_str().and_then(provider_id).ok_or(Refused::Unreadable)?;
        let what = match place {
            Place::Answer => What::Answered,
            Place::Keys(entry) => What::Heard(entry, keys(&event)),
            Place::Silence(entry) => What::Heard(entry, Zeroizing::default()),
            Place::Status => What::Status(status(&event)),
        };
        Ok(News { provider_id, what, token_id })
    }

    /// Gives the token's id.
    fn check_token(&self, received: &Received<'_>) -> Result<String, Refused> {
        let mut headers = received.headers.get_all(AUTHORIZATION).iter();
        let (Some(header), None) = (headers.next(), headers.next()) else { return Err(Refused::Unsigned) };
        let header = header.to_str().map_err(|_| Refused::Unsigned)?;
        let (scheme, token) = header.split_once(' ').ok_or(Refused::Unsigned)?;
        if !scheme.eq_ignore_ascii_case("Bearer") {
            return Err(Refused::Unsigned);
        }
        let claims = jwt::claims_of(token.trim(), &self.secret).ok_or(Refused::Forged)?;
        // The token says nothing of the URL, so the content's hash is what ties it to this request.
        let hash = hex::encode(digest::digest(&digest::SHA256, received.body).as_ref());
        if claims["payload_hash"].as_str().is_none_or(|stated| !stated.eq_ignore_ascii_case(&hash)) {
            return Err(Refused::Forged);
        }
        if claims["application_id"].as_str().is_some_and(|application| application != self.application) {
            return Err(Refused::OtherAccount);
        }
        let now = since_epoch(received.now).as_secs();
        let issued = claims["iat"].as_u64().ok_or(Refused::Stale)?;
        let expired = claims["exp"].as_u64().is_some_and(|expires| expires <= now);
        if expired || issued.abs_diff(now) > limits::TOKEN_AGE.as_secs() {
            return Err(Refused::Stale);
        }
        let id = claims["jti"].as_str().filter(|id| id.len() <= limits::MAX_PROVIDER_ID);
        id.map(str::to_owned).ok_or(Refused::Unreadable)
    }
}

/// The keys: of the input itself, or where older accounts have them.
fn keys(event: &Value) -> Zeroizing<String> {
    let digits = event["dtmf"]["digits"].as_str().or(event["dtmf"].as_str()).unwrap_or_default();
    Zeroizing::new(digits.chars().take(usize::from(*readmit_telephone::limits::DIGITS.end()) * 2).collect())
}
