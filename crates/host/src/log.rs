//! What an extension logs during one call, within limits.

/// A log message beyond this is cut.
const MAX_MESSAGE_BYTES: usize = 8 * 1024;
/// Log messages of one call beyond this are dropped and counted.
const MAX_BYTES: usize = 256 * 1024;
/// Messages of one call beyond this number are dropped and counted: each costs memory of its own.
const MAX_MESSAGES: usize = 1_000;

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

/// The log of one call.
#[derive(Default)]
pub(crate) struct Log {
    records: Vec<LogRecord>,
    bytes: usize,
    dropped: usize,
    /// What standard output and standard error have of a line that is not finished.
    lines: [Vec<u8>; 2],
}

/// How much standard output and standard error matter: kits of many languages report a panic on the latter.
const STREAM_LEVELS: [LogLevel; 2] = [LogLevel::Info, LogLevel::Warn];

impl Log {
    /// Logs a message.
    pub fn add(&mut self, level: LogLevel, text: &[u8]) {
        let text = String::from_utf8_lossy(&text[..text.len().min(MAX_MESSAGE_BYTES)]);
        if self.records.len() >= MAX_MESSAGES || self.bytes + text.len() > MAX_BYTES {
            self.dropped += 1;
        } else {
            self.bytes += text.len();
            self.records.push(LogRecord { level, message: text.into_owned() });
        }
    }

    /// Takes some of standard output (1) or standard error (2), whose lines are messages. What a line has beyond the limit of a
    /// message is dropped.
    pub fn print(&mut self, stream: i32, bytes: &[u8], least: LogLevel) {
        let Some(stream @ 0..=1) = stream.checked_sub(1).and_then(|stream| usize::try_from(stream).ok()) else {
            return;
        };
        for byte in bytes {
            match byte {
                b'\n' => self.end_line(stream, least),
                _ if self.lines[stream].len() < MAX_MESSAGE_BYTES => self.lines[stream].push(*byte),
                _ => {}
            }
        }
    }

    fn end_line(&mut self, stream: usize, least: LogLevel) {
        let line = std::mem::take(&mut self.lines[stream]);
        let level = STREAM_LEVELS[stream];
        if level >= least && !line.is_empty() {
            self.add(level, &line);
        }
    }

    /// Ends the log.
    pub fn end(mut self, least: LogLevel) -> Vec<LogRecord> {
        for stream in 0..self.lines.len() {
            self.end_line(stream, least);
        }
        if self.dropped > 0 {
            let message =
                format!("{} more log messages were dropped: one call may log {MAX_BYTES} bytes.", self.dropped);
            self.records.push(LogRecord { level: LogLevel::Warn, message });
        }
        self.records
    }
}
