//! The requirements J1 to J16 as a person goes through them, in real browsers with real mail and a real telephone.

use readmit_tests::{Browser, PASSWORD, Setup, World};
use serde_json::json;

use crate::walk::{
    ask_for_mail, because, call, change_password, claim, confirm_mail, digits, enroll, give_code, prove,
    prove_all, prove_password, prove_until_call, recover, say, sign_in, take_call,
};

/// A password that nobody of the kit has yet.
const NEW_PASSWORD: &str = "another horse, another staple";

/// J1: "At the MFA prompt a person says 'I am having trouble' and gets two ways on". J15: "Resync: two consecutive codes
/// put a drifting device right, without recovery."
#[tokio::test]
async fn j1_at_the_prompt_there_are_two_ways_on_and_two_codes_put_the_device_right() {
    let world = World::builder().portal().start().await;
    let alice = world.person("alice").await;
    let portal = world.portal("").await;
    let browser = Browser::start(&portal).await;
    sign_in(&browser, "alice", "wrong").await;
    browser.reads(say("sign-in-rejected")).await;
    sign_in(&browser, "alice", PASSWORD).await;
    browser.sees(say("code-title")).await;
    browser.picture("prompt").await;
    browser.reads(say("code-trouble-resync")).await;
    browser.click(say("code-trouble-recover")).await;
    browser.sees(say("recover-title")).await;
    for reason in ["lost", "stolen", "damaged", "not-working", "out-of-sync"] {
        browser.reads(say(&format!("reason-{reason}"))).await;
    }
    browser.back().await;
    // Its clock is three minutes fast; the portal sees that by itself.
    let now = world.now();
    give_code(&browser, &alice.code(now, 6)).await;
    browser.sees(say("resync-title")).await;
    browser.reads(say("resync-needed")).await;
    for (second, then) in [(8, say("resync-rejected")), (7, say("code-after-resync"))] {
        browser.fill(say("resync-first"), &alice.code(now, 6)).await;
        browser.fill(say("resync-second"), &alice.code(now, second)).await;
        browser.click(say("resync-button")).await;
        browser.reads(then).await;
    }
    give_code(&browser, &alice.code(now, 8)).await;
    browser.sees(say("signed-in-title")).await;
    assert_eq!(world.desk.devices("alice").await[0]["status"], "active");
}

/// A whole recovery from the prompt to the next sign-in. J2: "the password is proven again first". J5: the page tells
/// the sender's address and to look in the spam folder. J6: "the phone step opens only after the e-mail step is proven".
/// J7: "the page shows six digits, the phone rings, the person types them on the keypad". J9: "the person may sign in
/// once, and the device is deactivated". J11: "told to remove the account from the app". J12: "Lost or stolen: the
/// password must be changed before the recovery is complete". J14: "secret and QR code, confirmed with two consecutive
/// codes".
#[tokio::test]
async fn j9_a_lost_phone_is_recovered_from_in_one_browser() {
    let mut world = World::builder().phone("manual").portal().start().await;
    let alice = world.person("alice").await;
    let portal = world.portal("").await;
    let browser = Browser::start(&portal).await;
    sign_in(&browser, "alice", PASSWORD).await;
    browser.click(say("code-trouble-recover")).await;
    because(&browser, "lost").await;
    browser.sees(say("case-title")).await;
    browser.picture("steps").await;
    prove_password(&browser).await;
    let mail = ask_for_mail(&browser, &mut world, &alice).await;
    browser.reads("recovery@example.org").await;
    browser.reads(say("case-mail-spam")).await;
    browser.does_not_read(say("case-start-voice")).await;
    browser.picture("mail").await;
    confirm_mail(&browser, &mail).await;
    browser.reads(say("case-start-voice")).await;
    // The tab that was left open goes on by itself.
    browser.tab(0).await;
    let digits = call(&browser).await;
    let incoming = world.phone().wait_for("incoming").await;
    assert!(incoming["to"].as_str().is_some_and(|to| to.contains(&alice.phone)), "{incoming}");
    browser.reads(say("case-phase-ringing")).await;
    browser.picture("call").await;
    world.phone().answer();
    take_call(world.phone(), &digits).await;
    claim(&browser).await;
    assert_eq!(world.desk.devices("alice").await[0]["status"], "deactivated");
    change_password(&browser, NEW_PASSWORD).await;
    let secret = enroll(&browser, &world, "Blue telephone").await;
    browser.sees(say("summary-title")).await;
    browser.reads("Blue telephone").await;
    browser.reads(say("summary-next-app")).await;
    browser.picture("summary").await;
    world.mailbox.mail(&alice.email, "new device").await;
    // From now on with the new password and the new device.
    sign_out(&browser).await;
    sign_in(&browser, "alice", PASSWORD).await;
    browser.reads(say("sign-in-rejected")).await;
    sign_in(&browser, "alice", NEW_PASSWORD).await;
    give_code(&browser, &readmit_tests::code_at(&secret, world.now(), 1)).await;
    browser.sees(say("signed-in-title")).await;
}

