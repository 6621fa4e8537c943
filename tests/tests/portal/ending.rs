//! After everything is proven: sign-in, new password, new device, recovery codes, summary.

use readmit_tests::{Answer, Case, PASSWORD, Person, Portal, Web, World, code_at};
use serde_json::json;

const NEW_PASSWORD: &str = "a new and long enough one";

/// One way to recover a reason: what is asked for is the shortest, what happens is what each page needs.
const POLICY: &str = r#"
local policy = {}
function policy.open(case)
  if case.reason == "not_working" then return prove { "recovery_code" } end
  return prove { "password" }
end
function policy.recovered(case)
  local exposed = case.reason == "lost" or case.reason == "stolen"
  return outcome {
    device = case.device.form == "hardware" and "keep" or "deactivate",
    force_password_change = exposed,
    revoke_sessions = exposed,
    enroll_within = days(7),
  }
end
return policy
"#;

struct Place {
    world: World,
    portal: Portal,
    alice: Person,
}

impl Place {
    async fn new(form: &str) -> Self {
        let builder = World::builder().portal().policy(POLICY).config("[assurance]\nlevel = \"none\"\n");
        let world = builder.start().await;
        let alice = world.person_with("alice", json!({}), form).await;
        let portal = world.portal("").await;
        Self { world, portal, alice }
    }

    /// A browser in whose case everything is proven.
    async fn proven(&self, reason: &str) -> (Web, Case) {
        let web = Web::new(self.portal.url());
        let case = self.case(reason).await;
        web.get("/recover").await;
        web.put_cookie("readmit-case", &case.id);
        (web, case)
    }

    async fn case(&self, reason: &str) -> Case {
        let case = self.world.desk.open("alice", reason).await;
        if reason == "not_working" {
            let codes = self.world.desk.recovery_codes("alice").await;
            case.prove("recovery_code", &[&codes[0]]).await;
        } else {
            case.prove("password", &[PASSWORD]).await;
        }
        case
    }
}

fn text(answer: &Answer) -> String {
    answer.page().text()
}

/// What is to be done, and how it stands with it.
fn tasks(answer: &Answer) -> Vec<String> {
    let page = answer.page();
    page.by_class("step").into_iter().map(|one| one.all("h2")[0].text()).collect()
}

/// The secret as it is shown for typing.
fn secret_in(answer: &Answer) -> String {
    answer.page().by_class("secret").first().expect("a secret").text().replace(' ', "")
}

async fn sign_in(web: &Web) -> Answer {
    let finish = web.get("/case/finish").await;
    web.submit(&finish.form("/case/claim")).await
}

async fn begin(web: &Web) -> Answer {
    let form = web.get("/case/device").await.form("/case/device").fill("label", "Blue telephone");
    web.send(&form).await
}

async fn confirm(web: &Web, page: &Answer, first: &str, second: &str) -> Answer {
    web.send(&page.form("/case/device/confirm").fill("first", first).fill("second", second)).await
}

#[tokio::test]
async fn j9_j12_j14_who_lost_a_device_signs_in_changes_the_password_and_sets_up_a_new_one() {
    let place = Place::new("virtual").await;
    let (web, case) = place.proven("lost").await;
    let finish = sign_in(&web).await;
    assert_eq!(finish.page().heading(), "Almost done");
    let password = web.get("/case/password").await;
    assert!(text(&password).contains("Whoever finds it may also know your password"), "{}", text(&password));
    let form = password.form("/case/password").fill("password", NEW_PASSWORD).fill("again", NEW_PASSWORD);
    assert_eq!(web.submit(&form).await.path, "/case/finish");
    // J11: what is to be done with the app of the old one.
    let device = web.get("/case/device").await;
    assert!(text(&device).contains("remove this account from its authenticator app"), "{}", text(&device));
    let page = begin(&web).await;
    let picture = page.page().by_class("qr")[0].attribute("src").unwrap_or_default().to_owned();
    assert!(picture.starts_with("data:image/svg+xml;base64,"), "{picture}");
    let (secret, now) = (secret_in(&page), place.world.now());
    let done = confirm(&web, &page, &code_at(&secret, now, -1), &code_at(&secret, now, 0)).await;
    let summary = web.follow(done).await;
    assert_eq!(summary.page().heading(), "Your recovery is complete");
    assert!(!summary.body.contains(&secret));
    assert_eq!(case.state().await, "completed");
    let devices = place.world.desk.devices("alice").await;
    assert_eq!(devices.len(), 1, "{devices:?}");
    let asked = place.world.desk.texts("Authentication1", "VerifyPassword", &["alice", NEW_PASSWORD]).await;
    assert_eq!(asked.expect("asked"), "accepted");
}

