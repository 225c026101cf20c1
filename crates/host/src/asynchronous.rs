//! The asynchronous face, as Morphir's design documents have it: the core, with tokio's blocking pool to lend it threads.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task;

use crate::cache::Cache;
use crate::call::{Answer, Call, Form};
use crate::capability::Capability;
use crate::config::{ExtensionConfig, Source};
use crate::error::{ErrorCode, ExtensionError, Result};
use crate::extension::ExtensionId;
use crate::figures::Stats;
use crate::health::HealthStatus;
use crate::host::{Host, HostOptions, Listing};
use crate::job::{Job, Settle};
use crate::offers::Offers;
use crate::settled::{Outcome, Settled};
use crate::slots::Slots;

/// Loads WebAssembly extensions and calls them, without ever blocking the task that asks.
///
/// Guests run on tokio's blocking pool, at most as many at once as there are processors. A future that is dropped cancels its
/// load or its call.
///
/// ```no_run
/// use morphir_extension_host::{ExtensionConfig, ExtismExtensionHost, Source};
/// use serde_json::json;
///
/// # async fn example() -> Result<(), morphir_extension_host::ExtensionError> {
/// let host = ExtismExtensionHost::new();
/// let id = host.load_extension(ExtensionConfig::new("optimizer", Source::file("optimizer.wasm"))).await?;
/// let result = host.call(id, "transform", json!({ "ir": {} })).await?;
/// # let _ = result;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ExtismExtensionHost {
    shared: Arc<Shared>,
}

struct Shared {
    host: Host,
    promises: Mutex<Promises>,
    /// Somebody asks again for a slot, in a while.
    asking: AtomicBool,
    /// When somebody looks again for instances that have rested.
    looks: Mutex<Option<Instant>>,
}

type Promises = HashMap<u64, oneshot::Sender<Outcome>>;

impl Default for ExtismExtensionHost {
    fn default() -> Self {
        Self::new()
    }
}

