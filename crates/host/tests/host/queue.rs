//! How many calls may wait, how long they did, and what is told about it.

use std::sync::Arc;
use std::time::Duration;

use morphir_extension_host::{Call, ErrorCode, ExtensionConfig, ExtensionId, Form, Host, HostOptions, Slots};

use crate::support::{TestHost, code, error, guest, morphir, options, run, text};

fn limited(max_queue: u32, instances: u32) -> ExtensionConfig {
    ExtensionConfig { max_queue: Some(max_queue), instances, ..morphir(guest("counter")) }
}

/// A host to which nobody lends a thread: what is in line stays there.
fn still(config: ExtensionConfig) -> (Host, ExtensionId) {
    let host = Host::new(HostOptions { slots: Arc::new(Slots::new(8)), ..options() });
    host.load(config).unwrap();
    run(host.next().unwrap());
    let id = host.list()[0].id;
    (host, id)
}

fn count(id: ExtensionId, inputs: usize) -> Call {
    Call { extension: id, method: "count".into(), inputs: vec![vec![]; inputs], form: Form::Text, timeout: None }
}

#[test]
fn a_queue_without_a_limit_takes_everything() {
    let (host, id) = still(morphir(guest("counter")));
    for _ in 0..10_000 {
        host.submit(count(id, 1)).unwrap();
    }
    assert_eq!(host.stats(id).unwrap().waiting, 10_000);
}

#[test]
fn what_the_instances_can_take_does_not_count_as_waiting_whether_or_not_it_has_a_thread() {
    let (host, id) = still(limited(3, 2));
    for _ in 0..5 {
        host.submit(count(id, 1)).unwrap();
    }
    let refused = error(host.submit(count(id, 1)));
    assert_eq!(refused.code(), ErrorCode::QueueFull);
    assert_eq!((refused.extension(), refused.method()), (Some("guest"), Some("count")));
    let _jobs = [host.next().unwrap(), host.next().unwrap()];
    assert_eq!(code(&host.submit(count(id, 1))), ErrorCode::QueueFull, "that they run makes no room");
    assert_eq!(host.stats(id).unwrap().refused, 2);
    assert_eq!(code(&host.submit(Call { method: "none".into(), ..count(id, 1) })), ErrorCode::MethodNotFound);
}

#[test]
fn parts_are_taken_all_or_none() {
    let (host, id) = still(limited(0, 3));
    assert!(host.submit_parts(Vec::new(), None).unwrap().is_empty());
    host.submit(count(id, 1)).unwrap();
    assert_eq!(code(&host.submit_parts(vec![count(id, 5), count(id, 5), count(id, 5)], None)), ErrorCode::QueueFull);
    assert_eq!(host.stats(id).unwrap().waiting, 1);
    let tickets = host.submit_parts(vec![count(id, 500), count(id, 500)], None).unwrap();
    assert_eq!(tickets.len(), 2);
    assert_eq!(host.stats(id).unwrap().waiting, 3);
}

#[test]
fn a_check_and_a_reload_are_not_refused() {
    let (host, id) = still(limited(0, 1));
    host.submit(count(id, 1)).unwrap();
    host.check(id, None).unwrap();
    host.reload(id, None).unwrap();
    assert_eq!(host.stats(id).unwrap().refused, 0);
}

#[test]
fn times_are_counted_for_each_input_and_waiting_once() {
    let host = TestHost::new();
    let id = host.load(morphir(guest("clock"))).unwrap();
    let stats = host.host.stats(id).unwrap();
    assert_eq!((stats.queue_time, stats.run_time), (None, None));
    let inputs = ["1", "1", "50"].map(|input| input.as_bytes().to_vec()).to_vec();
    let ticket = host.host.submit(Call { method: "spin".into(), inputs, ..count(id, 0) }).unwrap();
    let second = host.submit(id, "spin", "1").unwrap();
    assert!(host.answers(ticket).iter().all(Result::is_ok));
    text(host.answer(second));
    let stats = host.host.stats(id).unwrap();
    assert_eq!(stats.calls, 4);
    let run = stats.run_time.unwrap();
    assert!(run.max >= Duration::from_millis(50) && run.p50 >= Duration::from_micros(930), "{run:?}");
    assert!(run.p50 <= run.p99 && run.p99 <= run.max, "{run:?}");
    // Behind 52 ms of work.
    assert!(stats.queue_time.unwrap().max >= Duration::from_millis(40), "{stats:?}");
    let page = host.host.metrics();
    assert!(
        page.contains("morphir_extension_queue_duration_seconds_count{extension=\"guest\",id=\"1\"} 2\n"),
        "{page}"
    );
    assert!(page.contains("method=\"spin\",status=\"success\"} 4\n"), "{page}");
}
