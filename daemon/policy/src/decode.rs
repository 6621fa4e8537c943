//! The words with which a policy answers: `prove`, `all`, `any`, `approvals`, `escalate`, `deny`, `retry`,
//! `outcome`.
//!
//! Each of them checks what it is given on the spot, so that a fault is reported at the line that made it, and
//! returns an opaque value that holds the checked part. No table is ever taken for a verdict, nothing can be changed
//! once it is checked, and since a value is complete when it is made there are no circles. Tables are read without
//! their metatables; `parts` reads the plans, `verdicts` everything else.

use std::sync::Arc;

use mlua::{Function, Lua, MetaMethod, UserData, UserDataFields, Value};
use readmit_recovery::plan::Plan;
use readmit_recovery::verdict::Verdict;

use crate::meter::Meter;
use crate::misuse::Misuse;
use crate::vocabulary::Channels;
use crate::{parts, verdicts};

/// What a policy has built: opaque in Lua, and a policy has no other way to make one.
#[derive(Clone)]
pub(crate) enum Made {
    /// A part of a plan, or a whole one.
    Part(Plan),
    /// A verdict.
    Verdict(Verdict),
}

impl UserData for Made {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        // The name by which Lua's own messages call it.
        fields.add_meta_field(MetaMethod::Type, "verdict");
    }
}

/// The words that a policy can use.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Word {
    Prove,
    All,
    Any,
    Approvals,
    Escalate,
    Deny,
    Retry,
    Outcome,
}

impl Word {
    pub const ALL: [Self; 8] = [
        Self::Prove,
        Self::All,
        Self::Any,
        Self::Approvals,
        Self::Escalate,
        Self::Deny,
        Self::Retry,
        Self::Outcome,
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prove => "prove",
            Self::All => "all",
            Self::Any => "any",
            Self::Approvals => "approvals",
            Self::Escalate => "escalate",
            Self::Deny => "deny",
            Self::Retry => "retry",
            Self::Outcome => "outcome",
        }
    }

    /// Builds what the word stands for from its two arguments.
    pub fn make(
        self,
        channels: &Channels,
        meter: &Meter,
        first: &Value,
        second: &Value,
    ) -> Result<Made, Misuse> {
        if !meter.may_make() {
            return Err(Misuse::TooManyMade);
        }
        if !matches!(self, Self::Any) && !second.is_nil() {
            return Err(Misuse::Surplus(self.as_str()));
        }
        match self {
            Self::Prove => {
                parts::plan(self.as_str(), channels, first).map(|plan| Made::Verdict(Verdict::Prove { plan }))
            }
            Self::All => parts::plan(self.as_str(), channels, first).map(Made::Part),
            Self::Any => parts::any(channels, first, second).map(Made::Part),
            Self::Approvals => parts::approvals(first).map(Made::Part),
            Self::Escalate => verdicts::escalate(first).map(Made::Verdict),
            Self::Deny => verdicts::deny(first).map(Made::Verdict),
            Self::Retry => verdicts::retry(first).map(Made::Verdict),
            Self::Outcome => verdicts::outcome(first).map(Made::Verdict),
        }
    }
}

/// The word as a function for the prelude: it returns what was made, or nothing and why not.
pub(crate) fn function(
    lua: &Lua,
    word: Word,
    channels: Arc<Channels>,
    meter: Arc<Meter>,
) -> mlua::Result<Function> {
    lua.create_function(move |lua, (first, second): (Value, Value)| {
        match word.make(&channels, &meter, &first, &second) {
            Ok(made) => Ok((Value::UserData(lua.create_userdata(made)?), None)),
            Err(misuse) => {
                if misuse.is_unknown_word() {
                    meter.meet_unknown_word();
                }
                Ok((Value::Nil, Some(misuse.to_string())))
            }
        }
    })
}
