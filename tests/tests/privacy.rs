//! What is secret is in no log, in no environment, on no command line, and not in the clear on the disk.

#![cfg(test)]

use std::path::{Path, PathBuf};

use readmit_tests::{PASSWORD, World, code_at};
use serde_json::{Value, json};

const NEW_PASSWORD: &str = "another horse, another staple";

/// Where `secret` stands in `bytes` as a word of its own: six digits within a longer number are no code.
fn stands_in(bytes: &[u8], secret: &str) -> bool {
    let secret = secret.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'.');
    bytes.windows(secret.len()).enumerate().any(|(at, window)| {
        let before = at.checked_sub(1).and_then(|before| bytes.get(before));
        window == secret && edge(before) && edge(bytes.get(at + secret.len()))
    })
}

fn text(value: &Value) -> String {
    value.as_str().map(str::to_owned).unwrap_or_default()
}

/// Every file of the store: the database, its log, the keyring.
fn store_files(world: &World) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(world.directory().join("state")).unwrap();
    entries.flatten().map(|entry| entry.path()).filter(|path| path.is_file()).collect()
}

/// The daemon and the plugins that it has started.
fn processes(world: &World) -> Vec<PathBuf> {
    let daemon = world.daemon_id();
    let threads = std::fs::read_dir(format!("/proc/{daemon}/task")).unwrap();
    let children = |thread: std::fs::DirEntry| {
        std::fs::read_to_string(thread.path().join("children")).unwrap_or_default()
    };
    let children: String = threads.flatten().map(children).collect();
    let ids = children.split_whitespace().map(str::to_owned).chain([daemon.to_string()]);
    ids.map(|id| Path::new("/proc").join(id)).collect()
}

/// A whole recovery with everything that is secret in it: password, codes, links, digits, a new device, a new
/// password, a pass, a ticket. Everything is logged that can be.
#[tokio::test]
async fn no_secret_is_written_down() {
    let mut world = World::builder().phone("silent").log("trace").start().await;
    let alice = world.person("alice").await;
    let codes = world.desk.recovery_codes("alice").await;
    let pass = world.desk.pass("alice", 600).await;
    let signed_in = alice.code(world.now(), 0);
    world.desk.verify("alice", &signed_in).await;

    let case = world.desk.open("alice", "lost").await;
    case.submit("password", &["a wrong horse, a wrong staple"]).await.unwrap();
    case.prove_password().await;
    case.start("email").await.unwrap();
    let mail = world.mailbox.mail(&alice.email, "is it you").await;
    world.desk.open_link(&mail.token("link"), "another browser").await.unwrap();
    case.prove("email", &[&mail.code()]).await;
    let digits = text(&case.start("voice").await.unwrap()["code"]);
    world.phone().talk().await;
    world.phone().press(&digits).await;
    case.until_state("recovered").await;
    world.phone().wait_for("ended").await;
    let notice = world.mailbox.mail(&alice.email, "was recovered").await;
    case.claim().await.unwrap();
    let secret = text(&case.begin_enrollment("new phone").await.unwrap()["secret"]);
    let now = world.now();
    let (first, second) = (code_at(&secret, now, 0), code_at(&secret, now, 1));
    case.confirm_enrollment(&first, &second).await.unwrap();
    case.change_password(NEW_PASSWORD).await.unwrap();

    let other = world.desk.open("alice", "lost").await;
    let form = json!({ "problem": "other", "email": "alice@new.example", "phone": "+14155550188", "name": "Alice Example" });
    other.escalate(form).await.unwrap();
    world.mailbox.mail("support@example.org", "Alice Example").await;
    world.desk.resolve(&other, "pass", "called back").await.unwrap();
    let issued = world.mailbox.mail(&alice.email, "access pass").await.pass();
    other.prove("pass", &[&issued]).await;

    let everywhere = [
        ("the password", PASSWORD.to_owned()),
        ("a wrong password", "a wrong horse, a wrong staple".to_owned()),
        ("the new password", NEW_PASSWORD.to_owned()),
        ("the device's secret", alice.secret.clone()),
        ("the new device's secret", secret),
        ("a recovery code", codes[0].clone()),
        ("a pass", pass),
        ("the pass of support", issued),
        ("the code of the mail", mail.code()),
        ("the digits of the call", digits),
        ("a one-time password", signed_in),
        ("a one-time password", first),
        ("a one-time password", second),
        ("the token of the link", mail.token("link")),
        ("the token to stop", mail.token("veto")),
        ("the token to stop", notice.token("veto")),
        ("the address", alice.email.clone()),
        ("the number", alice.phone.clone()),
        ("the number without its sign", alice.phone.trim_start_matches('+').to_owned()),
        ("an address in the form", "alice@new.example".to_owned()),
        ("a number in the form", "+14155550188".to_owned()),
        ("a name in the form", "Alice Example".to_owned()),
        ("the browser's secret", "another browser".to_owned()),
    ];
    let log = world.log();
    assert!(
        log.contains("readmitd::run") && log.contains("readmit_email") && log.contains("readmit_voice"),
        "{log}"
    );
    for (what, secret) in &everywhere {
        if stands_in(log.as_bytes(), secret) {
            let line = log.lines().find(|line| line.contains(secret.as_str())).unwrap_or_default();
            panic!("{what} is in the log: {line}");
        }
        for file in store_files(&world) {
            let bytes = std::fs::read(&file).unwrap();
            assert!(!stands_in(&bytes, secret), "{what} is in the clear in {}", file.display());
        }
        for process in processes(&world) {
            for part in ["cmdline", "environ"] {
                let bytes = std::fs::read(process.join(part)).unwrap_or_default();
                assert!(!stands_in(&bytes, secret), "{what} is in {}/{part}", process.display());
            }
        }
    }
    assert_eq!(processes(&world).len(), 3, "the daemon and two plugins were looked at");
}

/// The search itself can find something.
#[test]
fn a_secret_that_stands_somewhere_is_found() {
    assert!(stands_in(b"code=123456;", "123456") && stands_in(b"123456", "123456"));
    assert!(!stands_in(b"1234567", "123456") && !stands_in(b"0.123456Z", "123456"));
}

/// The store and its key are for nobody else.
#[tokio::test]
async fn the_store_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::builder().start().await;
    world.person("alice").await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o077;
    assert_eq!(mode(&world.directory().join("state")), 0);
    let files = store_files(&world);
    assert!(files.iter().any(|file| file.ends_with("store.key")), "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0, "{}", file.display());
    }
}
