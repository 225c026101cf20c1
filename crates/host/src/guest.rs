//! What a guest tells its host during one call, and the functions through which it does.
//!
//! They take the place of Extism's own: logs stay with the extension instead of going to a process-wide subscriber, the guest's
//! error text stays apart from the engine's errors, nothing depends on environment variables, and nothing here looks into the
//! guest's memory: text comes and goes in words of eight bytes, which the prepared module moves (`prepare/relay.rs`).

use std::collections::BTreeMap;
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use extism::{CancelHandle, CurrentPlugin, Error, Function, UserData, Val, ValType};

use crate::deadline::{Interrupt, Interrupted, Reason};
use crate::function::{Block, Failure};
use crate::imported::{Called, Imported};
use crate::log::{Log, LogLevel, LogRecord};
use crate::prepare::{
    ANOTHER, ARGUMENT, ASK, Asked, CALL, CHUNK, CHUNKS, ENTERED, EXTISM, GROWTH_REFUSED, HOST, INTERRUPTED, MAY_GO_ON,
    OUTPUT_REFUSED, PRINTED, RETURNED, TAKE, Taken, WORD, WORDS,
};
use crate::row::{Ended, MAX_BYTES_IN_ROW, Row};
use crate::variables::{MAX_VARIABLE_BYTES, Variables};

/// Error text beyond this is cut: it is for people.
const MAX_ERROR_BYTES: usize = 64 * 1024;
/// What is kept of any text: one byte more than fits into a variable, so that too much is seen to be too much.
pub(crate) const MAX_TEXT_BYTES: usize = MAX_VARIABLE_BYTES + 1;

/// What happened while the guest ran.
#[derive(Default)]
pub(crate) struct Account {
    /// The call reached the guest.
    pub entered: bool,
    /// The code of the guest's function, once it came back by itself.
    pub returned: Option<i32>,
    /// How much memory there was then, in bytes.
    pub memory: Option<u64>,
    /// It ended itself, as programs do, and cannot go on.
    pub exited: bool,
    /// The guest's own error text.
    pub error: Option<String>,
    /// It asked for more memory than its grant, and was told that there is none.
    pub growth_refused: bool,
    /// Why one of the host's functions broke the call off.
    pub refused: Option<Refusal>,
    /// The function that it waited for when it had to end.
    pub waited_for: Option<String>,
}

/// Why one of the host's functions broke the call off.
pub(crate) enum Refusal {
    /// The guest set an output of this many bytes.
    Output(u64),
    /// The guest set more variables than there is room for.
    Variables,
    /// The guest called this function, for which it has no grant.
    NotGranted(String),
    /// This function failed.
    Function(String, Failure),
    /// The guest handed this function so many bytes.
    Arguments(String, u64),
    /// This function answered with so many bytes.
    Answer(String, u64),
    /// The call should not have started any more, and did not reach the guest.
    NotStarted(Reason),
}

/// How far the guest has come in a row of calls.
struct InRow {
    row: Arc<dyn Row>,
    /// The interrupt of the call that runs.
    interrupt: Arc<Interrupt>,
    /// Its input, from the second call on.
    input: Option<Vec<u8>>,
    /// The last call's output is taken, and there is no other.
    over: bool,
}

/// Where a row of calls ended.
pub(crate) enum RowEnd {
    /// In its first call.
    First,
    /// In a later call, with this input.
    Later(Vec<u8>, Arc<Interrupt>),
    /// Behind its last call.
    Over,
}

/// The host's side of one instance's guest.
pub(crate) struct Guest {
    level: Option<LogLevel>,
    config: Arc<BTreeMap<String, String>>,
    imported: Arc<Imported>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// How the call that is about to start can be interrupted, until it has.
    start: Option<Arc<Interrupt>>,
    /// How the engine is told of an interrupt.
    handle: Option<CancelHandle>,
    /// The calls that may follow, and which of them runs.
    row: Option<InRow>,
    account: Account,
    log: Log,
    variables: Variables,
    /// The text that the guest hands over.
    text: Vec<u8>,
    /// The name of the variable that it is about to set.
    name: Vec<u8>,
    /// The text that the guest asked for.
    asked: Vec<u8>,
    /// What else it was told of the call that runs, where its guest imports functions of the host's.
    running: Option<Running>,
    /// What the guest hands to a function of the host's.
    arguments: Vec<Block>,
    /// How many bytes the next argument has.
    announced: usize,
    /// The head of the last response from the network.
    status: u16,
    headers: Option<String>,
}

