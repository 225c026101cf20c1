//! What a prepared module exports.

use std::collections::{BTreeMap, BTreeSet};

use wasm_encoder::reencode::{self, Reencode};
use wasm_encoder::{ExportKind, ExportSection};
use wasmparser::{ExternalKind, FuncType};

use super::added::Signature;
use super::copy::Copy;
use super::injected::{self, StartUp};
use super::outline::Outline;
use super::rewrite::Injected;

/// What a WASI program starts with. The engine gives the name a meaning of its own, so no method is left under it.
const PROGRAM: &str = "_start";

/// What the prepared module exports: its memory, its methods, and private functions for the host.
pub(super) struct Surface {
    pub exports: ExportSection,
    pub methods: BTreeSet<String>,
    pub others: BTreeMap<String, String>,
    pub made: String,
    pub start: Option<String>,
    pub program: Option<String>,
}

impl Surface {
    pub fn build<'a>(
        outline: &Outline<'_>,
        copy: &mut Copy<'_>,
        injected: &mut Injected<'_>,
        signature: impl Fn(u32) -> &'a FuncType,
    ) -> Result<Self, reencode::Error> {
        let calls = injected.plan.calls();
        let mut surface = Self {
            exports: ExportSection::new(),
            methods: BTreeSet::new(),
            others: BTreeMap::new(),
            made: String::new(),
            start: None,
            program: None,
        };
        let mut program = None;
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
                    let method = injected.add(Signature::Nothing, body);
                    if export.name == PROGRAM {
                        program = Some(method);
                    } else {
                        surface.exports.export(export.name, ExportKind::Func, method);
                    }
                    surface.methods.insert(export.name.into());
                }
                _ => {}
            }
        }

        // The engine takes a module with `_start` for a program and does not instantiate it a second time just to link it.
        let nothing = injected.add(Signature::Nothing, injected::nothing());
        surface.exports.export(PROGRAM, ExportKind::Func, nothing);
        surface.made = surface.export_privately("morphir:made", nothing);
        surface.program = program.map(|program| surface.export_privately("morphir:program", program));
        let pieces = start_up.pieces(outline.start, copy)?;
        if !pieces.is_empty() {
            let start = injected.add(Signature::Nothing, injected::start(&calls, &pieces));
            surface.start = Some(surface.export_privately("morphir:start", start));
        }
        Ok(surface)
    }

    /// Exports a function under a name that the module does not use itself.
    fn export_privately(&mut self, purpose: &str, function: u32) -> String {
        let mut name = purpose.to_owned();
        while self.methods.contains(&name) {
            name.push('\'');
        }
        self.exports.export(&name, ExportKind::Func, function);
        name
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