#[tokio::test]
async fn j12_who_has_a_damaged_device_keeps_the_password() {
    let place = Place::new("virtual").await;
    let (web, _) = place.proven("damaged").await;
    let finish = web.get("/case/finish").await;
    assert_eq!(tasks(&finish), ["Sign in Next", "Set up your new device After that"]);
    assert_eq!(web.get("/case/password").await.location().as_deref(), Some("/case/finish"));
    let finish = sign_in(&web).await;
    assert_eq!(tasks(&finish), ["Sign in Done", "Set up your new device Next"]);
    assert!(web.cookie("readmit-session").is_some());
    assert!(text(&finish).contains("You have until"), "{}", text(&finish));
    let summary = web.get("/case/summary").await;
    assert!(!text(&summary).contains("Password Changed"), "{}", text(&summary));
}

#[tokio::test]
async fn j10_hardware_in_repair_is_kept_until_the_new_device_is_there() {
    let place = Place::new("hardware").await;
    let (web, _) = place.proven("damaged").await;
    sign_in(&web).await;
    let device = web.get("/case/device").await;
    assert!(text(&device).contains("stays on file while you wait for a new one"), "{}", text(&device));
    assert!(!text(&device).contains("remove this account"), "{}", text(&device));
    assert!(text(&web.get("/case/summary").await).contains("asked for again at the next sign-in"));
    let page = begin(&web).await;
    let (secret, now) = (secret_in(&page), place.world.now());
    let done = confirm(&web, &page, &code_at(&secret, now, -1), &code_at(&secret, now, 0)).await;
    let summary = web.follow(done).await;
    assert!(text(&summary).contains("“phone”: deleted"), "{}", text(&summary));
    assert!(text(&summary).contains("Blue telephone"), "{}", text(&summary));
    let devices = place.world.desk.devices("alice").await;
    assert!(devices.iter().all(|device| device["device"] != place.alice.device.as_str()), "{devices:?}");
}

#[tokio::test]
async fn j14_wrong_codes_are_told_at_their_field_and_too_many_need_a_new_secret() {
    let place = Place::new("virtual").await;
    let (web, _) = place.proven("damaged").await;
    let mut page = begin(&web).await;
    let secret = secret_in(&page);
    // What cannot be a code costs no try, nor does the same code twice.
    for (first, second, field) in
        [("12", "123456", "first"), ("123456", "", "second"), ("123456", "123 456", "second")]
    {
        let wrong = confirm(&web, &page, first, second).await;
        assert_eq!(wrong.status, 422, "{first} {second}");
        let error = wrong.page().by_id(&format!("{field}-error")).map(|error| error.text());
        assert!(error.is_some_and(|error| !error.is_empty()), "{first} {second}");
    }
    for left in (1..5).rev() {
        page = confirm(&web, &page, "000000", "111111").await;
        assert_eq!(page.status, 422);
        let told = if left == 1 { "One more try".to_owned() } else { format!("{left} more tries") };
        assert!(text(&page).contains(&told), "{left}: {}", text(&page));
        // The same secret, so that the app needs no other.
        assert_eq!(secret_in(&page), secret);
    }
    let over = confirm(&web, &page, "000000", "111111").await;
    assert_eq!(over.status, 422);
    assert!(
        text(&over).contains("too often") && over.page().by_class("secret").is_empty(),
        "{}",
        text(&over)
    );
    let now = place.world.now();
    let late = confirm(&web, &page, &code_at(&secret, now, -1), &code_at(&secret, now, 0)).await;
    assert_eq!(late.location().as_deref(), Some("/case/device"));

    let page = begin(&web).await;
    let other = secret_in(&page);
    assert_ne!(other, secret);
    let done = confirm(&web, &page, &code_at(&other, now, -1), &code_at(&other, now, 0)).await;
    assert_eq!(done.location().as_deref(), Some("/case/finish"));
    assert_eq!(tasks(&web.get("/case/finish").await), ["Sign in Next", "Set up your new device Done"]);
}

