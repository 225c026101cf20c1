//! The native class under `ExtensionHost`: each method is one call of the core.

use std::cell::RefCell;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use morphir_extension_host::{
    Cache, Call, ExtensionConfig, ExtensionError, ExtensionId, Form, Functions, Host, HostOptions, HttpResponse,
    Intent, LogLevel, Offers, Settled, Slots, Source, Stats, Times, Workspace,
};
use napi::Env;
use napi::bindgen_prelude::{AsyncTask, Either, Either3, Error, Function, Result, Uint8Array};
use napi_derive::napi;

use crate::config_file::{NativeConfigFile, ReadConfig};
use crate::error::Failure;
use crate::function::{Exchange, JsFunction, JsNetwork, NativeFunction, NewsList, Now, Thrown, answering_here, bytes};
use crate::lifeline::Lifeline;
use crate::outbox::Outbox;
use crate::settled::SettledList;
use crate::stay::Handover;
use crate::task::Run;
use crate::threads::Threads;

/// How long the end of a process or an environment waits for guests to stop.
const PATIENCE: Duration = Duration::from_millis(250);

/// After how many answers of many calls JavaScript is given those that there are: it reads them while the next ones run.
const PORTION: usize = 128;

/// Text or bytes that a method is given.
type Input = Either<String, Uint8Array>;

/// How a native host is set up.
#[napi(object)]
pub struct NativeHostOptions {
    /// A directory for compiled modules, `false` for none, nothing for the user's own.
    pub cache_dir: Option<Either<String, bool>>,
    /// How many runs may go on at once; without it the process's hosts share one less than libuv's pool has threads.
    pub max_concurrent_calls: Option<u32>,
    /// The least level of what is logged; without it extensions are told not to log.
    pub log_level: Option<String>,
    /// Functions that every extension is offered.
    pub functions: Option<Vec<NativeFunction>>,
    /// What Morphir's extensions are told about the workspace.
    pub workspace: Option<NativeWorkspace>,
}

/// What Morphir's extensions are told about the workspace.
#[napi(object)]
pub struct NativeWorkspace {
    /// Its root.
    pub root: Option<String>,
    /// Where what is made goes.
    pub output_dir: Option<String>,
}

/// What an extension did so far.
#[napi(object)]
pub struct NativeStats {
    /// Which protocol it speaks.
    pub dialect: String,
    /// Calls that ended.
    pub calls: i64,
    /// Calls that ended in an error.
    pub errors: i64,
    /// The same by code.
    pub errors_by_code: std::collections::BTreeMap<String, i64>,
    /// Calls that were refused.
    pub refused: i64,
    /// Calls in line.
    pub waiting: u32,
    /// Instances at work.
    pub running: u32,
    /// All instances.
    pub instances: u32,
    /// One, and one more for each fault.
    pub generation: i64,
    /// The instructions of the last call, where they are counted.
    pub fuel: Option<i64>,
    /// How long calls waited, once there were some.
    pub queue_time: Option<NativeTimes>,
    /// How long calls ran.
    pub run_time: Option<NativeTimes>,
    /// The most memory that an instance had after a call, in bytes.
    pub peak_memory: Option<i64>,
    /// How long it has been loaded, in milliseconds.
    pub uptime: f64,
}

/// How long calls took, in milliseconds.
#[napi(object)]
pub struct NativeTimes {
    /// Half of them took no longer.
    pub p50: f64,
    /// Ninety-nine of a hundred took no longer.
    pub p99: f64,
    /// None took longer.
    pub max: f64,
}

impl From<Times> for NativeTimes {
    fn from(times: Times) -> Self {
        Self { p50: milliseconds(times.p50), p99: milliseconds(times.p99), max: milliseconds(times.max) }
    }
}

