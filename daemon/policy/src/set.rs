//! A set of policies, loaded whole or not at all, and the decisions it makes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use mlua::{Table, Value};
use parking_lot::Mutex;
use readmit_recovery::facts::{Hook, Question};
use readmit_recovery::id::PolicyVersion;
use readmit_recovery::verdict::Verdict;
use thiserror::Error;

use crate::code::Code;
use crate::decode::{Made, kind, word_of};
use crate::defaults;
use crate::input::{self, TooLarge};
use crate::limits::MAX_IDLE_MACHINES;
use crate::load_error::{Fault, LoadError, Problem};
use crate::meter::Budget;
use crate::raised::{Raised, tidy};
use crate::sources::Sources;
use crate::spelling::nearest;
use crate::vm::{Broken, Reply, Vm, hook_names};
use crate::vocabulary::Channels;

/// All policies of one version.
///
/// A set is shared between threads; each decision borrows a machine of its own from it.
pub struct PolicySet {
    sources: Sources,
    code: Arc<Code>,
    channels: Arc<Channels>,
    budget: Budget,
    realms: BTreeMap<String, String>,
    idle: Mutex<Vec<Vm>>,
}

/// One question answered, with what the decision log wants to know of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Decision {
    /// The answer; [`Verdict::Unable`] if there was none.
    pub verdict: Verdict,
    /// The set that answered.
    pub version: PolicyVersion,
    /// The file of the realm, unless there is none.
    pub file: Option<String>,
    /// The hook that was asked.
    pub hook: Hook,
    /// Whether the policy leaves the hook to its default.
    pub by_default: bool,
    /// How long it took, in microseconds of the wall clock.
    pub micros: u64,
    /// Interrupts it took: the same for the same question, always.
    pub interrupts: u64,
}

