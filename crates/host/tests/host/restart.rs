//! What follows a fault, as the strategy says, without a thread that waits.

use std::time::{Duration, Instant};

use morphir_extension_host::{Call, ErrorCode, ExtensionConfig, ExtismExtensionHost, Form, Outcome, Restart};

use crate::support::{TestHost, code, guest, morphir, options, text};

fn counter(restart: Restart) -> ExtensionConfig {
    ExtensionConfig { restart, ..morphir(guest("counter")) }
}

const fn exponential(initial_delay: Duration) -> Restart {
    Restart::Exponential { initial_delay, max_delay: Duration::from_secs(3600), max_retries: None }
}

#[test]
fn an_extension_that_is_given_up_refuses_calls_before_they_wait() {
    let host = TestHost::new();
    let id = host.load(counter(Restart::Never)).unwrap();
    assert_eq!(code(&host.call(id, "trap", "")), ErrorCode::Trap);
    let error = host.submit(id, "count", "").unwrap_err();
    assert_eq!(
        (error.code(), error.extension(), error.method()),
        (ErrorCode::InitializationFailed, Some("guest"), Some("count"))
    );
    assert!(error.message().contains("\"never\"") && error.message().contains("in `trap`"), "{error}");
    let reload = host.host.reload(id, None).unwrap();
    assert!(matches!(host.wait(reload).outcome, Outcome::Reloaded(Ok(()))));
    assert_eq!(text(host.call(id, "count", "")), "101");
}

#[test]
fn what_waits_for_a_rest_is_no_job_until_it_is_over() {
    let host = TestHost::lending(options(), 1);
    let id = host.load(counter(exponential(Duration::from_millis(100)))).unwrap();
    let begin = Instant::now();
    assert_eq!(code(&host.call(id, "trap", "")), ErrorCode::Trap);
    assert!(host.host.wakes_in().is_none(), "nobody waits yet");
    let ticket = host.submit(id, "count", "").unwrap();
    let wakes = host.host.wakes_in();
    assert!(wakes.is_none_or(|wakes| wakes <= Duration::from_millis(100)));
    assert_eq!(text(host.answer(ticket)), "101");
    assert!(begin.elapsed() >= Duration::from_millis(100));
}

#[test]
fn a_call_of_several_does_not_hold_its_thread_for_a_rest() {
    let host = TestHost::new();
    let id = host.load(counter(exponential(Duration::from_secs(3600)))).unwrap();
    let inputs = vec![Vec::new(); 3];
    let call = Call { extension: id, method: "trap".into(), inputs, form: Form::Bytes, timeout: None };
    let codes: Vec<_> = host.answers(host.host.submit(call).unwrap()).into_iter().map(|answer| code(&answer)).collect();
    assert_eq!(codes, [ErrorCode::Trap, ErrorCode::InitializationFailed, ErrorCode::InitializationFailed]);
    let stats = host.host.stats(id).unwrap();
    assert_eq!((stats.generation, stats.running), (2, 0));
}

#[tokio::test]
async fn tokio_lends_a_thread_again_when_the_rest_is_over() {
    let host = ExtismExtensionHost::with_options(options());
    let id = host.load_extension(counter(exponential(Duration::from_millis(50)))).await.unwrap();
    let begin = Instant::now();
    assert_eq!(code(&host.call_raw(id, "trap", Vec::new(), None).await), ErrorCode::Trap);
    assert_eq!(text(host.call_raw(id, "count", Vec::new(), None).await), "101");
    assert!(begin.elapsed() >= Duration::from_millis(50));
    let other = host.load_extension(counter(exponential(Duration::from_secs(3600)))).await.unwrap();
    assert_eq!(code(&host.call_raw(other, "trap", Vec::new(), None).await), ErrorCode::Trap);
    let late = host.call_raw(other, "count", Vec::new(), Some(Duration::from_millis(10))).await;
    assert_eq!(code(&late), ErrorCode::Timeout);
}
