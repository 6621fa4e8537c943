//! Lists of accounts on the bus: rows that come in, and rows that go out.

use std::collections::HashMap;

use readmit_recovery::account::{Account, Contact};
use zbus::wire::Variant;

use super::accounts::read;
use super::dict::{Dict, In, Out};
use crate::service::{Conflict, Fault, ImportOptions, ImportRow, Imported};

pub(super) fn options(options: HashMap<String, Variant<'_>>) -> Result<ImportOptions, Fault> {
    let mut options = In::new("options", options);
    let dry_run = options.flag("dry_run")?.unwrap_or_default();
    let on_conflict = match options.text("on_conflict")?.as_deref() {
        None | Some("fail") => Conflict::Fail,
        Some("skip") => Conflict::Skip,
        Some("update") => Conflict::Update,
        Some(_) => return Err(Fault::invalid("options: `on_conflict` must be skip, update or fail")),
    };
    options.finish()?;
    Ok(ImportOptions { dry_run, on_conflict })
}

/// A row that cannot be read is refused alone.
pub(super) fn row(mut row: HashMap<String, Variant<'_>>) -> ImportRow {
    match row.remove("id") {
        Some(Variant::Str(id)) => ImportRow { id: id.as_str().to_owned(), properties: read(row) },
        _ => {
            let properties = Err(Fault::invalid("id: a row must name its account (s)"));
            ImportRow { id: "?".to_owned(), properties }
        }
    }
}

pub(super) fn result(imported: &Imported) -> Dict {
    let (word, parts, why) = match imported {
        Imported::Added => ("added", None, None),
        Imported::Changed(parts) => ("changed", Some(parts), None),
        Imported::Unchanged => ("unchanged", None, None),
        Imported::Skipped(parts) => ("skipped", Some(parts), None),
        Imported::Refused(why) => ("refused", None, Some(why.as_str())),
    };
    Out::new().put("result", word).maybe("changed", parts.cloned()).maybe("why", why).done()
}

/// An account in the words of Add. What differs between its addresses is not said, since Add could not say it.
pub(super) fn exported(account: &Account) -> Dict {
    let emails: Vec<&str> = account.emails.iter().map(|email| email.address.as_str()).collect();
    let phones: Vec<&str> = account.phones.iter().map(|phone| phone.number.as_str()).collect();
    let contacts: Vec<String> = account.contacts.iter().map(Contact::to_string).collect();
    let groups: Vec<&str> = account.groups.iter().map(String::as_str).collect();
    let attributes: HashMap<&str, &str> =
        account.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let email_verified = same(account.emails.iter().map(|email| email.verified_at.is_some()));
    let phone_verified = same(account.phones.iter().map(|phone| phone.verified_at.is_some()));
    let country = same(account.phones.iter().map(|phone| phone.country.as_deref())).flatten();
    let on_lost_device = same(account.phones.iter().map(|phone| phone.on_lost_device));
    Out::new()
        .put("id", account.id.as_str())
        .put("realm", account.realm.as_str())
        .put("kind", account.kind.as_str())
        .put("emails", emails)
        .maybe("email_verified", email_verified)
        .maybe("email_same_mailbox", account.emails.first().map(|email| email.same_mailbox_as_account))
        .put("phones", phones)
        .maybe("phone_verified", phone_verified)
        .maybe("phone_country", country)
        .maybe("phone_on_lost_device", on_lost_device)
        .put("contacts", contacts)
        .put("groups", groups)
        .put("attributes", attributes)
        .maybe("locale", account.locale.as_deref())
        .done()
}

/// The value, if all have the same.
fn same<T: PartialEq>(mut values: impl Iterator<Item = T>) -> Option<T> {
    let first = values.next()?;
    values.all(|value| value == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_all_share_is_said() {
        assert_eq!(same([1, 1].into_iter()), Some(1));
        assert_eq!(same([1, 2].into_iter()), None);
        assert_eq!(same(std::iter::empty::<u8>()), None);
    }
}
