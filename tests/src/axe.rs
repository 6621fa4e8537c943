//! The accessibility checks of axe-core, run in the page that a person sees.

use std::path::PathBuf;

use serde_json::{Value, json};

use crate::Browser;
use crate::script::{INSTALL, python};

/// WCAG 2.2 up to AA, and what is good practice besides.
const TAGS: [&str; 6] = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

const RUN: &str = "const done = arguments[arguments.length - 1]; \
                   axe.run(document, { runOnly: arguments[0], resultTypes: ['violations'] }) \
                   .then(found => done(found.violations), error => done(String(error)));";

impl Browser {
    /// Checks the page that is shown.
    ///
    /// # Panics
    /// If axe finds anything; with what, where, and what to read about it.
    pub async fn axe(&self) {
        self.run(&source(), vec![]).await;
        let found = self.run_async(RUN, vec![json!(TAGS)]).await;
        let found = found.as_array().unwrap_or_else(|| panic!("axe did not run: {found}")).clone();
        let told: Vec<String> = found.iter().map(tell).collect();
        assert!(told.is_empty(), "axe finds at {}:\n{}", self.path().await, told.join("\n"));
    }
}

fn tell(violation: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut told =
        format!("{}: {} ({})", text(&violation["id"]), text(&violation["help"]), text(&violation["helpUrl"]));
    for node in violation["nodes"].as_array().into_iter().flatten() {
        told += &format!(
            "\n  {}\n    {}",
            text(&node["html"]),
            text(&node["failureSummary"]).replace('\n', "\n    ")
        );
    }
    told
}

/// The script, out of the package that carries it for Python.
fn source() -> String {
    let python = PathBuf::from(python());
    let libraries = python.parent().and_then(|bin| bin.parent()).map(|place| place.join("lib"));
    let versions = libraries.and_then(|place| std::fs::read_dir(place).ok()).into_iter().flatten().flatten();
    let file = versions
        .map(|version| version.path().join("site-packages/axe_playwright_python/axe.min.js"))
        .find(|file| file.exists())
        .unwrap_or_else(|| panic!("axe-core is missing beside {}; install it: {INSTALL}", python.display()));
    std::fs::read_to_string(file).unwrap()
}
