//! Rewrites a module once, so that its limits hold whenever its code runs.
//!
//! The engine runs start-up code on its own account, outside any limit, and leaves table and memory growth half guarded. After
//! this step there is nothing left to guard: the prepared module
//!
//! * runs no code until the host calls it: the start section, `_initialize`, `__wasm_call_ctors` and `hs_init` are behind one
//!   private export, called first and under the timer;
//! * cannot grow its memory or its tables past the grant, and sees the refusal as WebAssembly defines it (−1);
//! * tells the host when a method came back by itself, so that a failure is named from facts and not from messages;
//! * keeps its own error text out of the engine's errors;
//! * cannot sleep.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use wasm_encoder::reencode::{self, Reencode, utils};
use wasm_encoder::{
    CodeSection, DataCountSection, DataSection, ElementSection, ExportKind, ExportSection, FunctionSection, GlobalSection,
    ImportSection, MemorySection, NameSection, TableSection, TypeSection, ValType,
};
use wasmparser::{
    BinaryReaderError, CompositeInnerType, ExternalKind, FuncType, KnownCustom, Parser, Payload, TypeRef, Validator,
    WasmFeatures,
};

use crate::config::PAGE;
use crate::error::{ErrorCode, ExtensionError, Result};
use crate::imports::{self, Import};
use crate::injected::{self, Calls, StartUp};

/// The namespace of the functions that only a prepared module imports.
pub(crate) const HOST: &str = "morphir:host/prepared";
/// `returned(code: i32)`: the guest's function came back by itself, with this code.
pub(crate) const RETURNED: &str = "returned";
/// `output_refused(length: i64)`: the guest set an output longer than its grant.
pub(crate) const OUTPUT_REFUSED: &str = "output_refused";
/// `error_set(text: i64)`: takes the place of Extism's own.
pub(crate) const ERROR_SET: &str = "error_set";

/// Pages of Extism's own memory, which carries input and output; it starts with these.
pub(crate) const KERNEL_PAGES: u64 = 16;
/// The most elements that all tables of a module may have together: eight megabytes. Compilers use one element for each function
/// whose address is taken; the largest guest known here (Python) has about 20,000.
pub(crate) const MAX_TABLE_ELEMENTS: u64 = 1_000_000;

/// What a module may use: what the compilers of every supported language emit, and nothing whose resources are not counted.
/// Left out: threads, 64-bit and multiple memories, garbage-collected types, exceptions, components, and all that is
/// not finished.
const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
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
    /// The private export that runs all start-up code, where there is some.
    pub start: Option<String>,
    /// Whether the module imports WASI.
    pub wasi: bool,
    /// The pages of 64 KiB that the module's memory starts with.
    pub initial_pages: u64,
}

/// The limits that become part of the module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caps {
    /// Bytes of all the memory of one instance.
    pub max_memory: u64,
    /// Bytes of one answer.
    pub max_output: u64,
}

