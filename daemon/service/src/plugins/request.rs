//! What the daemon asks of plugins and what it gets back, in the words of the domain.

use std::collections::BTreeMap;
use std::time::Duration;

use readmit_plugin::wire;
use readmit_recovery::disposition::Disposition;
use readmit_recovery::id::DeliveryId;
use readmit_recovery::secret::Secret;
use serde_json::Value;

use super::limits;
use super::mask;

/// One message for one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRequest {
    /// The idempotency key: a message with this id is the same message, however often it is sent.
    pub id: DeliveryId,
    /// The channel to deliver on.
    pub channel: String,
    /// The whole address or number.
    pub to: Secret,
    /// What the message is for, in the word of the plugin protocol.
    pub purpose: String,
    /// The person's language, as a BCP 47 tag.
    pub locale: String,
    /// What the message says, by name.
    pub fields: BTreeMap<String, Secret>,
    /// How long it may take, re-sending and waiting for a plugin included.
    pub deadline: Duration,
}

/// One telephone call that asks for digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRequest {
    /// The idempotency key: a call with this id is placed at most once.
    pub id: DeliveryId,
    /// The whole number, E.164.
    pub to: Secret,
    /// The person's language, as a BCP 47 tag.
    pub locale: String,
    /// What the prompts may mention, by name; never the code.
    pub fields: BTreeMap<String, Secret>,
    /// How many digits are asked for.
    pub digits: u8,
    /// How often they may be wrong.
    pub tries: u8,
    /// How long it may take.
    pub deadline: Duration,
}

/// How a message or a call ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// How it ended.
    pub disposition: Disposition,
    /// The plugin that had it last, as the configuration names it; none if none had.
    pub plugin: Option<String>,
    /// The provider's name for it, if it gave one.
    pub provider_id: Option<String>,
    /// What exactly happened, for administrators, with addresses and numbers masked.
    pub detail: Option<String>,
    /// Whether a telephone rang, or may have.
    pub rang: bool,
}

/// The answer to digits that a person typed on the telephone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// Whether they were right.
    pub accepted: bool,
    /// How often they may still be wrong.
    pub tries_left: u32,
}

impl Ended {
    /// An end of the daemon's own finding.
    #[must_use]
    pub fn because(disposition: Disposition, detail: &str) -> Self {
        Self { disposition, plugin: None, provider_id: None, detail: Some(detail.to_owned()), rang: false }
    }
}

/// What is asked of a plugin: routed as a whole, and put into wire form for each attempt.
#[derive(Clone)]
pub(super) enum Request {
    Message(MessageRequest),
    Call(CallRequest, Judge),
}

/// Who says whether digits are right.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Judge {
    /// [`super::Events::check`].
    Events,
    /// Nobody: a test call accepts what is typed.
    Anyone,
}

impl Request {
    pub(super) fn id(&self) -> &DeliveryId {
        match self {
            Self::Message(message) => &message.id,
            Self::Call(call, _) => &call.id,
        }
    }

    pub(super) fn channel(&self) -> &str {
        match self {
            Self::Message(message) => &message.channel,
            Self::Call(..) => "voice",
        }
    }

    pub(super) fn deadline(&self) -> Duration {
        let asked = match self {
            Self::Message(message) => message.deadline,
            Self::Call(call, _) => call.deadline,
        };
        asked.min(readmit_plugin::limits::MAX_DEADLINE)
    }

    pub(super) fn is_call(&self) -> bool {
        matches!(self, Self::Call(..))
    }

    fn to(&self) -> &Secret {
        match self {
            Self::Message(message) => &message.to,
            Self::Call(call, _) => &call.to,
        }
    }

    /// The method and its parameters, for an attempt that may take `left`.
    pub(super) fn to_wire(&self, left: Duration) -> (&'static str, Value) {
        let deadline_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
        let (method, params) = match self {
            Self::Message(message) => (
                wire::method::DELIVER,
                serde_json::to_value(wire::Deliver {
                    id: message.id.as_str().to_owned(),
                    channel: message.channel.clone(),
                    to: message.to.expose().into(),
                    purpose: message.purpose.clone(),
                    locale: message.locale.clone(),
                    fields: to_wire_fields(&message.fields),
                    deadline_ms,
                }),
            ),
            Self::Call(call, _) => (
                wire::method::CALL,
                serde_json::to_value(wire::Call {
                    id: call.id.as_str().to_owned(),
                    to: call.to.expose().into(),
                    locale: call.locale.clone(),
                    fields: to_wire_fields(&call.fields),
                    digits: call.digits,
                    tries: call.tries,
                    deadline_ms,
                }),
            ),
        };
        // Strings and numbers are always JSON; a plugin answers null with an error.
        (method, params.unwrap_or_default())
    }

