//! The mail server of a world: aiosmtpd, which keeps every message that it takes.

use serde_json::Value;

use crate::script::Script;

/// A real SMTP server and the messages that it took.
pub struct Mailbox {
    script: Script,
    port: u64,
}

/// One message, as the server took it.
#[derive(Debug, Clone)]
pub struct Mail {
    /// Whom it is for.
    pub to: String,
    /// Its subject.
    pub subject: String,
    /// Its Message-ID.
    pub id: String,
    /// Its plain text.
    pub text: String,
}

impl Mailbox {
    pub(crate) async fn start() -> Self {
        let mut script = Script::start("plugins/email/tests/smtp/server.py", &["{}"]);
        let port = script.started("listening").await["port"].as_u64().unwrap();
        Self { script, port }
    }

    pub(crate) const fn port(&self) -> u64 {
        self.port
    }

    /// Ends the server: nobody listens at its port any more.
    pub fn stop(&mut self) {
        self.script.stop();
    }

    /// Waits for a message to this address with this text in its subject or body, and takes it.
    pub async fn mail(&mut self, to: &str, with: &str) -> Mail {
        let fits = |told: &Value| {
            Mail::read(told).is_some_and(|mail| {
                mail.to == to && (mail.text.contains(with) || mail.subject.contains(with))
            })
        };
        let told = self.script.take(&format!("a message to {to} with {with:?}"), fits).await;
        Mail::read(&told).unwrap()
    }

    /// Waits for messages as [`Mailbox::mail`] does, and takes all that have come; the last one is the answer.
    pub async fn last_mail(&mut self, to: &str, with: &str) -> Mail {
        let mut last = self.mail(to, with).await;
        let fits =
            |told: &Value| Mail::read(told).is_some_and(|mail| mail.to == to && mail.text.contains(with));
        while let Some(later) = self.script.take_now(fits) {
            last = Mail::read(&later).unwrap();
        }
        last
    }

    /// Every message so far.
    pub async fn all(&mut self) -> Vec<Mail> {
        self.script.sync().await;
        self.script.all().iter().filter_map(Mail::read).collect()
    }
}

impl Mail {
    fn read(told: &Value) -> Option<Self> {
        (told["event"] == "message").then_some(())?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let plain = told["parts"].as_array()?.iter().find(|part| part[0] == "text/plain")?;
        Some(Self {
            to: text(&told["recipients"][0]),
            subject: text(&told["headers"]["Subject"]),
            id: text(&told["headers"]["Message-ID"]),
            text: text(&plain[1]),
        })
    }

    /// The code of six digits that stands on a line of its own.
    #[must_use]
    pub fn code(&self) -> String {
        let is_code = |line: &&str| line.len() == 6 && line.bytes().all(|byte| byte.is_ascii_digit());
        self.line(is_code, "a code")
    }

    /// The access pass that stands on a line of its own.
    #[must_use]
    pub fn pass(&self) -> String {
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
        self.line(|line| line.len() >= 16 && line.contains('-') && line.bytes().all(plain), "a pass")
    }

    /// The token of the link to this place, `link` or `veto`.
    #[must_use]
    pub fn token(&self, place: &str) -> String {
        self.link(place).rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// The whole link to this place, `link` or `veto`.
    #[must_use]
    pub fn link(&self, place: &str) -> String {
        let sign = format!("/{place}/");
        self.line(|line| line.starts_with("http") && line.contains(&sign), "a link")
    }

    fn line(&self, fits: impl Fn(&&str) -> bool, what: &str) -> String {
        let found = self.text.lines().map(str::trim).find(|line| fits(line));
        found.unwrap_or_else(|| panic!("no {what} in:\n{}", self.text)).to_owned()
    }
}
