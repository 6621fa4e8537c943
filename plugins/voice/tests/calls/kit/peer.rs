//! The other ends of the calls: sipp with the scenarios in `tests/sipp`, a softphone, and a hole.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use std::{fs, thread};

use serde_json::Value;
use tempfile::TempDir;

use super::PATIENCE;

/// A port of the loopback that is free for UDP and TCP, with some room after it, which sipp takes for media.
///
/// It is below those that the system gives to connections, which come and go all the time, and below those that the
/// plugin takes for media.
pub fn free_port() -> u16 {
    const FIRST: u32 = 10_000;
    const ROOM: u32 = 8;
    const COUNT: u32 = 1_250;
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id().wrapping_mul(997).wrapping_add(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = u16::try_from(FIRST + next % COUNT * ROOM).unwrap();
        let free =
            |host: &str| UdpSocket::bind((host, port)).is_ok() && TcpListener::bind((host, port)).is_ok();
        if free("127.0.0.1") && free("::1") {
            return port;
        }
    }
}

/// A running scenario of sipp.
pub struct Sipp {
    child: Child,
    host: &'static str,
    port: u16,
    tcp: bool,
    directory: TempDir,
}

impl Sipp {
    /// Waits for one call. `words` replace their names in brackets in the scenario.
    pub fn answer(scenario: &str, words: &[(&str, &str)]) -> Sipp {
        Sipp::run(scenario, words, None, "127.0.0.1", "u1")
    }

    /// Waits for one call over TCP.
    pub fn answer_over_tcp(scenario: &str, words: &[(&str, &str)]) -> Sipp {
        Sipp::run(scenario, words, None, "127.0.0.1", "t1")
    }

    /// Waits for one call over TCP, at the address that another had.
    pub fn answer_over_tcp_at(address: &str, scenario: &str, words: &[(&str, &str)]) -> Sipp {
        let port = address.split([':', ';']).nth(1).unwrap().parse().unwrap();
        Sipp::run_at(port, scenario, words, None, "127.0.0.1", "t1")
    }

    /// Waits for one call over IPv6.
    pub fn answer_over_ipv6(scenario: &str, words: &[(&str, &str)]) -> Sipp {
        Sipp::run(scenario, words, None, "[::1]", "u1")
    }

    /// Makes one call to this port.
    pub fn call(scenario: &str, to: u16) -> Sipp {
        Sipp::run(scenario, &[], Some(to), "127.0.0.1", "u1")
    }

    /// Makes one call to this port over TCP.
    pub fn call_over_tcp(scenario: &str, to: u16) -> Sipp {
        Sipp::run(scenario, &[], Some(to), "127.0.0.1", "t1")
    }

    fn run(scenario: &str, words: &[(&str, &str)], to: Option<u16>, host: &'static str, over: &str) -> Sipp {
        Sipp::run_at(free_port(), scenario, words, to, host, over)
    }

