//! The requirements J1 to J16, each whole and with real parts.

use readmit_tests::{Case, Person, World, code_at};
use serde_json::{Value, json};

/// The factors of a case's steps, in order.
async fn factors(case: &Case) -> Vec<String> {
    let case = case.show().await;
    let steps = case["steps"].as_array().into_iter().flatten();
    steps.filter_map(|step| step["factor"].as_str().map(str::to_owned)).collect()
}

/// The text of a value.
fn text(value: &Value) -> String {
    value.as_str().map(str::to_owned).unwrap_or_default()
}

/// A recovered case of an owner, for this reason.
async fn recovered(world: &mut World, person: &Person, reason: &str) -> Case {
    let case = world.desk.open(&person.account, reason).await;
    case.prove_all(world.peers(), &person.email).await;
    case.until_state("recovered").await;
    case
}

/// J1: "At the MFA prompt a person says 'I am having trouble' and gets two ways on: resync (the device seems to work,
/// its codes are refused) or alternative factors (lost, stolen, damaged, not working)."
#[tokio::test]
async fn j1_trouble_at_the_prompt_has_two_ways_on() {
    let world = World::builder().start().await;
    let alice = world.person("alice").await;
    assert_eq!(world.desk.verify("alice", "12345").await, "rejected");
    let resync = world.desk.open("alice", "out_of_sync").await;
    assert_eq!(factors(&resync).await, ["password", "resync"]);
    for reason in ["lost", "stolen", "damaged", "not_working"] {
        let other = world.desk.open("alice", reason).await;
        assert_eq!(factors(&other).await, ["password", "email", "voice"], "{reason}");
    }
    assert_eq!(
        world.desk.verify("alice", &alice.code(world.now(), 0)).await,
        "accepted",
        "asking changes nothing"
    );
}

/// J2: "Where the rules ask for it, the password is proven again first."
#[tokio::test]
async fn j2_the_password_comes_first() {
    let world = World::builder().start().await;
    world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    assert_eq!(case.step("password").await["state"], "open");
    assert_eq!(case.step("email").await["state"], "waiting");
    let early = case.start("email").await.unwrap_err();
    assert_eq!(early.name, "WrongState");
    assert!(early.text.contains("finish the step before it first"), "{early:?}");
    let wrong = case.submit("password", &["correct horse battery stapler"]).await.unwrap();
    assert_eq!((&wrong["accepted"], &wrong["tries_left"]), (&json!(false), &json!(4)), "{wrong}");
    case.prove_password().await;
    assert_eq!(case.step("password").await["state"], "proven");
    assert_eq!(case.step("email").await["state"], "open");
}

/// J3: "A member cannot [recover alone]: they are told to contact an administrator, and the administrator deactivates
/// the device."
#[tokio::test]
async fn j3_a_member_is_sent_to_the_administrator_who_deactivates_the_device() {
    let world = World::builder().start().await;
    let bob = world.person_with("bob", json!({ "kind": "member" }), "virtual").await;
    let case = world.desk.open("bob", "lost").await;
    let shown = case.show().await;
    assert_eq!(shown["state"], "escalated");
    assert_eq!(shown["support"]["to"], "administrator");
    assert!(text(&shown["support"]["message"]).contains("Contact your administrator"), "{shown}");
    assert_eq!(case.submit("password", &["x"]).await.unwrap_err().name, "WrongState");

    let ended = world.cli(&["device", "deactivate", &bob.device, "--because", "Bob stood before me"], "");
    assert_eq!(ended.code, 0, "{ended:?}");
    assert_eq!(world.desk.devices("bob").await[0]["status"], "deactivated");
    assert_eq!(world.desk.verify("bob", &bob.code(world.now(), 0)).await, "rejected");
    let row = world.desk.journal().await.pop().unwrap_or_default();
    assert!(row["actor"].as_str().is_some_and(|actor| !actor.is_empty()), "{row}");
}

