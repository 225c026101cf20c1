//! An `ExtensionError` as JavaScript sees it; `lib/error.js` makes the `Error` from it.

use std::error::Error;

use morphir_extension_host::ExtensionError;
use napi_derive::napi;

use crate::function::Thrown;

/// Why something failed.
#[napi(object)]
pub struct Failure {
    /// The stable code.
    pub code: String,
    /// The sentence for people.
    pub message: String,
    /// The name of the extension, where one is concerned.
    pub extension: Option<String>,
    /// The method that was called, where one was.
    pub method: Option<String>,
    /// The message of the error underneath.
    pub cause: Option<String>,
    /// By which JavaScript finds what a function of its own threw.
    pub thrown: Option<u32>,
    /// The code that an extension gave it that speaks JSON-RPC.
    pub rpc_code: Option<i64>,
    /// The data with it, as JSON.
    pub rpc_data: Option<String>,
}

impl From<ExtensionError> for Failure {
    fn from(error: ExtensionError) -> Self {
        (&error).into()
    }
}

impl From<&ExtensionError> for Failure {
    fn from(error: &ExtensionError) -> Self {
        Self {
            code: error.code().as_str().into(),
            message: error.message().into(),
            extension: error.extension().map(Into::into),
            method: error.method().map(Into::into),
            cause: error.source().map(ToString::to_string),
            thrown: thrown(error),
            rpc_code: error.rpc().map(|rpc| rpc.code),
            rpc_data: error.rpc().and_then(|rpc| rpc.data.as_ref()).map(|data| data.get().into()),
        }
    }
}

/// What a function threw, wherever it is underneath.
fn thrown(error: &ExtensionError) -> Option<u32> {
    let mut source = error.source();
    while let Some(found) = source {
        if let Some(thrown) = found.downcast_ref::<Thrown>() {
            return thrown.key;
        }
        source = found.source();
    }
    None
}
