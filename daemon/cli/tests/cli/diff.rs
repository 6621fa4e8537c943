//! `readmit policy diff`: what it says of two directories, and how it ends.

use serde_json::json;

use crate::replay::policies;
use crate::run::{Ended, readmit};

fn diff(before: &tempfile::TempDir, after: &tempfile::TempDir, more: &[&str]) -> Ended {
    let paths = [before, after].map(|directory| directory.path().to_str().unwrap());
    readmit("unix:path=/nonexistent/bus", &[&["policy", "diff", paths[0], paths[1]], more].concat(), "")
}

#[test]
fn two_sets_of_policies_are_told_apart() {
    let shipped = policies("", "");
    let weaker = policies("hold_if_stolen = hours(24)", "hold_if_stolen = hours(1)");
    let ended = diff(&shipped, &weaker, &[]);
    assert_eq!((ended.code, ended.error.as_str()), (0, ""), "{ended:?}");
    for wanted in [
        "\nWEAKER  ",
        "\n  is held for 1 hour instead of 24 hours\n",
        "  recovered\n               when stolen, not member, verified e-mail address, ",
        "\n               as in open { reason = \"stolen\"",
        " classes of cases stay the same.\n",
    ] {
        assert!(ended.output.contains(wanted), "{wanted}: {}", ended.output);
    }
    let ended = diff(&shipped, &weaker, &["--json", "--fail-if-weaker"]);
    assert_eq!(ended.code, 1);
    let answer = ended.json();
    let change = &answer["changes"][0];
    assert_eq!((&change["effect"], &change["hook"]), (&json!("weaker"), &json!("recovered")));
    assert_eq!(change["words"], json!(["is held for 1 hour instead of 24 hours"]));
    assert_eq!(answer["weaker"], change["classes"]);
    assert!(ended.error.contains("the candidate is weaker for"), "{}", ended.error);

    let ended = diff(&weaker, &shipped, &["--json", "--fail-if-weaker"]);
    assert_eq!(ended.code, 0, "stronger is no failure: {ended:?}");
    assert_eq!(ended.json()["changes"][0]["effect"], "stronger");
    let ended = diff(&shipped, &shipped, &["--fail-if-weaker"]);
    assert_eq!(ended.code, 0);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let (shipped, broken) = (policies("", ""), policies("return policy", "return"));
    let ended = diff(&shipped, &broken, &[]);
    assert_eq!((ended.code, ended.output.as_str()), (1, ""));
    assert!(ended.error.contains("default.lua:"), "{}", ended.error);
    let ended = diff(&shipped, &shipped, &["--limit", "3"]);
    assert_eq!((ended.code, ended.hint()), (1, "raise it with --limit"));
}
