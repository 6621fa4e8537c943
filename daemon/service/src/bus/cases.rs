//! `org.readmit.Cases1`: recoveries, for administrators and support.

use std::collections::HashMap;
use std::sync::Arc;

use readmit_recovery::account::Form;
use readmit_recovery::address::{EmailAddress, PhoneNumber};
use readmit_recovery::case::{Case, Standing, State};
use readmit_recovery::factor::Factor;
use readmit_recovery::id::{AccountId, CaseHandle};
use readmit_recovery::plan::Atom;
use readmit_recovery::support::Ticket;
use readmit_recovery::time::Timestamp;
use readmit_store::{CaseFilter, CaseOrder, CaseRow, Page};
use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::wire::{OwnedVariant, Variant};
use zbus::{Connection, interface};

use super::action::{Action, Request};
use super::audit;
use super::dict::{Dict, In, Out};
use super::error::Error;
use super::gate::Gate;
use super::limits::MAX_ROWS;
use super::view;
use crate::service::{CaseHistory, Fault, Service, Settings};

/// The interface for cases.
pub(super) struct Cases {
    service: Arc<Service>,
    gate: Arc<Gate>,
}

impl Cases {
    pub(super) const fn new(service: Arc<Service>, gate: Arc<Gate>) -> Self {
        Self { service, gate }
    }
}

/// Lets staff see and decide recoveries. Nobody decides about their own account. Staff name a case by its handle, which
/// List gives: the id is a secret of whoever recovers, and is understood, but never shown.
#[interface(name = "org.readmit.Cases1")]
impl Cases {
    /// Lists recoveries. filter (all optional): state s, account s, open b, order s (newest first, which is usual, or
    /// oldest).
    #[zbus(out_args("cases"))]
    async fn list(
        &self,
        filter: HashMap<String, Variant<'_>>,
        offset: u32,
        limit: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        self.gate
            .admin(Action::CasesList, connection, &header, |_caller| async move {
                let filter = read(filter)?;
                let page = Page::new(offset, limit.min(MAX_ROWS));
                Ok(self.service.cases(filter, page).await?.iter().map(listed).collect())
            })
            .await
    }

    /// Shows a recovery with its whole history, form a{ss} (what the person wrote to support), facts a{sv} (kind s,
    /// realm s, known b, email s and phone s masked, device s, device_form s), plan s, approvals as and
    /// approvals_needed u, because s, and own b: whether it is about the caller's own account.
    #[zbus(out_args("case"))]
    async fn show(
        &self,
        case: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .admin(about(Action::CasesShow, &case)?, connection, &header, |caller| async move {
                let history = self.service.case_history(&case, &caller.officer()).await?;
                Ok(shown(&history, self.service.settings()))
            })
            .await
    }

    /// Has every change of a case told to this connection, and to no other, until it is closed: by the signal Changed.
    async fn watch(
        &self,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .admin(Action::CasesWatch, connection, &header, |caller| async move {
                self.gate.listeners.cases.add(&caller.name);
                Ok(())
            })
            .await
    }

    /// A case was opened or has changed; for who asked by Watch.
    #[zbus(signal)]
    pub(super) async fn changed(
        emitter: &SignalEmitter<'_>,
        case: &str,
        account: &str,
        state: &str,
        reason: &str,
    ) -> zbus::Result<()>;

    /// Vouches for the person. A second approval takes a second person.
    async fn approve(
        &self,
        case: String,
        because: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .admin(about(Action::CasesApprove, &case)?, connection, &header, |caller| async move {
                self.service.approve(&case, &because, &caller.officer()).await
            })
            .await
    }

    /// Refuses a recovery.
    async fn deny(
        &self,
        case: String,
        because: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .admin(about(Action::CasesDeny, &case)?, connection, &header, |caller| async move {
                self.service.deny(&case, &because, &caller.officer()).await
            })
            .await
    }

    /// Resolves an escalated recovery. resolution: action s (pass: send an access pass to the address on file; reset:
    /// recover the account now; deny), because s.
    async fn resolve(
        &self,
        case: String,
        resolution: HashMap<String, Variant<'_>>,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        let (action, because) = resolution_of(resolution)?;
        let ask = about(Action::CasesResolve, &case)?.about("resolution", &action);
        self.gate
            .admin(ask, connection, &header, |caller| async move {
                self.service.resolve(&case, &action, &because, &caller.officer()).await
            })
            .await
    }
}

/// An action about a case, which polkit knows by its handle as everybody does.
fn about(action: Action, case: &str) -> Result<Request, Fault> {
    let handle = CaseHandle::of(case).map_err(Fault::invalid)?;
    Ok(action.about("case", handle.as_str()))
}

