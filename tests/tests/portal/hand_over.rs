//! The way from an organization's own login to the portal and back, signed in: with the sample relying party, whose
//! verifier is PyJWT.

use readmit_tests::{
    Answer, Browser, Builder, Case, PASSWORD, Portal, RelyingParty, Web, World, code_at, free_address,
};
use serde_json::{Value, json};

const ISSUER: &str = "https://recover.example.org";
const POLICY: &str = r#"
local policy = {}
function policy.open(case) return prove { "password" } end
function policy.recovered(case)
  return outcome {
    device = "deactivate",
    force_password_change = case.reason == "lost",
    enroll_within = case.reason == "lost" and days(7) or nil,
  }
end
return policy
"#;

/// A portal, and a login that sends people to it.
struct Place {
    world: World,
    portal: Portal,
    login: RelyingParty,
}

impl Place {
    async fn new() -> Self {
        Self::with(|builder| (builder, false)).await
    }

    async fn with(change: impl FnOnce(Builder) -> (Builder, bool)) -> Self {
        let builder = World::builder().portal().policy(POLICY).config(&format!(
            "[assurance]\nlevel = \"none\"\n[sign_in]\nissuer = \"{ISSUER}\"\naudiences = [\"payroll\", \"wiki\"]\n"
        ));
        let (builder, has_clock) = change(builder);
        let world = builder.start().await;
        let clock = has_clock.then_some(&world.clock);
        world.person("alice").await;
        let address = free_address();
        let portal = world
            .portal(&format!(
                "[[clients]]\nid = \"payroll\"\nname = \"Payroll\"\nredirect_uris = [\"http://{address}/recovered\"]\n\
                 [[clients]]\nid = \"wiki\"\nname = \"Wiki\"\nredirect_uris = [\"https://wiki.example/\"]\n"
            ))
            .await;
        let login = RelyingParty::start(&address, portal.url(), ISSUER, "payroll", clock).await;
        Self { world, portal, login }
    }

    /// A person at the login who says that the device is lost: their browser there, and what it is sent to here.
    async fn set_out(&self) -> (Web, String) {
        let login = Web::new(self.login.url());
        let sent = login.get("/recover").await.location().expect("sent to the portal");
        (login, sent)
    }

    /// Opens a recovery where the login has sent the person, and proves it.
    async fn recover(&self, sent: &str, reason: &str) -> (Web, Case) {
        let web = Web::new(self.portal.url());
        let form = web.get(sent).await.form("/recover").fill("account", "alice").fill("reason", reason);
        web.send(&form).await;
        let case = self.world.desk.case(&web.cookie("readmit-case").expect("a case"));
        case.prove("password", &[PASSWORD]).await;
        (web, case)
    }

    /// All the way to the page that takes the person back; its fields.
    async fn to_the_end(&self, sent: &str) -> (String, String) {
        let (web, _) = self.recover(sent, "damaged").await;
        let finish = web.get("/case/finish").await;
        fields(&self.go_on(&web, &finish).await, self.login.url())
    }

    async fn go_on(&self, web: &Web, finish: &Answer) -> Answer {
        web.submit(&finish.form("/case/continue")).await
    }
}

/// What the page would send to the login.
fn fields(page: &Answer, login: &str) -> (String, String) {
    let form = page.form(&format!("{login}/recovered"));
    let value = |name| form.value(name).expect(name).to_owned();
    (value("token"), value("state"))
}

fn heading(answer: &Answer) -> String {
    answer.page().heading()
}

