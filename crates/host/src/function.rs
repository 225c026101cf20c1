//! Functions that a host offers to its extensions.
//!
//! A guest that calls one waits for it on its own thread, for as long as its call may run: the function's answer, the deadline and
//! a cancel all wake it. Where and when the function itself runs is its own affair.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::deadline::{Interrupt, Interrupted};
use crate::error::{ErrorCode, ExtensionError};
use crate::prepare::is_reserved;

/// A function that extensions may import.
///
/// Its params and its result are blocks of Extism's memory: as many as the module that imports it says.
pub trait HostFunction: Send + Sync {
    /// Starts it. What comes of it goes to `reply`, now or later and from any thread; the guest waits for that, but no longer than its
    /// call may run. This runs on the guest's thread and must not wait itself.
    fn start(&self, call: FunctionCall, reply: Reply<Block>);

    /// The guest of this call waits no more: what the function still does is of no use.
    fn abandon(&self, _: u64, _: Abandoned) {}

    /// Whether it can be imported with so many params, and a result or none.
    fn accepts(&self, _params: usize, _answers: bool) -> bool {
        true
    }
}

/// What is in a block of Extism's memory; nothing for the null block.
pub type Block = Option<Vec<u8>>;

/// Why a guest waits no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abandoned {
    /// Its call ran out of time.
    OutOfTime,
    /// Its call was cancelled.
    Cancelled,
}

/// One call of a host's function.
#[derive(Debug)]
pub struct FunctionCall {
    /// No other call of the process has this number.
    pub number: u64,
    /// The work that runs: what `load` or `submit` answered.
    pub ticket: u64,
    /// The extension's name.
    pub extension: String,
    /// The method that runs; nothing where it is start-up code.
    pub method: Option<String>,
    /// Its arguments.
    pub arguments: Vec<Block>,
    /// Whether the guest takes a result.
    pub answers: bool,
}

impl FunctionCall {
    /// A number that no other call has.
    pub(crate) fn next_number() -> u64 {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        NEXT.fetch_add(1, Ordering::Relaxed)
    }
}

/// Why a function failed.
pub type Failure = Box<dyn Error + Send + Sync>;

/// Where the result of a function goes. To drop it is to fail.
pub struct Reply<T> {
    place: Option<Arc<Place<T>>>,
    interrupt: Arc<Interrupt>,
}

type Place<T> = Mutex<Option<Result<T, Failure>>>;

impl<T> Reply<T> {
    /// Gives the result, for which the guest waits. It is of no use any more when the guest's call is over.
    pub fn settle(mut self, result: Result<T, Failure>) {
        self.put(result);
    }

    fn put(&mut self, result: Result<T, Failure>) {
        if let Some(place) = self.place.take() {
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(result);
            self.interrupt.wake();
        }
    }
}

impl<T> Drop for Reply<T> {
    fn drop(&mut self) {
        self.put(Err("nobody is there any more to answer it".into()));
    }
}

/// Starts something and waits for what comes of it, unless the run has to end before.
pub(crate) fn wait_for<T>(
    interrupt: &Arc<Interrupt>,
    start: impl FnOnce(Reply<T>),
) -> Result<Result<T, Failure>, Interrupted> {
    let place: Arc<Place<T>> = Arc::default();
    start(Reply { place: Some(Arc::clone(&place)), interrupt: Arc::clone(interrupt) });
    interrupt.wait(|| place.lock().unwrap_or_else(PoisonError::into_inner).take())
}

/// Functions by namespace and name. Clones share them.
#[derive(Clone, Default)]
pub struct Functions {
    offered: Arc<BTreeMap<String, ByName>>,
}

/// The functions of one namespace.
type ByName = BTreeMap<String, Arc<dyn HostFunction>>;

impl Functions {
    /// None.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a function, in place of another of that name.
    ///
    /// # Errors
    ///
    /// `InvalidConfig` for a namespace that is the host's own.
    pub fn offer(
        &mut self,
        namespace: impl Into<String>,
        name: impl Into<String>,
        function: Arc<dyn HostFunction>,
    ) -> crate::Result<()> {
        let namespace = namespace.into();
        if is_reserved(&namespace) {
            let message = format!(
                "Functions cannot be offered in the namespace {namespace:?}, which is the host's own: kits use \"extism:host/user\"."
            );
            return Err(ExtensionError::new(ErrorCode::InvalidConfig, message));
        }
        Arc::make_mut(&mut self.offered).entry(namespace).or_default().insert(name.into(), function);
        Ok(())
    }

    pub(crate) fn find(&self, namespace: &str, name: &str) -> Option<&Arc<dyn HostFunction>> {
        self.offered.get(namespace)?.get(name)
    }
}

impl fmt::Debug for Functions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.offered.iter().map(|(namespace, names)| (namespace, names.keys()))).finish()
    }
}
