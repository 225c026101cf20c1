//! Cancels and deadlines: they end what they are meant for, at once, and nothing else (H1, H7, H30).

use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use morphir_extension_host::{ErrorCode, ExtensionError, ExtensionId, Outcome, Slots};

use crate::support::{TestHost, code, guest, module, morphir, options, plain, text};

/// A guest that loops for ever, with a limit that no test waits for.
fn loops(host: &TestHost) -> ExtensionId {
    let mut config = plain(module(
        r#"(module
          (import "extism:host/env" "input_offset" (func $in (result i64)))
          (import "extism:host/env" "input_length" (func $length (result i64)))
          (import "extism:host/env" "output_set" (func $out (param i64 i64)))
          (func (export "echo") (call $out (call $in) (call $length)))
          (func (export "loop") (loop (br 0))))"#,
    ));
    config.permissions.max_execution_time = Duration::from_secs(3600);
    host.load(config).unwrap()
}

fn one_at_a_time() -> TestHost {
    TestHost::with(morphir_extension_host::HostOptions { slots: Arc::new(Slots::new(1)), ..options() })
}

#[test]
fn h7_a_cancelled_call_that_waits_settles_at_once_and_never_runs() {
    let host = one_at_a_time();
    let id = loops(&host);
    let running = host.submit(id, "loop", "").unwrap();
    host.wait_for_running(id, 1);
    let waiting = host.submit(id, "echo", "never").unwrap();
    let after = host.submit(id, "echo", "after").unwrap();
    host.cancel(waiting);
    assert_eq!(code(&host.answer(waiting)), ErrorCode::Cancelled);
    host.cancel(running);
    assert_eq!(code(&host.answer(running)), ErrorCode::Cancelled);
    assert_eq!(text(host.answer(after)), "after");
    assert_eq!(host.host.stats(id).unwrap().calls, 2, "what never ran is not counted");
}

#[test]
fn h7_a_cancelled_call_that_runs_ends_within_milliseconds() {
    let host = TestHost::new();
    let id = loops(&host);
    let mut took = Vec::new();
    for _ in 0..50 {
        let ticket = host.submit(id, "loop", "").unwrap();
        host.wait_for_running(id, 1);
        let since = Instant::now();
        host.cancel(ticket);
        assert_eq!(code(&host.answer(ticket)), ErrorCode::Cancelled);
        took.push(since.elapsed());
    }
    took.sort();
    assert!(took[25] < Duration::from_millis(20), "half of them took longer than {:?}", took[25]);
    assert!(took[49] < Duration::from_millis(500), "one took {:?}", took[49]);
}

#[test]
fn h7_a_cancel_is_not_lost_whenever_it_comes() {
    let host = TestHost::new();
    let id = loops(&host);
    for pause in 0..2000_u64 {
        let ticket = host.submit(id, "loop", "").unwrap();
        let until = Instant::now() + Duration::from_nanos(pause * 100);
        while Instant::now() < until {}
        host.cancel(ticket);
        let settled = host.wait_until(ticket, Instant::now() + Duration::from_secs(5));
        let outcome = settled.unwrap_or_else(|| panic!("cancel number {pause} was lost")).outcome;
        let Outcome::Called(answers) = outcome else { panic!() };
        assert_eq!(code(&answers[0]), ErrorCode::Cancelled);
    }
}

#[test]
fn h7_a_deadline_is_not_lost_however_short_it_is() {
    let host = TestHost::new();
    let id = loops(&host);
    for number in 0..4000_u64 {
        let timeout = Duration::from_nanos(number % 2000 * 100);
        let ticket = host.submit_within(id, "loop", "", Some(timeout)).unwrap();
        let settled = host.wait_until(ticket, Instant::now() + Duration::from_secs(5));
        let outcome = settled.unwrap_or_else(|| panic!("deadline number {number}, {timeout:?}, was lost")).outcome;
        let Outcome::Called(answers) = outcome else { panic!() };
        assert_eq!(code(&answers[0]), ErrorCode::Timeout);
    }
}