/// Signs out, if this browser is signed in.
async fn sign_out(browser: &Browser) {
    browser.open("/").await;
    if browser.heading().await == say("signed-in-title") {
        browser.click(say("sign-out")).await;
    }
    browser.sees(say("sign-in-title")).await;
}

/// J5, where the mail is read elsewhere than the recovery was begun: the link counts for nothing there, shows a code to
/// type into the first page, and says from where the recovery was asked.
#[tokio::test]
async fn j5_a_link_that_is_opened_on_the_telephone_shows_a_code_for_the_laptop() {
    let mut world = World::builder().portal().start().await;
    let alice = world.person("alice").await;
    let portal = world.portal("").await;
    let laptop = Browser::start(&portal).await;
    let telephone = Browser::with(Setup::default().phone(), &portal).await;
    recover(&laptop, "alice", "damaged").await;
    prove_password(&laptop).await;
    let mail = ask_for_mail(&laptop, &mut world, &alice).await;
    telephone.open(&mail.link("link")).await;
    telephone.sees(say("link-title")).await;
    telephone.click(say("link-button")).await;
    telephone.sees(say("link-code-title")).await;
    telephone.reads("127.0.0.1").await;
    telephone.reads(say("link-code-warning")).await;
    telephone.has_no_sideways_scrolling().await;
    telephone.picture("link-elsewhere").await;
    let code = digits(&telephone).await;
    assert_eq!(code, mail.code());
    // There is no recovery on the telephone.
    telephone.open("/case").await;
    telephone.sees(say("problem-no-case")).await;
    let wrong = if code == "111111" { "222222" } else { "111111" };
    prove(&laptop, "email", wrong).await;
    laptop.reads(say("case-wrong-email")).await;
    assert!(laptop.title().await.starts_with("Error"), "{}", laptop.title().await);
    prove(&laptop, "email", &code).await;
    laptop.reads(say("case-start-voice")).await;
    // Used up: it says so, and leads back.
    telephone.open(&mail.link("link")).await;
    telephone.click(say("link-button")).await;
    telephone.sees(say("link-void-title")).await;
}

/// J5: "resend is offered", after a wait that the page shows.
#[tokio::test]
async fn j5_the_message_can_be_sent_again_after_a_while() {
    let mut world = World::builder().portal().clock().start().await;
    let alice = world.person("alice").await;
    let portal = world.portal("").await;
    let browser = Browser::with(Setup::default().no_script(), &portal).await;
    recover(&browser, "alice", "damaged").await;
    prove_password(&browser).await;
    let first = ask_for_mail(&browser, &mut world, &alice).await;
    browser.reads(say("case-wait-email")).await;
    world.clock.advance(31);
    let portal_sees = async {
        while browser.text().await.contains(say("case-wait-email")) {
            browser.reload().await;
        }
    };
    readmit_tests::patiently("the wait to be over", portal_sees).await;
    browser.click(say("case-again-email")).await;
    let second = world.mailbox.mail(&alice.email, "type this code").await;
    assert_ne!(first.id, second.id);
    assert_eq!(first.code(), second.code(), "what was sent before still counts");
    prove(&browser, "email", &first.code()).await;
    browser.reads(say("case-start-voice")).await;
}

