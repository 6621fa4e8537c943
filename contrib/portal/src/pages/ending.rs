//! `/case/…` after everything is proven: password, new device, sign-in, summary.

use std::sync::Arc;

use axum::Router;

use crate::web::Portal;

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new()
}
