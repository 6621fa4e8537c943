//! A set of policies, loaded whole or not at all, and the decisions it makes.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::Instant;

use mlua::Value;
use parking_lot::Mutex;
use readmit_recovery::facts::{Hook, Question};
use readmit_recovery::id::PolicyVersion;
use readmit_recovery::verdict::Verdict;
use thiserror::Error;

use crate::code::{Code, Watching};
use crate::coverage::Coverage;
use crate::decode::Made;
use crate::defaults;
use crate::fact::Fact;
use crate::input::{self, TooLarge};
use crate::inspection::Inspection;
use crate::limits::MAX_IDLE_MACHINES;
use crate::load_error::{Fault, LoadError, Problem};
use crate::meter::Budget;
use crate::misuse::{kind, word_of};
use crate::raised::{Raised, tidy};
use crate::sources::Sources;
use crate::vm::{Broken, Reply, Vm};
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
    /// What machines that were thrown away had run.
    covered: Mutex<Coverage>,
    /// Whether a decision has used up its budget.
    exhausted: AtomicBool,
}

impl fmt::Debug for PolicySet {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PolicySet").field("version", self.version()).finish_non_exhaustive()
    }
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

/// One question answered by a watched set.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Watched {
    /// The answer.
    pub decision: Decision,
    /// What of the case the policy looked at. Nothing else of it can have made a difference.
    pub facts: BTreeSet<Fact>,
}

