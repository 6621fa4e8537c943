//! What the answers of the REST interface mean.

use std::time::Duration;

use readmit_telephone::outcome::{Detail, Disposition};
use serde::Deserialize;
use serde_json::Value;

use crate::client::Answer;
use crate::ending::{End, Kind, Status};
use crate::provider::{Placed, provider_id};

/// An error as the interface writes it (problem details, and an older form).
#[derive(Default, Deserialize)]
#[serde(default)]
struct Complaint {
    title: Option<String>,
    error_title: Option<String>,
    detail: Option<String>,
    invalid_parameters: Value,
}

/// What the answer to a request for a call means.
pub fn placed(answer: &Answer) -> Placed {
    if (200..300).contains(&answer.status) {
        let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        return match body["uuid"].as_str().and_then(provider_id) {
            Some(uuid) => Placed::Taken(uuid),
            None => {
                Placed::Unclear(Detail::new(format!("HTTP {}, and no call in the answer", answer.status)))
            }
        };
    }
    let complaint: Complaint = serde_json::from_slice(&answer.body).unwrap_or_default();
    let says = complaint.detail.as_ref().or(complaint.title.as_ref()).or(complaint.error_title.as_ref());
    let detail =
        Detail::new(format!("HTTP {}", answer.status)).header("the provider says", says.map(String::as_str));
    // Depending on the kind of error, an object by name, or a list of objects with a name.
    let at_fault = |name: &str| match &complaint.invalid_parameters {
        Value::Object(parameters) => parameters.keys().any(|key| key.starts_with(name)),
        Value::Array(list) => {
            list.iter().any(|entry| entry["name"].as_str().is_some_and(|found| found.starts_with(name)))
        }
        _ => false,
    };
    let (disposition, note) = match answer.status {
        429 => return Placed::Later(answer.retry_after, detail),
        401 => {
            (Disposition::TrunkAuth, Some("check application and private_key_file, and this machine's clock"))
        }
        402 | 403 => {
            (Disposition::TrunkForbidden, Some("credit or destination is not allowed at the provider"))
        }
        300..=399 => (Disposition::ProviderError, Some("redirections are never followed: check base_url")),
        404 => (Disposition::ProviderError, Some("check base_url")),
        400..=499 if at_fault("to") => (Disposition::InvalidNumber, None),
        400..=499 if at_fault("from") => {
            (Disposition::TrunkForbidden, Some("check from: it has to be a number of the application"))
        }
        400..=499 => (Disposition::Rejected, None),
        _ => (Disposition::ProviderError, None),
    };
    Placed::Refused(disposition, detail.and_if(note.map(str::to_owned)))
}

/// What the answer to a question about a call means.
pub fn status_of_answer(answer: &Answer) -> Option<Status> {
    if answer.status != 200 {
        return None;
    }
    status(&serde_json::from_slice(&answer.body).ok()?)
}

/// What an object with a call's status means; none if it is nothing that concerns us.
pub(super) fn status(event: &Value) -> Option<Status> {
    let word = event["status"].as_str()?;
    let kind = match word {
        "started" => return Some(Status::Calling),
        "ringing" => return Some(Status::Ringing),
        "answered" => return Some(Status::Answered),
        "completed" | "disconnected" => Kind::Completed,
        "busy" => Kind::Busy,
        "unanswered" | "timeout" => Kind::NoAnswer,
        "cancelled" => Kind::Cancelled,
        "rejected" | "failed" => Kind::Failed,
        _ => return None,
    };
    // Numbers are written as such, or as texts.
    let number = |value: &Value| value.as_u64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
    let sip = number(&event["sip_code"]).and_then(|status| u16::try_from(status).ok());
    let took = number(&event["duration"]).map(Duration::from_secs);
    Some(Status::Ended(End { kind, word: word.to_owned(), sip, code: None, took }))
}

#[cfg(test)]
mod tests {
    use hyper::body::Bytes;
    use serde_json::json;

    use super::*;

    fn answer(status: u16, body: &Value) -> Answer {
        Answer { status, retry_after: None, body: Bytes::from(body.to_string()) }
    }

    #[test]
    fn errors_have_the_dispositions_of_the_sip_plugin() {
        use Disposition::*;
        let table = [
            (401, json!({ "title": "Unauthorized" }), TrunkAuth),
            (403, json!({}), TrunkForbidden),
            (402, json!({}), TrunkForbidden),
            (
                400,
                json!({ "invalid_parameters": [{ "name": "to[0].number", "reason": "x" }] }),
                InvalidNumber,
            ),
            (400, json!({ "invalid_parameters": { "to": "x" } }), InvalidNumber),
            (422, json!({ "invalid_parameters": [{ "name": "from", "reason": "x" }] }), TrunkForbidden),
            (400, json!({ "detail": "no" }), Rejected),
            (404, json!({}), ProviderError),
            (302, json!({}), ProviderError),
            (500, json!("x"), ProviderError),
        ];
        for (status, body, disposition) in table {
            let Placed::Refused(found, detail) = placed(&answer(status, &body)) else { panic!("{status}") };
            assert_eq!(found, disposition, "{status} {body}: {detail}");
        }
        assert!(matches!(placed(&answer(429, &json!({}))), Placed::Later(None, _)));
        assert_eq!(placed(&answer(201, &json!({ "uuid": "6-a" }))), Placed::Taken("6-a".to_owned()));
        assert!(matches!(placed(&answer(201, &json!({}))), Placed::Unclear(_)));
    }

    #[test]
    fn what_became_of_a_call() {
        for (word, kind) in [
            ("completed", Kind::Completed),
            ("busy", Kind::Busy),
            ("unanswered", Kind::NoAnswer),
            ("timeout", Kind::NoAnswer),
            ("cancelled", Kind::Cancelled),
            ("rejected", Kind::Failed),
            ("failed", Kind::Failed),
        ] {
            let Some(Status::Ended(end)) =
                status(&json!({ "status": word, "duration": "7", "sip_code": 404 }))
            else {
                panic!("{word}")
            };
            assert_eq!((end.kind, end.sip, end.took), (kind, Some(404), Some(Duration::from_secs(7))));
        }
        assert_eq!(status(&json!({ "status": "human" })), None);
        assert_eq!(status_of_answer(&answer(200, &json!({ "status": "ringing" }))), Some(Status::Ringing));
        assert_eq!(status_of_answer(&answer(404, &json!({ "status": "ringing" }))), None);
    }
}
