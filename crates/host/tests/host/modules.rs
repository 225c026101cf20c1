//! What is offered as a module, and is none, or is too much of one (H10, H16).

use std::fmt::Write;
use std::time::Duration;

use morphir_extension_host::{ErrorCode, ExtensionConfig, MAX_MODULE_BYTES, Source};

use crate::in_own_process;
use crate::support::{TestHost, code, error, guest, module, morphir, peak_memory, plain, processor_time, text};

const MIB: u64 = 1024 * 1024;

#[test]
fn h10_text_is_never_a_manifest() {
    let host = TestHost::new();
    let manifest = r#"{"wasm":[{"path":"/etc/hostname"}],"allowed_hosts":["*"],"allowed_paths":{"/":"/"}}"#;
    let sources: [(&str, Vec<u8>); 14] = [
        ("a JSON manifest", manifest.into()),
        ("a JSON manifest with a mark before it", format!("\u{feff}{manifest}").into_bytes()),
        ("a TOML manifest", b"[[wasm]]\npath = \"/etc/hostname\"\n".to_vec()),
        ("a TOML manifest with a url", b"[[wasm]]\nurl = \"http://127.0.0.1:1/x.wasm\"\n".to_vec()),
        ("a module as text", b"(module)".to_vec()),
        ("nothing", Vec::new()),
        ("a byte", vec![0]),
        ("half a magic number", b"\0as".to_vec()),
        ("a magic number", b"\0asm".to_vec()),
        ("half a version", b"\0asm\x01\0".to_vec()),
        ("another version", b"\0asm\x02\0\0\0".to_vec()),
        ("the magic number of something else", b"\x7fELF\x01\0\0\0".to_vec()),
        ("a component", module("(component)")),
        ("zeros", vec![0; 1_000_000]),
    ];
    for (what, bytes) in sources {
        let loaded = host.load(plain(bytes));
        assert_eq!(code(&loaded), ErrorCode::InvalidSource, "{what}: {loaded:?}");
        let sentence = loaded.unwrap_err().to_string();
        assert!(sentence.ends_with('.') && sentence.len() < 300, "{what}: {sentence}");
        assert!(what != "a component" || sentence.contains("component"), "{sentence}");
    }
}

#[test]
fn a_source_larger_than_any_module_is_refused_before_it_is_read_as_one() {
    in_own_process! {
        let host = TestHost::new();
        let before = peak_memory();
        let size = usize::try_from(MAX_MODULE_BYTES).unwrap() + 1;
        let directory = crate::support::directory();
        let path = directory.path().join("large.wasm");
        std::fs::File::create(&path).unwrap().set_len(100 * MIB).unwrap();
        let config = ExtensionConfig { source: Source::file(&path), ..plain(Vec::new()) };
        assert_eq!(code(&host.load(config)), ErrorCode::InvalidSource);
        assert_eq!(code(&host.load(plain(vec![0; size]))), ErrorCode::InvalidSource);
        // Each once in memory; a file is read no further than needed.
        assert!(peak_memory() < before + 3 * MAX_MODULE_BYTES, "{} MiB", peak_memory() / MIB);
    }
}

#[test]
fn a_path_that_is_no_file_is_told_from_one_that_is_missing() {
    let host = TestHost::new();
    let directory = crate::support::directory();
    let pipe = directory.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let load = |path: &std::path::Path| {
        let config = ExtensionConfig { source: Source::file(path), ..plain(Vec::new()) };
        error(host.load(config))
    };
    for (path, word) in [
        (directory.path().join("missing.wasm"), "cannot be read"),
        (directory.path().to_path_buf(), "not a file"),
        // Whoever opens it waits for a writer, for ever.
        (pipe, "not a file"),
        ("/dev/zero".into(), "not a file"),
    ] {
        let error = load(&path);
        assert_eq!(error.code(), ErrorCode::IoError, "{error}");
        assert!(error.message().contains(word) && error.message().contains(path.to_str().unwrap()), "{error}");
    }
}

#[test]
fn a_hash_that_differs_is_refused_and_one_that_fits_is_not() {
    let host = TestHost::new();
    let right = "c3ab8ff13720e8ad9047dd39466b3c8974e592c2fa383d4a3960714caef0c4f2";
    let mut config = plain(guest("plain"));
    config.source.sha256 = Some(right.into());
    let error = error(host.load(config));
    assert_eq!(error.code(), ErrorCode::InvalidSource);
    let found = error.message().split_whitespace().find(|word| word.trim_end_matches(',').len() == 64).unwrap();
    let mut config = plain(guest("plain"));
    config.source.sha256 = Some(found.trim_end_matches(',').to_uppercase());
    host.load(config).expect("the hash that the error has shown");
}

