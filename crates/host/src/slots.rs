//! How many runs may go on at once, in every host that shares these slots.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// How long one that was refused counts as waiting. Whoever still does has asked again by then, and one that is gone is forgotten.
const PATIENCE: Duration = Duration::from_millis(50);

/// How many runs may go on at once, in every host that shares these slots.
#[derive(Debug)]
pub struct Slots {
    limit: usize,
    used: AtomicUsize,
    /// Who was refused a slot, and when.
    refused: Mutex<HashMap<u64, Instant>>,
}

impl Slots {
    /// At most `limit` runs at once, and at least one.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit: limit.max(1), used: AtomicUsize::new(0), refused: Mutex::default() }
    }

    /// How many runs may go on at once.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// Takes a slot, if one is free.
    pub(crate) fn acquire(&self, whose: u64) -> bool {
        let acquired = self
            .used
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |used| (used < self.limit).then_some(used + 1))
            .is_ok();
        if !acquired {
            self.lock().insert(whose, Instant::now());
        }
        acquired
    }

    pub(crate) fn release(&self) {
        self.used.fetch_sub(1, Ordering::AcqRel);
    }

    /// One that was refused a slot waits for none any more.
    pub(crate) fn content(&self, whose: u64) {
        self.lock().remove(&whose);
    }

    /// Whether somebody else waits for a slot.
    pub(crate) fn others_wait(&self, than: u64) -> bool {
        let mut refused = self.lock();
        refused.retain(|_, since| since.elapsed() < PATIENCE);
        refused.keys().any(|whose| *whose != than)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u64, Instant>> {
        self.refused.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn there_is_one_at_least() {
        let slots = Slots::new(0);
        assert_eq!(slots.limit(), 1);
        assert!(slots.acquire(1));
        assert!(!slots.acquire(1));
        slots.release();
        assert!(slots.acquire(1));
    }

    #[test]
    fn who_was_refused_waits_until_it_is_content_or_has_not_asked_for_long() {
        let slots = Slots::new(1);
        assert!(slots.acquire(1));
        assert!(!slots.acquire(1));
        assert!(!slots.others_wait(1), "it waits for itself alone");
        assert!(!slots.acquire(2));
        assert!(slots.others_wait(1));
        slots.content(2);
        assert!(!slots.others_wait(1));
        assert!(!slots.acquire(2));
        thread::sleep(PATIENCE);
        assert!(!slots.others_wait(1));
    }
}
