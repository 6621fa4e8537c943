//! `[[clients]]`: the logins that may start a recovery here and get the sign-in at its end.
//!
//! A client is what OAuth calls one: a name that it calls itself by, and the addresses that a browser may be sent back
//! to. They are compared as they stand, character by character (RFC 9700 §4.1.3); nothing is sent anywhere else.

use std::net::Ipv6Addr;

use toml::de::DeValue;

use super::document::{Fault, Section, filled, text, texts};
use crate::limits;

/// A login that recoveries may be started from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Client {
    /// What it calls itself, and the `aud` of its tokens: `sign_in.audiences` of the daemon has to name it too.
    pub(crate) id: String,
    /// What people call it.
    pub(crate) name: String,
    redirects: Vec<Redirect>,
}

/// An address that a browser may be sent to with a token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Redirect {
    uri: String,
    /// Bytes of `uri` that are its origin.
    origin: usize,
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Clients(Vec<Client>);

impl Clients {
    /// Reads `[[clients]]`, in the order of the file.
    pub(super) fn read(sections: Vec<Section<'_>>) -> Self {
        let mut clients: Vec<Client> = Vec::new();
        for mut section in sections {
            let id = section.value("id", String::new(), id);
            let name = section.value("name", String::new(), name);
            let redirects = section.value("redirect_uris", Vec::new(), redirects);
            for key in ["id", "name", "redirect_uris"].into_iter().filter(|key| !section.has(key)) {
                section.fault(
                    "",
                    Fault::new(format!("has no `{key}`"), "each client has id, name and redirect_uris"),
                );
            }
            if !id.is_empty() && clients.iter().any(|known| known.id == id) {
                section.fault("id", Fault::new("is another client's too", "give each client one of its own"));
            }
            section.finish();
            clients.push(Client { id, name, redirects });
        }
        Self(clients)
    }

    /// The client that calls itself so.
    pub(crate) fn find(&self, id: &str) -> Option<&Client> {
        self.0.iter().find(|client| client.id == id)
    }
}

impl Client {
    /// The address of this client that is written exactly so.
    pub(crate) fn redirect(&self, uri: &str) -> Option<&Redirect> {
        self.redirects.iter().find(|known| known.uri == uri)
    }
}

impl Redirect {
    fn new(uri: &str) -> Result<Self, &'static str> {
        origin_of(uri).map(|origin| Self { uri: uri.to_owned(), origin })
    }

    /// The whole address.
    pub(crate) fn uri(&self) -> &str {
        &self.uri
    }

    /// Scheme, host and port: what a browser is allowed to send a form to.
    pub(crate) fn origin(&self) -> &str {
        self.uri.get(..self.origin).unwrap_or_default()
    }
}

fn id(value: &DeValue<'_>) -> Result<String, Fault> {
    let id = text(value)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_~:/".contains(&byte);
    if (1..=limits::CLIENT_ID_BYTES).contains(&id.len()) && id.bytes().all(fits) {
        return Ok(id.to_owned());
    }
    let hint = format!("write up to {} letters, digits and .-_~:/ of ASCII", limits::CLIENT_ID_BYTES);
    Err(Fault::new("is no name that a client calls itself by", hint))
}

fn name(value: &DeValue<'_>) -> Result<String, Fault> {
    let name = filled(value)?;
    if name.chars().count() <= limits::CLIENT_NAME_CHARS {
        return Ok(name.to_owned());
    }
    let hint = format!("write what people call it, in up to {} characters", limits::CLIENT_NAME_CHARS);
    Err(Fault::new("is too long", hint))
}

fn redirects(value: &DeValue<'_>) -> Result<Vec<Redirect>, Fault> {
    let uris = texts(value)?;
    if !(1..=limits::REDIRECTS).contains(&uris.len()) {
        let hint = format!("write one to {}", limits::REDIRECTS);
        return Err(Fault::new("is empty, or too many", hint));
    }
    let hint =
        "write the whole address, exactly as the client sends it: [\"https://app.example.org/recovered\"]";
    let read = |uri: &str| {
        Redirect::new(uri).map_err(|why| Fault::new(format!("holds \"{uri}\", which {why}"), hint))
    };
    uris.into_iter().map(read).collect()
}

