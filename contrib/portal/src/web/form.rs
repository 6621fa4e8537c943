//! A form that was sent: by this browser, from a page of the portal, and no larger than a form is.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts as _, Request};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_TYPE, ORIGIN};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use zeroize::Zeroizing;

use super::{Portal, Problem, Visit};
use crate::limits;
use crate::secret::Secret;

/// The fields of a form, after the checks that every form passes.
pub(crate) struct Form<T>(pub(crate) T);

/// What every form carries beside its fields.
#[derive(Deserialize)]
struct Bound {
    #[serde(default)]
    form_token: Secret,
}

impl<T: DeserializeOwned> FromRequest<Arc<Portal>> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, portal: &Arc<Portal>) -> Result<Self, Problem> {
        let (mut parts, body) = request.into_parts();
        let visit = Visit::from_request_parts(&mut parts, portal).await?;
        check_origin(&parts.headers, &portal.config.public_url)?;
        check_kind(&parts.headers)?;
        let request = Request::from_parts(parts, body);
        let body = Bytes::from_request(request, &()).await.map_err(|_| Problem::TooLarge)?;
        check_fields(&body)?;
        let bound: Bound = serde_urlencoded::from_bytes(&body).map_err(|_| Problem::Malformed)?;
        // A browser that has just got its secret has no page of ours open.
        if visit.is_new || bound.form_token != visit.form_token() {
            return Err(Problem::Stale);
        }
        serde_urlencoded::from_bytes(&body).map(Self).map_err(|_| Problem::Malformed)
    }
}

/// Refuses what another site sends. Browsers without these headers are left to the form's own token; a page without
/// referrer sends `Origin: null`.
fn check_origin(headers: &HeaderMap, public_url: &str) -> Result<(), Problem> {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let ours = |origin: &str| origin == "null" || public_url.trim_end_matches('/') == origin;
    let origin = text(ORIGIN.as_str()).is_none_or(ours);
    if site && origin { Ok(()) } else { Err(Problem::Stale) }
}

/// Refuses what no form of ours is sent as.
fn check_kind(headers: &HeaderMap) -> Result<(), Problem> {
    let mut kinds = headers.get_all(CONTENT_TYPE).iter();
    let kind = kinds.next().and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let is_form = kind.eq_ignore_ascii_case("application/x-www-form-urlencoded");
    if is_form && kinds.next().is_none() { Ok(()) } else { Err(Problem::Malformed) }
}

/// Refuses what no browser makes of a form: bytes that are not encoded, encodings that are none, texts that are none,
/// a field twice. What reads forms after this would guess at them.
fn check_fields(body: &[u8]) -> Result<(), Problem> {
    let mut names = Vec::new();
    for field in body.split(|byte| *byte == b'&').filter(|field| !field.is_empty()) {
        let end = field.iter().position(|byte| *byte == b'=').unwrap_or(field.len());
        let (name, value) = (field.get(..end), field.get(end..));
        let name = decoded(name.unwrap_or_default()).ok_or(Problem::Malformed)?;
        let value = decoded(value.unwrap_or_default()).ok_or(Problem::Malformed)?;
        let is_text = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok() && !bytes.contains(&0);
        if !is_text(&name) || !is_text(&value) || names.contains(&name) {
            return Err(Problem::Malformed);
        }
        if value.len() > limits::FIELD_BYTES || names.len() == limits::FIELDS {
            return Err(Problem::TooLarge);
        }
        names.push(name);
    }
    Ok(())
}

/// What a percent-encoded text of visible characters means (URL standard §1.3); nothing if it is not one.
pub(super) fn decoded(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        let byte = match byte {
            b'%' => u8::try_from(digit(rest.next())? * 16 + digit(rest.next())?).ok()?,
            byte if byte.is_ascii_graphic() => *byte,
            _ => return None,
        };
        bytes.push(byte);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_what_browsers_make_of_one() {
        for fine in ["", "a=1", "a=1&b=2", "a=&b", "a=%C3%A9+%0D%0A%26", "&a=1&", "a=b=c", "a=*-._~!'()"] {
            assert_eq!(check_fields(fine.as_bytes()), Ok(()), "{fine}");
        }
        let long = format!("a={}", "x".repeat(limits::FIELD_BYTES));
        assert_eq!(check_fields(long.as_bytes()), Err(Problem::TooLarge));
        let many: Vec<_> = (0..=limits::FIELDS).map(|number| format!("f{number}=1")).collect();
        assert_eq!(check_fields(many.join("&").as_bytes()), Err(Problem::TooLarge));
        for wrong in [
            &b"a=%"[..],
            b"a=%4",
            b"a=%g0",
            b"a=%+1",
            b"a=1&a=2",
            b"a=1&%61=2",
            b"a=%ff",
            b"a=%00",
            b"a=\xff",
            b"a= b",
            b"a=\r\nb",
            b"{\"a\":\t1}",
            b"a=%ED%A0%80",
        ] {
            assert_eq!(check_fields(wrong), Err(Problem::Malformed), "{}", String::from_utf8_lossy(wrong));
        }
    }

    #[test]
    fn a_form_says_what_it_is_and_comes_from_here() {
        let headers = |lines: &[(&'static str, &'static str)]| -> HeaderMap {
            let line = |(name, value): &(&'static str, &'static str)| {
                (axum::http::HeaderName::from_static(name), axum::http::HeaderValue::from_static(value))
            };
            lines.iter().map(line).collect()
        };
        let form = "application/x-www-form-urlencoded";
        assert_eq!(check_kind(&headers(&[("content-type", form)])), Ok(()));
        assert_eq!(
            check_kind(&headers(&[("content-type", "Application/X-WWW-Form-Urlencoded; charset=UTF-8")])),
            Ok(())
        );
        for wrong in ["text/plain", "multipart/form-data; boundary=x", "application/json", ""] {
            assert_eq!(check_kind(&headers(&[("content-type", wrong)])), Err(Problem::Malformed), "{wrong}");
        }
        assert_eq!(check_kind(&HeaderMap::new()), Err(Problem::Malformed));
        let from = |lines: &[(&'static str, &'static str)]| {
            check_origin(&headers(lines), "https://a.example").is_ok()
        };
        assert!(from(&[]) && from(&[("origin", "null")]) && from(&[("origin", "https://a.example")]));
        assert!(from(&[("sec-fetch-site", "same-origin")]) && from(&[("sec-fetch-site", "none")]));
        for wrong in
            ["http://a.example", "https://a.example:444", "https://a.example.evil", "https://evil", ""]
        {
            assert!(!from(&[("origin", wrong)]), "{wrong}");
        }
        for wrong in ["cross-site", "same-site", "", "?"] {
            assert!(!from(&[("sec-fetch-site", wrong), ("origin", "null")]), "{wrong}");
        }
    }
}
