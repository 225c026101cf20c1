//! Rewrites a module once, so that its limits hold whenever its code runs.
//!
//! The engine runs start-up code on its own account, outside any limit, and leaves table and memory growth half guarded. After
//! this step there is nothing left to guard: the prepared module
//!
//! * runs no code until the host calls it: the start section, `_initialize`, `__wasm_call_ctors` and `hs_init` are behind one
//!   private export, called first and under the timer;
//! * cannot grow its memory or its tables past the grant, and sees the refusal as WebAssembly defines it (−1);
//! * tells the host when a method came back by itself, so that a failure is named from facts and not from messages;
//! * keeps its own error text out of the engine's errors, and moves all its text itself: the host never looks into its memory;
//! * cannot sleep, not even by opening a pipe.

mod added;
mod call;
mod copy;
mod effort;
mod imports;
mod injected;
mod outline;
mod plan;
mod relay;
mod rewrite;
mod surface;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use wasm_encoder::reencode;
use wasmparser::{BinaryReaderError, CompositeInnerType, TypeRef, Validator, WasmFeatures};

pub(crate) use self::call::{INTERRUPTED, Wanted};
use self::effort::Effort;
use self::imports::Import;
pub(crate) use self::imports::{EXTISM, Offers, WASI, check_wanted, is_reserved};
use self::outline::Outline;
use self::plan::{Plan, Replaced, Replacement};
use self::rewrite::Refused;
use crate::config::PAGE;
use crate::error::{ErrorCode, ExtensionError, Result};

/// Everything that decides what a prepared module looks like, for the key of the cache.
pub(crate) const SOURCES: [&str; 10] = [
    include_str!("prepare.rs"),
    include_str!("prepare/added.rs"),
    include_str!("prepare/call.rs"),
    include_str!("prepare/copy.rs"),
    include_str!("prepare/imports.rs"),
    include_str!("prepare/injected.rs"),
    include_str!("prepare/plan.rs"),
    include_str!("prepare/relay.rs"),
    include_str!("prepare/rewrite.rs"),
    include_str!("prepare/surface.rs"),
];

/// The namespace of the functions that only a prepared module imports.
pub(crate) const HOST: &str = "morphir:host/prepared";
/// `entered()`: the call is about to reach the guest, and can be interrupted from here on.
pub(crate) const ENTERED: &str = "entered";
/// `returned(code: i32)`: the guest's function came back by itself, with this code.
pub(crate) const RETURNED: &str = "returned";
/// `output_refused(length: i64)`: the guest set an output longer than its grant.
pub(crate) const OUTPUT_REFUSED: &str = "output_refused";
/// `growth_refused(pages: i32)`: the guest asked for more memory than its grant.
pub(crate) const GROWTH_REFUSED: &str = "growth_refused";
/// `printed(stream: i32, bytes: i64, count: i32)`: up to eight bytes of standard output (1) or error (2), first byte lowest.
pub(crate) const PRINTED: &str = "printed";
/// `chunk(bytes: i64, count: i32)`: up to eight bytes of a text, first byte lowest.
pub(crate) const CHUNK: &str = "chunk";
/// `take(what: i32)`: the chunks since the last time are one of `Taken`.
pub(crate) const TAKE: &str = "take";
/// `ask(what: i32) -> i64`: one of `Asked`; the chunks since the last time are a name. A length, or −1 for nothing.
pub(crate) const ASK: &str = "ask";
/// `word(at: i64) -> i64`: up to eight bytes of what was asked for, first byte lowest.
pub(crate) const WORD: &str = "word";
/// `chunks(bytes: i64, … eight times)`: sixty-four bytes of a text.
pub(crate) const CHUNKS: &str = "chunks";
/// `words(at: i64) -> (i64, … eight times)`: up to sixty-four bytes of what was asked for.
pub(crate) const WORDS: &str = "words";
/// `may_go_on(length: i64) -> i32`: the guest's function came back with so many bytes of output. Whether there may be another call of
/// it; then the chunks that follow are the output.
pub(crate) const MAY_GO_ON: &str = "may_go_on";
/// `another() -> i64`: that was the output. The length of the next call's input, which is now what was asked for, or −1 for no
/// other call.
pub(crate) const ANOTHER: &str = "another";
/// `argument(length: i64, function: i32)`: so many bytes follow as the next argument of a function of the host's; −1 for nothing.
pub(crate) const ARGUMENT: &str = "argument";
/// `call(function: i32) -> i64`: calls one with the arguments since the last time. The answer's length, −1 for nothing, or
/// `INTERRUPTED`.
pub(crate) const CALL: &str = "call";

