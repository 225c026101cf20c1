//! Interrupts calls: at their deadline, and when they are cancelled.
//!
//! Extism has a timer, but its limit is fixed when a plug-in is made, and does not cover what runs before a call. So the host keeps
//! the time itself, on one thread for the whole process, and uses Extism's only to carry an interrupt out. An interrupt that
//! arrives before the engine has started the call would be lost there: until the prepared module tells that it was entered, the
//! host only takes note of the reason.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use extism::CancelHandle;

use crate::schedule::Ticket;

/// Why a call was interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// The extension's own limit is over.
    Deadline,
    /// The caller's time is over.
    Timeout,
    Cancelled,
}

/// One run on a thread, as those see it who want to end it early.
pub(crate) struct Interrupt {
    id: u64,
    ticket: Ticket,
    state: Mutex<State>,
    /// For a thread that waits on the guest's behalf: it has to end, or what it waits for is there.
    woken: Condvar,
}

/// Why a thread that waited on the guest's behalf came back empty-handed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Interrupted {
    pub reason: Reason,
    /// The engine will end the guest by itself, as soon as it runs again.
    pub sent: bool,
}

#[derive(Default)]
struct State {
    reason: Option<Reason>,
    /// Present while the guest runs.
    handle: Option<CancelHandle>,
    sent: bool,
}

impl Interrupt {
    /// For the run of this work.
    pub fn new(ticket: Ticket) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Arc::new(Self { id, ticket, state: Mutex::default(), woken: Condvar::new() })
    }

    /// The work that runs.
    pub const fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Waits until `ready` answers something, which is asked again after each `wake`, unless the run has to end before.
    pub fn wait<T>(&self, mut ready: impl FnMut() -> Option<T>) -> Result<T, Interrupted> {
        let mut state = self.lock();
        loop {
            if let Some(reason) = state.reason {
                return Err(Interrupted { reason, sent: state.sent });
            }
            if let Some(found) = ready() {
                return Ok(found);
            }
            state = self.woken.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Has a thread that waits look again.
    pub fn wake(&self) {
        // Whoever is between looking and waiting holds the lock.
        drop(self.lock());
        self.woken.notify_all();
    }

    /// Ends the run as soon as the engine can, or before it starts.
    pub fn cancel(&self) {
        self.send(Reason::Cancelled);
    }

    /// One of several runs missed its own deadline; the next has a new one.
    pub fn forget_deadline(&self) {
        let mut state = self.lock();
        if state.reason.is_some_and(|reason| reason != Reason::Cancelled) {
            state.reason = None;
        }
    }

    /// Why the run has to end, once it has to.
    pub fn reason(&self) -> Option<Reason> {
        self.lock().reason
    }

    /// The guest is about to run, and the engine can be interrupted. Answers the reason instead where it must not run any more.
    pub fn arm(&self, handle: CancelHandle) -> Result<(), Reason> {
        let mut state = self.lock();
        if let Some(reason) = state.reason {
            return Err(reason);
        }
        state.sent = false;
        state.handle = Some(handle);
        Ok(())
    }

    /// The guest no longer runs. Answers whether an interrupt was sent while it did.
    pub fn disarm(&self) -> bool {
        let mut state = self.lock();
        state.handle = None;
        state.sent
    }

    fn send(&self, reason: Reason) {
        let mut state = self.lock();
        state.reason.get_or_insert(reason);
        if let Some(handle) = &state.handle {
            // Fails only when the engine's timer is gone, which is while the process ends.
            if handle.cancel().is_ok() {
                state.sent = true;
            }
        }
        self.woken.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps a run's deadline until it is dropped.
pub(crate) struct Watch {
    due: (Instant, u64),
}

impl Watch {
    /// Interrupts it at the deadline, for this reason.
    pub fn until(deadline: Instant, reason: Reason, interrupt: &Arc<Interrupt>) -> Self {
        if deadline <= Instant::now() {
            // The thread would be late: a quick guest is done before it has woken up.
            interrupt.send(reason);
        } else {
            Watchdog::get().insert(deadline, reason, interrupt);
        }
        Self { due: (deadline, interrupt.id) }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        Watchdog::get().lock().next.remove(&self.due);
    }
}

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

struct Watchdog {
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

impl Watchdog {
    fn get() -> &'static Self {
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

    fn lock(&self) -> MutexGuard<'_, Agenda> {
        self.agenda.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(&self, due: Instant, reason: Reason, interrupt: &Arc<Interrupt>) {
        let mut agenda = self.lock();
        agenda.next.insert((due, interrupt.id), (Arc::clone(interrupt), reason));
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
