//! What must hold in every case: the `invariant(…)` calls of the test files.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use mlua::{Lua, Value};
use parking_lot::Mutex;

use super::machine::{Earlier, Machine};
use super::viewing;
use crate::code::{Code, Watching};
use crate::fact::Fact;
use crate::load_error::{Fault, LoadError, Problem};
use crate::raised::Raised;
use crate::sources::{Sources, stem};
use crate::vm::Broken;
use crate::vocabulary::Channels;
use crate::workbench::Journey;

/// The states that an invariant is about unless it names another one.
const USUAL: [&str; 2] = ["recovered", "held"];

/// The invariants of a set. It may be asked by several threads at once.
pub struct Invariants {
    code: Arc<Code>,
    channels: Arc<Channels>,
    files: Vec<String>,
    all: Vec<Invariant>,
    /// The realms that have a policy of their own.
    realms: BTreeSet<String>,
    idle: Mutex<Vec<Machine>>,
}

/// One invariant.
struct Invariant {
    name: String,
    file: String,
    line: u32,
    /// The state it is about; empty for the usual ones.
    state: String,
    /// The realm that it is about, if it is not about all.
    realm: Option<String>,
    /// Its place in the machine.
    index: usize,
}

/// What asking the invariants about one case came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Checked {
    /// Those that do not hold, in order.
    pub broken: Vec<BrokenInvariant>,
    /// What of the case was looked at.
    pub facts: BTreeSet<Fact>,
}

/// An invariant that does not hold. It prints as one line, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenInvariant {
    /// Its name.
    pub name: String,
    /// The file in which it broke: that of the invariant, or a module that it required.
    pub file: String,
    /// The line there, counted from 1.
    pub line: u32,
    /// What it returned or which error it raised.
    pub message: String,
}

impl fmt::Display for BrokenInvariant {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, file, line, message } = self;
        write!(formatter, "the invariant \"{name}\" ({file}:{line}) does not hold: {message}")
    }
}

impl fmt::Debug for Invariants {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.names()).finish()
    }
}

impl Invariants {
    /// Reads the invariants of every test file of a set.
    ///
    /// # Errors
    /// [`LoadError`] if a file cannot be compiled, or the top level of a test file fails.
    pub fn load(sources: &Sources, channels: &Channels) -> Result<Self, LoadError> {
        let code = Arc::new(Code::compile(sources, Watching::Off)?);
        let (invariants, problems) = Self::of(&code, channels)?;
        LoadError::unless_empty(problems)?;
        Ok(invariants)
    }

    /// Reads the invariants of every test file that can be read; the others are told of.
    pub(super) fn of(code: &Arc<Code>, channels: &Channels) -> Result<(Self, Vec<Problem>), LoadError> {
        let mut read = Self {
            code: Arc::clone(code),
            channels: Arc::new(channels.clone()),
            files: Vec::new(),
            all: Vec::new(),
            realms: BTreeSet::new(),
            idle: Mutex::new(Vec::new()),
        };
        // A file without the word has no invariant: there is no other way to it.
        let mentions = |bytecode: &[u8]| bytecode.windows(WORD.len()).any(|bytes| bytes == WORD);
        let files: Vec<String> = code
            .tests()
            .filter(|(_, bytecode)| mentions(bytecode))
            .map(|(file, _)| file.to_owned())
            .collect();
        let mut problems = Vec::new();
        if files.is_empty() {
            return Ok((read, problems));
        }
        let mut machine = read.build()?;
        read.realms = policies(&machine, code);
        for file in files {
            match machine.load(&file, Earlier::Kept) {
                Ok(contents) => {
                    let realm = about(&file, &read.realms);
                    let numbered = (contents.first_invariant..).zip(contents.invariants);
                    read.all.extend(numbered.map(|(index, (entry, state))| Invariant {
                        name: entry.name,
                        file: file.clone(),
                        line: entry.line,
                        state,
                        realm: realm.clone(),
                        index,
                    }));
                    read.files.push(file);
                }
                Err(broken) => {
                    problems.push(problem(&file, &broken));
                    // What was read before is read again, without the file that spoilt it.
                    machine = read.machine()?;
                }
            }
        }
        read.idle.lock().push(machine);
        Ok((read, problems))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The names, in the order of file and line.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|invariant| invariant.name.as_str())
    }

    /// Asks every invariant that is about a case like this one. An invariant holds if it returns true; whatever
    /// else it does, it is broken. A case that support has resolved is asked about nothing: there people have
    /// decided, and not the policy.
    pub fn check(&self, journey: &Journey) -> Checked {
        let asked: Vec<&Invariant> =
            self.all.iter().filter(|invariant| self.is_about(invariant, journey)).collect();
        let mut checked = Checked::default();
        let mut rest = asked.as_slice();
        while !rest.is_empty() {
            let idle = self.idle.lock().pop();
            let machine = match idle.map_or_else(|| self.machine(), Ok) {
                Ok(machine) => machine,
                Err(error) => {
                    checked.broken.extend(rest.iter().map(|invariant| invariant.broken(error.to_string())));
                    break;
                }
            };
            let done = ask(&machine, rest, journey, &mut checked);
            rest = rest.get(done.asked..).unwrap_or_default();
            if !done.is_spoilt && machine.vm().recover() {
                self.idle.lock().push(machine);
            }
        }
        checked
    }

    fn is_about(&self, invariant: &Invariant, journey: &Journey) -> bool {
        let state = journey.case.state.as_str();
        let is_its_state =
            if invariant.state.is_empty() { USUAL.contains(&state) } else { invariant.state == state };
        let realm = journey.case.facts.account.realm.as_str();
        let decides = if self.realms.contains(realm) { realm } else { "default" };
        !journey.is_resolved && is_its_state && invariant.realm.as_ref().is_none_or(|realm| realm == decides)
    }

    fn build(&self) -> Result<Machine, LoadError> {
        Machine::new(&self.code, &self.channels)
            .map_err(|error| Problem::in_file(".", Fault::Raised(Raised::of(&error).to_string())).into())
    }

    /// A machine in which every file that could be read is loaded.
    fn machine(&self) -> Result<Machine, LoadError> {
        let machine = self.build()?;
        for file in &self.files {
            machine.load(file, Earlier::Kept).map_err(|broken| problem(file, &broken))?;
        }
        Ok(machine)
    }
}

