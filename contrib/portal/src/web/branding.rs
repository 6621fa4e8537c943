//! How the organization wants the pages to look: a style sheet that comes after ours, and a logo. Read at start.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::limits;

/// Why the pages cannot look like that.
#[derive(Debug, Error)]
pub(crate) enum BrandingError {
    /// A file cannot be read.
    #[error("{path}: cannot be read")]
    Read {
        path: PathBuf,
        #[source]
        source: io::Error,
    },
    /// A file is too large for people on slow lines.
    #[error("{path}: has more than {at_most} bytes")]
    TooLarge { path: PathBuf, at_most: usize },
    /// The logo is of no kind that browsers show safely.
    #[error("{path}: a logo is an SVG or a PNG")]
    NoPicture { path: PathBuf },
    /// The style sheet is not text.
    #[error("{path}: a style sheet is text in UTF-8")]
    NoText { path: PathBuf },
}

/// A logo, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Logo {
    pub(super) kind: &'static str,
    pub(super) content: Vec<u8>,
}

/// Reads a style sheet.
pub(super) fn style(path: &Path) -> Result<Vec<u8>, BrandingError> {
    let content = read(path, limits::BRAND_CSS_BYTES)?;
    match std::str::from_utf8(&content) {
        Ok(text) if !text.contains('\0') => Ok(content),
        _ => Err(BrandingError::NoText { path: path.to_owned() }),
    }
}

/// Reads a logo. What it is, its content says, and not its name.
pub(super) fn logo(path: &Path) -> Result<Logo, BrandingError> {
    let content = read(path, limits::LOGO_BYTES)?;
    let kind = if content.starts_with(b"\x89PNG\r\n\x1a\n") {
        "image/png"
    } else if std::str::from_utf8(&content).is_ok_and(is_svg) {
        "image/svg+xml"
    } else {
        return Err(BrandingError::NoPicture { path: path.to_owned() });
    };
    Ok(Logo { kind, content })
}

fn read(path: &Path, at_most: usize) -> Result<Vec<u8>, BrandingError> {
    let mut content = Vec::new();
    let one_more = u64::try_from(at_most).unwrap_or(u64::MAX).saturating_add(1);
    std::fs::File::open(path)
        .and_then(|file| file.take(one_more).read_to_end(&mut content))
        .map_err(|source| BrandingError::Read { path: path.to_owned(), source })?;
    if content.len() > at_most {
        return Err(BrandingError::TooLarge { path: path.to_owned(), at_most });
    }
    Ok(content)
}

/// Whether the first element is `svg`, after what may come before it (XML 1.0 §2.8).
fn is_svg(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    loop {
        let end = match rest {
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            _ if rest.starts_with("<!DOCTYPE") => ">",
            _ => break,
        };
        let Some((_, after)) = rest.split_once(end) else { return false };
        rest = after.trim_start();
    }
    let after = rest.strip_prefix("<svg");
    after.is_some_and(|after| after.starts_with(|c: char| c.is_whitespace() || c == '>'))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use tempfile::TempDir;

    use super::*;

    fn file(content: &[u8]) -> (TempDir, PathBuf) {
        let directory = TempDir::new().unwrap();
        let path = directory.path().join("file");
        fs::write(&path, content).unwrap();
        (directory, path)
    }

    #[test]
    fn a_logo_is_what_its_content_says() {
        let read = |content: &[u8]| {
            let (_directory, path) = file(content);
            logo(&path).ok().map(|logo| logo.kind)
        };
        assert_eq!(read(b""), None);
        assert_eq!(read(b"\x89PNG\r\n\x1a\n\0"), Some("image/png"));
        assert_eq!(read(b"<svg xmlns='http://www.w3.org/2000/svg'/>"), Some("image/svg+xml"));
        let long = "\u{feff}<?xml version='1.0'?>\n<!-- a <b> -->\n<!DOCTYPE svg>\n<svg>";
        assert_eq!(read(long.as_bytes()), Some("image/svg+xml"));
        for none in ["<html><svg></svg></html>", "<svgx>", "GIF89a", "<!-- <svg>", "\u{0}<svg>", "<script>"] {
            assert_eq!(read(none.as_bytes()), None, "{none:?}");
        }
        assert_eq!(read(b"<svg>\xff"), None);
    }

    #[test]
    fn files_are_bounded() {
        let (_whole, whole) = file(&vec![b' '; limits::BRAND_CSS_BYTES]);
        assert!(style(&whole).is_ok());
        let (_larger, larger) = file(&vec![b' '; limits::BRAND_CSS_BYTES + 1]);
        assert!(matches!(style(&larger), Err(BrandingError::TooLarge { .. })));
        let mut picture = b"\x89PNG\r\n\x1a\n".to_vec();
        picture.resize(limits::LOGO_BYTES, 0);
        let (_whole, whole) = file(&picture);
        assert!(logo(&whole).is_ok());
        picture.push(0);
        let (_larger, larger) = file(&picture);
        assert!(matches!(logo(&larger), Err(BrandingError::TooLarge { .. })));
    }

    #[test]
    fn a_style_sheet_is_text() {
        let (_text, text) = file("a{}".as_bytes());
        assert!(style(&text).is_ok());
        for none in [b"a\0b".as_slice(), b"\xff\xfe"] {
            let (_none, none) = file(none);
            assert!(matches!(style(&none), Err(BrandingError::NoText { .. })));
        }
        assert!(matches!(style(Path::new("/no/such/file")), Err(BrandingError::Read { .. })));
    }
}
