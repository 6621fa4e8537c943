//! What is malformed, misplaced or too late changes nothing and says what to do instead.

#![cfg(test)]

use readmit_tests::{BusError, World, run};
use serde_json::{Value, json};

/// What a request should have been refused with.
fn refused(what: &str, result: Result<Value, BusError>, name: &str, phrase: &str) {
    match result {
        Ok(answer) => panic!("{what} was taken: {answer}"),
        Err(error) => {
            assert!(
                error.name == name && error.text.contains(phrase),
                "{what}: {error:?}, not {name} {phrase:?}"
            );
        }
    }
}

#[tokio::test]
async fn the_bus_refuses_what_makes_no_sense_and_nothing_changes() {
    let world = World::builder().start().await;
    let desk = &world.desk;
    let alice = world.person("alice").await;
    let case = desk.open("alice", "lost").await;
    let unknown_case = "0".repeat(case.id.len());
    let long = "x".repeat(2000);
    let before = desk.journal().await;
    let invalid = "InvalidArgument";

    refused("an unknown account", desk.texts("Accounts1", "Show", &["nobody"]).await, "NotFound", "account");
    refused("an account twice", desk.add_account("alice", json!({})).await, "WrongState", "already");
    refused("an empty id", desk.add_account("", json!({})).await, invalid, "is empty");
    refused("a long id", desk.add_account(&long, json!({})).await, invalid, "longer than");
    refused("a line break in an id", desk.add_account("a\nb", json!({})).await, invalid, "control character");
    for (properties, phrase) in [
        (json!({ "phone": "555" }), "phone"),
        (json!({ "phone": "+1415555O123" }), "phone"),
        (json!({ "email": "not an address" }), "mail"),
        (json!({ "colour": "red" }), "unknown key `colour`"),
        (json!({ "kind": true }), "`kind` must be a string"),
        (json!({ "groups": "staff" }), "`groups` must be a list"),
    ] {
        refused(
            &properties.to_string(),
            desk.add_account("carol", properties.clone()).await,
            invalid,
            phrase,
        );
        refused(
            &properties.to_string(),
            desk.set_account("alice", properties.clone()).await,
            invalid,
            phrase,
        );
    }
    refused(
        "a short password",
        desk.texts("Accounts1", "SetPassword", &["alice", "short"]).await,
        invalid,
        "15",
    );
    refused("a secret", desk.enroll("alice", json!({ "secret": "not base32!" })).await, invalid, "base32");
    refused("a form", desk.enroll("alice", json!({ "form": "paper" })).await, invalid, "");
    refused(
        "a device",
        desk.texts("Devices1", "Deactivate", &[&unknown_case, "x"]).await,
        "NotFound",
        "device",
    );
    refused("no reason", desk.texts("Devices1", "Deactivate", &[&alice.device, ""]).await, invalid, "reason");

    let open = async |reason: &str, context: Value| {
        desk.try_open("alice", reason, context).await.map(|_| Value::Null)
    };
    refused("a reason", open("bored", json!({})).await, invalid, "reason");
    refused("a context", open("lost", json!({ "colour": "red" })).await, invalid, "unknown key `colour`");
    refused("a flag", open("lost", json!({ "known": "yes" })).await, invalid, "`known` must be a boolean");
    refused(
        "a long browser",
        open("lost", json!({ "browser": long })).await,
        invalid,
        "longer than 1024 bytes",
    );

    refused("no case", desk.texts("Recovery1", "Show", &[&unknown_case]).await, "NotFound", "start over");
    refused("no case's id", desk.texts("Recovery1", "Show", &["' or 1=1"]).await, "NotFound", "start over");
    refused("nothing to send", case.start("password").await, invalid, "needs no message");
    refused("a factor not asked for", case.start("contact").await, invalid, "does not ask for contact");
    refused("no factor", case.start("Tele pathy").await, invalid, "factor");
    refused(
        "a step too early",
        case.submit("email", &["123456"]).await,
        "WrongState",
        "finish the step before it",
    );
    refused(
        "a call's digits",
        case.submit("voice", &["123456"]).await,
        "WrongState",
        "finish the step before it",
    );
    refused("no proof", case.submit("password", &[]).await, invalid, "one proof");
    refused("two proofs", case.submit("password", &["a", "b"]).await, invalid, "one proof");
    refused("a long proof", case.submit("password", &[&long]).await, invalid, "1,024 bytes");
    refused("a link", desk.open_link("garbage", "browser").await, "WrongState", "ask for a new one");
    refused("a veto", desk.texts("Recovery1", "Veto", &["garbage"]).await, "NotFound", "not valid");
    refused("a sign-in", case.claim().await, "WrongState", "proving");
    refused("a password", case.change_password("a long enough password").await, "WrongState", "proving");
    refused("a device", case.begin_enrollment("x").await, "WrongState", "proving");
    let form = async |form: Value| case.escalate(form).await.map(Value::from);
    refused("a problem", form(json!({ "problem": "bored" })).await, invalid, "choose a problem");
    refused(
        "a field",
        form(json!({ "problem": "other", "colour": "red" })).await,
        invalid,
        "unknown field `colour`",
    );
    refused(
        "an answer",
        form(json!({ "problem": "other", "name": long })).await,
        invalid,
        "`name` is too long",
    );

    refused("an action", desk.resolve(&case, "forgive", "x").await, invalid, "use pass, reset or deny");
    refused("a resolution", desk.resolve(&case, "reset", "x").await, "WrongState", "proving");
    refused(
        "an approval",
        desk.texts("Cases1", "Approve", &[&case.id, "x"]).await,
        invalid,
        "does not ask for",
    );
    refused("a denial", desk.texts("Cases1", "Deny", &[&case.id, " "]).await, invalid, "give a reason");
    refused("a plugin", desk.texts("Plugins1", "Restart", &["fax"]).await, "NotFound", "readmit plugin list");
    let pass = desk.ask("Accounts1", "IssuePass", &("alice", u32::MAX)).await;
    refused("a long pass", pass, invalid, "");

    assert_eq!(desk.journal().await, before, "nothing was written");
    assert_eq!(case.state().await, "proving");
    case.prove_password().await;
}