/// How many bytes of an address are its origin; or why it is no address to send a person to.
///
/// It is narrower than the standard (RFC 3986): what browsers and libraries read differently is not let in.
fn origin_of(uri: &str) -> Result<usize, &'static str> {
    if uri.len() > limits::REDIRECT_BYTES {
        return Err("is too long");
    }
    if uri.contains('#') {
        return Err("has a fragment (#…): leave it out");
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?[]@!$&'()*+,;=%".contains(&byte);
    if !uri.bytes().all(plain) {
        return Err("holds a character that an address may not have");
    }
    let (scheme, rest) = uri.split_once("://").ok_or("has to begin with https://")?;
    let length = rest.find(['/', '?']).unwrap_or(rest.len());
    let authority = rest.get(..length).unwrap_or_default();
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let found = rest.split_once(']').filter(|(host, _)| host.parse::<Ipv6Addr>().is_ok());
            found.ok_or("has no address between the brackets")?
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    if host.is_empty() || !authority.starts_with('[') && !host.bytes().all(is_name) {
        return Err("needs a host in small letters, without user name or *");
    }
    let number = port.strip_prefix(':');
    if !port.is_empty() && !number.is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0)) {
        return Err("has no port behind the colon");
    }
    let is_local = matches!(host, "localhost" | "127.0.0.1" | "::1");
    match scheme {
        "https" => Ok("https://".len() + length),
        "http" if is_local => Ok("http://".len() + length),
        "http" => Err("has to begin with https://: over http anybody on the way could take the sign-in"),
        _ => Err("has to begin with https://"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::Config;

    #[test]
    fn an_address_to_send_people_to_is_safe_or_refused() {
        let table = [
            ("https://app.example.org/recovered", Ok("https://app.example.org")),
            ("https://app.example.org", Ok("https://app.example.org")),
            ("https://app.example.org:8443/a?b=c&d=e", Ok("https://app.example.org:8443")),
            ("https://app.example.org?x", Ok("https://app.example.org")),
            ("https://[2001:db8::1]:8443/", Ok("https://[2001:db8::1]:8443")),
            ("http://127.0.0.1:9000/cb", Ok("http://127.0.0.1:9000")),
            ("http://[::1]:9000/cb", Ok("http://[::1]:9000")),
            ("http://localhost/cb", Ok("http://localhost")),
            ("http://app.example.org/", Err("over http")),
            ("http://localhost.example.org/", Err("over http")),
            ("http://127.0.0.1.example.org/", Err("over http")),
            ("https://app.example.org/#x", Err("fragment")),
            ("https://user@app.example.org/", Err("user name")),
            ("https://app.example.org\\@evil.example/", Err("character")),
            ("https://*.example.org/", Err("*")),
            ("https://App.example.org/", Err("small letters")),
            ("https:///x", Err("host")),
            ("https://:443/x", Err("host")),
            ("https://[::1", Err("brackets")),
            ("https://[nonsense]/", Err("brackets")),
            ("https://[::1]x/", Err("port")),
            ("https://a.example:/", Err("port")),
            ("https://a.example:0/", Err("port")),
            ("https://a.example:65536/", Err("port")),
            ("https://a.example;script-src/", Err("small letters")),
            ("https://a.example/ b", Err("character")),
            ("https://a.example/\r\nx", Err("character")),
            ("https://ä.example/", Err("character")),
            ("javascript:alert(1)", Err("https://")),
            ("javascript://a.example/%0aalert(1)", Err("https://")),
            ("data:text/html,x", Err("https://")),
            ("//a.example/", Err("https://")),
            ("/relative", Err("https://")),
            ("", Err("https://")),
        ];
        for (uri, wanted) in table {
            match (Redirect::new(uri), wanted) {
                (Ok(found), Ok(origin)) => assert_eq!(found.origin(), origin, "{uri}"),
                (Err(found), Err(part)) => assert!(found.contains(part), "{uri}: {found}"),
                (found, wanted) => panic!("{uri}: {found:?}, not {wanted:?}"),
            }
        }
        let long = format!("https://a.example/{}", "x".repeat(limits::REDIRECT_BYTES));
        assert!(Redirect::new(&long).is_err());
    }

    #[test]
    fn clients_are_found_by_what_they_call_themselves_and_nothing_near_it() {
        let uri = "https://pay.example.org/recovered";
        let text = format!(
            "[[clients]]\nid = 'payroll'\nname = 'Payroll'\nredirect_uris = ['{uri}', 'http://localhost:1/']"
        );
        let clients = Config::parse(&text, Path::new("portal.toml")).unwrap().clients;
        let client = clients.find("payroll").unwrap();
        assert_eq!(client.redirect(uri).map(Redirect::uri), Some(uri));
        for near in [
            "https://pay.example.org/recovered/",
            "https://pay.example.org/Recovered",
            "",
            "https://pay.example.org/recovered?x",
        ] {
            assert_eq!(client.redirect(near), None, "{near}");
        }
        for near in ["Payroll", "payrol", "", "payroll "] {
            assert_eq!(clients.find(near), None, "{near}");
        }
    }
}
