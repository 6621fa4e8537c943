//! The page's own server: what it loads, what it hears, what its buttons do.
//!
//! Everything is under a random path. Whoever does not know it finds nothing, whatever they ask; so no other site and
//! no other user of the machine presses the buttons.

use std::convert::Infallible;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Request, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures_util::Stream;
use futures_util::stream::unfold;
use serde::Deserialize;
use subtle::ConstantTimeEq as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast, watch};
use tokio::time::{Duration, sleep};

use super::line::Deed;
use super::places::Places;
use super::room::{NextCall, NotDone, Room};
use super::{headers, view};
use crate::authenticator::Authenticator;
use crate::limits;
use crate::mailbox::Mail;
use crate::phone::Samples;

const PAGE: &str = include_str!("assets/stage.html");
const STYLE: &str = include_str!("assets/stage.css");
const SCRIPT: &str = include_str!("assets/stage.js");

/// A random path of 256 bits.
///
/// # Errors
/// The system gives no randomness.
pub fn key() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// Whether the key is right, in a time that does not tell how much of it is.
pub(super) fn is_key(given: &str, key: &str) -> bool {
    given.as_bytes().ct_eq(key.as_bytes()).into()
}

#[derive(Debug)]
struct Served {
    room: Arc<Room>,
    key: String,
    /// How the page is asked for: by these names, and no other that may lead here.
    hosts: [String; 2],
    frames: String,
    pages: Arc<Semaphore>,
}

/// Everything that the page may ask for, under this key.
pub fn router(room: Arc<Room>, places: &Places, key: &str) -> Router {
    let port = places.stage_url().rsplit(':').next().unwrap_or_default();
    let served = Arc::new(Served {
        room,
        key: key.to_owned(),
        hosts: [format!("localhost:{port}"), format!("127.0.0.1:{port}")],
        frames: format!("{} {}", places.portal_url(), places.browser_url()),
        pages: Arc::new(Semaphore::new(limits::PAGES)),
    });
    Router::new()
        .route("/{key}/", get(async || asset("text/html; charset=utf-8", PAGE)))
        .route("/{key}/stage.css", get(async || asset("text/css; charset=utf-8", STYLE)))
        .route("/{key}/stage.js", get(async || asset("text/javascript; charset=utf-8", SCRIPT)))
        .route("/{key}/events", get(events))
        .route("/{key}/sound", get(sound))
        .route("/{key}/mail/{number}", get(mail))
        .route("/{key}/mail/{number}/html", get(mail_html))
        .route("/{key}/do/{deed}", post(deed))
        .layer(DefaultBodyLimit::max(limits::WEB_BODY))
        .layer(from_fn_with_state(served.clone(), guard))
        .with_state(served)
}

/// Lets in who knows the key, and came by a name of this machine (DNS rebinding).
async fn guard(State(served): State<Arc<Served>>, request: Request, next: Next) -> Response {
    let known = request.uri().path().split('/').nth(1).is_some_and(|key| is_key(key, &served.key));
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let response = if known && served.hosts.iter().any(|name| name == host) {
        next.run(request).await
    } else {
        StatusCode::NOT_FOUND.into_response()
    };
    headers::add(response, &served.frames)
}

fn asset(kind: &'static str, content: &'static str) -> Response {
    ([(CONTENT_TYPE, kind)], content).into_response()
}

/// What a page is told while it is open. The slot is held for as long.
struct Watcher {
    served: Arc<Served>,
    changes: watch::Receiver<u64>,
    mails: watch::Receiver<Vec<Arc<Mail>>>,
    first: bool,
    _slot: OwnedSemaphorePermit,
}

