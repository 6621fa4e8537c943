//! Every number that bounds something in the policy host.

use std::time::Duration;

/// Files in a set, tests and modules counted.
pub const MAX_FILES: usize = 256;
/// Directory entries that are looked at while a set is read.
pub const MAX_ENTRIES: usize = 4096;
/// Directories inside each other, the policies directory counted.
pub const MAX_DIRECTORY_DEPTH: usize = 8;
/// Bytes in one file.
pub const MAX_FILE_BYTES: usize = 256 * 1024;
/// Bytes in all files of a set.
pub const MAX_TOTAL_BYTES: usize = 4 * 1024 * 1024;
/// Bytes in the relative path of a file.
pub const MAX_PATH_BYTES: usize = 256;
/// Faults that one refusal names.
pub const MAX_PROBLEMS: usize = 50;

/// Interrupts (calls, returns of loops, steps of a pattern) that one decision may take. The shipped policy takes
/// about twenty; an endless loop has taken this many in about 20 ms.
pub const INTERRUPTS: u64 = 200_000;
/// Processor time of the deciding thread that one decision may take.
pub const CPU: Duration = Duration::from_millis(100);
/// Bytes that one decision may allocate inside Lua.
pub const MEMORY: usize = 16 * 1024 * 1024;
/// The processor clock is read at every so-manieth interrupt, since reading it costs more than the interrupt; where
/// the budget is larger than [`CPU`], as much less often.
pub const INTERRUPTS_PER_CLOCK: u64 = 16;
/// Verdicts and parts of plans that one decision may build. They live outside the memory that Lua counts.
pub const MAX_MADE: u32 = 512;

/// Functions inside each other that are looked through for the lines that led to a verdict.
pub const MAX_WAY: usize = 16;

/// Bytes of garbage that a machine may have gathered before it is swept.
pub const MAX_GARBAGE: usize = 1024 * 1024;
/// Machines that a set keeps for the next decision.
pub const MAX_IDLE_MACHINES: usize = 16;
/// Sets that a host keeps for open cases, the current one not counted.
pub const MAX_OLD_SETS: usize = 16;

/// Bytes of a text that a pattern, a plain search, a split or a `utf8` function may be given. Between two
/// interrupts Lua may do this many times [`MAX_PATTERN_BYTES`] steps.
pub const MAX_SUBJECT_BYTES: usize = 4096;
/// Bytes of a pattern or a separator.
pub const MAX_PATTERN_BYTES: usize = 128;
/// Bytes that `string.rep` may make.
pub const MAX_REPEATED_BYTES: usize = 64 * 1024;
/// Items that `table.move`, `create`, `concat`, `unpack` and `sort` may be given.
pub const MAX_ITEMS: usize = 4096;
/// The largest number that `seconds`, `minutes`, `hours` and `days` take.
pub const MAX_SPAN: u32 = 1_000_000_000;

/// Bytes of a reason in a verdict.
pub const MAX_BECAUSE_BYTES: usize = 1024;
/// Bytes of the name of those whom a case is escalated to.
pub const MAX_TO_BYTES: usize = 64;
/// Bytes of the cause that a failed decision gives.
pub const MAX_CAUSE_BYTES: usize = 1024;

/// Items of one list in a question: groups, attributes, proven factors, failures.
pub const MAX_FACTS: usize = 1024;
/// Bytes of all texts in a question.
pub const MAX_FACT_BYTES: usize = 256 * 1024;

/// Sets of factors that are named one by one where two plans are compared; further ones are counted.
pub const MAX_WAYS_TOLD: usize = 3;

/// Mutants that are made of one set. Each costs a run of the tests.
pub const MAX_MUTANTS: usize = 20_000;
/// Mutants that are tried at the same time.
pub const MAX_TRIALS_AT_ONCE: usize = 256;
/// Bytes of a policy that one mutant changes.
pub const MAX_MUTATED_BYTES: usize = 2048;
/// Words of a list among which a mutant looks for those that are taken.
pub const MAX_LIST_WORDS: usize = 256;
/// Bytes of a change as a message tells it.
pub const MAX_SHOWN_BYTES: usize = 60;

