//! Tries the way to the trunk: looks it up and asks whether it is there (OPTIONS, RFC 3261 section 11). No telephone rings.

use std::time::Duration;

use readmit_plugin::ProbeStep;
use rsipstack::sip::typed::{From, To};
use rsipstack::sip::{self, Method, Param, SipMessage};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::SipAddr;
use tokio::time::timeout;

use crate::limits;
use crate::signalling::Signalling;

impl Signalling {
    /// The steps to the trunk, up to the first that fails.
    pub async fn probe(&self, within: Duration) -> Vec<ProbeStep> {
        let local = self.local;
        let found = self.pinned.refresh(|address| address.is_ipv4() == local.is_ipv4()).await;
        let name = self.pinned.host();
        let Some(trunk) = found else {
            let why = format!("the trunk's name {name} cannot be looked up, or has no address of our kind");
            return vec![ProbeStep::failed("dns", why)];
        };
        let dns = ProbeStep::passed("dns", format!("{name} is {}", trunk.ip()));
        let target = SipAddr { r#type: Some(sip::Transport::Udp), addr: trunk.into() };
        // Before the stack itself would give up, which it does as if the trunk had answered.
        let patience = limits::PROBE.min(within / 2);
        let options = match timeout(patience, self.ask_options(target)).await {
            Ok(Some(answer)) => ProbeStep::passed("options", format!("{trunk} answers {answer}")),
            Ok(None) => ProbeStep::failed("options", format!("OPTIONS could not be sent to {trunk}")),
            Err(_) => {
                let why = format!("{trunk} does not answer OPTIONS within {} s", patience.as_secs());
                ProbeStep::failed("options", why)
            }
        };
        vec![dns, options]
    }

    /// Any final answer will do: a trunk that refuses OPTIONS is there.
    async fn ask_options(&self, target: SipAddr) -> Option<u16> {
        let endpoint = &self.layer.endpoint;
        let tag: String = fresh_tag()?;
        let from =
            From { display_name: None, uri: self.uri(&self.from), params: vec![Param::Tag(tag.into())] };
        let to = To { display_name: None, uri: self.uri(&self.from), params: Vec::new() };
        let via = endpoint.get_via(None, None).ok()?;
        let request = endpoint.make_request(Method::Options, self.uri(&self.from), via, from, to, 1, None);
        let key = TransactionKey::from_request(&request, TransactionRole::Client).ok()?;
        let mut transaction = Transaction::new_client(key, request, endpoint.clone(), None);
        transaction.destination = Some(target);
        transaction.send().await.ok()?;
        while let Some(message) = transaction.receive().await {
            if let SipMessage::Response(response) = message
                && response.status_code.code() >= 200
            {
                return Some(response.status_code.code());
            }
        }
        None
    }
}

/// A tag that no other request has (RFC 3261 section 19.3).
fn fresh_tag() -> Option<String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).ok()?;
    Some(random.iter().map(|byte| format!("{byte:02x}")).collect())
}
