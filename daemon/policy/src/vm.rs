//! One hardened Lua machine: built once, asked many times, thrown away after any doubt.
//!
//! Its garbage collector never runs by itself, so a decision is not held up by what others have left, every C
//! function that makes something runs into the limit of memory, and that limit does not depend on when a collection
//! happens to come. A machine that has gathered too much is swept between two decisions. Every file is loaded when the machine is built; a decision runs a copy of it in an
//! environment of its own, with upvalues of its own.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use mlua::chunk::{ChunkMode, Compiler};
use mlua::{Function, Lua, LuaOptions, LuaString, StdLib, Table, Value};
use readmit_recovery::facts::Question;
use thiserror::Error;

use crate::code::{Code, Watching};
use crate::coverage::Coverage;
use crate::decode::{self, Word};
use crate::fact::Fact;
use crate::input::Builder;
use crate::limits::{
    MAX_GARBAGE, MAX_ITEMS, MAX_PATTERN_BYTES, MAX_REPEATED_BYTES, MAX_SPAN, MAX_SUBJECT_BYTES, MAX_WAY,
};
use crate::meter::{Budget, Exhausted, Meter};
use crate::raised::{Raised, tidy};
use crate::spelling::nearest;
use crate::vocabulary::Channels;

/// The trusted half that is written in Luau.
const PRELUDE: &str = include_str!("prelude.luau");

/// A machine with every file of one set loaded.
pub(crate) struct Vm {
    lua: Lua,
    meter: Arc<Meter>,
    budget: Budget,
    ask: Function,
    inspect: Function,
    reads: Function,
    way: Function,
    makings: Function,
    files: Vec<(String, Function)>,
    builder: Builder,
    fresh: usize,
}

/// What came back from a hook.
pub(crate) enum Reply {
    /// The hook returned something.
    Answer {
        /// What.
        value: Value,
        /// Something more than one value.
        surplus: bool,
        /// The line at which the hook begins.
        line: u32,
        /// Whether the hook has built a verdict, returned or not.
        built: bool,
    },
    /// The policy has no such hook.
    NoHook,
    /// The policy is none.
    NoPolicy,
}

/// Why nothing came back.
#[derive(Debug, Error)]
pub(crate) enum Broken {
    /// Steps or processor time.
    #[error(transparent)]
    Exhausted(#[from] Exhausted),
    /// Memory.
    #[error("{file}: the budget of {limit} bytes of memory is used up")]
    Memory {
        /// The policy file.
        file: String,
        /// The limit.
        limit: usize,
    },
    /// An error of the policy.
    #[error("{0}")]
    Raised(Raised),
}

impl Broken {
    #[expect(clippy::needless_pass_by_value, reason = "it is given to map_err")]
    pub fn by_lua(error: mlua::Error) -> Self {
        Self::Raised(Raised::of(&error))
    }

    /// Whether the machine cannot be used again. A policy's own error leaves nothing behind.
    pub const fn spoils(&self) -> bool {
        !matches!(self, Self::Raised(_))
    }

    /// Where an error was raised.
    pub const fn place(&self) -> Option<&Raised> {
        match self {
            Self::Raised(raised) => Some(raised),
            Self::Exhausted(_) | Self::Memory { .. } => None,
        }
    }

    /// What happened, taken apart, whichever it is.
    pub fn raised(&self) -> Raised {
        match self {
            Self::Raised(raised) => raised.clone(),
            Self::Exhausted(exhausted) => Raised::of(&mlua::Error::RuntimeError(exhausted.to_string())),
            Self::Memory { file, limit } => Raised {
                file: Some(file.clone()),
                line: None,
                message: format!("the budget of {limit} bytes of memory is used up"),
            },
        }
    }

    /// What happened, without the place.
    pub fn message(&self) -> String {
        self.place().map_or_else(|| self.to_string(), |raised| raised.message.clone())
    }
}

impl Vm {
    /// Builds a machine: library, prelude, sandbox, files.
    pub fn new(code: &Arc<Code>, channels: &Arc<Channels>, budget: Budget) -> mlua::Result<Self> {
        let files = code.iter().collect();
        Self::build(code, channels, budget, code.watching(), files, |_, _| Ok(())).map(|(vm, ())| vm)
    }

    /// Builds a machine that has the tests loaded too. It watches what is looked at, and not which lines are run.
    /// Before its sandbox closes, `extend` is given what the prelude lets a second trusted file build on.
    pub fn for_tests<T>(
        code: &Arc<Code>,
        channels: &Arc<Channels>,
        budget: Budget,
        extend: impl FnOnce(&Lua, Table) -> mlua::Result<T>,
    ) -> mlua::Result<(Self, T)> {
        let files = code.iter().chain(code.tests()).collect();
        Self::build(code, channels, budget, Watching::On, files, extend)
    }

