//! Reloads: what was asked before runs on the old extension, what was asked later on the new one, and nothing is lost; and checks of health.

use std::sync::Arc;
use std::time::Duration;

use morphir_extension_host::{
    Answer, ErrorCode, ExtensionConfig, ExtensionId, Host, HostOptions, Outcome, Result, Slots, Source,
};

use crate::support::{TestHost, code, guest, morphir, options, run, text};

fn reloaded(host: &TestHost, ticket: u64) -> Result<()> {
    match host.wait(ticket).outcome {
        Outcome::Reloaded(result) => result,
        other => panic!("a reload settled as something else: {other:?}"),
    }
}

fn health(host: &TestHost, id: ExtensionId) -> String {
    let ticket = host.host.check(id, None).unwrap();
    text(host.answer(ticket))
}

fn bytes(name: &str) -> Source {
    Source::from_bytes(guest(name))
}

#[test]
fn calls_keep_their_side_of_a_reload() {
    let host = TestHost::new();
    let config = ExtensionConfig { instances: 3, ..morphir(guest("counter")) };
    let id = host.load(config).unwrap();
    let before: Vec<u64> = (0..100).map(|_| host.submit(id, "count", "").unwrap()).collect();
    let reload = host.host.reload(id, None).unwrap();
    let after: Vec<u64> = (0..3).map(|_| host.submit(id, "initialized", "").unwrap()).collect();
    reloaded(&host, reload).unwrap();
    for ticket in before {
        text(host.answer(ticket));
    }
    for ticket in after {
        assert_eq!(text(host.answer(ticket)), "1");
    }
    assert_eq!(text(host.call(id, "count", "")), "101", "of all that was counted nothing is left");
    let stats = host.host.stats(id).unwrap();
    assert_eq!((stats.generation, stats.calls, stats.errors, stats.instances), (2, 104, 0, 3));
}

#[test]
fn a_reload_that_fails_leaves_everything_as_it_was() {
    let host = TestHost::new();
    let mut config = morphir(guest("counter"));
    config.config = serde_json::value::to_raw_value(&serde_json::json!({ "do": "t" })).ok();
    let id = host.load(config).unwrap();
    assert_eq!(text(host.call(id, "count", "")), "101");
    let reload = host.host.reload(id, Some(bytes("lifecycle"))).unwrap();
    let after = host.submit(id, "count", "").unwrap();
    let error = reloaded(&host, reload).unwrap_err();
    assert_eq!((error.code(), error.extension()), (ErrorCode::InitializationFailed, Some("guest")));
    assert_eq!(text(host.answer(after)), "102");
    assert_eq!(host.host.capabilities(id).unwrap()[0].name, "count");
    // And again, from what it was.
    let reload = host.host.reload(id, None).unwrap();
    reloaded(&host, reload).unwrap();
    assert_eq!(text(host.call(id, "count", "")), "101");
}

#[test]
fn a_job_that_is_dropped_gives_the_lane_back() {
    let host = Host::new(HostOptions { slots: Arc::new(Slots::new(1)), ..options() });
    host.load(morphir(guest("counter"))).unwrap();
    run(host.next().unwrap());
    let id = host.list()[0].id;
    host.reload(id, None).unwrap();
    let job = host.next().unwrap();
    assert!(host.next().is_none());
    drop(job);
    let call = morphir_extension_host::Call {
        extension: id,
        method: "count".into(),
        inputs: vec![vec![]],
        form: morphir_extension_host::Form::Text,
        timeout: None,
    };
    host.submit(call).unwrap();
    let settled = run(host.next().unwrap());
    let Outcome::Called(answers) = &settled[0].outcome else { panic!("{settled:?}") };
    assert_eq!(*answers[0].as_ref().unwrap(), Answer::Text("101".into()));
}

#[test]
fn an_unload_waits_for_a_reload_or_cancels_it() {
    let host = TestHost::new();
    let id = host.load(morphir(guest("counter"))).unwrap();
    let reload = host.host.reload(id, Some(bytes("clock"))).unwrap();
    host.unload(id, false);
    reloaded(&host, reload).unwrap();
    assert_eq!(code(&host.call(id, "count", "")), ErrorCode::NotFound);

    let id = host.load(morphir(guest("counter"))).unwrap();
    let call = host.submit(id, "loop", "").unwrap();
    host.wait_for_running(id, 1);
    let reload = host.host.reload(id, None).unwrap();
    host.unload(id, true);
    assert_eq!(code(&reloaded(&host, reload)), ErrorCode::Cancelled);
    assert_eq!(code(&host.answer(call)), ErrorCode::Cancelled);
}

#[test]
fn health_is_the_guests_own_word_or_that_it_starts() {
    let host = TestHost::new();
    let id = host.load(morphir(guest("health"))).unwrap();
    assert_eq!(health(&host, id), r#"{"status":"healthy","message":"never better"}"#);
    let id = host.load(morphir(guest("counter"))).unwrap();
    assert_eq!(code(&host.call(id, "trap", "")), ErrorCode::Trap);
    assert_eq!(health(&host, id), r#"{"status":"healthy"}"#);
    assert_eq!(text(host.call(id, "count", "")), "101");
    assert_eq!(host.host.stats(id).unwrap().calls, 2, "checks are no calls");
}

#[test]
fn a_check_that_never_ran_is_an_answer_too() {
    let host = TestHost::new();
    let id = host.load(morphir(guest("counter"))).unwrap();
    let call = host.submit(id, "loop", "").unwrap();
    host.wait_for_running(id, 1);
    let ticket = host.host.check(id, Some(Duration::from_secs(5))).unwrap();
    let settled = host.host.expire(ticket).expect("what waits is taken back at once");
    let Outcome::Called(answers) = settled.outcome else { panic!() };
    let Ok(Answer::Text(answer)) = &answers[0] else { panic!("{answers:?}") };
    assert_eq!(answer, r#"{"status":"unhealthy","message":"The call ran out of time before it started."}"#);
    host.cancel(call);
}