/// One question answered by a watched set, with the way that the answer took.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Traced {
    /// The answer.
    pub decision: Decision,
    /// What of the case the policy looked at.
    pub facts: BTreeSet<Fact>,
    /// The lines of functions that were run, by file and line.
    pub lines: Vec<(String, u32)>,
    /// The lines that led to the word that made the verdict, as `file:line`, from the hook inwards; empty where the
    /// policy gave none. A verdict that the top level of a file has made stands where it was made.
    pub way: Vec<String>,
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
    /// Compiles every file, runs the top level of every policy once, checks the table it returns, and asks it
    /// about made-up cases for words that no policy could mean (a misspelt factor, an unknown field).
    ///
    /// A file directly in the policies directory decides for the realm of its name; `default.lua` decides for all
    /// others. Files in sub-directories are modules, as are files that are no policies and that another one
    /// requires.
    ///
    /// # Errors
    /// [`LoadError`] names everything that is wrong.
    pub fn load(sources: Sources, budget: Budget, channels: &Channels) -> Result<Self, LoadError> {
        Self::inspected(sources, budget, channels, Watching::Off, Inspection::of_new_policies())
    }

    /// Loads like [`load`](Self::load) a set that remembers what its policies look at and which lines they run. It
    /// gives the same verdicts, more slowly.
    ///
    /// # Errors
    /// [`LoadError`] names everything that is wrong.
    pub fn watched(sources: Sources, budget: Budget, channels: &Channels) -> Result<Self, LoadError> {
        let set = Self::inspected(sources, budget, channels, Watching::On, Inspection::of_new_policies())?;
        // What the inspection ran has covered nothing; which lines there are to run is known from the first machine.
        let mut lines = Coverage::default();
        for vm in set.idle.lock().drain(..) {
            lines.merge(&vm.coverage().without_hits());
        }
        *set.covered.lock() = lines;
        Ok(set)
    }

    /// Loads a version that has been accepted before, for the cases that were opened by it. It is not asked about
    /// made-up cases: a plugin that has gone since then may have taken a factor with it, and that concerns only
    /// the cases that come to need it.
    ///
    /// # Errors
    /// [`LoadError`] names everything that is wrong.
    pub fn restore(sources: Sources, budget: Budget, channels: &Channels) -> Result<Self, LoadError> {
        Self::inspected(sources, budget, channels, Watching::Off, Inspection::of_known_policies())
    }

    fn inspected(
        sources: Sources,
        budget: Budget,
        channels: &Channels,
        watching: Watching,
        mut inspection: Inspection,
    ) -> Result<Self, LoadError> {
        let code = Arc::new(Code::compile(&sources, watching)?);
        let channels = Arc::new(channels.clone());
        let machine = || {
            let broken = |error| Problem::in_file(".", Fault::Raised(Raised::of(&error).to_string()));
            Vm::new(&code, &channels, budget).map_err(broken)
        };
        let mut vm = machine()?;
        for (realm, file) in code.realms() {
            inspection.file(&vm, realm, file);
            // What one file has left behind, garbage or worse, is none of the next one's concern.
            if inspection.has_spoilt_machine() || !vm.recover() {
                vm = machine()?;
            }
        }
        let realms = inspection.finish()?;
        let (idle, covered) = (Mutex::new(vec![vm]), Mutex::default());
        let exhausted = AtomicBool::new(false);
        Ok(Self { sources, code, channels, budget, realms, idle, covered, exhausted })
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
        self.decide_and(question, |_| (), |_| ())
    }

    /// Answers a question like [`decide`](Self::decide), and says what of the case was looked at. Only a
    /// [watched](Self::watched) set knows that; any other says that it was nothing.
    pub fn decide_watched(&self, question: &Question) -> Watched {
        let mut facts = BTreeSet::new();
        let decision = self.decide_and(question, |_| (), |vm| facts = vm.facts());
        if decision.by_default {
            facts.extend(defaults::looks_at(question.hook));
        }
        Watched { decision, facts }
    }

    /// Answers a question like [`decide_watched`](Self::decide_watched), and says which lines were run and which of
    /// them decided. It takes many times as long.
    pub fn decide_traced(&self, question: &Question) -> Traced {
        let before = OnceCell::new();
        let mut traced = (BTreeSet::new(), Vec::new(), Vec::new());
        let decision = self.decide_and(
            question,
            |vm| drop(before.set(vm.functions())),
            |vm| {
                let lines = before.get().map(|before| vm.functions().since(before));
                traced = (vm.facts(), lines.unwrap_or_default(), vm.way());
            },
        );
        let (mut facts, lines, way) = traced;
        if decision.by_default {
            facts.extend(defaults::looks_at(question.hook));
        }
        Traced { decision, facts, lines, way }
    }

    /// How often each line of each file was run so far, where verdicts were made, and what the hooks answered; nothing
    /// unless the set is [watched](Self::watched). Machines that are deciding while this is asked are left out.
    #[must_use]
    pub fn coverage(&self) -> Coverage {
        let mut coverage = self.covered.lock().clone();
        for vm in self.idle.lock().iter() {
            coverage.merge(&vm.coverage());
        }
        coverage
    }

    /// Whether a decision of this set has used up its budget of steps, time or memory.
    #[must_use]
    pub fn has_exhausted(&self) -> bool {
        self.exhausted.load(Relaxed)
    }

    fn decide_and(&self, question: &Question, before: impl FnOnce(&Vm), after: impl FnOnce(&Vm)) -> Decision {
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
        decision.verdict = self.answer(question, &mut decision, before, after).unwrap_or_else(|unanswered| {
            tracing::warn!(hook = question.hook.as_str(), cause = %unanswered, "the policy gave no verdict");
            Verdict::Unable { cause: tidy(&unanswered.to_string()) }
        });
        if let (Watching::On, Some(file)) = (self.code.watching(), &decision.file) {
            self.covered.lock().add_answer(
                file,
                question.hook,
                word_of(&decision.verdict),
                decision.by_default,
            );
        }
        decision.micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        decision
    }

    fn file(&self, realm: &str) -> Option<&str> {
        self.realms.get(realm).or_else(|| self.realms.get("default")).map(String::as_str)
    }

    fn answer(
        &self,
        question: &Question,
        decision: &mut Decision,
        before: impl FnOnce(&Vm),
        after: impl FnOnce(&Vm),
    ) -> Result<Verdict, Unanswered> {
        let realm = &question.facts.account.realm;
        let file = self.file(realm).ok_or_else(|| Unanswered::NoPolicy(realm.clone()))?;
        input::check(question)?;
        let vm = self.machine()?;
        before(&vm);
        let reply = vm.ask(file, question);
        decision.interrupts = vm.interrupts();
        after(&vm);
        let verdict = match &reply {
            Ok(Reply::NoHook) => {
                decision.by_default = true;
                defaults::answer(question).ok_or_else(|| Unanswered::NoHook {
                    at: format!("{file}:"),
                    hook: question.hook.as_str(),
                })
            }
            Ok(Reply::NoPolicy) => Err(Unanswered::NotAPolicy(file.to_owned())),
            Ok(Reply::Answer { value, surplus, line, built }) => {
                verdict(value, *surplus, &format!("{file}:{line}:"), question.hook, *built)
            }
            Err(_) => Ok(Verdict::Nothing),
        };
        if reply.as_ref().is_err_and(Broken::spoils) {
            self.exhausted.store(true, Relaxed);
        }
        let is_spoilt = reply.as_ref().is_err_and(Broken::spoils) || !vm.recover();
        let broken = reply.err();
        if is_spoilt {
            self.throw_away(&vm);
        } else {
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
        } else {
            self.throw_away(&vm);
        }
    }

    fn throw_away(&self, vm: &Vm) {
        if self.code.watching() == Watching::On {
            self.covered.lock().merge(&vm.coverage());
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
    if verdict.fits(hook) {
        Ok(verdict)
    } else {
        Err(Unanswered::Misfit { at, hook: name, word: word_of(&verdict) })
    }
}
