//! Text between a guest and its host, moved by the guest's own side.
//!
//! Extism's functions for errors, logs, configuration and variables find their text by a place in the kernel's memory, whose length
//! the kernel looks up in that same memory. A guest can write there, and make a block say that it is longer than the memory:
//! the host would read, or write, behind the end. So these functions take their place. They move text word by
//! word through the kernel's own checked loads and stores, and the host never looks into a guest's memory.

use wasm_encoder::{BlockType, Function, InstructionSink, ValType};

use super::added::Added;
use super::injected::{Calls, trap_if, trap_if_misled};
use super::{Asked, Taken};
use crate::guest::MAX_TEXT_BYTES;

/// The most that is sent of a text: more than the host keeps of any, so that it sees when it was too much.
const MOST: i64 = MAX_TEXT_BYTES.cast_signed() as i64 + 8;

/// What goes over at once, where there is so much.
const BATCH: i64 = 64;

/// `send(place: i64)`: hands the text at a place to the host, which keeps it for the `take` that follows.
pub(super) fn send(calls: &Calls) -> Function {
    let (place, rest) = (0, 1);
    let mut body = Function::new([(3, ValType::I64)]);
    let mut code = body.instructions();
    within_memory(&mut code, calls, place, rest);
    // The host keeps no more of any text.
    code.local_get(rest).i64_const(MOST).i64_gt_u().if_(BlockType::Empty).i64_const(MOST).local_set(rest).end();
    send_bytes(&mut code, calls, place, rest, 2);
    code.end();
    body
}

/// `go_on() -> i32`: hands the output of the method that came back to the host, and makes its next input ready, as extism does between
/// two calls: 1, or 0 where there is no other call. It saves the host the way out of the engine and in again.
pub(super) fn go_on(calls: &Calls) -> Function {
    let (place, length) = (0, 1);
    let mut body = Function::new([(4, ValType::I64)]);
    let mut code = body.instructions();
    code.global_get(calls.output + 1).local_tee(length).call(calls.to(Added::MayGoOn));
    code.i32_eqz().if_(BlockType::Empty).i32_const(0).return_().end();
    code.global_get(calls.output).local_set(place);
    send_bytes(&mut code, calls, place, length, 2);
    code.call(calls.to(Added::Another)).local_tee(length);
    code.i64_const(0).i64_lt_s().if_(BlockType::Empty).i32_const(0).return_().end();
    code.call(calls.to(Added::Reset));
    code.local_get(length).call(calls.receive).local_get(length).call(calls.to(Added::InputSet));
    trap_if_misled(&mut code, calls);
    code.i32_const(1).end();
    body
}

/// Sets the local `length` to that of the block at a place.
pub(super) fn within_memory(code: &mut InstructionSink<'_>, calls: &Calls, place: u32, length: u32) {
    code.local_get(place).call(calls.to(Added::Length)).local_tee(length).local_get(place).i64_add();
    // A forged length ends behind the kernel's memory, of which `memory_bytes` leaves out the first 65.
    trap_if(code, |code| {
        code.call(calls.to(Added::MemoryBytes)).i64_const(65).i64_add().i64_gt_u();
    });
}

/// Hands `rest` bytes from `place` on to the host. Changes both, and two more locals from `free` on.
pub(super) fn send_bytes(code: &mut InstructionSink<'_>, calls: &Calls, place: u32, rest: u32, free: u32) {
    let (word, at) = (free, free + 1);
    while_at_least(code, rest, BATCH, |code| {
        for offset in (0..BATCH).step_by(8) {
            code.local_get(place).i64_const(offset).i64_add().call(calls.to(Added::LoadWord));
        }
        code.call(calls.to(Added::Chunks));
        advance(code, place, BATCH);
    });
    while_at_least(code, rest, 8, |code| {
        code.local_get(place).call(calls.to(Added::LoadWord)).i32_const(8).call(calls.to(Added::Chunk));
        advance(code, place, 8);
    });
    code.local_get(rest).i64_eqz().i32_eqz().if_(BlockType::Empty);
    code.i64_const(0).local_set(word).i64_const(0).local_set(at);
    code.loop_(BlockType::Empty);
    code.local_get(place).local_get(at).i64_add().call(calls.to(Added::LoadByte)).i64_extend_i32_u();
    code.local_get(at).i64_const(8).i64_mul().i64_shl().local_get(word).i64_or().local_set(word);
    advance(code, at, 1);
    code.local_get(at).local_get(rest).i64_lt_u().br_if(0).end();
    code.local_get(word).local_get(rest).i32_wrap_i64().call(calls.to(Added::Chunk)).end();
}