impl From<Stats> for NativeStats {
    fn from(stats: Stats) -> Self {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Self {
            dialect: stats.dialect.as_str().into(),
            calls: stats.calls.cast_signed(),
            errors: stats.errors.cast_signed(),
            errors_by_code: stats.errors_by_code.iter().map(|(code, n)| ((*code).into(), n.cast_signed())).collect(),
            refused: stats.refused.cast_signed(),
            waiting: count(stats.waiting),
            running: count(stats.running),
            instances: count(stats.instances),
            generation: stats.generation.cast_signed(),
            fuel: stats.fuel.map(u64::cast_signed),
            queue_time: stats.queue_time.map(Into::into),
            run_time: stats.run_time.map(Into::into),
            peak_memory: stats.peak_memory.map(u64::cast_signed),
            uptime: milliseconds(stats.uptime),
        }
    }
}

/// A loaded extension.
#[napi(object)]
pub struct NativeListing {
    /// Its id.
    pub id: i64,
    /// Its name.
    pub name: String,
    /// Its capabilities, as JSON.
    pub capabilities: String,
    /// What it did so far.
    pub stats: NativeStats,
}

/// The core's host.
#[napi]
pub struct NativeHost {
    host: Host,
    outbox: Arc<Outbox>,
    handover: Arc<Handover>,
    lifeline: Arc<Lifeline>,
    exchange: Arc<Exchange>,
    /// Borrowed for no longer than a method runs: a function that is called during `callSync` may close its own host.
    threads: RefCell<Option<Threads>>,
}

#[napi]
impl NativeHost {
    /// Sets a host up. Throws an error with a code where the cache directory cannot be used.
    #[napi(constructor, catch_unwind)]
    pub fn new(options: NativeHostOptions) -> Result<Self, String> {
        let thrown = |error: ExtensionError| Error::new(error.code().as_str().into(), error.message().to_owned());
        let cache = match options.cache_dir {
            None | Some(Either::B(true)) => Cache::of_user(),
            Some(Either::B(false)) => None,
            Some(Either::A(dir)) => Some(Cache::open(dir).map_err(thrown)?),
        };
        let slots = match options.max_concurrent_calls {
            Some(limit) => Arc::new(Slots::new(limit as usize)),
            None => Arc::clone(slots_of_process()),
        };
        let log_level = options.log_level.as_deref().and_then(LogLevel::from_name);
        let exchange = Arc::default();
        let workspace = options.workspace.map_or_else(Workspace::default, |given| Workspace {
            root: given.root.map(Into::into),
            output_dir: given.output_dir.map(Into::into),
        });
        let offers = Offers {
            functions: functions(&exchange, options.functions).map_err(thrown)?,
            network: Some(Arc::new(JsNetwork(Arc::clone(&exchange)))),
            workspace,
        };
        let host = Host::offering(HostOptions { cache, slots, log_level }, offers);
        let (outbox, handover, lifeline) = (Arc::default(), Arc::default(), Arc::default());
        Ok(Self { host, outbox, handover, lifeline, exchange, threads: RefCell::default() })
    }

    /// Has `ring` called when there is something that functions are asked.
    #[napi(catch_unwind, ts_args_type = "ring: () => void")]
    pub fn start_functions(&self, env: Env, ring: Function<'_, (), ()>) -> Result<()> {
        self.exchange.open(&env, ring)
    }

    /// Takes what functions are asked.
    #[napi(catch_unwind, ts_return_type = "Array<unknown>")]
    pub fn take_asked(&self) -> NewsList {
        NewsList(self.exchange.take())
    }

    /// Answers what a function was asked.
    #[napi(catch_unwind)]
    pub fn answer(&self, number: i64, value: Option<Input>) {
        self.exchange.answer(number.cast_unsigned(), Ok(value.map(bytes)));
    }

    /// Tells that a function failed; `thrown` finds what it threw.
    #[napi(catch_unwind)]
    pub fn fail(&self, number: i64, message: String, thrown: Option<u32>) {
        self.exchange.answer(number.cast_unsigned(), Err(Thrown::new(message, thrown)));
    }

    /// Answers a request over the network.
    #[napi(catch_unwind)]
    pub fn respond(&self, number: i64, status: u32, headers: String, body: Uint8Array) {
        let status = u16::try_from(status).unwrap_or_default();
        self.exchange.respond(number.cast_unsigned(), HttpResponse { status, headers, body: body.to_vec() });
    }

