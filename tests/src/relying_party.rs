//! The sample login that people come from and go back to, with a verifier of tokens that is not ours.

use crate::Clock;
use crate::script::Script;

/// A running relying party.
pub struct RelyingParty {
    url: String,
    _script: Script,
}

impl RelyingParty {
    /// Starts it at `address`, where the configuration of the portal expects it, under this clock if there is one.
    pub async fn start(
        address: &str,
        portal: &str,
        issuer: &str,
        client: &str,
        clock: Option<&Clock>,
    ) -> Self {
        let arguments = ["--listen", address, "--portal", portal, "--issuer", issuer, "--client-id", client];
        let environment: Vec<_> = clock.into_iter().flat_map(Clock::environment).collect();
        let mut script = Script::start_in("contrib/portal/relying_party.py", &arguments, &environment);
        script.started("listening").await;
        Self { url: format!("http://{address}"), _script: script }
    }

    /// Where people reach it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}
