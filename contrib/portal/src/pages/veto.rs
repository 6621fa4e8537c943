//! `/veto/…`: "this was not me".

use std::sync::Arc;

use axum::Router;

use crate::web::Portal;

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new()
}