/// The call that runs.
struct Running {
    interrupt: Arc<Interrupt>,
    method: Option<String>,
}

impl Guest {
    /// A guest whose messages from `level` on are kept; without a level it is told not to log at all. `config` is what it
    /// finds in Extism's configuration, `imported` what it may call.
    pub fn new(level: Option<LogLevel>, config: Arc<BTreeMap<String, String>>, imported: Arc<Imported>) -> Arc<Self> {
        Arc::new(Self { level, config, imported, state: Mutex::default() })
    }

    /// A new guest takes this one's place: what it kept is gone, but what it logged is still to be told.
    pub fn begin(&self) {
        let mut state = self.lock();
        let log = mem::take(&mut state.log);
        *state = State { log, ..State::default() };
    }

    /// A call of a `method`, or of start-up code, is about to start, which `interrupt` can end by means of `handle`, and behind it those
    /// of the `row`.
    pub fn expect(
        &self,
        method: Option<&str>,
        interrupt: &Arc<Interrupt>,
        handle: CancelHandle,
        row: Option<Arc<dyn Row>>,
    ) {
        let mut state = self.lock();
        state.account = Account::default();
        state.start = Some(Arc::clone(interrupt));
        state.handle = Some(handle);
        state.row = row.map(|row| InRow { row, interrupt: Arc::clone(interrupt), input: None, over: false });
        if !self.imported.is_empty() {
            state.running = Some(Running { interrupt: Arc::clone(interrupt), method: method.map(Into::into) });
            state.arguments.clear();
        }
    }

    /// How the call of the row that runs can be interrupted.
    pub fn interrupt_of_row(&self) -> Option<Arc<Interrupt>> {
        self.lock().row.as_ref().map(|row| Arc::clone(&row.interrupt))
    }

    /// Whether the row has taken the last output.
    pub fn row_is_over(&self) -> bool {
        self.lock().row.as_ref().is_some_and(|row| row.over)
    }

    /// Ends the row of calls.
    pub fn end_row(&self) -> RowEnd {
        match self.lock().row.take() {
            Some(InRow { over: true, .. }) => RowEnd::Over,
            Some(InRow { input: Some(input), interrupt, .. }) => RowEnd::Later(input, interrupt),
            _ => RowEnd::First,
        }
    }

    /// Whether the guest's function came back by itself: only then is its output a place that can be read.
    pub fn has_returned(&self) -> bool {
        self.lock().account.returned.is_some()
    }

    /// Ends the account.
    pub fn account(&self) -> Account {
        let mut state = self.lock();
        state.start = None;
        state.running = None;
        mem::take(&mut state.account)
    }

    /// What was logged since the last time.
    pub fn take_log(&self) -> Vec<LogRecord> {
        match self.level {
            Some(least) => mem::take(&mut self.lock().log).end(least),
            None => Vec::new(),
        }
    }

