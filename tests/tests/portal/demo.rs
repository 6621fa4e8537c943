//! `readmit demo`: the portal, a mailbox and a telephone on one page, moved with a mouse from the address that it
//! prints.

use std::path::PathBuf;
use std::process::Stdio;

use readmit_tests::{Browser, Setup, patiently, program};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

/// The frames of its page, by their titles.
const PORTAL: &str = "Browser: the portal";
const ON_THE_PHONE: &str = "Browser on the phone";

/// A demonstration. Dropped, it is killed, and its kernel ends what it has started.
struct Demo {
    url: String,
    child: Child,
    around: tempfile::TempDir,
}

impl Demo {
    async fn start() -> Self {
        let around = tempfile::tempdir().unwrap();
        let mut child = Command::new(program("readmit"))
            .args(["demo", "--no-open"])
            .env("TMPDIR", around.path())
            .env_remove("READMIT_LOG")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let told = async {
            loop {
                let line = lines.next_line().await.unwrap().expect("an address");
                if line.trim().starts_with("http://") {
                    return line.trim().to_owned();
                }
            }
        };
        let url = patiently("the address", told).await;
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Self { url, child, around }
    }

    async fn browser(&self) -> Browser {
        self.browser_like(Setup::default().window(1440, 1000)).await
    }

    async fn browser_like(&self, setup: Setup) -> Browser {
        let browser = Browser::before(setup, &self.url).await;
        browser.open(&self.url).await;
        browser.reads("readmitd runs").await;
        browser
    }

