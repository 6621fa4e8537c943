//! `/case/support`: the form for support.

use std::sync::Arc;

use axum::Router;

use crate::web::Portal;

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new()
}
