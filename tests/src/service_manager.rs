//! A service manager that a daemon under test reports to, as sd_notify(3) says.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::UnixDatagram;

use crate::patiently;

/// The longest report.
const LONGEST: usize = 4096;

/// Hears what a daemon reports, in order.
pub struct ServiceManager {
    socket: UnixDatagram,
    path: PathBuf,
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// One with its socket in `directory`, that wants a sign of life so often.
    pub(crate) fn start(directory: &Path, watchdog: Option<Duration>) -> Self {
        let path = directory.join("notify");
        Self { socket: UnixDatagram::bind(&path).unwrap(), path, watchdog }
    }

    /// What a service is started with.
    pub(crate) fn environment(&self) -> Vec<(String, PathBuf)> {
        let watchdog = self.watchdog.map(|every| every.as_micros().to_string());
        let watchdog = watchdog.map(|every| ("WATCHDOG_USEC".to_owned(), PathBuf::from(every)));
        [("NOTIFY_SOCKET".to_owned(), self.path.clone())].into_iter().chain(watchdog).collect()
    }

    /// The next report.
    pub async fn next(&self) -> String {
        let mut report = vec![0; LONGEST];
        let length = patiently("a report to the service manager", self.socket.recv(&mut report)).await;
        String::from_utf8(report[..length.unwrap()].to_vec()).unwrap()
    }

    /// Waits for a report that has `words`, and returns those before it and it.
    pub async fn until(&self, words: &str) -> Vec<String> {
        let mut heard: Vec<String> = Vec::new();
        let wait = async {
            while !heard.last().is_some_and(|report| report.contains(words)) {
                heard.push(self.next().await);
            }
        };
        if tokio::time::timeout(crate::PATIENCE, wait).await.is_err() {
            panic!("the service manager heard no {words:?}, only {heard:?}");
        }
        heard
    }
}