    /// Reads a plugin's answer. What a plugin may not say becomes [`Disposition::ProviderError`].
    pub(super) fn read_answer(&self, answer: Value, accepted: bool) -> Ended {
        let lie = |what: &str| Ended::because(Disposition::ProviderError, what);
        let Ok(ended) = wire::parse_params::<wire::Ended>(answer) else {
            return lie("the plugin's answer does not fit the protocol");
        };
        let Ok(disposition) = ended.disposition.parse::<Disposition>() else {
            return lie("the plugin ended it with a disposition that nobody knows");
        };
        match disposition {
            Disposition::Sent if self.is_call() => return lie("the plugin says that a call was sent"),
            Disposition::Entered if !self.is_call() => {
                return lie("the plugin says that digits were entered in a message");
            }
            Disposition::Reported if !self.is_call() => {
                return lie("the plugin says that a key was pressed in a message");
            }
            Disposition::Entered if !accepted => {
                return lie("the plugin says that the digits were right, but they were never found right");
            }
            Disposition::Expired | Disposition::WrongCode => {
                return lie("the plugin ended it with a disposition that is not a plugin's to say");
            }
            _ => {}
        }
        let to = self.to().expose();
        let cleaned = |text: String| {
            // An empty address is found everywhere.
            let text = if to.is_empty() { text } else { text.replace(to, mask::MASK) };
            mask::cleaned(&text, limits::TEXT_CHARS)
        };
        Ended {
            disposition,
            // A provider's id may be all digits, so only the address itself is looked for.
            plugin: None,
            provider_id: ended.provider_id.filter(|id| {
                id.len() <= limits::TEXT_CHARS
                    && (to.is_empty() || !id.contains(to))
                    && !id.contains(char::is_control)
            }),
            detail: ended.detail.map(cleaned),
            rang: false,
        }
    }
}

fn to_wire_fields(fields: &BTreeMap<String, Secret>) -> BTreeMap<String, wire::Secret> {
    fields.iter().map(|(name, value)| (name.clone(), value.expose().into())).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn call() -> Request {
        let call = CallRequest {
            id: DeliveryId::parse("d1").expect("an id"),
            to: Secret::new("+14155550123"),
            locale: "en".to_owned(),
            fields: BTreeMap::new(),
            digits: 6,
            tries: 3,
            deadline: Duration::from_secs(60),
        };
        Request::Call(call, Judge::Events)
    }

    fn message() -> Request {
        Request::Message(MessageRequest {
            id: DeliveryId::parse("d2").expect("an id"),
            channel: "email".to_owned(),
            to: Secret::new("ada@example.org"),
            purpose: "notice".to_owned(),
            locale: "en".to_owned(),
            fields: BTreeMap::new(),
            deadline: Duration::from_secs(60),
        })
    }

    #[test]
    fn a_plugin_says_only_what_is_its_to_say() {
        let (call, message) = (call(), message());
        let table = [
            (&message, json!({"disposition": "sent"}), false, Disposition::Sent),
            (&message, json!({"disposition": "entered"}), true, Disposition::ProviderError),
            (&message, json!({"disposition": "rejected"}), false, Disposition::Rejected),
            (&call, json!({"disposition": "entered"}), true, Disposition::Entered),
            (&call, json!({"disposition": "entered"}), false, Disposition::ProviderError),
            (&call, json!({"disposition": "sent"}), true, Disposition::ProviderError),
            (&call, json!({"disposition": "expired"}), false, Disposition::ProviderError),
            (&call, json!({"disposition": "wrong_code"}), false, Disposition::ProviderError),
            (&call, json!({"disposition": "proven"}), false, Disposition::ProviderError),
            (&call, json!({"disposition": 7}), false, Disposition::ProviderError),
            (&call, json!({"disposition": "busy", "proven": true}), false, Disposition::ProviderError),
            (&call, json!(null), false, Disposition::ProviderError),
            (&call, json!({"disposition": "no_answer"}), false, Disposition::NoAnswer),
            (&call, json!({"disposition": "reported"}), false, Disposition::Reported),
            (&message, json!({"disposition": "reported"}), false, Disposition::ProviderError),
        ];
        for (request, answer, accepted, wanted) in table {
            assert_eq!(request.read_answer(answer.clone(), accepted).disposition, wanted, "{answer}");
        }
    }

    #[test]
    fn no_address_comes_back_in_a_detail() {
        let answer = json!({"disposition": "rejected", "provider_id": "SM77", "detail": "550 5.1.1 <ada@example.org>: no"});
        let ended = message().read_answer(answer, false);
        assert_eq!(ended.provider_id.as_deref(), Some("SM77"));
        assert_eq!(ended.detail.as_deref(), Some("550 5.1.1 <•••>: no"));
        let answer =
            json!({"disposition": "busy", "provider_id": "+14155550123", "detail": "486 to +14155550123"});
        let ended = call().read_answer(answer, false);
        assert_eq!((ended.provider_id, ended.detail.as_deref()), (None, Some("486 to •••")));
    }
}
