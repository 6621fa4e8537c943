//! A double of the daemon for tests of the command line: a name on a private bus that answers from a closure.
//! It knows the contract's signatures, so that a call of another shape fails the test.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use futures_util::StreamExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use zbus::message::{Flags, Type};
use zbus::wire::StructureBuilder;
use zbus::{Array, Connection, Dict, MessageStream, Signature, Str, Variant};

const PATH: &str = "/org/readmit/Recovery1";

/// Interface, member, what goes in, what comes out.
const CONTRACT: &[(&str, &str, &str, &str)] = &[
    ("Recovery1", "Open", "ssa{sv}", "s"),
    ("Recovery1", "Show", "s", "a{sv}"),
    ("Recovery1", "Start", "ss", "a{sv}"),
    ("Recovery1", "Submit", "ssas", "a{sv}"),
    ("Recovery1", "Escalate", "sa{sv}", "s"),
    ("Recovery1", "Cancel", "s", ""),
    ("Recovery1", "Claim", "s", "a{sv}"),
    ("Recovery1", "ChangePassword", "ss", ""),
    ("Recovery1", "BeginEnrollment", "ss", "a{sv}"),
    ("Recovery1", "ConfirmEnrollment", "sss", ""),
    ("Accounts1", "Add", "sa{sv}", ""),
    ("Accounts1", "Set", "sa{sv}", ""),
    ("Accounts1", "Show", "s", "a{sv}"),
    ("Accounts1", "List", "a{sv}uu", "aa{sv}"),
    ("Accounts1", "Import", "aa{sv}a{sv}", "aa{sv}"),
    ("Accounts1", "Export", "su", "aa{sv}"),
    ("Accounts1", "TestEmail", "s", "a{sv}"),
    ("Accounts1", "TestPhone", "ss", "a{sv}"),
    ("Accounts1", "Remove", "s", ""),
    ("Accounts1", "IssueRecoveryCodes", "s", "as"),
    ("Accounts1", "IssuePass", "su", "s"),
    ("Accounts1", "SendPass", "su", "s"),
    ("Accounts1", "SetPassword", "ss", ""),
    ("Devices1", "Enroll", "sa{sv}", "a{sv}"),
    ("Devices1", "List", "s", "aa{sv}"),
    ("Devices1", "Deactivate", "ss", ""),
    ("Devices1", "Delete", "s", ""),
    ("Devices1", "Resync", "sss", "b"),
    ("Cases1", "List", "a{sv}uu", "aa{sv}"),
    ("Cases1", "Show", "s", "a{sv}"),
    ("Cases1", "Watch", "", ""),
    ("Cases1", "Approve", "ss", ""),
    ("Cases1", "Deny", "ss", ""),
    ("Cases1", "Resolve", "sa{sv}", ""),
    ("Policies1", "List", "", "aa{sv}"),
    ("Policies1", "Reload", "", "s"),
    ("Policies1", "Activate", "s", "s"),
    ("Policies1", "Rollback", "s", "s"),
    ("Policies1", "Explain", "ssa{sv}", "a{sv}"),
    ("Policies1", "Decisions", "ttu", "aa{sv}"),
    ("Policies1", "Readiness", "a{sv}su", "aa{sv}"),
    ("Policies1", "Shadow", "a{ss}", "s"),
    ("Policies1", "StopShadow", "", ""),
    ("Policies1", "Differences", "ttu", "aa{sv}"),
    ("Plugins1", "List", "", "aa{sv}"),
    ("Plugins1", "Test", "ss", "a{sv}"),
    ("Plugins1", "Probe", "s", "a{sv}"),
    ("Plugins1", "Restart", "s", ""),
    ("Plugins1", "Pause", "ss", ""),
    ("Plugins1", "Resume", "s", ""),
    ("Manager1", "Status", "", "a{sv}"),
    ("Audit1", "Read", "tu", "aa{sv}"),
    ("Audit1", "ReadBehind", "tu", "aa{sv}"),
    ("Audit1", "Verify", "", "a{sv}"),
    ("Audit1", "Watch", "", ""),
    ("Store1", "Backup", "h", "a{sv}"),
    ("Store1", "Keys", "", "a{sv}"),
    ("Store1", "RotateKey", "a{sv}", "a{sv}"),
];

