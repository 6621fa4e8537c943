//! Sockets that are no ports: in the file system, and from systemd; and what systemd is told.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Stdio;

use readmit_tests::{World, free_address, patiently, program, run};
use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixDatagram, UnixStream};
use tokio::process::{Child, Command};

/// Asks for something and reads to the end.
async fn ask(mut stream: impl AsyncRead + AsyncWrite + Unpin, path: &str, lines: &str) -> String {
    let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{lines}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    patiently("an answer", stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

#[tokio::test]
async fn a_proxy_may_come_by_a_socket_in_the_file_system() {
    let world = World::builder().portal().start().await;
    let path = world.directory().join("portal.sock");
    let config = format!(
        "listen = [\"unix:{}\", \"127.0.0.1:0\"]\npublic_url = \"https://recover.example.org\"\n\
         trusted_proxies = [\"unix\"]\n[socket]\nmode = \"0620\"\n[limits]\npages_per_minute = 1\n",
        path.display()
    );
    let mut portal = world.portal(&config).await;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o620);
    let connect = || async { UnixStream::connect(&path).await.unwrap() };
    for (client, status) in [("198.51.100.1", "200"), ("198.51.100.1", "429"), ("198.51.100.2", "200")] {
        let answer = ask(connect().await, "/recover", &format!("x-forwarded-for: {client}\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{client}: {answer}");
    }
    let config = world.directory().join("portal.toml");
    let second = run("readmit-portal", &["--config", config.to_str().unwrap()], "");
    assert_eq!(second.code, 1);
    assert!(second.error.contains("somebody listens there"), "{}", second.error);
    assert!(
        ask(connect().await, "/healthz", "").await.starts_with("HTTP/1.1 200"),
        "the first is not harmed"
    );
    // A socket that a power cut has left is nobody's.
    portal.kill().await;
    assert!(path.exists());
    portal.restart().await;
    assert!(ask(connect().await, "/healthz", "").await.starts_with("HTTP/1.1 200"));
    assert!(portal.stop().await.success());
    assert!(!path.exists());
}

/// The portal without a world, with more in its environment than the kit gives it.
fn spawn(launcher: &[&str], directory: &Path, config: &str, notify: &Path) -> Child {
    let file = directory.join("portal.toml");
    std::fs::write(&file, config).unwrap();
    let portal = program("readmit-portal");
    let words = [launcher, &[portal.to_str().unwrap(), "--config", file.to_str().unwrap()]].concat();
    Command::new(words[0])
        .args(&words[1..])
        .env("NOTIFY_SOCKET", notify)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn heard(listener: &UnixDatagram) -> String {
    let mut bytes = [0; 64];
    let length = patiently("systemd to be told", listener.recv(&mut bytes)).await.unwrap();
    // A line a datagram, or several: sd_notify(3).
    String::from_utf8_lossy(&bytes[..length]).trim_end().to_owned()
}

/// A socket such as systemd listens on, given to the portal as systemd gives it (sd_listen_fds(3)).
const ACTIVATE: &str = "import os, socket, sys
family, address = sys.argv[1], sys.argv[2]
if family == 'unix':
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
else:
    listener = socket.socket(socket.AF_INET)
    host, port = address.rsplit(':', 1)
    listener.bind((host, int(port)))
listener.listen(16)
os.dup2(listener.fileno(), 3)
os.set_inheritable(3, True)
os.environ.update(LISTEN_FDS='1', LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[3], sys.argv[3:])";

#[tokio::test]
async fn systemd_passes_sockets_and_is_told_when_the_portal_serves_and_when_it_stops() {
    let directory = tempfile::tempdir().unwrap();
    let notify = directory.path().join("notify");
    let listener = UnixDatagram::bind(&notify).unwrap();
    let (tcp, unix) = (free_address(), directory.path().join("passed.sock"));
    // Nothing listens at what is configured: it would fail.
    let config = "listen = \"unix:/nowhere/portal.sock\"\nbus = \"unix:path=/nowhere/bus\"";
    for (family, address) in [("inet", tcp.as_str()), ("unix", unix.to_str().unwrap())] {
        let launcher = ["python3", "-c", ACTIVATE, family, address];
        let mut child = spawn(&launcher, directory.path(), config, &notify);
        assert_eq!(heard(&listener).await, "READY=1");
        let answer = match family {
            "inet" => ask(TcpStream::connect(address).await.unwrap(), "/healthz", "").await,
            _ => ask(UnixStream::connect(address).await.unwrap(), "/healthz", "").await,
        };
        assert!(answer.ends_with("{\"portal\":\"ok\",\"daemon\":\"away\"}\n"), "{answer}");
        let id = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
        kill_process(id, Signal::TERM).unwrap();
        assert_eq!(heard(&listener).await, "STOPPING=1");
        assert!(patiently("the portal to stop", child.wait()).await.unwrap().success());
    }
    assert!(unix.exists(), "what systemd made is systemd's");
}

#[tokio::test]
async fn a_socket_that_is_open_to_the_network_needs_tls_or_a_proxy() {
    let directory = tempfile::tempdir().unwrap();
    let notify = directory.path().join("notify");
    let listener = UnixDatagram::bind(&notify).unwrap();
    let port = free_address().rsplit(':').next().unwrap().to_owned();
    let launcher = ["python3", "-c", ACTIVATE, "inet", &format!("0.0.0.0:{port}")];
    let config = "public_url = \"https://recover.example.org\"\nbus = \"unix:path=/nowhere/bus\"\n";
    let mut refused = spawn(&launcher, directory.path(), config, &notify);
    assert_eq!(patiently("the portal to refuse", refused.wait()).await.unwrap().code(), Some(1));
    let proxied = format!("{config}behind_proxy = true\n");
    let _served = spawn(&launcher, directory.path(), &proxied, &notify);
    assert_eq!(heard(&listener).await, "READY=1");
}
