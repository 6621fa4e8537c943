//! What a plugin writes into the daemon's log, and what not.

use std::io::{self, Write};
use std::sync::{Mutex, OnceLock};
use std::time::Instant;

use readmit_recovery::disposition::Disposition::Busy;
use tokio::sync::mpsc;
use tracing_subscriber::fmt::MakeWriter;

use crate::kit::{Kit, scripted, timing, within};

/// Only here: the name that no other test makes a plugin write.
const SECRETS: [&str; 2] = ["987654", "carol"];

/// Sends each line of the log to the test.
#[derive(Clone)]
struct Lines(mpsc::UnboundedSender<String>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(String::from_utf8_lossy(bytes).into_owned()).ok();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// The log of the whole process: tasks of the supervisor run on any thread.
fn log() -> mpsc::UnboundedReceiver<String> {
    static LOG: OnceLock<Mutex<Option<mpsc::UnboundedReceiver<String>>>> = OnceLock::new();
    let log = LOG.get_or_init(|| {
        let (tell, lines) = mpsc::unbounded_channel();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(Lines(tell))
            .finish();
        tracing::subscriber::set_global_default(subscriber).expect("no other subscriber");
        Mutex::new(Some(lines))
    });
    log.lock().expect("not poisoned").take().expect("one test reads the log")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_and_digits_are_masked_and_a_flood_is_cut_off() {
    let mut log = log();
    let began = Instant::now();
    let kit = Kit::with(&[scripted("noisy", "noise_on_stderr")], timing());
    assert_eq!(kit.call("c").await.disposition, Busy);
    kit.supervisor.shutdown().await;
    let (mut masked, mut by_protocol, mut ended) = (0, false, false);
    while !(by_protocol && ended) {
        let line = within(log.recv()).await.expect("the log goes on");
        assert!(!SECRETS.iter().any(|secret| line.contains(secret)), "{line}");
        assert!(line.len() < 4096, "a line of {} bytes", line.len());
        masked += usize::from(line.contains("typed ••• by •••"));
        by_protocol |= line.contains("typed ••• by •••") && line.contains("listening");
        ended |= line.contains("standard error ended") && line.contains("noisy");
    }
    // Sixty of the 500 lines on standard error in each window, and one by the protocol.
    let windows = usize::try_from(began.elapsed().as_secs() / 10).expect("fits") + 1;
    assert!((2..=61 * windows).contains(&masked), "{masked} lines in {windows} windows");
}