    /// Puts a load in line; answers its ticket. `bytes` are the source's, where it has no path.
    #[napi(catch_unwind)]
    pub fn load(
        &self,
        config: String,
        bytes: Option<Uint8Array>,
        functions: Option<Vec<NativeFunction>>,
    ) -> Either<i64, Failure> {
        let loaded = ExtensionConfig::from_json(&config).and_then(|mut config| {
            config.source.bytes = bytes.map(|bytes| bytes.to_vec());
            config.functions = self::functions(&self.exchange, functions).map_err(|error| error.of(&config.name))?;
            self.host.load(config)
        });
        ticket(loaded)
    }

    /// Reads a configuration file, on libuv's pool.
    #[napi(catch_unwind, ts_return_type = "Promise<NativeConfigFile | Failure>")]
    pub fn read_config(&self, path: String) -> AsyncTask<ReadConfig> {
        AsyncTask::new(ReadConfig { host: self.host.clone(), path })
    }

    /// Puts the load of an extension in line that a configuration file lists, and that is to be loaded; answers its ticket.
    #[napi(catch_unwind)]
    pub fn load_listed(&self, file: &NativeConfigFile, index: u32) -> Result<Either<i64, Failure>> {
        match file.file.extensions.get(index as usize).map(|listed| &listed.intent) {
            Some(Intent::Load(config)) => Ok(ticket(self.host.load(config.as_ref().clone()))),
            _ => Err(Error::from_reason("The configuration file lists no such extension to load.")),
        }
    }

    /// Puts a call in line; answers its ticket.
    #[napi(catch_unwind)]
    pub fn submit(
        &self,
        extension: i64,
        method: String,
        input: Input,
        raw: bool,
        timeout: Option<f64>,
    ) -> Either<i64, Failure> {
        let inputs = vec![bytes(input)];
        let form = if raw { Form::Bytes } else { Form::Text };
        let extension = extension_id(extension);
        ticket(self.host.submit(Call { extension, method, inputs, form, timeout: duration(timeout) }))
    }

    /// Puts lists of calls of one method in line, all or none; answers a ticket for each list.
    #[napi(catch_unwind)]
    pub fn submit_parts(
        &self,
        extension: i64,
        method: String,
        parts: Vec<Vec<String>>,
        timeout: Option<f64>,
    ) -> Either<Vec<i64>, Failure> {
        let (extension, timeout) = (extension_id(extension), duration(timeout));
        let calls = parts.into_iter().map(|inputs| {
            let inputs = inputs.into_iter().map(String::into_bytes).collect();
            Call { extension, method: method.clone(), inputs, form: Form::Text, timeout }
        });
        match self.host.submit_parts(calls.collect(), Some(PORTION)) {
            Ok(tickets) => Either::A(tickets.into_iter().map(u64::cast_signed).collect()),
            Err(error) => Either::B(error.into()),
        }
    }

    /// Puts the question in line how an extension is; answers its ticket.
    #[napi(catch_unwind)]
    pub fn check(&self, extension: i64, timeout: Option<f64>) -> Either<i64, Failure> {
        ticket(self.host.check(extension_id(extension), duration(timeout)))
    }

    /// Puts a reload in line; answers its ticket. `bytes` are the new source's, where it has no path.
    #[napi(catch_unwind)]
    pub fn reload(&self, extension: i64, source: Option<String>, bytes: Option<Uint8Array>) -> Either<i64, Failure> {
        let source = source.map(|source| Source::from_json(&source)).transpose();
        ticket(source.and_then(|mut source| {
            if let (Some(source), Some(bytes)) = (&mut source, bytes) {
                source.bytes = Some(bytes.to_vec());
            }
            self.host.reload(extension_id(extension), source)
        }))
    }

