//! Every key of the configuration in words: what the manual says. The reader is the judge; tests hold this table against
//! it in both directions, defaults and ranges included.

use serde::Serialize;

/// One key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Key {
    /// Its section and name, dotted; `plugins.NAME` stands for every plugin.
    pub key: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// What holds where it is left out, as TOML; empty if nothing does.
    pub default: &'static str,
    /// What it means.
    pub about: &'static str,
}

/// What the value of a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A text.
    Text,
    /// Texts.
    List,
    /// An absolute path.
    Path,
    /// `true` or `false`.
    Flag,
    /// A whole number in this range.
    Number {
        /// The smallest.
        least: u32,
        /// The largest.
        most: u32,
    },
    /// One of a few words.
    Word(&'static [&'static str]),
    /// A section of its own.
    Section,
}

const fn text(key: &'static str, default: &'static str, about: &'static str) -> Key {
    Key { key, kind: Kind::Text, default, about }
}

const fn list(key: &'static str, default: &'static str, about: &'static str) -> Key {
    Key { key, kind: Kind::List, default, about }
}

const fn path(key: &'static str, default: &'static str, about: &'static str) -> Key {
    Key { key, kind: Kind::Path, default, about }
}

const fn number(key: &'static str, most: u32, default: &'static str, about: &'static str) -> Key {
    Key { key, kind: Kind::Number { least: 1, most }, default, about }
}

const fn limit(key: &'static str, default: &'static str, about: &'static str) -> Key {
    number(key, 1_000_000, default, about)
}

const fn days(key: &'static str, least: u32, default: &'static str, about: &'static str) -> Key {
    Key { key, kind: Kind::Number { least, most: 36_500 }, default, about }
}

