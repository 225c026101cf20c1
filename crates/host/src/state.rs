//! What the clones of one host share, under one lock: extensions, what is in line, what runs.

use std::collections::{BTreeMap, HashMap};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::cache::Cache;
use crate::call::Call;
use crate::deadline::Interrupt;
use crate::error::{ErrorCode, ExtensionError, Result};
use crate::extension::{Extension, ExtensionId, Instances};
use crate::figures::{Figures, Loads};
use crate::host::HostOptions;
use crate::instance::Instance;
use crate::job::Work;
use crate::load::Loaded;
use crate::log::LogLevel;
use crate::offers::Offers;
use crate::progress::Progress;
use crate::schedule::{Schedule, Ticket};
use crate::settled::Settled;
use crate::slots::Slots;

pub(crate) struct Shared {
    pub cache: Option<Cache>,
    pub slots: Arc<Slots>,
    pub log_level: Option<LogLevel>,
    pub offers: Offers,
    state: Mutex<State>,
    /// An instance came back.
    pub returned: Condvar,
}

#[derive(Default)]
pub(crate) struct State {
    pub schedule: Schedule,
    pub extensions: BTreeMap<u64, Extension>,
    pub waiting: HashMap<Ticket, Work>,
    pub running: HashMap<Ticket, Running>,
    pub loads: Loads,
    pub last_id: u64,
    last_ticket: Ticket,
    pub closed: bool,
}

/// Work that a thread has.
pub(crate) struct Running {
    pub extension: u64,
    pub interrupt: Arc<Interrupt>,
    /// What a load calls its extension.
    pub name: Option<String>,
    /// Settled already; what comes of it goes nowhere.
    pub abandoned: bool,
}

impl Shared {
    pub fn new(options: HostOptions, offers: Offers) -> Self {
        let HostOptions { cache, slots, log_level } = options;
        Self { cache, slots, log_level, offers, state: Mutex::default(), returned: Condvar::new() }
    }

    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    pub fn ticket(&mut self) -> Ticket {
        self.last_ticket += 1;
        self.last_ticket
    }

    /// Notes that a thread has this work; a load has its extension's `name`.
    pub fn run(&mut self, extension: u64, name: Option<String>, interrupt: &Arc<Interrupt>) {
        let running = Running { extension, interrupt: Arc::clone(interrupt), name, abandoned: false };
        self.running.insert(interrupt.ticket(), running);
    }

    /// Puts a call that a thread had back in line, for what is left of its inputs.
    pub fn put_back(&mut self, progress: Box<Progress>) {
        let (ticket, id) = (progress.ticket, progress.call.extension.0);
        self.running.remove(&ticket);
        self.waiting.insert(ticket, Work::Paused(progress));
        self.schedule.resubmit(id, ticket);
    }

    pub fn extension(&self, id: ExtensionId) -> Result<&Extension> {
        if self.closed {
            return Err(closed());
        }
        self.extensions.get(&id.0).filter(|extension| !extension.retired).ok_or_else(|| self.not_found(id))
    }

    /// Makes sure that a method is there, and room for so many more pieces of work that call it.
    pub fn admit(&mut self, id: ExtensionId, method: &str, pieces: usize) -> Result<()> {
        self.extension(id).map_err(|error| error.in_method(method))?.find(method)?;
        let load = self.schedule.load(id.0);
        let Some(extension) = self.extensions.get_mut(&id.0) else { return Err(self.not_found(id)) };
        extension.admit(pieces, load).map_err(|error| error.in_method(method))
    }

    pub fn put_in_line(&mut self, call: Call, portion: Option<usize>) -> Ticket {
        let (ticket, id) = (self.ticket(), call.extension.0);
        self.waiting.insert(ticket, Work::call(call, portion));
        self.schedule.submit(id, ticket);
        ticket
    }

    fn not_found(&self, id: ExtensionId) -> ExtensionError {
        let message = if id.0 == 0 || id.0 > self.last_id {
            format!("No extension has the id {id}: `loadExtension` has not given it out.")
        } else {
            format!("The extension with the id {id} is not loaded any more.")
        };
        ExtensionError::new(ErrorCode::NotFound, message)
    }

    /// Makes a loaded extension known.
    pub fn register(&mut self, id: u64, loaded: Loaded) {
        self.schedule.close(id);
        self.schedule.open(id, loaded.instances.len());
        let mut figures = Figures::new();
        figures.peak_memory = loaded.peak_memory();
        let extension = Extension {
            blueprint: loaded.blueprint,
            capabilities: loaded.capabilities,
            advertised: loaded.advertised,
            instances: boxed(loaded.instances),
            source: loaded.source,
            max_queue: loaded.max_queue,
            retired: false,
            figures,
        };
        self.extensions.insert(id, extension);
    }

    /// Puts what a reload made in the place of what was there. Dropping the old instances takes time: not under the lock.
    #[must_use]
    pub fn replace(&mut self, id: u64, loaded: Loaded) -> Option<Instances> {
        let extension = self.extensions.get_mut(&id)?;
        loaded.blueprint.recovery.reset();
        let figures = &mut extension.figures;
        figures.reloads += 1;
        figures.peak_memory = figures.peak_memory.max(loaded.peak_memory());
        extension.blueprint = loaded.blueprint;
        extension.capabilities = loaded.capabilities;
        extension.advertised = loaded.advertised;
        extension.source = loaded.source;
        Some(mem::replace(&mut extension.instances, boxed(loaded.instances)))
    }

    /// Removes an extension that takes no more calls and has none left. Dropping it takes time: not under the lock.
    #[must_use]
    pub fn remove_if_done(&mut self, id: u64) -> Option<Extension> {
        let done = self.extensions.get(&id).is_some_and(|found| found.retired) && self.schedule.load(id) == (0, 0);
        if !done {
            return None;
        }
        self.schedule.close(id);
        self.extensions.remove(&id)
    }
}

fn boxed(instances: Vec<Instance>) -> Instances {
    instances.into_iter().map(|instance| Some(Box::new(instance))).collect()
}

pub(crate) fn closed() -> ExtensionError {
    ExtensionError::new(ErrorCode::Closed, "The host is closed: make a new one.")
}

pub(crate) fn take_back(state: &mut State, ticket: Ticket, code: ErrorCode, message: &str) -> Option<Settled> {
    let extension = state.waiting.get(&ticket)?.extension();
    state.schedule.remove(extension, ticket);
    let work = state.waiting.remove(&ticket)?;
    let (outcome, log) = work.refused(state.extensions.get_mut(&extension), code, message);
    Some(Settled { ticket, outcome, log })
}

pub(crate) fn cancel_all(state: &mut State, id: u64) -> Vec<Settled> {
    for running in state.running.values().filter(|running| running.extension == id) {
        running.interrupt.cancel();
    }
    state
        .schedule
        .remove_all(id)
        .into_iter()
        .filter_map(|ticket| {
            take_back(state, ticket, ErrorCode::Cancelled, "The extension was unloaded before the call started.")
        })
        .collect()
}
