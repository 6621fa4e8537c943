//! Support's console: the recoveries that wait for people, and what staff decide about them.
//!
//! It acts as the user that it runs as and serves that user alone: the daemon, and whoever it asks for leave, see
//! their user id, and the journal names them. Who may reach its socket is the system's say ([`door`]); no password is
//! typed here, and nothing in it is privileged. Cases are named by handles that the daemon gives, since a case's id
//! is the secret that lets its person act in it.

mod actions;
mod args;
mod case;
mod door;
mod entering;
mod facts;
mod frame;
mod listening;
mod live;
mod people;
mod plain;
mod queue;
mod refusals;
mod staff;
mod timeline;
mod views;

use std::io::{self, Write as _};
use std::sync::Arc;

use axum::middleware::from_fn_with_state;
use axum::{Extension, Router};
use thiserror::Error;
use tokio_util::sync::CancellationToken;

pub(crate) use self::args::ConsoleArgs;
use self::door::Door;
use self::listening::{ListenError, Listener};
use self::people::{Person, UnknownUser};
use self::staff::Staff;
use crate::config::Config;
use crate::pages::language;
use crate::web::{Portal, PortalError, around};

/// Why the console does not run.
#[derive(Debug, Error)]
pub(crate) enum ConsoleError {
    #[error(transparent)]
    Portal(#[from] PortalError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(transparent)]
    User(#[from] UnknownUser),
    #[error("the system gives no randomness: {0}")]
    Random(getrandom::Error),
    #[error("the address cannot be told on standard output")]
    Tell(#[source] io::Error),
    #[error("nobody came in by the address within a minute; run `readmit-portal console` again")]
    NobodyCame,
}

/// What every page of the console may use beside the portal's own.
pub(crate) struct Console {
    /// Whom it serves, and as whom it acts.
    officer: Person,
    staff: Staff,
    door: Door,
}

/// Serves the user who runs this until told to stop.
///
/// # Errors
/// [`ConsoleError`], before the first request; or [`ConsoleError::NobodyCame`].
pub(crate) async fn serve(
    args: &ConsoleArgs,
    mut config: Config,
    stop: CancellationToken,
) -> Result<(), ConsoleError> {
    let officer = Person::myself();
    let listener = Listener::open(&args.listen).await?;
    let door = match listener.loopback() {
        Some(address) => Door::at_desk(address).map_err(ConsoleError::Random)?,
        None => Door::for_peers(&officer, args.proxy.as_deref(), args.public_url.as_deref())?,
    };
    config.public_url = args.public_url.clone().unwrap_or_else(|| door.address());
    config.framed_by = Vec::new();
    // Whoever works here is the help.
    config.support = String::new();
    let bus = args.bus.clone().unwrap_or_else(|| config.bus.clone());
    let mut portal = Portal::new(config)?;
    portal.stop = stop.clone();
    let portal = Arc::new(portal);
    tell(&door, &listener, &officer).map_err(ConsoleError::Tell)?;
    let console = Arc::new(Console { officer, staff: Staff::new(&bus), door });
    let entered = console.door.entered();
    let serving = listener.serve(router(portal, console), stop);
    tokio::pin!(serving);
    tokio::select! {
        () = serving.as_mut() => return Ok(()),
        came = entered => if !came { return Err(ConsoleError::NobodyCame) },
    }
    serving.await;
    Ok(())
}

fn router(portal: Arc<Portal>, console: Arc<Console>) -> Router {
    let pages = Router::new()
        .merge(queue::routes())
        .merge(case::routes())
        .merge(actions::routes())
        .merge(live::routes())
        .merge(entering::routes())
        .merge(language::routes())
        .layer(from_fn_with_state((portal.clone(), console.clone()), entering::guard))
        .layer(Extension(console));
    around(pages, portal)
}

/// Says where it serves: at the desk the address with its token, which only this user reads.
fn tell(door: &Door, listener: &Listener, officer: &Person) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match door.invitation() {
        Some(url) => {
            writeln!(
                out,
                "Support's console, as {officer}. Open this within a minute; it is good once:\n\n  {url}\n"
            )?;
        }
        None => writeln!(out, "Support's console, as {officer}, on {}.", listener.name())?,
    }
    out.flush()
}
