//! What came of a piece of work, as JavaScript sees it.

use morphir_extension_host::{Answer, LogRecord, Outcome, Settled};
use napi::bindgen_prelude::{Array, JsObjectValue, Object, Result, ToNapiValue, TypeName, Uint8ArraySlice};
use napi::{Env, ValueType, sys};
use napi_derive::napi;

use crate::error::Failure;

/// One message that an extension logged.
#[napi(object)]
pub struct LogEntry {
    /// `trace`, `debug`, `info`, `warn` or `error`.
    pub level: String,
    /// The text.
    pub message: String,
}

impl From<LogRecord> for LogEntry {
    fn from(record: LogRecord) -> Self {
        Self { level: record.level.as_str().into(), message: record.message }
    }
}

/// Settled work on its way to JavaScript.
pub struct SettledList(pub Vec<Settled>);

impl TypeName for SettledList {
    fn type_name() -> &'static str {
        "Array"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ToNapiValue for SettledList {
    unsafe fn to_napi_value(env: sys::napi_env, list: Self) -> Result<sys::napi_value> {
        let scope = Env::from_raw(env);
        let array = to_js(&scope, list.0)?;
        // SAFETY: the caller vouches for `env`, and the array was made in it.
        unsafe { Array::to_napi_value(env, array) }
    }
}

/// Settled work as a list of objects, `{ ticket, id? | failure? | answers? | portion?, log? }`, where each of `answers` and `portion` is a
/// string, a `Uint8Array` or a `Failure`. What is most frequent, a call with one answer and no log, is two entries of the list instead:
/// the ticket and the answer. Making an object takes longer than all the rest of it.
fn to_js(env: &Env, settled: Vec<Settled>) -> Result<Array<'_>> {
    let mut list = env.create_array(0)?;
    let mut index = 0;
    for Settled { ticket, mut outcome, log } in settled {
        if let Outcome::Called(answers) = &mut outcome
            && answers.len() == 1
            && log.is_empty()
            && let Some(answer) = answers.pop()
        {
            list.set(index, ticket.cast_signed())?;
            set_answer(env, &mut list, index + 1, answer)?;
            index += 2;
            continue;
        }
        let mut entry = Object::new(env)?;
        entry.set_named_property("ticket", ticket.cast_signed())?;
        match outcome {
            Outcome::Loaded(Ok(id)) => entry.set_named_property("id", id.0.cast_signed())?,
            Outcome::Reloaded(Ok(())) => {}
            Outcome::Loaded(Err(error)) | Outcome::Reloaded(Err(error)) => {
                entry.set_named_property("failure", Failure::from(error))?;
            }
            Outcome::Called(answers) => entry.set_named_property("answers", answers_to_js(env, answers)?)?,
            Outcome::Answered(answers) => entry.set_named_property("portion", answers_to_js(env, answers)?)?,
        }
        if !log.is_empty() {
            entry.set_named_property("log", log.into_iter().map(LogEntry::from).collect::<Vec<_>>())?;
        }
        list.set(index, entry)?;
        index += 1;
    }
    Ok(list)
}

fn answers_to_js(
    env: &Env,
    answers: Vec<std::result::Result<Answer, morphir_extension_host::ExtensionError>>,
) -> Result<Array<'_>> {
    let mut values = env.create_array(0)?;
    for (index, answer) in (0..).zip(answers) {
        set_answer(env, &mut values, index, answer)?;
    }
    Ok(values)
}

fn set_answer(
    env: &Env,
    values: &mut Array<'_>,
    index: u32,
    answer: std::result::Result<Answer, morphir_extension_host::ExtensionError>,
) -> Result<()> {
    match answer {
        // V8 copies ASCII as it is, and decodes everything else: five times as slow.
        Ok(Answer::Text(text)) if text.is_ascii() => values.set(index, env.create_string_latin1(text)?),
        Ok(Answer::Text(text)) => values.set(index, text),
        // Copied: memory that V8 does not own is refused in Electron and in VS Code.
        Ok(Answer::Bytes(bytes)) => values.set(index, Uint8ArraySlice::copy_from(env, bytes)?),
        Err(error) => values.set(index, Failure::from(error)),
    }
}
