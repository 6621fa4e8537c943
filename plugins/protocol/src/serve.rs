//! Brings a plugin and the daemon together: on standard input and output, or on a unix socket.

use std::ffi::OsString;
use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::known::Known;
use crate::limits;
use crate::listen::{self, Door, Inherited, ListenError, OwnSockets};
use crate::outbox::{Daemon, write_lines};
use crate::plugin::Plugin;
use crate::session::Session;

/// Why a plugin could not serve.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The command line is not understood.
    #[error("usage: a plugin takes no argument (standard input and output), or `--socket PATH`")]
    Usage,
    /// The asynchronous runtime or its signal handlers could not be set up.
    #[error("the runtime could not be started")]
    Runtime(#[source] io::Error),
    /// The socket could not be taken.
    #[error("the socket could not be taken")]
    Listen(#[from] ListenError),
    /// The socket stopped accepting.
    #[error("the socket stopped accepting connections")]
    Accept(#[source] io::Error),
}

/// Serves the plugin `P` until the daemon, the end of input, or a signal (SIGTERM, SIGINT) ends it.
///
/// Without arguments it speaks on standard input and output. With `--socket PATH`, or when systemd hands it one
/// socket (`LISTEN_FDS=1`), the daemon connects to it, one connection at a time, and may come back. Further sockets,
/// which have a name (`FileDescriptorName=`), are the plugin's own: [`Daemon::socket`].
///
/// # Errors
/// Fails if the arguments are wrong or the socket cannot be used. A bad message never ends it.
pub fn serve<P: Plugin>() -> Result<(), ServeError> {
    let place = Place::from_arguments(std::env::args_os().skip(1))?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(ServeError::Runtime)?;
    let result = runtime.block_on(run::<P>(place));
    // A thread that still waits for standard input must not keep the process alive.
    runtime.shutdown_background();
    result
}

/// Serves the plugin `P` on these streams until the input ends, the daemon says `shutdown`, or `stop` ends.
///
/// `known` outlives the connection, so that an id which was delivered over one is not delivered over the next.
pub async fn serve_connection<P: Plugin>(
    reader: impl AsyncRead + Unpin,
    writer: impl AsyncWrite + Unpin + Send + 'static,
    known: Arc<Known>,
    stop: impl Future<Output = ()>,
) {
    serve_streams::<P>((reader, writer), known, Arc::default(), stop).await;
}

async fn serve_streams<P: Plugin>(
    (reader, writer): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin + Send + 'static),
    known: Arc<Known>,
    own: Arc<OwnSockets>,
    stop: impl Future<Output = ()>,
) {
    let (daemon, queue) = Daemon::with_sockets(own);
    let mut writing = tokio::spawn(write_lines(writer, queue));
    Session::<P>::new(daemon, known).run(reader, stop).await;
    if timeout(limits::GRACE, &mut writing).await.is_err() {
        writing.abort();
    }
}

#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// The socket that systemd hands over, or else standard input and output.
    Given,
    Socket(PathBuf),
}

impl Place {
    fn from_arguments(arguments: impl Iterator<Item = OsString>) -> Result<Self, ServeError> {
        let arguments: Vec<OsString> = arguments.collect();
        match arguments.as_slice() {
            [] => Ok(Self::Given),
            [flag, path] if flag == "--socket" && !path.is_empty() => Ok(Self::Socket(path.into())),
            _ => Err(ServeError::Usage),
        }
    }
}

async fn run<P: Plugin>(place: Place) -> Result<(), ServeError> {
    let stop = on_signal()?;
    match place {
        Place::Socket(path) => {
            let door = listen::bind(&path).await?;
            let served = serve_socket::<P>(&door, Arc::default(), stop).await;
            // The file is only a name; the next start takes it over even if it stays.
            let _left_behind = std::fs::remove_file(&path);
            served
        }
        Place::Given => {
            let Inherited { door, own } = listen::inherited()?;
            let own = Arc::new(own);
            if let Some(door) = door {
                return serve_socket::<P>(&door, own, stop).await;
            }
            let streams = (tokio::io::stdin(), tokio::io::stdout());
            serve_streams::<P>(streams, Arc::default(), own, stopped(stop)).await;
            Ok(())
        }
    }
}

async fn serve_socket<P: Plugin>(
    door: &Door,
    own: Arc<OwnSockets>,
    stop: watch::Receiver<bool>,
) -> Result<(), ServeError> {
    let known = Arc::<Known>::default();
    tracing::info!("listening");
    loop {
        tokio::select! {
            accepted = door.accept() => {
                let stream = accepted.map_err(ServeError::Accept)?;
                let (known, own, stop) = (known.clone(), own.clone(), stopped(stop.clone()));
                serve_streams::<P>(stream.into_split(), known, own, stop).await;
            }
            () = stopped(stop.clone()) => return Ok(()),
        }
    }
}

fn on_signal() -> Result<watch::Receiver<bool>, ServeError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::Runtime)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Runtime)?;
    let (tell, stop) = watch::channel(false);
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tell.send_replace(true);
        // Held until the process ends, so that `stopped` never sees the channel close.
        tell.closed().await;
    });
    Ok(stop)
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a reason to stop as well.
    let _stopped = stop.wait_for(|stop| *stop).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_are_none_or_a_socket() {
        let place = |arguments: &[&str]| Place::from_arguments(arguments.iter().map(OsString::from));
        assert_eq!(place(&[]).unwrap(), Place::Given);
        assert_eq!(place(&["--socket", "/run/x"]).unwrap(), Place::Socket("/run/x".into()));
        for wrong in [&["--socket"][..], &["--socket", ""], &["x"], &["--socket", "a", "b"], &["--help"]] {
            assert!(matches!(place(wrong), Err(ServeError::Usage)), "{wrong:?}");
        }
    }
}
