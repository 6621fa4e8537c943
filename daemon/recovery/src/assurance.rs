//! The floor under every policy (NIST SP 800-63B-4 §4.2.2): what a set of proven factors is worth.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::factor::Factor;
use crate::plan::{Atom, Plan};

/// How much a recovery has to prove at the least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Anything the policy says, as long as it asks for something.
    None,
    /// One factor of any kind.
    Aal1,
    /// Two codes by different methods; or one code and one bound factor; or the password and a device, which is a
    /// full sign-in; or repeated identity proofing by support.
    #[default]
    Aal2,
}

/// A plan, or what was proven, is worth too little.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "{set} alone is below the floor {level}: it takes two codes by different methods (saved, issued, contact), or a code and a password or other device, or proofing by support"
)]
pub struct BelowFloor {
    /// The factors that would be enough, in words.
    pub set: String,
    /// The floor.
    pub level: &'static str,
}

impl Level {
    /// The word for it in the configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Aal1 => "aal1",
            Self::Aal2 => "aal2",
        }
    }

    /// Says whether every way through `plan` reaches this level.
    ///
    /// # Errors
    /// [`BelowFloor`] names the first set of factors that is enough for the plan and too weak for the level.
    pub fn check(self, plan: &Plan) -> Result<(), BelowFloor> {
        match plan.minimal_sets().into_iter().find(|set| !self.admits(set)) {
            None => Ok(()),
            Some(set) => Err(BelowFloor { set: in_words(&set), level: self.as_str() }),
        }
    }

    /// Says whether these proven atoms together reach this level.
    #[must_use]
    pub fn admits(self, proven: &BTreeSet<Atom>) -> bool {
        let methods: BTreeSet<Method> = proven.iter().map(method).collect();
        let codes = methods.iter().filter(|method| matches!(method, Method::Code(_))).count();
        let bound = methods.iter().filter(|method| matches!(method, Method::Bound(_))).count();
        match self {
            Self::None | Self::Aal1 => !methods.is_empty(),
            Self::Aal2 => {
                methods.contains(&Method::Proofing) || codes >= 2 || codes >= 1 && bound >= 1 || bound >= 2
            }
        }
    }
}

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(word: &str) -> Result<Self, UnknownLevel> {
        [Self::None, Self::Aal1, Self::Aal2]
            .into_iter()
            .find(|level| level.as_str() == word)
            .ok_or(UnknownLevel)
    }
}

/// The text names no level.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("unknown assurance level: use aal2, aal1 or none")]
pub struct UnknownLevel;

/// What kind of proof a factor is. Two of the same kind count once.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Method {
    Code(Origin),
    Bound(What),
    Proofing,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Saved,
    Issued,
    Contact,
}

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum What {
    Password,
    Device,
}

fn method(atom: &Atom) -> Method {
    match atom {
        Atom::Factor(factor) => match factor {
            Factor::Password => Method::Bound(What::Password),
            Factor::Totp | Factor::Resync => Method::Bound(What::Device),
            Factor::RecoveryCode => Method::Code(Origin::Saved),
            Factor::Email | Factor::Voice | Factor::Channel(_) => Method::Code(Origin::Issued),
            Factor::Contact => Method::Code(Origin::Contact),
            Factor::Approval | Factor::Pass => Method::Proofing,
        },
        Atom::Approvals(_) => Method::Proofing,
    }
}

fn in_words(set: &BTreeSet<Atom>) -> String {
    let words: Vec<String> = set.iter().map(ToString::to_string).collect();
    words.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factors(names: &str) -> Vec<Plan> {
        names.split_whitespace().map(|name| Plan::Factor(name.parse().expect("a factor"))).collect()
    }

    #[test]
    fn each_combination_is_worth_what_nist_says() {
        let table = [
            ("password", false),
            ("email", false),
            ("voice", false),
            ("recovery_code", false),
            ("totp", false),
            ("resync", false),
            ("email voice", false),
            ("email sms voice", false),
            ("totp resync", false),
            ("password email", true),
            ("password voice", true),
            ("password recovery_code", true),
            ("email recovery_code", true),
            ("email contact", true),
            ("totp email", true),
            ("password totp", true),
            ("password resync", true),
            ("approval", true),
            ("pass", true),
        ];
        for (names, wanted) in table {
            assert_eq!(Level::Aal2.check(&Plan::All(factors(names))).is_ok(), wanted, "{names}");
            assert!(Level::Aal1.check(&Plan::All(factors(names))).is_ok(), "{names}");
        }
    }

    #[test]
    fn the_weakest_way_through_a_plan_counts() {
        let any_two = Plan::Any { need: 2, of: factors("email voice recovery_code") };
        let below = Level::Aal2.check(&any_two).expect_err("email and voice are one method");
        assert_eq!(below.set, "email and voice");
        assert!(Level::Aal2.check(&Plan::All(vec![Plan::Factor(Factor::Password), any_two])).is_ok());
        let nested = Plan::Any {
            need: 1,
            of: vec![Plan::All(factors("password email")), Plan::All(factors("email voice"))],
        };
        assert!(Level::Aal2.check(&nested).is_err());
    }
}
