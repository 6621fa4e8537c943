//! What happens in an answered call: a state machine over what was heard and what the daemon says, with no sockets and
//! no clock. [`crate::call`] feeds it and does what it says.
//!
//! A provider collects whole entries: it plays a prompt, which a key cuts short, and tells which keys came until the
//! entry was full or nobody typed any more. So unlike the SIP plugin, this one sees no single keys and no time.

use readmit_telephone::outcome::Disposition;
use readmit_telephone::prompts::Prompt;
use zeroize::Zeroizing;

/// What a call is to collect.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How many digits make an entry.
    pub digits: u8,
    /// How many wrong entries end the call, whatever the daemon still allows.
    pub tries: u8,
}

/// What the provider is to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// Play a prompt, and collect an entry under this number, each its own.
    Ask(Prompt, u32),
    /// Play a prompt, if any, and hang up.
    Part(Option<Prompt>),
}

/// What follows from what was heard.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// The provider is to do this.
    Say(Turn),
    /// The daemon is to be asked about this entry.
    Check(Entry),
}

/// A whole entry. Its `Debug` does not tell it.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry(Zeroizing<String>);

impl Entry {
    /// The digits, for the daemon. Never for a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Entry(…)")
    }
}

/// What the keys of one entry mean.
#[derive(Debug, PartialEq, Eq)]
enum Heard {
    /// Nothing that is an entry.
    Nothing,
    /// A nine and nothing else: perhaps the person did not ask for this.
    Nine,
    Whole(Entry),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Not answered yet.
    Ringing,
    /// Keys are collected.
    Asking,
    /// The daemon is asked.
    Checking,
    /// The outcome is settled; what comes now changes nothing.
    Settled(Disposition),
}

/// One call.
#[derive(Debug)]
pub struct Conversation {
    rules: Rules,
    state: State,
    attempt: u32,
    asked_again: bool,
    /// A lone 9 was asked back about, and nothing was typed since.
    reporting: bool,
    entries: u32,
    wrong: u8,
}

impl Conversation {
    /// Begins before the answer.
    pub fn new(rules: Rules) -> Conversation {
        let (state, attempt) = (State::Ringing, 0);
        Conversation { rules, state, attempt, asked_again: false, reporting: false, entries: 0, wrong: 0 }
    }

    /// How it will have ended, once that is settled.
    pub fn settled(&self) -> Option<Disposition> {
        match self.state {
            State::Settled(disposition) => Some(disposition),
            State::Ringing | State::Asking | State::Checking => None,
        }
    }

    /// How it has ended if the person hung up now.
    pub fn hung_up(&self) -> Option<Disposition> {
        self.settled().or(self.reporting.then_some(Disposition::Reported))
    }

    /// What the administrator reads: counts, never keys.
    pub fn summary(&self) -> String {
        format!("{} entries, {} wrong", self.entries, self.wrong)
    }

    /// The call was answered: none if it already was.
    pub fn answered(&mut self) -> Option<Turn> {
        (self.state == State::Ringing).then(|| self.ask(Prompt::Greeting))
    }

    /// The keys of an entry came, or silence: none if it is not the entry that is collected now.
    pub fn heard(&mut self, attempt: u32, keys: &str) -> Option<Step> {
        if self.state != State::Asking || attempt != self.attempt {
            return None;
        }
        Some(match self.read(keys) {
            Heard::Nine if self.reporting || keys.ends_with('#') => {
                Step::Say(self.part(Some(Prompt::Reported), Disposition::Reported))
            }
            // A slow or mistaken key must not stop a recovery.
            Heard::Nine => {
                self.reporting = true;
                Step::Say(self.ask(Prompt::Report))
            }
            Heard::Nothing if !self.asked_again => {
                self.reporting = false;
                self.asked_again = true;
                Step::Say(self.ask(Prompt::Again))
            }
            Heard::Nothing => Step::Say(self.part(Some(Prompt::NoInput), Disposition::NoInput)),
            Heard::Whole(entry) => {
                self.reporting = false;
                self.entries = self.entries.saturating_add(1);
                self.state = State::Checking;
                Step::Check(entry)
            }
        })
    }

    /// The daemon has answered.
    pub fn checked(&mut self, accepted: bool, tries_left: u32) -> Turn {
        if accepted {
            return self.part(Some(Prompt::Accepted), Disposition::Entered);
        }
        self.wrong = self.wrong.saturating_add(1);
        self.asked_again = false;
        if tries_left == 0 || self.wrong >= self.rules.tries {
            return self.part(Some(Prompt::TooManyTries), Disposition::WrongDigits);
        }
        self.ask(Prompt::Wrong)
    }

    /// The daemon did not answer.
    pub fn unchecked(&mut self) -> Turn {
        self.part(None, Disposition::ProviderError)
    }

    fn ask(&mut self, prompt: Prompt) -> Turn {
        self.state = State::Asking;
        self.attempt = self.attempt.saturating_add(1);
        Turn::Ask(prompt, self.attempt)
    }

    fn part(&mut self, prompt: Option<Prompt>, disposition: Disposition) -> Turn {
        self.state = State::Settled(disposition);
        Turn::Part(prompt)
    }