/// One call: `Accounts1.Add` and its arguments as a JSON array.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub method: String,
    pub arguments: Value,
}

struct Seen {
    call: Call,
    may_ask: bool,
}

/// What the double answers.
pub enum Reply {
    /// A value of the method's type, as JSON; null for nothing.
    Value(Value),
    /// An error of this name.
    Error(&'static str, &'static str),
    /// A value, and then the signal that this case has changed.
    AndChanged(Value, &'static str),
}

/// The double, on its own bus, until it is dropped.
pub struct Fake {
    pub address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    bus: Child,
    _runtime: tokio::runtime::Runtime,
    _directory: TempDir,
}

impl Fake {
    /// A double that answers by `answer`.
    pub fn start(answer: impl FnMut(&Call) -> Reply + Send + 'static) -> Self {
        let (bus, address, directory) = start_bus();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let connection = runtime.block_on(async {
            let connection = zbus::connection::Builder::address(address.as_str()).build().await.unwrap();
            let stream = MessageStream::from(&connection);
            connection.request_name("org.readmit.Recovery1").await.unwrap();
            (connection, stream)
        });
        runtime.spawn(serve(connection.0, connection.1, seen.clone(), answer));
        Self { address, seen, bus, _runtime: runtime, _directory: directory }
    }

    /// A double that answers every call alike.
    pub fn always(value: Value) -> Self {
        Self::start(move |_| Reply::Value(value.clone()))
    }

    /// The calls so far.
    pub fn calls(&self) -> Vec<Call> {
        self.seen.lock().unwrap().iter().map(|seen| seen.call.clone()).collect()
    }

    /// Whether each of them said that somebody can be asked for a password meanwhile.
    pub fn may_ask(&self) -> Vec<bool> {
        self.seen.lock().unwrap().iter().map(|seen| seen.may_ask).collect()
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = self.bus.kill();
        let _ = self.bus.wait();
    }
}

/// A private bus with nobody on it.
pub fn start_bus() -> (Child, String, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let wanted = format!("--address=unix:path={}/bus", directory.path().display());
    let mut bus = Command::new("dbus-daemon")
        .args(["--session", "--nofork", "--print-address", &wanted])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("dbus-daemon is installed");
    let mut address = String::new();
    BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
    (bus, address.trim().to_owned(), directory)
}

async fn serve(
    connection: Connection,
    mut stream: MessageStream,
    seen: Arc<Mutex<Vec<Seen>>>,
    mut answer: impl FnMut(&Call) -> Reply,
) {
    while let Some(Ok(message)) = stream.next().await {
        let header = message.header();
        let interface = header.interface().map(ToString::to_string).unwrap_or_default();
        let Some(interface) =
            interface.strip_prefix("org.readmit.").filter(|_| message.message_type() == Type::MethodCall)
        else {
            continue;
        };
        let member = header.member().unwrap().to_string();
        let (_, _, takes, gives) = CONTRACT
            .iter()
            .find(|(known, method, ..)| *known == interface && *method == member)
            .unwrap_or_else(|| panic!("{interface}.{member} is not in the contract"));
        let signature = message.body().signature().to_string();
        let signature =
            signature.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')).unwrap_or(&signature);
        if signature != *takes {
            let text = format!("{interface}.{member} takes {takes}, not {signature}");
            connection
                .reply_error(&header, "org.freedesktop.DBus.Error.InvalidSignature", &text)
                .await
                .unwrap();
            continue;
        }
        let call = Call { method: format!("{interface}.{member}"), arguments: arguments(&message) };
        let reply = answer(&call);
        let may_ask = message.primary_header().flags().contains(Flags::ALLOW_INTERACTIVE_AUTH);
        seen.lock().unwrap().push(Seen { call, may_ask });
        let (value, changed) = match reply {
            Reply::Error(name, text) => {
                connection.reply_error(&header, name, &text).await.unwrap();
                continue;
            }
            Reply::Value(value) => (value, None),
            Reply::AndChanged(value, case) => (value, Some(case)),
        };
        if gives.is_empty() {
            connection.reply(&header, &()).await.unwrap();
        } else {
            let body = StructureBuilder::new().append_field(typed(&value, gives)).build().unwrap();
            connection.reply(&header, &body).await.unwrap();
        }
        if let Some(case) = changed {
            let signal = (case, "proving");
            connection
                .emit_signal(None::<&str>, PATH, "org.readmit.Recovery1", "CaseChanged", &signal)
                .await
                .unwrap();
        }
    }
}

fn arguments(message: &zbus::Message) -> Value {
    let body = message.body();
    if body.signature().to_string().is_empty() {
        return json!([]);
    }
    match body.deserialize::<zbus::Structure<'_>>() {
        Ok(structure) => Value::Array(structure.fields().iter().map(plain).collect()),
        Err(_) => panic!("arguments that cannot be read: {}", body.signature()),
    }
}

