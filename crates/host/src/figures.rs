//! What loaded extensions did so far, in numbers.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::dialect::Dialect;
use crate::error::ErrorCode;
use crate::histogram::Histogram;

/// How long calls took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Half of them took no longer. Off by 6.25 % at most, or by 128 ns.
    pub p50: Duration,
    /// Ninety-nine of a hundred took no longer; as exact as `p50`.
    pub p99: Duration,
    /// None took longer: exact.
    pub max: Duration,
}

impl Times {
    /// Nothing where nothing was timed.
    pub(crate) fn of(histogram: &Histogram) -> Option<Self> {
        (histogram.count() > 0).then(|| Self {
            p50: histogram.percentile(50),
            p99: histogram.percentile(99),
            max: histogram.max(),
        })
    }
}

/// What a loaded extension did so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Which protocol it speaks.
    pub dialect: Dialect,
    /// Calls that ended, well or not.
    pub calls: u64,
    /// Calls that ended in an error.
    pub errors: u64,
    /// How often each error came.
    pub errors_by_code: BTreeMap<&'static str, u64>,
    /// Calls that were refused because too many were waiting.
    pub refused: u64,
    /// Calls that wait for an instance or a thread.
    pub waiting: usize,
    /// Instances at work.
    pub running: usize,
    /// All instances.
    pub instances: usize,
    /// One, and one more for each time an instance lost its state to a fault, and for each reload.
    pub generation: u64,
    /// The instructions of the last call that ended, where they are counted.
    pub fuel: Option<u64>,
    /// How long calls waited; those with many inputs once.
    pub queue_time: Option<Times>,
    /// How long calls ran, for each input.
    pub run_time: Option<Times>,
    /// The most memory that an instance had when a call came back, in bytes: the guest's own and Extism's, which carries input and output.
    pub peak_memory: Option<u64>,
    /// How long it has been loaded.
    pub uptime: Duration,
}

/// The figures of one extension.
#[derive(Clone)]
pub(crate) struct Figures {
    pub methods: BTreeMap<String, MethodFigures>,
    pub queue_time: Histogram,
    pub refused: u64,
    pub faults: u64,
    pub reloads: u64,
    pub fuel: Option<u64>,
    pub peak_memory: Option<u64>,
    pub since: Instant,
}

/// The figures of one method.
#[derive(Clone, Default)]
pub(crate) struct MethodFigures {
    pub run_time: Histogram,
    pub errors: BTreeMap<&'static str, u64>,
}

impl MethodFigures {
    /// Counts one call that ended.
    pub fn count(&mut self, time: Duration, error: Option<ErrorCode>) {
        self.run_time.add(time);
        if let Some(code) = error {
            *self.errors.entry(code.as_str()).or_default() += 1;
        }
    }

    /// Calls that ended in an error.
    pub fn failed(&self) -> u64 {
        self.errors.values().sum()
    }
}

impl Figures {
    pub fn new() -> Self {
        Self {
            methods: BTreeMap::new(),
            queue_time: Histogram::default(),
            refused: 0,
            faults: 0,
            reloads: 0,
            fuel: None,
            peak_memory: None,
            since: Instant::now(),
        }
    }

    /// Adds to the figures of a method.
    pub fn of_method(&mut self, name: &str, add: impl FnOnce(&mut MethodFigures)) {
        match self.methods.get_mut(name) {
            Some(found) => add(found),
            None => add(self.methods.entry(name.to_owned()).or_default()),
        }
    }

    /// What of them concerns the extension as a whole, with how much `waiting` and `running` there is.
    pub fn stats(&self, (waiting, running): (usize, usize), instances: usize, dialect: Dialect) -> Stats {
        let mut run_time = Histogram::default();
        let mut errors_by_code = BTreeMap::new();
        for method in self.methods.values() {
            run_time.add_all(&method.run_time);
            for (code, count) in &method.errors {
                *errors_by_code.entry(*code).or_default() += count;
            }
        }
        Stats {
            dialect,
            calls: run_time.count(),
            errors: errors_by_code.values().sum(),
            errors_by_code,
            refused: self.refused,
            waiting,
            running,
            instances,
            generation: 1 + self.faults + self.reloads,
            fuel: self.fuel,
            queue_time: Times::of(&self.queue_time),
            run_time: Times::of(&run_time),
            peak_memory: self.peak_memory,
            uptime: self.since.elapsed(),
        }
    }
}

/// What came of loads.
#[derive(Clone, Default)]
pub(crate) struct Loads {
    /// How long those took that succeeded, once they had a thread.
    pub times: Histogram,
    /// How often each error came.
    pub errors: BTreeMap<&'static str, u64>,
}

impl Loads {
    pub fn count(&mut self, time: Duration, error: Option<ErrorCode>) {
        match error {
            None => self.times.add(time),
            Some(code) => *self.errors.entry(code.as_str()).or_default() += 1,
        }
    }
}
