//! The connections: how many there are, when one is opened, kept and closed.

use std::sync::{Arc, Weak};
use std::time::Duration;

use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{
    AsyncSmtpConnection, Certificate, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::Rset;
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use parking_lot::Mutex;
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use super::exchange::exchange;
use super::failure::{Failure, Stage, keeps_connection};
use crate::limits;
use crate::message::Letter;
use crate::settings::{Security, Server};

/// Up to `connections` connections to one server, used at once and kept for the next letter.
pub(crate) struct Pool {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) protection: Protection,
    pub(super) credentials: Option<Credentials>,
    hello: ClientId,
    pub(super) patience: Duration,
    idle: Duration,
    pub(super) places: Semaphore,
    parked: Mutex<Vec<Parked>>,
}

pub(super) enum Protection {
    Starttls(TlsParameters),
    Tls(TlsParameters),
    None,
}

struct Parked {
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// Why connections cannot be set up.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SetupError {
    /// There is nothing in `ca_file` that looks like a certificate.
    #[error("`ca_file` holds no PEM certificates (-----BEGIN CERTIFICATE-----)")]
    NoCertificates,
    /// The certificates to trust are no certificates.
    #[error("`ca_file` holds a certificate that cannot be read")]
    Certificates(#[source] lettre::transport::smtp::Error),
    /// TLS cannot be set up for this server.
    #[error("TLS cannot be set up for `server`")]
    Tls(#[source] lettre::transport::smtp::Error),
}

impl Pool {
    pub(crate) fn new(server: Server) -> Result<Arc<Self>, SetupError> {
        let protection = match server.security {
            Security::None => Protection::None,
            Security::Tls => Protection::Tls(tls(&server)?),
            Security::Starttls => Protection::Starttls(tls(&server)?),
        };
        let credentials =
            server.login.map(|login| Credentials::new(login.username, login.password.as_str().to_owned()));
        let pool = Arc::new(Self {
            host: server.host,
            port: server.port,
            protection,
            credentials,
            hello: server.ehlo.map(ClientId::Domain).unwrap_or_default(),
            patience: server.timeout,
            idle: server.idle,
            places: Semaphore::new(server.connections),
            parked: Mutex::default(),
        });
        tokio::spawn(close_old(Arc::downgrade(&pool)));
        Ok(pool)
    }

    /// Hands over one letter, once, by `deadline`.
    pub(crate) async fn send(&self, letter: &Letter, deadline: Instant) -> Result<Response, Failure> {
        let waiting = timeout_at(deadline, self.places.acquire()).await;
        let Ok(Ok(_place)) = waiting else {
            return Err(Failure::timed_out("waiting for a free connection"));
        };
        loop {
            let kept = self.take();
            let reused = kept.is_some();
            let mut connection = match kept {
                Some(connection) => connection,
                None => self.open(deadline).await?,
            };
            let by = deadline.min(Instant::now() + self.patience);
            // If time runs out, the connection is dropped with whatever was half said on it.
            let Ok(result) = timeout_at(by, exchange(&mut connection, letter)).await else {
                return Err(Failure::timed_out("sending the message"));
            };
            match result {
                Ok(response) => {
                    self.park(connection);
                    return Ok(response);
                }
                Err((stage, error)) => {
                    if keeps_connection(&error) {
                        self.clear_and_park(connection).await;
                    } else if reused && stage == Stage::Sender {
                        // The server had closed a kept connection; nothing of this letter was said yet.
                        continue;
                    }
                    return Err(Failure::of(stage, &error));
                }
            }
        }
    }

    /// Closes every kept connection in good order, within [`limits::CLOSE`].
    pub(crate) async fn close(&self) {
        self.places.close();
        let parked = std::mem::take(&mut *self.parked.lock());
        quit(parked).await;
    }

    async fn open(&self, deadline: Instant) -> Result<AsyncSmtpConnection, Failure> {
        let by = deadline.min(Instant::now() + self.patience);
        let mut stage = Stage::Connect;
        match timeout_at(by, self.connect(&mut stage)).await {
            Ok(result) => result.map_err(|error| Failure::of(stage, &error)),
            Err(_) => Err(Failure::timed_out(&stage.to_string())),
        }
    }

    pub(super) async fn connect(
        &self,
        stage: &mut Stage,
    ) -> Result<AsyncSmtpConnection, lettre::transport::smtp::Error> {
        let implicit = match &self.protection {
            Protection::Tls(parameters) => Some(parameters.clone()),
            Protection::Starttls(_) | Protection::None => None,
        };
        let server = (self.host.as_str(), self.port);
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(server, Some(self.patience), &self.hello, implicit, None)
                .await?;
        if let Protection::Starttls(parameters) = &self.protection {
            *stage = Stage::Tls;
            // Fails if the server does not offer it: there is no way on without.
            connection.starttls(parameters.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            *stage = Stage::Login;
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        tracing::debug!("a connection to the server was opened");
        Ok(connection)
    }

    /// The connection that was used last, so that those which are not needed grow old.
    fn take(&self) -> Option<AsyncSmtpConnection> {
        let mut parked = self.parked.lock();
        if self.is_old(parked.last()?) { None } else { parked.pop().map(|parked| parked.connection) }
    }

    fn park(&self, connection: AsyncSmtpConnection) {
        let parked = Parked { connection, since: Instant::now() };
        if self.is_old(&parked) || self.places.is_closed() {
            tokio::spawn(quit(vec![parked]));
        } else {
            self.parked.lock().push(parked);
        }
    }

    fn is_old(&self, parked: &Parked) -> bool {
        parked.since.elapsed() >= self.idle
    }

    /// Ends the exchange that the server refused, so that the next one can begin (RFC 5321 section 4.1.1.5).
    async fn clear_and_park(&self, mut connection: AsyncSmtpConnection) {
        if let Ok(Ok(_)) = timeout(limits::CLOSE, connection.command(Rset)).await {
            self.park(connection);
        }
    }

    fn take_old(&self) -> Vec<Parked> {
        let mut parked = self.parked.lock();
        let young = parked.iter().position(|parked| !self.is_old(parked));
        // The oldest come first, because the last one parked is the first one taken.
        let old = young.unwrap_or(parked.len());
        parked.drain(..old).collect()
    }
}

const CERTIFICATE: &[u8] = b"-----BEGIN CERTIFICATE-----";

fn tls(server: &Server) -> Result<TlsParameters, SetupError> {
    let mut builder: TlsParametersBuilder = TlsParameters::builder(server.host.clone());
    let mut failed: fn(lettre::transport::smtp::Error) -> SetupError = SetupError::Tls;
    if let Some(pem) = &server.ca {
        // The library takes a file without any for a list of none.
        if !pem.windows(CERTIFICATE.len()).any(|bytes| bytes == CERTIFICATE) {
            return Err(SetupError::NoCertificates);
        }
        let certificate = Certificate::from_pem(pem).map_err(SetupError::Certificates)?;
        builder = builder.add_root_certificate(certificate);
        // The public roots alone always work, so a failure from here on is about this file.
        failed = SetupError::Certificates;
    }
    builder.build_rustls().map_err(failed)
}

async fn close_old(pool: Weak<Pool>) {
    let Some(often) = pool.upgrade().map(|pool| pool.idle.max(Duration::from_secs(1))) else { return };
    let mut ticks = tokio::time::interval(often);
    loop {
        ticks.tick().await;
        let Some(pool) = pool.upgrade() else { return };
        quit(pool.take_old()).await;
    }
}

async fn quit(parked: Vec<Parked>) {
    let mut leaving: JoinSet<()> =
        parked.into_iter().map(|mut parked| async move { parked.connection.abort().await }).collect();
    // What does not leave in time is dropped with the set.
    let _in_time = timeout(limits::CLOSE, async { while leaving.join_next().await.is_some() {} }).await;
}
