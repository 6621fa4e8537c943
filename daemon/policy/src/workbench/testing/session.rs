//! The cases of one test, and what the words of a test do to them.

use std::cell::RefCell;

use mlua::{Function, Lua, Scope, Table, Value, Variadic};
use readmit_recovery::command::{Command, Purpose};
use readmit_recovery::rules::Rules;

use super::invariants::{BrokenInvariant, Invariants};
use super::machine::Machine;
use super::story::Story;
use super::viewing::Happened;
use super::{acting, reading, viewing};
use crate::PolicySet;
use crate::input;
use crate::limits::{MAX_CASES_PER_TEST, MAX_OPENED_BYTES_PER_TEST, MAX_STEPS_PER_TEST};
use crate::vocabulary::Channels;
use crate::workbench::{Action, Journey, Step};

/// What every test of a run is tried with.
pub(super) struct Ground<'a> {
    /// The policies under test.
    pub set: &'a PolicySet,
    /// The rules of the core.
    pub rules: &'a Rules,
    /// The channels that plans and tests may name.
    pub channels: &'a Channels,
    /// What must hold after every step.
    pub invariants: &'a Invariants,
}

/// What one test is doing.
#[derive(Default)]
pub(super) struct Session {
    cases: Vec<Traveller>,
    /// Bytes of the texts of all cases.
    bytes: usize,
    story: Story,
    told: Option<Told>,
    broken: Option<BrokenInvariant>,
}

/// One case, and what happened on its way.
struct Traveller {
    journey: Journey,
    happened: Happened,
}

/// An expectation that was not met.
#[derive(Clone, Debug)]
pub(super) struct Told {
    /// What the error says.
    pub message: String,
    /// What was expected.
    pub expected: Option<String>,
    /// What was there.
    pub got: Option<String>,
}

impl Session {
    /// Forgets everything, for the next test.
    pub fn begin(&mut self) {
        *self = Self::default();
    }

    /// The expectation that was not met last.
    pub const fn told(&self) -> Option<&Told> {
        self.told.as_ref()
    }

    /// The first invariant that was broken.
    pub const fn broken(&self) -> Option<&BrokenInvariant> {
        self.broken.as_ref()
    }

    /// What was done so far.
    pub const fn story(&self) -> &Story {
        &self.story
    }

    /// Opens a case: its number, or why not.
    fn open(&mut self, given: &[Value], realm: &str, ground: &Ground<'_>) -> Result<usize, String> {
        if self.cases.len() >= MAX_CASES_PER_TEST {
            return Err(format!("a test opens at most {MAX_CASES_PER_TEST} cases"));
        }
        let start = reading::start(given, realm).map_err(|misread| misread.to_string())?;
        self.bytes += input::length_of_texts(&start.facts);
        if self.bytes > MAX_OPENED_BYTES_PER_TEST {
            return Err(format!(
                "the texts of all cases of a test have at most {MAX_OPENED_BYTES_PER_TEST} bytes"
            ));
        }
        let mut policy = |question: &_| ground.set.decide(question).verdict;
        let (journey, step) = Journey::open(&start, ground.set.version(), ground.rules, &mut policy);
        self.story.open(start);
        let mut traveller = Traveller { journey, happened: Happened::default() };
        traveller.remember(&step);
        self.cases.push(traveller);
        let case = self.cases.len() - 1;
        self.hold(case, ground).map(|()| case)
    }

    /// Takes a step, or says why it cannot be taken.
    fn act(&mut self, case: usize, action: Action, ground: &Ground<'_>) -> Result<(), String> {
        self.story.act(case, action.clone());
        let traveller = self.cases.get_mut(case).ok_or("there is no such case")?;
        let mut policy = |question: &_| ground.set.decide(question).verdict;
        let step = traveller.journey.act(&action, ground.rules, &mut policy);
        let step = step.map_err(|stuck| format!("{action} cannot be done: {stuck}"))?;
        traveller.remember(&step);
        self.hold(case, ground)
    }

    /// Whether a step would be refused.
    fn is_refused(&self, case: usize, action: &Action, ground: &Ground<'_>) -> bool {
        let mut policy = |question: &_| ground.set.decide(question).verdict;
        let journey = self.cases.get(case).map(|traveller| traveller.journey.clone());
        journey.is_none_or(|mut journey| journey.act(action, ground.rules, &mut policy).is_err())
    }

