//! What the person has in the pocket: mailbox, telephone and authenticator app, for a second terminal.
//!
//! The demonstration listens on a unix socket in its directory; `readmit-demo phone --dir DIR` connects a
//! terminal to it. Both sides speak lines of text: orders one way, what happens the other way.

pub mod order;
pub mod terminal;

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{Semaphore, broadcast, mpsc};
use tokio::task::JoinSet;

use self::order::{Order, read_order};
use crate::authenticator::Authenticator;
use crate::client::Client;
use crate::limits;
use crate::mailbox::{Mail, Mailbox};
use crate::narrator::printable;
use crate::person::spaced;
use crate::phone::{Call, CallError, CallState, Ending, Softphone};

/// The browser on the telephone: another one than the one that opens the case.
const BROWSER: &str = "the browser on Alice's phone";
/// How long something may be waited for that comes when it comes.
const LONG: Duration = Duration::from_secs(365 * 24 * 3600);

/// A deed at the telephone.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Deed {
    Answer,
    Decline,
    Busy,
    HangUp,
    Press(String),
}

/// The pocket.
#[derive(Debug)]
pub struct Pocket {
    client: Client,
    mailbox: Mailbox,
    news: broadcast::Sender<String>,
    call: Mutex<Option<mpsc::Sender<Deed>>>,
    devices: Mutex<Vec<(String, Authenticator)>>,
}

impl Pocket {
    /// Fills a pocket.
    #[must_use]
    pub fn new(client: Client, mailbox: Mailbox, old_device: Authenticator) -> Arc<Self> {
        Arc::new(Self {
            client,
            mailbox,
            news: broadcast::Sender::new(limits::MAILS),
            call: Mutex::new(None),
            devices: Mutex::new(vec![("the old device".to_owned(), old_device)]),
        })
    }

    /// Makes the socket that terminals connect to.
    ///
    /// # Errors
    /// If the socket cannot be listened on.
    pub fn listen(socket: &Path) -> io::Result<UnixListener> {
        UnixListener::bind(socket)
    }

    /// Serves terminals, and takes calls, until dropped.
    ///
    /// # Errors
    /// If no more terminals can be accepted.
    pub async fn serve(self: Arc<Self>, listener: UnixListener, phone: &mut Softphone) -> io::Result<()> {
        let slots = Arc::new(Semaphore::new(limits::POCKETS));
        // The sets end what they run when this future is dropped.
        let mut terminals = JoinSet::new();
        let mut calls = JoinSet::new();
        let mut seen = self.mailbox.newest();
        loop {
            tokio::select! {
                accepted = listener.accept() => {
                    let (stream, _) = accepted?;
                    if let Ok(slot) = slots.clone().try_acquire_owned() {
                        let pocket = self.clone();
                        terminals.spawn(async move {
                            // A terminal that is closed is no fault.
                            let _ = pocket.converse(stream).await;
                            drop(slot);
                        });
                    }
                }
                Some(call) = phone.next_call() => {
                    if calls.is_empty() {
                        let (deeds, orders) = mpsc::channel(limits::KEYS);
                        self.set_call(Some(deeds));
                        calls.spawn(self.clone().take(call, orders));
                    }
                }
                Some(_) = calls.join_next() => self.set_call(None),
                mail = self.mailbox.wait(seen, LONG, |_| true) => {
                    if let Some(mail) = mail {
                        seen = mail.number;
                        self.tell(&format!("✉ mail {}: {} (`mail {}` reads it)", mail.number, mail.subject, mail.number));
                    }
                }
            }
            while terminals.try_join_next().is_some() {}
        }
    }

    async fn take(self: Arc<Self>, mut call: Call, mut deeds: mpsc::Receiver<Deed>) {
        if call.ring().is_err() {
            return;
        }
        self.tell(&format!(
            "☎ the phone rings: {} is calling (`answer`, `decline` or `busy`)",
            call.caller()
        ));
        loop {
            let deed = tokio::select! {
                ending = call.ended(LONG) => {
                    self.tell(match ending {
                        Some(Ending::GivenUp) => "☎ it has stopped ringing",
                        Some(Ending::CallerHungUp) => "☎ the caller hangs up",
                        _ => "☎ the call is over",
                    });
                    return;
                }
                Some(deed) = deeds.recv() => deed,
            };
            let done = match deed {
                Deed::Answer if call.state() == CallState::Answered => Ok(()),
                Deed::Answer => call.answer().await.map(|()| {
                    self.tell(
                        "☎ you are on the line; a voice asks for the digits on the page (type them here)",
                    );
                }),
                Deed::Decline => call.decline(),
                Deed::Busy => call.busy(),
                Deed::HangUp => call.hang_up(),
                Deed::Press(keys) => call.press(&keys).await.map(|()| {
                    let heard = call.heard().packets / 50;
                    self.tell(&format!("☎ pressed {keys} ({heard} s of sound heard so far)"));
                }),
            };
            match done {
                Ok(()) | Err(CallError::Over) => {}
                Err(error) => self.tell(&format!("☎ {error}")),
            }
        }
    }

    async fn converse(&self, stream: UnixStream) -> io::Result<()> {
        let (reader, mut writer) = stream.into_split();
        let mut reader = BufReader::new(reader);
        let mut news = self.news.subscribe();
        writer.write_all(order::HELP.as_bytes()).await?;
        writer.write_all(self.list().as_bytes()).await?;
        loop {
            let answer = tokio::select! {
                news = news.recv() => match news {
                    Ok(news) => news,
                    Err(broadcast::error::RecvError::Lagged(_)) => continue,
                    Err(broadcast::error::RecvError::Closed) => return Ok(()),
                },
                line = order::read_line(&mut reader) => match line? {
                    None => return Ok(()),
                    Some(line) => match read_order(&line) {
                        Ok(Order::Quit) => return Ok(()),
                        Ok(order) => self.obey(order).await,
                        Err(why) => format!("{why}\n"),
                    }
                },
            };
            writer.write_all(answer.as_bytes()).await?;
        }
    }

