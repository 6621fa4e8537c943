//! One account of a list.

use std::collections::BTreeMap;

use zbus::Variant;

use super::{email, number};
use crate::bus::value::Options;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A text.
    Text,
    /// Yes or no.
    Flag,
    /// Texts.
    List,
    /// Texts by name.
    Map,
}

/// The columns, in the order in which they are written.
pub const COLUMNS: [(&str, Shape); 14] = [
    ("id", Shape::Text),
    ("realm", Shape::Text),
    ("kind", Shape::Text),
    ("emails", Shape::List),
    ("email_verified", Shape::Flag),
    ("email_same_mailbox", Shape::Flag),
    ("phones", Shape::List),
    ("phone_verified", Shape::Flag),
    ("phone_country", Shape::Text),
    ("phone_on_lost_device", Shape::Flag),
    ("contacts", Shape::List),
    ("groups", Shape::List),
    ("attributes", Shape::Map),
    ("locale", Shape::Text),
];

/// The column of this name; one address may be called by its singular.
///
/// # Errors
/// There is none; the error names those that there are.
pub fn column(name: &str) -> Result<(&'static str, Shape), String> {
    let name = name.trim().to_ascii_lowercase();
    let plural = match name.as_str() {
        "email" | "phone" | "contact" | "group" | "attribute" => format!("{name}s"),
        _ => name.clone(),
    };
    COLUMNS.into_iter().find(|(known, _)| *known == plural).ok_or_else(|| {
        let known: Vec<&str> = COLUMNS.iter().map(|(name, _)| *name).collect();
        format!("there is no column `{}`; the columns are {}", name.escape_debug(), known.join(", "))
    })
}

/// What a list says about a column of an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field {
    /// A text.
    Text(String),
    /// Yes or no.
    Flag(bool),
    /// Texts.
    List(Vec<String>),
    /// Texts by name.
    Map(BTreeMap<String, String>),
}

/// One account of a list: what is not said about it stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Row {
    /// Where it begins, from 1.
    pub line: u64,
    /// The account.
    pub id: String,
    /// What is said, by column.
    pub fields: BTreeMap<&'static str, Field>,
    /// Why it cannot be taken.
    pub problems: Vec<String>,
    /// What somebody should look at, although it is taken.
    pub notes: Vec<String>,
}

impl Row {
    /// Puts numbers and addresses into the form that the daemon takes.
    pub fn normalize(&mut self, region: Option<number::Region>) {
        if self.id.is_empty() && self.problems.is_empty() {
            self.problems.push("id: the row names no account".to_owned());
        }
        self.normalize_phones(region);
        if let Some(Field::List(emails)) = self.fields.get_mut("emails") {
            for address in emails {
                match email::normal(address) {
                    Ok(normal) => *address = normal,
                    Err(why) => self.problems.push(format!("emails: {why}")),
                }
            }
        }
        if let Some(Field::List(contacts)) = self.fields.get_mut("contacts") {
            for contact in contacts {
                match email::normal_contact(contact) {
                    Ok(normal) => *contact = normal,
                    Err(why) => self.problems.push(format!("contacts: {why}")),
                }
            }
        }
    }

    fn normalize_phones(&mut self, region: Option<number::Region>) {
        let mut country = None;
        if let Some(Field::List(phones)) = self.fields.get_mut("phones") {
            for (index, phone) in phones.iter_mut().enumerate() {
                match number::e164(phone, region) {
                    Ok(number) => {
                        *phone = number.e164;
                        self.notes.extend(number.note.map(|note| format!("phones: {note}")));
                        if index == 0 {
                            country = number.country;
                        }
                    }
                    Err(why) => self.problems.push(format!("phones: {why}")),
                }
            }
        }
        // What a national number says about its country is not in its E.164 form for everybody to see.
        if let Some(country) = country {
            self.fields.entry("phone_country").or_insert(Field::Text(country));
        }
    }

    /// The row as the daemon takes it.
    #[must_use]
    pub fn options(&self) -> Options {
        let fields = self.fields.iter().map(|(name, field)| {
            let value = match field {
                Field::Text(text) => Variant::from(text.clone()),
                Field::Flag(flag) => Variant::from(*flag),
                Field::List(list) => Variant::from(list.clone()),
                Field::Map(map) => Variant::from(map.clone()),
            };
            (*name, value)
        });
        fields.chain(std::iter::once(("id", Variant::from(self.id.clone())))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_known_by_their_names() {
        assert_eq!(column(" Email "), Ok(("emails", Shape::List)));
        assert_eq!(column("locale"), Ok(("locale", Shape::Text)));
        assert!(column("e-mail").unwrap_err().contains("the columns are id, realm"));
    }

    #[test]
    fn a_national_number_says_its_country_and_an_international_one_does_not() {
        let row = |phone: &str| {
            let list = Field::List(vec![phone.to_owned()]);
            let mut row = Row { id: "alice".to_owned(), fields: [("phones", list)].into(), ..Row::default() };
            row.normalize(Some("US".parse().unwrap()));
            assert_eq!((&row.problems, &row.notes), (&vec![], &vec![]));
            row.fields
        };
        let national = row("(415) 555-2671");
        assert_eq!(national["phones"], Field::List(vec!["+14155552671".to_owned()]));
        assert_eq!(national["phone_country"], Field::Text("US".to_owned()));
        assert!(!row("+14155552671").contains_key("phone_country"));
    }
}
