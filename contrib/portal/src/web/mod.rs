//! The web around the pages: who visits, what a form must carry, what every answer says to the browser.

mod assets;
mod branding;
mod cookies;
mod form;
mod guard;
mod headers;
mod health;
pub(crate) mod keepsakes;
mod local_path;
mod problem;
mod rates;
mod sessions;
mod streams;
mod visit;

use std::net::IpAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use thiserror::Error;
use tokio_util::sync::CancellationToken;

pub(crate) use self::assets::Assets;
pub(crate) use self::branding::BrandingError;
pub(crate) use self::cookies::Cookie;
pub(crate) use self::form::Form;
use self::guard::Guard;
use self::keepsakes::Keepsakes;
pub(crate) use self::local_path::LocalPath;
pub(crate) use self::problem::Problem;
pub(crate) use self::sessions::{Device, Session, Sessions, Stage};
pub(crate) use self::streams::{Streams, Ticket};
pub(crate) use self::visit::{Page, Visit};
use crate::config::Config;
use crate::desk::Desk;
use crate::words::{Words, WordsError};
use crate::{limits, pages};

/// What every page may use.
pub(crate) struct Portal {
    pub(crate) config: Config,
    pub(crate) words: Words,
    pub(crate) desk: Desk,
    pub(crate) assets: Assets,
    pub(crate) sessions: Sessions,
    /// The pages that are shown live.
    pub(crate) streams: Streams,
    pub(crate) keepsakes: Keepsakes,
    /// Cancelled when the portal is to stop: pages that are shown live end then.
    pub(crate) stop: CancellationToken,
}

/// Why there is no portal.
#[derive(Debug, Error)]
pub(crate) enum PortalError {
    #[error(transparent)]
    Words(#[from] WordsError),
    #[error(transparent)]
    Branding(#[from] BrandingError),
}

impl Portal {
    /// A portal as configured. Nothing is asked of the daemon yet.
    ///
    /// # Errors
    /// [`PortalError`] names the file that is not right.
    pub(crate) fn new(config: Config) -> Result<Self, PortalError> {
        let words = Words::load(config.languages.directory.as_deref())?;
        let assets = Assets::new(&config.branding)?;
        let desk = Desk::new(&config.bus);
        let (sessions, streams, stop) = (Sessions::default(), Streams::default(), CancellationToken::new());
        let keepsakes = Keepsakes::default();
        Ok(Self { words, desk, assets, sessions, streams, keepsakes, stop, config })
    }
}

/// The network address that a request came from, where it is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClientAddress(pub(crate) Option<IpAddr>);

/// Everything that people may ask for.
pub(crate) fn router(portal: Arc<Portal>) -> Router {
    around(pages::routes().merge(health::routes()), portal)
}

/// These pages, with what is around every page: style and script, limits, problems, headers.
pub(crate) fn around(pages: Router<Arc<Portal>>, portal: Arc<Portal>) -> Router {
    let guard = Arc::new(Guard::new(&portal.config));
    pages
        .merge(assets::routes())
        .fallback(async || Problem::NoPage)
        .method_not_allowed_fallback(async || Problem::NoPage)
        .layer(DefaultBodyLimit::max(limits::BODY_BYTES))
        .layer(from_fn_with_state(guard.clone(), guard::answer))
        .layer(from_fn_with_state(portal.clone(), problem::draw))
        .layer(from_fn_with_state(guard, guard::admit))
        .layer(from_fn_with_state(portal.clone(), headers::add))
        .with_state(portal)
}
