//! One piece of work on a thread that somebody lends.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::capability::Capability;
use crate::config::ExtensionConfig;
use crate::deadline::{Interrupt, Watch};
use crate::directories;
use crate::error::{ErrorCode, ExtensionError, Result};
use crate::extension::{Extension, ExtensionId};
use crate::host::{Answer, Call, Outcome, Settled, Shared, State};
use crate::instance::{Blueprint, Instance, extism_config};
use crate::log::LogRecord;
use crate::module::Module;
use crate::prepare::Caps;
use crate::schedule::{Ticket, Turn};

/// How long a thread goes on with what else waits for its instance before it comes back for more. Long enough that many small
/// calls share one trip between threads, short enough that others get their turn.
const SHARED_TRIP: Duration = Duration::from_micros(200);

/// Work in line.
pub(crate) enum Work {
    Load { id: u64, config: Box<ExtensionConfig> },
    Call { call: Call, submitted: Instant },
}

impl Work {
    pub fn load(id: u64, config: ExtensionConfig) -> Self {
        Self::Load { id, config: Box::new(config) }
    }

    pub fn call(call: Call) -> Self {
        Self::Call { call, submitted: Instant::now() }
    }

    pub const fn extension(&self) -> u64 {
        match self {
            Self::Load { id, .. } => *id,
            Self::Call { call, .. } => call.extension.0,
        }
    }

    pub const fn loads(&self) -> bool {
        matches!(self, Self::Load { .. })
    }

    /// The name of the extension that a load is about.
    fn name_of_load(&self) -> Option<String> {
        match self {
            Self::Load { config, .. } => Some(config.name.clone()),
            Self::Call { .. } => None,
        }
    }

    /// The outcome of work that never started.
    pub fn refused(&self, extension: Option<&str>, code: ErrorCode, message: &str) -> Outcome {
        let error = || ExtensionError::new(code, message);
        match self {
            Self::Load { config, .. } => Outcome::Loaded(Err(error().of(&config.name))),
            Self::Call { call, .. } => {
                let error = || error().in_method(&call.method).of(extension.unwrap_or_default());
                Outcome::Called(call.inputs.iter().map(|_| Err(error())).collect())
            }
        }
    }
}

/// What a load made.
pub(crate) struct Loaded {
    pub blueprint: Arc<Blueprint>,
    pub instances: Vec<Instance>,
    pub capabilities: Vec<Capability>,
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
    Load { config: Box<ExtensionConfig>, interrupt: Arc<Interrupt> },
    Calls { instance: Box<Instance>, first: Begun },
}

/// A call that has an instance.
struct Begun {
    ticket: Ticket,
    call: Call,
    submitted: Instant,
    interrupt: Arc<Interrupt>,
}

impl Job {
    pub(crate) fn begin(shared: &Arc<Shared>, state: &mut State, turn: Turn) -> Self {
        let task = match begin_work(state, turn.ticket) {
            (Work::Load { config, .. }, interrupt) => Task::Load { config, interrupt },
            (Work::Call { call, submitted }, interrupt) => Task::Calls {
                instance: take_instance(state, turn.lane, turn.instance),
                first: Begun { ticket: turn.ticket, call, submitted, interrupt },
            },
        };
        Self { shared: Arc::clone(shared), turn, task: Some(task) }
    }

    /// What `load` or `submit` answered for it.
    #[must_use]
    pub const fn ticket(&self) -> u64 {
        self.turn.ticket
    }