/// J4: "Recovery by oneself needs a verified e-mail address and a phone number on file. Without them, support is the
/// way."
#[tokio::test]
async fn j4_without_verified_addresses_support_is_the_way() {
    let world = World::builder().start().await;
    for (account, lacks) in [
        ("amy", json!({ "phone": null, "phone_country": null })),
        ("ben", json!({ "phone_verified": false })),
        ("cleo", json!({ "email": null })),
        ("dan", json!({ "email_verified": false })),
    ] {
        world.person_with(account, lacks, "virtual").await;
        let case = world.desk.open(account, "lost").await;
        let shown = case.show().await;
        assert_eq!(
            (&shown["state"], &shown["support"]["to"]),
            (&json!("escalated"), &json!("support")),
            "{account}"
        );
        let contact = text(&shown["support"]["contact"]);
        assert!(contact.contains("+14155550199") && contact.contains("support@example.org"), "{contact}");
    }
    world.person("eve").await;
    assert_eq!(world.desk.open("eve", "lost").await.state().await, "proving");
}

/// J5: "E-mail step: a message with a link; resend is offered; the page tells the sender's address and to look in the
/// spam folder."
#[tokio::test]
async fn j5_the_message_has_a_link_and_can_be_sent_again() {
    let mut world = World::builder().clock().start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.prove_password().await;
    case.start("email").await.unwrap();
    let first = world.mailbox.mail(&alice.email, "is it you").await;
    let step = case.until_disposition("email", "sent").await;
    assert_eq!(step["state"], "sent");
    assert_eq!(step["sender"], "recovery@example.org");
    assert!(text(&step["message"]).contains("spam folder"), "{step}");
    assert!(!text(&step["hint"]).contains("alice.mailbox"), "the address is masked: {step}");
    assert!(first.text.contains("192.0.2.7") && first.text.contains("https://recover.example.org/link/"));

    let at = step["resend_after"].as_u64().unwrap_or_default();
    assert!(at > world.now(), "a resend is offered after a while: {step}");
    assert_eq!(case.start("email").await.unwrap_err().name, "RateLimited");
    world.clock.advance(at - world.now());
    case.start("email").await.unwrap();
    let second = world.mailbox.mail(&alice.email, "is it you").await;
    assert_ne!(first.id, second.id);
    assert_eq!(first.code(), second.code(), "what was sent before still counts");

    let opened = world.desk.open_link(&second.token("link"), "browser").await.unwrap();
    assert_eq!((&opened["result"], &opened["case"]), (&json!("proven"), &json!(case.id)));
    assert_eq!(case.step("email").await["state"], "proven");
    let again = world.desk.open_link(&second.token("link"), "browser").await.unwrap_err();
    assert_eq!(again.name, "WrongState");
    assert!(again.text.contains("ask for a new one"), "{again:?}");
}

/// J5, where the mail is read elsewhere than the recovery was opened: the link shows a code to type into the page.
#[tokio::test]
async fn j5_a_link_that_is_opened_elsewhere_shows_a_code() {
    let mut world = World::builder().start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.prove_password().await;
    case.start("email").await.unwrap();
    let mail = world.mailbox.mail(&alice.email, "is it you").await;
    for browser in ["another browser", ""] {
        let opened = world.desk.open_link(&mail.token("link"), browser).await.unwrap();
        assert_eq!(
            (&opened["result"], &opened["code"]),
            (&json!("code"), &json!(mail.code())),
            "{browser:?}"
        );
        assert!(text(&opened["client"]).contains("192.0.2.7"), "it says from where this was asked: {opened}");
        assert_eq!(opened.get("case"), None, "the case's id is not for strangers");
        assert_eq!(case.step("email").await["state"], "sent");
    }
    case.prove("email", &[&mail.code()]).await;
    assert_eq!(case.step("email").await["state"], "proven");
}

/// J6: "Steps come in the policy's order: the phone step opens only after the e-mail step is proven."
#[tokio::test]
async fn j6_the_phone_step_opens_after_the_email_step() {
    let mut world = World::builder().phone("busy").start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    assert_eq!(factors(&case).await, ["password", "email", "voice"]);
    case.prove_password().await;
    let early = case.start("voice").await.unwrap_err();
    assert_eq!(early.name, "WrongState");
    let step = case.step("voice").await;
    assert_eq!(
        (&step["state"], text(&step["message"])),
        (&json!("waiting"), "This comes after the step before it.".into())
    );
    case.prove_email(&mut world.mailbox, &alice.email).await;
    assert_eq!(case.step("voice").await["state"], "open");
    case.start("voice").await.unwrap();
    world.phone().wait_for("incoming").await;
    assert_eq!(world.phone().calls(), 1, "nothing rang before");
}

