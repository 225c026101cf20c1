//! A host with a well-behaved extension, and strangers that come and go beside it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use morphir_extension_host::{
    Answer, Call, ErrorCode, ExtensionConfig, ExtensionError, ExtensionId, Form, Host, HostOptions, Lifecycle,
    LogLevel, Outcome, Settled, Slots, Source,
};
use rustix::time::{ClockId, clock_gettime};
use wasmparser::{ExternalKind, Parser, Payload};

/// What a stranger is granted.
pub const MAX_MEMORY: u64 = 4 * 1024 * 1024;
const MAX_OUTPUT: u64 = 1024 * 1024;
const LIMIT: Duration = Duration::from_millis(50);
/// How much longer a call may take: generous, because the machine may have other work.
const GRACE: Duration = Duration::from_millis(250);
/// How much longer a load may take, which compiles outside any limit: a module has at most some ten kilobytes here.
const COMPILING: Duration = Duration::from_secs(5);
/// How much longer than its processor time a step may take. With all processors busy a thread can wait for long, which is no
/// fault of the host's.
const WAITING: Duration = Duration::from_secs(4);
/// How often a step has to be late to count.
const ATTEMPTS: usize = 3;
/// A call may log 256 KiB in 1,000 messages, and a word on what was dropped.
const MAX_LOG_BYTES: usize = 257 * 1024;
const MAX_LOG_MESSAGES: usize = 1_001;
/// How many methods are called: a module may have thousands.
const MAX_METHODS: usize = 4;
/// How many calls may take their full time before a module has shown what it does: others should have their turn.
const MAX_TIMEOUTS: usize = 2;

/// A host, and its extension whose answers have to stay right whatever strangers do.
pub struct Sandbox {
    host: Host,
    echo: ExtensionId,
}

