//! The core from outside: what it promises, and what hostile guests try against it. `Hn` names a row of the engine's known hazards.
//!
//! One binary, because each would link the whole engine again.

mod asynchronous;
mod cache;
mod cancel;
mod dialects;
mod errors;
mod faults;
mod functions;
mod grants;
mod hostile;
mod instances;
mod limits;
mod modules;
mod pause;
mod prepare_properties;
mod process;
mod queue;
mod reload;
mod restart;
mod row;
mod schema;
mod start_up;
mod support;