/// Wherever a module is cut off, and wherever a byte of it is another, it is refused or it runs: nothing in between.
#[test]
fn h16_a_module_cut_anywhere_is_refused() {
    in_own_process! {
        let host = TestHost::new();
        let whole = guest("counter");
        for length in 0..whole.len() {
            let loaded = host.load(morphir(whole[..length].to_vec()));
            // Cut between two sections it can be a module still, only without what an extension needs.
            let whole_still = wasmparser::Validator::new().validate_all(&whole[..length]).is_ok();
            let refused = loaded.as_ref().is_err_and(|error| error.code() == ErrorCode::InvalidSource);
            assert!(refused != whole_still, "cut at {length}: {loaded:?}");
        }
        host.load(morphir(whole)).unwrap();
    }
}

#[test]
fn h16_a_module_with_any_byte_changed_is_refused_or_runs() {
    in_own_process! {
        let host = TestHost::new();
        let whole = guest("counter");
        let mut refused = 0;
        // Every byte would take a minute: a prime goes through all parts of it.
        for place in (0..whole.len()).step_by(7) {
            for flip in [0x01, 0x80] {
                let mut changed = whole.clone();
                changed[place] ^= flip;
                let mut config = plain(changed);
                config.permissions.max_execution_time = Duration::from_millis(50);
                match host.load(config) {
                    Ok(id) => {
                        drop(host.call(id, "count", ""));
                        drop(host.call(id, "initialize", ""));
                        host.unload(id, false);
                    }
                    Err(error) => {
                        let known = [ErrorCode::InvalidSource, ErrorCode::InitializationFailed, ErrorCode::MemoryLimit];
                        assert!(known.contains(&error.code()), "{place}: {error:?}");
                        assert!(!error.message().contains("defect of this host"), "{place}: {error}");
                        refused += 1;
                    }
                }
            }
        }
        assert!(refused > 10, "{refused}");
    }
}

#[test]
fn imports_that_are_not_offered_are_all_named_at_once() {
    let host = TestHost::new();
    let wants = module(
        r#"(module
          (import "extism:host/env" "input_length" (func (result i64)))
          (import "extism:host/env" "memory" (memory 1))
          (import "extism:host/env" "extism_context" (global externref))
          (import "extism:host/env" "log_info" (func (param i32)))
          (import "extism:host/env" "no_such" (func))
          (import "extism:host/user" "mine" (func (param i64) (result i64)))
          (import "wasi_snapshot_preview1" "no_such" (func))
          (import "wasi_unstable" "proc_exit" (func (param i32)))
          (import "morphir:host/prepared" "returned" (func (param i32)))
          (import "morphir:host/prepared" "entered" (func))
          (import "env" "abort" (func (param i32 i32 i32 i32)))
          (import "env" "table" (table 1 funcref)))"#,
    );
    let error = error(host.load(plain(wants)));
    assert_eq!(error.code(), ErrorCode::InvalidSource);
    for wanted in [
        "extism:host/env::memory, which is not a function",
        "extism_context",
        "log_info as (i32) -> (), which is (i64) -> ()",
        "extism:host/env::no_such",
        "extism:host/user::mine",
        "wasi_snapshot_preview1::no_such",
        "wasi_unstable::proc_exit",
        "morphir:host/prepared::returned",
        "morphir:host/prepared::entered",
        "env::abort as (i32, i32, i32, i32) -> ()",
        "env::table",
    ] {
        assert!(error.message().contains(wanted), "{wanted} is not in: {error}");
    }
    assert!(!error.message().contains("input_length"), "{error}");
}

#[test]
fn wasi_with_another_shape_is_refused() {
    let host = TestHost::new();
    for import in [
        r#"(import "wasi_snapshot_preview1" "proc_exit" (func (param i64)))"#,
        r#"(import "wasi_snapshot_preview1" "poll_oneoff" (func))"#,
        r#"(import "wasi_snapshot_preview1" "fd_write" (func (result i64)))"#,
        r#"(import "wasi_snapshot_preview1" "random_get" (func (param i32 i32)))"#,
        r#"(import "wasi_snapshot_preview1" "path_open" (func (param i32 i32 i32 i32 i32 i64 i64 i32) (result i32)))"#,
        // One whose shape is not looked at before the engine does.
        r#"(import "wasi_snapshot_preview1" "fd_read" (func (param i64)))"#,
    ] {
        let loaded = host.load(plain(module(&format!("(module {import} (memory 1))"))));
        assert_eq!(code(&loaded), ErrorCode::InvalidSource, "{import}: {loaded:?}");
    }
}

