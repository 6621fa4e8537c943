//! Where meters are read: OpenMetrics over HTTP, on a socket in the file system, on the loopback, or on a socket that
//! systemd passes. Nobody else is listened to: who watches from elsewhere asks an agent on this machine.

mod answer;
pub mod limits;
mod listening;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use hyper_util::rt::{TokioIo, TokioTimer};
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use crate::config::Metrics;
use crate::inherited::Inherited;
use crate::meters::{Look, Meters};
use crate::service::Service;
use answer::Guard;
use listening::{Bound, Listener, Stream};

/// Why meters cannot be read.
#[derive(Debug, Error)]
pub enum ScrapeError {
    /// The address cannot be listened on.
    #[error("metrics.listen: {address} cannot be listened on")]
    Listen {
        /// The address.
        address: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The system does not know the group.
    #[error("metrics.group: the system has no group `{0}`: correct the name, or create the group")]
    NoSuchGroup(String),
    /// What systemd passed is open to the network.
    #[error(
        "systemd passed {0} as the socket for metrics, which is open to the network: write ListenStream=127.0.0.1:9464 \
         into readmitd-metrics.socket"
    )]
    Exposed(std::net::SocketAddr),
}

/// What is read, and from whom.
pub struct Scraped {
    /// What was counted.
    pub meters: Arc<Meters>,
    /// How things stand.
    pub service: Arc<Service>,
    /// Where the database is.
    pub database: PathBuf,
}

/// The sockets that meters are read on.
pub struct Scrape {
    sockets: Vec<Bound>,
}

impl Scrape {
    /// Opens what is configured, and takes what systemd has passed for it. Nobody is let in before
    /// [`Scrape::serve`]; so it can be called before there is a runtime, and before the daemon may open nothing more.
    ///
    /// # Errors
    /// [`ScrapeError`].
    pub fn open(config: &Metrics, inherited: &mut Inherited) -> Result<Self, ScrapeError> {
        listening::open(config, inherited).map(|sockets| Self { sockets })
    }

    /// Answers until `shutdown`.
    pub async fn serve(self, scraped: Scraped, shutdown: CancellationToken) {
        let scraped = Arc::new(scraped);
        let places = Arc::new(Semaphore::new(limits::CONNECTIONS));
        let mut all = FuturesUnordered::new();
        for socket in self.sockets {
            let address = socket.place();
            match socket.listen() {
                Ok(listener) => {
                    tracing::info!(address, "metrics can be read");
                    all.push(accept(listener, scraped.clone(), places.clone()));
                }
                Err(error) => tracing::error!(address, %error, "metrics cannot be read"),
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = async { while all.next().await.is_some() {} } => shutdown.cancelled().await,
        }
    }
}

async fn accept(listener: Listener, scraped: Arc<Scraped>, places: Arc<Semaphore>) {
    loop {
        // It is never closed.
        let Ok(place) = places.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok(stream) => {
                let scraped = scraped.clone();
                tokio::spawn(async move {
                    speak(stream, &scraped).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "whoever reads metrics cannot be let in");
                tokio::time::sleep(limits::ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn speak(stream: Stream, scraped: &Arc<Scraped>) {
    let guard = if matches!(stream, Stream::Tcp(_)) { Guard::Loopback } else { Guard::File };
    let scraped = scraped.clone();
    let service = hyper::service::service_fn(move |request| {
        let scraped = scraped.clone();
        async move { Ok::<_, std::convert::Infallible>(answer::answer(&request, guard, &scraped).await) }
    });
    let mut server = hyper::server::conn::http1::Builder::new();
    server
        .timer(TokioTimer::new())
        .header_read_timeout(limits::HEADER)
        .max_headers(limits::HEADER_LINES)
        .max_buf_size(limits::HEADER_BYTES);
    let spoken = async {
        match stream {
            Stream::Tcp(stream) => server.serve_connection(TokioIo::new(stream), service).await,
            Stream::Unix(stream) => server.serve_connection(TokioIo::new(stream), service).await,
        }
    };
    match tokio::time::timeout(limits::CONNECTION, spoken).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "a connection for metrics ended early"),
        Err(_) => tracing::debug!("a connection for metrics took too long"),
    }
}

impl Scraped {
    /// How things stand. What cannot be read is left out, with the cause in the log.
    pub(crate) async fn look(&self) -> Look {
        let figures = self.service.store().figures().await;
        let figures = figures.map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "the store cannot be read for metrics");
        });
        let policy = self.service.policies().in_force();
        let size = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
        let mut log = self.database.as_os_str().to_owned();
        log.push("-wal");
        let disk = rustix::fs::statvfs(&self.database);
        Look {
            figures: figures.ok(),
            plugins: self.service.plugins().map(|plugins| plugins.list()).unwrap_or_default(),
            policy: policy.version.to_string(),
            policy_loaded: policy.loaded_at,
            policy_refused: policy.refused.is_some(),
            store_bytes: [size(&self.database), size(Path::new(&log))],
            free_bytes: disk.map_or(0, |disk| disk.f_bavail.saturating_mul(disk.f_frsize)),
        }
    }
}
