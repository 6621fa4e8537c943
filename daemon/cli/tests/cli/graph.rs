//! `readmit policy graph`: to standard output, to a file, as JSON, and how it fails.

use std::fs;

use serde_json::json;

use crate::replay::policies;
use crate::run::{Ended, readmit};

fn graph(directory: &tempfile::TempDir, more: &[&str]) -> Ended {
    let directory = directory.path().to_str().unwrap();
    readmit("unix:path=/nonexistent/bus", &[&["policy", "graph", directory], more].concat(), "")
}

#[test]
fn a_picture_is_drawn_in_each_format() {
    let directory = policies("", "");
    for (format, begins, ends) in [
        ("svg", "<svg xmlns=\"http://www.w3.org/2000/svg\" ", "</svg>\n"),
        ("dot", "digraph readmit {\n", "}\n"),
        ("mermaid", "flowchart LR\n", "\n"),
    ] {
        let ended = graph(&directory, &["--format", format]);
        assert_eq!((ended.code, ended.error.as_str()), (0, ""), "{ended:?}");
        assert!(ended.output.starts_with(begins) && ended.output.ends_with(ends), "{}", ended.output);
        let answer = graph(&directory, &["--format", format, "--json"]).json();
        assert_eq!((&answer["format"], &answer["realm"]), (&json!(format), &json!("default")));
        assert_eq!(answer["picture"], json!(ended.output));
        assert_eq!(answer["journeys"], 9);
    }
}

#[test]
fn a_picture_is_written_to_a_file() {
    let directory = policies("", "");
    let file = directory.path().join("journeys.svg");
    let ended = graph(&directory, &["-o", file.to_str().unwrap(), "--realm", "sales"]);
    assert_eq!((ended.code, ended.error.as_str()), (0, ""), "{ended:?}");
    assert_eq!(ended.output, format!("9 journeys drawn in {}.\n", file.display()));
    assert!(fs::read_to_string(&file).unwrap().contains("How people get back in: realm sales"));
    let ended = graph(&directory, &["-o", file.to_str().unwrap(), "--json"]);
    assert_eq!(ended.json()["file"], json!(file.to_str().unwrap()));

    let ended = graph(&directory, &["-o", "/nonexistent/journeys.svg"]);
    assert_eq!((ended.code, ended.output.as_str()), (1, ""));
    assert!(ended.error.contains("/nonexistent/journeys.svg cannot be written"), "{}", ended.error);
}

#[test]
fn what_cannot_be_drawn_is_said() {
    let directory = policies("", "");
    let ended = graph(&directory, &["--limit", "2"]);
    assert_eq!((ended.code, ended.hint()), (1, "raise it with --limit"));
    assert_eq!(graph(&directory, &["--format", "png"]).code, 2);
    fs::rename(directory.path().join("default.lua"), directory.path().join("sales.lua")).unwrap();
    let ended = graph(&directory, &["--realm", "other"]);
    assert_eq!((ended.code, ended.hint()), (3, "name a realm that has a file, or write default.lua"));
    assert_eq!(graph(&directory, &["--realm", "sales"]).code, 0);
}
