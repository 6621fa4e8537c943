//! `/case`: the steps as they are read, wrong proofs, calls that fail, pages that go on by themselves, ends, and support.

use readmit_tests::{Answer, Browser, Builder, Case, PASSWORD, Portal, Web, World, patiently};
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

/// The address on file.
const ALICE: &str = "alice.mailbox@people.example";

/// A world with a portal and alice.
async fn world_of(builder: Builder) -> (World, Portal) {
    let world = builder.portal().start().await;
    world.person("alice").await;
    let portal = world.portal("").await;
    (world, portal)
}

/// Opens a recovery in a plain browser; the case is the one that its cookie names.
async fn open(world: &World, portal: &Portal, reason: &str) -> (Web, Case) {
    let web = Web::new(portal.url());
    let form = web.visit("/recover").await.form("/recover").fill("account", "alice").fill("reason", reason);
    let page = web.submit(&form).await;
    assert_eq!((page.status.as_u16(), page.path.as_str()), (200, "/case"));
    let case = world.desk.case(&web.cookie("readmit-case").unwrap());
    (web, case)
}

/// Types a proof into the open step.
async fn type_in(web: &Web, factor: &str, proof: &str) -> Answer {
    let action = format!("/case/submit/{factor}");
    web.send(&web.get("/case").await.form(&action).fill("proof", proof)).await
}

/// Opens a recovery in a browser with a window; the case is the one that its cookie names.
async fn open_in(browser: &Browser, world: &World) -> Case {
    browser.open("/recover").await;
    browser.fill("User name or e-mail address", "alice").await;
    browser.choose("I have lost it").await;
    browser.click("Continue").await;
    browser.arrives("/case").await;
    world.desk.case(&browser.cookie("readmit-case").await.unwrap())
}

#[tokio::test]
async fn steps_are_a_list_with_one_current_and_a_wrong_password_counts_at_its_field() {
    let (world, portal) = world_of(World::builder()).await;
    let (web, case) = open(&world, &portal, "lost").await;
    let page = web.get("/case").await.page();
    let steps: Vec<String> = page.all("h2").iter().map(|heading| heading.text()).collect();
    assert_eq!(steps.len(), 3, "{steps:?}");
    assert!(steps[0].starts_with("Step 1 of 3: Enter your password"), "{steps:?}");
    assert!(steps[2].starts_with("Step 3 of 3: Confirm by phone call"), "{steps:?}");
    let current = page.all("li").into_iter().filter(|item| item.attribute("aria-current") == Some("step"));
    assert_eq!(current.count(), 1);

    let nothing = type_in(&web, "password", "").await;
    assert_eq!(nothing.status, 422);
    assert!(nothing.page().text().contains("Type your password."));
    let wrong = type_in(&web, "password", "not it").await;
    assert_eq!(wrong.status, 422);
    let page = wrong.page();
    assert!(page.title().starts_with("Error: "), "{}", page.title());
    assert!(page.text().contains("This is not the password of this account. You have 4 more tries."));
    let field = page.by_id("proof").unwrap();
    assert_eq!((field.attribute("aria-invalid"), field.attribute("value")), (Some("true"), Some("")));
    assert_eq!(case.step("password").await["tries_left"], 4, "nothing typed is no try");

    let right = type_in(&web, "password", PASSWORD).await;
    assert_eq!((right.status.as_u16(), right.location().as_deref()), (303, Some("/case")));
    let page = web.follow(right).await.page();
    assert!(page.text().contains("Step 2 of 3: Confirm by e-mail"), "{}", page.text());
    // A second tab that still shows the password, or a double click.
    let form = wrong.form("/case/submit/password").fill("proof", PASSWORD);
    assert_eq!(web.submit(&form).await.path, "/case");
}

