//! What the process that the host lives in has and allows: stacks, addresses, threads, environment, its end.

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use morphir_extension_host::{Cache, ErrorCode, Host, HostOptions, Slots};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::in_own_process;
use crate::support::{
    STACK, TestHost, code, directory, files, guest, memory, module, morphir, options, plain, run, run_in_own_process,
    text,
};

const MIB: u64 = 1024 * 1024;

fn limit(resource: Resource, bytes: u64) {
    let maximum = getrlimit(resource).maximum;
    setrlimit(resource, Rlimit { current: Some(bytes), maximum }).unwrap();
}

/// Loads and overflows a guest on a thread with a stack as libuv would make it under this limit.
fn overflow_on_stack_of(kibibytes: u64) {
    limit(Resource::Stack, kibibytes * 1024);
    let stack = usize::try_from(kibibytes * 1024).unwrap();
    let run = || {
        let host = Host::new(HostOptions { slots: Arc::new(Slots::new(1)), ..options() });
        for name in ["recurse", "recurse_in_host", "recurse_in_wasi"] {
            let mut config = plain(guest(&format!("hostile/{name}")));
            config.permissions.max_execution_time = Duration::from_secs(10);
            host.load(config).unwrap();
            let settled = run(host.next().unwrap());
            let morphir_extension_host::Outcome::Loaded(Ok(extension)) = settled[0].outcome else {
                panic!("{settled:?}")
            };
            let call = morphir_extension_host::Call {
                extension,
                method: "attack".into(),
                inputs: vec![vec![]],
                form: morphir_extension_host::Form::Bytes,
                timeout: None,
            };
            let morphir_extension_host::Outcome::Called(answers) = host.call_now(call).unwrap().outcome else {
                panic!()
            };
            assert_eq!(code(&answers[0]), ErrorCode::Trap, "{answers:?}");
        }
    };
    thread::Builder::new().stack_size(stack).spawn(run).unwrap().join().unwrap();
}

#[test]
fn h8_a_stack_of_half_a_megabyte_overflows_in_the_guest() {
    in_own_process! { overflow_on_stack_of(512) }
}

#[test]
fn h8_a_stack_of_one_megabyte_overflows_in_the_guest() {
    in_own_process! { overflow_on_stack_of(1024) }
}

#[test]
fn h8_a_stack_of_eight_megabytes_overflows_in_the_guest() {
    in_own_process! { overflow_on_stack_of(8192) }
}

#[test]
fn h9_a_limited_address_space_is_enough() {
    in_own_process! {
        limit(Resource::As, 8 * 1024 * MIB);
        let host = TestHost::new();
        let mut ids = Vec::new();
        for number in 0..6 {
            ids.push(host.load(morphir(guest("counter"))).unwrap_or_else(|error| panic!("number {number}: {error}")));
        }
        for id in ids {
            assert_eq!(text(host.call(id, "count", "")), "101");
            assert_eq!(code(&host.call(id, "overflow", "")), ErrorCode::Trap);
            assert_eq!(code(&host.call(id, "out_of_bounds", "")), ErrorCode::Trap);
            assert_eq!(text(host.call(id, "count", "")), "101");
        }
        let mut config = plain(guest("hostile/grow_memory"));
        config.permissions.max_memory = 64 * MIB;
        let id = host.load(config).unwrap();
        host.call(id, "attack", "").unwrap();
    }
}

/// The compact layout has no gigabytes of guards around a memory: what a guest forges must not be followed there either.
#[test]
fn h9_forged_lengths_are_not_followed_in_a_compact_layout() {
    in_own_process! {
        limit(Resource::As, 6 * 1024 * MIB);
        let host = TestHost::new();
        for name in [
            "output_forged",
            "output_by_second_import",
            "block_forged_for_variable",
            "block_forged_for_value",
            "block_forged_for_config",
            "block_forged_for_log",
            "block_forged_for_error",
            "value_written_outside",
        ] {
            let mut config = plain(guest(&format!("hostile/{name}")));
            config.permissions.max_memory = 64 * MIB;
            config.permissions.max_execution_time = Duration::from_millis(100);
            let id = host.load(config).unwrap();
            drop(host.call(id, "attack", "input"));
            assert_eq!(text(host.call(id, "echo", "well")), "well");
        }
    }
}