    fn build<T>(
        code: &Arc<Code>,
        channels: &Arc<Channels>,
        budget: Budget,
        watching: Watching,
        files: Vec<(&str, &[u8])>,
        extend: impl FnOnce(&Lua, Table) -> mlua::Result<T>,
    ) -> mlua::Result<(Self, T)> {
        let libraries =
            StdLib::TABLE | StdLib::STRING | StdLib::MATH | StdLib::BIT | StdLib::UTF8 | StdLib::DEBUG;
        let lua = Lua::new_with(libraries, LuaOptions::new().catch_rust_panics(false))?;
        lua.gc_stop();
        let meter = Arc::new(Meter::new(budget));
        let native = lua.create_table()?;
        for word in Word::ALL {
            let function = decode::function(&lua, word, Arc::clone(channels), Arc::clone(&meter))?;
            native.raw_set(word.as_str(), function)?;
        }
        native.raw_set("unknown", stranger(&lua, Arc::clone(&meter))?)?;
        native.raw_set("resolve", resolver(&lua, Arc::clone(code))?)?;
        let files = loaded(&lua, files)?;
        native.raw_set("instantiate", instantiator(&lua, &files)?)?;
        let prelude = trusted(&lua, "=readmit", prelude()?)?;
        let limits = limits(&lua, watching)?;
        let (ask, inspect, reads, way, makings, build, failure, list, kit) =
            prelude.call((native, limits))?;
        let extension = extend(&lua, kit)?;
        lua.sandbox(true)?;
        let interrupting = Arc::clone(&meter);
        lua.set_interrupt(move |lua| interrupting.interrupt(lua));
        let fresh = lua.used_memory();
        let builder = Builder { build, failure, list };
        Ok((Self { lua, meter, budget, ask, inspect, reads, way, makings, files, builder, fresh }, extension))
    }

    /// Puts a question to the policy in `path`.
    pub fn ask(&self, path: &str, question: &Question) -> Result<Reply, Broken> {
        // With a limit in force every call into Lua is made in protected mode, which costs more than the call; the
        // size of what is built here has been checked.
        let case = self.builder.case(&self.lua, question).map_err(Broken::by_lua)?;
        let subject = self.builder.subject(&self.lua, question).map_err(Broken::by_lua)?;
        let (state, value, surplus, line, built) = self.metered(path, || {
            self.ask.call::<(u8, Value, Value, Option<u32>, Option<bool>)>((
                path,
                question.hook.as_str(),
                case,
                subject,
            ))
        })?;
        Ok(match state {
            0 => Reply::Answer {
                value,
                surplus: !surplus.is_nil(),
                line: line.unwrap_or_default(),
                built: built.unwrap_or_default(),
            },
            1 => Reply::NoHook,
            _ => Reply::NoPolicy,
        })
    }

    /// Runs the top level of a file; returns what it returns, and the files that it required.
    pub fn inspect(&self, path: &str) -> Result<(Value, Vec<String>), Broken> {
        self.metered(path, || self.inspect.call(path))
    }

    /// Whether the last run met a word that means nothing in any case: a misspelt factor, field or global.
    pub fn has_met_unknown_word(&self) -> bool {
        self.meter.has_met_unknown_word()
    }

    /// The names of what the last question was looked at by, in a watched machine.
    pub fn reads(&self) -> Vec<String> {
        self.reads.call(()).unwrap_or_default()
    }

    /// The facts among them.
    pub fn facts(&self) -> BTreeSet<Fact> {
        self.reads().iter().filter_map(|name| name.parse().ok()).collect()
    }

    /// What was run so far, in a watched machine.
    pub fn coverage(&self) -> Coverage {
        let mut coverage = Coverage::default();
        for (name, file) in &self.files {
            file.coverage(|info| coverage.add_lines(name, &info.hits));
        }
        for (place, times) in self.makings.call::<HashMap<String, u64>>(()).unwrap_or_default() {
            coverage.add_made(&place, times);
        }
        coverage
    }

    /// How often each line of each function was run so far, in a watched machine. What a file does when it is read
    /// belongs to no function, and is done for every question.
    pub fn functions(&self) -> Coverage {
        let mut coverage = Coverage::default();
        for (name, file) in &self.files {
            file.coverage(|info| {
                if info.depth > 0 {
                    coverage.add_lines(name, &info.hits);
                }
            });
        }
        coverage
    }

    /// The lines that led to the last answer, from the hook inwards, in a watched machine.
    pub fn way(&self) -> Vec<String> {
        let mut way: Vec<String> = self.way.call(()).unwrap_or_default();
        way.reverse();
        way
    }

    /// Interrupts that the last run took.
    pub fn interrupts(&self) -> u64 {
        self.meter.interrupts()
    }

    /// Makes the machine ready for the next run; false if it should be thrown away. Sweeping is
    /// cheaper than building anew, and due once in some hundred decisions.
    pub fn recover(&self) -> bool {
        let most = self.fresh.saturating_add(MAX_GARBAGE);
        if self.lua.used_memory() <= most {
            return true;
        }
        let is_swept = self.lua.gc_collect().is_ok();
        // A collection sets the collector going again.
        self.lua.gc_stop();
        is_swept && self.lua.used_memory() <= most
    }

    /// The machine itself, for those who built it with an extension.
    pub const fn lua(&self) -> &Lua {
        &self.lua
    }

    /// What makes the input.
    pub const fn builder(&self) -> &Builder {
        &self.builder
    }

