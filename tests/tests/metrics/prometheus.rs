//! Prometheus itself: it takes the scrapes, loads the rules, and answers what the dashboard asks.

use std::fs::File;
use std::path::Path;
use std::process::Stdio;

use readmit_tests::{free_address, patiently};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::kit::{ask, project, run, scrape, unpacked};
use super::life::lived;

const RULES: &str = "contrib/prometheus/readmit.rules.yml";

#[test]
fn the_rules_are_right_and_say_what_they_should() {
    for (verb, file) in [("check", RULES), ("test", "contrib/prometheus/readmit.rules.test.yml")] {
        let file = project(file);
        let (code, output, error) = run(&unpacked("promtool"), &[verb, "rules", file.to_str().unwrap()], "");
        assert_eq!(code, Some(0), "{output}{error}");
    }
}

#[tokio::test]
async fn prometheus_scrapes_a_daemon_and_answers_the_dashboard() {
    let (_world, address, _) = lived().await;
    let text = scrape(&address, "").await;
    let (code, output, error) = run(&unpacked("promtool"), &["check", "metrics"], &text);
    assert_eq!((code, &*output, &*error), (Some(0), "", ""), "{text}");

    let prometheus = Prometheus::start(&address).await;
    let up = async { while prometheus.first("up{job=\"readmit\"}").await.as_deref() != Some("1") {} };
    patiently("a scrape", up).await;
    assert_eq!(prometheus.first("sum(readmit_cases_opened_total)").await.as_deref(), Some("4"));
    let rules = prometheus.get("/api/v1/rules").await;
    let rules = rules["groups"][0]["rules"].as_array().unwrap().clone();
    assert!(rules.len() > 20, "{rules:?}");
    for expression in dashboard() {
        let asked = expression.replace("$__rate_interval", "5m").replace("$__range", "1h");
        let query = serde_urlencoded::to_string([("query", &asked)]).unwrap();
        let answer = prometheus.ask(&format!("/api/v1/query?{query}")).await;
        assert_eq!(answer["status"], "success", "{asked}: {answer}");
    }
}

/// Every expression that the dashboard asks for.
pub fn dashboard() -> Vec<String> {
    let text = std::fs::read_to_string(project("contrib/grafana/readmit.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().unwrap().to_owned()).collect()
}

/// A Prometheus that scrapes one daemon once a second.
struct Prometheus {
    address: String,
    _child: Child,
    _directory: tempfile::TempDir,
}

impl Prometheus {
    async fn start(daemon: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path();
        let rules = project(RULES).canonicalize().unwrap();
        let config = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\nrule_files: ['{}']\n\
             scrape_configs:\n  - job_name: readmit\n    static_configs: [{{ targets: ['{daemon}'] }}]\n",
            rules.display()
        );
        std::fs::write(place.join("prometheus.yml"), config).unwrap();
        let address = free_address();
        let child = Command::new(unpacked("prometheus"))
            .arg(option("--config.file", &place.join("prometheus.yml")))
            .arg(option("--storage.tsdb.path", &place.join("data")))
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(File::create(place.join("log")).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let listening = async { while TcpStream::connect(&address).await.is_err() {} };
        patiently("Prometheus", listening).await;
        Self { address, _child: child, _directory: directory }
    }

    /// The first value of an instant query.
    async fn first(&self, query: &str) -> Option<String> {
        let query = serde_urlencoded::to_string([("query", query)]).unwrap();
        let data = self.get(&format!("/api/v1/query?{query}")).await;
        data["result"][0]["value"][1].as_str().map(str::to_owned)
    }

    async fn get(&self, path: &str) -> Value {
        self.ask(path).await["data"].take()
    }

    async fn ask(&self, path: &str) -> Value {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let answer = ask(stream, &format!("GET {path}"), "localhost", "accept-encoding: identity\r\n").await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        if head.to_lowercase().contains("transfer-encoding: chunked") {
            return serde_json::from_str(&whole(body)).unwrap();
        }
        serde_json::from_str(body).unwrap_or(Value::Null)
    }
}

/// A body that came in chunks (RFC 9112 §7.1).
fn whole(mut body: &str) -> String {
    let mut text = String::new();
    while let Some((length, rest)) = body.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        text.push_str(&rest[..length]);
        body = rest[length..].trim_start_matches("\r\n");
    }
    text
}

fn option(name: &str, path: &Path) -> String {
    format!("{name}={}", path.display())
}
