//! What a case opens with: the facts and addresses of an account, or of one that does not exist.
//!
//! An unknown account gets a decoy whose visible traits depend on its name and a key that outlives restarts, so
//! that asking twice, or after a restart, shows the same.

use hmac::{Hmac, Mac};
use readmit_recovery::account::{Account, DeviceStatus, Email, Form, Phone};
use readmit_recovery::address::{EmailAddress, PhoneNumber};
use readmit_recovery::case::{Addresses, Standing};
use readmit_recovery::facts::{
    AccountFacts, Client, DeviceFacts, EmailFacts, Facts, Has, History, PhoneFacts,
};
use readmit_recovery::id::{AccountId, DeviceId};
use readmit_recovery::time::Timestamp;
use readmit_store::{AccountRecord, DeviceRecord};
use sha2::Sha256;

use super::{Fault, OpenContext};

/// What a case opens with, as far as the account says it.
pub(super) struct Subject {
    pub(super) standing: Standing,
    pub(super) facts: Facts,
    pub(super) addresses: Addresses,
    pub(super) device: Option<DeviceId>,
}

/// The subject of a case about an account on file.
pub(super) fn known(record: &AccountRecord, context: &OpenContext) -> Result<Subject, Fault> {
    let account = &record.account;
    let device = device_to_recover(record, context.device.as_ref())?;
    let email = account.emails.iter().find(|email| email.verified_at.is_some());
    let phone = account.phones.iter().find(|phone| phone.verified_at.is_some());
    let others = record.devices.iter().filter(|other| other.device.status == DeviceStatus::Active);
    let others =
        others.filter(|other| device.is_none_or(|device| device.device.id != other.device.id)).count();
    let facts = Facts {
        account: AccountFacts {
            id: account.id.clone(),
            realm: account.realm.clone(),
            kind: account.kind.clone(),
            groups: account.groups.clone(),
            attributes: account.attributes.clone(),
            created_at: account.created_at,
            email: email.map(email_facts),
            phone: phone.map(phone_facts),
            has: Has {
                password: record.password.is_some(),
                recovery_codes: record.recovery_codes > 0,
                other_devices: others > 0,
                contacts: !account.contacts.is_empty(),
            },
        },
        device: device.map(|record| DeviceFacts {
            id: record.device.id.clone(),
            form: record.device.form,
            label: record.device.label.clone(),
            enrolled_at: record.device.enrolled_at,
        }),
        client: Client {
            locale: account.locale.clone().or_else(|| context.client.locale.clone()),
            ..context.client.clone()
        },
        history: History {
            opened_24h: record.opened_24h,
            failed_24h: record.failed_24h,
            recovered_90d: record.recovered_90d,
            last_recovered_at: record.last_recovered_at,
        },
    };
    Ok(Subject {
        standing: Standing::Known,
        facts,
        addresses: addresses(account),
        device: device.map(|record| record.device.id.clone()),
    })
}

/// The subject of a case about nobody. Of 256 of them, `with_contacts` have a recovery contact: as many as of those on
/// file.
pub(super) fn decoy(
    account: &AccountId,
    context: &OpenContext,
    key: &[u8; 32],
    (history, with_contacts): (History, u16),
    now: Timestamp,
) -> Result<Subject, Fault> {
    let traits = keyed(key, account)?;
    let letter = char::from(b'a' + traits[0] % 26);
    let ending = ["com", "com", "org", "net"][usize::from(traits[1] % 4)];
    // None of them is ever delivered to: the core only pretends for a decoy.
    let email = EmailAddress::parse(&format!("{letter}@decoy.{ending}")).map_err(|_| Fault::internal())?;
    let phone =
        PhoneNumber::parse(&format!("+155501000{:02}", traits[2] % 100)).map_err(|_| Fault::internal())?;
    let friend = char::from(b'a' + traits[4] % 26);
    let contact = EmailAddress::parse(&format!("{friend}@decoy.{ending}")).map_err(|_| Fault::internal())?;
    let contacts: Vec<_> = (u16::from(traits[5]) < with_contacts).then_some(contact).into_iter().collect();
    let long_ago = Timestamp::from_unix(now.unix() / 86_400 * 86_400 - u64::from(traits[3]) * 86_400);
    let mut random = [0; 16];
    random.copy_from_slice(&traits[8..24]);
    let device = DeviceId::from_random(random);
    let facts = Facts {
        account: AccountFacts {
            id: account.clone(),
            realm: "default".to_owned(),
            kind: "owner".to_owned(),
            groups: Vec::new(),
            attributes: std::collections::BTreeMap::new(),
            created_at: long_ago,
            email: Some(EmailFacts {
                domain: email.domain(),
                verified_at: Some(long_ago),
                changed_at: None,
                same_mailbox_as_account: false,
            }),
            phone: Some(PhoneFacts {
                country: "US".to_owned(),
                verified_at: Some(long_ago),
                changed_at: None,
                on_lost_device: false,
            }),
            has: Has {
                password: true,
                recovery_codes: false,
                other_devices: false,
                contacts: !contacts.is_empty(),
            },
        },
        device: Some(DeviceFacts {
            id: device.clone(),
            form: Form::Virtual,
            label: "phone".to_owned(),
            enrolled_at: long_ago,
        }),
        client: context.client.clone(),
        history,
    };
    let addresses = Addresses { email: Some(email), phone: Some(phone), contacts, ..Addresses::default() };
    Ok(Subject { standing: Standing::Decoy, facts, addresses, device: Some(device) })
}

/// The device that the person named, or the one that sign-in asks for.
fn device_to_recover<'a>(
    record: &'a AccountRecord,
    named: Option<&DeviceId>,
) -> Result<Option<&'a DeviceRecord>, Fault> {
    let mut active = record.devices.iter().filter(|device| device.device.status == DeviceStatus::Active);
    match named {
        None => Ok(active.next()),
        // Whether an account has a device of that name is nobody's business: the first one is taken. So it is for a
        // deactivated one, which a recovery that is taken back would otherwise make active.
        Some(named) => Ok(active.clone().find(|device| device.device.id == *named).or_else(|| active.next())),
    }
}

fn addresses(account: &Account) -> Addresses {
    let mut phones = account.phones.iter().filter(|phone| phone.verified_at.is_some());
    Addresses {
        email: account
            .emails
            .iter()
            .find(|email| email.verified_at.is_some())
            .map(|email| email.address.clone()),
        phone: phones.next().map(|phone| phone.number.clone()),
        other_phones: phones.map(|phone| phone.number.clone()).collect(),
        contacts: account.contacts.iter().map(|contact| contact.email.clone()).collect(),
        notices: account.emails.iter().map(|email| email.address.clone()).collect(),
    }
}

fn email_facts(email: &Email) -> EmailFacts {
    EmailFacts {
        domain: email.address.domain(),
        verified_at: email.verified_at,
        changed_at: email.changed_at,
        same_mailbox_as_account: email.same_mailbox_as_account,
    }
}

fn phone_facts(phone: &Phone) -> PhoneFacts {
    PhoneFacts {
        country: phone.country.clone().unwrap_or_default(),
        verified_at: phone.verified_at,
        changed_at: phone.changed_at,
        on_lost_device: phone.on_lost_device,
    }
}

fn keyed(key: &[u8; 32], account: &AccountId) -> Result<[u8; 32], Fault> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(key).map_err(|_| Fault::internal())?;
    mac.update(account.as_str().as_bytes());
    Ok(mac.finalize().into_bytes().into())
}