    /// The functions that the prepared module imports from the host.
    pub fn functions(self: &Arc<Self>) -> Vec<Function> {
        let mut functions = vec![
            self.function(HOST, ENTERED, [], [], |guest, _, _| guest.enter()),
            self.function(HOST, RETURNED, [ValType::I64, ValType::I32], [], |guest, params, _| {
                let account = &mut guest.lock().account;
                account.memory = params[0].i64().map(i64::cast_unsigned);
                account.returned = params[1].i32();
                Ok(())
            }),
            self.function(HOST, GROWTH_REFUSED, [ValType::I32], [], |guest, _, _| {
                guest.lock().account.growth_refused = true;
                Ok(())
            }),
            self.function(HOST, OUTPUT_REFUSED, [ValType::I64], [], |guest, params, _| {
                let length = params[0].i64().unwrap_or_default().cast_unsigned();
                Err(refuse(&mut guest.lock(), Refusal::Output(length)))
            }),
            self.function(HOST, PRINTED, [ValType::I32, ValType::I64, ValType::I32], [], |guest, params, _| {
                if let ([Val::I32(stream), bytes, count], Some(least)) = (params, guest.level) {
                    guest.lock().log.print(*stream, first_bytes(&bytes_of(bytes), count), least);
                }
                Ok(())
            }),
            self.function(HOST, CHUNK, [ValType::I64, ValType::I32], [], |guest, params, _| {
                let mut state = guest.lock();
                if state.text.len() < MAX_TEXT_BYTES.max(state.announced) {
                    state.text.extend_from_slice(first_bytes(&bytes_of(&params[0]), &params[1]));
                }
                Ok(())
            }),
            self.function(HOST, CHUNKS, words(), [], |guest, params, _| {
                let mut state = guest.lock();
                for word in params {
                    state.text.extend_from_slice(&bytes_of(word));
                }
                // More than anybody keeps is cut off, so that nobody fills the host's memory.
                let most = MAX_TEXT_BYTES.max(state.announced);
                state.text.truncate(most);
                Ok(())
            }),
            self.function(HOST, WORDS, [ValType::I64], words(), |guest, params, results| {
                let state = guest.lock();
                let at = params[0].i64().and_then(|at| usize::try_from(at).ok()).unwrap_or(usize::MAX);
                for (number, result) in results.iter_mut().enumerate() {
                    *result = Val::I64(word(&state.asked, at.saturating_add(number * 8)));
                }
                Ok(())
            }),
            self.function(HOST, MAY_GO_ON, [ValType::I64], [ValType::I32], |guest, params, results| {
                results[0] = Val::I32(i32::from(guest.may_go_on(params[0].i64())));
                Ok(())
            }),
            self.function(HOST, ANOTHER, [], [ValType::I64], |guest, _, results| {
                results[0] = Val::I64(guest.another());
                Ok(())
            }),
            self.function(HOST, TAKE, [ValType::I32], [], |guest, params, _| guest.take(params[0].i32())),
            self.function(HOST, ASK, [ValType::I32], [ValType::I64], |guest, params, results| {
                results[0] = Val::I64(guest.ask(params[0].i32()));
                Ok(())
            }),
            self.function(HOST, WORD, [ValType::I64], [ValType::I64], |guest, params, results| {
                let at = params[0].i64().and_then(|at| usize::try_from(at).ok());
                results[0] = Val::I64(at.map_or(0, |at| word(&guest.lock().asked, at)));
                Ok(())
            }),
            self.function(EXTISM, "get_log_level", [], [ValType::I32], |guest, _, results| {
                // The largest number turns a PDK's logging off before it formats anything.
                results[0] = Val::I32(guest.level.map_or(i32::MAX, |level| i32::from(level as u8)));
                Ok(())
            }),
        ];
        if !self.imported.is_empty() {
            functions.extend(self.functions_of_calls());
        }
        functions
    }

