//! What settled on other threads and JavaScript has not heard of yet.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use morphir_extension_host::{Settle, Settled};
use napi::Status;
use napi::bindgen_prelude::{Function, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};

/// Tells JavaScript that the outbox has something. Weak: nobody need be kept alive by it.
type Ring = ThreadsafeFunction<(), (), (), Status, false, true>;

#[derive(Default)]
pub struct Outbox {
    contents: Mutex<Vec<Settled>>,
    ring: OnceLock<Ring>,
}

impl Outbox {
    /// Calls this, on JavaScript's thread, when something was put in that nobody has looked for.
    pub fn ring_by(&self, ring: Function<'_, (), ()>) -> Result<()> {
        let ring = ring.build_threadsafe_function().weak::<true>().build()?;
        // There is one for good: a second would ring for the same outbox.
        let _ = self.ring.set(ring);
        Ok(())
    }

    /// Puts something in, and rings if it is the first since somebody looked.
    fn put(&self, settled: Settled) {
        let first = {
            let mut contents = self.lock();
            contents.push(settled);
            contents.len() == 1
        };
        if first && let Some(ring) = self.ring.get() {
            ring.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// The same for those who run jobs.
    pub fn settle(self: &Arc<Self>) -> Settle {
        let outbox = Arc::clone(self);
        Arc::new(move |settled| outbox.put(settled))
    }

    /// Takes everything out.
    pub fn take(&self) -> Vec<Settled> {
        mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Settled>> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