#[tokio::test]
async fn the_command_line_fails_with_a_code_and_a_hint() {
    let world = World::builder().start().await;
    world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    let before = world.desk.journal().await;
    for (arguments, code, hint) in [
        (&["account", "show", "nobody"][..], 3, "readmit account list"),
        (&["account", "add", "alice"], 6, "readmit"),
        (&["account", "add", "carol", "--phone", "555"], 2, "readmit"),
        (&["account", "add", "carol", "--email", "nobody at home"], 2, "readmit"),
        (&["case", "show", "0123"], 3, "readmit case list"),
        (&["case", "resolve", &case.id, "--action", "reset", "--because", "x"], 6, "readmit"),
        (&["case", "deny", &case.id, "--because", " "], 2, "readmit"),
        (&["device", "deactivate", "none", "--because", "x"], 3, "readmit device list"),
        (&["plugin", "restart", "fax"], 3, "readmit plugin list"),
        (&["codes", "issue", "nobody"], 3, "readmit account list"),
    ] {
        let ended = world.cli(arguments, "");
        assert_eq!(ended.code, code, "{arguments:?}: {ended:?}");
        assert!(ended.output.is_empty() && ended.error.starts_with("error: "), "{arguments:?}: {ended:?}");
        assert!(ended.hint().contains(hint), "{arguments:?}: {ended:?}");
    }
    assert_eq!(world.desk.journal().await, before, "nothing was written");
    let ended = run("readmit", &["--bus", "unix:path=/nowhere/bus", "status"], "");
    assert_eq!(ended.code, 7);
    assert!(ended.hint().contains("systemctl start readmitd"), "{ended:?}");
}

/// A proof belongs to one case and one step.
#[tokio::test]
async fn a_proof_for_another_case_or_step_does_not_count() {
    let mut world = World::builder().start().await;
    let alice = world.person("alice").await;
    let (one, other) = (world.desk.open("alice", "lost").await, world.desk.open("alice", "lost").await);
    one.prove_password().await;
    assert_eq!(other.step("password").await["state"], "open", "a password proves in its own case alone");
    other.prove_password().await;
    one.start("email").await.unwrap();
    let first = world.mailbox.mail(&alice.email, "is it you").await;
    other.start("email").await.unwrap();
    let second = world.mailbox.mail(&alice.email, "is it you").await;
    if first.code() != second.code() {
        let crossed = one.submit("email", &[&second.code()]).await.unwrap();
        assert_eq!((&crossed["accepted"], &crossed["tries_left"]), (&json!(false), &json!(4)));
    }
    let linked = world.desk.open_link(&second.token("link"), "browser").await.unwrap();
    assert_eq!(linked["case"], other.id);
    assert_eq!(one.step("email").await["state"], "sent", "the other case's link proves nothing here");
    let as_veto = world.desk.texts("Recovery1", "Veto", &[&first.token("link")]).await.unwrap_err();
    assert_eq!(as_veto.name, "NotFound", "a link to prove is none to stop");
    let as_link = world.desk.open_link(&first.token("veto"), "browser").await.unwrap_err();
    assert_eq!(as_link.name, "WrongState", "a link to stop is none to prove");
    one.prove("email", &[&first.code()]).await;
}

