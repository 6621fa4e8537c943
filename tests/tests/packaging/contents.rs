//! What is in the packages: the same every time, what Debian expects, and a true list of components.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};
use serde_json::Value;

use crate::packages::{self, FIRST};

/// Unpacks a package.
fn unpacked(package: &Path) -> tempfile::TempDir {
    let place = tempfile::tempdir().unwrap();
    let status = Command::new("dpkg-deb").arg("--extract").args([package, place.path()]).status().unwrap();
    assert!(status.success());
    place
}

#[test]
fn the_same_programs_make_the_same_packages() {
    let (one, again) = (packages::first(), packages::pack("again", FIRST));
    for (one, again) in [(&one.readmit, &again.readmit), (&one.portal, &again.portal)] {
        assert!(fs::read(one).unwrap() == fs::read(again).unwrap(), "{} differs", one.display());
    }
}

#[test]
fn lintian_has_nothing_to_say() {
    let packages = packages::first();
    let output = Command::new("lintian")
        .args(["--allow-root", "--fail-on", "error,warning", "--no-tag-display-limit"])
        .args([&packages.readmit, &packages.portal])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

/// Name and version of every crate that is in a program, or brought something into it while it was built.
fn reachable(metadata: &Metadata, program: &str) -> BTreeSet<String> {
    let resolve = metadata.resolve.as_ref().unwrap();
    let nodes: BTreeMap<&PackageId, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let package = metadata.packages.iter().find(|package| package.name == program).unwrap();
    let (mut seen, mut waiting) = (BTreeSet::new(), vec![&package.id]);
    while let Some(id) = waiting.pop() {
        if !seen.insert(id) {
            continue;
        }
        let used = nodes[id].deps.iter().filter(|dependency| {
            dependency.dep_kinds.iter().any(|kind| kind.kind != DependencyKind::Development)
        });
        waiting.extend(used.map(|dependency| &dependency.pkg));
    }
    seen.remove(&package.id);
    let named = metadata.packages.iter().filter(|package| seen.contains(&package.id));
    named.map(|package| format!("{} {}", package.name, package.version)).collect()
}

#[test]
fn the_list_of_components_is_valid_and_exact() {
    let packages = packages::first();
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    let target = "x86_64-unknown-linux-gnu".replace("x86_64", std::env::consts::ARCH);
    let metadata = MetadataCommand::new()
        .manifest_path(manifest)
        .other_options(["--locked".to_owned(), format!("--filter-platform={target}")])
        .exec()
        .unwrap();
    let mut lists = Vec::new();
    for (package, name, programs) in [
        (
            &packages.readmit,
            "readmit",
            &[
                "readmit",
                "readmit-email",
                "readmit-typecheck",
                "readmit-voice",
                "readmit-voice-http",
                "readmitd",
            ][..],
        ),
        (&packages.portal, "readmit-portal", &["readmit-portal"]),
    ] {
        let place = unpacked(package);
        for program in programs {
            let file = place.path().join(format!("usr/share/doc/{name}/sbom/{program}.cdx.json"));
            let list: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
            let listed = list["components"].as_array().unwrap().iter().map(|component| {
                format!("{} {}", component["name"].as_str().unwrap(), component["version"].as_str().unwrap())
            });
            let listed: BTreeSet<String> = listed.collect();
            assert!(listed.len() > 15, "{program}: {listed:?}");
            let difference: Vec<_> =
                listed.symmetric_difference(&reachable(&metadata, program)).cloned().collect();
            assert_eq!(difference, Vec::<String>::new(), "{program}");
            assert_eq!(list["metadata"]["component"]["name"], *program);
            lists.push(list);
        }
    }
    let place = tempfile::tempdir().unwrap();
    for (n, list) in lists.iter().enumerate() {
        fs::write(place.path().join(format!("{n}.json")), list.to_string()).unwrap();
    }
    let python = std::env::var("READMIT_TEST_PYTHON").unwrap_or("python3".to_owned());
    let output = Command::new(python)
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/packaging/components.py"))
        .arg(place.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.trim() == "7 valid", "{said}{complaint}");
}
