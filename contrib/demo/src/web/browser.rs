//! The browser on Alice's telephone: another one than the one that she sits at.
//!
//! A page cannot show the portal twice with cookies apart, so the telephone's browser is half in here: it keeps the
//! cookies, and asks the portal as a browser asks, by its public address. What the portal answers goes into a frame as
//! it is. The frame's own cookies are those of the other browser, and are not passed on; one of them tells that it may
//! ask at all.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, Query, Request, State};
use axum::http::header::{
    ACCEPT, ACCEPT_LANGUAGE, CONNECTION, CONTENT_TYPE, COOKIE, HOST, HeaderMap, HeaderName, HeaderValue,
    LOCATION, ORIGIN, REFERER, SET_COOKIE, TRANSFER_ENCODING, USER_AGENT,
};
use axum::http::{Response as HttpResponse, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use thiserror::Error;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::places::Places;
use super::server::is_key;
use crate::limits;

/// What the telephone's browser calls itself.
const NAME: &str =
    "Mozilla/5.0 (Linux; Android 15; Mobile) AppleWebKit/537.36 Chrome/130.0 Mobile Safari/537.36";

/// What of a request is passed on as it is.
const PASSED_ON: [HeaderName; 7] = [
    ACCEPT,
    ACCEPT_LANGUAGE,
    CONTENT_TYPE,
    HeaderName::from_static("last-event-id"),
    HeaderName::from_static("sec-fetch-dest"),
    HeaderName::from_static("sec-fetch-mode"),
    HeaderName::from_static("sec-fetch-site"),
];

/// Why the portal was not asked.
#[derive(Debug, Error)]
enum NotAsked {
    #[error("the form is too large")]
    TooLarge(#[source] axum::Error),
    #[error("the portal cannot be reached")]
    Connect(#[source] io::Error),
    #[error("the portal does not answer")]
    Ask(#[source] hyper::Error),
    #[error("the portal did not answer in time")]
    TooLate,
    #[error("the request cannot be passed on")]
    Request(#[source] axum::http::Error),
}

/// The browser.
#[derive(Debug)]
pub struct PhoneBrowser {
    portal: SocketAddr,
    portal_url: String,
    own_url: String,
    key: String,
    cookies: Mutex<Cookies>,
}

impl PhoneBrowser {
    /// A browser without a cookie.
    #[must_use]
    pub fn new(places: &Places, key: &str) -> Arc<Self> {
        Arc::new(Self {
            portal: places.portal_address(),
            portal_url: places.portal_url().to_owned(),
            own_url: places.browser_url().to_owned(),
            key: key.to_owned(),
            cookies: Mutex::default(),
        })
    }

    /// The name of the cookie by which a frame may ask. Cookies know no ports, so the name does.
    fn pass(&self) -> String {
        format!("readmit-demo-phone-{}", self.own_url.rsplit(':').next().unwrap_or_default())
    }

    fn may_ask(&self, headers: &HeaderMap) -> bool {
        let pass = self.pass();
        headers
            .get_all(COOKIE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .any(|(name, value)| name == pass && is_key(value, &self.key))
    }

    async fn ask(&self, request: Request) -> Result<HttpResponse<Incoming>, NotAsked> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, limits::BROWSER_BODY).await.map_err(NotAsked::TooLarge)?;
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
        let host = self.portal_url.trim_start_matches("http://");
        let mut asked = Request::builder().method(parts.method).uri(path).header(HOST, host);
        for name in PASSED_ON {
            for value in parts.headers.get_all(&name) {
                asked = asked.header(&name, value);
            }
        }
        asked = asked.header(USER_AGENT, NAME);
        for (name, value) in [(ORIGIN, "origin"), (REFERER, "referer")] {
            let given = parts.headers.get(value).and_then(|value| value.to_str().ok());
            if let Some(given) = given {
                asked = asked.header(name, given.replacen(&self.own_url, &self.portal_url, 1));
            }
        }
        let cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner).header();
        if let Some(cookies) = cookies {
            asked = asked.header(COOKIE, cookies);
        }
        let asked = asked.body(Body::from(body)).map_err(NotAsked::Request)?;
        let stream = TcpStream::connect(self.portal).await.map_err(NotAsked::Connect)?;
        let (mut portal, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(NotAsked::Ask)?;
        // It ends with the answer, or when the frame goes away.
        tokio::spawn(async move { drop(connection.await) });
        let answer = timeout(limits::BROWSER_WAIT, portal.send_request(asked)).await;
        answer.map_err(|_| NotAsked::TooLate)?.map_err(NotAsked::Ask)
    }

    /// The answer for the frame: without the cookies, which stay here.
    fn show(&self, answer: HttpResponse<Incoming>) -> Response {
        let (mut parts, body) = answer.into_parts();
        let mut cookies = self.cookies.lock().unwrap_or_else(PoisonError::into_inner);
        for cookie in parts.headers.get_all(SET_COOKIE).iter().filter_map(|value| value.to_str().ok()) {
            cookies.keep(cookie);
        }
        drop(cookies);
        for name in [SET_COOKIE, CONNECTION, TRANSFER_ENCODING] {
            parts.headers.remove(name);
        }
        let location = parts.headers.get(LOCATION).and_then(|value| value.to_str().ok());
        if let Some(path) = location.and_then(|location| location.strip_prefix(&self.portal_url))
            && let Ok(path) = HeaderValue::from_str(path)
        {
            parts.headers.insert(LOCATION, path);
        }
        Response::from_parts(parts, Body::new(body))
    }
}

/// The path under which a frame begins.
#[must_use]
pub fn opening(key: &str) -> String {
    format!("/~open/{key}")
}

/// Everything that a frame may ask for.
pub fn router(browser: Arc<PhoneBrowser>) -> Router {
    Router::new().route("/~open/{key}", get(begin)).fallback(pass_on).with_state(browser)
}

#[derive(Debug, Deserialize)]
struct Beginning {
    to: String,
}

/// Lets a frame in that knows the key, and leads it to the page that it wants.
async fn begin(
    State(browser): State<Arc<PhoneBrowser>>,
    Path(key): Path<String>,
    Query(Beginning { to }): Query<Beginning>,
) -> Response {
    let is_path = to.starts_with('/') && !to.starts_with("//") && !to.contains('\\');
    let Some(to) = HeaderValue::from_str(&to).ok().filter(|_| is_path && is_key(&key, &browser.key)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let pass = format!("{}={key}; Path=/; HttpOnly; SameSite=Strict", browser.pass());
    let Ok(pass) = HeaderValue::from_str(&pass) else { return StatusCode::NOT_FOUND.into_response() };
    (StatusCode::SEE_OTHER, [(LOCATION, to), (SET_COOKIE, pass)]).into_response()
}

async fn pass_on(State(browser): State<Arc<PhoneBrowser>>, request: Request) -> Response {
    if !browser.may_ask(request.headers()) {
        return StatusCode::NOT_FOUND.into_response();
    }
    match browser.ask(request).await {
        Ok(answer) => browser.show(answer),
        Err(error) => {
            tracing::debug!(%error, "the telephone's browser got no answer");
            let status = match error {
                NotAsked::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
                NotAsked::Connect(_) | NotAsked::Ask(_) | NotAsked::TooLate | NotAsked::Request(_) => {
                    StatusCode::BAD_GATEWAY
                }
            };
            status.into_response()
        }
    }
}

/// The cookies of one site.
#[derive(Debug, Default)]
struct Cookies(BTreeMap<String, String>);

impl Cookies {
    /// Keeps what a `Set-Cookie` says (RFC 6265 §5.2), as far as one site without paths needs it.
    fn keep(&mut self, header: &str) {
        let mut parts = header.split(';').map(str::trim);
        let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { return };
        let gone = parts.any(|part| part.eq_ignore_ascii_case("max-age=0"));
        let fits = header.len() <= limits::BROWSER_COOKIE && self.0.len() < limits::BROWSER_COOKIES;
        if gone {
            self.0.remove(name);
        } else if fits {
            self.0.insert(name.to_owned(), value.to_owned());
        }
    }

    fn header(&self) -> Option<String> {
        let pairs: Vec<_> = self.0.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_kept_replaced_and_dropped() {
        let mut cookies = Cookies::default();
        assert_eq!(cookies.header(), None);
        cookies.keep("b=1; Path=/; HttpOnly");
        cookies.keep("a=2");
        cookies.keep("b=3; Max-Age=60");
        assert_eq!(cookies.header().as_deref(), Some("a=2; b=3"));
        cookies.keep("a=; Path=/; Max-Age=0");
        cookies.keep("nonsense");
        assert_eq!(cookies.header().as_deref(), Some("b=3"));
        cookies.keep(&format!("long={}", "x".repeat(limits::BROWSER_COOKIE)));
        for number in 0..limits::BROWSER_COOKIES + 5 {
            cookies.keep(&format!("c{number}=x"));
        }
        assert_eq!(cookies.0.len(), limits::BROWSER_COOKIES);
    }
}