    /// The star starts an entry over, as on most telephone menus. Some people end what they type with the pound sign;
    /// an entry ends by its length.
    fn read(&self, keys: &str) -> Heard {
        let typed = keys.rsplit('*').next().unwrap_or_default();
        let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
        let digits = Zeroizing::new(digits);
        if digits.len() == usize::from(self.rules.digits) {
            Heard::Whole(Entry(digits))
        } else if *digits == "9" {
            Heard::Nine
        } else {
            Heard::Nothing
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(tries: u8) -> Conversation {
        let mut conversation = Conversation::new(Rules { digits: 6, tries });
        assert_eq!(conversation.answered(), Some(Turn::Ask(Prompt::Greeting, 1)));
        conversation
    }

    fn entry(keys: &str) -> Option<Step> {
        Some(Step::Check(Entry(Zeroizing::new(keys.to_owned()))))
    }

    #[test]
    fn right_digits_end_a_call() {
        let mut conversation = answered(3);
        assert_eq!(conversation.heard(1, "123456"), entry("123456"));
        assert_eq!(conversation.checked(true, 2), Turn::Part(Some(Prompt::Accepted)));
        assert_eq!(conversation.settled(), Some(Disposition::Entered));
        assert_eq!(conversation.heard(1, "123456"), None, "nothing is heard after that");
        assert_eq!(conversation.summary(), "1 entries, 0 wrong");
    }

    #[test]
    fn wrong_digits_may_be_corrected_as_often_as_call_and_daemon_allow() {
        let table = [(2, [5, 4].as_slice()), (10, &[2, 1, 0])];
        for (tries, left) in table {
            let mut conversation = answered(tries);
            let (last, before) = left.split_last().unwrap();
            let mut attempt = 1;
            for left in before {
                assert_eq!(conversation.heard(attempt, "000000"), entry("000000"));
                attempt += 1;
                assert_eq!(conversation.checked(false, *left), Turn::Ask(Prompt::Wrong, attempt));
            }
            assert_eq!(conversation.heard(attempt, "000000"), entry("000000"));
            assert_eq!(conversation.checked(false, *last), Turn::Part(Some(Prompt::TooManyTries)));
            assert_eq!(conversation.settled(), Some(Disposition::WrongDigits));
        }
    }

    #[test]
    fn silence_is_asked_about_once_for_each_entry() {
        let mut conversation = answered(3);
        let again = |attempt| Some(Step::Say(Turn::Ask(Prompt::Again, attempt)));
        assert_eq!(conversation.heard(1, ""), again(2));
        assert_eq!(conversation.heard(2, "000000"), entry("000000"));
        assert_eq!(conversation.checked(false, 5), Turn::Ask(Prompt::Wrong, 3));
        assert_eq!(conversation.heard(3, "123"), again(4), "half an entry is none");
        assert_eq!(conversation.heard(4, ""), Some(Step::Say(Turn::Part(Some(Prompt::NoInput)))));
        assert_eq!(conversation.settled(), Some(Disposition::NoInput));
    }

    #[test]
    fn a_nine_alone_is_asked_back_about_and_then_reports_the_call() {
        let report = |attempt| Some(Step::Say(Turn::Ask(Prompt::Report, attempt)));
        let reported = Some(Step::Say(Turn::Part(Some(Prompt::Reported))));
        let mut conversation = answered(3);
        assert_eq!(conversation.heard(1, "9"), report(2));
        assert_eq!((conversation.settled(), conversation.hung_up()), (None, Some(Disposition::Reported)));
        assert_eq!(conversation.heard(2, "12*9"), reported);
        assert_eq!(conversation.settled(), Some(Disposition::Reported));
        assert_eq!(answered(3).heard(1, "9#"), reported, "said with an end of its own");
        for other in ["", "123", "123456"] {
            let mut conversation = answered(3);
            assert_eq!(conversation.heard(1, "9"), report(2));
            assert_ne!(conversation.heard(2, other), reported, "{other}");
            assert_eq!(conversation.hung_up(), None, "it was a slip");
        }
        assert_eq!(answered(3).heard(1, "99"), Some(Step::Say(Turn::Ask(Prompt::Again, 2))));
        assert_eq!(answered(3).heard(1, "912345"), entry("912345"), "a code may begin with one");
    }

    #[test]
    fn stars_and_pounds() {
        let table =
            [("12*456", None), ("12*123456", Some("123456")), ("123456#", Some("123456")), ("12#345", None)];
        for (keys, whole) in table {
            let heard = answered(3).heard(1, keys);
            match whole {
                Some(whole) => assert_eq!(heard, entry(whole), "{keys}"),
                None => assert_eq!(heard, Some(Step::Say(Turn::Ask(Prompt::Again, 2))), "{keys}"),
            }
        }
    }

    #[test]
    fn each_entry_counts_once_and_only_while_it_is_asked_for() {
        let mut conversation = Conversation::new(Rules { digits: 6, tries: 3 });
        assert_eq!(conversation.heard(0, "123456"), None, "before the answer");
        let _greeting = conversation.answered();
        assert_eq!(conversation.answered(), None, "a call is answered once");
        assert_eq!(conversation.heard(2, "123456"), None, "not asked for yet");
        assert_eq!(conversation.heard(1, "123456"), entry("123456"));
        assert_eq!(conversation.heard(1, "123456"), None, "while the daemon is asked");
        let _wrong = conversation.checked(false, 5);
        assert_eq!(conversation.heard(1, "123456"), None, "an entry of before");
    }

    #[test]
    fn a_silent_daemon_ends_the_call() {
        let mut conversation = answered(3);
        assert_eq!(conversation.heard(1, "123456"), entry("123456"));
        assert_eq!(conversation.unchecked(), Turn::Part(None));
        assert_eq!(conversation.settled(), Some(Disposition::ProviderError));
    }

    #[test]
    fn an_entry_is_never_printed() {
        assert!(!format!("{:?}", answered(3).heard(1, "123456")).contains("123456"));
    }
}
