//! What the tests are made of: accounts, devices, cases, deliveries, and short ways to commit them.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;

use readmit_recovery::account::{Account, Device, DeviceStatus, Email, Form, Phone};
use readmit_recovery::address::{EmailAddress, PhoneNumber};
use readmit_recovery::id::{AccountId, CaseId, DeliveryId, DeviceId, PolicyVersion};
use readmit_recovery::secret::{Secret, SecretHash};
use readmit_recovery::time::Timestamp;
use readmit_store::{CaseRow, Change, CommitError, Committed, Entry, OutboxItem, Store, Write};
use zeroize::Zeroizing;

/// Opens the same, at first empty, store: again and again, with the earlier one dropped.
pub type Make = Box<dyn Fn() -> Arc<dyn Store>>;

/// Runs a test on a runtime of its own.
pub fn run<F: Future<Output = ()>>(test: F) {
    tokio::runtime::Runtime::new().unwrap().block_on(test);
}

pub const NOW: u64 = 1_800_000_000;

pub const fn at(seconds: u64) -> Timestamp {
    Timestamp::from_unix(NOW + seconds)
}

pub fn account_id(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

pub fn case_id(id: &str) -> CaseId {
    CaseId::parse(id).unwrap()
}

pub fn device_id(id: &str) -> DeviceId {
    DeviceId::parse(id).unwrap()
}

pub fn delivery_id(id: &str) -> DeliveryId {
    DeliveryId::parse(id).unwrap()
}

pub fn version(id: &str) -> PolicyVersion {
    PolicyVersion::parse(id).unwrap()
}

pub fn hash(text: &str) -> SecretHash {
    Secret::new(text).hash()
}

pub fn account(id: &str) -> Account {
    Account {
        id: account_id(id),
        realm: "default".to_owned(),
        kind: "owner".to_owned(),
        created_at: at(0),
        emails: vec![Email {
            address: EmailAddress::parse(&format!("{id}.private@mail.example")).unwrap(),
            verified_at: Some(at(0)),
            changed_at: None,
            same_mailbox_as_account: false,
        }],
        contacts: Vec::new(),
        phones: vec![Phone {
            number: PhoneNumber::parse("+14155550123").unwrap(),
            country: Some("US".to_owned()),
            verified_at: None,
            changed_at: Some(at(5)),
            on_lost_device: true,
        }],
        groups: vec!["staff".to_owned()],
        attributes: BTreeMap::from([("team".to_owned(), "red-attribute".to_owned())]),
        locale: Some("en".to_owned()),
    }
}

pub fn device(id: &str, account: &str) -> Device {
    Device {
        id: device_id(id),
        account: account_id(account),
        label: "My phone".to_owned(),
        form: Form::Virtual,
        status: DeviceStatus::Active,
        enrolled_at: at(1),
    }
}

pub fn add_device(id: &str, account: &str) -> Write {
    Write::AddDevice {
        device: device(id, account),
        secret: Secret::new(format!("JBSWY3DPEHPK3PXP{id}")),
        drift: 0,
        last_step: 100,
    }
}

pub fn case_row(id: &str, account: &str) -> CaseRow {
    CaseRow {
        id: case_id(id),
        account: account_id(account),
        state: "proving".to_owned(),
        reason: "lost".to_owned(),
        policy: version("v1"),
        opened_at: at(0),
        next_deadline: Some(at(900)),
        closed: false,
        body: Zeroizing::new(format!("the sealed body of {id}").into_bytes()),
    }
}

pub fn item(id: &str) -> OutboxItem {
    OutboxItem {
        id: delivery_id(id),
        case: Some(case_id("c")),
        channel: "email".to_owned(),
        at_most_once: false,
        not_before: at(0),
        deadline: at(900),
        payload: Zeroizing::new(format!("the sealed payload of {id}").into_bytes()),
    }
}

pub fn entry(kind: &str) -> Write {
    let mut detail = serde_json::Map::new();
    detail.insert("z".to_owned(), 1.into());
    detail.insert("a".to_owned(), "text".into());
    Write::Journal(Entry {
        kind: kind.to_owned(),
        case: Some(case_id("c").handle()),
        account: Some(account_id("alice")),
        detail,
    })
}

pub fn change(at: Timestamp, writes: Vec<Write>) -> Change {
    Change { at, actor: "uid:1000".to_owned(), writes }
}

/// Commits at [`NOW`] and must succeed.
pub async fn commit(store: &Arc<dyn Store>, writes: impl IntoIterator<Item = Write>) -> Committed {
    store.commit(change(at(0), writes.into_iter().collect())).await.unwrap()
}

/// Commits one write at [`NOW`].
pub async fn attempt(store: &Arc<dyn Store>, write: Write) -> Result<Committed, CommitError> {
    attempt_at(store, at(0), write).await
}

/// Commits one write at a time.
pub async fn attempt_at(
    store: &Arc<dyn Store>,
    at: Timestamp,
    write: Write,
) -> Result<Committed, CommitError> {
    store.commit(change(at, vec![write])).await
}

/// A result must be an error of this form.
macro_rules! refused {
    ($result:expr, $wanted:pat $(if $guard:expr)?) => {{
        let result = $result;
        assert!(matches!(&result, Err($wanted) $(if $guard)?), "{result:?}");
    }};
}
pub(crate) use refused;
