//! The log in systemd's journal, with levels and fields (systemd's "native journal protocol").
//!
//! A message reads as it would on standard error, fields and all, since `journalctl` shows nothing else of an entry; beside
//! that, each field can be asked for: `journalctl READMIT_PLUGIN=voice`. Logging never waits: what the journal does not take
//! at once is counted, and told with the next entry that it takes.

use std::fmt::{self, Write as _};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use crate::limits::{MAX_LOG_FIELD, MAX_LOG_FIELDS};

/// Where the journal listens.
const SOCKET: &str = "/run/systemd/journal/socket";

/// What stands before the names of fields.
const PREFIX: &str = "READMIT_";

/// Passes events on to the journal.
pub struct Journal {
    socket: UnixDatagram,
    path: PathBuf,
    program: &'static str,
    lost: AtomicU64,
}

impl Journal {
    /// The journal as `program` writes to it, where standard error is a stream of the journal's; else, text on
    /// standard error is what somebody waits for.
    #[must_use]
    pub fn connect(program: &'static str) -> Option<Self> {
        if !is_connected() { None } else { Self::at(Path::new(SOCKET), program).ok() }
    }

    fn at(path: &Path, program: &'static str) -> std::io::Result<Self> {
        let socket = UnixDatagram::unbound()?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, path: path.to_owned(), program, lost: AtomicU64::new(0) })
    }

    fn send(&self, mut entry: Vec<u8>) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            put(&mut entry, "READMIT_LOST", &lost.to_string());
        }
        // There is no other place to complain to.
        if self.socket.send_to(&entry, &self.path).is_err() {
            self.lost.fetch_add(lost + 1, Ordering::Relaxed);
        }
    }
}

impl<S: Subscriber> Layer<S> for Journal {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let metadata = event.metadata();
        let mut entry = Vec::with_capacity(512);
        put(&mut entry, "MESSAGE", fields.text.trim());
        put(&mut entry, "PRIORITY", priority(*metadata.level()));
        put(&mut entry, "SYSLOG_IDENTIFIER", self.program);
        put(&mut entry, "TARGET", metadata.target());
        for (name, value) in &fields.named {
            put(&mut entry, name, value);
        }
        self.send(entry);
    }
}

/// Whether standard error is a stream of the journal's: `JOURNAL_STREAM` says which that is, by device and inode
/// (systemd.exec(5)). A program that was given another standard error since then is told apart by it.
#[must_use]
pub fn is_connected() -> bool {
    let Some(stream) = std::env::var_os("JOURNAL_STREAM") else { return false };
    let Ok(found) = rustix::fs::fstat(std::io::stderr().as_fd()) else { return false };
    stream.to_str() == Some(&format!("{}:{}", found.st_dev, found.st_ino))
}

/// The levels of syslog(3).
const fn priority(level: Level) -> &'static str {
    match level {
        Level::ERROR => "3",
        Level::WARN => "4",
        Level::INFO => "6",
        Level::DEBUG | Level::TRACE => "7",
    }
}

/// The fields of an event, and the line of text that they make.
#[derive(Default)]
struct Fields {
    text: String,
    named: Vec<(String, String)>,
}

