//! The web servers of README.md in front of the listener, with what is written there.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::kit::{CODE, PATIENCE, Plugin, Provider, certificate, free_address};

/// Where the package has the socket of the listener.
const SOCKET: &str = "/run/readmit-voice-http/webhook.sock";

/// A block of README.md without the indentation of its list.
fn documented(language: &str) -> String {
    let readme = include_str!("../../README.md");
    let (_, after) = readme.split_once(&format!("```{language}\n")).expect("a block");
    let (block, _) = after.split_once("```").expect("its end");
    block.lines().map(|line| format!("{}\n", line.strip_prefix("   ").unwrap_or(line))).collect()
}

/// The text with something of it replaced, which has to be there.
fn with(text: &str, what: &str, by: &str) -> String {
    assert!(text.contains(what), "no {what} in {text}");
    text.replace(what, by)
}

/// A running web server.
struct Proxy(Child);

impl Proxy {
    fn start(command: &mut Command, address: &str) -> Proxy {
        let mut child =
            command.stdin(Stdio::null()).spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let started = Instant::now();
        while TcpStream::connect(address).is_err() {
            assert!(child.try_wait().unwrap().is_none(), "{command:?} ended at once");
            assert!(started.elapsed() < PATIENCE, "{command:?} does not listen");
            thread::sleep(Duration::from_millis(20));
        }
        Proxy(child)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A program that `tests/run` unpacks; elsewhere it has to be installed.
fn program(name: &str) -> PathBuf {
    let unpacked = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-tools/web").join(name);
    if unpacked.exists() { unpacked } else { name.into() }
}

/// Makes a whole call whose webhooks come through this web server.
fn call_through(start: impl FnOnce(&Path, &str, [&str; 2]) -> Proxy) {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("webhook.sock").display().to_string();
    let mut plugin = Plugin::spawn();
    let [authority, certificate, key] = certificate(directory.path(), "DNS:calls.example.org");
    let address = free_address();
    let through = format!("https://{address}");
    let mut provider = Provider::twilio(&through, &["--trust", &authority]);
    plugin.twilio(&provider.base_url(), &socket, json!({}));
    let _proxy = start(directory.path(), &address, [&certificate, &key]);
    provider.plan(&[
        json!({ "do": "answer" }),
        json!({ "do": "fetch" }),
        json!({ "do": "keys", "digits": CODE, "sign": "forged" }),
        json!({ "do": "keys", "digits": CODE }),
        json!({ "do": "status", "word": "completed" }),
    ]);
    let ended = plugin.call();
    let webhooks = provider.planned();
    assert_eq!((ended.disposition.as_str(), ended.checks.len()), ("entered", 1), "{ended:?}");
    let statuses: Vec<_> = webhooks.iter().map(|webhook| webhook["status"].as_u64().unwrap()).collect();
    assert_eq!(statuses, [200, 404, 200, 204], "{webhooks:?}");
    assert!(provider.all("played").iter().all(|prompt| prompt["status"] == 200));
    plugin.finish(&[]);
}

#[test]
fn nginx_passes_webhooks_on() {
    call_through(|directory, address, [certificate, key]| {
        let place = directory.display();
        let listens =
            format!("listen {address} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};");
        let server = with(&documented("nginx"), "listen 443 ssl;", &listens);
        let server = with(&server, SOCKET, &format!("{place}/webhook.sock"));
        let paths: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|name| format!("{name}_temp_path {place}/{name};\n"))
            .concat();
        let whole = format!(
            "daemon off; master_process off; pid {place}/pid; error_log stderr;\nevents {{}}\n\
             http {{\naccess_log off;\n{paths}{server}}}\n"
        );
        let file = directory.join("nginx.conf");
        fs::write(&file, whole).unwrap();
        let mut nginx = Command::new(program("nginx"));
        Proxy::start(nginx.arg("-p").arg(directory).arg("-e").arg("stderr").arg("-c").arg(file), address)
    });
}

#[test]
fn caddy_passes_webhooks_on() {
    call_through(|directory, address, [certificate, key]| {
        let (host, port) = address.split_once(':').unwrap();
        let site =
            format!("https://calls.example.org:{port} {{\n    bind {host}\n    tls {certificate} {key}\n");
        let site = with(&documented("caddy"), "calls.example.org {\n", &site);
        let site = with(&site, SOCKET, &format!("{}/webhook.sock", directory.display()));
        let file = directory.join("Caddyfile");
        fs::write(&file, format!("{{\n    admin off\n    auto_https disable_redirects\n}}\n{site}")).unwrap();
        let mut caddy = Command::new(program("caddy"));
        let caddy = caddy.args(["run", "--adapter", "caddyfile", "--config"]).arg(file);
        Proxy::start(
            caddy.env("HOME", directory).env("XDG_DATA_HOME", directory).stderr(Stdio::null()),
            address,
        )
    });
}