#[tokio::test]
async fn twice_and_in_two_tabs_is_as_good_as_once() {
    let place = Place::new("virtual").await;
    let (web, case) = place.proven("stolen").await;
    let finish = web.get("/case/finish").await;
    let claim = finish.form("/case/claim");
    let (one, two) = tokio::join!(web.send(&claim), web.send(&claim));
    assert_eq!([one.location(), two.location()].map(|to| to.as_deref() == Some("/case/finish")), [true; 2]);

    let password = web.get("/case/password").await.form("/case/password");
    let password = password.fill("password", NEW_PASSWORD).fill("again", NEW_PASSWORD);
    let (one, two) = tokio::join!(web.send(&password), web.send(&password));
    assert_eq!([one.location(), two.location()].map(|to| to.as_deref() == Some("/case/finish")), [true; 2]);

    // Two tabs that begin show the same secret, and so does whoever loads the page again.
    let form = web.get("/case/device").await.form("/case/device");
    let first = web.send(&form).await;
    let second = web.submit(&form).await;
    let again = web.get("/case/device").await;
    assert_eq!((secret_in(&first), secret_in(&second)), (secret_in(&again), secret_in(&again)));
    let (secret, now) = (secret_in(&first), place.world.now());
    let codes = (code_at(&secret, now, -1), code_at(&secret, now, 0));
    let done = confirm(&web, &first, &codes.0, &codes.1).await;
    assert_eq!(done.location().as_deref(), Some("/case/finish"));
    let again = confirm(&web, &first, &codes.0, &codes.1).await;
    assert_eq!(web.follow(again).await.path, "/case/summary");
    assert_eq!(case.state().await, "completed");
    for path in ["/case/password", "/case/device", "/case/codes", "/case/continue", "/case"] {
        assert_eq!(web.visit(path).await.path, "/case/summary", "{path}");
    }
    let journal = place.world.desk.journal().await;
    for kind in ["sign_in_claimed", "password_changed", "device_enrolled", "enrollment_began"] {
        let times =
            journal.iter().filter(|entry| entry["kind"] == kind && entry["case"] == case.handle()).count();
        assert_eq!(times, 1, "{kind}");
    }
}

#[tokio::test]
async fn new_recovery_codes_are_shown_until_they_are_saved() {
    let place = Place::new("virtual").await;
    let (web, _) = place.proven("not_working").await;
    let shown = sign_in(&web).await;
    let codes: Vec<String> =
        shown.page().by_class("codes")[0].all("li").iter().map(|code| code.text()).collect();
    assert_eq!(codes.len(), 10);
    // The file is in the link itself: it needs neither script nor another answer.
    let page = shown.page();
    let link = page.all("a").into_iter().find(|link| link.attribute("download").is_some()).expect("a file");
    let file = link.attribute("href").and_then(|href| href.split_once("base64,")).expect("a file").1;
    use base64::Engine as _;
    let file = base64::engine::general_purpose::STANDARD.decode(file).expect("base64");
    let file = String::from_utf8(file).expect("text");
    assert!(codes.iter().all(|code| file.contains(code)) && file.contains("alice"), "{file}");
    // The answer got lost: they are there again, for this browser alone.
    assert!(text(&web.get("/case/codes").await).contains(&codes[9]));
    assert_eq!(tasks(&web.get("/case/finish").await)[1], "Save your new recovery codes Next");
    let other = Web::new(place.portal.url());
    other.get("/recover").await;
    other.put_cookie("readmit-case", &web.cookie("readmit-case").expect("a case"));
    let theirs = other.visit("/case/codes").await;
    assert!(!text(&theirs).contains(&codes[9]), "{}", text(&theirs));
    // Nor are they in the summary, which is printed and left about.
    assert!(!text(&web.get("/case/summary").await).contains(&codes[9]));
    let saved = web.submit(&shown.form("/case/codes/saved")).await;
    assert_eq!(tasks(&saved)[1], "Set up your new device Next");
    assert_eq!(web.get("/case/codes").await.location().as_deref(), Some("/case/finish"));
    assert!(!place.portal.log().contains(&codes[0]));
    // And they work.
    let case = place.world.desk.open("alice", "not_working").await;
    case.prove("recovery_code", &[&codes[9]]).await;
}

