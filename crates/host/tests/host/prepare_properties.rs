//! Whatever bytes come in: a typed error, or a module that is still valid once it was prepared. Never a panic, never anything that
//! only the engine notices.
//!
//! The prepared module is looked at where the cache keeps it.

use std::fs;
use std::time::Duration;

use morphir_extension_host::{Cache, ErrorCode, ExtensionError, ExtensionId, HostOptions};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use wasmparser::Validator;

use crate::functions::for_fixture;
use crate::in_own_process;
use crate::support::{TestHost, directory, files, guest, options, plain};

/// Loads a module with a cache, and answers what came of it and the prepared module.
fn prepare(wasm: &[u8]) -> (TestHost, Result<ExtensionId, ExtensionError>, Option<Vec<u8>>) {
    let place = directory();
    let cache = Cache::open(place.path()).unwrap();
    let host = TestHost::with(HostOptions { cache: Some(cache), slots: options().slots, log_level: None });
    let mut config = plain(wasm.to_vec());
    config.functions = for_fixture();
    config.permissions.max_execution_time = Duration::from_millis(20);
    config.permissions.max_memory = 256 * 1024 * 1024;
    let loaded = host.load(config);
    let prepared = files(place.path()).into_iter().find(|file| file.ends_with("module.wasm"));
    (host, loaded, prepared.map(|file| fs::read(file).unwrap()))
}

/// What holds for all bytes. Answers whether there was something to load in them.
fn holds(wasm: &[u8]) -> bool {
    let (host, loaded, prepared) = prepare(wasm);
    if let Some(prepared) = &prepared {
        Validator::new().validate_all(prepared).expect("a prepared module is valid");
        let exports = exports(prepared);
        assert!(!exports.iter().any(|name| ["_initialize", "__wasm_call_ctors", "hs_init"].contains(&name.as_str())));
        assert!(!has_start(prepared), "no code runs by itself");
    }
    match loaded {
        Ok(id) => {
            assert!(prepared.is_some(), "what was loaded was prepared");
            for name in exports(wasm).iter().take(5) {
                if let Err(error) = host.call(id, name, "input") {
                    assert!(!error.message().contains("defect of this host"), "{name}: {error}");
                }
            }
            true
        }
        Err(error) => {
            let message = error.message();
            assert!(!message.contains("defect of this host"), "{message}");
            // Data outside of its memory is the module's own mistake, which nobody can see before it is made.
            let refused = message.contains("The engine refused") && !message.contains("out of bounds");
            assert!(!refused, "only the engine noticed: {message}");
            let known =
                [ErrorCode::InvalidSource, ErrorCode::MemoryLimit, ErrorCode::InitializationFailed, ErrorCode::Timeout];
            assert!(known.contains(&error.code()), "{error:?}");
            false
        }
    }
}

fn exports(wasm: &[u8]) -> Vec<String> {
    let mut names = Vec::new();
    for payload in wasmparser::Parser::new(0).parse_all(wasm) {
        if let Ok(wasmparser::Payload::ExportSection(reader)) = payload {
            names.extend(reader.into_iter().flatten().map(|export| export.name.to_owned()));
        }
    }
    names
}

fn has_start(wasm: &[u8]) -> bool {
    wasmparser::Parser::new(0)
        .parse_all(wasm)
        .any(|payload| matches!(payload, Ok(wasmparser::Payload::StartSection { .. })))
}

/// What guests may import: names that the prepared module replaces, wraps or leaves alone, with their params and results.
const IMPORTS: &[(&str, &str, &str, &str)] = &[
    ("extism:host/env", "output_set", "i64 i64", ""),
    ("extism:host/env", "output_length", "", "i64"),
    ("extism:host/env", "alloc", "i64", "i64"),
    ("extism:host/env", "length", "i64", "i64"),
    ("extism:host/env", "error_set", "i64", ""),
    ("extism:host/env", "log_info", "i64", ""),
    ("extism:host/env", "log_warn", "i64", ""),
    ("extism:host/env", "get_log_level", "", "i32"),
    ("extism:host/env", "config_get", "i64", "i64"),
    ("extism:host/env", "var_get", "i64", "i64"),
    ("extism:host/env", "var_set", "i64 i64", ""),
    ("extism:host/env", "store_u64", "i64 i64", ""),
    ("extism:host/env", "reset", "", ""),
    ("wasi_snapshot_preview1", "poll_oneoff", "i32 i32 i32 i32", "i32"),
    ("wasi_snapshot_preview1", "fd_write", "i32 i32 i32 i32", "i32"),
    ("wasi_snapshot_preview1", "proc_exit", "i32", ""),
    ("wasi_snapshot_preview1", "random_get", "i32 i32", "i32"),
    ("wasi_snapshot_preview1", "sched_yield", "", "i32"),
];