#[tokio::test]
async fn links_and_codes_expire() {
    let mut world = World::builder().clock().start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.prove_password().await;
    case.start("email").await.unwrap();
    let mail = world.mailbox.mail(&alice.email, "is it you").await;
    assert!(mail.text.contains("15 minutes"), "{}", mail.text);
    case.until_disposition("email", "sent").await;
    world.clock.advance(15 * 60 + 1);
    let link = world.desk.open_link(&mail.token("link"), "browser").await.unwrap_err();
    assert_eq!(link.name, "WrongState");
    let code = case.submit("email", &[&mail.code()]).await.unwrap_err();
    assert!(code.name == "WrongState" && code.text.contains("ask for a new one"), "{code:?}");
    let step = case.step("email").await;
    assert_eq!(step["disposition"], "expired");
    case.prove_email(&mut world.mailbox, &alice.email).await;
    world.clock.advance(24 * 3600);
    case.until_state("expired").await;
    assert_eq!(case.start("voice").await.unwrap_err().name, "WrongState");
}

/// Five wrong tries end a challenge: the right code comes too late, and only after a wait is there a new one.
#[tokio::test]
async fn a_code_ends_after_its_failures() {
    let mut world = World::builder().clock().start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.prove_password().await;
    case.start("email").await.unwrap();
    let mail = world.mailbox.mail(&alice.email, "is it you").await;
    let wrong = if mail.code() == "000000" { "111111" } else { "000000" };
    for left in (0..5).rev() {
        let answer = case.submit("email", &[wrong]).await.unwrap();
        assert_eq!((&answer["accepted"], &answer["tries_left"]), (&json!(false), &json!(left)));
    }
    let late = case.submit("email", &[&mail.code()]).await.unwrap_err();
    assert!(late.text.contains("ask for a new one"), "{late:?}");
    assert_eq!(world.desk.open_link(&mail.token("link"), "browser").await.unwrap_err().name, "WrongState");
    assert_eq!(case.step("email").await["disposition"], "wrong_code");
    assert_eq!(case.start("email").await.unwrap_err().name, "RateLimited");
    world.clock.advance(61);
    case.prove_email(&mut world.mailbox, &alice.email).await;
}

/// An unknown account gets a case like any other, in which nothing is ever right.
#[tokio::test]
async fn an_unknown_account_gets_a_case_like_a_real_one() {
    let world = World::builder().start().await;
    let case = world.desk.open("nobody", "lost").await;
    let shown = case.show().await;
    assert_eq!((&shown["state"], &shown["steps"][0]["factor"]), (&json!("proving"), &json!("password")));
    let answer = case.submit("password", &["correct horse battery staple"]).await.unwrap();
    assert_eq!((&answer["accepted"], &answer["tries_left"]), (&json!(false), &json!(4)));
    assert_eq!(world.desk.verify("nobody", "123456").await, "rejected");
    case.escalate(json!({ "problem": "lost_device" })).await.unwrap();
    let reset = world.desk.resolve(&case, "reset", "seemed nice").await.unwrap_err();
    assert!(reset.name == "Refused" && reset.text.contains("deny the case"), "{reset:?}");
}

#[tokio::test]
async fn a_broken_configuration_is_refused_with_its_line() {
    let world = World::builder().start().await;
    let file = world.directory().join("broken.toml");
    let path = file.display().to_string();
    std::fs::write(&file, "[bus]\naddress = \"unix:path=/x\"\n\n[case]\nopen_hour = 3\n").unwrap();
    let ended = run("readmitd", &["--config", &path], "");
    assert_eq!(ended.code, 1);
    assert!(ended.error.contains(&format!("{path}:5")), "{ended:?}");
    assert!(ended.error.contains("did you mean `open_hours`?"), "{ended:?}");
    let ended = run("readmitd", &["--config", &path, "--check-config"], "");
    assert_eq!(ended.code, 1);
    assert!(ended.output.contains(&format!("{path}:5")), "{ended:?}");
    let config = world.config().display().to_string();
    assert_eq!(run("readmitd", &["--config", &config, "--check-config"], "").code, 0);
}

