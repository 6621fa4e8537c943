//! The hand-over to an organization's own login, which sent the person here and gets them back (HAND_OVER.md).
//!
//! What it asked for is checked against the configuration when the person comes, and again each time it is used: in
//! between it travels in the browser, in a hidden field and then in a cookie that belongs to one case. Nothing here
//! redirects by itself; a person is sent on only by a button, and only to an address that the configuration has.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use maud::{Markup, html};
use serde::{Deserialize, Serialize};

use super::parts;
use crate::config::{Client, Clients};
use crate::limits;
use crate::secret::Secret;
use crate::web::{Cookie, Page, Portal, Problem, Visit};

/// The states in which a recovery has ended without a way in.
const ENDED: [&str; 4] = ["denied", "vetoed", "cancelled", "expired"];

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new().route("/case/back", get(back)).route("/.well-known/jwks.json", get(keys))
}

/// Where a person comes from, and how they get back there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HandOver {
    /// What the login calls itself.
    pub(crate) client: String,
    /// What people call it.
    pub(crate) name: String,
    uri: String,
    origin: String,
    state: Secret,
    /// What its token is to carry.
    pub(crate) nonce: Secret,
}

/// What a login asked for when it sent a person here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    /// Where the person comes from; none who came by themselves.
    pub(crate) hand_over: Option<HandOver>,
    /// The account that the login believes it is about.
    pub(crate) login_hint: String,
}

/// What is wrong with how a login sent a person here; the words are its parameters', for its operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wrong {
    Client,
    Redirect,
    State,
    Nonce,
    Twice,
}

/// As it travels in the browser.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Packed<'a> {
    client: &'a str,
    uri: &'a str,
    state: String,
    nonce: String,
    /// What it is bound to.
    to: String,
}

impl Asked {
    /// Reads the query of a visit to `/recover`.
    ///
    /// # Errors
    /// [`Wrong`]: nobody knows then whom to tell but the person.
    pub(crate) fn read(clients: &Clients, query: &str) -> Result<Self, Wrong> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).unwrap_or_default();
        let known = ["client_id", "redirect_uri", "state", "nonce", "login_hint"];
        let [client, uri, state, nonce, hint] =
            known.map(|name| pairs.iter().filter(move |pair| pair.0 == name));
        let mut all = [client, uri, state, nonce, hint];
        let [client, uri, state, nonce, hint] =
            all.each_mut().map(|values| values.next().map(|pair| pair.1.as_str()).unwrap_or_default());
        // RFC 6749 §3.1: two readers might each take another of them.
        if all.iter_mut().any(|values| values.next().is_some()) {
            return Err(Wrong::Twice);
        }
        let fits = hint.len() <= limits::HINT_BYTES && !hint.contains(char::is_control);
        let login_hint = if fits { hint.to_owned() } else { String::new() };
        if client.is_empty() && uri.is_empty() && state.is_empty() && nonce.is_empty() {
            return Ok(Self { hand_over: None, login_hint });
        }
        let client = clients.find(client).ok_or(Wrong::Client)?;
        let hand_over = HandOver::new(client, uri, state, nonce)?;
        Ok(Self { hand_over: Some(hand_over), login_hint })
    }
}

impl HandOver {
    fn new(client: &Client, uri: &str, state: &str, nonce: &str) -> Result<Self, Wrong> {
        let redirect = client.redirect(uri).ok_or(Wrong::Redirect)?;
        let visible = |text: &str| text.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if !(1..=limits::STATE_BYTES).contains(&state.len()) || !visible(state) {
            return Err(Wrong::State);
        }
        if !(1..=limits::NONCE_BYTES).contains(&nonce.len())
            || !nonce.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(Wrong::Nonce);
        }
        Ok(Self {
            client: client.id.clone(),
            name: client.name.clone(),
            uri: redirect.uri().to_owned(),
            origin: redirect.origin().to_owned(),
            state: Secret::new(state),
            nonce: Secret::new(nonce),
        })
    }

    /// Scheme, host and port of where the person comes from.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// What the form that opens the recovery carries along: the value of its hidden field `hand_over`.
    pub(crate) fn carried(&self) -> Secret {
        self.packed(String::new())
    }

    /// What a form has carried along; none where it is not what a page of ours would carry.
    pub(crate) fn brought(clients: &Clients, field: &Secret) -> Option<Self> {
        Self::unpacked(clients, field, "")
    }

    /// What the browser keeps until the end of this case.
    fn kept(&self, case: &Secret) -> Secret {
        self.packed(bound_to(case).expose().to_owned())
    }

    /// Where the person of this visit comes from, if their case was begun so.
    pub(crate) fn of(visit: &Visit) -> Option<Self> {
        let (case, kept) = (visit.case().ok()?, visit.hand_over.as_ref()?);
        Self::unpacked(&visit.portal.config.clients, kept, bound_to(case).expose())
    }

    /// Has the browser keep it to the end of this case; or forget what it kept for another.
    pub(crate) fn keep(this: Option<&Self>, page: Page, visit: &Visit, case: &Secret) -> Page {
        match this {
            Some(hand_over) => page.set(visit, Cookie::HandOver, &hand_over.kept(case)),
            None => page.remove(visit, Cookie::HandOver),
        }
    }

    fn packed(&self, to: String) -> Secret {
        let (state, nonce) = (self.state.expose().to_owned(), self.nonce.expose().to_owned());
        let packed = Packed { client: &self.client, uri: &self.uri, state, nonce, to };
        // Texts alone: they can be written.
        Secret::new(URL_SAFE_NO_PAD.encode(serde_json::to_vec(&packed).unwrap_or_default()))
    }

    fn unpacked(clients: &Clients, packed: &Secret, to: &str) -> Option<Self> {
        if packed.expose().len() > limits::HAND_OVER_BYTES {
            return None;
        }
        let bytes = URL_SAFE_NO_PAD.decode(packed.expose()).ok()?;
        let packed: Packed<'_> = serde_json::from_slice(&bytes).ok()?;
        if Secret::new(packed.to.as_str()) != Secret::new(to) {
            return None;
        }
        Self::new(clients.find(packed.client)?, packed.uri, &packed.state, &packed.nonce).ok()
    }

    /// The form that takes the person back, and the page that may hold it.
    pub(crate) fn send(&self, name: &str, value: &str, button: &str) -> Markup {
        html! {
            form method="post" action=(self.uri) class="send" {
                input type="hidden" name=(name) value=(value);
                input type="hidden" name="state" value=(self.state.expose());
                (parts::primary(button))
            }
        }
    }
}

