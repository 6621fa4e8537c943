//! The support form: what support needs to know to call back (J13).

use zbus::Variant;

use super::words::PROBLEMS;
use crate::bus::value::Options;
use crate::context::Context;
use crate::failure::Failure;
use crate::output;

/// Asks for everything in the form; nothing if the person gives up.
///
/// # Errors
/// The terminal cannot be used.
pub async fn fill(account: &str, context: &mut Context) -> Result<Option<Options>, Failure> {
    let problems =
        PROBLEMS.iter().zip(1..).map(|((_, meaning), number)| format!("    {number}      {meaning}\n"));
    output::write(&format!("\n  What is the problem?\n{}", problems.collect::<String>()))?;
    let Some(number) = ask(context, "Its number").await? else { return Ok(None) };
    let problem = number.parse::<usize>().ok().and_then(|number| PROBLEMS.get(number.wrapping_sub(1)));
    let mut form = Options::new();
    // Whatever else is typed here tells a problem too; the message has the details.
    form.insert("problem", Variant::from(problem.map_or("other", |(word, _)| word)));
    for (key, question) in [
        ("email", "E-mail address we can write to".to_owned()),
        ("account", format!("Account (Enter for {account})")),
        ("phone", "Phone number we can call you on".to_owned()),
        ("name", "Your full name".to_owned()),
        ("message", "Anything else that helps (one line)".to_owned()),
    ] {
        let Some(mut answer) = ask(context, &question).await? else { return Ok(None) };
        if key == "account" && answer.is_empty() {
            account.clone_into(&mut answer);
        }
        form.insert(key, Variant::from(answer));
    }
    Ok(Some(form))
}

async fn ask(context: &mut Context, question: &str) -> Result<Option<String>, Failure> {
    let end = if context.terminal.is_interactive() { "" } else { "\n" };
    output::write(&format!("  {question}: {end}"))?;
    Ok(context.terminal.line().await?.map(|line| line.expose().trim().to_owned()))
}
