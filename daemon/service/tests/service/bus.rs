//! The daemon's object on a bus of its own: what it tells about itself, and whom it answers how.

use std::collections::{BTreeSet, HashMap};
use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;

use readmitd::bus::{self, Gate};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use zbus::wire::{OwnedVariant, Variant};

use crate::house::{ALICE, House, NOBODY, PASSWORD, POLICY, within, write_policy};

const CONFIG: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=SOCKET</listen>
  <policy context="default"><allow send_destination="*"/><allow eavesdrop="false"/><allow own="*"/></policy>
</busconfig>"#;

/// Every method and signal of the contract.
const CONTRACT: &[(&str, &[&str], &[&str])] = &[
    (
        "org.readmit.Recovery1",
        &[
            "Open",
            "Show",
            "Start",
            "Submit",
            "OpenLink",
            "Veto",
            "Escalate",
            "Cancel",
            "Claim",
            "ClaimFor",
            "SigningKeys",
            "ChangePassword",
            "BeginEnrollment",
            "ConfirmEnrollment",
        ],
        &["CaseChanged"],
    ),
    ("org.readmit.Authentication1", &["Verify", "VerifyPassword", "Resync"], &[]),
    (
        "org.readmit.Accounts1",
        &[
            "Add",
            "Set",
            "Show",
            "List",
            "Import",
            "Export",
            "TestEmail",
            "TestPhone",
            "Remove",
            "IssueRecoveryCodes",
            "IssuePass",
            "SendPass",
            "SetPassword",
        ],
        &[],
    ),
    ("org.readmit.Devices1", &["Enroll", "List", "Deactivate", "Delete", "Resync"], &[]),
    ("org.readmit.Cases1", &["List", "Show", "Watch", "Approve", "Deny", "Resolve"], &["Changed"]),
    (
        "org.readmit.Policies1",
        &[
            "List",
            "Reload",
            "Activate",
            "Rollback",
            "Explain",
            "Decisions",
            "Readiness",
            "Shadow",
            "StopShadow",
            "Differences",
            "Watch",
        ],
        &["Loaded", "Pending", "Refused"],
    ),
    ("org.readmit.Plugins1", &["List", "Test", "Probe", "Restart", "Pause", "Resume"], &[]),
    ("org.readmit.Audit1", &["Read", "ReadBehind", "Verify", "Watch"], &["Alert"]),
    ("org.readmit.Store1", &["Backup", "RotateKey", "Keys"], &[]),
    ("org.readmit.Manager1", &["Status"], &[]),
];

struct OnBus {
    house: House,
    client: zbus::Connection,
    _daemon: zbus::Connection,
    _bus: Child,
}

impl OnBus {
    async fn with_admins(admins: Vec<u32>) -> Self {
        let house = House::quiet().await;
        let directory = house.directory.path();
        let config = directory.join("bus.conf");
        let socket = directory.join("bus").display().to_string();
        std::fs::write(&config, CONFIG.replace("SOCKET", &socket)).expect("written");
        let mut bus = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", config.display()))
            .args(["--nofork", "--print-address"])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("dbus-daemon runs");
        let mut lines = BufReader::new(bus.stdout.take().expect("its output")).lines();
        let address = within(lines.next_line()).await.expect("readable").expect("an address");
        let gate = Arc::new(Gate::new(admins));
        let daemon = bus::serve(&address, gate.clone(), house.service.clone()).await.expect("served");
        tokio::spawn(bus::relay(daemon.clone(), gate, house.service.signals()));
        bus::take_name(&daemon).await.expect("the name");
        let client = zbus::connection::Builder::address(address.as_str());
        let client = client.build().await.expect("connected");
        Self { house, client, _daemon: daemon, _bus: bus }
    }

    async fn call<B, R>(&self, interface: &str, method: &str, body: &B) -> Result<R, String>
    where
        B: serde::Serialize + zbus::wire::DynamicType,
        R: serde::de::DeserializeOwned + zbus::wire::Type,
    {
        let call = self.client.call_method(Some(bus::NAME), bus::PATH, Some(interface), method, body);
        match within(call).await {
            Ok(reply) => Ok(reply.body().deserialize().expect("the type of the contract")),
            Err(zbus::Error::MethodError(name, _, _)) => Err(name.to_string()),
            Err(error) => panic!("{error}"),
        }
    }
}

