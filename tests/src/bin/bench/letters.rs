//! The e-mail plugin against Postfix's own load generator, into the same server that throws everything away.

use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::limits::{CONNECTIONS, LETTERS, LETTERS_AT_ONCE, PATIENCE, ROUNDS};
use crate::load::{median, per_second, ratio};
use crate::plugin::Plugin;
use crate::table::{Row, Wanted};
use crate::world::directory;
use crate::{Outcome, missing};

/// Where Debian has it; not in the path of most users.
const SINK: &str = "/usr/sbin/smtp-sink";
const SOURCE: &str = "/usr/sbin/smtp-source";

/// Messages each second of both, over the same number of connections that are kept.
pub(crate) async fn measure() -> Outcome<Vec<Row>> {
    let what = format!("e-mail plugin, {CONNECTIONS} connections kept");
    if !Path::new(SINK).exists() || !Path::new(SOURCE).exists() {
        return Ok(missing(&what, "smtp-sink and smtp-source are not installed", "apt-get install postfix"));
    }
    let bytes = size_of_a_letter().await?;
    let (_sink, port) = sink(&[]).await?;
    let mut plugin = Plugin::start("readmit-email", &settings(port)).await?;
    deliver(&mut plugin, "warm", LETTERS_AT_ONCE).await?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        theirs.push(postfix(port, bytes).await?);
        let begin = Instant::now();
        deliver(&mut plugin, &round.to_string(), LETTERS).await?;
        ours.push(per_second(LETTERS, begin.elapsed()));
    }
    Ok(vec![Row::new(
        &what,
        format!("{:.0}/s", median(ours.clone())),
        format!("smtp-source {:.0}/s, {bytes} bytes each", median(theirs.clone())),
        ratio(&ours, &theirs),
        Wanted::AtLeast(0.5),
    )])
}

/// Hands over so many messages, a bounded number at once; each has to be sent.
async fn deliver(plugin: &mut Plugin, name: &str, count: usize) -> Outcome<()> {
    let (mut asked, mut answered) = (0, 0);
    while answered < count {
        while asked < count && asked - answered < LETTERS_AT_ONCE {
            let letter = json!({
                "id": format!("{name}-{asked}"), "channel": "email", "to": format!("person-{asked}@example.org"),
                "purpose": "verification", "locale": "en", "deadline_ms": 60_000,
                "fields": {
                    "code": "407993", "minutes": "15", "client": "Firefox on Linux, 203.0.113.7",
                    "link_token": "0123456789abcdef0123456789abcdef",
                    "veto_token": "fedcba9876543210fedcba9876543210", "sender": "recovery@example.org",
                },
            });
            plugin.request("deliver", &letter).await?;
            asked += 1;
        }
        let message = plugin.receive().await?;
        if message.get("method").is_none() {
            if message["result"]["disposition"] != "sent" {
                return Err(format!("a message was not sent: {message}").into());
            }
            answered += 1;
        }
    }
    Ok(())
}

/// What Postfix does with messages of the same size.
async fn postfix(port: u16, bytes: u64) -> Outcome<f64> {
    let begin = Instant::now();
    // -d keeps the connections, as the plugin does.
    let source = Command::new(SOURCE)
        .args(["-d", "-s", &CONNECTIONS.to_string(), "-m", &LETTERS.to_string(), "-l", &bytes.to_string()])
        .args(["-f", "recovery@example.org", "-t", "person@example.org"])
        .arg(format!("127.0.0.1:{port}"))
        .stdin(Stdio::null())
        .output();
    let output = timeout(PATIENCE, source).await??;
    if !output.status.success() {
        return Err(format!("smtp-source: {}", String::from_utf8_lossy(&output.stderr)).into());
    }
    Ok(per_second(LETTERS, begin.elapsed()))
}

/// How large the plugin's message is, as the server sees it.
async fn size_of_a_letter() -> Outcome<u64> {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = directory()?;
    // The server gives up root before it writes.
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o777))?;
    let template = directory.path().join("letter-");
    let (_sink, port) = sink(&["-d", &template.to_string_lossy()]).await?;
    let mut plugin = Plugin::start("readmit-email", &settings(port)).await?;
    deliver(&mut plugin, "size", 1).await?;
    let mut largest = 0;
    for entry in std::fs::read_dir(directory.path())? {
        largest = largest.max(entry?.metadata()?.len());
    }
    if largest == 0 { Err("smtp-sink kept no message".into()) } else { Ok(largest) }
}

/// Starts a server that takes everything, and waits until it listens.
async fn sink(arguments: &[&str]) -> Outcome<(Child, u16)> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
    let mut command = Command::new(SINK);
    if rustix::process::getuid().is_root() {
        command.args(["-u", "nobody"]);
    }
    let mut child = command
        .args(arguments)
        .arg(format!("127.0.0.1:{port}"))
        .arg("256")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let listens = async {
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        listens = timeout(PATIENCE, listens) => listens?,
        status = child.wait() => return Err(format!("smtp-sink ended with {}", status?).into()),
    }
    Ok((child, port))
}

fn settings(port: u16) -> Value {
    json!({
        "from": "Example Recovery <recovery@example.org>", "server": "127.0.0.1", "port": port, "security": "none",
        "connections": CONNECTIONS, "link_base": "https://recovery.example.org", "organization": "Example",
    })
}
