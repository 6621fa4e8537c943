//! Style, script and logo: the same for everybody, named by what is in them, so that browsers keep them.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use super::{Portal, Problem};

/// Everything under `/assets/`.
pub(crate) struct Assets {
    all: Vec<Asset>,
}

struct Asset {
    name: &'static str,
    path: String,
    kind: &'static str,
    content: Vec<u8>,
}

impl Assets {
    /// The built-in style and script.
    pub(crate) fn new() -> Self {
        let css = include_bytes!("../../assets/portal.css");
        let script = include_bytes!("../../assets/portal.js");
        Self {
            all: vec![
                Asset::new("portal.css", "text/css; charset=utf-8", css.to_vec()),
                Asset::new("portal.js", "text/javascript; charset=utf-8", script.to_vec()),
            ],
        }
    }

    /// Where a page finds its style sheets, in their order.
    pub(crate) fn styles(&self) -> impl Iterator<Item = &str> {
        let style = |asset: &&Asset| asset.kind.starts_with("text/css");
        self.all.iter().filter(style).map(|asset| asset.path.as_str())
    }

    /// Where a page finds the organization's logo, if it has one.
    pub(crate) fn logo(&self) -> Option<&str> {
        self.all.iter().find(|asset| asset.name == "logo").map(|asset| asset.path.as_str())
    }

    /// Where a page finds the asset of this name.
    pub(crate) fn path(&self, name: &str) -> &str {
        self.all.iter().find(|asset| asset.name == name).map_or("", |asset| asset.path.as_str())
    }
}

impl Asset {
    fn new(name: &'static str, kind: &'static str, content: Vec<u8>) -> Self {
        let hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(&content)[..9]);
        Self { name, path: format!("/assets/{hash}/{name}"), kind, content }
    }
}

pub(super) fn routes() -> Router<Arc<Portal>> {
    Router::new().route("/assets/{hash}/{name}", get(asset))
}

async fn asset(
    State(portal): State<Arc<Portal>>,
    Path((hash, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let path = format!("/assets/{hash}/{name}");
    let asset = portal.assets.all.iter().find(|asset| asset.path == path).ok_or(Problem::NoPage)?;
    let headers = [(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, asset.content.clone()).into_response())
}
