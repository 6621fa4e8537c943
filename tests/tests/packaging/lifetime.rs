//! What becomes of accounts and configuration when the package is upgraded, taken away, put back and purged.

use readmit_tests::Host;

use crate::packages::{self, FIRST, SECOND, install};

const HAS_THE_NAME: &str = "busctl status org.readmit.Recovery1 > /dev/null";

fn version(host: &Host) -> String {
    host.sh("dpkg-query -W -f '${Version}' readmit")
}

fn process(host: &Host) -> String {
    host.sh("systemctl show -p MainPID --value readmitd.service")
}

fn has_alice(host: &Host) -> bool {
    host.run(["readmit", "account", "show", "alice"]).output.contains("alice")
}

#[test]
fn nothing_is_lost_until_it_is_purged_and_then_nothing_is_left() {
    let host = Host::boot();
    let before = packages::left_by_us(&host);
    install(&host, &[&packages::first().readmit, &packages::first().portal]);
    host.sh("readmit account add alice --email alice@example.org");
    host.sh("printf '[organization]\\nname = \"Ginkgo\"\\n' > /etc/readmit/readmit.toml; systemctl restart readmitd.service");
    host.sh("cp /usr/share/readmit/policies/small_team*.lua /etc/readmit/policies/");

    // An upgrade: the new daemon runs, with everything that the old one knew.
    let old = process(&host);
    install(&host, &[&packages::second().readmit, &packages::second().portal]);
    assert_eq!(version(&host), SECOND);
    assert_ne!(process(&host), old, "it runs the new program");
    assert!(has_alice(&host));
    host.sh("readmit audit verify");
    assert!(host.read("/etc/readmit/readmit.toml").contains("Ginkgo"), "an administrator's words stay");
    assert!(host.has("/etc/readmit/policies/small_team.lua"));
    host.sh("test ! -e /etc/readmit/readmit.toml.dpkg-new");

    // And back: the same format of data, so the old daemon takes it.
    install(&host, &[&packages::first().readmit, &packages::first().portal]);
    assert_eq!(version(&host), FIRST);
    assert!(has_alice(&host));

    // What an administrator stopped and disabled is not started by an upgrade.
    host.sh("systemctl disable --now readmitd.service");
    install(&host, &[&packages::second().readmit]);
    assert_eq!(host.run(["systemctl", "is-enabled", "readmitd.service"]).output, "disabled\n");
    assert_eq!(host.run(["systemctl", "is-active", "readmitd.service"]).output, "inactive\n");
    host.sh("systemctl enable --now readmitd.service");

    // Removed: nothing runs, nobody has the name, and what cannot be made again is there.
    host.sh("apt-get remove --yes readmit readmit-portal");
    assert_ne!(host.run(["sh", "-c", HAS_THE_NAME]).code, 0);
    assert_eq!(host.sh("systemctl list-units --all --no-legend 'readmit*' | grep -v not-found || true"), "");
    assert_eq!(packages::running(&host), "");
    assert!(host.has("/var/lib/readmit/readmit.db") && host.has("/etc/readmit/readmit.toml"));

    // Put back: it goes on where it stopped.
    install(&host, &[&packages::second().readmit]);
    host.sh(HAS_THE_NAME);
    assert!(has_alice(&host));
    host.sh("readmit audit verify");

    // Purged: nothing is left but the users, whatever an administrator had enabled.
    host.sh("systemctl enable readmitd-metrics.socket");
    host.sh("apt-get purge --yes readmit readmit-portal");
    assert_eq!(packages::left_by_us(&host), before);
    assert_eq!(host.run(["systemctl", "is-system-running"]).output, "running\n");
    assert_eq!(host.sh("busctl --list --acquired 2>/dev/null | grep readmit || true"), "");

    // And from nothing again.
    install(&host, &[&packages::first().readmit]);
    host.sh(HAS_THE_NAME);
    assert!(!has_alice(&host));
}
