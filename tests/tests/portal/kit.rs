//! The tools themselves: a portal that comes and goes, a client that fills in forms, browsers of several kinds.

use readmit_tests::{Browser, Html, Key, Setup, Web, World};
use serde_json::json;

#[tokio::test]
async fn a_portal_stops_and_comes_back_at_the_same_address() {
    let world = World::builder().portal().start().await;
    let mut portal = world.portal("").await;
    let web = Web::new(portal.url());
    assert_eq!(web.get("/recover").await.status, 200);
    assert!(portal.stop().await.success());
    portal.restart().await;
    assert_eq!(web.get("/recover").await.status, 200);
    portal.kill().await;
    portal.restart().await;
    assert_eq!(web.get("/recover").await.status, 200);
}

#[tokio::test]
async fn a_form_is_found_filled_in_and_sent_with_what_is_hidden_in_it() {
    let world = World::builder().portal().start().await;
    world.person("alice").await;
    let portal = world.portal("").await;
    let web = Web::new(portal.url());
    let form = web.get("/recover").await.form("/recover").fill("account", "alice").fill("reason", "lost");
    let answer = web.send(&form).await;
    assert_eq!((answer.status.as_u16(), answer.location().as_deref()), (303, Some("/case")));
    assert!(web.cookie("readmit-case").is_some());
    assert_eq!(web.follow(answer).await.path, "/case");
    // Without its token it is no form of the portal's.
    assert_eq!(web.send(&form.without("form_token")).await.status, 403);
    // Somebody else has neither the case nor the token.
    let other = Web::new(portal.url());
    assert_eq!(other.get("/case").await.status, 404);
}

#[test]
fn a_page_is_read_as_a_browser_reads_it() {
    let page = Html::parse(
        "<title>T</title><h1>Two\n words</h1><form action=/a method=post><input type=hidden name=t value=1>\
         <input type=radio name=r value=x checked><input type=radio name=r value=y><textarea name=l>a b</textarea>\
         <select name=s><option value=1>One<option selected>Two</select><button name=b value=c>Go</button></form>\
         <p class='big digits' id=p>1<span>2</span> <time>3</time></p>",
    );
    assert_eq!((page.title(), page.heading()), ("T".to_owned(), "Two words".to_owned()));
    assert_eq!(page.by_id("p").unwrap().text(), "12 3");
    assert_eq!(page.by_class("digits").len(), 1);
    let form = page.form("/a").unwrap().fill("r", "y");
    let values = ["t", "r", "l", "s", "b"].map(|name| form.value(name));
    assert_eq!(values, [Some("1"), Some("y"), Some("a b"), Some("Two"), None]);
    assert!(page.form("/b").is_none());
}

/// Opens a recovery for alice.
async fn open(browser: &Browser) {
    browser.open("/recover").await;
    browser.fill("User name or e-mail address", "alice").await;
    browser.choose("I have lost it").await;
    browser.click("Continue").await;
    browser.arrives("/case").await;
}

#[tokio::test]
async fn a_browser_is_driven_by_what_is_written_on_the_page() {
    let world = World::builder().portal().start().await;
    world.person("alice").await;
    let portal = world.portal("").await;
    let browser = Browser::start(&portal).await;
    open(&browser).await;
    assert_eq!(browser.run("return innerWidth;", vec![]).await, 1280);
    assert!(browser.cookie("readmit-case").await.is_some());
    browser.reload().await;
    browser.sees(&browser.heading().await).await;
    browser.back().await;
    browser.arrives("/recover").await;
    browser.press(Key::Tab).await;
    assert_ne!(browser.focused().await, "");
    browser.new_tab().await;
    browser.open("/case").await;
    browser.tab(0).await;
    browser.arrives("/recover").await;
    browser.picture("kit").await;
}

#[tokio::test]
async fn a_browser_may_be_a_telephone_that_reads_german_in_the_dark_without_motion() {
    let world = World::builder().portal().start().await;
    let portal = world.portal("").await;
    let setup = Setup::default().phone().dark().calm().language("de");
    let browser = Browser::with(setup, &portal).await;
    browser.open("/recover").await;
    let script = "return [innerWidth, matchMedia('(prefers-color-scheme: dark)').matches, \
                  matchMedia('(prefers-reduced-motion: reduce)').matches, document.documentElement.lang, \
                  navigator.languages[0]];";
    assert_eq!(browser.run(script, vec![]).await, json!([320, true, true, "de", "de"]));
}

#[tokio::test]
async fn a_browser_may_run_no_script() {
    let world = World::builder().portal().start().await;
    world.person("alice").await;
    let portal = world.portal("").await;
    let browser = Browser::with(Setup::default().no_script(), &portal).await;
    browser.open("data:text/html,<p id=p>before</p><script>p.textContent = 'after'</script>").await;
    browser.reads("before").await;
    open(&browser).await;
}
