//! What is granted is what there is, to the page, the byte and the millisecond (H5, H6, H28).

use std::time::{Duration, Instant};

use morphir_extension_host::{ErrorCode, MAX_MEMORY, MIN_MEMORY};

use crate::support::{TestHost, code, error, guest, module, morphir, plain, text};

const PAGE: u64 = 65_536;
const MIB: u64 = 1024 * 1024;

#[test]
fn h6_h28_a_memory_grows_to_its_grant_and_is_then_refused() {
    let host = TestHost::new();
    for pages in [20, 32, 33, 160, 1000] {
        let mut config = morphir(guest("counter"));
        config.permissions.max_memory = pages * PAGE;
        let id = host.load(config).unwrap();
        // Extism's own memory has sixteen.
        assert_eq!(text(host.call(id, "grow", "")), (pages - 16).to_string());
        assert_eq!(text(host.call(id, "count", "")), "101", "being refused is no fault");
        assert_eq!(host.host.stats(id).unwrap().generation, 1);
    }
}

#[test]
fn h28_a_declared_maximum_can_be_reached() {
    let host = TestHost::new();
    for (least, most) in [(1, 1), (1, 2), (5, 5), (0, 7), (1, 65536)] {
        let grow = module(&format!(
            r#"(module (memory {least} {most})
              (func (export "grow") (result i32)
                (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
                (memory.size)))"#
        ));
        let mut config = plain(grow);
        config.permissions.max_memory = 116 * PAGE;
        let id = host.load(config).unwrap();
        // The number of pages comes back as the guest's code.
        let expected = most.min(100);
        let message = error(host.call(id, "grow", "")).to_string();
        assert!(message.contains(&format!("code {expected} ")), "{least} to {most}: {message}");
    }
}

#[test]
fn h6_a_module_that_starts_with_more_than_its_grant_is_refused() {
    let host = TestHost::new();
    let needs = |pages: u64| module(&format!("(module (memory {pages}))"));
    for (pages, granted) in [(5, 20 * PAGE), (65536, MAX_MEMORY), (4081, 256 * MIB)] {
        let mut config = plain(needs(pages));
        config.permissions.max_memory = granted;
        let error = error(host.load(config));
        assert_eq!(error.code(), ErrorCode::MemoryLimit);
        assert!(error.message().contains(&pages.to_string()) && error.message().contains("maxMemory"), "{error}");
    }
    let mut config = plain(needs(2));
    config.permissions.max_memory = MIN_MEMORY;
    host.load(config).expect("what there is");
}

#[test]
fn h6_extisms_memory_and_the_guests_share_one_grant() {
    let host = TestHost::new();
    let takes = module(
        r#"(module
          (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
          (import "extism:host/env" "free" (func $free (param i64)))
          (memory 10)
          ;; Pages that are left for the guest once Extism has taken thirty.
          (func (export "rest") (result i32)
            (drop (call $alloc (i64.const 1966080)))
            (loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
            (memory.size))
          ;; What was freed can be taken again and again.
          (func (export "reuse") (local $rounds i32)
            (loop $more
              (call $free (call $alloc (i64.const 1000000)))
              (local.set $rounds (i32.add (local.get $rounds) (i32.const 1)))
              (br_if $more (i32.lt_u (local.get $rounds) (i32.const 1000))))))"#,
    );
    let mut config = plain(takes);
    config.permissions.max_memory = 116 * PAGE;
    let id = host.load(config).unwrap();
    host.call(id, "reuse", "").expect("it never has more than a megabyte");
    let rest = error(host.call(id, "rest", ""));
    // It is told that there is no more, or it is stopped when it takes more; a page more or less, because Extism counts headers.
    let told = (60..=72).any(|pages| rest.message().contains(&format!("code {pages} ")));
    assert!(told || rest.code() == ErrorCode::MemoryLimit, "{rest}");
}

#[test]
fn h6_an_input_that_does_not_fit_is_refused_and_costs_no_one_else() {
    let host = TestHost::new();
    let mut config = morphir(guest("echo"));
    config.permissions.max_memory = 4 * MIB;
    let id = host.load(config).unwrap();
    let large = vec![b'x'; 8 * 1024 * 1024];
    assert_eq!(code(&host.call(id, "echo", &large)), ErrorCode::MemoryLimit);
    assert_eq!(text(host.call(id, "echo", "small")), "small");
}

#[test]
fn h5_tables_start_and_grow_within_the_hosts_limit() {
    let host = TestHost::new();
    for tables in
        ["(table 1000001 funcref)", "(table 4294967295 funcref)", "(table 600000 funcref) (table 600000 funcref)"]
    {
        let loaded = host.load(plain(module(&format!("(module {tables})"))));
        assert_eq!(code(&loaded), ErrorCode::MemoryLimit, "{tables}: {loaded:?}");
    }
    let grows = module(
        r#"(module (table $t 10 4000000000 funcref)
          (func (export "some") (result i32) (i32.eq (table.grow $t (ref.null func) (i32.const 1000)) (i32.const -1)))
          (func (export "more") (result i32) (i32.ne (table.grow $t (ref.null func) (i32.const 1000000)) (i32.const -1)))
          (func (export "wraps") (result i32) (i32.ne (table.grow $t (ref.null func) (i32.const -1)) (i32.const -1))))"#,
    );
    let id = host.load(plain(grows)).unwrap();
    for method in ["some", "more", "wraps"] {
        host.call(id, method, "").unwrap_or_else(|error| panic!("{method}: {error}"));
    }
}