impl Fields {
    fn add(&mut self, field: &Field, value: String) {
        let value = cut(value);
        if field.name() == "message" {
            self.text.insert_str(0, &value);
            return;
        }
        // Writing to a text does not fail.
        let _ = write!(self.text, " {}={value}", field.name());
        if self.named.len() < MAX_LOG_FIELDS {
            self.named.push((name(field.name()), value));
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }
}

/// The journal takes capital letters, digits and `_`. A field that is called as the journal calls it stays so.
fn name(field: &str) -> String {
    if field == "MESSAGE_ID" || field.starts_with(PREFIX) {
        return field.to_owned();
    }
    let fits = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    PREFIX.chars().chain(field.chars().map(fits)).collect()
}

fn cut(mut value: String) -> String {
    if value.len() > MAX_LOG_FIELD {
        let end = (0..=MAX_LOG_FIELD).rev().find(|end| value.is_char_boundary(*end)).unwrap_or_default();
        value.truncate(end);
        value.push('…');
    }
    value
}

/// The form with a length, which every value fits, lines and all.
fn put(entry: &mut Vec<u8>, name: &str, value: &str) {
    entry.extend_from_slice(name.as_bytes());
    entry.push(b'\n');
    entry.extend_from_slice(&(value.len() as u64).to_le_bytes());
    entry.extend_from_slice(value.as_bytes());
    entry.push(b'\n');
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    /// The fields of an entry, by the protocol.
    fn read(mut entry: &[u8]) -> Vec<(String, String)> {
        let mut fields = Vec::new();
        while !entry.is_empty() {
            let end = entry.iter().position(|byte| *byte == b'\n').unwrap();
            let name = String::from_utf8(entry[..end].to_vec()).unwrap();
            let length: [u8; 8] = entry[end + 1..end + 9].try_into().unwrap();
            let value = &entry[end + 9..][..usize::try_from(u64::from_le_bytes(length)).unwrap()];
            fields.push((name, String::from_utf8(value.to_vec()).unwrap()));
            entry = &entry[end + 9 + value.len()..];
            assert_eq!(entry[0], b'\n');
            entry = &entry[1..];
        }
        fields
    }

    struct Listener {
        _directory: tempfile::TempDir,
        socket: UnixDatagram,
    }

    impl Listener {
        fn new() -> (Self, Journal) {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("socket");
            let socket = UnixDatagram::bind(&path).unwrap();
            socket.set_nonblocking(true).unwrap();
            (Self { _directory: directory, socket }, Journal::at(&path, "readmit-test").unwrap())
        }

        fn next(&self) -> Vec<(String, String)> {
            let mut entry = vec![0; 200_000];
            let length = self.socket.recv(&mut entry).unwrap();
            read(&entry[..length])
        }
    }

    #[test]
    fn an_event_keeps_its_level_and_fields_and_reads_well_without_them() {
        let (listener, journal) = Listener::new();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(journal), || {
            let error = std::io::Error::other("no such\nnumber");
            tracing::warn!(plugin = "voice", calls = 3, %error, "the plugin failed");
        });
        let fields = listener.next();
        let has = |name: &str, value: &str| fields.contains(&(name.to_owned(), value.to_owned()));
        assert!(has("MESSAGE", "the plugin failed plugin=voice calls=3 error=no such\nnumber"), "{fields:?}");
        assert!(has("PRIORITY", "4") && has("SYSLOG_IDENTIFIER", "readmit-test"), "{fields:?}");
        assert!(has("READMIT_PLUGIN", "voice") && has("READMIT_CALLS", "3"), "{fields:?}");
        assert!(has("READMIT_ERROR", "no such\nnumber"), "{fields:?}");
    }

    #[test]
    fn a_field_with_a_name_of_the_journals_keeps_it() {
        let (listener, journal) = Listener::new();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(journal), || {
            tracing::info!(MESSAGE_ID = "0a1b", READMIT_JOURNAL_SEQ = 7, "a head");
        });
        let fields = listener.next();
        for (name, value) in [("MESSAGE_ID", "0a1b"), ("READMIT_JOURNAL_SEQ", "7")] {
            assert!(fields.contains(&(name.to_owned(), value.to_owned())), "{fields:?}");
        }
    }

    #[test]
    fn what_is_too_long_is_cut() {
        let (listener, journal) = Listener::new();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(journal), || {
            tracing::info!(text = "ä".repeat(MAX_LOG_FIELD), "long");
        });
        let fields = listener.next();
        let (_, text) = fields.iter().find(|(name, _)| name == "READMIT_TEXT").unwrap();
        assert!(text.len() <= MAX_LOG_FIELD + '…'.len_utf8() && text.ends_with("ä…"));
    }

    #[test]
    fn a_journal_that_takes_nothing_holds_nobody_up_and_hears_what_it_missed() {
        let (listener, journal) = Listener::new();
        tracing::subscriber::with_default(tracing_subscriber::registry().with(journal), || {
            for _ in 0..100_000 {
                tracing::info!("a flood");
            }
            let mut heard = 0;
            while listener.socket.recv(&mut [0; 4096]).is_ok() {
                heard += 1;
            }
            tracing::info!("after the flood");
            let lost = ("READMIT_LOST".to_owned(), (100_000 - heard).to_string());
            assert!(listener.next().contains(&lost));
        });
    }
}
