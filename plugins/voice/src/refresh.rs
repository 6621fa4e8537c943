//! The session timer of one call: when it is due, the refresh that we send, and the end if theirs does not come.

use std::sync::Arc;

use parking_lot::Mutex;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Header, Request, Response};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use crate::limits;
use crate::session::{Refresher, Session};

/// What the timer came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    /// A refresh was sent, or answered.
    Refreshed,
    /// The session is over.
    Over,
}

/// The session timer of one call. Without an agreement it never does anything.
#[derive(Default)]
pub(crate) struct SessionTimer {
    session: Option<(Session, Instant)>,
    /// Whether the other side takes UPDATE (RFC 3311), which leaves the audio alone.
    update: bool,
    refreshing: Option<JoinHandle<Option<Response>>>,
}

impl SessionTimer {
    /// Takes what the answer to the INVITE, or to a refresh, says.
    pub fn agreed(&mut self, response: &Response) {
        self.update |= response.headers.iter().any(|header| match header {
            Header::Allow(methods) => {
                methods.value().split(',').any(|method| method.trim().eq_ignore_ascii_case("UPDATE"))
            }
            _ => false,
        });
        self.start(expires(response.headers.iter()).and_then(Session::in_response));
    }

    /// Takes a refresh of the other side, and gives the headers of the answer to it.
    pub fn asked(&mut self, request: &Request) -> Vec<Header> {
        self.start(expires(request.headers.iter()).and_then(Session::in_request));
        match self.session {
            Some((session, _)) => {
                vec![Header::SessionExpires(session.answer().into()), Header::Require("timer".into())]
            }
            None => Vec::new(),
        }
    }

    fn start(&mut self, session: Option<Session>) {
        self.session = session.map(|session| (session, Instant::now() + session.due()));
    }

    /// Waits for the next thing to do and does it. Dropping the future loses nothing.
    pub async fn next(&mut self, dialog: &InviteDialog, description: &Arc<Mutex<Vec<u8>>>) -> Due {
        if let Some(refreshing) = &mut self.refreshing {
            let answer = refreshing.await.ok().flatten();
            self.refreshing = None;
            return self.refreshed(answer);
        }
        let Some((session, due)) = self.session else { return std::future::pending().await };
        sleep_until(due).await;
        if session.refresher == Refresher::Them {
            self.session = None;
            return Due::Over;
        }
        let (dialog, update, description) = (dialog.clone(), self.update, description.lock().clone());
        self.refreshing = Some(tokio::spawn(async move {
            let refresh = send(&dialog, session, update, description);
            tokio::time::timeout(limits::REFRESH, refresh).await.ok().flatten()
        }));
        Due::Refreshed
    }

    fn refreshed(&mut self, answer: Option<Response>) -> Due {
        match answer.as_ref().map(|response| response.status_code.code()) {
            Some(200..=299) => {
                if let Some(response) = &answer {
                    self.agreed(response);
                }
                Due::Refreshed
            }
            // RFC 4028 §10: the call is over for the other side, or nobody is there.
            Some(408 | 481) | None => {
                self.session = None;
                Due::Over
            }
            // What else is refused leaves the call as it is until the next time.
            Some(_) => {
                let session = self.session.map(|(session, _)| session);
                self.start(session);
                Due::Refreshed
            }
        }
    }
}

async fn send(
    dialog: &InviteDialog,
    session: Session,
    update: bool,
    description: Vec<u8>,
) -> Option<Response> {
    let mut headers =
        vec![Header::Supported("timer".into()), Header::SessionExpires(session.request().into())];
    if update {
        return dialog.update(Some(headers), None).await.ok().flatten();
    }
    headers.push(Header::ContentType("application/sdp".into()));
    dialog.reinvite(Some(headers), Some(description)).await.ok().flatten()
}

fn expires<'a>(headers: impl Iterator<Item = &'a Header>) -> Option<&'a str> {
    headers.into_iter().find_map(|header| match header {
        Header::SessionExpires(value) => Some(value.value()),
        // Its compact form, which the stack does not know (RFC 4028 §4).
        Header::Other(name, value) if name.eq_ignore_ascii_case("x") => Some(value.as_str()),
        _ => None,
    })
}

/// The interval that a 422 asks for at least, if we go along with it.
pub(crate) fn minimum(response: &Response) -> Option<u64> {
    let least = response.headers.iter().find_map(|header| match header {
        Header::MinSE(value) => value.value().split(';').next()?.trim().parse().ok(),
        _ => None,
    })?;
    limits::SESSION_SECONDS.contains(&least).then_some(least)
}