    /// The functions that only those prepared modules import that call functions of the host's.
    fn functions_of_calls(self: &Arc<Self>) -> [Function; 3] {
        [
            self.function(HOST, ARGUMENT, [ValType::I64, ValType::I32], [], |guest, params, _| {
                guest.announce(params[0].i64().unwrap_or(-1), number(&params[1]))
            }),
            self.function(HOST, CALL, [ValType::I32], [ValType::I64], |guest, params, results| {
                results[0] = Val::I64(guest.call(number(&params[0]))?);
                Ok(())
            }),
            self.function(EXTISM, "http_status_code", [], [ValType::I32], |guest, _, results| {
                results[0] = Val::I32(guest.lock().status.into());
                Ok(())
            }),
        ]
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
        F: Fn(&Self, &[Val], &mut [Val]) -> Result<(), Error> + Send + Sync + 'static,
    {
        let guest = Arc::clone(self);
        let call = move |_: &mut CurrentPlugin, params: &[Val], results: &mut [Val], _: UserData<()>| {
            function(&guest, params, results)
        };
        Function::new(name, params, results, UserData::default(), call).with_namespace(namespace)
    }

    fn enter(&self) -> Result<(), Error> {
        let mut state = self.lock();
        // Only the host's own wrappers enter, each once.
        let (Some(interrupt), Some(handle)) = (state.start.take(), state.handle.clone()) else { return Ok(()) };
        interrupt.arm(handle).map_err(|reason| refuse(&mut state, Refusal::NotStarted(reason)))?;
        state.account.entered = true;
        Ok(())
    }

    /// The guest's function came back with an output of this length: whether it may stay for another call.
    fn may_go_on(&self, length: Option<i64>) -> bool {
        let mut state = self.lock();
        let short = length.and_then(|length| usize::try_from(length).ok()).is_some_and(|it| it <= MAX_BYTES_IN_ROW);
        let Account { returned, exited, error, refused, .. } = &state.account;
        // Whatever is not plain success, the way out of the engine deals with.
        let well = *returned == Some(0) && !exited && error.is_none() && refused.is_none();
        let Some(InRow { row, interrupt, .. }) = state.row.as_ref().filter(|_| short && well) else { return false };
        let (row, interrupted) = (Arc::clone(row), interrupt.reason().is_some());
        state.text.clear();
        drop(state);
        !interrupted && row.waits()
    }

    /// The text is the output of the call that runs. Begins the next one and answers the length of its input; −1 if there is none.
    fn another(&self) -> i64 {
        let mut state = self.lock();
        let output = mem::take(&mut state.text);
        let Some(InRow { row, interrupt, .. }) = &state.row else { return -1 };
        // An interrupt that comes too late for this call would hit the next one.
        if interrupt.disarm() || interrupt.reason().is_some() {
            return -1;
        }
        let row = Arc::clone(row);
        let memory = state.account.memory;
        drop(state);
        let next = row.next(Ended { output, memory, log: self.take_log() });
        let mut state = self.lock();
        state.account = Account::default();
        let Some(in_row) = &mut state.row else { return -1 };
        let Some((input, interrupt)) = next else {
            in_row.over = true;
            return -1;
        };
        let length = i64::try_from(input.len()).unwrap_or(-1);
        in_row.input = Some(input.clone());
        in_row.interrupt = Arc::clone(&interrupt);
        if let Some(running) = &mut state.running {
            running.interrupt = Arc::clone(&interrupt);
        }
        state.arguments.clear();
        state.start = Some(interrupt);
        state.asked = input;
        length
    }

    fn take(&self, what: Option<i32>) -> Result<(), Error> {
        let mut state = self.lock();
        let text = mem::take(&mut state.text);
        match Taken::ALL.into_iter().find(|taken| what == Some(*taken as i32)) {
            Some(Taken::Error) => {
                let cut = &text[..text.len().min(MAX_ERROR_BYTES)];
                state.account.error = (!text.is_empty()).then(|| String::from_utf8_lossy(cut).into_owned());
            }
            Some(Taken::Trace) => state.log.add(LogLevel::Trace, &text),
            Some(Taken::Debug) => state.log.add(LogLevel::Debug, &text),
            Some(Taken::Info) => state.log.add(LogLevel::Info, &text),
            Some(Taken::Warn) => state.log.add(LogLevel::Warn, &text),
            Some(Taken::Failure) => state.log.add(LogLevel::Error, &text),
            Some(Taken::VariableName) => state.name = text,
            Some(Taken::Variable) => {
                let name = mem::take(&mut state.name);
                if !state.variables.set(name, text) {
                    return Err(refuse(&mut state, Refusal::Variables));
                }
            }
            Some(Taken::NoVariable) => {
                let name = mem::take(&mut state.name);
                state.variables.remove(&name);
            }
            Some(Taken::Exit) => state.account.exited = true,
            Some(Taken::Argument) => {
                state.announced = 0;
                state.arguments.push(Some(text));
            }
            None => {}
        }
        Ok(())
    }

    /// Answers the length of what is asked for, or −1 for nothing; of a log level, whether it is wanted.
    fn ask(&self, what: Option<i32>) -> i64 {
        let wanted = |level| i64::from(self.level.is_some_and(|least| level >= least));
        let mut state = self.lock();
        let found = match Asked::ALL.into_iter().find(|asked| what == Some(*asked as i32)) {
            Some(Asked::Trace) => return wanted(LogLevel::Trace),
            Some(Asked::Debug) => return wanted(LogLevel::Debug),
            Some(Asked::Info) => return wanted(LogLevel::Info),
            Some(Asked::Warn) => return wanted(LogLevel::Warn),
            Some(Asked::Failure) => return wanted(LogLevel::Error),
            Some(Asked::Config) => {
                let name = mem::take(&mut state.text);
                std::str::from_utf8(&name).ok().and_then(|name| self.config.get(name)).map(|value| value.clone().into())
            }
            Some(Asked::Variable) => {
                let name = mem::take(&mut state.text);
                state.variables.get(&name).map(<[u8]>::to_vec)
            }
            Some(Asked::Headers) => state.headers.clone().map(Into::into),
            None => None,
        };
        let length = found.as_ref().map_or(-1, |found: &Vec<u8>| i64::try_from(found.len()).unwrap_or(-1));
        state.asked = found.unwrap_or_default();
        length
    }

    /// So many bytes follow as the next argument of a function of the host's; none at all with a negative number.
    fn announce(&self, length: i64, function: usize) -> Result<(), Error> {
        let mut state = self.lock();
        let Ok(length) = u64::try_from(length) else {
            state.arguments.push(None);
            return Ok(());
        };
        let before: usize = state.arguments.iter().flatten().map(Vec::len).sum();
        let all = length.saturating_add(before as u64);
        if all > self.imported.max_bytes {
            return Err(refuse(&mut state, Refusal::Arguments(self.imported.name(function).into(), all)));
        }
        state.announced = usize::try_from(length).unwrap_or(usize::MAX);
        state.text.clear();
        Ok(())
    }

    /// Calls a function of the host's. Answers the length of its answer, −1 for nothing, or `INTERRUPTED`.
    fn call(&self, number: usize) -> Result<i64, Error> {
        let mut state = self.lock();
        let arguments = mem::take(&mut state.arguments);
        let Some(Running { interrupt, method }) = &state.running else { return Ok(-1) };
        let (interrupt, method) = (Arc::clone(interrupt), method.clone());
        drop(state);
        let called = self.imported.call(number, arguments, method, &interrupt);
        let mut state = self.lock();
        let name = || self.imported.name(number).to_owned();
        let answer = match called {
            Called::Answered(answer) => answer,
            Called::Responded(response) => {
                state.status = response.status;
                state.headers = Some(response.headers);
                Some(response.body)
            }
            Called::Logged(level, message) => {
                self.log(&mut state, level, &message.unwrap_or_default());
                None
            }
            Called::Interrupted(Interrupted { reason, sent }) => {
                state.account.waited_for = Some(name());
                return if sent { Ok(INTERRUPTED) } else { Err(refuse(&mut state, Refusal::NotStarted(reason))) };
            }
            Called::Failed(failure) => return Err(refuse(&mut state, Refusal::Function(name(), failure))),
            Called::NotGranted => return Err(refuse(&mut state, Refusal::NotGranted(name()))),
        };
        let length = answer.as_ref().map_or(0, Vec::len) as u64;
        if length > self.imported.max_bytes {
            return Err(refuse(&mut state, Refusal::Answer(name(), length)));
        }
        state.asked = answer.unwrap_or_default();
        Ok(length.cast_signed())
    }

    /// Logs what Morphir's `morphir_log` was given.
    fn log(&self, state: &mut State, level: Block, message: &[u8]) {
        let level = level.and_then(|level| LogLevel::from_name(&String::from_utf8_lossy(&level)));
        let level = level.unwrap_or(LogLevel::Info);
        if self.level.is_some_and(|least| level >= least) {
            state.log.add(level, message);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn refuse(state: &mut State, refusal: Refusal) -> Error {
    state.account.refused = Some(refusal);
    Error::msg("the host broke the call off")
}

/// Eight words, which go over at once.
fn words() -> [ValType; 8] {
    [(); 8].map(|()| ValType::I64)
}

fn number(value: &Val) -> usize {
    value.i32().and_then(|number| usize::try_from(number).ok()).unwrap_or(usize::MAX)
}

fn bytes_of(word: &Val) -> [u8; 8] {
    word.i64().unwrap_or_default().to_le_bytes()
}

fn first_bytes<'a>(bytes: &'a [u8; 8], count: &Val) -> &'a [u8] {
    let count = count.i32().and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
    &bytes[..count.min(8)]
}

/// Up to eight bytes of a text, first byte lowest.
fn word(text: &[u8], at: usize) -> i64 {
    let mut word = [0; 8];
    let rest = text.get(at..).unwrap_or_default();
    let count = rest.len().min(8);
    word[..count].copy_from_slice(&rest[..count]);
    i64::from_le_bytes(word)
}