    fn run_at(
        port: u16,
        scenario: &str,
        words: &[(&str, &str)],
        to: Option<u16>,
        host: &'static str,
        over: &str,
    ) -> Sipp {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/sipp/{scenario}.xml"));
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("scenario.xml");
        let mut text = fs::read_to_string(source).unwrap();
        for (name, value) in words {
            let name = format!("[{name}]");
            assert!(text.contains(&name), "{scenario} has no {name}");
            text = text.replace(&name, value);
        }
        fs::write(&file, text).unwrap();
        let media = free_port();
        let mut command = Command::new("sipp");
        command
            .args(["-m", "1", "-nostdin", "-timeout", "80s", "-timeout_error", "-trace_err", "-trace_logs"])
            .args(["-i", host, "-mi", host.trim_matches(['[', ']']), "-t", over])
            .args(["-p", &port.to_string(), "-mp", &media.to_string()])
            .arg("-sf")
            .arg(file)
            .args(to.map(|to| format!("127.0.0.1:{to}")))
            .current_dir(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("sipp cannot be run ({error}); install it: apt-get install sip-tester");
        });
        let mut sipp = Sipp { child, host, port, tcp: over == "t1", directory };
        if to.is_none() {
            sipp.wait_for_port();
        }
        sipp
    }

    /// Waits until it listens. A connection would tell, too, but sipp would take it for a call.
    fn wait_for_port(&mut self) {
        const LISTENING: &str = "0A";
        let (own, started) = (format!(":{:04X}", self.port), Instant::now());
        let tables = if self.tcp { ["tcp", "tcp6"] } else { ["udp", "udp6"] };
        let listens = |table: &str| {
            let sockets = fs::read_to_string(format!("/proc/thread-self/net/{table}")).unwrap();
            sockets.lines().any(|socket| {
                let fields: Vec<_> = socket.split_whitespace().collect();
                fields[1].ends_with(&own) && (!self.tcp || fields[3] == LISTENING)
            })
        };
        while !tables.iter().any(|table| listens(table)) {
            let ended = self.child.try_wait().unwrap();
            assert!(started.elapsed() < PATIENCE && ended.is_none(), "sipp has no port: {ended:?}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Where it listens, for the setting `trunk`.
    pub fn address(&self) -> String {
        let transport = if self.tcp { ";transport=tcp" } else { "" };
        format!("{}:{}{transport}", self.host, self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits until the scenario is over and fails unless it went as it is written. Returns what it logged.
    pub fn finish(mut self) -> String {
        let status = self.child.wait().unwrap();
        let logs = |kind: &str| {
            fs::read_dir(self.directory.path())
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.to_string_lossy().contains(kind))
                .map(|path| fs::read_to_string(path).unwrap())
                .collect::<String>()
        };
        assert!(status.success(), "sipp ended with {status}:\n{}", logs("_errors"));
        logs("_logs")
    }
}

impl Drop for Sipp {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}

/// A socket that takes every packet and answers none by itself.
pub struct BlackHole {
    socket: UdpSocket,
}

impl BlackHole {
    /// Opens the hole.
    pub fn open() -> BlackHole {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, free_port())).unwrap();
        socket.set_nonblocking(true).unwrap();
        BlackHole { socket }
    }

    /// Opens one at another address of the loopback.
    pub fn open_at(address: [u8; 4]) -> BlackHole {
        let socket = UdpSocket::bind((Ipv4Addr::from(address), 0)).unwrap();
        BlackHole { socket }
    }

    /// Sends a request without a body to a port of the loopback. It is a hole for what it is sent only.
    pub fn send(&self, port: u16, request: &str, name: &str) {
        let (method, _) = request.split_once(' ').unwrap();
        let from = self.address();
        let message = format!(
            "{request}\r\nVia: SIP/2.0/UDP {from};branch=z9hG4bK{name}\r\nFrom: <sip:{name}@{from}>;tag={name}\r\n\
             To: <sip:readmit@127.0.0.1>\r\nCall-ID: {name}\r\nCSeq: 1 {method}\r\nMax-Forwards: 70\r\n\
             Content-Length: 0\r\n\r\n"
        );
        self.socket.send_to(message.as_bytes(), (Ipv4Addr::LOCALHOST, port)).unwrap();
    }

    /// Waits for a message.
    pub fn receive(&self) -> String {
        self.receive_from().0
    }

    /// Waits for a message that begins like this; what else comes is lost. Returns where it is from, too.
    pub fn receive_first(&self, start: &str) -> (String, SocketAddr) {
        loop {
            let (message, from) = self.receive_from();
            if message.starts_with(start) {
                return (message, from);
            }
        }
    }

    fn receive_from(&self) -> (String, SocketAddr) {
        let mut buffer = [0; 4096];
        self.socket.set_nonblocking(false).unwrap();
        self.socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let (length, from) = self.socket.recv_from(&mut buffer).unwrap();
        (String::from_utf8_lossy(&buffer[..length]).into_owned(), from)
    }

    /// Sends a message as it is.
    pub fn send_to(&self, to: SocketAddr, message: &str) {
        self.socket.send_to(message.as_bytes(), to).unwrap();
    }

    /// Answers the next OPTIONS; what else comes is lost.
    pub fn answer_options(&self) {
        let (request, from) = self.receive_first("OPTIONS");
        let headers = copied(&request, &["Via", "From", "To", "Call-ID", "CSeq"]);
        self.send_to(from, &format!("SIP/2.0 200 OK\r\n{headers}Content-Length: 0\r\n\r\n"));
        self.socket.set_nonblocking(true).unwrap();
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.socket.local_addr().unwrap()
    }

    /// How many packets fell in.
    pub fn packets(&self) -> usize {
        let mut buffer = [0; 4096];
        std::iter::from_fn(|| self.socket.recv(&mut buffer).ok()).count()
    }
}

/// These headers of a message, a line each.
pub fn copied(message: &str, names: &[&str]) -> String {
    let line = |name: &&str| {
        let line = message
            .lines()
            .find(|line| line.split_once(':').is_some_and(|(found, _)| found.eq_ignore_ascii_case(name)));
        format!("{}\r\n", line.unwrap_or_else(|| panic!("no {name}: {message}")))
    };
    names.iter().map(line).collect()
}

/// The softphone of `tests/softphone.py`.
pub struct Softphone {
    child: Child,
    input: ChildStdin,
    events: Receiver<String>,
    host: String,
    port: u16,
    recording: PathBuf,
    _directory: TempDir,
}

impl Softphone {
    /// Starts it in a mode, with further arguments.
    pub fn start(arguments: &[&str]) -> Softphone {
        let python =
            std::env::var("READMIT_TEST_PYTHON").unwrap_or("/tmp/readmit-venv/bin/python".to_owned());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/softphone.py");
        let directory = tempfile::tempdir().unwrap();
        let recording = directory.path().join("heard.wav");
        let install = "python3 -m venv /tmp/readmit-venv && \
                       /tmp/readmit-venv/bin/pip install pjsua2-python==2.15.1.post1";
        let mut child = Command::new(&python)
            .arg(script)
            .args(arguments)
            .arg("--record")
            .arg(&recording)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{python} cannot be run ({error}); install it: {install}"));
        let (sender, events) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        let input = child.stdin.take().unwrap();
        let host = arguments.iter().skip_while(|argument| **argument != "--host").nth(1);
        let host = host.copied().unwrap_or("127.0.0.1").to_owned();
        let mut phone = Softphone { child, input, events, host, port: 0, recording, _directory: directory };
        let ready = phone.wait_for("ready").unwrap_or_else(|| {
            panic!("the softphone did not start; pjsua2 may be missing from {python}: {install}")
        });
        phone.port = u16::try_from(ready["port"].as_u64().unwrap()).unwrap();
        phone
    }

    /// Where it listens, for the setting `trunk`.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Waits for an event; `None` if the softphone ended before.
    pub fn wait_for(&mut self, event: &str) -> Option<Value> {
        loop {
            let line = self.events.recv_timeout(PATIENCE).ok()?;
            let Ok(message) = serde_json::from_str::<Value>(&line) else { continue };
            if message["event"] == event {
                return Some(message);
            }
        }
    }

    /// Gives it a command.
    pub fn command(&mut self, command: &str) {
        writeln!(self.input, "{command}").and_then(|()| self.input.flush()).unwrap();
    }

    /// Ends it and returns what it heard, at its own rate.
    pub fn finish(mut self) -> (u32, Vec<i16>) {
        self.command("quit");
        assert!(self.child.wait().unwrap().success());
        let mut wav = hound::WavReader::open(&self.recording).unwrap();
        (wav.spec().sample_rate, wav.samples().map(Result::unwrap).collect())
    }
}

impl Drop for Softphone {
    fn drop(&mut self) {
        if self.child.try_wait().is_ok_and(|status| status.is_none()) {
            drop(self.child.kill());
            drop(self.child.wait());
        }
    }
}
