//! Writes the prepared module: the module's own parts, copied, and the injected ones.

use std::collections::BTreeSet;

use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{
    CodeSection, ConstExpr, DataCountSection, DataSection, ElementSection, Elements, EntityType, FunctionSection,
    GlobalSection, GlobalType, ImportSection, MemorySection, NameSection, TableSection, TypeSection, ValType,
};
use wasmparser::{BinaryReaderError, ExternalKind, FuncType};

use super::added::{Added, Signature};
use super::copy::Copy;
use super::outline::Outline;
use super::plan::{InjectedType, Plan};
use super::surface::Surface;
use super::{ENTERED, HOST, Prepared};
use crate::error::ExtensionError;

/// Why a valid module is not rewritten.
pub(super) enum Refused {
    /// It cannot be read or written.
    Unreadable(reencode::Error),
    /// It would take too long to compile.
    TooMuch(ExtensionError),
}

impl From<reencode::Error> for Refused {
    fn from(error: reencode::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl From<BinaryReaderError> for Refused {
    fn from(error: BinaryReaderError) -> Self {
        Self::Unreadable(error.into())
    }
}

impl From<ExtensionError> for Refused {
    fn from(error: ExtensionError) -> Self {
        Self::TooMuch(error)
    }
}

pub(super) struct Injected<'a> {
    pub plan: &'a Plan,
    functions: FunctionSection,
    bodies: Vec<wasm_encoder::Function>,
}

impl Injected<'_> {
    pub fn add(&mut self, ty: impl Into<InjectedType>, body: wasm_encoder::Function) -> u32 {
        self.functions.function(match ty.into() {
            InjectedType::Added(signature) => self.plan.types + signature as u32,
            InjectedType::Own(ty) => ty,
        });
        self.bodies.push(body);
        self.plan.first_injected() + u32::try_from(self.bodies.len() - 1).expect("validation limits functions")
    }
}

pub(super) fn rewrite<'a>(
    outline: &Outline<'_>,
    plan: &Plan,
    signature: impl Fn(u32) -> &'a FuncType,
) -> Result<Prepared, Refused> {
    let mut copy = Copy::new(plan);

    let mut types = TypeSection::new();
    if let Some(reader) = outline.types.clone() {
        copy.parse_type_section(&mut types, reader)?;
    }
    Signature::add_all(&mut types);

    let mut imports = ImportSection::new();
    for (number, import) in (0..).zip(&outline.imports) {
        if plan.is_call(number) {
            // The engine knows no such function, and nothing calls it here any more; but the numbers of the others have to stay.
            imports.import(HOST, ENTERED, EntityType::Function(plan.types + Signature::Nothing as u32));
        } else {
            imports.import(import.module, import.name, copy.entity_type(import.ty)?);
        }
    }
    Added::import_all(&mut imports, plan.types, plan.opens_files, plan.calls_functions());

    let mut functions = FunctionSection::new();
    if let Some(reader) = outline.functions.clone() {
        copy.parse_function_section(&mut functions, reader)?;
    }
    let mut injected = Injected { plan, functions, bodies: Vec::new() };
    for (ty, body) in plan.injected() {
        injected.add(ty, body);
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
    for _ in 0..2 {
        let ty = GlobalType { val_type: ValType::I64, mutable: true, shared: false };
        globals.global(ty, &ConstExpr::i64_const(0));
    }
    let mut elements = ElementSection::new();
    if let Some(reader) = outline.elements.clone() {
        copy.parse_element_section(&mut elements, reader)?;
    }
    // A function may be referred to because it was exported: what is no longer exported is declared instead.
    let exported: BTreeSet<u32> = (outline.exports.iter())
        .filter(|export| export.kind == ExternalKind::Func)
        .map(|export| plan.function(export.index))
        .collect();
    if !exported.is_empty() {
        elements.declared(Elements::Functions(exported.into_iter().collect::<Vec<_>>().into()));
    }
    let mut code = CodeSection::new();
    for body in &outline.bodies {
        copy.parse_function_body(&mut code, body.clone())?;
        let locals = body.get_locals_reader()?.into_iter().map(|locals| Ok(u64::from(locals?.0)));
        copy.effort.end_function(locals.sum::<Result<u64, BinaryReaderError>>()?);
    }
    copy.effort.check()?;
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
        made: surface.made,
        start: surface.start,
        program: surface.program,
        wasi: false,
        initial_pages: 0,
        functions: Vec::new(),
    })
}

/// The names of functions, or nothing where the section is broken.
fn function_names(copy: &mut Copy<'_>, reader: wasmparser::NameSectionReader<'_>) -> Option<NameSection> {
    let mut names = NameSection::new();
    for subsection in reader {
        let subsection = subsection.ok()?;
        if let wasmparser::Name::Function(map) = &subsection {
            let last = copy.plan().imported + copy.plan().defined;
            if map.clone().into_iter().any(|naming| naming.map_or(true, |naming| naming.index >= last)) {
                return None;
            }
            copy.parse_custom_name_subsection(&mut names, subsection).ok()?;
        }
    }
    Some(names)
}
