//! `/` and `/sign-in`: the built-in sign-in page.

use std::sync::Arc;

use axum::Router;

use crate::web::Portal;

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new()
}