/// J7: "Phone step, 'Call me now': the page shows six digits, the phone rings, the person types them on the keypad."
#[tokio::test]
async fn j7_the_phone_rings_and_the_digits_are_typed_on_it() {
    let mut world = World::builder().phone("manual").start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "damaged").await;
    case.prove_password().await;
    case.prove_email(&mut world.mailbox, &alice.email).await;
    let digits = text(&case.start("voice").await.unwrap()["code"]);
    assert!(digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{digits:?}");
    let incoming = world.phone().wait_for("incoming").await;
    assert!(text(&incoming["to"]).contains(&alice.phone), "the number on file is called: {incoming}");
    case.until("the page to say that it rings", |case| case["steps"][2]["phase"] == "ringing").await;
    let typed_here = case.submit("voice", &[&digits]).await.unwrap_err();
    assert_eq!(typed_here.name, "InvalidArgument", "the digits count on the phone alone: {typed_here:?}");
    world.phone().answer();
    world.phone().talk().await;
    world.phone().press(&digits).await;
    case.until_state("recovered").await;
    assert_eq!(case.step("voice").await.get("code"), None, "the digits are gone");
}

/// J7: "Nothing secret is read aloud; voicemail cannot pass." It answers, speaks, and presses nothing.
#[tokio::test]
async fn j7_voicemail_cannot_pass() {
    let quick = "[plugins.voice.settings]\nfirst_key_seconds = 1";
    let mut world = World::builder().phone("silent").config(quick).start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "damaged").await;
    case.prove_password().await;
    case.prove_email(&mut world.mailbox, &alice.email).await;
    case.start("voice").await.unwrap();
    let step = case.until_disposition("voice", "no_input").await;
    assert_eq!(step["state"], "failed");
    assert!(text(&step["message"]).contains("voicemail"), "{step}");
    assert_eq!(case.state().await, "proving");
}

/// J9: "All factors proven: the person may sign in once, and the device is deactivated so that the next sign-in does
/// not ask for it."
#[tokio::test]
async fn j9_one_sign_in_and_the_device_is_deactivated() {
    let mut world = World::builder().phone("silent").start().await;
    let alice = world.person("alice").await;
    let case = recovered(&mut world, &alice, "not_working").await;
    assert_eq!(world.desk.devices("alice").await[0]["status"], "deactivated");
    assert_eq!(world.desk.verify("alice", &alice.code(world.now(), 0)).await, "rejected");
    let claimed = case.claim().await.unwrap();
    assert_eq!((&claimed["account"], &claimed["kind"]), (&json!("alice"), &json!("owner")));
    assert_eq!(
        (&claimed["device"], &claimed["force_password_change"]),
        (&json!("deactivated"), &json!(false))
    );
    let again = case.claim().await.unwrap_err();
    assert_eq!((again.name.as_str(), again.text.as_str()), ("WrongState", "this is not left to do"));
}

/// J10: "Hardware device in repair: the policy may keep the device and let the person go on with alternative factors
/// until the new one arrives. The old device's entry is deleted before a new one is enrolled."
#[tokio::test]
async fn j10_a_device_in_repair_stays_until_the_new_one_arrives() {
    let mut world = World::builder().phone("silent").start().await;
    let alice = world.person_with("alice", json!({}), "hardware").await;
    let case = recovered(&mut world, &alice, "damaged").await;
    assert_eq!(case.claim().await.unwrap()["device"], "kept");
    assert_eq!(case.state().await, "completed");
    assert_eq!(world.desk.devices("alice").await[0]["status"], "active");
    assert_eq!(world.desk.verify("alice", &alice.code(world.now(), 0)).await, "accepted", "it came back");

    let case = recovered(&mut world, &alice, "not_working").await;
    let enrolled = case.begin_enrollment("new key").await.unwrap();
    assert_eq!(
        world.desk.devices("alice").await.len(),
        1,
        "the new one is not bound before its codes are seen"
    );
    let secret = text(&enrolled["secret"]);
    let now = world.now();
    case.confirm_enrollment(&code_at(&secret, now, -1), &code_at(&secret, now, 0)).await.unwrap();
    let devices = world.desk.devices("alice").await;
    assert_eq!(devices.len(), 1, "{devices:?}");
    assert_ne!(devices[0]["device"], json!(alice.device), "the old entry is gone");
}

