//! One trip of a thread to an instance: the calls that it runs there before it gives the instance back.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::deadline::Interrupt;
use crate::error::Result;
use crate::extension::Extension;
use crate::instance::{Blueprint, Instance};
use crate::job::{Settle, begin_work, count, guarded};
use crate::log::LogRecord;
use crate::progress::Progress;
use crate::row::{Ended, MAX_BYTES_IN_ROW, Row};
use crate::settled::{Outcome, Settled};
use crate::state::Shared;

/// How long a thread goes on with what else waits for its instance before it comes back for more. Long enough that many small
/// calls share one trip between threads, short enough that others get their turn.
const LONGEST: Duration = Duration::from_micros(200);

/// How long a thread goes on with the inputs of one call before the rest of them stands in line again: other extensions wait for
/// the same threads, and the end of a worker waits for what runs. Long enough that coming back costs less than a hundredth.
const LONGEST_CALL: Duration = Duration::from_millis(20);

/// The calls that an instance runs on one thread.
pub(crate) struct Trip {
    shared: Arc<Shared>,
    extension: u64,
    blueprint: Arc<Blueprint>,
    outlet: Settle,
    since: Instant,
    state: Mutex<State>,
}

struct State {
    /// The call that runs, or is next.
    call: Option<Progress>,
    /// The call that stands in line again when the instance is free.
    paused: Option<Box<Progress>>,
    /// The last call, which settles when the instance is free.
    last: Option<Settled>,
    /// Until when the instance must not be started again.
    rests: Option<Instant>,
}

impl Trip {
    pub fn new(
        shared: Arc<Shared>,
        extension: u64,
        blueprint: Arc<Blueprint>,
        outlet: Settle,
        first: Progress,
    ) -> Self {
        let state = Mutex::new(State { call: Some(first), paused: None, last: None, rests: None });
        Self { shared, extension, blueprint, outlet, since: Instant::now(), state }
    }

    /// Enters the engine once. Answers whether there is more to do.
    pub fn run(self: &Arc<Self>, instance: &mut Instance) -> bool {
        let Some((method, checks, input, interrupt)) = self.begin() else { return false };
        let faults = instance.faults();
        let result = guarded(instance, |instance| {
            if checks {
                instance.check(&interrupt).map(Some)
            } else {
                let row = Arc::clone(self) as Arc<dyn Row>;
                instance.call_in_row(&method, &input, &interrupt, Some(row))
            }
        });
        let result = result.transpose();
        if let (Some(result), Some(call)) = (&result, &mut self.lock().call) {
            call.learn(&self.blueprint.recovery, result, |error| instance.has_fallen(faults, error));
        }
        // Whoever hears of a fault finds it counted.
        self.count(|extension| count(extension, instance));
        if let Some(result) = result {
            self.end(result, instance.take_log());
        }
        self.pause();
        self.lock().call.is_some()
    }

    /// Leaves what is left of a call to a later trip, if this one has gone on for long.
    fn pause(&self) {
        let mut state = self.lock();
        if self.is_over(state.call.as_ref()) {
            state.paused = state.call.take().map(Box::new);
        }
    }

    /// Whether this call must not go on now. What is only told that its instance rests is done in no time.
    fn is_over(&self, call: Option<&Progress>) -> bool {
        call.is_some_and(|call| call.answered() > 0 && call.rests().is_none()) && LONGEST_CALL < self.since.elapsed()
    }

    /// What stands in line again once the instance is given back.
    pub fn take_paused(&self) -> Option<Box<Progress>> {
        self.lock().paused.take()
    }

    /// Until when the instance must not be started again.
    pub fn rests(&self) -> Option<Instant> {
        self.lock().rests
    }

    /// What settles once the instance is given back.
    pub fn last(&self) -> Option<Settled> {
        self.lock().last.take()
    }

    fn begin(&self) -> Option<(String, bool, Vec<u8>, Arc<Interrupt>)> {
        let mut state = self.lock();
        loop {
            let call = state.call.as_mut()?;
            // A call may have no inputs at all.
            if call.next_length().is_none() {
                self.settle(state);
            } else if let Some(refusal) = call.refusal(&self.blueprint.recovery) {
                drop(state);
                self.end(Err(refusal), Vec::new());
            } else {
                break;
            }
            state = self.lock();
        }
        let call = state.call.as_mut()?;
        let input = call.begin(&self.blueprint.permissions);
        Some((call.call.method.clone(), call.checks, input, Arc::clone(&call.interrupt)))
    }

    /// Takes what came of the input that runs.
    fn end(&self, result: Result<Vec<u8>>, log: Vec<LogRecord>) {
        let mut state = self.lock();
        let Some(call) = &mut state.call else { return };
        call.log.extend(log);
        call.end(result, &self.blueprint.name);
        if call.next_length().is_none() {
            self.settle(state);
        } else if let Some(answers) = call.take_portion() {
            let ticket = call.ticket;
            let log = std::mem::take(&mut call.log);
            drop(state);
            (self.outlet)(Settled { ticket, outcome: Outcome::Answered(answers), log });
        }
    }

    /// Settles the call whose inputs are answered, and begins the next, if there is one and it is this instance's turn.
    fn settle(&self, mut state: MutexGuard<'_, State>) {
        let Some(mut call) = state.call.take() else { return };
        let mut shared = self.shared.lock();
        shared.running.remove(&call.ticket);
        if let Some(extension) = shared.extensions.get_mut(&self.extension) {
            call.count(extension);
        }
        state.rests = call.rests();
        if state.rests.is_none()
            && call.ended().duration_since(self.since) < LONGEST
            && let Some(ticket) = shared.schedule.go_on(self.extension)
        {
            let (work, interrupt) = begin_work(&mut shared, ticket);
            state.call = work.into_progress(ticket, interrupt);
        }
        drop(shared);
        let log = std::mem::take(&mut call.log);
        let settled = Settled { ticket: call.ticket, outcome: Outcome::Called(call.into_answers()), log };
        if state.call.is_none() {
            state.last = Some(settled);
        } else {
            drop(state);
            (self.outlet)(settled);
        }
    }

    /// Adds to the extension's figures.
    fn count(&self, add: impl FnOnce(&mut Extension)) {
        if let Some(extension) = self.shared.lock().extensions.get_mut(&self.extension) {
            add(extension);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Row for Trip {
    fn waits(&self) -> bool {
        let state = self.lock();
        let Some(call) = &state.call else { return false };
        let left = call.call.inputs.len() - call.answered();
        left > 1 || self.shared.lock().schedule.load(self.extension).0 > 0
    }

    fn next(&self, ended: Ended) -> Option<(Vec<u8>, Arc<Interrupt>)> {
        let method = self.lock().call.as_ref().map(|call| call.call.method.clone())?;
        self.blueprint.recovery.good();
        self.count(|extension| {
            extension.figures.peak_memory = extension.figures.peak_memory.max(ended.memory);
        });
        self.end(Ok(ended.output), ended.log);
        let mut state = self.lock();
        let call = state.call.as_mut()?;
        let fits = call.next_length().is_some_and(|length| length <= MAX_BYTES_IN_ROW);
        if call.call.method != method || call.checks || !fits || self.is_over(Some(&*call)) {
            return None;
        }
        let input = call.begin(&self.blueprint.permissions);
        Some((input, Arc::clone(&call.interrupt)))
    }
}