fn own_uid() -> u32 {
    nix::unistd::getuid().as_raw()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_method_and_signal_of_the_contract_is_there_and_explained() {
    let on = OnBus::with_admins(vec![own_uid()]).await;
    let xml: String =
        on.call("org.freedesktop.DBus.Introspectable", "Introspect", &()).await.expect("introspected");
    for (interface, methods, signals) in CONTRACT {
        let begin = xml.find(&format!("<interface name=\"{interface}\"")).expect(interface);
        let part = &xml[begin..];
        let part = &part[..part.find("</interface>").expect("its end")];
        for (kind, wanted) in [("method", methods), ("signal", signals)] {
            let tag = format!("<{kind} name=\"");
            let names = part.match_indices(&tag).map(|(at, _)| {
                let name = part[at + tag.len()..].split('"').next().expect("a name");
                let before = part[..at].trim_end();
                assert!(before.ends_with("-->"), "{interface}.{name} is not explained");
                name
            });
            let wanted: BTreeSet<&str> = wanted.iter().copied().collect();
            assert_eq!(names.collect::<BTreeSet<_>>(), wanted, "{interface}");
        }
    }
}

/// Requirement: contrib/dbus/org.readmit.Recovery1.xml, which clients are made from, is what the daemon has; a change of
/// it is seen. `READMIT_TEST_ACCEPT=1` accepts what there is now.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_introspection_is_the_one_on_file() {
    let on = OnBus::with_admins(vec![own_uid()]).await;
    let xml: String =
        on.call("org.freedesktop.DBus.Introspectable", "Introspect", &()).await.expect("introspected");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contrib/dbus/org.readmit.Recovery1.xml");
    let now = in_order(&xml);
    if std::env::var_os("READMIT_TEST_ACCEPT").is_some() {
        std::fs::write(&path, &now).expect("written");
    }
    let on_file = std::fs::read_to_string(&path).expect("a snapshot");
    let change = on_file.lines().zip(now.lines()).find(|(before, now)| before != now);
    assert!(
        on_file == now,
        "the interfaces have changed, first where {change:?}: see that clients of today go on working, then run \
         READMIT_TEST_ACCEPT=1 cargo test -p readmitd --test service the_introspection"
    );
}

/// The interfaces by name, since the daemon has them in any order.
fn in_order(xml: &str) -> String {
    let begin = xml.find("<interface ").expect("an interface");
    let end = xml.rfind("</interface>").expect("its end") + "</interface>".len();
    let head = xml[..begin].trim();
    let mut interfaces: Vec<&str> =
        xml[begin..end].split("</interface>").map(str::trim).filter(|part| !part.is_empty()).collect();
    interfaces.sort_unstable();
    let mut ordered = format!("{head}\n");
    for interface in interfaces {
        ordered += &format!("  {interface}\n  </interface>\n");
    }
    ordered + xml[end..].trim() + "\n"
}

type Dict = HashMap<String, OwnedVariant>;

/// The same keys, and the same type under each, down to the steps.
fn keys(dict: &Dict) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for (key, value) in dict {
        keys.insert(format!("{key}: {}", value.value_signature()));
        if let Ok(steps) = Vec::<Dict>::try_from(value.try_clone().expect("no file")) {
            for (number, step) in steps.iter().enumerate() {
                keys.extend(
                    step.iter().map(|(key, value)| format!("{number}.{key}: {}", value.value_signature())),
                );
            }
        }
    }
    keys
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unknown_account_has_the_same_keys() {
    let on = OnBus::with_admins(Vec::new()).await;
    on.house.add_alice().await;
    let none = HashMap::<String, Variant<'_>>::new;
    let recovery = "org.readmit.Recovery1";
    let mut seen: Vec<Vec<BTreeSet<String>>> = Vec::new();
    for account in [ALICE, NOBODY] {
        let mut keys_of = Vec::new();
        let case: String = on.call(recovery, "Open", &(account, "lost", none())).await.expect("opened");
        keys_of.push(keys(&on.call::<_, Dict>(recovery, "Show", &case).await.expect("shown")));
        let wrong = (&case, "password", vec!["wrong"]);
        keys_of.push(keys(&on.call::<_, Dict>(recovery, "Submit", &wrong).await.expect("taken")));
        keys_of.push(keys(&on.call::<_, Dict>(recovery, "Show", &case).await.expect("shown")));
        let early: Result<Dict, _> = on.call(recovery, "Start", &(&case, "email")).await;
        assert_eq!(early, Err("org.readmit.Error.WrongState".to_owned()));
        seen.push(keys_of);
    }
    assert_eq!(seen[0], seen[1]);
    assert!(seen[0][0].contains("steps: aa{sv}") && seen[0][0].contains("0.message: s"), "{:?}", seen[0][0]);
}

