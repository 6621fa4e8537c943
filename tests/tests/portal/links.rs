//! The links in messages: what a click is worth in which browser, and that nothing else is worth anything.

use readmit_tests::{Answer, Case, Html, Mail, Person, Web, World};

/// A recovery that waits for the click on the link in alice's mailbox.
struct Waiting {
    world: World,
    alice: Person,
    case: Case,
    /// The browser that opened it.
    web: Web,
    url: String,
    mail: Mail,
    _portal: readmit_tests::Portal,
}

impl Waiting {
    async fn new() -> Self {
        Self::of(World::builder().portal()).await
    }

    async fn of(builder: readmit_tests::Builder) -> Self {
        let mut world = builder.start().await;
        let alice = world.person("alice").await;
        let portal = world.portal("").await;
        let url = portal.url().to_owned();
        let web = Web::new(&url);
        let case = begin(&world, &web, "alice").await;
        let mail = world.mailbox.mail(&alice.email, "/link/").await;
        Self { world, alice, case, web, url, mail, _portal: portal }
    }

    fn path(&self, place: &str) -> String {
        self.mail.link(place).trim_start_matches(&self.url).to_owned()
    }

    async fn email_state(&self) -> String {
        self.case.step("email").await["state"].as_str().unwrap().to_owned()
    }
}

/// Begins a recovery in this browser, up to the message.
async fn begin(world: &World, web: &Web, account: &str) -> Case {
    let form = web.get("/recover").await.form("/recover").fill("account", account).fill("reason", "lost");
    assert_eq!(web.send(&form).await.location().as_deref(), Some("/case"));
    let case = world.desk.case(&web.cookie("readmit-case").unwrap());
    case.prove_password().await;
    case.start("email").await.unwrap();
    case
}

/// Opens a link and clicks.
async fn click(web: &Web, path: &str) -> Answer {
    let answer = web.get(path).await;
    let place = if path.starts_with("/veto") { "/veto" } else { "/link" };
    web.send(&answer.form(place)).await
}

/// What a page says and where its forms go, without what belongs to this browser or this address.
fn shape(answer: &Answer) -> String {
    let page = answer.page();
    let mut body = answer.body.clone();
    for name in ["form_token", "token", "back"] {
        for input in page.all("input") {
            let value = input.attribute("value").unwrap_or_default();
            let written =
                value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
            if input.attribute("name") == Some(name) && !value.is_empty() {
                body = body.replace(&format!("value=\"{written}\""), "value=\"\"");
            }
        }
    }
    format!("{} {body}", answer.status)
}

#[tokio::test]
async fn a_click_counts_in_the_browser_that_opened_the_recovery() {
    let waiting = Waiting::new().await;
    let path = waiting.path("link");
    let page = waiting.web.get(&path).await;
    assert_eq!(page.status, 200);
    assert_eq!(waiting.email_state().await, "sent", "looking is not clicking");
    let form = page.form("/link");
    let answer = waiting.web.send(&form).await;
    assert_eq!((answer.status.as_u16(), answer.location().as_deref()), (303, Some("/case")));
    assert_eq!(waiting.email_state().await, "proven");
    // Sent twice, from another tab, after going back: it is shown how things stand.
    assert_eq!(waiting.web.send(&form).await.location().as_deref(), Some("/case"));
    assert_eq!(click(&waiting.web.clone(), &path).await.location().as_deref(), Some("/case"));
}

