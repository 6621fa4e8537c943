//! The verbs, one file each.

pub mod account;
pub mod audit;
pub mod backup;
pub mod case;
pub mod codes;
pub mod completions;
pub mod config;
pub mod demo;
pub mod device;
pub mod doctor;
pub mod key;
pub mod manual;
pub mod pass;
pub mod plugin;
pub mod policy;
pub mod recover;
pub mod restore;
pub mod schema;
pub mod status;
pub mod top;

use clap::Args;
use readmit_recovery::account::Reason;
use serde_json::{Value, json};
use zbus::Variant;

use crate::bus::value::Options;
use crate::limits::LIST_DEFAULT;

/// Which part of a list is wanted.
#[derive(Args)]
pub struct Page {
    /// Skip so many entries
    #[arg(long, default_value_t = 0, value_name = "N")]
    offset: u32,
    /// Show at most so many entries
    #[arg(long, default_value_t = LIST_DEFAULT, value_name = "N")]
    limit: u32,
}

/// What a command without an answer says to scripts: {done: true} and what it was about.
fn done(what: &str, id: &str) -> Value {
    json!({"done": true, what: id})
}

/// Puts a text into a dictionary for the bus, if there is one.
pub fn put(options: &mut Options, key: &'static str, value: Option<impl Into<Variant<'static>>>) {
    if let Some(value) = value {
        options.insert(key, value.into());
    }
}

/// Reads a reason for clap, with the choices in the error.
fn reason(word: &str) -> Result<Reason, String> {
    word.parse::<Reason>().map_err(|error| error.to_string())
}
