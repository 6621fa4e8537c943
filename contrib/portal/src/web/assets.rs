//! Style, script and logo: the same for everybody, named by what is in them, so that browsers keep them.

use std::io::Write as _;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue,
    VARY,
};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest as _, Sha256};

use super::branding::{self, BrandingError};
use super::{Portal, Problem};
use crate::config::Branding;

/// What may be done by an asset that is opened as a page of its own, such as a logo with a script in it: nothing.
const ALONE: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox";

/// Everything under `/assets/`.
pub(crate) struct Assets {
    all: Vec<Asset>,
}

struct Asset {
    name: &'static str,
    path: String,
    kind: &'static str,
    content: Vec<u8>,
    /// The same, compressed, where that makes it smaller. Pages are not compressed: they carry secrets beside what
    /// others may put in, and their length would tell (BREACH). What is the same for everybody tells nothing.
    packed: Option<Vec<u8>>,
}

impl Assets {
    /// The built-in style and script, and the organization's style and logo.
    ///
    /// # Errors
    /// [`BrandingError`] names the file.
    pub(crate) fn new(branding: &Branding) -> Result<Self, BrandingError> {
        let css = served(include_str!("../../assets/portal.css"));
        let script = include_bytes!("../../assets/portal.js");
        let mut all = vec![
            Asset::new("portal.css", "text/css; charset=utf-8", css.into_bytes()),
            Asset::new("portal.js", "text/javascript; charset=utf-8", script.to_vec()),
        ];
        if let Some(path) = &branding.css {
            all.push(Asset::new("brand.css", "text/css; charset=utf-8", branding::style(path)?));
        }
        if let Some(path) = &branding.logo {
            let logo = branding::logo(path)?;
            all.push(Asset::new("logo", logo.kind, logo.content));
        }
        Ok(Self { all })
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
        let packed = packed(&content).filter(|packed| packed.len() < content.len());
        Self { name, path: format!("/assets/{hash}/{name}"), kind, content, packed }
    }
}

fn packed(content: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).ok()?;
    encoder.finish().ok()
}

/// Whether the browser takes gzip (RFC 9110 §12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|line| line.to_str().ok());
    let refused = |weight: &str| weight.trim().trim_start_matches("q=").parse() == Ok(0.0);
    lines.flat_map(|line| line.split(',')).any(|coding| match coding.trim().split_once(';') {
        Some((name, weight)) => name.trim().eq_ignore_ascii_case("gzip") && !refused(weight),
        None => coding.trim().eq_ignore_ascii_case("gzip"),
    })
}

/// The style sheet without what it says to its authors, and without its lines.
fn served(css: &str) -> String {
    css.split_once("*/\n").map_or(css, |(_, rest)| rest).lines().collect()
}

pub(crate) fn routes() -> Router<Arc<Portal>> {
    Router::new().route("/assets/{hash}/{name}", get(asset))
}

