//! One piece of work on a thread that somebody lends.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::call::{Answer, Call, Form};
use crate::config::{ExtensionConfig, Source};
use crate::deadline::Interrupt;
use crate::error::{ErrorCode, ExtensionError, Result};
use crate::extension::{Extension, ExtensionId, Successor};
use crate::health::HEALTH_CHECK;
use crate::instance::Instance;
use crate::load::{run_load, run_reload};
use crate::log::LogRecord;
use crate::progress::{Progress, Waited, health};
use crate::schedule::{Ticket, Turn};
use crate::settled::{Outcome, Settled};
use crate::state::{Shared, State};
use crate::trip::Trip;

/// Work in line.
pub(crate) enum Work {
    Load {
        id: u64,
        config: Box<ExtensionConfig>,
    },
    Reload {
        id: u64,
        name: String,
        source: Option<Source>,
    },
    Call(Waited),
    /// A call that stands in line again for what is left of its inputs; it has its old ticket, and so its old place.
    Paused(Box<Progress>),
}

impl Work {
    pub fn load(id: u64, config: ExtensionConfig) -> Self {
        Self::Load { id, config: Box::new(config) }
    }

    pub fn call(call: Call, portion: Option<usize>) -> Self {
        Self::Call(Waited { call, submitted: Instant::now(), checks: false, portion })
    }

    /// The question how an extension is.
    pub fn check(extension: ExtensionId, timeout: Option<Duration>) -> Self {
        let (method, inputs) = (HEALTH_CHECK.into(), vec![Vec::new()]);
        let call = Call { extension, method, inputs, form: Form::Text, timeout };
        Self::Call(Waited { call, submitted: Instant::now(), checks: true, portion: None })
    }

    pub const fn extension(&self) -> u64 {
        match self {
            Self::Load { id, .. } | Self::Reload { id, .. } => *id,
            Self::Call(Waited { call, .. }) => call.extension.0,
            Self::Paused(progress) => progress.call.extension.0,
        }
    }

    pub const fn loads(&self) -> bool {
        matches!(self, Self::Load { .. } | Self::Reload { .. })
    }

    /// The name of the extension that a load is about.
    fn name_of_load(&self) -> Option<String> {
        match self {
            Self::Load { config, .. } => Some(config.name.clone()),
            Self::Reload { name, .. } => Some(name.clone()),
            Self::Call(_) | Self::Paused(_) => None,
        }
    }

    /// The call that it is, as one that has an instance.
    pub fn into_progress(self, ticket: Ticket, interrupt: Arc<Interrupt>) -> Option<Progress> {
        match self {
            Self::Call(waited) => Some(Progress::new(ticket, waited, interrupt)),
            Self::Paused(mut progress) => {
                progress.resume();
                Some(*progress)
            }
            Self::Load { .. } | Self::Reload { .. } => None,
        }
    }

    /// The outcome of work that does not start any more, and what was logged with it.
    pub fn refused(
        self,
        extension: Option<&mut Extension>,
        code: ErrorCode,
        message: &str,
    ) -> (Outcome, Vec<LogRecord>) {
        let error = || ExtensionError::new(code, message);
        let name = extension.as_ref().map(|extension| extension.blueprint.name.clone()).unwrap_or_default();
        let outcome = match self {
            Self::Load { config, .. } => Outcome::Loaded(Err(error().of(&config.name))),
            Self::Reload { name, .. } => Outcome::Reloaded(Err(error().of(&name))),
            Self::Call(Waited { call, checks, .. }) => {
                let error = || Err(error().in_method(&call.method).of(&name));
                let answer = || if checks { health(error()) } else { error().map(Answer::Bytes) };
                Outcome::Called(call.inputs.iter().map(|_| answer()).collect())
            }
            Self::Paused(mut progress) => {
                progress.refuse_rest(code, message, &name);
                if let Some(extension) = extension {
                    progress.count(extension);
                }
                let log = std::mem::take(&mut progress.log);
                return (Outcome::Called(progress.into_answers()), log);
            }
        };
        (outcome, Vec::new())
    }
}

/// Work that may run now, on any thread that may block and has a stack of at least a megabyte. One that is dropped without having
/// run gives back what it holds, and its ticket never settles: for the end of whoever lends the threads.
pub struct Job {
    shared: Arc<Shared>,
    turn: Turn,
    /// There until it runs.
    task: Option<Task>,
}

enum Task {
    Load {
        config: Box<ExtensionConfig>,
        interrupt: Arc<Interrupt>,
    },
    /// `instances` are those that there are, for as long as it has not succeeded.
    Reload {
        name: String,
        successor: Successor,
        instances: usize,
        interrupt: Arc<Interrupt>,
    },
    Calls {
        instance: Box<Instance>,
        first: Progress,
    },
}

/// Takes what settles, on whichever thread that happens.
pub type Settle = Arc<dyn Fn(Settled) + Send + Sync>;

