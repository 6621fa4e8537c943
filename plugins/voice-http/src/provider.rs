//! What every provider has in common: how it is asked for a call, and what it may answer. Each provider's own way is in
//! [`crate::twilio`] and [`crate::vonage`]; no module but this one knows how many there are.

use std::time::{Duration, SystemTime};

use hyper::HeaderMap;
use readmit_telephone::number::Number;
use readmit_telephone::outcome::{Detail, Disposition};

use crate::client::{Answer, Asking};
use crate::conversation::Turn;
use crate::ending::Status;
use crate::prompts::Prompts;
use crate::twilio::Twilio;
use crate::vonage::Vonage;
use crate::web_address::WebAddress;
use crate::webhook::{News, Place, Target, Token};

/// A provider and what we are to it.
#[derive(Debug)]
pub enum Provider {
    /// Twilio, or whoever speaks as it does.
    Twilio(Box<Twilio>),
    /// Vonage.
    Vonage(Box<Vonage>),
}

/// A call to be asked for.
#[derive(Debug)]
pub struct Placing<'a> {
    /// Whom to call.
    pub number: &'a Number,
    /// Who calls.
    pub from: &'a str,
    /// Where the provider reaches us.
    pub public: &'a WebAddress,
    /// The call's name in URLs.
    pub call: Token,
    /// How long the telephone may ring.
    pub ring: Duration,
    /// How long the answered call may take.
    pub max_call: Duration,
}

/// What became of the request for a call.
#[derive(Debug, PartialEq, Eq)]
pub enum Placed {
    /// The provider makes it, under this name of its own.
    Taken(String),
    /// The provider has too many; it may be asked again, after this long if it says so.
    Later(Option<Duration>, Detail),
    /// The provider does not make it.
    Refused(Disposition, Detail),
    /// Nobody knows: it must not be asked again.
    Unclear(Detail),
}

/// A webhook as it came in.
#[derive(Clone, Copy)]
pub struct Received<'a> {
    /// Where the provider reaches us: what the signature is about, whatever `Host` says.
    pub public: &'a WebAddress,
    /// The path with its query, as it stood in the request.
    pub target: &'a str,
    /// The head.
    pub headers: &'a HeaderMap,
    /// The content.
    pub body: &'a [u8],
    /// Our time.
    pub now: SystemTime,
}

/// Why a webhook is not listened to. Whoever sent it is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refused {
    /// It has no signature, or several.
    #[error("it is not signed")]
    Unsigned,
    /// The signature does not fit.
    #[error(
        "its signature does not fit: check public_url (the proxy must pass on the path as it is), the secret and the algorithm"
    )]
    Forged,
    /// It was signed long ago, or in the future.
    #[error("its signature is too old: is the clock of this machine right?")]
    Stale,
    /// It is for another account or application.
    #[error("it is for another account")]
    OtherAccount,
    /// It lacks what it has to tell, or has too much.
    #[error("it is not understood")]
    Unreadable,
}

/// What a document for the provider is made of.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    /// Where the provider reaches us.
    pub public: &'a WebAddress,
    /// The call.
    pub call: Token,
    /// The language of the prompts.
    pub language: &'a str,
    /// How many digits make an entry.
    pub digits: u8,
    /// How long to wait for each key.
    pub key: Duration,
}

impl Setting<'_> {
    /// The URL of a place in the call.
    pub fn place(&self, place: Place) -> String {
        self.public.below(&Target { call: self.call, place }.path())
    }

    /// The URL of a prompt.
    pub fn prompt(&self, prompt: readmit_telephone::prompts::Prompt) -> String {
        self.public.below(&Prompts::path(self.language, prompt))
    }
}

impl Provider {
    /// The request for a call; none if the system gives no random numbers.
    pub fn place(&self, placing: &Placing<'_>, now: SystemTime) -> Option<Asking> {
        match self {
            Self::Twilio(twilio) => Some(twilio.place(placing)),
            Self::Vonage(vonage) => vonage.place(placing, now),
        }
    }

    /// What the answer to it means.
    pub fn placed(&self, answer: &Answer) -> Placed {
        match self {
            Self::Twilio(_) => crate::twilio::placed(answer),
            Self::Vonage(_) => crate::vonage::placed(answer),
        }
    }

    /// The request that ends a call.
    pub fn end(&self, id: &str, answered: Answered, now: SystemTime) -> Option<Asking> {
        match self {
            Self::Twilio(twilio) => Some(twilio.end(id, answered)),
            Self::Vonage(vonage) => vonage.end(id, now),
        }
    }

    /// The request for how far a call is.
    pub fn ask_status(&self, id: &str, now: SystemTime) -> Option<Asking> {
        match self {
            Self::Twilio(twilio) => Some(twilio.ask_status(id)),
            Self::Vonage(vonage) => vonage.ask_status(id, now),
        }
    }

    /// What the answer to it means; none if it tells nothing.
    pub fn status(&self, answer: &Answer) -> Option<Status> {
        match self {
            Self::Twilio(_) => crate::twilio::status_of_answer(answer),
            Self::Vonage(_) => crate::vonage::status_of_answer(answer),
        }
    }

    /// A request that only proves who we are.
    pub fn ask_who_we_are(&self, now: SystemTime) -> Option<Asking> {
        match self {
            Self::Twilio(twilio) => Some(twilio.ask_who_we_are()),
            Self::Vonage(vonage) => vonage.ask_who_we_are(now),
        }
    }

    /// What a webhook tells, if it is from the provider.
    ///
    /// # Errors
    ///
    /// [`Refused`]; first of all if the signature does not fit.
    pub fn read(&self, received: &Received<'_>, place: Place) -> Result<News, Refused> {
        match self {
            Self::Twilio(twilio) => twilio.read(received, place),
            Self::Vonage(vonage) => vonage.read(received, place),
        }
    }

    /// What the provider is to do, as it wants to be told: the kind of content, and the content.
    pub fn document(&self, turn: Turn, setting: &Setting<'_>) -> (&'static str, String) {
        match self {
            Self::Twilio(_) => ("text/xml", crate::twilio::document(turn, setting)),
            Self::Vonage(_) => ("application/json", crate::vonage::document(turn, setting)),
        }
    }
}

/// Whether a call was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// It was.
    Yes,
    /// It was not, as far as we know.
    NotYet,
}

/// Bounds what a provider names a call by; none if it is nothing that can stand in a path.
pub(crate) fn provider_id(text: &str) -> Option<String> {
    let fits = (1..=crate::limits::MAX_PROVIDER_ID).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    fits.then(|| text.to_owned())
}
