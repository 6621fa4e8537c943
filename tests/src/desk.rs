//! A connection to the bus, and the daemon's interfaces as methods. Answers are JSON.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::{FutureExt as _, StreamExt as _};
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use zbus::connection::Builder;
use zbus::message::{Message, Type};
use zbus::{Address, Connection, DynamicType, MatchRule, MessageStream, OwnedVariant};

use crate::case::Case;
use crate::dict::{from_bus, to_bus};
use crate::{PATIENCE, patiently};

/// The daemon's name on the bus.
pub(crate) const NAME: &str = "org.readmit.Recovery1";
const PATH: &str = "/org/readmit/Recovery1";

/// An error as the bus carries it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BusError {
    /// The last word of its name, `NotFound`.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl BusError {
    /// Whether it is not the daemon's answer, but that of a bus without it.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        ["NoReply", "ServiceUnknown", "NameHasNoOwner", "Disconnected", "Connection"]
            .contains(&self.name.as_str())
    }
}

/// One front end's or administrator's connection.
#[derive(Clone)]
pub struct Desk {
    connection: Connection,
    changes: watch::Sender<u64>,
    _listener: Arc<Listener>,
}

struct Listener(JoinHandle<()>);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Desk {
    /// Connects to the bus at this address.
    pub async fn connect(address: &str) -> Self {
        let builder = Builder::address(address.parse::<Address>().unwrap()).method_timeout(PATIENCE);
        let connection = patiently("the bus", builder.build()).await.unwrap();
        let mut signals = stream(&connection, NAME, "CaseChanged").await;
        let changes = watch::channel(0).0;
        let telling = changes.clone();
        let listener = tokio::spawn(async move {
            while signals.next().await.is_some() {
                telling.send_modify(|count| *count += 1);
            }
        });
        Self { connection, changes, _listener: Arc::new(Listener(listener)) }
    }

    /// Calls a method of the interface `org.readmit.{interface}`.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn ask<B>(&self, interface: &str, method: &str, body: &B) -> Result<Value, BusError>
    where
        B: Serialize + DynamicType,
    {
        let interface = format!("org.readmit.{interface}");
        let call = self.connection.call_method(Some(NAME), PATH, Some(interface.as_str()), method, body);
        match patiently(method, call).await {
            Ok(reply) => Ok(read(&reply)),
            Err(zbus::Error::MethodError(name, text, _)) => Err(BusError {
                name: name.rsplit('.').next().unwrap_or_default().to_owned(),
                text: text.unwrap_or_default(),
            }),
            Err(error) => Err(BusError { name: "Connection".to_owned(), text: error.to_string() }),
        }
    }

