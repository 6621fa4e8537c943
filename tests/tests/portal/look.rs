//! How the pages are for people who see little, hear little, use no mouse, zoom far in, or read another language.
//!
//! One walk goes through a whole recovery and stops at every page; each test looks at other things there.

use std::collections::BTreeMap;
use std::path::Path;

use readmit_tests::{Browser, Key, PASSWORD, Person, Portal, Setup, Web, World, code_at};
use serde_json::json;

/// A password that is not the one before.
const NEW_PASSWORD: &str = "another horse, another staple";

/// What the portal says in one language, by key; of a text with several forms, none.
struct Texts(BTreeMap<String, String>);

impl Texts {
    fn of(language: &str) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contrib/portal/languages");
        let files = std::fs::read_dir(root.join(language)).unwrap().flatten();
        let text: String = files.map(|file| std::fs::read_to_string(file.path()).unwrap()).collect();
        let lines = text.lines().filter(|line| !line.starts_with(['#', ' ']));
        let pairs = lines.filter_map(|line| line.split_once(" = "));
        Self(pairs.map(|(key, text)| (key.to_owned(), text.replace('\u{a0}', " "))).collect())
    }

    fn say(&self, key: &str) -> &str {
        let text = self.0.get(key).unwrap_or_else(|| panic!("there is no text {key}"));
        assert!(!text.contains('{'), "{key} is not a plain text");
        text
    }
}

/// A person on the way through a recovery.
struct Walk {
    world: World,
    alice: Person,
    portal: Portal,
    browser: Browser,
    setup: Setup,
    texts: Texts,
}

impl Walk {
    async fn new(setup: Setup, language: &str) -> Self {
        let world = World::builder().phone("manual").portal().start().await;
        let alice = world.person("alice").await;
        let portal = world.portal("organization = \"Example Bank\"\nsupport = \"help@example.org\"").await;
        let setup = setup.language(language).calm();
        let browser = Browser::with(setup.clone(), &portal).await;
        Self { world, alice, portal, browser, setup, texts: Texts::of(language) }
    }

    async fn click(&self, key: &str) {
        self.browser.click(self.texts.say(key)).await;
    }

    async fn fill(&self, key: &str, text: &str) {
        self.browser.fill(self.texts.say(key), text).await;
    }

    async fn sees(&self, key: &str) {
        self.browser.sees(self.texts.say(key)).await;
    }

    /// Goes from the sign-in page to the summary, and calls `look` with each page's name. Names that end in `-wrong`
    /// are pages that tell what was wrong with a form.
    async fn on(&mut self, look: impl AsyncFn(&Browser, &str)) {
        self.until_the_case(&look).await;
        self.until_the_call(&look).await;
        self.until_the_end(&look).await;
        self.browser.open("/no/such/page").await;
        look(&self.browser, "no-page").await;
    }

    async fn until_the_case(&self, look: &impl AsyncFn(&Browser, &str)) {
        let browser = &self.browser;
        browser.open("/").await;
        self.sees("sign-in-title").await;
        look(browser, "sign-in").await;
        self.click("sign-in-button").await;
        browser.reads(self.texts.say("error-summary")).await;
        look(browser, "sign-in-wrong").await;
        self.fill("recover-account", "alice").await;
        self.fill("sign-in-password", PASSWORD).await;
        self.click("sign-in-button").await;
        self.sees("code-title").await;
        look(browser, "code").await;
        browser.open("/sign-in/resync").await;
        self.sees("resync-title").await;
        look(browser, "resync").await;
        browser.open("/recover").await;
        self.sees("recover-title").await;
        look(browser, "recover").await;
        self.click("continue").await;
        browser.reads(self.texts.say("recover-reason-missing")).await;
        look(browser, "recover-wrong").await;
        browser.choose(self.texts.say("reason-lost")).await;
        self.click("continue").await;
        browser.arrives("/case").await;
        look(browser, "password").await;
    }

