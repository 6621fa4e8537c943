//! The mails that have come, read as a mail program reads them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use mail_parser::{Message, MessageParser, PartType};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::limits;
use crate::smtp::session::Envelope;

/// One mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mail {
    /// Its place in the mailbox; the first is 1.
    pub number: usize,
    /// When it came.
    pub received_at: SystemTime,
    /// The sender that the mail program shows, name and address.
    pub from: String,
    /// The addresses that it was handed over for.
    pub to: Vec<String>,
    /// The subject.
    pub subject: String,
    /// The text part, lines ended by LF.
    pub text: String,
    /// The HTML part, if there is one.
    pub html: Option<String>,
    /// The message as it came.
    pub content: Vec<u8>,
}

impl Mail {
    fn read(number: usize, envelope: Envelope) -> Self {
        let parsed = MessageParser::default().parse(&envelope.content);
        let (from, subject, text, html) = parsed.map_or_else(Default::default, |message| {
            let from = message.from().and_then(|from| from.first()).map(|address| {
                match (address.name(), address.address()) {
                    (Some(name), Some(address)) => format!("{name} <{address}>"),
                    (None, Some(address)) => address.to_owned(),
                    (Some(name), None) => name.to_owned(),
                    (None, None) => String::new(),
                }
            });
            (
                from.unwrap_or_default(),
                message.subject().unwrap_or_default().to_owned(),
                message.body_text(0).unwrap_or_default().replace("\r\n", "\n"),
                html_part(&message),
            )
        });
        Self {
            number,
            received_at: SystemTime::now(),
            from,
            to: envelope.to,
            subject,
            text,
            html,
            content: envelope.content,
        }
    }

    /// The links in the text, in order.
    pub fn links(&self) -> impl Iterator<Item = &str> {
        self.text
            .split(|character: char| character.is_whitespace() || "<>\"".contains(character))
            .filter_map(|word| word.find("https://").or_else(|| word.find("http://")).map(|at| &word[at..]))
            .map(|word| word.trim_end_matches(['.', ',', ';', ')', ']']))
    }

    /// The token of the first link of this kind in the text: `…/link/TOKEN`, `…/veto/TOKEN`.
    #[must_use]
    pub fn token(&self, kind: &str) -> Option<&str> {
        self.links().find_map(|link| {
            let (place, token) = link.rsplit_once('/')?;
            (place.rsplit_once('/')?.1 == kind && !token.is_empty()).then_some(token)
        })
    }

    /// The first run of exactly `length` digits that stands alone in the text, outside of links.
    #[must_use]
    pub fn code(&self, length: usize) -> Option<&str> {
        self.text
            .split_whitespace()
            .filter(|word| !word.contains("://"))
            .flat_map(|word| word.split(|character: char| !character.is_ascii_alphanumeric()))
            .find(|word| word.len() == length && word.bytes().all(|byte| byte.is_ascii_digit()))
    }
}

/// The HTML that the sender wrote; none is made of plain text.
fn html_part(message: &Message<'_>) -> Option<String> {
    match &message.html_part(0)?.body {
        PartType::Html(html) => Some(html.to_string()),
        PartType::Text(_)
        | PartType::Binary(_)
        | PartType::InlineBinary(_)
        | PartType::Message(_)
        | PartType::Multipart(_) => None,
    }
}

/// The mails in the order in which they came. Clones share them.
#[derive(Debug, Clone)]
pub struct Mailbox {
    mails: watch::Sender<Vec<Arc<Mail>>>,
}

impl Default for Mailbox {
    fn default() -> Self {
        Self { mails: watch::Sender::new(Vec::new()) }
    }
}

impl Mailbox {
    /// Puts a mail in and returns its number; `None` when the mailbox is full.
    pub fn put(&self, envelope: Envelope) -> Option<usize> {
        let mut number = None;
        self.mails.send_if_modified(|mails| {
            if mails.len() < limits::MAILS {
                let next = mails.len() + 1;
                mails.push(Arc::new(Mail::read(next, envelope)));
                number = Some(next);
            }
            number.is_some()
        });
        number
    }

    /// All mails.
    #[must_use]
    pub fn all(&self) -> Vec<Arc<Mail>> {
        self.mails.borrow().clone()
    }

    /// The mail with this number.
    #[must_use]
    pub fn mail(&self, number: usize) -> Option<Arc<Mail>> {
        self.mails.borrow().get(number.checked_sub(1)?).cloned()
    }

    /// The number of the newest mail; 0 when there is none.
    #[must_use]
    pub fn newest(&self) -> usize {
        self.mails.borrow().len()
    }