impl Job {
    pub(crate) fn begin(shared: &Arc<Shared>, state: &mut State, turn: Turn) -> Self {
        let task = match begin_work(state, turn.ticket) {
            (Work::Load { config, .. }, interrupt) => Task::Load { config, interrupt },
            (Work::Reload { id, name, source }, interrupt) => {
                let Some(extension) = state.extensions.get(&id) else {
                    unreachable!("an extension with work is there");
                };
                let instances = extension.instances.len();
                Task::Reload { name, successor: extension.successor(source), instances, interrupt }
            }
            (work @ (Work::Call(_) | Work::Paused(_)), interrupt) => {
                let Some(first) = work.into_progress(turn.ticket, interrupt) else { unreachable!("it is a call") };
                Task::Calls { instance: take_instance(state, turn.lane, turn.instance), first }
            }
        };
        Self { shared: Arc::clone(shared), turn, task: Some(task) }
    }

    /// What `load` or `submit` answered for it.
    #[must_use]
    pub const fn ticket(&self) -> u64 {
        self.turn.ticket
    }

    /// Runs the work to its end, which its limits see to, and hands each thing that settles to `settle` as soon as it does. A call of
    /// many inputs that goes on for long settles later: it stands in line again for what is left. Never panics, if `settle` does not.
    pub fn run(mut self, settle: &Settle) {
        let (shared, turn) = (Arc::clone(&self.shared), self.turn);
        match self.task.take() {
            Some(Task::Load { config, interrupt }) => {
                if let Some(settled) = run_load(&shared, turn, *config, &interrupt) {
                    settle(settled);
                }
            }
            Some(Task::Reload { name, successor, instances, interrupt }) => {
                if let Some(settled) = run_reload(&shared, turn, &name, successor, instances, &interrupt) {
                    settle(settled);
                }
            }
            Some(Task::Calls { instance, first }) => run_calls(&shared, turn, instance, first, settle),
            None => {}
        }
    }

