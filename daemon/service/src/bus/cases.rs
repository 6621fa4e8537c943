//! `org.readmit.Cases1`: recoveries, for administrators and support.

use std::collections::HashMap;
use std::sync::Arc;

use readmit_recovery::id::AccountId;
use readmit_recovery::support::Ticket;
use readmit_recovery::time::Timestamp;
use readmit_store::{CaseFilter, CaseRow, Page};
use zbus::message::Header;
use zbus::wire::{OwnedVariant, Variant};
use zbus::{Connection, interface};

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

/// Lets staff see and decide recoveries. Nobody decides about their own account.
#[interface(name = "org.readmit.Cases1")]
impl Cases {
    /// Lists recoveries, the newest first. filter (all optional): state s, account s, open b.
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
            .admin(connection, &header, |_caller| async move {
                let filter = read(filter)?;
                let page = Page::new(offset, limit.min(MAX_ROWS));
                Ok(self.service.cases(filter, page).await?.iter().map(listed).collect())
            })
            .await
    }

    /// Shows a recovery with its whole history, and form a{ss}, what the person wrote to support.
    #[zbus(out_args("case"))]
    async fn show(
        &self,
        case: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        self.gate
            .admin(connection, &header, |_caller| async move {
                Ok(shown(&self.service.case_history(&case).await?, self.service.settings()))
            })
            .await
    }

    /// Vouches for the person. A second approval takes a second person.
    async fn approve(
        &self,
        case: String,
        because: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .admin(connection, &header, |caller| async move {
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
            .admin(connection, &header, |caller| async move {
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
        self.gate
            .admin(connection, &header, |caller| async move {
                let mut resolution = In::new("resolution", resolution);
                let action = resolution.text("action")?.unwrap_or_default();
                let because = resolution.text("because")?.unwrap_or_default();
                resolution.finish()?;
                self.service.resolve(&case, &action, &because, &caller.officer()).await
            })
            .await
    }
}

fn read(filter: HashMap<String, Variant<'_>>) -> Result<CaseFilter, Fault> {
    let mut from = In::new("filter", filter);
    let account = from
        .text("account")?
        .map(|account| AccountId::parse(&account))
        .transpose()
        .map_err(Fault::invalid)?;
    let filter =
        CaseFilter { state: from.text("state")?, account, closed: from.flag("open")?.map(|open| !open) };
    from.finish()?;
    Ok(filter)
}

fn listed(row: &CaseRow) -> Dict {
    Out::new()
        .put("case", row.id.as_str())
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
        .put("case", case.id.as_str())
        .put("policy", case.policy.as_str())
        .put("client", client)
        .put("failures", failures)
        .put("approvals", case.approvals.clone())
        .put("history", entries)
        .maybe("form", case.ticket.as_ref().map(form))
        .done();
    let shown: HashMap<String, OwnedVariant> = view::case(case, &view, settings);
    shown.into_iter().chain(more).collect()
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
