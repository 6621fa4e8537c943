//! A mail server that keeps every mail: what the demonstration's people have for a mailbox.
//!
//! A small server of RFC 5321 with 8BITMIME, PIPELINING and SIZE on the loopback interface. It delivers
//! nowhere, asks for no password and offers no TLS; who may connect is left to the address it listens on.

pub mod line;
pub mod path;
pub mod session;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncBufRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::limits;
use crate::mailbox::Mailbox;
use line::read_line;
use session::{Answer, Session};

/// The name by which the server greets.
const NAME: &str = "mail.demo.invalid";

/// A mail server that runs until it is dropped.
#[derive(Debug)]
pub struct MailSink {
    address: SocketAddr,
    mailbox: Mailbox,
    accepting: JoinHandle<()>,
}

impl MailSink {
    /// Starts a server on this address; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let mailbox = Mailbox::default();
        let accepting = tokio::spawn(accept(listener, mailbox.clone()));
        Ok(Self { address, mailbox, accepting })
    }

    /// The address that the server listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where the mails go.
    #[must_use]
    pub fn mailbox(&self) -> &Mailbox {
        &self.mailbox
    }
}

impl Drop for MailSink {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, mailbox: Mailbox) {
    let slots = Arc::new(Semaphore::new(limits::SMTP_CONNECTIONS));
    // The set ends the open connections when this task is aborted.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok(slot) = slots.clone().acquire_owned().await else { return };
        match listener.accept().await {
            Ok((stream, _)) => {
                let mailbox = mailbox.clone();
                connections.spawn(async move {
                    if let Err(error) = serve(stream, &mailbox).await {
                        tracing::debug!(%error, "a mail connection broke");
                    }
                    drop(slot);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a mail connection could not be accepted");
                tokio::time::sleep(limits::LOOK).await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
}

async fn serve(mut stream: TcpStream, mailbox: &Mailbox) -> io::Result<()> {
    let (reader, mut writer) = stream.split();
    converse(&mut BufReader::new(reader), &mut writer, mailbox).await
}

async fn converse<R, W>(reader: &mut R, writer: &mut W, mailbox: &Mailbox) -> io::Result<()>
where
    R: AsyncBufRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut session = Session::new(NAME);
    writer.write_all(session.greeting().to_wire().as_bytes()).await?;
    loop {
        let read = read_line(reader, session.bound(), limits::SMTP_DISCARD);
        let Ok(line) = timeout(limits::SMTP_IDLE, read).await else {
            writer.write_all(b"421 4.4.2 nothing was said for too long\r\n").await?;
            return Ok(());
        };
        let Some(line) = line? else { return Ok(()) };
        let (reply, close) = match session.take(line) {
            Answer::None => continue,
            Answer::Say(reply) => (reply, false),
            Answer::Close(reply) => (reply, true),
            Answer::Take(envelope) => match mailbox.put(envelope) {
                Some(number) => (session.taken(number), false),
                None => (session.refused(), false),
            },
        };
        writer.write_all(reply.to_wire().as_bytes()).await?;
        if close {
            return writer.shutdown().await;
        }
    }
}

#[cfg(test)]
#[path = "smtp/smtp_tests.rs"]
mod tests;
