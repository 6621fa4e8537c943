//! Digest authentication (RFC 7616, RFC 8760) where the SIP stack's own falls short: it stops at a list of
//! `qop` values and at `algorithm=SHA-256`, takes the first of several challenges even if it does not know its
//! algorithm, and answers whoever asks. This sits between the stack and the wire and puts that right.

use std::sync::Arc;

use parking_lot::Mutex;
use rsipstack::sip::typed::tokenizers::AuthTokenizer;
use rsipstack::sip::{Header, Headers, ProxyAuthenticate, SipMessage, StatusCode, WwwAuthenticate};
use rsipstack::transaction::endpoint::MessageInspector;
use rsipstack::transport::SipAddr;

use crate::pinned::Pinned;

/// Why the trunk's last challenge could not be answered, for the details of the calls that it ended.
#[derive(Clone, Default)]
pub struct Unanswerable(Arc<Mutex<Option<&'static str>>>);

impl Unanswerable {
    /// The reason, in words.
    pub fn reason(&self) -> Option<&'static str> {
        *self.0.lock()
    }
}

/// Rewrites challenges on their way in and credentials on their way out.
pub struct DigestShim {
    pinned: Pinned,
    unanswerable: Unanswerable,
}

impl DigestShim {
    /// Lets only the pinned trunk challenge us.
    pub fn new(pinned: Pinned, unanswerable: Unanswerable) -> DigestShim {
        DigestShim { pinned, unanswerable }
    }

    fn is_trunk(&self, address: Option<&SipAddr>) -> bool {
        address.is_some_and(|address| self.pinned.is_trunk(address))
    }
}

impl MessageInspector for DigestShim {
    fn before_send(&self, mut message: SipMessage, destination: Option<&SipAddr>) -> SipMessage {
        let SipMessage::Request(request) = &mut message else { return message };
        if self.is_trunk(destination) {
            for header in request.headers.iter_mut() {
                match header {
                    Header::Authorization(value) => value.replace(spell_for_wire(value.value())),
                    Header::ProxyAuthorization(value) => value.replace(spell_for_wire(value.value())),
                    _ => {}
                }
            }
        } else {
            request
                .headers
                .retain(|header| !matches!(header, Header::Authorization(_) | Header::ProxyAuthorization(_)));
        }
        message
    }

    fn after_received(&self, mut message: SipMessage, from: Option<&SipAddr>) -> SipMessage {
        let SipMessage::Response(response) = &mut message else { return message };
        if matches!(response.status_code, StatusCode::Unauthorized | StatusCode::ProxyAuthenticationRequired)
        {
            *self.unanswerable.0.lock() = choose_challenges(&mut response.headers, self.is_trunk(from));
        }
        message
    }
}

/// Keeps the strongest challenge of each kind that can be answered, the first of equals, since servers list them by
/// preference (RFC 8760 §2.4); and none if the message is not from the trunk. Gives the reason if none is left.
fn choose_challenges(headers: &mut Headers, trusted: bool) -> Option<&'static str> {
    let (mut www, mut proxy) = (None, None);
    let mut wrong = None;
    for header in headers.iter() {
        let (kept, value) = match header {
            Header::WwwAuthenticate(value) => (&mut www, value.value()),
            Header::ProxyAuthenticate(value) => (&mut proxy, value.value()),
            _ => continue,
        };
        match spell_for_stack(value) {
            Ok(challenge) if trusted => {
                let weaker = kept.as_ref().is_none_or(|kept: &Challenge| kept.strength < challenge.strength);
                if weaker {
                    *kept = Some(challenge);
                }
            }
            Ok(_) => wrong = Some("the challenge came from another address than the trunk's"),
            Err(reason) => wrong = Some(reason),
        }
    }
    headers.retain(|header| !matches!(header, Header::WwwAuthenticate(_) | Header::ProxyAuthenticate(_)));
    let reason = if www.is_some() || proxy.is_some() { None } else { wrong };
    if let Some(challenge) = www {
        headers.push(Header::WwwAuthenticate(WwwAuthenticate::new(challenge.text)));
    }
    if let Some(challenge) = proxy {
        headers.push(Header::ProxyAuthenticate(ProxyAuthenticate::new(challenge.text)));
    }
    reason
}

/// A challenge that can be answered.
#[derive(Debug, PartialEq, Eq)]
struct Challenge {
    text: String,
    strength: u8,
}

