//! The thread that keeps times: when runs are interrupted, and what is done again and again.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::deadline::{Interrupt, Reason};

/// Does something again and again until it is dropped, on the thread that keeps the deadlines: it has to be quick.
pub struct Pulse {
    id: u64,
}

/// What a pulse does.
type Act = Arc<dyn Fn() + Send + Sync>;

struct Beat {
    next: Instant,
    period: Duration,
    act: Act,
}

impl Pulse {
    /// Does this for the first time when a `period` is over.
    #[must_use]
    pub fn every(period: Duration, act: Act) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        let next = Instant::now() + period;
        let watchdog = Watchdog::get();
        let mut agenda = watchdog.lock();
        agenda.beats.insert(id, Beat { next, period, act });
        watchdog.look_at(&agenda, next);
        Self { id }
    }
}

impl Drop for Pulse {
    fn drop(&mut self) {
        Watchdog::get().lock().beats.remove(&self.id);
    }
}

/// The one thread of the process that keeps times.
pub(crate) struct Watchdog {
    agenda: Mutex<Agenda>,
    earlier: Condvar,
}

#[derive(Default)]
struct Agenda {
    next: BTreeMap<(Instant, u64), (Arc<Interrupt>, Reason)>,
    /// Of pulses: as few as there are threads.
    beats: HashMap<u64, Beat>,
    /// When the thread looks again by itself; only something earlier has to wake it.
    wakes: Option<Instant>,
}

impl Agenda {
    /// What pulses do now.
    fn due(&mut self, now: Instant) -> Vec<Act> {
        let mut due = Vec::new();
        for beat in self.beats.values_mut().filter(|beat| beat.next <= now) {
            beat.next = now + beat.period;
            due.push(Arc::clone(&beat.act));
        }
        due
    }

    fn wakes(&self) -> Option<Instant> {
        let deadline = self.next.first_key_value().map(|((due, _), _)| *due);
        deadline.into_iter().chain(self.beats.values().map(|beat| beat.next)).min()
    }
}

impl Watchdog {
    pub fn get() -> &'static Self {
        static WATCHDOG: OnceLock<Watchdog> = OnceLock::new();
        static THREAD: OnceLock<()> = OnceLock::new();
        let watchdog = WATCHDOG.get_or_init(|| Self { agenda: Mutex::default(), earlier: Condvar::new() });
        THREAD.get_or_init(|| {
            thread::Builder::new()
                .name("morphir-deadline".into())
                .stack_size(256 * 1024)
                .spawn(|| watchdog.run())
                .map(drop)
                .expect("a thread that keeps deadlines can be started");
        });
        watchdog
    }

    /// Forgets a deadline.
    pub fn remove(&self, due: (Instant, u64)) {
        self.lock().next.remove(&due);
    }

    fn lock(&self) -> MutexGuard<'_, Agenda> {
        self.agenda.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn insert(&self, due: Instant, reason: Reason, interrupt: &Arc<Interrupt>) {
        let mut agenda = self.lock();
        agenda.next.insert((due, interrupt.id()), (Arc::clone(interrupt), reason));
        self.look_at(&agenda, due);
    }

    /// Makes sure that the thread looks at this time.
    fn look_at(&self, agenda: &Agenda, time: Instant) {
        if agenda.wakes.is_none_or(|wakes| time < wakes) {
            self.earlier.notify_one();
        }
    }

    fn run(&self) {
        let mut agenda = self.lock();
        loop {
            let now = Instant::now();
            while let Some(entry) = agenda.next.first_entry()
                && entry.key().0 <= now
            {
                let (interrupt, reason) = entry.remove();
                interrupt.send(reason);
            }
            let due = agenda.due(now);
            if !due.is_empty() {
                drop(agenda);
                for act in due {
                    act();
                }
                agenda = self.lock();
            }
            agenda.wakes = agenda.wakes();
            agenda = match agenda.wakes {
                Some(wakes) => {
                    let pause = wakes.saturating_duration_since(Instant::now());
                    self.earlier.wait_timeout(agenda, pause).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.earlier.wait(agenda).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }
}