/// Rewrites `wasm` for these limits.
///
/// # Errors
///
/// `InvalidSource` for what is not a module this host can run, `MemoryLimit` for one whose least needs exceed the grant.
pub(crate) fn prepare(wasm: &[u8], caps: Caps) -> Result<Prepared> {
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
    imports::check(&wanted)?;
    let wasi = wanted.iter().any(|import| import.module == imports::WASI);

    let memory = (types.memory_count() > 0).then(|| types.memory_at(0));
    let granted_pages = (max_memory / PAGE).saturating_sub(KERNEL_PAGES);
    let initial_pages = memory.map_or(0, |memory| memory.initial);
    if initial_pages > granted_pages {
        return Err(ExtensionError::new(
            ErrorCode::MemoryLimit,
            format!(
                "The module starts with {initial_pages} pages of 64 KiB and Extism needs {KERNEL_PAGES} more, but `max_memory` \
                 grants {} ({max_memory} bytes).",
                max_memory / PAGE
            ),
        ));
    }
    let max_pages = memory.and_then(|memory| memory.maximum).unwrap_or(u64::MAX).min(granted_pages);
    let tables = table_maxima((0..types.table_count()).map(|table| types.table_at(table)))?;

    let plan = Plan {
        imported: function_imports,
        // Without a memory there is nothing to report events in; such a module cannot call it meaningfully.
        poll: imported(&wanted, imports::WASI, "poll_oneoff").filter(|_| memory.is_some()),
        output: imported(&wanted, imports::EXTISM, "output_set"),
        max_output: caps.max_output,
        defined: types.function_count() - function_imports,
        types: types.core_type_count_in_module(),
        max_pages: memory.map(|_| max_pages),
        tables,
    };
    let mut prepared = rewrite(&outline, &plan, signature).map_err(|error| match error {
        reencode::Error::ParseError(error) => invalid(&error),
        other => ExtensionError::new(ErrorCode::InvalidSource, format!("The module cannot be prepared: {other}.")),
    })?;
    prepared.wasi = wasi;
    prepared.initial_pages = initial_pages;
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

/// The number of an imported function; `check` has made sure that functions are all there is.
fn imported(imports: &[Import<'_>], module: &str, name: &str) -> Option<u32> {
    let position = imports.iter().position(|import| import.module == module && import.name == name)?;
    u32::try_from(position).ok()
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

/// The sections of a module, each as its reader. Custom sections other than names are left behind: debug information would
/// point to the wrong places.
#[derive(Default)]
struct Outline<'a> {
    types: Option<wasmparser::TypeSectionReader<'a>>,
    imports: Vec<wasmparser::Import<'a>>,
    functions: Option<wasmparser::FunctionSectionReader<'a>>,
    tables: Option<wasmparser::TableSectionReader<'a>>,
    memories: Option<wasmparser::MemorySectionReader<'a>>,
    globals: Option<wasmparser::GlobalSectionReader<'a>>,
    exports: Vec<wasmparser::Export<'a>>,
    start: Option<u32>,
    elements: Option<wasmparser::ElementSectionReader<'a>>,
    data_count: Option<u32>,
    bodies: Vec<wasmparser::FunctionBody<'a>>,
    data: Option<wasmparser::DataSectionReader<'a>>,
    names: Option<wasmparser::NameSectionReader<'a>>,
}

impl<'a> Outline<'a> {
    fn read(wasm: &'a [u8]) -> Result<Self, BinaryReaderError> {
        let mut outline = Self::default();
        for payload in Parser::new(0).parse_all(wasm) {
            match payload? {
                Payload::TypeSection(reader) => outline.types = Some(reader),
                Payload::ImportSection(reader) => outline.imports = reader.into_imports().collect::<Result<_, _>>()?,
                Payload::FunctionSection(reader) => outline.functions = Some(reader),
                Payload::TableSection(reader) => outline.tables = Some(reader),
                Payload::MemorySection(reader) => outline.memories = Some(reader),
                Payload::GlobalSection(reader) => outline.globals = Some(reader),
                Payload::ExportSection(reader) => outline.exports = reader.into_iter().collect::<Result<_, _>>()?,
                Payload::StartSection { func, .. } => outline.start = Some(func),
                Payload::ElementSection(reader) => outline.elements = Some(reader),
                Payload::DataCountSection { count, .. } => outline.data_count = Some(count),
                Payload::CodeSectionEntry(body) => outline.bodies.push(body),
                Payload::DataSection(reader) => outline.data = Some(reader),
                Payload::CustomSection(section) => {
                    if let KnownCustom::Name(reader) = section.as_known() {
                        outline.names = Some(reader);
                    }
                }
                _ => {}
            }
        }
        Ok(outline)
    }
}

/// The numbers that the rewriting turns on.
struct Plan {
    /// Imported functions, before ours are added behind them.
    imported: u32,
    /// The import that is WASI's `poll_oneoff`.
    poll: Option<u32>,
    /// The import that is Extism's `output_set`.
    output: Option<u32>,
    /// The most bytes that may be set as output.
    max_output: u64,
    /// Functions of the module's own.
    defined: u32,
    /// Types, before ours are added behind them.
    types: u32,
    /// The most pages its memory may have, if it has one.
    max_pages: Option<u64>,
    /// The most elements of each table.
    tables: Vec<u64>,
}

impl Plan {
    /// How many imports are added: `returned` and `output_refused`, in this order.
    const ADDED_IMPORTS: u32 = 2;

    const fn calls(&self) -> Calls {
        Calls { returned: self.imported, output_refused: self.imported + 1 }
    }

    /// The first injected function. `poll_without_waiting`, `set_output` and `grow` come first, where they are needed at all,
    /// so that their places are known while the module's own bodies are copied.
    const fn first_injected(&self) -> u32 {
        self.imported + Self::ADDED_IMPORTS + self.defined
    }

    const fn set_output(&self) -> u32 {
        self.first_injected() + self.poll.is_some() as u32
    }

    const fn grow(&self) -> u32 {
        self.set_output() + self.output.is_some() as u32
    }
}

/// The types that injected functions have, in the order in which they are added.
#[derive(Clone, Copy)]
enum InjectedType {
    Code,
    Nothing,
    Grow,
    Poll,
    Length,
    Output,
}

struct Injected<'a> {
    plan: &'a Plan,
    functions: FunctionSection,
    bodies: Vec<wasm_encoder::Function>,
}

impl Injected<'_> {
    fn add(&mut self, ty: InjectedType, body: wasm_encoder::Function) -> u32 {
        self.functions.function(self.plan.types + ty as u32);
        self.bodies.push(body);
        self.plan.first_injected() + u32::try_from(self.bodies.len() - 1).expect("validation limits functions")
    }
}

