//! What one decision has used, and the interrupt that stops it.
//!
//! Interrupts are counted because their number is the same on every machine; processor time is measured because
//! some interrupts lie further apart than others. The wall clock is not looked at: on a busy machine it would
//! refuse honest decisions.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use mlua::{Lua, VmState};
use parking_lot::Mutex;
use rustix::time::{ClockId, clock_gettime};
use thiserror::Error;

use crate::limits::{CPU, INTERRUPTS, INTERRUPTS_PER_CLOCK, MAX_MADE, MEMORY};

/// What one decision may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Interrupts: calls, loop iterations, steps of a pattern. The same question always takes the same number.
    pub interrupts: u64,
    /// Processor time of the deciding thread.
    pub cpu: Duration,
    /// Bytes that may be allocated inside Lua; nothing is given back before the decision ends.
    pub memory: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self { interrupts: INTERRUPTS, cpu: CPU, memory: MEMORY }
    }
}

/// Which part of its budget a decision has used up.
#[derive(Clone, Debug, Error)]
pub(crate) enum Exhausted {
    /// The interrupts.
    #[error("{at} the budget of {limit} steps is used up; does a loop not end?")]
    Interrupts {
        /// `file:line:`, as far as known.
        at: String,
        /// The limit.
        limit: u64,
    },
    /// The processor time.
    #[error("{at} the budget of {} ms of processor time is used up", limit.as_millis())]
    Cpu {
        /// `file:line:`, as far as known.
        at: String,
        /// The limit.
        limit: Duration,
    },
}

/// The meter of one machine. One thread at a time uses a machine, so the atomics are never contended; they are
/// there because a machine moves between threads.
pub(crate) struct Meter {
    budget: Budget,
    interrupts_per_clock: u64,
    running: AtomicBool,
    interrupts: AtomicU64,
    deadline: AtomicU64,
    made: AtomicU32,
    unknown_word: AtomicBool,
    exhausted: Mutex<Option<Exhausted>>,
}

impl Meter {
    pub const fn new(budget: Budget) -> Self {
        Self {
            budget,
            interrupts_per_clock: interrupts_per_clock(budget.cpu),
            running: AtomicBool::new(false),
            interrupts: AtomicU64::new(0),
            deadline: AtomicU64::new(0),
            made: AtomicU32::new(0),
            unknown_word: AtomicBool::new(false),
            exhausted: Mutex::new(None),
        }
    }

    /// Begins a decision.
    pub fn start(&self) {
        self.interrupts.store(0, Relaxed);
        self.deadline.store(0, Relaxed);
        self.made.store(0, Relaxed);
        self.unknown_word.store(false, Relaxed);
        *self.exhausted.lock() = None;
        self.running.store(true, Relaxed);
    }

    /// Ends it. A budget that was exhausted stays so, even if the policy caught the error.
    pub fn stop(&self) -> Option<Exhausted> {
        self.running.store(false, Relaxed);
        self.exhausted.lock().take()
    }

    /// Interrupts since the start.
    pub fn interrupts(&self) -> u64 {
        self.interrupts.load(Relaxed)
    }

    /// Notes a word that means nothing in any case.
    pub fn meet_unknown_word(&self) {
        self.unknown_word.store(true, Relaxed);
    }

    /// Whether one was met since the start.
    pub fn has_met_unknown_word(&self) -> bool {
        self.unknown_word.load(Relaxed)
    }

    /// Counts something that a policy builds outside of Lua's memory; false if there is enough of it.
    pub fn may_make(&self) -> bool {
        let made = self.made.load(Relaxed) + 1;
        self.made.store(made, Relaxed);
        made <= MAX_MADE
    }

    /// The interrupt itself. Once the budget is exhausted every further interrupt fails too, so that no `pcall`
    /// outlives it.
    pub fn interrupt(&self, lua: &Lua) -> mlua::Result<VmState> {
        if !self.running.load(Relaxed) {
            return Ok(VmState::Continue);
        }
        let interrupts = self.interrupts.load(Relaxed) + 1;
        self.interrupts.store(interrupts, Relaxed);
        if interrupts > self.budget.interrupts {
            return self.exhaust(lua, |at| Exhausted::Interrupts { at, limit: self.budget.interrupts });
        }
        if interrupts.is_multiple_of(self.interrupts_per_clock) && self.is_late() {
            return self.exhaust(lua, |at| Exhausted::Cpu { at, limit: self.budget.cpu });
        }
        Ok(VmState::Continue)
    }

    /// Whether the thread's clock has passed the deadline. The deadline is set at the first look, so that short
    /// decisions need none.
    fn is_late(&self) -> bool {
        let now = thread_time();
        match self.deadline.load(Relaxed) {
            0 => {
                let cpu = u64::try_from(self.budget.cpu.as_nanos()).unwrap_or(u64::MAX);
                self.deadline.store(now.saturating_add(cpu).max(1), Relaxed);
                false
            }
            deadline => now > deadline,
        }
    }

    fn exhaust(&self, lua: &Lua, what: impl FnOnce(String) -> Exhausted) -> mlua::Result<VmState> {
        // From here on every interrupt fails.
        self.interrupts.store(self.budget.interrupts, Relaxed);
        let first = self.exhausted.lock().get_or_insert_with(|| what(position(lua))).clone();
        Err(mlua::Error::external(first))
    }
}

/// How seldom the clock is read: whoever has more time is late by more.
const fn interrupts_per_clock(cpu: Duration) -> u64 {
    let times = cpu.as_secs() * 1000 / CPU.as_millis() as u64;
    INTERRUPTS_PER_CLOCK * if times > 1 { times } else { 1 }
}

/// Nanoseconds that this thread has run.
fn thread_time() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
    let nanoseconds = u64::try_from(time.tv_nsec).unwrap_or_default();
    seconds.saturating_mul(1_000_000_000).saturating_add(nanoseconds)
}

/// The innermost line of a policy that is being run, as `file:line:`.
fn position(lua: &Lua) -> String {
    let line_at = |level| {
        lua.inspect_stack(level, |frame| {
            let file = frame.source().short_src?.into_owned();
            let line = frame.current_line()?;
            (file.ends_with(".lua") || file.ends_with(".luau")).then(|| format!("{file}:{line}:"))
        })
    };
    (0..16).map_while(line_at).flatten().next().unwrap_or_else(|| "somewhere in the policy:".to_owned())
}
