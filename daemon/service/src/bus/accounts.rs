//! `org.readmit.Accounts1`: the people on file, for administrators.

use std::collections::HashMap;
use std::sync::Arc;

use readmit_recovery::account::{Account, Contact};
use readmit_recovery::address::{EmailAddress, PhoneNumber};
use readmit_recovery::secret::Secret;
use readmit_recovery::time::Timestamp;
use readmit_store::{AccountFilter, AccountRecord, Page};
use zbus::message::Header;
use zbus::wire::Variant;
use zbus::{Connection, interface};

use super::action::{Action, Request};
use super::caller::Caller;
use super::dict::{Dict, In, Out};
use super::error::Error;
use super::gate::Gate;
use super::limits::MAX_ROWS;
use super::listed;
use crate::plugins::Ended;
use crate::service::{AccountProperties, Fault, Service};

/// The interface for accounts.
pub(super) struct Accounts {
    service: Arc<Service>,
    gate: Arc<Gate>,
}

impl Accounts {
    pub(super) const fn new(service: Arc<Service>, gate: Arc<Gate>) -> Self {
        Self { service, gate }
    }
}

/// Keeps the accounts. Properties (all optional): realm s, kind s, email s or emails as, email_verified b (unsaid, the
/// administrator vouches), email_same_mailbox b, phone s or phones as (E.164), phone_verified b, phone_country s,
/// phone_on_lost_device b, contact s or contacts as (each as Ann Example <ann@example.org>, at most five), groups as,
/// attributes a{ss}, locale s.
#[interface(name = "org.readmit.Accounts1")]
impl Accounts {
    /// Puts an account on file.
    async fn add(
        &self,
        id: String,
        properties: HashMap<String, Variant<'_>>,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .admin(Action::AccountsAdd.about("account", &id), connection, &header, |caller| async move {
                let properties = read(properties)?;
                self.service.add_account(&id, &properties, &caller.actor()).await
            })
            .await
    }

    /// Changes an account: what is not said stays.
    async fn set(
        &self,
        id: String,
        properties: HashMap<String, Variant<'_>>,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .admin(Action::AccountsSet.about("account", &id), connection, &header, |caller| async move {
                let properties = read(properties)?;
                self.service.set_account(&id, &properties, &caller.officer()).await
            })
            .await
    }

    /// Shows everything on file about an account, except secrets. Addresses are masked unless the caller may
    /// org.readmit.accounts.show-addresses.
    #[zbus(out_args("account"))]
    async fn show(
        &self,
        id: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        let ask = Action::AccountsShow.about("account", &id).beside(Action::AccountsShowAddresses);
        self.gate
            .admin(ask, connection, &header, |caller| async move {
                Ok(shown(&self.service.account(&id).await?, Addresses::of(&caller)))
            })
            .await
    }

    /// Lists accounts by id. filter (all optional): realm s, kind s, text s (a part of the id). Addresses are masked as
    /// in Show.
    #[zbus(out_args("accounts"))]
    async fn list(
        &self,
        filter: HashMap<String, Variant<'_>>,
        offset: u32,
        limit: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        let ask = Request::from(Action::AccountsList).beside(Action::AccountsShowAddresses);
        self.gate
            .admin(ask, connection, &header, |caller| async move {
                let addresses = Addresses::of(&caller);
                let mut filter = In::new("filter", filter);
                let wanted = AccountFilter {
                    realm: filter.text("realm")?,
                    kind: filter.text("kind")?,
                    text: filter.text("text")?,
                    after: None,
                };
                filter.finish()?;
                let page = Page::new(offset, limit.min(MAX_ROWS));
                Ok(self
                    .service
                    .accounts(wanted, page)
                    .await?
                    .iter()
                    .map(|account| summary(account, addresses).done())
                    .collect())
            })
            .await
    }

    /// Puts up to 100 accounts of a list on file, all in one change. Each row has id s and the properties. options (all
    /// optional): dry_run b (only say what would happen), on_conflict s (where an account is there and differs: skip,
    /// update, or fail, which is usual). Each result has result s (added, changed, unchanged, skipped, refused), changed as
    /// (what differs), and why s where the row was refused and left out. The same rows again change nothing.
    #[zbus(out_args("results"))]
    async fn import(
        &self,
        rows: Vec<HashMap<String, Variant<'_>>>,
        options: HashMap<String, Variant<'_>>,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        self.gate
            .admin(Action::AccountsImport, connection, &header, |caller| async move {
                let options = listed::options(options)?;
                let rows = rows.into_iter().map(listed::row).collect();
                let results = self.service.import_accounts(rows, options, &caller.officer()).await?;
                Ok(results.iter().map(listed::result).collect())
            })
            .await
    }

    /// Gives accounts out as a list, by id behind one on (all from the beginning on behind an empty text), up to 1,000:
    /// id s and the properties, as Import takes them. It is journalled.
    #[zbus(out_args("accounts"))]
    async fn export(
        &self,
        after: String,
        limit: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<Dict>, Error> {
        self.gate
            .admin(Action::AccountsExport, connection, &header, |caller| async move {
                let limit = limit.min(MAX_ROWS);
                let accounts = self.service.export_accounts(&after, limit, &caller.actor()).await?;
                Ok(accounts.iter().map(listed::exported).collect())
            })
            .await
    }

    /// Sends a test message to the first address on file: disposition s, detail s. It counts as one of a recovery.
    #[zbus(out_args("result"))]
    async fn test_email(
        &self,
        id: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        let ask = Action::AccountsTestEmail.about("account", &id);
        self.gate
            .admin(ask, connection, &header, |caller| async move {
                Ok(tested(self.service.test_email(&id, &caller.officer()).await?))
            })
            .await
    }

    /// Calls the first number on file and asks for a code of six digits, which the caller reads to the person: disposition
    /// s, detail s. Where it is entered, the number is verified. It counts as a call of a recovery.
    #[zbus(out_args("result"))]
    async fn test_phone(
        &self,
        id: String,
        code: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Dict, Error> {
        let ask = Action::AccountsTestPhone.about("account", &id);
        self.gate
            .admin(ask, connection, &header, |caller| async move {
                let code = Secret::new(code);
                Ok(tested(self.service.test_phone(&id, code, &caller.officer()).await?))
            })
            .await
    }

    /// Removes an account with its devices, codes and passes. Its recoveries and its journal stay.
    async fn remove(
        &self,
        id: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .admin(Action::AccountsRemove.about("account", &id), connection, &header, |caller| async move {
                self.service.remove_account(&id, &caller.officer()).await
            })
            .await
    }

    /// Issues ten new recovery codes; the old ones are void. They are shown this once.
    #[zbus(out_args("codes"))]
    async fn issue_recovery_codes(
        &self,
        id: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<Vec<String>, Error> {
        self.gate
            .admin(
                Action::AccountsIssueRecoveryCodes.about("account", &id),
                connection,
                &header,
                |caller| async move {
                    let codes = self.service.issue_recovery_codes(&id, &caller.officer()).await?;
                    Ok(codes.iter().map(|code| code.expose().to_owned()).collect())
                },
            )
            .await
    }

    /// Issues an access pass that counts once within so many seconds. It is shown this once.
    #[zbus(out_args("pass"))]
    async fn issue_pass(
        &self,
        id: String,
        seconds: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<String, Error> {
        self.gate
            .admin(
                Action::AccountsIssuePass.about("account", &id),
                connection,
                &header,
                |caller| async move {
                    Ok(self.service.issue_pass(&id, seconds, &caller.officer()).await?.expose().to_owned())
                },
            )
            .await
    }

    /// Sends an access pass that counts once within so many seconds, up to a day, to the verified address on file.
    /// Answers that address, masked: the pass is shown to nobody else.
    #[zbus(out_args("hint"))]
    async fn send_pass(
        &self,
        id: String,
        seconds: u32,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<String, Error> {
        let ask = Action::AccountsSendPass.about("account", &id);
        self.gate
            .admin(ask, connection, &header, |caller| async move {
                self.service.send_pass(&id, seconds, &caller.officer()).await
            })
            .await
    }

    /// Sets the password.
    async fn set_password(
        &self,
        id: String,
        password: String,
        #[zbus(connection)] connection: &Connection,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Error> {
        self.gate
            .admin(
                Action::AccountsSetPassword.about("account", &id),
                connection,
                &header,
                |caller| async move {
                    self.service.set_password(&id, Secret::new(password), &caller.officer()).await
                },
            )
            .await
    }
}

fn tested(ended: Ended) -> Dict {
    Out::new().put("disposition", ended.disposition.as_str()).maybe("detail", ended.detail).done()
}

pub(super) fn read(properties: HashMap<String, Variant<'_>>) -> Result<AccountProperties, Fault> {
    let mut from = In::new("properties", properties);
    let one = |text: Option<String>| text.map(|text| if text.is_empty() { Vec::new() } else { vec![text] });
    let properties = AccountProperties {
        realm: from.text("realm")?,
        kind: from.text("kind")?,
        emails: one(from.text("email")?).or(from.texts("emails")?),
        email_verified: from.flag("email_verified")?,
        email_same_mailbox: from.flag("email_same_mailbox")?,
        phones: one(from.text("phone")?).or(from.texts("phones")?),
        phone_verified: from.flag("phone_verified")?,
        phone_country: from.text("phone_country")?,
        phone_on_lost_device: from.flag("phone_on_lost_device")?,
        contacts: one(from.text("contact")?).or(from.texts("contacts")?),
        groups: from.texts("groups")?,
        attributes: from.map("attributes")?,
        locale: from.text("locale")?,
    };
    from.finish()?;
    Ok(properties)
}

/// How addresses are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Addresses {
    Whole,
    Masked,
}

impl Addresses {
    fn of(caller: &Caller) -> Self {
        if caller.may(Action::AccountsShowAddresses) { Self::Whole } else { Self::Masked }
    }

    fn email(self, email: &EmailAddress) -> String {
        match self {
            Self::Whole => email.as_str().to_owned(),
            Self::Masked => email.masked(),
        }
    }

    fn phone(self, phone: &PhoneNumber) -> String {
        match self {
            Self::Whole => phone.as_str().to_owned(),
            Self::Masked => phone.masked(),
        }
    }

    fn contact(self, contact: &Contact) -> String {
        match self {
            Self::Whole => contact.to_string(),
            Self::Masked => format!("{} <{}>", contact.name, contact.email.masked()),
        }
    }
}

fn summary(account: &Account, addresses: Addresses) -> Out {
    let emails: Vec<String> = account.emails.iter().map(|email| addresses.email(&email.address)).collect();
    let phones: Vec<String> = account.phones.iter().map(|phone| addresses.phone(&phone.number)).collect();
    let contacts: Vec<String> = account.contacts.iter().map(|contact| addresses.contact(contact)).collect();
    let groups: Vec<&str> = account.groups.iter().map(String::as_str).collect();
    let attributes: HashMap<&str, &str> =
        account.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    Out::new()
        .put("id", account.id.as_str())
        .put("realm", account.realm.as_str())
        .put("kind", account.kind.as_str())
        .put("created_at", account.created_at.unix())
        .put("emails", emails)
        .put("phones", phones)
        .put("contacts", contacts)
        .put("groups", groups)
        .put("attributes", attributes)
        .maybe("locale", account.locale.as_deref())
}

fn shown(record: &AccountRecord, addresses: Addresses) -> Dict {
    let account = &record.account;
    let email = account.emails.first();
    let phone = account.phones.first();
    let devices: Vec<Dict> = record.devices.iter().map(super::devices::shown).collect();
    let failures: HashMap<&str, u32> =
        record.failures.iter().map(|(factor, count)| (factor.as_str(), *count)).collect();
    summary(account, addresses)
        .maybe("email", email.map(|email| addresses.email(&email.address)))
        .put("email_verified", email.is_some_and(|email| email.verified_at.is_some()))
        .put("email_same_mailbox", email.is_some_and(|email| email.same_mailbox_as_account))
        .maybe("phone", phone.map(|phone| addresses.phone(&phone.number)))
        .put("phone_verified", phone.is_some_and(|phone| phone.verified_at.is_some()))
        .put("phone_on_lost_device", phone.is_some_and(|phone| phone.on_lost_device))
        .maybe("phone_country", phone.and_then(|phone| phone.country.as_deref()))
        .put("has_password", record.password.is_some())
        .put("recovery_codes", record.recovery_codes)
        .put("devices", devices)
        .put("failures", failures)
        .maybe("last_recovered_at", record.last_recovered_at.map(Timestamp::unix))
        .done()
}
