//! The functions that the prepare step adds to a module, written in WebAssembly so that they run inside the sandbox.

use wasm_encoder::{BlockType, Function, InstructionSink, MemArg, ValType};

use super::Taken;
use super::added::{Added, OfCalls};
use crate::config::PAGE;

/// Which functions of the prepared module an injected one calls.
pub(super) struct Calls {
    /// The first of the added imports.
    pub added: u32,
    /// WASI's `path_filestat_get`, where the module opens files.
    pub stat: u32,
    /// The injected `relay::send`.
    pub send: u32,
    /// The injected `relay::receive`.
    pub receive: u32,
    /// The injected `finish`.
    pub finish: u32,
    /// The injected `relay::go_on`.
    pub go_on: u32,
    /// The injected `call::argument`, where the module calls functions of the host's.
    pub argument: u32,
    /// The first of the imports for such calls.
    pub calling: u32,
    /// The added globals: where the output is, and behind it how long.
    pub output: u32,
}

impl Calls {
    /// Where an added import is.
    pub const fn to(&self, import: Added) -> u32 {
        self.added + import as u32
    }

    /// Where an import is that only those have who call functions of the host's.
    pub const fn of(&self, import: OfCalls) -> u32 {
        self.calling + import as u32
    }
}

/// `memory.grow` within the grant: beyond it the guest sees −1, as WebAssembly says, instead of Extism's trap. The host takes note,
/// because most guests end in a trap of their own then, whose reason is the memory all the same.
///
/// `(delta: i32) -> i32`, where `cap` is in pages and below 65,536, so the addition in 64 bits cannot overflow.
pub(super) fn grow(calls: &Calls, cap: u64) -> Function {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    code.memory_size(0).i64_extend_i32_u().local_get(0).i64_extend_i32_u().i64_add();
    code.i64_const(cap.cast_signed()).i64_gt_u();
    code.if_(BlockType::Empty).local_get(0).call(calls.to(Added::GrowthRefused)).i32_const(-1).return_().end();
    code.local_get(0).memory_grow(0).end();
    body
}

/// Takes the place of `grow` where there is no memory to grow.
pub(super) fn no_growth() -> Function {
    let mut body = Function::new([]);
    body.instructions().i32_const(-1).end();
    body
}

/// Extism's `output_set(offset: i64, length: i64)` within the grant. The place is kept here and not in the kernel's memory, where a
/// guest could change it afterwards; `finish` checks it.
pub(super) fn set_output(calls: &Calls, max_output: u64) -> Function {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    code.local_get(1).i64_const(max_output.cast_signed()).i64_gt_u();
    code.if_(BlockType::Empty).local_get(1).call(calls.to(Added::OutputRefused)).end();
    code.local_get(0).global_set(calls.output).local_get(1).global_set(calls.output + 1).end();
    body
}

/// Extism's `alloc(length: i64) -> i64`, with a look at what it did.
///
/// The kernel keeps the place of an error text in its own memory, and extism reads that text after every call, also after a trap. A
/// guest cannot write there itself (the kernel's stores begin behind it), and its `error_set` has been replaced, but a block
/// that says of itself that it ends before it begins can lead `alloc` there.
pub(super) fn alloc(calls: &Calls, import: u32) -> Function {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    code.local_get(0).call(import);
    trap_if_misled(&mut code, calls);
    code.end();
    body
}

/// Traps if an allocation has led the kernel to an error text.
pub(super) fn trap_if_misled(code: &mut InstructionSink<'_>, calls: &Calls) {
    code.call(calls.to(Added::ErrorGet)).i64_const(0).i64_ne().if_(BlockType::Empty);
    code.i64_const(0).call(calls.to(Added::ErrorSet)).unreachable().end();
}

/// Extism's `output_offset() -> i64` and `output_length() -> i64`.
pub(super) fn get_global(global: u32) -> Function {
    let mut body = Function::new([]);
    body.instructions().global_get(global).end();
    body
}