    /// Runs a call on this thread; answers what came of it, as the list of settled work that a task answers. `now` answers what
    /// functions are asked meanwhile.
    #[napi(
        catch_unwind,
        ts_args_type = "extension: number, method: string, input: string | Uint8Array, timeout?: number | undefined | null, now?: (asked: unknown) => NativeAnswer",
        ts_return_type = "Array<unknown> | Failure"
    )]
    pub fn call_now(
        &self,
        env: Env,
        extension: i64,
        method: String,
        input: Input,
        timeout: Option<f64>,
        now: Option<Now<'_>>,
    ) -> Result<Either<SettledList, Failure>> {
        let inputs = vec![bytes(input)];
        let extension = extension_id(extension);
        let call = Call { extension, method, inputs, form: Form::Text, timeout: duration(timeout) };
        Ok(match answering_here(env, now, || self.host.call_now(call))? {
            Ok(settled) => Either::A(SettledList(vec![settled])),
            Err(error) => Either::B(error.into()),
        })
    }

    /// Has `ring` called when something settled on another thread and can be taken, and now and then while something runs.
    #[napi(catch_unwind, ts_args_type = "ring: () => void")]
    pub fn ring_by(&self, ring: Function<'_, (), ()>) -> Result<()> {
        self.lifeline.tie(&self.host, &ring)?;
        self.outbox.ring_by(ring)
    }

    /// Takes what settled on other threads and has not been taken.
    #[napi(catch_unwind, ts_return_type = "Array<unknown>")]
    pub fn take_settled(&self) -> SettledList {
        SettledList(self.outbox.take())
    }

    /// Starts threads of this host's own; `wake` takes the place of `start_next`.
    #[napi(catch_unwind, ts_args_type = "count: number")]
    pub fn start_threads(&self, env: Env, count: u32) -> Result<()> {
        self.threads.replace(Some(Threads::start(&env, &self.host, &self.outbox, count)?));
        Ok(())
    }

    /// Tells this host's own threads that there may be work.
    #[napi(catch_unwind)]
    pub fn wake(&self) {
        if let Some(threads) = &*self.threads.borrow() {
            threads.wake();
        }
    }

    /// Ends this host's own threads, once nothing runs on them.
    #[napi(catch_unwind)]
    pub fn end_threads(&self, env: Env) -> Result<()> {
        self.threads.take().map_or(Ok(()), |threads| threads.end(&env))
    }

    /// Starts the next work that may start now: as a task on libuv's pool, or, and then it answers `true`, on a thread of the pool
    /// that has just done some. Where none may start it answers `false` if some could with a slot that another host of the process
    /// gave up, and a number if some waits for an instance to be started again: in so many milliseconds.
    #[napi(catch_unwind, ts_return_type = "Promise<Array<unknown>> | boolean | number | null")]
    pub fn start_next(&self) -> Option<Either3<AsyncTask<Run>, bool, f64>> {
        self.handover.lend();
        let Some(job) = self.host.next() else {
            let waits = self.host.waits_for_slot().then_some(Either3::B(false));
            return waits.or_else(|| self.host.wakes_in().map(milliseconds).map(Either3::C));
        };
        let Some(job) = self.handover.give(job) else { return Some(Either3::B(true)) };
        Some(Either3::A(AsyncTask::new(Run {
            job: Some(job),
            host: self.host.clone(),
            outbox: Arc::clone(&self.outbox),
            handover: Arc::clone(&self.handover),
            lifeline: Arc::clone(&self.lifeline),
        })))
    }

    /// Takes work back; answers what settled by this.
    #[napi(catch_unwind, ts_return_type = "Array<unknown>")]
    pub fn cancel(&self, ticket: i64) -> SettledList {
        self.with_earlier(self.host.cancel(ticket.cast_unsigned()))
    }

    /// Tells that the caller's time for this work is over; answers what settled by this.
    #[napi(catch_unwind, ts_return_type = "Array<unknown>")]
    pub fn expire(&self, ticket: i64) -> SettledList {
        self.with_earlier(self.host.expire(ticket.cast_unsigned()))
    }

    /// Unloads an extension; answers what settled by this.
    #[napi(catch_unwind, ts_return_type = "Array<unknown>")]
    pub fn unload(&self, extension: i64, cancel: bool) -> SettledList {
        self.with_earlier(self.host.unload(extension_id(extension), cancel))
    }

    /// Closes the host; answers what settled by this.
    #[napi(catch_unwind, ts_return_type = "Array<unknown>")]
    pub fn close(&self, cancel: bool) -> SettledList {
        self.with_earlier(self.host.close(cancel))
    }

    /// Cancels everything and waits until no guest runs, for the end of the process.
    #[napi(catch_unwind)]
    pub fn stop(&self) {
        self.host.stop(PATIENCE);
    }

    /// An extension's capabilities, as JSON.
    #[napi(catch_unwind)]
    pub fn capabilities(&self, extension: i64) -> Either<String, Failure> {
        match self.host.capabilities(extension_id(extension)) {
            Ok(capabilities) => Either::A(morphir_extension_host::to_json(&capabilities)),
            Err(error) => Either::B(error.into()),
        }
    }

    /// The file that an extension's module came from; null where it came as bytes.
    #[napi(catch_unwind)]
    pub fn source_path(&self, extension: i64) -> Either<Option<String>, Failure> {
        match self.host.source_path(extension_id(extension)) {
            Ok(path) => Either::A(path.map(|path| path.to_string_lossy().into_owned())),
            Err(error) => Either::B(error.into()),
        }
    }

    /// What an extension did so far.
    #[napi(catch_unwind)]
    pub fn stats(&self, extension: i64) -> Either<NativeStats, Failure> {
        match self.host.stats(extension_id(extension)) {
            Ok(stats) => Either::A(stats.into()),
            Err(error) => Either::B(error.into()),
        }
    }

    /// The figures of all loaded extensions, as Prometheus reads them.
    #[napi(catch_unwind)]
    pub fn metrics(&self) -> String {
        self.host.metrics()
    }

    /// Every loaded extension.
    #[napi(catch_unwind)]
    pub fn list(&self) -> Vec<NativeListing> {
        self.host
            .list()
            .into_iter()
            .map(|listing| NativeListing {
                id: listing.id.0.cast_signed(),
                name: listing.name,
                capabilities: morphir_extension_host::to_json(&listing.capabilities),
                stats: listing.stats.into(),
            })
            .collect()
    }

    /// What settled on this thread, behind what JavaScript has not heard of yet: that may be earlier answers of the same call.
    fn with_earlier(&self, settled: impl IntoIterator<Item = Settled>) -> SettledList {
        let mut list = self.outbox.take();
        list.extend(settled);
        SettledList(list)
    }
}

