//! Threads of a host's own, for hosts that share their process with strangers: libuv's pool is left alone, and the end of an
//! environment does not wait for guests.

use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use morphir_extension_host::Host;
use napi::bindgen_prelude::{Error, Function, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{CleanupEnvHook, Env, Status};

use crate::outbox::Outbox;

/// What libuv gives its own threads; the guest's share is computed from the process's limit, which is no larger.
const STACK: usize = 8 * 1024 * 1024;
/// How long the end of an environment waits for guests to stop: they do within a few milliseconds.
const PATIENCE: Duration = Duration::from_millis(100);

/// Tells JavaScript that the outbox has something. Weak: idle threads do not keep a process alive.
type Ring = ThreadsafeFunction<(), (), (), Status, false, true>;

/// The threads of one host. They end when this is dropped, and with their environment.
pub struct Threads {
    bell: Arc<Bell>,
    at_end: CleanupEnvHook<Weak<Bell>>,
}

/// Tells threads that there may be work.
#[derive(Default)]
struct Bell {
    state: Mutex<Ringing>,
    rung: Condvar,
}

#[derive(Default)]
struct Ringing {
    times: u64,
    ended: bool,
    /// For the end of the environment; not kept alive by it.
    host: Option<Host>,
    handles: Vec<JoinHandle<()>>,
}

impl Bell {
    fn lock(&self) -> MutexGuard<'_, Ringing> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self, end: bool) {
        let mut state = self.lock();
        state.times += 1;
        state.ended |= end;
        self.rung.notify_all();
    }

    /// Waits for the bell to ring again. Answers how often it has, or nothing when it is over.
    fn wait(&self, heard: u64) -> Option<u64> {
        let mut state = self.lock();
        while state.times == heard && !state.ended {
            state = self.rung.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        (!state.ended).then_some(state.times)
    }

    /// Stops the guests and their threads.
    fn end_of_environment(&self) {
        self.ring(true);
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
    /// Starts `count` threads that run a host's work, put what settles into the outbox, and `ring` when it was empty.
    pub fn start(env: &Env, host: &Host, outbox: &Arc<Outbox>, count: u32, ring: Function<'_, (), ()>) -> Result<Self> {
        let ring: Arc<Ring> = Arc::new(ring.build_threadsafe_function().weak::<true>().build()?);
        let bell = Arc::new(Bell::default());
        let at_end = env.add_env_cleanup_hook(Arc::downgrade(&bell), |bell| {
            if let Some(bell) = bell.upgrade() {
                bell.end_of_environment();
            }
        })?;
        let threads = Self { bell, at_end };
        for number in 0..count {
            let (host, outbox, bell, ring) =
                (host.clone(), Arc::clone(outbox), Arc::clone(&threads.bell), Arc::clone(&ring));
            let handle = thread::Builder::new()
                .name(format!("morphir-guest-{number}"))
                .stack_size(STACK)
                .spawn(move || run(&host, &outbox, &bell, &ring))
                .map_err(|error| Error::from_reason(format!("A thread cannot be started: {error}.")))?;
            threads.bell.lock().handles.push(handle);
        }
        threads.bell.lock().host = Some(host.clone());
        Ok(threads)
    }

    /// Tells the threads that there may be work.
    pub fn wake(&self) {
        self.bell.ring(false);
    }

    /// Ends them, once nothing runs on them.
    pub fn end(self, env: &Env) -> Result<()> {
        env.remove_env_cleanup_hook(self.at_end.clone())
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.bell.ring(true);
        let mut state = self.bell.lock();
        let host = state.host.take();
        // A thread that nobody will join gives its stack back when it ends.
        state.handles.clear();
        drop(state);
        drop(host);
    }
}

fn run(host: &Host, outbox: &Outbox, bell: &Bell, ring: &Ring) {
    let mut heard = 0;
    loop {
        while let Some(job) = host.next() {
            // A lane may be ready for a second thread.
            bell.rung.notify_one();
            job.run(&mut |settled| {
                if outbox.put(settled) {
                    ring.call((), ThreadsafeFunctionCallMode::NonBlocking);
                }
            });
        }
        match bell.wait(heard) {
            Some(times) => heard = times,
            None => return,
        }
    }
}
