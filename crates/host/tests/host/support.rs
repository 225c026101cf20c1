//! A host with threads of its own, guests from `fixtures`, and tests in processes of their own.

use std::collections::HashMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use morphir_extension_host::{
    Answer, Call, ErrorCode, ExtensionConfig, ExtensionError, ExtensionId, Form, Host, HostOptions, Job, Lifecycle,
    LogLevel, Offers, Outcome, Result, Settle, Settled, Slots, Source,
};

/// No promise takes longer to settle: a test that waits for it in vain fails instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);
/// The least stack that a lent thread may have.
pub const STACK: usize = 1024 * 1024;

/// A module of `fixtures`, as the bytes that a user would have.
pub fn guest(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../fixtures/{name}.wat"));
    wat::parse_file(path).expect("a fixture is valid text")
}

/// A module written in the test itself.
pub fn module(text: &str) -> Vec<u8> {
    wat::parse_str(text).expect("a module in a test is valid text")
}

/// A plain plug-in: neither `initialize` nor `capabilities`.
pub fn plain(wasm: Vec<u8>) -> ExtensionConfig {
    ExtensionConfig { lifecycle: Lifecycle::None, ..morphir(wasm) }
}

/// An extension with Morphir's own two functions.
pub fn morphir(wasm: Vec<u8>) -> ExtensionConfig {
    let mut config = ExtensionConfig::new("guest", Source::from_bytes(wasm));
    config.permissions.max_execution_time = Duration::from_secs(5);
    config
}

/// A host without a cache.
pub fn options() -> HostOptions {
    HostOptions { cache: None, slots: Arc::new(Slots::new(4)), log_level: Some(LogLevel::Trace) }
}

/// A host and threads that run its work.
pub struct TestHost {
    pub host: Host,
    mailbox: Arc<Mailbox>,
    threads: Vec<JoinHandle<()>>,
}

#[derive(Default)]
struct Mailbox {
    settled: Mutex<HashMap<u64, Settled>>,
    news: Condvar,
    closed: AtomicBool,
}

impl Mailbox {
    fn put(&self, settled: impl IntoIterator<Item = Settled>) {
        let mut box_ = self.settled.lock().unwrap();
        for one in settled {
            let twice = box_.insert(one.ticket, one);
            assert!(twice.is_none(), "settled twice: {twice:?}");
        }
        self.news.notify_all();
    }
}

impl TestHost {
    pub fn new() -> Self {
        Self::with(options())
    }

    /// A host that lends as many threads as there are slots.
    pub fn with(options: HostOptions) -> Self {
        let count = options.slots.limit();
        Self::lending(options, count)
    }

    /// A host that offers something to its extensions.
    pub fn offering(offers: Offers) -> Self {
        Self::lending_for(Host::offering(options(), offers), 4)
    }

    pub fn lending(options: HostOptions, threads: usize) -> Self {
        Self::lending_for(Host::new(options), threads)
    }

    fn lending_for(host: Host, threads: usize) -> Self {
        let mailbox = Arc::new(Mailbox::default());
        let threads = (0..threads)
            .map(|_| {
                let (host, mailbox) = (host.clone(), Arc::clone(&mailbox));
                let settle: Settle = Arc::new({
                    let mailbox = Arc::clone(&mailbox);
                    move |settled| mailbox.put([settled])
                });
                let lend = move || {
                    while !mailbox.closed.load(Ordering::Relaxed) {
                        match host.next() {
                            Some(job) => job.run(&settle),
                            None => thread::sleep(Duration::from_micros(100)),
                        }
                    }
                };
                thread::Builder::new().stack_size(STACK).spawn(lend).unwrap()
            })
            .collect();
        Self { host, mailbox, threads }
    }

    pub fn load(&self, config: ExtensionConfig) -> Result<ExtensionId> {
        let ticket = self.host.load(config)?;
        match self.wait(ticket).outcome {
            Outcome::Loaded(result) => result,
            other => panic!("a load settled as something else: {other:?}"),
        }
    }

    pub fn call(&self, id: ExtensionId, method: &str, input: impl AsRef<[u8]>) -> Result<Vec<u8>> {
        self.answer(self.submit(id, method, input)?)
    }

    pub fn submit(&self, id: ExtensionId, method: &str, input: impl AsRef<[u8]>) -> Result<u64> {
        self.submit_within(id, method, input, None)
    }

    pub fn submit_within(
        &self,
        extension: ExtensionId,
        method: &str,
        input: impl AsRef<[u8]>,
        timeout: Option<Duration>,
    ) -> Result<u64> {
        let inputs = vec![input.as_ref().to_vec()];
        self.host.submit(Call { extension, method: method.into(), inputs, form: Form::Bytes, timeout })
    }

    /// The one answer of a call.
    pub fn answer(&self, ticket: u64) -> Result<Vec<u8>> {
        let mut answers = self.answers(ticket);
        assert_eq!(answers.len(), 1, "one answer for one input");
        answers.remove(0)
    }

