//! One instance keeps state and order; several run side by side; and hosts that share slots share them fairly.

use std::sync::Arc;
use std::time::{Duration, Instant};

use morphir_extension_host::{Call, ErrorCode, Form, Host, HostOptions, Outcome, Slots};

use crate::support::{TestHost, code, guest, morphir, options, plain, run, text};

#[test]
fn one_instance_answers_in_the_order_of_the_calls() {
    let host = TestHost::new();
    let id = host.load(morphir(guest("counter"))).unwrap();
    let calls: Vec<u64> = (0..500).map(|_| host.submit(id, "count", "").unwrap()).collect();
    let answers: Vec<String> = calls.into_iter().map(|ticket| text(host.answer(ticket))).collect();
    let expected: Vec<String> = (101..601).map(|number| number.to_string()).collect();
    assert_eq!(answers, expected);
}

#[test]
fn many_inputs_are_answered_in_their_order_on_one_instance() {
    let host = TestHost::new();
    let mut config = morphir(guest("counter"));
    config.instances = 4;
    let id = host.load(config).unwrap();
    let call =
        Call { extension: id, method: "count".into(), inputs: vec![vec![]; 50], form: Form::Bytes, timeout: None };
    let answers = host.answers(host.host.submit(call).unwrap());
    let answers: Vec<String> = answers.into_iter().map(text).collect();
    let expected: Vec<String> = (101..151).map(|number| number.to_string()).collect();
    assert_eq!(answers, expected);
    let call = Call { extension: id, method: "count".into(), inputs: vec![], form: Form::Bytes, timeout: None };
    assert!(host.answers(host.host.submit(call).unwrap()).is_empty(), "no input, no answer, and still settled");
}

#[test]
fn several_instances_run_side_by_side() {
    let host = TestHost::new();
    let mut config = morphir(guest("clock"));
    config.instances = 2;
    let id = host.load(config).unwrap();
    let calls: Vec<u64> = (0..2).map(|_| host.submit(id, "spin", "200").unwrap()).collect();
    host.wait_for_running(id, 2);
    let spans: Vec<(u64, u64)> =
        calls.into_iter().map(|ticket| serde_json::from_str(&text(host.answer(ticket))).unwrap()).collect();
    assert!(spans[0].0 < spans[1].1 && spans[1].0 < spans[0].1, "they did not overlap: {spans:?}");
}

#[test]
fn a_fault_of_one_instance_leaves_the_others_their_state() {
    let host = TestHost::with(HostOptions { slots: Arc::new(Slots::new(1)), ..options() });
    let mut config = morphir(guest("counter"));
    config.instances = 2;
    let id = host.load(config).unwrap();
    // With one slot the same instance serves while all is quiet.
    assert_eq!(text(host.call(id, "count", "")), "101");
    assert_eq!(text(host.call(id, "count", "")), "102");
    assert_eq!(code(&host.call(id, "trap", "")), ErrorCode::Trap);
    assert_eq!(text(host.call(id, "count", "")), "101");
    assert_eq!(host.host.stats(id).unwrap().generation, 2);
    assert_eq!(host.host.stats(id).unwrap().instances, 2);
}

#[test]
fn a_busy_extension_does_not_starve_the_others() {
    let host = TestHost::with(HostOptions { slots: Arc::new(Slots::new(1)), ..options() });
    let busy = host.load(morphir(guest("clock"))).unwrap();
    let quick = host.load(morphir(guest("echo"))).unwrap();
    let calls: Vec<u64> = (0..40).map(|_| host.submit(busy, "spin", "20").unwrap()).collect();
    host.wait_for_running(busy, 1);
    let since = Instant::now();
    for _ in 0..5 {
        assert_eq!(text(host.call(quick, "echo", "quick")), "quick");
    }
    assert!(since.elapsed() < Duration::from_millis(500), "five turns took {:?}", since.elapsed());
    assert!(host.host.stats(busy).unwrap().waiting > 20);
    host.unload(busy, true);
    for ticket in calls {
        drop(host.wait(ticket));
    }
}

/// Whoever waits for a slot that another host has asks again; nothing else tells it.
#[test]
fn two_hosts_that_share_slots_both_get_on() {
    let slots = Arc::new(Slots::new(1));
    let hosts: Vec<TestHost> =
        (0..2).map(|_| TestHost::with(HostOptions { slots: Arc::clone(&slots), ..options() })).collect();
    let ids: Vec<_> = hosts.iter().map(|host| host.load(morphir(guest("counter"))).unwrap()).collect();
    let calls: Vec<Vec<u64>> = hosts
        .iter()
        .zip(&ids)
        .map(|(host, id)| (0..100).map(|_| host.submit(*id, "count", "").unwrap()).collect())
        .collect();
    for (host, calls) in hosts.iter().zip(calls) {
        let last = calls.into_iter().map(|ticket| text(host.answer(ticket))).next_back();
        assert_eq!(last.unwrap(), "200");
    }
}

