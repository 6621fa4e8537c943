//! What the played person does with a call.

use std::sync::Arc;

use crate::client::Client;
use crate::limits;
use crate::narrator::{Narrator, Who};
use crate::phone::{Call, CallError, Ending};

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Behaviour {
    /// The person answers and types what the page shows.
    #[default]
    Right,
    /// The line is busy.
    Busy,
    /// Nobody answers.
    NoAnswer,
    /// The person declines the call.
    Decline,
    /// The person types wrong digits, every time they are asked.
    WrongDigits,
}

/// A person with a telephone, who looks at the page of one case.
#[derive(Debug, Clone)]
pub struct Person {
    /// The daemon.
    pub client: Client,
    /// The case that the page shows.
    pub case: String,
    /// Who tells of it.
    pub narrator: Arc<Narrator>,
}

impl Person {
    /// Takes one call to its end.
    ///
    /// # Errors
    /// If the call breaks down.
    pub async fn take(&self, mut call: Call, behaviour: Behaviour) -> Result<(), CallError> {
        let tell = |what: &str| self.narrator.tell(Who::Phone, what);
        match behaviour {
            Behaviour::Busy => {
                tell("is in another call: the caller hears that the line is busy");
                return call.busy();
            }
            Behaviour::Right | Behaviour::NoAnswer | Behaviour::Decline | Behaviour::WrongDigits => {}
        }
        call.ring()?;
        tell(&format!("rings; {} is calling", call.caller()));
        self.narrator.breathe(2).await;
        match behaviour {
            Behaviour::Decline => {
                tell("Alice does not know the number and declines");
                call.decline()
            }
            Behaviour::NoAnswer => {
                tell("nobody answers …");
                call.ended(limits::CALL).await;
                tell("has stopped ringing");
                Ok(())
            }
            Behaviour::Right | Behaviour::WrongDigits | Behaviour::Busy => {
                call.answer().await?;
                tell("Alice answers and listens");
                let result = self.type_digits(&call, behaviour == Behaviour::WrongDigits).await;
                let ending = call.ended(limits::CALL).await;
                let heard = call.heard();
                tell(&format!(
                    "{}; {:.1} s of sound were heard, {:.1} s of them speech",
                    match ending {
                        Some(Ending::CallerHungUp) => "the caller says good-bye and hangs up",
                        _ => "the call is over",
                    },
                    seconds(heard.packets),
                    seconds(heard.loud)
                ));
                result
            }
        }
    }

    /// Types what the page shows whenever the voice asks for it.
    async fn type_digits(&self, call: &Call, wrong: bool) -> Result<(), CallError> {
        let mut heard = 0;
        while let Some(code) = self.asked(call, heard).await {
            self.narrator.breathe(2).await;
            let (digits, remark) = if wrong { (other(&code), ", which is not") } else { (code, ",") };
            self.narrator
                .tell(Who::Phone, &format!("Alice types {}{remark} what the page shows", spaced(&digits)));
            match call.press(&digits).await {
                Ok(()) => {}
                // The caller may hang up before the last key is through.
                Err(CallError::Over) => return Ok(()),
                Err(error) => return Err(error),
            }
            if !wrong {
                return Ok(());
            }
            heard = call.heard().loud;
        }
        Ok(())
    }

    /// Listens until a voice has spoken after so many packets of speech, and reads the digits off the page;
    /// `None` once the call is over, or takes no more digits.
    async fn asked(&self, call: &Call, heard: u64) -> Option<String> {
        while call.heard().loud < heard + limits::SPEECH_PACKETS {
            if call.ended(limits::LOOK).await.is_some() {
                return None;
            }
        }
        let view = self.client.recovery.show(&self.case).await.ok()?;
        view.step("voice").filter(|step| step.tries_left != Some(0))?.code.clone()
    }
}

/// Six digits that are certainly other ones.
#[must_use]
pub fn other(code: &str) -> String {
    code.chars()
        .map(|digit| {
            digit.to_digit(10).map_or(digit, |value| char::from_digit((value + 1) % 10, 10).unwrap_or(digit))
        })
        .collect()
}

/// Digits as they are read: `123 456`.
#[must_use]
pub fn spaced(digits: &str) -> String {
    let half = digits.len() / 2;
    match digits.split_at_checked(half) {
        Some((first, second)) if digits.len() == 6 => format!("{first} {second}"),
        _ => digits.to_owned(),
    }
}

fn seconds(packets: u64) -> f64 {
    f64::from(u32::try_from(packets).unwrap_or(u32::MAX)) * limits::FRAME.as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits() {
        assert_eq!(other("019999"), "120000");
        assert_eq!(spaced("123456"), "123 456");
        assert_eq!(spaced("12345678"), "12345678");
        assert_eq!(spaced("ééé"), "ééé");
    }
}