#[test]
fn an_output_of_exactly_its_grant_is_answered_and_one_byte_more_is_refused() {
    let host = TestHost::new();
    let mut config = morphir(guest("echo"));
    config.permissions.max_output = 145;
    let id = host.load(config).expect("its capabilities have 145 bytes");
    assert_eq!(host.call(id, "echo", [b'x'; 145]).unwrap().len(), 145);
    let refused = error(host.call(id, "echo", [b'x'; 146]));
    assert_eq!(refused.code(), ErrorCode::MemoryLimit);
    assert!(refused.message().contains("146") && refused.message().contains("maxOutput"), "{refused}");
    assert_eq!(text(host.call(id, "echo", "short")), "short");
}

#[test]
fn large_inputs_and_outputs_arrive_whole() {
    let host = TestHost::new();
    let id = host.load(morphir(guest("echo"))).unwrap();
    for size in [0, 1, 8191, 65_535, 65_536, 1_000_000, 20_000_000] {
        let input: Vec<u8> = (0..=250).cycle().take(size).collect();
        assert!(host.call(id, "echo", &input).unwrap() == input, "{size} bytes");
    }
}

#[test]
fn fuel_is_counted_and_its_end_has_a_name() {
    let host = TestHost::new();
    let mut config = plain(guest("steps"));
    config.permissions.max_fuel = Some(1_000_000);
    let id = host.load(config).unwrap();
    host.call(id, "run", "10").unwrap();
    let few = host.host.stats(id).unwrap().fuel.unwrap();
    host.call(id, "run", "1000").unwrap();
    let many = host.host.stats(id).unwrap().fuel.unwrap();
    assert!(few > 0 && many > few && many < 1_000_000, "{few}, {many}");
    assert_eq!(code(&host.call(id, "run", "10000000")), ErrorCode::FuelExhausted);
    host.call(id, "run", "10").expect("each call has its own fuel");
    assert_eq!(host.host.stats(id).unwrap().generation, 2);
}

#[test]
fn fuel_ends_a_start_section_too() {
    let host = TestHost::new();
    for fuel in [1, 100, 100_000] {
        let mut config = plain(guest("hostile/loop_in_start"));
        config.permissions.max_fuel = Some(fuel);
        let since = Instant::now();
        let loaded = host.load(config);
        assert_eq!(code(&loaded), ErrorCode::FuelExhausted, "{fuel}: {loaded:?}");
        assert!(since.elapsed() < Duration::from_secs(1));
    }
}

#[test]
fn time_is_granted_to_the_millisecond() {
    let host = TestHost::new();
    let mut config = plain(module(r#"(module (func (export "loop") (loop (br 0))))"#));
    config.permissions.max_execution_time = Duration::from_millis(100);
    let id = host.load(config).unwrap();
    let mut took: Vec<Duration> = (0..10)
        .map(|_| {
            let since = Instant::now();
            assert_eq!(code(&host.call(id, "loop", "")), ErrorCode::Timeout);
            since.elapsed()
        })
        .collect();
    took.sort();
    assert!(took[0] >= Duration::from_millis(100), "{took:?}");
    assert!(took[4] < Duration::from_millis(130), "{took:?}");
}

#[test]
fn the_least_that_can_be_granted_is_enough_to_run_in() {
    let host = TestHost::new();
    let mut config = plain(guest("plain"));
    config.permissions.max_memory = MIN_MEMORY;
    config.permissions.max_output = 1;
    let id = host.load(config).unwrap();
    assert_eq!(text(host.call(id, "echo", "x")), "x");
}