/// Everything without script. J12: "Damaged or out of sync: not" (the password is left alone).
#[tokio::test]
async fn j12_a_damaged_device_is_recovered_from_without_script() {
    let mut world = World::builder().phone("silent").portal().start().await;
    let alice = world.person("alice").await;
    let portal = world.portal("").await;
    let browser = Browser::with(Setup::default().no_script(), &portal).await;
    recover(&browser, "alice", "damaged").await;
    prove_all(&browser, &mut world, &alice).await;
    claim(&browser).await;
    browser.does_not_read(say("finish-go-password")).await;
    enroll(&browser, &world, "Blue telephone").await;
    browser.sees(say("summary-title")).await;
    sign_out(&browser).await;
    sign_in(&browser, "alice", PASSWORD).await;
    browser.sees(say("code-title")).await;
}

/// Everything in a window of 320 pixels: nothing has to be scrolled sideways. J11: "Virtual device: same".
#[tokio::test]
async fn j11_a_device_that_does_not_work_is_recovered_from_on_a_small_telephone() {
    let mut world = World::builder().phone("silent").portal().start().await;
    let alice = world.person("alice").await;
    let portal = world.portal("").await;
    let browser = Browser::with(Setup::default().phone(), &portal).await;
    sign_in(&browser, "alice", PASSWORD).await;
    browser.has_no_sideways_scrolling().await;
    recover(&browser, "alice", "not-working").await;
    browser.has_no_sideways_scrolling().await;
    prove_until_call(&browser, &mut world, &alice).await;
    let digits = call(&browser).await;
    browser.has_no_sideways_scrolling().await;
    browser.picture("call-telephone").await;
    take_call(world.phone(), &digits).await;
    browser.sees(say("finish-title")).await;
    browser.has_no_sideways_scrolling().await;
    claim(&browser).await;
    enroll(&browser, &world, "Blue telephone").await;
    browser.sees(say("summary-title")).await;
    browser.reads(say("summary-next-app")).await;
    browser.has_no_sideways_scrolling().await;
    browser.picture("summary-telephone").await;
}

/// J8: "No call, busy, rejected, no keypad input, wrong digits: the exact cause is recorded, a plain-words cause and the
/// next thing to do are shown, and the person may retry within limits".
#[tokio::test]
async fn j8_every_call_that_fails_says_why_and_what_to_do_and_the_next_may_be_right() {
    let shipped = include_str!("../../../policies/default.lua");
    let patient = shipped.replace("local failures_to_support = 3", "local failures_to_support = 20");
    let config = "[limits]\ncalls_per_number_per_15_minutes = 20\n\
                  [plugins.voice.settings]\nring_seconds = 5\nfirst_key_seconds = 5";
    let builder = World::builder().policy(&patient).config(config).phone("busy").portal().clock();
    let mut world = builder.start().await;
    let alice = world.person("alice").await;
    let portal = world.portal("").await;
    let browser = Browser::start(&portal).await;
    recover(&browser, "alice", "damaged").await;
    prove_until_call(&browser, &mut world, &alice).await;
    browser.click(say("case-start-voice")).await;
    let then = ["ring", "decline", "hangup", "silent", "silent", "silent"];
    let causes = ["busy", "no-answer", "declined", "hung-up", "no-input", "wrong-digits"];
    for (cause, mode) in causes.into_iter().zip(then) {
        if cause == "wrong-digits" {
            let digits = digits(&browser).await;
            press_wrong_digits(&mut world, &browser, &digits).await;
        }
        browser.reads(say(&format!("case-why-{cause}"))).await;
        browser.reads(say(&format!("case-fix-{cause}"))).await;
        browser.reads(say("case-support-voice")).await;
        assert_eq!(browser.count(".digits").await, 0, "the digits of a call that is over are not shown");
        browser.picture(&format!("call-{cause}")).await;
        call_again(&mut world, &browser, mode).await;
    }
    let digits = digits(&browser).await;
    take_call(world.phone(), &digits).await;
    browser.sees(say("finish-title")).await;
}