/// Whoever is no administrator may call nothing of theirs, and everything of the front ends'.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_administrators_administer() {
    let on = OnBus::with_admins(vec![own_uid() + 1]).await;
    let none = HashMap::<String, Variant<'_>>::new;
    let refused: [Result<(), String>; 4] = [
        on.call("org.readmit.Accounts1", "Add", &("bob", none())).await,
        on.call("org.readmit.Devices1", "Delete", &"x").await,
        on.call("org.readmit.Cases1", "Deny", &("x", "y")).await,
        on.call("org.readmit.Plugins1", "Restart", &"x").await,
    ];
    assert!(refused.iter().all(|it| *it == Err("org.readmit.Error.NotAuthorized".to_owned())), "{refused:?}");
    for method in ["Activate", "Rollback"] {
        let refused: Result<String, _> = on.call("org.readmit.Policies1", method, &"0a1b2c").await;
        assert_eq!(refused, Err("org.readmit.Error.NotAuthorized".to_owned()), "{method}");
    }
    let read: Result<Vec<Dict>, _> = on.call("org.readmit.Audit1", "Read", &(0_u64, 1_u32)).await;
    assert_eq!(read, Err("org.readmit.Error.NotAuthorized".to_owned()));
    let verified: String =
        on.call("org.readmit.Authentication1", "Verify", &("bob", "123456")).await.expect("read");
    assert_eq!(verified, "rejected");
}

/// An unknown key or a value of another type is named.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dictionaries_are_strictly_read() {
    let on = OnBus::with_admins(vec![own_uid()]).await;
    let invalid = Err("org.readmit.Error.InvalidArgument".to_owned());
    let context = |key: &str, value: Variant<'static>| HashMap::from([(key.to_owned(), value)]);
    for bad in
        [context("colour", "red".into()), context("address", 7_u32.into()), context("known", "yes".into())]
    {
        let opened: Result<String, _> = on.call("org.readmit.Recovery1", "Open", &(ALICE, "lost", bad)).await;
        assert_eq!(opened, invalid);
    }
    for bad in
        [context("colour", "red".into()), context("emails", "one".into()), context("email", "none".into())]
    {
        let added: Result<(), _> = on.call("org.readmit.Accounts1", "Add", &(ALICE, bad)).await;
        assert_eq!(added.map(|()| String::new()), invalid);
    }
    let mail = context("email", "alice@example.org".into());
    on.call::<_, ()>("org.readmit.Accounts1", "Add", &(ALICE, mail)).await.expect("added");
    on.call::<_, ()>("org.readmit.Accounts1", "SetPassword", &(ALICE, PASSWORD)).await.expect("set");
    let shown: Dict = on.call("org.readmit.Accounts1", "Show", &ALICE).await.expect("shown");
    assert_eq!(*shown["has_password"], Variant::from(true));
}