fn rewrite<'a>(
    outline: &Outline<'_>,
    plan: &Plan,
    signature: impl Fn(u32) -> &'a FuncType,
) -> Result<Prepared, reencode::Error> {
    let mut copy = Copy { plan, next_table: 0 };

    let mut types = TypeSection::new();
    if let Some(reader) = outline.types.clone() {
        copy.parse_type_section(&mut types, reader)?;
    }
    types.ty().function([ValType::I32], []);
    types.ty().function([], []);
    types.ty().function([ValType::I32], [ValType::I32]);
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    types.ty().function([ValType::I64], []);
    types.ty().function([ValType::I64; 2], []);

    let mut imports = ImportSection::new();
    for import in &outline.imports {
        let module = if import.module == imports::EXTISM && import.name == ERROR_SET { HOST } else { import.module };
        imports.import(module, import.name, copy.entity_type(import.ty)?);
    }
    for (name, ty) in [(RETURNED, InjectedType::Code), (OUTPUT_REFUSED, InjectedType::Length)] {
        imports.import(HOST, name, wasm_encoder::EntityType::Function(plan.types + ty as u32));
    }

    let mut functions = FunctionSection::new();
    if let Some(reader) = outline.functions.clone() {
        copy.parse_function_section(&mut functions, reader)?;
    }
    let mut injected = Injected { plan, functions, bodies: Vec::new() };
    if plan.poll.is_some() {
        injected.add(InjectedType::Poll, injected::poll_without_waiting());
    }
    if let Some(import) = plan.output {
        injected.add(InjectedType::Output, injected::set_output(&plan.calls(), import, plan.max_output));
    }
    if let Some(cap) = plan.max_pages {
        injected.add(InjectedType::Grow, injected::grow(cap));
    }
    let mut surface = Surface::build(outline, &mut copy, &mut injected, signature)?;

    let mut tables = TableSection::new();
    if let Some(reader) = outline.tables.clone() {
        copy.parse_table_section(&mut tables, reader)?;
    }
    let mut memories = MemorySection::new();
    if let Some(reader) = outline.memories.clone() {
        copy.parse_memory_section(&mut memories, reader)?;
    }
    let mut globals = GlobalSection::new();
    if let Some(reader) = outline.globals.clone() {
        copy.parse_global_section(&mut globals, reader)?;
    }
    let mut elements = ElementSection::new();
    if let Some(reader) = outline.elements.clone() {
        copy.parse_element_section(&mut elements, reader)?;
    }
    let mut code = CodeSection::new();
    for body in &outline.bodies {
        copy.parse_function_body(&mut code, body.clone())?;
    }
    for body in &injected.bodies {
        code.function(body);
    }

    let mut module = wasm_encoder::Module::new();
    module.section(&types).section(&imports).section(&injected.functions).section(&tables).section(&memories);
    module.section(&globals).section(&surface.exports).section(&elements);
    if let Some(count) = outline.data_count {
        module.section(&DataCountSection { count });
    }
    module.section(&code);
    if let Some(reader) = outline.data.clone() {
        let mut data = DataSection::new();
        copy.parse_data_section(&mut data, reader)?;
        module.section(&data);
    }
    // Names only make traps readable: a broken name section is not worth refusing a module for.
    if let Some(names) = outline.names.clone().and_then(|reader| function_names(&mut copy, reader)) {
        module.section(&names);
    }
    Ok(Prepared {
        bytes: module.finish(),
        methods: std::mem::take(&mut surface.methods),
        others: surface.others,
        start: surface.start,
        wasi: false,
        initial_pages: 0,
    })
}