/// J11: "Virtual device: same, and the person is told to remove the account from the app."
#[tokio::test]
async fn j11_the_person_is_told_to_remove_the_account_from_the_app() {
    let mut world = World::builder().phone("silent").start().await;
    let alice = world.person("alice").await;
    let case = recovered(&mut world, &alice, "damaged").await;
    case.claim().await.unwrap();
    let secret = text(&case.begin_enrollment("new phone").await.unwrap()["secret"]);
    let now = world.now();
    case.confirm_enrollment(&code_at(&secret, now, 0), &code_at(&secret, now, 1)).await.unwrap();
    assert_eq!(case.state().await, "completed");
    let devices = world.desk.devices("alice").await;
    assert_eq!((devices.len(), &devices[0]["label"]), (1, &json!("new phone")), "the old entry is deleted");
    let page = world.cli(&["recover", "--case", &case.id], "");
    let said: Vec<&str> = page.output.split_whitespace().chain(page.error.split_whitespace()).collect();
    assert!(said.join(" ").contains("remove this account from its app"), "{page:?}");
}

/// J12: "Lost or stolen: the password must be changed before the recovery is complete."
#[tokio::test]
async fn j12_after_a_loss_the_password_is_changed() {
    let mut world = World::builder().phone("silent").start().await;
    let alice = world.person("alice").await;
    let case = recovered(&mut world, &alice, "lost").await;
    let claimed = case.claim().await.unwrap();
    assert_eq!(
        (&claimed["force_password_change"], &claimed["revoke_sessions"]),
        (&json!(true), &json!(true))
    );
    let secret = text(&case.begin_enrollment("new phone").await.unwrap()["secret"]);
    let now = world.now();
    case.confirm_enrollment(&code_at(&secret, now, 0), &code_at(&secret, now, 1)).await.unwrap();
    let shown = case.show().await;
    assert_eq!((&shown["state"], &shown["tasks"]), (&json!("recovered"), &json!(["change_password"])));
    let short = case.change_password("too short").await.unwrap_err();
    assert_eq!(short.name, "InvalidArgument");
    case.change_password("another horse, another staple").await.unwrap();
    assert_eq!(case.state().await, "completed");
    let next = world.desk.open("alice", "lost").await;
    assert_eq!(next.submit("password", &["correct horse battery staple"]).await.unwrap()["accepted"], false);
    next.prove("password", &["another horse, another staple"]).await;
}

/// J12: "Damaged or out of sync: not."
#[tokio::test]
async fn j12_a_damaged_device_leaves_the_password_alone() {
    let mut world = World::builder().phone("silent").start().await;
    let alice = world.person("alice").await;
    let case = recovered(&mut world, &alice, "damaged").await;
    let shown = case.show().await;
    assert_eq!(shown["outcome"]["force_password_change"], false);
    assert_eq!(shown["tasks"], json!(["sign_in", "enroll"]));
    assert_eq!(case.change_password("another horse, another staple").await.unwrap_err().name, "WrongState");
}

/// J13: "Support: a form with the problem (from a list), e-mail address, account number, phone number and full name
/// becomes a ticket; support sees it with the whole history of the case, calls back, and resolves it: issue an access
/// pass …"
#[tokio::test]
async fn j13_a_form_becomes_a_ticket_and_support_issues_a_pass() {
    let mut world = World::builder().phone("busy").start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.prove_password().await;
    case.prove_email(&mut world.mailbox, &alice.email).await;
    case.start("voice").await.unwrap();
    case.until_disposition("voice", "busy").await;
    let form = json!({
        "problem": "no_call", "email": "alice@new.example", "account": "alice", "phone": "+14155550188",
        "name": "Alice Example", "message": "It shows the correct number, but I am not getting any call.",
    });
    let ticket = case.escalate(form.clone()).await.unwrap();
    assert_eq!(case.escalate(form).await.unwrap(), ticket, "asking again gives the same ticket");
    let mail = world.mailbox.mail("support@example.org", &ticket).await;
    for words in [
        "I am not getting the call",
        "Alice Example",
        "alice@new.example",
        "+14155550188",
        "I am not getting any call.",
        "voice failed: busy",
    ] {
        assert!(mail.text.contains(words), "{words:?} is missing in:\n{}", mail.text);
    }
    let history = world.desk.history(&case).await;
    assert_eq!((&history["state"], &history["support"]["ticket"]), (&json!("escalated"), &json!(ticket)));
    assert_eq!(history["failures"][0]["disposition"], "busy");
    assert_eq!(history["form"]["name"], "Alice Example", "support sees the form where it sees the case");
    let entries = history["history"].as_array().cloned().unwrap_or_default();
    let kinds: Vec<String> = entries.iter().map(|entry| text(&entry["kind"])).collect();
    for kind in ["case_opened", "factor_proven", "challenge_sent", "delivery_ended", "support_requested"] {
        assert!(kinds.iter().any(|have| have == kind), "{kind} is missing in {kinds:?}");
    }

    let silent = world.desk.resolve(&case, "pass", "").await.unwrap_err();
    assert!(silent.text.contains("give a reason"), "{silent:?}");
    world.desk.resolve(&case, "pass", "called back on the number on file").await.unwrap();
    let mail = world.mailbox.mail(&alice.email, "access pass").await;
    assert_eq!(factors(&case).await, ["pass"]);
    case.prove("pass", &[&mail.pass()]).await;
    case.until_state("recovered").await;
    assert_eq!(case.claim().await.unwrap()["account"], "alice");
}