impl Wrong {
    const fn parameter(self) -> &'static str {
        match self {
            Self::Client => "client_id",
            Self::Redirect => "redirect_uri",
            Self::State => "state",
            Self::Nonce => "nonce",
            Self::Twice => "client_id, redirect_uri, state, nonce, login_hint",
        }
    }

    /// The page that says so. It leads nowhere but to the portal.
    pub(crate) fn page(self, visit: &Visit) -> Page {
        let title = visit.say("hand-over-wrong");
        let what = if self == Self::Twice { "hand-over-wrong-twice" } else { "hand-over-wrong-parameter" };
        let content = html! {
            h1 { (title) }
            p { (visit.say("hand-over-wrong-next")) }
            p class="hint" { (visit.say_with(what, &[("parameter", self.parameter())])) }
            p { a class="button" href="/recover" { (visit.say("hand-over-wrong-alone")) } }
        };
        visit.page(&title, &content).status(StatusCode::BAD_REQUEST)
    }
}

/// What says that a cookie belongs to this case, and tells nothing of it.
fn bound_to(case: &Secret) -> Secret {
    case.derive("hand-over")
}

/// A link to the way back, for the page of a case that ended without a way in.
pub(crate) fn way_back(visit: &Visit, state: &str) -> Markup {
    let from = HandOver::of(visit).filter(|_| ENDED.contains(&state));
    html! {
        @if let Some(from) = from {
            p { a class="button" href="/case/back" { (visit.say_with("hand-over-back", &[("name", &from.name)])) } }
        }
    }
}

/// Takes a person back whose recovery has ended without a way in (RFC 6749 §4.1.2.1).
async fn back(visit: Visit) -> Result<Page, Problem> {
    let case = visit.portal.desk.show(visit.case()?).await?;
    let ended = ENDED.contains(&case.state.as_deref().unwrap_or_default());
    let Some(from) = HandOver::of(&visit).filter(|_| ended) else { return Ok(visit.go_to("/case")) };
    let put_in = [("name", from.name.as_str())];
    let title = visit.say_with("hand-over-back", &put_in);
    let content = html! {
        h1 { (title) }
        p { (visit.say_with("hand-over-back-hint", &put_in)) }
        (from.send("error", "access_denied", &visit.say_with("hand-over-continue", &put_in)))
        p { a href="/case" { (visit.say("hand-over-stay")) } }
    };
    Ok(visit.page(&title, &content).forms_go_to(from.origin()))
}

