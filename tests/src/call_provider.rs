//! A provider of telephone calls with an HTTP interface, like Twilio.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::portal::free_address;
use crate::programs::program;
use crate::script::Script;

/// Our account there.
const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";

/// The provider: it takes requests for calls and calls back, signed by Twilio's own library.
pub struct CallProvider {
    script: Script,
    port: u64,
    listen: String,
    directory: TempDir,
}

impl CallProvider {
    /// The secret between it and us.
    pub const TOKEN: &str = "the-auth-token-of-the-account";

    /// Starts it.
    pub async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let token = directory.path().join("token");
        std::fs::write(&token, Self::TOKEN).unwrap();
        std::fs::set_permissions(&token, std::fs::Permissions::from_mode(0o600)).unwrap();
        let listen = free_address();
        let arguments =
            ["--through", &listen, "--account", ACCOUNT, "--token", Self::TOKEN, "--secret", Self::TOKEN];
        let mut script = Script::start("plugins/voice-http/tests/provider.py", &arguments);
        let port = script.started("ready").await["port"].as_u64().unwrap();
        Self { script, port, listen, directory }
    }

    /// The configuration of a plugin that calls by it, under this name.
    #[must_use]
    pub fn plugin(&self, name: &str) -> String {
        format!(
            r#"
[plugins.{name}]
command = ["{program}"]
channels = ["voice"]
[plugins.{name}.settings]
public_url = "http://{listen}/readmit"
listen = "{listen}"
base_url = "http://127.0.0.1:{port}"
from = "+14155550100"
regions = ["+1"]
[plugins.{name}.settings.twilio]
account = "{ACCOUNT}"
auth_token_file = "{token}"
"#,
            program = program("readmit-voice-http").display(),
            listen = self.listen,
            port = self.port,
            token = self.directory.path().join("token").display(),
        )
    }

    /// The person answers the next call and types these entries; then the call ends.
    pub fn answered(&mut self, entries: &[&str]) {
        let mut plan = vec![
            json!({ "do": "status", "word": "initiated" }),
            json!({ "do": "status", "word": "ringing" }),
            json!({ "do": "answer" }),
        ];
        plan.extend(entries.iter().map(|digits| json!({ "do": "keys", "digits": digits })));
        plan.push(json!({ "do": "status", "word": "completed", "parameters": { "CallDuration": "12" } }));
        self.script.command(&json!({ "plan": plan }).to_string());
    }

    /// The next request that it was made.
    pub async fn requested(&mut self) -> Value {
        self.script.take("a request", |told| told["event"] == "request").await
    }
}