fn functions(
    exchange: &Arc<Exchange>,
    given: Option<Vec<NativeFunction>>,
) -> std::result::Result<Functions, ExtensionError> {
    let mut functions = Functions::new();
    for NativeFunction { namespace, name, key, bytes } in given.unwrap_or_default() {
        let function = JsFunction { exchange: Arc::clone(exchange), key, bytes };
        functions.offer(namespace, name, Arc::new(function))?;
    }
    Ok(functions)
}

fn duration(milliseconds: Option<f64>) -> Option<Duration> {
    milliseconds.map(|milliseconds| Duration::from_secs_f64(milliseconds / 1000.0))
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn extension_id(number: i64) -> ExtensionId {
    ExtensionId(number.cast_unsigned())
}

fn ticket(result: std::result::Result<u64, ExtensionError>) -> Either<i64, Failure> {
    match result {
        Ok(ticket) => Either::A(ticket.cast_signed()),
        Err(error) => Either::B(error.into()),
    }
}

/// What all hosts of this process share, whichever thread loaded them: libuv has one pool for all, which files, name look-ups and
/// cryptography need as well, so one of its threads is left to them.
fn slots_of_process() -> &'static Arc<Slots> {
    static SLOTS: OnceLock<Arc<Slots>> = OnceLock::new();
    SLOTS.get_or_init(|| {
        // As libuv reads it (`threadpool.c`): four threads, unless the variable says otherwise, up to 1024.
        let threads = match std::env::var("UV_THREADPOOL_SIZE") {
            Ok(text) => text.trim().parse().unwrap_or(0_usize).clamp(1, 1024),
            Err(_) => 4,
        };
        Arc::new(Slots::new(threads - 1))
    })
}
