//! Whatever bytes come in: a typed error, or a module that is still valid once it was prepared. Never a panic, never anything that
//! only the engine notices.
//!
//! The prepared module is looked at where the cache keeps it.

use std::fs;
use std::time::Duration;

use arbitrary::Unstructured;
use morphir_extension_host::{Cache, ErrorCode, ExtensionError, ExtensionId, HostOptions};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use wasmparser::Validator;

use crate::in_own_process;
use crate::support::{TestHost, directory, files, guest, options, plain};

/// Loads a module with a cache, and answers what came of it and the prepared module.
fn prepare(wasm: &[u8]) -> (TestHost, Result<ExtensionId, ExtensionError>, Option<Vec<u8>>) {
    let place = directory();
    let cache = Cache::open(place.path()).unwrap();
    let host = TestHost::with(HostOptions { cache: Some(cache), slots: options().slots, log_level: None });
    let mut config = plain(wasm.to_vec());
    config.permissions.max_execution_time = Duration::from_millis(20);
    config.permissions.max_memory = 64 * 1024 * 1024;
    let loaded = host.load(config);
    let prepared = files(place.path()).into_iter().find(|file| file.ends_with("module.wasm"));
    (host, loaded, prepared.map(|file| fs::read(file).unwrap()))
}

/// What holds for all bytes.
fn holds(wasm: &[u8]) {
    let (host, loaded, prepared) = prepare(wasm);
    if let Some(prepared) = &prepared {
        Validator::new().validate_all(prepared).expect("a prepared module is valid");
        let exports = exports(prepared);
        assert!(!exports.iter().any(|name| ["_initialize", "__wasm_call_ctors", "hs_init"].contains(&name.as_str())));
        assert!(!has_start(prepared), "no code runs by itself");
    }
    match loaded {
        Ok(id) => {
            let before = exports(wasm);
            let prepared = exports(&prepared.expect("what was loaded was prepared"));
            for name in before.iter().take(5) {
                assert!(!name.starts_with("morphir:") || prepared.contains(name));
                drop(host.call(id, name, "input"));
            }
        }
        Err(error) => {
            let message = error.message();
            assert!(!message.contains("defect of this host"), "{message}");
            assert!(!message.contains("The engine refused"), "only the engine noticed: {message}");
            let known =
                [ErrorCode::InvalidSource, ErrorCode::MemoryLimit, ErrorCode::InitializationFailed, ErrorCode::Timeout];
            assert!(known.contains(&error.code()), "{error:?}");
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

/// A valid module made from these bytes, of the kind that this host takes.
fn generated(seed: &[u8], traps: bool) -> Option<Vec<u8>> {
    let config = wasm_smith::Config {
        gc_enabled: false,
        reference_types_enabled: true,
        simd_enabled: true,
        relaxed_simd_enabled: true,
        tail_call_enabled: true,
        bulk_memory_enabled: true,
        multi_value_enabled: true,
        extended_const_enabled: true,
        threads_enabled: false,
        shared_everything_threads_enabled: false,
        exceptions_enabled: false,
        memory64_enabled: false,
        custom_page_sizes_enabled: false,
        wide_arithmetic_enabled: false,
        allow_start_export: true,
        disallow_traps: !traps,
        min_funcs: 2,
        max_memories: 1,
        max_memory32_bytes: 8 * 1024 * 1024,
        max_table_elements: 1000,
        max_tables: 4,
        min_exports: 3,
        // Only Extism's functions can be imported, and the generator would make up others.
        max_imports: 0,
        ..wasm_smith::Config::default()
    };
    let module = wasm_smith::Module::new(config, &mut Unstructured::new(seed)).ok()?;
    Some(module.to_bytes())
}

#[test]
fn h16_any_bytes_are_a_typed_error() {
    in_own_process! {
        let mut runner = TestRunner::new(Config { cases: 200, failure_persistence: None, ..Config::default() });
        let bytes = prop::collection::vec(any::<u8>(), 0..300);
        runner
            .run(&bytes, |mut bytes| {
                holds(&bytes);
                // The same behind a header that is right.
                bytes.splice(..0, *b"\0asm\x01\0\0\0");
                holds(&bytes);
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn h16_any_valid_module_is_valid_when_it_was_prepared() {
    in_own_process! {
        let mut runner = TestRunner::new(Config { cases: 150, failure_persistence: None, max_shrink_iters: 50, ..Config::default() });
        let seeds = prop::collection::vec(any::<u8>(), 200..3000);
        runner
            .run(&(seeds, any::<bool>()), |(seed, traps)| {
                if let Some(wasm) = generated(&seed, traps) {
                    holds(&wasm);
                }
                Ok(())
            })
            .unwrap();
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
                holds(&bytes);
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