/// Names that mean something to the engine or to the host, and some that do not.
const NAMES: &[&str] = &[
    "run",
    "memory",
    "_start",
    "_initialize",
    "__wasm_call_ctors",
    "hs_init",
    "initialize",
    "capabilities",
    "morphir:start",
    "morphir:made",
    "morphir:program",
    "morphir:start'",
    "",
    "é",
    "__indirect_function_table",
];

/// A valid module, made by taking one decision after another from a row of numbers.
struct Maker {
    numbers: std::vec::IntoIter<u32>,
    /// Params and results of each function, imports first.
    functions: Vec<(String, String)>,
    memory: bool,
    tables: usize,
    globals: usize,
    /// Data segments that stay until they are copied.
    passive: usize,
}

impl Maker {
    fn make(numbers: Vec<u32>) -> String {
        let mut maker = Self {
            numbers: numbers.into_iter(),
            functions: Vec::new(),
            memory: false,
            tables: 0,
            globals: 0,
            passive: 0,
        };
        maker.module()
    }

    /// A number below a limit.
    fn below(&mut self, limit: usize) -> usize {
        self.numbers.next().unwrap_or(0) as usize % limit.max(1)
    }

    fn chance(&mut self, one_in: usize) -> bool {
        self.below(one_in) == 1
    }

    fn module(&mut self) -> String {
        let mut text = vec!["(module".to_owned()];
        for number in 0..self.below(12) {
            let (module, name, params, results) = IMPORTS[self.below(IMPORTS.len())];
            text.push(format!("(import {module:?} {name:?} (func $f{number} (param {params}) (result {results})))"));
            self.functions.push((params.into(), results.into()));
        }
        let imported = self.functions.len();
        self.memory = !self.chance(4);
        self.tables = self.below(4);
        self.globals = self.below(3);
        self.passive = self.below(3);
        for _ in 0..=self.below(7) {
            let shapes = [
                ("", ""),
                ("", "i32"),
                ("i32", ""),
                ("i32 i32", ""),
                ("i32 i32", "i32"),
                ("", "i64 f64"),
                ("externref", ""),
            ];
            let (params, results) = shapes[self.below(shapes.len())];
            self.functions.push((params.into(), results.into()));
        }
        if self.memory {
            let maximum = if self.chance(2) { (5 + self.below(100)).to_string() } else { String::new() };
            text.push(format!("(memory $m {} {maximum})", self.below(5)));
        }
        for table in 0..self.tables {
            let kind = if table % 3 == 2 { "externref" } else { "funcref" };
            text.push(format!("(table $t{table} {} {kind})", 3 + self.below(20)));
        }
        for global in 0..self.globals {
            text.push(format!("(global $g{global} (mut i32) (i32.const {}))", self.below(99)));
        }
        for segment in 0..self.passive {
            text.push(format!("(data $d{segment} \"some data\")"));
        }
        if self.memory && self.chance(3) {
            text.push(format!("(data (i32.const {}) \"data\")", self.below(70_000)));
        }
        for _ in 0..self.below(4) {
            let functions: Vec<String> =
                (0..self.below(4)).map(|_| format!("$f{}", self.below(self.functions.len()))).collect();
            let functions = functions.join(" ");
            text.push(match self.below(3) {
                0 if self.tables > 0 => format!("(elem (table $t0) (i32.const {}) func {functions})", self.below(4)),
                1 => format!("(elem declare func {functions})"),
                _ => format!("(elem func {functions})"),
            });
        }
        let mut taken = Vec::new();
        for _ in 0..self.below(10) {
            let name = NAMES[self.below(NAMES.len())];
            if taken.contains(&name) {
                continue;
            }
            taken.push(name);
            let what = match self.below(8) {
                0 if self.memory => "(memory $m)".into(),
                1 if self.tables > 0 => format!("(table $t{})", self.below(self.tables)),
                2 if self.globals > 0 => format!("(global $g{})", self.below(self.globals)),
                _ => format!("(func $f{})", self.below(self.functions.len())),
            };
            text.push(format!("(export {name:?} {what})"));
        }
        let plain: Vec<usize> = (0..self.functions.len())
            .filter(|place| self.functions[*place] == (String::new(), String::new()))
            .collect();
        if !plain.is_empty() && self.chance(3) {
            text.push(format!("(start $f{})", plain[self.below(plain.len())]));
        }
        // Code refers only to functions that something else names, which may be an export that is not left afterwards.
        let named: Vec<usize> = (0..self.functions.len())
            .filter(|place| {
                text.iter()
                    .any(|line| !line.starts_with("(import") && !line.starts_with("(start") && mentions(line, *place))
            })
            .collect();
        for place in imported..self.functions.len() {
            let (params, results) = self.functions[place].clone();
            text.push(format!("(func $f{place} (param {params}) (result {results})"));
            for _ in 0..self.below(6) {
                let statement = self.statement(&named, 3);
                text.push(format!("  {statement}"));
            }
            if results.is_empty() && self.chance(6) {
                text.push("  (unreachable)".into());
            }
            text.push(format!("  {})", constants(&results)));
        }
        text.push(")".into());
        text.join("\n")
    }

