//! Everything that the page shows and does: the mails, the call, the authenticator app, the daemon.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use zbus::Variant;

use super::line::Deed;
use crate::authenticator::{Authenticator, NoSecret};
use crate::client::{Client, Options};
use crate::limits;
use crate::mailbox::Mailbox;
use crate::narrator::{Narrator, Who, printable};
use crate::phone::Samples;
use crate::stage::{ACCOUNT, PASSWORD, Stage};

/// An address of the block for documentation (RFC 5737): nobody's.
const STRANGERS_ADDRESS: &str = "203.0.113.66";

/// Where the page finds what it shows in frames.
#[derive(Debug, Clone)]
pub struct Whereabouts {
    /// The portal.
    pub portal: String,
    /// The browser on the telephone; the path to be opened there is added as `?to=`.
    pub browser: String,
}

/// What happens to the next call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum NextCall {
    /// The phone rings, and the person does what they like.
    #[default]
    Rings,
    /// The line is busy.
    Busy,
    /// The phone rings where nobody hears it.
    Unheard,
    /// The call is declined.
    Declined,
}

/// What the page wants of whoever has the stage.
#[derive(Debug)]
pub enum Order {
    /// Kill the daemon, and start it again.
    RestartDaemon,
    /// Start support's console, and tell its address.
    OpenConsole(oneshot::Sender<Option<String>>),
}

/// How far the call is that the page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Ringing,
    /// It rings, and nobody hears it.
    Unheard,
    Answered,
    Ended(&'static str),
}

/// The call that the page shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ShownCall {
    pub(super) caller: String,
    pub(super) phase: Phase,
    /// Packets of sound that came in.
    pub(super) heard: u64,
    /// Packets of speech among them.
    pub(super) speech: u64,
    /// Whether the voice spoke when last looked at.
    pub(super) speaking: bool,
    /// What was pressed.
    pub(super) pressed: String,
}

/// A device in the app.
#[derive(Debug, Clone)]
pub(super) struct App {
    pub(super) name: String,
    pub(super) device: Authenticator,
    pub(super) lost: bool,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) call: Option<ShownCall>,
    pub(super) next_call: NextCall,
    pub(super) daemon_runs: bool,
    pub(super) apps: Vec<App>,
    pub(super) news: VecDeque<String>,
    deeds: Option<mpsc::Sender<Deed>>,
}

/// Why something was not done. The text is for the person.
#[derive(Debug, Error)]
pub enum NotDone {
    /// There is no call.
    #[error("there is no call")]
    NoCall,
    /// Too much at once.
    #[error("one after the other, please")]
    Busy,
    /// Not a key.
    #[error("a keypad has the keys 0 to 9, * and #")]
    NoKey,
    /// The text is no secret.
    #[error(transparent)]
    NoSecret(#[from] NoSecret),
    /// The app is full.
    #[error("the app holds no more devices")]
    Full,
    /// Support's console does not start.
    #[error(
        "support's console does not start; readmit-portal.log in the demonstration's directory may say why"
    )]
    NoConsole,
    /// The daemon refused, or is away.
    #[error("the daemon says: {0}")]
    Refused(String),
}

/// The room.
#[derive(Debug)]
pub struct Room {
    pub(super) whereabouts: Whereabouts,
    pub(super) mailbox: Mailbox,
    pub(super) recovery_codes: Vec<String>,
    client: Client,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    sound: broadcast::Sender<Samples>,
    orders: mpsc::Sender<Order>,
}

impl Room {
    /// A room with what is on the stage.
    #[must_use]
    pub fn new(
        stage: &Stage,
        whereabouts: Whereabouts,
        orders: mpsc::Sender<Order>,
        next_call: NextCall,
    ) -> Arc<Self> {
        let old = App { name: "Alice's phone".to_owned(), device: stage.device.clone(), lost: false };
        let state = State {
            call: None,
            next_call,
            daemon_runs: true,
            apps: vec![old],
            news: VecDeque::new(),
            deeds: None,
        };
        Arc::new(Self {
            whereabouts,
            mailbox: stage.mail.mailbox().clone(),
            recovery_codes: stage.recovery_codes.clone(),
            client: stage.client.clone(),
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            sound: broadcast::Sender::new(limits::SOUNDS),
            orders,
        })
    }

    /// What has changed from now on, by a number that grows.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// What is heard on the telephone from now on.
    #[must_use]
    pub fn listen(&self) -> broadcast::Receiver<Samples> {
        self.sound.subscribe()
    }

    pub(super) fn heard(&self, samples: Samples) {
        // Nobody may be listening.
        let _ = self.sound.send(samples);
    }

