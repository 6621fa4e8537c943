//! In which sections two configurations differ.

use super::{Config, PluginConfig};

impl Config {
    /// The sections in which `other` differs, in the order of the documentation; plugins by name.
    #[must_use]
    pub fn differences(&self, other: &Self) -> Vec<String> {
        // Every field by name, so that a new one cannot be forgotten here.
        let Self {
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
        } = self;
        let sections = [
            ("bus", *bus != other.bus),
            ("store", *store != other.store),
            ("policy", *policy != other.policy),
            ("assurance", *assurance != other.assurance),
            ("organization", *organization != other.organization),
            ("case", *case != other.case),
            ("support", *support != other.support),
            ("sign_in", *sign_in != other.sign_in),
            ("retention", *retention != other.retention),
            ("limits", *limits != other.limits),
            ("spend", *spend != other.spend),
            ("metrics", *metrics != other.metrics),
            ("sandbox", *sandbox != other.sandbox),
            ("tracing", *tracing != other.tracing),
        ];
        let differing = sections.iter().filter(|(_, differs)| *differs).map(|(name, _)| (*name).to_owned());
        differing.chain(plugins_that_differ(plugins, &other.plugins)).collect()
    }
}

fn plugins_that_differ(one: &[PluginConfig], other: &[PluginConfig]) -> Vec<String> {
    let named = |list: &[PluginConfig], name: &str| list.iter().find(|plugin| plugin.name == name).cloned();
    let mut names: Vec<&str> = one.iter().chain(other).map(|plugin| plugin.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let changed = names.iter().filter(|name| named(one, name) != named(other, name));
    let changed: Vec<_> = changed.map(|name| format!("plugins.{name}")).collect();
    // The first of a channel is preferred, so their order counts too.
    if changed.is_empty() && one != other { vec!["plugins".to_owned()] } else { changed }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn parse(text: &str) -> Config {
        Config::parse(text, Path::new("readmit.toml")).unwrap()
    }

    #[test]
    fn each_section_that_differs_is_named() {
        let plugins = "[plugins.a]\nsocket = \"/a\"\n[plugins.b]\nsocket = \"/b\"\n";
        let swapped = "[plugins.b]\nsocket = \"/b\"\n[plugins.a]\nsocket = \"/a\"\n";
        for (other, differ) in [
            (plugins, &[][..]),
            ("", &["plugins.a", "plugins.b"]),
            (swapped, &["plugins"]),
            (&format!("{plugins}[plugins.c]\nsocket = \"/c\"\n"), &["plugins.c"]),
            (&plugins.replace("\"/b\"", "\"/other\""), &["plugins.b"]),
            (&format!("[limits]\nopen_per_minute = 7\n{plugins}"), &["limits"]),
            (
                &format!(
                    "[bus]\nadmins = []\n[store]\nkey = \"k\"\n[policy]\nbudget_ms = 9\n[assurance]\nlevel = \"aal1\"\n\
                     [organization]\nname = \"O\"\n[case]\nopen_hours = 2\n[support]\nhours = \"9\"\n\
                     [sign_in]\nissuer = \"https://o\"\n[limits]\nopen_per_minute = 7\n\
                     [metrics]\nlisten = \"off\"\n\
                     [sandbox]\nmode = \"off\"\n{plugins}"
                ),
                &[
                    "bus",
                    "store",
                    "policy",
                    "assurance",
                    "organization",
                    "case",
                    "support",
                    "sign_in",
                    "limits",
                    "metrics",
                    "sandbox",
                ],
            ),
        ] {
            assert_eq!(parse(plugins).differences(&parse(other)), differ, "{other}");
        }
    }
}
