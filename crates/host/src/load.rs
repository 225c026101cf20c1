//! Loads and reloads: from a configuration to instances that have started.

use std::sync::Arc;
use std::time::Instant;

use crate::capability::Capability;
use crate::config::{ExtensionConfig, Source};
use crate::deadline::{Interrupt, Reason, Watch};
use crate::dialect::Dialect;
use crate::directories;
use crate::error::{ErrorCode, ExtensionError, Result};
use crate::extension::{ExtensionId, Successor};
use crate::imported::Imported;
use crate::instance::{Blueprint, Instance, extism_config};
use crate::job::caught;
use crate::log::LogRecord;
use crate::mep::Advertised;
use crate::module::Module;
use crate::offers::Offered;
use crate::prepare::Caps;
use crate::restart::Recovery;
use crate::schedule::{Ticket, Turn};
use crate::settled::{Outcome, Settled};
use crate::state::{Shared, State};

/// What a load made.
pub(crate) struct Loaded {
    pub blueprint: Arc<Blueprint>,
    pub instances: Vec<Instance>,
    pub capabilities: Arc<Vec<Capability>>,
    pub advertised: Option<Arc<Advertised>>,
    /// Where its module came from, without the module's bytes.
    pub source: Source,
    pub max_queue: Option<u32>,
}

impl Loaded {
    /// The most memory that one of its instances had so far, in bytes.
    pub fn peak_memory(&self) -> Option<u64> {
        self.instances.iter().filter_map(Instance::peak_memory).max()
    }
}

/// Loads an extension.
pub(crate) fn run_load(
    shared: &Shared,
    turn: Turn,
    config: ExtensionConfig,
    interrupt: &Arc<Interrupt>,
) -> Option<Settled> {
    let mut log = Vec::new();
    let name = config.name.clone();
    let since = Instant::now();
    let offered = Arc::new(Offered::new(config.functions.clone(), &shared.offers));
    let result =
        caught(|| load(shared, config, offered, interrupt, &mut log)).flatten().map_err(|error| error.of(&name));
    let mut state = shared.lock();
    state.schedule.finish(turn.lane, turn.instance, &shared.slots);
    let abandoned = end_load(&mut state, turn.ticket, since, &result);
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

/// Counts a load that ended. Answers whether nobody waits for it any more.
fn end_load(state: &mut State, ticket: Ticket, since: Instant, result: &Result<Loaded>) -> bool {
    let abandoned = state.running.remove(&ticket).is_none_or(|running| running.abandoned);
    let code = if abandoned { Some(ErrorCode::Cancelled) } else { result.as_ref().err().map(ExtensionError::code) };
    state.loads.count(since.elapsed(), code);
    abandoned
}

/// Loads an extension anew beside itself, and puts it in its own place once it has succeeded. No call of it runs meanwhile.
pub(crate) fn run_reload(
    shared: &Shared,
    turn: Turn,
    name: &str,
    successor: Successor,
    mut instances: usize,
    interrupt: &Arc<Interrupt>,
) -> Option<Settled> {
    let mut log = Vec::new();
    let since = Instant::now();
    let result = caught(|| match successor {
        Successor::Source(config, offered) => load(shared, *config, offered, interrupt, &mut log),
        Successor::Module { blueprint, source, instances } => {
            let first = Instance::new(Arc::clone(&blueprint));
            start_all(first, instances, interrupt, &mut log).map(|Started { instances, capabilities, advertised }| {
                Loaded { blueprint, instances, capabilities, advertised, source, max_queue: None }
            })
        }
    })
    .flatten()
    .map_err(|error| error.of(name));
    let mut state = shared.lock();
    let abandoned = end_load(&mut state, turn.ticket, since, &result);
    let (mut old, mut unwanted) = (None, None);
    let result = result.map(|loaded| {
        if abandoned {
            unwanted = Some(loaded);
        } else {
            instances = loaded.instances.len();
            old = state.replace(turn.lane, loaded);
            state.schedule.forget_rest(turn.lane);
        }
    });
    state.schedule.finish_alone(turn.lane, instances, &shared.slots);
    let gone = state.remove_if_done(turn.lane);
    drop(state);
    drop((old, unwanted, gone));
    shared.returned.notify_all();
    (!abandoned).then_some(Settled { ticket: turn.ticket, outcome: Outcome::Reloaded(result), log })
}

fn load(
    shared: &Shared,
    config: ExtensionConfig,
    offered: Arc<Offered>,
    interrupt: &Arc<Interrupt>,
    log: &mut Vec<LogRecord>,
) -> Result<Loaded> {
    let wanted_dialect = config.wanted_dialect();
    let ExtensionConfig { name, source, permissions, config, instances: wanted, max_queue, restart, .. } = config;
    let kept =
        Source { kind: source.kind.clone(), path: source.path.clone(), bytes: None, sha256: source.sha256.clone() };
    let caps = Caps { max_memory: permissions.max_memory, max_output: permissions.max_output };
    let directories = directories::find(&permissions)?;
    let extism_config = Arc::new(extism_config(config.as_deref()));
    let wasm = Module::read(source)?;
    let first = |cache| -> Result<Instance> {
        let module = Module::prepare(&wasm, caps, &|wanted| offered.has(wanted), cache)?;
        let imported = Imported::find(&name, &module.prepared.functions, &offered, &shared.offers, &permissions);
        let mut instance = Instance::new(Arc::new(Blueprint {
            name: name.clone(),
            wanted_dialect,
            dialect: wanted_dialect.unwrap_or_else(|| Dialect::of(&module.prepared)),
            module,
            imported: Arc::new(imported),
            offered: Arc::clone(&offered),
            permissions: permissions.clone(),
            config: config.clone(),
            extism_config: Arc::clone(&extism_config),
            log_level: shared.log_level,
            keeps_no_state: wanted > 1,
            recovery: Recovery::new(restart),
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
    let Started { instances, capabilities, advertised } = start_all(first, wanted as usize, interrupt, log)?;
    Ok(Loaded { blueprint, instances, capabilities, advertised, source: kept, max_queue })
}

/// The instances of an extension, and what it can do.
struct Started {
    instances: Vec<Instance>,
    capabilities: Arc<Vec<Capability>>,
    advertised: Option<Arc<Advertised>>,
}

/// Starts an instance and so many like it that there are as many as `wanted`, and asks the first for its capabilities.
fn start_all(first: Instance, wanted: usize, interrupt: &Arc<Interrupt>, log: &mut Vec<LogRecord>) -> Result<Started> {
    let blueprint = first.blueprint();
    let limit = blueprint.permissions.max_execution_time;
    let mut first = Some(first);
    let mut instances = Vec::new();
    let mut capabilities = Vec::new();
    for number in 0..wanted {
        let mut instance = first.take().unwrap_or_else(|| Instance::new(Arc::clone(&blueprint)));
        instance.build(interrupt)?;
        let watch = Watch::until(Instant::now() + limit, Reason::Deadline, interrupt);
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
    let advertised = instances.first().and_then(Instance::advertised);
    Ok(Started { instances, capabilities: Arc::new(capabilities), advertised })
}
