//! A thread that is done stays for a moment: most often the next call is on its way, and waking a thread takes longer than the call.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use morphir_extension_host::Job;

/// How long after it was worth it: a caller that waits for each answer before the next call is back by then, its own thread's waking
/// included.
const LONG: Duration = Duration::from_micros(100);
/// How long after it was in vain.
const SHORT: Duration = Duration::from_micros(50);
/// How often a thread looks before it looks at the clock.
const LOOKS: u32 = 32;

/// How long to stay, which depends on what came of it the last time.
#[derive(Default)]
pub struct Stay {
    worth_it: AtomicBool,
}

impl Stay {
    /// Looks again and again, for a moment, until `found` finds something.
    pub fn until<T>(&self, mut found: impl FnMut() -> Option<T>) -> Option<T> {
        // With one processor, whoever is waited for could not come.
        if processors() == 1 {
            return None;
        }
        let moment = if self.worth_it.load(Ordering::Relaxed) { LONG } else { SHORT };
        let since = Instant::now();
        while since.elapsed() < moment {
            for _ in 0..LOOKS {
                if let Some(found) = found() {
                    self.worth_it.store(true, Ordering::Relaxed);
                    return Some(found);
                }
                // Not `yield_now`: on a busy machine that costs the rest of the time slice, several milliseconds.
                std::hint::spin_loop();
            }
        }
        self.worth_it.store(false, Ordering::Relaxed);
        None
    }
}

fn processors() -> usize {
    static PROCESSORS: OnceLock<usize> = OnceLock::new();
    *PROCESSORS.get_or_init(|| thread::available_parallelism().map_or(1, Into::into))
}

/// How long after JavaScript last lent threads they take work by themselves: the end of a worker waits for them, and should not wait
/// for all that is in line. A thread of JavaScript's that is busy for longer lends them again when it is done.
const LENT: Duration = Duration::from_millis(2);

/// Where a thread that stays is given its next job. One stays at a time: more would burn what the others need.
#[derive(Default)]
pub struct Handover {
    stay: Stay,
    taken: AtomicBool,
    /// A thread stays, and was given nothing yet.
    open: AtomicBool,
    given: AtomicBool,
    job: Mutex<Option<Job>>,
    /// When JavaScript last lent threads, in nanoseconds since this began.
    lent: AtomicU64,
    since: OnceLock<Instant>,
}

impl Handover {
    /// JavaScript lends threads: those that have work may take more.
    pub fn lend(&self) {
        self.lent.store(self.now(), Ordering::Relaxed);
    }

    /// Whether a thread may take work by itself.
    pub fn is_lent(&self) -> bool {
        Duration::from_nanos(self.now().saturating_sub(self.lent.load(Ordering::Relaxed))) < LENT
    }

    fn now(&self) -> u64 {
        u64::try_from(self.since.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// Gives a job to the thread that stays. Answers the job where there is none.
    pub fn give(&self, job: Job) -> Option<Job> {
        if !self.open.swap(false, Ordering::AcqRel) {
            return Some(job);
        }
        *self.job.lock().unwrap_or_else(PoisonError::into_inner) = Some(job);
        self.given.store(true, Ordering::Release);
        None
    }

    /// Stays for a moment. Answers the job that was given meanwhile.
    pub fn wait(&self) -> Option<Job> {
        if self.taken.swap(true, Ordering::AcqRel) {
            return None;
        }
        self.open.store(true, Ordering::Release);
        let mut given = self.stay.until(|| self.given.load(Ordering::Acquire).then_some(()));
        if given.is_none() && !self.open.swap(false, Ordering::AcqRel) {
            // Somebody is giving a job at this very moment.
            while !self.given.load(Ordering::Acquire) {
                thread::yield_now();
            }
            given = Some(());
        }
        let job = given.and_then(|()| {
            self.given.store(false, Ordering::Release);
            self.job.lock().unwrap_or_else(PoisonError::into_inner).take()
        });
        self.taken.store(false, Ordering::Release);
        job
    }
}
