//! `readmit key`: new keys while everything runs.

use clap::{Args, Subcommand};
use serde_json::Value;

use crate::bus::value::{Options, object};
use crate::context::Context;
use crate::failure::Failure;
use crate::limits::KEY_LOOK;
use crate::output::{Style, number, word};
use crate::table::fields;
use crate::work::Bar;

const EXAMPLES: &str = "\
Examples:
  readmit key rotate                 a new key for what is sealed in the database
  readmit key rotate --wait          the same, and wait until everything is sealed with it
  readmit key rotate --sign-in       a new key for the sign-ins that are handed to other logins
  readmit key rotate --root          a new key in the keyring's file
  readmit key status

The keyring's file (or credential) holds root keys. Keys made by rotate are kept in the database, sealed with the root
key, so neither the file nor its backup changes. Rows are sealed again meanwhile, and the old key is forgotten after the
last; this goes on after a restart. Backups bring the keys along that they need, but for the root key.

JSON: {key, keys: [{key, part: current|root|old}], resealing, resealed, can_change_root}.";

/// Replace the keys that seal the database, while everything runs
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Key {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Make a new key, and seal everything again with it
    Rotate {
        /// Replace the root key, in the keyring's file
        #[arg(long)]
        root: bool,
        /// Replace the key that signs sign-ins for other logins; verifiers are told of the old one for a day
        #[arg(long, conflicts_with = "root")]
        sign_in: bool,
        /// Wait until everything is sealed again
        #[arg(long, conflicts_with = "sign_in")]
        wait: bool,
    },
    /// Show the keys, and how far sealing everything again is
    Status,
}

/// Runs the verb.
pub async fn run(key: Key, context: &mut Context) -> Result<(), Failure> {
    let store = context.store().await?;
    let answer = match key.verb {
        Verb::Status => object(&store.keys().await?),
        Verb::Rotate { root, sign_in, wait } => {
            let which = match (root, sign_in) {
                (true, _) => "root",
                (_, true) => "sign_in",
                _ => "data",
            };
            let mut answer = object(&store.rotate_key(Options::from([("which", which.into())])).await?);
            let bar = Bar::new("sealing again");
            while wait && answer["resealing"] == true {
                bar.pen().tell(&format!("{} rows", number(&answer, "resealed")));
                tokio::time::sleep(KEY_LOOK).await;
                let name = answer["key"].take();
                answer = object(&store.keys().await?);
                answer["key"] = name;
            }
            drop(bar);
            answer
        }
    };
    context.output.answer(&answer, |style| text(&answer, style))
}

fn text(answer: &Value, style: Style) -> String {
    let mut pairs = Vec::new();
    if answer.get("key").is_some() {
        pairs.push(("new key", word(answer, "key")));
    }
    for key in answer["keys"].as_array().into_iter().flatten() {
        let words = match key["part"].as_str() {
            Some("current") => "seals what is written",
            Some("root") => "seals the other keys",
            _ if answer["resealing"] == true => "old: what it sealed is being sealed again",
            _ => "old: not needed any more",
        };
        pairs.push(("key", format!("{}: {words}", word(key, "key"))));
    }
    if answer["resealing"] == true {
        let next = format!("{} rows sealed again so far; readmit key status", number(answer, "resealed"));
        pairs.push(("under way", next));
    }
    fields(&pairs, style)
}
