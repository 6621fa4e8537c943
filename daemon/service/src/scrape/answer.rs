//! One request, and what it is answered.

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};

use super::Scraped;
use crate::meters::Format;

/// What stands before a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Guard {
    /// The mode of a file says who may.
    File,
    /// Anybody on this machine may, but no page in a browser here that leads its own name to us.
    Loopback,
}

pub(super) async fn answer(
    request: &Request<Incoming>,
    guard: Guard,
    scraped: &Scraped,
) -> Response<Full<Bytes>> {
    if guard == Guard::Loopback && !is_for_loopback(request.headers()) {
        let text = "ask for localhost or 127.0.0.1: metrics are read on this machine only\n";
        return plain(StatusCode::MISDIRECTED_REQUEST, text);
    }
    if request.uri().path() != "/metrics" {
        return plain(StatusCode::NOT_FOUND, "metrics are at /metrics\n");
    }
    if request.method() != Method::GET {
        let mut refused = plain(StatusCode::METHOD_NOT_ALLOWED, "metrics can only be read: GET /metrics\n");
        refused.headers_mut().insert(ALLOW, HeaderValue::from_static("GET"));
        return refused;
    }
    let accept = request.headers().get(ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    let format = Format::accepted(accept);
    match scraped.meters.text(format, || scraped.look()).await {
        Ok(text) => written(StatusCode::OK, format.content_type(), text.into()),
        Err(_) => plain(StatusCode::INTERNAL_SERVER_ERROR, "the metrics could not be written\n"),
    }
}

/// One `Host`, and it names the loopback: a name that somebody's DNS has led here is another one.
fn is_for_loopback(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Ok(host) = host.to_str() else { return false };
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    bare.eq_ignore_ascii_case("localhost")
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    written(status, "text/plain; charset=utf-8", Bytes::from_static(text.as_bytes()))
}

fn written(status: StatusCode, kind: &'static str, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(hosts: &[&str]) -> bool {
        let mut headers = HeaderMap::new();
        for host in hosts {
            headers.append(HOST, host.parse().unwrap());
        }
        is_for_loopback(&headers)
    }

    #[test]
    fn only_names_of_the_loopback_are_answered() {
        for host in
            ["localhost", "LOCALHOST:9464", "127.0.0.1", "127.0.0.1:9464", "127.9.9.9", "[::1]", "[::1]:9464"]
        {
            assert!(asked(&[host]), "{host}");
        }
        let strange =
            ["evil.example", "evil.example:9464", "localhost.evil.example", "127.0.0.1.evil.example"];
        for host in strange.into_iter().chain(["192.0.2.1", "[2001:db8::1]", "", "localhost:x", "0.0.0.0"]) {
            assert!(!asked(&[host]), "{host}");
        }
        assert!(!asked(&[]) && !asked(&["localhost", "localhost"]));
    }
}
