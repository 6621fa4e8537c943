//! Requests of ours outside of calls, OPTIONS and REGISTER: sent, answered to a challenge, and their response.

use rsipstack::dialog::authenticate::{AuthRetry, handle_client_authenticate};
use rsipstack::sip::typed::{From, To};
use rsipstack::sip::{self, CallId, Header, Method, Param, Response, SipMessage, StatusCodeKind, Uri};
use rsipstack::transaction::key::{TransactionKey, TransactionRole};
use rsipstack::transaction::transaction::Transaction;

use crate::link::Way;
use crate::signalling::Signalling;

/// A request to send.
pub(crate) struct Ask {
    /// What it asks for.
    pub method: Method,
    /// Of whom.
    pub uri: Uri,
    /// From and To.
    pub party: Uri,
    /// Further headers.
    pub headers: Vec<Header>,
    /// The Call-ID, if it belongs to earlier ones.
    pub call_id: Option<CallId>,
    /// The number in CSeq; it is counted up for every challenge.
    pub sequence: u32,
}

/// Why there was no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AskError {
    /// The request could not be built or sent.
    #[error("the request could not be sent")]
    Unsent,
    /// The challenge cannot be answered.
    #[error("the trunk asks for an authentication that is not supported")]
    Challenge,
    /// The connection ended first.
    #[error("the trunk closed the connection instead of answering")]
    Closed,
}

impl Signalling {
    /// Sends a request and waits for its final response, for as long as the stack does: callers bound it.
    pub(crate) async fn ask(&self, way: &Way, ask: &mut Ask) -> Result<Response, AskError> {
        let mut transaction = self.transaction(way, ask).ok_or(AskError::Unsent)?;
        transaction.send().await.map_err(|_| AskError::Unsent)?;
        let mut retry = AuthRetry::new();
        loop {
            let message = tokio::select! {
                message = transaction.receive() => message,
                () = closed(way) => return Err(AskError::Closed),
            };
            let Some(message) = message else { return Err(AskError::Unsent) };
            let SipMessage::Response(response) = message else { continue };
            if response.status_code.kind() == StatusCodeKind::Provisional {
                continue;
            }
            let challenged = matches!(response.status_code.code(), 401 | 407);
            let Some(credential) =
                self.credential.as_ref().filter(|_| challenged && ask.method != Method::Options)
            else {
                return Ok(response);
            };
            if !retry.should_answer(&response) {
                return Ok(response);
            }
            ask.sequence += 1;
            let answered = handle_client_authenticate(ask.sequence, &transaction, response, credential).await;
            transaction = answered.map_err(|_| AskError::Challenge)?;
            transaction.send().await.map_err(|_| AskError::Unsent)?;
        }
    }

    fn transaction(&self, way: &Way, ask: &Ask) -> Option<Transaction> {
        let endpoint = &self.layer.endpoint;
        let tag = Param::Tag(fresh_tag()?.into());
        let from = From { display_name: None, uri: ask.party.clone(), params: vec![tag] };
        let to = To { display_name: None, uri: ask.party.clone(), params: Vec::new() };
        let via = endpoint.get_via(self.via_address(way), None).ok()?;
        let (method, uri) = (ask.method, ask.uri.clone());
        let mut request =
            endpoint.make_request(method, uri, via, from, to, ask.sequence, ask.call_id.clone());
        if let Some(route) = &self.route {
            request.headers.push(Header::Route(route.clone().into()));
        }
        request.headers.extend(ask.headers.clone());
        let key = TransactionKey::from_request(&request, TransactionRole::Client).ok()?;
        let mut transaction = Transaction::new_client(key, request, endpoint.clone(), None);
        transaction.destination = Some(way.target.clone());
        Some(transaction)
    }

    /// Our address in a Via: where we listen, or the connection's end.
    fn via_address(&self, way: &Way) -> Option<rsipstack::transport::SipAddr> {
        let listens = !self.layer.endpoint.transport_layer.get_listen_addrs().is_empty();
        (!listens).then(|| rsipstack::transport::SipAddr {
            r#type: way.target.r#type,
            addr: sip::HostWithPort::from(way.local),
        })
    }
}

/// Waits until the connection is gone, forever over UDP.
pub(crate) async fn closed(way: &Way) {
    match &way.gone {
        Some(gone) => gone.cancelled().await,
        None => std::future::pending().await,
    }
}

/// A tag that no other request has (RFC 3261 §19.3).
fn fresh_tag() -> Option<String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).ok()?;
    Some(random.iter().map(|byte| format!("{byte:02x}")).collect())
}
