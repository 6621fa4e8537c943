//! The plugin in the README works as it is printed there.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

use readmit_plugin::wire::{About, Ended, Id, Message, parse_params};
use serde_json::{Value, json};

fn python() -> String {
    let python = std::env::var("READMIT_TEST_PYTHON").unwrap_or("/tmp/readmit-venv/bin/python".to_owned());
    assert!(
        Command::new(&python).arg("--version").output().is_ok(),
        "{python} is missing: run `python3 -m venv /tmp/readmit-venv`, or name a Python in READMIT_TEST_PYTHON"
    );
    python
}

#[test]
fn the_python_plugin_in_the_readme_delivers_once() {
    let readme = include_str!("../README.md");
    let code = readme.split("```python\n").nth(1).unwrap().split("```").next().unwrap();
    assert!(code.lines().count() <= 35, "the example is meant to be short");
    let directory = tempfile::tempdir().unwrap();
    let delivered = directory.path().join("delivered");
    let mut plugin = Command::new(python())
        .args(["-c", code])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = plugin.stdin.take().unwrap();
    let mut output = BufReader::new(plugin.stdout.take().unwrap());
    let mut ask = |id: u64, method: &str, params: Value| {
        let line = Message::Request { id: Id::Number(id), method: method.into(), params }.to_line();
        input.write_all(line.as_bytes()).unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        match Message::parse(answer.trim_end()).unwrap() {
            Message::Response { id: answered, outcome } => {
                assert_eq!(answered, Some(Id::Number(id)));
                outcome
            }
            other => panic!("{other:?}"),
        }
    };
    let settings = json!({ "file": delivered });
    assert_eq!(
        ask(1, "initialize", json!({ "protocol": 2, "settings": settings })).unwrap_err().code,
        -32001
    );
    let about = ask(2, "initialize", json!({ "protocol": 1, "settings": settings })).unwrap();
    assert_eq!(parse_params::<About>(about).unwrap().channels, ["email"]);
    for n in 3..5 {
        let letter = json!({ "id": "a", "channel": "email", "to": "ada@example.org", "purpose": "test",
            "locale": "en", "fields": {}, "deadline_ms": 1000 });
        let ended: Ended = parse_params(ask(n, "deliver", letter).unwrap()).unwrap();
        assert_eq!(ended.disposition, "sent");
    }
    assert_eq!(ask(5, "fly", json!({})).unwrap_err().code, -32601);
    ask(6, "shutdown", json!({})).unwrap();
    assert!(plugin.wait().unwrap().success());
    assert_eq!(std::fs::read_to_string(delivered).unwrap().lines().count(), 1, "the same id, one delivery");
}