/// J9: all factors proven, the person signs in once, at the login that they came from.
#[tokio::test]
async fn j9_a_person_comes_from_a_login_and_goes_back_signed_in() {
    let place = Place::new().await;
    let browser = Browser::start(&place.portal).await;
    browser.open(&format!("{}/", place.login.url())).await;
    browser.click("I have lost my device").await;
    browser.sees("Get back into your account").await;
    browser.fill("User name or e-mail address", "alice").await;
    browser.choose("I have lost it").await;
    browser.click("Continue").await;
    browser.reads("Enter your password").await;
    let case = place.world.desk.case(&browser.cookie("readmit-case").await.expect("a case"));
    case.prove("password", &[PASSWORD]).await;

    // First a new password, then a new device, then back.
    browser.open("/case/finish").await;
    browser.click("Choose a new password").await;
    browser.fill("New password", "a new and long enough one").await;
    browser.fill("The same password once more", "a new and long enough one").await;
    browser.click("Change the password").await;
    browser.click("Set up my new device").await;
    browser.click("Show the QR code").await;
    browser.sees("Connect your new device").await;
    browser.unfold("I cannot scan the code").await;
    let secret = browser.text_of(".secret code").await.replace(' ', "");
    let now = place.world.now();
    browser.fill("First code", &code_at(&secret, now, -1)).await;
    browser.fill("Second code", &code_at(&secret, now, 0)).await;
    browser.click("Connect the device").await;
    browser.click("Finish the recovery").await;
    browser.sees("You can go on to Payroll").await;
    // Chromium lets the form through to this one place.
    browser.click("Continue to Payroll").await;
    browser.sees("Signed in as alice").await;
    browser.reads("left to do: nothing").await;
}

#[tokio::test]
async fn a_person_who_goes_on_without_a_new_device_is_told_so_to_the_login() {
    let place = Place::new().await;
    let (login, sent) = place.set_out().await;
    let (web, case) = place.recover(&sent, "lost").await;
    // The password comes first, whatever is asked for.
    let finish = web.get("/case/finish").await;
    assert!(finish.page().form("/case/continue").is_none());
    let form = finish.page().form("/language").expect("a form of this browser");
    let token = form.value("form_token").expect("a token").to_owned();
    let early = web.post("/case/continue", &[("form_token", &token)]).await;
    assert_eq!(early.location().as_deref(), Some("/case/password"));
    case.change_password("a new and long enough one").await.expect("changed");
    let finish = web.get("/case/finish").await;
    let page = place.go_on(&web, &finish).await;
    let (token, state) = fields(&page, place.login.url());
    // The page may be loaded again, here and in another tab, and the sign-in is still one.
    let again = web.get("/case/continue").await;
    assert_eq!(fields(&again, place.login.url()), (token.clone(), state.clone()));
    let policy = again.header("content-security-policy");
    assert!(policy.contains(&format!("form-action 'self' {};", place.login.url())), "{policy}");
    assert!(!web.get("/case/summary").await.header("content-security-policy").contains(place.login.url()));

    let back = login.post("/recovered", &[("token", &token), ("state", &state)]).await;
    let home = login.follow(back).await;
    assert_eq!(heading(&home), "Signed in as alice");
    assert!(home.page().text().contains("left to do: enroll"), "{}", home.page().text());
    // Another try at the portal shows how things stand.
    let second = web.send(&finish.form("/case/continue")).await;
    assert_eq!(second.location().as_deref(), Some("/case/finish"));
}