/// J5: "a message with a link; resend is offered; the page tells the sender's address and to look in the spam folder."
#[tokio::test]
async fn j5_the_page_tells_where_the_message_comes_from_and_when_it_can_be_sent_again() {
    let (mut world, portal) = world_of(World::builder().clock()).await;
    let (web, case) = open(&world, &portal, "lost").await;
    case.prove_password().await;
    let start = web.get("/case").await.form("/case/start/email");
    let sent = web.submit(&start).await;
    case.until_disposition("email", "sent").await;
    let text = web.get("/case").await.page().text();
    for part in ["a•••@•••.example", "recovery@example.org", "spam", "You can have it sent again in"]
    {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(sent.page().form("/case/start/email").is_none(), "it waits");
    let early = web.send(&start).await;
    assert_eq!(early.status, 429);
    assert!(early.page().text().contains("That was too soon. Nothing was done. Try again after"));
    world.clock.advance(31);
    let again = web.get("/case").await.form("/case/start/email");
    assert_eq!(web.submit(&again).await.status, 200);

    for (typed, told) in
        [("12 34", "six digits and nothing else"), ("000 000 x", "six digits and nothing else")]
    {
        let wrong = type_in(&web, "email", typed).await;
        assert_eq!(wrong.status, 422);
        assert!(wrong.page().text().contains(told), "{typed}");
    }
    let code = world.mailbox.mail(ALICE, "type this code").await.code();
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    let right = type_in(&web, "email", &spaced).await;
    assert!(web.follow(right).await.page().text().contains("Step 3 of 3: Confirm by phone call"));
}

/// J7 in a browser: the digits large on the page, the phases as they happen, wrong digits with what is left.
#[tokio::test]
async fn j7_a_call_is_followed_on_the_page() {
    let patient = "[plugins.voice.settings]\nfirst_key_seconds = 60";
    let (mut world, portal) = world_of(World::builder().phone("manual").config(patient)).await;
    let browser = Browser::start(&portal).await;
    let case = open_in(&browser, &world).await;
    case.prove_password().await;
    let (mailbox, phone) = world.peers();
    case.prove_email(mailbox, ALICE).await;
    browser.reads("Confirm by phone call Now").await;
    browser.click("Call me now").await;
    browser.reads("Your phone is ringing.").await;
    let digits = browser.attribute_of(".digits", "data-digits").await;
    assert_eq!(digits.len(), 6);
    browser.picture("case-call").await;
    phone.answer();
    phone.talk().await;
    browser.reads("Type the six digits on the keypad of your phone now.").await;
    phone.press(if digits == "111111" { "222222" } else { "111111" }).await;
    browser.reads("Those were not the six digits. Type them again, slowly. You have 2 more tries.").await;
    phone.press(&digits).await;
    case.until_state("recovered").await;
    browser.arrives("/case/finish").await;
}

/// J8: each cause in plain words with the next thing to do, on a page that is no dead end.
#[tokio::test]
async fn j8_a_call_that_fails_is_explained_with_ways_on() {
    let (mut world, portal) = world_of(World::builder().phone("busy").clock()).await;
    let (web, case) = open(&world, &portal, "lost").await;
    case.prove_password().await;
    case.prove_email(&mut world.mailbox, ALICE).await;
    for (mode, disposition, why, fix) in [
        ("busy", "busy", "The line was busy.", "End any other call"),
        ("decline", "declined", "The call was declined on the phone.", "accept the call"),
    ] {
        world.phone().settle().await;
        world.phone().mode(mode).await;
        let calling = web.submit(&web.get("/case").await.form("/case/start/voice")).await;
        if calling.page().by_class("digits").len() == 1 {
            assert!(calling.body.contains("http-equiv=\"refresh\""), "without script it goes on, too");
        }
        case.until_disposition("voice", disposition).await;
        let page = web.get("/case").await;
        let text = page.page().text();
        for part in [why, fix, "If no call comes", "still your number?", "You can be called again in"] {
            assert!(text.contains(part), "{disposition}: {part} in {text}");
        }
        assert!(page.body.contains("/case/support?problem=no_call"), "{disposition}");
        assert!(page.page().by_class("digits").is_empty() && !page.body.contains("http-equiv=\"refresh\""));
        world.clock.advance(61);
        assert!(web.get("/case").await.page().text().contains("Call me again"));
    }
    world.phone().settle().await;
    web.submit(&web.get("/case").await.form("/case/start/voice")).await;
    case.until_state("escalated").await;
    let text = web.get("/case").await.page().text();
    for part in [
        "Support has to help you with this",
        "declined on the phone",
        "support@example.org",
        "Send support a message",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
}

/// What is typed stays, what is new comes: two tabs of one browser, of which one works.
#[tokio::test]
async fn two_tabs_go_on_together_and_what_is_being_typed_is_left_alone() {
    let (mut world, portal) = world_of(World::builder()).await;
    let browser = Browser::start(&portal).await;
    let case = open_in(&browser, &world).await;
    browser.new_tab().await;
    browser.open("/case").await;
    browser.fill("Password", PASSWORD).await;
    browser.click("Continue").await;
    browser.reads("Confirm by e-mail Now").await;
    browser.tab(0).await;
    browser.reads("Confirm by e-mail Now").await;
    browser.reads("Send the message").await;
    assert_eq!(browser.count("#case [aria-current=step]").await, 1);
    browser.tab(1).await;
    browser.click("Send the message").await;
    browser.reads("It comes from recovery@example.org").await;
    browser.fill("Code from the message", "123").await;
    browser.tab(0).await;
    browser.reads("It comes from recovery@example.org").await;
    let mail = world.mailbox.mail(ALICE, "type this code").await;
    case.until_disposition("email", "sent").await;
    browser.tab(1).await;
    let typed = browser.run("return document.querySelector('#proof').value;", vec![]).await;
    assert_eq!(typed, "123");
    assert_eq!(browser.focused().await, "Code from the message");
    case.prove("email", &[&mail.code()]).await;
    browser.reads("Confirm by phone call Now").await;
    browser.axe().await;
}

/// "The page says so and goes on by itself."
#[tokio::test]
async fn a_daemon_that_is_restarted_mid_step_is_waited_for() {
    let (mut world, portal) = world_of(World::builder()).await;
    let browser = Browser::start(&portal).await;
    let case = open_in(&browser, &world).await;
    browser.fill("Password", PASSWORD).await;
    world.stop().await;
    browser.reads("The service is being restarted. Nothing is lost").await;
    world.start().await;
    browser.reads("The service is back.").await;
    browser.click("Continue").await;
    browser.reads("Confirm by e-mail Now").await;

    // A form that meets no daemon leads back to the case, and is not sent again.
    world.stop().await;
    browser.reads("The service is being restarted. Nothing is lost").await;
    browser.click("Send the message").await;
    browser.sees("The service is being restarted").await;
    world.start().await;
    browser.arrives("/case").await;
    browser.reads("Confirm by e-mail Now").await;
    assert_eq!(case.step("email").await["state"], "open");
}

/// A page without script that meets no daemon says so, and comes back by itself.
#[tokio::test]
async fn a_daemon_that_is_away_is_a_page_of_its_own() {
    let (mut world, portal) = world_of(World::builder()).await;
    let (web, case) = open(&world, &portal, "lost").await;
    let form = web.get("/case").await.form("/case/submit/password").fill("proof", PASSWORD);
    world.stop().await;
    for answer in [web.get("/case").await, web.send(&form).await] {
        assert_eq!(answer.status, 503);
        assert!(answer.body.contains(";url=/case\""), "{}", answer.body);
        assert_eq!(answer.page().heading(), "The service is being restarted");
    }
    world.start().await;
    assert_eq!(case.step("password").await["state"], "open");
    assert_eq!(web.get("/case").await.status, 200);
}

/// A stream of events as a browser holds it: its status, and its lines.
async fn listen(web: &Web, portal: &Portal, path: &str) -> (u16, BufReader<TcpStream>) {
    let mut stream = TcpStream::connect(portal.address()).await.unwrap();
    let cookies = ["readmit-browser", "readmit-case"]
        .map(|name| format!("{name}={}", web.cookie(name).unwrap_or_default()));
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\r\n",
        portal.address(),
        cookies.join("; ")
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut lines = BufReader::new(stream);
    let mut status = String::new();
    lines.read_line(&mut status).await.unwrap();
    (status.split(' ').nth(1).unwrap().parse().unwrap(), lines)
}

/// Reads on until a line holds this; false at the end.
async fn reads(lines: &mut BufReader<TcpStream>, text: &str) -> bool {
    let reading = async {
        loop {
            let mut line = String::new();
            match lines.read_line(&mut line).await {
                Ok(0) | Err(_) => return false,
                Ok(_) if line.contains(text) => return true,
                Ok(_) => {}
            }
        }
    };
    patiently(text, reading).await
}

/// The address of the events that the page names.
async fn events_of(web: &Web) -> String {
    let page = web.get("/case").await.page();
    page.by_id("case").unwrap().attribute("data-events").unwrap().to_owned()
}

#[tokio::test]
async fn streams_tell_of_changes_are_few_and_end_with_the_case_and_with_the_portal() {
    let (world, mut portal) = world_of(World::builder()).await;
    let (web, case) = open(&world, &portal, "lost").await;
    let path = events_of(&web).await;
    assert!(!path.contains(&case.id), "an address tells nobody the case");
    let mut open = Vec::new();
    for _ in 0..3 {
        let (status, lines) = listen(&web, &portal, &path).await;
        assert_eq!(status, 200);
        open.push(lines);
    }
    assert_eq!(listen(&web, &portal, &path).await.0, 429, "a browser needs connections for pages");
    // A page that is older than the case hears so at once.
    case.prove_password().await;
    for lines in &mut open {
        assert!(reads(lines, "data: look").await);
    }
    assert_eq!(Web::new(portal.url()).get("/case/events").await.status, 404);

    let (other, second) = self::open(&world, &portal, "lost").await;
    let (status, mut lines) = listen(&other, &portal, &events_of(&other).await).await;
    assert_eq!(status, 200);
    second.cancel().await.unwrap();
    assert!(reads(&mut lines, "data: look").await);
    assert!(!reads(&mut lines, "data: look").await, "there is nothing more to hear");
    assert!(web_is_told_nothing_more(&other).await);

    assert!(portal.stop().await.success(), "open streams do not keep it");
    assert!(!reads(&mut open[0], "data: look").await);
}

/// Whether the page of a case that is over asks for no events.
async fn web_is_told_nothing_more(web: &Web) -> bool {
    web.get("/case").await.page().by_id("case").unwrap().attribute("data-events").is_none()
}

/// J16: the hold says when it ends and what can stop it; it ends by itself, and the page goes on.
#[tokio::test]
async fn j16_a_hold_says_when_it_ends_and_ends_while_the_page_is_open() {
    let (mut world, portal) = world_of(World::builder().phone("silent").clock()).await;
    let (web, case) = open(&world, &portal, "stolen").await;
    case.prove_all(world.peers(), ALICE).await;
    let held = case.until_state("held").await;
    let text = web.get("/case").await.page().text();
    for part in ["now please wait", "told every address on file", "can stop it", "Come back to this page"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let (_, mut lines) = listen(&web, &portal, &events_of(&web).await).await;
    world.clock.advance(held["held_until"].as_u64().unwrap() - world.now() + 1);
    assert!(reads(&mut lines, "data: look").await);
    case.until_state("recovered").await;
    assert_eq!(web.get("/case").await.location().as_deref(), Some("/case/finish"));
}

#[tokio::test]
async fn a_recovery_that_is_vetoed_stops_on_the_open_page() {
    let (mut world, portal) = world_of(World::builder()).await;
    let browser = Browser::start(&portal).await;
    let case = open_in(&browser, &world).await;
    case.prove_password().await;
    case.start("email").await.unwrap();
    let mail = world.mailbox.mail(ALICE, "type this code").await;
    browser.reads("It comes from").await;
    world.desk.texts("Recovery1", "Veto", &[&mail.token("veto")]).await.unwrap();
    browser.sees("This recovery was stopped").await;
    browser.reads("support@example.org").await;
    assert_eq!(browser.text_of("a.button").await, "Start over");
}

/// J3: a member is told whom to contact.
#[tokio::test]
async fn j3_a_member_is_told_to_contact_an_administrator() {
    let world = World::builder().portal().start().await;
    world.person_with("alice", json!({ "kind": "member" }), "virtual").await;
    let portal = world.portal("").await;
    let (web, _) = open(&world, &portal, "lost").await;
    let page = web.get("/case").await.page();
    assert_eq!(page.heading(), "Your administrator has to help you with this");
    assert!(page.text().contains("they can deactivate the device for you"), "{}", page.text());
}

#[tokio::test]
async fn a_recovery_is_stopped_only_by_its_button_and_can_be_begun_again() {
    let (world, portal) = world_of(World::builder()).await;
    let (web, case) = open(&world, &portal, "lost").await;
    assert_eq!(web.get("/case/cancel").await.status, 404);
    assert_eq!(case.state().await, "proving");
    let cancel = web.get("/case").await.form("/case/cancel");
    let page = web.submit(&cancel).await.page();
    assert_eq!(page.heading(), "This recovery was cancelled");
    assert!(page.text().contains("Start over"));
    assert_eq!(web.submit(&cancel).await.page().heading(), "This recovery was cancelled", "twice is once");
}

/// Several ways at once: a choice, then the one that was chosen, with the way back to the others.
#[tokio::test]
async fn several_open_steps_are_a_choice() {
    let policy = "local policy = {}\n\
        function policy.open(case) return prove { \"password\", any(1, { \"email\", \"voice\" }) } end\n\
        function policy.recovered(case) return outcome { device = \"deactivate\", enroll_within = days(7) } end\n\
        return policy\n";
    let (world, portal) = world_of(World::builder().policy(policy)).await;
    let (web, case) = open(&world, &portal, "lost").await;
    case.prove_password().await;
    let page = web.get("/case").await;
    let text = page.page().text();
    assert!(text.contains("Step 2 of 2: Choose how to prove that it is you"), "{text}");
    assert!(page.page().form("/case/start/voice").is_none());
    let chosen = web.get("/case?way=email").await;
    assert_eq!(chosen.form("/case/start/email").names(), ["form_token"]);
    assert!(chosen.body.contains("href=\"/case?way=voice\""), "the other way is still there");
    for forged in ["/case?way=%3Cscript%3E", "/case?way=password&way=email", "/case?way"] {
        let answer = web.get(forged).await;
        assert_eq!(answer.status, 200, "{forged}");
        assert!(!answer.body.contains("<script>"), "{forged}");
    }
}

/// J13: "A form with the problem (from a list), e-mail address, account number, phone number and full name becomes a
/// ticket."
#[tokio::test]
async fn j13_the_form_for_support_keeps_what_was_written_and_becomes_a_ticket() {
    let (world, portal) = world_of(World::builder()).await;
    let (web, case) = open(&world, &portal, "lost").await;
    let empty = web.get("/case/support?problem=no_call").await.form("/case/support");
    assert_eq!((empty.value("problem"), empty.value("account")), (Some("no_call"), Some("alice")));
    let long = "x".repeat(201);
    let wrong = empty.fill("name", &long).fill("email", "no address").fill("message", "I hear nothing");
    let answer = web.send(&wrong).await;
    assert_eq!(answer.status, 422);
    let page = answer.page();
    assert!(page.title().starts_with("Error: "));
    for (field, error) in [("name", "This is too long."), ("email", "Type an e-mail address")] {
        assert_eq!(page.by_id(field).unwrap().attribute("aria-invalid"), Some("true"), "{field}");
        let told = page.by_id(&format!("{field}-error")).unwrap().text();
        assert!(told.starts_with(error), "{field}: {told}");
    }
    assert_eq!(case.state().await, "proving", "nothing was sent");
    let again = answer.form("/case/support");
    assert_eq!((again.value("message"), again.value("name")), (Some("I hear nothing"), Some(long.as_str())));
    let sent = again.fill("name", "Alice").fill("email", "alice@people.example");
    let ticket = web.submit(&sent).await;
    assert_eq!((ticket.status.as_u16(), ticket.path.as_str()), (200, "/case/support"));
    let number = ticket.page().by_id("ticket").unwrap().text();
    assert_eq!(case.show().await["support"]["ticket"], number.as_str());
    assert_eq!(web.submit(&sent).await.page().by_id("ticket").unwrap().text(), number, "again is the same");
    assert!(web.get("/case").await.page().text().contains(&number));
}
