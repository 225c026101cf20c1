//! One loaded extension: its instances and its figures.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::capability::Capability;
use crate::error::ErrorCode;
use crate::instance::{Blueprint, Instance};

/// Names an extension for as long as its host lives; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExtensionId(pub u64);

impl std::fmt::Display for ExtensionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// What a loaded extension did so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stats {
    /// Calls that ended, well or not.
    pub calls: u64,
    /// Calls that ended in an error.
    pub errors: u64,
    /// How often each error came.
    pub errors_by_code: BTreeMap<&'static str, u64>,
    /// Calls that wait for an instance or a thread.
    pub waiting: usize,
    /// Instances at work.
    pub running: usize,
    /// All instances.
    pub instances: usize,
    /// One, and one more for each time an instance lost its state to a fault.
    pub generation: u64,
    /// The instructions of the last call that ended, where they are counted.
    pub fuel: Option<u64>,
    /// How long it has been loaded.
    pub uptime: Duration,
}

pub(crate) struct Extension {
    pub blueprint: Arc<Blueprint>,
    pub capabilities: Arc<Vec<Capability>>,
    /// `None` while a thread has it. Boxed, because they change hands at each call.
    pub instances: Vec<Option<Box<Instance>>>,
    /// Takes no new calls and goes when those it has are done.
    pub retired: bool,
    pub figures: Figures,
}

#[derive(Clone)]
pub(crate) struct Figures {
    pub calls: u64,
    pub errors: BTreeMap<&'static str, u64>,
    pub faults: u64,
    pub fuel: Option<u64>,
    pub since: Instant,
}

impl Figures {
    pub fn new() -> Self {
        Self { calls: 0, errors: BTreeMap::new(), faults: 0, fuel: None, since: Instant::now() }
    }

    pub fn count(&mut self, error: Option<ErrorCode>) {
        self.calls += 1;
        if let Some(code) = error {
            *self.errors.entry(code.as_str()).or_default() += 1;
        }
    }
}

impl Extension {
    pub fn stats(&self, (waiting, running): (usize, usize)) -> Stats {
        Stats {
            calls: self.figures.calls,
            errors: self.figures.errors.values().sum(),
            errors_by_code: self.figures.errors.clone(),
            waiting,
            running,
            instances: self.instances.len(),
            generation: 1 + self.figures.faults,
            fuel: self.figures.fuel,
            uptime: self.figures.since.elapsed(),
        }
    }
}
