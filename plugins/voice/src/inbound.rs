//! What peers start: requests within our calls go to their calls, everything else is refused. Nobody can call us.

use std::sync::Arc;

use futures_util::FutureExt;
use rsipstack::dialog::DialogId;
use rsipstack::dialog::dialog::Dialog;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Header, Method, StatusCode};
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::transaction::Transaction;
use tokio::sync::Semaphore;

use crate::limits;

/// What peers may ask of us within a call.
pub(crate) const ALLOW: &str = "ACK, BYE, CANCEL, INFO, INVITE, OPTIONS, UPDATE";

/// Handles requests until the endpoint stops.
pub(crate) async fn answer_requests(mut incoming: TransactionReceiver, layer: Arc<DialogLayer>) {
    let places = Arc::new(Semaphore::new(limits::MAX_INBOUND));
    while let Some(mut transaction) = incoming.recv().await {
        let dialog = dialog_of(&layer, &transaction);
        let place = places.clone().try_acquire_owned().ok();
        let mut handling = Box::pin(async move {
            let within_call = match dialog {
                Some(dialog) if place.is_some() => Some(dialog),
                _ => None,
            };
            match within_call {
                // What goes wrong in one request ends that request; the call has its own timers.
                Some(mut dialog) => drop(dialog.handle(&mut transaction).await),
                None => refuse(&mut transaction, place.is_some()).await,
            }
        });
        // A request takes its place in its call before it first waits. That happens here and not in its task,
        // so that requests which arrive together, such as keys in quick INFOs, stay in order.
        if (&mut handling).now_or_never().is_none() {
            tokio::spawn(handling);
        }
    }
}

/// The call that a request belongs to. The stack lists a call under its final name only a moment after it has
/// acknowledged the answer, and a quick peer's first request comes in that moment.
fn dialog_of(layer: &DialogLayer, transaction: &Transaction) -> Option<InviteDialog> {
    let listed = || match layer.match_dialog(transaction) {
        Some(Dialog::Invite(dialog)) => Some(dialog),
        _ => None,
    };
    let id = DialogId::try_from(transaction).ok()?;
    let being_answered = || {
        let calls = layer.get_client_dialog_by_call_id(&id.call_id);
        calls.into_iter().find(|dialog| dialog.id().local_tag == id.local_tag)
    };
    listed().or_else(being_answered).or_else(listed)
}

async fn refuse(transaction: &mut Transaction, has_place: bool) {
    let allow = || vec![Header::Allow(ALLOW.into())];
    let outside_dialog = !transaction.original.headers.iter().any(|header| match header {
        Header::To(to) => matches!(to.tag(), Ok(Some(_))),
        _ => false,
    });
    let replied = match transaction.original.method {
        _ if !has_place => transaction.reply(StatusCode::ServiceUnavailable).await,
        Method::Ack => return,
        // Trunks ask like this whether we are there.
        Method::Options => transaction.reply_with(StatusCode::OK, allow(), None).await,
        _ if !outside_dialog => transaction.reply(StatusCode::CallTransactionDoesNotExist).await,
        // Nobody can call us.
        _ => transaction.reply_with(StatusCode::MethodNotAllowed, allow(), None).await,
    };
    if replied.is_ok() && transaction.original.method == Method::Invite {
        // The response is repeated until its ACK comes or 64 × T1 have passed.
        let absorb = async { while transaction.receive().await.is_some() {} };
        let _late = tokio::time::timeout(limits::TEARDOWN, absorb).await;
    }
}
