//! `[plugins.NAME]`: how a plugin is reached, and what it is told.

use std::ops::Range;
use std::path::{Path, PathBuf};

use readmit_recovery::address::EmailAddress;
use readmit_recovery::limits::MAX_CHANNEL_BYTES;
use serde_json::Value;
use toml::Spanned;
use toml::de::DeValue;

use super::document::{Fault, Section, text, texts};
use super::read;

/// Bytes in the name of a plugin.
const MAX_NAME: usize = 32;

/// One plugin.
#[derive(Debug, Clone, PartialEq)]
pub struct PluginConfig {
    /// Its name in the configuration.
    pub name: String,
    /// How it is reached.
    pub launch: Launch,
    /// The channels that it is used for; none means all that it offers.
    pub channels: Vec<String>,
    /// Its own settings, passed on as they are.
    pub settings: Value,
    /// The address that its messages come from, as people are told it.
    pub sender: Option<EmailAddress>,
}

/// How a plugin is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Launch {
    /// It is started: an absolute path, and arguments.
    Command(Vec<String>),
    /// Somebody else starts it, and it listens on this unix socket.
    Socket(PathBuf),
}

/// Whether a channel may have this name: lower case letters, digits and `_`, a letter first.
#[must_use]
pub fn is_channel_name(name: &str) -> bool {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    name.len() <= MAX_CHANNEL_BYTES
        && name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(fits)
}

/// Reads one plugin; none if it could not be started as it is written, which is then noted.
pub(super) fn read(name: &str, span: Range<usize>, mut section: Section<'_>) -> Option<PluginConfig> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    if name.is_empty() || name.len() > MAX_NAME || !name.chars().all(fits) {
        let message = format!("a plugin's name is 1 to {MAX_NAME} lower case letters, digits, - and _");
        section.fault(span.clone(), "", Fault::new(message, "rename the section"));
    }
    let both = section.has("command") && section.has("socket");
    let neither = !section.has("command") && !section.has("socket");
    let command = section.value("command", None, |value| command(value).map(Some));
    let socket = section.value("socket", None, |value| read::absolute(value).map(Some));
    if both || neither {
        let message =
            if both { "has both `command` and `socket`" } else { "has neither `command` nor `socket`" };
        let hint = "write `command` for a plugin that the daemon starts, `socket` for one that listens";
        section.fault(span, "", Fault::new(message, hint));
    }
    let channels = section.value("channels", Vec::new(), channels);
    let sender = section.value("sender", None, |value| read::email(text(value)?).map(Some));
    let settings = settings(&mut section);
    section.finish();
    let launch = command.map(Launch::Command).or(socket.map(Launch::Socket))?;
    Some(PluginConfig { name: name.to_owned(), launch, channels, settings, sender })
}

fn command(value: &DeValue<'_>) -> Result<Vec<String>, Fault> {
    let command = texts(value)?;
    let Some(program) = command.first() else {
        return Err(Fault::new("is empty", "write [\"/path/to/plugin\"]"));
    };
    if !Path::new(program).is_absolute() {
        return Err(Fault::new("names the program by a relative path", "write the whole path, from / on"));
    }
    if command.iter().any(|argument| holds_login(argument)) {
        return Err(secret("holds a password in a URL", "password"));
    }
    Ok(command)
}

fn channels(value: &DeValue<'_>) -> Result<Vec<String>, Fault> {
    let channels = texts(value)?;
    if channels.iter().any(|name| !is_channel_name(name)) {
        let hint = "write [\"email\"], [\"voice\"] or a name of lower case letters, digits and _";
        return Err(Fault::new("holds something that is no channel's name", hint));
    }
    let twice =
        channels.iter().enumerate().any(|(n, name)| channels.iter().take(n).any(|other| other == name));
    if twice {
        return Err(Fault::new("names a channel twice", "name it once"));
    }
    Ok(channels)
}

fn settings(section: &mut Section<'_>) -> Value {
    let Some(value) = section.ask("settings") else { return Value::Object(serde_json::Map::default()) };
    if !matches!(value.get_ref(), DeValue::Table(_)) {
        section.fault(
            value.span(),
            "settings",
            Fault::new("has to be a section", "write { key = \"value\" }"),
        );
        return Value::Null;
    }
    passed_on(section, "settings", value)
}

/// The settings as JSON; what looks like a secret in them is noted.
fn passed_on(section: &Section<'_>, key: &str, value: &Spanned<DeValue<'_>>) -> Value {
    match value.get_ref() {
        DeValue::Table(table) => {
            let entry = |(name, value): (&Spanned<std::borrow::Cow<'_, str>>, &Spanned<DeValue<'_>>)| {
                let name = name.get_ref().to_string();
                let dotted = format!("{key}.{name}");
                if is_secret_name(&name)
                    && !matches!(value.get_ref(), DeValue::Table(_) | DeValue::Boolean(_))
                {
                    section.fault(
                        value.span(),
                        &dotted,
                        secret("is a secret, and does not belong into this file", &name),
                    );
                }
                let json = passed_on(section, &dotted, value);
                (name, json)
            };
            Value::Object(table.iter().map(entry).collect())
        }
        DeValue::Array(entries) => {
            Value::Array(entries.iter().map(|entry| passed_on(section, key, entry)).collect())
        }
        DeValue::String(text) => {
            if holds_login(text) {
                section.fault(value.span(), key, secret("holds a password in a URL", "password"));
            }
            Value::String(text.to_string())
        }
        DeValue::Boolean(flag) => Value::Bool(*flag),
        DeValue::Datetime(date) => Value::String(date.to_string()),
        DeValue::Integer(integer) => {
            let number = i64::from_str_radix(integer.as_str(), integer.radix());
            number.map(Value::from).unwrap_or_else(|_| {
                section.fault(value.span(), key, Fault::new("is too large a number", "write it as a text"));
                Value::Null
            })
        }
        DeValue::Float(float) => {
            let number = float.as_str().parse().ok().and_then(serde_json::Number::from_f64);
            number.map(Value::Number).unwrap_or_else(|| {
                section.fault(value.span(), key, Fault::new("is no finite number", "write a finite one"));
                Value::Null
            })
        }
    }
}

/// Whether what is called so is a secret itself; `password_file` and `token_credential` only say where one is.
fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let last = name.rsplit(['_', '-', '.']).next().unwrap_or_default();
    ["password", "passwd", "passphrase", "token", "secret", "apikey"].iter().any(|word| last.ends_with(word))
        || name.ends_with("api_key")
        || name.ends_with("api-key")
        || name.ends_with("private_key")
}

/// Whether it is a URL with a password: `scheme://name:password@host`.
fn holds_login(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    authority.rsplit_once('@').is_some_and(|(login, _)| login.contains(':'))
}

fn secret(message: &str, name: &str) -> Fault {
    let hint = format!(
        "write `{name}_file` with a credential's name ($CREDENTIALS_DIRECTORY) or the path of a file of mode 0600"
    );
    Fault::new(message, hint)
}
