//! What a person does on each page, in the words that are written there.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use readmit_tests::{Browser, Mail, PASSWORD, Person, Phone, World, code_at};

/// The English texts, by key; of one with several forms, the usual one.
static TEXTS: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../contrib/portal/languages/en");
    let files = std::fs::read_dir(directory).unwrap().flatten();
    let texts = files.map(|file| std::fs::read_to_string(file.path()).unwrap()).collect::<String>();
    let pairs =
        texts.lines().filter(|line| !line.starts_with(['#', ' '])).filter_map(|line| line.split_once(" = "));
    pairs.map(|(key, text)| (key.to_owned(), text.to_owned())).collect()
});

/// What the portal says in English by this key: all of it, or the longest part that has nothing put into it.
pub fn say(key: &str) -> &'static str {
    let text = TEXTS.get(key).unwrap_or_else(|| panic!("there is no English text {key}"));
    let parts = text.split('{').flat_map(|part| part.split('}').next_back());
    parts.map(str::trim).max_by_key(|part| part.len()).unwrap()
}

/// Gives account and password at the sign-in page.
pub async fn sign_in(browser: &Browser, account: &str, password: &str) {
    browser.open("/").await;
    browser.fill(say("recover-account"), account).await;
    browser.fill(say("sign-in-password"), password).await;
    browser.click(say("sign-in-button")).await;
}

/// Types a code of the device at the prompt for it.
pub async fn give_code(browser: &Browser, code: &str) {
    browser.fill(say("code-label"), code).await;
    browser.click(say("sign-in-button")).await;
}

/// Begins a recovery for this reason (`lost`, `not-working`, …).
pub async fn recover(browser: &Browser, account: &str, reason: &str) {
    browser.open("/recover").await;
    browser.fill(say("recover-account"), account).await;
    because(browser, reason).await;
}

/// Says why, where the account is known already.
pub async fn because(browser: &Browser, reason: &str) {
    browser.choose(say(&format!("reason-{reason}"))).await;
    browser.click(say("continue")).await;
    browser.arrives("/case").await;
}

/// Types what proves a step.
pub async fn prove(browser: &Browser, factor: &str, proof: &str) {
    browser.fill(say(&format!("case-label-{factor}")), proof).await;
    browser.click(say(&format!("case-button-{factor}"))).await;
}

/// Types the password that every person of the kit has.
pub async fn prove_password(browser: &Browser) {
    prove(browser, "password", PASSWORD).await;
}

/// Has the message sent, and finds it in the mailbox.
pub async fn ask_for_mail(browser: &Browser, world: &mut World, person: &Person) -> Mail {
    browser.click(say("case-start-email")).await;
    world.mailbox.mail(&person.email, "type this code").await
}

/// Opens the link of the message in this browser, in a tab of its own as mail programs do, and says yes.
pub async fn confirm_mail(browser: &Browser, mail: &Mail) {
    browser.new_tab().await;
    browser.open(&mail.link("link")).await;
    browser.sees(say("link-title")).await;
    browser.click(say("link-button")).await;
    browser.arrives("/case").await;
}

/// Proves the password, and the address by its link.
pub async fn prove_until_call(browser: &Browser, world: &mut World, person: &Person) {
    prove_password(browser).await;
    let mail = ask_for_mail(browser, world, person).await;
    confirm_mail(browser, &mail).await;
}

/// Has the phone called: the digits that the page shows.
pub async fn call(browser: &Browser) -> String {
    browser.click(say("case-start-voice")).await;
    digits(browser).await
}

/// The digits that the page shows.
pub async fn digits(browser: &Browser) -> String {
    let digits = browser.attribute_of(".digits", "data-digits").await;
    assert!(digits.len() == 6 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{digits:?}");
    digits
}

/// Takes the call and types the digits on the keypad.
pub async fn take_call(phone: &mut Phone, digits: &str) {
    phone.talk().await;
    phone.press(digits).await;
    // It says goodbye first; a telephone takes one call at a time.
    phone.wait_for("ended").await;
}

/// Password, mail and call, to the page that says that everything is proven.
pub async fn prove_all(browser: &Browser, world: &mut World, person: &Person) {
    prove_until_call(browser, world, person).await;
    let digits = call(browser).await;
    take_call(world.phone(), &digits).await;
}

/// Takes the one sign-in.
pub async fn claim(browser: &Browser) {
    browser.sees(say("finish-title")).await;
    browser.click(say("finish-go-sign-in")).await;
}

/// Chooses a new password.
pub async fn change_password(browser: &Browser, password: &str) {
    browser.click(say("finish-go-password")).await;
    browser.sees(say("password-title")).await;
    browser.fill(say("password-new"), password).await;
    browser.fill(say("password-again"), password).await;
    browser.click(say("password-change")).await;
}

/// Sets up a new device of this name: its secret.
pub async fn enroll(browser: &Browser, world: &World, label: &str) -> String {
    browser.click(say("finish-go-device")).await;
    browser.sees(say("device-title")).await;
    browser.fill(say("device-label"), label).await;
    browser.click(say("device-begin")).await;
    browser.sees(say("device-scan-title")).await;
    assert!(browser.attribute_of("img.qr", "src").await.starts_with("data:image/svg+xml;base64,"));
    browser.unfold(say("device-typed")).await;
    let secret = browser.text_of(".secret").await.replace(' ', "");
    let now = world.now();
    browser.fill(say("device-first"), &code_at(&secret, now, -1)).await;
    browser.fill(say("device-second"), &code_at(&secret, now, 0)).await;
    browser.click(say("device-confirm")).await;
    secret
}
