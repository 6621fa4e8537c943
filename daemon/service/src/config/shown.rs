//! What a configuration comes to, for programs that look after the daemon: places and names, never a setting's value
//! beyond them.

use serde_json::{Value, json};

use super::{Admin, BusAddress, Config, Launch, PluginConfig};

/// The configuration as JSON, with every default.
#[must_use]
pub fn shown(config: &Config) -> Value {
    let address = match &config.bus.address {
        BusAddress::System => "system",
        BusAddress::Session => "session",
        BusAddress::At(address) => address,
    };
    let admins: Vec<String> = config.bus.admins.iter().map(admin).collect();
    let plugins: Vec<Value> = config.plugins.iter().map(plugin).collect();
    json!({
        "bus": {"address": address, "admins": admins},
        "store": {"path": config.store.path, "key": config.store.key, "anchor": config.store.anchor_file()},
        "policy": {"directory": config.policy.directory},
        "plugins": plugins,
    })
}

fn admin(admin: &Admin) -> String {
    match admin {
        Admin::Name(name) => name.clone(),
        Admin::Uid(uid) => uid.to_string(),
    }
}

fn plugin(plugin: &PluginConfig) -> Value {
    let (how, place) = match &plugin.launch {
        Launch::Command(command) => ("command", command.first().cloned().unwrap_or_default()),
        Launch::Socket(path) => ("socket", path.display().to_string()),
    };
    let mut files = serde_json::Map::new();
    find_files("", &plugin.settings, &mut files);
    json!({"name": plugin.name, how: place, "channels": plugin.channels, "files": files})
}

/// Where secrets are, not what they are: the reader refuses settings that are secrets themselves. Those of tables in the
/// settings are named by their way there: `twilio.auth_token_file`, `trunks[1].password_file`.
fn find_files(name: &str, settings: &Value, found: &mut serde_json::Map<String, Value>) {
    match settings {
        Value::Object(table) => {
            for (key, value) in table {
                let dot = if name.is_empty() { "" } else { "." };
                find_files(&format!("{name}{dot}{key}"), value, found);
            }
        }
        Value::Array(list) => {
            for (index, value) in list.iter().enumerate() {
                find_files(&format!("{name}[{index}]"), value, found);
            }
        }
        Value::String(_) if name.ends_with("_file") => {
            found.insert(name.to_owned(), settings.clone());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn places_are_shown_and_settings_are_not() {
        let text = "[plugins.email]\ncommand = [\"/usr/bin/mail\", \"-x\"]\n\
                    settings = { server = \"private.example\", password_file = \"smtp\", \
                    trunks = [{ ca_file = \"/ca\" }, { trunk = \"x\", key_file = \"/key\" }] }\n";
        let config = Config::parse(text, Path::new("x")).unwrap();
        let wanted = json!({
            "bus": {"address": "system", "admins": ["root"]},
            "store": {"path": "/var/lib/readmit/readmit.db", "key": "store.key",
                "anchor": "/var/lib/readmit/readmit.db.anchor"},
            "policy": {"directory": "/etc/readmit/policies"},
            "plugins": [{"name": "email", "command": "/usr/bin/mail", "channels": [], "files": {
                "password_file": "smtp", "trunks[0].ca_file": "/ca", "trunks[1].key_file": "/key"}}],
        });
        assert_eq!(shown(&config), wanted);
    }
}