#[tokio::test]
async fn what_is_not_the_daemons_token_for_this_browser_signs_nobody_in() {
    let place = Place::new().await;
    let (other, sent) = place.set_out().await;
    let (good, state) = place.to_the_end(&sent).await;
    let parts: Vec<&str> = good.split('.').collect();
    let keys = Web::new(place.portal.url()).get("/.well-known/jwks.json").await;
    assert_eq!(keys.header("content-type"), "application/jwk-set+json");
    let keys: Value = serde_json::from_str(&keys.body).expect("keys");
    let (id, public) = (&keys["keys"][0]["kid"], &keys["keys"][0]["x"]);
    let header = |algorithm: &str, kind: &str| {
        base64(json!({ "alg": algorithm, "typ": kind, "kid": id }).to_string().as_bytes())
    };
    let kind = "readmit-sign-in+jwt";
    let flipped: String = parts[2].chars().rev().collect();
    let other_claims = base64(b"{\"sub\":\"root\"}");
    let signed = format!("{}.{}", header("HS256", kind), parts[1]);
    let confused = hmac_of(public.as_str().expect("x"), &signed);
    let forged = [
        String::new(),
        "nonsense".to_owned(),
        format!("{}.{}.", header("none", kind), parts[1]),
        format!("{}.{}.{}", header("none", kind), parts[1], parts[2]),
        format!("{signed}.{}", base64(&confused)),
        format!("{}.{}.{flipped}", parts[0], parts[1]),
        format!("{}.{other_claims}.{}", parts[0], parts[2]),
        format!("{}.{}.{}", header("EdDSA", "JWT"), parts[1], parts[2]),
        format!("{}.{}", parts[0], parts[1]),
        good.replace('.', " ."),
    ];
    for token in forged {
        // Each try ends what the browser began: so each sets out anew.
        let (login, sent) = place.set_out().await;
        let state = of(&sent, "state");
        let refused = login.post("/recovered", &[("token", &token), ("state", &state)]).await;
        assert_eq!(
            (refused.status.as_u16(), heading(&refused).as_str()),
            (403, "You are not signed in"),
            "{token}"
        );
        assert_eq!(heading(&login.get("/").await), "Sign in");
    }
    // The right token of another browser: neither with its own state nor with the other's.
    let (login, sent) = place.set_out().await;
    let refused = login.post("/recovered", &[("token", &good), ("state", &of(&sent, "state"))]).await;
    assert!(refused.page().text().contains("made for another browser"), "{}", refused.page().text());
    let (login, _) = place.set_out().await;
    let refused = login.post("/recovered", &[("token", &good), ("state", &state)]).await;
    assert!(refused.page().text().contains("has not asked for this"), "{}", refused.page().text());
    // And yet it is good, once.
    let back = other.post("/recovered", &[("token", &good), ("state", &state)]).await;
    assert_eq!(heading(&other.follow(back).await), "Signed in as alice");
    let again = other.post("/recovered", &[("token", &good), ("state", &state)]).await;
    assert_eq!(again.status, 403);
}

#[tokio::test]
async fn a_token_for_another_login_or_without_a_nonce_signs_nobody_in() {
    let place = Place::new().await;
    for (audience, with_nonce, why) in [("wiki", true, "Audience"), ("payroll", false, "nonce")] {
        let (login, sent) = place.set_out().await;
        let case = place.world.desk.open("alice", "damaged").await;
        case.prove("password", &[PASSWORD]).await;
        let nonce = if with_nonce { of(&sent, "nonce") } else { String::new() };
        let claimed = place.world.desk.texts("Recovery1", "ClaimFor", &[&case.id, audience, &nonce]).await;
        let claimed = claimed.expect("claimed");
        let token = claimed["token"].as_str().expect("a token");
        let refused = login.post("/recovered", &[("token", token), ("state", &of(&sent, "state"))]).await;
        assert_eq!(refused.status, 403);
        assert!(refused.page().text().contains(why), "{audience}: {}", refused.page().text());
    }
}

#[tokio::test]
async fn a_token_that_is_too_old_signs_nobody_in() {
    let place = Place::with(|builder| (builder.clock(), true)).await;
    let (login, sent) = place.set_out().await;
    let (token, state) = place.to_the_end(&sent).await;
    // Five minutes, and the half of one by which two clocks may differ.
    place.world.clock.advance(300 + 30);
    let refused = login.post("/recovered", &[("token", &token), ("state", &state)]).await;
    assert_eq!(refused.status, 403);
    assert!(refused.page().text().contains("expired"), "{}", refused.page().text());
}

#[tokio::test]
async fn a_recovery_that_is_given_up_leads_back_without_one() {
    let place = Place::new().await;
    let (login, sent) = place.set_out().await;
    let web = Web::new(place.portal.url());
    let form = web.get(&sent).await.form("/recover").fill("account", "alice").fill("reason", "lost");
    web.send(&form).await;
    // While it goes on there is no way back but to go on or to give up.
    assert_eq!(web.get("/case/back").await.location().as_deref(), Some("/case"));
    let case = place.world.desk.case(&web.cookie("readmit-case").expect("a case"));
    case.cancel().await.expect("given up");
    let ended = web.get("/case").await;
    assert!(ended.page().text().contains("Back to Payroll"), "{}", ended.page().text());
    let back = web.get("/case/back").await;
    let form = back.form(&format!("{}/recovered", place.login.url()));
    assert_eq!((form.value("error"), form.value("token")), (Some("access_denied"), None));
    let fields = [("error", "access_denied"), ("state", form.value("state").expect("state"))];
    assert_eq!(heading(&login.post("/recovered", &fields).await), "There was no recovery");
}