async fn asset(
    State(portal): State<Arc<Portal>>,
    Path((hash, name)): Path<(String, String)>,
    asked: HeaderMap,
) -> Result<Response, Problem> {
    let path = format!("/assets/{hash}/{name}");
    let asset = portal.assets.all.iter().find(|asset| asset.path == path).ok_or(Problem::NoPage)?;
    let headers = [
        (CONTENT_TYPE, asset.kind),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (CONTENT_SECURITY_POLICY, ALONE),
    ];
    let packed = asset.packed.as_ref().filter(|_| takes_gzip(&asked));
    let mut response = (headers, packed.unwrap_or(&asset.content).clone()).into_response();
    if asset.packed.is_some() {
        response.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
    }
    if packed.is_some() {
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;

    #[test]
    fn a_browser_says_whether_it_takes_gzip() {
        let takes = |value: &'static str| {
            takes_gzip(&HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(value))]))
        };
        for yes in ["gzip", "deflate, GZIP;q=0.5, br", "br,gzip", "gzip ; q=1.0"] {
            assert!(takes(yes), "{yes}");
        }
        for no in ["", "identity", "br", "gzip;q=0", "gzip; q=0.000", "gzipped", "*;q=0"] {
            assert!(!takes(no), "{no}");
        }
        assert!(!takes_gzip(&HeaderMap::new()));
    }

    const CSS: &str = include_str!("../../assets/portal.css");

    /// What is read on what, and how well at least (WCAG 2.2, 1.4.3 text, 1.4.11 everything else, 2.4.13 focus).
    const PAIRS: [(&str, &str, f64); 33] = [
        ("text", "surface", 7.0),
        ("text", "ground", 7.0),
        ("text", "tint", 7.0),
        ("text", "good-tint", 7.0),
        ("text", "care-tint", 7.0),
        ("text", "bad-tint", 7.0),
        ("quiet", "surface", 4.5),
        ("quiet", "ground", 4.5),
        ("quiet", "tint", 4.5),
        ("quiet", "good-tint", 4.5),
        ("quiet", "care-tint", 4.5),
        ("quiet", "bad-tint", 4.5),
        ("brand", "surface", 4.5),
        ("brand", "ground", 4.5),
        ("brand", "tint", 4.5),
        ("brand", "good-tint", 4.5),
        ("brand", "care-tint", 4.5),
        ("brand", "bad-tint", 4.5),
        ("on-brand", "brand", 4.5),
        ("good", "surface", 4.5),
        ("good", "good-tint", 4.5),
        ("care", "surface", 4.5),
        ("care", "care-tint", 4.5),
        ("bad", "surface", 4.5),
        ("bad", "bad-tint", 4.5),
        ("surface", "good", 4.5),
        ("surface", "bad", 4.5),
        ("edge", "surface", 3.0),
        ("edge", "ground", 3.0),
        ("focus", "surface", 3.0),
        ("focus", "ground", 3.0),
        ("focus", "tint", 3.0),
        ("focus", "bad-tint", 3.0),
    ];

    /// The colours of a `:root{…}`.
    fn colours(css: &str) -> BTreeMap<&str, [f64; 3]> {
        let block = css.split_once(":root{").unwrap().1.split_once('}').unwrap().0;
        block
            .split(';')
            .filter_map(|line| line.trim().strip_prefix("--")?.split_once(":#"))
            .map(|(name, hex)| {
                let hex =
                    if hex.len() == 3 { hex.chars().flat_map(|c| [c, c]).collect() } else { hex.to_owned() };
                let part = |at: usize| f64::from(u8::from_str_radix(&hex[at..at + 2], 16).unwrap()) / 255.0;
                (name, [part(0), part(2), part(4)])
            })
            .collect()
    }

    /// WCAG 2.2, "relative luminance".
    fn luminance(colour: [f64; 3]) -> f64 {
        let linear =
            |part: f64| if part <= 0.04045 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) };
        let [red, green, blue] = colour.map(linear);
        0.0722_f64.mul_add(blue, 0.2126_f64.mul_add(red, 0.7152 * green))
    }

    /// WCAG 2.2, "contrast ratio".
    fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
        let (one, other) = (luminance(one), luminance(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn contrast_is_computed_as_wcag_says() {
        assert!((contrast([1.0; 3], [0.0; 3]) - 21.0).abs() < 1e-9);
        let grey = [f64::from(0x76_u8) / 255.0; 3];
        assert!((contrast(grey, [1.0; 3]) - 4.54).abs() < 0.01, "the lightest grey that is read on white");
    }

    #[test]
    fn every_colour_is_read_well_on_every_ground_in_light_and_dark() {
        let light = colours(CSS);
        let dark = colours(CSS.split_once("@media (prefers-color-scheme:dark)").unwrap().1);
        for (scheme, colours) in [("light", light), ("dark", dark)] {
            for (front, back, least) in PAIRS {
                let found = contrast(colours[front], colours[back]);
                assert!(found >= least, "{scheme}: --{front} on --{back} is {found:.2}, not {least}");
            }
        }
    }

    #[test]
    fn the_style_sheet_is_small_and_asks_nobody_for_anything() {
        let css = served(CSS);
        assert!(css.starts_with(":root{"), "only the remark at its head is left out");
        let style = CSS.split_once("*/\n").unwrap().1;
        let breaks =
            style.lines().find(|line| !line.ends_with(['{', '}', ';', ',', '/']) && !line.contains("   "));
        assert_eq!(breaks, None, "a line that is joined to the next one has to end in a sign");
        assert!(css.len() <= 11 * 1024, "{} bytes", css.len());
        assert!(!css.contains("url(") && !css.contains("@import"));
    }

    #[test]
    fn the_organizations_style_comes_after_ours_and_its_logo_is_found() {
        let directory = tempfile::TempDir::new().unwrap();
        let (css, logo) = (directory.path().join("brand.css"), directory.path().join("logo"));
        fs::write(&css, ":root{--brand:#123}").unwrap();
        fs::write(&logo, "<svg/>").unwrap();
        let branding = Branding { css: Some(css), logo: Some(logo.clone()) };
        assert!(Assets::new(&branding).is_err(), "an svg element with nothing in it is no picture");
        fs::write(&logo, "<svg xmlns=\"http://www.w3.org/2000/svg\"></svg>").unwrap();
        let assets = Assets::new(&branding).unwrap();
        let styles: Vec<&str> = assets.styles().collect();
        assert!(styles[0].ends_with("/portal.css") && styles[1].ends_with("/brand.css"), "{styles:?}");
        assert!(assets.logo().unwrap().ends_with("/logo"));
        let plain = Assets::new(&Branding::default()).unwrap();
        assert_eq!((plain.styles().count(), plain.logo()), (1, None));
    }
}
