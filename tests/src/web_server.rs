//! Web servers that are not ours, for what stands behind them.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::PATIENCE;

/// How long between two looks whether one listens: they do not tell.
const LOOK: Duration = Duration::from_millis(20);

/// A running web server. Dropped, it is killed.
pub struct WebServer(Child);

impl WebServer {
    /// nginx with these blocks of its `http`, which listen at `address`.
    #[must_use]
    pub fn nginx(directory: &Path, address: &str, blocks: &str) -> Self {
        let place = directory.display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {place}/{name};\n"))
            .concat();
        let whole = format!(
            "daemon off; master_process off; pid {place}/nginx.pid; error_log stderr;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}{blocks}}}\n"
        );
        let file = directory.join("nginx.conf");
        std::fs::write(&file, whole).unwrap();
        let mut nginx = Command::new(program("nginx"));
        Self::start(nginx.arg("-p").arg(directory).arg("-e").arg("stderr").arg("-c").arg(file), address)
    }

    /// Caddy with these sites, which listen at `address`.
    #[must_use]
    pub fn caddy(directory: &Path, address: &str, sites: &str) -> Self {
        let file = directory.join("Caddyfile");
        std::fs::write(&file, format!("{{\n    admin off\n    auto_https disable_redirects\n}}\n{sites}"))
            .unwrap();
        let mut caddy = Command::new(program("caddy"));
        caddy.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
        // It logs every start and stop.
        caddy.env("HOME", directory).env("XDG_DATA_HOME", directory).stderr(Stdio::null());
        Self::start(&mut caddy, address)
    }

    fn start(command: &mut Command, address: &str) -> Self {
        let child = command.stdin(Stdio::null()).spawn();
        let mut server = Self(child.unwrap_or_else(|error| panic!("{command:?}: {error}; run tests/run")));
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(server.0.try_wait().unwrap().is_none(), "{command:?} ended at once");
            assert!(started.elapsed() < PATIENCE, "{command:?} does not listen");
            thread::sleep(LOOK);
        }
        server
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A program that `tests/run` unpacks; elsewhere it has to be installed.
fn program(name: &str) -> PathBuf {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/test-tools/web").join(name);
    if unpacked.exists() { unpacked } else { name.into() }
}
