//! Registering with a trunk that takes calls only from those who did (RFC 3261 §10). No call ever comes of it: calls
//! to us are refused.

use std::time::Duration;

use readmit_telephone::outcome::peer_text;
use rsipstack::sip::typed::Contact;
use rsipstack::sip::{CallId, Header, Method, Response, Uri};
use tokio::time::{Instant, timeout};

use crate::limits;
use crate::link::LinkError;
use crate::request::{Ask, AskError};
use crate::signalling::Signalling;

/// What was registered, over all renewals.
#[derive(Default)]
pub(crate) struct Registered {
    call_id: Option<CallId>,
    sequence: u32,
    until: Option<Instant>,
}

/// Why we are not registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// There is no way to the trunk.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Nothing was answered in time.
    #[error("the trunk does not answer REGISTER")]
    Silent,
    /// There was no response.
    #[error("REGISTER: {0}")]
    Unanswered(String),
    /// The trunk does not know us.
    #[error("the trunk refused username and password at REGISTER")]
    Unknown,
    /// The trunk asks for what we cannot do.
    #[error("the trunk asks for an authentication at REGISTER that is not supported")]
    Challenge,
    /// The trunk refused.
    #[error("the trunk answered REGISTER with {status} {phrase}")]
    Refused {
        /// The status.
        status: u16,
        /// Its phrase.
        phrase: String,
    },
}

impl RegisterError {
    /// Whether it is the credentials.
    pub fn is_auth(&self) -> bool {
        matches!(self, RegisterError::Unknown | RegisterError::Challenge)
    }
}

impl Signalling {
    /// Makes sure that we are registered, if the trunk wants it. Gives how long that holds.
    pub(crate) async fn be_registered(&self) -> Result<Option<Duration>, RegisterError> {
        self.be_registered_for(limits::REGISTER_MARGIN).await
    }

    /// Renews well before it ends.
    pub(crate) async fn renew(&self) -> Result<Option<Duration>, RegisterError> {
        self.be_registered_for(self.register.unwrap_or_default().mul_f32(0.3)).await
    }

    async fn be_registered_for(&self, least: Duration) -> Result<Option<Duration>, RegisterError> {
        let Some(wanted) = self.register else { return Ok(None) };
        let mut registered = self.registered.lock().await;
        let now = Instant::now();
        if let Some(left) = registered.until.and_then(|until| until.checked_duration_since(now))
            && left > least
        {
            return Ok(Some(left));
        }
        registered.until = None;
        let asked = timeout(limits::PROBE, self.register(&mut registered, wanted)).await;
        let granted = asked.map_err(|_| RegisterError::Silent)??;
        registered.until = Some(now + granted);
        Ok(Some(granted))
    }

    /// Takes the registration back, if there is one.
    pub(crate) async fn deregister(&self) {
        let mut registered = self.registered.lock().await;
        if registered.until.take().is_some() {
            // It ends by itself if nobody answers.
            drop(timeout(limits::BYE, self.register(&mut registered, Duration::ZERO)).await);
        }
    }

    async fn register(
        &self,
        registered: &mut Registered,
        wanted: Duration,
    ) -> Result<Duration, RegisterError> {
        let way = self.link.open().await?;
        let user = self.login.as_ref().map_or(self.from.as_str(), |login| login.username.as_str());
        let party = self.uri(user);
        let contact = Contact { display_name: None, uri: self.contact(&way), params: Vec::new() };
        let mut wanted = wanted;
        // The second time with what the registrar wants at least.
        for _ in 0..2 {
            registered.sequence += 1;
            let mut ask = Ask {
                method: Method::Register,
                uri: Uri { auth: None, ..party.clone() },
                party: party.clone(),
                headers: vec![
                    Header::Contact(contact.clone().into()),
                    Header::Expires(u32::try_from(wanted.as_secs()).unwrap_or(u32::MAX).into()),
                ],
                call_id: registered.call_id.clone(),
                sequence: registered.sequence,
            };
            let response = self.ask(&way, &mut ask).await.map_err(|error| match error {
                AskError::Challenge => RegisterError::Challenge,
                other => RegisterError::Unanswered(other.to_string()),
            })?;
            registered.sequence = ask.sequence;
            registered.call_id = call_id(&response).or(registered.call_id.take());
            match response.status_code.code() {
                200 => {
                    return Ok(granted(&response, &contact.uri).unwrap_or(wanted).min(limits::MAX_REGISTER));
                }
                401 | 407 => return Err(RegisterError::Unknown),
                423 => match minimum(&response).filter(|least| *least > wanted) {
                    Some(least) => wanted = least,
                    None => return Err(refused(&response)),
                },
                _ => return Err(refused(&response)),
            }
        }
        Err(RegisterError::Refused { status: 423, phrase: "Interval Too Brief".to_owned() })
    }
}

fn refused(response: &Response) -> RegisterError {
    let phrase = response.wire_reason.as_deref().unwrap_or_else(|| response.status_code.text());
    RegisterError::Refused { status: response.status_code.code(), phrase: peer_text(phrase) }
}

fn call_id(response: &Response) -> Option<CallId> {
    response.headers.iter().find_map(|header| match header {
        Header::CallId(id) => Some(id.clone()),
        _ => None,
    })
}

/// How long the registrar keeps our contact: the contact's own parameter counts, and else the header.
fn granted(response: &Response, ours: &Uri) -> Option<Duration> {
    let contacts = response.headers.iter().filter_map(|header| match header {
        Header::Contact(contact) => Contact::parse(contact.value()).ok(),
        _ => None,
    });
    let place = |uri: &Uri| uri.host_with_port.to_string();
    let own = contacts.filter(|contact| place(&contact.uri) == place(ours)).find_map(|contact| {
        contact.params.iter().chain(contact.uri.params.iter()).find_map(|parameter| match parameter {
            rsipstack::sip::Param::Expires(expires) => expires.value().parse().ok(),
            _ => None,
        })
    });
    let header = || {
        response.headers.iter().find_map(|header| match header {
            Header::Expires(expires) => expires.value().trim().parse().ok(),
            _ => None,
        })
    };
    own.or_else(header).map(Duration::from_secs)
}

fn minimum(response: &Response) -> Option<Duration> {
    let seconds = response.headers.iter().find_map(|header| match header {
        Header::MinExpires(least) => least.value().trim().parse().ok(),
        _ => None,
    })?;
    Some(Duration::from_secs(seconds)).filter(|least| *least <= limits::MAX_REGISTER)
}