    async fn obey(&self, order: Order) -> String {
        match order {
            Order::Nothing | Order::Quit => String::new(),
            Order::Help => order::HELP.to_owned(),
            Order::List => self.list(),
            Order::Read(number) => match self.find(number, |_| true) {
                Some(mail) => read(&mail),
                None => "there is no such mail\n".to_owned(),
            },
            Order::Open(number) => self.open(number).await,
            Order::NotMe(number) => self.not_me(number).await,
            Order::Answer => self.deed(Deed::Answer),
            Order::Decline => self.deed(Deed::Decline),
            Order::Busy => self.deed(Deed::Busy),
            Order::HangUp => self.deed(Deed::HangUp),
            Order::Press(keys) => self.deed(Deed::Press(keys)),
            Order::Scan(text) => match Authenticator::scan(&text) {
                Ok(device) => {
                    let mut devices = self.devices.lock().unwrap_or_else(PoisonError::into_inner);
                    let name = format!("new device {}", devices.len());
                    devices.push((name, device));
                    drop(devices);
                    self.codes()
                }
                Err(error) => format!("{error}\n"),
            },
            Order::Codes => self.codes(),
        }
    }

    /// Does something at the telephone, if there is a call.
    fn deed(&self, deed: Deed) -> String {
        let call = self.call.lock().unwrap_or_else(PoisonError::into_inner);
        match call.as_ref().map(|call| call.try_send(deed)) {
            Some(Ok(())) => String::new(),
            Some(Err(_)) => "☎ one after the other, please\n".to_owned(),
            None => "☎ there is no call\n".to_owned(),
        }
    }

    async fn open(&self, number: Option<usize>) -> String {
        let Some(mail) = self.find(number, |mail| mail.token("link").is_some()) else {
            return "there is no mail with a link to open\n".to_owned();
        };
        let link = mail.token("link").unwrap_or_default();
        match self.client.recovery.open_link(link, BROWSER).await {
            Ok(opened) => match opened.code {
                Some(code) => format!(
                    "the page says: this was asked from {}.\n  If that was you, type this code there: {}\n",
                    printable(opened.client.as_deref().unwrap_or("an unknown place")),
                    spaced(&code)
                ),
                None => "the page says: the e-mail address is proven\n".to_owned(),
            },
            Err(error) => format!("the page says: {}\n", plain(&error)),
        }
    }

    async fn not_me(&self, number: Option<usize>) -> String {
        let Some(mail) = self.find(number, |mail| mail.token("veto").is_some()) else {
            return "there is no mail with a link for \"this was not me\"\n".to_owned();
        };
        match self.client.recovery.veto(mail.token("veto").unwrap_or_default()).await {
            Ok(()) => "the page says: thank you, the recovery is stopped\n".to_owned(),
            Err(error) => format!("the page says: {}\n", plain(&error)),
        }
    }

    fn find(&self, number: Option<usize>, wanted: impl Fn(&Mail) -> bool) -> Option<Arc<Mail>> {
        match number {
            Some(number) => self.mailbox.mail(number).filter(|mail| wanted(mail)),
            None => self.mailbox.all().into_iter().rev().find(|mail| wanted(mail)),
        }
    }

    fn list(&self) -> String {
        let mails = self.mailbox.all();
        if mails.is_empty() {
            return "the mailbox is empty\n".to_owned();
        }
        mails.iter().map(|mail| format!("{:>4}  {}\n", mail.number, printable(&mail.subject))).collect()
    }

    fn codes(&self) -> String {
        let devices = self.devices.lock().unwrap_or_else(PoisonError::into_inner);
        let list: String =
            devices.iter().map(|(name, device)| format!("  {name}: {}\n", shown(device))).collect();
        format!("{list}  they change in {} s\n", Authenticator::seconds_left())
    }

    fn tell(&self, news: &str) {
        // Without a terminal there is nobody to tell.
        let _ = self.news.send(format!("{}\n", printable(news)));
    }

    fn set_call(&self, call: Option<mpsc::Sender<Deed>>) {
        *self.call.lock().unwrap_or_else(PoisonError::into_inner) = call;
    }
}

fn read(mail: &Mail) -> String {
    let head = format!("From: {}\nTo: {}\nSubject: {}\n", mail.from, mail.to.join(", "), mail.subject);
    let lines: String = head
        .lines()
        .chain([""])
        .chain(mail.text.trim().lines())
        .map(|line| format!("{}\n", format!("  {}", printable(line)).trim_end()))
        .collect();
    let hint = if mail.token("link").is_some() { "(`open` opens its link on this phone)\n" } else { "" };
    format!("{lines}{hint}")
}

/// What the app shows of a device.
#[must_use]
pub fn shown(device: &Authenticator) -> String {
    let [before, now, next] = [-1, 0, 1].map(|steps| spaced(&device.code(steps)));
    format!("{now} (before it {before}, after it {next})")
}

/// What the daemon says, without the error's name.
fn plain(error: &zbus::Error) -> String {
    match error {
        zbus::Error::MethodError(_, Some(text), _) => printable(text),
        other => printable(&other.to_string()),
    }
}

#[cfg(test)]
#[path = "pocket/pocket_tests.rs"]
mod tests;
