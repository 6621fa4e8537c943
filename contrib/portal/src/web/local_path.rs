//! A path of the portal that came from a browser: nothing else is ever gone to.

use serde::Deserialize;

use crate::limits;

/// A path, with or without a query, on this server. What is not one is the first page.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub(crate) struct LocalPath(String);

impl LocalPath {
    /// The path as a header may carry it: visible ASCII.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for LocalPath {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl From<String> for LocalPath {
    fn from(text: String) -> Self {
        if is_local(&text) { Self(text) } else { Self::default() }
    }
}

/// Two slashes, or what browsers take for them, begin another server's name (WHATWG URL §4.4); a browser drops tabs and
/// line ends before it looks, and a backslash is a slash to it.
fn is_local(text: &str) -> bool {
    let visible = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'<' | b'>');
    text.len() <= limits::PATH_BYTES
        && text.starts_with('/')
        && !text.starts_with("//")
        && text.bytes().all(visible)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_server_are_gone_to() {
        let longest = format!("/{}", "x".repeat(limits::PATH_BYTES - 1));
        for path in ["/", "/case", "/link/abc_-9?x=1&y=%2f", "/a//b", &longest] {
            assert_eq!(LocalPath::from(path.to_owned()).as_str(), path);
        }
        let longer = format!("{longest}x");
        let foreign = [
            "",
            "case",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/\t/evil.example",
            "\t//evil.example",
            "/a\r\nSet-Cookie: x=y",
            "/ü",
            "/a b",
            &longer,
        ];
        for path in foreign {
            assert_eq!(LocalPath::from(path.to_owned()).as_str(), "/", "{path:?}");
        }
    }
}