/// Waits until the phone may be called again, and has it called; this is what it does then.
async fn call_again(world: &mut World, browser: &Browser, mode: &str) {
    world.phone().settle().await;
    world.phone().mode(mode).await;
    world.clock.advance(61);
    let waits = async {
        while browser.count(r#"form[action="/case/start/voice"]"#).await == 0 {
            browser.reload().await;
        }
    };
    readmit_tests::patiently("the wait to be over", waits).await;
    browser.click(say("case-again-voice")).await;
}

/// Types other digits on the telephone than the page shows, as often as a call takes.
async fn press_wrong_digits(world: &mut World, browser: &Browser, right: &str) {
    let wrong = if right == "111111" { "222222" } else { "111111" };
    let case = world.desk.case(&browser.cookie("readmit-case").await.unwrap());
    world.phone().talk().await;
    for left in [2, 1, 0] {
        world.phone().press(wrong).await;
        if left > 0 {
            case.until("the wrong digits to count", |case| case["steps"][2]["tries_left"] == left).await;
        }
    }
}

/// J8: "start over, or go to support": three calls without success lead to support, and a new recovery may be begun.
#[tokio::test]
async fn j8_a_person_may_start_over_at_any_time() {
    let mut world = World::builder().phone("busy").portal().start().await;
    let alice = world.person("alice").await;
    let portal = world.portal("").await;
    let browser = Browser::start(&portal).await;
    recover(&browser, "alice", "damaged").await;
    prove_until_call(&browser, &mut world, &alice).await;
    browser.click(say("case-start-voice")).await;
    browser.reads(say("case-why-busy")).await;
    browser.unfold(say("case-cancel")).await;
    browser.click(say("case-cancel-button")).await;
    browser.sees(say("case-cancelled-title")).await;
    world.phone().settle().await;
    world.phone().mode("silent").await;
    browser.click(say("case-start-over")).await;
    recover(&browser, "alice", "damaged").await;
    prove_all(&browser, &mut world, &alice).await;
    browser.sees(say("finish-title")).await;
}

/// J3: "they are told to contact an administrator". J4: "Without them, support is the way."
#[tokio::test]
async fn j3_members_and_people_without_a_number_are_told_who_helps() {
    let world = World::builder().portal().start().await;
    world.person_with("bob", json!({ "kind": "member" }), "virtual").await;
    world.person_with("amy", json!({ "phone": null, "phone_country": null }), "virtual").await;
    let portal = world.portal("").await;
    let browser = Browser::start(&portal).await;
    recover(&browser, "bob", "lost").await;
    browser.sees(say("case-administrator-title")).await;
    browser.picture("administrator").await;
    let other = Browser::start(&portal).await;
    recover(&other, "amy", "lost").await;
    other.sees(say("case-escalated-title")).await;
    for way in ["support@example.org", "+14155550199"] {
        other.reads(way).await;
    }
    other.reads(say("case-support-form")).await;
}

/// J10: "Hardware device in repair: the policy may keep the device and let the person go on with alternative factors".
#[tokio::test]
async fn j10_a_device_in_repair_is_kept_and_the_person_is_let_in_once() {
    let mut world = World::builder().phone("silent").portal().start().await;
    let alice = world.person_with("alice", json!({}), "hardware").await;
    let portal = world.portal("").await;
    let browser = Browser::start(&portal).await;
    recover(&browser, "alice", "damaged").await;
    prove_all(&browser, &mut world, &alice).await;
    browser.sees(say("finish-title")).await;
    browser.reads(say("finish-task-sign-in-kept")).await;
    claim(&browser).await;
    browser.sees(say("summary-title")).await;
    browser.reads(say("summary-next-kept")).await;
    assert_eq!(world.desk.devices("alice").await[0]["status"], "active");
    sign_out(&browser).await;
    sign_in(&browser, "alice", PASSWORD).await;
    give_code(&browser, &alice.code(world.now(), 0)).await;
    browser.sees(say("signed-in-title")).await;
}

