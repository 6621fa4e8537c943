//! The files of tests of a set, and running them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Instant;

use parking_lot::Mutex;
use readmit_recovery::rules::Rules;

use super::invariants::{Invariants, about};
use super::machine::{Earlier, Entry, Machine};
use super::parts::{Count, Part, Parts};
use super::report::{Report, TOP_LEVEL, TestFailure, TestResult};
use super::session::{Ground, Session, bind};
use crate::PolicySet;
use crate::code::{Code, Watching};
use crate::limits::{MAX_EXHAUSTED_TESTS, MAX_TEST_THREADS};
use crate::load_error::LoadError;
use crate::raised::{Raised, tidy};
use crate::sources::Sources;
use crate::vm::Broken;
use crate::vocabulary::Channels;

/// The files of tests of a set, compiled.
pub struct Suite {
    code: Arc<Code>,
}

/// How tests are run.
#[derive(Clone, Debug)]
pub struct Options {
    /// The rules of the core, with the assurance level.
    pub rules: Rules,
    /// The channels that plans and tests may name beyond the built-in ones.
    pub channels: Channels,
    /// Run only tests whose `file: name` has this text in it, in small or capital letters.
    pub pattern: Option<String>,
    /// Files, and parts of large ones, that are run at the same time.
    pub threads: usize,
    /// Whether nothing more is begun after a test has failed.
    pub stop_at_failure: bool,
    /// When nothing more is begun; results of what was not run by then are missing.
    pub until: Option<Instant>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            rules: Rules::default(),
            channels: Channels::default(),
            pattern: None,
            threads: std::thread::available_parallelism().map_or(1, NonZero::get),
            stop_at_failure: false,
            until: None,
        }
    }
}

impl fmt::Debug for Suite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.files()).finish()
    }
}

impl Suite {
    /// Compiles every file of a set. The files of tests are those whose name ends in `_test.lua` or `_test.luau`.
    ///
    /// # Errors
    /// [`LoadError`] names every file that Luau does not understand, with the line.
    pub fn load(sources: &Sources) -> Result<Self, LoadError> {
        Code::compile(sources, Watching::Off).map(|code| Self { code: Arc::new(code) })
    }

    /// Whether there is no file of tests.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files().next().is_none()
    }

    /// The files of tests.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.code.tests().map(|(file, _)| file)
    }

    /// Runs the tests against `set`: those of one file in order, several files and parts of
    /// large files at the same time. `told` is given each
    /// result as soon as it is there.
    pub fn run(&self, set: &PolicySet, options: &Options, told: &(dyn Fn(&TestResult) + Sync)) -> Report {
        let files: Vec<&str> = self.files().collect();
        // A file whose top level fails is told of when its own turn comes.
        let invariants = match Invariants::of(&self.code, &options.channels) {
            Ok((invariants, _)) => invariants,
            Err(error) => return refused(&files, &error, told),
        };
        let ground =
            Ground { set, rules: &options.rules, channels: &options.channels, invariants: &invariants };
        let pattern = options.pattern.as_ref().map(|pattern| pattern.to_lowercase());
        let run = Run {
            code: &self.code,
            ground,
            channels: Arc::new(options.channels.clone()),
            pattern,
            stop_at_failure: options.stop_at_failure,
            stopped: AtomicBool::new(false),
            until: options.until,
            realms: set.realms().map(|(realm, _)| realm.to_owned()).collect(),
            exhausted: files.iter().map(|file| (*file, AtomicUsize::new(0))).collect(),
            told,
        };
        let parts = Parts::of(&files);
        let results = Mutex::new(Vec::new());
        std::thread::scope(|scope| {
            for _ in 0..options.threads.clamp(1, MAX_TEST_THREADS) {
                scope.spawn(|| {
                    while let Some(part) = parts.next() {
                        let of_part = run.part(part, parts.count(part));
                        results.lock().push((part.first, of_part));
                    }
                });
            }
        });
        let mut results = results.into_inner();
        results.sort_by_key(|(first, _): &(usize, Vec<TestResult>)| *first);
        let mut results: Vec<TestResult> = results.into_iter().flat_map(|(_, of_part)| of_part).collect();
        results.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        Report { results }
    }
}

/// No machine can be built.
fn refused(files: &[&str], error: &LoadError, told: &(dyn Fn(&TestResult) + Sync)) -> Report {
    let results = files.iter().map(|file| {
        let result = failed_file(file, &Raised { file: None, line: None, message: tidy(&error.to_string()) });
        told(&result);
        result
    });
    Report { results: results.collect() }
}

/// One run of all files.
struct Run<'a> {
    code: &'a Arc<Code>,
    ground: Ground<'a>,
    channels: Arc<Channels>,
    pattern: Option<String>,
    stop_at_failure: bool,
    stopped: AtomicBool,
    until: Option<Instant>,
    realms: BTreeSet<String>,
    /// Tests of each file that have used up their budget.
    exhausted: BTreeMap<&'a str, AtomicUsize>,
    told: &'a (dyn Fn(&TestResult) + Sync),
}

/// How far one file is.
#[derive(Default)]
struct Progress {
    next: usize,
    results: Vec<TestResult>,
}

