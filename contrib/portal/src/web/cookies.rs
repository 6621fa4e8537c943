//! Cookies: `HttpOnly`, `SameSite=Lax`, with the `__Host-` prefix where there is TLS (RFC 6265bis §4.1.3.2).
//!
//! Lax, since a person comes back from the mailbox by a link; nothing here is done by following one.

use axum::http::header::{COOKIE, HeaderMap, HeaderValue};

use crate::limits;
use crate::secret::Secret;

/// What a browser keeps for the portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// The browser's own secret: forms are bound to it, and an e-mailed link counts only where it is.
    Browser,
    /// The case that the person works on.
    Case,
    /// The session of who signed in.
    Session,
    /// The language that the person chose.
    Language,
    /// The session of the one browser that support's console has let in.
    Console,
    /// The login that the person comes from.
    HandOver,
}

impl Cookie {
    const fn name(self) -> &'static str {
        match self {
            Self::Browser => "readmit-browser",
            Self::Case => "readmit-case",
            Self::Session => "readmit-session",
            Self::Language => "readmit-language",
            Self::Console => "readmit-console",
            Self::HandOver => "readmit-hand-over",
        }
    }

    const fn longest(self) -> usize {
        match self {
            Self::Browser | Self::Case | Self::Language | Self::Session | Self::Console => {
                limits::COOKIE_BYTES
            }
            Self::HandOver => limits::HAND_OVER_BYTES,
        }
    }

    /// The value that a request brings; none that is longer than ours are.
    pub(crate) fn read(self, headers: &HeaderMap, secure: bool) -> Option<Secret> {
        let name = self.full_name(secure);
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(key, value)| *key == name && is_ours(value, self.longest()))
            .map(|(_, value)| Secret::new(value))
    }

    /// The header that sets it.
    pub(crate) fn set(self, value: &Secret, secure: bool) -> Option<HeaderValue> {
        self.header(value.expose(), limits::COOKIE_AGE.as_secs(), secure)
    }

    /// The header that takes it away.
    pub(crate) fn remove(self, secure: bool) -> Option<HeaderValue> {
        self.header("", 0, secure)
    }

    fn header(self, value: &str, seconds: u64, secure: bool) -> Option<HeaderValue> {
        let (name, only) = (self.full_name(secure), if secure { "; Secure" } else { "" });
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{only}");
        let mut header = HeaderValue::from_str(&text).ok()?;
        header.set_sensitive(true);
        Some(header)
    }

    fn full_name(self, secure: bool) -> String {
        let prefix = if secure { "__Host-" } else { "" };
        format!("{prefix}{}", self.name())
    }
}

/// Ids, secrets and languages are made of these characters, and nothing else gets back into a header.
fn is_ours(value: &str, longest: usize) -> bool {
    let known = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=longest).contains(&value.len()) && value.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_read_again() {
        for secure in [true, false] {
            let set = Cookie::Case.set(&Secret::new("abc_-9"), secure).unwrap();
            let set = set.to_str().unwrap();
            assert_eq!(set.contains("Secure"), secure);
            assert!(set.contains("HttpOnly; SameSite=Lax"), "{set}");
            let mut headers = HeaderMap::new();
            let pair = set.split(';').next().unwrap();
            headers.insert(COOKIE, HeaderValue::from_str(&format!("a=b; {pair}; c=d")).unwrap());
            assert_eq!(Cookie::Case.read(&headers, secure), Some(Secret::new("abc_-9")));
            assert_eq!(Cookie::Browser.read(&headers, secure), None);
            assert_eq!(Cookie::Case.read(&headers, !secure), None);
        }
    }

    #[test]
    fn what_is_not_ours_is_not_read() {
        for value in ["", "a b", "a\"", "é", "a%0d", &"x".repeat(limits::COOKIE_BYTES + 1)] {
            let mut headers = HeaderMap::new();
            let header = HeaderValue::from_bytes(format!("readmit-case={value}").as_bytes()).unwrap();
            headers.insert(COOKIE, header);
            assert_eq!(Cookie::Case.read(&headers, false), None, "{value}");
        }
    }
}
