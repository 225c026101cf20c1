//! How far a call with its inputs has come.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::call::{Answer, Call};
use crate::config::Permissions;
use crate::deadline::{Interrupt, Reason, Watch};
use crate::error::{ErrorCode, ExtensionError, Result};
use crate::extension::Extension;
use crate::health::HealthStatus;
use crate::log::LogRecord;
use crate::mep;
use crate::restart::Recovery;
use crate::schedule::Ticket;

/// What the figures call methods that the protocol does not know.
const OTHER_METHODS: &str = "other";

/// A call in line.
pub(crate) struct Waited {
    pub call: Call,
    pub submitted: Instant,
    /// It is the question how the extension is.
    pub checks: bool,
    /// After how many answers those are handed over that there are.
    pub portion: Option<usize>,
}

/// A call that has an instance.
pub(crate) struct Progress {
    pub ticket: Ticket,
    pub call: Call,
    /// It is the question how the extension is.
    pub checks: bool,
    pub interrupt: Arc<Interrupt>,
    submitted: Instant,
    /// How long it waited.
    queue_time: Duration,
    /// What became of its inputs, but for what was handed over.
    answers: Vec<Result<Answer>>,
    /// What the extension logged with them.
    pub log: Vec<LogRecord>,
    /// How long each of its inputs took that is answered, and how it failed.
    ends: Vec<(Duration, Option<ErrorCode>)>,
    /// After how many answers those are handed over that there are.
    portion: Option<usize>,
    /// When the input began that is next.
    now: Instant,
    /// Keeps the deadline of the one that runs.
    watch: Option<Watch>,
    /// How long the instance has to rest after a fault, and until when.
    rest: Option<(Duration, Option<Instant>)>,
}

impl Progress {
    pub fn new(ticket: Ticket, waited: Waited, interrupt: Arc<Interrupt>) -> Self {
        let Waited { call, submitted, checks, portion } = waited;
        let (inputs, now) = (call.inputs.len(), Instant::now());
        Self {
            ticket,
            call,
            checks,
            interrupt,
            submitted,
            queue_time: now.duration_since(submitted),
            answers: Vec::with_capacity(inputs),
            log: Vec::new(),
            ends: Vec::with_capacity(inputs),
            portion,
            now,
            watch: None,
            rest: None,
        }
    }

    /// Goes on after it stood in line again.
    pub fn resume(&mut self) {
        self.now = Instant::now();
    }

    /// How many of its inputs are answered.
    pub const fn answered(&self) -> usize {
        self.ends.len()
    }

    /// The length of the next input, if there is one.
    pub fn next_length(&self) -> Option<usize> {
        self.call.inputs.get(self.ends.len()).map(Vec::len)
    }

    /// Begins the next input: it has until the extension's own limit, or an earlier moment.
    pub fn begin(&mut self, permissions: &Permissions) -> Vec<u8> {
        let overall = self.call.timeout.and_then(|timeout| self.submitted.checked_add(timeout));
        let limit = self.now + permissions.max_execution_time;
        if overall.is_none_or(|overall| self.now < overall) {
            self.interrupt.forget_deadline();
        }
        let (deadline, reason) = match overall {
            Some(overall) if overall < limit => (overall, Reason::Timeout),
            _ => (limit, Reason::Deadline),
        };
        self.watch = Some(Watch::until(deadline, reason, &self.interrupt));
        self.call.inputs.get_mut(self.ends.len()).map(std::mem::take).unwrap_or_default()
    }

    /// Why the next input does not run: the instance rests, or its extension was given up.
    pub fn refusal(&self, recovery: &Recovery) -> Option<ExtensionError> {
        match self.rest {
            Some((rest, _)) => Some(recovery.resting(rest)),
            None => recovery.refusal(),
        }
    }

    /// Takes note of what came of an input: it may be a fault, or show that the extension is well again.
    pub fn learn(
        &mut self,
        recovery: &Recovery,
        result: &Result<Vec<u8>>,
        is_fault: impl FnOnce(&ExtensionError) -> bool,
    ) {
        match result {
            Err(error) if is_fault(error) => {
                let rest = recovery.fault(&self.call.method, error);
                self.rest = rest.map(|rest| (rest, Instant::now().checked_add(rest)));
            }
            // That it has started is no news, and not what it is there for.
            _ if self.checks => {}
            Err(error) if error.code() != ErrorCode::ExtensionError => {}
            _ => recovery.good(),
        }
    }

    /// Until when the instance must not be started again.
    pub fn rests(&self) -> Option<Instant> {
        self.rest.and_then(|(_, until)| until)
    }

    /// Takes what came of the input that was begun, on an extension of this name.
    pub fn end(&mut self, result: Result<Vec<u8>>, name: &str) {
        self.watch = None;
        let answer = if self.checks { health(result) } else { result.and_then(|it| Answer::read(it, self.call.form)) };
        let ended = Instant::now();
        self.ends.push((ended.duration_since(self.now), answer.as_ref().err().map(ExtensionError::code)));
        self.answers.push(answer.map_err(|error| error.of(name).in_method(&self.call.method)));
        self.now = ended;
    }

    /// Answers its other inputs with an error: they never run.
    pub fn refuse_rest(&mut self, code: ErrorCode, message: &str, name: &str) {
        while self.next_length().is_some() {
            self.resume();
            self.end(Err(ExtensionError::new(code, message)), name);
        }
    }

    /// The answers that are ready to be handed over although there are more to come.
    pub fn take_portion(&mut self) -> Option<Vec<Result<Answer>>> {
        let portion = self.portion.filter(|portion| self.answers.len() >= *portion && self.next_length().is_some())?;
        Some(std::mem::replace(&mut self.answers, Vec::with_capacity(portion)))
    }

    /// When the last of its answered inputs ended.
    pub const fn ended(&self) -> Instant {
        self.now
    }

    /// Adds what it came to, to its extension's figures.
    pub fn count(&self, extension: &mut Extension) {
        if self.checks {
            return;
        }
        // Callers may call one with sessions by any name: what the protocol does not know is counted together.
        let foreign = extension.advertised.is_some() && !mep::is_known(&self.call.method);
        let name = if foreign { OTHER_METHODS } else { &self.call.method };
        let figures = &mut extension.figures;
        figures.queue_time.add(self.queue_time);
        figures.of_method(name, |method| {
            for (time, failure) in &self.ends {
                method.count(*time, *failure);
            }
        });
    }

    /// What became of each input, but for what was handed over.
    pub fn into_answers(self) -> Vec<Result<Answer>> {
        self.answers
    }
}

/// The answer to the question how an extension is.
pub(crate) fn health(result: Result<Vec<u8>>) -> Result<Answer> {
    HealthStatus::of(result).map(|status| status.to_answer())
}