impl ExtismExtensionHost {
    /// A host with the user's own cache, where there is one, and a run for each processor.
    #[must_use]
    pub fn new() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        Self::with_options(HostOptions {
            cache: Cache::of_user(),
            slots: Arc::new(Slots::new(processors)),
            log_level: None,
        })
    }

    /// A host set up by hand.
    #[must_use]
    pub fn with_options(options: HostOptions) -> Self {
        Self::offering(options, Offers::default())
    }

    /// A host set up by hand that offers something to its extensions.
    #[must_use]
    pub fn offering(options: HostOptions, offers: Offers) -> Self {
        let shared = Shared {
            host: Host::offering(options, offers),
            promises: Mutex::default(),
            asking: AtomicBool::new(false),
            looks: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Loads an extension: checks its source, starts it, hands `config` to its `initialize`, and asks for its capabilities.
    ///
    /// # Errors
    ///
    /// Every code that a load can have; see [`ErrorCode`].
    pub async fn load_extension(&self, config: ExtensionConfig) -> Result<ExtensionId> {
        match self.promise(|host| host.load(config))?.settled().await? {
            Outcome::Loaded(result) => result,
            _ => unreachable!("a load settles as a load"),
        }
    }

    /// Calls a method with JSON and reads its answer as JSON.
    ///
    /// # Errors
    ///
    /// Every code that a call can have; `SerializationError` where the answer is not JSON, or is nested more than 127 deep:
    /// [`call_raw`](Self::call_raw) has no such limit.
    pub async fn call(&self, id: ExtensionId, method: &str, params: Value) -> Result<Value> {
        let unreadable = |error: serde_json::Error| {
            ExtensionError::new(ErrorCode::SerializationError, format!("The answer is not JSON: {error}."))
                .in_method(method)
        };
        let answer = self.call_raw(id, method, params.to_string().into_bytes(), None).await?;
        serde_json::from_slice(&answer).map_err(unreadable)
    }

    /// Calls a method with bytes and answers its bytes. `timeout` counts from now, waiting included.
    ///
    /// # Errors
    ///
    /// Every code that a call can have.
    pub async fn call_raw(
        &self,
        extension: ExtensionId,
        method: &str,
        input: Vec<u8>,
        timeout: Option<Duration>,
    ) -> Result<Vec<u8>> {
        let call = Call { extension, method: method.into(), inputs: vec![input], form: Form::Bytes, timeout };
        let mut promise = self.promise(|host| host.submit(call))?;
        let outcome = match timeout {
            Some(timeout) => match tokio::time::timeout(timeout, promise.settled()).await {
                Ok(outcome) => outcome,
                Err(_) => {
                    self.shared.deliver(self.shared.host.expire(promise.ticket));
                    promise.settled().await
                }
            },
            None => promise.settled().await,
        };
        match outcome? {
            Outcome::Called(mut answers) if answers.len() == 1 => answers.remove(0).map(Answer::into_bytes),
            _ => unreachable!("a call with one input settles with one answer"),
        }
    }

    /// Asks an extension how it is. One that has no `health_check` is healthy if it has started, or starts now.
    ///
    /// # Errors
    ///
    /// `NotFound`, `Closed`, `Cancelled`; whatever an extension does wrong is [`HealthStatus::Unhealthy`].
    pub async fn health_check(&self, id: ExtensionId) -> Result<HealthStatus> {
        match self.promise(|host| host.check(id, None))?.settled().await? {
            Outcome::Called(mut answers) if answers.len() == 1 => answers.remove(0).and_then(HealthStatus::from_answer),
            _ => unreachable!("a check settles with one answer"),
        }
    }

    /// Loads an extension anew under the id that it has: from its file, from the module that it has, or from a new source. Calls made
    /// meanwhile wait. If it fails, the extension is what it was.
    ///
    /// # Errors
    ///
    /// Every code that a load can have; `NotFound`.
    pub async fn reload(&self, id: ExtensionId, source: Option<Source>) -> Result<()> {
        match self.promise(|host| host.reload(id, source))?.settled().await? {
            Outcome::Reloaded(result) => result,
            _ => unreachable!("a reload settles as a reload"),
        }
    }

    /// The figures of all loaded extensions, in the text format that Prometheus reads.
    #[must_use]
    pub fn metrics(&self) -> String {
        self.shared.host.metrics()
    }

    /// What an extension said it can do.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub fn capabilities(&self, id: ExtensionId) -> Result<Arc<Vec<Capability>>> {
        self.shared.host.capabilities(id)
    }

    /// What an extension did so far.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub fn stats(&self, id: ExtensionId) -> Result<Stats> {
        self.shared.host.stats(id)
    }

    /// Every loaded extension.
    #[must_use]
    pub fn list(&self) -> Vec<Listing> {
        self.shared.host.list()
    }

    /// Unloads an extension once the calls it has are done; one that is not there is unloaded already.
    pub fn unload_extension(&self, id: ExtensionId) {
        self.shared.deliver(self.shared.host.unload(id, false));
    }

    /// Closes the host and cancels what runs.
    pub fn close(&self) {
        self.shared.deliver(self.shared.host.close(true));
    }

    /// Puts work in line, and lends it a thread as soon as it may start.
    fn promise(&self, submit: impl FnOnce(&Host) -> Result<u64>) -> Result<Promise> {
        let (sender, outcome) = oneshot::channel();
        // The work may be done before this function is: whoever delivers waits until the promise is there.
        let mut promises = self.shared.promises();
        let ticket = submit(&self.shared.host)?;
        promises.insert(ticket, sender);
        drop(promises);
        lend_threads(&self.shared);
        Ok(Promise { shared: Arc::clone(&self.shared), ticket, outcome })
    }
}

