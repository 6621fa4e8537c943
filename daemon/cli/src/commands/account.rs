//! `readmit account`: who is on file.

mod export;
mod import;
mod verify;

use clap::{Args, Subcommand};
use serde_json::json;
use zbus::Variant;

use super::{Page, done, put};
use crate::bus::value::{Options, object, objects};
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};
use crate::output::{number, word};
use crate::table::{Table, fields};
use crate::time::stamp;

const EXAMPLES: &str = "\
Examples:
  readmit account add alice --kind owner --email alice@example.org --phone +14155550123
  readmit account set alice --phone +442071838750 --phone-country GB
  readmit account set alice --phone ''             no phone number any more
  readmit account set alice --contact 'Ann Example <ann@example.org>'
  readmit account set-password alice < password-file
  readmit account list --kind member --json
  readmit account verify alice --phone             a test call, while the person is there
  readmit account import people.csv --region US --dry-run
  readmit account export people.csv

JSON: list: [{id, realm, kind, emails, phones, contacts, groups, attributes, locale, created_at}]; show: the same and \
email_verified, phone_verified, …, devices: [{device, label, form, status, enrolled_at, drift}], \
recovery_codes, has_password; the others: {done, account}.";

/// Put accounts on file, change and list them
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Account {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Put an account on file
    Add {
        /// The organization's name for the account
        id: String,
        #[command(flatten)]
        properties: Properties,
    },
    /// Change what is on file; what is not named stays
    Set {
        /// The account
        id: String,
        #[command(flatten)]
        properties: Properties,
    },
    /// Show what is on file, with the devices
    Show {
        /// The account
        id: String,
    },
    /// List accounts
    List {
        /// Only accounts of this realm
        #[arg(long)]
        realm: Option<String>,
        /// Only accounts of this kind
        #[arg(long)]
        kind: Option<String>,
        /// Only accounts with this text in their id or an address
        #[arg(long)]
        text: Option<String>,
        #[command(flatten)]
        page: Page,
    },
    Verify(verify::Verify),
    Import(import::Import),
    Export(export::Export),
    /// Remove an account with its devices, codes and password
    Remove {
        /// The account
        id: String,
    },
    /// Set the password: asked for twice without echo, or the first line of standard input
    SetPassword {
        /// The account
        id: String,
    },
}

#[derive(Args)]
struct Properties {
    /// Which policy file decides
    #[arg(long)]
    realm: Option<String>,
    /// owner, member, or any word of the organization's
    #[arg(long)]
    kind: Option<String>,
    /// An e-mail address, the one for recovery first; again for more, '' for none
    #[arg(long = "email", value_name = "ADDRESS")]
    emails: Vec<String>,
    /// Whether the addresses were shown to be the person's
    #[arg(long, value_name = "BOOL")]
    email_verified: Option<bool>,
    /// Whether the mailbox is itself behind this account
    #[arg(long, value_name = "BOOL")]
    email_same_mailbox: Option<bool>,
    /// A phone number such as +14155550123, the one for recovery first; again for more, '' for none
    #[arg(long = "phone", value_name = "NUMBER")]
    phones: Vec<String>,
    /// Whether the numbers were shown to be the person's
    #[arg(long, value_name = "BOOL")]
    phone_verified: Option<bool>,
    /// The numbers' country (ISO 3166-1 alpha-2)
    #[arg(long, value_name = "CODE")]
    phone_country: Option<String>,
    /// Whether the phone is also the second factor
    #[arg(long, value_name = "BOOL")]
    phone_on_lost_device: Option<bool>,
    /// Who may be asked to hand over a code, with the one who is asked first at the head; again for more, '' for none
    #[arg(long = "contact", value_name = "NAME <ADDRESS>")]
    contacts: Vec<String>,
    /// A group, for policies; again for more, '' for none
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// Anything else that policies decide by; again for more
    #[arg(long = "attribute", value_name = "KEY=VALUE", value_parser = attribute)]
    attributes: Vec<(String, String)>,
    /// The language for messages (BCP 47), such as de or pt-BR
    #[arg(long)]
    locale: Option<String>,
}

