//! Calls of one method, one after another, which a guest runs without leaving the engine in between.
//!
//! Entering the engine costs several times what a small call does: it wakes the engine's timer, which is a thread of its own, and is
//! looked up and set up anew each time. So the prepared module's methods ask, when they came back well, whether there is more
//! (`prepare/relay.rs`). Every call keeps what it has on its own: its deadline, its cancellation, its log, Extism's memory as
//! after a reset. Whatever does not end well, or is large, leaves the engine the usual way.

use std::sync::Arc;

use crate::deadline::Interrupt;
use crate::log::LogRecord;

/// The most bytes of an input or an output that stay in the row: beyond that, words are slower than the engine's own copy.
pub(crate) const MAX_BYTES_IN_ROW: usize = 2048;

/// Calls that may follow the one that runs.
pub(crate) trait Row: Send + Sync {
    /// Whether there is another call, as far as one can tell without taking it.
    fn waits(&self) -> bool;

    /// The call that runs ended well. Begins the next and answers its input and its interrupt, or nothing where there is none.
    fn next(&self, ended: Ended) -> Option<(Vec<u8>, Arc<Interrupt>)>;
}

/// What came of a call that ended well.
pub(crate) struct Ended {
    pub output: Vec<u8>,
    /// How much memory there was then, in bytes.
    pub memory: Option<u64>,
    pub log: Vec<LogRecord>,
}