#[test]
fn h30_a_late_interrupt_does_not_hit_the_next_call() {
    let host = TestHost::new();
    let mut config = plain(guest("steps"));
    config.permissions.max_execution_time = Duration::from_secs(3600);
    let id = host.load(config).unwrap();
    // Steps that take about as long as the deadlines below.
    let since = Instant::now();
    host.call(id, "run", "200000").unwrap();
    let whole = since.elapsed();
    let (mut finished, mut ended) = (0, 0);
    for number in 0..1500_u32 {
        let timeout = whole * (50 + number % 100) / 100;
        match host.answer(host.submit_within(id, "run", "200000", Some(timeout)).unwrap()) {
            Ok(_) => finished += 1,
            Err(error) => {
                assert_eq!(error.code(), ErrorCode::Timeout, "{error}");
                ended += 1;
            }
        }
        // With hours to go, whatever ends this one was meant for the one before.
        host.call(id, "run", "20000").unwrap_or_else(|error| panic!("after number {number}, {timeout:?}: {error}"));
    }
    assert!(finished > 0 && ended > 0, "{finished} finished and {ended} ran out of time: the deadlines are not near");
}

#[test]
fn h1_what_ends_one_call_ends_no_other() {
    let host = TestHost::new();
    let mut config = morphir(guest("clock"));
    config.instances = 2;
    let id = host.load(config).unwrap();
    let other = host.load(morphir(guest("clock"))).unwrap();
    let victim = loops(&host);
    for _ in 0..5 {
        let innocent = [host.submit(id, "spin", "150").unwrap(), host.submit(other, "spin", "150").unwrap()];
        host.wait_for_running(id, 1);
        host.wait_for_running(other, 1);
        // On its neighbours, and on the other instance of the same extension.
        let short = Some(Duration::from_millis(5));
        for _ in 0..5 {
            let timed_out = host.submit_within(id, "spin", "10000", short).unwrap();
            assert_eq!(code(&host.answer(timed_out)), ErrorCode::Timeout);
            let timed_out = host.submit_within(victim, "loop", "", short).unwrap();
            assert_eq!(code(&host.answer(timed_out)), ErrorCode::Timeout);
            let cancelled = host.submit(victim, "loop", "").unwrap();
            host.wait_for_running(victim, 1);
            host.cancel(cancelled);
            assert_eq!(code(&host.answer(cancelled)), ErrorCode::Cancelled);
        }
        for ticket in innocent {
            host.answer(ticket).expect("nobody ended this one");
        }
    }
}

#[test]
fn cancelling_twice_or_too_late_changes_nothing() {
    let host = TestHost::new();
    let id = loops(&host);
    let ticket = host.submit(id, "loop", "").unwrap();
    host.wait_for_running(id, 1);
    for _ in 0..10 {
        host.cancel(ticket);
    }
    assert_eq!(code(&host.answer(ticket)), ErrorCode::Cancelled);
    assert!(host.host.cancel(ticket).is_none());
    let ticket = host.submit(id, "echo", "done").unwrap();
    assert_eq!(text(host.answer(ticket)), "done");
    assert!(host.host.cancel(ticket).is_none());
    assert!(host.host.cancel(9_999_999).is_none(), "a ticket that was never given out");
    assert_eq!(text(host.call(id, "echo", "well")), "well");
}

#[test]
fn a_deadline_counts_the_time_in_line() {
    let host = one_at_a_time();
    let id = loops(&host);
    let running = host.submit(id, "loop", "").unwrap();
    host.wait_for_running(id, 1);
    let waiting = host.submit_within(id, "echo", "late", Some(Duration::from_millis(50))).unwrap();
    // Nobody looks at a deadline in line; it has to be seen when the call's turn comes, however quick the call is then.
    thread::sleep(Duration::from_millis(60));
    host.cancel(running);
    assert_eq!(code(&host.answer(running)), ErrorCode::Cancelled);
    assert_eq!(code(&host.answer(waiting)), ErrorCode::Timeout);
}

#[test]
fn each_input_of_a_call_has_the_extensions_time_to_itself() {
    let host = TestHost::new();
    let mut config = morphir(guest("clock"));
    config.permissions.max_execution_time = Duration::from_millis(150);
    let id = host.load(config).unwrap();
    let inputs: Vec<Vec<u8>> = ["1", "10000", "1", "10000", "1"].map(|input| input.as_bytes().to_vec()).into();
    let call = morphir_extension_host::Call {
        extension: id,
        method: "spin".into(),
        inputs,
        form: morphir_extension_host::Form::Bytes,
        timeout: None,
    };
    let answers = host.answers(host.host.submit(call).unwrap());
    let codes: Vec<_> = answers.iter().map(|answer| answer.as_ref().err().map(ExtensionError::code)).collect();
    let late = Some(ErrorCode::Timeout);
    assert_eq!(codes, [None, late, None, late, None], "one that is late makes no other late: {answers:?}");
}