/// The questions about policies, with the keys and types that the interface states.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_policies_answer_as_the_interface_states() {
    let on = OnBus::with_admins(vec![own_uid()]).await;
    on.house.add_alice().await;
    on.house.open(ALICE, "lost").await;
    let policies = "org.readmit.Policies1";
    let none = HashMap::<String, Variant<'_>>::new;
    let signed = |dict: &Dict| -> BTreeSet<String> {
        dict.iter().map(|(key, value)| format!("{key} {}", value.value_signature())).collect()
    };
    let has = |dict: &Dict, wanted: &[&str]| {
        let found = signed(dict);
        for one in wanted {
            assert!(found.contains(*one), "{one} in {found:?}");
        }
    };
    let plain: Dict = on.call(policies, "Explain", &(ALICE, "lost", none())).await.expect("explained");
    has(&plain, &["verdict s", "plan s", "minimal_sets as", "version s", "micros t"]);
    assert!(!plain.contains_key("lines"));
    let context = HashMap::from([("detail", Variant::from(true)), ("known", Variant::from(true))]);
    let detail: Dict = on.call(policies, "Explain", &(ALICE, "lost", context)).await.expect("explained");
    has(
        &detail,
        &["lines as", "decided_at as", "facts aa{sv}", "factors aa{sv}", "source aa{sv}", "outcome a{sv}"],
    );
    let wrong = HashMap::from([("detail", Variant::from("yes"))]);
    let refused: Result<Dict, _> = on.call(policies, "Explain", &(ALICE, "lost", wrong)).await;
    assert_eq!(refused.map(|_| ()), Err("org.readmit.Error.InvalidArgument".to_owned()));
    let rows: Vec<Dict> = on.call(policies, "Readiness", &(none(), "", 9_u32)).await.expect("looked");
    has(
        &rows[0],
        &["account s", "realm s", "kind s", "ready b", "ways a{ss}", "by_rule b", "missing as", "because as"],
    );
    let wrong = HashMap::from([("colour", Variant::from("red"))]);
    let refused: Result<Vec<Dict>, _> = on.call(policies, "Readiness", &(wrong, "", 9_u32)).await;
    assert_eq!(refused.map(|_| ()), Err("org.readmit.Error.InvalidArgument".to_owned()));
    let rows: Vec<Dict> = on.call(policies, "Decisions", &(0_u64, 0_u64, 9_u32)).await.expect("read");
    has(&rows[0], &["id t", "at t", "case s", "version s", "hook s", "input s", "verdict s", "micros t"]);

    let candidate = HashMap::from([("default.lua", "return { open = function() return deny 'x' end }")]);
    let version: String = on.call(policies, "Shadow", &candidate).await.expect("started");
    on.house.open(ALICE, "lost").await;
    on.house.service.settle_shadow().await;
    let rows: Vec<Dict> = on.call(policies, "Differences", &(0_u64, 0_u64, 9_u32)).await.expect("read");
    has(
        &rows[0],
        &[
            "id t",
            "at t",
            "case s",
            "version s",
            "hook s",
            "change s",
            "words s",
            "input s",
            "verdict s",
            "shadow s",
        ],
    );
    assert_eq!(*rows[0]["change"], Variant::from("stronger"));
    on.call::<_, ()>(policies, "StopShadow", &()).await.expect("stopped");
    let listed: Vec<Dict> = on.call(policies, "List", &()).await.expect("listed");
    let shadow = listed.iter().find(|row| row.contains_key("shadow")).expect("the candidate");
    assert_eq!(*shadow["version"], Variant::from(version));
    has(
        shadow,
        &[
            "shadow b",
            "stopped_at t",
            "asked t",
            "same t",
            "weaker t",
            "failing t",
            "stronger t",
            "other t",
            "dropped t",
        ],
    );
}

/// A version is listed with everything that is promised, and named by its first digits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_of_the_policies_are_listed_and_brought_back() {
    let on = OnBus::with_admins(vec![own_uid()]).await;
    let policies = "org.readmit.Policies1";
    let first = on.house.service.policies().in_force().version.to_string();
    write_policy(on.house.directory.path(), &format!("-- Changed.\n{POLICY}"));
    let second: String = on.call(policies, "Reload", &()).await.expect("loaded");
    let listed: Vec<Dict> = on.call(policies, "List", &()).await.expect("listed");
    let told = [
        "version: s",
        "state: s",
        "current: b",
        "loaded_at: t",
        "actor: s",
        "tests: u",
        "approved_by: as",
        "on_disk: b",
        "files: as",
    ];
    assert_eq!(keys(&listed[0]), told.map(str::to_owned).into());
    assert_eq!(keys(&listed[1]), told[..8].iter().map(|&key| key.to_owned()).collect());
    assert_eq!((&*listed[0]["version"], &*listed[0]["state"]), (&second.as_str().into(), &"in_force".into()));
    assert_eq!((&*listed[1]["version"], &*listed[1]["state"]), (&first.as_str().into(), &"earlier".into()));
    let error = |name: &str| Err(format!("org.readmit.Error.{name}"));
    for (digits, wanted) in
        [(&first[..5], "InvalidArgument"), ("000000000000", "NotFound"), (&*second, "WrongState")]
    {
        assert_eq!(on.call::<_, String>(policies, "Rollback", &digits).await, error(wanted), "{digits}");
    }
    assert_eq!(on.call::<_, String>(policies, "Activate", &first).await, error("WrongState"));
    assert_eq!(on.call(policies, "Rollback", &&first[..6]).await, Ok(first.clone()));
    assert_eq!(on.house.entries("policies_rolled_back").await[0].0, format!("uid:{}", own_uid()));
}