/// The word that makes an invariant.
const WORD: &[u8] = b"invariant";

/// How far one machine got.
struct Done {
    asked: usize,
    is_spoilt: bool,
}

fn ask(machine: &Machine, asked: &[&Invariant], journey: &Journey, checked: &mut Checked) -> Done {
    let mut done = Done { asked: 0, is_spoilt: false };
    let asking = machine.vm().lua().scope(|scope| {
        let builder = machine.vm().builder();
        let functions = machine.vm().lua().create_table()?;
        let look = |lua: &Lua, (_, name): (usize, String)| match viewing::field(
            lua, builder, journey, None, &name,
        ) {
            Ok(value) => Ok((value, None)),
            Err(viewing::Unseen::Lua(error)) => Err(error),
            Err(unseen) => Ok((Value::Nil, Some(unseen.to_string()))),
        };
        functions.raw_set("look", scope.create_function(look)?)?;
        let facts = |lua: &Lua, _: usize| viewing::facts(lua, builder, journey);
        functions.raw_set("facts", scope.create_function(facts)?)?;
        machine.bind(functions)?;
        for invariant in asked {
            let judged = machine.judge(&invariant.file, invariant.index, done.asked == 0);
            done.asked += 1;
            match judged {
                Ok(None) => {}
                Ok(Some(returned)) => {
                    checked.broken.push(invariant.broken(format!("it returned {returned}, and not true")));
                }
                Err(broken) => {
                    done.is_spoilt = broken.spoils();
                    checked.broken.push(invariant.raised(&broken));
                    if done.is_spoilt {
                        break;
                    }
                }
            }
        }
        Ok(())
    });
    checked.facts.extend(machine.vm().facts());
    if let Err(error) = asking {
        // Without the functions no invariant can be asked; none of them may count as holding.
        let why = Raised::of(&error).message;
        checked.broken.extend(asked.iter().skip(done.asked).map(|invariant| invariant.broken(why.clone())));
        done = Done { asked: asked.len(), is_spoilt: true };
    }
    done
}

impl Invariant {
    fn broken(&self, message: String) -> BrokenInvariant {
        BrokenInvariant { name: self.name.clone(), file: self.file.clone(), line: self.line, message }
    }

    fn raised(&self, broken: &Broken) -> BrokenInvariant {
        let raised = broken.raised();
        BrokenInvariant {
            name: self.name.clone(),
            file: raised.file.unwrap_or_else(|| self.file.clone()),
            line: raised.line.unwrap_or(self.line),
            message: raised.message,
        }
    }
}

/// The realm whose policy a file of tests is about: that of its own name, where there is such a policy.
pub(super) fn about(file: &str, realms: &BTreeSet<String>) -> Option<String> {
    let realm = stem(file).strip_suffix("_test")?;
    realms.contains(realm).then(|| realm.to_owned())
}

/// The realms that have a policy: files that return a table with an `open`.
fn policies(machine: &Machine, code: &Code) -> BTreeSet<String> {
    let is_policy = |file: &str| match machine.vm().inspect(file) {
        Ok((Value::Table(policy), _)) => policy.raw_get::<Value>("open").is_ok_and(|open| open.is_function()),
        Ok(_) | Err(_) => false,
    };
    code.realms().filter(|(_, file)| is_policy(file)).map(|(realm, _)| realm.to_owned()).collect()
}

/// A file of tests whose top level fails.
pub(super) fn problem(file: &str, broken: &Broken) -> Problem {
    let raised = broken.raised();
    Problem {
        file: raised.file.unwrap_or_else(|| file.to_owned()),
        line: raised.line,
        fault: Fault::Raised(raised.message),
    }
}
