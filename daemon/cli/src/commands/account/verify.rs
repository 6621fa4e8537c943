//! `readmit account verify`: a test message or a test call, while the person is there to say what came.

use std::io::Write as _;

use clap::Args;
use serde_json::json;

use super::UNKNOWN;
use crate::bus::value::object;
use crate::context::Context;
use crate::failure::{Failure, Hint as _, Kind};
use crate::output::word;

const EXAMPLES: &str = "\
Examples:
  readmit account verify alice --phone             the phone rings; the person types the digits that you read out
  readmit account verify alice --email             ask the person whether the message came

Use it when an account is enrolled, so that a wrong number is found before the phone is lost. A call in which the right \
digits are typed marks the number as verified. Tests count against the same limits as recoveries, and are journalled.

JSON: {account, channel, disposition, detail, verified}; the digits of a call are shown on standard error. A test that \
does not arrive ends with exit code 1.";

/// Try the address or the number on file
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub struct Verify {
    /// The account
    id: String,
    #[command(flatten)]
    what: What,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct What {
    /// Send a test message to the first address on file
    #[arg(long)]
    email: bool,
    /// Call the first number on file
    #[arg(long)]
    phone: bool,
}

/// Runs the verb.
pub async fn run(verify: Verify, context: &mut Context) -> Result<(), Failure> {
    let accounts = context.accounts().await?;
    let id = verify.id.as_str();
    let (channel, tested) = if verify.what.phone {
        let code = code()?;
        tell(&format!("The phone of {id} rings now. Read this to the person, who types it: {code}\n"));
        ("voice", accounts.test_phone(id, &code).await.hint(Kind::NotFound, UNKNOWN)?)
    } else {
        ("email", accounts.test_email(id).await.hint(Kind::NotFound, UNKNOWN)?)
    };
    let tested = object(&tested);
    let disposition = word(&tested, "disposition");
    let verified = channel == "voice" && disposition == "entered";
    let answer = json!({"account": id, "channel": channel, "disposition": disposition,
        "detail": tested["detail"], "verified": verified});
    context.output.answer(&answer, |style| {
        format!("{}: {}\n{}\n", style.state(&disposition), word(&tested, "detail"), next(&disposition))
    })?;
    if matches!(disposition.as_str(), "sent" | "entered") {
        return Ok(());
    }
    Err(Failure::new(Kind::Failed, format!("the test ended with {disposition}"))
        .with_hint(next(&disposition)))
}

/// Six digits that nobody could know before.
fn code() -> Result<String, Failure> {
    let mut random = [0; 8];
    getrandom::fill(&mut random)
        .map_err(|error| Failure::new(Kind::Failed, format!("the system gives no randomness: {error}")))?;
    Ok(format!("{:06}", u64::from_le_bytes(random) % 1_000_000))
}

fn tell(text: &str) {
    // Without standard error the person cannot be told; the call then ends by itself.
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// What it means, and what to do next.
fn next(disposition: &str) -> &'static str {
    match disposition {
        "entered" => "The number is the person's: it is verified.",
        "sent" => "The mail server took it. Ask the person whether it came; it may be in the spam folder.",
        "busy" | "no_answer" => "Nobody took the call. Is the phone on, and is this its number? Try again.",
        "declined" | "hung_up" => "The call was refused or ended. Ask the person to take it, and try again.",
        "no_input" => "Nothing was typed: a mailbox may have answered. Ask the person to type the digits.",
        "reported" => {
            "Whoever answered does not know of this. Is the number the person's? Correct it, or ask them."
        }
        "wrong_digits" => "Other digits were typed. Read them out slowly, and try again.",
        "invalid_address" | "rejected" | "blocked" => {
            "It cannot be reached. Correct what is on file: readmit account set ID --phone or --email"
        }
        _ => "It could not be tried: readmit doctor says what is wrong.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_six_digits_and_another_each_time() {
        let codes: std::collections::HashSet<String> = (0..20).filter_map(|_| code().ok()).collect();
        assert!(codes.len() > 15, "{codes:?}");
        assert!(codes.iter().all(|code| code.len() == 6 && code.bytes().all(|digit| digit.is_ascii_digit())));
    }
}
