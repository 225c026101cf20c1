//! Calls that follow one another without leaving the engine: each must come out as if it had been alone.

use std::time::Duration;

use morphir_extension_host::{Call, ErrorCode, ExtensionId, Form, Outcome, Result};

use crate::in_own_process;
use crate::support::{TestHost, code, module, plain};

/// What its input begins with decides what it does: `e` an error with the input as its text, `t` a trap, `l` a loop, `n` nothing, `c` the
/// number of calls so far; all else is copied. Everything is logged.
const REACTS: &str = r#"(module
    (import "extism:host/env" "input_offset" (func $input (result i64)))
    (import "extism:host/env" "input_length" (func $length (result i64)))
    (import "extism:host/env" "input_load_u8" (func $input_load (param i64) (result i32)))
    (import "extism:host/env" "output_set" (func $output (param i64 i64)))
    (import "extism:host/env" "error_set" (func $error (param i64)))
    (import "extism:host/env" "log_info" (func $log (param i64)))
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
    (global $calls (mut i32) (i32.const 0))
    (func $copy (result i64)
      (local $to i64) (local $at i64)
      (if (i64.eqz (call $length)) (then (return (i64.const 0))))
      (local.set $to (call $alloc (call $length)))
      (loop $next
        (call $store (i64.add (local.get $to) (local.get $at)) (call $input_load (local.get $at)))
        (local.set $at (i64.add (local.get $at) (i64.const 1)))
        (br_if $next (i64.lt_u (local.get $at) (call $length))))
      (local.get $to))
    (func $react (export "react") (result i32)
      (local $what i32) (local $number i64)
      (global.set $calls (i32.add (global.get $calls) (i32.const 1)))
      (if (i64.ne (call $length) (i64.const 0)) (then (local.set $what (call $input_load (i64.const 0)))))
      (call $log (call $copy))
      (if (i32.eq (local.get $what) (i32.const 101)) (then (call $error (call $copy)) (return (i32.const 1))))
      (if (i32.eq (local.get $what) (i32.const 116)) (then unreachable))
      (if (i32.eq (local.get $what) (i32.const 108)) (then (loop $again (br $again))))
      (if (i32.eq (local.get $what) (i32.const 110)) (then (return (i32.const 0))))
      (if (i32.eq (local.get $what) (i32.const 99)) (then
        (local.set $number (call $alloc (i64.const 1)))
        (call $store (local.get $number) (i32.add (global.get $calls) (i32.const 48)))
        (call $output (local.get $number) (i64.const 1))
        (return (i32.const 0))))
      (call $output (call $copy) (call $length))
      (i32.const 0))
    (func (export "other") (result i32) (call $react)))"#;

fn host() -> (TestHost, ExtensionId) {
    let host = TestHost::new();
    let mut config = plain(module(REACTS));
    config.permissions.max_execution_time = Duration::from_millis(300);
    let id = host.load(config).unwrap();
    (host, id)
}

fn many(host: &TestHost, id: ExtensionId, inputs: &[Vec<u8>]) -> Vec<Result<Vec<u8>>> {
    let call =
        Call { extension: id, method: "react".into(), inputs: inputs.to_vec(), form: Form::Bytes, timeout: None };
    host.answers(host.host.submit(call).unwrap())
}

#[test]
fn inputs_of_every_length_come_back_whole() {
    let (host, id) = host();
    let lengths = (0..=200).chain([255, 256, 1000, 2047, 2048, 2049, 5000, 100_000, 3, 0, 64]);
    let inputs: Vec<Vec<u8>> =
        lengths.map(|length| (0..length).map(|at| 128 + u8::try_from(at % 127).unwrap()).collect()).collect();
    for (input, answer) in inputs.iter().zip(many(&host, id, &inputs)) {
        assert_eq!(answer.unwrap(), *input, "{} bytes", input.len());
    }
}

#[test]
fn whatever_fails_fails_alone() {
    let (host, id) = host();
    let inputs = ["one", "error of mine", "2nd", "trap", "3rd", "nothing", "loop", "four", "e", "five"];
    let answers = many(&host, id, &inputs.map(|input| input.as_bytes().to_vec()));
    let text = |at: usize| String::from_utf8(answers[at].as_ref().unwrap().clone()).unwrap();
    assert_eq!([0, 2, 4, 5, 7, 9].map(text), ["one", "2nd", "3rd", "", "four", "five"]);
    let error = |at: usize| (code(&answers[at]), answers[at].as_ref().unwrap_err().message().to_owned());
    assert_eq!(error(1), (ErrorCode::ExtensionError, "error of mine".into()));
    assert_eq!(error(3).0, ErrorCode::Trap);
    assert_eq!(error(6).0, ErrorCode::Timeout);
    assert_eq!(error(8), (ErrorCode::ExtensionError, "e".into()));
    let stats = host.host.stats(id).unwrap();
    assert_eq!((stats.calls, stats.errors, stats.generation), (10, 4, 3));
}

#[test]
fn state_stays_with_the_instance() {
    let (host, id) = host();
    let answers =
        many(&host, id, &[b"count".to_vec(), b"x".to_vec(), b"count".to_vec(), b"trap".to_vec(), b"c".to_vec()]);
    let counts = [0, 2, 4].map(|at: usize| answers[at].as_ref().unwrap()[0]);
    assert_eq!(counts, *b"131", "after the trap it starts anew");
}

#[test]
fn each_input_has_its_own_time() {
    let (host, id) = host();
    let answers = many(&host, id, &[b"loop".to_vec(), b"a".to_vec(), b"loop".to_vec(), b"b".to_vec()]);
    assert_eq!([0, 2].map(|at: usize| code(&answers[at])), [ErrorCode::Timeout; 2]);
    assert_eq!([1, 3].map(|at: usize| answers[at].as_ref().unwrap()[0]), *b"ab");
}