/// A module made of one part many times over, which either runs or is refused, in bounded time and memory.
struct Bomb {
    name: &'static str,
    text: String,
    time: Duration,
    memory: u64,
}

impl Bomb {
    fn new(name: &'static str, text: String) -> Self {
        Self { name, text, time: Duration::from_secs(20), memory: 1024 * MIB }
    }

    /// Answers what came of the load.
    fn go_off(self) -> Option<ErrorCode> {
        let host = TestHost::new();
        let neighbour = host.load(morphir(guest("echo"))).unwrap();
        let wasm = module(&self.text);
        drop(self.text);
        let (before, size, since) = (peak_memory(), wasm.len() as u64, processor_time());
        let mut config = plain(wasm);
        config.permissions.max_execution_time = Duration::from_secs(2);
        let ticket = host.host.load(config).unwrap();
        // The others go on meanwhile.
        assert_eq!(text(host.call(neighbour, "echo", "meanwhile")), "meanwhile");
        let morphir_extension_host::Outcome::Loaded(loaded) = host.wait(ticket).outcome else { panic!() };
        let (took, more) = (processor_time().saturating_sub(since), peak_memory().saturating_sub(before));
        assert!(took < self.time, "{} of {size} bytes took {took:?} of a processor", self.name);
        assert!(more < self.memory, "{} of {size} bytes took {} MiB", self.name, more / MIB);
        if let Ok(id) = loaded {
            host.call(id, "run", "").expect("what was loaded runs");
        }
        assert_eq!(text(host.call(neighbour, "echo", "after")), "after");
        loaded.err().map(|error| {
            assert!(error.message().len() < 10_000, "a sentence of {} bytes", error.message().len());
            error.code()
        })
    }
}

fn many(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).fold(String::new(), |mut all, number| {
        writeln!(all, "{}", part(number)).unwrap();
        all
    })
}

const RUN: &str = r#"(func $run (export "run"))"#;