/// J13: "… reset the device, or refuse."
#[tokio::test]
async fn j13_support_resets_the_device_or_refuses() {
    let mut world = World::builder().start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "lost").await;
    case.escalate(json!({ "problem": "lost_device" })).await.unwrap();
    let ended = world
        .cli(&["case", "resolve", &case.id, "--action", "reset", "--because", "came with her passport"], "");
    assert_eq!(ended.code, 0, "{ended:?}");
    let shown = case.until_state("recovered").await;
    assert_eq!(
        (&shown["outcome"]["device"], &shown["outcome"]["force_password_change"]),
        (&json!("deactivate"), &json!(true))
    );
    assert_eq!(world.desk.devices("alice").await[0]["status"], "deactivated");

    let other = world.desk.open("alice", "damaged").await;
    other.escalate(json!({ "problem": "other", "message": "please" })).await.unwrap();
    world.desk.resolve(&other, "deny", "the voice was not hers").await.unwrap();
    assert_eq!(other.state().await, "denied");
    assert_eq!(other.claim().await.unwrap_err().name, "WrongState");
    world.mailbox.mail(&alice.email, "was refused").await;
}

/// J14: "A new device is enrolled at the end: secret and QR code, confirmed with two consecutive codes."
#[tokio::test]
async fn j14_a_new_device_is_enrolled_with_two_codes() {
    let mut world = World::builder().phone("silent").start().await;
    let alice = world.person("alice").await;
    let case = recovered(&mut world, &alice, "damaged").await;
    let enrolled = case.begin_enrollment("new phone").await.unwrap();
    let secret = text(&enrolled["secret"]);
    assert!(text(&enrolled["uri"]).starts_with("otpauth://totp/Example"), "{enrolled}");
    assert!(
        text(&enrolled["uri"]).contains(&secret) && text(&enrolled["qr_svg"]).contains("<svg"),
        "{enrolled}"
    );
    let now = world.now();
    for (first, second) in [(0, 0), (-1, 1), (1, 0)] {
        let wrong =
            case.confirm_enrollment(&code_at(&secret, now, first), &code_at(&secret, now, second)).await;
        assert_eq!(wrong.unwrap_err().name, "Refused", "{first} and {second} are not consecutive");
    }
    case.confirm_enrollment(&code_at(&secret, now, -1), &code_at(&secret, now, 0)).await.unwrap();
    world.mailbox.mail(&alice.email, "new device").await;
    let devices = world.desk.devices("alice").await;
    assert_eq!(devices.len(), 1, "{devices:?}");
    assert_eq!((&devices[0]["status"], &devices[0]["label"]), (&json!("active"), &json!("new phone")));
    assert_eq!(world.desk.verify("alice", &code_at(&secret, now, 0)).await, "rejected", "its code was used");
    assert_eq!(world.desk.verify("alice", &code_at(&secret, now, 1)).await, "accepted");
    assert_eq!(world.desk.verify("alice", &alice.code(now, 0)).await, "rejected", "the old device is gone");
}