/// What a guest hands to its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    Error,
    Trace,
    Debug,
    Info,
    Warn,
    Failure,
    VariableName,
    Variable,
    NoVariable,
    Exit,
    Argument,
}

impl Taken {
    pub const ALL: [Self; 11] = [
        Self::Error,
        Self::Trace,
        Self::Debug,
        Self::Info,
        Self::Warn,
        Self::Failure,
        Self::VariableName,
        Self::Variable,
        Self::NoVariable,
        Self::Exit,
        Self::Argument,
    ];
}

/// What a guest asks its host for. Of log levels, whether it is wanted at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    Trace,
    Debug,
    Info,
    Warn,
    Failure,
    Config,
    Variable,
    Headers,
}

impl Asked {
    pub const ALL: [Self; 8] =
        [Self::Trace, Self::Debug, Self::Info, Self::Warn, Self::Failure, Self::Config, Self::Variable, Self::Headers];
}

/// Pages of Extism's own memory, which carries input and output; it starts with these.
pub(crate) const KERNEL_PAGES: u64 = 16;
/// The most elements that all tables of a module may have together: eight megabytes. Compilers use one element for each function
/// whose address is taken; the largest guest known here (Python) has about 20,000.
pub(crate) const MAX_TABLE_ELEMENTS: u64 = 1_000_000;

/// The most exports that a module may have. Each costs every instance some microseconds when it is made; compilers export a few
/// dozen, and a thousand or two where they are told to export everything.
const MAX_EXPORTS: usize = 10_000;

/// What a module may use: what the compilers of every supported language emit, and nothing whose resources are not counted.
/// Left out: threads, 64-bit and multiple memories, garbage-collected types, exceptions, components, and all that is
/// not finished.
pub(crate) const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::RELAXED_SIMD)
    .union(WasmFeatures::TAIL_CALL)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::GC_TYPES);

/// A module that is ready for the engine, and what the host has to know about it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Prepared {
    /// The rewritten module.
    #[serde(skip)]
    pub bytes: Vec<u8>,
    /// The methods that can be called.
    pub methods: BTreeSet<String>,
    /// Exported functions that cannot be called as methods, each with the reason.
    pub others: BTreeMap<String, String>,
    /// The private export that does nothing: once it was called, all memories are there.
    pub made: String,
    /// The private export that runs all start-up code, where there is some.
    pub start: Option<String>,
    /// The private export of a program's `_start`, where there is one.
    pub program: Option<String>,
    /// Whether the module imports WASI.
    pub wasi: bool,
    /// The pages of 64 KiB that the module's memory starts with.
    pub initial_pages: u64,
    /// The functions that it calls by number, in this order.
    pub functions: Vec<Wanted>,
}

/// The limits that become part of the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    /// Bytes of all the memory of one instance.
    pub max_memory: u64,
    /// Bytes of one answer.
    pub max_output: u64,
}