async fn events(
    State(served): State<Arc<Served>>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, StatusCode> {
    let slot = served.pages.clone().try_acquire_owned().map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let changes = served.room.changes();
    let mails = served.room.mailbox.arrivals();
    let watcher = Watcher { served, changes, mails, first: true, _slot: slot };
    let stream = unfold(watcher, async |mut watcher| {
        if !watcher.first {
            // Codes change without anybody doing anything.
            let codes = sleep(Duration::from_secs(Authenticator::seconds_left()));
            tokio::select! {
                changed = watcher.changes.changed() => changed.ok()?,
                changed = watcher.mails.changed() => changed.ok()?,
                () = codes => {}
            }
        }
        watcher.first = false;
        watcher.changes.mark_unchanged();
        watcher.mails.mark_unchanged();
        let event = Event::default().event("room").data(view::room(&watcher.served.room));
        Some((Ok(event), watcher))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

/// The sound of the telephone: samples of 16 bits at 8 kHz, little end first, in base64.
async fn sound(
    State(served): State<Arc<Served>>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, StatusCode> {
    let slot = served.pages.clone().try_acquire_owned().map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let heard = served.room.listen();
    let stream = unfold((heard, slot), async |(mut heard, slot)| {
        let event = Event::default().event("sound").data(STANDARD.encode(gather(&mut heard).await?));
        Some((Ok(event), (heard, slot)))
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::default()))
}

/// The next tenth of a second.
async fn gather(heard: &mut broadcast::Receiver<Samples>) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(limits::SOUND_SAMPLES * 2);
    while bytes.len() < limits::SOUND_SAMPLES * 2 {
        match heard.recv().await {
            Ok(samples) => bytes.extend(samples.iter().flat_map(|sample| sample.to_le_bytes())),
            Err(broadcast::error::RecvError::Lagged(_)) => {}
            Err(broadcast::error::RecvError::Closed) => return None,
        }
    }
    Some(bytes)
}

async fn mail(State(served): State<Arc<Served>>, Path((_, number)): Path<(String, usize)>) -> Response {
    match served.room.mailbox.mail(number) {
        Some(mail) => json(StatusCode::OK, &view::mail(&mail, &served.room.whereabouts.portal)),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

async fn mail_html(State(served): State<Arc<Served>>, Path((_, number)): Path<(String, usize)>) -> Response {
    match served.room.mailbox.mail(number).and_then(|mail| mail.html.clone()) {
        Some(html) => {
            let headers =
                [(CONTENT_TYPE, "text/html; charset=utf-8"), (CONTENT_SECURITY_POLICY, headers::MAIL)];
            (headers, html).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// What a button says beside its name.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Said {
    text: String,
}

async fn deed(
    State(served): State<Arc<Served>>,
    Path((_, deed)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    // A form of another site cannot say this without asking first.
    let is_json = headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/json");
    let Some(Said { text }) = serde_json::from_slice(&body).ok().filter(|_| is_json) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    if text.len() > limits::PASTED {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    let room = &served.room;
    let done = match deed.as_str() {
        "answer" => room.deed(Deed::Answer),
        "decline" => room.deed(Deed::Decline),
        "busy" => room.deed(Deed::Busy),
        "hang-up" => room.deed(Deed::HangUp),
        "press" => room.press(&text),
        "next-call" => match NextCall::named(&text) {
            Some(next_call) => {
                room.set_next_call(next_call);
                Ok(())
            }
            None => return StatusCode::BAD_REQUEST.into_response(),
        },
        "lose-app" => {
            room.set_lost(true);
            Ok(())
        }
        "find-app" => {
            room.set_lost(false);
            Ok(())
        }
        "add-device" => room.add_device(&text),
        "restart-daemon" => room.restart_daemon(),
        "stranger" => room.stranger().await,
        "console" => match room.console().await {
            Ok(address) => return json(StatusCode::OK, &serde_json::json!({ "address": address })),
            Err(why) => Err(why),
        },
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    match done {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(why) => refused(&why),
    }
}

fn refused(why: &NotDone) -> Response {
    json(StatusCode::CONFLICT, &serde_json::json!({ "error": why.to_string() }))
}

fn json(status: StatusCode, content: &impl serde::Serialize) -> Response {
    let content = serde_json::to_string(content).unwrap_or_default();
    (status, [(CONTENT_TYPE, "application/json")], content).into_response()
}
