//! After a fault the extension heals itself: a fresh instance, `initialize` again, and nothing half changed (H4).

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use morphir_extension_host::{ErrorCode, ExtensionId};
use serde_json::value::RawValue;

use crate::support::{TestHost, code, guest, morphir, plain, text};

fn counter(host: &TestHost) -> ExtensionId {
    let mut config = morphir(guest("counter"));
    config.permissions.max_execution_time = Duration::from_millis(100);
    config.permissions.max_memory = 8 * 1024 * 1024;
    host.load(config).unwrap()
}

#[test]
fn h4_every_fault_costs_the_state_and_only_that() {
    let host = TestHost::new();
    for method in ["trap", "fail_and_trap", "divide", "out_of_bounds", "overflow", "loop", "hoard"] {
        let id = counter(&host);
        for generation in 1..=2 {
            assert_eq!(host.host.stats(id).unwrap().generation, generation, "before {method}");
            assert_eq!(text(host.call(id, "count", "")), "101", "before {method}");
            assert_eq!(text(host.call(id, "count", "")), "102", "before {method}");
            host.call(id, method, "").unwrap_err();
            assert_eq!(text(host.call(id, "initialized", "")), "1", "after {method}");
        }
        assert_eq!(host.host.stats(id).unwrap().generation, 3, "after {method}");
    }
}

#[test]
fn h4_a_cancel_costs_the_state_too() {
    let host = TestHost::new();
    let id = counter(&host);
    assert_eq!(text(host.call(id, "count", "")), "101");
    let ticket = host.submit(id, "loop", "").unwrap();
    host.wait_for_running(id, 1);
    thread::sleep(Duration::from_millis(10));
    host.cancel(ticket);
    assert_eq!(code(&host.answer(ticket)), ErrorCode::Cancelled);
    assert_eq!(text(host.call(id, "count", "")), "101");
    assert_eq!(host.host.stats(id).unwrap().generation, 2);
}

#[test]
fn h4_an_error_that_the_guest_answered_costs_nothing() {
    let host = TestHost::new();
    let id = counter(&host);
    assert_eq!(code(&host.call(id, "fail", "")), ErrorCode::ExtensionError);
    assert_eq!(code(&host.call(id, "code", "")), ErrorCode::ExtensionError);
    assert_eq!(code(&host.call(id, "missing", "")), ErrorCode::MethodNotFound);
    assert_eq!(text(host.call(id, "count", "")), "102", "`fail` counts as well");
    let stats = host.host.stats(id).unwrap();
    assert_eq!((stats.generation, stats.calls, stats.errors), (1, 3, 2), "what is no method never was a call");
    assert_eq!(stats.errors_by_code.get("ExtensionError"), Some(&2));
}

#[test]
fn h4_an_extension_that_does_not_start_again_says_so_and_tries_again() {
    let until = SystemTime::now() + Duration::from_millis(600);
    let until = until.duration_since(UNIX_EPOCH).unwrap().as_millis();
    let host = TestHost::new();
    let mut config = morphir(guest("expiring"));
    config.config = Some(RawValue::from_string(format!(r#"{{"until":{until}}}"#)).unwrap());
    let id = host.load(config).unwrap();
    assert_eq!(code(&host.call(id, "trap", "")), ErrorCode::Trap);
    host.call(id, "run", "").expect("it still starts");
    assert_eq!(code(&host.call(id, "trap", "")), ErrorCode::Trap);
    thread::sleep(Duration::from_millis(650));
    for _ in 0..3 {
        assert_eq!(code(&host.call(id, "run", "")), ErrorCode::InitializationFailed);
    }
}

#[test]
fn h4_variables_go_with_the_instance() {
    let host = TestHost::new();
    let id = host.load(plain(guest("variables"))).unwrap();
    assert_eq!(text(host.call(id, "set", "kept")), "");
    assert_eq!(text(host.call(id, "get", "")), "kept");
    host.call(id, "trap", "").unwrap_err();
    assert_eq!(text(host.call(id, "get", "")), "", "a new instance has none");
    assert_eq!(text(host.call(id, "set", "again")), "");
    assert_eq!(text(host.call(id, "get", "")), "again");
    assert_eq!(text(host.call(id, "remove", "")), "");
    assert_eq!(text(host.call(id, "get", "")), "");
    let large = "x".repeat(1_000_000);
    assert_eq!(text(host.call(id, "set", &large)), "");
    assert_eq!(text(host.call(id, "get", "")), large);
    assert_eq!(text(host.call(id, "set", "small again")), "", "what takes the place of another is not counted twice");
}

#[test]
fn a_program_runs_once_and_the_next_call_has_a_new_one() {
    let host = TestHost::new();
    let program = crate::support::module(
        r#"(module
          (global $runs (mut i32) (i32.const 0))
          (func $start (global.set $runs (i32.add (global.get $runs) (i32.const 1))))
          (start $start)
          (func (export "_start") (global.set $runs (i32.const 7)))
          ;; Code 0 where the start section has run once and nothing else.
          (func (export "fresh") (result i32) (i32.sub (global.get $runs) (i32.const 1))))"#,
    );
    let id = host.load(plain(program)).unwrap();
    for _ in 0..3 {
        host.call(id, "fresh", "").unwrap();
        host.call(id, "_start", "").unwrap();
    }
    host.call(id, "fresh", "").unwrap();
}
