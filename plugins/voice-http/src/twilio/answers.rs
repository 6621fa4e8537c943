//! What the answers of the REST interface mean.

use std::time::Duration;

use readmit_telephone::outcome::{Detail, Disposition};
use serde::Deserialize;
use serde_json::Value;

use crate::client::Answer;
use crate::ending::{End, Kind, Status};
use crate::provider::{Placed, provider_id};

/// An error as the interface writes it.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Complaint {
    code: Option<u32>,
    message: Option<String>,
}

/// What the answer to a request for a call means.
pub fn placed(answer: &Answer) -> Placed {
    if (200..300).contains(&answer.status) {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        return match body["sid"].as_str().and_then(provider_id) {
            Some(sid) => Placed::Taken(sid),
            None => {
                Placed::Unclear(Detail::new(format!("HTTP {}, and no call in the answer", answer.status)))
            }
        };
    }
    let complaint: Complaint = serde_json::from_slice(&answer.body).unwrap_or_default();
    let detail = Detail::new(format!("HTTP {}", answer.status))
        .header("the provider says", complaint.message.as_deref())
        .and_if(complaint.code.map(|code| format!("error {code}")));
    let (disposition, note) = match (answer.status, complaint.code) {
        (429, _) | (_, Some(20429)) => return Placed::Later(answer.retry_after, detail),
        (401, _) | (_, Some(20003)) => (Disposition::TrunkAuth, Some("check account and its secret")),
        (_, Some(21211 | 21214 | 21217)) => (Disposition::InvalidNumber, None),
        (_, Some(21210 | 21212 | 21213)) => {
            (Disposition::TrunkForbidden, Some("check from: it has to be a number of the account"))
        }
        (_, Some(21205 | 21218)) => (Disposition::ProviderError, Some("check public_url")),
        (402 | 403, _) | (_, Some(20005 | 21202 | 21203 | 21215 | 21216 | 21219)) => {
            (Disposition::TrunkForbidden, Some("credit or destination is not allowed at the provider"))
        }
        (300..=399, _) => {
            (Disposition::ProviderError, Some("redirections are never followed: check base_url"))
        }
        (404, _) => (Disposition::ProviderError, Some("check account and base_url")),
        (400..=499, _) => (Disposition::Rejected, None),
        _ => (Disposition::ProviderError, None),
    };
    Placed::Refused(disposition, detail.and_if(note.map(str::to_owned)))
}

/// What the answer to a question about a call means.
pub fn status_of_answer(answer: &Answer) -> Option<Status> {
    if answer.status != 200 {
        return None;
    }
    let body: Value = serde_json::from_slice(&answer.body).ok()?;
    // The seconds are a text here.
    let took = body["duration"].as_str().and_then(|text| text.parse().ok());
    status(body["status"].as_str()?, None, None, took)
}

/// What a word for a call's status means; none if it is none.
pub(super) fn status(word: &str, sip: Option<u16>, code: Option<u32>, took: Option<u64>) -> Option<Status> {
    let kind = match word {
        "queued" => return Some(Status::Queued),
        "initiated" => return Some(Status::Calling),
        "ringing" => return Some(Status::Ringing),
        "in-progress" | "answered" => return Some(Status::Answered),
        "completed" => Kind::Completed,
        "busy" => Kind::Busy,
        "no-answer" => Kind::NoAnswer,
        "canceled" => Kind::Cancelled,
        "failed" => match code {
            Some(13223 | 13224 | 21211 | 21214 | 21217) => Kind::NoSuchNumber,
            Some(13225 | 13227 | 21215 | 21216) => Kind::Forbidden,
            _ => Kind::Failed,
        },
        _ => return None,
    };
    Some(Status::Ended(End { kind, word: word.to_owned(), sip, code, took: took.map(Duration::from_secs) }))
}

#[cfg(test)]
mod tests {
    use hyper::body::Bytes;

    use super::*;

    fn answer(status: u16, body: &str) -> Answer {
        Answer { status, retry_after: None, body: Bytes::copy_from_slice(body.as_bytes()) }
    }

    #[test]
    fn errors_have_the_dispositions_of_the_sip_plugin() {
        use Disposition::*;
        let table = [
            (401, 20003, TrunkAuth),
            (403, 20003, TrunkAuth),
            (400, 21211, InvalidNumber),
            (400, 21214, InvalidNumber),
            (400, 21217, InvalidNumber),
            (400, 21212, TrunkForbidden),
            (400, 21210, TrunkForbidden),
            (400, 21215, TrunkForbidden),
            (400, 21219, TrunkForbidden),
            (403, 0, TrunkForbidden),
            (402, 0, TrunkForbidden),
            (400, 21205, ProviderError),
            (404, 20404, ProviderError),
            (400, 99999, Rejected),
            (422, 0, Rejected),
            (302, 0, ProviderError),
            (500, 20500, ProviderError),
            (503, 0, ProviderError),
        ];
        for (status, code, disposition) in table {
            let body = format!("{{\"code\":{code},\"message\":\"not to +14155550123\",\"status\":{status}}}");
            let Placed::Refused(found, detail) = placed(&answer(status, &body)) else {
                panic!("{status} {code}")
            };
            assert_eq!(found, disposition, "{status} {code}");
            let detail = detail.to_string();
            assert!(
                detail.contains(&format!("HTTP {status}")) && detail.contains(&code.to_string()),
                "{detail}"
            );
            assert!(!detail.contains("4155550123"), "{detail}");
        }
    }

    #[test]
    fn too_many_is_not_a_refusal() {
        let mut busy = answer(429, "{\"code\":20429}");
        busy.retry_after = Some(Duration::from_secs(2));
        assert!(matches!(placed(&busy), Placed::Later(Some(_), _)));
        assert!(matches!(placed(&answer(503, "{\"code\":20429}")), Placed::Later(None, _)));
    }

    #[test]
    fn an_answer_without_a_call_is_unclear_and_never_asked_again() {
        assert_eq!(placed(&answer(201, "{\"sid\":\"CA12\"}")), Placed::Taken("CA12".to_owned()));
        for body in ["", "{}", "{\"sid\":7}", "{\"sid\":\"../x\"}", "<html>"] {
            assert!(matches!(placed(&answer(201, body)), Placed::Unclear(_)), "{body}");
        }
    }

    #[test]
    fn what_became_of_a_call() {
        let asked = |body: &str| status_of_answer(&answer(200, body));
        assert_eq!(asked("{\"status\":\"ringing\"}"), Some(Status::Ringing));
        let Some(Status::Ended(end)) = asked("{\"status\":\"completed\",\"duration\":\"42\"}") else {
            panic!()
        };
        assert_eq!((end.kind, end.took), (Kind::Completed, Some(Duration::from_secs(42))));
        assert_eq!(asked("{\"status\":\"levitating\"}"), None);
        assert_eq!(status_of_answer(&answer(404, "{\"status\":\"ringing\"}")), None);
        let Some(Status::Ended(end)) = status("failed", None, Some(13224), None) else { panic!() };
        assert_eq!(end.kind, Kind::NoSuchNumber);
    }
}