    /// Runs the work to its end, which its limits see to, and hands each thing that settles to `settle` as soon as it does. Never
    /// panics, if `settle` does not.
    pub fn run(mut self, settle: &mut dyn FnMut(Settled)) {
        let (shared, turn) = (Arc::clone(&self.shared), self.turn);
        match self.task.take() {
            Some(Task::Load { config, interrupt }) => {
                if let Some(settled) = run_load(&shared, turn, *config, &interrupt) {
                    settle(settled);
                }
            }
            Some(Task::Calls { instance, first }) => run_calls(&shared, turn, instance, first, settle),
            None => {}
        }
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
fn begin_work(state: &mut State, ticket: Ticket) -> (Work, Arc<Interrupt>) {
    let Some(work) = state.waiting.remove(&ticket) else {
        unreachable!("what is in line is waiting");
    };
    let interrupt = state.run(ticket, work.extension(), work.name_of_load());
    (work, interrupt)
}

fn take_instance(state: &mut State, lane: u64, place: usize) -> Box<Instance> {
    let Some(instance) = state.extensions.get_mut(&lane).and_then(|found| found.instances[place].take()) else {
        unreachable!("an instance that is free is there");
    };
    instance
}

fn run_load(shared: &Shared, turn: Turn, config: ExtensionConfig, interrupt: &Arc<Interrupt>) -> Option<Settled> {
    let mut log = Vec::new();
    let name = config.name.clone();
    let result = caught(|| load(shared, config, interrupt, &mut log)).flatten().map_err(|error| error.of(&name));
    let mut state = shared.lock();
    state.schedule.finish(turn.lane, turn.instance, &shared.slots);
    let abandoned = state.running.remove(&turn.ticket).is_none_or(|running| running.abandoned);
    let result = match result {
        Ok(loaded) if !abandoned => {
            state.register(turn.lane, loaded);
            Ok(ExtensionId(turn.lane))
        }
        other => {
            state.schedule.close(turn.lane);
            drop(state);
            // What nobody waits for any more is dropped here, on this thread.
            other.map(|_| ExtensionId(turn.lane))
        }
    };
    shared.returned.notify_all();
    (!abandoned).then_some(Settled { ticket: turn.ticket, outcome: Outcome::Loaded(result), log })
}

fn load(
    shared: &Shared,
    config: ExtensionConfig,
    interrupt: &Arc<Interrupt>,
    log: &mut Vec<LogRecord>,
) -> Result<Loaded> {
    let ExtensionConfig { name, source, permissions, config, lifecycle, instances: wanted } = config;
    let caps = Caps { max_memory: permissions.max_memory, max_output: permissions.max_output };
    let limit = permissions.max_execution_time;
    let directories = directories::find(&permissions)?;
    let extism_config = Arc::new(extism_config(config.as_deref()));
    let wasm = Module::read(source)?;
    let first = |cache| -> Result<Instance> {
        let mut instance = Instance::new(Arc::new(Blueprint {
            name: name.clone(),
            module: Module::prepare(&wasm, caps, cache)?,
            permissions: permissions.clone(),
            lifecycle,
            config: config.clone(),
            extism_config: Arc::clone(&extism_config),
            log_level: shared.log_level,
            keeps_no_state: wanted > 1,
            directories: directories.clone(),
        }));
        // Compiling is the host's own doing: the guest's time starts after it.
        instance.build(interrupt)?;
        Ok(instance)
    };
    let first = match (first(shared.cache.as_ref()), &shared.cache) {
        // Another process may have broken the entry after it was checked: then the load goes without the cache.
        (Err(error), Some(_)) if error.code() == ErrorCode::InvalidSource => first(None)?,
        (first, _) => first?,
    };
    drop(wasm);
    let blueprint = first.blueprint();
    let mut first = Some(first);
    let mut instances = Vec::new();
    let mut capabilities = Vec::new();
    for number in 0..wanted {
        let mut instance = first.take().unwrap_or_else(|| Instance::new(Arc::clone(&blueprint)));
        instance.build(interrupt)?;
        let watch = Watch::until(Instant::now() + limit, interrupt);
        let started = instance.start(interrupt).and_then(|()| match number {
            0 => instance.capabilities(interrupt),
            _ => Ok(Vec::new()),
        });
        drop(watch);
        log.extend(instance.take_log());
        let found = started?;
        if number == 0 {
            capabilities = found;
        }
        instances.push(instance);
    }
    Ok(Loaded { blueprint, instances, capabilities })
}

fn run_calls(shared: &Shared, turn: Turn, mut instance: Box<Instance>, first: Begun, settle: &mut dyn FnMut(Settled)) {
    let since = Instant::now();
    let mut next = Some(first);
    while let Some(begun) = next.take() {
        let answers = run_call(&mut instance, &begun);
        let log = instance.take_log();
        let mut state = shared.lock();
        state.running.remove(&begun.ticket);
        if let Some(extension) = state.extensions.get_mut(&turn.lane) {
            count(extension, &mut instance, &answers);
        }
        if since.elapsed() < SHARED_TRIP
            && let Some(ticket) = state.schedule.go_on(turn.lane)
            && let (Work::Call { call, submitted }, interrupt) = begin_work(&mut state, ticket)
        {
            next = Some(Begun { ticket, call, submitted, interrupt });
        }
        drop(state);
        let settled = Settled { ticket: begun.ticket, outcome: Outcome::Called(answers), log };
        if next.is_none() {
            // Whoever hears of the last answer finds the instance free.
            give_back(shared, turn.lane, turn.instance, instance, |state| {
                state.schedule.finish(turn.lane, turn.instance, &shared.slots);
            });
            settle(settled);
            return;
        }
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
    let begun = Begun { ticket, call, submitted, interrupt };
    let answers = run_call(&mut instance, &begun);
    let mut state = shared.lock();
    state.running.remove(&ticket);
    if let Some(extension) = state.extensions.get_mut(&lane) {
        count(extension, &mut instance, &answers);
    }
    drop(state);
    let log = instance.take_log();
    give_back(shared, lane, place, instance, |state| state.schedule.give_back(lane, place));
    Ok(Settled { ticket: begun.ticket, outcome: Outcome::Called(answers), log })
}

/// Waits until an instance comes free, and takes it: the call runs from then on, as everybody else sees it.
fn wait_for_instance(shared: &Shared, call: &Call) -> Result<(Ticket, Arc<Interrupt>, usize, Box<Instance>)> {
    let lane = call.extension.0;
    let mut state = shared.lock();
    let extension = state.extension(call.extension).map_err(|error| error.in_method(&call.method))?;
    extension.blueprint.find(&call.method)?;
    // Whoever has the instances gives them back within this time, unless others keep asking for them.
    let patience = call.timeout.unwrap_or(extension.blueprint.permissions.max_execution_time);
    let until = Instant::now() + patience;
    loop {
        if let Some(place) = state.schedule.borrow(lane) {
            let instance = take_instance(&mut state, lane, place);
            let ticket = state.ticket();
            let interrupt = state.run(ticket, lane, None);
            return Ok((ticket, interrupt, place, instance));
        }
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            let error = ExtensionError::new(ErrorCode::Timeout, "The call ran out of time before it started.");
            return Err(error.in_method(&call.method));
        }
        state = shared.returned.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        // It may have been unloaded meanwhile.
        state.extension(call.extension).map_err(|error| error.in_method(&call.method))?;
    }
}

fn run_call(instance: &mut Instance, begun: &Begun) -> Vec<Result<Answer>> {
    let Begun { call, submitted, interrupt, .. } = begun;
    let overall = call.timeout.and_then(|timeout| submitted.checked_add(timeout));
    call.inputs.iter().map(|input| run_one(instance, call, input, overall, interrupt)).collect()
}

/// Runs a method once, until the extension's own limit or an earlier moment.
pub(crate) fn run_one(
    instance: &mut Instance,
    call: &Call,
    input: &[u8],
    overall: Option<Instant>,
    interrupt: &Arc<Interrupt>,
) -> Result<Answer> {
    let method = &call.method;
    let blueprint = instance.blueprint();
    let now = Instant::now();
    let limit = now + blueprint.permissions.max_execution_time;
    if overall.is_none_or(|overall| now < overall) {
        interrupt.forget_deadline();
    }
    let watch = Watch::until(overall.map_or(limit, |overall| overall.min(limit)), interrupt);
    let result = caught(|| instance.call(method, input, interrupt)).unwrap_or_else(|panic| {
        instance.abandon();
        Err(panic)
    });
    drop(watch);
    result
        .and_then(|answer| Answer::read(answer, call.form))
        .map_err(|error| error.of(&blueprint.name).in_method(method))
}

/// Adds what a piece of work came to, to its extension's figures.
pub(crate) fn count(extension: &mut Extension, instance: &mut Instance, answers: &[Result<Answer>]) {
    for answer in answers {
        extension.figures.count(answer.as_ref().err().map(ExtensionError::code));
    }
    extension.figures.faults += instance.take_faults();
    extension.figures.fuel = instance.fuel().or(extension.figures.fuel);
}

/// A panic in the engine or here costs one call, not the process.
fn caught<T>(work: impl FnOnce() -> T) -> Result<T> {
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