    /// Calls a method of an interface with texts.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn texts(&self, interface: &str, method: &str, texts: &[&str]) -> Result<Value, BusError> {
        match *texts {
            [] => self.ask(interface, method, &()).await,
            [a] => self.ask(interface, method, &(a)).await,
            [a, b] => self.ask(interface, method, &(a, b)).await,
            [a, b, c] => self.ask(interface, method, &(a, b, c)).await,
            _ => panic!("{method}: no method takes so many texts"),
        }
    }

    /// Opens a case. `context` is a dictionary.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn try_open(&self, account: &str, reason: &str, context: Value) -> Result<Case, BusError> {
        let id = self.ask("Recovery1", "Open", &(account, reason, to_bus(&context))).await?;
        Ok(Case::new(id.as_str().unwrap(), self.clone()))
    }

    /// Opens a case in the browser `browser`.
    pub async fn open(&self, account: &str, reason: &str) -> Case {
        let context = json!({
            "browser": "browser", "address": "192.0.2.7", "user_agent": "Firefox", "locale": "en"
        });
        self.try_open(account, reason, context).await.unwrap()
    }

    /// Takes up a case that somebody else has opened.
    #[must_use]
    pub fn case(&self, id: &str) -> Case {
        Case::new(id, self.clone())
    }

    /// Takes a click on a link.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn open_link(&self, token: &str, browser: &str) -> Result<Value, BusError> {
        self.texts("Recovery1", "OpenLink", &[token, browser]).await
    }

    /// The word for a one-time password at sign-in.
    pub async fn verify(&self, account: &str, code: &str) -> String {
        let word = self.texts("Authentication1", "Verify", &[account, code]).await.unwrap();
        word.as_str().unwrap().to_owned()
    }

    /// Puts an account on file.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn add_account(&self, id: &str, properties: Value) -> Result<Value, BusError> {
        self.ask("Accounts1", "Add", &(id, to_bus(&properties))).await
    }

    /// Changes an account.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn set_account(&self, id: &str, properties: Value) -> Result<Value, BusError> {
        self.ask("Accounts1", "Set", &(id, to_bus(&properties))).await
    }

    /// What is on file about an account.
    pub async fn account(&self, id: &str) -> Value {
        self.texts("Accounts1", "Show", &[id]).await.unwrap()
    }

    /// The ids of everybody on file.
    pub async fn account_ids(&self) -> Vec<String> {
        let (mut ids, mut offset) = (Vec::new(), 0_u32);
        loop {
            let page =
                array(self.ask("Accounts1", "List", &(to_bus(&json!({})), offset, 1000_u32)).await.unwrap());
            if page.is_empty() {
                return ids;
            }
            offset += u32::try_from(page.len()).unwrap();
            ids.extend(page.iter().map(|account| account["id"].as_str().unwrap().to_owned()));
        }
    }

    /// Binds a device.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn enroll(&self, account: &str, properties: Value) -> Result<Value, BusError> {
        self.ask("Devices1", "Enroll", &(account, to_bus(&properties))).await
    }

    /// The devices of an account.
    pub async fn devices(&self, account: &str) -> Vec<Value> {
        array(self.texts("Devices1", "List", &[account]).await.unwrap())
    }

    /// A new set of recovery codes.
    pub async fn recovery_codes(&self, account: &str) -> Vec<String> {
        let codes = array(self.texts("Accounts1", "IssueRecoveryCodes", &[account]).await.unwrap());
        codes.iter().map(|code| code.as_str().unwrap().to_owned()).collect()
    }

    /// An access pass of this many seconds.
    pub async fn pass(&self, account: &str, seconds: u32) -> String {
        let pass = self.ask("Accounts1", "IssuePass", &(account, seconds)).await.unwrap();
        pass.as_str().unwrap().to_owned()
    }

    /// What staff decide about an escalated case.
    ///
    /// # Errors
    /// The daemon's error.
    pub async fn resolve(&self, case: &Case, action: &str, because: &str) -> Result<Value, BusError> {
        let resolution = to_bus(&json!({ "action": action, "because": because }));
        self.ask("Cases1", "Resolve", &(case.id.as_str(), resolution)).await
    }

    /// A case as staff see it, with its history.
    pub async fn history(&self, case: &Case) -> Value {
        self.texts("Cases1", "Show", &[&case.id]).await.unwrap()
    }

    /// The whole journal, oldest first; `detail` is read.
    pub async fn journal(&self) -> Vec<Value> {
        let mut rows = array(self.ask("Audit1", "Read", &(0_u64, 1000_u32)).await.unwrap());
        for row in &mut rows {
            row["detail"] = serde_json::from_str(row["detail"].as_str().unwrap()).unwrap();
        }
        rows
    }

    /// The dispositions in the journal of a case, in order.
    pub async fn dispositions(&self, case: &Case) -> Vec<String> {
        let ended = |row: &&Value| row["kind"] == "delivery_ended" && row["case"] == case.handle();
        let words = |row: &Value| row["detail"]["disposition"].as_str().unwrap().to_owned();
        self.journal().await.iter().filter(ended).map(words).collect()
    }

    /// Has a signal of the interface `org.readmit.{interface}` told from now on.
    pub async fn signals(&self, interface: &str, member: &'static str) -> Signals {
        let signals = self.overheard(interface, member).await;
        self.texts(interface, "Watch", &[]).await.unwrap();
        signals
    }

    /// Listens for a signal without having asked for it.
    pub async fn overheard(&self, interface: &str, member: &'static str) -> Signals {
        let stream = stream(&self.connection, &format!("org.readmit.{interface}"), member).await;
        Signals { stream, member }
    }

    /// Listens for the daemon's coming and going on the bus.
    pub(crate) async fn owners(&self) -> Signals {
        let member = "NameOwnerChanged";
        let rule = rule("org.freedesktop.DBus", member).add_arg(NAME).build().unwrap();
        let stream = MessageStream::for_match_rule(rule, &self.connection, None).await.unwrap();
        Signals { stream, member }
    }

    /// Waits until cases have changed so many times.
    pub async fn changed_times(&self, times: u64) {
        let mut changes = self.changes();
        let last = *changes.borrow() + times;
        patiently("changes", changes.wait_for(|count| *count >= last)).await.unwrap();
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }
}

/// Signals of one kind, in the order in which they came.
pub struct Signals {
    stream: MessageStream,
    member: &'static str,
}

impl Signals {
    /// Waits for the next one: its arguments.
    pub async fn next(&mut self) -> Vec<Value> {
        let message = patiently(self.member, self.stream.next()).await.unwrap().unwrap();
        let body = message.body();
        let text = Value::from;
        match body.signature().to_string_no_parens().as_str() {
            "s" => vec![text(body.deserialize::<String>().unwrap())],
            "ssss" => {
                let (a, b, c, d): (String, String, String, String) = body.deserialize().unwrap();
                vec![text(a), text(b), text(c), text(d)]
            }
            "sss" => {
                let (a, b, c): (String, String, String) = body.deserialize().unwrap();
                vec![text(a), text(b), text(c)]
            }
            "sa{sv}" => {
                let (a, b): (String, HashMap<String, OwnedVariant>) = body.deserialize().unwrap();
                vec![text(a), from_bus(&b)]
            }
            other => panic!("{} has the arguments {other}", self.member),
        }
    }

    /// Whether none has come. After an answer of the daemon's, everything that it told before is here.
    pub fn is_silent(&mut self) -> bool {
        self.stream.next().now_or_never().is_none()
    }
}

fn rule<'a>(interface: &'a str, member: &'a str) -> zbus::match_rule::Builder<'a> {
    MatchRule::builder().msg_type(Type::Signal).interface(interface).member(member)
}

async fn stream(connection: &Connection, interface: &str, member: &str) -> MessageStream {
    let rule = rule(interface, member).build().unwrap();
    MessageStream::for_match_rule(rule, connection, Some(4096.try_into().unwrap())).await.unwrap()
}

fn read(reply: &Message) -> Value {
    let body = reply.body();
    match body.signature().to_string_no_parens().as_str() {
        "" => Value::Null,
        "s" => body.deserialize::<String>().unwrap().into(),
        "b" => body.deserialize::<bool>().unwrap().into(),
        "as" => body.deserialize::<Vec<String>>().unwrap().into(),
        "a{sv}" => from_bus(&body.deserialize().unwrap()),
        "aa{sv}" => {
            let dicts: Vec<HashMap<String, OwnedVariant>> = body.deserialize().unwrap();
            dicts.iter().map(from_bus).collect()
        }
        other => panic!("an answer of the kind {other}"),
    }
}

fn array(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        other => panic!("no list: {other}"),
    }
}
