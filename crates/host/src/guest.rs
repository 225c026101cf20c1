//! What a guest tells its host during one call, and the functions through which it does.
//!
//! These take the place of Extism's own: logs stay with the extension instead of going to a process-wide subscriber, the guest's
//! error text stays apart from the engine's errors, and nothing depends on environment variables.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use extism::{CancelHandle, CurrentPlugin, Error, Function, PTR, UserData, Val, ValType};

use crate::deadline::{Interrupt, Reason};
use crate::prepare::{ENTERED, ERROR_SET, EXTISM, GROWTH_REFUSED, HOST, OUTPUT_REFUSED, PRINTED, RETURNED};

/// Error text beyond this is cut: it is for people.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// A log message beyond this is cut.
const MAX_LOG_MESSAGE_BYTES: usize = 8 * 1024;
/// Log messages of one call beyond this are dropped and counted.
const MAX_LOG_BYTES: usize = 256 * 1024;
/// Messages of one call beyond this number are dropped and counted: each costs memory of its own.
const MAX_LOG_MESSAGES: usize = 1_000;

/// How much an entry in the log matters, in Extism's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum LogLevel {
    /// Every step.
    Trace = 0,
    /// For whoever writes the extension.
    Debug = 1,
    /// Worth knowing.
    Info = 2,
    /// Something is odd.
    Warn = 3,
    /// Something failed.
    Error = 4,
}

impl LogLevel {
    /// The level of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Error].into_iter().find(|level| level.as_str() == name)
    }

    /// The level's name in lower case.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trace => "trace",
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}

/// One message that an extension logged.
#[derive(Clone, Debug)]
pub struct LogRecord {
    /// How much it matters.
    pub level: LogLevel,
    /// The text; bytes that are not UTF-8 are replaced, and more than 8 KiB are cut.
    pub message: String,
}

/// What happened while the guest ran.
#[derive(Default)]
pub(crate) struct Account {
    /// The code of the guest's function, once it came back by itself.
    pub returned: Option<i32>,
    /// The guest's own error text.
    pub error: Option<String>,
    /// It asked for more memory than its grant, and was told that there is none.
    pub growth_refused: bool,
    /// Why one of the host's functions broke the call off.
    pub refused: Option<Refusal>,
}

/// Why one of the host's functions broke the call off.
pub(crate) enum Refusal {
    /// The guest set an output of this many bytes.
    Output(u64),
    /// The guest called this function, for which it has no grant.
    NotGranted(&'static str),
    /// The call should not have started any more, and did not reach the guest.
    NotStarted(Reason),
}

/// The host's side of one instance's guest.
pub(crate) struct Guest {
    /// How the call that is about to start can be interrupted, until it has.
    start: Mutex<Option<(Arc<Interrupt>, CancelHandle)>>,
    level: Option<LogLevel>,
    account: Mutex<Account>,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    records: Vec<LogRecord>,
    bytes: usize,
    dropped: usize,
    /// What standard output and standard error have of a line that is not finished.
    lines: [Vec<u8>; 2],
}

impl Log {
    fn add(&mut self, level: LogLevel, message: String) {
        if self.records.len() >= MAX_LOG_MESSAGES || self.bytes + message.len() > MAX_LOG_BYTES {
            self.dropped += 1;
        } else {
            self.bytes += message.len();
            self.records.push(LogRecord { level, message });
        }
    }

    /// Logs a line of standard output or error. Text beyond the limit of a message is dropped with its line.
    fn end_line(&mut self, stream: usize, least: LogLevel) {
        let line = std::mem::take(&mut self.lines[stream]);
        let level = STREAM_LEVELS[stream];
        if level >= least && !line.is_empty() {
            self.add(level, String::from_utf8_lossy(&line).into_owned());
        }
    }
}

/// How much standard output and standard error matter: kits of many languages report a panic on the latter.
const STREAM_LEVELS: [LogLevel; 2] = [LogLevel::Info, LogLevel::Warn];

impl Guest {
    /// A guest whose messages from `level` on are kept; without a level it is told not to log at all.
    pub fn new(level: Option<LogLevel>) -> Arc<Self> {
        Arc::new(Self { start: Mutex::default(), level, account: Mutex::default(), log: Mutex::default() })
    }

    /// A call is about to start, which `interrupt` can end by means of `handle`.
    pub fn expect(&self, interrupt: &Arc<Interrupt>, handle: CancelHandle) {
        *lock(&self.account) = Account::default();
        *lock(&self.start) = Some((Arc::clone(interrupt), handle));
    }

    /// Ends the account.
    pub fn account(&self) -> Account {
        std::mem::take(&mut *lock(&self.account))
    }

    /// What was logged since the last time.
    pub fn take_log(&self) -> Vec<LogRecord> {
        let Some(least) = self.level else { return Vec::new() };
        let mut log = std::mem::take(&mut *lock(&self.log));
        for stream in 0..log.lines.len() {
            log.end_line(stream, least);
        }
        if log.dropped > 0 {
            let message =
                format!("{} more log messages were dropped: one call may log {MAX_LOG_BYTES} bytes.", log.dropped);
            log.records.push(LogRecord { level: LogLevel::Warn, message });
        }
        log.records
    }