    async fn until_the_call(&mut self, look: &impl AsyncFn(&Browser, &str)) {
        self.fill("case-label-password", "wrong").await;
        self.click("case-button-password").await;
        self.browser.reads(self.texts.say("error-summary")).await;
        look(&self.browser, "password-wrong").await;
        self.fill("case-label-password", PASSWORD).await;
        self.click("case-button-password").await;
        self.browser.reads(self.texts.say("case-start-email")).await;
        look(&self.browser, "email").await;
        self.click("case-start-email").await;
        let mail = self.world.mailbox.mail(&self.alice.email, "/link/").await;
        self.browser.reads(self.texts.say("case-mail-spam")).await;
        look(&self.browser, "email").await;
        {
            let elsewhere = Browser::with(self.setup.clone(), &self.portal).await;
            elsewhere.open(&mail.link("link")).await;
            look(&elsewhere, "link").await;
            elsewhere.click(self.texts.say("link-button")).await;
            elsewhere.sees(self.texts.say("link-code-title")).await;
            look(&elsewhere, "link-code").await;
            elsewhere.open(&mail.link("veto")).await;
            look(&elsewhere, "veto").await;
        }
        self.browser.open("/case/support").await;
        self.sees("support-title").await;
        look(&self.browser, "support").await;
        self.click("support-send").await;
        self.browser.reads(self.texts.say("error-summary")).await;
        look(&self.browser, "support-wrong").await;
        self.browser.open("/case").await;
        self.fill("case-label-email", &mail.code()).await;
        self.click("case-button-email").await;
        self.browser.reads(self.texts.say("case-start-voice")).await;
        look(&self.browser, "voice").await;
    }

    async fn until_the_end(&mut self, look: &impl AsyncFn(&Browser, &str)) {
        self.click("case-start-voice").await;
        let digits = self.browser.attribute_of(".digits", "data-digits").await;
        self.world.phone().wait_for("incoming").await;
        self.browser.reads(self.texts.say("case-phase-ringing")).await;
        look(&self.browser, "call").await;
        self.world.phone().answer();
        self.world.phone().talk().await;
        self.world.phone().press(&digits).await;
        self.world.phone().wait_for("ended").await;
        self.sees("finish-title").await;
        look(&self.browser, "finish").await;
        self.click("finish-go-sign-in").await;
        self.click("finish-go-password").await;
        self.sees("password-title").await;
        look(&self.browser, "new-password").await;
        self.click("password-change").await;
        self.browser.reads(self.texts.say("error-summary")).await;
        look(&self.browser, "new-password-wrong").await;
        self.fill("password-new", NEW_PASSWORD).await;
        self.fill("password-again", NEW_PASSWORD).await;
        self.click("password-change").await;
        self.click("finish-go-device").await;
        self.sees("device-title").await;
        look(&self.browser, "device").await;
        self.click("device-begin").await;
        self.sees("device-scan-title").await;
        look(&self.browser, "scan").await;
        self.browser.unfold(self.texts.say("device-typed")).await;
        let secret = self.browser.text_of(".secret").await.replace(' ', "");
        let now = self.world.now();
        self.fill("device-first", &code_at(&secret, now, -1)).await;
        self.fill("device-second", &code_at(&secret, now, 0)).await;
        self.click("device-confirm").await;
        self.sees("summary-title").await;
        look(&self.browser, "summary").await;
    }
}

/// What holds for every page, whoever looks at it.
async fn holds(browser: &Browser, name: &str, language: &str) {
    browser.axe().await;
    browser.has_no_sideways_scrolling().await;
    let script = "const all = selector => document.querySelectorAll(selector).length; \
                  return [document.documentElement.lang, document.documentElement.dir, all('h1'), all('main'), \
                  all('header'), all('footer'), all('[style], [onclick], script:not([src])')];";
    let found = browser.run(script, vec![]).await;
    assert_eq!(found, json!([language, "ltr", 1, 1, 1, 1, 0]), "{name}");
    // 2.5.8: at least 24 by 24 pixels, save for links in a sentence.
    let script = "return [...document.querySelectorAll('button, input:not([type=hidden]), summary, a.button, textarea, select')] \
                  .filter(one => one.checkVisibility()).map(one => [one.outerHTML, one.getBoundingClientRect()]) \
                  .filter(([, box]) => box.width < 22 || box.height < 22).map(([html]) => html);";
    assert_eq!(browser.run(script, vec![]).await, json!([]), "{name} has small targets");
}

