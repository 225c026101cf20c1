//! The asynchronous face, as Morphir's design documents have it: the core, with tokio's blocking pool to lend it threads.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task;

use crate::cache::Cache;
use crate::capability::Capability;
use crate::config::ExtensionConfig;
use crate::error::{ErrorCode, ExtensionError, Result};
use crate::extension::{ExtensionId, Stats};
use crate::host::{Answer, Call, Form, Host, HostOptions, Listing, Outcome, Settled};
use crate::job::Job;
use crate::schedule::Slots;

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
    host: Host,
    promises: Promises,
}

type Promises = Arc<Mutex<HashMap<u64, oneshot::Sender<Outcome>>>>;

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
        Self { host: Host::new(options), promises: Arc::default() }
    }

    /// Loads an extension: checks its source, starts it, hands `config` to its `initialize`, and asks for its capabilities.
    ///
    /// # Errors
    ///
    /// Every code that a load can have; see [`ErrorCode`].
    pub async fn load_extension(&self, config: ExtensionConfig) -> Result<ExtensionId> {
        match self.settle(self.host.load(config)?).await? {
            Outcome::Loaded(result) => result,
            Outcome::Called(_) => unreachable!("a load settles as a load"),
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
        let ticket = self.host.submit(Call {
            extension,
            method: method.into(),
            inputs: vec![input],
            form: Form::Bytes,
            timeout,
        })?;
        let settled = self.settle(ticket);
        let outcome = match timeout {
            Some(timeout) => {
                tokio::pin!(settled);
                match tokio::time::timeout(timeout, &mut settled).await {
                    Ok(outcome) => outcome,
                    Err(_) => {
                        deliver(&self.host, &self.promises, self.host.expire(ticket));
                        settled.await
                    }
                }
            }
            None => settled.await,
        };
        match outcome? {
            Outcome::Called(mut answers) if answers.len() == 1 => answers.remove(0).map(Answer::into_bytes),
            _ => unreachable!("a call with one input settles with one answer"),
        }
    }

    /// What an extension said it can do.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub fn capabilities(&self, id: ExtensionId) -> Result<Arc<Vec<Capability>>> {
        self.host.capabilities(id)
    }

    /// What an extension did so far.
    ///
    /// # Errors
    ///
    /// `NotFound`.
    pub fn stats(&self, id: ExtensionId) -> Result<Stats> {
        self.host.stats(id)
    }

    /// Every loaded extension.
    #[must_use]
    pub fn list(&self) -> Vec<Listing> {
        self.host.list()
    }

    /// Unloads an extension once the calls it has are done; one that is not there is unloaded already.
    pub fn unload_extension(&self, id: ExtensionId) {
        for settled in self.host.unload(id, false) {
            deliver(&self.host, &self.promises, Some(settled));
        }
    }

    /// Closes the host and cancels what runs.
    pub fn close(&self) {
        for settled in self.host.close(true) {
            deliver(&self.host, &self.promises, Some(settled));
        }
    }

    /// Waits for a ticket; cancels it when nobody waits any more.
    async fn settle(&self, ticket: u64) -> Result<Outcome> {
        let (promise, outcome) = oneshot::channel();
        self.promises.lock().unwrap_or_else(PoisonError::into_inner).insert(ticket, promise);
        let mut wait = Wait { host: &self.host, promises: &self.promises, ticket, outcome };
        lend_threads(&self.host, &self.promises);
        let outcome = (&mut wait.outcome).await;
        outcome.map_err(|_| ExtensionError::new(ErrorCode::Closed, "The runtime ended before the work did."))
    }
}

/// Somebody waits for a ticket. When this is dropped before it has settled, the work is taken back; and when a load settled that nobody
/// looked at, its extension is unloaded.
struct Wait<'a> {
    host: &'a Host,
    promises: &'a Promises,
    ticket: u64,
    outcome: oneshot::Receiver<Outcome>,
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        if self.promises.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.ticket).is_some() {
            drop(self.host.cancel(self.ticket));
        }
        self.outcome.close();
        if let Ok(Outcome::Loaded(Ok(id))) = self.outcome.try_recv() {
            drop(self.host.unload(id, true));
        }
    }
}

/// How soon to ask again while another host has every slot: nobody here hears when it gives one back.
const RETRY: Duration = Duration::from_millis(2);

/// Gives every job that may start now a thread of tokio's blocking pool, which does the same when its job is done.
fn lend_threads(host: &Host, promises: &Promises) {
    while let Some(job) = host.next() {
        let (host, promises) = (host.clone(), Arc::clone(promises));
        task::spawn_blocking(move || {
            let mut next: Option<Job> = Some(job);
            while let Some(job) = next {
                job.run(&mut |settled| deliver(&host, &promises, Some(settled)));
                next = host.next();
            }
        });
    }
    if host.waits_for_slot() {
        let (host, promises) = (host.clone(), Arc::clone(promises));
        task::spawn(async move {
            tokio::time::sleep(RETRY).await;
            lend_threads(&host, &promises);
        });
    }
}

fn deliver(host: &Host, promises: &Promises, settled: Option<Settled>) {
    let Some(Settled { ticket, outcome, .. }) = settled else { return };
    let promise = promises.lock().unwrap_or_else(PoisonError::into_inner).remove(&ticket);
    let unheard = match promise {
        Some(promise) => promise.send(outcome).err(),
        None => Some(outcome),
    };
    if let Some(Outcome::Loaded(Ok(id))) = unheard {
        drop(host.unload(id, true));
    }
}
