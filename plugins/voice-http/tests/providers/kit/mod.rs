//! The plugin, driven as the daemon drives it, and the provider that it calls by.

mod certificate;
mod plugin;
#[path = "../../../../telephone/tests/kit/process.rs"]
mod process;
mod provider;

pub use certificate::certificate;
pub use plugin::{Plugin, free_address};
pub use process::{CODE, Ended, PATIENCE};
pub use provider::{Provider, python};

/// Our account at the provider.
pub const ACCOUNT: &str = "AC0123456789abcdef0123456789abcdef";
/// Its secret.
pub const TOKEN: &str = "correct-horse-auth-token";
/// What Vonage signs with.
pub const SECRET: &str = "a signature secret of thirty-two bytes";
/// Where the world reaches the listener; the tests' provider takes a short cut, as a proxy would.
pub const PUBLIC: &str = "https://calls.example.org/readmit";