/// J15: "Resync: two consecutive codes put a drifting device right, without recovery."
#[tokio::test]
async fn j15_two_codes_put_a_drifting_device_right() {
    let world = World::builder().start().await;
    let alice = world.person("alice").await;
    let now = world.now();
    assert_eq!(world.desk.verify("alice", &alice.code(now, 6)).await, "resync_needed");
    let codes = [alice.code(now, 6), alice.code(now, 8)];
    let wrong = world.desk.texts("Authentication1", "Resync", &["alice", &codes[0], &codes[1]]).await;
    assert_eq!(wrong, Ok(json!(false)), "they are not consecutive");
    let codes = [alice.code(now, 6), alice.code(now, 7)];
    let right = world.desk.texts("Authentication1", "Resync", &["alice", &codes[0], &codes[1]]).await;
    assert_eq!(right, Ok(json!(true)));
    assert_eq!(world.desk.devices("alice").await[0]["drift"], 7);
    assert_eq!(world.desk.verify("alice", &alice.code(now, 7)).await, "rejected", "it was used");
    assert_eq!(world.desk.verify("alice", &alice.code(now, 8)).await, "accepted");
}

/// J15, by way of a recovery for the reason `out_of_sync`: the password, two codes, and the device is kept.
#[tokio::test]
async fn j15_an_out_of_sync_recovery_keeps_the_device() {
    let world = World::builder().start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "out_of_sync").await;
    case.prove_password().await;
    let now = world.now();
    let one = case.submit("resync", &[&alice.code(now, 40)]).await.unwrap_err();
    assert_eq!(one.name, "InvalidArgument");
    case.prove("resync", &[&alice.code(now, 40), &alice.code(now, 41)]).await;
    let shown = case.until_state("recovered").await;
    assert_eq!((&shown["outcome"]["device"], &shown["tasks"]), (&json!("keep"), &json!(["sign_in"])));
    assert_eq!(case.claim().await.unwrap()["device"], "kept");
    assert_eq!(case.state().await, "completed");
    assert_eq!(world.desk.verify("alice", &alice.code(now, 42)).await, "accepted");
}

/// J16: "Everyone who should know is told: every address on file gets a notice of a recovery, with a way to say 'this
/// was not me' that stops it."
#[tokio::test]
async fn j16_every_address_is_told_and_can_stop_it() {
    let mut world = World::builder().phone("silent").start().await;
    let addresses = json!({ "email": null, "emails": ["alice@people.example", "alice@home.example"] });
    let alice = world.person_with("alice", addresses, "virtual").await;
    let case = world.desk.open("alice", "stolen").await;
    case.prove_all(world.peers(), "alice@people.example").await;
    let held = case.until_state("held").await;
    assert!(held["held_until"].as_u64().is_some_and(|until| until > world.now() + 23 * 3600), "{held}");
    assert_eq!(case.claim().await.unwrap_err().name, "WrongState");
    assert_eq!(world.desk.devices("alice").await[0]["status"], "active", "nothing has happened yet");
    let first = world.mailbox.mail("alice@people.example", "waits before it takes effect").await;
    let second = world.mailbox.mail("alice@home.example", "waits before it takes effect").await;
    assert_ne!(first.token("veto"), second.token("veto"), "each has its own way to stop it");

    world.desk.texts("Recovery1", "Veto", &[&second.token("veto")]).await.unwrap();
    case.until_state("vetoed").await;
    assert_eq!(case.claim().await.unwrap_err().name, "WrongState");
    assert_eq!(
        world.desk.verify("alice", &alice.code(world.now(), 0)).await,
        "accepted",
        "the device still counts"
    );
    world.mailbox.mail("alice@people.example", "was stopped").await;
    let late = world.desk.texts("Recovery1", "Veto", &[&first.token("veto")]).await.unwrap_err();
    assert_eq!(late.name, "WrongState");
}

/// J16, where nobody objects: the hold ends by itself, and everyone is told again.
#[tokio::test]
async fn j16_a_hold_ends_by_itself() {
    let mut world = World::builder().phone("silent").clock().start().await;
    let alice = world.person("alice").await;
    let case = world.desk.open("alice", "stolen").await;
    case.prove_all(world.peers(), &alice.email).await;
    let until = case.until_state("held").await["held_until"].as_u64().unwrap_or_default();
    world.clock.advance(until - world.now() + 1);
    case.until_state("recovered").await;
    world.mailbox.mail(&alice.email, "was recovered").await;
    assert_eq!(case.claim().await.unwrap()["device"], "deactivated");
}
