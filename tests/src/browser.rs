//! A person before a browser: Chromium without a window, moved by what is written on the page.
//!
//! Everything waits for what it needs, since pages come and change by themselves; a person looks again, too. What is
//! not there in time fails with what is there instead, and a picture of it.

use std::path::PathBuf;
use std::time::Duration;

use fantoccini::actions::{InputSource as _, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::error::CmdError;
pub use fantoccini::key::Key;
use fantoccini::{Client, Locator};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::chrome::{Chrome, DevTools};
use crate::{PATIENCE, Portal, Setup, picture};

/// How long between two looks at a page. WebDriver tells of no changes.
const LOOK: Duration = Duration::from_millis(40);

/// Finds what a person would click or fill by its name: exactly so, or else the only one that has it in its name.
const FIND: &str = include_str!("find.js");

/// What names an element in WebDriver's JSON.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser before a portal. Dropped, it is closed.
pub struct Browser {
    client: Client,
    chrome: Chrome,
    origin: String,
}

impl Browser {
    /// Starts one like most people's.
    pub async fn start(portal: &Portal) -> Self {
        Self::with(Setup::default(), portal).await
    }

    /// Starts one that is like this.
    pub async fn with(setup: Setup, portal: &Portal) -> Self {
        let (chrome, client) = Chrome::start(&setup).await;
        Self { client, chrome, origin: portal.url().to_owned() }
    }

    /// Starts one before another server, whose addresses begin with this.
    pub async fn before(setup: Setup, origin: &str) -> Self {
        let (chrome, client) = Chrome::start(&setup).await;
        Self { client, chrome, origin: origin.to_owned() }
    }

    /// Turns to the page in the frame of this title; what follows is about that page.
    pub async fn turn_to_frame(&self, title: &str) {
        self.until(&format!("the frame {title:?}"), async || {
            let frame = self.client.find(Locator::Css(&format!("iframe[title={title:?}]"))).await?;
            frame.enter_frame().await.map_err(Why::from)
        })
        .await;
    }

    /// Turns from a frame to the whole page around it.
    pub async fn turn_to_whole(&self) {
        self.client.enter_parent_frame().await.unwrap();
    }

    /// Goes to a path of the portal, or to a whole address.
    pub async fn open(&self, address: &str) {
        let address =
            if address.starts_with('/') { format!("{}{address}", self.origin) } else { address.to_owned() };
        self.client.goto(&address).await.unwrap_or_else(|error| panic!("{address}: {error}"));
    }

    /// Clicks the button or link of this name.
    pub async fn click(&self, name: &str) {
        self.until(&format!("to click {name:?}"), async || {
            let found = self.find("clickable", name).await?;
            found.click().await.map_err(Why::from)
        })
        .await;
    }

    /// Opens or closes what stands under a summary.
    pub async fn unfold(&self, name: &str) {
        self.until(&format!("to unfold {name:?}"), async || {
            let found = self.find("summary", name).await?;
            found.click().await.map_err(Why::from)
        })
        .await;
    }

    /// Types into the field with this label, in place of what is there.
    pub async fn fill(&self, label: &str, text: &str) {
        self.until(&format!("to fill in {label:?}"), async || {
            let field = self.find("field", label).await?;
            field.clear().await?;
            field.send_keys(text).await?;
            Ok(())
        })
        .await;
    }

    /// Takes the radio button, the box or the list's entry of this name.
    pub async fn choose(&self, name: &str) {
        self.until(&format!("to choose {name:?}"), async || {
            let choice = self.find("choice", name).await?;
            choice.click().await.map_err(Why::from)
        })
        .await;
    }

    /// Waits until the page says this.
    pub async fn reads(&self, text: &str) {
        self.until(&format!("the page to say {text:?}"), async || {
            let all = self.look().await?;
            if all.contains(text) { Ok(()) } else { Err(Why::NotYet) }
        })
        .await;
    }

    /// Waits until the page does not say this any more.
    pub async fn does_not_read(&self, text: &str) {
        self.until(&format!("the page not to say {text:?}"), async || {
            let all = self.look().await?;
            if all.contains(text) { Err(Why::NotYet) } else { Ok(()) }
        })
        .await;
    }

    /// Waits until the main heading is this.
    pub async fn sees(&self, heading: &str) {
        self.until(&format!("the heading {heading:?}"), async || {
            let found = self.client.find(Locator::Css("h1")).await?.text().await?;
            if words(&found) == heading { Ok(()) } else { Err(Why::NotYet) }
        })
        .await;
    }

    /// What the page says, as it is seen, with single spaces between words.
    pub async fn text(&self) -> String {
        self.until("the page's text", async || self.look().await).await
    }

    /// Its main heading.
    pub async fn heading(&self) -> String {
        self.text_of("h1").await
    }

    /// The text of the first element that a selector finds, as it is seen; waits until there is one.
    pub async fn text_of(&self, selector: &str) -> String {
        self.until(selector, async || {
            let found = self.client.find(Locator::Css(selector)).await?;
            Ok(words(&found.text().await?))
        })
        .await
    }

    /// An attribute of the first element that a selector finds; waits until there is one that has it.
    pub async fn attribute_of(&self, selector: &str, name: &str) -> String {
        self.until(&format!("{selector} with {name}"), async || {
            let found = self.client.find(Locator::Css(selector)).await?;
            found.attr(name).await?.ok_or(Why::NotYet)
        })
        .await
    }

    /// How many elements a selector finds now.
    pub async fn count(&self, selector: &str) -> usize {
        self.until(selector, async || Ok(self.client.find_all(Locator::Css(selector)).await?.len())).await
    }

    /// Its title.
    pub async fn title(&self) -> String {
        self.client.title().await.unwrap()
    }

    /// Its path and query.
    pub async fn path(&self) -> String {
        let url = self.client.current_url().await.unwrap();
        url.as_str().strip_prefix(&self.origin).unwrap_or(url.as_str()).to_owned()
    }

    /// Waits until the browser is at this path.
    pub async fn arrives(&self, path: &str) {
        self.until(&format!("to arrive at {path}"), async || {
            if self.path().await == path { Ok(()) } else { Err(Why::NotYet) }
        })
        .await;
    }

    /// The page as it stands now, after script.
    pub async fn source(&self) -> String {
        self.client.source().await.unwrap()
    }

    /// Goes back.
    pub async fn back(&self) {
        self.client.back().await.unwrap();
    }

    /// Loads the page again.
    pub async fn reload(&self) {
        self.client.refresh().await.unwrap();
    }

    /// Opens a second tab, which is then before the person. Cookies are shared.
    pub async fn new_tab(&self) {
        let tab = self.client.new_window(true).await.unwrap();
        self.client.switch_to_window(tab.handle).await.unwrap();
    }

    /// Turns to the tab that was opened as the `number`th, from 0.
    pub async fn tab(&self, number: usize) {
        let tab = self.client.windows().await.unwrap().swap_remove(number);
        self.client.switch_to_window(tab).await.unwrap();
    }

    /// Presses a key and lets it go.
    pub async fn press(&self, key: Key) {
        let value = char::from(key);
        let keys = KeyActions::new("keyboard".to_owned());
        let keys = keys.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        self.client.perform_actions(keys).await.unwrap();
    }

    /// Types wherever the keyboard goes now.
    pub async fn types(&self, text: &str) {
        let keys = KeyActions::new("keyboard".to_owned());
        let press =
            |keys: KeyActions, value| keys.then(KeyAction::Down { value }).then(KeyAction::Up { value });
        self.client.perform_actions(text.chars().fold(keys, press)).await.unwrap();
    }

    /// The accessible name of what the keyboard goes to.
    pub async fn focused(&self) -> String {
        let name = "const focused = document.activeElement; \
                    return focused ? (focused.labels?.[0]?.innerText || focused.ariaLabel || focused.innerText || focused.id) : '';";
        words(self.run(name, vec![]).await.as_str().unwrap_or_default())
    }

    /// Runs a script in the page, for what a person feels and WebDriver has no word for: sizes, colours, focus.
    pub async fn run(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute(script, arguments).await.unwrap_or_else(|error| panic!("{script}: {error}"))
    }

    /// Runs a script that ends by calling its last argument.
    pub(crate) async fn run_async(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.client.execute_async(script, arguments).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Shows pages as on this medium (`screen`, `print`; nothing for what the browser is), for somebody who has set this
    /// (`forced-colors` to `active`).
    pub async fn emulate(&self, medium: &str, features: &[(&str, &str)]) {
        let features: Vec<Value> =
            features.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        self.dev_tools("Emulation.setEmulatedMedia", json!({ "media": medium, "features": features })).await;
    }

    /// What a command of the DevTools protocol answers.
    pub(crate) async fn dev_tools(&self, command: &'static str, parameters: Value) -> Value {
        let answer = self.client.issue_cmd(DevTools(command, parameters)).await;
        answer.unwrap_or_else(|error| panic!("{command}: {error}"))
    }

    /// A cookie's value, as the browser keeps it.
    pub async fn cookie(&self, name: &str) -> Option<String> {
        let cookie = self.client.get_named_cookie(name).await.ok()?;
        Some(cookie.value().to_owned())
    }

    /// Checks that nothing is wider than the window.
    pub async fn has_no_sideways_scrolling(&self) {
        let wide = self
            .run(
                "const room = document.documentElement.clientWidth; \
                 return [...document.querySelectorAll('body *')].filter(one => one.getBoundingClientRect().right > room + 1) \
                 .map(one => one.outerHTML.slice(0, 120));",
                vec![],
            )
            .await;
        let scrolls = self.run(
            "return document.documentElement.scrollWidth > document.documentElement.clientWidth;",
            vec![],
        );
        assert_eq!(scrolls.await, json!(false), "{} is wider than the window: {wide:#}", self.path().await);
    }

    /// Where downloads go.
    #[must_use]
    pub fn downloads(&self) -> PathBuf {
        self.chrome.downloads()
    }

    /// The whole page as a PNG.
    pub(crate) async fn photograph(&self) -> Vec<u8> {
        let metrics = self.dev_tools("Page.getLayoutMetrics", json!({})).await;
        let size = &metrics["cssContentSize"];
        let clip = json!({ "x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1 });
        let parameters = json!({ "format": "png", "captureBeyondViewport": true, "clip": clip });
        picture::decode_base64(
            self.dev_tools("Page.captureScreenshot", parameters).await["data"].as_str().unwrap(),
        )
    }

    /// What has this name; a person would find it, too.
    async fn find(&self, kind: &str, name: &str) -> Result<Element, Why> {
        let found = self.client.execute(FIND, vec![json!(kind), json!(name)]).await?;
        match found[ELEMENT].as_str() {
            Some(id) => Ok(Element::from_element_id(self.client.clone(), id.to_owned().into())),
            None => Err(Why::Others(found)),
        }
    }

    async fn look(&self) -> Result<String, Why> {
        Ok(words(&self.client.find(Locator::Css("body")).await?.text().await?))
    }

    /// Tries until it works, for as long as a person would, and longer.
    async fn until<T>(&self, what: &str, attempt: impl AsyncFn() -> Result<T, Why>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            let why = match attempt().await {
                Ok(done) => return done,
                Err(why) => why,
            };
            if Instant::now() > end || matches!(why, Why::Broken(_)) {
                self.fail(what, &why).await;
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    async fn fail(&self, what: &str, why: &Why) -> ! {
        let (path, text) = (self.path().await, self.look().await.unwrap_or_default());
        let picture = picture::save("failed", &self.photograph().await);
        panic!(
            "waited in vain for {what} ({why:?}) at {path}, which says:\n{text}\nand looks like {}",
            picture.display()
        )
    }
}

/// Why something did not work just now.
#[derive(Debug)]
#[expect(dead_code, reason = "people read it")]
enum Why {
    NotYet,
    /// What is there instead.
    Others(Value),
    Error(CmdError),
    /// The browser itself is gone.
    Broken(CmdError),
}

impl From<CmdError> for Why {
    fn from(error: CmdError) -> Self {
        match error {
            CmdError::Standard(_) => Self::Error(error),
            _ => Self::Broken(error),
        }
    }
}

/// The words of a text, with single spaces between them.
fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
