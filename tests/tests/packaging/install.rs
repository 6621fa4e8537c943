//! A fresh installation: what runs, who may what, and how things lie on the disk.

use readmit_tests::Host;

use crate::packages::{self, install};

/// The number that a word of `busctl call` answers with: its exit code, and what it wrote.
fn call(host: &Host, user: &str, method: &str) -> (i32, String) {
    let command = format!("busctl call org.readmit.Recovery1 /org/readmit/Recovery1 {method}");
    let ended = host.run_as(user, ["sh", "-c", &command]);
    (ended.code, format!("{}{}", ended.output, ended.error))
}

#[test]
fn an_installed_daemon_runs_and_answers_on_the_bus() {
    let packages = packages::first();
    let host = Host::boot();
    let said = install(&host, &[&packages.readmit, &packages.portal]);
    assert!(!said.contains("arning") && !said.contains("ailed"), "{said}");

    assert_eq!(
        host.sh("systemctl is-active readmitd.service readmit-email.socket readmit-voice.socket"),
        "active\nactive\nactive\n"
    );
    assert_eq!(host.sh("systemctl is-enabled readmitd.service readmit-email.socket"), "enabled\nenabled\n");
    // The portal waits for somebody to say what its address is.
    assert_eq!(host.run(["systemctl", "is-enabled", "readmit-portal.socket"]).output, "disabled\n");
    assert_eq!(host.run(["systemctl", "is-system-running"]).output, "running\n");
    host.sh("readmit status; readmit config check; readmit audit verify");
    let interfaces = host.sh("busctl introspect org.readmit.Recovery1 /org/readmit/Recovery1");
    assert!(interfaces.contains("org.readmit.Accounts1"), "{interfaces}");
    let actions = host.sh("pkaction | grep readmit");
    assert!(actions.contains("org.readmit.accounts.add\n"), "{actions}");
    // The checker of types is found where the package puts it.
    host.sh("readmit policy check /usr/share/readmit/policies");
    assert!(host.sh("systemctl show -p User --value readmitd.service") == "readmit\n");
    assert!(host.journal().contains("Started readmitd.service"));
}

#[test]
fn the_bus_and_polkit_let_in_whom_they_should() {
    let host = Host::boot();
    install(&host, &[&packages::first().readmit]);
    host.sh("useradd alice; useradd --groups readmit-helpdesk holly; useradd --groups readmit-frontend fred");
    host.sh("readmit account add bob --email bob@example.org --phone +14155550123");

    // Front ends, and nobody else, may open recoveries.
    let open = "org.readmit.Recovery1 Open ssa{sv} bob lost 0";
    let (code, said) = call(&host, "alice", open);
    assert!(code != 0 && said.contains("Access denied"), "{said}");
    let (code, said) = call(&host, "fred", open);
    assert!(code == 0 && said.starts_with("s "), "{said}");

    // polkit decides who administers: the help desk looks, and a stranger is told what is missing.
    let list = "org.readmit.Accounts1 List a{sv}uu 0 0 10";
    let (code, said) = call(&host, "holly", list);
    assert!(code == 0 && said.contains("bob"), "{said}");
    let (code, said) = call(&host, "alice", list);
    assert!(code != 0 && said.contains("org.readmit.accounts.list"), "{said}");
    let (code, said) = call(&host, "holly", "org.readmit.Accounts1 Remove s bob");
    assert!(code != 0 && said.contains("org.readmit.accounts.remove"), "{said}");
}

#[test]
fn files_lie_as_they_should() {
    let host = Host::boot();
    install(&host, &[&packages::first().readmit, &packages::first().portal]);
    let files = "dpkg -L readmit readmit-portal | grep -v -e '^/\\.$' -e '^package' -e '^$'";
    let odd = host.sh(&format!("{files} | while read -r file; do find \"$file\" -maxdepth 0 \\( -perm /6022 -o ! -user root -o ! -group root \\); done"));
    assert_eq!(odd, "", "nothing is setuid, writable by others, or not root's");
    // Configuration and directories are for reading.
    let mode = |path: &str| host.sh(&format!("stat -c '%U:%G %a' {path}"));
    for (path, expected) in [
        ("/var/lib/readmit", "readmit:readmit 700\n"),
        ("/etc/readmit", "root:root 755\n"),
        ("/etc/readmit/policies", "root:root 755\n"),
        ("/etc/readmit/readmit.toml", "root:root 644\n"),
        ("/run/readmit/plugins", "root:root 755\n"),
        ("/run/readmit/plugins/email.sock", "readmit:readmit 600\n"),
    ] {
        assert_eq!(mode(path), expected, "{path}");
    }
    assert_eq!(
        host.sh("find /var/lib/readmit -type f -perm /077"),
        "",
        "what is in the state is the daemon's alone"
    );
    assert_eq!(host.sh("find /etc/readmit /var/lib/readmit -perm /002 ! -type l"), "");
    // Users of the system, without a shell.
    assert!(host.sh("getent passwd readmit readmit-portal").lines().all(|line| line.ends_with("nologin")));
    assert!(host.sh("id -nG readmit-portal").contains("readmit-frontend"));
}

#[test]
fn it_serves_root_without_polkit_and_refuses_the_rest() {
    let host = Host::boot();
    host.sh("dpkg --purge --force-depends polkitd");
    install(&host, &[&packages::first().readmit]);
    host.sh("useradd alice; readmit status; readmit account add bob --email bob@example.org");
    let (code, said) = call(&host, "alice", "org.readmit.Accounts1 List a{sv}uu 0 0 10");
    assert!(code != 0 && said.contains("polkit"), "{said}");
}

#[test]
fn it_serves_on_the_other_bus_too() {
    let host = Host::boot_after("systemctl --quiet enable dbus-broker.service");
    install(&host, &[&packages::first().readmit]);
    host.sh("readmit status; readmit account add bob --email bob@example.org; useradd alice");
    let (code, said) = call(&host, "alice", "org.readmit.Recovery1 Open ssa{sv} bob lost 0");
    assert!(code != 0 && said.contains("denied"), "{said}");
}

#[test]
fn an_image_is_made_without_anything_running() {
    let host = Host::without_systemd();
    install(&host, &[&packages::first().readmit, &packages::first().portal]);
    host.sh("getent passwd readmit; test -d /etc/readmit/policies");
    let wants = "/etc/systemd/system/multi-user.target.wants/readmitd.service";
    assert!(host.has(wants), "enabled for the day it boots");
    assert_eq!(packages::running(&host), "");
    host.sh("apt-get purge --yes readmit readmit-portal");
    assert_eq!(packages::left_by_us(&host), "");
}
