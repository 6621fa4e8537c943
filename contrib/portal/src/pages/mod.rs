//! The pages, one file each: what is asked, what is done, what is drawn.

mod case;
mod opening;
pub(crate) mod shell;

use std::sync::Arc;

use axum::Router;

use crate::web::Portal;

/// Every page.
pub(crate) fn routes() -> Router<Arc<Portal>> {
    Router::new().merge(opening::routes()).merge(case::routes())
}