/// `finish(code: i32)`: tells the host that the guest came back by itself, once it is certain that what the host will do next
/// stays inside the kernel's memory: it reads the output, and at the next call it writes the input.
///
/// The kernel says how large its memory is, but a guest can change what it says. The last byte that would have to be there
/// is written and read again: the kernel's `load_u8` and `store_u8` look at the memory's real size.
///
/// With the code the host hears how much memory there is, the guest's own (if it `has_memory`) and the kernel's, in bytes.
pub(super) fn finish(calls: &Calls, has_memory: bool) -> Function {
    /// The kernel's memory starts with this many bytes of its own, which `memory_bytes` leaves out.
    const ROOT: i64 = 65;
    const PROBE: i32 = 0x5A;
    let (code_of_guest, end, kept) = (0, 1, 2);
    let mut body = Function::new([(1, ValType::I64), (1, ValType::I32)]);
    let mut code = body.instructions();
    code.call(calls.to(Added::MemoryBytes)).i64_const(ROOT).i64_add().local_tee(end);
    trap_if(&mut code, |code| {
        code.i64_const(i64::from(u32::MAX)).i64_gt_u();
    });
    let last = |code: &mut InstructionSink<'_>| {
        code.local_get(end).i64_const(1).i64_sub();
    };
    last(&mut code);
    code.call(calls.to(Added::LoadByte)).local_set(kept);
    last(&mut code);
    code.i32_const(PROBE).call(calls.to(Added::StoreByte));
    last(&mut code);
    code.call(calls.to(Added::LoadByte));
    trap_if(&mut code, |code| {
        code.i32_const(PROBE).i32_ne();
    });
    last(&mut code);
    code.local_get(kept).call(calls.to(Added::StoreByte));
    code.global_get(calls.output);
    trap_if(&mut code, |code| {
        code.local_get(end).i64_gt_u();
    });
    code.global_get(calls.output + 1);
    trap_if(&mut code, |code| {
        code.local_get(end).global_get(calls.output).i64_sub().i64_gt_u();
    });
    // Only now does the kernel hear of the output: extism asks it for the place. It ignores a place that it does not like, and a guest can
    // write where it keeps the length: what it answers must be what was set.
    code.global_get(calls.output + 1).i64_eqz().if_(BlockType::Empty).else_();
    code.global_get(calls.output).global_get(calls.output + 1).call(calls.to(Added::OutputSet));
    code.call(calls.to(Added::OutputOffset));
    trap_if(&mut code, |code| {
        code.global_get(calls.output).i64_ne();
    });
    code.end();
    code.call(calls.to(Added::OutputLength));
    trap_if(&mut code, |code| {
        code.global_get(calls.output + 1).i64_ne();
    });
    code.local_get(end);
    if has_memory {
        code.memory_size(0).i64_extend_i32_u().i64_const(PAGE.cast_signed()).i64_mul().i64_add();
    }
    code.local_get(code_of_guest).call(calls.to(Added::Returned)).end();
    body
}

/// Traps if the condition holds of what is on the stack.
pub(super) fn trap_if(code: &mut InstructionSink<'_>, condition: impl FnOnce(&mut InstructionSink<'_>)) {
    condition(code);
    code.if_(BlockType::Empty).unreachable().end();
}

/// WASI's `poll_oneoff` without the waiting: each subscription answers at once, so that no guest holds a thread asleep.
///
/// `(subscriptions: i32, events: i32, count: i32, stored: i32) -> errno`; layouts from `wasi_snapshot_preview1.witx`: a
/// subscription is 48 bytes (userdata at 0, tag at 8), an event 32 (userdata at 0, errno at 8, type at 10, bytes at 16,
/// flags at 24). Clocks (tag 0) have fired; nothing else can be waited for here: errno 58 (`ENOTSUP`).
pub(super) fn poll_without_waiting() -> Function {
    const SUBSCRIPTION: i32 = 48;
    const EVENT: i32 = 32;
    let (subscriptions, events, count, stored, index, tag) = (0, 1, 2, 3, 4, 5);
    let mut body = Function::new([(2, ValType::I32)]);
    let mut code = body.instructions();
    // errno 28 (EINVAL) for no subscription at all, as the specification asks.
    code.local_get(count).i32_eqz().if_(BlockType::Empty).i32_const(28).return_().end();
    code.loop_(BlockType::Empty);
    {
        code.local_get(subscriptions).i32_load8_u(at(8)).local_set(tag);
        code.local_get(events).local_get(subscriptions).i64_load(at(0)).i64_store(at(0));
        code.local_get(events).i32_const(0).i32_const(58).local_get(tag).i32_eqz().select().i32_store16(at(8));
        code.local_get(events).local_get(tag).i32_store8(at(10));
        code.local_get(events).i64_const(0).i64_store(at(16));
        code.local_get(events).i64_const(0).i64_store(at(24));
        step(&mut code, subscriptions, SUBSCRIPTION);
        step(&mut code, events, EVENT);
        step(&mut code, index, 1);
        code.local_get(index).local_get(count).i32_lt_u().br_if(0);
    }
    code.end();
    code.local_get(stored).local_get(count).i32_store(at(0));
    code.i32_const(0).end();
    body
}

