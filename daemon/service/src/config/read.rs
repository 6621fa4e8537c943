//! From the text of the file to [`Config`]. This is the one list of all keys.

use std::path::{Path, PathBuf};
use std::time::Duration;

use readmit_recovery::address::{EmailAddress, PhoneNumber};
use readmit_recovery::assurance::Level;
use readmit_store::Retention;
use toml::de::{DeTable, DeValue};

use super::document::{Fault, Notes, Section, flag, number, text, texts};
use super::limit::LimitRules;
use super::report::Report;
use super::{
    Activation, Admin, Bus, BusAddress, CaseTimes, Config, DAY, HOUR, MAX_AUDIENCE_BYTES, MAX_PLUGINS, MIB,
    MINUTE, Policy, Sandboxing, Store, Support, metrics, plugin, spend, tracing,
};
use crate::service::SignInRules;

/// A hundred years: for ever, to an administrator.
const MOST_DAYS: u32 = 36_500;

pub(super) fn read(source: &str, file: &Path) -> Result<Config, Report> {
    let notes = Notes::new(source, file);
    let (document, errors) = DeTable::parse_recoverable(source);
    let parsed = errors.is_empty();
    for error in errors {
        notes.add(error.span(), "", Fault::new(one_line(error.message()), "this is no TOML; see toml.io"));
    }
    let config = parsed.then(|| config(&notes, document.get_ref()));
    let report = notes.into_report();
    config.filter(|_| report.is_ok()).ok_or(report)
}

fn config(notes: &Notes<'_>, document: &DeTable<'_>) -> Config {
    let default = Config::default();
    let mut root = Section::root(notes, document);
    let bus = bus(root.section("bus"), default.bus);
    let store = store(root.section("store"), default.store);
    let policy = policy(root.section("policy"), default.policy);
    let mut section = root.section("assurance");
    let assurance = section.value("level", default.assurance, level);
    section.finish();
    let mut section = root.section("organization");
    let organization = section.value("name", default.organization, |value| filled(value).map(str::to_owned));
    section.finish();
    let case = case(root.section("case"), default.case);
    let support = support(root.section("support"));
    let sign_in = sign_in(root.section("sign_in"));
    let retention = retention(root.section("retention"), default.retention);
    let mut section = root.section("limits");
    let limits = LimitRules::read(&mut section);
    section.finish();
    let spend = spend::read(root.section("spend"));
    let metrics = metrics::read(root.section("metrics"));
    let mut section = root.section("sandbox");
    let sandbox = section.value("mode", default.sandbox, sandboxing);
    section.finish();
    let tracing = tracing::read(root.section("tracing"));
    let mut plugins = Vec::new();
    for (n, (name, span, section)) in root.section("plugins").sections().into_iter().enumerate() {
        if n == MAX_PLUGINS {
            section.fault(
                span,
                "",
                Fault::new(format!("is one plugin more than {MAX_PLUGINS}"), "remove some"),
            );
            break;
        }
        plugins.extend(plugin::read(&name, span, section));
    }
    root.finish();
    Config {
        bus,
        store,
        policy,
        assurance,
        organization,
        case,
        support,
        sign_in,
        retention,
        limits,
        spend,
        metrics,
        sandbox,
        tracing,
        plugins,
    }
}

fn bus(mut section: Section<'_>, default: Bus) -> Bus {
    let bus = Bus {
        address: section.value("address", default.address, bus_address),
        admins: section
            .value("admins", default.admins, |value| texts(value)?.iter().map(|name| admin(name)).collect()),
    };
    section.finish();
    bus
}

fn store(mut section: Section<'_>, default: Store) -> Store {
    let store = Store {
        path: section.value("path", default.path, absolute),
        key: section.value("key", default.key, credential),
        anchor: section.value("anchor", default.anchor, |value| absolute(value).map(Some)),
    };
    section.finish();
    store
}

