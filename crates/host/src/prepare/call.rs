//! Calls of functions that the host offers: the way of their arguments and of their answer.
//!
//! A guest hands over blocks of Extism's memory and is handed one. What is in them goes out and comes in as all text does
//! (`relay.rs`), but for its length: an argument may be as long as an answer.

use serde::{Deserialize, Serialize};
use wasm_encoder::{BlockType, Function, ValType};

use super::added::{Added, OfCalls};
use super::injected::Calls;
use super::relay::{send_bytes, within_memory};
use super::{EXTISM, Taken};

/// What `call` answers in place of a length: the run has to end, and the engine will end it.
pub(crate) const INTERRUPTED: i64 = -2;

/// A function that a module wants from its host, whose params and whose result are blocks of Extism's memory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Wanted {
    pub namespace: String,
    pub name: String,
    pub params: usize,
    /// Whether it has a result.
    pub answers: bool,
}

impl Wanted {
    /// Extism's own function for requests over the network.
    pub fn is_request(&self) -> bool {
        self.namespace == EXTISM && self.name == "http_request"
    }
}

/// `argument(place: i64, function: i32)`: hands the block at a place to the host, as the next argument of a function.
pub(super) fn argument(calls: &Calls) -> Function {
    let (place, function, rest) = (0, 1, 2);
    let mut body = Function::new([(3, ValType::I64)]);
    let mut code = body.instructions();
    code.local_get(place).i64_eqz().if_(BlockType::Empty);
    code.i64_const(-1).local_get(function).call(calls.of(OfCalls::Argument)).return_();
    code.end();
    within_memory(&mut code, calls, place, rest);
    code.local_get(rest).local_get(function).call(calls.of(OfCalls::Argument));
    send_bytes(&mut code, calls, place, rest, rest + 1);
    code.i32_const(Taken::Argument as i32).call(calls.to(Added::Take)).end();
    body
}

/// Takes the place of a function that the host offers, which is its `number`th.
pub(super) fn call(calls: &Calls, number: i32, wanted: &Wanted) -> Function {
    let params = u32::try_from(wanted.params).expect("validation limits params");
    let found = params;
    let mut body = Function::new([(1, ValType::I64)]);
    let mut code = body.instructions();
    for param in 0..params {
        code.local_get(param).i32_const(number).call(calls.argument);
    }
    code.i32_const(number).call(calls.of(OfCalls::Call)).local_tee(found);
    // The engine ends an endless loop, and so the host learns of it as of any other end.
    code.i64_const(INTERRUPTED).i64_eq().if_(BlockType::Empty).loop_(BlockType::Empty).br(0).end().end();
    if wanted.is_request() {
        // Extism's function frees what it is given; of others kits free it themselves.
        for param in 0..params {
            code.local_get(param).call(calls.to(Added::Free));
        }
    }
    if wanted.answers {
        code.local_get(found).call(calls.receive);
    }
    code.end();
    body
}

/// Extism's `http_headers() -> i64`.
pub(super) fn headers(calls: &Calls) -> Function {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    code.i32_const(super::Asked::Headers as i32).call(calls.to(Added::Ask)).call(calls.receive).end();
    body
}
