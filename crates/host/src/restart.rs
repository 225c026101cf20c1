//! What follows a fault: whether an extension is started anew, and when.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};

use crate::config::{MAX_EXECUTION_TIME, optional_duration};
use crate::error::{ErrorCode, ExtensionError};

/// The first delay where nobody says otherwise.
pub(crate) const INITIAL_DELAY: Duration = Duration::from_secs(1);
/// The longest delay where nobody says otherwise.
pub(crate) const MAX_DELAY: Duration = Duration::from_secs(60);
/// The longest delay that there can be: a day, as with every time here.
const LONGEST_DELAY: Duration = MAX_EXECUTION_TIME;

/// Whether an instance that lost its state to a fault is started anew, and when. Written as a name, or as `{ strategy, … }`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// It is not, and the extension takes no more calls.
    Never,
    /// By the next call.
    Immediate {
        /// How often in a row; `None` for as often as it takes.
        max_retries: Option<u32>,
    },
    /// By the first call after a delay, which doubles with each fault in a row.
    Exponential {
        /// The delay after the first fault.
        initial_delay: Duration,
        /// The longest delay.
        max_delay: Duration,
        /// How often in a row; `None` for as often as it takes.
        max_retries: Option<u32>,
    },
}

impl Default for Restart {
    fn default() -> Self {
        Self::Immediate { max_retries: None }
    }
}

impl Restart {
    const fn name(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::Immediate { .. } => "immediate",
            Self::Exponential { .. } => "exponential",
        }
    }

    const fn max_retries(self) -> Option<u32> {
        match self {
            Self::Never => Some(0),
            Self::Immediate { max_retries } | Self::Exponential { max_retries, .. } => max_retries,
        }
    }

    /// How long an instance rests after so many faults in a row, from 1 on.
    fn delay(self, faults: u32) -> Option<Duration> {
        match self {
            Self::Never | Self::Immediate { .. } => None,
            Self::Exponential { initial_delay, max_delay, .. } => {
                let doubled = 1_u32.checked_shl(faults - 1).and_then(|factor| initial_delay.checked_mul(factor));
                Some(doubled.unwrap_or(max_delay).min(max_delay))
            }
        }
    }

    /// Checks what the types alone do not.
    pub(crate) fn check(self) -> Result<(), String> {
        let Self::Exponential { initial_delay, max_delay, .. } = self else { return Ok(()) };
        let text = humantime::format_duration;
        if initial_delay.is_zero() || initial_delay > max_delay {
            let (initial, most) = (text(initial_delay), text(max_delay));
            return Err(format!(
                "`initial_delay` must be longer than nothing and at most `max_delay`, {most}; it is {initial}."
            ));
        }
        if max_delay > LONGEST_DELAY {
            return Err(format!("`max_delay` must be at most a day; it is {}.", text(max_delay)));
        }
        Ok(())
    }
}

/// A strategy as people write it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Written {
    pub strategy: String,
    #[serde(default, alias = "initialDelay", deserialize_with = "optional_duration")]
    pub initial_delay: Option<Duration>,
    #[serde(default, alias = "maxDelay", deserialize_with = "optional_duration")]
    pub max_delay: Option<Duration>,
    #[serde(default, alias = "maxRetries")]
    pub max_retries: Option<u32>,
}

impl Written {
    /// What was meant, if a strategy has no more than its own keys.
    pub fn read(&self) -> Result<Restart, String> {
        let Self { strategy, initial_delay, max_delay, max_retries } = self;
        let delayed = [("initial_delay", initial_delay.is_some()), ("max_delay", max_delay.is_some())];
        let keys = || delayed.into_iter().chain([("max_retries", max_retries.is_some())]);
        let only = |allowed: &[&str]| match keys().find(|(key, there)| *there && !allowed.contains(key)) {
            Some((key, _)) => Err(format!("The strategy {strategy:?} has no `{key}`.")),
            None => Ok(()),
        };
        let restart = match strategy.as_str() {
            "never" => only(&[]).map(|()| Restart::Never)?,
            "immediate" => only(&["max_retries"]).map(|()| Restart::Immediate { max_retries: *max_retries })?,
            "exponential" => {
                let max_delay = max_delay.unwrap_or_else(|| MAX_DELAY.max(initial_delay.unwrap_or_default()));
                let initial_delay = initial_delay.unwrap_or(INITIAL_DELAY.min(max_delay));
                Restart::Exponential { initial_delay, max_delay, max_retries: *max_retries }
            }
            other => {
                return Err(format!(
                    "The strategy of `restart` must be \"never\", \"immediate\" or \"exponential\"; it is {other:?}."
                ));
            }
        };
        restart.check().map(|()| restart)
    }
}