/// Rewrites `wasm` for these limits, with what its host offers beside its own functions.
///
/// # Errors
///
/// `InvalidSource` for what is not a module this host can run, `MemoryLimit` for one whose least needs exceed the grant.
pub(crate) fn prepare(wasm: &[u8], caps: Caps, offers: Offers<'_>) -> Result<Prepared> {
    let max_memory = caps.max_memory;
    check_header(wasm)?;
    let types = Validator::new_with_features(FEATURES).validate_all(wasm).map_err(|error| invalid(&error))?;
    let outline = Outline::read(wasm).map_err(|error| invalid(&error))?;
    let types = types.as_ref();
    let signature = |function: u32| match &types[types.core_function_at(function)].composite_type.inner {
        CompositeInnerType::Func(signature) => signature,
        _ => unreachable!("a validated function has a function type"),
    };

    let mut function_imports = 0;
    let wanted: Vec<Import<'_>> = outline
        .imports
        .iter()
        .map(|import| {
            let signature = matches!(import.ty, TypeRef::Func(_)).then(|| {
                function_imports += 1;
                signature(function_imports - 1)
            });
            Import { module: import.module, name: import.name, signature }
        })
        .collect();
    imports::check(&wanted, offers)?;
    let wasi = wanted.iter().any(|import| import.module == WASI);

    let memory = (types.memory_count() > 0).then(|| types.memory_at(0));
    let granted_pages = (max_memory / PAGE).saturating_sub(KERNEL_PAGES);
    let initial_pages = memory.map_or(0, |memory| memory.initial);
    // While it makes the memory, extism wants as much room again as the memory starts with; what is left of that afterwards
    // would be the kernel's to use, beyond the grant.
    if initial_pages * 2 > granted_pages {
        let least = (initial_pages * 2 + KERNEL_PAGES) * PAGE;
        return Err(ExtensionError::new(
            ErrorCode::MemoryLimit,
            format!(
                "The module starts with {initial_pages} pages of 64 KiB. It needs room for as many again and for the \
                 {KERNEL_PAGES} pages of Extism's own: `maxMemory` must be at least {least} bytes; it is {max_memory}."
            ),
        ));
    }
    let max_pages = memory.and_then(|memory| memory.maximum).unwrap_or(u64::MAX).min(granted_pages);
    let tables = table_maxima((0..types.table_count()).map(|table| types.table_at(table)))?;

    if outline.exports.len() > MAX_EXPORTS {
        return Err(ExtensionError::new(
            ErrorCode::InvalidSource,
            format!(
                "The module has {} exports, more than the {MAX_EXPORTS} that this host takes.",
                outline.exports.len()
            ),
        ));
    }
    let replaced = replaced(&wanted, &outline, memory.is_some());
    Effort::check_functions(outline.bodies.len())?;
    let plan = Plan {
        imported: function_imports,
        opens_files: replaced.iter().any(|replaced| matches!(replaced.by, Replacement::Open)),
        functions: wanted.iter().filter_map(Import::wanted).collect(),
        replaced,
        max_output: caps.max_output,
        defined: types.function_count() - function_imports,
        types: types.core_type_count_in_module(),
        globals: types.global_count(),
        max_pages: memory.map(|_| max_pages),
        tables,
    };
    let mut prepared = rewrite::rewrite(&outline, &plan, signature).map_err(|refused| match refused {
        Refused::TooMuch(error) => error,
        Refused::Unreadable(reencode::Error::ParseError(error)) => invalid(&error),
        Refused::Unreadable(other) => {
            ExtensionError::new(ErrorCode::InvalidSource, format!("The module cannot be prepared: {other}."))
        }
    })?;
    prepared.wasi = wasi;
    prepared.initial_pages = initial_pages;
    prepared.functions = plan.functions;
    Ok(prepared)
}

/// Refuses what is not a core module before anything else reads it: the engine would take text for a manifest, which can grant
/// itself paths, hosts and limits.
fn check_header(wasm: &[u8]) -> Result<()> {
    let refuse = |what: &str| Err(ExtensionError::new(ErrorCode::InvalidSource, what));
    match wasm {
        [] => refuse("The source is empty: a WebAssembly module starts with the bytes \\0asm."),
        [0, b'a', b's', b'm', 1, 0, 0, 0, ..] => Ok(()),
        [0, b'a', b's', b'm', _, 0, 1, 0, ..] => refuse(
            "The source is a WebAssembly component: this host runs core modules. Build the extension for \
             wasm32-unknown-unknown or wasm32-wasip1.",
        ),
        [0, b'a', b's', b'm', version @ ..] => match version.first_chunk::<4>() {
            Some(version) => refuse(&format!(
                "The source is WebAssembly of version {}: this host runs version 1.",
                u32::from_le_bytes(*version)
            )),
            None => refuse("The source is cut off: it ends within the header of a WebAssembly module."),
        },
        _ => refuse("The source is not WebAssembly: a module starts with the bytes \\0asm."),
    }
}