impl Run<'_> {
    /// Runs some tests of one file.
    fn part(&self, part: Part<'_>, mut count: Count<'_, '_>) -> Vec<TestResult> {
        let file = part.file;
        let realm = about(file, &self.realms).unwrap_or_else(|| "default".to_owned());
        let mut progress = Progress { next: part.first, ..Progress::default() };
        loop {
            if self.is_over() {
                return progress.results;
            }
            // A machine is used until there is any doubt about it.
            let run = Machine::new(self.code, &self.channels).map_err(Broken::by_lua).and_then(|machine| {
                let contents = machine.load(file, Earlier::Dropped)?;
                count.give(contents.tests.len());
                let tests = contents.tests.get(..part.end()).unwrap_or(&contents.tests);
                self.tests(&machine, file, &realm, tests, &mut progress)
            });
            match run {
                Ok(Left::Nothing) => return progress.results,
                Ok(Left::Tests) => {}
                Err(broken) => {
                    self.tell(failed_file(file, &broken.raised()), &mut progress);
                    return progress.results;
                }
            }
        }
    }

    /// Runs tests until all are run, or the machine is spoilt.
    fn tests(
        &self,
        machine: &Machine,
        file: &str,
        realm: &str,
        tests: &[Entry],
        progress: &mut Progress,
    ) -> Result<Left, Broken> {
        let session = RefCell::new(Session::default());
        let run = machine.vm().lua().scope(|scope| {
            bind(scope, machine, &session, &self.ground, realm)?;
            while let Some(test) = tests.get(progress.next) {
                let index = progress.next;
                progress.next += 1;
                if !self.is_wanted(file, &test.name) {
                    continue;
                }
                if self.is_over() || self.is_given_up(file) {
                    return Ok(Left::Nothing);
                }
                let (is_spoilt, exhausted) = self.test(machine, &session, file, test, index, progress);
                if exhausted == MAX_EXHAUSTED_TESTS {
                    let message = format!(
                        "{MAX_EXHAUSTED_TESTS} tests have used up their budget; the rest of the file is not run"
                    );
                    let why = Raised { file: None, line: Some(test.line), message };
                    self.tell(failed_file(file, &why), progress);
                    return Ok(Left::Nothing);
                }
                if is_spoilt {
                    return Ok(Left::Tests);
                }
            }
            Ok(Left::Nothing)
        });
        run.map_err(Broken::by_lua)
    }

    /// Runs one test; says whether its machine is better thrown away, and, if it has used up its budget, how many of
    /// its file have.
    fn test(
        &self,
        machine: &Machine,
        session: &RefCell<Session>,
        file: &str,
        test: &Entry,
        index: usize,
        progress: &mut Progress,
    ) -> (bool, usize) {
        let started = Instant::now();
        session.borrow_mut().begin();
        let done = machine.perform(file, index);
        let micros = u64::try_from(started.elapsed().as_micros()).unwrap_or(u64::MAX);
        let failure = self.failure(&session.borrow(), file, test, &done);
        let is_exhausted = done.as_ref().is_err_and(Broken::spoils);
        let exhausted = self.exhausted.get(file).filter(|_| is_exhausted);
        let exhausted = exhausted.map_or(0, |tests| tests.fetch_add(1, Relaxed) + 1);
        let (file, name) = (file.to_owned(), test.name.clone());
        self.tell(TestResult { file, line: test.line, name, failure, micros }, progress);
        (is_exhausted || !machine.vm().recover(), exhausted)
    }

    /// Why a test failed, if it did.
    fn failure(
        &self,
        session: &Session,
        file: &str,
        test: &Entry,
        done: &Result<Option<u32>, Broken>,
    ) -> Option<TestFailure> {
        let raised = match done {
            Err(broken) => broken.raised(),
            Ok(Some(line)) => Raised {
                file: None,
                line: Some(*line),
                message: session.told().map(|told| told.message.clone()).unwrap_or_default(),
            },
            // A broken invariant fails the test even if the test has caught the error.
            Ok(None) => Raised { file: None, line: None, message: session.broken()?.to_string() },
        };
        let told = session.told().filter(|told| tidy(&told.message) == raised.message);
        Some(TestFailure {
            file: raised.file.unwrap_or_else(|| file.to_owned()),
            line: raised.line.unwrap_or(test.line),
            expected: told.and_then(|told| told.expected.clone()),
            got: told.and_then(|told| told.got.clone()),
            journey: session.story().lines(self.ground.set, self.ground.rules),
            message: raised.message,
        })
    }

    fn tell(&self, result: TestResult, progress: &mut Progress) {
        if self.stop_at_failure && result.failure.is_some() {
            self.stopped.store(true, Relaxed);
        }
        (self.told)(&result);
        progress.results.push(result);
    }

    fn is_given_up(&self, file: &str) -> bool {
        self.exhausted.get(file).is_some_and(|tests| tests.load(Relaxed) >= MAX_EXHAUSTED_TESTS)
    }

    fn is_over(&self) -> bool {
        self.stopped.load(Relaxed) || self.until.is_some_and(|until| Instant::now() >= until)
    }

    fn is_wanted(&self, file: &str, name: &str) -> bool {
        let pattern = self.pattern.as_ref();
        pattern.is_none_or(|pattern| format!("{file}: {name}").to_lowercase().contains(pattern))
    }
}

/// What is left of a file when a machine is done with it.
enum Left {
    Nothing,
    Tests,
}

/// The result that stands for a file which cannot be run to its end.
fn failed_file(file: &str, raised: &Raised) -> TestResult {
    let line = raised.line.unwrap_or(1);
    TestResult {
        file: file.to_owned(),
        line,
        name: TOP_LEVEL.to_owned(),
        failure: Some(TestFailure {
            message: raised.message.clone(),
            file: raised.file.clone().unwrap_or_else(|| file.to_owned()),
            line,
            expected: None,
            got: None,
            journey: Vec::new(),
        }),
        micros: 0,
    }
}
