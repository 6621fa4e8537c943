//! The configuration file, `readmit.toml`.

mod plugin;

pub use plugin::{Launch, PluginConfig, is_channel_name};