/// The public keys that sign-in tokens verify with: the same for everybody, and seldom others.
async fn keys(State(portal): State<Arc<Portal>>) -> Result<Response, Problem> {
    let keys = portal.desk.signing_keys().await?;
    let headers = [(CONTENT_TYPE, "application/jwk-set+json"), (CACHE_CONTROL, "public, max-age=300")];
    Ok((headers, keys).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    const URI: &str = "https://pay.example.org/recovered";

    fn parse(clients: &str) -> Clients {
        Config::parse(clients, std::path::Path::new("portal.toml")).unwrap().clients
    }

    fn clients() -> Clients {
        parse(&format!(
            "[[clients]]\nid = 'payroll'\nname = 'Payroll'\nredirect_uris = ['{URI}']\n\
             [[clients]]\nid = 'wiki'\nname = 'Wiki'\nredirect_uris = ['https://wiki.example.org/']"
        ))
    }

    fn query(changes: &[(&str, &str)]) -> String {
        let mut pairs =
            vec![("client_id", "payroll"), ("redirect_uri", URI), ("state", "s t~ate"), ("nonce", "n0nce")];
        for (name, value) in changes {
            pairs.retain(|pair| pair.0 != *name);
            pairs.push((name, value));
        }
        serde_urlencoded::to_string(pairs).unwrap()
    }

    #[test]
    fn what_a_login_asks_is_taken_or_named() {
        let clients = clients();
        let asked = Asked::read(&clients, &query(&[("login_hint", "alice"), ("prompt", "x")])).unwrap();
        let hand_over = asked.hand_over.unwrap();
        assert_eq!((hand_over.client.as_str(), hand_over.name.as_str()), ("payroll", "Payroll"));
        assert_eq!((hand_over.origin(), asked.login_hint.as_str()), ("https://pay.example.org", "alice"));
        assert_eq!(Asked::read(&clients, ""), Ok(Asked::default()));
        assert_eq!(
            Asked::read(&clients, "login_hint=bob").map(|asked| asked.login_hint),
            Ok("bob".to_owned())
        );
        let long = "x".repeat(257);
        let table = [
            ("client_id", "", Wrong::Client),
            ("client_id", "other", Wrong::Client),
            ("client_id", "wiki", Wrong::Redirect),
            ("redirect_uri", "", Wrong::Redirect),
            ("redirect_uri", "https://evil.example/", Wrong::Redirect),
            ("redirect_uri", "https://pay.example.org/recovered/", Wrong::Redirect),
            ("redirect_uri", "https://pay.example.org/recovered?next=https://evil.example", Wrong::Redirect),
            ("redirect_uri", "https://pay.example.org/recovered\r\n", Wrong::Redirect),
            ("state", "", Wrong::State),
            ("state", long.as_str(), Wrong::State),
            ("state", "a\nb", Wrong::State),
            ("state", "ä", Wrong::State),
            ("nonce", "", Wrong::Nonce),
            ("nonce", "a b", Wrong::Nonce),
            ("nonce", long.as_str(), Wrong::Nonce),
        ];
        for (name, value, wrong) in table {
            assert_eq!(Asked::read(&clients, &query(&[(name, value)])), Err(wrong), "{name}={value}");
        }
        for name in ["client_id", "redirect_uri", "state", "nonce"] {
            let twice = format!("{}&{name}=x", query(&[]));
            assert_eq!(Asked::read(&clients, &twice), Err(Wrong::Twice), "{name}");
        }
        let hint = Asked::read(&clients, &query(&[("login_hint", &long)])).unwrap();
        assert_eq!(hint.login_hint, "");
    }

    #[test]
    fn what_travels_in_the_browser_is_read_where_it_belongs_and_nowhere_else() {
        let clients = clients();
        let asked = Asked::read(&clients, &query(&[])).unwrap().hand_over.unwrap();
        let (case, other) = (Secret::new("case"), Secret::new("other"));
        assert_eq!(HandOver::brought(&clients, &asked.carried()), Some(asked.clone()));
        let kept = asked.kept(&case);
        let bound = |case: &Secret| bound_to(case).expose().to_owned();
        assert_eq!(HandOver::unpacked(&clients, &kept, &bound(&case)), Some(asked.clone()));
        assert_eq!(HandOver::unpacked(&clients, &kept, &bound(&other)), None);
        assert_eq!(HandOver::unpacked(&clients, &kept, ""), None);
        assert_eq!(HandOver::unpacked(&clients, &asked.carried(), &bound(&case)), None);
        // A client that is configured no more gets nobody back.
        let none = Clients::default();
        assert_eq!(HandOver::brought(&none, &asked.carried()), None);
        let forged = |uri: &str| {
            let text = serde_json::json!({
                "client": "payroll", "uri": uri, "state": "s", "nonce": "n", "to": "",
            });
            Secret::new(URL_SAFE_NO_PAD.encode(text.to_string()))
        };
        assert!(HandOver::brought(&clients, &forged(URI)).is_some());
        assert_eq!(HandOver::brought(&clients, &forged("https://evil.example/")), None);
        for text in ["", "!", "e30", &"A".repeat(limits::HAND_OVER_BYTES + 1)] {
            assert_eq!(HandOver::brought(&clients, &Secret::new(text)), None, "{text}");
        }
    }

    #[test]
    fn the_longest_that_is_allowed_fits_into_its_cookie() {
        let redirect = format!("https://a.example/{}", "x".repeat(limits::REDIRECT_BYTES - 18));
        let id = "x".repeat(limits::CLIENT_ID_BYTES);
        let clients = parse(&format!("[[clients]]\nid = '{id}'\nname = 'A'\nredirect_uris = ['{redirect}']"));
        let quotes = "\"".repeat(limits::STATE_BYTES);
        let nonce = "\\".repeat(limits::NONCE_BYTES);
        let changes =
            [("client_id", &*id), ("redirect_uri", &redirect), ("state", &quotes), ("nonce", &nonce)];
        let asked = Asked::read(&clients, &query(&changes)).unwrap().hand_over.unwrap();
        let kept = asked.kept(&Secret::new("case"));
        assert!(kept.expose().len() <= limits::HAND_OVER_BYTES, "{}", kept.expose().len());
        assert!(kept.expose().len() < 3900, "browsers keep 4096 bytes a cookie");
    }
}