/// Writes a challenge the way the stack reads it, or says why we cannot answer it.
fn spell_for_stack(challenge: &str) -> Result<Challenge, &'static str> {
    let challenge = AuthTokenizer::parse(challenge).map_err(|_| "the challenge cannot be read")?;
    if !challenge.scheme.eq_ignore_ascii_case("Digest") {
        return Err("its scheme is not Digest");
    }
    let mut parts = Vec::new();
    let mut strength = 0;
    for (name, value) in challenge.params {
        let name = name.to_ascii_lowercase();
        let value = match name.as_str() {
            "algorithm" if value.eq_ignore_ascii_case("MD5") => "MD5",
            "algorithm" if value.eq_ignore_ascii_case("SHA-256") => {
                strength = 1;
                "SHA256"
            }
            "algorithm" if value.to_ascii_lowercase().ends_with("-sess") => {
                return Err("its algorithm is one of the -sess ones");
            }
            "algorithm" => return Err("its algorithm is neither MD5 nor SHA-256"),
            "qop" if value.split(',').any(|qop| qop.trim().eq_ignore_ascii_case("auth")) => "auth",
            "qop" => return Err("its qop is integrity protection (auth-int) alone"),
            _ => value,
        };
        parts.push(match name.as_str() {
            "algorithm" | "stale" => format!("{name}={value}"),
            _ => format!("{name}=\"{value}\""),
        });
    }
    Ok(Challenge { text: format!("Digest {}", parts.join(", ")), strength })
}

/// Writes credentials the way servers read them: `SHA-256` with its hyphen, `qop` without quotes.
fn spell_for_wire(credentials: &str) -> String {
    credentials.replace(", algorithm=SHA256", ", algorithm=SHA-256").replace(", qop=\"auth\"", ", qop=auth")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn challenges() {
        let table = [
            (r#"Digest realm="r", nonce="n""#, Ok((r#"Digest realm="r", nonce="n""#, 0))),
            (
                r#"Digest realm="r",nonce="n",qop="auth,auth-int",algorithm=MD5,stale=FALSE"#,
                Ok((r#"Digest realm="r", nonce="n", qop="auth", algorithm=MD5, stale=FALSE"#, 0)),
            ),
            (
                r#"Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth", opaque="o""#,
                Ok((r#"Digest realm="r", nonce="n", algorithm=SHA256, qop="auth", opaque="o""#, 1)),
            ),
            (r#"Digest realm="r", nonce="n", algorithm=SHA-512-256"#, Err("neither MD5 nor SHA-256")),
            (r#"Digest realm="r", nonce="n", algorithm=MD5-sess"#, Err("-sess")),
            (r#"Digest realm="r", nonce="n", algorithm=SHA-256-sess"#, Err("-sess")),
            (r#"Digest realm="r", nonce="n", qop="auth-int""#, Err("auth-int")),
            (r#"Basic realm="r""#, Err("not Digest")),
            ("nonsense", Err("")),
            ("", Err("")),
        ];
        for (challenge, expected) in table {
            match (spell_for_stack(challenge), expected) {
                (Ok(found), Ok((text, strength))) => {
                    assert_eq!((found.text.as_str(), found.strength), (text, strength), "{challenge}");
                }
                (Err(found), Err(words)) => assert!(found.contains(words), "{challenge}: {found}"),
                (found, _) => panic!("{challenge}: {found:?}"),
            }
        }
    }

    fn challenge(value: &str) -> Header {
        Header::WwwAuthenticate(WwwAuthenticate::new(value))
    }

    #[test]
    fn the_strongest_that_can_be_answered_is_kept() {
        let mut headers = Headers::default();
        headers.push(challenge(r#"Digest realm="r", nonce="a", algorithm=SHA-512-256"#));
        headers.push(challenge(r#"Digest realm="r", nonce="b", algorithm=MD5"#));
        headers.push(challenge(r#"Digest realm="r", nonce="c", algorithm=SHA-256"#));
        headers.push(challenge(r#"Digest realm="r", nonce="d", algorithm=SHA-256"#));
        let mut untrusted = headers.clone();
        assert_eq!(choose_challenges(&mut headers, true), None);
        let kept: Vec<_> = headers.iter().map(Header::value).collect();
        assert_eq!(kept, [r#"Digest realm="r", nonce="c", algorithm=SHA256"#]);
        assert!(choose_challenges(&mut untrusted, false).is_some());
        assert!(untrusted.is_empty(), "nobody else may ask for our credentials");
    }

    #[test]
    fn credentials() {
        assert_eq!(
            spell_for_wire(r#"Digest username="u", response="r", algorithm=SHA256, qop="auth", nc=00000001"#),
            r#"Digest username="u", response="r", algorithm=SHA-256, qop=auth, nc=00000001"#
        );
    }
}
