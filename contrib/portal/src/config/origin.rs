//! Origins (RFC 6454): scheme, host and port, and nothing after them.

use std::net::IpAddr;

use axum::http::Uri;
use toml::de::DeValue;

use super::document::{Fault, filled, texts};

/// A URL of which nothing follows the host, as browsers write it in `Origin`: in lower case, without the port that its
/// scheme has anyway.
pub(super) fn origin(value: &DeValue<'_>) -> Result<String, Fault> {
    parse(filled(value)?)
}

/// Several.
pub(super) fn origins(value: &DeValue<'_>) -> Result<Vec<String>, Fault> {
    texts(value)?.into_iter().map(parse).collect()
}

/// The same of a text; nothing if it is none.
pub(crate) fn origin_of(text: &str) -> Option<String> {
    parse(text).ok()
}

fn parse(text: &str) -> Result<String, Fault> {
    let hint = "write scheme and host, and perhaps a port: \"https://recover.example.org\"";
    let wrong = |message: &str| Fault::new(message, hint);
    let uri: Uri = text.parse().map_err(|_| wrong("is no URL"))?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
        return Err(wrong("is no whole URL"));
    };
    let usual = match scheme {
        "https" => 443,
        "http" => 80,
        _ => return Err(wrong("is a URL of neither https nor http")),
    };
    if !matches!(uri.path(), "" | "/") || uri.query().is_some() || text.contains('#') {
        return Err(wrong("has a path, and the portal is at the root of its host"));
    }
    let host = authority.host();
    let is_name = |host: &str| {
        !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'))
    };
    if !(is_name(host) || bracketed(host).is_some()) || authority.as_str().contains('@') {
        return Err(wrong("has no plain host"));
    }
    let rest = authority.as_str().get(host.len()..).unwrap_or_default();
    let port = match (rest, authority.port_u16()) {
        ("", _) => String::new(),
        (_, Some(port)) if port == usual => String::new(),
        (_, Some(port)) if port > 0 => format!(":{port}"),
        _ => return Err(wrong("has no number as its port")),
    };
    Ok(format!("{scheme}://{}{port}", host.to_ascii_lowercase()))
}

/// Whether only this machine is meant (RFC 6761 §6.3).
pub(super) fn is_local(origin: &str) -> bool {
    let authority = origin.split_once("://").map_or(origin, |(_, authority)| authority);
    let host = match authority.find(']') {
        Some(end) => authority.get(..=end).unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let address = host.parse::<IpAddr>().ok().or_else(|| bracketed(host));
    host == "localhost"
        || host.ends_with(".localhost")
        || address.is_some_and(|address| address.is_loopback())
}

fn bracketed(host: &str) -> Option<IpAddr> {
    host.strip_prefix('[')?.strip_suffix(']')?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_as_browsers_write_it() {
        for (text, origin) in [
            ("https://Recover.Example.org/", "https://recover.example.org"),
            ("https://recover.example.org:443", "https://recover.example.org"),
            ("https://recover.example.org:8443", "https://recover.example.org:8443"),
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://[::1]:80", "http://[::1]"),
            ("https://10.1.2.3", "https://10.1.2.3"),
        ] {
            assert_eq!(parse(text).ok().as_deref(), Some(origin), "{text}");
        }
        for text in [
            "recover.example.org",
            "/",
            "ftp://example.org",
            "https://example.org/recover",
            "https://example.org/?a",
            "https://example.org/#a",
            "https://user@example.org",
            "https://example.org:0",
            "https://example.org:",
            "https://example.org:x",
            "https://example.org; script-src *",
            "https://*",
            "https://a'b",
            "https://",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_this_machine_is_local() {
        for local in [
            "http://localhost",
            "http://a.localhost:81",
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://[::1]:80",
        ] {
            assert!(is_local(local), "{local}");
        }
        for far in [
            "http://localhost.example.org",
            "http://10.0.0.1",
            "http://[2001:db8::1]:80",
            "http://notlocalhost",
        ] {
            assert!(!is_local(far), "{far}");
        }
    }
}
