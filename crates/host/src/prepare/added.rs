//! The imports that a prepared module has beside its own.

use wasm_encoder::{EntityType, ImportSection, TypeSection, ValType};

use super::{EXTISM, HOST, WASI};

use ValType::{I32, I64};

/// The types of added imports and of injected functions.
#[derive(Clone, Copy)]
pub(super) enum Signature {
    /// `() -> ()`
    Nothing,
    /// `(i32) -> ()`
    TakesCode,
    /// `(i64) -> ()`
    TakesPlace,
    /// `(i64, i64) -> ()`
    TakesTwoPlaces,
    /// `(i64, i32) -> ()`
    TakesBytes,
    /// `(i32, i64, i32) -> ()`
    TakesStreamBytes,
    /// `(i32) -> i32`
    GrowsMemory,
    /// `(i64) -> i32`
    ReadsByte,
    /// `(i32) -> i64`
    Asks,
    /// `(i64) -> i64`
    ReadsWord,
    /// `(i32, i32, i32, i32) -> i32`
    Wasi,
    /// `() -> i64`
    Counts,
    /// `(i32, i32) -> i32`
    WasiFills,
    /// `(i32, i32, i32, i32, i32) -> i32`
    WasiStats,
    /// `(i32, i32, i32, i32, i32, i64, i64, i32, i32) -> i32`
    WasiOpens,
    /// `() -> i32`
    Answers,
    /// Eight times `i64`, `-> ()`
    TakesWords,
    /// `(i64) ->` eight times `i64`
    ReadsWords,
}

impl Signature {
    const ALL: [(&'static [ValType], &'static [ValType]); 18] = [
        (&[], &[]),
        (&[I32], &[]),
        (&[I64], &[]),
        (&[I64, I64], &[]),
        (&[I64, I32], &[]),
        (&[I32, I64, I32], &[]),
        (&[I32], &[I32]),
        (&[I64], &[I32]),
        (&[I32], &[I64]),
        (&[I64], &[I64]),
        (&[I32, I32, I32, I32], &[I32]),
        (&[], &[I64]),
        (&[I32, I32], &[I32]),
        (&[I32; 5], &[I32]),
        (&[I32, I32, I32, I32, I32, I64, I64, I32, I32], &[I32]),
        (&[], &[I32]),
        (&[I64; 8], &[]),
        (&[I64], &[I64; 8]),
    ];

    /// Adds all of them behind a module's own types.
    pub fn add_all(types: &mut TypeSection) {
        for (params, results) in Self::ALL {
            types.ty().function(params.iter().copied(), results.iter().copied());
        }
    }
}

/// A function that every prepared module imports. The host's are documented where `guest.rs` implements them, the rest are the
/// kernel's, which read and write nothing but their own memory.
#[derive(Clone, Copy)]
pub(super) enum Added {
    Entered,
    Returned,
    OutputRefused,
    GrowthRefused,
    Printed,
    Chunk,
    Take,
    Ask,
    Word,
    Chunks,
    Words,
    MayGoOn,
    Another,
    MemoryBytes,
    Length,
    Alloc,
    Free,
    LoadWord,
    LoadByte,
    StoreWord,
    StoreByte,
    OutputSet,
    OutputOffset,
    OutputLength,
    ErrorGet,
    ErrorSet,
    InputSet,
    Reset,
}

impl Added {
    const ALL: [(&'static str, &'static str, Signature); 28] = [
        (HOST, super::ENTERED, Signature::Nothing),
        (HOST, super::RETURNED, Signature::TakesBytes),
        (HOST, super::OUTPUT_REFUSED, Signature::TakesPlace),
        (HOST, super::GROWTH_REFUSED, Signature::TakesCode),
        (HOST, super::PRINTED, Signature::TakesStreamBytes),
        (HOST, super::CHUNK, Signature::TakesBytes),
        (HOST, super::TAKE, Signature::TakesCode),
        (HOST, super::ASK, Signature::Asks),
        (HOST, super::WORD, Signature::ReadsWord),
        (HOST, super::CHUNKS, Signature::TakesWords),
        (HOST, super::WORDS, Signature::ReadsWords),
        (HOST, super::MAY_GO_ON, Signature::ReadsByte),
        (HOST, super::ANOTHER, Signature::Counts),
        (EXTISM, "memory_bytes", Signature::Counts),
        (EXTISM, "length", Signature::ReadsWord),
        (EXTISM, "alloc", Signature::ReadsWord),
        (EXTISM, "free", Signature::TakesPlace),
        (EXTISM, "load_u64", Signature::ReadsWord),
        (EXTISM, "load_u8", Signature::ReadsByte),
        (EXTISM, "store_u64", Signature::TakesTwoPlaces),
        (EXTISM, "store_u8", Signature::TakesBytes),
        (EXTISM, "output_set", Signature::TakesTwoPlaces),
        (EXTISM, "output_offset", Signature::Counts),
        (EXTISM, "output_length", Signature::Counts),
        (EXTISM, "error_get", Signature::Counts),
        (EXTISM, "error_set", Signature::TakesPlace),
        (EXTISM, "input_set", Signature::TakesTwoPlaces),
        (EXTISM, "reset", Signature::Nothing),
    ];

    /// How many there are.
    pub const COUNT: u32 = 28;

    /// Imports all of them behind a module's own imports, and behind them what only a module needs that opens files, or that calls
    /// functions of the host's.
    pub fn import_all(imports: &mut ImportSection, first_type: u32, opens_files: bool, calls: bool) {
        let stat = (WASI, "path_filestat_get", Signature::WasiStats);
        let of_calls = OfCalls::ALL.into_iter().filter(|_| calls);
        for (module, name, signature) in Self::ALL.into_iter().chain(opens_files.then_some(stat)).chain(of_calls) {
            imports.import(module, name, EntityType::Function(first_type + signature as u32));
        }
    }
}

/// A function that only those modules import that call functions of the host's.
#[derive(Clone, Copy)]
pub(super) enum OfCalls {
    Argument,
    Call,
}

impl OfCalls {
    const ALL: [(&'static str, &'static str, Signature); 2] =
        [(HOST, super::ARGUMENT, Signature::TakesBytes), (HOST, super::CALL, Signature::Asks)];

    /// How many there are.
    pub const COUNT: u32 = 2;
}