/// WASI's `fd_write`, with standard output and standard error going to the extension's log instead of nowhere.
///
/// `(fd: i32, vectors: i32, count: i32, written: i32) -> errno`, where a vector is 8 bytes: the address and the length of some
/// text. The host cannot read the guest's memory, so the text goes out in words of eight bytes; `printed` counts and
/// caps it. All else goes to the `import`.
pub(super) fn write_with_log(calls: &Calls, import: u32) -> Function {
    const VECTOR: i32 = 8;
    let (fd, vectors, count, written) = (0, 1, 2, 3);
    let (from, left, total) = (4, 5, 6);
    let mut body = Function::new([(3, ValType::I32)]);
    let mut code = body.instructions();
    code.local_get(fd).i32_const(1).i32_sub().i32_const(2).i32_lt_u().i32_eqz();
    code.if_(BlockType::Empty);
    code.local_get(fd).local_get(vectors).local_get(count).local_get(written).call(import).return_();
    code.end();
    code.block(BlockType::Empty).loop_(BlockType::Empty);
    {
        code.local_get(count).i32_eqz().br_if(1);
        code.local_get(vectors).i32_load(at(0)).local_set(from);
        code.local_get(vectors).i32_load(at(4)).local_tee(left).local_get(total).i32_add().local_set(total);
        code.block(BlockType::Empty).loop_(BlockType::Empty);
        {
            code.local_get(left).i32_const(8).i32_lt_u().br_if(1);
            code.local_get(fd).local_get(from).i64_load(at(0)).i32_const(8).call(calls.to(Added::Printed));
            step(&mut code, from, 8);
            step(&mut code, left, -8);
            code.br(0);
        }
        code.end().end();
        code.block(BlockType::Empty).loop_(BlockType::Empty);
        {
            code.local_get(left).i32_eqz().br_if(1);
            code.local_get(fd).local_get(from).i64_load8_u(at(0)).i32_const(1).call(calls.to(Added::Printed));
            step(&mut code, from, 1);
            step(&mut code, left, -1);
            code.br(0);
        }
        code.end().end();
        step(&mut code, vectors, VECTOR);
        step(&mut code, count, -1);
        code.br(0);
    }
    code.end().end();
    code.local_get(written).local_get(total).i32_store(at(0));
    code.i32_const(0).end();
    body
}

/// WASI's `random_get` in pieces: the engine makes all bytes that it is asked for in memory of its own, beyond any grant.
///
/// `(to: i32, length: i32) -> errno`
pub(super) fn random_in_pieces(import: u32) -> Function {
    const PIECE: i32 = 64 * 1024;
    let (to, rest, piece, error) = (0, 1, 2, 3);
    let mut body = Function::new([(2, ValType::I32)]);
    let mut code = body.instructions();
    code.loop_(BlockType::Empty);
    code.local_get(rest).i32_const(PIECE).local_get(rest).i32_const(PIECE).i32_lt_u().select().local_set(piece);
    code.local_get(to).local_get(piece).call(import).local_tee(error);
    code.if_(BlockType::Empty).local_get(error).return_().end();
    code.local_get(to).local_get(piece).i32_add().local_set(to);
    code.local_get(rest).local_get(piece).i32_sub().local_tee(rest).br_if(0);
    code.end();
    code.i32_const(0).end();
    body
}