/// Runs the verb.
pub async fn run(account: Account, context: &mut Context) -> Result<(), Failure> {
    let accounts = context.accounts().await?;
    match account.verb {
        Verb::Verify(verify) => verify::run(verify, context).await,
        Verb::Import(import) => import::run(import, context).await,
        Verb::Export(export) => export::run(export, context).await,
        Verb::Add { id, properties } => {
            accounts
                .add(&id, properties.into_options())
                .await
                .hint(Kind::WrongState, "it is on file already: readmit account set ID changes it")?;
            say(context, &id, &format!("{id} is on file. Next: readmit device enroll {id}\n"))
        }
        Verb::Set { id, properties } => {
            let options = properties.into_options();
            if options.is_empty() {
                return Err(Failure::new(Kind::Usage, "nothing to change was named")
                    .with_hint("readmit account set --help lists what can be changed"));
            }
            accounts.set(&id, options).await.hint(Kind::NotFound, UNKNOWN)?;
            say(context, &id, &format!("{id} is changed.\n"))
        }
        Verb::Show { id } => show(&id, context).await,
        Verb::List { realm, kind, text, page } => {
            let mut filter = Options::new();
            put(&mut filter, "realm", realm);
            put(&mut filter, "kind", kind);
            put(&mut filter, "text", text);
            let found = objects(&accounts.list(filter, page.offset, page.limit).await?);
            context.output.answer(&found, |style| {
                let mut table = Table::new(
                    &["ACCOUNT", "REALM", "KIND", "E-MAIL", "PHONE", "SINCE"],
                    "No account. Put one on file: readmit account add ID --email ADDRESS --phone NUMBER",
                );
                for account in found.as_array().into_iter().flatten() {
                    let mut row: Vec<String> = ["id", "realm", "kind", "emails", "phones"]
                        .iter()
                        .map(|key| word(account, key))
                        .collect();
                    row.push(stamp(number(account, "created_at")));
                    table.row(row);
                }
                table.text(style)
            })
        }
        Verb::Remove { id } => {
            context.terminal.confirm(&format!("Remove {id} with its devices, codes and password?")).await?;
            accounts.remove(&id).await.hint(Kind::NotFound, UNKNOWN)?;
            say(context, &id, &format!("{id} is removed.\n"))
        }
        Verb::SetPassword { id } => {
            let password = context.terminal.new_secret("New password: ").await?;
            accounts.set_password(&id, password.expose()).await.hint(Kind::NotFound, UNKNOWN)?;
            say(context, &id, &format!("The password of {id} is set.\n"))
        }
    }
}

/// The hint for an account that is not there.
pub const UNKNOWN: &str = "readmit account list shows who is on file";

async fn show(id: &str, context: &mut Context) -> Result<(), Failure> {
    let account = object(&context.accounts().await?.show(id).await.hint(Kind::NotFound, UNKNOWN)?);
    context.output.answer(&account, |style| {
        let told = [
            "id",
            "realm",
            "kind",
            "emails",
            "email_verified",
            "email_same_mailbox",
            "phones",
            "phone_verified",
            "phone_country",
            "phone_on_lost_device",
            "contacts",
            "groups",
            "attributes",
            "locale",
            "has_password",
        ];
        let mut pairs: Vec<(&str, String)> = told.iter().map(|key| (*key, word(&account, key))).collect();
        pairs.push(("recovery_codes", format!("{} left", number(&account, "recovery_codes"))));
        pairs.extend(["created_at", "last_recovered_at"].map(|key| (key, stamp(number(&account, key)))));
        let devices = super::device::table(&account["devices"]);
        format!("{}\n{}", fields(&pairs, style), devices.text(style))
    })
}

fn say(context: &Context, id: &str, text: &str) -> Result<(), Failure> {
    context.output.answer(&done("account", id), |_| text.to_owned())
}

impl Properties {
    fn into_options(self) -> Options {
        let mut options = Options::new();
        put(&mut options, "realm", self.realm);
        put(&mut options, "kind", self.kind);
        put_list(&mut options, "emails", self.emails);
        put(&mut options, "email_verified", self.email_verified);
        put(&mut options, "email_same_mailbox", self.email_same_mailbox);
        put_list(&mut options, "phones", self.phones);
        put(&mut options, "phone_verified", self.phone_verified);
        put(&mut options, "phone_country", self.phone_country);
        put(&mut options, "phone_on_lost_device", self.phone_on_lost_device);
        put_list(&mut options, "contacts", self.contacts);
        put_list(&mut options, "groups", self.groups);
        if !self.attributes.is_empty() {
            let attributes: std::collections::BTreeMap<String, String> =
                self.attributes.into_iter().collect();
            options.insert("attributes", Variant::from(attributes));
        }
        put(&mut options, "locale", self.locale);
        options
    }
}

/// An empty text stands for "none of them", so that a list can be emptied.
fn put_list(options: &mut Options, key: &'static str, values: Vec<String>) {
    if !values.is_empty() {
        let values: Vec<String> = values.into_iter().filter(|value| !value.is_empty()).collect();
        options.insert(key, Variant::from(values));
    }
}

fn attribute(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("use KEY=VALUE, such as department=research".to_owned()),
    }
}

/// Codes that an account was given, as {account, codes} or one a line.
pub fn show_codes(context: &Context, account: &str, codes: &[String]) -> Result<(), Failure> {
    context.output.answer(&json!({"account": account, "codes": codes}), |_| {
        let lines: String = codes.iter().map(|code| format!("  {code}\n")).collect();
        format!(
            "Recovery codes of {account}. They are shown this once; the old ones no longer work:\n{lines}\
             Each works once. Print them or keep them in a safe, not on the device they stand in for.\n"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_has_a_key() {
        assert_eq!(attribute("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert!(attribute("=b").is_err() && attribute("ab").is_err());
    }

    #[test]
    fn an_empty_text_empties_a_list() {
        let mut options = Options::new();
        put_list(&mut options, "phones", vec![]);
        assert!(options.is_empty());
        put_list(&mut options, "phones", vec![String::new()]);
        assert_eq!(options["phones"], Variant::from(Vec::<String>::new()));
    }
}