    /// Something that leaves the stack as it was.
    fn statement(&mut self, named: &[usize], depth: usize) -> String {
        let function = self.below(self.functions.len());
        let (params, results) = self.functions[function].clone();
        match self.below(12) {
            0 if self.memory => format!("(drop (memory.grow (i32.const {})))", self.below(3000)),
            1 if self.memory => "(i32.store8 (memory.size) (i32.const 1))".into(),
            2 if self.memory && self.passive > 0 => {
                format!("(memory.init $d{} (i32.const 0) (i32.const 0) (i32.const 4))", self.below(self.passive))
            }
            3 if !named.is_empty() => format!("(drop (ref.func $f{}))", named[self.below(named.len())]),
            4 if !named.is_empty() && self.tables > 0 => {
                format!(
                    "(table.set $t0 (i32.const {}) (ref.func $f{}))",
                    self.below(25),
                    named[self.below(named.len())]
                )
            }
            5 if self.tables > 0 => {
                let table = self.below(self.tables);
                let kind = if table % 3 == 2 { "extern" } else { "func" };
                format!("(drop (table.grow $t{table} (ref.null {kind}) (i32.const {})))", self.below(2_000_000))
            }
            6 if self.tables > 0 => {
                let place = self.below(25);
                let drops = " drop".repeat(results.split_whitespace().count());
                format!(
                    "{} i32.const {place} call_indirect $t0 (param {params}) (result {results}){drops}",
                    constants(&params)
                )
            }
            7 if self.globals > 0 => format!("(global.set $g{} (i32.const 5))", self.below(self.globals)),
            8 if depth > 0 => format!("(block {})", self.statement(named, depth - 1)),
            9 if depth > 0 => format!("(if (i32.const {}) (then {}))", self.below(2), self.statement(named, depth - 1)),
            10 if depth > 0 => format!("(loop {})", self.statement(named, depth - 1)),
            _ => {
                let drops = " drop".repeat(results.split_whitespace().count());
                format!("{} call $f{function}{drops}", constants(&params))
            }
        }
    }
}

fn mentions(line: &str, function: usize) -> bool {
    line.split(|letter: char| !letter.is_alphanumeric()).any(|word| word == format!("f{function}"))
}

fn constants(types: &str) -> String {
    let of = |ty: &str| if ty == "externref" { "ref.null extern".into() } else { format!("{ty}.const 7") };
    types.split_whitespace().map(of).collect::<Vec<String>>().join(" ")
}

#[test]
fn h16_any_bytes_are_a_typed_error() {
    in_own_process! {
        let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
        let bytes = prop::collection::vec(any::<u8>(), 0..300);
        runner
            .run(&bytes, |mut bytes| {
                let _ = holds(&bytes);
                // The same behind a header that is right.
                bytes.splice(..0, *b"\0asm\x01\0\0\0");
                let _ = holds(&bytes);
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn h16_any_valid_module_is_valid_when_it_was_prepared() {
    in_own_process! {
        let mut runner = TestRunner::new(Config { cases: 400, failure_persistence: None, max_shrink_iters: 200, ..Config::default() });
        let decisions = prop::collection::vec(any::<u32>(), 20..400);
        let loaded = std::cell::Cell::new(0);
        runner
            .run(&decisions, |decisions| {
                let text = Maker::make(decisions);
                let wasm = wat::parse_str(&text).unwrap_or_else(|error| panic!("{error}"));
                Validator::new().validate_all(&wasm).unwrap_or_else(|error| panic!("{error}: {text}"));
                if holds(&wasm) {
                    loaded.set(loaded.get() + 1);
                }
                Ok(())
            })
            .unwrap();
        assert!(loaded.get() > 100, "only {} of 400 were loaded: they show little", loaded.get());
    }
}

#[test]
fn h16_damaged_modules_are_typed_errors_or_run() {
    in_own_process! {
        let whole = [guest("counter"), guest("clock"), guest("hostile/names_taken"), guest("hostile/sleep_by_table")];
        let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, ..Config::default() });
        let damage = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6);
        runner
            .run(&(0..whole.len(), damage), |(which, damage)| {
                let mut bytes = whole[which].clone();
                for (place, value) in damage {
                    let place = place.index(bytes.len() - 8) + 8;
                    bytes[place] = value;
                }
                let _ = holds(&bytes);
                Ok(())
            })
            .unwrap();
    }
}

/// The guests that are known, and what makes preparing difficult in them.
#[test]
fn h16_every_fixture_is_valid_when_it_was_prepared() {
    in_own_process! {
        let fixtures = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures");
        let mut count = 0;
        for file in files(&fixtures) {
            if file.extension().is_some_and(|extension| extension == "wat") {
                let (_host, _loaded, prepared) = prepare(&wat::parse_file(&file).unwrap());
                let prepared = prepared.unwrap_or_else(|| panic!("{} was not prepared", file.display()));
                Validator::new().validate_all(&prepared).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
                count += 1;
            }
        }
        assert!(count > 60, "{count} fixtures");
    }
}
