//! Loads WebAssembly extensions and calls them, with hard limits on memory and time.
//!
//! An *extension* is a WebAssembly module built with any of Extism's development kits. This crate loads it, starts it as
//! Morphir's protocol says, and calls its methods in sandboxes that can neither hang nor crash nor starve the process.
//!
//! [`ExtismExtensionHost`] is the asynchronous face. Beneath it, [`Host`] is a state machine without threads of its own: it says what may
//! run now, and whoever uses it lends the threads. Here the caller lends its own:
//!
//! ```
//! use std::sync::Arc;
//! use morphir_extension_host::{
//!     Answer, Call, ExtensionConfig, Form, Host, HostOptions, Lifecycle, Outcome, Slots, Source,
//! };
//!
//! let echo = wat::parse_str(
//!     r#"(module
//!       (import "extism:host/env" "input_offset" (func $offset (result i64)))
//!       (import "extism:host/env" "input_length" (func $length (result i64)))
//!       (import "extism:host/env" "output_set" (func $output (param i64 i64)))
//!       (func (export "echo") (call $output (call $offset) (call $length))))"#,
//! )?;
//! let host = Host::new(HostOptions { cache: None, slots: Arc::new(Slots::new(1)), log_level: None });
//! let mut config = ExtensionConfig::new("echo", Source::from_bytes(echo));
//! config.lifecycle = Lifecycle::None;
//!
//! let mut settled = Vec::new();
//! host.load(config)?;
//! settled.extend(host.next().expect("a load to run").into_settled());
//! let Outcome::Loaded(Ok(id)) = settled[0].outcome else { panic!("{settled:?}") };
//!
//! let inputs = vec![b"hello".to_vec()];
//! host.submit(Call { extension: id, method: "echo".into(), inputs, form: Form::Text, timeout: None })?;
//! settled.extend(host.next().expect("a call to run").into_settled());
//! let Outcome::Called(answers) = &settled[1].outcome else { panic!("{settled:?}") };
//! assert_eq!(*answers[0].as_ref().unwrap(), Answer::Text("hello".into()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#[cfg(feature = "tokio")]
mod asynchronous;
mod cache;
mod call;
mod capability;
mod config;
mod config_file;
mod deadline;
mod dialect;
mod directories;
mod engine;
mod error;
mod extension;
mod figures;
mod function;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod guest;
mod health;
mod histogram;
mod host;
mod imported;
mod instance;
mod job;
mod layout;
mod load;
mod log;
mod mep;
mod metrics;
mod module;
mod morphir;
mod network;
mod offers;
mod outcome;
mod prepare;
mod progress;
mod restart;
mod row;
mod schedule;
mod settled;
mod slots;
mod stack;
mod state;
mod text;
mod trip;
mod variables;
mod watchdog;

#[cfg(feature = "tokio")]
pub use asynchronous::ExtismExtensionHost;
pub use cache::Cache;
pub use call::{Answer, Call, Form};
pub use capability::{Capability, to_json};
pub use config::{
    DEFAULT_MAX_EXECUTION_TIME, DEFAULT_MAX_MEMORY, DEFAULT_MAX_OUTPUT, DirectoryGrant, ExtensionConfig, Lifecycle,
    MAX_EXECUTION_TIME, MAX_INSTANCES, MAX_MEMORY, MIN_MEMORY, Permissions, Source,
};
pub use config_file::{ConfigFile, Intent, Listed, config_schema};
pub use dialect::Dialect;
pub use error::{ErrorCode, ExtensionError, Result, RpcError};
pub use extension::ExtensionId;
pub use figures::{Stats, Times};
pub use function::{Abandoned, Block, Failure, FunctionCall, Functions, HostFunction, Reply};
pub use health::HealthStatus;
pub use host::{Host, HostOptions, Listing};
pub use job::{Job, Settle};
pub use log::{LogLevel, LogRecord};
pub use module::MAX_MODULE_BYTES;
pub use morphir::Workspace;
pub use network::{HttpRequest, HttpResponse, Network, NetworkGrant};
pub use offers::Offers;
pub use restart::Restart;
pub use settled::{Outcome, Settled};
pub use slots::Slots;
pub use watchdog::Pulse;