fn policy(mut section: Section<'_>, default: Policy) -> Policy {
    let policy = Policy {
        directory: section.value("directory", default.directory, absolute),
        budget: section.value("budget_ms", default.budget, |value| {
            number(value, 1..=10_000).map(|ms| Duration::from_millis(ms.into()))
        }),
        memory: section.value("memory_mib", default.memory, |value| {
            number(value, 1..=1024).map(|mib| mib as usize * MIB)
        }),
        activation: section.value("activation", default.activation, activation),
        require_tests: section.value("require_tests", default.require_tests, flag),
        tests_for: section.value("tests_seconds", default.tests_for, |value| {
            number(value, 1..=600).map(|seconds| Duration::from_secs(seconds.into()))
        }),
    };
    section.finish();
    policy
}

fn case(mut section: Section<'_>, default: CaseTimes) -> CaseTimes {
    let mut time = |key, default, unit: u64, most| {
        section.value(key, default, |value| {
            number(value, 1..=most).map(|count| Duration::from_secs(unit * u64::from(count)))
        })
    };
    let case = CaseTimes {
        open_for: time("open_hours", default.open_for, HOUR, 14 * 24),
        escalated_for: time("escalated_days", default.escalated_for, DAY, 90),
        recovered_for: time("recovered_days", default.recovered_for, DAY, 90),
        // These maxima are those of NIST SP 800-63B-4 §4.2.1.2, and for contacts of §4.2.1.3.
        email_code_for: time("email_minutes", default.email_code_for, MINUTE, 24 * 60),
        contact_code_for: time("contact_hours", default.contact_code_for, HOUR, 48),
        code_for: time("voice_minutes", default.code_for, MINUTE, 10),
    };
    section.finish();
    case
}

fn retention(mut section: Section<'_>, default: Retention) -> Retention {
    let mut days = |key, default, least| {
        section.value(key, default, |value| {
            number(value, least..=MOST_DAYS).map(|days| Duration::from_secs(DAY * u64::from(days)))
        })
    };
    let retention = Retention {
        journal: days("journal_days", default.journal, 30),
        decisions: days("decisions_days", default.decisions, 1),
        // Policies are told of recoveries of the last 90 days.
        cases: days("cases_days", default.cases, 91),
        differences: days("differences_days", default.differences, 1),
    };
    section.finish();
    retention
}

fn support(mut section: Section<'_>) -> Support {
    let support = Support {
        email: section.value("email", None, |value| if_filled(value, email)),
        phone: section.value("phone", None, |value| if_filled(value, phone)),
        hours: section.value("hours", String::new(), |value| text(value).map(str::to_owned)),
    };
    section.finish();
    support
}

fn sign_in(mut section: Section<'_>) -> SignInRules {
    let rules = SignInRules {
        issuer: section
            .value("issuer", String::new(), |value| if_filled(value, issuer).map(Option::unwrap_or_default)),
        audiences: section.value("audiences", Vec::new(), |value| {
            texts(value)?.iter().map(|name| audience(name)).collect()
        }),
    };
    // A token that does not say who signed it could be another's.
    if let Some(audiences) =
        section.ask("audiences").filter(|_| rules.issuer.is_empty() && !section.has("issuer"))
    {
        let hint = "add issuer = \"https://…\", the address at which people reach the portal";
        section.fault(audiences.span(), "audiences", Fault::new("has no issuer beside it", hint));
    }
    section.finish();
    rules
}

/// RFC 9207 §2: an address with neither query nor fragment.
fn issuer(text: &str) -> Result<String, Fault> {
    let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !b"?#\"<>\\^`{|}".contains(&byte));
    let local = ["http://localhost", "http://127.0.0.1", "http://[::1]"];
    let web = text.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        || local
            .iter()
            .filter_map(|local| text.strip_prefix(local))
            .any(|rest| rest.is_empty() || rest.starts_with([':', '/']));
    if plain && web {
        return Ok(text.to_owned());
    }
    Err(Fault::new(
        "is no address of an issuer",
        "write it as https://recover.example.org, with neither ? nor #",
    ))
}

