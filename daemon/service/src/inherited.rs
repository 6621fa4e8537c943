//! The sockets that systemd passes, by the names that their units give them (sd_listen_fds_with_names(3)).

use std::net::TcpListener;
use std::os::unix::net::UnixListener;

use listenfd::ListenFd;

/// What was passed and not yet taken.
pub struct Inherited {
    passed: ListenFd,
    names: Vec<String>,
}

/// A socket that connections come in by.
#[derive(Debug)]
pub enum Socket {
    /// By the network.
    Tcp(TcpListener),
    /// In the file system.
    Unix(UnixListener),
}

impl Inherited {
    /// What was passed to this process.
    #[must_use]
    pub fn from_environment() -> Self {
        let names = std::env::var("LISTEN_FDNAMES").unwrap_or_default();
        Self { passed: ListenFd::from_env(), names: names.split(':').map(str::to_owned).collect() }
    }

    /// Nothing.
    #[must_use]
    pub fn none() -> Self {
        Self { passed: ListenFd::empty(), names: Vec::new() }
    }

    /// Takes the sockets of this name. What has the name and is no socket for connections is told, and left.
    pub fn take(&mut self, name: &str) -> Vec<Socket> {
        let mut taken = Vec::new();
        for number in 0..self.passed.len() {
            if self.names.get(number).is_none_or(|known| known != name) {
                continue;
            }
            if let Ok(Some(listener)) = self.passed.take_unix_listener(number) {
                taken.push(Socket::Unix(listener));
            } else if let Ok(Some(listener)) = self.passed.take_tcp_listener(number) {
                taken.push(Socket::Tcp(listener));
            } else {
                tracing::warn!(name, "systemd passed something that no connection comes in by");
            }
        }
        taken
    }
}
