//! Plugins as services of their own, which the daemon reaches by their sockets.

use std::fs::OpenOptions;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use toml::Table;

/// A plugin that is not the daemon's child. Dropped, it is killed.
pub(crate) struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts the plugins of a configuration, and has it reach them by their sockets.
pub(crate) fn by_socket(config: &mut Table, place: &Path) -> Vec<Service> {
    let plugins = config["plugins"].as_table_mut().unwrap();
    let mut services = Vec::new();
    for (name, plugin) in plugins.iter_mut() {
        let plugin = plugin.as_table_mut().unwrap();
        let command = plugin.remove("command").unwrap();
        let socket = place.join(format!("{name}.sock"));
        plugin.insert("socket".to_owned(), socket.display().to_string().into());
        let log = OpenOptions::new().create(true).append(true).open(place.join("plugins.log")).unwrap();
        let mut service = Command::new(command[0].as_str().unwrap());
        service.arg("--socket").arg(socket).stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        services.push(Service(service.spawn().unwrap()));
    }
    services
}
