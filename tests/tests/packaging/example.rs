//! The small company's configuration, checked and in use.

use std::fs;
use std::path::{Path, PathBuf};

use readmit_tests::{Host, run};

use crate::packages::{self, install};

const COMPANY: &str = "/usr/share/doc/readmit/examples/small-company";

fn company(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../contrib/examples/small-company").join(file)
}

#[track_caller]
fn ok(program: &str, arguments: &[&str]) {
    let ended = run(program, arguments, "");
    assert!(ended.code == 0, "{program} {arguments:?}:\n{}{}", ended.output, ended.error);
}

#[test]
fn the_small_company_is_right() {
    let path = |file: &str| company(file).to_str().unwrap().to_owned();
    ok("readmit", &["config", "check", &path("readmit.toml")]);
    ok("readmit", &["policy", "check", &path("policies")]);
    ok("readmit", &["policy", "test", &path("policies")]);
    ok("readmit", &["policy", "verify", &path("policies")]);
    ok("readmit-portal", &["--check-config", "--config", &path("portal.toml")]);
    // The configuration that is installed says nothing but defaults, and says them rightly when it is asked to.
    let installed = company("../../packaging/readmit.toml");
    ok("readmit", &["config", "check", installed.to_str().unwrap()]);
    let spoken: String = fs::read_to_string(&installed)
        .unwrap()
        .lines()
        .filter_map(|line| {
            let line = line.strip_prefix('#').unwrap_or(line);
            (!line.starts_with(' ')).then(|| format!("{line}\n"))
        })
        .collect();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("readmit.toml");
    fs::write(&file, spoken).unwrap();
    ok("readmit", &["config", "check", file.to_str().unwrap()]);
}

#[test]
fn what_the_small_company_names_is_there() {
    let rules = fs::read_to_string(company("polkit/40-ginkgo.rules")).unwrap();
    let known = fs::read_to_string(company("../../polkit/org.readmit.policy")).unwrap();
    let named: Vec<&str> = rules.split('"').filter(|word| word.starts_with("org.readmit.")).collect();
    assert!(named.len() > 10);
    for action in named {
        assert!(known.contains(&format!("\"{action}\"")), "{action} is no action");
    }
}

/// The steps of its README, as far as they need neither a network nor a web server.
#[test]
fn the_small_company_is_at_work() {
    let host = Host::boot();
    install(&host, &[&packages::first().readmit, &packages::first().portal]);
    let steps = host.read(&format!("{COMPANY}/README.md"));
    let mut blocks = steps.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let (_, secrets, configuration, roles) =
        (blocks.next().unwrap(), blocks.next().unwrap(), blocks.next().unwrap(), blocks.next().unwrap());
    host.sh("useradd ann; useradd sam");
    // Nobody is there to type.
    let secrets = secrets.replace("systemd-ask-password -n \"", "printf 'secret' # \"");
    let secrets: String = secrets
        .lines()
        .map(|line| {
            let (command, pipe) = (line.split(" # ").next().unwrap(), line.ends_with('|'));
            format!("{command}{}\n", if pipe && line.contains(" # ") { " |" } else { "" })
        })
        .collect();
    host.sh(&secrets);
    // Debian's adduser is not in every root; these do the same.
    let roles = roles.replace("addgroup --system", "groupadd --system");
    let roles: String = roles
        .lines()
        .map(|line| match line.strip_prefix("adduser ") {
            Some(rest) => {
                rest.split_once(' ').map(|(user, group)| format!("usermod -aG {group} {user}\n")).unwrap()
            }
            None => format!("{line}\n"),
        })
        .collect();
    host.sh(&format!("cd {COMPANY}\n{configuration}\n{roles}"));
    assert_eq!(host.sh("systemctl is-active readmitd.service"), "active\n");
    host.sh("groupadd -f www-data; systemctl enable --now readmit-portal.socket");
    host.sh("readmit account add alice --email alice@ginkgo.example --phone +493012345678");
    // Both plugins start when the daemon connects, each with its own secret.
    let list = host.sh("readmit plugin list");
    assert!(list.contains("email") && list.contains("voice"), "{list}");
    // Roles, by a real polkitd.
    let ends = |user: &str, command: &str, code: i32| {
        let ended = host.run_as(user, ["sh", "-c", command]);
        assert_eq!(ended.code, code, "{user}: {command}\n{}{}", ended.output, ended.error);
        ended.output
    };
    let shown = ends("ann", "readmit account show alice", 0);
    assert!(!shown.contains("alice@ginkgo.example"), "masked: {shown}");
    ends("ann", "readmit audit verify", 4);
    ends("sam", "readmit audit verify", 0);
    ends("sam", "readmit account remove alice", 4);
}
