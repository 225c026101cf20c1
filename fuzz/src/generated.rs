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
pub fn generate(
    input: &mut Unstructured<'_>,
    shape: Shape,
    max_memory: u64,
    max_elements: u64,
) -> Result<Vec<u8>> {
    let config = Config {
        available_imports: Some(IMPORTS.clone()),
        exports: shape.exports().map(|text| wat::parse_str(text).expect("valid text")),
        // What the host does not take.
        exceptions_enabled: false,
        gc_enabled: false,
        memory64_enabled: false,
        threads_enabled: false,
        max_memories: 1,
        max_memory32_bytes: max_memory,
        max_table_elements: max_elements,
        max_tables: 4,
        generate_custom_sections: true,
        ..Config::default()
    };
    Ok(Module::new(config, input)?.to_bytes())
}

/// Breaks a module in a few places, as the rest of the input says.
pub fn mutate(module: &mut Vec<u8>, input: &mut Unstructured<'_>) -> Result<()> {
    for _ in 0..input.int_in_range(0..=8)? {
        let place = input.choose_index(module.len())?;
        match input.int_in_range(0..=3)? {
            0 => module[place] = input.arbitrary()?,
            1 => module[place] ^= 1 << input.int_in_range(0..=7)?,
            2 => module.insert(place, input.arbitrary()?),
            // The first byte stays: without it nothing is read.
            _ => module.truncate(place.max(1)),
        }
    }
    Ok(())
}
