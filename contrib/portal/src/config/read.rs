//! From the text of the file to [`Config`]. This is the one list of all keys.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::document::{Fault, Notes, Section, absolute, flag, text};
use super::report::Report;
use super::serving::{listen, said_in, trusted};
use super::{Branding, Clients, Config, Connections, Languages, RateLimits, SignIn, Socket, Tls, origin};

pub(super) fn read(source: &str, file: &Path) -> Result<Config, Report> {
    let notes = Notes::new(source, file);
    let (document, errors) = DeTable::parse_recoverable(source);
    let parsed = errors.is_empty();
    for error in errors {
        notes.add(error.span(), "", Fault::new(one_line(error.message()), "this is no TOML; see toml.io"));
    }
    let config = parsed.then(|| config(&notes, document.get_ref()));
    let report = notes.into_report();
    config.filter(|_| report.problems.is_empty()).ok_or(report)
}

fn config(notes: &Notes<'_>, document: &DeTable<'_>) -> Config {
    let default = Config::default();
    let mut root = Section::root(notes, document);
    let listen = root.value("listen", default.listen, listen);
    let public_url = root.value("public_url", default.public_url, origin::origin);
    let insecure = root.value("insecure", false, flag);
    let mut trusted_proxies = root.value("trusted_proxies", default.trusted_proxies, trusted);
    trusted_proxies.said_in = root.value("client_header", trusted_proxies.said_in, said_in);
    let config = Config {
        listen,
        public_url,
        behind_proxy: root.value("behind_proxy", default.behind_proxy, flag),
        trusted_proxies,
        organization: root.value("organization", default.organization, owned),
        support: root.value("support", default.support, owned),
        bus: root.value("bus", default.bus, bus),
        framed_by: root.value("framed_by", default.framed_by, origin::origins),
        socket: Socket::read(root.section("socket")),
        tls: Tls::read(root.section("tls")),
        connections: Connections::read(root.section("connections")),
        limits: RateLimits::read(root.section("limits")),
        sign_in: sign_in(root.section("sign_in")),
        branding: branding(root.section("branding")),
        languages: languages(root.section("languages")),
        clients: Clients::read(root.sections("clients")),
    };
    check_safety(&root, &config, insecure);
    root.finish();
    config
}

/// Refuses what would send secrets over a network in clear, unless it is asked for by name.
fn check_safety(root: &Section<'_>, config: &Config, insecure: bool) {
    if !config.is_secure() && !origin::is_local(&config.public_url) && !insecure {
        let message = "is reached without TLS: passwords and codes would go over the network in clear";
        let hint = "write https://, with [tls] or a proxy in front; on a network that nobody else is on, insecure = true";
        root.fault("public_url", Fault::new(message, hint));
    }
    if !config.is_secure() && root.has("tls") {
        let hint = "write https://: browsers keep cookies apart by it";
        root.fault("public_url", Fault::new("does not say https, and there is a [tls]", hint));
    }
    if config.listen.iter().any(|listen| config.exposes(listen)) && !root.has("tls") {
        let message = "is open to the network without TLS, while public_url promises https";
        let hint = "put the certificate into [tls], or say behind_proxy = true if a proxy that speaks TLS is in front";
        root.fault("listen", Fault::new(message, hint));
    }
}

fn sign_in(mut section: Section<'_>) -> SignIn {
    let sign_in = SignIn { built_in: section.value("built_in", SignIn::default().built_in, flag) };
    section.finish();
    sign_in
}

fn branding(mut section: Section<'_>) -> Branding {
    let branding = Branding {
        css: section.value("css", None, |value| absolute(value).map(Some)),
        logo: section.value("logo", None, |value| absolute(value).map(Some)),
    };
    section.finish();
    branding
}

fn languages(mut section: Section<'_>) -> Languages {
    let languages =
        Languages { directory: section.value("directory", None, |value| absolute(value).map(Some)) };
    section.finish();
    languages
}

fn owned(value: &DeValue<'_>) -> Result<String, Fault> {
    text(value).map(|text| text.trim().to_owned())
}

fn bus(value: &DeValue<'_>) -> Result<String, Fault> {
    let text = text(value)?;
    if matches!(text, "system" | "session") || text.parse::<zbus::Address>().is_ok() {
        return Ok(text.to_owned());
    }
    Err(Fault::new("is no bus", "write \"system\", \"session\" or an address such as \"unix:path=/run/bus\""))
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
