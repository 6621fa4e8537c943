//! The one sign-in of a recovered account, and the token that takes it to an organization's own login.
//!
//! A front end may ask for a token, and cannot make one: the key is the daemon's. What a token says of the account is
//! read in the same turn that takes the sign-in, and a token is for one audience that the configuration names.

use readmit_recovery::case::{Case, State, Task};
use readmit_recovery::event::{Event, Reply};
use readmit_recovery::factor::Factor;
use readmit_recovery::secret::Secret;
use readmit_recovery::time::Timestamp;
use readmit_recovery::verdict::DeviceFate;
use readmit_store::{Entry, Write};
use serde_json::{Map, Value, json};

use super::authentication::forget_wrong_passwords;
use super::limits::{MAX_NONCE_BYTES, SIGN_IN_TOKEN_LIFE};
use super::{Fault, Service, now, parse_case, seed};
use crate::jws::public_jwk;

/// What `typ` says, so that no other token of ours passes for one (RFC 8725 §3.11).
const TOKEN_TYPE: &str = "readmit-sign-in+jwt";

/// The one sign-in.
#[derive(Clone, Debug)]
pub struct SignIn {
    /// The case, with whose account and outcome to go on.
    pub case: Case,
    /// A new set of recovery codes, where one of the old was used.
    pub recovery_codes: Vec<Secret>,
    /// The token for another's login, where one was asked for.
    pub token: Option<Secret>,
}

/// What the configuration says of tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SignInRules {
    /// Who signs: `iss`.
    pub issuer: String,
    /// For whom: the values of `aud` that may be asked for.
    pub audiences: Vec<String>,
}

impl Service {
    /// Takes the one sign-in.
    ///
    /// # Errors
    /// [`Fault::WrongState`] the second time.
    pub async fn claim(&self, case: &str, actor: &str) -> Result<SignIn, Fault> {
        let id = parse_case(case)?;
        // Whoever has proven to be the owner begins anew with the password (NIST SP 800-63B-4 §3.2.2).
        let forgotten = forget_wrong_passwords(&self.load(&id).await?.case.account);
        let applied = self.apply(&id, actor, Event::SignInClaimed, vec![forgotten]).await?;
        match applied.reply {
            Reply::SignIn { recovery_codes } => {
                Ok(SignIn { case: applied.case, recovery_codes, token: None })
            }
            _ => Err(Fault::internal()),
        }
    }

    /// Takes the one sign-in, as a token for `audience` with its `nonce` (empty: without one).
    ///
    /// # Errors
    /// [`Fault::Refused`] for an audience that the configuration does not name, [`Fault::InvalidArgument`] for a
    /// nonce that is none, [`Fault::WrongState`] the second time.
    pub async fn claim_for(
        &self,
        case: &str,
        audience: &str,
        nonce: &str,
        actor: &str,
    ) -> Result<SignIn, Fault> {
        let id = parse_case(case)?;
        if !self.settings.sign_in.audiences.iter().any(|known| known == audience) {
            return Err(Fault::Refused(
                "the configuration does not name this audience: add it to sign_in.audiences".to_owned(),
            ));
        }
        if nonce.len() > MAX_NONCE_BYTES || !nonce.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Fault::invalid(format!(
                "nonce: up to {MAX_NONCE_BYTES} visible ASCII characters, or none"
            )));
        }
        let account = self.load(&id).await?.case.account;
        let forgotten = forget_wrong_passwords(&account);
        let token_id = hex::encode(seed()?.id("sign-in token"));
        let recorded = Write::Journal(Entry {
            kind: "sign_in_token".to_owned(),
            case: Some(id.handle()),
            account: Some(account),
            detail: Map::from_iter([
                ("audience".to_owned(), Value::from(audience)),
                ("token".to_owned(), Value::from(token_id.as_str())),
            ]),
        });
        let applied = self.apply(&id, actor, Event::SignInClaimed, vec![recorded, forgotten]).await?;
        let Reply::SignIn { recovery_codes } = applied.reply else { return Err(Fault::internal()) };
        let asked = Asked { issuer: &self.settings.sign_in.issuer, audience, nonce, token_id: &token_id };
        let token = self.signing.load().key.sign(TOKEN_TYPE, &asked.claims(&applied.case, now()));
        Ok(SignIn { case: applied.case, recovery_codes, token: Some(Secret::new(token)) })
    }

    /// The public keys that tokens verify with, as a JSON Web Key Set (RFC 7517 §5): the one that signs, then those that
    /// signed until lately.
    #[must_use]
    pub fn signing_keys(&self) -> String {
        let (signing, now) = (self.signing.load(), now());
        let retired = signing.retired.iter().filter(|retired| now < retired.until);
        let keys: Vec<_> = std::iter::once(signing.key.public())
            .chain(retired.map(|retired| public_jwk(&retired.public_key)))
            .collect();
        json!({ "keys": keys }).to_string()
    }
}