    pub(super) fn look(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the room, and tells the pages if `change` did.
    pub(super) fn change(&self, change: impl FnOnce(&mut State) -> bool) {
        let changed = change(&mut self.look());
        if changed {
            self.changed.send_modify(|number| *number += 1);
        }
    }

    /// Adds to what has happened.
    pub(super) fn tell(&self, news: &str) {
        self.change(|state| {
            if state.news.len() >= limits::NEWS {
                state.news.pop_front();
            }
            state.news.push_back(printable(news));
            true
        });
    }

    /// Tells of every mail that comes, on the page and at the terminal.
    pub async fn tell_mails(self: Arc<Self>, narrator: Arc<Narrator>) {
        let mut seen = self.mailbox.newest();
        loop {
            if let Some(mail) = self.mailbox.wait(seen, limits::CALL, |_| true).await {
                seen = mail.number;
                let news = format!("new mail: {}", mail.subject);
                narrator.tell(Who::Mail, &printable(&news));
                self.tell(&news);
            }
        }
    }

    /// Whether the daemon runs.
    pub(super) fn daemon_is(&self, running: bool) {
        self.change(|state| std::mem::replace(&mut state.daemon_runs, running) != running);
        self.tell(if running { "readmitd runs again" } else { "readmitd was killed" });
    }

    pub(super) fn set_deeds(&self, deeds: Option<mpsc::Sender<Deed>>) {
        self.look().deeds = deeds;
    }

    /// Does something at the telephone.
    ///
    /// # Errors
    /// If there is no call, or too much is done at once.
    pub(super) fn deed(&self, deed: Deed) -> Result<(), NotDone> {
        match self.look().deeds.as_ref().map(|deeds| deeds.try_send(deed)) {
            Some(Ok(())) => Ok(()),
            Some(Err(mpsc::error::TrySendError::Full(_))) => Err(NotDone::Busy),
            Some(Err(mpsc::error::TrySendError::Closed(_))) | None => Err(NotDone::NoCall),
        }
    }

    /// Presses keys.
    ///
    /// # Errors
    /// If there is no call, or no such key.
    pub(super) fn press(&self, keys: &str) -> Result<(), NotDone> {
        let on_keypad = |key: char| key.is_ascii_digit() || key == '*' || key == '#';
        if keys.is_empty() || keys.len() > limits::PRESSED || !keys.chars().all(on_keypad) {
            return Err(NotDone::NoKey);
        }
        self.deed(Deed::Press(keys.to_owned()))
    }

    /// Decides what happens to the next call.
    pub(super) fn set_next_call(&self, next_call: NextCall) {
        self.change(|state| std::mem::replace(&mut state.next_call, next_call) != next_call);
    }

    /// Takes what happens to this call; the one after it rings.
    pub(super) fn take_next_call(&self) -> NextCall {
        std::mem::take(&mut self.look().next_call)
    }

    /// Loses every device in the app, or finds them again.
    pub(super) fn set_lost(&self, lost: bool) {
        self.change(|state| {
            state.apps.iter_mut().for_each(|app| app.lost = lost);
            true
        });
    }

    /// Puts a device into the app.
    ///
    /// # Errors
    /// If the text is no secret, or the app is full.
    pub(super) fn add_device(&self, text: &str) -> Result<(), NotDone> {
        let device = Authenticator::scan(text)?;
        let mut full = false;
        self.change(|state| {
            full = state.apps.len() >= limits::DEVICES;
            if !full {
                let name = format!("new device {}", state.apps.len());
                state.apps.push(App { name, device, lost: false });
            }
            !full
        });
        if full { Err(NotDone::Full) } else { Ok(()) }
    }

    /// Has the daemon killed and started again.
    ///
    /// # Errors
    /// If that is under way already.
    pub(super) fn restart_daemon(&self) -> Result<(), NotDone> {
        if !self.look().daemon_runs {
            return Err(NotDone::Busy);
        }
        self.orders.try_send(Order::RestartDaemon).map_err(|_| NotDone::Busy)
    }

    /// Has support's console started, and returns its address, which is good once.
    ///
    /// # Errors
    /// If it does not start.
    pub(super) async fn console(&self) -> Result<String, NotDone> {
        let (opened, address) = oneshot::channel();
        self.orders.try_send(Order::OpenConsole(opened)).map_err(|_| NotDone::Busy)?;
        address.await.ok().flatten().ok_or(NotDone::NoConsole)
    }

    /// A stranger who knows the password asks for Alice's account, from another place.
    ///
    /// # Errors
    /// If the daemon refuses.
    pub(super) async fn stranger(&self) -> Result<(), NotDone> {
        let context = Options::from([
            ("browser", Variant::from("a stranger's browser")),
            ("address", Variant::from(STRANGERS_ADDRESS)),
            ("user_agent", Variant::from("Mozilla/5.0 (somewhere else)")),
        ]);
        let refused = |error: zbus::Error| match error {
            zbus::Error::MethodError(_, Some(text), _) => NotDone::Refused(printable(&text)),
            error => NotDone::Refused(printable(&error.to_string())),
        };
        let recovery = &self.client.recovery;
        let case = recovery.open(ACCOUNT, "lost", context).await.map_err(refused)?;
        recovery.submit(&case, "password", &[PASSWORD]).await.map_err(refused)?;
        recovery.start(&case, "email").await.map_err(refused)?;
        self.tell("a stranger who knows your password has asked for your account: look into your mailbox");
        Ok(())
    }
}
