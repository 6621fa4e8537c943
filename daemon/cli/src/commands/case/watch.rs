//! `readmit case watch`: cases as they change, a line each.

use clap::Args;
use futures_util::StreamExt as _;
use serde_json::json;

use crate::bus::administration::CasesProxy;
use crate::bus::proxies::Changed;
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};
use crate::output::{self, Style, plain};
use crate::time::{now, stamp};

const EXAMPLES: &str = "\
Examples:
  readmit case watch                               every case, until Ctrl-C
  readmit case watch HANDLE                        one case, until it has ended
  readmit case watch --json | jq -r 'select(.state == \"escalated\") | .case'

JSON: one object a line: {at, case, account, state, reason}. What is written to standard error says when watching began, \
and when the daemon was away: what changed meanwhile is not told.";

/// Watch cases as they change
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Watch {
    /// Only this case, until it has ended
    case: Option<String>,
}

/// States that nothing follows.
const ENDED: [&str; 5] = ["completed", "denied", "vetoed", "cancelled", "expired"];

/// Runs the verb.
pub async fn run(watch: Watch, context: &mut Context) -> Result<(), Failure> {
    let (cases, signals) = (context.cases().await?, context.case_signals().await?);
    // Listening begins before the daemon is asked to tell, so that nothing falls in between.
    let mut changes = signals.receive_changed().await?;
    let mut owners = signals.inner().receive_owner_changed().await?;
    begin(&cases, watch.case.as_deref()).await?;
    loop {
        tokio::select! {
            change = changes.next() => match change {
                None => return Err(Failure::new(Kind::Unavailable, "the bus is gone")),
                Some(change) => if told(&change, watch.case.as_deref(), context)? == Next::End {
                    return Ok(());
                },
            },
            owner = owners.next() => match owner {
                None => return Err(Failure::new(Kind::Unavailable, "the bus is gone")),
                Some(None) => note("readmitd is away; waiting for it"),
                // A new daemon knows nobody who watched the old one.
                Some(Some(_)) => begin(&cases, watch.case.as_deref()).await?,
            },
        }
    }
}

async fn begin(cases: &CasesProxy, case: Option<&str>) -> Result<(), Failure> {
    cases.watch().await?;
    if let Some(case) = case {
        let hint = "readmit case list shows the cases";
        cases.show(case).await.hint(Kind::NotFound, hint)?;
    }
    note("watching; Ctrl-C ends it");
    Ok(())
}

#[derive(PartialEq, Eq)]
enum Next {
    GoOn,
    End,
}

fn told(change: &Changed, wanted: Option<&str>, context: &Context) -> Result<Next, Failure> {
    let change = change.args()?;
    if wanted.is_some_and(|wanted| wanted != change.case) {
        return Ok(Next::GoOn);
    }
    let at = now();
    let line = if context.output.is_json() {
        json!({"at": at, "case": change.case, "account": change.account, "state": change.state,
            "reason": change.reason})
        .to_string()
    } else {
        line(at, [change.case, change.state, change.account, change.reason], context.output.style())
    };
    output::write(&format!("{line}\n"))?;
    Ok(if wanted.is_some() && ENDED.contains(&change.state) { Next::End } else { Next::GoOn })
}

fn line(at: u64, [case, state, account, reason]: [&str; 4], style: Style) -> String {
    let state = format!("{:9}", plain(state));
    format!(
        "{}  {}  {}  {} ({})",
        stamp(at),
        plain(case),
        style.state(state.trim_end()),
        plain(account),
        plain(reason)
    )
}

fn note(text: &str) {
    use std::io::Write as _;
    // Without standard error there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_one_line() {
        let line = line(1_700_000_000, ["c1", "held", "ali\u{1b}ce", "lost"], Style::PLAIN);
        assert_eq!(line, "2023-11-14 22:13:20Z  c1  held  ali\u{fffd}ce (lost)");
    }
}
