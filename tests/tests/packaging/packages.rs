//! The packages under test, made of the programs as they were built beside this test.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use readmit_tests::{Ended, Host, program};

/// The version that is installed first.
pub const FIRST: &str = "0.1.0-1";
/// The one that it is upgraded to: the same programs.
pub const SECOND: &str = "0.1.0-2";

/// Both packages in one version.
pub struct Packages {
    /// The daemon's.
    pub readmit: PathBuf,
    /// The portal's.
    pub portal: PathBuf,
}

static ONE: LazyLock<Packages> = LazyLock::new(|| pack("one", FIRST));
static OTHER: LazyLock<Packages> = LazyLock::new(|| pack("other", SECOND));

/// The packages in their [`FIRST`] version.
pub fn first() -> &'static Packages {
    &ONE
}

/// The packages in their [`SECOND`] version.
pub fn second() -> &'static Packages {
    &OTHER
}

/// Makes the packages anew.
pub fn pack(place: &str, version: &str) -> Packages {
    let programs = program("readmitd").parent().unwrap().to_owned();
    let output = programs.join("packages").join(place);
    let _ = fs::remove_dir_all(&output);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contrib/packaging/pack");
    let ended: Ended = Command::new(script)
        .args([&programs, &output])
        .arg(version)
        .env("READMIT_PACK_FAST", "1")
        .output()
        .unwrap()
        .into();
    assert!(ended.code == 0, "contrib/packaging/pack failed; tests/run installs its tools:\n{}", ended.error);
    let file = |name: &str| {
        let mut found = fs::read_dir(&output).unwrap().map(|entry| entry.unwrap().path());
        found.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with(name)).unwrap()
    };
    Packages { readmit: file("readmit_"), portal: file("readmit-portal_") }
}

/// What installing says and whether it went well, as an administrator does it: by apt, from files.
#[track_caller]
pub fn install(host: &Host, packages: &[&Path]) -> String {
    let mut files = Vec::new();
    for package in packages {
        let file = format!("/root/{}", package.file_name().unwrap().to_str().unwrap());
        host.copy(package, &file);
        files.push(file);
    }
    let files = files.join(" ");
    host.sh(&format!("apt-get install --yes --no-install-recommends --allow-downgrades {files} 2>&1"))
}

/// The programs of ours that run.
pub fn running(host: &Host) -> String {
    host.sh("cat /proc/[0-9]*/comm 2>/dev/null | grep readmit || true")
}

/// Everything that a package of ours could have left, but for what logs say and who was given a user.
pub fn left_by_us(host: &Host) -> String {
    host.sh(
        "find / -xdev \\( -path /proc -o -path /sys -o -path /root -o -path /var/log -o -path /tmp \\) -prune \
         -o -iname '*readmit*' -print | sort; \
         find /run -iname '*readmit*' | sort",
    )
}