fn plain(value: &Variant<'_>) -> Value {
    match value {
        Variant::Str(text) => json!(text.as_str()),
        Variant::Bool(truth) => json!(truth),
        Variant::U32(number) => json!(number),
        Variant::U64(number) => json!(number),
        Variant::Fd(_) => json!("file"),
        Variant::Variant(inner) => plain(inner),
        Variant::Array(array) => Value::Array(array.inner().iter().map(plain).collect()),
        Variant::Dict(dict) => {
            dict.iter().map(|(key, value)| (plain(key).as_str().unwrap().to_owned(), plain(value))).collect()
        }
        other => panic!("no argument of the contract is {other:?}"),
    }
}

/// JSON as a value of a type; within dictionaries the contract's types by key.
fn typed(value: &Value, signature: &str) -> Variant<'static> {
    match signature {
        "s" => Variant::from(value.as_str().unwrap().to_owned()),
        "b" => Variant::from(value.as_bool().unwrap()),
        "as" => Variant::from(
            value
                .as_array()
                .unwrap()
                .iter()
                .map(|text| text.as_str().unwrap().to_owned())
                .collect::<Vec<_>>(),
        ),
        "a{sv}" => dict(value),
        "aa{sv}" => {
            let mut array = Array::new(&"a{sv}".parse::<Signature>().unwrap());
            for item in value.as_array().unwrap() {
                array.append(dict(item)).unwrap();
            }
            Variant::Array(array)
        }
        other => panic!("no answer of the contract is {other}"),
    }
}

fn dict(value: &Value) -> Variant<'static> {
    let mut dict = Dict::new(&"s".parse::<Signature>().unwrap(), &"v".parse::<Signature>().unwrap());
    for (key, value) in value.as_object().unwrap() {
        let inner = match (key.as_str(), value) {
            ("tries_left" | "restarts" | "recovery_codes" | "count", Value::Number(number)) => {
                Variant::from(u32::try_from(number.as_u64().unwrap()).unwrap())
            }
            ("drift", Value::Number(number)) => Variant::from(number.as_i64().unwrap()),
            (_, Value::Number(number)) => Variant::from(number.as_u64().unwrap()),
            (_, Value::Bool(truth)) => Variant::from(*truth),
            (_, Value::String(text)) => Variant::from(text.clone()),
            (
                "steps" | "history" | "devices" | "failures" | "facts" | "factors" | "source" | "plugins"
                | "alerts" | "degraded" | "keys",
                array,
            ) => typed(array, "aa{sv}"),
            (_, Value::Array(_)) => typed(value, "as"),
            (_, Value::Object(_)) => self::dict(value),
            (_, Value::Null) => continue,
        };
        dict.append(Variant::from(Str::from(key.clone())), Variant::Variant(Box::new(inner))).unwrap();
    }
    Variant::Dict(dict)
}
