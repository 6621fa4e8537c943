//! Requirement: the bus policy that is shipped lets front ends recover and everybody ask polkit, and nobody take the
//! daemon's name or listen, whichever program carries the messages.

use crate::system::{ADA, Broker, DAEMON, HANNA, OLGA, PORTAL, Plan, ROOT, System};

const OPEN: &str = "Recovery1 Open ssa{sv} alice lost 0";
const VERIFY: &str = "Authentication1 Verify ss alice 123456";
const LIST: &str = "Cases1 List a{sv}uu 0 0 10";

async fn reaches(broker: Broker) {
    let system = System::start(Plan { broker, ..Plan::default() }).await;
    for user in [PORTAL, ROOT] {
        for words in [OPEN, VERIFY] {
            system.call(user, words).unwrap_or_else(|error| panic!("{} {words}: {error}", user.name));
        }
    }
    for user in [OLGA, HANNA, ADA, DAEMON] {
        for words in [OPEN, VERIFY] {
            let error = system.call(user, words).unwrap_err();
            assert!(
                error.contains("Access denied") || error.contains("Access to the"),
                "{} {words}: {error}",
                user.name
            );
        }
    }
    system.call(HANNA, LIST).unwrap();
    assert!(system.call(OLGA, LIST).unwrap_err().contains("password"));
    let object = "org.readmit.Recovery1 /org/readmit/Recovery1";
    for words in [
        format!("introspect {object} org.readmit.Cases1"),
        format!("call {object} org.freedesktop.DBus.Peer Ping"),
        format!("call {object} org.freedesktop.DBus.Properties GetAll s org.readmit.Cases1"),
    ] {
        let ended = system.busctl(OLGA, &words);
        assert_eq!(ended.code, 0, "{words}: {ended:?}");
    }
    let bus = "org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus";
    for user in [OLGA, PORTAL, ADA, ROOT] {
        let ended = system.busctl(user, &format!("call {bus} RequestName su org.readmit.Recovery1 2"));
        assert!(ended.code != 0, "{} may take the daemon's name: {ended:?}", user.name);
    }
    let ended = system.busctl(OLGA, "monitor org.readmit.Recovery1");
    assert!(ended.code != 0, "anybody may listen: {ended:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn by_dbus_daemon_each_reaches_what_is_theirs() {
    reaches(Broker::DbusDaemon).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_dbus_broker_each_reaches_what_is_theirs() {
    reaches(Broker::DbusBroker).await;
}