#[tokio::test]
async fn every_page_is_right_in_light_on_a_laptop_and_has_a_name_of_its_own() {
    let mut walk = Walk::new(Setup::default(), "en").await;
    let titles = std::sync::Mutex::new(BTreeMap::new());
    walk.on(async |browser, name| {
        holds(browser, name, "en").await;
        let title = browser.title().await;
        assert_eq!(title.starts_with("Error: "), name.ends_with("-wrong"), "{name}: {title}");
        assert!(title.ends_with(" – Example Bank"), "{name}: {title}");
        let before = titles.lock().unwrap().insert(title.clone(), name.to_owned());
        assert!(
            before.is_none_or(|before| before == name || name == "call"),
            "{name} is called as another page: {title}"
        );
        if name.ends_with("-wrong") {
            let errors = browser.run(ERRORS, vec![]).await;
            assert_eq!(errors, json!([true, true, []]), "{name}");
        }
        wide_spacing(browser, name).await;
        if ["sign-in", "voice", "call", "scan", "summary"].contains(&name) {
            browser.picture(&format!("portal-{name}")).await;
        }
    })
    .await;
}

/// The summary has the focus, and each of its links leads to a field that says the same and is described by it.
const ERRORS: &str = "const summary = document.querySelector('.error-summary'); \
    const bad = [...summary.querySelectorAll('a')].filter(link => { \
      const field = document.getElementById(link.hash.slice(1)); \
      const error = field && document.getElementById(field.id + '-error'); \
      return !error || error.textContent !== link.textContent || field.ariaInvalid !== 'true'; }); \
    return [document.activeElement === summary, summary.role === 'alert' || summary.getAttribute('role') === 'alert', \
      bad.map(link => link.outerHTML)];";

/// 1.4.12: nothing is lost when somebody sets lines, words and letters farther apart.
async fn wide_spacing(browser: &Browser, name: &str) {
    let script = "const sheet = new CSSStyleSheet(); \
        sheet.replaceSync('* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; } \
                           p { margin-bottom: 2em !important; }'); \
        document.adoptedStyleSheets = [sheet]; \
        const cut = [...document.querySelectorAll('main *')].filter(one => { \
          const style = getComputedStyle(one); \
          return style.overflow !== 'visible' && !one.closest('.visually-hidden') && \
            !['INPUT', 'TEXTAREA', 'SELECT'].includes(one.tagName) && \
            (one.scrollWidth > one.clientWidth + 1 || one.scrollHeight > one.clientHeight + 1); }); \
        const wide = document.documentElement.scrollWidth > document.documentElement.clientWidth; \
        document.adoptedStyleSheets = []; \
        return [wide, cut.map(one => one.outerHTML)];";
    assert_eq!(browser.run(script, vec![]).await, json!([false, []]), "{name}");
}

#[tokio::test]
async fn every_page_is_right_in_the_dark_in_german() {
    let mut walk = Walk::new(Setup::default().dark(), "de").await;
    walk.on(async |browser, name| {
        holds(browser, name, "de").await;
        if name == "call" {
            browser.picture("portal-call-dark-de").await;
        }
    })
    .await;
}

/// 1.4.10: also what somebody sees who zooms a window of 1280 pixels to 400 %.
#[tokio::test]
async fn every_page_is_right_on_a_small_telephone_in_french() {
    let mut walk = Walk::new(Setup::default().phone(), "fr").await;
    walk.on(async |browser, name| {
        holds(browser, name, "fr").await;
        wide_spacing(browser, name).await;
        if ["call", "link-code", "scan"].contains(&name) {
            browser.picture(&format!("portal-{name}-telephone-fr")).await;
        }
    })
    .await;
}

