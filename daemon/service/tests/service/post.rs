//! A plugin in this process: the test reads what it was asked for, and says how it ended.

use std::collections::HashMap;
use std::convert::Infallible;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;
use readmit_plugin::{About, Call, Daemon, Deliver, Ended, Plugin, disposition, serve_connection};
use readmitd::config::{Launch, PluginConfig};
use serde_json::json;
use tokio::net::UnixListener;
use tokio::sync::{Notify, mpsc, oneshot};

use crate::house::within;

/// Where the plugins of this process, which know only their settings, find the test that they belong to.
static DESKS: LazyLock<Mutex<HashMap<String, mpsc::UnboundedSender<Asked>>>> = LazyLock::new(Mutex::default);

/// Something that the daemon asked for.
pub enum Asked {
    Mail(Deliver, oneshot::Sender<Ended>),
    Ring(Ringing),
    Cancelled(String),
}

/// A call that waits for what the test does with it.
pub struct Ringing {
    pub call: Call,
    daemon: Daemon,
    end: oneshot::Sender<Ended>,
}

impl Ringing {
    pub fn progress(&self, phase: &str) {
        self.daemon.progress(&self.call.id, phase);
    }

    /// Whether the digits were right, and the tries left; none if nobody listens any more.
    pub async fn press(&self, digits: &str) -> Option<(bool, u32)> {
        let checked = within(self.daemon.check(&self.call.id, digits)).await.ok()?;
        Some((checked.accepted, checked.tries_left))
    }

    pub fn end(self, disposition: &str) {
        self.end.send(Ended::new(disposition)).expect("the plugin waits");
    }
}

/// The test's end.
pub struct Post {
    asked: mpsc::UnboundedReceiver<Asked>,
}

impl Post {
    /// A plugin for e-mail and calls that listens beside the store.
    pub fn open(directory: &Path) -> (Self, PluginConfig) {
        let path = directory.join("post.sock");
        let desk = path.display().to_string();
        let (tell, asked) = mpsc::unbounded_channel();
        DESKS.lock().insert(desk.clone(), tell);
        let listener = UnixListener::bind(&path).expect("bound");
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (reader, writer) = stream.into_split();
                serve_connection::<Clerk>(reader, writer, Arc::default(), std::future::pending()).await;
            }
        });
        let config = PluginConfig {
            name: "post".to_owned(),
            launch: Launch::Socket(path),
            channels: Vec::new(),
            settings: json!(desk),
            sender: None,
        };
        (Self { asked }, config)
    }

    pub async fn next(&mut self) -> Asked {
        within(self.asked.recv()).await.expect("the plugin lives")
    }

    /// The next message of this purpose, which arrives; so do those before it.
    pub async fn mail(&mut self, purpose: &str) -> HashMap<String, String> {
        loop {
            let mail = self.any_mail().await;
            if mail["purpose"] == purpose {
                return mail;
            }
        }
    }

    /// The next message, whatever it is for, which arrives.
    pub async fn any_mail(&mut self) -> HashMap<String, String> {
        loop {
            if let Asked::Mail(mail, end) = self.next().await {
                end.send(Ended::new(disposition::SENT)).ok();
                let fields = mail.fields.into_iter();
                let more = [
                    ("to".to_owned(), mail.to.expose().to_owned()),
                    ("id".to_owned(), mail.id),
                    ("purpose".to_owned(), mail.purpose),
                ];
                return fields.map(|(name, value)| (name, value.expose().to_owned())).chain(more).collect();
            }
        }
    }

    /// The next call; messages before it arrive.
    pub async fn ring(&mut self) -> Ringing {
        loop {
            match self.next().await {
                Asked::Ring(ringing) => return ringing,
                Asked::Mail(_, end) => drop(end.send(Ended::new(disposition::SENT))),
                Asked::Cancelled(_) => {}
            }
        }
    }

    /// Whatever was asked for and not yet looked at.
    pub fn waiting(&mut self) -> Vec<Asked> {
        std::iter::from_fn(|| self.asked.try_recv().ok()).collect()
    }
}

struct Clerk {
    desk: mpsc::UnboundedSender<Asked>,
    daemon: Daemon,
    cancelled: Mutex<HashMap<String, Arc<Notify>>>,
}

impl Clerk {
    async fn until(&self, id: &str, end: oneshot::Receiver<Ended>) -> Ended {
        let cancelled = self.cancelled.lock().entry(id.to_owned()).or_default().clone();
        tokio::select! {
            ended = end => ended.unwrap_or_else(|_| Ended::new(disposition::UNREACHABLE)),
            () = cancelled.notified() => Ended::new(disposition::CANCELLED),
        }
    }
}

impl Plugin for Clerk {
    type Settings = String;
    type Error = Infallible;

    async fn start(desk: String, daemon: Daemon) -> Result<(Self, About), Infallible> {
        let desk = DESKS.lock().get(&desk).cloned().expect("a desk");
        let channels = vec!["email".to_owned(), "voice".to_owned()];
        let about = About { name: "post".to_owned(), version: "1".to_owned(), channels };
        Ok((Self { desk, daemon, cancelled: Mutex::default() }, about))
    }

    async fn deliver(&self, message: Deliver) -> Ended {
        let (end, ended) = oneshot::channel();
        let id = message.id.clone();
        self.desk.send(Asked::Mail(message, end)).ok();
        self.until(&id, ended).await
    }

    async fn call(&self, call: Call) -> Ended {
        let (end, ended) = oneshot::channel();
        let id = call.id.clone();
        self.desk.send(Asked::Ring(Ringing { call, daemon: self.daemon.clone(), end })).ok();
        self.until(&id, ended).await
    }

    async fn cancel(&self, id: &str) {
        self.desk.send(Asked::Cancelled(id.to_owned())).ok();
        self.cancelled.lock().entry(id.to_owned()).or_default().notify_one();
    }
}
