//! The registry of extensions, and the only door to them: load, submit, cancel, unload, close.
//!
//! The host has no threads for guests. `submit` and `load` put work in line; `next` gives out what may start now, and whoever asked
//! lends it a thread by calling [`Job::run`]. Node lends libuv's pool, Rust lends tokio's, a test lends itself.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use crate::cache::Cache;
use crate::call::Call;
use crate::capability::Capability;
use crate::config::{ExtensionConfig, Source};
use crate::config_file::ConfigFile;
use crate::error::{ErrorCode, ExtensionError, Result};
use crate::extension::ExtensionId;
use crate::figures::Stats;
use crate::health::HEALTH_CHECK;
use crate::job::{Job, Work, run_now};
use crate::log::LogLevel;
use crate::metrics::{self, Snapshot};
use crate::offers::Offers;
use crate::schedule::{Schedule, Ticket, Turn};
use crate::settled::{Outcome, Settled};
use crate::slots::Slots;
use crate::state::{Shared, cancel_all, closed, take_back};

/// How a host is set up.
#[derive(Debug)]
pub struct HostOptions {
    /// Where compiled modules are kept; `None` compiles at each load.
    pub cache: Option<Cache>,
    /// How many runs may go on at once, shared with every host that has the same slots.
    pub slots: Arc<Slots>,
    /// The least level that is kept of what extensions log; `None` tells them not to log.
    pub log_level: Option<LogLevel>,
}

/// A loaded extension, as a listing shows it.
#[derive(Clone, Debug)]
pub struct Listing {
    /// Its id.
    pub id: ExtensionId,
    /// Its name.
    pub name: String,
    /// What it can do.
    pub capabilities: Arc<Vec<Capability>>,
    /// What it did so far.
    pub stats: Stats,
}

/// Loads extensions and runs their methods. Clones share one host.
#[derive(Clone)]
pub struct Host {
    pub(crate) shared: Arc<Shared>,
}

impl Host {
    /// A host with nothing loaded.
    #[must_use]
    pub fn new(options: HostOptions) -> Self {
        Self::offering(options, Offers::default())
    }

    /// A host with nothing loaded that offers something to its extensions.
    #[must_use]
    pub fn offering(options: HostOptions, offers: Offers) -> Self {
        let shared = Shared::new(options, offers);
        Self { shared: Arc::new(shared) }
    }

    /// Reads a configuration file, whose extensions are to be loaded here.
    ///
    /// # Errors
    ///
    /// `IoError` and `InvalidConfig`, as [`ConfigFile::read`] has them; `Closed`.
    pub fn read_config(&self, path: impl AsRef<Path>) -> Result<ConfigFile> {
        if self.shared.lock().closed {
            return Err(closed());
        }
        ConfigFile::read(path)
    }

    /// Puts a load in line. Its ticket settles with the extension's id.
    ///
    /// # Errors
    ///
    /// `InvalidConfig` and `InvalidSource` for what can be told without reading the module; `Closed`.
    pub fn load(&self, config: ExtensionConfig) -> Result<Ticket> {
        config.validate()?;
        if config.permissions.network_grant().is_some() && self.shared.offers.network.is_none() {
            let message = "The network is granted, but this host has no client for it: give one in its `Offers`.";
            return Err(ExtensionError::new(ErrorCode::InvalidConfig, message).of(&config.name));
        }
        let mut state = self.shared.lock();
        if state.closed {
            return Err(closed().of(&config.name));
        }
        state.last_id += 1;
        let id = state.last_id;
        let ticket = state.ticket();
        state.schedule.open(id, 1);
        state.waiting.insert(ticket, Work::load(id, config));
        state.schedule.submit(id, ticket);
        Ok(ticket)
    }

    /// Puts a call in line. Its ticket settles with an answer for each input.
    ///
    /// # Errors
    ///
    /// `NotFound` and `MethodNotFound` before any guest runs; `QueueFull`; `Closed`.
    pub fn submit(&self, call: Call) -> Result<Ticket> {
        let mut state = self.shared.lock();
        state.admit(call.extension, &call.method, 1)?;
        Ok(state.put_in_line(call, None))
    }

    /// Puts calls of one method in line, which may run side by side: all of them, or none where there is not room for all. With a
    /// `portion` the answers of each come as soon as there are so many, in several pieces.
    ///
    /// # Errors
    ///
    /// As `submit`.
    pub fn submit_parts(&self, calls: Vec<Call>, portion: Option<usize>) -> Result<Vec<Ticket>> {
        let Some(first) = calls.first() else { return Ok(Vec::new()) };
        let mut state = self.shared.lock();
        state.admit(first.extension, &first.method, calls.len())?;
        Ok(calls.into_iter().map(|call| state.put_in_line(call, portion)).collect())
    }

