//! Interrupts calls: at their deadline, and when they are cancelled.
//!
//! Extism has a timer, but its limit is fixed when a plug-in is made, and does not cover what runs before a call. So the host keeps
//! the time itself, on one thread for the whole process, and uses Extism's only to carry an interrupt out. An interrupt that
//! arrives before the engine has started the call would be lost there: until the prepared module tells that it was entered, the
//! host only takes note of the reason.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use extism::CancelHandle;

use crate::schedule::Ticket;
use crate::watchdog::Watchdog;

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

    /// Tells it from all others.
    pub const fn id(&self) -> u64 {
        self.id
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

    /// Ends the run for this reason, unless there was one before.
    pub fn send(&self, reason: Reason) {
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
        Watchdog::get().remove(self.due);
    }
}
