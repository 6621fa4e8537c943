//! A telephone on the loopback interface: SIP over UDP, sound over RTP, keys as telephone events.
//!
//! It takes calls and makes none. What the person does with a call is left to who holds the [`Call`].

mod call;
#[cfg(test)]
pub(crate) mod caller;
mod media;
pub mod sdp;
pub mod talk;

use std::net::SocketAddr;
use std::sync::Arc;

use rsipstack::EndpointBuilder;
use rsipstack::dialog::dialog::{DialogState, DialogStateReceiver, TerminatedReason};
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::sip::prelude::HeadersExt;
use rsipstack::sip::{Method, StatusCode, Uri};
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::transaction::Transaction;
use rsipstack::transport::TransportLayer;
use rsipstack::transport::udp::UdpConnection;
use thiserror::Error;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use self::call::Parts;
pub use self::call::{Call, CallError, CallState, Ending};
use self::media::Media;
pub use self::media::{Heard, Samples};
use self::sdp::Offer;
use crate::limits;

/// Why the phone could not be started.
#[derive(Debug, Error)]
pub enum PhoneError {
    /// The signalling could not be set up.
    #[error("the phone could not listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why not.
        #[source]
        source: Box<rsipstack::Error>,
    },
    /// The stack gave no address for the socket.
    #[error("the phone has no address")]
    NoAddress,
}

/// A telephone that can be called until it is dropped.
#[derive(Debug)]
pub struct Softphone {
    address: SocketAddr,
    calls: mpsc::Receiver<Call>,
    off: CancellationToken,
}

impl Softphone {
    /// Starts a phone on this address; port 0 takes a free one.
    ///
    /// # Errors
    /// If the address cannot be listened on.
    pub async fn bind(address: SocketAddr) -> Result<Self, PhoneError> {
        let off = CancellationToken::new();
        let listen = |source| PhoneError::Listen { address, source: Box::new(source) };
        let udp =
            UdpConnection::create_connection(address, None, Some(off.child_token())).await.map_err(listen)?;
        let address = udp.get_addr().get_socketaddr().map_err(|_| PhoneError::NoAddress)?;
        let transport = TransportLayer::new(off.child_token());
        transport.add_transport(udp.into());
        let endpoint = EndpointBuilder::new()
            .with_user_agent("readmit-demo phone")
            .with_transport_layer(transport)
            .with_cancel_token(off.child_token())
            .build();
        let incoming = endpoint.incoming_transactions().map_err(listen)?;
        let contact = Uri::try_from(format!("sip:phone@{address}")).map_err(|error| listen(error.into()))?;
        let (ring, calls) = mpsc::channel(limits::CALLS);
        let switchboard = Switchboard {
            layer: Arc::new(DialogLayer::new(endpoint.inner.clone())),
            contact,
            address,
            ring,
            off: off.clone(),
        };
        tokio::spawn(async move { endpoint.serve().await });
        tokio::spawn(switchboard.run(incoming));
        Ok(Self { address, calls, off })
    }

    /// The address to send INVITE to.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for the next call. It does not ring yet: see [`Call::ring`].
    pub async fn next_call(&mut self) -> Option<Call> {
        self.calls.recv().await
    }
}

impl Drop for Softphone {
    fn drop(&mut self) {
        self.off.cancel();
    }
}

/// Takes requests off the wire and brings them to their call.
struct Switchboard {
    layer: Arc<DialogLayer>,
    contact: Uri,
    address: SocketAddr,
    ring: mpsc::Sender<Call>,
    off: CancellationToken,
}

impl Switchboard {
    async fn run(self, mut incoming: TransactionReceiver) {
        loop {
            let transaction = tokio::select! {
                () = self.off.cancelled() => return,
                transaction = incoming.recv() => transaction,
            };
            let Some(mut transaction) = transaction else { return };
            if let Some(mut dialog) = self.layer.match_dialog(&transaction) {
                tokio::spawn(async move { drop(dialog.handle(&mut transaction).await) });
                continue;
            }
            let status = match transaction.original.method {
                Method::Invite => match self.invite(transaction).await {
                    Ok(()) => continue,
                    Err((refused, status)) => {
                        transaction = refused;
                        status
                    }
                },
                Method::Ack => continue,
                Method::Options => StatusCode::OK,
                Method::Bye | Method::Cancel => StatusCode::CallTransactionDoesNotExist,
                _ => StatusCode::MethodNotAllowed,
            };
            tokio::spawn(async move { drop(transaction.reply(status).await) });
        }
    }

    /// Makes a call of an INVITE, or gives it back with the status to refuse it.
    async fn invite(&self, mut transaction: Transaction) -> Result<(), (Transaction, StatusCode)> {
        let offer = match Offer::read(&transaction.original.body) {
            Ok(offer) => offer,
            Err(error) => {
                tracing::warn!(%error, "a call could not be taken");
                return Err((transaction, StatusCode::NotAcceptableHere));
            }
        };
        let Ok(slot) = self.ring.clone().try_reserve_owned() else {
            return Err((transaction, StatusCode::BusyHere));
        };
        let Ok(media) = Media::bind(self.address.ip(), offer).await else {
            return Err((transaction, StatusCode::ServerInternalError));
        };
        let request = &transaction.original;
        let caller = request.from_header().ok().and_then(|from| from.uri().ok()).map(|uri| user(&uri));
        let called = user(&request.uri);
        let (sender, states) = self.layer.new_dialog_state_channel();
        let contact = Some(self.contact.clone());
        let Ok(mut dialog) = self.layer.get_or_create_server_invite(&transaction, sender, None, contact)
        else {
            return Err((transaction, StatusCode::CallTransactionDoesNotExist));
        };
        let state = watch::Sender::new(CallState::Incoming);
        let over = self.off.child_token();
        tokio::spawn(follow(self.layer.clone(), states, state.clone(), over.clone()));
        let parts = Parts {
            caller: caller.unwrap_or_default(),
            called,
            offer,
            dialog: dialog.clone(),
            layer: self.layer.clone(),
            state,
            over,
        };
        slot.send(Call::new(parts, media));
        tokio::spawn(async move { drop(dialog.handle(&mut transaction).await) });
        Ok(())
    }
}

/// Follows the dialog of a call to its end, and forgets it then.
async fn follow(
    layer: Arc<DialogLayer>,
    mut states: DialogStateReceiver,
    call: watch::Sender<CallState>,
    over: CancellationToken,
) {
    while let Some(state) = states.recv().await {
        match state {
            DialogState::Confirmed(..) => {
                call.send_if_modified(|call| {
                    let first = *call == CallState::Incoming;
                    if first {
                        *call = CallState::Answered;
                    }
                    first
                });
            }
            DialogState::Terminated(id, reason) => {
                layer.remove_dialog(&id);
                over.cancel();
                let ending = match reason {
                    TerminatedReason::UacCancel => Ending::GivenUp,
                    TerminatedReason::UacBye => Ending::CallerHungUp,
                    TerminatedReason::UasBye | TerminatedReason::UasDecline | TerminatedReason::UasBusy => {
                        Ending::HungUp
                    }
                    _ => Ending::Failed,
                };
                call.send_if_modified(|call| {
                    let first = !matches!(call, CallState::Ended(_));
                    if first {
                        *call = CallState::Ended(ending);
                    }
                    first
                });
                return;
            }
            // Requests within the call that the phone does not know: without a handle they get 501.
            _ => {}
        }
    }
}

fn user(uri: &Uri) -> String {
    uri.user().map_or_else(|| uri.host().to_string(), str::to_owned)
}

#[cfg(test)]
#[path = "phone/phone_tests.rs"]
mod tests;
