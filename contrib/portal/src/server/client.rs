//! Whom a request comes from: the other end of the connection, or whom a trusted proxy speaks for.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;
use axum::http::header::{FORWARDED, HeaderName};

use crate::config::{SaidIn, Trusted};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The client's address, as far as it is known. `peer` is none for whoever comes by a socket in the file system.
///
/// Each proxy adds, on the right, whom it heard. So the client is the rightmost hop that is no trusted proxy; what
/// stands left of it is the client's own story. A hop that is no address is where what is known ends.
pub(super) fn client(peer: Option<IpAddr>, headers: &HeaderMap, trusted: &Trusted) -> Option<IpAddr> {
    let mut nearest = peer.map(|address| address.to_canonical());
    if !trusted.holds(nearest) {
        return nearest;
    }
    let name = match trusted.said_in {
        SaidIn::XForwardedFor => X_FORWARDED_FOR,
        SaidIn::Forwarded => FORWARDED,
    };
    for line in headers.get_all(name).iter().rev() {
        let Ok(line) = line.to_str() else { break };
        let hops = match trusted.said_in {
            SaidIn::XForwardedFor => line.split(',').map(|hop| hop_of(hop.trim())).collect(),
            SaidIn::Forwarded => outside_quotes(line, ',').map(forwarded_hop).collect::<Vec<_>>(),
        };
        for hop in hops.into_iter().rev() {
            let Some(hop) = hop else { return nearest };
            nearest = Some(hop);
            if !trusted.holds(nearest) {
                return nearest;
            }
        }
    }
    nearest
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn hop_of(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse::<IpAddr>().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|address| address.ip());
    let address = text.parse().ok().or_else(with_port).or_else(bracketed)?;
    Some(address.to_canonical())
}

/// The `for` of one element (RFC 7239 §4).
fn forwarded_hop(element: &str) -> Option<IpAddr> {
    let node = outside_quotes(element, ';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.eq_ignore_ascii_case("for").then_some(value)
    })?;
    match node.strip_prefix('"') {
        // No address needs what a backslash could escape.
        Some(quoted) => hop_of(quoted.strip_suffix('"')?),
        None => hop_of(node),
    }
}

/// Splits where the separator is not inside a quoted string (RFC 9110 §5.6.4).
fn outside_quotes(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let (mut quoted, mut escaped) = (false, false);
    text.split(move |letter| {
        if escaped {
            escaped = false;
        } else if quoted && letter == '\\' {
            escaped = true;
        } else if letter == '"' {
            quoted = !quoted;
        }
        letter == separator && !quoted
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trusted(said_in: SaidIn) -> Trusted {
        let networks = ["10.0.0.0/8", "2001:db8:1::/48"].map(|network| network.parse().unwrap());
        Trusted { networks: networks.to_vec(), unix: false, said_in }
    }

    fn ask(trusted: &Trusted, peer: &str, lines: &[(&str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        client(peer.parse().ok(), &headers, trusted).map_or("-".to_owned(), |address| address.to_string())
    }

    #[test]
    fn a_trusted_proxy_says_whom_it_speaks_for() {
        let cases: [(&str, &[&str], &str); 15] = [
            // Nobody in between, or somebody who is not trusted.
            ("203.0.113.7", &[], "203.0.113.7"),
            ("203.0.113.7", &["198.51.100.1"], "203.0.113.7"),
            ("::ffff:203.0.113.7", &[], "203.0.113.7"),
            // One proxy, several, several lines.
            ("10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:10.0.0.1", &["198.51.100.1"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
            ("10.0.0.1", &["1.1.1.1", "198.51.100.1", "10.0.0.2,10.0.0.3"], "198.51.100.1"),
            ("10.0.0.1", &["10.0.0.9"], "10.0.0.9"),
            ("2001:db8:1::1", &["2001:db8:2::7"], "2001:db8:2::7"),
            // Ports and brackets, as some proxies write them.
            ("10.0.0.1", &["198.51.100.1:4711"], "198.51.100.1"),
            ("10.0.0.1", &["[2001:db8:2::7]:4711"], "2001:db8:2::7"),
            // Garbage is no address, and hides what stands left of it.
            ("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1, <script>, 10.0.0.2"], "10.0.0.2"),
            ("10.0.0.1", &[""], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.1,"], "10.0.0.1"),
        ];
        let trusted = trusted(SaidIn::XForwardedFor);
        for (peer, lines, expected) in cases {
            let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            assert_eq!(ask(&trusted, peer, &lines), expected, "{peer} {lines:?}");
        }
        // The other header is the client's own.
        let forged =
            [("forwarded", "for=1.1.1.1"), ("x-forwarded-for", "198.51.100.1"), ("x-real-ip", "1.1.1.1")];
        assert_eq!(ask(&trusted, "10.0.0.1", &forged), "198.51.100.1");
    }

    #[test]
    fn rfc_7239_is_read_with_its_quotes() {
        let trusted = trusted(SaidIn::Forwarded);
        for (line, expected) in [
            ("for=198.51.100.1", "198.51.100.1"),
            ("For=\"198.51.100.1:80\";proto=https;by=10.0.0.1", "198.51.100.1"),
            ("proto=http; for=\"[2001:db8:2::7]:4711\"", "2001:db8:2::7"),
            ("for=1.1.1.1, for=198.51.100.1, for=10.0.0.4", "198.51.100.1"),
            (
                "for=1.1.1.1;by=\"a,b;for=2.2.2.2\\\",\", for=198.51.100.1;host=\"x,for=3.3.3.3\"",
                "198.51.100.1",
            ),
            ("for=198.51.100.1, for=_hidden", "10.0.0.1"),
            ("for=198.51.100.1, proto=https", "10.0.0.1"),
            ("for=\"198.51.100.1", "10.0.0.1"),
            ("198.51.100.1", "10.0.0.1"),
        ] {
            assert_eq!(ask(&trusted, "10.0.0.1", &[("forwarded", line)]), expected, "{line}");
        }
        assert_eq!(ask(&trusted, "10.0.0.1", &[("x-forwarded-for", "198.51.100.1")]), "10.0.0.1");
    }

    #[test]
    fn a_socket_in_the_file_system_is_trusted_by_name() {
        let mut trusted = trusted(SaidIn::XForwardedFor);
        let lines = [("x-forwarded-for", "198.51.100.1")];
        assert_eq!(ask(&trusted, "", &lines), "-");
        trusted.unix = true;
        assert_eq!(ask(&trusted, "", &lines), "198.51.100.1");
        assert_eq!(ask(&trusted, "", &[]), "-");
    }
}
