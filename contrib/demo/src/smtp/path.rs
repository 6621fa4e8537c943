//! The paths of MAIL and RCPT: `FROM:<alice@example.org> SIZE=1000`.

use crate::limits;

/// A path and the parameters after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path {
    /// The mailbox without angle brackets and source route; empty for the null path `<>`.
    pub mailbox: String,
    /// The parameters, keyword in upper case.
    pub parameters: Vec<(String, Option<String>)>,
}

/// Reads the argument of MAIL (`keyword` is `FROM`) or RCPT (`TO`); `None` if it is malformed.
pub fn read_path(argument: &str, keyword: &str) -> Option<Path> {
    let (before, after) = argument.split_once(':')?;
    if !before.trim_end().eq_ignore_ascii_case(keyword) {
        return None;
    }
    // RFC 5321 allows no space after the colon; many clients send one, and nothing is unclear with it.
    let rest = after.trim_start_matches(' ').strip_prefix('<')?;
    let end = closing_bracket(rest)?;
    let (inside, rest) = (&rest[..end], &rest[end + 1..]);
    if inside.len() + 2 > limits::SMTP_PATH || !inside.bytes().all(|byte| (0x20..0x7f).contains(&byte)) {
        return None;
    }
    let mailbox = match inside.strip_prefix('@') {
        // A source route is to be accepted and ignored (RFC 5321 §4.1.1.3).
        Some(route) => route.split_once(':')?.1,
        None => inside,
    };
    let fits = match mailbox.rsplit_once('@') {
        Some((local, domain)) => !local.is_empty() && !domain.is_empty() && is_local_part(local),
        None => mailbox.is_empty() || mailbox.eq_ignore_ascii_case("postmaster"),
    };
    if !fits || !(rest.is_empty() || rest.starts_with(' ')) {
        return None;
    }
    let parameters = rest
        .split(' ')
        .filter(|parameter| !parameter.is_empty())
        .map(|parameter| match parameter.split_once('=') {
            Some((name, value)) => (name.to_ascii_uppercase(), Some(value.to_owned())),
            None => (parameter.to_ascii_uppercase(), None),
        })
        .collect();
    Some(Path { mailbox: mailbox.to_owned(), parameters })
}

/// Finds the `>` that closes the path; one inside a quoted string does not.
fn closing_bracket(text: &str) -> Option<usize> {
    let mut quoted = false;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b'>' if !quoted => return Some(at),
            _ => {}
        }
    }
    None
}

fn is_local_part(local: &str) -> bool {
    if local.len() >= 2 && local.starts_with('"') && local.ends_with('"') {
        return true;
    }
    local.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"(),:;<>@[\\]".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let table = [
            ("FROM:<alice@example.org>", Some("alice@example.org")),
            ("from: <alice@example.org>", Some("alice@example.org")),
            ("FROM:<>", Some("")),
            ("FROM:<@relay.example,@other.example:alice@example.org>", Some("alice@example.org")),
            ("FROM:<\"a b>c\"@example.org>", Some("\"a b>c\"@example.org")),
            ("FROM:<\"a\\\"b\"@example.org>", Some("\"a\\\"b\"@example.org")),
            ("FROM:<postmaster>", Some("postmaster")),
            ("FROM:<alice@[127.0.0.1]>", Some("alice@[127.0.0.1]")),
            ("FROM:alice@example.org", None),
            ("FROM <alice@example.org>", None),
            ("TO:<alice@example.org>", None),
            ("FROM:<alice>", None),
            ("FROM:<@example.org>", None),
            ("FROM:<alice@>", None),
            ("FROM:<a b@example.org>", None),
            ("FROM:<\"alice@example.org>", None),
            ("FROM:<alice@example.org>SIZE=1", None),
            ("", None),
        ];
        for (argument, mailbox) in table {
            assert_eq!(
                read_path(argument, "FROM").map(|path| path.mailbox),
                mailbox.map(str::to_owned),
                "{argument}"
            );
        }
    }

    #[test]
    fn parameters() {
        let path = read_path("TO:<bob@example.org> size=10  NOTIFY", "TO").unwrap();
        assert_eq!(
            path.parameters,
            [("SIZE".to_owned(), Some("10".to_owned())), ("NOTIFY".to_owned(), None)]
        );
    }

    #[test]
    fn a_path_is_bounded() {
        let fits = format!("FROM:<{}@example.org>", "x".repeat(limits::SMTP_PATH - 14));
        assert!(read_path(&fits, "FROM").is_some());
        let long = format!("FROM:<{}@example.org>", "x".repeat(limits::SMTP_PATH - 13));
        assert!(read_path(&long, "FROM").is_none());
    }
}
