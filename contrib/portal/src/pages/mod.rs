//! The pages, one file each: what is asked, what is done, what is drawn.

mod case;
mod ending;
pub(crate) mod hand_over;
pub(crate) mod language;
mod link;
mod opening;
pub(crate) mod parts;
pub(crate) mod shell;
mod sign_in;
mod support;
mod veto;

use std::sync::Arc;

use axum::Router;

use crate::web::Portal;

/// Every page.
pub(crate) fn routes() -> Router<Arc<Portal>> {
    Router::new()
        .merge(sign_in::routes())
        .merge(opening::routes())
        .merge(link::routes())
        .merge(veto::routes())
        .merge(case::routes())
        .merge(support::routes())
        .merge(ending::routes())
        .merge(language::routes())
        .merge(hand_over::routes())
}
