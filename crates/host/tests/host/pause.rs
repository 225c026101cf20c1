//! A call of many inputs that goes on for long: it stands in line again for what is left, in its old place.

use std::sync::Arc;
use std::time::{Duration, Instant};

use morphir_extension_host::{
    Answer, Call, ErrorCode, ExtensionConfig, ExtensionError, ExtensionId, Form, Host, HostOptions, Outcome, Settled,
    Slots,
};

use crate::support::{TestHost, code, guest, module, morphir, options, plain, run, text};

/// Ten milliseconds of work for each input.
fn spins(extension: ExtensionId, inputs: usize) -> Call {
    Call { extension, method: "spin".into(), inputs: vec![b"10".to_vec(); inputs], form: Form::Text, timeout: None }
}

/// A host to which threads are lent by hand, with an extension whose calls have so much time.
fn granted(time: Duration) -> (Host, ExtensionId) {
    let mut config = morphir(guest("clock"));
    config.permissions.max_execution_time = time;
    loaded(config)
}

fn loaded(config: ExtensionConfig) -> (Host, ExtensionId) {
    let host = Host::new(HostOptions { slots: Arc::new(Slots::new(8)), ..options() });
    host.load(config).unwrap();
    run(host.next().unwrap());
    let id = host.list()[0].id;
    (host, id)
}

/// The same with a call in line.
fn still(inputs: usize) -> (Host, ExtensionId, u64) {
    let (host, id) = loaded(morphir(guest("clock")));
    let ticket = host.submit(spins(id, inputs)).unwrap();
    (host, id, ticket)
}

/// Runs what there is; answers in which order it settled.
fn order(host: &Host) -> Vec<u64> {
    let jobs = std::iter::from_fn(|| host.next()).take(20);
    jobs.flat_map(run).map(|settled| settled.ticket).collect()
}

/// The codes of a call's answers; nothing for those that are well.
fn codes(settled: Settled) -> Vec<Option<ErrorCode>> {
    match settled.outcome {
        Outcome::Called(answers) => {
            answers.iter().map(|answer| answer.as_ref().err().map(ExtensionError::code)).collect()
        }
        other => panic!("a call settled as something else: {other:?}"),
    }
}

/// How many answers are well, where all others have one code.
fn answered(settled: Settled, rest: ErrorCode) -> usize {
    let codes = codes(settled);
    let well = codes.iter().take_while(|code| code.is_none()).count();
    assert!(codes[well..].iter().all(|code| *code == Some(rest)), "{codes:?}");
    well
}

#[test]
fn it_comes_back_after_a_while_and_goes_on_until_it_is_done() {
    let (host, id, ticket) = still(8);
    let mut trips = 0;
    let settled = loop {
        let stats = host.stats(id).unwrap();
        assert_eq!((stats.waiting, stats.running), (1, 0));
        trips += 1;
        assert!(trips < 9, "each does one input at least");
        if let Some(settled) = run(host.next().unwrap()).pop() {
            break settled;
        }
    };
    assert!(trips > 1);
    assert_eq!(settled.ticket, ticket);
    assert_eq!(codes(settled), [None; 8]);
    let stats = host.stats(id).unwrap();
    assert_eq!((stats.calls, stats.errors, stats.waiting, stats.running), (8, 0, 0, 0));
    assert!(stats.run_time.unwrap().max < Duration::from_secs(5), "what it waited is no time of an input: {stats:?}");
}

#[test]
fn others_have_the_only_thread_meanwhile() {
    let slots = Arc::new(Slots::new(1));
    let host = TestHost::lending(HostOptions { slots, ..options() }, 1);
    let long = host.load(morphir(guest("clock"))).unwrap();
    let short = host.load(plain(guest("echo"))).unwrap();
    let since = Instant::now();
    let ticket = host.host.submit(spins(long, 100)).unwrap();
    host.wait_for_running(long, 1);
    for _ in 0..3 {
        assert_eq!(text(host.call(short, "echo", "quick")), "quick");
    }
    assert!(host.wait_until(ticket, Instant::now()).is_none(), "a second of work is not done: {:?}", since.elapsed());
    assert!(host.answers(ticket).iter().all(Result::is_ok));
}

#[test]
fn what_came_later_waits_for_it() {
    let (host, id, first) = still(5);
    let second = host.submit(spins(id, 1)).unwrap();
    assert_eq!(order(&host), [first, second]);
}

#[test]
fn a_reload_waits_for_it() {
    let (host, id, ticket) = still(5);
    let reload = host.reload(id, None).unwrap();
    assert_eq!(order(&host), [ticket, reload]);
}

#[test]
fn cancelled_between_two_trips_it_keeps_what_is_done() {
    let (host, id, ticket) = still(50);
    assert!(run(host.next().unwrap()).is_empty());
    let well = answered(host.cancel(ticket).unwrap(), ErrorCode::Cancelled);
    assert!((1..50).contains(&well), "{well}");
    let stats = host.stats(id).unwrap();
    assert_eq!((stats.calls, stats.errors, stats.waiting, stats.running), (50, 50 - well as u64, 0, 0));
    assert!(host.cancel(ticket).is_none());
    assert!(host.next().is_none());
}

