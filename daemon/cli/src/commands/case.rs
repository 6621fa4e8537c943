//! `readmit case`: recoveries, as support and administrators see and decide them.

mod watch;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use zbus::Variant;

use super::{Page, done, put};
use crate::bus::value::{Options, object, objects};
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};
use crate::output::{Style, number, word};
use crate::table::{Table, fields};
use crate::time::{now, stamp, until};

const EXAMPLES: &str = "\
Examples:
  readmit case list --state escalated              what waits for support
  readmit case show CASE                           everything that happened, and why
  readmit case watch                               as they change
  readmit case approve CASE --because 'known to me, called back on the number on file'
  readmit case resolve CASE --action pass --because 'identity checked by video, ticket 4711'
  readmit case deny CASE --because 'not the person'

JSON: list: [{case, account, state, reason, opened_at, next_deadline}]; show: the case with steps, outcome, \
support, history: [{seq, at, actor, kind, detail}]; resolve: {done, case, action}; the others: {done, case}. Nobody approves or resolves their own case.";

/// See and decide recoveries
#[derive(Args)]
#[command(after_help = EXAMPLES, arg_required_else_help = true)]
pub struct Case {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// List cases
    List {
        /// Only cases in this state
        #[arg(long, value_name = "STATE", value_parser = [
            "proving", "held", "recovered", "completed", "escalated", "denied", "vetoed", "cancelled", "expired",
        ])]
        state: Option<String>,
        /// Only cases of this account
        #[arg(long)]
        account: Option<String>,
        /// Only cases that have not ended
        #[arg(long)]
        open: bool,
        #[command(flatten)]
        page: Page,
    },
    /// Show a case with its history
    Show {
        /// The case
        case: String,
    },
    Watch(watch::Watch),
    /// Vouch for the person, where the plan asks for an approval
    Approve {
        /// The case
        case: String,
        /// How you know; the journal keeps it
        #[arg(long, value_name = "TEXT")]
        because: String,
    },
    /// Refuse the case for good
    Deny {
        /// The case
        case: String,
        /// Why; the journal keeps it
        #[arg(long, value_name = "TEXT")]
        because: String,
    },
    /// Decide an escalated case
    Resolve {
        /// The case
        case: String,
        /// What happens
        #[arg(long, value_enum)]
        action: Action,
        /// Why; the journal keeps it
        #[arg(long, value_name = "TEXT")]
        because: String,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Action {
    /// Send an access pass to the address on file; the person goes on with it
    Pass,
    /// Reset the device: the person may sign in
    Reset,
    /// Refuse
    Deny,
}

impl Action {
    const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Reset => "reset",
            Self::Deny => "deny",
        }
    }
}

const UNKNOWN: &str = "readmit case list shows the cases";
const WRONG_STATE: &str = "readmit case show CASE shows its state and what it waits for";

/// Runs the verb.
pub async fn run(case: Case, context: &mut Context) -> Result<(), Failure> {
    match case.verb {
        Verb::List { state, account, open, page } => {
            let mut filter = Options::new();
            put(&mut filter, "state", state);
            put(&mut filter, "account", account);
            put(&mut filter, "open", open.then_some(true));
            let found = objects(&context.cases().await?.list(filter, page.offset, page.limit).await?);
            context.output.answer(&found, |style| table(&found).text(style))
        }
        Verb::Show { case } => {
            let shown = object(&context.cases().await?.show(&case).await.hint(Kind::NotFound, UNKNOWN)?);
            context.output.answer(&shown, |style| text(&case, &shown, style))
        }
        Verb::Watch(watch) => watch::run(watch, context).await,
        Verb::Approve { case, because } => {
            let approved = context.cases().await?.approve(&case, &because).await;
            approved.hint(Kind::NotFound, UNKNOWN).hint(Kind::WrongState, WRONG_STATE)?;
            say(context, &case, "has your approval")
        }
        Verb::Deny { case, because } => {
            let denied = context.cases().await?.deny(&case, &because).await;
            denied.hint(Kind::NotFound, UNKNOWN).hint(Kind::WrongState, WRONG_STATE)?;
            say(context, &case, "is denied")
        }
        Verb::Resolve { case, action, because } => resolve(&case, action, &because, context).await,
    }
}

fn table(cases: &Value) -> Table {
    let mut table = Table::new(&["CASE", "ACCOUNT", "STATE", "REASON", "OPENED", "NEXT"], "No case.");
    for case in cases.as_array().into_iter().flatten() {
        let mut row: Vec<String> =
            ["case", "account", "state", "reason"].iter().map(|key| word(case, key)).collect();
        row.push(stamp(number(case, "opened_at")));
        row.push(match number(case, "next_deadline") {
            0 => "-".to_owned(),
            at => until(at, now()),
        });
        table.row(row);
    }
    table
}

fn text(id: &str, case: &Value, style: Style) -> String {
    let time = |key| stamp(number(case, key));
    let mut pairs = vec![("case", id.to_owned())];
    pairs.extend(["account", "state", "reason", "message"].map(|key| (key, word(case, key))));
    pairs.extend([
        ("opened", time("opened_at")),
        ("expires", time("expires_at")),
        ("held until", time("held_until")),
    ]);
    pairs.extend(
        ["policy", "client", "support", "outcome", "tasks", "approvals"].map(|key| (key, word(case, key))),
    );
    let mut steps = Table::new(&["FACTOR", "STATE", "TO", "LAST", "TRIES LEFT"], "No step.");
    for step in case["steps"].as_array().into_iter().flatten() {
        steps.row(["factor", "state", "hint", "disposition", "tries_left"].map(|key| word(step, key)).into());
    }
    let mut history = Table::new(&["AT", "ACTOR", "WHAT", "DETAIL"], "No history.");
    for entry in case["history"].as_array().into_iter().flatten() {
        let at = stamp(number(entry, "at"));
        history.row(vec![at, word(entry, "actor"), word(entry, "kind"), word(entry, "detail")]);
    }
    format!("{}\n{}\n{}", fields(&pairs, style), steps.text(style), history.text(style))
}

async fn resolve(case: &str, action: Action, because: &str, context: &mut Context) -> Result<(), Failure> {
    let mut resolution = Options::new();
    resolution.insert("action", Variant::from(action.word()));
    resolution.insert("because", Variant::from(because.to_owned()));
    let resolved = context.cases().await?.resolve(case, resolution).await;
    resolved.hint(Kind::NotFound, UNKNOWN).hint(Kind::WrongState, WRONG_STATE)?;
    context.output.answer(&json!({"done": true, "case": case, "action": action.word()}), |_| match action {
        Action::Pass => {
            format!("An access pass is on its way to the address on file; case {case} goes on with it.\n")
        }
        Action::Reset => format!("Case {case} is recovered: the person may sign in once.\n"),
        Action::Deny => format!("Case {case} is denied.\n"),
    })
}

fn say(context: &Context, case: &str, text: &str) -> Result<(), Failure> {
    context.output.answer(&done("case", case), |_| {
        format!("Case {case} {text}. How it goes on: readmit case show {case}\n")
    })
}