/// 1.4.11, 1.3.1: with the system's few colours and on paper the pages say the same.
#[tokio::test]
async fn every_page_is_right_in_forced_colours_and_on_paper() {
    let mut walk = Walk::new(Setup::default(), "en").await;
    walk.on(async |browser, name| {
        browser.emulate("screen", &[("forced-colors", "active")]).await;
        browser.axe().await;
        let script = "return [...document.querySelectorAll('button, input:not([type=hidden], [type=radio]), .step, .notice')] \
            .filter(one => one.checkVisibility()).filter(one => { \
              const edge = getComputedStyle(one, one.matches('.step') ? '::before' : null); \
              return edge.borderTopStyle === 'none' && edge.textDecorationLine === 'none'; }).map(one => one.outerHTML);";
        assert_eq!(browser.run(script, vec![]).await, json!([]), "{name} has edges that are only colours");
        browser.emulate("print", &[]).await;
        let script = "const shown = [...document.querySelectorAll('form, button, .button, .skip, footer')] \
              .filter(one => one.checkVisibility()).map(one => one.outerHTML); \
            const main = getComputedStyle(document.querySelector('main')); \
            return [shown, main.color, main.backgroundColor];";
        let paper = json!([[], "rgb(0, 0, 0)", "rgb(255, 255, 255)"]);
        assert_eq!(browser.run(script, vec![]).await, paper, "{name}");
        browser.emulate("", &[]).await;
    })
    .await;
}

/// Goes on with Tab until the focus is on this, and sees it on the way (2.4.7, 2.4.11, 2.4.13).
async fn tab_to(browser: &Browser, name: &str) {
    for _ in 0..60 {
        browser.press(Key::Tab).await;
        let seen = "const one = document.activeElement, box = one.getBoundingClientRect(), style = getComputedStyle(one); \
            return one === document.body || (parseFloat(style.outlineWidth) >= 2 && style.outlineStyle !== 'none' && \
              box.bottom > 0 && box.top < innerHeight);";
        assert_eq!(
            browser.run(seen, vec![]).await,
            json!(true),
            "the focus on {} is not seen",
            browser.focused().await
        );
        if browser.focused().await.starts_with(name) {
            return;
        }
    }
    panic!("{name} is not reached with Tab at {}", browser.path().await);
}

/// 2.1.1: Tab, Enter, the space bar and letters, and nothing else.
#[tokio::test]
async fn a_recovery_needs_no_mouse() {
    let mut walk = Walk::new(Setup::default(), "en").await;
    let Walk { world, alice, browser, texts, .. } = &mut walk;
    let typed = async |key: &str, text: &str| {
        tab_to(browser, texts.say(key)).await;
        browser.types(text).await;
    };
    let pressed = async |key: &str| {
        tab_to(browser, texts.say(key)).await;
        browser.press(Key::Enter).await;
    };
    browser.open("/").await;
    pressed("skip-to-content").await;
    assert_eq!(browser.run("return document.activeElement.id;", vec![]).await, json!("main"));
    pressed("recover-begin").await;
    browser.sees(texts.say("recover-title")).await;
    typed("recover-account", "alice").await;
    tab_to(browser, texts.say("reason-lost")).await;
    browser.types(" ").await;
    pressed("continue").await;
    browser.arrives("/case").await;
    typed("case-label-password", PASSWORD).await;
    browser.press(Key::Enter).await;
    browser.reads(texts.say("case-start-email")).await;
    pressed("case-start-email").await;
    browser.reads(texts.say("case-mail-spam")).await;
    let mail = world.mailbox.mail(&alice.email, "/link/").await;
    typed("case-label-email", &mail.code()).await;
    browser.press(Key::Enter).await;
    browser.reads(texts.say("case-start-voice")).await;
    pressed("case-start-voice").await;
    let digits = browser.attribute_of(".digits", "data-digits").await;
    let live = browser.count("[role=status], [aria-live=polite]").await;
    assert!(live > 0, "what happens to the call is read out");
    world.phone().wait_for("incoming").await;
    world.phone().answer();
    world.phone().talk().await;
    world.phone().press(&digits).await;
    world.phone().wait_for("ended").await;
    browser.sees(texts.say("finish-title")).await;
    pressed("finish-go-sign-in").await;
    browser.reads(texts.say("finish-go-password")).await;
    pressed("finish-go-password").await;
    browser.sees(texts.say("password-title")).await;
    typed("password-new", NEW_PASSWORD).await;
    typed("password-again", NEW_PASSWORD).await;
    browser.press(Key::Enter).await;
    browser.reads(texts.say("finish-go-device")).await;
    pressed("finish-go-device").await;
    browser.sees(texts.say("device-title")).await;
    pressed("device-begin").await;
    browser.sees(texts.say("device-scan-title")).await;
    tab_to(browser, texts.say("device-typed")).await;
    browser.types(" ").await;
    let secret = browser.text_of(".secret").await.replace(' ', "");
    let now = world.now();
    typed("device-first", &code_at(&secret, now, -1)).await;
    typed("device-second", &code_at(&secret, now, 0)).await;
    browser.press(Key::Enter).await;
    browser.sees(texts.say("summary-title")).await;
}

