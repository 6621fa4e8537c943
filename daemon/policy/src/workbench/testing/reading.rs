//! What `open { … }` says: a table of Lua as a [`Start`].
//!
//! What is not said is as in [`Start::complete`]; `false` means that it is not on file, `true` the usual one. What
//! [`Start`] prints is read back as the same.

use std::collections::BTreeMap;

use mlua::{Table, Value};
use readmit_recovery::account::{Form, Reason};
use readmit_recovery::facts::{
    AccountFacts, Client, DeviceFacts, EmailFacts, Facts, Has, History, PhoneFacts,
};
use readmit_recovery::id::{AccountId, DeviceId, InvalidId};
use readmit_recovery::time::Timestamp;
use thiserror::Error;

use crate::limits::{MAX_FACT_BYTES, MAX_FACTS};
use crate::misuse::{kind, shown};
use crate::parts::{number, whole};
use crate::spelling::nearest;
use crate::workbench::Start;

/// The largest time: whole numbers up to it are exact in Lua.
const LATEST: f64 = 9_007_199_254_740_992.0;

/// Why a table opens no case.
#[derive(Debug, Error)]
pub(super) enum Misread {
    #[error("open takes one table, as in open {{ reason = \"stolen\" }}")]
    Surplus,
    #[error("{path} has no field {key}{}", suggestion(.meant))]
    Unknown { path: String, key: String, meant: Option<String> },
    #[error("{path} must be {wanted}, and is {got}")]
    Wrong { path: String, wanted: &'static str, got: &'static str },
    #[error("{path}: {why}")]
    Word { path: String, why: String },
    #[error("{path}: {0}", path = .1)]
    Id(#[source] InvalidId, String),
    #[error("{path} has more than {MAX_FACTS} entries")]
    TooMany { path: String },
    #[error("Lua could not go on: {0}")]
    Lua(#[from] mlua::Error),
}

fn suggestion(word: &Option<String>) -> String {
    word.as_ref().map(|word| format!(": did you mean `{word}`?")).unwrap_or_default()
}

/// Reads what `open` is given; accounts are of `realm` unless it says otherwise.
pub(super) fn start(given: &[Value], realm: &str) -> Result<Start, Misread> {
    let value = match given {
        [] => &Value::Nil,
        [value] => value,
        _ => return Err(Misread::Surplus),
    };
    let usual =
        |realm: &str| Start::complete(realm).map_err(|error| Misread::Id(error, "account.id".to_owned()));
    if value.is_nil() {
        return usual(realm);
    }
    let open = Record::of(value, "open", &["reason", "account", "device", "client", "history"])?;
    let account = open.record(
        "account",
        &["id", "realm", "kind", "groups", "attributes", "created_at", "email", "phone", "has"],
    )?;
    let realm = match &account {
        Some(account) => account.text("realm")?.unwrap_or_else(|| realm.to_owned()),
        None => realm.to_owned(),
    };
    let mut start = usual(&realm)?;
    if let Some(reason) = open.text("reason")? {
        start.reason = reason_of(&reason)?;
    }
    let Facts { account: facts, device: on_file, client: from, history: past } = &mut start.facts;
    if let Some(account) = account {
        account_of(&account, facts)?;
    }
    device(&open, on_file)?;
    if let Some(client) = open.record("client", &["address", "user_agent", "locale", "known"])? {
        client_of(&client, from)?;
    }
    let counts = ["opened_24h", "failed_24h", "recovered_90d", "last_recovered_at"];
    if let Some(history) = open.record("history", &counts)? {
        history_of(&history, past)?;
    }
    Ok(start)
}

fn reason_of(word: &str) -> Result<Reason, Misread> {
    word.parse().map_err(|error| {
        let meant = nearest(word, Reason::ALL.iter().map(|reason| reason.as_str()));
        let why = meant.map_or_else(|| format!("{error}"), |meant| format!("did you mean `{meant}`?"));
        Misread::Word { path: "open.reason".to_owned(), why }
    })
}

fn account_of(given: &Record, account: &mut AccountFacts) -> Result<(), Misread> {
    if let Some(id) = given.text("id")? {
        account.id = AccountId::parse(&id).map_err(|error| Misread::Id(error, given.path("id")))?;
    }
    if let Some(kind) = given.text("kind")? {
        account.kind = kind;
    }
    if let Some(groups) = given.texts("groups")? {
        account.groups = groups;
    }
    if let Some(attributes) = given.pairs("attributes")? {
        account.attributes = attributes;
    }
    if let Some(Some(at)) = given.time("created_at")? {
        account.created_at = at;
    }
    if let Some(has) = given.record("has", &["password", "recovery_codes", "other_devices", "contacts"])? {
        has_of(&has, &mut account.has)?;
    }
    email(given, &mut account.email)?;
    phone(given, &mut account.phone)
}

fn has_of(given: &Record, has: &mut Has) -> Result<(), Misread> {
    given.flag("password", &mut has.password)?;
    given.flag("recovery_codes", &mut has.recovery_codes)?;
    given.flag("other_devices", &mut has.other_devices)?;
    given.flag("contacts", &mut has.contacts)
}

fn email(account: &Record, email: &mut Option<EmailFacts>) -> Result<(), Misread> {
    let known = ["domain", "verified_at", "changed_at", "same_mailbox_as_account"];
    let (Some(given), Some(facts)) = (account.optional("email", &known, email)?, email.as_mut()) else {
        return Ok(());
    };
    if let Some(domain) = given.text("domain")? {
        facts.domain = domain;
    }
    given.moment("verified_at", &mut facts.verified_at)?;
    given.moment("changed_at", &mut facts.changed_at)?;
    given.flag("same_mailbox_as_account", &mut facts.same_mailbox_as_account)
}

fn phone(account: &Record, phone: &mut Option<PhoneFacts>) -> Result<(), Misread> {
    let known = ["country", "verified_at", "changed_at", "on_lost_device"];
    let (Some(given), Some(facts)) = (account.optional("phone", &known, phone)?, phone.as_mut()) else {
        return Ok(());
    };
    if let Some(country) = given.maybe_text("country")? {
        facts.country = country.unwrap_or_default();
    }
    given.moment("verified_at", &mut facts.verified_at)?;
    given.moment("changed_at", &mut facts.changed_at)?;
    given.flag("on_lost_device", &mut facts.on_lost_device)
}

fn device(open: &Record, device: &mut Option<DeviceFacts>) -> Result<(), Misread> {
    let known = ["id", "form", "label", "enrolled_at"];
    let (Some(given), Some(facts)) = (open.optional("device", &known, device)?, device.as_mut()) else {
        return Ok(());
    };
    if let Some(id) = given.text("id")? {
        facts.id = DeviceId::parse(&id).map_err(|error| Misread::Id(error, given.path("id")))?;
    }
    if let Some(form) = given.text("form")? {
        facts.form = form
            .parse::<Form>()
            .map_err(|error| Misread::Word { path: given.path("form"), why: error.to_string() })?;
    }
    if let Some(label) = given.text("label")? {
        facts.label = label;
    }
    if let Some(Some(at)) = given.time("enrolled_at")? {
        facts.enrolled_at = at;
    }
    Ok(())
}

fn client_of(given: &Record, client: &mut Client) -> Result<(), Misread> {
    let texts = [
        ("address", &mut client.address),
        ("user_agent", &mut client.user_agent),
        ("locale", &mut client.locale),
    ];
    for (name, text) in texts {
        if let Some(said) = given.maybe_text(name)? {
            *text = said;
        }
    }
    given.flag("known", &mut client.known)
}

fn history_of(given: &Record, history: &mut History) -> Result<(), Misread> {
    given.count("opened_24h", &mut history.opened_24h)?;
    given.count("failed_24h", &mut history.failed_24h)?;
    given.count("recovered_90d", &mut history.recovered_90d)?;
    given.moment("last_recovered_at", &mut history.last_recovered_at)
}

/// A table with known keys. It is read without its metatable.
struct Record {
    table: Table,
    path: String,
}

impl Record {
    fn of(value: &Value, path: &str, known: &[&'static str]) -> Result<Self, Misread> {
        let Value::Table(table) = value else {
            return Err(wrong(path, "a table", value));
        };
        for pair in table.pairs::<Value, Value>() {
            let (key, _) = pair?;
            let is_known = key.as_string().is_some_and(|key| known.iter().any(|name| *key == **name));
            if !is_known {
                let name = key.as_string().map(|key| key.to_string_lossy()).unwrap_or_default();
                let meant = nearest(&name, known.iter().copied());
                return Err(Misread::Unknown { path: path.to_owned(), key: shown(&key), meant });
            }
        }
        Ok(Self { table: table.clone(), path: path.to_owned() })
    }

    fn path(&self, name: &str) -> String {
        format!("{}.{name}", self.path)
    }

    fn get(&self, name: &str) -> Result<Value, Misread> {
        Ok(self.table.raw_get(name)?)
    }

    fn wrong<T>(&self, name: &str, wanted: &'static str, got: &Value) -> Result<T, Misread> {
        Err(wrong(&self.path(name), wanted, got))
    }

    /// A record that is always there.
    fn record(&self, name: &str, known: &[&'static str]) -> Result<Option<Self>, Misread> {
        match self.get(name)? {
            Value::Nil => Ok(None),
            value => Self::of(&value, &self.path(name), known).map(Some),
        }
    }

    /// A record that may be on file or not. `true` and what is not said leave the usual one.
    fn optional<T>(
        &self,
        name: &str,
        known: &[&'static str],
        usual: &mut Option<T>,
    ) -> Result<Option<Self>, Misread> {
        match self.get(name)? {
            Value::Nil | Value::Boolean(true) => Ok(None),
            Value::Boolean(false) => {
                *usual = None;
                Ok(None)
            }
            value @ Value::Table(_) => Self::of(&value, &self.path(name), known).map(Some),
            value => self.wrong(name, "a table, true for the usual one, or false for none", &value),
        }
    }

    fn text(&self, name: &str) -> Result<Option<String>, Misread> {
        match self.get(name)? {
            Value::Nil => Ok(None),
            value => text(&value, &self.path(name)).map(Some),
        }
    }

    /// A text, or `false` for none.
    fn maybe_text(&self, name: &str) -> Result<Option<Option<String>>, Misread> {
        match self.get(name)? {
            Value::Boolean(false) => Ok(Some(None)),
            _ => self.text(name).map(|said| said.map(Some)),
        }
    }

    fn flag(&self, name: &str, flag: &mut bool) -> Result<(), Misread> {
        match self.get(name)? {
            Value::Nil => Ok(()),
            Value::Boolean(said) => {
                *flag = said;
                Ok(())
            }
            value => self.wrong(name, "true or false", &value),
        }
    }

    fn count(&self, name: &str, count: &mut u32) -> Result<(), Misread> {
        let value = self.get(name)?;
        if value.is_nil() {
            return Ok(());
        }
        let said = number(&value).and_then(|said| whole(said, f64::from(u32::MAX)));
        match said.and_then(|said| u32::try_from(said).ok()) {
            Some(said) => {
                *count = said;
                Ok(())
            }
            None => self.wrong(name, "a whole number that is not negative", &value),
        }
    }

    /// A time; `Some(None)` for `false`, nothing for `true` and for what is not said.
    fn time(&self, name: &str) -> Result<Option<Option<Timestamp>>, Misread> {
        let value = self.get(name)?;
        match &value {
            Value::Nil | Value::Boolean(true) => return Ok(None),
            Value::Boolean(false) => return Ok(Some(None)),
            _ => {}
        }
        let seconds = number(&value).and_then(|said| whole(said, LATEST));
        match seconds {
            Some(seconds) => Ok(Some(Some(Timestamp::from_unix(seconds)))),
            None => self.wrong(name, "a time in whole Unix seconds, as in now - days(3)", &value),
        }
    }

    fn moment(&self, name: &str, moment: &mut Option<Timestamp>) -> Result<(), Misread> {
        if let Some(said) = self.time(name)? {
            *moment = said;
        }
        Ok(())
    }

    fn texts(&self, name: &str) -> Result<Option<Vec<String>>, Misread> {
        let value = self.get(name)?;
        let Value::Table(list) = &value else {
            return if value.is_nil() { Ok(None) } else { self.wrong(name, "a list of texts", &value) };
        };
        let path = self.path(name);
        let length = list.raw_len();
        if length > MAX_FACTS {
            return Err(Misread::TooMany { path });
        }
        // A key that is no place in the list would be passed over in silence.
        if list.pairs::<Value, Value>().take(length + 1).count() != length {
            return self.wrong(name, "a list of texts", &value);
        }
        let texts = (1..=length).map(|at| text(&list.raw_get(at)?, &format!("{path}[{at}]")));
        texts.collect::<Result<Vec<_>, _>>().map(Some)
    }

    fn pairs(&self, name: &str) -> Result<Option<BTreeMap<String, String>>, Misread> {
        let value = self.get(name)?;
        let Value::Table(table) = &value else {
            return if value.is_nil() { Ok(None) } else { self.wrong(name, "a table of texts", &value) };
        };
        let path = self.path(name);
        let mut pairs = BTreeMap::new();
        for pair in table.pairs::<Value, Value>() {
            let (key, value) = pair?;
            if pairs.len() >= MAX_FACTS {
                return Err(Misread::TooMany { path });
            }
            pairs.insert(text(&key, &format!("a key of {path}"))?, text(&value, &format!("{path}.…"))?);
        }
        Ok(Some(pairs))
    }
}

fn text(value: &Value, path: &str) -> Result<String, Misread> {
    let Value::String(text) = value else {
        return Err(wrong(path, "a text", value));
    };
    let text = text.to_str().map_err(|_| wrong(path, "a text in UTF-8", value))?;
    if text.len() > MAX_FACT_BYTES {
        return Err(wrong(path, "a text of at most 262,144 bytes", value));
    }
    Ok(text.to_owned())
}

fn wrong(path: &str, wanted: &'static str, got: &Value) -> Misread {
    Misread::Wrong { path: path.to_owned(), wanted, got: kind(got) }
}

#[cfg(test)]
mod tests {
    use mlua::Lua;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;
    use crate::workbench::NOW;

    /// What `open` is given in this line of a test.
    fn read(lua: &Lua, line: &str) -> Result<Start, String> {
        let table: Value =
            lua.load(format!("local open = function(t) return t end return {line}")).eval().unwrap();
        start(&[table], "default").map_err(|misread| misread.to_string())
    }

    /// Luau with the words that a start is printed with.
    fn luau() -> Lua {
        let lua = Lua::new();
        let words = format!(
            "now = {} function seconds(n) assert(n <= 1e9) return n end function minutes(n) return n * 60 end \
             function hours(n) return n * 3600 end function days(n) return n * 86400 end",
            NOW.unix()
        );
        lua.load(words).exec().unwrap();
        lua
    }

    fn words() -> impl Strategy<Value = String> {
        prop_oneof![
            Just(String::new()),
            any::<String>(),
            "[a-z\"\\\\\n\r\t\u{7f}\u{85}{}%$#-]{1,8}",
            Just("]]--[[ `{x}`".to_owned()),
        ]
    }

    fn time() -> impl Strategy<Value = Timestamp> {
        let near = (0..4000_u64).prop_map(|hours| NOW.unix() - hours * 3600);
        let year = Just(NOW.unix() - 365 * 86_400);
        prop_oneof![near, year, 0..2 * NOW.unix(), Just(NOW.unix()), Just(0)].prop_map(Timestamp::from_unix)
    }

    fn email() -> impl Strategy<Value = EmailFacts> {
        (words(), option::of(time()), option::of(time()), any::<bool>()).prop_map(
            |(domain, verified_at, changed_at, same_mailbox_as_account)| EmailFacts {
                domain,
                verified_at,
                changed_at,
                same_mailbox_as_account,
            },
        )
    }

    fn phone() -> impl Strategy<Value = PhoneFacts> {
        (words(), option::of(time()), option::of(time()), any::<bool>()).prop_map(
            |(country, verified_at, changed_at, on_lost_device)| PhoneFacts {
                country,
                verified_at,
                changed_at,
                on_lost_device,
            },
        )
    }

    fn account() -> impl Strategy<Value = AccountFacts> {
        let id = "[a-z]{1,8}".prop_map(|id| AccountId::parse(&id).unwrap());
        let lists = (
            proptest::collection::vec(words(), 0..3),
            proptest::collection::btree_map(words(), words(), 0..3),
        );
        let has = any::<[bool; 4]>().prop_map(|[password, recovery_codes, other_devices, contacts]| Has {
            password,
            recovery_codes,
            other_devices,
            contacts,
        });
        let addresses = (option::of(email()), option::of(phone()));
        (id, words(), words(), lists, time(), addresses, has).prop_map(
            |(id, realm, kind, (groups, attributes), created_at, (email, phone), has)| AccountFacts {
                id,
                realm,
                kind,
                groups,
                attributes,
                created_at,
                email,
                phone,
                has,
            },
        )
    }

    fn device() -> impl Strategy<Value = DeviceFacts> {
        ("[a-z]{1,8}", any::<bool>(), words(), time()).prop_map(|(id, hard, label, enrolled_at)| {
            DeviceFacts {
                id: DeviceId::parse(&id).unwrap(),
                form: if hard { Form::Hardware } else { Form::Virtual },
                label,
                enrolled_at,
            }
        })
    }

    fn starts() -> impl Strategy<Value = Start> {
        let text = || option::of(words());
        let client = (text(), text(), text(), any::<bool>())
            .prop_map(|(address, user_agent, locale, known)| Client { address, user_agent, locale, known });
        let history = (any::<[u32; 3]>(), option::of(time())).prop_map(
            |([opened_24h, failed_24h, recovered_90d], last_recovered_at)| History {
                opened_24h,
                failed_24h,
                recovered_90d,
                last_recovered_at,
            },
        );
        let reason = proptest::sample::select(Reason::ALL);
        (reason, account(), option::of(device()), client, history).prop_map(
            |(reason, account, device, client, history)| Start {
                reason,
                facts: Facts { account, device, client, history },
            },
        )
    }

    proptest! {
        #[test]
        fn what_a_start_prints_opens_the_same_case(start in starts()) {
            let lua = luau();
            let printed = start.to_string();
            let read = read(&lua, &printed);
            prop_assert_eq!(read.as_ref(), Ok(&start), "{}", printed);
        }
    }

    #[test]
    fn what_makes_no_sense_is_told_with_its_place() {
        let table = [
            ("open(1)", "open must be a table, and is a number"),
            ("open { reson = \"lost\" }", "open has no field `reson`: did you mean `reason`?"),
            ("open { reason = \"stoln\" }", "open.reason: did you mean `stolen`?"),
            (
                "open { reason = \"x\" }",
                "open.reason: unknown reason: use lost, stolen, damaged, not_working",
            ),
            ("open { reason = 1 }", "open.reason must be a text, and is a number"),
            ("open { \"stolen\" }", "open has no field `1`"),
            ("open { account = true }", "open.account must be a table, and is a truth value"),
            ("open { account = { id = \"\" } }", "open.account.id: the account is empty"),
            (
                "open { account = { email = 1 } }",
                "open.account.email must be a table, true for the usual one, or false",
            ),
            (
                "open { account = { email = { verified_at = \"x\" } } }",
                "in whole Unix seconds, as in now - days(3)",
            ),
            (
                "open { account = { phone = { verified_at = -1 } } }",
                "open.account.phone.verified_at must be a time",
            ),
            ("open { account = { phone = { verified_at = 0 / 0 } } }", "must be a time"),
            ("open { account = { created_at = 1e300 } }", "open.account.created_at must be a time"),
            (
                "open { account = { has = { pasword = true } } }",
                "has no field `pasword`: did you mean `password`?",
            ),
            ("open { account = { has = { password = 1 } } }", "must be true or false, and is a number"),
            ("open { account = { groups = \"a\" } }", "open.account.groups must be a list of texts"),
            ("open { account = { groups = { a = \"b\" } } }", "open.account.groups must be a list of texts"),
            ("open { account = { groups = { 1 } } }", "open.account.groups[1] must be a text"),
            ("open { account = { groups = table.create(2000, \"x\") } }", "has more than 1024 entries"),
            ("open { account = { attributes = { 1 } } }", "a key of open.account.attributes must be a text"),
            ("open { account = { attributes = { a = false } } }", "open.account.attributes.… must be a text"),
            ("open { account = { kind = \"\\xff\" } }", "must be a text in UTF-8"),
            ("open { account = { kind = (\"x\"):rep(300000) } }", "at most 262,144 bytes"),
            (
                "open { device = { form = \"soft\" } }",
                "open.device.form: unknown form: use virtual or hardware",
            ),
            (
                "open { client = { known = \"yes\" } }",
                "open.client.known must be true or false, and is a text",
            ),
            ("open { history = { failed_24h = 1.5 } }", "must be a whole number that is not negative"),
            ("open { history = { failed_24h = 1e10 } }", "must be a whole number that is not negative"),
        ];
        let lua = luau();
        for (line, wanted) in table {
            let misread = read(&lua, line).expect_err(line);
            assert!(misread.contains(wanted), "{line}: {misread}");
        }
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        let lua = luau();
        let usual = Start::complete("default").unwrap();
        let table = [
            "open()",
            "open {}",
            "open { account = {} }",
            "open { account = { email = true, phone = true, created_at = true }, device = true }",
            "open { account = { email = {}, phone = {}, has = {} }, device = {}, client = {}, history = {} }",
        ];
        for line in table {
            assert_eq!(read(&lua, line).as_ref(), Ok(&usual), "{line}");
        }
        let elsewhere = start(&[], "bank").unwrap();
        assert_eq!(elsewhere.facts.account.realm, "bank");
    }
}