/// Why there is no verdict. The text becomes the cause in [`Verdict::Unable`].
#[derive(Debug, Error)]
enum Unanswered {
    #[error("there is no policy for the realm `{0}` and no default.lua")]
    NoPolicy(String),
    #[error("the question is too large")]
    Input(#[from] TooLarge),
    #[error("no Lua machine could be built: {0}")]
    Machine(#[source] mlua::Error),
    #[error(transparent)]
    Broken(#[from] Broken),
    #[error("{0}: the policy is no table of functions")]
    NotAPolicy(String),
    #[error("{at} the hook `{hook}` is missing")]
    NoHook { at: String, hook: &'static str },
    #[error("{at} `{hook}` returned nothing{}", if *built { ": is `return` missing before the verdict?" } else { "" })]
    Nothing { at: String, hook: &'static str, built: bool },
    #[error("{at} `{hook}` returned more than one value")]
    Surplus { at: String, hook: &'static str },
    #[error("{at} `{hook}` returned {got}, which is no verdict")]
    NoVerdict { at: String, hook: &'static str, got: &'static str },
    #[error("{at} `{hook}` cannot answer with `{word}`")]
    Misfit { at: String, hook: &'static str, word: &'static str },
}

impl PolicySet {
    /// Compiles every file, runs the top level of every policy once, and checks the table it returns.
    ///
    /// A file directly in the policies directory decides for the realm of its name; `default.lua` decides for all
    /// others. Files in sub-directories are modules, as are files that have no hooks and that another one
    /// requires.
    ///
    /// # Errors
    /// [`LoadError`] names everything that is wrong.
    pub fn load(sources: Sources, budget: Budget, channels: &Channels) -> Result<Self, LoadError> {
        let code = Arc::new(Code::compile(&sources)?);
        let channels = Arc::new(channels.clone());
        let broken = |error| Problem::in_file(".", Fault::Raised(Raised::of(&error).to_string()));
        let mut vm = Vm::new(&code, &channels, budget).map_err(broken)?;
        let mut realms = BTreeMap::new();
        let mut required = BTreeSet::new();
        let mut problems = Vec::new();
        for (realm, file) in code.realms() {
            match inspect(&vm, file) {
                Ok(found) => {
                    required.extend(found.required);
                    problems.extend(found.problems.into_iter().map(|problem| (file, problem)));
                }
                Err(error) => problems.push((file, raised(file, &error))),
            }
            if let Some(other) = realms.insert(realm.to_owned(), file.to_owned()) {
                problems.push((file, Problem::in_file(file, Fault::TwiceOneRealm(other))));
            }
            // Every file gets the whole budget, and none the leavings of another.
            vm = Vm::new(&code, &channels, budget).map_err(broken)?;
        }
        let is_module = |file: &str, fault: &Fault| {
            required.contains(file) && matches!(fault, Fault::NoOpen | Fault::NotATable(_) | Fault::UnknownHook { .. })
        };
        let modules: BTreeSet<&str> =
            problems.iter().filter(|(file, problem)| is_module(file, &problem.fault)).map(|(file, _)| *file).collect();
        realms.retain(|_, file| !modules.contains(file.as_str()));
        let has_policy = !realms.is_empty();
        let mut problems: Vec<_> = problems
            .into_iter()
            .filter(|(file, problem)| !(modules.contains(file) && is_module(file, &problem.fault)))
            .map(|(_, problem)| problem)
            .collect();
        if !has_policy {
            problems.push(Problem::in_file(".", Fault::NoPolicy));
        }
        LoadError::unless_empty(problems)?;
        Ok(Self { sources, code, channels, budget, realms, idle: Mutex::new(vec![vm]) })
    }

    /// The version: what is in the sources.
    #[must_use]
    pub const fn version(&self) -> &PolicyVersion {
        self.sources.version()
    }

    /// The sources, for storing.
    #[must_use]
    pub const fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The realms that have a policy of their own, and its file; `default` is that of all others.
    pub fn realms(&self) -> impl Iterator<Item = (&str, &str)> {
        self.realms.iter().map(|(realm, file)| (realm.as_str(), file.as_str()))
    }

    /// Answers a question. It never fails: whatever goes wrong becomes [`Verdict::Unable`] with the cause.
    pub fn decide(&self, question: &Question) -> Decision {
        let started = Instant::now();
        let mut decision = Decision {
            verdict: Verdict::Nothing,
            version: self.version().clone(),
            file: self.file(&question.facts.account.realm).map(str::to_owned),
            hook: question.hook,
            by_default: false,
            micros: 0,
            interrupts: 0,
        };
        decision.verdict = self.answer(question, &mut decision).unwrap_or_else(|unanswered| {
            tracing::warn!(hook = question.hook.as_str(), cause = %unanswered, "the policy gave no verdict");
            Verdict::Unable { cause: tidy(&unanswered.to_string()) }
        });
        decision.micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        decision
    }

    fn file(&self, realm: &str) -> Option<&str> {
        self.realms.get(realm).or_else(|| self.realms.get("default")).map(String::as_str)
    }

    fn answer(&self, question: &Question, decision: &mut Decision) -> Result<Verdict, Unanswered> {
        let realm = &question.facts.account.realm;
        let file = self.file(realm).ok_or_else(|| Unanswered::NoPolicy(realm.clone()))?;
        input::check(question)?;
        let vm = self.machine()?;
        let reply = vm.ask(file, question);
        decision.interrupts = vm.interrupts();
        let verdict = match &reply {
            Ok(Reply::NoHook) => {
                decision.by_default = true;
                defaults::answer(question)
                    .ok_or_else(|| Unanswered::NoHook { at: format!("{file}:"), hook: question.hook.as_str() })
            }
            Ok(Reply::NoPolicy) => Err(Unanswered::NotAPolicy(file.to_owned())),
            Ok(Reply::Answer { value, surplus, line, built }) => {
                verdict(value, *surplus, &format!("{file}:{line}:"), question.hook, *built)
            }
            Err(_) => Ok(Verdict::Nothing),
        };
        let is_spoilt = reply.as_ref().is_err_and(Broken::spoils) || vm.is_full();
        let broken = reply.err();
        if !is_spoilt {
            self.give_back(vm);
        }
        match broken {
            Some(broken) => Err(broken.into()),
            None => verdict,
        }
    }

    fn machine(&self) -> Result<Vm, Unanswered> {
        let idle = self.idle.lock().pop();
        match idle {
            Some(vm) => Ok(vm),
            None => Vm::new(&self.code, &self.channels, self.budget).map_err(Unanswered::Machine),
        }
    }

    fn give_back(&self, vm: Vm) {
        let mut idle = self.idle.lock();
        if idle.len() < MAX_IDLE_MACHINES {
            idle.push(vm);
        }
    }
}

/// The verdict in what a hook returned, if it is one and fits.
fn verdict(value: &Value, surplus: bool, at: &str, hook: Hook, built: bool) -> Result<Verdict, Unanswered> {
    let (at, name) = (at.to_owned(), hook.as_str());
    if surplus {
        return Err(Unanswered::Surplus { at, hook: name });
    }
    let verdict = match value {
        Value::Nil if hook == Hook::Proved && !built => Verdict::Nothing,
        Value::Nil => return Err(Unanswered::Nothing { at, hook: name, built }),
        Value::UserData(made) => match made.borrow::<Made>().map(|made| made.clone()) {
            Ok(Made::Verdict(verdict)) => verdict,
            // `return any(2, { … })` can only mean that this is the plan.
            Ok(Made::Part(plan)) => Verdict::Prove { plan },
            Err(_) => return Err(Unanswered::NoVerdict { at, hook: name, got: kind(value) }),
        },
        other => return Err(Unanswered::NoVerdict { at, hook: name, got: kind(other) }),
    };
    if verdict.fits(hook) { Ok(verdict) } else { Err(Unanswered::Misfit { at, hook: name, word: word_of(&verdict) }) }
}

/// What running the top level of a policy file has shown.
struct Inspected {
    required: Vec<String>,
    problems: Vec<Problem>,
}

fn inspect(vm: &Vm, file: &str) -> Result<Inspected, Broken> {
    let (value, required) = vm.inspect(file)?;
    let mut problems = Vec::new();
    let mut fault = |line, fault| problems.push(Problem { file: file.to_owned(), line, fault });
    match &value {
        Value::Table(policy) => inspect_table(policy, &mut fault),
        other => fault(None, Fault::NotATable(kind(other))),
    }
    Ok(Inspected { required, problems })
}

fn inspect_table(policy: &Table, fault: &mut impl FnMut(Option<u32>, Fault)) {
    if policy.has_metatable() {
        fault(None, Fault::Metatable);
    }
    let mut has_open = false;
    for (key, value) in policy.pairs::<Value, Value>().flatten() {
        let name = match &key {
            Value::String(name) => name.to_string_lossy(),
            other => kind(other).to_owned(),
        };
        match (hook_names().any(|hook| hook == name), &value) {
            (true, Value::Function(_)) => has_open |= name == Hook::Open.as_str(),
            (true, other) => fault(None, Fault::NotAFunction { hook: name, got: kind(other) }),
            (false, value) => {
                let line = match value {
                    Value::Function(function) => {
                        function.info().line_defined.and_then(|line| u32::try_from(line).ok())
                    }
                    _ => None,
                };
                let meant = nearest(&name, hook_names());
                fault(line, Fault::UnknownHook { name: tidy(&name), meant });
            }
        }
    }
    if !has_open {
        fault(None, Fault::NoOpen);
    }
}

fn raised(file: &str, broken: &Broken) -> Problem {
    match broken {
        Broken::Raised(raised) => Problem {
            file: raised.file.clone().unwrap_or_else(|| file.to_owned()),
            line: raised.line,
            fault: Fault::Raised(raised.message.clone()),
        },
        other => Problem::in_file(file, Fault::Raised(other.to_string())),
    }
}