/// WASI's `path_open`, for files and directories only: whoever opens a named pipe waits for somebody at its other end, and a device can
/// keep one waiting too. Errno 63 (`EPERM`) for all that is neither; what is not there yet may be made.
///
/// `(directory, lookup flags, path, length, …) -> errno`. The answer of `path_filestat_get` needs 64 bytes of the guest's memory:
/// its first, which are put back afterwards.
pub(super) fn open_without_waiting(calls: &Calls, import: u32) -> Function {
    const PARAMS: u32 = 9;
    const STAT: i32 = 64;
    const WORDS: u32 = STAT.cast_unsigned() / 8;
    /// Of a `filestat`, from `wasi_snapshot_preview1.witx`: the type of the file, in a byte.
    const TYPE: u64 = 16;
    const DIRECTORY: i32 = 3;
    const REGULAR_FILE: i32 = 4;
    let (kept, found, ty) = (PARAMS, PARAMS + WORDS, PARAMS + WORDS + 1);
    let mut body = Function::new([(WORDS, ValType::I64), (2, ValType::I32)]);
    let mut code = body.instructions();
    for word in 0..WORDS {
        code.i32_const(0).i64_load(at(u64::from(word) * 8)).local_set(kept + word);
    }
    code.local_get(0).local_get(1).local_get(2).local_get(3).i32_const(0).call(calls.stat).local_set(found);
    code.i32_const(0).i32_load8_u(at(TYPE)).local_set(ty);
    for word in 0..WORDS {
        code.i32_const(0).local_get(kept + word).i64_store(at(u64::from(word) * 8));
    }
    code.local_get(found).i32_eqz().if_(BlockType::Empty);
    code.local_get(ty).i32_const(DIRECTORY).i32_ne().local_get(ty).i32_const(REGULAR_FILE).i32_ne().i32_and();
    code.if_(BlockType::Empty).i32_const(63).return_().end();
    code.end();
    for param in 0..PARAMS {
        code.local_get(param);
    }
    code.call(import).end();
    body
}

fn step(code: &mut InstructionSink<'_>, local: u32, by: i32) {
    code.local_get(local).i32_const(by).i32_add().local_set(local);
}

const fn at(offset: u64) -> MemArg {
    MemArg { offset, align: 0, memory_index: 0 }
}

/// A method as the host calls it: `entered`, the guest's own function, then `finish` with its code, and all that once more for each
/// further call that the host has.
pub(super) fn method(calls: &Calls, guest: u32, has_code: bool) -> Function {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    code.loop_(BlockType::Empty);
    enter(&mut code, calls);
    code.call(guest);
    if !has_code {
        code.i32_const(0);
    }
    code.call(calls.finish);
    code.call(calls.go_on).br_if(0).end();
    code.end();
    body
}

/// Every call starts without an output.
fn enter(code: &mut InstructionSink<'_>, calls: &Calls) {
    code.call(calls.to(Added::Entered));
    code.i64_const(0).global_set(calls.output).i64_const(0).global_set(calls.output + 1);
}

/// WASI's `proc_exit(code: i32)`: an answer that was set before a good end counts, and the guest does not go on.
pub(super) fn exit(calls: &Calls, import: u32) -> Function {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    code.local_get(0).i32_eqz().if_(BlockType::Empty).i32_const(0).call(calls.finish).end();
    code.i32_const(Taken::Exit as i32).call(calls.to(Added::Take));
    code.local_get(0).call(import).end();
    body
}

/// One piece of start-up code that the engine would have run by itself, outside any limit.
pub(super) enum StartUp {
    /// A function without params: the start section's, `_initialize`, `__wasm_call_ctors`.
    Plain(u32),
    /// Haskell's `hs_init(argc, argv)`, with the number of its results.
    Haskell(u32, usize),
}

/// All start-up code behind one function that the host calls first, under the timer.
pub(super) fn start(calls: &Calls, pieces: &[StartUp]) -> Function {
    let mut body = Function::new([]);
    let mut code = body.instructions();
    enter(&mut code, calls);
    for piece in pieces {
        match piece {
            StartUp::Plain(function) => {
                code.call(*function);
            }
            StartUp::Haskell(function, results) => {
                code.i32_const(0).i32_const(0).call(*function);
                for _ in 0..*results {
                    code.drop();
                }
            }
        }
    }
    code.i32_const(0).call(calls.finish).end();
    body
}

/// A function that does nothing.
pub(super) fn nothing() -> Function {
    let mut body = Function::new([]);
    body.instructions().end();
    body
}
