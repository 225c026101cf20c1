//! Node-API binding of the extension host: it converts, and decides nothing.

mod config_file;
mod error;
mod function;
mod host;
mod outbox;
mod settled;
mod stay;
mod task;
mod threads;