    /// What Ctrl-C does.
    async fn stop(mut self) {
        let id = i32::try_from(self.child.id().unwrap()).unwrap();
        let id = rustix::process::Pid::from_raw(id).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::INT).unwrap();
        assert!(patiently("the demonstration to end", self.child.wait()).await.unwrap().success());
        let left: Vec<PathBuf> =
            std::fs::read_dir(self.around.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

/// Signs in on the left as far as that goes, says that the device is lost, and proves the password.
async fn up_to_the_mail(browser: &Browser) {
    browser.turn_to_frame(PORTAL).await;
    browser.fill("User name or e-mail address", "alice").await;
    browser.fill("Password", "correct horse battery staple").await;
    browser.click("Sign in").await;
    browser.sees("Type the code of your device").await;
    browser.click("I cannot use my device").await;
    browser.choose("I have lost it").await;
    browser.click("Continue").await;
    browser.reads("Enter your password").await;
    browser.fill("Password", "correct horse battery staple").await;
    browser.click("Continue").await;
    browser.click("Send the message").await;
    browser.reads("no-reply@example.org").await;
    browser.turn_to_whole().await;
    browser.click("is it you who wants to get back in?").await;
}

/// Has the call come, answers it, and types on the keypad what the page on the left shows.
async fn take_the_call(browser: &Browser) {
    browser.turn_to_frame(PORTAL).await;
    browser.click("Call me now").await;
    browser.turn_to_whole().await;
    browser.reads("+18005550100 is calling").await;
    browser.click("Answer").await;
    browser.reads("On the line with +18005550100").await;
    browser.turn_to_frame(PORTAL).await;
    browser.reads("Type the six digits on the keypad of your phone now.").await;
    let shown = "return document.querySelector('[data-digits]').dataset.digits;";
    let digits = browser.run(shown, vec![]).await;
    let digits = digits.as_str().unwrap().to_owned();
    assert_eq!(digits.len(), 6);
    browser.turn_to_whole().await;
    for digit in digits.chars() {
        browser.click(&digit.to_string()).await;
    }
    browser.reads("Last call: the caller has hung up").await;
}

/// J1, J2, J5 to J7, J9, J12 and J14 on one page: from the address that was printed to a new device, with clicks.
#[tokio::test]
async fn a_recovery_on_one_page() {
    let demo = Demo::start().await;
    let browser = demo.browser().await;
    browser.click("Lose the old phone").await;
    browser.reads("out of reach").await;
    up_to_the_mail(&browser).await;
    browser.click("Open the link in the browser").await;
    browser.turn_to_frame(PORTAL).await;
    browser.click("Yes, it was me: go on").await;
    browser.reads("Confirm by phone call").await;
    browser.turn_to_whole().await;
    take_the_call(&browser).await;

    browser.turn_to_frame(PORTAL).await;
    browser.reads("You have proven that it is you").await;
    browser.click("Sign in now").await;
    browser.click("Choose a new password").await;
    browser.fill("New password", "a battery for every horse").await;
    browser.fill("The same password once more", "a battery for every horse").await;
    browser.click("Change the password").await;
    browser.click("Set up my new device").await;
    browser.click("Show the QR code").await;
    browser.unfold("I cannot scan the code").await;
    let secret = browser.text_of(".secret code").await;
    browser.turn_to_whole().await;
    browser.fill("Scan a QR code", &secret).await;
    browser.click("Add device").await;
    browser.reads("new device 1").await;
    let codes = "return document.querySelector('#devices li:last-child').innerText.match(/[0-9]{3} [0-9]{3}/g).map(code => code.replace(' ', ''));";
    let codes = browser.run(codes, vec![]).await;
    let [now, before] = [&codes[0], &codes[1]].map(|code| code.as_str().unwrap().to_owned());
    browser.turn_to_frame(PORTAL).await;
    browser.fill("First code", &before).await;
    browser.fill("Second code", &now).await;
    browser.click("Connect the device").await;
    browser.reads("Your recovery is complete").await;
    browser.turn_to_whole().await;
    demo.stop().await;
}

/// J5: a link that is opened on the phone shows a code there, to be typed into the first page. On the way readmitd is
/// killed, and both pages go on.
#[tokio::test]
async fn the_link_is_opened_on_the_phone_and_readmitd_killed_meanwhile() {
    let demo = Demo::start().await;
    let browser = demo.browser().await;
    up_to_the_mail(&browser).await;
    browser.click("Kill readmitd").await;
    browser.reads("readmitd is dead, and is being started again").await;
    browser.reads("readmitd runs again").await;
    browser.click("Open the link on the phone").await;
    browser.turn_to_frame(ON_THE_PHONE).await;
    browser.click("Yes, it was me: go on").await;
    browser.sees("Your code").await;
    let shown = "return document.querySelector('[data-digits]').dataset.digits;";
    let code = browser.run(shown, vec![]).await;
    let code = code.as_str().unwrap().to_owned();
    browser.turn_to_whole().await;
    browser.turn_to_frame(PORTAL).await;
    browser.fill("Code from the message", &code).await;
    browser.click("Confirm the code").await;
    browser.reads("Confirm by phone call").await;
}

/// J16: a stranger asks for Alice's account; her mail tells her, and she stops it.
#[tokio::test]
async fn a_stranger_is_stopped_from_the_mailbox() {
    let demo = Demo::start().await;
    let browser = demo.browser().await;
    browser.click("A stranger tries it").await;
    browser.click("is it you who wants to get back in?").await;
    browser.click("Not you? on the phone").await;
    browser.turn_to_frame(ON_THE_PHONE).await;
    browser.choose("It was not me: stop it").await;
    browser.click("Confirm").await;
    browser.sees("The recovery is stopped").await;
}

/// J8: the line is busy; the page says so, and the next call comes through.
#[tokio::test]
async fn a_busy_line_is_explained_and_called_again() {
    let demo = Demo::start().await;
    let browser = demo.browser().await;
    browser.choose("is busy").await;
    up_to_the_mail(&browser).await;
    browser.click("Open the link in the browser").await;
    browser.turn_to_frame(PORTAL).await;
    browser.click("Yes, it was me: go on").await;
    browser.click("Call me now").await;
    browser.reads("busy").await;
    browser.turn_to_whole().await;
    browser.reads("Last call: the line was busy").await;
    browser.turn_to_frame(PORTAL).await;
    browser.click("Call me again").await;
    browser.turn_to_whole().await;
    browser.reads("+18005550100 is calling").await;
    browser.click("Decline").await;
    browser.reads("Last call: you have declined").await;
}

/// The page itself: nothing for axe to find, nothing wider than a telephone, and the picture for the README.
#[tokio::test]
async fn the_page_of_the_demonstration_is_for_everybody() {
    let demo = Demo::start().await;
    let browser = demo.browser().await;
    up_to_the_mail(&browser).await;
    browser.reads("Open the link in the browser").await;
    browser.axe().await;
    // The port and Alice's saved codes are other ones every time.
    let changing = "for (const id of ['portal-address', 'recovery-codes', 'devices', 'seconds', 'news', 'mail', 'mails']) \
                    document.getElementById(id).dataset.changes = '';";
    browser.run(changing, vec![]).await;
    browser.picture("demo").await;

    let dark = demo.browser_like(Setup::default().window(1280, 900).dark()).await;
    dark.axe().await;
    let small = demo.browser_like(Setup::default().phone()).await;
    small.has_no_sideways_scrolling().await;
    small.axe().await;
}
