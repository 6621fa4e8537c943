//! `readmit device`: the authenticators of an account.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::{done, put};
use crate::bus::value::{Options, object, objects};
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};
use crate::output::{number, word};
use crate::recover::qr;
use crate::table::Table;
use crate::time::stamp;

const EXAMPLES: &str = "\
Examples:
  readmit device enroll alice --label 'Alice, phone'
  readmit device enroll bob --form hardware --secret-stdin < secret.base32
  readmit device list alice
  readmit device deactivate DEVICE --because 'reported stolen'
  readmit device resync DEVICE                     asks for two consecutive codes

JSON: enroll: {device, uri, secret, qr_svg}; list: [{device, label, form, status, enrolled_at, drift}]; \
resync: {device, in_sync}; the others: {done, device}. A secret is shown this once.";

/// Enroll, list and put right devices
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Device {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Bind a new device to an account and show its secret once, also as a QR code
    Enroll {
        /// The account
        account: String,
        /// What the person calls the device
        #[arg(long)]
        label: Option<String>,
        /// Where its secret lives
        #[arg(long, value_enum, default_value_t = Form::Virtual)]
        form: Form,
        /// Take the secret (base32) that the device brings from the terminal or standard input
        #[arg(long)]
        secret_stdin: bool,
    },
    /// List an account's devices
    List {
        /// The account
        account: String,
    },
    /// Take a device out of use; sign-in no longer asks for it
    Deactivate {
        /// The device
        device: String,
        /// Why; the journal keeps it
        #[arg(long, value_name = "TEXT")]
        because: String,
    },
    /// Delete a device's entry with its secret
    Delete {
        /// The device
        device: String,
    },
    /// Put a drifting device right by two consecutive codes
    Resync {
        /// The device
        device: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    /// In an app
    Virtual,
    /// In a token of its own
    Hardware,
}

const UNKNOWN: &str = "readmit device list ACCOUNT shows an account's devices";

/// Runs the verb.
pub async fn run(device: Device, context: &mut Context) -> Result<(), Failure> {
    match device.verb {
        Verb::Enroll { account, label, form, secret_stdin } => {
            let mut options = Options::new();
            put(&mut options, "label", label);
            let form = match form {
                Form::Virtual => "virtual",
                Form::Hardware => "hardware",
            };
            put(&mut options, "form", Some(form));
            if secret_stdin {
                let secret = context.terminal.secret("The device's secret (base32): ").await?;
                put(&mut options, "secret", Some(secret.expose().trim().to_owned()));
            }
            let devices = context.devices().await?;
            let enrolled =
                devices.enroll(&account, options).await.hint(Kind::NotFound, super::account::UNKNOWN)?;
            let enrolled = object(&enrolled);
            context.output.answer(&enrolled, |style| {
                let uri = enrolled["uri"].as_str().unwrap_or_default();
                let code = qr::lines(uri, style).map(|lines| lines.join("\n") + "\n").unwrap_or_default();
                format!(
                    "Device {} of {account} is enrolled. Its secret is shown this once:\n\n{code}\n  secret  {}\n  uri     {}\n",
                    word(&enrolled, "device"),
                    word(&enrolled, "secret"),
                    word(&enrolled, "uri"),
                )
            })
        }
        Verb::List { account } => {
            let devices = context.devices().await?;
            let found = objects(&devices.list(&account).await.hint(Kind::NotFound, super::account::UNKNOWN)?);
            context.output.answer(&found, |style| table(&found).text(style))
        }
        Verb::Deactivate { device, because } => {
            context.devices().await?.deactivate(&device, &because).await.hint(Kind::NotFound, UNKNOWN)?;
            say(context, &device, "is deactivated: sign-in no longer asks for it")
        }
        Verb::Delete { device } => {
            context.terminal.confirm(&format!("Delete device {device} with its secret?")).await?;
            context.devices().await?.delete(&device).await.hint(Kind::NotFound, UNKNOWN)?;
            say(context, &device, "is deleted")
        }
        Verb::Resync { device } => resync(&device, context).await,
    }
}

/// The devices as a table.
pub fn table(devices: &Value) -> Table {
    let nothing = "No device. Enroll one: readmit device enroll ACCOUNT";
    let mut table = Table::new(&["DEVICE", "LABEL", "FORM", "STATUS", "ENROLLED", "CLOCK"], nothing);
    for device in devices.as_array().into_iter().flatten() {
        let mut row: Vec<String> =
            ["device", "label", "form", "status"].iter().map(|key| word(device, key)).collect();
        row.push(stamp(number(device, "enrolled_at")));
        row.push(drift(device["drift"].as_i64().unwrap_or(0)));
        table.row(row);
    }
    table
}

fn drift(steps: i64) -> String {
    match steps {
        0 => "right".to_owned(),
        _ => format!("{} s {}", steps.unsigned_abs() * 30, if steps > 0 { "ahead" } else { "behind" }),
    }
}

async fn resync(device: &str, context: &mut Context) -> Result<(), Failure> {
    let questions = ("The code that the device shows now: ", "Wait for it to change; the next code: ");
    let (first, second) = context.terminal.two_secrets(questions.0, questions.1).await?;
    let devices = context.devices().await?;
    let in_sync =
        devices.resync(device, first.expose(), second.expose()).await.hint(Kind::NotFound, UNKNOWN)?;
    if !in_sync {
        return Err(Failure::new(Kind::Refused, "these were not two consecutive codes of this device")
            .with_hint(
                "wait for a fresh code and type it and the very next one, or enroll the device anew",
            ));
    }
    context.output.answer(&json!({"device": device, "in_sync": true}), |_| {
        format!("Device {device} is in step again; its next code will be accepted.\n")
    })
}

fn say(context: &Context, device: &str, text: &str) -> Result<(), Failure> {
    context.output.answer(&done("device", device), |_| format!("Device {device} {text}.\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drift_is_told_in_seconds() {
        assert_eq!(drift(0), "right");
        assert_eq!(drift(3), "90 s ahead");
        assert_eq!(drift(-1), "30 s behind");
    }
}
