//! Traces of a recovery, as a collector gets them that is not ours; and collectors that do not get them.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Stdio;

use readmit_tests::{patiently, python};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::kit::{OPEN_METRICS, Scrape, project, scrape};
use super::life::lived_with;

#[derive(Debug, Clone, Deserialize)]
struct Span {
    path: String,
    service: String,
    trace: String,
    id: String,
    parent: String,
    name: String,
    attributes: BTreeMap<String, String>,
    nanoseconds: i64,
}

/// A collector that is not ours.
struct Collector {
    lines: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Collector {
    async fn start(path: &Path) -> Self {
        let mut child = Command::new(python())
            .arg(project("tests/tests/metrics/collector.py"))
            .arg(path)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            // It complains when the test has heard enough.
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = patiently("the collector", lines.next_line()).await.unwrap().unwrap();
        assert!(first.contains("listening"), "{first}");
        Self { lines, _child: child }
    }

    async fn next(&mut self) -> Span {
        let line = patiently("a span", self.lines.next_line()).await.unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

/// From the deepest to the root.
fn chain<'a>(spans: &'a [Span], leaf: &'a Span) -> Vec<&'a str> {
    let mut names = Vec::new();
    let mut next = Some(leaf);
    while let Some(span) = next {
        names.push(span.name.as_str());
        next = spans.iter().find(|one| one.trace == leaf.trace && one.id == span.parent);
    }
    names
}

#[tokio::test]
async fn a_call_is_traced_to_the_delivery_that_it_causes() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.sock");
    let mut collector = Collector::start(&path).await;
    let config = format!("[tracing]\notlp = \"unix:{}\"\n", path.display());
    let (mut world, _, personal) = lived_with(&config).await;
    assert!(world.stop().await.success());
    // What waited was sent before the end; the last call was the look through the journal.
    let mut spans = Vec::new();
    while !spans
        .iter()
        .any(|span: &Span| span.attributes.get("rpc.service").is_some_and(|it| it.ends_with("Audit1")))
    {
        spans.push(collector.next().await);
    }
    let names: BTreeSet<&str> = spans.iter().map(|span| span.name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["bus call", "turn", "decision", "commit", "delivery"]));
    let calls = |method: &str| {
        let of = |span: &&Span| span.attributes.get("rpc.method").is_some_and(|it| it == method);
        spans.iter().filter(of).cloned().collect::<Vec<_>>()
    };
    assert_eq!(calls("Open").len(), 5);
    let results: BTreeSet<String> =
        calls("Open").into_iter().filter_map(|span| span.attributes.get("readmit.result").cloned()).collect();
    assert_eq!(results, BTreeSet::from(["ok".to_owned(), "rate_limited".to_owned()]));
    let voice =
        spans.iter().find(|span| span.attributes.get("readmit.channel").is_some_and(|it| it == "voice"));
    let voice = voice.unwrap();
    assert_eq!(voice.attributes.get("readmit.disposition").map(String::as_str), Some("entered"));
    assert_eq!(chain(&spans, voice), ["delivery", "turn", "bus call"], "{spans:#?}");
    let start = spans.iter().find(|span| span.trace == voice.trace && span.parent.is_empty()).unwrap();
    assert_eq!(start.attributes["rpc.method"], "Start");
    let outcome =
        spans.iter().find(|span| span.attributes.get("readmit.hook").is_some_and(|it| it == "recovered"));
    assert!(chain(&spans, outcome.unwrap()).contains(&"turn"));
    let committed = spans.iter().find(|span| span.name == "commit" && span.trace == voice.trace).unwrap();
    assert_eq!(chain(&spans, committed)[..2], ["commit", "turn"]);
    for span in &spans {
        assert_eq!((&*span.path, &*span.service), ("/v1/traces", "readmitd"));
        assert!(span.nanoseconds >= 0 && span.attributes.len() < 8, "{span:?}");
        for (what, secret) in &personal {
            assert!(!format!("{span:?}").contains(secret), "{what} is in {span:?}");
        }
    }
}

/// A collector that is not there, and one that takes the connection and says nothing.
#[tokio::test]
async fn a_dead_collector_costs_a_recovery_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let silent = directory.path().join("silent.sock");
    let _listener = UnixListener::bind(&silent).unwrap();
    for path in [silent, directory.path().join("nobody.sock")] {
        let config = format!("[tracing]\notlp = \"unix:{}\"\n", path.display());
        let (mut world, address, _) = lived_with(&config).await;
        let scrape = Scrape::read(&scrape(&address, OPEN_METRICS).await);
        assert!(
            (scrape.value("readmit_cases_ended_total", &[("state", "completed")]) - 1.0).abs() < f64::EPSILON
        );
        assert!(scrape.value("readmit_trace_batches_total", &[("result", "taken")]).abs() < f64::EPSILON);
        assert!(world.stop().await.success(), "nor does it keep the daemon from stopping");
    }
}
