//! How a call ended: what a provider says of it, and the disposition that the daemon acts on.
//!
//! The words are the SIP plugin's. The tables from providers' words are with each provider; here is what follows from
//! them, and from the SIP status that some of them give.

use std::time::Duration;

use readmit_telephone::outcome::{Detail, Disposition};

/// How far a call is, as the provider tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// It waits at the provider.
    Queued,
    /// It is being placed.
    Calling,
    /// The telephone rings.
    Ringing,
    /// It was answered.
    Answered,
    /// It is over.
    Ended(End),
}

/// What a provider tells of a call that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct End {
    /// What became of it.
    pub kind: Kind,
    /// The provider's own word.
    pub word: String,
    /// The final SIP status, if it gives one.
    pub sip: Option<u16>,
    /// The provider's error code, if it gives one.
    pub code: Option<u32>,
    /// How long the answered call took, if it says so.
    pub took: Option<Duration>,
}

/// What became of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It was answered and is over.
    Completed,
    /// The line is busy.
    Busy,
    /// Nobody answered.
    NoAnswer,
    /// Somebody ended it before the answer.
    Cancelled,
    /// The network refused it.
    Failed,
    /// The number does not exist.
    NoSuchNumber,
    /// The account may not make it.
    Forbidden,
}

impl End {
    /// The disposition of a call whose outcome the conversation did not settle.
    pub fn disposition(&self, max_call: Duration) -> Disposition {
        // Many networks have busy or nobody there stand for a declined call, and only the status tells.
        let declined = matches!(self.sip, Some(603 | 607 | 608));
        match self.kind {
            Kind::Completed if self.took.is_some_and(|took| took >= max_call) => Disposition::MaxDuration,
            Kind::Completed => Disposition::HungUp,
            Kind::Busy | Kind::NoAnswer | Kind::Failed if declined => Disposition::Declined,
            Kind::Busy => Disposition::Busy,
            Kind::NoAnswer | Kind::Cancelled => Disposition::NoAnswer,
            Kind::NoSuchNumber => Disposition::InvalidNumber,
            Kind::Forbidden => Disposition::TrunkForbidden,
            Kind::Failed => match self.sip {
                // What networks ask of the provider is not about our credentials.
                None | Some(401 | 407) => Disposition::Rejected,
                Some(status) => Disposition::of_status(status),
            },
        }
    }

    /// Adds what the administrator reads.
    pub fn tell(&self, detail: Detail) -> Detail {
        detail
            .header("the provider says", Some(&self.word))
            .and_if(self.sip.map(|status| format!("SIP {status}")))
            .and_if(self.code.map(|code| format!("error {code}")))
            .and_if(self.took.map(|took| format!("answered for {} s", took.as_secs())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(kind: Kind, sip: Option<u16>, took: Option<u64>) -> End {
        End { kind, word: "failed".to_owned(), sip, code: Some(13224), took: took.map(Duration::from_secs) }
    }

    #[test]
    fn kinds_and_statuses() {
        use Disposition::*;
        let table = [
            (Kind::Completed, Some(200), Some(30), HungUp),
            (Kind::Completed, Some(200), Some(120), MaxDuration),
            (Kind::Completed, None, None, HungUp),
            (Kind::Busy, None, None, Busy),
            (Kind::Busy, Some(486), None, Busy),
            (Kind::Busy, Some(603), None, Declined),
            (Kind::NoAnswer, Some(480), None, NoAnswer),
            (Kind::NoAnswer, Some(607), None, Declined),
            (Kind::Cancelled, Some(487), None, NoAnswer),
            (Kind::Failed, None, None, Rejected),
            (Kind::Failed, Some(404), None, InvalidNumber),
            (Kind::Failed, Some(407), None, Rejected),
            (Kind::Failed, Some(403), None, TrunkForbidden),
            (Kind::Failed, Some(503), None, Unreachable),
            (Kind::Failed, Some(608), None, Declined),
            (Kind::NoSuchNumber, None, None, InvalidNumber),
            (Kind::Forbidden, None, None, TrunkForbidden),
        ];
        for (kind, sip, took, disposition) in table {
            let end = end(kind, sip, took);
            assert_eq!(end.disposition(Duration::from_secs(120)), disposition, "{end:?}");
        }
    }

    #[test]
    fn the_detail_has_the_providers_own_words() {
        let told = end(Kind::Failed, Some(404), Some(3)).tell(Detail::default()).to_string();
        assert_eq!(told, "the provider says failed; SIP 404; error 13224; answered for 3 s");
    }
}