/// An address space that is large enough stays with guards, whatever a guest or its limits do.
#[test]
fn h9_only_a_lack_of_addresses_changes_the_layout() {
    in_own_process! {
        let host = TestHost::new();
        let mut config = plain(guest("plain"));
        config.permissions.max_fuel = Some(1);
        assert_eq!(code(&host.load(config)), ErrorCode::FuelExhausted);
        let broken = module(r#"(module (memory 1) (data (i32.const 65536) "outside"))"#);
        assert_eq!(code(&host.load(plain(broken))), ErrorCode::InvalidSource);
        let before = reserved();
        let id = host.load(plain(module(r#"(module (memory 1) (func (export "run")))"#))).unwrap();
        host.call(id, "run", "").unwrap();
        let more = (reserved() - before) / MIB;
        assert!(more > 4096, "only {more} MiB were reserved for two memories: that is the compact layout");
    }
}

/// The addresses that this process has reserved.
fn reserved() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').next().unwrap().parse::<u64>().unwrap() * 4096
}

#[test]
fn h11_environment_variables_of_the_engine_change_nothing() {
    let places = directory();
    let place = |name: &str| places.path().join(name).to_str().unwrap().to_owned();
    let (core, dump, cache) = (place("core"), place("memory"), place("cache.toml"));
    std::fs::write(&cache, "this is no configuration").unwrap();
    let variables = [
        ("EXTISM_COREDUMP", core.as_str()),
        ("EXTISM_MEMDUMP", dump.as_str()),
        ("EXTISM_DEBUG", "1"),
        ("EXTISM_PROFILE", "perf"),
        ("EXTISM_CACHE_CONFIG", cache.as_str()),
        ("EXTISM_ENABLE_WASI_OUTPUT", "1"),
    ];
    let change = |command: &mut std::process::Command| {
        command.envs(variables);
    };
    run_in_own_process("process::h11_environment_variables_of_the_engine_change_nothing", change, || {
        let host = TestHost::new();
        let id = host.load(morphir(guest("counter"))).unwrap();
        assert_eq!(code(&host.call(id, "trap", "")), ErrorCode::Trap);
        assert_eq!(text(host.call(id, "count", "")), "101");
        let prints = plain(module(
            r#"(module
              (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
              (memory (export "memory") 1)
              (data (i32.const 0) "\08\00\00\00\14\00\00\00printed by the guest")
              (func (export "print") (result i32) (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64))))"#,
        ));
        let id = host.load(prints).unwrap();
        let ticket = host.submit(id, "print", "").unwrap();
        let settled = host.wait(ticket);
        assert!(settled.log.iter().any(|record| record.message == "printed by the guest"), "{settled:?}");
        let said = std::fs::read_to_string("/proc/self/fd/1").unwrap_or_default();
        assert!(!said.contains("printed by the guest"), "{said}");
        let map = format!("/tmp/perf-{}.map", std::process::id());
        assert!(!std::path::Path::new(&map).exists(), "the engine was told to profile");
    });
    assert_eq!(files(places.path()), [std::path::PathBuf::from(&cache)], "the engine wrote what only it was asked to");
}

#[test]
fn h17_an_idle_extension_costs_no_thread_and_one_with_a_cache_at_most_one() {
    in_own_process! {
        let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
        let host = TestHost::new();
        let id = host.load(morphir(guest("echo"))).unwrap();
        let before = threads();
        for _ in 0..10 {
            host.load(morphir(guest("echo"))).unwrap();
        }
        assert_eq!(threads(), before);
        assert_eq!(text(host.call(id, "echo", "")), "");

        let place = directory();
        let cached = TestHost::with(HostOptions { cache: Some(Cache::open(place.path()).unwrap()), ..options() });
        let before = threads();
        for _ in 0..10 {
            cached.load(morphir(guest("echo"))).unwrap();
        }
        assert!(threads() <= before + 10, "{} threads for ten extensions", threads() - before);
    }
}

/// The engine's own copy of the module's data is kept with each instance, and no second one with its source.
#[test]
fn h29_an_instance_keeps_its_module_once() {
    in_own_process! {
        let large = module(&format!(
            r#"(module (memory 100) (func (export "run")) (data (i32.const 0) "{}"))"#,
            "x".repeat(3_000_000)
        ));
        let host = TestHost::new();
        host.load(plain(large.clone())).unwrap();
        let before = memory();
        let mut config = plain(large);
        config.instances = 20;
        host.load(config).unwrap();
        let each = (memory().saturating_sub(before)) / 20;
        assert!(each < 4_500_000, "{} KiB each", each / 1024);
    }
}

/// Extism's memory never shrinks: an instance that keeps no state is made anew when it has become large.
#[test]
fn h31_a_large_call_does_not_stay_in_memory() {
    in_own_process! {
        let host = TestHost::new();
        let mut config = morphir(guest("echo"));
        config.instances = 2;
        let id = host.load(config).unwrap();
        assert_eq!(text(host.call(id, "echo", "small")), "small");
        let before = memory();
        let large = vec![b'x'; 60_000_000];
        for _ in 0..4 {
            assert_eq!(host.call(id, "echo", &large).unwrap().len(), large.len());
        }
        drop(large);
        assert_eq!(text(host.call(id, "echo", "small")), "small");
        let more = memory().saturating_sub(before) / MIB;
        assert!(more < 40, "{more} MiB are still there");
    }
}

/// With calls in flight the process ends at once, with the code that it was given (H18).
#[test]
fn h18_the_process_can_end_while_guests_run() {
    let since = Instant::now();
    let test = "process::h18_the_process_can_end_while_guests_run";
    let output = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["process::ends_with_guests_at_work", "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env("MORPHIR_TEST_ENDS", "1")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(7), "{test}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(since.elapsed() < Duration::from_secs(5), "it took {:?}", since.elapsed());
}

#[test]
#[ignore = "ends the process: it is run by the test above"]
fn ends_with_guests_at_work() {
    if std::env::var_os("MORPHIR_TEST_ENDS").is_none() {
        return;
    }
    let host = TestHost::new();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let mut config = plain(module(r#"(module (func (export "loop") (loop (br 0))))"#));
        config.permissions.max_execution_time = Duration::from_secs(3600);
        let id = host.load(config).unwrap();
        host.submit(id, "loop", "").unwrap();
        host.wait_for_running(id, 1);
        ids.push(id);
    }
    std::process::exit(7);
}

/// Job by job on threads with the least stack that is promised to be enough.
#[test]
fn h8_compiling_needs_no_more_stack_than_a_megabyte() {
    in_own_process! {
        let nested = format!(
            r#"(module (func (export "run") (result i32) {} i32.const 1 {}))"#,
            "(block (result i32) ".repeat(3_000),
            "i32.eqz) ".repeat(3_000)
        );
        let host = Host::new(HostOptions { slots: Arc::new(Slots::new(1)), ..options() });
        host.load(plain(module(&nested))).unwrap();
        let job = host.next().unwrap();
        let settled = thread::Builder::new().stack_size(STACK).spawn(move || run(job)).unwrap().join().unwrap();
        assert!(matches!(settled[0].outcome, morphir_extension_host::Outcome::Loaded(Ok(_))), "{settled:?}");
    }
}
