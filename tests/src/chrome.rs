//! Chromium and the driver that moves it, as processes that end with the test.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use fantoccini::wd::Capabilities;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::patiently;

/// How long a browser may take to close its windows before it is killed.
const CLOSING: Duration = Duration::from_secs(5);

/// What a browser is to be like. Without further words: an English one with script, in a window of 1280 × 900.
#[derive(Debug, Clone)]
pub struct Setup {
    width: u32,
    height: u32,
    is_phone: bool,
    has_script: bool,
    is_dark: bool,
    is_calm: bool,
    language: String,
    takes_any_certificate: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            width: 1280,
            height: 900,
            is_phone: false,
            has_script: true,
            is_dark: false,
            is_calm: false,
            language: "en".to_owned(),
            takes_any_certificate: false,
        }
    }
}

impl Setup {
    /// The screen of a small telephone: 320 × 640.
    #[must_use]
    pub const fn phone(mut self) -> Self {
        (self.width, self.height, self.is_phone) = (320, 640, true);
        self
    }

    /// A window of this many CSS pixels; Chromium makes none narrower than 500, save for telephones.
    #[must_use]
    pub const fn window(mut self, width: u32, height: u32) -> Self {
        (self.width, self.height) = (width, height);
        self
    }

    /// A browser that runs no script.
    #[must_use]
    pub const fn no_script(mut self) -> Self {
        self.has_script = false;
        self
    }

    /// Someone who prefers dark pages.
    #[must_use]
    pub const fn dark(mut self) -> Self {
        self.is_dark = true;
        self
    }

    /// Someone who asked for less motion.
    #[must_use]
    pub const fn calm(mut self) -> Self {
        self.is_calm = true;
        self
    }

    /// Someone who reads this language.
    #[must_use]
    pub fn language(mut self, tag: &str) -> Self {
        tag.clone_into(&mut self.language);
        self
    }

    /// A browser that takes a server's certificate whoever issued it.
    #[must_use]
    pub const fn any_certificate(mut self) -> Self {
        self.takes_any_certificate = true;
        self
    }

    fn capabilities(&self, profile: &TempDir) -> Capabilities {
        let mut arguments = vec![
            "--headless=new".to_owned(),
            format!("--user-data-dir={}", profile.path().display()),
            format!("--window-size={},{}", self.width, self.height),
            format!("--lang={}", self.language),
            format!("--blink-settings=preferredColorScheme={}", if self.is_dark { 0 } else { 1 }),
            "--hide-scrollbars".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--force-color-profile=srgb".to_owned(),
            "--font-render-hinting=none".to_owned(),
            "--no-first-run".to_owned(),
            // A test visits the portal and nobody else.
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--no-proxy-server".to_owned(),
        ];
        if self.is_calm {
            arguments.push("--force-prefers-reduced-motion".to_owned());
        }
        if rustix::process::geteuid().is_root() {
            arguments.push("--no-sandbox".to_owned());
        }
        let mut options = json!({
            "args": arguments,
            "prefs": {
                "intl.accept_languages": self.language,
                "credentials_enable_service": false,
                "profile.password_manager_leak_detection": false,
                "download.default_directory": profile.path().join("downloads"),
            },
        });
        if self.is_phone {
            let metrics = json!({
                "width": self.width, "height": self.height, "pixelRatio": 1.0, "mobile": true, "touch": true
            });
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
        if !self.has_script {
            options["prefs"]["profile.managed_default_content_settings.javascript"] = json!(2);
        }
        let mut all = Capabilities::new();
        all.insert("browserName".to_owned(), json!("chrome"));
        all.insert("goog:chromeOptions".to_owned(), options);
        all.insert("acceptInsecureCerts".to_owned(), json!(self.takes_any_certificate));
        all
    }
}

/// A driver and its browser, with a profile of their own. Dropped, both are gone.
pub(crate) struct Chrome {
    driver: Child,
    port: u16,
    session: String,
    process: Option<i32>,
    profile: TempDir,
}

impl Chrome {
    /// Starts both, and connects to the driver.
    pub(crate) async fn start(setup: &Setup) -> (Self, Client) {
        let (driver, port) = start_driver();
        let profile = tempfile::tempdir().unwrap();
        let capabilities = setup.capabilities(&profile);
        // From here on a panic ends the driver.
        let mut chrome = Self { driver, port, session: String::new(), process: None, profile };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let address = format!("http://127.0.0.1:{port}");
        let connecting = builder.capabilities(capabilities).connect(&address);
        let client = patiently("Chromium to start", connecting).await;
        let client = client.unwrap_or_else(|error| panic!("Chromium does not start: {error}"));
        chrome.session = client.session_id().await.unwrap().unwrap();
        let process = client.capabilities().and_then(|all| all.get("goog:processID")?.as_i64());
        chrome.process = process.and_then(|id| i32::try_from(id).ok());
        (chrome, client)
    }

    /// Where downloads go.
    pub(crate) fn downloads(&self) -> std::path::PathBuf {
        self.profile.path().join("downloads")
    }

    /// Asks the driver to close the browser: it waits for it, so that nothing is left behind.
    fn close(&self) -> std::io::Result<()> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(CLOSING))?;
        write!(
            stream,
            "DELETE /session/{} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\r\n",
            self.session, self.port
        )?;
        stream.read_exact(&mut [0])
    }
}

impl Drop for Chrome {
    fn drop(&mut self) {
        let closed = !self.session.is_empty() && self.close().is_ok();
        if let (false, Some(process)) = (closed, self.process.and_then(rustix::process::Pid::from_raw)) {
            let _ = rustix::process::kill_process(process, rustix::process::Signal::KILL);
        }
        drop(self.driver.kill());
        drop(self.driver.wait());
    }
}

/// Starts a driver at a port of its choice.
fn start_driver() -> (Child, u16) {
    let mut child = Command::new("chromedriver")
        .args(["--port=0", "--log-level=SEVERE"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("chromedriver cannot be run ({error}); install it: apt-get install chromium-driver")
        });
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
        line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
    });
    // It goes on writing, and must not be stopped by a full pipe.
    std::thread::spawn(move || lines.map_while(Result::ok).count());
    (child, port.expect("chromedriver says its port"))
}

/// A command of the DevTools protocol, for what WebDriver has no word for.
#[derive(Debug)]
pub(crate) struct DevTools(pub(crate) &'static str, pub(crate) Value);

impl fantoccini::wd::WebDriverCompatibleCommand for DevTools {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/goog/cdp/execute", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (hyper::Method, Option<String>) {
        (hyper::Method::POST, Some(json!({ "cmd": self.0, "params": self.1 }).to_string()))
    }
}