/// One token that is asked for.
struct Asked<'a> {
    issuer: &'a str,
    audience: &'a str,
    nonce: &'a str,
    token_id: &'a str,
}

impl Asked<'_> {
    /// RFC 7519 §4.1; `nonce` as OpenID Connect Core §2 has it, `amr` as RFC 8176; what is ours is under `readmit`.
    fn claims(&self, case: &Case, now: Timestamp) -> Value {
        let outcome = case.state.outcome();
        let left: Vec<&str> = match &case.state {
            State::Recovered { tasks, .. } => tasks.iter().copied().map(Task::as_str).collect(),
            _ => Vec::new(),
        };
        let deactivated = outcome.is_some_and(|outcome| outcome.device == DeviceFate::Deactivate);
        let mut claims = json!({
            "iss": self.issuer,
            "sub": case.account.as_str(),
            "aud": self.audience,
            "jti": self.token_id,
            "iat": now.unix(),
            "exp": now.plus(SIGN_IN_TOKEN_LIFE).unix(),
            "amr": case.proven.iter().map(method).collect::<Vec<_>>(),
            "readmit": {
                "realm": case.facts.account.realm.as_str(),
                "kind": case.facts.account.kind.as_str(),
                "reason": case.reason.as_str(),
                "device": if deactivated { "deactivated" } else { "kept" },
                "tasks": left,
                "force_password_change": outcome.is_some_and(|outcome| outcome.force_password_change),
                "revoke_sessions": outcome.is_some_and(|outcome| outcome.revoke_sessions),
            },
        });
        if let Some(claims) = claims.as_object_mut().filter(|_| !self.nonce.is_empty()) {
            claims.insert("nonce".to_owned(), Value::from(self.nonce));
        }
        claims
    }
}

/// RFC 8176 §2 where it has a word, else ours. Never `mfa`: how much a recovery is worth is for the verifier to say.
fn method(factor: &Factor) -> &str {
    match factor {
        Factor::Password => "pwd",
        Factor::Totp | Factor::Resync => "otp",
        Factor::Voice => "tel",
        Factor::Channel(name) if name == "sms" => "sms",
        Factor::Email
        | Factor::RecoveryCode
        | Factor::Approval
        | Factor::Pass
        | Factor::Contact
        | Factor::Channel(_) => factor.as_str(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_factor_has_a_method() {
        let table = [
            ("password", "pwd"),
            ("totp", "otp"),
            ("resync", "otp"),
            ("voice", "tel"),
            ("sms", "sms"),
            ("email", "email"),
            ("recovery_code", "recovery_code"),
            ("approval", "approval"),
            ("pass", "pass"),
            ("contact", "contact"),
            ("pager", "pager"),
        ];
        for (factor, wanted) in table {
            assert_eq!(method(&factor.parse().expect(factor)), wanted, "{factor}");
        }
    }
}