    pub fn answers(&self, ticket: u64) -> Vec<Result<Vec<u8>>> {
        match self.wait(ticket).outcome {
            Outcome::Called(answers) => answers.into_iter().map(|answer| answer.map(Answer::into_bytes)).collect(),
            other => panic!("a call settled as something else: {other:?}"),
        }
    }

    pub fn wait(&self, ticket: u64) -> Settled {
        self.wait_until(ticket, Instant::now() + PATIENCE).expect("every promise settles")
    }

    pub fn wait_until(&self, ticket: u64, until: Instant) -> Option<Settled> {
        let mut settled = self.mailbox.settled.lock().unwrap();
        loop {
            if let Some(found) = settled.remove(&ticket) {
                return Some(found);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            settled = self.mailbox.news.wait_timeout(settled, left).unwrap().0;
        }
    }

    /// Takes work back; what settles by that can be waited for like everything else.
    pub fn cancel(&self, ticket: u64) {
        self.mailbox.put(self.host.cancel(ticket));
    }

    pub fn unload(&self, id: ExtensionId, cancel: bool) {
        self.mailbox.put(self.host.unload(id, cancel));
    }

    pub fn close(&self, cancel: bool) {
        self.mailbox.put(self.host.close(cancel));
    }

    /// Waits until an extension has this many instances at work.
    pub fn wait_for_running(&self, id: ExtensionId, count: usize) {
        let until = Instant::now() + PATIENCE;
        while self.host.stats(id).unwrap().running != count {
            assert!(Instant::now() < until, "{count} calls of {id} never ran together");
            thread::sleep(Duration::from_micros(200));
        }
    }
}

impl Drop for TestHost {
    fn drop(&mut self) {
        self.host.stop(Duration::from_secs(10));
        self.mailbox.closed.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let ended = thread.join();
            assert!(thread::panicking() || ended.is_ok(), "a job panicked on a lent thread");
        }
    }
}

/// Runs a job on this thread.
pub fn run(job: Job) -> Vec<Settled> {
    job.into_settled()
}

/// The code of what has to have failed.
pub fn code<T: std::fmt::Debug>(result: &Result<T>) -> ErrorCode {
    result.as_ref().expect_err("this has to fail").code()
}

/// The error of what has to have failed.
pub fn error<T: std::fmt::Debug>(result: Result<T>) -> ExtensionError {
    result.expect_err("this has to fail")
}

pub fn text(answer: Result<Vec<u8>>) -> String {
    String::from_utf8(answer.expect("this has to succeed")).unwrap()
}

/// Names the process of a test that runs on its own.
const OWN_PROCESS: &str = "MORPHIR_TEST_IN_OWN_PROCESS";

/// Runs the rest of this test in a process of its own, where it may crash, exhaust memory or change limits. Its failure is this
/// test's failure.
#[macro_export]
macro_rules! in_own_process {
    ($($body:tt)*) => {{
        fn here() {}
        let path = std::any::type_name_of_val(&here);
        let path = path.strip_suffix("::here").and_then(|path| path.split_once("::")).expect("a path of a test").1;
        $crate::support::run_in_own_process(path, |_| {}, || { $($body)* });
    }};
}

/// The same, with a say in how the process is started.
pub fn run_in_own_process(test: &str, change: impl FnOnce(&mut Command), body: impl FnOnce()) {
    if env::var(OWN_PROCESS).is_ok_and(|name| name == test) {
        body();
        return;
    }
    let output = tempfile::NamedTempFile::new().unwrap();
    let file = output.reopen().unwrap();
    let mut command = Command::new(env::current_exe().unwrap());
    command
        .args([test, "--exact", "--nocapture", "--test-threads=1"])
        .env(OWN_PROCESS, test)
        .env_remove("RUST_BACKTRACE")
        .stdin(Stdio::null())
        .stdout(file.try_clone().unwrap())
        .stderr(file);
    change(&mut command);
    let mut child = command.spawn().unwrap();
    let until = Instant::now() + PATIENCE;
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status.to_string(),
            None if Instant::now() > until => {
                child.kill().unwrap();
                child.wait().unwrap();
                break format!("nothing within {PATIENCE:?}");
            }
            None => thread::sleep(Duration::from_millis(2)),
        }
    };
    let said = std::fs::read_to_string(output.path()).unwrap_or_default();
    let ran = said.contains("test result: ok. 1 passed");
    assert!(status == "exit status: 0" && ran, "the process of {test} ended with {status}:\n{said}");
}

/// Memory that this process has in use, in bytes.
pub fn memory() -> u64 {
    status("VmRSS:")
}

/// The most memory that this process ever had in use, in bytes.
pub fn peak_memory() -> u64 {
    status("VmHWM:")
}

/// The time that processors have spent on this process, which is much the same however busy the machine is.
pub fn processor_time() -> Duration {
    time_in("/proc/self/stat")
}

/// The time that processors have spent on this thread.
pub fn thread_time() -> Duration {
    time_in("/proc/thread-self/stat")
}

fn time_in(stat: &str) -> Duration {
    let stat = std::fs::read_to_string(stat).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[11..13].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

fn status(line: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|found| found.strip_prefix(line)).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

/// An empty directory for one test.
pub fn directory() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

pub fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found.sort();
    found
}
