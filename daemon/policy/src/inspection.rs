//! What is checked of the policies of a set before it may decide anything.

use std::collections::{BTreeMap, BTreeSet};

use mlua::{Table, Value};
use readmit_recovery::facts::Hook;

use crate::decode::Made;
use crate::load_error::{Fault, LoadError, Problem};
use crate::misuse::{kind, word_of};
use crate::probe;
use crate::raised::tidy;
use crate::spelling::nearest;
use crate::vm::{Broken, Reply, Vm};

/// The check of all policy files of a set.
pub(crate) struct Inspection {
    probes: bool,
    realms: BTreeMap<String, String>,
    required: BTreeSet<String>,
    problems: Vec<Problem>,
    /// Files that are no policies; they may be modules that another file requires.
    doubtful: Vec<Problem>,
    has_spoilt_machine: bool,
}

impl Inspection {
    /// For policies that may still have misspelt words.
    pub const fn of_new_policies() -> Self {
        Self::new(true)
    }

    /// For policies that have been in force.
    pub const fn of_known_policies() -> Self {
        Self::new(false)
    }

    const fn new(probes: bool) -> Self {
        Self {
            probes,
            realms: BTreeMap::new(),
            required: BTreeSet::new(),
            problems: Vec::new(),
            doubtful: Vec::new(),
            has_spoilt_machine: false,
        }
    }

    /// Checks one file: that it runs, that it returns a table of hooks, and what its hooks say.
    pub fn file(&mut self, vm: &Vm, realm: &str, file: &str) {
        self.has_spoilt_machine = false;
        if let Some(other) = self.realms.insert(realm.to_owned(), file.to_owned()) {
            self.problems.push(Problem::in_file(file, Fault::TwiceOneRealm(other)));
        }
        match vm.inspect(file) {
            Ok((value, required)) => {
                self.required.extend(required);
                let faults = faults_of(&value, file);
                if faults.is_empty() && self.probes {
                    self.probe(vm, realm, file);
                }
                self.doubtful.extend(faults);
            }
            Err(broken) => self.broken(file, &broken),
        }
    }

    /// Whether the last file left the machine in a state that is better thrown away.
    pub const fn has_spoilt_machine(&self) -> bool {
        self.has_spoilt_machine
    }

    /// The file of every realm, if nothing is wrong.
    pub fn finish(mut self) -> Result<BTreeMap<String, String>, LoadError> {
        for problem in self.doubtful {
            if self.required.contains(&problem.file) {
                self.realms.retain(|_, file| *file != problem.file);
            } else {
                self.problems.push(problem);
            }
        }
        if self.realms.is_empty() {
            self.problems.push(Problem::in_file(".", Fault::NoPolicy));
        }
        LoadError::unless_empty(self.problems)?;
        Ok(self.realms)
    }

    /// Asks the policy about made-up cases. Only what is wrong whatever the case counts: an error that comes of
    /// the made-up facts would be no fault of the policy.
    fn probe(&mut self, vm: &Vm, realm: &str, file: &str) {
        for question in probe::questions(realm) {
            let fault = match vm.ask(file, &question) {
                Ok(Reply::Answer { value, line, .. }) => {
                    misfit(&value, question.hook).map(|fault| (line, fault))
                }
                Ok(Reply::NoHook | Reply::NoPolicy) => None,
                Err(broken) if broken.spoils() => {
                    self.has_spoilt_machine = true;
                    return;
                }
                Err(broken) if vm.has_met_unknown_word() => return self.broken(file, &broken),
                Err(_) => None,
            };
            if let Some((line, fault)) = fault {
                return self.problems.push(Problem { file: file.to_owned(), line: Some(line), fault });
            }
            if !vm.recover() {
                self.has_spoilt_machine = true;
                return;
            }
        }
    }

    fn broken(&mut self, file: &str, broken: &Broken) {
        self.has_spoilt_machine |= broken.spoils();
        let place = broken.place();
        let file = place.and_then(|raised| raised.file.clone()).unwrap_or_else(|| file.to_owned());
        let fault = Fault::Raised(broken.message());
        self.problems.push(Problem { file, line: place.and_then(|raised| raised.line), fault });
    }
}

/// A verdict that its hook can never give.
fn misfit(value: &Value, hook: Hook) -> Option<Fault> {
    let Value::UserData(made) = value else {
        return None;
    };
    match made.borrow::<Made>().as_deref() {
        Ok(Made::Verdict(verdict)) if !verdict.fits(hook) => {
            Some(Fault::Misfit { hook: hook.as_str(), word: word_of(verdict) })
        }
        Ok(_) | Err(_) => None,
    }
}

/// What is wrong with the value that a policy file returns.
fn faults_of(value: &Value, file: &str) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut fault = |line, fault| problems.push(Problem { file: file.to_owned(), line, fault });
    match value {
        Value::Table(policy) => faults_of_table(policy, &mut fault),
        other => fault(None, Fault::NotATable(kind(other))),
    }
    problems
}

fn faults_of_table(policy: &Table, fault: &mut impl FnMut(Option<u32>, Fault)) {
    let hooks = || Hook::ALL.into_iter().map(Hook::as_str);
    if policy.has_metatable() {
        fault(None, Fault::Metatable);
    }
    let mut has_open = false;
    for (key, value) in policy.pairs::<Value, Value>().flatten() {
        let name = match &key {
            Value::String(name) => tidy(&name.to_string_lossy()),
            other => kind(other).to_owned(),
        };
        match (hooks().any(|hook| hook == name), &value) {
            (true, Value::Function(_)) => has_open |= name == Hook::Open.as_str(),
            (true, other) => fault(None, Fault::NotAFunction { hook: name, got: kind(other) }),
            (false, value) => {
                let line = value.as_function().and_then(|function| function.info().line_defined);
                let meant = nearest(&name, hooks());
                fault(line.and_then(|line| u32::try_from(line).ok()), Fault::UnknownHook { name, meant });
            }
        }
    }
    if !has_open {
        fault(None, Fault::NoOpen);
    }
}
