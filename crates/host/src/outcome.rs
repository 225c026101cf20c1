//! Names what came of a call, from what the host knows.
//!
//! The engine's own messages are no evidence: a timeout and a cancel both read `timeout`, and a guest can put any word into its
//! own error. So the name comes from who asked for an interrupt, whether the guest's function came back, and what it was
//! refused; the guest's text is only ever quoted.

use wasmtime::{Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

use crate::config::Permissions;
use crate::deadline::Reason;
use crate::error::{ErrorCode, ExtensionError};
use crate::guest::{Account, Refusal};
use crate::text::shorten;
use crate::variables::MAX_VARIABLE_BYTES;

/// What the engine answers.
pub(crate) type Answer<T> = Result<T, (extism::Error, i32)>;

/// What the host knows about a call that is over.
pub(crate) struct Facts<'a, T> {
    pub answer: Answer<T>,
    pub account: Account,
    /// Why the host wanted to end it early, if it did.
    pub reason: Option<Reason>,
    /// Whether it used all of its fuel.
    pub out_of_fuel: bool,
    /// What the extension is granted.
    pub granted: &'a Permissions,
}

/// What came of a call, and whether the instance can go on.
pub(crate) struct Outcome<T> {
    pub result: Result<T, ExtensionError>,
    /// The call reached the guest.
    pub entered: bool,
    /// The guest's function came back by itself.
    pub returned: bool,
    /// The instance's state cannot be trusted any more.
    pub fault: bool,
}

/// Names the outcome.
pub(crate) fn outcome<T>(facts: Facts<'_, T>) -> Outcome<T> {
    let Account { entered, exited, .. } = facts.account;
    let returned = facts.account.returned.is_some() && !exited;
    let (result, fault) = name(facts);
    Outcome { result, entered, returned, fault }
}

/// The result, and whether it is a fault.
type Named<T> = (Result<T, ExtensionError>, bool);

fn name<T>(facts: Facts<'_, T>) -> Named<T> {
    let Facts { answer, account, reason, out_of_fuel, granted } = facts;
    let max_output = granted.max_output;
    if let Some(Refusal::NotStarted(reason)) = account.refused
        && !account.entered
    {
        return (Err(not_started(reason, granted)), false);
    }
    // Taken back is taken back, even where the answer was ready in the same moment.
    if reason == Some(Reason::Cancelled) {
        return fault(ErrorCode::Cancelled, "The call was cancelled.");
    }
    let (error, engine_code) = match answer {
        Ok(output) => return returned(output, account),
        Err(error) => error,
    };
    if let Some(reason) = reason {
        let what = match reason {
            Reason::Timeout => "The call did not end within its own `timeout`".to_owned(),
            _ => format!(
                "The extension ran longer than the {} that `maxExecutionTime` grants",
                humantime::format_duration(granted.max_execution_time)
            ),
        };
        let why = account.waited_for.map(|function| format!(", while it waited for the host function `{function}`"));
        return fault(ErrorCode::Timeout, format!("{what}{}.", why.unwrap_or_default()));
    }
    if out_of_fuel {
        return (Err(self::out_of_fuel(granted)), true);
    }
    match account.refused {
        Some(Refusal::Output(length)) => {
            return fault(
                ErrorCode::MemoryLimit,
                format!(
                    "The extension set an output of {length} bytes, more than the {max_output} that `maxOutput` grants."
                ),
            );
        }
        Some(Refusal::NotGranted(function)) => {
            return fault(ErrorCode::Trap, format!("The extension called `{function}`, for which it has no grant."));
        }
        Some(Refusal::Function(function, failure)) => {
            let text = failure.to_string();
            let message = format!("The host function `{function}` failed: {}.", text.trim_end_matches('.'));
            return (Err(ExtensionError::new(ErrorCode::Trap, message).caused_by(failure)), true);
        }
        Some(Refusal::Arguments(function, length)) => {
            return fault(
                ErrorCode::MemoryLimit,
                format!(
                    "The extension handed `{function}` {length} bytes, more than the {max_output} that `maxOutput` grants."
                ),
            );
        }
        Some(Refusal::Answer(function, length)) => {
            return fault(
                ErrorCode::MemoryLimit,
                format!(
                    "The host function `{function}` answered {length} bytes, more than the {max_output} that `maxOutput` grants."
                ),
            );
        }
        Some(Refusal::Variables) => {
            let message = format!("The extension keeps more than {MAX_VARIABLE_BYTES} bytes of variables.");
            return fault(ErrorCode::MemoryLimit, message);
        }
        Some(Refusal::NotStarted(_)) | None => {}
    }
    let exited = error.is::<I32Exit>();
    if error.is::<Trap>() || exited {
        // WASI's way to end a program is `exit`; extism keeps its code.
        let what =
            if exited { format!("The extension ended itself with exit code {engine_code}.") } else { trap(&error) };
        if account.growth_refused {
            let message = format!("{}, and gave up. {what}", out_of_memory(granted));
            return fault(ErrorCode::MemoryLimit, message);
        }
        return fault(ErrorCode::Trap, what);
    }
    // The guest's words are in `account`, never here: this is the engine's own limiter.
    if error.root_cause().to_string() == "oom" {
        return fault(ErrorCode::MemoryLimit, format!("{}.", out_of_memory(granted)));
    }
    fault(ErrorCode::Trap, format!("The engine broke the call off: {}.", error.root_cause()))
}

