//! A browser as cheap as can be: one connection that is kept, cookies, forms by their action.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{ACCEPT_ENCODING, CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::Outcome;

/// One person's.
pub(crate) struct Browser {
    host: String,
    sender: SendRequest<Full<Bytes>>,
    cookies: BTreeMap<String, String>,
}

/// What was answered.
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) status: StatusCode,
    pub(crate) body: String,
    /// Until the header of the answer was there.
    pub(crate) first_byte: Duration,
    /// Bytes on the wire, without the framing.
    pub(crate) bytes: usize,
    location: Option<String>,
}

impl Browser {
    pub(crate) async fn open(host: &str) -> Outcome<Self> {
        let stream = TcpStream::connect(host).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(Self { host: host.to_owned(), sender, cookies: BTreeMap::new() })
    }

    /// Becomes somebody who was never here.
    pub(crate) fn forget(&mut self) {
        self.cookies.clear();
    }

    /// Asks for a page, which has to be there, and goes on wherever it leads.
    pub(crate) async fn get(&mut self, path: &str) -> Outcome<Page> {
        let page = self.ask(Method::GET, path, String::new()).await?;
        self.follow(page).await
    }

    /// Sends the form of a page that goes to this action, and goes on wherever it leads.
    pub(crate) async fn send(&mut self, page: &Page, action: &str, fields: &[(&str, &str)]) -> Outcome<Page> {
        let token = page.token(action)?;
        let all = [&[("form_token", token)], fields].concat();
        let answer = self.ask(Method::POST, action, serde_urlencoded::to_string(all)?).await?;
        self.follow(answer).await
    }

    async fn follow(&mut self, mut page: Page) -> Outcome<Page> {
        while let Some(location) = page.location.take() {
            page = self.ask(Method::GET, &location, String::new()).await?;
        }
        if page.status.is_success() {
            return Ok(page);
        }
        Err(format!("{} answers {}", page.path, page.status).into())
    }

    async fn ask(&mut self, method: Method, path: &str, body: String) -> Outcome<Page> {
        let mut request = Request::builder().method(&method).uri(path).header(HOST, &self.host);
        request = request.header(ACCEPT_ENCODING, "gzip, deflate, br");
        if !self.cookies.is_empty() {
            let cookies: Vec<_> =
                self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            request = request.header(COOKIE, cookies.join("; "));
        }
        if method == Method::POST {
            request = request.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        let request = request.body(Full::new(Bytes::from(body)))?;
        self.sender.ready().await?;
        let begin = Instant::now();
        let response = self.sender.send_request(request).await?;
        let first_byte = begin.elapsed();
        self.keep_cookies(&response);
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.map(str::to_owned);
        let headers: usize =
            response.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        let status = response.status();
        let body = response.into_body().collect().await?.to_bytes();
        Ok(Page {
            path: path.to_owned(),
            status,
            bytes: headers + body.len(),
            body: String::from_utf8_lossy(&body).into_owned(),
            first_byte,
            location,
        })
    }

    fn keep_cookies<T>(&mut self, response: &Response<T>) {
        for set in response.headers().get_all(SET_COOKIE) {
            let pair = set.to_str().unwrap_or_default().split(';').next().unwrap_or_default();
            if let Some((name, value)) = pair.split_once('=') {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

impl Page {
    /// Whether there is a form that goes there.
    pub(crate) fn leads_to(&self, action: &str) -> bool {
        self.body.contains(&format!("action=\"{action}\""))
    }

    /// The style and the script that it names.
    pub(crate) fn assets(&self) -> Vec<String> {
        let parts = self.body.split("\"/assets/").skip(1);
        parts.filter_map(|part| Some(format!("/assets/{}", part.split('"').next()?))).collect()
    }

    fn token(&self, action: &str) -> Outcome<&str> {
        let form = self.body.split(&format!("action=\"{action}\"")).nth(1);
        let form = form.ok_or_else(|| format!("{} has no form to {action}", self.path))?;
        let value = form.split("name=\"form_token\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        Ok(value.ok_or("a form without token")?)
    }
}