#[tokio::test]
async fn nobody_is_sent_anywhere_that_the_configuration_does_not_have() {
    let place = Place::new().await;
    let (_, sent) = place.set_out().await;
    let uri = of(&sent, "redirect_uri");
    let web = Web::new(place.portal.url());
    let evil = [
        ("client_id", "other"),
        ("client_id", ""),
        ("redirect_uri", "https://evil.example/"),
        ("redirect_uri", "//evil.example/"),
        ("redirect_uri", "javascript:alert(1)"),
        ("redirect_uri", "https://wiki.example/"),
        ("redirect_uri", &format!("{uri}/../evil")),
        ("redirect_uri", &format!("{uri}#evil")),
        ("redirect_uri", &format!("{uri}\r\nLocation: https://evil.example")),
        ("state", ""),
        ("state", &"x".repeat(300)),
        ("nonce", "\r\n"),
    ];
    for (name, value) in evil {
        let pairs = ["client_id", "redirect_uri", "state", "nonce"]
            .map(|known| (known, if known == name { value.to_owned() } else { of(&sent, known) }));
        let query = serde_urlencoded::to_string(pairs).expect("a query");
        let answer = web.get(&format!("/recover?{query}")).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (400, None), "{name}={value}");
        assert!(!answer.body.contains("evil.example") || name == "redirect_uri", "{}", answer.body);
        let away = |element: &&readmit_tests::Element| {
            let to = element.attribute("href").or(element.attribute("action")).unwrap_or_default();
            to.contains("evil") || to.starts_with("http") || to.starts_with("//")
        };
        let page = answer.page();
        assert!(page.all("a").into_iter().chain(page.all("form")).find(away).is_none(), "{}", answer.body);
    }
    let twice = format!("{sent}&redirect_uri=https%3A%2F%2Fevil.example%2F");
    assert_eq!(web.get(&twice).await.status, 400);

    // Neither does what travels in the browser: with a cookie that was made up, or is another case's, the person is
    // not from anywhere.
    let (web, _) = place.recover(&sent, "damaged").await;
    let kept = web.cookie("readmit-hand-over").expect("kept");
    let names_it = |answer: &Answer| answer.page().text().contains("Payroll");
    assert!(names_it(&web.get("/case/finish").await));
    let other = place.world.desk.open("alice", "damaged").await;
    other.prove("password", &[PASSWORD]).await;
    let stranger = Web::new(place.portal.url());
    stranger.put_cookie("readmit-case", &other.id);
    for made_up in [kept.as_str(), "e30", "AAAA", &"A".repeat(4000)] {
        stranger.put_cookie("readmit-hand-over", made_up);
        let finish = stranger.get("/case/finish").await;
        assert_eq!(finish.status, 200);
        assert!(!names_it(&finish), "{made_up}");
    }
}

#[tokio::test]
async fn who_sets_out_again_comes_back_to_where_they_set_out_from_last() {
    let place = Place::new().await;
    let (_, first) = place.set_out().await;
    let (web, _) = place.recover(&first, "damaged").await;
    let (login, second) = place.set_out().await;
    let offer = web.get(&second).await;
    let gone_on = web.send(&offer.form("/recover/go-on")).await;
    assert_eq!(gone_on.location().as_deref(), Some("/case"));
    let finish = web.get("/case/finish").await;
    let page = place.go_on(&web, &finish).await;
    let (token, state) = fields(&page, place.login.url());
    assert_eq!(state, of(&second, "state"));
    let back = login.post("/recovered", &[("token", &token), ("state", &state)]).await;
    assert_eq!(heading(&login.follow(back).await), "Signed in as alice");
}

/// A parameter of an address.
fn of(address: &str, name: &str) -> String {
    let query = address.split_once('?').expect("a query").1;
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).expect("pairs");
    pairs.into_iter().find(|(known, _)| known == name).expect(name).1
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// As a verifier would compute it that takes the public key for a shared secret.
fn hmac_of(key: &str, text: &str) -> Vec<u8> {
    use hmac::Mac as _;
    let mut mac = hmac::Hmac::<sha2::Sha256>::new_from_slice(key.as_bytes()).expect("a key");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}
