//! The addresses in the settings: where a provider is, and where it reaches us.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use hyper::Uri;

use crate::limits;

/// An https URL of a host and perhaps a path; http only to this very machine, for who tries things out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebAddress {
    secure: bool,
    host: String,
    /// The port, if it is written.
    port: Option<u16>,
    /// Empty, or a path with a slash in front and none at its end.
    path: String,
}

/// What is wrong with an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// It is no URL of a host and a path.
    #[error(
        "write a URL such as \"https://calls.example.org/readmit\": a host, perhaps a port and a path, and nothing else"
    )]
    Form,
    /// It is not secure.
    #[error(
        "write https: over http, anybody on the way could read and change what is said (only this machine itself may be http)"
    )]
    Insecure,
}

impl WebAddress {
    /// Whether it is https.
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    /// The host: a name, or an address without brackets.
    pub fn host(&self) -> &str {
        self.host.trim_start_matches('[').trim_end_matches(']')
    }

    /// The port, the scheme's if none is written.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(self.default_port())
    }

    /// The path, empty or without a slash at its end.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Host and port as a `Host` header has them.
    pub fn authority(&self) -> String {
        match self.port {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.clone(),
        }
    }

    /// The URL of a path below this one.
    pub fn below(&self, path: &str) -> String {
        format!("{self}{path}")
    }

    /// The URLs that a request for this target may have been signed as: with the scheme's port and without, since
    /// providers do either (a written port that is not the scheme's stays).
    pub fn signed_as(&self, target: &str) -> [String; 2] {
        let scheme = self.scheme();
        let host = &self.host;
        if self.port() == self.default_port() {
            let port = self.default_port();
            [format!("{scheme}://{host}{target}"), format!("{scheme}://{host}:{port}{target}")]
        } else {
            let port = self.port();
            [format!("{scheme}://{host}:{port}{target}"), format!("{scheme}://{host}{target}")]
        }
    }

    fn scheme(&self) -> &'static str {
        if self.secure { "https" } else { "http" }
    }

    fn default_port(&self) -> u16 {
        if self.secure { 443 } else { 80 }
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}{}", self.scheme(), self.authority(), self.path)
    }
}

impl FromStr for WebAddress {
    type Err = BadAddress;

    fn from_str(text: &str) -> Result<Self, BadAddress> {
        if text.len() > limits::MAX_URL || text.contains(['#', '?', '@', '\\', '%']) || text.contains("//.") {
            return Err(BadAddress::Form);
        }
        let uri: Uri = text.parse().map_err(|_| BadAddress::Form)?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(BadAddress::Form);
        };
        let host = authority.host().to_ascii_lowercase();
        let rest = authority.as_str().get(host.len()..).unwrap_or_default();
        let port = match rest.strip_prefix(':') {
            Some(port) => Some(port.parse().ok().filter(|port| *port != 0).ok_or(BadAddress::Form)?),
            None => None,
        };
        let path = uri.path().trim_end_matches('/').to_owned();
        if host.is_empty() || path.split('/').any(|part| part == "." || part == "..") || path.contains("//") {
            return Err(BadAddress::Form);
        }
        match scheme {
            "https" => Ok(WebAddress { secure: true, host, port, path }),
            "http" if is_this_machine(&host) => Ok(WebAddress { secure: false, host, port, path }),
            "http" => Err(BadAddress::Insecure),
            _ => Err(BadAddress::Form),
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_https_or_of_this_machine() {
        for (text, expected) in [
            ("https://calls.example.org", "https://calls.example.org"),
            ("https://Calls.Example.org/", "https://calls.example.org"),
            ("https://calls.example.org:8443/a/b/", "https://calls.example.org:8443/a/b"),
            ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]:8443/x"),
            ("http://127.0.0.1:4010", "http://127.0.0.1:4010"),
            ("http://[::1]:4010/x", "http://[::1]:4010/x"),
        ] {
            assert_eq!(text.parse::<WebAddress>().unwrap().to_string(), expected);
        }
        for text in [
            "",
            "calls.example.org",
            "https://",
            "ftp://x.example.org",
            "https://x.example.org/?a=b",
            "https://x.example.org/#a",
            "https://u:p@x.example.org",
            "https://x.example.org:0",
            "https://x.example.org:99999",
            "https://x.example.org/../y",
            "https://x.example.org//y",
            "/path",
        ] {
            assert_eq!(text.parse::<WebAddress>(), Err(BadAddress::Form), "{text}");
        }
        for text in ["http://calls.example.org", "http://192.0.2.1", "http://localhost.example.org"] {
            assert_eq!(text.parse::<WebAddress>(), Err(BadAddress::Insecure), "{text}");
        }
    }

    #[test]
    fn a_request_may_be_signed_with_the_port_and_without() {
        let signed = |text: &str| text.parse::<WebAddress>().unwrap().signed_as("/a?b=c");
        let plain = ["https://x.example.org/a?b=c", "https://x.example.org:443/a?b=c"].map(str::to_owned);
        assert_eq!(signed("https://x.example.org/readmit"), plain);
        assert_eq!(signed("https://x.example.org:443"), plain);
        let other = ["https://x.example.org:8443/a?b=c", "https://x.example.org/a?b=c"].map(str::to_owned);
        assert_eq!(signed("https://x.example.org:8443"), other);
    }
}
