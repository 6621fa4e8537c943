//! What stands between the SIP stack and the wire, and puts right where it falls short: [`crate::digest`], and answers that do
//! not say where their sender is. The stack cannot end such a call, which then lasts as long as the trunk likes.

use rsipstack::sip::prelude::HeadersExt as _;
use rsipstack::sip::{Header, Method, Response, SipMessage, StatusCodeKind};
use rsipstack::transaction::endpoint::MessageInspector;
use rsipstack::transport::SipAddr;

use crate::digest::DigestShim;
use crate::pinned::Pinned;

/// Looks at every message on its way.
pub(crate) struct Inspector {
    pub digest: DigestShim,
    pub pinned: Pinned,
}

impl MessageInspector for Inspector {
    fn before_send(&self, message: SipMessage, destination: Option<&SipAddr>) -> SipMessage {
        self.digest.before_send(message, destination)
    }

    fn after_received(&self, mut message: SipMessage, from: Option<&SipAddr>) -> SipMessage {
        if let SipMessage::Response(response) = &mut message
            && lacks_contact(response)
            && let Some(trunk) = self.pinned.address()
        {
            // Where requests within the call go anyway.
            response.headers.push(Header::Contact(format!("<sip:{trunk}>").into()));
        }
        self.digest.after_received(message, from)
    }
}

/// Whether it is an answer without the Contact that it must have (RFC 3261 §13.3.1.4).
fn lacks_contact(response: &Response) -> bool {
    let to_invite =
        response.cseq_header().and_then(|sequence| sequence.method()).is_ok_and(|it| it == Method::Invite);
    to_invite
        && response.status_code.kind() == StatusCodeKind::Successful
        && !response.headers.iter().any(|header| matches!(header, Header::Contact(_)))
}
