//! Which crate may depend on which.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

/// Every crate of the project and the crates of the project that it may use; a crate that is not here has no place yet.
const MAY_USE: [(&str, &[&str]); 13] = [
    ("readmit-recovery", &[]),
    ("readmit-plugin", &[]),
    ("readmit-policy", &["readmit-recovery"]),
    // The command line runs it; it would clash with the policy host in one program.
    ("readmit-typecheck", &[]),
    ("readmit-store", &["readmit-recovery"]),
    ("readmitd", &["readmit-recovery", "readmit-policy", "readmit-store", "readmit-plugin"]),
    ("readmit", &["readmit-recovery", "readmit-policy"]),
    ("readmit-email", &["readmit-plugin"]),
    ("readmit-telephone", &["readmit-plugin"]),
    ("readmit-voice", &["readmit-plugin", "readmit-telephone"]),
    ("readmit-voice-http", &["readmit-plugin", "readmit-telephone"]),
    // What is contributed talks to the daemon over the bus alone.
    ("readmit-demo", &[]),
    ("readmit-portal", &[]),
];

/// What the core must not even reach through others: a runtime, a store, a script host, a network, a clock of its own,
/// randomness.
const NOT_IN_THE_CORE: [&str; 16] = [
    "async-std",
    "chrono",
    "fastrand",
    "getrandom",
    "jiff",
    "lettre",
    "mio",
    "mlua",
    "rand",
    "rusqlite",
    "rustix",
    "smol",
    "socket2",
    "time",
    "tokio",
    "zbus",
];

fn metadata() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).other_options(["--locked".to_owned()]).exec().unwrap()
}

/// Every package by its id, and what it uses in a normal build.
fn uses(metadata: &Metadata) -> BTreeMap<&PackageId, Vec<&PackageId>> {
    let resolve = metadata.resolve.as_ref().unwrap();
    let is_normal = |dependency: &&cargo_metadata::NodeDep| {
        dependency.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development)
    };
    let nodes = resolve.nodes.iter();
    nodes.map(|node| (&node.id, node.deps.iter().filter(is_normal).map(|dep| &dep.pkg).collect())).collect()
}

#[test]
fn every_arrow_points_the_right_way() {
    let metadata = metadata();
    let names: BTreeMap<&PackageId, &str> =
        metadata.workspace_packages().iter().map(|package| (&package.id, package.name.as_str())).collect();
    let uses = uses(&metadata);
    for (id, name) in &names {
        // The tests look at everything.
        if *name == "readmit-tests" {
            continue;
        }
        let (_, may_use) = MAY_USE.iter().find(|(known, _)| known == name).unwrap_or_else(|| {
            panic!("{name} has no place in the table of this test: say what it may depend on")
        });
        for used in uses[id].iter().filter_map(|used| names.get(used)) {
            assert!(may_use.contains(used), "{name} must not depend on {used}");
        }
    }
    for (name, _) in MAY_USE {
        assert!(names.values().any(|known| *known == name), "{name} is gone: take it out of this test");
    }
}

#[test]
fn the_core_has_no_hands() {
    // Not the metadata: they hold the features and platforms of the whole workspace at once.
    let cargo = std::env::var("CARGO").unwrap_or("cargo".to_owned());
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let output = Command::new(cargo)
        .args(["tree", "--offline", "--package", "readmit-recovery", "--edges", "normal,build"])
        .args(["--prefix", "none", "--format", "{p}", "--manifest-path"])
        .arg(manifest)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let tree = String::from_utf8(output.stdout).unwrap();
    let reached: BTreeSet<&str> = tree.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(reached.contains("serde") && reached.len() > 10, "the tree was walked: {reached:?}");
    for name in NOT_IN_THE_CORE {
        assert!(!reached.contains(name), "the core reaches {name}");
    }
}
