//! JSON-RPC 2.0 envelopes, read strictly. Batches are not part of this protocol.

use std::fmt;

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::limits;

/// Error codes: those of JSON-RPC 2.0 section 5.1, and this protocol's own.
pub mod code {
    /// The line is no JSON, no UTF-8, or too long.
    pub const PARSE: i64 = -32700;
    /// The JSON is no message of this protocol, or comes at the wrong time.
    pub const INVALID_REQUEST: i64 = -32600;
    /// There is no such method.
    pub const METHOD_NOT_FOUND: i64 = -32601;
    /// The parameters do not fit the method.
    pub const INVALID_PARAMS: i64 = -32602;
    /// The receiver failed.
    pub const INTERNAL: i64 = -32603;
    /// The other side speaks another version of this protocol.
    pub const WRONG_PROTOCOL: i64 = -32001;
    /// `initialize` has to come first.
    pub const NOT_INITIALIZED: i64 = -32002;
    /// Too many requests at once.
    pub const BUSY: i64 = -32003;
    /// The plugin could not start with these settings.
    pub const START_FAILED: i64 = -32004;
}

/// The id of a request: a number or a short string.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Id {
    /// A number from 0 to 2^64-1.
    Number(u64),
    /// A string of at most [`limits::MAX_ID`] bytes.
    Text(String),
}

impl<'de> Deserialize<'de> for Id {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_value(Value::deserialize(deserializer)?)
            .ok_or_else(|| D::Error::custom("the id has to be a whole number or a short string"))
    }
}

impl Id {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_u64().map(Self::Number),
            Value::String(text) if text.len() <= limits::MAX_ID => Some(Self::Text(text)),
            _ => None,
        }
    }
}

/// What a failed request is answered with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Error)]
#[error("{message} ({code})")]
#[serde(deny_unknown_fields)]
pub struct ErrorObject {
    /// One of [`code`].
    pub code: i64,
    /// What went wrong, in plain words.
    pub message: String,
    /// More about it, for programs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

impl ErrorObject {
    /// Returns an error without `data`.
    #[must_use]
    pub fn new(code: i64, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }
}

/// One line of the protocol.
#[derive(Clone, PartialEq)]
pub enum Message {
    /// Wants an answer with the same id.
    Request {
        /// Names the answer.
        id: Id,
        /// One of [`super::method`].
        method: String,
        /// `null` if there were none.
        params: Value,
    },
    /// Wants no answer.
    Notification {
        /// One of [`super::method`].
        method: String,
        /// `null` if there were none.
        params: Value,
    },
    /// Answers a request.
    Response {
        /// The id of the request; none if the request was unreadable.
        id: Option<Id>,
        /// What it came to.
        outcome: Result<Value, ErrorObject>,
    },
}

impl Message {
    /// Returns a request. Parameters that cannot be JSON (there are none in this protocol) become `null`.
    pub fn request(id: Id, method: &str, params: &impl Serialize) -> Self {
        Self::Request { id, method: method.to_owned(), params: to_value(params) }
    }

    /// Returns a notification.
    pub fn notification(method: &str, params: &impl Serialize) -> Self {
        Self::Notification { method: method.to_owned(), params: to_value(params) }
    }

    /// Returns the answer that a request succeeded.
    pub fn success(id: Id, result: &impl Serialize) -> Self {
        Self::Response { id: Some(id), outcome: Ok(to_value(result)) }
    }

    /// Returns the answer that a request failed.
    #[must_use]
    pub fn failure(id: Option<Id>, error: ErrorObject) -> Self {
        Self::Response { id, outcome: Err(error) }
    }

    /// Reads one line, newline excluded.
    ///
    /// # Errors
    /// Fails if the line is too long, no JSON, or no JSON-RPC 2.0 message of this protocol.
    pub fn parse(line: &str) -> Result<Self, MessageError> {
        if line.len() > limits::MAX_LINE {
            return Err(MessageError::TooLong);
        }
        let value: Value = serde_json::from_str(line)
            .map_err(|error| MessageError::NotJson { line: error.line(), column: error.column() })?;
        let Value::Object(mut members) = value else { return Err(MessageError::NotAnObject) };
        let id_member = members.remove("id");
        let id = match id_member {
            None | Some(Value::Null) => None,
            Some(ref value) => Some(Id::from_value(value.clone()).ok_or(MessageError::BadId)?),
        };
        Self::from_members(id_member.is_some(), id.clone(), members)
            .map_err(|fault| MessageError::Invalid { id, fault })
    }

    fn from_members(has_id: bool, id: Option<Id>, mut members: Map<String, Value>) -> Result<Self, Fault> {
        if members.remove("jsonrpc").as_ref().and_then(Value::as_str) != Some("2.0") {
            return Err(Fault::Version);
        }
        let method = members.remove("method");
        let params = members.remove("params");
        let result = members.remove("result");
        let error = members.remove("error");
        if !members.is_empty() {
            return Err(Fault::UnknownMember);
        }
        match (method, result, error) {
            (Some(Value::String(method)), None, None) => {
                let params = params.unwrap_or_default();
                if !(params.is_null() || params.is_object()) {
                    return Err(Fault::Params);
                }
                match (has_id, id) {
                    (false, _) => Ok(Self::Notification { method, params }),
                    (true, Some(id)) => Ok(Self::Request { id, method, params }),
                    (true, None) => Err(Fault::NullId),
                }
            }
            (Some(_), None, None) => Err(Fault::Method),
            (None, Some(_), None) if id.is_none() => Err(Fault::NullId),
            (None, Some(result), None) if params.is_none() => Ok(Self::Response { id, outcome: Ok(result) }),
            (None, None, Some(error)) if params.is_none() && has_id => {
                let error = serde_json::from_value(error).map_err(|_| Fault::Error)?;
                Ok(Self::Response { id, outcome: Err(error) })
            }
            _ => Err(Fault::Kind),
        }
    }