    /// The functions to put in the place of Extism's own.
    pub fn functions(self: &Arc<Self>) -> Vec<Function> {
        let mut functions = vec![
            self.function(HOST, ENTERED, [], [], |guest, _, _, _| match lock(&guest.start).take() {
                Some((interrupt, handle)) => {
                    interrupt.arm(handle).map_err(|reason| guest.refuse(Refusal::NotStarted(reason)))
                }
                // Only the host's own wrappers enter, each once.
                None => Ok(()),
            }),
            self.function(HOST, RETURNED, [ValType::I32], [], |guest, _, params, _| {
                lock(&guest.account).returned = params[0].i32();
                Ok(())
            }),
            self.function(HOST, GROWTH_REFUSED, [ValType::I32], [], |guest, _, _, _| {
                lock(&guest.account).growth_refused = true;
                Ok(())
            }),
            self.function(HOST, OUTPUT_REFUSED, [ValType::I64], [], |guest, _, params, _| {
                let length = params[0].i64().unwrap_or_default().cast_unsigned();
                Err(guest.refuse(Refusal::Output(length)))
            }),
            self.function(HOST, ERROR_SET, [PTR], [], |guest, plugin, params, _| {
                let error = text(plugin, &params[0], MAX_ERROR_BYTES)?;
                lock(&guest.account).error = error;
                Ok(())
            }),
            self.function(HOST, PRINTED, [ValType::I32, ValType::I64, ValType::I32], [], |guest, _, params, _| {
                if let [Val::I32(stream), Val::I64(bytes), Val::I32(count)] = params
                    && let Ok(count) = usize::try_from(*count)
                {
                    guest.print(*stream, &bytes.to_le_bytes()[..count.min(8)]);
                }
                Ok(())
            }),
            self.function(EXTISM, "get_log_level", [], [ValType::I32], |guest, _, _, results| {
                // The largest number turns a PDK's logging off before it formats anything.
                results[0] = Val::I32(guest.level.map_or(i32::MAX, |level| i32::from(level as u8)));
                Ok(())
            }),
            self.function(EXTISM, "http_request", [PTR, PTR], [PTR], |guest, _, _, _| {
                Err(guest.refuse(Refusal::NotGranted("http_request")))
            }),
        ];
        for (name, level) in [
            ("log_trace", LogLevel::Trace),
            ("log_debug", LogLevel::Debug),
            ("log_info", LogLevel::Info),
            ("log_warn", LogLevel::Warn),
            ("log_error", LogLevel::Error),
        ] {
            functions.push(self.function(EXTISM, name, [PTR], [], move |guest, plugin, params, _| {
                if guest.level.is_some_and(|least| level >= least)
                    && let Some(message) = text(plugin, &params[0], MAX_LOG_MESSAGE_BYTES)?
                {
                    lock(&guest.log).add(level, message);
                }
                // A PDK hands the message over: freeing it is the host's part.
                if let Some(handle) = plugin.memory_from_val(&params[0]) {
                    plugin.memory_free(handle)?;
                }
                Ok(())
            }));
        }
        functions
    }

    fn function<F>(
        self: &Arc<Self>,
        namespace: &str,
        name: &str,
        params: impl IntoIterator<Item = ValType>,
        results: impl IntoIterator<Item = ValType>,
        function: F,
    ) -> Function
    where
        F: Fn(&Self, &mut CurrentPlugin, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    {
        let guest = Arc::clone(self);
        let call = move |plugin: &mut CurrentPlugin, params: &[Val], results: &mut [Val], _: UserData<()>| {
            function(&guest, plugin, params, results)
        };
        Function::new(name, params, results, UserData::default(), call).with_namespace(namespace)
    }

    fn refuse(&self, refusal: Refusal) -> Error {
        lock(&self.account).refused = Some(refusal);
        Error::msg("the host broke the call off")
    }

    /// Takes some of standard output (1) or standard error (2).
    fn print(&self, stream: i32, bytes: &[u8]) {
        let (Some(least), Some(stream @ 0..=1)) = (self.level, usize::try_from(stream.wrapping_sub(1)).ok()) else {
            return;
        };
        let mut log = lock(&self.log);
        for byte in bytes {
            match byte {
                b'\n' => log.end_line(stream, least),
                _ if log.lines[stream].len() < MAX_LOG_MESSAGE_BYTES => log.lines[stream].push(*byte),
                _ => {}
            }
        }
    }
}

/// The text at a place in Extism's memory, or nothing where there is none.
fn text(plugin: &mut CurrentPlugin, place: &Val, limit: usize) -> Result<Option<String>, Error> {
    let Some(handle) = plugin.memory_from_val(place) else { return Ok(None) };
    let bytes = plugin.memory_bytes(handle)?;
    let cut = &bytes[..bytes.len().min(limit)];
    Ok(Some(String::from_utf8_lossy(cut).into_owned()))
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