impl<'de> Deserialize<'de> for Restart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrTable)?.read().map_err(de::Error::custom)
    }
}

/// By hand, because what serde makes of an untagged enum does not say what is wrong with a table.
struct NameOrTable;

impl<'de> Visitor<'de> for NameOrTable {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`restart` to be a strategy, or { strategy, initial_delay, max_delay, max_retries }")
    }

    fn visit_str<E: de::Error>(self, strategy: &str) -> Result<Written, E> {
        Ok(Written { strategy: strategy.into(), ..Written::default() })
    }

    fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Written, A::Error> {
        Written::deserialize(MapAccessDeserializer::new(table))
    }
}

/// How an extension comes through its faults. All its instances have one in common.
pub(crate) struct Recovery {
    pub restart: Restart,
    /// There were faults in a row. Looked at before each call.
    hurt: AtomicBool,
    series: Mutex<Series>,
}

/// Faults without a good call in between.
#[derive(Default)]
struct Series {
    faults: u32,
    first: Option<First>,
    /// There were more than the strategy allows.
    over: bool,
}

struct First {
    method: String,
    code: ErrorCode,
    message: String,
}

impl Recovery {
    pub fn new(restart: Restart) -> Self {
        Self { restart, hurt: AtomicBool::new(false), series: Mutex::default() }
    }

    /// A call was answered.
    pub fn good(&self) {
        if self.is_hurt() {
            let mut series = self.series();
            // What was decided stays decided, whatever other instances still answer.
            if !series.over {
                *series = Series::default();
                self.hurt.store(false, Ordering::Release);
            }
        }
    }

    /// An instance lost its state to this error. Answers how long it has to rest.
    pub fn fault(&self, method: &str, error: &ExtensionError) -> Option<Duration> {
        let mut series = self.series();
        self.hurt.store(true, Ordering::Release);
        series.faults = series.faults.saturating_add(1);
        series.first.get_or_insert_with(|| First {
            method: method.into(),
            code: error.code(),
            message: error.message().into(),
        });
        series.over |= self.restart.max_retries().is_some_and(|most| series.faults > most);
        if series.over { None } else { self.restart.delay(series.faults) }
    }

    /// It was reloaded.
    pub fn reset(&self) {
        *self.series() = Series::default();
        self.hurt.store(false, Ordering::Release);
    }

    /// Why calls are refused, once they are.
    pub fn refusal(&self) -> Option<ExtensionError> {
        if !self.is_hurt() {
            return None;
        }
        let series = self.series();
        let First { method, code, message } = series.first.as_ref().filter(|_| series.over)?;
        let name = self.restart.name();
        let why = match (self.restart, self.restart.max_retries()) {
            (Restart::Never, _) | (_, None) => format!("its restart strategy is {name:?}"),
            (_, Some(most)) => {
                let faults = series.faults;
                format!(
                    "its restart strategy {name:?} has `max_retries` {most}, and there were {faults} faults in a row"
                )
            }
        };
        let what = format!(
            "The extension is not started again: {why}. The first fault, in `{method}`: {message} Reload it to start it anew."
        );
        let first = ExtensionError::new(*code, message.clone());
        Some(ExtensionError::new(ErrorCode::InitializationFailed, what).caused_by(first))
    }

    /// What those calls of several are told that stand right behind a fault: waiting for them would hold a thread.
    pub fn resting(&self, rest: Duration) -> ExtensionError {
        let (name, rest) = (self.restart.name(), humantime::format_duration(rest));
        ExtensionError::new(
            ErrorCode::InitializationFailed,
            format!(
                "The extension is not started again for {rest}, as its restart strategy {name:?} says, and this call came right \
                 behind the fault: make it again."
            ),
        )
    }

    fn is_hurt(&self) -> bool {
        self.hurt.load(Ordering::Acquire)
    }