fn audience(name: &str) -> Result<String, Fault> {
    if (1..=MAX_AUDIENCE_BYTES).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(name.to_owned());
    }
    let hint = format!("write up to {MAX_AUDIENCE_BYTES} visible ASCII characters, as [\"payroll\"]");
    Err(Fault::new("holds something that is no name of an audience", hint))
}

fn level(value: &DeValue<'_>) -> Result<Level, Fault> {
    text(value)?
        .parse()
        .map_err(|_| Fault::new("is no assurance level", "write \"aal2\", \"aal1\" or \"none\""))
}

fn activation(value: &DeValue<'_>) -> Result<Activation, Fault> {
    match text(value)? {
        "saved" => Ok(Activation::Saved),
        "two_persons" => Ok(Activation::TwoPersons),
        _ => Err(Fault::new(
            "says nobody who could bring policies into force",
            "write \"saved\" or \"two_persons\"",
        )),
    }
}

fn sandboxing(value: &DeValue<'_>) -> Result<Sandboxing, Fault> {
    match text(value)? {
        "auto" => Ok(Sandboxing::Auto),
        "require" => Ok(Sandboxing::Require),
        "off" => Ok(Sandboxing::Off),
        _ => Err(Fault::new("is no way to sandbox the daemon", "write \"auto\", \"require\" or \"off\"")),
    }
}

fn bus_address(value: &DeValue<'_>) -> Result<BusAddress, Fault> {
    match text(value)? {
        "system" => Ok(BusAddress::System),
        "session" => Ok(BusAddress::Session),
        address if address.starts_with("unix:path=/") || address.starts_with("unix:abstract=") => {
            Ok(BusAddress::At(address.to_owned()))
        }
        _ => Err(Fault::new("is no bus", "write \"system\", \"session\" or \"unix:path=/…\"")),
    }
}

fn admin(name: &str) -> Result<Admin, Fault> {
    let fits = |c: char| c.is_alphanumeric() || "._-@$".contains(c);
    if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit()) {
        return name
            .parse()
            .map(Admin::Uid)
            .map_err(|_| Fault::new("holds a number that is no uid", "see id(1)"));
    }
    if name.is_empty() || name.starts_with('-') || !name.chars().all(fits) {
        return Err(Fault::new("holds something that is no user name or uid", "write [\"root\", \"1000\"]"));
    }
    Ok(Admin::Name(name.to_owned()))
}

/// An absolute path: the daemon has no directory of its own to start from.
pub(super) fn absolute(value: &DeValue<'_>) -> Result<PathBuf, Fault> {
    let path = PathBuf::from(text(value)?);
    if path.is_absolute() {
        return Ok(path);
    }
    Err(Fault::new("is a relative path", "write the whole path, from / on"))
}

fn credential(value: &DeValue<'_>) -> Result<String, Fault> {
    let name = text(value)?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    if name.is_empty() || name.starts_with('.') || name.len() > 255 || !name.chars().all(fits) {
        let hint = "write a name like \"store.key\": a credential, or a file beside the database";
        return Err(Fault::new("is no name of a credential", hint));
    }
    Ok(name.to_owned())
}

fn filled<'v>(value: &'v DeValue<'_>) -> Result<&'v str, Fault> {
    let text = text(value)?;
    if text.trim().is_empty() {
        return Err(Fault::new("is empty", "fill it in, or leave the key out"));
    }
    Ok(text)
}

fn if_filled<T>(
    value: &DeValue<'_>,
    read: impl FnOnce(&str) -> Result<T, Fault>,
) -> Result<Option<T>, Fault> {
    match text(value)? {
        "" => Ok(None),
        text => read(text).map(Some),
    }
}

pub(super) fn email(text: &str) -> Result<EmailAddress, Fault> {
    EmailAddress::parse(text).map_err(|_| Fault::new("is no e-mail address", "write it as name@example.org"))
}

fn phone(text: &str) -> Result<PhoneNumber, Fault> {
    PhoneNumber::parse(text)
        .map_err(|_| Fault::new("is no phone number", "write it in E.164, as +14155550123"))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
#[path = "read_tests.rs"]
mod tests;