/// Programs that check mail open links, run what is on the page, and send its forms.
#[tokio::test]
async fn what_checks_mail_proves_nothing_and_stops_nothing() {
    let waiting = Waiting::new().await;
    let (link, veto) = (waiting.path("link"), waiting.path("veto"));
    for path in [&link, &veto] {
        for _ in 0..5 {
            let scanner = Web::new(&waiting.url);
            assert_eq!(scanner.get(path).await.status, 200);
        }
        // Without cookies, as most do, a form is refused.
        let scanner = Web::new(&waiting.url);
        let place = if path == &link { "/link" } else { "/veto" };
        let form = scanner.get(path).await.form(place);
        scanner.forget();
        assert_eq!(scanner.send(&form).await.status, 403);
        let token = waiting.mail.token(place.trim_start_matches('/'));
        assert_eq!(scanner.post(place, &[("token", &token), ("who", "not_me")]).await.status, 403);
    }
    // With cookies, like a browser of its own, it sees a code that proves nothing there.
    let scanner = Web::new(&waiting.url);
    let answer = click(&scanner, &link).await;
    assert_eq!((answer.status.as_u16(), answer.page().heading()), (200, "Your code".to_owned()));
    assert_eq!(scanner.cookie("readmit-case"), None);
    // To stop a recovery takes a choice that is not made yet.
    let answer = click(&scanner, &veto).await;
    assert_eq!(answer.status, 422);
    assert!(answer.page().text().contains("Choose whether it was you"));
    assert_eq!((waiting.email_state().await, waiting.case.state().await), ("sent".into(), "proving".into()));
    assert_eq!(click(&waiting.web, &link).await.location().as_deref(), Some("/case"));
    assert_eq!(waiting.email_state().await, "proven");
}

/// Whoever has a link learns from its page nothing about it; and the daemon is not even asked.
#[tokio::test]
async fn the_page_is_the_same_for_every_link() {
    let mut waiting = Waiting::new().await;
    let link = waiting.path("link");
    let veto = waiting.path("veto");
    let bob = waiting.world.person("bob").await;
    let bobs = Web::new(&waiting.url);
    begin(&waiting.world, &bobs, "bob").await;
    let foreign = waiting.world.mailbox.mail(&bob.email, "/link/").await;
    let used = link.clone();
    click(&waiting.web, &used).await;
    waiting.world.stop().await;
    for (place, own, other) in [("link", &used, &foreign), ("veto", &veto, &foreign)] {
        let web = Web::new(&waiting.url);
        let first = web.get(own).await;
        assert_eq!(first.status, 200);
        assert_eq!(first.header("referrer-policy"), "no-referrer");
        assert_eq!(first.header("cache-control"), "no-store");
        let robots = |page: &Html| {
            page.all("meta").iter().any(|meta| {
                meta.attribute("name") == Some("robots") && meta.attribute("content") == Some("noindex")
            })
        };
        assert!(robots(&first.page()));
        let wanted = shape(&web.get(own).await);
        let others = [
            format!("/{place}/{}", other.token(place)),
            own[..own.len() - 4].to_owned(),
            format!("/{place}/no-such-thing"),
            format!("/{place}/a/b%2Fc%20%22%3E%3Cscript%3E"),
            format!("/{place}/{}", "x".repeat(3000)),
            format!("/{place}/"),
            format!("/{place}"),
        ];
        for path in others {
            let answer = web.get(&path).await;
            assert_eq!(shape(&answer).len(), wanted.len(), "{path:.60}");
            assert_eq!(shape(&answer), wanted, "{path:.60}");
        }
    }
}

#[tokio::test]
async fn a_link_that_is_void_leads_back_and_says_not_why() {
    let mut waiting = Waiting::of(World::builder().portal().clock()).await;
    let used = waiting.path("link");
    let bob = waiting.world.person("bob").await;
    let bobs = Web::new(&waiting.url);
    begin(&waiting.world, &bobs, "bob").await;
    let foreign = waiting.world.mailbox.mail(&bob.email, "/link/").await;
    assert_eq!(click(&waiting.web, &used).await.location().as_deref(), Some("/case"));
    waiting.world.clock.advance(3600);
    let expired = format!("/link/{}", foreign.token("link"));
    let truncated = used[..used.len() - 1].to_owned();
    let stranger = Web::new(&waiting.url);
    let mut told = Vec::new();
    for path in
        [&used, &expired, &truncated, "/link/no-such-thing", "/link/", &format!("/link/{}", "x".repeat(400))]
    {
        let answer = click(&stranger, path).await;
        assert_eq!(answer.status, 409, "{path:.60}");
        assert_eq!(answer.page().heading(), "This link does not work any more");
        told.push(shape(&answer));
    }
    assert!(told.iter().all(|one| *one == told[0]), "{told:#?}");
    // In the browser of a recovery that still waits for its message, the way leads back there.
    let answer = click(&bobs, &expired).await;
    assert_eq!(answer.status, 409);
    assert!(answer.body.contains("href=\"/case\""), "{}", answer.body);
}