/// J13: "a form … becomes a ticket; support sees it with the whole history of the case, calls back, and resolves it:
/// issue an access pass". The page goes on by itself.
#[tokio::test]
async fn j13_the_support_form_leads_to_an_access_pass() {
    let mut world = World::builder().portal().start().await;
    let alice = world.person("alice").await;
    let portal = world.portal("").await;
    let browser = Browser::start(&portal).await;
    recover(&browser, "alice", "damaged").await;
    prove_password(&browser).await;
    browser.click(say("case-support-email")).await;
    browser.sees(say("support-title")).await;
    browser.picture("support").await;
    fill_support_form(&browser).await;
    browser.sees(say("support-sent-title")).await;
    let mail = world.mailbox.mail("support@example.org", "Alice Example").await;
    let ticket = browser.text_of(".short-code").await;
    assert!(
        mail.text.contains(&ticket) && mail.text.contains("alice@new.example"),
        "{ticket}: {}",
        mail.text
    );
    browser.click(say("support-back")).await;
    browser.sees(say("case-escalated-title")).await;
    let case = world.desk.case(&browser.cookie("readmit-case").await.unwrap());
    world.desk.resolve(&case, "pass", "called back on the number on file").await.unwrap();
    let mail = world.mailbox.mail(&alice.email, "access pass").await;
    prove(&browser, "pass", &mail.pass()).await;
    claim(&browser).await;
}

/// Fills in the form for support and sends it.
async fn fill_support_form(browser: &Browser) {
    browser.fill(say("support-name"), "Alice Example").await;
    browser.fill(say("support-email"), "alice@new.example").await;
    browser.fill(say("support-phone"), "+14155550188").await;
    browser.fill(say("support-account"), "alice").await;
    browser.click(say("support-send")).await;
}

/// J15, by way of a recovery: the password, two codes, and the device is kept.
#[tokio::test]
async fn j15_a_device_out_of_sync_is_put_right_in_a_recovery() {
    let world = World::builder().portal().start().await;
    let alice = world.person("alice").await;
    let portal = world.portal("").await;
    let browser = Browser::start(&portal).await;
    recover(&browser, "alice", "out-of-sync").await;
    prove_password(&browser).await;
    let now = world.now();
    for (second, right) in [(42, false), (41, true)] {
        browser.fill(say("case-label-resync"), &alice.code(now, 40)).await;
        browser.fill(say("case-label-resync-next"), &alice.code(now, second)).await;
        browser.click(say("case-button-resync")).await;
        if !right {
            browser.reads(say("case-wrong-resync")).await;
        }
    }
    claim(&browser).await;
    browser.sees(say("summary-title")).await;
    let drift = world.desk.devices("alice").await[0]["drift"].as_i64().unwrap();
    // Time goes on between the typing and the reading.
    assert!((20..=41).contains(&drift), "{drift}");
}

/// J16: "every address on file gets a notice of a recovery, with a way to say 'this was not me' that stops it", on any
/// device; the page of the one who waits says so by itself.
#[tokio::test]
async fn j16_a_stolen_phone_waits_and_this_was_not_me_stops_it() {
    let mut world = World::builder().phone("silent").portal().clock().start().await;
    let alice = world.person("alice").await;
    let portal = world.portal("").await;
    let browser = Browser::start(&portal).await;
    recover(&browser, "alice", "stolen").await;
    prove_all(&browser, &mut world, &alice).await;
    browser.sees(say("case-held-title")).await;
    assert_eq!(browser.count(".held-until time").await, 1);
    browser.picture("held").await;
    let mail = world.mailbox.mail(&alice.email, "waits before it takes effect").await;
    let telephone = Browser::with(Setup::default().phone(), &portal).await;
    telephone.open(&mail.link("veto")).await;
    telephone.sees(say("veto-title")).await;
    telephone.picture("veto").await;
    telephone.choose(say("veto-not-me")).await;
    telephone.click(say("veto-button")).await;
    telephone.sees(say("veto-stopped-title")).await;
    browser.sees(say("case-vetoed-title")).await;
    assert_eq!(world.desk.devices("alice").await[0]["status"], "active");
    // Once more, and this time nobody objects.
    recover(&browser, "alice", "stolen").await;
    prove_all(&browser, &mut world, &alice).await;
    browser.sees(say("case-held-title")).await;
    world.clock.advance(24 * 3600 + 1);
    claim(&browser).await;
    change_password(&browser, NEW_PASSWORD).await;
    browser.reads(say("finish-go-device")).await;
}