#[test]
fn a_cancelled_call_of_many_inputs_runs_none_of_the_rest() {
    let host = TestHost::new();
    let id = loops(&host);
    let call = morphir_extension_host::Call {
        extension: id,
        method: "loop".into(),
        inputs: vec![Vec::new(); 100],
        form: morphir_extension_host::Form::Bytes,
        timeout: None,
    };
    let ticket = host.host.submit(call).unwrap();
    host.wait_for_running(id, 1);
    host.cancel(ticket);
    let answers = host.answers(ticket);
    assert_eq!(answers.len(), 100);
    assert!(answers.iter().all(|answer| code(answer) == ErrorCode::Cancelled));
}

#[test]
fn a_cancelled_load_settles_at_once_and_leaves_nothing() {
    let host = TestHost::new();
    let mut config = plain(guest("hostile/loop_in_start"));
    config.permissions.max_execution_time = Duration::from_secs(3600);
    let ticket = host.host.load(config).unwrap();
    thread::sleep(Duration::from_millis(100));
    let since = Instant::now();
    host.cancel(ticket);
    let Outcome::Loaded(loaded) = host.wait(ticket).outcome else { panic!() };
    let error = loaded.unwrap_err();
    assert!(since.elapsed() < Duration::from_millis(100), "it took {:?}", since.elapsed());
    assert_eq!(error.code(), ErrorCode::Cancelled);
    assert_eq!(error.extension(), Some("guest"), "a refusal names the extension");
    assert!(host.host.list().is_empty());
}

#[test]
fn unloading_lets_calls_finish_or_cancels_them() {
    let host = TestHost::new();
    let id = host.load(morphir(guest("clock"))).unwrap();
    let calls: Vec<u64> = (0..3).map(|_| host.submit(id, "spin", "30").unwrap()).collect();
    host.unload(id, false);
    assert_eq!(host.submit(id, "spin", "1").unwrap_err().code(), ErrorCode::NotFound, "it takes no more");
    for ticket in calls {
        host.answer(ticket).expect("what was accepted is answered");
    }

    let id = loops(&host);
    let calls: Vec<u64> = (0..3).map(|_| host.submit(id, "loop", "").unwrap()).collect();
    host.wait_for_running(id, 1);
    host.unload(id, true);
    for ticket in calls {
        assert_eq!(code(&host.answer(ticket)), ErrorCode::Cancelled);
    }
    host.unload(id, true);
    host.unload(ExtensionId(77), false);
}

#[test]
fn closing_cancels_everything_and_takes_nothing_more() {
    let host = TestHost::new();
    let id = loops(&host);
    let calls: Vec<u64> = (0..5).map(|_| host.submit(id, "loop", "").unwrap()).collect();
    host.wait_for_running(id, 1);
    let load = host.host.load(plain(guest("plain"))).unwrap();
    host.close(true);
    for ticket in calls {
        assert_eq!(code(&host.answer(ticket)), ErrorCode::Cancelled);
    }
    // It may have been done before the host was closed.
    let Outcome::Loaded(loaded) = host.wait(load).outcome else { panic!() };
    assert!(loaded.as_ref().err().is_none_or(|error| error.code() == ErrorCode::Cancelled), "{loaded:?}");
    assert_eq!(host.submit(id, "echo", "").unwrap_err().code(), ErrorCode::Closed);
    assert_eq!(host.host.load(plain(guest("plain"))).unwrap_err().code(), ErrorCode::Closed);
    host.close(true);
}

#[test]
fn stopping_waits_until_no_guest_runs() {
    let host = TestHost::new();
    let id = loops(&host);
    let ticket = host.submit(id, "loop", "").unwrap();
    host.wait_for_running(id, 1);
    let since = Instant::now();
    host.host.stop(Duration::from_secs(20));
    assert!(since.elapsed() < Duration::from_secs(5));
    assert!(host.wait_until(ticket, Instant::now() + Duration::from_millis(500)).is_some(), "its thread is back");
}
