//! The daemon as a process.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use zbus::fdo::DBusProxy;

use crate::Outcome;
use crate::bus::{Bus, NAME};
use crate::limits::PATIENCE;
use crate::portal;

/// A running readmitd; dropped, it is killed.
pub(crate) struct Daemon {
    child: Child,
    /// From the start of the process to its name on the bus.
    pub(crate) started_in: Duration,
}

impl Daemon {
    /// Starts one over a store in `directory`, with limits out of the way, and waits for its name.
    pub(crate) async fn start(bus: &Bus, directory: &Path) -> Outcome<Self> {
        let config = directory.join("readmit.toml");
        std::fs::write(&config, configuration(bus, directory)?)?;
        let log = std::fs::File::options().create(true).append(true).open(directory.join("log"))?;
        let connection = bus.connect().await?;
        let proxy = DBusProxy::new(&connection).await?;
        let mut owners = proxy.receive_name_owner_changed_with_args(&[(0, NAME)]).await?;
        let begin = Instant::now();
        let mut child = Command::new(program("readmitd")?)
            .arg("--config")
            .arg(&config)
            .env("READMIT_LOG", "error")
            .stdin(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()?;
        let named = async {
            while let Some(change) = owners.next().await {
                if change.args()?.new_owner().is_some() {
                    return Outcome::Ok(());
                }
            }
            Err("the bus is gone".into())
        };
        tokio::select! {
            named = timeout(PATIENCE, named) => named??,
            status = child.wait() => {
                let said = std::fs::read_to_string(directory.join("log"))?;
                return Err(format!("readmitd ended with {}: {said}", status?).into());
            }
        }
        Ok(Self { started_in: begin.elapsed(), child })
    }

    /// A figure of its memory, as `VmRSS`, in MiB.
    pub(crate) fn mebibytes(&self, figure: &str) -> Outcome<f64> {
        mebibytes(self.child.id().ok_or("the daemon is gone")?, figure)
    }

    /// Asks it to stop and waits.
    pub(crate) async fn stop(mut self) -> Outcome<()> {
        let id = Pid::from_raw(i32::try_from(self.child.id().ok_or("the daemon is gone")?)?)
            .ok_or("the daemon has no id")?;
        kill_process(id, Signal::TERM)?;
        let status = timeout(PATIENCE, self.child.wait()).await??;
        if status.success() { Ok(()) } else { Err(format!("readmitd ended with {status}").into()) }
    }
}

/// A figure of a process's memory, in MiB.
pub(crate) fn mebibytes(process: u32, figure: &str) -> Outcome<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(figure)?.strip_prefix(':'));
    let kibibytes = line.and_then(|line| line.split_whitespace().next()).ok_or("no such figure of memory")?;
    Ok(kibibytes.parse::<f64>()? / 1024.0)
}

/// A program of the project, built beside this one.
pub(crate) fn program(name: &str) -> Outcome<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.exists() {
        Ok(path)
    } else {
        Err(format!("{} is missing: run tests/bench", path.display()).into())
    }
}

/// The place of the project's sources.
pub(crate) fn sources() -> Outcome<&'static Path> {
    Ok(Path::new(env!("CARGO_MANIFEST_DIR")).parent().ok_or("the project has no directory")?)
}

fn configuration(bus: &Bus, directory: &Path) -> Outcome<String> {
    let policies = directory.join("policies");
    std::fs::create_dir_all(&policies)?;
    std::fs::copy(sources()?.join("policies/default.lua"), policies.join("default.lua"))?;
    std::fs::write(portal::policy_file(&policies), portal::POLICY)?;
    let limits = [
        "open_per_account_per_hour",
        "open_per_address_per_hour",
        "open_per_minute",
        "tries_per_address_per_hour",
        "codes_per_account_per_15_minutes",
    ];
    let limits: String = limits.iter().map(|key| format!("{key} = 1000000\n")).collect();
    Ok(format!(
        "[bus]\naddress = \"{}\"\nadmins = [\"{}\"]\n[store]\npath = \"{}\"\n[policy]\ndirectory = \"{}\"\n\
         [limits]\n{limits}",
        bus.address(),
        rustix::process::getuid().as_raw(),
        directory.join("store/readmit.db").display(),
        policies.display(),
    ))
}
