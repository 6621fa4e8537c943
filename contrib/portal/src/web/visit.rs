//! A request of a person's browser, and the page that answers it.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::header::{ACCEPT_LANGUAGE, LOCATION, SET_COOKIE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use maud::{Markup, html};

use super::cookies::Cookie;
use super::headers::FormsGoTo;
use super::{ClientAddress, LocalPath, Portal, Problem};
use crate::pages::parts::Wrong;
use crate::pages::{parts, shell};
use crate::secret::Secret;
use crate::words::{FluentArgs, Language};

/// Who asks: a browser, in its language.
#[derive(Clone)]
pub(crate) struct Visit {
    pub(crate) portal: Arc<Portal>,
    pub(crate) language: Arc<Language>,
    pub(crate) client: ClientAddress,
    pub(crate) user_agent: Option<String>,
    /// The browser's secret; a new one where it had none.
    pub(crate) browser: Secret,
    /// Whether the browser has just got its secret.
    pub(crate) is_new: bool,
    /// The page that is asked for, where it is one that can be asked for again.
    pub(crate) here: Option<String>,
    case: Option<Secret>,
    pub(super) session: Option<Secret>,
    /// What it keeps of the login that the person comes from.
    pub(crate) hand_over: Option<Secret>,
}

impl Visit {
    /// The case that this browser works on.
    ///
    /// # Errors
    /// [`Problem::NoCase`].
    pub(crate) fn case(&self) -> Result<&Secret, Problem> {
        self.case.as_ref().ok_or(Problem::NoCase)
    }

    /// What every form of this browser has to carry.
    pub(crate) fn form_token(&self) -> Secret {
        self.browser.derive("forms")
    }

    /// The text of this key in the visitor's language.
    pub(crate) fn say(&self, key: &str) -> String {
        self.say_with(key, &[])
    }

    /// The text of this key with these put in.
    pub(crate) fn say_with(&self, key: &str, put_in: &[(&str, &str)]) -> String {
        let mut args = FluentArgs::new();
        args.set("organization", self.portal.config.organization.as_str());
        for (name, value) in put_in {
            args.set(*name, *value);
        }
        self.language.say_with(key, &args)
    }

    /// A page with this title and content.
    pub(crate) fn page(&self, title: &str, content: &Markup) -> Page {
        self.page_with(title, &Markup::default(), content)
    }

    /// A page with something of its own in its head.
    pub(crate) fn page_with(&self, title: &str, head: &Markup, content: &Markup) -> Page {
        let page = Page::new(Html(shell::document(self, title, head, content).into_string()));
        self.greeted(page)
    }

    /// A page whose form was not filled in right: what is wrong comes first, in the title too, and leads to the fields.
    pub(crate) fn page_with_errors(&self, title: &str, wrong: &[Wrong<'_>], content: &Markup) -> Page {
        let title = self.say_with("title-with-error", &[("title", title)]);
        let summary = parts::error_summary(&self.say("error-summary"), wrong);
        self.page(&title, &html! { (summary) (content) }).status(StatusCode::UNPROCESSABLE_ENTITY)
    }

    /// What people know the organization as; the name of what they are doing where it has no name.
    pub(crate) fn say_organization(&self) -> String {
        let organization = &self.portal.config.organization;
        if organization.is_empty() { self.say("account-recovery") } else { organization.clone() }
    }

    /// The way to another page of the portal, after something was done (RFC 9110 §15.4.4).
    pub(crate) fn go_to(&self, path: &'static str) -> Page {
        self.gone_to(HeaderValue::from_static(path))
    }

    /// The way back to the page that a form names.
    pub(crate) fn go_back_to(&self, path: &LocalPath) -> Page {
        self.gone_to(HeaderValue::from_str(path.as_str()).unwrap_or(HeaderValue::from_static("/")))
    }

    fn gone_to(&self, location: HeaderValue) -> Page {
        let mut page = Page::new(StatusCode::SEE_OTHER);
        page.response.headers_mut().insert(LOCATION, location);
        self.greeted(page)
    }

    /// Gives a new browser its secret.
    fn greeted(&self, page: Page) -> Page {
        if self.is_new { page.set(self, Cookie::Browser, &self.browser) } else { page }
    }
}

impl FromRequestParts<Arc<Portal>> for Visit {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, portal: &Arc<Portal>) -> Result<Self, Problem> {
        // Both the page and what draws problems ask; a new browser is to get one secret.
        if let Some(visit) = parts.extensions.get::<Self>() {
            return Ok(visit.clone());
        }
        let secure = portal.config.is_secure();
        let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let known = Cookie::Browser.read(&parts.headers, secure);
        let is_new = known.is_none();
        let browser = known.map_or_else(Secret::random, Ok).map_err(|_| Problem::Unavailable)?;
        let chosen = Cookie::Language.read(&parts.headers, secure);
        let language = chosen
            .and_then(|chosen| portal.words.language(chosen.expose()))
            .unwrap_or_else(|| portal.words.negotiate(text(ACCEPT_LANGUAGE).unwrap_or_default()));
        let here = parts.uri.path_and_query().filter(|_| parts.method == Method::GET);
        let visit = Self {
            portal: portal.clone(),
            language,
            here: here.map(ToString::to_string),
            client: parts.extensions.get::<ClientAddress>().copied().unwrap_or(ClientAddress(None)),
            user_agent: text(USER_AGENT).map(str::to_owned),
            browser,
            is_new,
            case: Cookie::Case.read(&parts.headers, secure),
            session: Cookie::Session.read(&parts.headers, secure),
            hand_over: Cookie::HandOver.read(&parts.headers, secure),
        };
        parts.extensions.insert(visit.clone());
        Ok(visit)
    }
}

/// An answer for a browser.
pub(crate) struct Page {
    response: Response,
}

impl Page {
    /// An answer of this content.
    pub(crate) fn new(content: impl IntoResponse) -> Self {
        Self { response: content.into_response() }
    }

    /// The same with another status.
    pub(crate) fn status(mut self, status: StatusCode) -> Self {
        *self.response.status_mut() = status;
        self
    }

    /// The same with another status, unless it leads to another page.
    pub(crate) fn status_unless_moved(self, status: StatusCode) -> Self {
        if self.response.status().is_redirection() { self } else { self.status(status) }
    }

    /// The same, with a cookie for the browser to keep.
    pub(crate) fn set(mut self, visit: &Visit, cookie: Cookie, value: &Secret) -> Self {
        let header = cookie.set(value, visit.portal.config.is_secure());
        self.response.headers_mut().extend(header.map(|header| (SET_COOKIE, header)));
        self
    }

    /// The same; its forms may also go to this origin.
    pub(crate) fn forms_go_to(mut self, origin: &str) -> Self {
        self.response.extensions_mut().insert(FormsGoTo(origin.to_owned()));
        self
    }

    /// The same, with a cookie taken away.
    pub(crate) fn remove(mut self, visit: &Visit, cookie: Cookie) -> Self {
        let header = cookie.remove(visit.portal.config.is_secure());
        self.response.headers_mut().extend(header.map(|header| (SET_COOKIE, header)));
        self
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        self.response
    }
}