/// `receive(length: i64) -> i64`: makes a block in the kernel's memory and fills it with the text that was asked for. Nothing, at
/// place 0, where the length is negative or nothing.
pub(super) fn receive(calls: &Calls) -> Function {
    let (rest, place, at, word) = (0, 1, 2, 3);
    let mut body = Function::new([(2 + 8, ValType::I64)]);
    let mut code = body.instructions();
    code.local_get(rest).i64_const(1).i64_lt_s().if_(BlockType::Empty).i64_const(0).return_().end();
    code.local_get(rest).call(calls.to(Added::Alloc)).local_tee(place);
    code.i64_eqz().if_(BlockType::Empty).unreachable().end();
    trap_if_misled(&mut code, calls);
    while_at_least(&mut code, rest, BATCH, |code| {
        code.local_get(at).call(calls.to(Added::Words));
        for number in (0..8).rev() {
            code.local_set(word + number);
        }
        for (number, offset) in (0..8).zip((0..BATCH).step_by(8)) {
            code.local_get(place).local_get(at).i64_add().i64_const(offset).i64_add();
            code.local_get(word + number).call(calls.to(Added::StoreWord));
        }
        advance(code, at, BATCH);
    });
    while_at_least(&mut code, rest, 8, |code| {
        code.local_get(place).local_get(at).i64_add();
        code.local_get(at).call(calls.to(Added::Word)).call(calls.to(Added::StoreWord));
        advance(code, at, 8);
    });
    code.local_get(rest).i64_eqz().i32_eqz().if_(BlockType::Empty);
    code.local_get(at).call(calls.to(Added::Word)).local_set(word);
    while_at_least(&mut code, rest, 1, |code| {
        code.local_get(place).local_get(at).i64_add().local_get(word).i32_wrap_i64().call(calls.to(Added::StoreByte));
        code.local_get(word).i64_const(8).i64_shr_u().local_set(word);
        advance(code, at, 1);
    });
    code.end();
    code.local_get(place).end();
    body
}

/// Extism's `error_set(text: i64)`; place 0 takes the error back.
pub(super) fn set_error(calls: &Calls) -> Function {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    send_and_take(&mut code, calls, 0, Taken::Error);
    code.end();
    body
}

/// Extism's `log_…(text: i64)` at one level. Kits hand the text over: freeing it is this side's part.
pub(super) fn log(calls: &Calls, level: Taken, wanted: Asked) -> Function {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    ask(&mut code, calls, wanted);
    code.i64_eqz().i32_eqz().if_(BlockType::Empty);
    send_and_take(&mut code, calls, 0, level);
    code.end();
    code.local_get(0).call(calls.to(Added::Free)).end();
    body
}

/// Extism's `config_get(name: i64) -> i64` and `var_get(name: i64) -> i64`.
pub(super) fn get(calls: &Calls, value: Asked) -> Function {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    code.local_get(0).call(calls.send);
    code.local_get(0).call(calls.to(Added::Free));
    ask(&mut code, calls, value);
    code.call(calls.receive).end();
    body
}

/// Extism's `var_set(name: i64, value: i64)`; place 0 removes the variable.
pub(super) fn set_variable(calls: &Calls) -> Function {
    let (name, value) = (0, 1);
    let mut body = Function::new([]);
    let mut code = body.instructions();
    send_and_take(&mut code, calls, name, Taken::VariableName);
    code.local_get(value).i64_eqz().if_(BlockType::Empty);
    take(&mut code, calls, Taken::NoVariable);
    code.else_();
    send_and_take(&mut code, calls, value, Taken::Variable);
    code.local_get(value).call(calls.to(Added::Free));
    code.end();
    code.local_get(name).call(calls.to(Added::Free)).end();
    body
}

fn send_and_take(code: &mut InstructionSink<'_>, calls: &Calls, place: u32, taken: Taken) {
    code.local_get(place).call(calls.send);
    take(code, calls, taken);
}

fn take(code: &mut InstructionSink<'_>, calls: &Calls, taken: Taken) {
    code.i32_const(taken as i32).call(calls.to(Added::Take));
}

fn ask(code: &mut InstructionSink<'_>, calls: &Calls, asked: Asked) {
    code.i32_const(asked as i32).call(calls.to(Added::Ask));
}

/// Repeats `step` while at least so many bytes are left, and counts them off.
fn while_at_least(code: &mut InstructionSink<'_>, rest: u32, bytes: i64, step: impl FnOnce(&mut InstructionSink<'_>)) {
    code.block(BlockType::Empty).loop_(BlockType::Empty);
    code.local_get(rest).i64_const(bytes).i64_lt_u().br_if(1);
    step(code);
    advance(code, rest, -bytes);
    code.br(0).end().end();
}

fn advance(code: &mut InstructionSink<'_>, local: u32, by: i64) {
    code.local_get(local).i64_const(by).i64_add().local_set(local);
}
