//! One sandbox of an extension: an engine, a memory, and a guest that has been initialized or has to be.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use extism::{CompiledPlugin, Plugin};
use serde_json::value::RawValue;

use crate::capability::{self, Capability};
use crate::config::Permissions;
use crate::deadline::Interrupt;
use crate::dialect::Dialect;
use crate::engine::{Unmade, compile, engine_refused, instantiate, is_out_of_fuel};
use crate::error::{ErrorCode, ExtensionError, Result};
use crate::guest::{Guest, RowEnd};
use crate::health::HEALTH_CHECK;
use crate::imported::Imported;
use crate::layout::Layout;
use crate::log::{LogLevel, LogRecord};
use crate::mep::{self, Advertised, Session};
use crate::module::Module;
use crate::offers::Offered;
use crate::outcome::{Facts, not_started, out_of_fuel, outcome};
use crate::restart::Recovery;
use crate::row::Row;
use crate::text::shorten;

/// An instance of an extension that keeps no state gets a new sandbox after a call with more input and output than this: Extism's memory
/// never shrinks, and would be cleared at each following call.
const RECYCLED_ABOVE: usize = 16 * 1024 * 1024;

/// Everything that the instances of one extension have in common.
pub(crate) struct Blueprint {
    pub name: String,
    pub module: Module,
    pub permissions: Permissions,
    /// What the configuration asks for.
    pub wanted_dialect: Option<Dialect>,
    /// What that comes to with this module: one of those that a module can show.
    pub dialect: Dialect,
    pub config: Option<Box<RawValue>>,
    /// The same by name, as kits read it.
    pub extism_config: Arc<BTreeMap<String, String>>,
    pub log_level: Option<LogLevel>,
    /// Its calls run on any of several instances, so none can rely on what an earlier one left behind.
    pub keeps_no_state: bool,
    /// The functions of the host's that its module calls.
    pub imported: Arc<Imported>,
    /// What it was offered.
    pub offered: Arc<Offered>,
    pub recovery: Recovery,
    /// Granted directories: the real path as the engine writes it, and what the guest calls it.
    pub directories: Vec<(String, PathBuf)>,
}

impl Blueprint {
    /// Makes sure that the module exports a method of this name.
    pub fn find(&self, method: &str) -> Result<()> {
        let prepared = &self.module.prepared;
        if prepared.methods.contains(method) {
            return Ok(());
        }
        let message = match prepared.others.get(method) {
            Some(signature) => {
                format!(
                    "The extension exports `{}` as {signature}: a method takes no params and returns nothing or one i32.",
                    shorten(method, 80)
                )
            }
            None => {
                let names: Vec<String> = prepared.methods.iter().take(20).map(|name| shorten(name, 80)).collect();
                format!("The extension has no method `{}`. It has: {}.", shorten(method, 80), names.join(", "))
            }
        };
        Err(ExtensionError::new(ErrorCode::MethodNotFound, message).of(&self.name).in_method(method))
    }
}

/// One sandbox. Each has an engine of its own: the engine's only way to interrupt a call interrupts every call on it.
pub(crate) struct Instance {
    blueprint: Arc<Blueprint>,
    guest: Arc<Guest>,
    engine: Option<CompiledPlugin>,
    /// Present while its state can be trusted. Boxed, because its store and the functions in it point back to it.
    plugin: Option<Box<Plugin>>,
    /// Its start-up code has run, and what its dialect starts with.
    started: bool,
    /// With a guest that keeps one.
    session: Option<Session>,
    /// How often its state was lost since somebody asked.
    faults: u64,
    fuel: Option<u64>,
    peak_memory: Option<u64>,
    last: Last,
}

/// How far the last call got.
#[derive(Clone, Copy, Default)]
struct Last {
    entered: bool,
    returned: bool,
}

