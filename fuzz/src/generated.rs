//! Random modules that are valid, and import nothing but what the host offers.

use std::sync::LazyLock;

use arbitrary::{Result, Unstructured};
use wasm_smith::{Config, Module};

/// All functions that the host offers.
static IMPORTS: LazyLock<Vec<u8>> = LazyLock::new(|| wat::parse_str(include_str!("imports.wat")).expect("valid text"));

/// What a generated module exports. Left to chance, hardly any export has the type of a method.
#[derive(Clone, Copy, Debug, arbitrary::Arbitrary)]
pub enum Shape {
    /// Whatever comes.
    Any,
    /// A memory and methods.
    Methods,
    /// A program: one method, which runs once.
    Program,
    /// Methods behind start-up code of every kind.
    StartUp,
}

impl Shape {
    fn exports(self) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::Methods => Some(
                r#"(module
                  (memory (export "memory") 1)
                  (func (export "one") (result i32) unreachable)
                  (func (export "two"))
                  (func (export "three") (result i32) unreachable))"#,
            ),
            Self::Program => Some(r#"(module (memory (export "memory") 2) (func (export "_start")))"#),
            Self::StartUp => Some(
                r#"(module
                  (memory (export "memory") 1)
                  (func (export "_initialize"))
                  (func (export "__wasm_call_ctors"))
                  (func (export "hs_init") (param i32 i32))
                  (func (export "one") (result i32) unreachable))"#,
            ),
        }
    }
}

/// Makes a module from random input, with memories of at most `max_memory` bytes and tables of at most `max_elements` to start with.
pub fn generate(input: &mut Unstructured<'_>, shape: Shape, max_memory: u64, max_elements: u64) -> Result<Vec<u8>> {
    let config = Config {
        available_imports: Some(IMPORTS.clone()),
        exports: shape.exports().map(|text| wat::parse_str(text).expect("valid text")),
        // What the host does not take.
        exceptions_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        threads_enabled: false,
        // A memory that has to be exported comes on top of these.
        max_memories: usize::from(matches!(shape, Shape::Any)),
        max_memory32_bytes: max_memory,
        max_table_elements: max_elements,
        max_tables: 4,
        generate_custom_sections: true,
        ..Config::default()
    };
    Ok(Module::new(config, input)?.to_bytes())
}

/// One thing that breaks a module.
#[derive(Clone, Copy, Debug, arbitrary::Arbitrary)]
pub struct Edit {
    place: u16,
    what: u8,
    byte: u8,
}

/// Breaks a module in a few places.
pub fn mutate(module: &mut Vec<u8>, edits: &[Edit]) {
    for edit in edits.iter().take(8) {
        // Anywhere in a module of any length, and never the header, behind which nothing else would be read.
        let place = 8 + usize::from(edit.place) % (module.len() - 7);
        match edit.what % 4 {
            0 | 1 if place < module.len() => module[place] ^= edit.byte,
            2 => module.insert(place, edit.byte),
            _ => module.truncate(place),
        }
    }
}