    /// Whether mails come, for who looks at all of them then.
    #[must_use]
    pub fn arrivals(&self) -> watch::Receiver<Vec<Arc<Mail>>> {
        self.mails.subscribe()
    }

    /// Waits for the first mail after `number` that is wanted; `None` when none came in time.
    pub async fn wait(
        &self,
        number: usize,
        within: Duration,
        wanted: impl Fn(&Mail) -> bool,
    ) -> Option<Arc<Mail>> {
        let mut mails = self.mails.subscribe();
        let mut seen = number;
        let search = async {
            loop {
                let found = {
                    let mails = mails.borrow_and_update();
                    let new = mails.get(seen..).unwrap_or_default();
                    let found = new.iter().find(|mail| wanted(mail)).cloned();
                    seen = mails.len().max(seen);
                    found
                };
                if found.is_some() {
                    return found;
                }
                mails.changed().await.ok()?;
            }
        };
        timeout(within, search).await.ok().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(content: &str) -> Envelope {
        Envelope {
            from: "bounce@example.com".into(),
            to: vec!["alice@example.org".into()],
            content: content.replace('\n', "\r\n").into_bytes(),
        }
    }

    const MAIL: &str = "From: =?utf-8?q?Caf=C3=A9?= Example <no-reply@example.com>\nSubject: =?utf-8?b?WmXDrXQ=?=\n\
        MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\
        Content-Transfer-Encoding: quoted-printable\n\nOpen <https://id.example.org/r?t=3Dabc=\ndef> now, or (https://x.example/y).\n\
        Code 12345678, short: 123456.\n\n--b\nContent-Type: text/html\n\n<p>https://html.example</p>\n\n--b--\n";

    #[test]
    fn a_mail_is_read_as_a_mail_program_reads_it() {
        let mail = Mail::read(1, envelope(MAIL));
        assert_eq!(mail.from, "Café Example <no-reply@example.com>");
        assert_eq!(mail.subject, "Zeít");
        assert_eq!(
            mail.links().collect::<Vec<_>>(),
            ["https://id.example.org/r?t=abcdef", "https://x.example/y"]
        );
        assert_eq!(mail.html.as_deref().map(str::trim), Some("<p>https://html.example</p>"));
        assert_eq!(mail.code(6), Some("123456"));
        assert_eq!(mail.code(8), Some("12345678"));
        assert_eq!(mail.code(5), None);
    }

    #[test]
    fn tokens_of_links() {
        let text = "\nhttp://localhost:8080/link/ http://localhost/a/link/abc-_. https://x.example/veto/xyz";
        let mail = Mail::read(1, envelope(text));
        assert_eq!(
            (mail.token("link"), mail.token("veto"), mail.token("a")),
            (Some("abc-_"), Some("xyz"), None)
        );
    }

    #[test]
    fn rubbish_is_a_mail_too() {
        for rubbish in ["", "\n", "x", "Content-Type: multipart/mixed; boundary=b\n\n--b"] {
            let mail = Mail::read(7, envelope(rubbish));
            assert_eq!((mail.number, mail.links().count(), mail.html), (7, 0, None));
        }
    }

    #[tokio::test]
    async fn waiting_finds_what_came_before_and_what_comes_later() {
        let mailbox = Mailbox::default();
        assert_eq!(mailbox.put(envelope("Subject: one\n\n")), Some(1));
        let long = Duration::from_secs(60);
        let one = mailbox.wait(0, long, |_| true).await.unwrap();
        assert_eq!(one.subject, "one");
        let later = mailbox.clone();
        let waiting = tokio::spawn(async move { later.wait(1, long, |mail| mail.subject == "three").await });
        mailbox.put(envelope("Subject: two\n\n"));
        mailbox.put(envelope("Subject: three\n\n"));
        assert_eq!(waiting.await.unwrap().unwrap().number, 3);
        assert_eq!(mailbox.wait(3, Duration::ZERO, |_| true).await, None);
        assert_eq!(mailbox.mail(2).unwrap().subject, "two");
        assert_eq!((mailbox.mail(0), mailbox.mail(4)), (None, None));
    }

    #[test]
    fn the_mailbox_is_bounded() {
        let mailbox = Mailbox::default();
        for number in 1..=limits::MAILS {
            assert_eq!(mailbox.put(envelope("")), Some(number));
        }
        assert_eq!(mailbox.put(envelope("")), None);
        assert_eq!(mailbox.newest(), limits::MAILS);
    }
}