/// J5: opened elsewhere, a link shows a code to type into the first page, and from where the recovery was asked.
#[tokio::test]
async fn in_another_browser_a_click_shows_a_code_for_the_first() {
    let waiting = Waiting::new().await;
    let phone = Web::new(&waiting.url).with("User-Agent", "Telephone");
    let answer = click(&phone, &waiting.path("link")).await;
    assert_eq!(answer.status, 200);
    let page = answer.page();
    let code = waiting.mail.code();
    assert_eq!(page.by_class("digits")[0].attribute("data-digits"), Some(&*code));
    let text = page.text();
    for part in ["Never tell this code to anybody", "127.0.0.1", "a•••", "This was not you?"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("alice"), "{text}");
    assert_eq!(phone.cookie("readmit-case"), None, "the telephone gets no hold of the case");
    assert_eq!(phone.get("/case").await.status, 404);
    assert_eq!(waiting.email_state().await, "sent");
    // Again shows it again.
    assert_eq!(click(&phone, &waiting.path("link")).await.page().by_class("digits").len(), 1);
    waiting.case.prove("email", &[&code]).await;
    assert_eq!(waiting.email_state().await, "proven");
}

/// A link of one's own recovery in the browser of somebody else who recovers, too: it counts for nobody's.
#[tokio::test]
async fn a_foreign_link_moves_no_other_recovery() {
    let mut waiting = Waiting::new().await;
    let bob = waiting.world.person("bob").await;
    let bobs = Web::new(&waiting.url);
    let theirs = begin(&waiting.world, &bobs, "bob").await;
    waiting.world.mailbox.mail(&bob.email, "/link/").await;
    let before = bobs.cookie("readmit-case");
    let answer = click(&bobs, &waiting.path("link")).await;
    assert_eq!(answer.page().heading(), "Your code");
    assert_eq!(bobs.cookie("readmit-case"), before);
    assert_eq!(theirs.step("email").await["state"], "sent");
    assert_eq!(waiting.email_state().await, "sent");
}

/// J16: whoever gets a message can stop the recovery, and is told what that did and what to do next.
#[tokio::test]
async fn this_was_not_me_stops_the_recovery_from_any_message() {
    let mut waiting = Waiting::new().await;
    let owner = Web::new(&waiting.url);
    let form = owner.get(&waiting.path("veto")).await.form("/veto");
    assert_eq!(form.value("who"), None, "nothing is chosen for anybody");
    let left = owner.send(&form.clone().fill("who", "me")).await;
    assert_eq!(left.page().heading(), "Nothing was changed");
    assert_eq!(owner.send(&form.clone().forge("who", "everybody")).await.status, 422);
    assert_eq!(waiting.case.state().await, "proving");
    let stop = form.fill("who", "not_me");
    let stopped = owner.send(&stop).await;
    assert_eq!(
        (stopped.status.as_u16(), stopped.page().heading()),
        (200, "The recovery is stopped".to_owned())
    );
    for part in ["Change the password of your mailbox", "Tell support"] {
        assert!(stopped.page().text().contains(part), "{part}");
    }
    assert_eq!(waiting.case.state().await, "vetoed");
    // Every address is told, and that message has no link to stop it once more.
    let told = waiting.world.mailbox.mail(&waiting.alice.email, "").await;
    assert!(!told.text.contains("/veto/"), "{}", told.text);
    // Sent twice; and for a recovery that is over by itself.
    let bob = waiting.world.person("bob").await;
    let theirs = begin(&waiting.world, &Web::new(&waiting.url), "bob").await;
    let mail = waiting.world.mailbox.mail(&bob.email, "/veto/").await;
    theirs.cancel().await.unwrap();
    let other = owner.get(&format!("/veto/{}", mail.token("veto"))).await.form("/veto").fill("who", "not_me");
    for form in [&stop, &other] {
        let over = owner.send(form).await;
        assert_eq!(over.status, 409);
        assert_eq!(over.page().heading(), "This recovery is not running any more");
    }
    let unknown = owner.send(&other.forge("token", "no-such-thing")).await;
    assert_eq!(
        (unknown.status.as_u16(), unknown.page().heading()),
        (404, "This link is not complete".to_owned())
    );
    // What the attacker's browser can still do with it: nothing.
    assert_eq!(click(&waiting.web, &waiting.path("link")).await.status, 409);
}