    /// Puts a question in line: how is this extension? Its ticket settles with one answer, which is JSON as an extension's own
    /// `health_check` writes it: `{ status, message? }`. It waits as calls do, but is never refused for want of room, and does not
    /// count as a call.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Closed`.
    pub fn check(&self, id: ExtensionId, timeout: Option<Duration>) -> Result<Ticket> {
        let mut state = self.shared.lock();
        state.extension(id).map_err(|error| error.in_method(HEALTH_CHECK))?;
        let ticket = state.ticket();
        state.waiting.insert(ticket, Work::check(id, timeout));
        state.schedule.submit(id.0, ticket);
        Ok(ticket)
    }

    /// Puts a reload in line: of the same file, of the same module where it came as bytes, or of a new source. It starts when the calls
    /// before it are done, and those behind it wait for it. The id stays. If it fails, the extension is what it was.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Closed`; `InvalidConfig` and `InvalidSource` for what can be told without reading the module.
    pub fn reload(&self, id: ExtensionId, source: Option<Source>) -> Result<Ticket> {
        let mut state = self.shared.lock();
        let name = state.extension(id)?.blueprint.name.clone();
        source.as_ref().map_or(Ok(()), Source::validate).map_err(|error| error.of(&name))?;
        let ticket = state.ticket();
        state.waiting.insert(ticket, Work::Reload { id: id.0, name, source });
        state.schedule.submit_alone(id.0, ticket);
        Ok(ticket)
    }

    /// Runs a call on this thread, within the same limits, and answers when it is done. It does not wait for calls in line, only for
    /// an instance to come free.
    ///
    /// # Errors
    ///
    /// `NotFound`, `MethodNotFound`, `Closed`; `Timeout` where no instance came free.
    pub fn call_now(&self, call: Call) -> Result<Settled> {
        run_now(&self.shared, call)
    }

    /// The next work that may start now. Whoever takes it has to run it.
    #[must_use]
    pub fn next(&self) -> Option<Job> {
        self.begin(Schedule::take)
    }

    /// The next work for a thread that has just done some: nothing while another host waits for a slot that this one has.
    #[must_use]
    pub fn next_in_turn(&self) -> Option<Job> {
        self.begin(Schedule::take_on)
    }

    fn begin(&self, take: impl FnOnce(&mut Schedule, &Slots) -> Option<Turn>) -> Option<Job> {
        let mut state = self.shared.lock();
        state.schedule.wake(Instant::now);
        let turn = take(&mut state.schedule, &self.shared.slots)?;
        Some(Job::begin(&self.shared, &mut state, turn))
    }

    /// Whether work could start if a slot were free. The slots may be held by another host: ask again in a while.
    #[must_use]
    pub fn waits_for_slot(&self) -> bool {
        self.shared.lock().schedule.waits_for_slot()
    }

    /// How long it takes until work can start that waits for an instance to be started again after a fault: ask for the `next` then.
    #[must_use]
    pub fn wakes_in(&self) -> Option<Duration> {
        let wakes = self.shared.lock().schedule.wakes()?;
        Some(wakes.saturating_duration_since(Instant::now()))
    }

    /// Takes work back. What had not started settles at once, and so does a load, whatever it is doing; a running call is
    /// interrupted and settles when its thread comes back, within a millisecond or two.
    #[must_use]
    pub fn cancel(&self, ticket: u64) -> Option<Settled> {
        self.end(ticket, ErrorCode::Cancelled, "The call was cancelled before it started.")
    }

    /// Tells that the caller's own time for this work is over. A running call has its deadline already.
    #[must_use]
    pub fn expire(&self, ticket: u64) -> Option<Settled> {
        self.end(ticket, ErrorCode::Timeout, "The call ran out of time before it started.")
    }

