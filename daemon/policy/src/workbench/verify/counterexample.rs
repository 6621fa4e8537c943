//! A case in which a property does not hold, as a test that can be pasted.

use std::fmt::Write as _;

use super::class::Class;
use super::finding::{Finding, Property, Way};
use super::value::Value;
use crate::fact::Fact;
use crate::limits::MAX_TEST_NAME_BYTES;
use crate::workbench::Action;
use crate::workbench::start::{Start, quoted};

/// A case in which a property does not hold. It stands for every class with the same cause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counterexample {
    /// What does not hold.
    pub property: Property,
    /// What is wrong, in words.
    pub cause: String,
    /// What is unusual about the case, as conditions.
    pub conditions: Vec<String>,
    /// The journey as a test that can be pasted into a `*_test.lua` file. It goes as the journey does today.
    pub test: String,
    /// How many classes of cases have the same cause.
    pub classes: usize,
}

impl Counterexample {
    /// What was found in a class.
    pub(super) fn of(class: &Class, finding: &Finding, classes: usize) -> Self {
        let Finding { property, cause, actions, state } = finding;
        let mut test = heading(*property, cause);
        journey("case", class.start(), actions, &mut test);
        // Writing to a String cannot fail.
        let _ = match property {
            Property::Floor | Property::Answers => writeln!(test, "  expect(case.cause):is(nil)"),
            Property::NoDeadEnd => {
                writeln!(test, "  expect(case.state):is({}) -- and there is no way on", quoted(state))
            }
            Property::Invariant | Property::Risk => {
                writeln!(test, "  expect(case.state):is({})", quoted(state))
            }
        };
        test.push_str("end)\n");
        Self { property: *property, cause: cause.clone(), conditions: conditions(class), test, classes }
    }

    /// A riskier case, and the same one with less risk that takes more.
    pub(super) fn of_risk(
        cause: &str,
        (risky, way): (&Class, &Way),
        (safer, other): (&Start, Option<&Way>),
        classes: usize,
    ) -> Self {
        let mut test = heading(Property::Risk, cause);
        journey("case", risky.start(), &way.actions, &mut test);
        let _ = writeln!(test, "  expect(case.state):is({})", quoted(way.state));
        if let Some(other) = other {
            journey("safer", safer, &other.actions, &mut test);
            let _ = writeln!(test, "  expect(safer.state):is({})", quoted(other.state));
        } else {
            let _ = writeln!(test, "  local safer = {safer} -- which no proof recovers");
        }
        test.push_str("end)\n");
        let (property, cause) = (Property::Risk, cause.to_owned());
        Self { property, cause, conditions: conditions(risky), test, classes }
    }
}

/// What of a class is not as usual, in words; the reason always.
pub(super) fn conditions(class: &Class) -> Vec<String> {
    unusual(class)
        .chain(class.value(Fact::Reason))
        .map(ToString::to_string)
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect()
}

/// What is decided in a class and not as usual.
pub(super) fn unusual(class: &Class) -> impl Iterator<Item = &Value> {
    let usual = Start::complete(&class.start().facts.account.realm).ok();
    class.decided().filter(move |value| {
        usual.as_ref().is_none_or(|usual| Value::of(usual, value.fact).as_ref() != Some(*value))
    })
}

fn heading(property: Property, cause: &str) -> String {
    let name: String =
        format!("{}: {cause}", property.in_words()).chars().filter(|c| !c.is_control()).collect();
    let mut end = name.len().min(MAX_TEST_NAME_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    format!("test({}, function()\n", quoted(name.get(..end).unwrap_or_default()))
}

fn journey(name: &str, start: &Start, actions: &[Action], test: &mut String) {
    let _ = writeln!(test, "  local {name} = {start}");
    for action in actions {
        let line = action.to_string();
        let call = line.strip_prefix("case").unwrap_or(&line);
        let _ = writeln!(test, "  {name}{call}");
    }
}