    /// Writes the message as one line, newline included.
    #[must_use]
    pub fn to_line(&self) -> String {
        let value = match self {
            Self::Request { id, method, params } => {
                json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
            }
            Self::Notification { method, params } => {
                json!({ "jsonrpc": "2.0", "method": method, "params": params })
            }
            Self::Response { id, outcome: Ok(result) } => {
                json!({ "jsonrpc": "2.0", "id": id, "result": result })
            }
            Self::Response { id, outcome: Err(error) } => {
                json!({ "jsonrpc": "2.0", "id": id, "error": error })
            }
        };
        let mut line = value.to_string();
        line.push('\n');
        line
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // `to_line` is the one place that knows the shape.
        let value: Value = serde_json::from_str(&self.to_line()).map_err(serde::ser::Error::custom)?;
        value.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Message {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        Self::parse(&value.to_string()).map_err(D::Error::custom)
    }
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Parameters and results carry addresses, codes and digits.
        match self {
            Self::Request { id, method, .. } => write!(f, "Request({id:?}, {method})"),
            Self::Notification { method, .. } => write!(f, "Notification({method})"),
            Self::Response { id, outcome: Ok(_) } => write!(f, "Response({id:?}, ok)"),
            Self::Response { id, outcome: Err(error) } => write!(f, "Response({id:?}, {error:?})"),
        }
    }
}

fn to_value(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// Why a line is no message.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MessageError {
    /// The line exceeds [`limits::MAX_LINE`].
    #[error("the line is longer than {} bytes", limits::MAX_LINE)]
    TooLong,
    /// The line is no JSON.
    #[error("the line is not JSON (line {line}, column {column})")]
    NotJson {
        /// Where it stopped making sense.
        line: usize,
        /// Where it stopped making sense.
        column: usize,
    },
    /// The line is JSON, but no object; batches are not spoken here.
    #[error("a message has to be one JSON object; batches are not part of this protocol")]
    NotAnObject,
    /// The id is neither a number nor a short string.
    #[error("the id has to be a whole number from 0 up, or a string of at most {} bytes", limits::MAX_ID)]
    BadId,
    /// The object is no message.
    #[error("{fault}")]
    Invalid {
        /// The id, if it could be read, so that the answer finds its request.
        id: Option<Id>,
        /// What is wrong with it.
        fault: Fault,
    },
}

impl MessageError {
    /// Returns the answer that this line deserves.
    #[must_use]
    pub fn into_response(self) -> Message {
        let code = match self {
            Self::TooLong | Self::NotJson { .. } => code::PARSE,
            Self::NotAnObject | Self::BadId | Self::Invalid { .. } => code::INVALID_REQUEST,
        };
        let text = self.to_string();
        let id = if let Self::Invalid { id, .. } = self { id } else { None };
        Message::failure(id, ErrorObject::new(code, text))
    }
}

/// What is wrong with an object that should be a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Fault {
    /// `jsonrpc` is missing or another version.
    #[error("`jsonrpc` has to be \"2.0\"")]
    Version,
    /// A member that JSON-RPC does not have.
    #[error("a message has only `jsonrpc`, `id`, `method`, `params`, `result` and `error`")]
    UnknownMember,
    /// `method` is no string.
    #[error("`method` has to be a string")]
    Method,
    /// `params` is no object.
    #[error("`params` has to be an object")]
    Params,
    /// `error` has not the members that it should.
    #[error("`error` has to be an object with `code` and `message`")]
    Error,
    /// A request or a result needs an id.
    #[error("`id` may be null only in an error")]
    NullId,
    /// Neither request, notification nor response.
    #[error("a message has either `method`, or `id` with one of `result` and `error`")]
    Kind,
}

/// Why parameters (or a result) do not fit.
///
/// It quotes names and never values: a value may be a code or an address.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{place}: {what}")]
pub struct ParamsError {
    place: String,
    what: String,
}

/// Reads parameters or a result into their type.
///
/// # Errors
/// Fails if they do not fit; the error names the place.
pub fn parse_params<T: DeserializeOwned>(params: Value) -> Result<T, ParamsError> {
    serde_path_to_error::deserialize(params).map_err(|error| {
        let path = error.path().to_string();
        let place = if path == "." { "params".to_owned() } else { format!("params.{path}") };
        let cause = error.inner().to_string();
        let quotes_names_only = ["missing field", "unknown field", "duplicate field"];
        let what = if quotes_names_only.iter().any(|start| cause.starts_with(start)) {
            cause
        } else {
            "has the wrong type or value".to_owned()
        };
        ParamsError { place, what }
    })
}

#[cfg(test)]
#[path = "envelope_tests.rs"]
mod tests;