#[test]
fn out_of_time_between_two_trips_it_keeps_what_is_done() {
    let (host, _, ticket) = still(50);
    assert!(run(host.next().unwrap()).is_empty());
    assert!(answered(host.expire(ticket).unwrap(), ErrorCode::Timeout) > 0);
}

#[test]
fn unloaded_between_two_trips_it_is_done_or_cancelled() {
    for cancel in [false, true] {
        let (host, id, _) = still(6);
        assert!(run(host.next().unwrap()).is_empty());
        let mut settled = host.unload(id, cancel);
        while let Some(job) = host.next() {
            assert!(!cancel);
            settled.extend(run(job));
        }
        let well = answered(settled.pop().unwrap(), ErrorCode::Cancelled);
        assert_eq!(well == 6, !cancel);
        assert!(host.list().is_empty());
    }
}

#[test]
fn its_own_time_goes_on_while_it_stands_in_line() {
    let (host, id) = loaded(morphir(guest("clock")));
    host.submit(Call { timeout: Some(Duration::from_millis(120)), ..spins(id, 50) }).unwrap();
    assert!(run(host.next().unwrap()).is_empty());
    std::thread::sleep(Duration::from_millis(120));
    let settled = run(host.next().unwrap()).pop().unwrap();
    assert!((1..50).contains(&answered(settled, ErrorCode::Timeout)));
}

#[test]
fn each_of_its_inputs_has_the_whole_time_of_the_extension() {
    let (host, id) = granted(Duration::from_millis(500));
    host.submit(spins(id, 4)).unwrap();
    let mut settled = Vec::new();
    while let Some(job) = host.next() {
        settled.extend(run(job));
        std::thread::sleep(Duration::from_millis(501));
    }
    assert_eq!(codes(settled.pop().unwrap()), [None; 4]);
}

#[test]
fn one_that_runs_out_of_time_in_a_later_trip_fails_alone() {
    let (host, id) = granted(Duration::from_millis(200));
    let mut call = spins(id, 9);
    call.inputs[5] = b"60000".to_vec();
    host.submit(call).unwrap();
    let mut settled = Vec::new();
    while let Some(job) = host.next() {
        settled.extend(run(job));
    }
    let mut expected = [None; 9];
    expected[5] = Some(ErrorCode::Timeout);
    assert_eq!(codes(settled.pop().unwrap()), expected);
}

/// Logs its input after some work, and answers it.
const CHATTY: &str = r#"(module
    (import "extism:host/env" "input_offset" (func $input (result i64)))
    (import "extism:host/env" "input_length" (func $length (result i64)))
    (import "extism:host/env" "input_load_u8" (func $input_load (param i64) (result i32)))
    (import "extism:host/env" "output_set" (func $output (param i64 i64)))
    (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
    (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
    (import "extism:host/env" "log_info" (func $log (param i64)))
    (func (export "say") (result i32)
      (local $n i32) (local $to i64)
      (local.set $n (i32.const 20000000))
      (loop $spin (br_if $spin (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.set $to (call $alloc (i64.const 1)))
      (call $store (local.get $to) (call $input_load (i64.const 0)))
      (call $log (local.get $to))
      (call $output (local.get $to) (i64.const 1))
      (i32.const 0)))"#;

#[test]
fn answers_and_what_was_logged_come_whole_and_in_order_with_and_without_portions() {
    let letters: Vec<Vec<u8>> = (b'a'..=b'p').map(|letter| vec![letter]).collect();
    for portion in [None, Some(3)] {
        let (host, id) = loaded(plain(module(CHATTY)));
        let call =
            Call { extension: id, method: "say".into(), inputs: letters.clone(), form: Form::Bytes, timeout: None };
        host.submit_parts(vec![call], portion).unwrap();
        let (mut trips, mut log, mut answers) = (0, Vec::new(), Vec::new());
        while let Some(job) = host.next() {
            trips += 1;
            for settled in run(job) {
                let (Outcome::Called(some) | Outcome::Answered(some)) = settled.outcome else { panic!("no call") };
                answers.extend(some.into_iter().map(|answer| answer.map(Answer::into_bytes).unwrap()));
                log.extend(settled.log.into_iter().map(|record| record.message.into_bytes()));
            }
        }
        assert!(trips > 1, "it was too quick to be paused");
        assert_eq!((&answers, &log), (&letters, &letters), "{portion:?}");
    }
}

#[test]
fn a_job_that_nobody_runs_gives_a_paused_call_up() {
    let (host, id, ticket) = still(50);
    assert!(run(host.next().unwrap()).is_empty());
    drop(host.next().unwrap());
    assert!(host.cancel(ticket).is_none());
    assert_eq!(host.stats(id).unwrap().running, 0);
    let next = host.submit(spins(id, 1)).unwrap();
    assert_eq!(run(host.next().unwrap()).pop().unwrap().ticket, next);
    assert_eq!(code(&host.submit(Call { method: "none".into(), ..spins(id, 1) })), ErrorCode::MethodNotFound);
}
