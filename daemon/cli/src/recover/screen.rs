//! What a person reads and can do in each state of a case: a pure function, so that tables can test it.

use super::case::{Case, State};
use super::{ending, proving};
use crate::output::Style;

/// What the terminal remembers besides the case.
#[derive(Clone, Debug, Default)]
pub struct Session {
    /// The case's id.
    pub case: String,
    /// The factor that the person works on.
    pub factor: Option<String>,
    /// The new device's secret, once it was asked for.
    pub enrollment: Option<Enrollment>,
}

/// A new device, to be confirmed.
#[derive(Clone, Debug)]
pub struct Enrollment {
    /// What an app reads from the QR code.
    pub uri: String,
    /// The same secret, for typing.
    pub secret: String,
}

/// One screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Changes when something else is being asked; then the whole screen is shown, else only its news.
    pub topic: String,
    /// What to read.
    pub text: Vec<String>,
    /// What can be typed besides choices.
    pub entry: Entry,
    /// What can be chosen.
    pub choices: Vec<Choice>,
    /// Whether things go on by themselves elsewhere (on the phone), so that a script must not answer.
    pub is_elsewhere: bool,
}

/// What can be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// Only choices.
    Nothing,
    /// The proof of a factor.
    Proof {
        /// The factor.
        factor: String,
        /// What to ask for.
        prompt: &'static str,
        /// What to ask for after it, where a proof has two parts.
        then: Option<&'static str>,
    },
    /// A new password, twice.
    NewPassword,
    /// A name for the new device.
    Label,
    /// Two codes of the new device.
    DeviceCodes,
}

impl Entry {
    /// Whether it must not be shown while it is typed.
    #[must_use]
    pub const fn is_secret(&self) -> bool {
        !matches!(self, Self::Nothing | Self::Label)
    }

    /// The words before the cursor.
    #[must_use]
    pub const fn prompt(&self) -> &'static str {
        match self {
            Self::Nothing => "Your choice",
            Self::Proof { prompt, .. } => prompt,
            Self::NewPassword => "New password (not shown while you type)",
            Self::Label => "A name for it (Enter for \"authenticator\")",
            Self::DeviceCodes => "The code the new device shows (not shown while you type)",
        }
    }
}

/// Something to choose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What to type; `None` is Enter alone.
    pub key: Option<char>,
    /// What it does, in words.
    pub label: String,
    /// What it does.
    pub action: Action,
}

impl Choice {
    /// A choice.
    pub fn new(key: impl Into<Option<char>>, label: impl Into<String>, action: Action) -> Self {
        Self { key: key.into(), label: label.into(), action }
    }
}

/// What a person may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Look again.
    Look,
    /// Deliver a factor's challenge, also again.
    Start(String),
    /// Not yet: it may be sent again only then (Unix seconds).
    StartLater(u64),
    /// Work on another factor.
    Choose(String),
    /// Use the one sign-in.
    Claim,
    /// Name the new device and get its secret.
    Enroll,
    /// Give this case up and open another.
    StartOver,
    /// Fill in the support form.
    Support,
    /// Give this case up.
    Cancel,
    /// Leave; the case stays as it is.
    Leave,
}

/// What a line means on a screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A choice.
    Action(Action),
    /// Something typed for the screen's entry.
    Typed,
    /// Nothing that fits.
    Unclear,
}

impl Screen {
    /// What a line means: Enter or one letter is a choice, anything longer is typed. No code and no password is
    /// one letter long.
    #[must_use]
    pub fn meaning(&self, line: &str) -> Meaning {
        let line = line.trim();
        let mut letters = line.chars().map(|c| c.to_ascii_lowercase());
        let key = letters.next();
        if letters.next().is_none()
            && let Some(choice) = self.choices.iter().find(|choice| choice.key == key)
        {
            return Meaning::Action(choice.action.clone());
        }
        match (&self.entry, key) {
            (Entry::Label, _) | (_, Some(_)) if self.entry != Entry::Nothing => Meaning::Typed,
            (_, None) => Meaning::Action(Action::Look),
            _ => Meaning::Unclear,
        }
    }

    /// The lines to print when `before` is what was printed last.
    #[must_use]
    pub fn news(&self, before: Option<&Self>) -> Vec<String> {
        let same = before.filter(|before| before.topic == self.topic);
        let is_new = |line: &&String| same.is_none_or(|before| !before.text.contains(line));
        let mut lines: Vec<String> = self.text.iter().filter(is_new).cloned().collect();
        let keys =
            |screen: &Self| -> Vec<Option<char>> { screen.choices.iter().map(|choice| choice.key).collect() };
        let differ = same.is_none_or(|before| keys(before) != keys(self) || before.entry != self.entry);
        if differ && !self.choices.is_empty() {
            lines.extend([String::new(), "  You can".to_owned()]);
            lines.extend(self.choices.iter().map(|choice| {
                let key = choice.key.map_or_else(|| "Enter".to_owned(), String::from);
                format!("    {key:<6} {}", choice.label)
            }));
        }
        lines
    }
}

/// The screen for a case.
#[must_use]
pub fn screen(case: &Case, session: &Session, now: u64, style: Style) -> Screen {
    match case.state {
        State::Proving => proving::screen(case, session, now),
        State::Recovered => ending::recovered(case, session, now, style),
        State::Held => ending::held(case, session, now),
        State::Completed => ending::completed(case),
        State::Escalated => ending::escalated(case, session),
        State::Denied | State::Vetoed | State::Cancelled | State::Expired => ending::ended(case),
        State::Unknown => ending::unknown(case, session),
    }
}

/// The ways out once the sign-in was used: starting over would throw it away.
pub fn ways_out_after_sign_in(session: &Session) -> Vec<Choice> {
    ways_out(session).into_iter().filter(|choice| choice.action != Action::StartOver).collect()
}

/// The ways out that every open case has.
pub fn ways_out(session: &Session) -> Vec<Choice> {
    vec![
        Choice::new('s', "start over", Action::StartOver),
        Choice::new('h', "ask support for help", Action::Support),
        Choice::new(
            'q',
            format!("leave; go on later with: readmit recover --case {}", session.case),
            Action::Leave,
        ),
    ]
}

#[cfg(test)]
#[path = "screen_tests.rs"]
mod tests;