/// `call_now` runs on the caller's own thread, even where no thread was lent and no slot is free.
#[test]
fn a_call_on_the_callers_own_thread_needs_no_other() {
    let host = Host::new(HostOptions { slots: Arc::new(Slots::new(1)), ..options() });
    host.load(morphir(guest("counter"))).unwrap();
    let settled = run(host.next().unwrap());
    let Outcome::Loaded(Ok(id)) = settled[0].outcome else { panic!("{settled:?}") };
    let call = |method: &str, timeout| Call {
        extension: id,
        method: method.into(),
        inputs: vec![vec![]],
        form: Form::Bytes,
        timeout,
    };
    let answer = |outcome: Outcome| {
        let Outcome::Called(mut answers) = outcome else { panic!() };
        answers.remove(0).map(morphir_extension_host::Answer::into_bytes)
    };
    assert_eq!(text(answer(host.call_now(call("count", None)).unwrap().outcome)), "101");
    let late = answer(host.call_now(call("loop", Some(Duration::from_millis(50)))).unwrap().outcome);
    assert_eq!(code(&late), ErrorCode::Timeout);
    assert_eq!(text(answer(host.call_now(call("count", None)).unwrap().outcome)), "101");

    // Its only instance is at work elsewhere.
    host.submit(call("loop", None)).unwrap();
    let job = host.next().unwrap();
    let thread = std::thread::spawn(move || run(job));
    let refused = host.call_now(call("count", Some(Duration::from_millis(50)))).unwrap_err();
    assert_eq!(refused.code(), ErrorCode::Timeout);
    drop(host.unload(id, true));
    assert_eq!(host.call_now(call("count", None)).unwrap_err().code(), ErrorCode::NotFound);
    drop(thread.join().unwrap());
}

#[test]
fn what_is_loaded_is_listed_and_counted() {
    let host = TestHost::new();
    let first = host.load(morphir(guest("echo"))).unwrap();
    let second = host.load(plain(guest("plain"))).unwrap();
    let list = host.host.list();
    assert_eq!(list.iter().map(|listing| listing.id).collect::<Vec<_>>(), [first, second]);
    assert_eq!(list[0].capabilities.len(), 2);
    assert!(list[1].capabilities.is_empty());
    host.unload(first, false);
    assert_eq!(host.host.list().len(), 1);
    let third = host.load(morphir(guest("echo"))).unwrap();
    assert!(third > second, "an id is never used twice");
}

/// A job that was handed out and never run, as a runtime does that ends: its instance and its slot are free again.
#[test]
fn a_job_that_is_dropped_gives_back_what_it_holds() {
    let host = Host::new(HostOptions { slots: Arc::new(Slots::new(1)), ..options() });
    host.load(plain(guest("echo"))).unwrap();
    drop(host.next().expect("a slot is free"));
    host.load(plain(guest("echo"))).unwrap();
    let settled = run(host.next().expect("the slot is free again"));
    let Outcome::Loaded(Ok(id)) = settled[0].outcome else { panic!("{settled:?}") };
    let call =
        || Call { extension: id, method: "echo".into(), inputs: vec![b"1".to_vec()], form: Form::Bytes, timeout: None };
    host.submit(call()).unwrap();
    drop(host.next().expect("its instance is free"));
    assert_eq!(host.stats(id).unwrap().running, 0);
    host.submit(call()).unwrap();
    let settled = run(host.next().expect("its instance is free again"));
    assert!(matches!(&settled[0].outcome, Outcome::Called(answers) if answers[0].is_ok()), "{settled:?}");
    host.submit(call()).unwrap();
    let job = host.next();
    assert!(host.unload(id, false).is_empty());
    drop(job);
    assert!(host.list().is_empty(), "the extension waited for a call that never ran");
}

/// Who unloads or stops a host also ends calls that others make on their own threads.
#[test]
fn a_call_on_the_callers_own_thread_is_cancelled_with_its_extension() {
    let host = TestHost::new();
    for stop in [false, true] {
        let id = host.load(morphir(guest("counter"))).unwrap();
        let caller = host.host.clone();
        let thread = std::thread::spawn(move || {
            let call =
                Call { extension: id, method: "loop".into(), inputs: vec![vec![]], form: Form::Bytes, timeout: None };
            caller.call_now(call)
        });
        host.wait_for_running(id, 1);
        let since = Instant::now();
        if stop {
            host.host.stop(Duration::from_secs(5));
        } else {
            host.unload(id, true);
        }
        let outcome = thread.join().unwrap().unwrap().outcome;
        assert!(
            matches!(&outcome, Outcome::Called(answers) if code(&answers[0]) == ErrorCode::Cancelled),
            "{outcome:?}"
        );
        assert!(since.elapsed() < Duration::from_secs(2), "it ended by its deadline");
    }
}
