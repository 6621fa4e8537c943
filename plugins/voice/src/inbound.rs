//! What peers start: requests within our calls go to their calls, everything else is refused. Nobody can call us.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::{Arc, Weak};

use futures_util::FutureExt;
use rsipstack::dialog::DialogId;
use rsipstack::dialog::dialog::Dialog;
use rsipstack::dialog::dialog_layer::DialogLayer;
use rsipstack::dialog::invite_dialog::InviteDialog;
use rsipstack::sip::{Header, Method, StatusCode};
use rsipstack::transaction::TransactionReceiver;
use rsipstack::transaction::transaction::Transaction;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::timeout;

use crate::limits;

/// What peers may ask of us within a call.
pub(crate) const ALLOW: &str = "ACK, BYE, CANCEL, INFO, INVITE, OPTIONS, UPDATE";

/// Handles requests until the endpoint stops.
pub(crate) async fn answer_requests(
    mut incoming: TransactionReceiver,
    layer: Arc<DialogLayer>,
    turns: Arc<Turns>,
) {
    let places = Arc::new(Semaphore::new(limits::MAX_INBOUND));
    while let Some(mut transaction) = incoming.recv().await {
        let place = places.clone().try_acquire_owned().ok();
        let dialog = dialog_of(&layer, &transaction).filter(|_| place.is_some());
        let turn = dialog.as_ref().map(|dialog| turns.of(dialog.id().call_id));
        let mut handling = Box::pin(async move {
            match dialog.zip(turn) {
                Some((dialog, turn)) => within_call(dialog, turn, &mut transaction).await,
                None => refuse(&mut transaction, place.is_some()).await,
            }
        });
        // A request takes its turn in its call before it first waits. That happens here and not in its task,
        // so that requests which arrive together, such as keys in quick INFOs, stay in order.
        if (&mut handling).now_or_never().is_none() {
            tokio::spawn(handling);
        }
    }
}

/// Whose turn it is in each call. The call itself has the first, until it is answered: a quick peer asks for something as
/// soon as it has our ACK, which is before the stack has told us of its answer, and the stack drops what it asks. The locks
/// are fair.
#[derive(Default)]
pub(crate) struct Turns(parking_lot::Mutex<HashMap<String, Weak<Mutex<()>>>>);

impl Turns {
    /// The lock of a call.
    pub(crate) fn of(&self, call_id: String) -> Arc<Mutex<()>> {
        let mut calls = self.0.lock();
        if let Some(turn) = calls.get(&call_id).and_then(Weak::upgrade) {
            return turn;
        }
        calls.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        calls.insert(call_id, Arc::downgrade(&turn));
        turn
    }
}

/// Hands a request to its call, after those that came before it.
async fn within_call(mut dialog: InviteDialog, turn: Arc<Mutex<()>>, transaction: &mut Transaction) {
    let Ok(turn) = timeout(limits::EARLY, turn.lock()).await else {
        // Our offer has no answer yet (RFC 3311 §5.2).
        drop(transaction.reply(StatusCode::RequestPending).await);
        return;
    };
    // What goes wrong in one request ends that request; the call has its own timers.
    let mut handling = pin!(dialog.handle(transaction));
    let handled = (&mut handling).now_or_never();
    drop(turn);
    if handled.is_none() {
        drop(handling.await);
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
        let _late = timeout(limits::TEARDOWN, absorb).await;
    }
}
