//! Threads of a host's own, for hosts that share their process with strangers: libuv's pool is left alone, and the end of an
//! environment does not wait for guests.

use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use morphir_extension_host::Host;
use napi::bindgen_prelude::{Error, Result};
use napi::{CleanupEnvHook, Env};

use crate::outbox::Outbox;
use crate::stay::Stay;

/// What libuv gives its own threads; the guest's share is computed from the process's limit, which is no larger.
const STACK: usize = 8 * 1024 * 1024;
/// How long the end of an environment waits for guests to stop: they do within a few milliseconds.
const PATIENCE: Duration = Duration::from_millis(100);

/// The threads of one host. They end when this is dropped, and with their environment.
pub struct Threads {
    bell: Arc<Bell>,
    at_end: CleanupEnvHook<Weak<Bell>>,
}

/// Tells threads that there may be work.
#[derive(Default)]
struct Bell {
    /// How often it rang. Changed while the state is locked.
    times: AtomicU64,
    /// A thread listens instead of sleeping.
    listens: AtomicBool,
    stay: Stay,
    state: Mutex<Ringing>,
    rung: Condvar,
}

#[derive(Default)]
struct Ringing {
    asleep: usize,
    ended: bool,
    /// For the end of the environment; not kept alive by it.
    host: Option<Host>,
    handles: Vec<JoinHandle<()>>,
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, Ringing> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) {
        let state = self.lock();
        self.times.fetch_add(1, Ordering::AcqRel);
        let wake = state.asleep > 0 && !self.listens.load(Ordering::Acquire);
        drop(state);
        // Whoever takes work and leaves some wakes the next.
        if wake {
            self.rung.notify_one();
        }
    }

    /// Sends everybody home.
    fn end(&self) {
        self.lock().ended = true;
        self.times.fetch_add(1, Ordering::AcqRel);
        self.rung.notify_all();
    }

    /// Waits for the bell to ring again, at most for `pause`. Answers how often it has, or nothing when it is over.
    fn wait(&self, heard: u64, pause: Option<Duration>) -> Option<u64> {
        if !self.listens.swap(true, Ordering::AcqRel) {
            self.stay.until(|| (self.times.load(Ordering::Acquire) != heard).then_some(()));
            let state = self.lock();
            self.listens.store(false, Ordering::Release);
            drop(state);
        }
        let waits = |state: &mut Ringing| self.times.load(Ordering::Acquire) == heard && !state.ended;
        let mut state = self.lock();
        state.asleep += 1;
        let mut state = match pause {
            Some(pause) => self.rung.wait_timeout_while(state, pause, waits).unwrap_or_else(PoisonError::into_inner).0,
            None => self.rung.wait_while(state, waits).unwrap_or_else(PoisonError::into_inner),
        };
        state.asleep -= 1;
        (!state.ended).then(|| self.times.load(Ordering::Acquire))
    }

    /// Stops the guests and their threads.
    fn end_of_environment(&self) {
        self.end();
        let mut state = self.lock();
        let (host, handles) = (state.host.take(), mem::take(&mut state.handles));
        drop(state);
        if let Some(host) = host {
            host.stop(PATIENCE);
        }
        for handle in handles {
            // A thread that compiles cannot be interrupted: it ends by itself, and the addon stays in memory for it.
            if handle.is_finished() {
                drop(handle.join());
            }
        }
    }
}

impl Threads {
    /// Starts `count` threads that run a host's work and put what settles into the outbox.
    pub fn start(env: &Env, host: &Host, outbox: &Arc<Outbox>, count: u32) -> Result<Self> {
        let bell = Arc::new(Bell::default());
        let at_end = env.add_env_cleanup_hook(Arc::downgrade(&bell), |bell| {
            if let Some(bell) = bell.upgrade() {
                bell.end_of_environment();
            }
        })?;
        let threads = Self { bell, at_end };
        for number in 0..count {
            let (host, outbox, bell) = (host.clone(), Arc::clone(outbox), Arc::clone(&threads.bell));
            let handle = thread::Builder::new()
                .name(format!("morphir-guest-{number}"))
                .stack_size(STACK)
                .spawn(move || run(&host, &outbox, &bell))
                .map_err(|error| Error::from_reason(format!("A thread cannot be started: {error}.")))?;
            threads.bell.lock().handles.push(handle);
        }
        threads.bell.lock().host = Some(host.clone());
        Ok(threads)
    }

    /// Tells the threads that there may be work.
    pub fn wake(&self) {
        self.bell.ring();
    }

    /// Ends them, once nothing runs on them.
    pub fn end(self, env: &Env) -> Result<()> {
        env.remove_env_cleanup_hook(self.at_end.clone())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.bell.end();
        let mut state = self.bell.lock();
        let host = state.host.take();
        // A thread that nobody will join gives its stack back when it ends.
        state.handles.clear();
        drop(state);
        drop(host);
    }
}

fn run(host: &Host, outbox: &Arc<Outbox>, bell: &Bell) {
    let mut heard = 0;
    let settle = outbox.settle();
    loop {
        while let Some(job) = host.next() {
            // A lane may be ready for a second thread.
            if host.waits_for_slot() {
                bell.rung.notify_one();
            }
            job.run(&settle);
        }
        match bell.wait(heard, host.wakes_in()) {
            Some(times) => heard = times,
            None => return,
        }
    }
}
