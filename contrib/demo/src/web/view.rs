//! What the page gets to know, as JSON.

use std::sync::Arc;
use std::time::UNIX_EPOCH;

use serde::Serialize;

use super::room::{NextCall, Phase, Room};
use crate::authenticator::Authenticator;
use crate::limits;
use crate::mailbox::Mail;
use crate::stage::{ACCOUNT, EMAIL, NEW_PASSWORD, PASSWORD, PHONE};

/// Everything that the page shows at once.
#[derive(Debug, Serialize)]
pub(super) struct RoomView<'a> {
    portal: &'a str,
    browser: &'a str,
    person: Person<'a>,
    mails: Vec<Listed>,
    call: Option<CallView>,
    next_call: &'static str,
    daemon: bool,
    apps: Vec<AppView>,
    seconds_left: u64,
    news: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Person<'a> {
    account: &'static str,
    password: &'static str,
    new_password: &'static str,
    email: &'static str,
    phone: &'static str,
    recovery_codes: &'a [String],
}

/// A mail in the list.
#[derive(Debug, Serialize)]
struct Listed {
    number: usize,
    from: String,
    subject: String,
    received_at: u64,
}

/// A mail that is read.
#[derive(Debug, Serialize)]
pub(super) struct MailView {
    number: usize,
    from: String,
    to: String,
    subject: String,
    received_at: u64,
    text: String,
    html: bool,
    /// Paths in the portal that its links lead to.
    links: Vec<LinkView>,
}

#[derive(Debug, Serialize)]
struct LinkView {
    path: String,
    /// `link`, `veto`, or whatever the first part of the path is.
    kind: String,
}

#[derive(Debug, Serialize)]
struct CallView {
    caller: String,
    phase: &'static str,
    ending: Option<&'static str>,
    heard_seconds: f64,
    speech_seconds: f64,
    speaking: bool,
    pressed: String,
}

#[derive(Debug, Serialize)]
struct AppView {
    name: String,
    lost: bool,
    /// Before, now, after; none of a lost one.
    codes: Vec<String>,
}

impl NextCall {
    /// The word for it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Rings => "rings",
            Self::Busy => "busy",
            Self::Unheard => "unheard",
            Self::Declined => "declined",
        }
    }

    /// What this word stands for.
    pub(super) fn named(word: &str) -> Option<Self> {
        [Self::Rings, Self::Busy, Self::Unheard, Self::Declined].into_iter().find(|next| next.word() == word)
    }
}

/// What the page shows now.
pub(super) fn room(room: &Room) -> String {
    let mails = room.mailbox.all();
    let state = room.look();
    let view = RoomView {
        portal: &room.whereabouts.portal,
        browser: &room.whereabouts.browser,
        person: Person {
            account: ACCOUNT,
            password: PASSWORD,
            new_password: NEW_PASSWORD,
            email: EMAIL,
            phone: PHONE,
            recovery_codes: &room.recovery_codes,
        },
        mails: mails.iter().rev().take(limits::LISTED_MAILS).map(listed).collect(),
        call: state.call.as_ref().map(|call| {
            let (phase, ending) = match call.phase {
                Phase::Ringing => ("ringing", None),
                Phase::Unheard => ("unheard", None),
                Phase::Answered => ("answered", None),
                Phase::Ended(ending) => ("ended", Some(ending)),
            };
            CallView {
                caller: call.caller.clone(),
                phase,
                ending,
                heard_seconds: seconds(call.heard),
                speech_seconds: seconds(call.speech),
                speaking: call.speaking,
                pressed: call.pressed.clone(),
            }
        }),
        next_call: state.next_call.word(),
        daemon: state.daemon_runs,
        apps: state
            .apps
            .iter()
            .map(|app| AppView {
                name: app.name.clone(),
                lost: app.lost,
                codes: if app.lost { Vec::new() } else { [-1, 0, 1].map(|at| app.device.code(at)).to_vec() },
            })
            .collect(),
        seconds_left: Authenticator::seconds_left(),
        news: state.news.iter().cloned().collect(),
    };
    serde_json::to_string(&view).unwrap_or_default()
}

fn listed(mail: &Arc<Mail>) -> Listed {
    Listed {
        number: mail.number,
        from: mail.from.clone(),
        subject: mail.subject.clone(),
        received_at: unix(mail),
    }
}

/// A mail, with what its links lead to in this portal. Links that lead elsewhere stay text.
pub(super) fn mail(mail: &Mail, portal: &str) -> MailView {
    let mut links: Vec<LinkView> = Vec::new();
    for path in mail.links().filter_map(|link| link.strip_prefix(portal)) {
        if path.starts_with('/') && links.iter().all(|known| known.path != path) {
            let kind = path.split('/').nth(1).unwrap_or_default().to_owned();
            links.push(LinkView { path: path.to_owned(), kind });
        }
    }
    MailView {
        number: mail.number,
        from: mail.from.clone(),
        to: mail.to.join(", "),
        subject: mail.subject.clone(),
        received_at: unix(mail),
        text: mail.text.trim().to_owned(),
        html: mail.html.is_some(),
        links,
    }
}

fn unix(mail: &Mail) -> u64 {
    mail.received_at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn seconds(packets: u64) -> f64 {
    f64::from(u32::try_from(packets).unwrap_or(u32::MAX)) * limits::FRAME.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::Mailbox;
    use crate::smtp::session::Envelope;

    #[test]
    fn only_links_into_the_portal_can_be_opened() {
        let content = "Subject: x\r\n\r\nhttp://localhost:81/link/abc http://localhost:81/link/abc\r\n\
            http://localhost:81/veto/def. http://localhost:812/link/no https://evil.example/link/no\r\n\
            http://localhost:81@evil.example/\r\n";
        let mailbox = Mailbox::default();
        mailbox.put(Envelope { from: String::new(), to: Vec::new(), content: content.into() });
        let view = mail(&mailbox.mail(1).unwrap(), "http://localhost:81");
        let links: Vec<_> = view.links.iter().map(|link| (link.kind.as_str(), link.path.as_str())).collect();
        assert_eq!(links, [("link", "/link/abc"), ("veto", "/veto/def")]);
    }

    #[test]
    fn words_of_the_next_call() {
        for next in [NextCall::Rings, NextCall::Busy, NextCall::Unheard, NextCall::Declined] {
            assert_eq!(NextCall::named(next.word()), Some(next));
        }
        assert_eq!(NextCall::named("explodes"), None);
    }
}
