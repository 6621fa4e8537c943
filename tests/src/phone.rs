//! The person's telephone: a softphone on pjsip.

use serde_json::Value;
use tempfile::TempDir;

use crate::script::Script;

/// A real SIP telephone. It takes calls one after the other, as its mode says.
pub struct Phone {
    script: Script,
    port: u64,
    _directory: TempDir,
}

impl Phone {
    pub(crate) async fn start(mode: &str) -> Self {
        // What it hears goes into a file: a softphone that listens to nothing takes its sound device for idle and
        // closes it, between calls and in them.
        let directory = tempfile::tempdir().unwrap();
        let heard = directory.path().join("heard.wav").display().to_string();
        let arguments = ["--mode", mode, "--after", "0.2", "--record", &heard];
        let mut script = Script::start("plugins/voice/tests/softphone.py", &arguments);
        let port = script.started("ready").await["port"].as_u64().unwrap();
        Self { script, port, _directory: directory }
    }

    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it does with the next call: `silent`, `hangup`, `ring`, `busy`, `decline`, `manual` or `answer DIGITS`.
    pub async fn mode(&mut self, mode: &str) {
        self.script.command(&format!("mode {mode}"));
        self.obeyed().await;
    }

    /// Waits until a call is answered and carries sound.
    pub async fn talk(&mut self) {
        self.wait_for("answered").await;
        self.wait_for("media").await;
    }

    /// Presses keys in the call that is there.
    pub async fn press(&mut self, digits: &str) {
        self.script.command(&format!("digits {digits}"));
        let pressed =
            self.script.take("pressed", |told| told["event"] == "pressed" || told["event"] == "error").await;
        assert_eq!(pressed["event"], "pressed", "the phone told {:#?}", self.script.all());
    }

    /// Answers the call that rings.
    pub fn answer(&mut self) {
        self.script.command("answer");
    }

    /// Lets go of a call that the other side may have forgotten, and of everything that was told so far.
    pub async fn settle(&mut self) {
        self.script.command("hangup");
        self.obeyed().await;
        let count = |phone: &Self, event: &str| {
            phone.script.all().iter().filter(|told| told["event"] == event).count()
        };
        while count(self, "ended") < count(self, "incoming") {
            self.wait_for("ended").await;
        }
        self.script.forget();
    }

    /// Waits for an event: `incoming`, `answered`, `media`, `pressed` or `ended`.
    pub async fn wait_for(&mut self, event: &str) -> Value {
        self.script.take(event, |told| told["event"] == event).await
    }

    /// How many calls have come in.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.script.all().iter().filter(|told| told["event"] == "incoming").count()
    }

    /// Waits until it is through with every command: it answers an unknown one after those before.
    async fn obeyed(&mut self) {
        self.script.command("obeyed");
        self.script.take("its obedience", |told| told["text"] == "unknown command: obeyed").await;
    }
}
