//! Digest authentication (RFC 7616, RFC 8760) where the SIP stack's own falls short: it stops at a list of
//! `qop` values and at `algorithm=SHA-256`, takes the first of several challenges even if it does not know its
//! algorithm, and answers whoever asks. This sits between the stack and the wire and puts that right.

use rsipstack::sip::typed::tokenizers::AuthTokenizer;
use rsipstack::sip::{Header, Headers, Host, ProxyAuthenticate, SipMessage, StatusCode, WwwAuthenticate};
use rsipstack::transaction::endpoint::MessageInspector;
use rsipstack::transport::SipAddr;

use crate::trunk::Pinned;

/// Rewrites challenges on their way in and credentials on their way out.
#[derive(Debug)]
pub struct DigestShim {
    pinned: Pinned,
}

impl DigestShim {
    /// Lets only the pinned trunk challenge us.
    pub fn new(pinned: Pinned) -> DigestShim {
        DigestShim { pinned }
    }

    fn is_trunk(&self, address: Option<&SipAddr>) -> bool {
        match address.map(|address| &address.addr.host) {
            Some(Host::IpAddr(ip)) => self.pinned.is_trunk(*ip),
            Some(Host::Domain(_)) | None => false,
        }
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
            choose_challenges(&mut response.headers, self.is_trunk(from));
        }
        message
    }
}

/// Keeps the first challenge of each kind that can be answered, since servers list them by preference
/// (RFC 8760 §2.4), and none if the message is not from the trunk.
fn choose_challenges(headers: &mut Headers, trusted: bool) {
    let usable = |value: &str| trusted.then(|| spell_for_stack(value)).flatten();
    let www = headers.iter().find_map(|header| match header {
        Header::WwwAuthenticate(value) => usable(value.value()),
        _ => None,
    });
    let proxy = headers.iter().find_map(|header| match header {
        Header::ProxyAuthenticate(value) => usable(value.value()),
        _ => None,
    });
    headers.retain(|header| !matches!(header, Header::WwwAuthenticate(_) | Header::ProxyAuthenticate(_)));
    if let Some(value) = www {
        headers.push(Header::WwwAuthenticate(WwwAuthenticate::new(value)));
    }
    if let Some(value) = proxy {
        headers.push(Header::ProxyAuthenticate(ProxyAuthenticate::new(value)));
    }
}

/// Writes a challenge the way the stack reads it, or nothing if we cannot answer it: other schemes, `-sess`
/// algorithms, and integrity protection alone.
fn spell_for_stack(challenge: &str) -> Option<String> {
    let challenge = AuthTokenizer::parse(challenge).ok()?;
    if !challenge.scheme.eq_ignore_ascii_case("Digest") {
        return None;
    }
    let mut parts = Vec::new();
    for (name, value) in challenge.params {
        let value = match name.to_ascii_lowercase().as_str() {
            "algorithm" if value.eq_ignore_ascii_case("MD5") => "MD5",
            "algorithm" if value.eq_ignore_ascii_case("SHA-256") => "SHA256",
            "algorithm" => return None,
            "qop" if value.split(',').any(|qop| qop.trim().eq_ignore_ascii_case("auth")) => "auth",
            "qop" => return None,
            _ => value,
        };
        parts.push(match name.to_ascii_lowercase().as_str() {
            "algorithm" | "stale" => format!("{name}={value}"),
            _ => format!("{name}=\"{value}\""),
        });
    }
    Some(format!("Digest {}", parts.join(", ")))
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
            (r#"Digest realm="r", nonce="n""#, Some(r#"Digest realm="r", nonce="n""#)),
            (
                r#"Digest realm="r",nonce="n",qop="auth,auth-int",algorithm=MD5,stale=FALSE"#,
                Some(r#"Digest realm="r", nonce="n", qop="auth", algorithm=MD5, stale=FALSE"#),
            ),
            (
                r#"Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth", opaque="o""#,
                Some(r#"Digest realm="r", nonce="n", algorithm=SHA256, qop="auth", opaque="o""#),
            ),
            (r#"Digest realm="r", nonce="n", algorithm=SHA-512-256"#, None),
            (r#"Digest realm="r", nonce="n", algorithm=MD5-sess"#, None),
            (r#"Digest realm="r", nonce="n", qop="auth-int""#, None),
            (r#"Basic realm="r""#, None),
            ("nonsense", None),
            ("", None),
        ];
        for (challenge, expected) in table {
            assert_eq!(spell_for_stack(challenge).as_deref(), expected, "{challenge}");
        }
    }

    fn challenge(value: &str) -> Header {
        Header::WwwAuthenticate(WwwAuthenticate::new(value))
    }

    #[test]
    fn the_first_that_can_be_answered_is_kept() {
        let mut headers = Headers::default();
        headers.push(challenge(r#"Digest realm="r", nonce="a", algorithm=SHA-512-256"#));
        headers.push(challenge(r#"Digest realm="r", nonce="b", algorithm=SHA-256"#));
        headers.push(challenge(r#"Digest realm="r", nonce="c", algorithm=MD5"#));
        let mut untrusted = headers.clone();
        choose_challenges(&mut headers, true);
        let kept: Vec<_> = headers.iter().map(Header::value).collect();
        assert_eq!(kept, [r#"Digest realm="r", nonce="b", algorithm=SHA256"#]);
        choose_challenges(&mut untrusted, false);
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
