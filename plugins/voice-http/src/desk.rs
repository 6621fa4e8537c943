//! What is answered to a request of the listener: prompts to anybody, everything else to the provider alone. Whoever is
//! refused learns nothing: every refusal is the same.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Body, Bytes};
use hyper::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response, StatusCode};
use parking_lot::Mutex;
use tokio::time::timeout;

use crate::calls::{Calls, Reply};
use crate::limits;
use crate::prompts::Prompts;
use crate::provider::{Provider, Received, Refused};
use crate::rate::{Bucket, Seldom};
use crate::web_address::WebAddress;
use crate::webhook::Target;

/// What the listener needs to answer.
pub struct Desk {
    provider: Arc<Provider>,
    calls: Calls,
    public: WebAddress,
    prompts: Prompts,
    key: Duration,
    bucket: Mutex<Bucket>,
    /// Each reason by itself.
    refused: Mutex<HashMap<Refused, Seldom>>,
}

impl Desk {
    /// A desk of this provider's calls.
    pub(crate) fn new(
        provider: Arc<Provider>,
        calls: Calls,
        public: WebAddress,
        prompts: Prompts,
        key: Duration,
    ) -> Desk {
        let bucket = Bucket::new(limits::REQUESTS_PER_SECOND, limits::REQUESTS_AT_ONCE, Instant::now());
        Desk { provider, calls, public, prompts, key, bucket: Mutex::new(bucket), refused: Mutex::default() }
    }

    /// Answers a request.
    pub async fn answer<B>(&self, request: Request<B>) -> Response<Full<Bytes>>
    where
        B: Body,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        if !self.bucket.lock().take(Instant::now()) {
            return nothing(StatusCode::SERVICE_UNAVAILABLE);
        }
        let (head, body) = request.into_parts();
        let path = head.uri.path().strip_prefix(self.public.path()).unwrap_or_default().to_owned();
        if matches!(head.method, Method::GET | Method::HEAD) {
            return self.prompt(&path);
        }
        let Some(target) = Target::read(&path).filter(|_| head.method == Method::POST) else {
            return not_found();
        };
        let body = Limited::new(body, limits::MAX_BODY).collect();
        let Ok(Ok(body)) = timeout(limits::BODY, body).await else { return not_found() };
        let body = body.to_bytes();
        let whole = head.uri.path_and_query().map_or("/", |target| target.as_str());
        let received = Received {
            public: &self.public,
            target: whole,
            headers: &head.headers,
            body: &body,
            now: SystemTime::now(),
        };
        match self.provider.read(&received, target.place) {
            Ok(news) => match self.calls.tell(target.call, target.place, news).await {
                Some((Reply::Do(turn), fixed)) => {
                    let setting = fixed.setting(target.call, &self.public, self.key);
                    let (kind, text) = self.provider.document(turn, &setting);
                    found(kind, text.into())
                }
                Some((Reply::Noted, _)) => nothing(StatusCode::NO_CONTENT),
                None => {
                    tracing::debug!("a webhook of no call, or of one that did not expect it, was refused");
                    not_found()
                }
            },
            Err(why) => {
                self.complain(why);
                not_found()
            }
        }
    }

    fn prompt(&self, path: &str) -> Response<Full<Bytes>> {
        let Some(wav) = self.prompts.file(path) else { return not_found() };
        let mut answer = found("audio/wav", wav);
        // Who replaces a prompt waits that long at most.
        answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=300"));
        answer
    }

    fn complain(&self, why: Refused) {
        let times = self.refused.lock().entry(why).or_default().count(limits::COMPLAINT, Instant::now());
        if let Some(times) = times {
            tracing::warn!(%why, times, "webhooks were refused");
        }
    }
}

fn found(kind: &'static str, content: Bytes) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::new(content));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    answer
}

fn not_found() -> Response<Full<Bytes>> {
    let mut answer = found("text/plain", Bytes::from_static(b"not found\n"));
    *answer.status_mut() = StatusCode::NOT_FOUND;
    answer
}

fn nothing(status: StatusCode) -> Response<Full<Bytes>> {
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = status;
    answer
}