#[test]
fn ten_thousand_imports_that_are_not_offered() {
    in_own_process! {
        let imports = many(10_000, |number| format!(r#"(import "env" "function {number}" (func))"#));
        assert_eq!(Bomb::new("imports", format!("(module {imports} {RUN})")).go_off(), Some(ErrorCode::InvalidSource));
    }
}

#[test]
fn one_import_ten_thousand_times() {
    in_own_process! {
        let imports = many(2_500, |_| {
            r#"(import "extism:host/env" "output_set" (func (param i64 i64)))
            (import "extism:host/env" "log_info" (func (param i64)))
            (import "extism:host/env" "alloc" (func (param i64) (result i64)))
            (import "wasi_snapshot_preview1" "poll_oneoff" (func (param i32 i32 i32 i32) (result i32)))"#.into()
        });
        let calls = many(20_000, |number| format!("(drop (call {} (i64.const 0)))", number % 2_500 * 4 + 2));
        let text = format!("(module {imports} (memory 1) {RUN} (func {calls}))");
        assert_eq!(Bomb::new("imports", text).go_off(), None);
    }
}

#[test]
fn a_hundred_thousand_exports_of_one_function() {
    in_own_process! {
        let exports = many(100_000, |number| format!(r#"(export "{number}" (func $run))"#));
        assert_eq!(Bomb::new("exports", format!("(module {RUN} {exports})")).go_off(), Some(ErrorCode::InvalidSource));
    }
}

#[test]
fn ten_thousand_exports() {
    in_own_process! {
        let functions = many(9_999, |number| format!(r#"(func (export "{number}") (result i32) (i32.const {number}))"#));
        assert_eq!(Bomb::new("exports", format!("(module {RUN} {functions})")).go_off(), None);
    }
}

#[test]
fn a_hundred_thousand_functions() {
    in_own_process! {
        let functions = many(100_000, |_| "(func)".into());
        assert_eq!(Bomb::new("functions", format!("(module {RUN} {functions})")).go_off(), None);
    }
}

/// Code for which the compiler takes the square of its length is refused before it starts.
#[test]
fn code_that_takes_minutes_to_compile() {
    in_own_process! {
        let loops = "loop local.get 0 br_if 0 end ".repeat(10_000);
        let branches = many(40_000, |number| format!("local.get 0 if i32.const 0 i32.load local.set {number} end"));
        let bombs = [
            ("functions", format!("(module {RUN} {})", "(func)".repeat(200_001))),
            ("loops", format!(r#"(module (func (export "run") (local i32) {loops}))"#)),
            ("branches", format!(r#"(module (memory 1) (func (export "run") (local {}) {branches}))"#, "i32 ".repeat(40_000))),
        ];
        for (name, text) in bombs {
            assert_eq!(Bomb::new(name, text).go_off(), Some(ErrorCode::InvalidSource), "{name}");
        }
    }
}

#[test]
fn ninety_thousand_data_segments() {
    in_own_process! {
        let data = many(90_000, |number| format!(r#"(data (i32.const {}) "x")"#, number % 65_536));
        assert_eq!(Bomb::new("data", format!("(module (memory 1) {RUN} {data})")).go_off(), None);
    }
}

#[test]
fn ninety_thousand_element_segments() {
    in_own_process! {
        let elements = many(90_000, |number| format!("(elem (i32.const {}) $run)", number % 1000));
        assert_eq!(Bomb::new("elements", format!("(module (table 1000 funcref) {RUN} {elements})")).go_off(), None);
    }
}

#[test]
fn a_hundred_thousand_types_and_globals() {
    in_own_process! {
        let types = many(100_000, |number| format!("(type (func (param {})))", ["i32 ", "i64 "][number % 2].repeat(number % 16)));
        let globals = many(100_000, |number| format!("(global (mut i32) (i32.const {number}))"));
        assert_eq!(Bomb::new("globals", format!("(module {types} {globals} {RUN})")).go_off(), None);
    }
}

#[test]
fn blocks_nested_ten_thousand_deep() {
    in_own_process! {
        let text = format!(r#"(module (func (export "run") {} {}))"#, "block ".repeat(10_000), "end ".repeat(10_000));
        assert_eq!(Bomb::new("blocks", text).go_off(), None);
    }
}

#[test]
fn additions_nested_a_hundred_thousand_deep() {
    in_own_process! {
        let text = format!(
            r#"(module (func (export "run") (local i32) {} i32.const 1 {} drop))"#,
            "local.get 0 ".repeat(100_000),
            "i32.add ".repeat(100_000)
        );
        assert_eq!(Bomb::new("additions", text).go_off(), None);
    }
}

#[test]
fn a_jump_to_sixty_thousand_places() {
    in_own_process! {
        let targets = many(60_000, |number| (number % 100).to_string());
        let text = format!(
            r#"(module (func (export "run") {} (br_table {targets} 0 (i32.const 5)) {}))"#,
            "block ".repeat(100),
            "end ".repeat(100)
        );
        assert_eq!(Bomb::new("targets", text).go_off(), None);
    }
}

#[test]
fn fifty_thousand_variables_in_a_function() {
    in_own_process! {
        let uses = many(20_000, |number| format!("(local.set {number} (i64.add (local.get {number}) (local.get {})))", number / 2));
        let text = format!(r#"(module (func (export "run") (local {}) (loop {uses})))"#, "i64 ".repeat(49_000));
        assert_eq!(Bomb::new("variables", text).go_off(), None);
    }
}

/// References to functions are only allowed to functions that are named outside of code; an export is such a name, and not
/// every export is left in the prepared module.
#[test]
fn a_reference_to_a_function_that_only_an_export_names_is_kept() {
    let host = TestHost::new();
    let refers = module(
        r#"(module
          (import "extism:host/env" "output_set" (func $output (param i64 i64)))
          (export "output" (func $output))
          (table 1 funcref)
          (func $number (export "number") (param i32) (result i32) (local.get 0))
          (func $start (export "_initialize"))
          (func (export "run") (result i32)
            (drop (ref.func $output))
            (drop (ref.func $start))
            (table.set (i32.const 0) (ref.func $number))
            (i32.sub (i32.const 5) (call_indirect (param i32) (result i32) (i32.const 5) (i32.const 0)))))"#,
    );
    let id = host.load(plain(refers)).unwrap();
    host.call(id, "run", "").unwrap();
}
