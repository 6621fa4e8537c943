//! Tries the way to the trunk: looks it up, connects, asks whether it is there (OPTIONS, RFC 3261 §11), and registers
//! where it wants that. No telephone rings.

use std::time::Duration;

use readmit_plugin::ProbeStep;
use rsipstack::sip::{Method, Uri};
use tokio::time::timeout;

use crate::leg::is_made_up;
use crate::limits;
use crate::link::LinkError;
use crate::request::{Ask, AskError};
use crate::signalling::Signalling;
use crate::trunk::Transport;

/// Why a trunk is not there.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// There is no way to it.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// It does not answer.
    #[error("the trunk does not answer OPTIONS")]
    Silent,
    /// There was no response.
    #[error("OPTIONS: {0}")]
    Ask(String),
    /// It says itself that it takes no calls.
    #[error("the trunk answers OPTIONS with 503: it takes no calls at the moment")]
    Unavailable,
}

impl Signalling {
    /// Asks the trunk whether it is there. Any final answer but 503 will do: a trunk that refuses OPTIONS is there.
    pub(crate) async fn check(&self) -> Result<u16, CheckError> {
        let way = self.link.open().await?;
        let party = self.uri(&self.from);
        let mut ask = Ask {
            method: Method::Options,
            uri: Uri { auth: None, ..party.clone() },
            party,
            headers: Vec::new(),
            call_id: None,
            sequence: 1,
        };
        let answer = self.ask(&way, &mut ask).await;
        let response = answer.map_err(|error: AskError| CheckError::Ask(error.to_string()))?;
        match response.status_code.code() {
            503 if is_made_up(&response) => Err(CheckError::Ask(AskError::Closed.to_string())),
            503 => Err(CheckError::Unavailable),
            status => Ok(status),
        }
    }

    /// The steps to the trunk, up to the first that fails.
    pub async fn probe(&self, within: Duration) -> Vec<ProbeStep> {
        // Before the stack itself would give up, which it does as if the trunk had answered.
        let patience = limits::PROBE.min(within / 2);
        let checked = timeout(patience, self.check()).await.unwrap_or(Err(CheckError::Silent));
        let place = self.pinned.address();
        let mut steps = Vec::new();
        if let Some(address) =
            place.filter(|_| !matches!(&checked, Err(CheckError::Link(error)) if error.step() == "dns"))
        {
            steps.push(ProbeStep::passed("dns", format!("{} is {address}", self.pinned.hop())));
        }
        let connected = match self.pinned.hop().transport() {
            Transport::Udp => None,
            Transport::Tcp => Some("connect"),
            Transport::Tls => Some("tls"),
        };
        match &checked {
            Err(CheckError::Link(error)) => {
                steps.push(ProbeStep::failed(error.step(), error.to_string()));
                return steps;
            }
            _ => steps.extend(connected.map(|step| ProbeStep::passed(step, "the connection is open"))),
        }
        match checked {
            Ok(status) => {
                steps.push(ProbeStep::passed("options", format!("{} answers {status}", self.trunk)))
            }
            Err(CheckError::Silent) => {
                let why = format!("{} does not answer OPTIONS within {} s", self.trunk, patience.as_secs());
                steps.push(ProbeStep::failed("options", why));
                self.link.give_up().await;
                return steps;
            }
            Err(error) => {
                steps.push(ProbeStep::failed("options", error.to_string()));
                return steps;
            }
        }
        match self.be_registered().await {
            Ok(None) => {}
            Ok(Some(left)) => {
                steps.push(ProbeStep::passed("login", format!("registered for {} s", left.as_secs())));
            }
            Err(error) => steps.push(ProbeStep::failed("login", error.to_string())),
        }
        steps
    }
}