impl Sandbox {
    /// A host whose strangers are compiled each time.
    #[must_use]
    pub fn new() -> Self {
        let options = HostOptions { cache: None, slots: Arc::new(Slots::new(1)), log_level: Some(LogLevel::Trace) };
        let host = Host::new(options);
        let echo = wat::parse_str(
            r#"(module
              (import "extism:host/env" "input_offset" (func $offset (result i64)))
              (import "extism:host/env" "input_length" (func $length (result i64)))
              (import "extism:host/env" "output_set" (func $output (param i64 i64)))
              (func (export "echo") (call $output (call $offset) (call $length))))"#,
        )
        .expect("valid text");
        let mut config = ExtensionConfig::new("echo", Source::from_bytes(echo));
        config.lifecycle = Lifecycle::None;
        let echo = load(&host, config).expect("the neighbour loads");
        Self { host, echo }
    }

    /// Loads a stranger, calls its methods, each with the inputs, and unloads it. Panics where the host does not keep its word.
    ///
    /// Time alone decides nothing at once: what was late is tried again, and counts when it is late each time.
    pub fn try_stranger(&self, module: &[u8], inputs: &[Vec<u8>]) {
        for attempt in 1..=ATTEMPTS {
            match self.attempt(module, inputs) {
                Ok(()) => return,
                Err(late) if attempt == ATTEMPTS => panic!("{late}"),
                Err(_) => {}
            }
        }
    }

    fn attempt(&self, module: &[u8], inputs: &[Vec<u8>]) -> Result<(), String> {
        let mut config = ExtensionConfig::new("stranger", Source::from_bytes(module.to_vec()));
        config.lifecycle = Lifecycle::None;
        config.permissions.max_memory = MAX_MEMORY;
        config.permissions.max_output = MAX_OUTPUT;
        config.permissions.max_execution_time = LIMIT;
        let watch = Watch::start();
        let loaded = load(&self.host, config);
        let late = watch.check("the load", LIMIT + COMPILING);
        match loaded {
            Ok(id) => {
                let called = late.and_then(|()| self.call_methods(id, module, inputs));
                let settled = self.host.unload(id, false);
                assert!(settled.is_empty(), "nothing was left to settle");
                self.call_neighbour();
                called
            }
            Err(error) => {
                check_load_error(&error);
                self.call_neighbour();
                late
            }
        }
    }

    fn call_methods(&self, id: ExtensionId, module: &[u8], inputs: &[Vec<u8>]) -> Result<(), String> {
        let mut timeouts = 0;
        for method in functions(module).into_iter().take(MAX_METHODS) {
            for (number, input) in inputs.iter().enumerate() {
                let form = if number % 2 == 0 { Form::Text } else { Form::Bytes };
                let watch = Watch::start();
                let answer = call(&self.host, id, &method, input.clone(), form);
                watch.check(&format!("the call of {method:?}"), LIMIT + GRACE)?;
                match answer {
                    Ok(answer) => assert!(answer.into_bytes().len() as u64 <= MAX_OUTPUT, "more than it may answer"),
                    Err(error) => {
                        check_call_error(&error);
                        timeouts += usize::from(error.code() == ErrorCode::Timeout);
                        if timeouts == MAX_TIMEOUTS {
                            return Ok(());
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn call_neighbour(&self) {
        let answer = call(&self.host, self.echo, "echo", b"still here".to_vec(), Form::Text);
        assert_eq!(answer.expect("the neighbour answers"), Answer::Text("still here".into()));
        assert_eq!(self.host.list().len(), 1, "only the neighbour is left");
    }
}

impl Default for Sandbox {
    fn default() -> Self {
        Self::new()
    }
}

fn load(host: &Host, config: ExtensionConfig) -> Result<ExtensionId, ExtensionError> {
    host.load(config)?;
    match run_next(host).outcome {
        Outcome::Loaded(result) => result,
        _ => panic!("a load settles as a load"),
    }
}

fn call(
    host: &Host,
    extension: ExtensionId,
    method: &str,
    input: Vec<u8>,
    form: Form,
) -> Result<Answer, ExtensionError> {
    host.submit(Call { extension, method: method.into(), inputs: vec![input], form, timeout: None })?;
    match run_next(host).outcome {
        Outcome::Called(answers) => answers.into_iter().next().expect("one answer for each input"),
        _ => panic!("a call settles as a call"),
    }
}

fn run_next(host: &Host) -> Settled {
    let mut settled = host.next().expect("work that was put in line").into_settled();
    assert_eq!(settled.len(), 1, "one piece of work settles once");
    let settled = settled.remove(0);
    assert!(settled.log.len() <= MAX_LOG_MESSAGES, "{} messages in the log", settled.log.len());
    let bytes: usize = settled.log.iter().map(|record| record.message.len()).sum();
    assert!(bytes <= MAX_LOG_BYTES, "{bytes} bytes in the log");
    settled
}

/// The functions that a module exports, methods or not; nothing where it cannot be read, which is for the host to find.
fn functions(module: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        if let Ok(Payload::ExportSection(reader)) = payload {
            names.extend(reader.into_iter().flatten().filter_map(|export| match export.kind {
                ExternalKind::Func => Some(export.name.to_owned()),
                _ => None,
            }));
        }
    }
    names
}

fn check_load_error(error: &ExtensionError) {
    check_words(error);
    match error.code() {
        // A module that was prepared is one that the engine takes, except that its segments may be out of bounds.
        ErrorCode::InvalidSource => assert!(
            !error.message().contains("The engine refused") || error.message().contains("out of bounds"),
            "{error}"
        ),
        ErrorCode::InitializationFailed | ErrorCode::MemoryLimit | ErrorCode::Timeout => {}
        other => panic!("a load failed with {other:?}: {error}"),
    }
}

fn check_call_error(error: &ExtensionError) {
    check_words(error);
    match error.code() {
        ErrorCode::MethodNotFound
        | ErrorCode::ExtensionError
        | ErrorCode::ProtocolError
        | ErrorCode::InitializationFailed
        | ErrorCode::MemoryLimit
        | ErrorCode::Timeout
        | ErrorCode::Trap => {}
        other => panic!("a call failed with {other:?}: {error}"),
    }
}

fn check_words(error: &ExtensionError) {
    assert!(!error.message().is_empty(), "an error without a word");
    assert!(!error.message().contains("defect of this host"), "{error}");
}

/// How long a step takes: its processor time, which other work on the machine does not change, and the time on the wall.
struct Watch {
    processor: Duration,
    wall: Instant,
}

impl Watch {
    fn start() -> Self {
        Self { processor: processor_time(), wall: Instant::now() }
    }

    fn check(&self, what: &str, limit: Duration) -> Result<(), String> {
        let (processor, wall) = (processor_time().saturating_sub(self.processor), self.wall.elapsed());
        if processor <= limit && wall <= limit + WAITING {
            return Ok(());
        }
        Err(format!("{what} took {processor:?} on the processor and {wall:?} in all, more than {limit:?}"))
    }
}

/// What this thread has used of a processor.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or_default())
}
