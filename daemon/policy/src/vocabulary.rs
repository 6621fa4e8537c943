//! The factors that a plan may name: the built-in ones and those of the plugins that are there.

use std::collections::BTreeSet;

use readmit_recovery::factor::Factor;

use crate::spelling::nearest;

const BUILT_IN: [Factor; 9] = [
    Factor::Password,
    Factor::Email,
    Factor::Voice,
    Factor::RecoveryCode,
    Factor::Totp,
    Factor::Resync,
    Factor::Approval,
    Factor::Pass,
    Factor::Contact,
];

/// The names of channels that plugins provide beyond e-mail and voice. A factor that is neither built in nor
/// among them is refused, so that a slip of the pen never asks for a proof that nobody could give.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Channels(BTreeSet<String>);

impl Channels {
    /// The names, in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// The factor of this name, or what to say instead.
    pub(crate) fn factor(&self, name: &str) -> Result<Factor, String> {
        match name.parse() {
            Ok(Factor::Channel(channel)) if !self.0.contains(&channel) => Err(self.unknown(name)),
            Ok(factor) => Ok(factor),
            Err(_) => Err(self.unknown(name)),
        }
    }

    fn unknown(&self, name: &str) -> String {
        let shown: String = name.chars().filter(|c| !c.is_control()).take(40).collect();
        let known = BUILT_IN.iter().map(Factor::as_str).chain(self.0.iter().map(String::as_str));
        match nearest(name, known.clone()) {
            Some(meant) => format!("`{shown}` is no factor: did you mean `{meant}`?"),
            None => format!("`{shown}` is no factor: use {}", known.collect::<Vec<_>>().join(", ")),
        }
    }
}

impl<S: Into<String>> FromIterator<S> for Channels {
    fn from_iter<I: IntoIterator<Item = S>>(names: I) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }
}