/// The names of functions, or nothing where the section is broken.
fn function_names(copy: &mut Copy<'_>, reader: wasmparser::NameSectionReader<'_>) -> Option<NameSection> {
    let mut names = NameSection::new();
    for subsection in reader {
        let subsection = subsection.ok()?;
        if let wasmparser::Name::Function(map) = &subsection {
            let last = copy.plan.imported + copy.plan.defined;
            if map.clone().into_iter().any(|naming| naming.map_or(true, |naming| naming.index >= last)) {
                return None;
            }
            copy.parse_custom_name_subsection(&mut names, subsection).ok()?;
        }
    }
    Some(names)
}

/// What the prepared module exports: its memory, its methods, and one private function for start-up.
struct Surface {
    exports: ExportSection,
    methods: BTreeSet<String>,
    others: BTreeMap<String, String>,
    start: Option<String>,
}

impl Surface {
    fn build<'a>(
        outline: &Outline<'_>,
        copy: &mut Copy<'_>,
        injected: &mut Injected<'_>,
        signature: impl Fn(u32) -> &'a FuncType,
    ) -> Result<Self, reencode::Error> {
        let calls = injected.plan.calls();
        let mut surface =
            Self { exports: ExportSection::new(), methods: BTreeSet::new(), others: BTreeMap::new(), start: None };
        let mut start_up = StartUpExports::default();

        for export in &outline.exports {
            match export.kind {
                // WASI looks for this name.
                ExternalKind::Memory if export.name == "memory" => {
                    surface.exports.export("memory", ExportKind::Memory, 0);
                }
                ExternalKind::Func => {
                    let ty = signature(export.index);
                    if start_up.take(export.name, export.index, ty) {
                        continue;
                    }
                    let has_code = match (ty.params(), ty.results()) {
                        ([], []) => false,
                        ([], [wasmparser::ValType::I32]) => true,
                        _ => {
                            surface.others.insert(export.name.into(), ty.to_string());
                            continue;
                        }
                    };
                    let body = injected::method(&calls, copy.function_index(export.index)?, has_code);
                    let method = injected.add(InjectedType::Nothing, body);
                    surface.exports.export(export.name, ExportKind::Func, method);
                    surface.methods.insert(export.name.into());
                }
                _ => {}
            }
        }

        // The engine takes a module with `_start` for a program and does not instantiate it a second time just to link it.
        if !surface.methods.contains("_start") {
            let nothing = injected.add(InjectedType::Nothing, injected::nothing());
            surface.exports.export("_start", ExportKind::Func, nothing);
        }

        let pieces = start_up.pieces(outline.start, copy)?;
        if !pieces.is_empty() {
            let start = injected.add(InjectedType::Nothing, injected::start(&calls, &pieces));
            let taken = |name: &str| name == "memory" || surface.methods.contains(name);
            let name = (0_u32..).map(|n| format!("morphir:start/{n}")).find(|name| !taken(name)).expect("a free name");
            surface.exports.export(&name, ExportKind::Func, start);
            surface.start = Some(name);
        }
        Ok(surface)
    }
}

