//! Tries the way to the server: everything that comes before a letter, and no letter.

use std::net::SocketAddr;

use lettre::transport::smtp::commands::Noop;
use readmit_plugin::ProbeStep;
use tokio::net::lookup_host;
use tokio::time::{Instant, timeout, timeout_at};

use super::failure::{Failure, Stage};
use super::pool::{Pool, Protection};
use crate::limits;

impl Pool {
    /// Looks the server up, connects, secures the connection, logs in and says nothing; ends at the first step that
    /// fails, with the real reason.
    pub(crate) async fn probe(&self, deadline: Instant) -> Vec<ProbeStep> {
        let by = deadline.min(Instant::now() + self.patience);
        let mut steps = vec![self.look_up(by).await];
        if steps.iter().all(|step| step.ok) {
            self.try_connection(by, &mut steps).await;
        }
        steps
    }

    async fn look_up(&self, by: Instant) -> ProbeStep {
        match timeout_at(by, lookup_host((self.host.as_str(), self.port))).await {
            Err(_) => ProbeStep::failed("dns", format!("looking up {}: no answer in time", self.host)),
            Ok(Err(error)) => ProbeStep::failed("dns", format!("looking up {}: {error}", self.host)),
            Ok(Ok(found)) => {
                let found: Vec<SocketAddr> = found.take(limits::MAX_PROBE_ADDRESSES).collect();
                let addresses: Vec<String> = found.iter().map(|address| address.ip().to_string()).collect();
                ProbeStep::passed("dns", format!("{} is {}", self.host, addresses.join(", ")))
            }
        }
    }

    async fn try_connection(&self, by: Instant, steps: &mut Vec<ProbeStep>) {
        // It counts among the connections that the server is expected to allow.
        let Ok(Ok(_place)) = timeout_at(by, self.places.acquire()).await else {
            return steps.push(ProbeStep::failed("connect", "every connection is in use"));
        };
        let mut stage = Stage::Connect;
        let outcome = timeout_at(by, self.connect(&mut stage)).await;
        let failure = match &outcome {
            Ok(Ok(_)) => None,
            Ok(Err(error)) => Some(Failure::of(stage, error)),
            Err(_) => Some(Failure::timed_out(&stage.to_string())),
        };
        for (passed, step) in self.stages() {
            match &failure {
                Some(why) if passed == stage => {
                    return steps.push(ProbeStep::failed(name(passed), words(why)));
                }
                _ => steps.push(step),
            }
        }
        let Ok(Ok(mut connection)) = outcome else { return };
        steps.push(match timeout_at(by, connection.command(Noop)).await {
            Ok(Ok(response)) => ProbeStep::passed("noop", format!("{}", response.code())),
            Ok(Err(error)) => ProbeStep::failed("noop", words(&Failure::of(Stage::Content, &error))),
            Err(_) => ProbeStep::failed("noop", "no answer in time"),
        });
        let _in_time = timeout(limits::CLOSE, connection.quit()).await;
    }

    /// The stages of a connection to this server, as they are told where they go well.
    fn stages(&self) -> Vec<(Stage, ProbeStep)> {
        let place = format!("{} port {}", self.host, self.port);
        let (tls, how) = match &self.protection {
            Protection::Tls(_) => (None, format!("{place}, secured from the beginning")),
            Protection::Starttls(_) => (Some("STARTTLS; the certificate fits the name"), place),
            Protection::None => (None, format!("{place}, in clear as security = \"none\" says")),
        };
        let mut stages = vec![(Stage::Connect, ProbeStep::passed("connect", how))];
        stages.extend(tls.map(|how| (Stage::Tls, ProbeStep::passed("tls", how))));
        if self.credentials.is_some() {
            stages.push((Stage::Login, ProbeStep::passed("login", "accepted")));
        }
        stages
    }
}

const fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Connect => "connect",
        Stage::Tls => "tls",
        Stage::Login => "login",
        Stage::Sender | Stage::Recipient | Stage::Content => "message",
    }
}

fn words(failure: &Failure) -> &str {
    match failure {
        Failure::Later(why) | Failure::Refused(why) | Failure::Account(why) => why,
    }
}