/// Bytes of one line of an exported decision log: a question and a verdict as large as the store takes them.
pub const MAX_LOG_LINE_BYTES: usize = 4 * 1024 * 1024;
/// Lines of a log that are compared at once.
pub const MAX_BATCH_LINES: usize = 4096;
/// Bytes of a log after which no more lines are gathered to be compared at once.
pub const MAX_BATCH_BYTES: usize = 8 * 1024 * 1024;
/// Pairs of verdicts whose comparison is remembered while a batch is compared.
pub const MAX_REMEMBERED: usize = 64;
/// Ways to change that a replay lists one by one; further ones are counted.
pub const MAX_GROUPS: usize = 1000;
/// Versions that a replay counts one by one.
pub const MAX_LOG_VERSIONS: usize = 256;
/// Characters of a fact that are told.
pub const MAX_TOLD_CHARS: usize = 200;

/// The budget of one test, of the top level of a file of tests, and of one invariant: that of a decision this many
/// times in steps and in processor time.
pub const TEST_BUDGET: u32 = 10;
/// Bytes that one test may allocate inside Lua.
pub const TEST_MEMORY: usize = 64 * 1024 * 1024;
/// Tests in one file.
pub const MAX_TESTS_PER_FILE: usize = 20_000;
/// Invariants in one file.
pub const MAX_INVARIANTS_PER_FILE: usize = 256;
/// Cases that one test may open.
pub const MAX_CASES_PER_TEST: usize = 1_000;
/// Bytes of the texts of all cases that one test opens.
pub const MAX_OPENED_BYTES_PER_TEST: usize = 4 * 1024 * 1024;
/// Steps that one test may take, over all its cases.
pub const MAX_STEPS_PER_TEST: usize = 10_000;
/// Threads that run tests.
pub const MAX_TEST_THREADS: usize = 64;
/// Tests of one file that are run in one go; the next ones may be run at the same time, in a machine of their own.
pub const MAX_TESTS_PER_PART: usize = 1000;
/// Tests of one file that may use up their budget before the rest of the file is given up.
pub const MAX_EXHAUSTED_TESTS: usize = 8;
/// Bytes of the name of a test or an invariant.
pub const MAX_TEST_NAME_BYTES: usize = 256;
/// Bytes of a value as a failed expectation shows it, and of one step of the story of a failed test.
pub const MAX_SHOWN_VALUE_BYTES: usize = 2_048;
/// Steps that the story of a failed test tells, the last ones.
pub const MAX_TOLD_STEPS: usize = 100;

/// Values of one fact that are tried.
pub const MAX_VALUES: usize = 64;
/// Groups that are tried in every combination; more are tried each alone and all together.
pub const MAX_GROUPS_COMBINED: usize = 4;
/// Classes of cases of one policy that are walked.
pub const MAX_CLASSES: usize = 100_000;
/// States of one class that are visited.
pub const MAX_STATES_PER_CLASS: usize = 50_000;
/// Answers of a policy that are remembered by one thread while cases are enumerated.
pub const MAX_MEMORIES: usize = 200_000;
/// Bytes of the modules that the type checker is shown in front of each file that requires them.
pub const MAX_MODULE_BYTES: usize = 64 * 1024;
/// Words of a text that are read on from one to find where a list or a function's parameters end.
pub const MAX_TOKENS_AHEAD: usize = 500;
/// Misspelt words that are told of one file.
pub const MAX_FINDINGS: usize = 200;
/// Characters of what the type checker says of one place.
pub const MAX_TYPE_MESSAGE_CHARS: usize = 400;

/// Ways to satisfy one plan that are walked where sets are compared and drawn.
pub const MAX_WAYS_WALKED: usize = 32;
/// Steps of one such way: the factors of a plan, and what is asked for on the way.
pub const MAX_STEPS_OF_A_WAY: usize = 40;
/// Failures of one factor that are walked at most, whatever a policy counts up to.
pub const MOST_FAILURES_WALKED: u32 = 9;