/// The error of a call that used all its fuel.
pub(crate) fn out_of_fuel(granted: &Permissions) -> ExtensionError {
    let fuel = granted.max_fuel.unwrap_or_default();
    let message = format!("The extension ran all of the {fuel} instructions that `maxFuel` grants.");
    ExtensionError::new(ErrorCode::FuelExhausted, message)
}

fn out_of_memory(granted: &Permissions) -> String {
    let memory = exactly(granted.max_memory);
    format!("The extension needed more memory than the {memory} that `maxMemory` grants, input and output included")
}

/// A size in the largest unit that has no fraction of it: whoever granted it should know it again.
fn exactly(bytes: u64) -> String {
    const UNITS: [(u64, &str); 5] =
        [(1 << 30, "GiB"), (1 << 20, "MiB"), (1_000_000, "MB"), (1 << 10, "KiB"), (1_000, "kB")];
    match UNITS.iter().find(|(size, _)| bytes.is_multiple_of(*size)) {
        Some((size, unit)) => format!("{} {unit}", bytes / size),
        None => format!("{bytes} bytes"),
    }
}

/// The error of a call that was over before it reached the guest.
pub(crate) fn not_started(reason: Reason, granted: &Permissions) -> ExtensionError {
    match reason {
        Reason::Deadline => ExtensionError::new(
            ErrorCode::Timeout,
            format!(
                "The {} that `maxExecutionTime` grants were over before the extension could be reached.",
                humantime::format_duration(granted.max_execution_time)
            ),
        ),
        Reason::Timeout => ExtensionError::new(ErrorCode::Timeout, "The call ran out of time before it started."),
        Reason::Cancelled => ExtensionError::new(ErrorCode::Cancelled, "The call was cancelled before it started."),
    }
}

fn returned<T>(output: T, account: Account) -> Named<T> {
    let code = account.returned.unwrap_or_default();
    let fault = account.exited || account.returned.is_none();
    let failure = match account.error {
        Some(text) => ExtensionError::new(ErrorCode::ExtensionError, text),
        None if code != 0 => ExtensionError::new(
            ErrorCode::ExtensionError,
            format!("The extension returned the code {code} without saying why."),
        ),
        None => return (Ok(output), fault),
    };
    (Err(failure), fault)
}

fn fault<T>(code: ErrorCode, message: impl Into<String>) -> Named<T> {
    (Err(ExtensionError::new(code, message)), true)
}

/// What trapped and where, with the names of functions where the module has them.
fn trap(error: &extism::Error) -> String {
    let what = error.root_cause().to_string();
    let what = what.strip_prefix("wasm trap: ").unwrap_or(&what);
    let Some(backtrace) = error.downcast_ref::<WasmBacktrace>() else {
        return format!("The extension trapped: {what}.");
    };
    let places: Vec<String> = backtrace
        .frames()
        .iter()
        .take(5)
        .map(|frame| match frame.func_name() {
            Some(name) => shorten(name, 120),
            None => format!("function {}", frame.func_index()),
        })
        .collect();
    format!("The extension trapped: {what}, in {}.", places.join(", called by "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_exact() {
        let cases = [
            (4 << 30, "4 GiB"),
            (16 << 20, "16 MiB"),
            (3_000_000, "3 MB"),
            (1_998_848, "1952 KiB"),
            (1_310_725, "1310725 bytes"),
            (2_001_000, "2001 kB"),
        ];
        for (bytes, text) in cases {
            assert_eq!(exactly(bytes), text);
        }
    }

    #[test]
    fn what_was_over_before_it_started_names_whose_limit_it_was() {
        let granted = Permissions { max_execution_time: std::time::Duration::from_millis(3), ..Permissions::default() };
        let message = |reason| not_started(reason, &granted).message().to_owned();
        assert!(message(Reason::Deadline).starts_with("The 3ms that `maxExecutionTime` grants were over"));
        assert_eq!(message(Reason::Timeout), "The call ran out of time before it started.");
    }
}