/// Every key, in the order of the manual.
pub const KEYS: &[Key] = &[
    text(
        "bus.address",
        "\"system\"",
        "The bus: system, session, or an address such as unix:path=/run/readmit/bus.",
    ),
    list(
        "bus.admins",
        "[\"root\"]",
        "Users, by name or number, who may call every method without polkit being asked. Everybody else needs an action of polkit.",
    ),
    path(
        "store.path",
        "\"/var/lib/readmit/readmit.db\"",
        "The database. Its directory must be the daemon's own.",
    ),
    text(
        "store.key",
        "\"store.key\"",
        "The name of the key that seals secrets: a credential of systemd's, or else a file beside the database, which the first start makes.",
    ),
    path(
        "store.anchor",
        "",
        "A file outside the store in which the signed head of the journal is kept as well, so that an end that was cut off is noticed.",
    ),
    path("policy.directory", "\"/etc/readmit/policies\"", "The directory with one policy file a realm."),
    number("policy.budget_ms", 10_000, "100", "Milliseconds of processor time that one decision may take."),
    number("policy.memory_mib", 1024, "16", "MiB that one decision may use."),
    Key {
        key: "policy.activation",
        kind: Kind::Word(&["saved", "two_persons"]),
        default: "\"saved\"",
        about: "Who brings policies into force: whoever saves them, or two different users with readmit policy activate.",
    },
    Key {
        key: "policy.require_tests",
        kind: Kind::Flag,
        default: "false",
        about: "Whether a set of policies without tests of its own is refused.",
    },
    number(
        "policy.tests_seconds",
        600,
        "10",
        "Seconds that all tests of a set may take before it comes into force.",
    ),
    Key {
        key: "assurance.level",
        kind: Kind::Word(&["none", "aal1", "aal2"]),
        default: "\"aal2\"",
        about: "The floor under every policy (NIST SP 800-63B-4 section 4.2.2).",
    },
    text("organization.name", "\"Readmit\"", "Who writes to people and stands in their authenticator apps."),
    number("case.open_hours", 336, "24", "Hours in which a recovery must be proven."),
    number("case.escalated_days", 90, "14", "Days that support or an administrator has for a case."),
    number("case.recovered_days", 90, "7", "Days that a recovered case waits for what is left to do."),
    number("case.email_minutes", 1440, "15", "Minutes that a code sent by e-mail is good."),
    number("case.contact_hours", 48, "24", "Hours that a code handed over by a recovery contact is good."),
    number("case.voice_minutes", 10, "10", "Minutes that a code on any other channel is good."),
    text(
        "support.email",
        "\"\"",
        "Where tickets are sent; empty: they only wait in readmit case list --state escalated.",
    ),
    text("support.phone", "\"\"", "What people may call, in E.164."),
    text("support.hours", "\"\"", "When someone is there, in your own words."),
    text(
        "sign_in.issuer",
        "\"\"",
        "Who signs the tokens for other logins: the address at which people reach the portal, with https.",
    ),
    list("sign_in.audiences", "[]", "The logins that tokens may be made for; needs an issuer."),
    days("retention.journal_days", 30, "3650", "Days that entries of the journal are kept."),
    days("retention.decisions_days", 1, "730", "Days that decisions of the policies are kept."),
    days("retention.cases_days", 91, "3650", "Days that recoveries are kept after they have ended."),
    days(
        "retention.differences_days",
        1,
        "365",
        "Days that differences of a candidate set of policies are kept.",
    ),
    limit("limits.open_per_account_per_hour", "10", "Cases opened for one account."),
    limit("limits.open_per_address_per_hour", "60", "Cases opened from one network address."),
    limit("limits.open_per_minute", "6000", "Cases opened in total."),
    limit("limits.emails_per_account_per_hour", "20", "Messages sent for one account."),
    limit("limits.calls_per_number_per_15_minutes", "3", "Calls to one number."),
    limit("limits.calls_per_number_per_day", "10", "Calls to one number over a day."),
    limit("limits.calls_per_account_per_day", "10", "Calls for one account over a day."),
    limit(
        "limits.calls_per_number_block_per_hour",
        "30",
        "Calls to numbers that differ only in the last four digits.",
    ),
    limit("limits.calls_per_country_per_hour", "500", "Calls to numbers of one country."),
    limit("limits.calls_per_address_per_hour", "30", "Calls asked for from one network address."),
    limit("limits.calls_per_hour", "1000", "Calls in total."),
    limit(
        "limits.tries_per_address_per_hour",
        "100",
        "Proofs tried from one network address, right ones too.",
    ),
    limit(
        "limits.codes_per_account_per_15_minutes",
        "20",
        "One-time passwords tried for one account at sign-in.",
    ),
    limit("limits.passwords_per_account_per_15_minutes", "10", "Passwords tried for one account at sign-in."),
    limit("limits.tickets_per_address_per_hour", "10", "Requests to support from one network address."),
    text(
        "spend.per_day",
        "\"\"",
        "What calls may cost in any 24 hours, as \"25.00\" in the currency of the rates; empty: no limit. Needs rates. Past it no call is made, and people are alerted.",
    ),
    list(
        "spend.rates",
        "[]",
        "What a minute costs, by the beginning of the number, as \"+49 0.08\"; the longest that fits counts, and a number with no rate is as dear as the dearest. Every call counts as a minute at least.",
    ),
    text(
        "metrics.listen",
        "\"systemd\"",
        "Where OpenMetrics can be read: systemd (a socket called metrics that it passes), off, unix:/path or a loopback address such as 127.0.0.1:9464.",
    ),
    text(
        "metrics.group",
        "",
        "The group that may read a socket in the file system, beside the daemon's user.",
    ),
    text(
        "tracing.otlp",
        "",
        "Where traces are sent by OTLP over HTTP on this machine: unix:/path or a loopback address; no traces where it is left out.",
    ),
    number("tracing.percent", 100, "100", "How many of a hundred calls are traced."),
    Key {
        key: "sandbox.mode",
        kind: Kind::Word(&["auto", "require", "off"]),
        default: "\"auto\"",
        about: "The daemon's own walls, where no unit builds them: as far as the kernel allows, whole or no start, or none.",
    },
    list(
        "plugins.NAME.command",
        "",
        "The program that the daemon starts, by its whole path, and its arguments; or else socket.",
    ),
    path(
        "plugins.NAME.socket",
        "",
        "The unix socket of a plugin that somebody else starts, such as a unit of systemd's.",
    ),
    list(
        "plugins.NAME.channels",
        "[]",
        "What it is used for; all that it offers where nothing is said. The first plugin of a channel is preferred; the next one gets what its provider did not take.",
    ),
    text("plugins.NAME.sender", "", "The address that its messages come from, as people are told it."),
    Key {
        key: "plugins.NAME.settings",
        kind: Kind::Section,
        default: "",
        about: "The plugin's own settings, passed on as they are; its README says which. Secrets are named as files or credentials.",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::config::{Config, Report};

    fn parse(text: &str) -> Result<Config, Report> {
        Config::parse(text, Path::new("readmit.toml"))
    }

    /// A document that says one value of one key; a plugin also needs a way to be reached.
    fn document(key: &str, value: &str) -> String {
        let (section, name) = key.rsplit_once('.').unwrap();
        let needed = match name {
            "command" | "socket" => "",
            _ if section == "plugins.NAME" => "socket = \"/run/x.sock\"\n",
            "audiences" => "issuer = \"https://a.example\"\n",
            _ => "",
        };
        format!("[{}]\n{needed}{name} = {value}\n", section.replace("NAME", "x"))
    }

    #[test]
    fn every_key_of_the_reader_is_in_the_table_and_the_other_way() {
        let table: BTreeSet<String> = KEYS.iter().map(|key| key.key.to_owned()).collect();
        assert_eq!(table.len(), KEYS.len(), "no key twice");
        // The reader names what it knows where it is asked for something far from it.
        let known = |document: &str| -> Vec<String> {
            let hint = parse(document).unwrap_err().problems.pop().unwrap().hint;
            let keys =
                hint.strip_prefix("the keys here are ").unwrap_or_else(|| panic!("{document}: {hint}"));
            keys.split(", ").map(str::to_owned).collect()
        };
        const STRANGE: &str = "zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz";
        let mut read = BTreeSet::new();
        for section in known(&format!("{STRANGE} = 1")) {
            let (place, name) = match section.as_str() {
                "plugins" => ("plugins.x".to_owned(), "plugins.NAME".to_owned()),
                _ => (section.clone(), section.clone()),
            };
            let needed = if section == "plugins" { "socket = \"/run/x.sock\"\n" } else { "" };
            for key in known(&format!("[{place}]\n{needed}{STRANGE} = 1")) {
                read.insert(format!("{name}.{key}"));
            }
        }
        assert_eq!(read, table);
    }

    #[test]
    fn the_defaults_of_the_table_are_those_of_the_reader() {
        for key in KEYS.iter().filter(|key| {
            // What is empty says nothing, and audiences ask for an issuer.
            !key.default.is_empty() && !key.key.starts_with("plugins.") && key.key != "sign_in.audiences"
        }) {
            let config =
                parse(&document(key.key, key.default)).unwrap_or_else(|why| panic!("{}: {why}", key.key));
            assert_eq!(config, Config::default(), "{}", key.key);
        }
    }

    #[test]
    fn the_ranges_of_the_table_are_those_of_the_reader() {
        for key in KEYS {
            let reads = |value: &str| parse(&document(key.key, value)).is_ok();
            match key.kind {
                Kind::Number { least, most } => {
                    assert!(reads(&least.to_string()) && reads(&most.to_string()), "{}", key.key);
                    let (less, more) = (i64::from(least) - 1, i64::from(most) + 1);
                    assert!(!reads(&less.to_string()) && !reads(&more.to_string()), "{}", key.key);
                }
                Kind::Word(words) => {
                    assert!(words.iter().all(|word| reads(&format!("\"{word}\""))), "{}", key.key);
                    assert!(!reads("\"another\""), "{}", key.key);
                }
                Kind::Flag => assert!(reads("true") && reads("false") && !reads("1"), "{}", key.key),
                Kind::Path => assert!(reads("\"/x\"") && !reads("\"x\"") && !reads("1"), "{}", key.key),
                Kind::Text => assert!(!reads("1") && !reads("[]"), "{}", key.key),
                Kind::List => assert!(!reads("\"x\""), "{}", key.key),
                Kind::Section => assert!(!reads("1"), "{}", key.key),
            }
        }
    }
}
