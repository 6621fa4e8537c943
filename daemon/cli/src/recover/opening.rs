//! The first questions: who, and what has happened (J1: two ways on).

use readmit_recovery::account::Reason;
use zbus::Variant;

use super::journey::Beginning;
use super::words;
use crate::bus::proxies::RecoveryProxy;
use crate::bus::value::Options;
use crate::commands::put;
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};
use crate::output;

/// Opens a case; what was not said before is asked for. The account is remembered for a next time, the reason
/// only if it was said on the command line.
///
/// # Errors
/// The person gave no answer, or the daemon opens no case.
pub async fn open(
    bus: &RecoveryProxy<'_>,
    beginning: &mut Beginning,
    context: &mut Context,
) -> Result<String, Failure> {
    let account = match beginning.account.clone() {
        Some(account) => account,
        None => ask(context, "\n  Which account do you want to get back into?").await?,
    };
    beginning.account = Some(account.clone());
    let reason = match beginning.reason {
        Some(reason) => reason,
        None => what_happened(context).await?,
    };
    let mut given = Options::new();
    given.insert("user_agent", Variant::from(concat!("readmit/", env!("CARGO_PKG_VERSION"))));
    put(&mut given, "locale", locale());
    put(&mut given, "device", beginning.device.clone());
    let opened = bus.open(&account, reason.as_str(), given).await;
    opened.hint(
        Kind::RateLimited,
        "wait a quarter of an hour, or contact support; your sign-in is not affected",
    )
}

async fn what_happened(context: &mut Context) -> Result<Reason, Failure> {
    let ways = "
  What has happened to your device?
    1      it works, but its codes are refused: we put it right with two codes
    2      I cannot use it: you prove in other ways that you are you
";
    if choose(context, ways, 2).await? == 1 {
        return Ok(Reason::OutOfSync);
    }
    let reasons = [Reason::Lost, Reason::Stolen, Reason::Damaged, Reason::NotWorking];
    let lines = reasons
        .iter()
        .zip(1..)
        .map(|(reason, number)| format!("    {number}      {}\n", words::reason(*reason)));
    let question = format!("\n  Why can you not use it?\n{}", lines.collect::<String>());
    let number = choose(context, &question, reasons.len()).await?;
    Ok(reasons.get(number - 1).copied().unwrap_or(Reason::NotWorking))
}

/// Asks until the answer is one of the numbers from 1.
async fn choose(context: &mut Context, question: &str, count: usize) -> Result<usize, Failure> {
    output::write(question)?;
    loop {
        let answer = ask(context, "\n  Your choice").await?;
        match answer.parse::<usize>() {
            Ok(number) if (1..=count).contains(&number) => return Ok(number),
            _ => output::write(&format!("  Type a number from 1 to {count}.\n"))?,
        }
    }
}

async fn ask(context: &mut Context, question: &str) -> Result<String, Failure> {
    let end = if context.terminal.is_interactive() { "" } else { "\n" };
    output::write(&format!("{question}: {end}"))?;
    let line = context.terminal.line().await?;
    line.map(|line| line.expose().trim().to_owned()).ok_or_else(|| {
        Failure::new(Kind::Usage, "the question was not answered; nothing was begun")
            .with_hint("say it at once: readmit recover ACCOUNT --reason lost")
    })
}

/// The terminal's language as BCP 47, where it has one.
fn locale() -> Option<String> {
    let set = ["LC_ALL", "LC_MESSAGES", "LANG"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|set| !set.is_empty()));
    tag(&set?)
}

fn tag(locale: &str) -> Option<String> {
    let language = locale.split(['.', '@']).next().unwrap_or_default().replace('_', "-");
    (!matches!(language.as_str(), "" | "C" | "POSIX")).then_some(language)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_is_that_of_the_terminal() {
        assert_eq!(tag("pt_BR.UTF-8").as_deref(), Some("pt-BR"));
        assert_eq!(tag("de_AT@euro").as_deref(), Some("de-AT"));
        assert_eq!(tag("C.UTF-8"), None);
        assert_eq!(tag("POSIX"), None);
    }
}