    fn hold(&mut self, case: usize, ground: &Ground<'_>) -> Result<(), String> {
        let Some(traveller) = self.cases.get(case) else { return Ok(()) };
        match ground.invariants.check(&traveller.journey).broken.into_iter().next() {
            None => Ok(()),
            Some(broken) => {
                let message = broken.to_string();
                self.broken.get_or_insert(broken);
                Err(message)
            }
        }
    }

    /// Whether the test may do one more thing.
    fn may_go_on(&self) -> Result<(), String> {
        let is_enough = self.story.len() >= MAX_STEPS_PER_TEST;
        if is_enough { Err(format!("a test takes at most {MAX_STEPS_PER_TEST} steps")) } else { Ok(()) }
    }
}

impl Traveller {
    fn remember(&mut self, step: &Step) {
        for record in step.records.iter().filter(|record| record.kind == "policy_failed") {
            let cause = record.detail.iter().find(|(name, _)| *name == "cause");
            self.happened.cause = cause.map(|(_, cause)| cause.clone());
        }
        for command in &step.commands {
            match command {
                Command::SendMessage(message) if message.purpose == Purpose::Notice => {
                    self.happened.notices += 1;
                }
                Command::RaiseAlert(kind) => self.happened.alerts.push(kind),
                _ => {}
            }
        }
    }
}

/// Gives a machine the words that reach into `session`, for as long as `scope` lasts.
pub(super) fn bind<'scope, 'env>(
    scope: &'scope Scope<'scope, 'env>,
    machine: &'env Machine,
    session: &'env RefCell<Session>,
    ground: &'env Ground<'env>,
    realm: &'env str,
) -> mlua::Result<()> {
    let functions = machine.vm().lua().create_table()?;
    let open = move |_: &Lua, given: Variadic<Value>| {
        let opened = session.borrow_mut().open(&given, realm, ground);
        Ok(match opened {
            Ok(case) => (Some(case), None),
            Err(why) => (None, Some(why)),
        })
    };
    functions.raw_set("open", scope.create_function(open)?)?;
    let act = move |_: &Lua, (case, word, given): (usize, Value, Variadic<Value>)| {
        let mut session = session.borrow_mut();
        let action = session.may_go_on().and_then(|()| read(&word, &given, ground));
        Ok(action.and_then(|action| session.act(case, action, ground)).err())
    };
    functions.raw_set("act", scope.create_function(act)?)?;
    let attempt = move |_: &Lua, (case, word, given): (usize, Value, Variadic<Value>)| {
        Ok(match read(&word, &given, ground) {
            Ok(action) => (session.borrow().is_refused(case, &action, ground), None),
            Err(why) => (false, Some(why)),
        })
    };
    functions.raw_set("attempt", scope.create_function(attempt)?)?;
    functions.raw_set("told", told(scope, session)?)?;
    see(scope, machine, session, &functions)?;
    machine.bind(functions)
}

fn read(word: &Value, given: &[Value], ground: &Ground<'_>) -> Result<Action, String> {
    acting::action(word, given, ground.channels).map_err(|misstep| misstep.to_string())
}

fn told<'scope, 'env>(
    scope: &'scope Scope<'scope, 'env>,
    session: &'env RefCell<Session>,
) -> mlua::Result<Function> {
    type Texts = (Option<String>, Option<String>, Option<String>);
    scope.create_function(move |_, (message, expected, got): Texts| {
        session.borrow_mut().told = message.map(|message| Told { message, expected, got });
        Ok(())
    })
}

/// The words that only look.
fn see<'scope, 'env>(
    scope: &'scope Scope<'scope, 'env>,
    machine: &'env Machine,
    session: &'env RefCell<Session>,
    functions: &Table,
) -> mlua::Result<()> {
    let builder = machine.vm().builder();
    let look = move |lua: &Lua, (case, name): (usize, String)| {
        let session = session.borrow();
        let Some(traveller) = session.cases.get(case) else { return Ok(Value::Nil) };
        let field = viewing::field(lua, builder, &traveller.journey, Some(&traveller.happened), &name);
        field.map_err(mlua::Error::external)
    };
    functions.raw_set("look", scope.create_function(look)?)?;
    let facts = move |lua: &Lua, case: usize| {
        let session = session.borrow();
        let traveller = session.cases.get(case);
        traveller.map(|traveller| viewing::facts(lua, builder, &traveller.journey)).transpose()
    };
    functions.raw_set("facts", scope.create_function(facts)?)
}
