//! A machine that runs tests and invariants: the hardened one of the policies, with a second trusted file on top.

use std::sync::{Arc, OnceLock};

use mlua::{Function, Lua, LuaString, Table, Value};
use readmit_recovery::limits::MAX_CHANNEL_BYTES;

use super::acting::METHODS;
use super::viewing::FIELDS;
use crate::code::Code;
use crate::fact::Fact;
use crate::limits::{
    MAX_INVARIANTS_PER_FILE, MAX_SHOWN_VALUE_BYTES, MAX_TEST_NAME_BYTES, MAX_TESTS_PER_FILE, TEST_BUDGET,
    TEST_MEMORY,
};
use crate::meter::Budget;
use crate::raised::tidy;
use crate::spelling::nearest;
use crate::vm::{self, Broken, Vm};
use crate::vocabulary::Channels;
use crate::workbench::NOW;
use crate::workbench::start::quoted;

/// The trusted half of the runner that is written in Luau.
const TESTING: &str = include_str!("testing.luau");

/// The states that an invariant may be about.
const STATES: [&str; 9] =
    ["proving", "held", "recovered", "completed", "escalated", "denied", "vetoed", "cancelled", "expired"];

/// A machine with every file of a set loaded, the tests too.
pub(super) struct Machine {
    vm: Vm,
    load: Function,
    bind: Function,
    perform: Function,
    judge: Function,
}

/// What a file of tests holds.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// The tests, in order.
    pub tests: Vec<Entry>,
    /// The invariants, in order, with the state that each is about; empty for the usual ones.
    pub invariants: Vec<(Entry, String)>,
    /// The place of the first of these invariants in the machine.
    pub first_invariant: usize,
}

/// A test or an invariant.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Its name.
    pub name: String,
    /// The line of the call that made it.
    pub line: u32,
}

/// Whether what a machine holds already is kept when it loads one more file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Earlier {
    /// It is.
    Kept,
    /// It is not.
    Dropped,
}

impl Machine {
    /// Builds a machine.
    pub fn new(code: &Arc<Code>, channels: &Arc<Channels>) -> mlua::Result<Self> {
        let usual = Budget::default();
        let budget = Budget {
            interrupts: usual.interrupts * u64::from(TEST_BUDGET),
            cpu: usual.cpu * TEST_BUDGET,
            memory: TEST_MEMORY,
        };
        let (vm, (load, bind, perform, judge)) = Vm::for_tests(code, channels, budget, extend)?;
        Ok(Self { vm, load, bind, perform, judge })
    }

    /// The machine itself.
    pub const fn vm(&self) -> &Vm {
        &self.vm
    }

    /// Runs the top level of a file.
    pub fn load(&self, path: &str, earlier: Earlier) -> Result<Contents, Broken> {
        type Names = Vec<LuaString>;
        let (names, lines, first, held, held_lines, states) = self.vm.metered(path, || {
            self.load
                .call::<(Names, Vec<u32>, usize, Names, Vec<u32>, Names)>((path, earlier == Earlier::Dropped))
        })?;
        let states = states.iter().map(|state| state.to_string_lossy());
        Ok(Contents {
            tests: entries(&names, lines),
            invariants: entries(&held, held_lines).into_iter().zip(states).collect(),
            first_invariant: first,
        })
    }

    /// Gives the machine the functions that it needs for running what it has loaded.
    pub fn bind(&self, functions: Table) -> mlua::Result<()> {
        self.bind.call(functions)
    }

    /// Runs a test of the file that was loaded last. Returns the line of an expectation that was left without a
    /// question, if there is one.
    pub fn perform(&self, path: &str, index: usize) -> Result<Option<u32>, Broken> {
        self.vm.metered(path, || self.perform.call(index + 1))
    }

    /// Asks an invariant about the case that is bound; returns what it returned, unless that was true.
    pub fn judge(&self, path: &str, index: usize, is_first: bool) -> Result<Option<String>, Broken> {
        self.vm.metered(path, || self.judge.call((index + 1, is_first)))
    }
}

fn entries(names: &[LuaString], lines: Vec<u32>) -> Vec<Entry> {
    names.iter().zip(lines).map(|(name, line)| Entry { name: tidy(&name.to_string_lossy()), line }).collect()
}

/// Runs the trusted file; returns what Rust calls.
fn extend(lua: &Lua, kit: Table) -> mlua::Result<(Function, Function, Function, Function)> {
    static BYTECODE: OnceLock<Vec<u8>> = OnceLock::new();
    let testing = vm::trusted(lua, "=readmit", vm::compiled(TESTING, &BYTECODE)?)?;
    testing.call((kit, native(lua)?, limits(lua)?))
}

/// What the trusted file leaves to Rust for as long as the machine lives.
fn native(lua: &Lua) -> mlua::Result<Table> {
    let native = lua.create_table()?;
    let quote = |_: &Lua, text: LuaString| Ok(quoted(&text.to_string_lossy()));
    native.raw_set("quoted", lua.create_function(quote)?)?;
    native.raw_set("cut", lua.create_function(|_, text: LuaString| Ok(cut(&text.to_string_lossy())))?)?;
    let unknown = |_: &Lua, (what, name, words): (String, Value, Vec<LuaString>)| {
        let words: Vec<String> = words.iter().map(|word| word.to_string_lossy()).collect();
        Ok(strange(&what, &name, words.iter().map(String::as_str)))
    };
    native.raw_set("strange", lua.create_function(unknown)?)?;
    let no_state = |_: &Lua, name: Value| {
        let is_known = name.as_string().is_some_and(|name| STATES.iter().any(|state| *name == **state));
        Ok((!is_known).then(|| strange("there is no state", &name, STATES)))
    };
    native.raw_set("no_state", lua.create_function(no_state)?)?;
    Ok(native)
}

fn limits(lua: &Lua) -> mlua::Result<Table> {
    let limits = lua.create_table_from([
        ("tests", MAX_TESTS_PER_FILE),
        ("invariants", MAX_INVARIANTS_PER_FILE),
        ("name", MAX_TEST_NAME_BYTES),
    ])?;
    limits.raw_set("now", NOW.unix())?;
    limits.raw_set("fields", lua.create_sequence_from(FIELDS)?)?;
    limits.raw_set("methods", lua.create_table_from(METHODS.map(|(word, _)| (word, true)))?)?;
    let names = FIELDS.iter().copied().chain(METHODS.iter().map(|(word, _)| *word));
    let names = names.chain(["account", "device", "client", "history"]);
    limits.raw_set("names", lua.create_sequence_from(names)?)?;
    limits.raw_set("facts", lua.create_sequence_from(Fact::ALL.iter().map(|fact| fact.as_str()))?)?;
    Ok(limits)
}

/// Says of a word that there is no such thing, and what may have been meant.
pub(super) fn strange<'a>(what: &str, name: &Value, words: impl IntoIterator<Item = &'a str>) -> String {
    let name = name.as_string().map(|name| name.to_string_lossy()).unwrap_or_default();
    let meant = nearest(&name, words).map(|meant| format!(": did you mean `{meant}`?")).unwrap_or_default();
    let name: String = tidy(&name).chars().take(MAX_CHANNEL_BYTES).collect();
    format!("{what} `{name}`{meant}")
}

/// A text of bounded length.
pub(super) fn cut(text: &str) -> String {
    if text.len() <= MAX_SHOWN_VALUE_BYTES {
        return text.to_owned();
    }
    let end = (0..=MAX_SHOWN_VALUE_BYTES).rev().find(|end| text.is_char_boundary(*end)).unwrap_or_default();
    format!("{}…", text.get(..end).unwrap_or_default())
}