#[tokio::test]
async fn a_broken_policy_is_refused_and_the_old_one_stays() {
    let mut world = World::builder().start().await;
    world.person("alice").await;
    let versions = world.desk.texts("Policies1", "List", &[]).await.unwrap();
    let mut signals = world.desk.signals("Policies1", "Refused").await;
    world.write_policy(
        "default",
        "local policy = {}\nfunction policy.open(case)\n  return prove {\nend\nreturn policy\n",
    );
    let why = signals.next().await.remove(0);
    assert!(
        why.as_str().is_some_and(|why| why.contains("default.lua:")),
        "it is read as soon as it is saved: {why}"
    );
    let reload = world.desk.texts("Policies1", "Reload", &[]).await.unwrap_err();
    assert!(reload.name == "Refused" && reload.text.contains("default.lua:"), "{reload:?}");
    let listed = world.desk.texts("Policies1", "List", &[]).await.unwrap();
    assert_eq!(listed[0]["version"], versions[0]["version"], "the old set stays in force");
    assert!(listed[0]["refused"].as_str().is_some_and(|why| why.contains("default.lua:")), "{listed}");
    assert_eq!(world.desk.open("alice", "lost").await.step("password").await["state"], "open");

    world.kill().await;
    let place = world.directory().display().to_string();
    let text = std::fs::read_to_string(world.config()).unwrap();
    let fresh = world.directory().join("fresh.toml");
    std::fs::write(&fresh, text.replace(&format!("{place}/state"), &format!("{place}/fresh"))).unwrap();
    let ended = run("readmitd", &["--config", &fresh.display().to_string()], "");
    assert_eq!(ended.code, 1, "with no earlier set on file there is nothing to go on with");
    assert!(ended.error.contains("default.lua:"), "{ended:?}");
    world.start().await;
    assert_eq!(world.desk.open("alice", "lost").await.state().await, "proving", "an earlier set is on file");
}

/// A policy that is saved holds for the next case; one that is open stays with the policy that opened it.
#[tokio::test]
async fn a_saved_policy_holds_for_the_next_case() {
    let world = World::builder().start().await;
    world.person("alice").await;
    let open = world.desk.open("alice", "lost").await;
    let mut signals = world.desk.signals("Policies1", "Loaded").await;
    world.write_policy("default", "return { open = function() return deny { because = \"closed\" } end }\n");
    let version = signals.next().await.remove(0);
    let listed = world.desk.texts("Policies1", "List", &[]).await.unwrap();
    assert_eq!(listed[0]["version"], version);
    assert_eq!(world.desk.open("alice", "lost").await.state().await, "denied");
    open.prove_password().await;
    assert_eq!(open.step("email").await["state"], "open", "an open case keeps its policy");
}

/// Who is no administrator may recover, and administer nothing.
#[tokio::test]
async fn who_is_no_administrator_is_not_let_through() {
    let world = World::builder().config("[bus]\nadmins = [\"65533\"]").start().await;
    let desk = &world.desk;
    let name = "NotAuthorized";
    refused("an account", desk.add_account("mallory", json!({})).await, name, "only administrators");
    refused("an account", desk.texts("Accounts1", "Show", &["alice"]).await, name, "only administrators");
    refused(
        "codes",
        desk.texts("Accounts1", "IssueRecoveryCodes", &["alice"]).await,
        name,
        "only administrators",
    );
    refused("devices", desk.texts("Devices1", "List", &["alice"]).await, name, "only administrators");
    refused("a denial", desk.texts("Cases1", "Deny", &["0", "x"]).await, name, "only administrators");
    refused("policies", desk.texts("Policies1", "Reload", &[]).await, name, "only administrators");
    refused("plugins", desk.texts("Plugins1", "List", &[]).await, name, "only administrators");
    refused("the journal", desk.ask("Audit1", "Read", &(0_u64, 10_u32)).await, name, "only administrators");
    let ended = world.cli(&["account", "list"], "");
    assert!(ended.code == 4 && ended.hint().contains("sudo readmit"), "{ended:?}");
    assert_eq!(desk.open("alice", "lost").await.state().await, "proving", "recovering is for everyone");
}

#[tokio::test]
async fn a_second_daemon_leaves_the_first_alone() {
    let (world, other) = (World::builder().start().await, World::builder().start().await);
    let text = std::fs::read_to_string(world.config()).unwrap();
    let place = world.directory().display().to_string();
    let second = |name: &str, text: String| {
        let file = world.directory().join(name);
        std::fs::write(&file, text).unwrap();
        run("readmitd", &["--config", &file.display().to_string()], "")
    };
    let same_store = second("same-store.toml", text.replace(world.address(), other.address()));
    assert_eq!(same_store.code, 1);
    assert!(same_store.error.contains("in use by another process"), "{same_store:?}");
    let same_name =
        second("same-name.toml", text.replace(&format!("{place}/state"), &format!("{place}/own")));
    assert_eq!(same_name.code, 1);
    assert!(same_name.error.contains("is taken on the bus"), "{same_name:?}");
    let alice = world.person("alice").await;
    assert_eq!(
        world.desk.verify("alice", &alice.code(world.now(), 0)).await,
        "accepted",
        "the first still serves"
    );
}