    /// Runs something within the budget; `path` is the file that an empty purse is laid to.
    pub fn metered<T>(&self, path: &str, run: impl FnOnce() -> mlua::Result<T>) -> Result<T, Broken> {
        let limit = self.lua.used_memory().saturating_add(self.budget.memory);
        self.limit(limit)?;
        self.meter.start();
        let result = run();
        let exhausted = self.meter.stop();
        self.limit(0)?;
        match (result, exhausted) {
            (_, Some(exhausted)) => Err(exhausted.into()),
            (Ok(value), None) => Ok(value),
            (Err(error), None) if is_memory(&error) => {
                Err(Broken::Memory { file: path.to_owned(), limit: self.budget.memory })
            }
            (Err(error), None) => Err(Broken::by_lua(error)),
        }
    }

    fn limit(&self, bytes: usize) -> Result<(), Broken> {
        self.lua.set_memory_limit(bytes).map(drop).map_err(Broken::by_lua)
    }
}

fn is_memory(error: &mlua::Error) -> bool {
    match error {
        mlua::Error::MemoryError(_) => true,
        mlua::Error::CallbackError { cause, .. } => is_memory(cause),
        mlua::Error::RuntimeError(text) => text.starts_with("not enough memory"),
        _ => false,
    }
}

/// The prelude, compiled once a process.
fn prelude() -> mlua::Result<&'static [u8]> {
    static BYTECODE: OnceLock<Vec<u8>> = OnceLock::new();
    compiled(PRELUDE, &BYTECODE)
}

/// A trusted file, compiled once a process.
pub(crate) fn compiled(text: &str, once: &'static OnceLock<Vec<u8>>) -> mlua::Result<&'static [u8]> {
    if let Some(bytecode) = once.get() {
        return Ok(bytecode);
    }
    // Level 2 would inline, and `error(why, 2)` would then point at the caller's caller.
    let bytecode = Compiler::new().set_optimization_level(1).set_debug_level(1).compile(text)?;
    Ok(once.get_or_init(|| bytecode))
}

fn limits(lua: &Lua, watching: Watching) -> mlua::Result<Table> {
    let limits = lua.create_table_from([
        ("subject", MAX_SUBJECT_BYTES),
        ("pattern", MAX_PATTERN_BYTES),
        ("repeated", MAX_REPEATED_BYTES),
        ("items", MAX_ITEMS),
        ("span", MAX_SPAN as usize),
        ("places", MAX_WAY),
    ])?;
    limits.raw_set("watched", watching == Watching::On)?;
    Ok(limits)
}

/// Says of a global name that there is no such thing, and what may have been meant.
fn stranger(lua: &Lua, meter: Arc<Meter>) -> mlua::Result<Function> {
    lua.create_function(move |_, (name, words): (Value, Vec<String>)| {
        meter.meet_unknown_word();
        let name = name.as_string().map(|name| name.to_string_lossy()).unwrap_or_default();
        let shown: String = tidy(&name).chars().take(40).collect();
        let meant = nearest(&name, words.iter().map(String::as_str));
        let hint = meant.map(|meant| format!(": did you mean `{meant}`?")).unwrap_or_default();
        Ok(format!("there is no `{shown}` here{hint}"))
    })
}

/// Finds the file that a `require` means.
fn resolver(lua: &Lua, code: Arc<Code>) -> mlua::Result<Function> {
    lua.create_function(move |_, (from, name): (LuaString, Value)| {
        let Value::String(name) = name else {
            return Ok((None, Some("require wants the path of a file".to_owned())));
        };
        Ok(match code.resolve(&from.to_string_lossy(), &name.to_string_lossy()) {
            Ok(file) => (Some(file.to_owned()), None),
            Err(why) => (None, Some(why)),
        })
    })
}

/// Loads every file of a set.
fn loaded(lua: &Lua, files: Vec<(&str, &[u8])>) -> mlua::Result<Vec<(String, Function)>> {
    let load =
        |(name, bytecode): (&str, &[u8])| Ok((name.to_owned(), trusted(lua, &format!("={name}"), bytecode)?));
    files.into_iter().map(load).collect()
}

/// Loads bytecode of our own compiler.
pub(crate) fn trusted(lua: &Lua, name: &str, bytecode: &[u8]) -> mlua::Result<Function> {
    lua.load(bytecode).set_name(name).set_mode(ChunkMode::Binary).into_function()
}

/// Copies a loaded file into an environment. The copy shares the unchanging bytecode and nothing else: the top
/// level of a file has no upvalues, and closures made in another environment are always made anew.
fn instantiator(lua: &Lua, files: &[(String, Function)]) -> mlua::Result<Function> {
    let files: HashMap<Vec<u8>, Function> =
        files.iter().map(|(name, file)| (name.as_bytes().to_vec(), file.clone())).collect();
    lua.create_function(move |_, (path, environment): (LuaString, Table)| {
        let file = files.get(&*path.as_bytes());
        let copy = file.ok_or_else(|| mlua::Error::runtime("no such file"))?.deep_clone()?;
        copy.set_environment(environment)?;
        Ok(copy)
    })
}