#[test]
fn a_call_that_is_taken_back_ends_the_row_and_not_its_neighbours() {
    let (host, id) = host();
    let before = host.submit(id, "react", "before").unwrap();
    let endless = Call {
        extension: id,
        method: "react".into(),
        inputs: vec![b"a".to_vec(), b"loop".to_vec(), b"b".to_vec()],
        form: Form::Bytes,
        timeout: Some(Duration::from_secs(60)),
    };
    let endless = host.host.submit(endless).unwrap();
    let behind = host.submit(id, "react", "behind").unwrap();
    host.wait_for_running(id, 1);
    std::thread::sleep(Duration::from_millis(50));
    host.cancel(endless);
    assert_eq!(host.answer(before).unwrap(), b"before");
    let answers = host.answers(endless);
    assert_eq!(answers[0].as_ref().unwrap(), b"a");
    assert_eq!([1, 2].map(|at: usize| code(&answers[at])), [ErrorCode::Cancelled; 2]);
    assert_eq!(host.answer(behind).unwrap(), b"behind");
}

#[test]
fn calls_in_line_keep_their_own_logs_methods_and_answers() {
    let (host, id) = host();
    let blocker = host.submit(id, "react", "loop").unwrap();
    host.wait_for_running(id, 1);
    let inputs: Vec<String> = (0..60).map(|number| format!("{number} {}", "x".repeat(number * 50))).collect();
    let tickets: Vec<u64> = (0..)
        .zip(&inputs)
        .map(|(number, input)| host.submit(id, if number % 7 == 3 { "other" } else { "react" }, input).unwrap())
        .collect();
    assert_eq!(code(&host.answer(blocker)), ErrorCode::Timeout);
    for (ticket, input) in tickets.into_iter().zip(&inputs) {
        let settled = host.wait(ticket);
        assert_eq!(settled.log.len(), 1, "{input}");
        assert_eq!(settled.log[0].message, *input);
        let Outcome::Called(answers) = settled.outcome else { panic!("a call") };
        assert_eq!(answers.into_iter().next().unwrap().unwrap().into_bytes(), input.as_bytes());
    }
    let stats = host.host.stats(id).unwrap();
    assert_eq!((stats.calls, stats.waiting, stats.running), (61, 0, 0));
}

#[test]
fn a_call_without_inputs_answers_nothing() {
    let (host, id) = host();
    assert!(many(&host, id, &[]).is_empty());
    assert_eq!(host.call(id, "react", "on").unwrap(), b"on");
}

#[test]
fn fuel_is_each_calls_own() {
    let host = TestHost::new();
    let mut config = plain(module(REACTS));
    config.permissions.max_fuel = Some(100_000);
    let id = host.load(config).unwrap();
    let answers = many(&host, id, &[b"a".to_vec(), b"loop".to_vec(), b"b".to_vec()]);
    assert_eq!(code(&answers[1]), ErrorCode::FuelExhausted);
    assert_eq!([0, 2].map(|at: usize| answers[at].as_ref().unwrap()[0]), *b"ab");
    let lots = vec![b"a".to_vec(); 500];
    assert!(many(&host, id, &lots).iter().all(Result::is_ok), "the fuel of one call lasts for each");
}

/// Answers with its input. One that begins with `x` leaves Extism's memory in disorder, and makes its next start-up endless.
const SOURS: &str = r#"(module
    (import "extism:host/env" "input_offset" (func $input (result i64)))
    (import "extism:host/env" "input_length" (func $input_length (result i64)))
    (import "extism:host/env" "output_set" (func $output (param i64 i64)))
    (import "extism:host/env" "length" (func $length (param i64) (result i64)))
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "input_load_u8" (func $input_load (param i64) (result i32)))
    (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
    (import "extism:host/user" "morphir_cache_ir" (func $keep (param i64 i64)))
    (import "extism:host/user" "morphir_get_cached_ir" (func $kept (param i64) (result i64)))
    (func $key (result i64)
      (local $key i64)
      (local.set $key (call $alloc (i64.const 1)))
      (call $store (local.get $key) (i32.const 107))
      (local.get $key))
    (func $start
      (if (i64.eq (call $length (call $kept (call $key))) (i64.const 1)) (then (loop $again (br $again)))))
    (start $start)
    (func (export "react") (result i32)
      (if (i32.eq (call $input_load (i64.const 0)) (i32.const 120)) (then
        (call $keep (call $key) (call $key))
        (drop (call $alloc (i64.const 0x1000000010000)))
        (drop (call $alloc (i64.const 0x7fffffff)))))
      (call $output (call $input) (call $input_length))
      (i32.const 0)))"#;

/// In a process of its own, because a start-up that nobody ends would hold its thread for ever.
#[test]
fn what_has_to_be_started_again_in_a_row_is_under_its_own_deadline() {
    in_own_process! {
        let host = TestHost::new();
        let mut config = plain(module(SOURS));
        config.permissions.max_execution_time = Duration::from_millis(300);
        let id = host.load(config).unwrap();
        let tickets: Vec<u64> = (0..20)
            .map(|number| {
                let input = if number == 10 { "x" } else { "a" };
                host.submit_within(id, "react", input, Some(Duration::from_secs(2))).unwrap()
            })
            .collect();
        let answers: Vec<_> = tickets.into_iter().map(|ticket| host.answer(ticket)).collect();
        assert!(answers[..=10].iter().all(Result::is_ok), "{answers:?}");
        assert!(answers[11..].iter().all(|answer| code(answer) == ErrorCode::Timeout), "{answers:?}");
    }
}