/// A language is chosen without script, on any page, and kept; what is no path of the portal is not gone to.
#[tokio::test]
async fn the_language_is_chosen_by_the_browser_and_then_by_the_person() {
    let world = World::builder().portal().start().await;
    let portal = world.portal("").await;
    let web = Web::new(portal.url());
    let austrian = Web::new(portal.url()).with("accept-language", "de-AT, en;q=0.5");
    assert_eq!(austrian.get("/recover").await.page().heading(), Texts::of("de").say("recover-title"));
    let page = web.get("/recover?x=1").await;
    assert_eq!(page.page().heading(), Texts::of("en").say("recover-title"));
    let form = page.form("/language").forge("language", "fr");
    let answer = web.send(&form).await;
    assert_eq!((answer.status.as_u16(), answer.location().as_deref()), (303, Some("/recover?x=1")));
    let french = web.follow(answer).await;
    assert_eq!(french.page().heading(), Texts::of("fr").say("recover-title"));
    assert_eq!(web.cookie("readmit-language").as_deref(), Some("fr"));
    for foreign in ["https://evil.example/", "//evil.example", "/\\evil.example", "/a\r\nx: y"] {
        let answer = web.send(&form.clone().forge("back", foreign)).await;
        assert_eq!(answer.location().as_deref(), Some("/"), "{foreign}");
    }
    let none = web.send(&form.clone().forge("language", "tlh")).await;
    assert_eq!((none.status.as_u16(), web.cookie("readmit-language").as_deref()), (303, Some("fr")));
    assert_eq!(web.send(&form.without("form_token")).await.status, 403);
}

/// The organization's style comes after the portal's, and a logo with a script in it harms nobody.
#[tokio::test]
async fn a_brand_is_a_style_sheet_and_a_logo() {
    let world = World::builder().portal().start().await;
    let (css, logo) = (world.directory().join("brand.css"), world.directory().join("logo.svg"));
    std::fs::write(&css, ":root{--brand:#6a1b9a}").unwrap();
    let svg = "<svg xmlns='http://www.w3.org/2000/svg' width='120' height='40'><rect width='120' height='40'/>\
               <script>document.documentElement.setAttribute('data-ran', 'yes')</script></svg>";
    std::fs::write(&logo, svg).unwrap();
    let config = format!("[branding]\ncss = {css:?}\nlogo = {logo:?}\n");
    let portal = world.portal(&config).await;
    let browser = Browser::start(&portal).await;
    browser.open("/recover").await;
    let script = "const button = document.querySelector('main button'); return getComputedStyle(button).backgroundColor;";
    assert_eq!(browser.run(script, vec![]).await, json!("rgb(106, 27, 154)"));
    assert_eq!(browser.attribute_of("img.logo", "alt").await, "Example");
    assert_eq!(
        browser.run("return document.querySelector('img.logo').naturalWidth;", vec![]).await,
        json!(120)
    );
    let logo = browser.attribute_of("img.logo", "src").await;
    browser.open(&logo).await;
    let ran = browser.run("return document.documentElement.hasAttribute('data-ran');", vec![]).await;
    assert_eq!(ran, json!(false), "what is in a logo does not run");
    let answer = Web::new(portal.url()).get(&logo).await;
    assert_eq!(answer.header("content-type"), "image/svg+xml");
    assert!(
        answer.header("content-security-policy").ends_with("sandbox"),
        "{}",
        answer.header("content-security-policy")
    );
    assert!(answer.header("cache-control").contains("immutable"));
}
