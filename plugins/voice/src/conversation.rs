//! What happens in an answered call: a state machine over keys, prompts, checks and time, with no sockets, no
//! clock and no tasks. `crate::talk` feeds it and does what it says.
//!
//! Times are durations since the call was answered.
//!
//! A person who did not ask for the call says so by a 9 alone. Codes may begin with 9, and people who look for the
//! next digit on a screen may be slow, so that a 9 with nothing after it is only a question, which is asked back
//! ("press 9 again"). It is an answer when it comes a second time, when the pound sign follows, or when the person
//! hangs up on it.

use std::time::Duration;

use readmit_telephone::outcome::Disposition;
use readmit_telephone::prompts::Prompt;

use crate::dtmf::{Entry, Key};
use crate::limits;

/// What a call is to collect, and how patiently.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How many digits make an entry.
    pub digits: u8,
    /// How many wrong entries end the call, whatever the daemon still allows.
    pub tries: u8,
    /// How long to wait for the first key after a prompt.
    pub first_key: Duration,
    /// How long to wait between keys.
    pub next_key: Duration,
    /// Whether the peer said that it can send keys in RTP.
    pub events_negotiated: bool,
}

/// Something that happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// The first audio of the peer arrived: it can hear us.
    MediaArrived,
    /// A key was pressed.
    KeyPressed(Key),
    /// The prompt that was played is over.
    PromptEnded,
    /// The daemon answered a check.
    Checked {
        /// The digits were right.
        accepted: bool,
        /// How many tries are left, over all calls.
        tries_left: u8,
    },
    /// The daemon did not answer a check.
    CheckFailed,
    /// The person hung up.
    HungUp,
    /// Audio from the peer stopped for good.
    MediaStopped,
    /// The longest duration of a call is reached.
    TimeUp,
    /// The daemon cancelled the call.
    Cancelled,
}

/// Something to do.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Play a prompt, instead of the one that plays now if any; its end is an event.
    Play(Prompt),
    /// Stop the prompt; no event follows.
    Hush,
    /// Ask the daemon about an entry.
    Check(Entry),
    /// Tell the daemon where the call is.
    Report(Progress),
    /// The call is over.
    End(Disposition),
}

/// Where a call is, for the page that a person looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The person hears what to do.
    Prompting,
    /// The person typed wrong digits.
    WrongDigits,
}

/// The key by which a person says that they did not ask for the call.
const REPORT: u8 = 9;

#[derive(Debug)]
enum State {
    /// Answered, but nothing is said yet, since the first second after an answer is often lost.
    Settling { until: Duration },
    /// A prompt asks for digits. A digit cuts it short.
    Prompting,
    /// The prompt is over or cut short, and keys are awaited.
    Entering { entry: Entry, next_key: Duration, overall: Duration },
    /// The daemon is asked.
    Checking,
    /// The outcome is settled, and its prompt is played out.
    Parting { disposition: Disposition },
    /// Nothing happens any more.
    Over,
}

/// One answered call.
#[derive(Debug)]
pub struct Conversation {
    rules: Rules,
    state: State,
    asked_again: bool,
    /// A lone 9 was asked back about, and nothing else was typed since.
    reporting: bool,
    keys: u32,
    wrong: u8,
}

impl Conversation {
    /// Begins with the answer of the call.
    pub fn new(rules: Rules) -> Conversation {
        let state = State::Settling { until: limits::SETTLE };
        Conversation { rules, state, asked_again: false, reporting: false, keys: 0, wrong: 0 }
    }

    /// When [`Conversation::on_deadline`] is due, if nothing happens before.
    pub fn deadline(&self) -> Option<Duration> {
        match &self.state {
            State::Settling { until } => Some(*until),
            State::Entering { next_key, overall, .. } => Some(*next_key.min(overall)),
            State::Prompting | State::Checking | State::Parting { .. } | State::Over => None,
        }
    }

    /// What the administrator reads: counts, never keys.
    pub fn summary(&self) -> String {
        format!("{} keys, {} wrong entries", self.keys, self.wrong)
    }