    fn series(&self) -> MutexGuard<'_, Series> {
        self.series.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn restart(json: &str) -> Result<Restart, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    const fn exponential(initial: u64, most: u64, max_retries: Option<u32>) -> Restart {
        Restart::Exponential {
            initial_delay: Duration::from_millis(initial),
            max_delay: Duration::from_millis(most),
            max_retries,
        }
    }

    #[test]
    fn strategies_are_read_as_people_write_them() {
        for (json, expected) in [
            (r#""never""#, Restart::Never),
            (r#"{"strategy":"never"}"#, Restart::Never),
            (r#""immediate""#, Restart::default()),
            (r#"{"strategy":"immediate","max_retries":0}"#, Restart::Immediate { max_retries: Some(0) }),
            (r#"{"strategy":"immediate","maxRetries":3}"#, Restart::Immediate { max_retries: Some(3) }),
            (r#""exponential""#, exponential(1000, 60_000, None)),
            (r#"{"strategy":"exponential","initialDelay":50,"maxDelay":"2s"}"#, exponential(50, 2000, None)),
            (r#"{"strategy":"exponential","initial_delay":"2min"}"#, exponential(120_000, 120_000, None)),
            (r#"{"strategy":"exponential","max_delay":10,"max_retries":1}"#, exponential(10, 10, Some(1))),
        ] {
            assert_eq!(restart(json).unwrap(), expected, "{json}");
        }
    }

    #[test]
    fn what_is_no_strategy_is_told_why() {
        for (json, why) in [
            ("null", "expected `restart` to be a strategy"),
            ("5", "expected `restart` to be a strategy"),
            ("{}", "missing field `strategy`"),
            (r#""sometimes""#, "it is \"sometimes\""),
            (r#"{"strategy":"immediate","max_retries":-1}"#, "integer `-1`, expected u32"),
            (r#"{"strategy":"immediate","retries":1}"#, "unknown field `retries`"),
            (r#"{"strategy":"never","max_retries":1}"#, "\"never\" has no `max_retries`"),
            (r#"{"strategy":"immediate","initial_delay":1}"#, "\"immediate\" has no `initial_delay`"),
            (r#"{"strategy":"exponential","initial_delay":0}"#, "`initial_delay` must be"),
            (r#"{"strategy":"exponential","initial_delay":5,"max_delay":4}"#, "at most `max_delay`, 4ms; it is 5ms"),
            (r#"{"strategy":"exponential","max_delay":"soon"}"#, "\"soon\" is not a duration"),
            (r#"{"strategy":"exponential","max_delay":"2days"}"#, "`max_delay` must be at most a day"),
        ] {
            let error = restart(json).unwrap_err();
            assert!(error.contains(why), "{json}: {error}");
        }
    }

    #[test]
    fn delays_double_up_to_the_longest() {
        let delays = |restart: Restart, faults: &[u32]| -> Vec<u128> {
            faults.iter().map(|faults| restart.delay(*faults).unwrap().as_millis()).collect()
        };
        assert_eq!(
            delays(exponential(100, 1000, None), &[1, 2, 3, 4, 5, 32, 33, u32::MAX])[..5],
            [100, 200, 400, 800, 1000]
        );
        assert_eq!(delays(exponential(100, 1000, None), &[31, 32, 33, 64, u32::MAX]), [1000; 5]);
        assert_eq!(Restart::default().delay(1), None);
    }

    #[test]
    fn a_good_call_ends_a_series_unless_it_was_too_long() {
        let error = ExtensionError::new(ErrorCode::Trap, "It broke.");
        let recovery = Recovery::new(Restart::Immediate { max_retries: Some(1) });
        assert!(recovery.fault("spin", &error).is_none() && recovery.refusal().is_none());
        recovery.good();
        assert!(recovery.fault("count", &error).is_none() && recovery.refusal().is_none());
        recovery.fault("spin", &error);
        recovery.good();
        let refusal = recovery.refusal().unwrap();
        assert_eq!(refusal.code(), ErrorCode::InitializationFailed);
        for words in ["\"immediate\"", "`max_retries` 1", "2 faults", "in `count`: It broke."] {
            assert!(refusal.message().contains(words), "{refusal}");
        }
        recovery.reset();
        assert!(recovery.refusal().is_none());
    }
}
