//! What an extension says of itself: the answers of `initialize` and `capabilities`.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::error::{ErrorCode, ExtensionError, Result};
use crate::text::shorten;

/// One thing an extension can do.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Capability {
    /// The method to call.
    pub name: String,
    /// What it does, for people.
    #[serde(default)]
    pub description: String,
    /// JSON Schema of its params.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub params_schema: Option<Box<RawValue>>,
    /// JSON Schema of its result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_schema: Option<Box<RawValue>>,
}

/// Capabilities as JSON, schemas as the extension wrote them.
#[must_use]
pub fn to_json(capabilities: &[Capability]) -> String {
    serde_json::to_string(capabilities).unwrap_or_else(|_| "[]".into())
}

/// The most that `initialize` and `capabilities` may answer: the host reads it, and what it reads takes a multiple of it.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// Reads what `capabilities` answered: a list of at least a name each.
pub(crate) fn read(answer: &[u8]) -> Result<Vec<Capability>> {
    check_length(answer)?;
    serde_json::from_slice(answer).map_err(|error| {
        protocol(format!("a list of `{{name, description}}` was expected, but it answered {}: {error}", quote(answer)))
    })
}

/// Reads what `initialize` answered: that it is ready.
pub(crate) fn check_ready(answer: &[u8]) -> Result<()> {
    #[derive(Deserialize)]
    struct Status {
        status: String,
    }
    check_length(answer)?;
    match serde_json::from_slice::<Status>(answer) {
        Ok(answer) if answer.status == "ready" => Ok(()),
        _ => Err(protocol(format!("`{{\"status\":\"ready\"}}` was expected, but it answered {}", quote(answer)))),
    }
}

pub(crate) fn check_length(answer: &[u8]) -> Result<()> {
    if answer.len() <= MAX_ANSWER_BYTES {
        return Ok(());
    }
    Err(protocol(format!("it answered {} bytes, more than the {MAX_ANSWER_BYTES} that this host reads", answer.len())))
}

fn protocol(what: String) -> ExtensionError {
    ExtensionError::new(ErrorCode::ProtocolError, format!("{what}."))
}

/// The beginning of an answer, for an error message.
pub(crate) fn quote(answer: &[u8]) -> String {
    if answer.is_empty() {
        "nothing".into()
    } else {
        format!("{:?}", shorten(&String::from_utf8_lossy(&answer[..answer.len().min(400)]), 100))
    }
}