    /// Takes an event and says what to do.
    pub fn on(&mut self, event: Event, now: Duration) -> Vec<Action> {
        if let Event::KeyPressed(_) = event {
            self.keys = self.keys.saturating_add(1);
        }
        let reported = self.reporting || self.is_report();
        match (&mut self.state, event) {
            (State::Over, _) => vec![],
            // A settled outcome stands, however the call ends now.
            (State::Parting { disposition }, Event::PromptEnded) => {
                let disposition = *disposition;
                self.end(disposition)
            }
            (
                State::Parting { disposition },
                Event::HungUp | Event::Cancelled | Event::TimeUp | Event::MediaStopped,
            ) => {
                let disposition = *disposition;
                self.end(disposition)
            }
            (_, Event::HungUp) if reported => self.end(Disposition::Reported),
            (_, Event::HungUp | Event::MediaStopped) => self.end(Disposition::HungUp),
            (_, Event::TimeUp) => self.end(Disposition::MaxDuration),
            (_, Event::Cancelled) => self.end(Disposition::Cancelled),
            (State::Settling { .. }, Event::MediaArrived) => self.prompt(Prompt::Greeting),
            (State::Settling { .. } | State::Prompting, Event::KeyPressed(Key::Digit(digit))) => {
                let mut actions = vec![Action::Hush];
                actions.extend(self.first_digit(digit, now));
                actions
            }
            (State::Prompting, Event::PromptEnded) => {
                self.state = State::Entering {
                    entry: Entry::default(),
                    next_key: now + self.rules.first_key,
                    overall: now + limits::ENTRY,
                };
                vec![]
            }
            (State::Entering { .. }, Event::KeyPressed(key)) => self.key(key, now),
            (State::Checking, Event::Checked { accepted, tries_left }) => self.checked(accepted, tries_left),
            (State::Checking, Event::CheckFailed) => self.end(Disposition::ProviderError),
            // Audio that goes on, keys that mean nothing here, and news that came too late.
            (
                State::Settling { .. }
                | State::Prompting
                | State::Entering { .. }
                | State::Checking
                | State::Parting { .. },
                Event::MediaArrived
                | Event::KeyPressed(_)
                | Event::PromptEnded
                | Event::Checked { .. }
                | Event::CheckFailed,
            ) => vec![],
        }
    }

    /// Says what to do when the deadline has come.
    pub fn on_deadline(&mut self, now: Duration) -> Vec<Action> {
        if self.deadline().is_none_or(|deadline| now < deadline) {
            return vec![];
        }
        match self.state {
            State::Settling { .. } => self.prompt(Prompt::Greeting),
            State::Entering { .. } if self.is_report() && self.reporting => self.report(),
            State::Entering { .. } if self.is_report() => {
                self.reporting = true;
                self.prompt(Prompt::Report)
            }
            State::Entering { .. } if !self.asked_again => {
                self.reporting = false;
                self.asked_again = true;
                self.prompt(Prompt::Again)
            }
            State::Entering { .. } => {
                let unsupported = self.keys == 0 && !self.rules.events_negotiated;
                let disposition =
                    if unsupported { Disposition::DtmfUnsupported } else { Disposition::NoInput };
                self.part(Prompt::NoInput, disposition)
            }
            State::Prompting | State::Checking | State::Parting { .. } | State::Over => vec![],
        }
    }

    fn first_digit(&mut self, digit: u8, now: Duration) -> Vec<Action> {
        self.state = State::Entering { entry: Entry::default(), next_key: now, overall: now + limits::ENTRY };
        self.key(Key::Digit(digit), now)
    }

    /// Whether the entry is a 9 alone, so far.
    fn is_report(&self) -> bool {
        matches!(&self.state, State::Entering { entry, .. } if entry.is_only(REPORT))
    }

    fn report(&mut self) -> Vec<Action> {
        self.part(Prompt::Reported, Disposition::Reported)
    }

    fn key(&mut self, key: Key, now: Duration) -> Vec<Action> {
        if key == Key::Pound && self.is_report() {
            return self.report();
        }
        let State::Entering { entry, next_key, .. } = &mut self.state else { return vec![] };
        match key {
            Key::Digit(digit) => {
                entry.push(digit);
                *next_key = now + self.rules.next_key;
            }
            // The star starts the entry over, as on most telephone menus.
            Key::Star => {
                *entry = Entry::default();
                *next_key = now + self.rules.first_key;
            }
            // Some people end what they type with the pound sign; an entry ends by its length.
            Key::Pound | Key::Letter => {}
        }
        self.reporting &= entry.is_only(REPORT);
        if entry.len() < usize::from(self.rules.digits) {
            return vec![];
        }
        let entry = std::mem::take(entry);
        self.state = State::Checking;
        vec![Action::Check(entry)]
    }

    fn checked(&mut self, accepted: bool, tries_left: u8) -> Vec<Action> {
        if accepted {
            return self.part(Prompt::Accepted, Disposition::Entered);
        }
        self.wrong = self.wrong.saturating_add(1);
        self.asked_again = false;
        let mut actions = vec![Action::Report(Progress::WrongDigits)];
        if tries_left == 0 || self.wrong >= self.rules.tries {
            actions.extend(self.part(Prompt::TooManyTries, Disposition::WrongDigits));
        } else {
            actions.extend(self.prompt(Prompt::Wrong));
        }
        actions
    }

    fn prompt(&mut self, prompt: Prompt) -> Vec<Action> {
        self.state = State::Prompting;
        vec![Action::Report(Progress::Prompting), Action::Play(prompt)]
    }

    fn part(&mut self, prompt: Prompt, disposition: Disposition) -> Vec<Action> {
        self.state = State::Parting { disposition };
        vec![Action::Play(prompt)]
    }

    fn end(&mut self, disposition: Disposition) -> Vec<Action> {
        self.state = State::Over;
        vec![Action::Hush, Action::End(disposition)]
    }
}

#[cfg(test)]
#[path = "conversation_tests.rs"]
mod tests;