#[tokio::test]
async fn a_portal_that_was_restarted_goes_on_where_it_was() {
    let mut place = Place::new("virtual").await;
    let (web, _) = place.proven("damaged").await;
    let page = begin(&web).await;
    let (secret, now) = (secret_in(&page), place.world.now());
    place.portal.kill().await;
    place.portal.restart().await;
    let page = web.get("/case/device").await;
    assert!(
        page.page().by_class("secret").is_empty() && text(&page).contains("not shown again"),
        "{}",
        text(&page)
    );
    // Whoever has it in the app goes on with it; whoever has not gets another.
    let done = confirm(&web, &page, &code_at(&secret, now, -1), &code_at(&secret, now, 0)).await;
    assert_eq!(done.location().as_deref(), Some("/case/finish"));
    let (web, _) = place.proven("damaged").await;
    begin(&web).await;
    place.portal.kill().await;
    place.portal.restart().await;
    let page = web.get("/case/device").await;
    let anew = web.send(&page.form("/case/device")).await;
    assert_ne!(secret_in(&anew), secret);
}

#[tokio::test]
async fn what_is_typed_wrong_is_asked_again() {
    let place = Place::new("virtual").await;
    let (web, _) = place.proven("lost").await;
    let form = web.get("/case/password").await.form("/case/password");
    let long = "x".repeat(1025);
    let wrong = [
        ("", "", "password"),
        ("qwertz", "qwertz", "password"),
        (PASSWORD, PASSWORD, "password"),
        (&long, &long, "password"),
        (NEW_PASSWORD, "", "again"),
        (NEW_PASSWORD, "another one, long enough", "again"),
    ];
    for (first, again, field) in wrong {
        let answer = web.send(&form.clone().fill("password", first).fill("again", again)).await;
        assert_eq!(answer.status, 422, "{first}");
        assert!(answer.page().title().starts_with("Error: "));
        assert!(answer.page().by_id(&format!("{field}-error")).is_some(), "{first} {again}");
        // What was typed does not come back.
        assert!(first.is_empty() || !answer.body.contains(first), "{first}");
    }
    let form = web.get("/case/device").await.form("/case/device");
    for label in ["", "  ", &"x".repeat(201), "a\u{7}b"] {
        let answer = web.send(&form.clone().fill("label", label)).await;
        assert_eq!(answer.status, 422, "{label:?}");
        assert!(answer.page().by_id("label-error").is_some(), "{label:?}");
    }
    let odd = "<script>alert(1)</script>\"'&";
    let answer = web.send(&form.fill("label", odd)).await;
    assert_eq!(answer.status, 200);
    assert!(!answer.body.contains("<script>alert"), "{}", answer.body);
}

#[tokio::test]
async fn nobody_gets_here_who_has_not_proven_everything() {
    let place = Place::new("virtual").await;
    for account in ["alice", "nobody-of-that-name"] {
        let case = place.world.desk.open(account, "lost").await;
        let web = Web::new(place.portal.url());
        let form = web.get("/recover").await.form("/recover");
        web.put_cookie("readmit-case", &case.id);
        let token = form.value("form_token").expect("a token");
        for path in [
            "/case/finish",
            "/case/password",
            "/case/device",
            "/case/codes",
            "/case/continue",
            "/case/summary",
        ] {
            assert_eq!(web.get(path).await.location().as_deref(), Some("/case"), "{path}");
        }
        for path in [
            "/case/claim",
            "/case/continue",
            "/case/password",
            "/case/device",
            "/case/device/confirm",
            "/case/codes/saved",
        ] {
            let fields = [
                ("form_token", token),
                ("password", NEW_PASSWORD),
                ("again", NEW_PASSWORD),
                ("label", "x"),
                ("first", "111111"),
                ("second", "222222"),
            ];
            let answer = web.post(path, &fields).await;
            assert_eq!(answer.location().as_deref(), Some("/case"), "{path} {}", answer.status);
        }
        assert_eq!(case.state().await, "proving");
        assert!(web.cookie("readmit-session").is_none());
    }
}
