//! The configuration, as the daemon's own program reads it.

use std::path::Path;
use std::process::{Output, Stdio};

use serde_json::Value;
use tokio::process::Command;

use super::Findings;
use crate::sibling;

const CHECK: &str = "configuration";

/// Checks the configuration; returns what it comes to, if it is right.
pub async fn check(file: Option<&Path>, findings: &mut Findings) -> Option<Value> {
    let program = match sibling::find("readmitd") {
        Ok(program) => program,
        Err(failure) => {
            findings.failure(CHECK, failure.message.clone(), failure.hint());
            return None;
        }
    };
    let ask = async |arguments: &[&str]| -> std::io::Result<Output> {
        let mut command = Command::new(&program);
        command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        if let Some(file) = file {
            command.arg("--config").arg(file);
        }
        command.output().await
    };
    match ask(&["--check-config", "--json"]).await {
        Err(error) => {
            findings.failure(CHECK, format!("readmitd cannot be run: {error}"), "install it beside readmit");
            return None;
        }
        Ok(output) => {
            let problems: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap_or_default();
            for problem in &problems {
                let text = |key: &str| problem[key].as_str().unwrap_or_default();
                let place = match problem["line"].as_u64().unwrap_or(0) {
                    0 => text("file").to_owned(),
                    line => format!("{}:{line}", text("file")),
                };
                let what = format!("{place}: {} {}", text("key"), text("message"));
                findings.failure(CHECK, what, text("hint"));
            }
            if problems.is_empty() && !output.status.success() {
                findings.failure(CHECK, "readmitd does not say what is wrong", "run readmitd --check-config");
            }
            if !problems.is_empty() || !output.status.success() {
                return None;
            }
        }
    }
    let shown = ask(&["--show-config"]).await.ok()?;
    let config: Option<Value> = serde_json::from_slice(&shown.stdout).ok();
    let count = config.as_ref().and_then(|config| config["plugins"].as_array()).map_or(0, Vec::len);
    findings.ok(CHECK, format!("is right, with {count} plugins"));
    config
}
