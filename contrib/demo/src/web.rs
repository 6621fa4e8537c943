//! The whole recovery in a browser: one page with the portal, a mailbox and a telephone beside each other.
//!
//! The page is served on loopback, under a random path that only who reads the terminal knows. The portal is in a
//! frame of it, on a port of its own, and knows nothing of all this. What the page shows is [`room`], what it may do
//! is [`server`]; the browser on the telephone is [`browser`].

pub mod browser;
mod console;
mod headers;
mod line;
pub mod places;
pub mod room;
pub mod server;
mod view;

use std::sync::Arc;

use thiserror::Error;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use self::browser::PhoneBrowser;
use self::console::Console;
use self::line::Line;
use self::places::{Places, Reserved};
use self::room::{NextCall, Order, Room, Whereabouts};
use crate::binaries::Binaries;
use crate::daemon::DaemonError;
use crate::limits;
use crate::narrator::{Narrator, Who};
use crate::portal::{Portal, PortalError};
use crate::stage::{ACCOUNT, PASSWORD, Stage};

/// Why the page is no longer served.
#[derive(Debug, Error)]
pub enum WebError {
    /// The portal does not run.
    #[error(transparent)]
    Portal(#[from] PortalError),
    /// The daemon does not come back.
    #[error("readmitd did not come back after it was killed")]
    Daemon(#[source] Box<DaemonError>),
    /// A listener failed.
    #[error("the page could not be served")]
    Serve(#[source] std::io::Error),
    /// The system gives no randomness.
    #[error("no random path could be made")]
    Random(#[source] getrandom::Error),
}

/// How it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Showing {
    /// What happens to the first call.
    pub first_call: NextCall,
    /// Whether a browser is opened, if there is one.
    pub open: bool,
}

/// Serves the page until dropped; returns only if something breaks.
///
/// # Errors
/// If the portal or the daemon is lost, or the page cannot be served.
pub async fn host(
    stage: &mut Stage,
    binaries: &Binaries,
    places: Places,
    narrator: Arc<Narrator>,
    showing: Showing,
) -> Result<(), WebError> {
    let mut portal = Portal::start(binaries, &stage.home, places.portal_address()).await?;
    let key = server::key().map_err(WebError::Random)?;
    let (orders, mut ordered) = mpsc::channel(limits::ORDERS);
    let whereabouts = Whereabouts {
        portal: places.portal_url().to_owned(),
        browser: format!("{}{}", places.browser_url(), browser::opening(&key)),
    };
    let room = Room::new(stage, whereabouts, orders, showing.first_call);
    let url = format!("{}/{key}/", places.stage_url());
    // Whatever runs in the set ends with this future.
    let (mut serving, _reserved) = serve(&room, places, &key);
    let mut telling = JoinSet::new();
    telling.spawn(room.clone().tell_mails(narrator.clone()));
    introduce(&narrator, &url);
    if showing.open {
        open(&url);
    }
    let mut line = Line::new(room.clone(), narrator.clone());
    // One at a time: whoever opens another has left the one before.
    let mut console: Option<Console> = None;
    loop {
        tokio::select! {
            served = serving.join_next() => {
                let served = served.and_then(Result::ok).unwrap_or(Ok(()));
                return Err(WebError::Serve(served.err().unwrap_or_else(|| std::io::ErrorKind::Other.into())));
            }
            lost = portal.ended() => return Err(lost.into()),
            Some(call) = stage.phone.next_call() => line.ring(call),
            Some(order) = ordered.recv() => match order {
                Order::OpenConsole(tell) => {
                    drop(console.take());
                    let opened = Console::open(binaries, &stage.home).await;
                    let opened = opened.inspect_err(|error| tracing::warn!(%error, "support's console"));
                    let (kept, address) = opened.ok().unzip();
                    console = kept;
                    // Who asked may have gone.
                    let _ = tell.send(address);
                }
                Order::RestartDaemon => restart(stage, binaries, &room, &narrator).await?,
            }
        }
    }
}

/// Serves the page and the telephone's browser.
fn serve(room: &Arc<Room>, places: Places, key: &str) -> (JoinSet<std::io::Result<()>>, Reserved) {
    let browser = browser::router(PhoneBrowser::new(&places, key));
    let page = server::router(room.clone(), &places, key);
    let (page_listener, browser_listener, reserved) = places.listeners();
    let mut serving = JoinSet::new();
    serving.spawn(async move { axum::serve(page_listener, page).await });
    serving.spawn(async move { axum::serve(browser_listener, browser).await });
    (serving, reserved)
}

async fn restart(
    stage: &mut Stage,
    binaries: &Binaries,
    room: &Room,
    narrator: &Narrator,
) -> Result<(), WebError> {
    narrator.tell(Who::Admin, "kills readmitd, as a power failure would");
    room.daemon_is(false);
    stage.restart_daemon(binaries).await.map_err(|error| WebError::Daemon(Box::new(error)))?;
    room.daemon_is(true);
    narrator.tell(Who::Admin, "has readmitd running again; nothing that it answered is lost");
    Ok(())
}

fn introduce(narrator: &Narrator, url: &str) {
    narrator.plain(&format!(
        "\nOpen this in a browser on this machine:\n\n  {url}\n\n\
         You are Alice, and the authenticator app that you sign in with is gone.\n\n  \
         account   {ACCOUNT}\n  password  {PASSWORD}\n\n\
         Sign in on the left, say that you have trouble with your code, and follow the page. Your mailbox and your\n\
         telephone are on the right. Then try it again with the line busy, or with readmitd killed on the way.\n\n\
         The address is yours alone: whoever has it can press the buttons. Ctrl-C ends the demonstration.\n"
    ));
}

/// Shows the page to whoever sits at a graphical desktop. Everybody else has the address.
fn open(url: &str) {
    let graphical = ["WAYLAND_DISPLAY", "DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    if !graphical {
        return;
    }
    let nothing = std::process::Stdio::null;
    let opener = tokio::process::Command::new("xdg-open")
        .arg(url)
        .stdin(nothing())
        .stdout(nothing())
        .stderr(nothing())
        .spawn();
    // A desktop without it is no fault: the address has been told.
    if let Ok(mut opener) = opener {
        tokio::spawn(async move { opener.wait().await });
    }
}
