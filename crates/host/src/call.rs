//! What is called, with what, and what it answers.

use std::time::Duration;

use crate::error::{ErrorCode, ExtensionError, Result};
use crate::extension::ExtensionId;

/// A call to submit.
#[derive(Debug)]
pub struct Call {
    /// Whose method.
    pub extension: ExtensionId,
    /// Which method.
    pub method: String,
    /// What it is given, once for each time it is called.
    pub inputs: Vec<Vec<u8>>,
    /// What its answers have to be.
    pub form: Form,
    /// How long all of it may take from now on, waiting included. The extension's own limit holds besides.
    pub timeout: Option<Duration>,
}

/// What the answers of a call have to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Text; what is not valid UTF-8 becomes a `ProtocolError`.
    Text,
    /// Any bytes.
    Bytes,
}

/// One answer of a method.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Asked for as text.
    Text(String),
    /// Asked for as bytes.
    Bytes(Vec<u8>),
}

impl Answer {
    /// The answer's bytes, however it was asked for.
    #[must_use]
    pub fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Text(text) => text.into_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }

    pub(crate) fn read(bytes: Vec<u8>, form: Form) -> Result<Self> {
        match form {
            Form::Bytes => Ok(Self::Bytes(bytes)),
            Form::Text => String::from_utf8(bytes).map(Self::Text).map_err(|error| {
                let place = error.utf8_error().valid_up_to();
                ExtensionError::new(
                    ErrorCode::ProtocolError,
                    format!("The answer is not valid UTF-8, from byte {place} on."),
                )
            }),
        }
    }
}