impl Shared {
    fn promises(&self) -> MutexGuard<'_, Promises> {
        self.promises.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn deliver(&self, settled: impl IntoIterator<Item = Settled>) {
        for Settled { ticket, outcome, .. } in settled {
            let promise = self.promises().remove(&ticket);
            let unheard = match promise {
                Some(promise) => promise.send(outcome).err(),
                None => Some(outcome),
            };
            if let Some(outcome) = unheard {
                self.forget(&outcome);
            }
        }
    }

    /// Nobody listens any more. What nobody can name must not stay loaded; nothing else is lost that anybody wants.
    fn forget(&self, outcome: &Outcome) {
        if let Outcome::Loaded(Ok(id)) = outcome {
            drop(self.host.unload(*id, true));
        }
    }
}

/// Work that somebody waits for. When this is dropped before it has settled, the work is taken back; and when a load settled that
/// nobody looked at, its extension is unloaded.
struct Promise {
    shared: Arc<Shared>,
    ticket: u64,
    outcome: oneshot::Receiver<Outcome>,
}

impl Promise {
    async fn settled(&mut self) -> Result<Outcome> {
        let outcome = (&mut self.outcome).await;
        outcome.map_err(|_| ExtensionError::new(ErrorCode::Closed, "The runtime ended before the work did."))
    }
}

impl Drop for Promise {
    fn drop(&mut self) {
        let waiting = self.shared.promises().remove(&self.ticket).is_some();
        if waiting {
            drop(self.shared.host.cancel(self.ticket));
        }
        self.outcome.close();
        if let Ok(outcome) = self.outcome.try_recv() {
            self.shared.forget(&outcome);
        }
    }
}

/// How soon to ask again while another host has every slot: nobody here hears when it gives one back.
const RETRY: Duration = Duration::from_millis(2);

/// Gives every job that may start now a thread of tokio's blocking pool, which does the same when its job is done.
fn lend_threads(shared: &Arc<Shared>) {
    while let Some(job) = shared.host.next() {
        let mut lent = Lent { shared: Arc::clone(shared), job: Some(job) };
        task::spawn_blocking(move || {
            let shared = Arc::clone(&lent.shared);
            let mut next = lent.job.take();
            let settle: Settle = Arc::new({
                let shared = Arc::clone(&shared);
                move |settled| shared.deliver([settled])
            });
            while let Some(job) = next {
                job.run(&settle);
                next = shared.host.next();
            }
            // The slot may have gone to another host meanwhile.
            lend_threads(&shared);
        });
    }
    look_again(shared);
    // One asks for all: thousands may be waiting.
    if shared.host.waits_for_slot() && !shared.asking.swap(true, Ordering::AcqRel) {
        let asking = Asking(Arc::clone(shared));
        task::spawn(async move {
            tokio::time::sleep(RETRY).await;
            let shared = Arc::clone(&asking.0);
            drop(asking);
            lend_threads(&shared);
        });
    }
}

/// Lends threads again when an instance has rested for which work waits, unless somebody will earlier.
fn look_again(shared: &Arc<Shared>) {
    let Some(pause) = shared.host.wakes_in() else { return };
    let at = Instant::now() + pause;
    let mut looks = shared.looks.lock().unwrap_or_else(PoisonError::into_inner);
    if looks.is_some_and(|earlier| earlier <= at && earlier > Instant::now()) {
        return;
    }
    *looks = Some(at);
    drop(looks);
    let shared = Arc::clone(shared);
    task::spawn(async move {
        tokio::time::sleep(pause).await;
        lend_threads(&shared);
    });
}

/// A job on its way to a thread. A runtime that ends drops it instead, and then its promise is broken.
struct Lent {
    shared: Arc<Shared>,
    job: Option<Job>,
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(job) = &self.job {
            drop(self.shared.promises().remove(&job.ticket()));
        }
    }
}

/// Lets the next one ask, even where the runtime ends before this one has.
struct Asking(Arc<Shared>);

impl Drop for Asking {
    fn drop(&mut self) {
        self.0.asking.store(false, Ordering::Release);
    }
}