    fn end(&self, ticket: Ticket, code: ErrorCode, message: &str) -> Option<Settled> {
        let mut guard = self.shared.lock();
        let state = &mut *guard;
        if let Some(settled) = take_back(state, ticket, code, message) {
            return Some(settled);
        }
        let running = state.running.get_mut(&ticket)?;
        if code == ErrorCode::Cancelled {
            running.interrupt.cancel();
        }
        // Compiling cannot be interrupted: nobody should wait for it.
        let name = running.name.clone().filter(|_| !running.abandoned)?;
        running.abandoned = true;
        running.interrupt.cancel();
        let error = match code {
            ErrorCode::Timeout => ExtensionError::new(code, "The load ran out of time."),
            _ => ExtensionError::new(code, "The load was cancelled."),
        }
        .of(&name);
        let reloads = state.extensions.contains_key(&running.extension);
        let outcome = if reloads { Outcome::Reloaded(Err(error)) } else { Outcome::Loaded(Err(error)) };
        Some(Settled { ticket, outcome, log: Vec::new() })
    }

    /// Unloads an extension: it takes no more calls, finishes those it has, and goes. With `cancel` they are cancelled instead. An
    /// extension that is not there is unloaded already. Answers what settled by this.
    #[must_use]
    pub fn unload(&self, id: ExtensionId, cancel: bool) -> Vec<Settled> {
        let mut state = self.shared.lock();
        let Some(extension) = state.extensions.get_mut(&id.0) else { return Vec::new() };
        extension.retired = true;
        let settled = if cancel { cancel_all(&mut state, id.0) } else { Vec::new() };
        let done = state.remove_if_done(id.0);
        drop(state);
        drop(done);
        settled
    }

    /// Closes the host: nothing new is taken. Loads are cancelled; calls finish, or with `cancel` are cancelled too. Answers what
    /// settled by this.
    #[must_use]
    pub fn close(&self, cancel: bool) -> Vec<Settled> {
        let mut state = self.shared.lock();
        state.closed = true;
        let loads: Vec<Ticket> = (state.waiting.iter().filter(|(_, work)| work.loads()).map(|(ticket, _)| *ticket))
            .chain(state.running.iter().filter(|(_, running)| running.name.is_some()).map(|(ticket, _)| *ticket))
            .collect();
        let ids: Vec<u64> = state.extensions.keys().copied().collect();
        drop(state);
        let mut settled: Vec<Settled> = loads.into_iter().filter_map(|ticket| self.cancel(ticket)).collect();
        for id in ids {
            settled.extend(self.unload(ExtensionId(id), cancel));
        }
        settled
    }

    /// Cancels everything and waits until no guest runs, at most for `patience`. For the end of a process or an environment.
    pub fn stop(&self, patience: Duration) {
        drop(self.close(true));
        let until = Instant::now() + patience;
        let mut state = self.shared.lock();
        while state.running.values().any(|running| !running.abandoned) && Instant::now() < until {
            let pause = until.saturating_duration_since(Instant::now());
            state = self.shared.returned.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What an extension said it can do, without asking it again.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub fn capabilities(&self, id: ExtensionId) -> Result<Arc<Vec<Capability>>> {
        Ok(Arc::clone(&self.shared.lock().extension(id)?.capabilities))
    }

    /// The file that an extension's module came from; none where it came as bytes.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Closed`.
    pub fn source_path(&self, id: ExtensionId) -> Result<Option<PathBuf>> {
        Ok(self.shared.lock().extension(id)?.source.path.clone())
    }

    /// What an extension did so far.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub fn stats(&self, id: ExtensionId) -> Result<Stats> {
        let state = self.shared.lock();
        Ok(state.extension(id)?.stats(state.schedule.load(id.0)))
    }

    /// The figures of all loaded extensions, in the text format that Prometheus reads.
    #[must_use]
    pub fn metrics(&self) -> String {
        let state = self.shared.lock();
        let extensions = state.extensions.iter().filter(|(_, extension)| !extension.retired);
        let snapshots: Vec<Snapshot> = extensions
            .map(|(id, extension)| Snapshot {
                id: ExtensionId(*id),
                name: extension.blueprint.name.clone(),
                load: state.schedule.load(*id),
                figures: extension.figures.clone(),
            })
            .collect();
        let loads = state.loads.clone();
        // Calls need not wait for the text.
        drop(state);
        metrics::text(&snapshots, &loads)
    }

    /// Every loaded extension, in the order in which they were loaded.
    #[must_use]
    pub fn list(&self) -> Vec<Listing> {
        let state = self.shared.lock();
        state
            .extensions
            .iter()
            .filter(|(_, extension)| !extension.retired)
            .map(|(id, extension)| Listing {
                id: ExtensionId(*id),
                name: extension.blueprint.name.clone(),
                capabilities: Arc::clone(&extension.capabilities),
                stats: extension.stats(state.schedule.load(*id)),
            })
            .collect()
    }
}
