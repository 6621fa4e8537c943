//! Who may read what is counted, and how.

use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

use readmit_tests::{World, free_address, patiently, program, run};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UnixStream};
use tokio::process::Command;

use super::kit::{OPEN_METRICS, Scrape, ask, metered, scrape};

#[tokio::test]
async fn only_a_get_of_metrics_by_a_name_of_the_loopback_is_answered() {
    let (builder, address) = metered();
    let _world = builder.start().await;
    let own = address.as_str();
    let table = [
        ("GET /metrics", own, "200"),
        ("GET /metrics?name=x", "localhost", "200"),
        ("GET /metrics", "evil.example", "421"),
        ("GET /metrics", "localhost\r\nhost: localhost", "421"),
        ("GET /", own, "404"),
        ("GET /metrics/", own, "404"),
        ("POST /metrics", own, "405"),
        ("DELETE /metrics", own, "405"),
    ];
    for (request, host, status) in table {
        let answer = ask(TcpStream::connect(own).await.unwrap(), request, host, "").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request} {host}: {answer}");
        assert!(status == "200" || !answer.contains("readmit_"), "{answer}");
    }
    let text = ask(TcpStream::connect(own).await.unwrap(), "GET /metrics", own, "").await;
    assert!(text.contains("content-type: text/plain; version=0.0.4"), "{text}");
    let text = ask(TcpStream::connect(own).await.unwrap(), "GET /metrics", own, OPEN_METRICS).await;
    assert!(
        text.contains("content-type: application/openmetrics-text") && text.ends_with("# EOF\n"),
        "{text}"
    );
}

/// Whoever sends nonsense, too much, or nothing keeps nobody from scraping, and nobody from recovering.
#[tokio::test]
async fn strangers_on_the_socket_are_bounded() {
    let (builder, address) = metered();
    let world = builder.start().await;
    for nonsense in [&b"\0\xff\xfe\r\n\r\n"[..], &vec![b'x'; 64 * 1024], b"GET /metrics HTTP/9.9\r\n\r\n"] {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        // It may be closed before all is sent.
        let _ = stream.write_all(nonsense).await;
        let mut answer = Vec::new();
        let _ = patiently("the end", stream.read_to_end(&mut answer)).await;
        assert!(!String::from_utf8_lossy(&answer).contains(" 200 "), "{answer:?}");
    }
    // As many as may come in, and more: those that say nothing.
    let mut silent = Vec::new();
    for _ in 0..12 {
        silent.push(TcpStream::connect(&address).await.unwrap());
    }
    world.person("alice").await;
    world.desk.open("alice", "lost").await;
    drop(silent);
    assert!(scrape(&address, "").await.contains("readmit_cases_opened_total{reason=\"lost\"} 1\n"));
}

#[tokio::test]
async fn a_socket_in_the_file_system_is_for_its_owner() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("metrics.sock");
    let config = format!("[metrics]\nlisten = \"unix:{}\"\n", path.display());
    let mut world = World::builder().config(&config).start().await;
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let stream = UnixStream::connect(&path).await.unwrap();
    let answer = ask(stream, "GET /metrics", "whatever", OPEN_METRICS).await;
    let (_, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!((Scrape::read(body).value("readmit_store_readable", &[]) - 1.0).abs() < f64::EPSILON);
    assert!(world.stop().await.success());
    assert!(!path.exists(), "it goes with the daemon");
}

/// Sockets such as systemd listens on, given to the daemon as systemd gives them (sd_listen_fds(3)): arguments are
/// `name=host:port`, then `--`, then the program.
const ACTIVATE: &str = "import os, socket, sys
end = sys.argv.index('--')
names = []
for number, word in enumerate(sys.argv[1:end]):
    name, address = word.split('=')
    host, port = address.rsplit(':', 1)
    listener = socket.socket(socket.AF_INET)
    listener.bind((host, int(port)))
    listener.listen(16)
    os.dup2(listener.fileno(), 100 + number)
    names.append(name)
for number in range(len(names)):
    os.dup2(100 + number, 3 + number)
    os.set_inheritable(3 + number, True)
os.environ.update(LISTEN_FDS=str(len(names)), LISTEN_FDNAMES=':'.join(names), LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[end + 1], sys.argv[end + 1:])";

#[tokio::test]
async fn systemd_passes_a_socket_by_its_name() {
    let mut world = World::builder().start().await;
    assert!(world.stop().await.success());
    let (other, metrics) = (free_address(), free_address());
    let mut child = Command::new("python3")
        .args(["-c", ACTIVATE, &format!("other={other}"), &format!("metrics={metrics}"), "--"])
        .arg(program("readmitd"))
        .arg("--config")
        .arg(world.config())
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let metrics = metrics.to_string();
    let connected = async {
        // The socket is there once the interpreter has come so far; the daemon answers when it can.
        loop {
            match TcpStream::connect(&metrics).await {
                Ok(stream) => return stream,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    };
    let stream = patiently("the socket", connected).await;
    let answer = ask(stream, "GET /metrics", "localhost", "").await;
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    child.kill().await.unwrap();
}

#[test]
fn what_systemd_passes_is_not_read_from_the_network() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("readmit.toml");
    let store = directory.path().join("state/readmit.db");
    std::fs::write(&config, format!("[store]\npath = \"{}\"\n", store.display())).unwrap();
    let address = free_address().replace("127.0.0.1", "0.0.0.0");
    let ended = std::process::Command::new("python3")
        .args(["-c", ACTIVATE, &format!("metrics={address}"), "--"])
        .arg(program("readmitd"))
        .arg("--config")
        .arg(&config)
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&ended.stderr);
    assert_eq!(ended.status.code(), Some(1), "{error}");
    assert!(
        error.contains("open to the network") && error.contains("ListenStream=127.0.0.1:9464"),
        "{error}"
    );
    assert!(!store.exists(), "nothing was begun");
    // The same by the configuration.
    std::fs::write(&config, "[metrics]\nlisten = \"0.0.0.0:9464\"\n").unwrap();
    let ended = run("readmitd", &["--config", config.to_str().unwrap(), "--check-config"], "");
    assert_eq!(ended.code, 1);
    assert!(ended.output.contains("metrics.listen") && ended.output.contains("127.0.0.1:9464"), "{ended:?}");
}
