//! `readmit schema`: what `--json` says, as JSON Schema.

use clap::Args;

use crate::failure::{Failure, Kind};
use crate::output::{self, plain};

const EXAMPLES: &str = "\
Examples:
  readmit schema status
  readmit schema account list
  readmit schema error                             what a failure says on standard error
  readmit schema --list

A later version may add keys and takes none away; a schema therefore allows others than those it names.";

/// Print the JSON Schema of what a verb says with --json
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Schema {
    /// The verb, as it is typed: account list
    #[arg(required_unless_present = "list")]
    verb: Vec<String>,
    /// List the verbs that have one
    #[arg(long, conflicts_with = "verb")]
    list: bool,
}

macro_rules! schemas {
    ($($name:literal),* $(,)?) => {
        /// Each schema by the words of its verb.
        const SCHEMAS: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../../contrib/schemas/", $name, ".json")))),*];
    };
}

schemas!(
    "account-add",
    "account-export",
    "account-import",
    "account-list",
    "account-remove",
    "account-set",
    "account-set-password",
    "account-show",
    "account-verify",
    "audit-export",
    "audit-read",
    "audit-verify",
    "backup",
    "case-approve",
    "case-deny",
    "case-list",
    "case-resolve",
    "case-show",
    "case-watch",
    "codes-issue",
    "config-check",
    "device-deactivate",
    "device-delete",
    "device-enroll",
    "device-list",
    "device-resync",
    "doctor",
    "error",
    "key-rotate",
    "key-status",
    "manual",
    "pass-issue",
    "pass-send",
    "plugin-list",
    "plugin-probe",
    "plugin-pause",
    "plugin-restart",
    "plugin-resume",
    "plugin-test",
    "policy-activate",
    "policy-check",
    "policy-diff",
    "policy-explain",
    "policy-export",
    "policy-graph",
    "policy-list",
    "policy-mutate",
    "policy-readiness",
    "policy-reload",
    "policy-replay",
    "policy-rollback",
    "policy-shadow",
    "policy-test",
    "policy-verify",
    "restore",
    "status",
    "top",
);

/// Runs the verb.
pub fn run(schema: Schema) -> Result<(), Failure> {
    if schema.list {
        let names: String = SCHEMAS.iter().map(|(name, _)| format!("{name}\n")).collect();
        return output::write(&names);
    }
    let name = schema.verb.join("-");
    match SCHEMAS.iter().find(|(known, _)| *known == name) {
        Some((_, text)) => output::write(text),
        None => Err(Failure::new(
            Kind::NotFound,
            format!("there is no schema of `{}`", plain(&schema.verb.join(" "))),
        )
        .with_hint("readmit schema --list names those that there are")),
    }
}
