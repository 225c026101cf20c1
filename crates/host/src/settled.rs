//! What came of work.

use crate::call::Answer;
use crate::error::Result;
use crate::extension::ExtensionId;
use crate::log::LogRecord;

/// What came of one piece of work.
#[derive(Debug)]
pub struct Settled {
    /// The work.
    pub ticket: u64,
    /// What came of it.
    pub outcome: Outcome,
    /// What the extension logged meanwhile.
    pub log: Vec<LogRecord>,
}

/// What came of a load, a reload or a call.
#[derive(Debug)]
pub enum Outcome {
    /// A load's.
    Loaded(Result<ExtensionId>),
    /// A reload's.
    Reloaded(Result<()>),
    /// A call's: one answer for each input.
    Called(Vec<Result<Answer>>),
    /// Not the end of a call yet: the next of its answers, where they were asked for in portions. Those that are left come with `Called`.
    Answered(Vec<Result<Answer>>),
}