impl Instance {
    pub fn new(blueprint: Arc<Blueprint>) -> Self {
        let (config, imported) = (Arc::clone(&blueprint.extism_config), Arc::clone(&blueprint.imported));
        let guest = Guest::new(blueprint.log_level, config, imported);
        Self {
            blueprint,
            guest,
            engine: None,
            plugin: None,
            started: false,
            session: None,
            faults: 0,
            fuel: None,
            peak_memory: None,
            last: Last::default(),
        }
    }

    /// What it has in common with its extension's other instances.
    pub fn blueprint(&self) -> Arc<Blueprint> {
        Arc::clone(&self.blueprint)
    }

    /// Whether its next call starts it anew.
    const fn is_down(&self) -> bool {
        !self.started
    }

    /// How often its state was lost since somebody took note.
    pub const fn faults(&self) -> u64 {
        self.faults
    }

    /// Whether an error cost it its state since it had so many faults, or kept it from being started anew. A caller who takes a call back
    /// costs it too, but that is none of the extension's doing.
    pub fn has_fallen(&self, faults_before: u64, error: &ExtensionError) -> bool {
        match error.code() {
            ErrorCode::Cancelled => false,
            ErrorCode::InitializationFailed | ErrorCode::InvalidSource => self.is_down(),
            _ => self.faults > faults_before,
        }
    }

    /// How often its state was lost since the last time.
    pub const fn take_faults(&mut self) -> u64 {
        std::mem::replace(&mut self.faults, 0)
    }

    /// The fuel of the last call, where it is counted.
    pub const fn fuel(&self) -> Option<u64> {
        self.fuel
    }

    /// The most memory that there was when the guest came back from a call, in bytes.
    pub const fn peak_memory(&self) -> Option<u64> {
        self.peak_memory
    }

    /// What the guest logged since the last time.
    pub fn take_log(&self) -> Vec<LogRecord> {
        self.guest.take_log()
    }

    /// Runs a method, starting the guest first where it has not been, or has to be again.
    pub fn call(&mut self, method: &str, input: &[u8], interrupt: &Arc<Interrupt>) -> Result<Vec<u8>> {
        match self.call_in_row(method, input, interrupt, None)? {
            Some(answer) => Ok(answer),
            None => unreachable!("a call without a row ends here"),
        }
    }

    /// Runs a method, and those calls of it that follow in the `row`. Answers what came of the last one, or nothing where the row knows.
    pub fn call_in_row(
        &mut self,
        method: &str,
        input: &[u8],
        interrupt: &Arc<Interrupt>,
        row: Option<Arc<dyn Row>>,
    ) -> Result<Option<Vec<u8>>> {
        let blueprint = Arc::clone(&self.blueprint);
        if blueprint.dialect != Dialect::Mep {
            blueprint.find(method)?;
        }
        self.start(interrupt)?;
        match &blueprint.module.prepared.program {
            // A program runs once: the next call gets a new one.
            Some(program) if method == "_start" => {
                let result = self.run(program, input, interrupt);
                self.plugin = None;
                self.started = false;
                result.map(Some)
            }
            _ => {
                // What fuel there is, is each call's own.
                let row = row.filter(|_| blueprint.permissions.max_fuel.is_none());
                let mut result = self.call_in_dialect(method, input, interrupt, row);
                let end = self.guest.end_row();
                // An earlier call left Extism's memory in disorder: the guest was not reached, and may as well be anew.
                if result.as_ref().is_err_and(|error| error.code() == ErrorCode::Trap) && !self.last.entered {
                    // Of the call that was to run: the first of the row may have settled, and nobody keeps its deadline any more.
                    let (input, interrupt) = match &end {
                        RowEnd::Later(input, interrupt) => (input.as_slice(), interrupt),
                        RowEnd::First => (input, interrupt),
                        // All of them have their answers.
                        RowEnd::Over => return Ok(None),
                    };
                    self.start(interrupt)?;
                    result = self.call_in_dialect(method, input, interrupt, None);
                }
                let carried = input.len() + result.as_ref().map_or(0, |answer| answer.as_ref().map_or(0, Vec::len));
                if self.blueprint.keeps_no_state && carried > RECYCLED_ABOVE {
                    self.plugin = None;
                    self.started = false;
                }
                result
            }
        }
    }