    /// Runs the work as `run` does. Answers what settled.
    #[must_use]
    pub fn into_settled(self) -> Vec<Settled> {
        let settled = Arc::new(Mutex::new(Vec::new()));
        let put = Arc::clone(&settled);
        let settle: Settle = Arc::new(move |one| put.lock().unwrap_or_else(PoisonError::into_inner).push(one));
        self.run(&settle);
        std::mem::take(&mut *settled.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        let (shared, turn) = (&self.shared, self.turn);
        match self.task.take() {
            Some(Task::Load { .. }) => {
                let mut state = shared.lock();
                state.running.remove(&turn.ticket);
                state.schedule.finish(turn.lane, turn.instance, &shared.slots);
                state.schedule.close(turn.lane);
                drop(state);
                shared.returned.notify_all();
            }
            Some(Task::Reload { instances, .. }) => {
                let mut state = shared.lock();
                state.running.remove(&turn.ticket);
                state.schedule.finish_alone(turn.lane, instances, &shared.slots);
                let gone = state.remove_if_done(turn.lane);
                drop(state);
                drop(gone);
                shared.returned.notify_all();
            }
            Some(Task::Calls { instance, first }) => {
                shared.lock().running.remove(&first.ticket);
                give_back(shared, turn.lane, turn.instance, instance, |state| {
                    state.schedule.finish(turn.lane, turn.instance, &shared.slots);
                });
            }
            None => {}
        }
    }
}

/// Marks waiting work as running.
pub(crate) fn begin_work(state: &mut State, ticket: Ticket) -> (Work, Arc<Interrupt>) {
    let Some(work) = state.waiting.remove(&ticket) else {
        unreachable!("what is in line is waiting");
    };
    let interrupt = match &work {
        Work::Paused(progress) => Arc::clone(&progress.interrupt),
        _ => Interrupt::new(ticket),
    };
    state.run(work.extension(), work.name_of_load(), &interrupt);
    (work, interrupt)
}

fn take_instance(state: &mut State, lane: u64, place: usize) -> Box<Instance> {
    let Some(instance) = state.extensions.get_mut(&lane).and_then(|found| found.instances[place].take()) else {
        unreachable!("an instance that is free is there");
    };
    instance
}

fn run_calls(shared: &Arc<Shared>, turn: Turn, mut instance: Box<Instance>, first: Progress, settle: &Settle) {
    let trip = Arc::new(Trip::new(Arc::clone(shared), turn.lane, instance.blueprint(), Arc::clone(settle), first));
    while trip.run(&mut instance) {}
    let (last, paused) = (trip.last(), trip.take_paused());
    // Whoever hears of the last answer finds the instance free.
    let rests = trip.rests();
    give_back(shared, turn.lane, turn.instance, instance, |state| {
        if let Some(progress) = paused {
            state.put_back(progress);
        }
        match rests {
            Some(until) => state.schedule.finish_and_rest(turn.lane, turn.instance, until, &shared.slots),
            None => state.schedule.finish(turn.lane, turn.instance, &shared.slots),
        }
    });
    if let Some(settled) = last {
        settle(settled);
    }
}

/// Gives an instance back to its extension, and lets the extension go if that was what it waited for.
pub(crate) fn give_back(
    shared: &Shared,
    lane: u64,
    place: usize,
    instance: Box<Instance>,
    finish: impl FnOnce(&mut State),
) {
    let mut state = shared.lock();
    if let Some(extension) = state.extensions.get_mut(&lane) {
        extension.instances[place] = Some(instance);
    }
    finish(&mut state);
    let gone = state.remove_if_done(lane);
    drop(state);
    drop(gone);
    shared.returned.notify_all();
}

/// Runs a call on the caller's own thread, on the first instance that comes free: it does not stand in line, because what is in
/// line may need that very thread to start.
pub(crate) fn run_now(shared: &Shared, call: Call) -> Result<Settled> {
    let submitted = Instant::now();
    let lane = call.extension.0;
    let (ticket, interrupt, place, mut instance) = wait_for_instance(shared, &call)?;
    let waited = Waited { call, submitted, checks: false, portion: None };
    let mut progress = Progress::new(ticket, waited, interrupt);
    let blueprint = instance.blueprint();
    while progress.next_length().is_some() {
        if let Some(refusal) = progress.refusal(&blueprint.recovery) {
            progress.end(Err(refusal), &blueprint.name);
            continue;
        }
        let input = progress.begin(&blueprint.permissions);
        let faults = instance.faults();
        let result =
            guarded(&mut instance, |instance| instance.call(&progress.call.method, &input, &progress.interrupt));
        progress.learn(&blueprint.recovery, &result, |error| instance.has_fallen(faults, error));
        progress.end(result, &blueprint.name);
    }
    let log = instance.take_log();
    let mut state = shared.lock();
    state.running.remove(&ticket);
    if let Some(extension) = state.extensions.get_mut(&lane) {
        progress.count(extension);
        count(extension, &mut instance);
    }
    drop(state);
    let rests = progress.rests();
    give_back(shared, lane, place, instance, |State { schedule, .. }| match rests {
        Some(until) => schedule.rest(lane, place, until),
        None => schedule.give_back(lane, place),
    });
    Ok(Settled { ticket, outcome: Outcome::Called(progress.into_answers()), log })
}

/// Waits until an instance comes free, and takes it: the call runs from then on, as everybody else sees it.
fn wait_for_instance(shared: &Shared, call: &Call) -> Result<(Ticket, Arc<Interrupt>, usize, Box<Instance>)> {
    let lane = call.extension.0;
    let mut state = shared.lock();
    let extension = state.extension(call.extension).map_err(|error| error.in_method(&call.method))?;
    extension.find(&call.method)?;
    // Whoever has the instances gives them back within this time, unless others keep asking for them.
    let patience = call.timeout.unwrap_or(extension.blueprint.permissions.max_execution_time);
    let until = Instant::now() + patience;
    loop {
        state.schedule.wake(Instant::now);
        if let Some(place) = state.schedule.borrow(lane) {
            let instance = take_instance(&mut state, lane, place);
            let ticket = state.ticket();
            let interrupt = Interrupt::new(ticket);
            state.run(lane, None, &interrupt);
            return Ok((ticket, interrupt, place, instance));
        }
        let now = Instant::now();
        if until <= now {
            let error = ExtensionError::new(ErrorCode::Timeout, "The call ran out of time before it started.");
            return Err(error.in_method(&call.method));
        }
        let wakes = state.schedule.rested(lane).map_or(until, |rested| rested.min(until));
        let pause = wakes.saturating_duration_since(now);
        state = shared.returned.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0;
        // It may have been unloaded meanwhile, or be given up.
        let extension = state.extension(call.extension).map_err(|error| error.in_method(&call.method))?;
        extension.find(&call.method)?;
    }
}

/// Adds what an instance went through to its extension's figures.
pub(crate) fn count(extension: &mut Extension, instance: &mut Instance) {
    let figures = &mut extension.figures;
    figures.faults += instance.take_faults();
    figures.fuel = instance.fuel().or(figures.fuel);
    figures.peak_memory = figures.peak_memory.max(instance.peak_memory());
}

/// Runs something on an instance, which is left behind if that panics.
pub(crate) fn guarded<T>(instance: &mut Instance, work: impl FnOnce(&mut Instance) -> Result<T>) -> Result<T> {
    caught(|| work(instance)).unwrap_or_else(|panic| {
        instance.abandon();
        Err(panic)
    })
}

/// A panic in the engine or here costs one call, not the process.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|panic| {
        let words = words(panic.as_ref());
        ExtensionError::new(ErrorCode::Trap, format!("The engine failed, which is a defect of this host: {words}."))
    })
}

fn words(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("it did not say why")
}
