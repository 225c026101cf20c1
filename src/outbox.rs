//! What settled on other threads and JavaScript has not heard of yet.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use morphir_extension_host::Settled;

#[derive(Default)]
pub struct Outbox {
    contents: Mutex<Vec<Settled>>,
}

impl Outbox {
    /// Puts something in. Answers whether it is the first since somebody looked.
    pub fn put(&self, settled: Settled) -> bool {
        let mut contents = self.lock();
        contents.push(settled);
        contents.len() == 1
    }

    /// Takes everything out.
    pub fn take(&self) -> Vec<Settled> {
        mem::take(&mut *self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Settled>> {
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
