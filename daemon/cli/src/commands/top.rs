//! `readmit top`: how everything is, again and again.

mod screen;

use std::time::Duration;

use clap::Args;
use futures_util::StreamExt as _;
use serde_json::Value;

use self::screen::Screen;
use super::status;
use crate::context::Context;
use crate::failure::Failure;
use crate::limits::{TOP_EVERY, TOP_PAUSE};
use crate::output::{self, Style, number};

const EXAMPLES: &str = "\
Examples:
  readmit top                                      q ends it
  readmit top --once
  readmit top --json --every 5 | jq .queue

It shows what readmit status shows, every few seconds and as soon as a case changes or an alert comes. Without a \
terminal the screens follow one another.

JSON: one object a line, as readmit status.";

/// Watch how everything is
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Top {
    /// Show it once
    #[arg(long)]
    once: bool,
    /// Seconds between two looks
    #[arg(long, default_value_t = TOP_EVERY.as_secs(), value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(1..=3600))]
    every: u64,
}

/// Runs the verb.
pub async fn run(top: Top, context: &mut Context) -> Result<(), Failure> {
    status::look(context).await?;
    let mut changes = context.case_signals().await?.receive_changed().await?;
    let mut alerts = context.audit_signals().await?.receive_alert().await?;
    if !top.once {
        // Whoever may not watch sees everything a few seconds later.
        let _not_allowed = context.cases().await?.watch().await;
        let _not_allowed = context.audit().await?.watch().await;
    }
    let mut screen = if top.once || context.output.is_json() { None } else { Screen::open()? };
    let mut before: Option<Value> = None;
    loop {
        let answer = status::ask(context).await?;
        show(&answer, before.as_ref(), context, screen.as_mut())?;
        if top.once {
            return Ok(());
        }
        before = Some(answer);
        // What comes in quick succession is shown once.
        tokio::time::sleep(TOP_PAUSE).await;
        tokio::select! {
            () = tokio::time::sleep(Duration::from_secs(top.every)) => {}
            Some(_) = changes.next() => {}
            Some(_) = alerts.next() => {}
            () = quit(screen.as_mut()) => return Ok(()),
        }
    }
}

/// Waits until somebody wants to end it; for ever where nobody can.
async fn quit(screen: Option<&mut Screen>) {
    match screen {
        Some(screen) => screen.quit().await,
        None => std::future::pending().await,
    }
}

fn show(
    answer: &Value,
    before: Option<&Value>,
    context: &Context,
    screen: Option<&mut Screen>,
) -> Result<(), Failure> {
    if context.output.is_json() {
        return output::write(&format!("{answer}\n"));
    }
    let text = |style: Style| format!("{}\n{}", status::text(answer, style), rates(answer, before));
    match screen {
        Some(screen) => screen.draw(&text(context.output.style())),
        None => output::write(&format!("{}\n", text(context.output.style()))),
    }
}

/// What happened since the last look, as so much a minute.
fn rates(answer: &Value, before: Option<&Value>) -> String {
    let Some(before) = before else { return String::new() };
    let seconds = number(answer, "now").saturating_sub(number(before, "now")).max(1);
    let rate = |part: &str, key: &str| {
        let grown = number(&answer[part], key).saturating_sub(number(&before[part], key));
        grown * 60 / seconds
    };
    format!(
        "a minute: {} entries in the journal, {} cases ended\n",
        rate("journal", "seq"),
        rate("cases", "closed")
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn rates_are_by_the_minute() {
        let at = |now: u64, seq: u64, closed: u64| json!({"now": now, "journal": {"seq": seq}, "cases": {"closed": closed}});
        assert_eq!(rates(&at(10, 7, 1), None), "");
        let told = rates(&at(12, 17, 2), Some(&at(10, 7, 1)));
        assert_eq!(told, "a minute: 300 entries in the journal, 30 cases ended\n");
        assert!(
            rates(&at(10, 5, 0), Some(&at(10, 7, 1))).starts_with("a minute: 0 "),
            "a daemon that began anew"
        );
    }
}