    /// One call, as its dialect has it, and those that follow in the row.
    fn call_in_dialect(
        &mut self,
        method: &str,
        input: &[u8],
        interrupt: &Arc<Interrupt>,
        row: Option<Arc<dyn Row>>,
    ) -> Result<Option<Vec<u8>>> {
        // What goes through a session is written anew for each call.
        let Some(session) = &mut self.session else { return self.run_row(method, input, interrupt, row) };
        let request = session.call(method, input)?;
        let result = self.run(mep::HANDLE, &request.text, interrupt).and_then(|answer| request.read(answer));
        if result.as_ref().is_err_and(mep::has_lost_session) {
            self.lose();
        }
        result.map(Some)
    }

    /// Asks the guest how it is, where it has an answer to that. Otherwise it is well if it starts, or has started.
    pub fn check(&mut self, interrupt: &Arc<Interrupt>) -> Result<Vec<u8>> {
        let blueprint = Arc::clone(&self.blueprint);
        self.start(interrupt)?;
        if blueprint.dialect == Dialect::Mep {
            match self.call(mep::PING, b"", interrupt) {
                // One from before there were sessions need not know it either: that it says so is a sign of life.
                Err(error) if error.code() == ErrorCode::MethodNotFound => {}
                result => drop(result?),
            }
        } else if blueprint.module.prepared.methods.contains(HEALTH_CHECK) {
            return self.call(HEALTH_CHECK, b"", interrupt);
        }
        Ok(br#"{"status":"healthy"}"#.to_vec())
    }

    /// Starts the guest: its own start-up code, then what its dialect starts with.
    pub fn start(&mut self, interrupt: &Arc<Interrupt>) -> Result<()> {
        if self.started {
            return Ok(());
        }
        self.build(interrupt)?;
        self.session = None;
        let blueprint = Arc::clone(&self.blueprint);
        let started = match &blueprint.module.prepared.start {
            Some(start) => self
                .run_to_the_end(start, b"", interrupt)
                .map(drop)
                .map_err(|error| start_up_failed(error, "start-up code")),
            None => Ok(()),
        }
        .and_then(|()| match blueprint.dialect {
            Dialect::Morphir => self.initialize(interrupt),
            Dialect::Mep | Dialect::MepEarly => self.open_session(interrupt),
            Dialect::Raw => Ok(()),
        });
        self.started = started.is_ok() && self.plugin.is_some();
        if started.is_err() {
            self.plugin = None;
        }
        started
    }

    /// After a panic nothing in here can be trusted, not even to be dropped: it is left behind.
    pub fn abandon(&mut self) {
        std::mem::forget((self.plugin.take(), self.engine.take()));
        self.guest.end_row();
        self.started = false;
        self.faults += 1;
    }

    fn initialize(&mut self, interrupt: &Arc<Interrupt>) -> Result<()> {
        let blueprint = Arc::clone(&self.blueprint);
        let config = blueprint.config.as_ref().map_or("{}", |config| config.get());
        self.call_of_protocol("initialize", config.as_bytes(), interrupt)
            .and_then(|answer| capability::check_ready(&answer))
            .map_err(|error| start_up_failed(error, "`initialize`").in_method("initialize"))
    }

    fn open_session(&mut self, interrupt: &Arc<Interrupt>) -> Result<()> {
        let mut session = Session::default();
        let opened = session.opening().and_then(|request| {
            let answer = self.call_of_protocol(mep::HANDLE, &request.text, interrupt)?;
            session.open(request.read(answer))
        });
        let early = opened
            .map_err(|error| start_up_failed(error, &format!("`{}`", mep::INITIALIZE)).in_method(mep::INITIALIZE))?;
        if early {
            self.call_of_protocol(mep::INFO, b"", interrupt)
                .and_then(|info| session.open_early(&info))
                .map_err(|error| start_up_failed(error, &format!("`{}`", mep::INFO)).in_method(mep::INFO))?;
        }
        self.session = Some(session);
        Ok(())
    }

    /// What the guest said that it can do when its session was opened, where it keeps one.
    pub fn advertised(&self) -> Option<Arc<Advertised>> {
        self.session.as_ref().and_then(Session::advertised).cloned()
    }

    /// Asks the guest what it can do.
    pub fn capabilities(&mut self, interrupt: &Arc<Interrupt>) -> Result<Vec<Capability>> {
        if let Some(advertised) = self.advertised() {
            return Ok(advertised.capabilities());
        }
        if self.blueprint.dialect == Dialect::Raw {
            return Ok(Vec::new());
        }
        self.call_of_protocol("capabilities", b"", interrupt)
            .and_then(|answer| capability::read(&answer))
            .map_err(|error| start_up_failed(error, "`capabilities`").in_method("capabilities"))
    }

    fn call_of_protocol(&mut self, method: &str, input: &[u8], interrupt: &Arc<Interrupt>) -> Result<Vec<u8>> {
        if !self.blueprint.module.prepared.methods.contains(method) {
            return Err(ExtensionError::new(
                ErrorCode::InitializationFailed,
                format!(
                    "The module exports no function `{method}`, which Morphir's extensions of the dialect {:?} have. To load a \
                     plain Extism plug-in, set `dialect` to \"raw\".",
                    self.blueprint.dialect.as_str()
                ),
            ));
        }
        self.run_to_the_end(method, input, interrupt)
    }

    /// One call from which the guest has to come back: a program may end itself, an extension that starts may not.
    fn run_to_the_end(&mut self, export: &str, input: &[u8], interrupt: &Arc<Interrupt>) -> Result<Vec<u8>> {
        let answer = self.run(export, input, interrupt)?;
        if self.last.returned {
            Ok(answer)
        } else {
            Err(ExtensionError::new(ErrorCode::Trap, "The extension ended itself with exit code 0."))
        }
    }

    /// One call into the guest, and what came of it.
    fn run(&mut self, export: &str, input: &[u8], interrupt: &Arc<Interrupt>) -> Result<Vec<u8>> {
        match self.run_row(export, input, interrupt, None)? {
            Some(answer) => Ok(answer),
            None => unreachable!("a call without a row ends here"),
        }
    }

    /// One call into the guest and those that follow in the row, and what came of the last one; nothing where the row has heard already.
    fn run_row(
        &mut self,
        export: &str,
        input: &[u8],
        interrupt: &Arc<Interrupt>,
        row: Option<Arc<dyn Row>>,
    ) -> Result<Option<Vec<u8>>> {
        // Also when a late interrupt has cost the plug-in although the step before this one came to its end.
        if let Some(reason) = interrupt.reason() {
            return Err(not_started(reason, &self.blueprint.permissions));
        }
        let Some(plugin) = &mut self.plugin else {
            unreachable!("a guest runs only after it was built");
        };
        let method = self.blueprint.module.prepared.methods.get(export).map(String::as_str);
        self.guest.expect(method, interrupt, plugin.cancel_handle(), row);
        let max_output = usize::try_from(self.blueprint.permissions.max_output).unwrap_or(usize::MAX);
        let answer = plugin.call_get_error_code::<&[u8], &[u8]>(export, input).map(|output| {
            // Nothing vouches for the place of an output but the end of the prepared module's methods.
            let length = if self.guest.has_returned() { output.len().min(max_output) } else { 0 };
            output[..length].to_vec()
        });
        let last = self.guest.interrupt_of_row();
        let interrupt = last.as_ref().unwrap_or(interrupt);
        let interrupted = interrupt.disarm();
        self.fuel = plugin.fuel_consumed();
        if answer.is_ok() && self.guest.row_is_over() {
            self.guest.account();
            self.last = Last { entered: true, returned: true };
            return Ok(None);
        }
        let out_of_fuel = answer.as_ref().is_err_and(|(error, _)| is_out_of_fuel(error));
        // Did the interrupt end the call, or did the call end by itself just then? In the second case the engine's timer may
        // still be about to act on it, and would hit whatever runs next on this engine.
        let late = interrupted && !answer.as_ref().is_err_and(|(error, _)| error.root_cause().to_string() == "timeout");
        let account = self.guest.account();
        self.peak_memory = self.peak_memory.max(account.memory);
        let outcome = outcome(Facts {
            answer,
            account,
            reason: interrupt.reason(),
            out_of_fuel,
            granted: &self.blueprint.permissions,
        });
        self.last = Last { entered: outcome.entered, returned: outcome.returned };
        if outcome.fault || late {
            self.lose();
        }
        if late {
            self.engine = None;
        }
        outcome.result.map(Some)
    }

    /// The guest's state cannot be trusted any more.
    fn lose(&mut self) {
        self.plugin = None;
        self.started = false;
        self.faults += 1;
    }

    /// Makes the sandbox, if there is none. No code of the guest runs.
    pub fn build(&mut self, interrupt: &Arc<Interrupt>) -> Result<()> {
        if self.plugin.is_some() {
            return Ok(());
        }
        if let Some(reason) = interrupt.reason() {
            return Err(not_started(reason, &self.blueprint.permissions));
        }
        let mut layout = Layout::current();
        loop {
            let engine = match self.engine.take() {
                Some(engine) => engine,
                None => compile(&self.blueprint, &self.guest, layout)?,
            };
            let error = match instantiate(&self.blueprint, &self.guest, &engine) {
                Ok(plugin) => {
                    self.plugin = Some(plugin);
                    self.engine = Some(engine);
                    return Ok(());
                }
                Err(error) => error,
            };
            layout = match error {
                Unmade::OutOfFuel => return Err(out_of_fuel(&self.blueprint.permissions)),
                // The module's own doing, for example data outside its memory.
                Unmade::Refused(error) if error.is::<wasmtime::Trap>() => return Err(engine_refused(&error)),
                // Out of addresses, most likely.
                Unmade::Refused(error) => layout.give_up().ok_or_else(|| engine_refused(&error))?,
            };
        }
    }
}

/// Extism's own configuration, which PDKs read as text: each entry of `config` by its name.
pub(crate) fn extism_config(config: Option<&RawValue>) -> BTreeMap<String, String> {
    let entries: BTreeMap<String, Box<RawValue>> =
        config.and_then(|config| serde_json::from_str(config.get()).ok()).unwrap_or_default();
    entries
        .into_iter()
        .map(|(name, value)| {
            let text = serde_json::from_str::<String>(value.get()).unwrap_or_else(|_| value.get().into());
            (name, text)
        })
        .collect()
}

/// Limits keep their own code whatever the guest was doing; everything else that goes wrong at the start is one thing.
fn start_up_failed(error: ExtensionError, what: &str) -> ExtensionError {
    match error.code() {
        ErrorCode::Timeout
        | ErrorCode::Cancelled
        | ErrorCode::MemoryLimit
        | ErrorCode::FuelExhausted
        | ErrorCode::InitializationFailed => error,
        _ => {
            let rpc = error.rpc().cloned();
            let message = format!("The extension's {what} failed: {error}");
            let failed = ExtensionError::new(ErrorCode::InitializationFailed, message).caused_by(error);
            match rpc {
                Some(rpc) => failed.with_rpc(rpc),
                None => failed,
            }
        }
    }
}
