//! The portal as a process in a world.

use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::sync::watch;

use crate::{Clock, patiently, program};

/// A portal, at an address of its own. Dropped, it is killed.
pub struct Portal {
    url: String,
    config: PathBuf,
    /// What puts it under the daemon's clock.
    environment: Vec<(&'static str, PathBuf)>,
    child: Option<Child>,
    log: Arc<Log>,
}

/// Everything that it wrote to standard error, over all its lives.
struct Log {
    text: Mutex<String>,
    lines: watch::Sender<usize>,
}

impl Portal {
    /// Starts one with this configuration and waits until it serves at `url`.
    pub(crate) async fn start(url: &str, config: PathBuf, clock: Option<&Clock>) -> Self {
        let log = Arc::new(Log { text: Mutex::default(), lines: watch::channel(0).0 });
        let environment = clock.map(|clock| clock.environment().into()).unwrap_or_default();
        let mut portal = Self { url: url.to_owned(), config, environment, child: None, log };
        portal.restart().await;
        portal
    }

    /// Where people reach it, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Its host and port.
    #[must_use]
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    /// Its process id.
    ///
    /// # Panics
    /// If it does not run.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.as_ref().and_then(Child::id).expect("a running portal")
    }

    /// What it wrote so far.
    #[must_use]
    pub fn log(&self) -> String {
        self.log.text.lock().unwrap().clone()
    }

    /// Waits until it has written this, at some time.
    pub async fn logged(&self, text: &str) {
        self.logged_times(text, 1).await;
    }

    /// Asks it to stop and waits.
    pub async fn stop(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("a running portal");
        kill_process(pid(&child), Signal::TERM).unwrap();
        patiently("the portal to stop", child.wait()).await.unwrap()
    }

    /// Ends it as a power cut does.
    pub async fn kill(&mut self) {
        self.child.take().expect("a running portal").kill().await.unwrap();
    }

    /// Starts it (again) at the same address.
    ///
    /// # Panics
    /// If it ends instead of serving.
    pub async fn restart(&mut self) {
        let served = self.log().matches(SERVING).count();
        let mut child = Command::new(program("readmit-portal"))
            .arg("--config")
            .arg(&self.config)
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("READMIT_LOG", "info,zbus=warn")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(std::process::Stdio::null())
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        self.log.follow(child.stderr.take().unwrap().into_owned_fd().unwrap().into());
        tokio::select! {
            () = self.logged_times(SERVING, served + 1) => self.child = Some(child),
            status = child.wait() => panic!("readmit-portal ended with {status:?}:\n{}", self.log()),
        }
    }

    async fn logged_times(&self, text: &str, times: usize) {
        let mut lines = self.log.lines.subscribe();
        let written = async {
            while self.log().matches(text).count() < times {
                lines.changed().await.unwrap();
            }
        };
        patiently(&format!("the portal to write {text:?}"), written).await;
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        if thread::panicking() {
            let log = self.log();
            let lines: Vec<&str> = log.lines().collect();
            eprintln!("the portal wrote:\n{}", lines[lines.len().saturating_sub(40)..].join("\n"));
        }
    }
}

impl Log {
    /// Keeps what comes out of a pipe, in a thread that ends with the pipe.
    fn follow(self: &Arc<Self>, pipe: std::fs::File) {
        let log = Arc::clone(self);
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                *log.text.lock().unwrap() += &format!("{line}\n");
                log.lines.send_modify(|count| *count += 1);
            }
        });
    }
}

/// What the portal writes once it listens.
const SERVING: &str = "serving";

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id().expect("not waited for")).unwrap()).unwrap()
}

/// An address of this machine that nobody listens at, for a server that a test starts itself.
///
/// Below the ports that the kernel hands out, so that no connection of another test takes it meanwhile; spread by
/// process, so that two runs at once hardly meet.
#[must_use]
pub fn free_address() -> String {
    const FIRST: u16 = 20_000;
    const COUNT: u32 = 12_000;
    static NEXT: AtomicU16 = AtomicU16::new(0);
    loop {
        let step = u32::from(NEXT.fetch_add(1, Ordering::SeqCst));
        let place = (std::process::id().wrapping_mul(101).wrapping_add(step)) % COUNT;
        let port = FIRST + u16::try_from(place).unwrap();
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return listener.local_addr().unwrap().to_string();
        }
    }
}
