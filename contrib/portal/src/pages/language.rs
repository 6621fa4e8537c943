//! `/language`: in which language the pages are.

use std::sync::Arc;

use axum::Router;
use axum::routing::post;
use serde::Deserialize;

use crate::secret::Secret;
use crate::web::{Cookie, Form, LocalPath, Page, Portal, Visit};

pub(crate) fn routes() -> Router<Arc<Portal>> {
    Router::new().route("/language", post(choose))
}

#[derive(Deserialize)]
struct Choice {
    language: String,
    #[serde(default)]
    back: LocalPath,
}

/// Keeps the choice in the browser, and goes back to where it was made.
async fn choose(visit: Visit, Form(choice): Form<Choice>) -> Page {
    let back = visit.go_back_to(&choice.back);
    match visit.portal.words.language(&choice.language) {
        Some(chosen) => back.set(&visit, Cookie::Language, &Secret::new(&*chosen.tag)),
        None => back,
    }
}
