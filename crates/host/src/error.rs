//! What can go wrong, as one error type with a stable code.

use std::error::Error;
use std::fmt;

use serde_json::value::RawValue;

/// Why a load or a call failed. The names are those of Morphir's design documents where they have one.
///
/// The code is decided from facts that the host holds (did the deadline pass, was the call cancelled, did the guest return),
/// never from the text of a message: a guest chooses its own messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorCode {
    /// No extension has this id, or it was unloaded.
    NotFound,
    /// The source is not a WebAssembly module that this host can run: wrong type, wrong hash, not wasm, a component, truncated,
    /// or in need of a feature or an import that is not offered.
    InvalidSource,
    /// The extension's own start-up failed: its start code, `initialize`, or `capabilities`.
    InitializationFailed,
    /// The extension exports no such method.
    MethodNotFound,
    /// The extension ran and answered with an error.
    ExtensionError,
    /// The extension answered something that the protocol does not allow, for example text that is not valid UTF-8.
    ProtocolError,
    /// Params or a result could not be written or read as JSON.
    SerializationError,
    /// A file could not be read or written.
    IoError,
    /// The deadline passed.
    Timeout,
    /// The caller took the call back.
    Cancelled,
    /// The extension needed more memory than it was granted, or answered with more output than it was granted.
    MemoryLimit,
    /// The extension used up the instructions that it was granted.
    FuelExhausted,
    /// The extension broke off: an `unreachable`, an access out of bounds, a stack overflow, a refused host call.
    Trap,
    /// The configuration is wrong.
    InvalidConfig,
    /// Too many calls are waiting.
    QueueFull,
    /// The host was closed.
    Closed,
}

impl ErrorCode {
    /// The stable name, the same in Rust, TypeScript and the documentation.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotFound => "NotFound",
            Self::InvalidSource => "InvalidSource",
            Self::InitializationFailed => "InitializationFailed",
            Self::MethodNotFound => "MethodNotFound",
            Self::ExtensionError => "ExtensionError",
            Self::ProtocolError => "ProtocolError",
            Self::SerializationError => "SerializationError",
            Self::IoError => "IoError",
            Self::Timeout => "Timeout",
            Self::Cancelled => "Cancelled",
            Self::MemoryLimit => "MemoryLimit",
            Self::FuelExhausted => "FuelExhausted",
            Self::Trap => "Trap",
            Self::InvalidConfig => "InvalidConfig",
            Self::QueueFull => "QueueFull",
            Self::Closed => "Closed",
        }
    }
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One failure: a code, a sentence, and who it concerns.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct ExtensionError {
    code: ErrorCode,
    message: String,
    extension: Option<String>,
    method: Option<String>,
    #[source]
    source: Option<Box<dyn Error + Send + Sync>>,
    rpc: Option<Box<RpcError>>,
}

/// What an extension that speaks JSON-RPC said beside the message of its error.
#[derive(Clone, Debug)]
pub struct RpcError {
    /// The code, as the extension chose it.
    pub code: i64,
    /// The data, as JSON; none where it is longer than 64 KiB.
    pub data: Option<Box<RawValue>>,
}

impl ExtensionError {
    /// A failure with its code and a sentence that says what happened and, where there is one, what to do.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), extension: None, method: None, source: None, rpc: None }
    }

    /// Names the extension, unless a name is there already.
    #[must_use]
    pub fn of(mut self, extension: &str) -> Self {
        self.extension.get_or_insert_with(|| extension.to_owned());
        self
    }

    /// Names the method, unless a name is there already.
    #[must_use]
    pub fn in_method(mut self, method: &str) -> Self {
        self.method.get_or_insert_with(|| method.to_owned());
        self
    }

    /// Keeps the error underneath.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// Keeps what an extension said in JSON-RPC.
    #[must_use]
    pub(crate) fn with_rpc(mut self, rpc: RpcError) -> Self {
        self.rpc = Some(Box::new(rpc));
        self
    }

    /// The stable code: match on this, not on the message.
    #[must_use]
    pub const fn code(&self) -> ErrorCode {
        self.code
    }

    /// The sentence for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The name of the extension, where one is concerned.
    #[must_use]
    pub fn extension(&self) -> Option<&str> {
        self.extension.as_deref()
    }

    /// The method that was called, where one was.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        self.method.as_deref()
    }

    /// What an extension that speaks JSON-RPC said beside its message, where the error is one of its own.
    #[must_use]
    pub fn rpc(&self) -> Option<&RpcError> {
        self.rpc.as_deref()
    }
}

/// The result of everything here that can fail.
pub type Result<T, E = ExtensionError> = std::result::Result<T, E>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_given_stays() {
        let error = ExtensionError::new(ErrorCode::Trap, "it broke").of("inner").of("outer").in_method("initialize");
        assert_eq!(error.extension(), Some("inner"));
        assert_eq!(error.method(), Some("initialize"));
        assert_eq!(error.to_string(), "it broke");
    }
}
