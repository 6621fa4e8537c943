//! Scrapes, read by parsers that are not ours.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use readmit_tests::{World, free_address, patiently, python};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What Prometheus 2 asks for.
pub const OPEN_METRICS: &str =
    "accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5\r\n";

/// Prints what the official client of Python reads in a scrape.
const PARSE: &str = "import json, sys
from prometheus_client.openmetrics.parser import text_string_to_metric_families
families = [dict(name=family.name, kind=family.type, unit=family.unit, help=family.documentation,
    samples=[dict(name=one.name, labels=one.labels, value=one.value) for one in family.samples])
    for family in text_string_to_metric_families(sys.stdin.read())]
print(json.dumps(families))";

/// One family of a scrape.
#[derive(Debug, Deserialize)]
pub struct Family {
    pub name: String,
    pub kind: String,
    pub unit: String,
    pub help: String,
    pub samples: Vec<Sample>,
}

#[derive(Debug, Deserialize)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

/// A whole scrape.
pub struct Scrape {
    pub families: Vec<Family>,
}

impl Scrape {
    /// Reads a scrape in OpenMetrics, strictly.
    pub fn read(text: &str) -> Self {
        let (code, output, error) = run(Path::new(&python()), &["-c", PARSE], text);
        assert_eq!(code, Some(0), "{error}\n{text}");
        Self { families: serde_json::from_str(&output).unwrap() }
    }

    /// The sum of all samples of this name with these labels.
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |sample: &&Sample| {
            sample.name == name
                && labels.iter().all(|(label, value)| sample.labels.get(*label).is_some_and(|is| is == value))
        };
        self.families.iter().flat_map(|family| &family.samples).filter(has).map(|sample| sample.value).sum()
    }
}

/// A world whose meters are read at this address.
pub fn metered() -> (readmit_tests::Builder, String) {
    let address = free_address().to_string();
    let config = format!("[metrics]\nlisten = \"{address}\"\n");
    (World::builder().config(&config), address)
}

/// The body of a scrape.
pub async fn scrape(address: &str, lines: &str) -> String {
    let answer = ask(TcpStream::connect(address).await.unwrap(), "GET /metrics", "localhost", lines).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
    body.to_owned()
}

/// Asks for something and reads to the end.
pub async fn ask(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
    host: &str,
    lines: &str,
) -> String {
    let request = format!("{request} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{lines}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    patiently("an answer", stream.read_to_string(&mut answer)).await.unwrap();
    answer
}

/// Runs a program on a text: its exit code, what it said, and what it complained of.
pub fn run(program: &Path, arguments: &[&str], input: &str) -> (Option<i32>, String, String) {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; tests/run installs it", program.display()));
    // A program that reads nothing may be gone already.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let ended = child.wait_with_output().unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (ended.status.code(), text(&ended.stdout), text(&ended.stderr))
}

/// A file of the project.
pub fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A program of Debian's package `prometheus`, which tests/run unpacks.
pub fn unpacked(program: &str) -> PathBuf {
    project("target/test-tools/prometheus").join(program)
}
