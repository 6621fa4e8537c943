//! A question on its way into Lua.
//!
//! The function `build` of the prelude makes the `case` from positional values in one call: table constructors of
//! the Lua machine are several times faster than setting fields one by one from outside. The order of the values
//! here and of the parameters there is one contract; the test `every_fact_reaches_lua` holds it. The values are
//! nested tuples, each of which ends in the rest, since one tuple takes no more than sixteen.

use mlua::{Function, IntoLuaMulti, Lua, Table, Value, Variadic};
use readmit_recovery::facts::{AccountFacts, Client, Facts, Failure, Question};
use readmit_recovery::time::Timestamp;
use thiserror::Error;

use crate::limits::{MAX_FACT_BYTES, MAX_FACTS};

/// A question is larger than a policy may be given.
#[derive(Debug, Error)]
pub(crate) enum TooLarge {
    /// A list of it.
    #[error("the case has more than {MAX_FACTS} {0}")]
    List(&'static str),
    /// Its texts.
    #[error("the texts of the case are longer than {MAX_FACT_BYTES} bytes")]
    Texts,
}

/// Says whether the question is small enough to be put.
pub(crate) fn check(question: &Question) -> Result<(), TooLarge> {
    let account = &question.facts.account;
    let lists = [
        (account.groups.len(), "groups"),
        (account.attributes.len(), "attributes"),
        (question.proven.len(), "proven factors"),
        (question.failures.len(), "failures"),
    ];
    if let Some((_, what)) = lists.into_iter().find(|(length, _)| *length > MAX_FACTS) {
        return Err(TooLarge::List(what));
    }
    let texts = length_of_texts(&question.facts);
    if texts > MAX_FACT_BYTES { Err(TooLarge::Texts) } else { Ok(()) }
}

/// Bytes of all texts of the facts.
pub(crate) fn length_of_texts(facts: &Facts) -> usize {
    let (account, client) = (&facts.account, &facts.client);
    let optional = [&client.address, &client.user_agent, &client.locale];
    account.groups.iter().map(String::len).sum::<usize>()
        + account.attributes.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
        + [&account.realm, &account.kind].map(String::len).iter().sum::<usize>()
        + optional.into_iter().flatten().map(String::len).sum::<usize>()
        + facts.device.as_ref().map_or(0, |device| device.label.len())
        + account.email.as_ref().map_or(0, |email| email.domain.len())
        + account.phone.as_ref().map_or(0, |phone| phone.country.len())
}

/// The functions of the prelude that make the input.
pub(crate) struct Builder {
    /// Makes the `case`.
    pub build: Function,
    /// Makes one failure.
    pub failure: Function,
    /// Makes a read-only list.
    pub list: Function,
}

impl Builder {
    /// The `case`, read-only to its depths.
    pub fn case(&self, lua: &Lua, question: &Question) -> mlua::Result<Table> {
        let facts = &question.facts;
        let account = &facts.account;
        let history = facts.history;
        let lists = (
            self.texts(account.groups.iter().map(String::as_str))?,
            attributes(lua, account)?,
            self.texts(question.proven.iter().map(|factor| factor.as_str()))?,
            self.failures(&question.failures)?,
        );
        let past = (
            history.opened_24h,
            history.failed_24h,
            history.recovered_90d,
            history.last_recovered_at.map(seconds),
            lists,
        );
        self.build.call((
            question.reason.as_str(),
            seconds(question.now),
            account.id.as_str(),
            account.realm.as_str(),
            account.kind.as_str(),
            seconds(account.created_at),
            account.has.password,
            account.has.recovery_codes,
            account.has.other_devices,
            account.has.contacts,
            email(account, phone(account, device(question, client(&facts.client, past)))),
        ))
    }

    /// What stands beside the case: the proven factor, or the failure.
    pub fn subject(&self, lua: &Lua, question: &Question) -> mlua::Result<Value> {
        match (&question.factor, &question.failure) {
            (Some(factor), _) => Ok(Value::String(lua.create_string(factor.as_str())?)),
            (None, Some(failure)) => self.failure(failure).map(Value::Table),
            (None, None) => Ok(Value::Nil),
        }
    }

    /// A read-only list of failures; nothing if there are none.
    pub fn failures(&self, failures: &[Failure]) -> mlua::Result<Option<Table>> {
        if failures.is_empty() {
            return Ok(None);
        }
        let tables =
            failures.iter().map(|failure| self.failure(failure)).collect::<mlua::Result<Vec<_>>>()?;
        self.list.call(Variadic::from(tables)).map(Some)
    }

    fn failure(&self, failure: &Failure) -> mlua::Result<Table> {
        self.failure.call((
            failure.factor.as_str(),
            failure.disposition.as_str(),
            failure.count,
            seconds(failure.at),
        ))
    }

    /// A read-only list of texts; nothing if there are none.
    pub fn texts<'a>(&self, texts: impl ExactSizeIterator<Item = &'a str>) -> mlua::Result<Option<Table>> {
        if texts.len() == 0 {
            return Ok(None);
        }
        self.list.call(texts.collect::<Variadic<_>>()).map(Some)
    }
}

fn attributes(lua: &Lua, account: &AccountFacts) -> mlua::Result<Option<Table>> {
    if account.attributes.is_empty() {
        return Ok(None);
    }
    let pairs = account.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    lua.create_table_from(pairs).map(Some)
}

fn email(account: &AccountFacts, rest: impl IntoLuaMulti) -> impl IntoLuaMulti {
    let email = account.email.as_ref();
    (
        email.map(|email| email.domain.as_str()),
        email.and_then(|email| email.verified_at).map(seconds),
        email.and_then(|email| email.changed_at).map(seconds),
        email.map(|email| email.same_mailbox_as_account),
        rest,
    )
}

fn phone(account: &AccountFacts, rest: impl IntoLuaMulti) -> impl IntoLuaMulti {
    let phone = account.phone.as_ref();
    (
        phone.is_some(),
        phone.map(|phone| phone.country.as_str()).filter(|country| !country.is_empty()),
        phone.and_then(|phone| phone.verified_at).map(seconds),
        phone.and_then(|phone| phone.changed_at).map(seconds),
        phone.map(|phone| phone.on_lost_device),
        rest,
    )
}

fn device(question: &Question, rest: impl IntoLuaMulti) -> impl IntoLuaMulti {
    let device = question.facts.device.as_ref();
    (
        device.map(|device| device.id.as_str()),
        device.map(|device| device.form.as_str()),
        device.map(|device| device.label.as_str()),
        device.map(|device| seconds(device.enrolled_at)),
        rest,
    )
}

fn client(client: &Client, rest: impl IntoLuaMulti) -> impl IntoLuaMulti {
    (client.address.as_deref(), client.user_agent.as_deref(), client.locale.as_deref(), client.known, rest)
}

/// Lua has no integers: Unix seconds are exact in its numbers for the next 285 million years.
#[expect(clippy::cast_precision_loss, reason = "seconds since 1970 fit in 53 bits")]
const fn seconds(time: Timestamp) -> f64 {
    time.unix() as f64
}