/// What is to be done with an escalated case, and why.
fn resolution_of(resolution: HashMap<String, Variant<'_>>) -> Result<(String, String), Fault> {
    let mut from = In::new("resolution", resolution);
    let action = from.text("action")?.unwrap_or_default();
    let because = from.text("because")?.unwrap_or_default();
    from.finish()?;
    Ok((action, because))
}

fn read(filter: HashMap<String, Variant<'_>>) -> Result<CaseFilter, Fault> {
    let mut from = In::new("filter", filter);
    let account = from
        .text("account")?
        .map(|account| AccountId::parse(&account))
        .transpose()
        .map_err(Fault::invalid)?;
    let order = match from.text("order")?.as_deref() {
        None | Some("newest") => CaseOrder::Newest,
        Some("oldest") => CaseOrder::Oldest,
        Some(_) => return Err(Fault::invalid("filter: `order` must be newest or oldest")),
    };
    let closed = from.flag("open")?.map(|open| !open);
    let filter = CaseFilter { state: from.text("state")?, account, closed, order };
    from.finish()?;
    Ok(filter)
}

fn listed(row: &CaseRow) -> Dict {
    Out::new()
        .put("case", row.id.handle().as_str())
        .put("account", row.account.as_str())
        .put("state", row.state.as_str())
        .put("reason", row.reason.as_str())
        .put("opened_at", row.opened_at.unix())
        .maybe("next_deadline", row.next_deadline.map(Timestamp::unix))
        .done()
}

fn shown(history: &CaseHistory, settings: &Settings) -> Dict {
    let case = &history.case;
    let client = &case.facts.client;
    let client = Out::new()
        .maybe("address", client.address.as_deref())
        .maybe("user_agent", client.user_agent.as_deref())
        .maybe("locale", client.locale.as_deref())
        .put("known", client.known)
        .done();
    let failures: Vec<Dict> = case.failures.iter().map(failure).collect();
    let entries: Vec<Dict> = history.entries.iter().map(audit::entry).collect();
    // What the person alone may see, the digits of a call, staff may not.
    let mut view = history.view.clone();
    view.steps.iter_mut().for_each(|step| step.code = None);
    let more = Out::new()
        .put("case", case.id.handle().as_str())
        .put("policy", case.policy.as_str())
        .put("client", client)
        .put("failures", failures)
        .put("approvals", case.approvals.clone())
        .put("approvals_needed", approvals_needed(case))
        .put("facts", facts(case))
        .put("own", history.is_own)
        .maybe("plan", case.plan.as_ref().map(ToString::to_string))
        .maybe("because", because(&case.state))
        .put("history", entries)
        .maybe("form", case.ticket.as_ref().map(form))
        .done();
    let shown: HashMap<String, OwnedVariant> = view::case(case, &view, settings);
    shown.into_iter().chain(more).collect()
}

/// What is on file and may be seen: addresses only masked.
fn facts(case: &Case) -> Dict {
    let device = case.facts.device.as_ref();
    let form = device.map(|device| match device.form {
        Form::Virtual => "virtual",
        Form::Hardware => "hardware",
    });
    Out::new()
        .put("known", case.standing == Standing::Known)
        .put("kind", case.facts.account.kind.as_str())
        .put("realm", case.facts.account.realm.as_str())
        .maybe("email", case.addresses.email.as_ref().map(EmailAddress::masked))
        .maybe("phone", case.addresses.phone.as_ref().map(PhoneNumber::masked))
        .maybe("device", device.map(|device| device.label.as_str()))
        .maybe("device_form", form)
        .done()
}

/// How many different people have to approve before the plan is satisfied.
fn approvals_needed(case: &Case) -> u32 {
    let atoms = case.plan.iter().flat_map(|plan| plan.atoms());
    let needed = atoms.map(|atom| match atom {
        Atom::Approvals(number) => u32::from(number),
        Atom::Factor(Factor::Approval) => 1,
        Atom::Factor(_) => 0,
    });
    needed.max().unwrap_or_default()
}

/// Why people have the case, or why it was refused.
fn because(state: &State) -> Option<&str> {
    match state {
        State::Escalated { because, .. } | State::Denied { because } => Some(because),
        State::Proving
        | State::Held { .. }
        | State::Recovered { .. }
        | State::Completed { .. }
        | State::Vetoed
        | State::Cancelled
        | State::Expired => None,
    }
}

/// What the person wrote to support.
fn form(ticket: &Ticket) -> HashMap<String, String> {
    std::collections::BTreeMap::from(ticket.form.clone()).into_iter().collect()
}

fn failure(failure: &readmit_recovery::facts::Failure) -> Dict {
    Out::new()
        .put("factor", failure.factor.as_str())
        .put("disposition", failure.disposition.as_str())
        .put("count", failure.count)
        .put("at", failure.at.unix())
        .done()
}
