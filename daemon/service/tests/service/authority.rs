//! Requirement: what polkit, the bus and people are told about the interfaces is what the daemon asks for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use readmitd::bus::Action;
use roxmltree::{Document, Node, ParsingOptions};

const FRONT_ENDS: [&str; 2] = ["org.readmit.Recovery1", "org.readmit.Authentication1"];

fn contrib(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../contrib").join(file)
}

fn text(file: &str) -> String {
    std::fs::read_to_string(contrib(file)).expect(file)
}

fn parsed(text: &str) -> Document<'_> {
    let options = ParsingOptions { allow_dtd: true, ..ParsingOptions::default() };
    Document::parse_with_options(text, options).expect("XML")
}

fn elements<'a>(node: Node<'a, 'a>, name: &'static str) -> impl Iterator<Item = Node<'a, 'a>> {
    node.descendants().filter(move |node| node.has_tag_name(name))
}

fn ids() -> BTreeSet<String> {
    Action::ALL.iter().map(|action| action.id().to_owned()).collect()
}

/// Interfaces for administrators, each with its methods, as the snapshot of the introspection has them.
fn methods() -> Vec<(String, String)> {
    let xml = text("dbus/org.readmit.Recovery1.xml");
    let document = parsed(&xml);
    let interfaces = elements(document.root(), "interface");
    let ours = interfaces.filter(|interface| {
        let name = interface.attribute("name").expect("a name");
        name.starts_with("org.readmit.") && !FRONT_ENDS.contains(&name)
    });
    ours.flat_map(|interface| {
        let name = interface.attribute("name").expect("a name").to_owned();
        let methods = elements(interface, "method").map(|method| method.attribute("name").expect("a name"));
        methods.map(|method| (name.clone(), method.to_owned())).collect::<Vec<_>>()
    })
    .collect()
}

#[test]
fn every_method_for_administrators_has_an_action_and_every_action_a_method() {
    let mut unused: BTreeSet<&str> = Action::ALL.iter().map(|action| action.id()).collect();
    for (interface, method) in methods() {
        let action =
            Action::of(&interface, &method).unwrap_or_else(|| panic!("{interface}.{method} has no action"));
        assert!(unused.remove(action.id()), "{} stands for two methods", action.id());
    }
    assert_eq!(unused.into_iter().collect::<Vec<_>>(), [Action::AccountsShowAddresses.id()]);
}

#[test]
fn every_action_is_described_for_people_and_is_the_daemons_to_ask_about() {
    let policy = text("polkit/org.readmit.policy");
    let document = parsed(&policy);
    let mut described = BTreeSet::new();
    for action in elements(document.root(), "action") {
        let id = action.attribute("id").expect("an id");
        let word = |name| elements(action, name).next().and_then(|node| node.text()).unwrap_or_default();
        assert!(
            !word("description").is_empty() && word("message").starts_with("Authentication is required to "),
            "{id}"
        );
        for who in ["allow_any", "allow_inactive", "allow_active"] {
            assert!(["auth_admin", "auth_admin_keep"].contains(&word(who)), "{id} {who}: {}", word(who));
        }
        let owner = elements(action, "annotate")
            .find(|node| node.attribute("key") == Some("org.freedesktop.policykit.owner"));
        assert_eq!(owner.and_then(|node| node.text()), Some("unix-user:readmit"), "{id}");
        assert!(described.insert(id.to_owned()), "{id} is there twice");
    }
    assert_eq!(described, ids());
}

#[test]
fn what_changes_something_or_shows_a_secret_asks_for_the_password_each_time() {
    let policy = text("polkit/org.readmit.policy");
    let document = parsed(&policy);
    let kept = elements(document.root(), "action").filter(|action| {
        elements(*action, "allow_active").next().and_then(|node| node.text()) == Some("auth_admin_keep")
    });
    for action in kept {
        let id = action.attribute("id").expect("an id");
        let verb = id.rsplit('.').next().expect("a verb");
        let looks = ["list", "show", "explain", "readiness", "verify", "status", "watch", "probe"];
        // A list comes and goes in pieces: nobody types their password for each of them.
        let pieces = ["import", "export"];
        assert!(looks.contains(&verb) || pieces.contains(&verb), "{id} is kept");
    }
}

#[test]
fn roles_name_actions_that_there_are() {
    let rules = text("polkit/50-readmit.rules");
    let named: Vec<&str> =
        rules.split('"').filter(|part| part.starts_with("org.readmit.") && *part != "org.readmit.").collect();
    assert!(named.len() > 10, "{named:?}");
    let ids = ids();
    for name in named {
        assert!(ids.contains(name), "{name}");
    }
}

/// Front ends' interfaces are for their group and root; the others for everybody, since polkit decides.
#[test]
fn the_bus_lets_each_through_to_what_is_theirs() {
    let configuration = text("dbus/org.readmit.Recovery1.conf");
    let document = parsed(&configuration);
    let allowed = |policy: Node<'_, '_>| -> BTreeSet<String> {
        let allow = policy.children().filter(|node| node.has_tag_name("allow"));
        let interfaces = allow.filter_map(|node| node.attribute("send_interface").map(str::to_owned));
        interfaces.filter(|name| name.starts_with("org.readmit.")).collect()
    };
    let admin: BTreeSet<String> = methods().into_iter().map(|(interface, _)| interface).collect();
    let front: BTreeSet<String> = FRONT_ENDS.map(str::to_owned).into();
    let mut seen = Vec::new();
    for policy in elements(document.root(), "policy") {
        let who = ["user", "group", "context"].iter().find_map(|key| policy.attribute(*key)).expect("whose");
        let wanted = match who {
            "default" => &admin,
            "root" | "readmit-frontend" => &front,
            "readmit" => &BTreeSet::new(),
            other => panic!("{other} has a policy"),
        };
        assert_eq!(allowed(policy), *wanted, "{who}");
        let owns = elements(policy, "allow").any(|node| node.attribute("own").is_some());
        assert_eq!(owns, who == "readmit", "{who}");
        seen.push(who);
    }
    seen.sort_unstable();
    assert_eq!(seen, ["default", "readmit", "readmit-frontend", "root"]);
}
