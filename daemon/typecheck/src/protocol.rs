//! What is asked and what is answered, as JSON.

use std::collections::BTreeMap;
use std::io::Read;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::{FILE_BYTES, FILES, REQUEST_BYTES};

/// Files to be checked, each by itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Declarations (`declare …`, `export type …`) of what every file may use beside Luau's own library.
    pub definitions: String,
    /// The texts, by names that come back in the answer.
    pub files: BTreeMap<String, String>,
}

/// Everything that was found, in the order of the files and places.
#[derive(Debug, Default, Serialize)]
pub struct Answer {
    /// What was found.
    pub problems: Vec<Problem>,
}

/// One place where something is wrong.
#[derive(Debug, Serialize)]
pub struct Problem {
    /// The file's name in the request.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The column in bytes, counted from 1.
    pub column: u32,
    /// The line at which it ends.
    pub end_line: u32,
    /// The column behind its end.
    pub end_column: u32,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, in the checker's words.
    pub message: String,
}

/// How bad a problem is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Types or syntax are wrong.
    Error,
    /// It works, but is hardly meant.
    Warning,
    /// The file could not be checked to its end; the problem has no place.
    Unchecked,
}

/// Why a request is not answered.
#[derive(Debug, Error)]
pub enum BadRequest {
    /// Standard input cannot be read.
    #[error("the request cannot be read")]
    Unreadable(#[from] std::io::Error),
    /// More than [`REQUEST_BYTES`].
    #[error("the request is larger than {REQUEST_BYTES} bytes")]
    TooLarge,
    /// No JSON of the right shape.
    #[error("the request is no {{definitions, files}}: {0}")]
    Garbage(#[from] serde_json::Error),
    /// More than [`FILES`].
    #[error("the request has more than {FILES} files")]
    TooManyFiles,
    /// More than [`FILE_BYTES`].
    #[error("{0} is larger than {FILE_BYTES} bytes")]
    FileTooLarge(String),
}

impl Request {
    /// Reads a request to the end of the input.
    ///
    /// # Errors
    /// [`BadRequest`] if it is none, or exceeds a limit.
    pub fn read(input: impl Read) -> Result<Self, BadRequest> {
        let mut bytes = Vec::new();
        input.take(REQUEST_BYTES + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > REQUEST_BYTES {
            return Err(BadRequest::TooLarge);
        }
        let request: Self = serde_json::from_slice(&bytes)?;
        if request.files.len() > FILES {
            return Err(BadRequest::TooManyFiles);
        }
        let definitions = [("definitions", &request.definitions)];
        let files = request.files.iter().map(|(name, text)| (name.as_str(), text));
        let large = definitions.into_iter().chain(files).find(|(_, text)| text.len() > FILE_BYTES);
        if let Some((name, _)) = large {
            return Err(BadRequest::FileTooLarge(name.chars().take(256).collect()));
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(definitions: &str, files: &[(String, String)]) -> Result<Request, BadRequest> {
        let files: BTreeMap<_, _> = files.iter().cloned().collect();
        let text = serde_json::json!({"definitions": definitions, "files": files}).to_string();
        Request::read(text.as_bytes())
    }

    #[test]
    fn a_request_has_limits() {
        let most = "x".repeat(FILE_BYTES);
        let file = |name: usize, text: &str| (format!("{name}.lua"), text.to_owned());
        let many: Vec<_> = (0..FILES).map(|name| file(name, "")).collect();
        assert!(read(&most, &[file(1, &most)]).is_ok());
        assert!(read("", &many).is_ok());
        let refused = |result: Result<Request, BadRequest>| result.map(|_| ()).map_err(|bad| bad.to_string());
        let over = most + "x";
        assert_eq!(
            refused(read("", &[file(1, &over)])),
            Err("1.lua is larger than 1048576 bytes".to_owned())
        );
        assert_eq!(refused(read(&over, &[])), Err("definitions is larger than 1048576 bytes".to_owned()));
        let over = [many, vec![file(FILES, "")]].concat();
        assert_eq!(refused(read("", &over)), Err("the request has more than 256 files".to_owned()));
        let endless = refused(Request::read(std::io::repeat(b' ')));
        assert_eq!(endless, Err("the request is larger than 33554432 bytes".to_owned()));
    }

    #[test]
    fn garbage_is_no_request() {
        for text in
            ["", "{", "[]", "{\"files\":{}}", "{\"definitions\":\"\",\"files\":{},\"more\":1}", "\u{1}"]
        {
            assert!(matches!(Request::read(text.as_bytes()), Err(BadRequest::Garbage(_))), "{text:?}");
        }
        assert!(matches!(
            Request::read(&b"{\"definitions\":\"\xff\",\"files\":{}}"[..]),
            Err(BadRequest::Garbage(_))
        ));
    }
}