/// Exports that Extism calls by itself before the first call. It does so by these names and, for the first two, this type.
#[derive(Default)]
struct StartUpExports {
    initialize: Option<u32>,
    constructors: Option<u32>,
    haskell: Option<(u32, usize)>,
}

impl StartUpExports {
    fn take(&mut self, name: &str, function: u32, ty: &FuncType) -> bool {
        let plain = ty.params().is_empty() && ty.results().is_empty();
        match name {
            "_initialize" if plain => self.initialize = Some(function),
            "__wasm_call_ctors" if plain => self.constructors = Some(function),
            "hs_init" if ty.params() == [wasmparser::ValType::I32; 2] => {
                self.haskell = Some((function, ty.results().len()));
            }
            // Under these names nothing may be left for the engine to find, whatever its type.
            "_initialize" | "__wasm_call_ctors" | "hs_init" => {}
            _ => return false,
        }
        true
    }

    /// In the engine's own order: the start section; then Haskell's two, or the constructors, or the reactor's.
    fn pieces(&self, start: Option<u32>, copy: &mut Copy<'_>) -> Result<Vec<StartUp>, reencode::Error> {
        let mut pieces = Vec::new();
        if let Some(start) = start {
            pieces.push(StartUp::Plain(copy.function_index(start)?));
        }
        match (self.haskell, self.constructors, self.initialize) {
            (Some((haskell, results)), _, reactor) => {
                if let Some(reactor) = reactor {
                    pieces.push(StartUp::Plain(copy.function_index(reactor)?));
                }
                pieces.push(StartUp::Haskell(copy.function_index(haskell)?, results));
            }
            (None, Some(only), _) | (None, None, Some(only)) => pieces.push(StartUp::Plain(copy.function_index(only)?)),
            (None, None, None) => {}
        }
        Ok(pieces)
    }
}

/// Copies a module's parts, with functions renumbered, limits set, and growing and sleeping redirected.
struct Copy<'a> {
    plan: &'a Plan,
    next_table: usize,
}

impl Reencode for Copy<'_> {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error> {
        Ok(if self.plan.poll == Some(function) {
            self.plan.first_injected()
        } else if self.plan.output == Some(function) {
            self.plan.set_output()
        } else if function < self.plan.imported {
            function
        } else {
            function + Plan::ADDED_IMPORTS
        })
    }

    fn table_type(&mut self, table: wasmparser::TableType) -> Result<wasm_encoder::TableType, reencode::Error> {
        let maximum = self.plan.tables[self.next_table];
        self.next_table += 1;
        Ok(wasm_encoder::TableType { maximum: Some(maximum), ..utils::table_type(self, table)? })
    }

    fn memory_type(&mut self, memory: wasmparser::MemoryType) -> Result<wasm_encoder::MemoryType, reencode::Error> {
        // Extism refuses to grow a memory to its declared maximum: one page more than `grow` ever asks for.
        let maximum = self.plan.max_pages.map(|pages| pages + 1);
        Ok(wasm_encoder::MemoryType { maximum, ..utils::memory_type(self, memory) })
    }

    fn instruction<'b>(
        &mut self,
        operator: wasmparser::Operator<'b>,
    ) -> Result<wasm_encoder::Instruction<'b>, reencode::Error> {
        match operator {
            wasmparser::Operator::MemoryGrow { .. } => Ok(wasm_encoder::Instruction::Call(self.plan.grow())),
            other => utils::instruction(self, other),
        }
    }
}
