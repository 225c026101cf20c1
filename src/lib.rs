//! Node-API binding of the extension host: it converts, and decides nothing.

mod config_file;
mod error;
mod function;
mod host;
mod lifeline;
mod outbox;
mod settled;
mod stay;
mod task;
mod threads;

/// The version of this addon, for `lib/native.js` to compare with that of the JavaScript that loads it.
#[napi_derive::napi]
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
