//! What a run of tests came to.

/// What all tests of a run came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Report {
    /// Each test that was run, in the order of file and line.
    pub results: Vec<TestResult>,
}

impl Report {
    /// How many tests passed.
    #[must_use]
    pub fn passed(&self) -> usize {
        self.results.len() - self.failed()
    }

    /// How many tests failed.
    #[must_use]
    pub fn failed(&self) -> usize {
        self.results.iter().filter(|result| result.failure.is_some()).count()
    }

    /// Whether there was a test, and none failed. Policies without a test are not known to be good.
    #[must_use]
    pub fn is_good(&self) -> bool {
        !self.results.is_empty() && self.failed() == 0
    }
}

/// What one test came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestResult {
    /// The file, relative to the policies directory.
    pub file: String,
    /// The line of the test, counted from 1.
    pub line: u32,
    /// Its name; for a file whose top level failed, [`TOP_LEVEL`].
    pub name: String,
    /// Why it failed, if it did.
    pub failure: Option<TestFailure>,
    /// How long it took, in microseconds.
    pub micros: u64,
}

/// Stands for the name of a test where a file of tests could not be read to its end.
pub const TOP_LEVEL: &str = "the file itself";

/// Why a test failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestFailure {
    /// What happened, in one line.
    pub message: String,
    /// The file in which it happened.
    pub file: String,
    /// The line there, counted from 1.
    pub line: u32,
    /// What was expected, as Lua writes it, where something was.
    pub expected: Option<String>,
    /// What was there instead.
    pub got: Option<String>,
    /// The steps up to there, each as a test writes it, with what came of it.
    pub journey: Vec<String>,
}
