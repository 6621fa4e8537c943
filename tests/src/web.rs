//! A browser without a window: requests one by one, a jar of cookies, and forms that are filled in and sent.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::html::{Form, Html};
use crate::patiently;

/// One person's plain client. It follows no redirect unless asked to.
///
/// Clones share the jar, as tabs of one browser do.
#[derive(Clone)]
pub struct Web {
    origin: String,
    jar: Arc<Mutex<BTreeMap<String, String>>>,
    headers: Vec<(String, String)>,
}

/// What the server answered.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The path that was asked for.
    pub path: String,
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: hyper::HeaderMap,
    /// Its body.
    pub body: String,
}

impl Web {
    /// A client of the server at `origin`, `http://127.0.0.1:20000`, with an empty jar.
    #[must_use]
    pub fn new(origin: &str) -> Self {
        Self { origin: origin.to_owned(), jar: Arc::default(), headers: Vec::new() }
    }

    /// The same client, sending one more header with everything: `Accept-Language`, `Origin`, …
    #[must_use]
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.to_owned(), value.to_owned()));
        client
    }

    /// A cookie in the jar.
    #[must_use]
    pub fn cookie(&self, name: &str) -> Option<String> {
        self.jar.lock().unwrap().get(name).cloned()
    }

    /// Puts a cookie into the jar, as somebody who has stolen or made up one would.
    pub fn put_cookie(&self, name: &str, value: &str) {
        self.jar.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// Throws all cookies away.
    pub fn forget(&self) {
        self.jar.lock().unwrap().clear();
    }

    /// Asks for a page. `path` may be a whole address of this server.
    pub async fn get(&self, path: &str) -> Answer {
        self.request(Method::GET, path, &[], Vec::new()).await
    }

    /// Asks for a page and goes on wherever the server sends the browser.
    ///
    /// # Panics
    /// If it is sent around in circles, or away from this server.
    pub async fn visit(&self, path: &str) -> Answer {
        let answer = self.get(path).await;
        self.follow(answer).await
    }

    /// Goes wherever an answer sends the browser, to the end.
    ///
    /// # Panics
    /// If it is sent around in circles, or away from this server.
    pub async fn follow(&self, mut answer: Answer) -> Answer {
        for _ in 0..10 {
            let Some(location) = answer.location() else { return answer };
            answer = self.get(&location).await;
        }
        panic!("{} leads around in circles", answer.path)
    }

    /// Sends fields as a form does, whatever form there is or is not.
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(fields).unwrap();
        let kind = [(CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")];
        self.request(Method::POST, path, &kind, body.into_bytes()).await
    }

    /// Sends a form that was filled in.
    pub async fn send(&self, form: &Form) -> Answer {
        let fields: Vec<(&str, &str)> = form.fields().collect();
        if form.method() == "post" {
            return self.post(form.action(), &fields).await;
        }
        let query = serde_urlencoded::to_string(fields).unwrap();
        self.get(&format!("{}?{query}", form.action())).await
    }

    /// Sends a form that was filled in, and goes on to where that leads.
    pub async fn submit(&self, form: &Form) -> Answer {
        let answer = self.send(form).await;
        self.follow(answer).await
    }

    /// Sends any request, with the jar's cookies.
    pub async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let path = path.strip_prefix(&self.origin).unwrap_or(path);
        assert!(path.starts_with('/'), "{path} is not at {}", self.origin);
        let mut request = Request::builder().method(method).uri(path).header(HOST, self.host());
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        for (name, value) in own.chain(headers.iter().copied()) {
            request = request.header(name, value);
        }
        let cookies: Vec<String> =
            self.jar.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies.join("; "));
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let answer = patiently(path, self.exchange(path, request)).await;
        self.keep_cookies(&answer);
        answer
    }

    /// Sends bytes as they are, and gives all that comes back until the server closes.
    pub async fn raw(&self, bytes: &[u8]) -> String {
        let exchange = async {
            let mut stream = TcpStream::connect(self.host()).await.unwrap();
            // A server that refuses what it reads may close before it has read all.
            let _ = stream.write_all(bytes).await;
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer).await;
            String::from_utf8_lossy(&answer).into_owned()
        };
        patiently("the server to close", exchange).await
    }

    async fn exchange(&self, path: &str, request: Request<Full<Bytes>>) -> Answer {
        let stream = TcpStream::connect(self.host()).await.unwrap();
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        let connection = tokio::spawn(connection);
        let response = sender.send_request(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        connection.abort();
        Answer {
            path: path.to_owned(),
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    fn keep_cookies(&self, answer: &Answer) {
        for set in answer.set_cookies() {
            let mut parts = set.split(';').map(str::trim);
            let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).unwrap();
            if parts.any(|part| part.eq_ignore_ascii_case("max-age=0")) {
                self.jar.lock().unwrap().remove(name);
            } else {
                self.put_cookie(name, value);
            }
        }
    }

    fn host(&self) -> &str {
        self.origin.trim_start_matches("http://")
    }
}

impl Answer {
    /// A header's text, empty if it is not there.
    #[must_use]
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Where the browser is sent.
    #[must_use]
    pub fn location(&self) -> Option<String> {
        let sent = self.status.is_redirection().then(|| self.headers.get(LOCATION)).flatten();
        sent.map(|value| value.to_str().unwrap().to_owned())
    }

    /// The cookies that it sets, as they are written.
    #[must_use]
    pub fn set_cookies(&self) -> Vec<String> {
        let all = self.headers.get_all(SET_COOKIE).iter();
        all.map(|value| value.to_str().unwrap().to_owned()).collect()
    }

    /// Its body as a document.
    #[must_use]
    pub fn page(&self) -> Html {
        Html::parse(&self.body)
    }

    /// The form of its page that goes to `action`, with the values that are in it.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn form(&self, action: &str) -> Form {
        self.page().form(action).unwrap_or_else(|| {
            panic!("{} ({}) has no form to {action}:\n{}", self.path, self.status, self.page().text())
        })
    }
}