fn invalid(error: &BinaryReaderError) -> ExtensionError {
    ExtensionError::new(
        ErrorCode::InvalidSource,
        format!("The module is not one this host can run: {} (at byte {}).", error.message(), error.offset()),
    )
}

/// The imports that injected functions take the place of; `check` has made sure that imports are functions.
fn replaced(imports: &[Import<'_>], outline: &Outline<'_>, has_memory: bool) -> Vec<Replaced> {
    let mut calls = 0..;
    let mut call = |import: u32| match outline.imports[import as usize].ty {
        TypeRef::Func(ty) => calls.next().map(|number| Replacement::Call { number, ty }),
        _ => None,
    };
    let by = |import: &Import<'_>| match (import.module, import.name) {
        (EXTISM, "alloc") => Some(Replacement::Alloc),
        (EXTISM, "output_set") => Some(Replacement::SetOutput),
        (EXTISM, "output_offset") => Some(Replacement::OutputOffset),
        (EXTISM, "output_length") => Some(Replacement::OutputLength),
        (EXTISM, "error_set") => Some(Replacement::SetError),
        (EXTISM, "log_trace") => Some(Replacement::Log(Taken::Trace, Asked::Trace)),
        (EXTISM, "log_debug") => Some(Replacement::Log(Taken::Debug, Asked::Debug)),
        (EXTISM, "log_info") => Some(Replacement::Log(Taken::Info, Asked::Info)),
        (EXTISM, "log_warn") => Some(Replacement::Log(Taken::Warn, Asked::Warn)),
        (EXTISM, "log_error") => Some(Replacement::Log(Taken::Failure, Asked::Failure)),
        (EXTISM, "config_get") => Some(Replacement::Get(Asked::Config)),
        (EXTISM, "var_get") => Some(Replacement::Get(Asked::Variable)),
        (EXTISM, "var_set") => Some(Replacement::SetVariable),
        (WASI, "proc_exit") => Some(Replacement::Exit),
        // Without a memory there is nothing to report in or to write from, and the engine's own functions fail.
        (WASI, "poll_oneoff") if has_memory => Some(Replacement::Poll),
        (WASI, "fd_write") if has_memory => Some(Replacement::Write),
        (WASI, "path_open") if has_memory => Some(Replacement::Open),
        (WASI, "random_get") => Some(Replacement::Random),
        (EXTISM, "http_headers") => Some(Replacement::Headers),
        _ => None,
    };
    (0..)
        .zip(imports)
        .filter_map(|(number, import)| {
            let by = if import.wanted().is_some() { call(number) } else { by(import) };
            Some(Replaced { import: number, by: by? })
        })
        .collect()
}

/// Each table's new maximum: its least size and an equal share of what is left of the limit.
fn table_maxima(tables: impl ExactSizeIterator<Item = wasmparser::TableType> + Clone) -> Result<Vec<u64>> {
    let least = tables.clone().fold(0_u64, |sum, table| sum.saturating_add(table.initial));
    if least > MAX_TABLE_ELEMENTS {
        return Err(ExtensionError::new(
            ErrorCode::MemoryLimit,
            format!("The module starts with tables of {least} elements: this host grants {MAX_TABLE_ELEMENTS}."),
        ));
    }
    let share = (MAX_TABLE_ELEMENTS - least) / (tables.len().max(1) as u64);
    Ok(tables.map(|table| table.maximum.unwrap_or(u64::MAX).min(table.initial + share)).collect())
}
