//! Tries the way to the provider and back, without calling anybody.

use std::time::{Duration, SystemTime};

use hyper::Method;
use readmit_plugin::ProbeStep;
use readmit_telephone::prompts::Prompt;
use tokio::time::{Instant, timeout_at};
use zeroize::Zeroizing;

use crate::call::Shared;
use crate::client::{Asking, Client, ClientError};
use crate::prompts::Prompts;

impl Shared {
    /// The steps to the provider and back to us, up to the first that fails.
    pub(crate) async fn probe(&self, within: Duration) -> Vec<ProbeStep> {
        let by = Instant::now() + within.saturating_mul(3) / 4;
        let mut steps = Vec::new();
        connect(&self.client, by, &mut steps).await;
        if steps.iter().all(|step| step.ok) {
            steps.push(self.log_in(by).await);
        }
        if steps.iter().all(|step| step.ok) {
            steps.push(self.come_back(by).await);
        }
        steps
    }

    async fn log_in(&self, by: Instant) -> ProbeStep {
        let base = self.client.base();
        let Some(asking) = self.provider.ask_who_we_are(SystemTime::now()) else {
            return ProbeStep::failed("login", "the system gives no random numbers");
        };
        match self.client.ask(asking, left(by)).await {
            Ok(answer) if answer.status == 200 => ProbeStep::passed("login", format!("{base} knows us")),
            Ok(answer) => {
                let status = answer.status;
                ProbeStep::failed("login", format!("{base} answers HTTP {status}: check ids and secrets"))
            }
            Err(error) => ProbeStep::failed("login", error.to_string()),
        }
    }

    /// Asks for a prompt as the provider would. From inside, the way may be another one than from outside.
    async fn come_back(&self, by: Instant) -> ProbeStep {
        let public = &self.settings.public;
        let client = Client::new(public.clone(), self.settings.tls.clone());
        let path = Prompts::path(self.settings.prompts.language(""), Prompt::Accepted);
        let asking =
            Asking { method: Method::HEAD, path, authorization: Zeroizing::new("-".to_owned()), body: None };
        match client.ask(asking, left(by)).await {
            Ok(answer) if answer.status == 200 => {
                ProbeStep::passed("webhook", format!("{public} leads to this plugin, as seen from here"))
            }
            Ok(answer) => {
                let status = answer.status;
                ProbeStep::failed("webhook", format!("{public} answers HTTP {status}: check the proxy"))
            }
            Err(error) => ProbeStep::failed("webhook", format!("{public}: {error}")),
        }
    }
}

async fn connect(client: &Client, by: Instant, steps: &mut Vec<ProbeStep>) {
    let base = client.base();
    let late = || ClientError::ConnectLate { host: base.host().to_owned() };
    let stream = match timeout_at(by, client.connect()).await.map_err(|_| late()).and_then(|done| done) {
        Ok(stream) => stream,
        Err(error) => return steps.push(ProbeStep::failed("connect", error.to_string())),
    };
    let peer = stream.peer_addr().map(|address| address.to_string()).unwrap_or_default();
    steps.push(ProbeStep::passed("connect", format!("{} is {peer}", base.host())));
    if !base.is_secure() {
        return;
    }
    steps.push(match timeout_at(by, client.secure(stream)).await.map_err(|_| late()).and_then(|done| done) {
        Ok(_stream) => ProbeStep::passed("tls", format!("the certificate is {}'s", base.host())),
        Err(error) => ProbeStep::failed("tls", error.to_string()),
    });
}

fn left(by: Instant) -> Duration {
    by.saturating_duration_since(Instant::now())
}
