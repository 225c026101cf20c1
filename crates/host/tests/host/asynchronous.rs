//! The asynchronous face: futures that never block their task, and that cancel what nobody waits for.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use morphir_extension_host::{
    ErrorCode, ExtensionConfig, ExtensionId, ExtismExtensionHost, HealthStatus, HostOptions, Slots, Source,
};
use serde_json::{Value, json};

use crate::in_own_process;
use crate::support::{code, guest, module, morphir, options, plain, text, thread_time};

fn host() -> ExtismExtensionHost {
    ExtismExtensionHost::with_options(options())
}

fn loops() -> ExtensionConfig {
    let mut config = plain(module(
        r#"(module
          (import "extism:host/env" "output_set" (func $out (param i64 i64)))
          (import "extism:host/env" "input_offset" (func $in (result i64)))
          (import "extism:host/env" "input_length" (func $length (result i64)))
          (func (export "echo") (call $out (call $in) (call $length)))
          (func (export "loop") (loop (br 0))))"#,
    ));
    config.permissions.max_execution_time = Duration::from_secs(3600);
    config
}

/// Runs a future on a runtime of one thread, which would stand still if anything blocked it.
fn on_one_thread<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let result = runtime.block_on(future);
    runtime.shutdown_timeout(Duration::from_secs(5));
    result
}

async fn wait_for_running(host: &ExtismExtensionHost, id: ExtensionId, count: usize) {
    let until = Instant::now() + Duration::from_secs(30);
    while host.stats(id).unwrap().running != count {
        assert!(Instant::now() < until, "never {count} at work");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn an_extension_is_loaded_and_called_with_json() {
    on_one_thread(async {
        let host = host();
        let id = host.load_extension(morphir(guest("echo"))).await.unwrap();
        let params = json!({ "deep": [1, 2.5, "é", null, { "z": 1, "a": 2 }] });
        assert_eq!(host.call(id, "echo", params.clone()).await.unwrap(), params);
        assert_eq!(host.capabilities(id).unwrap()[0].name, "echo");
        assert_eq!(host.call(id, "nothing", Value::Null).await.unwrap_err().code(), ErrorCode::SerializationError);
        assert_eq!(host.call(id, "missing", Value::Null).await.unwrap_err().code(), ErrorCode::MethodNotFound);
        assert_eq!(host.call(ExtensionId(9), "echo", Value::Null).await.unwrap_err().code(), ErrorCode::NotFound);
        assert_eq!(host.stats(id).unwrap().calls, 2);
    });
}

/// H25: text is passed on as it is, however deep; only `call`, which reads it, has a limit.
#[test]
fn h25_json_of_any_depth_passes_through() {
    on_one_thread(async {
        let host = host();
        let id = host.load_extension(morphir(guest("echo"))).await.unwrap();
        let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
        let deep = nested(100_000);
        assert_eq!(host.call_raw(id, "echo", deep.clone().into_bytes(), None).await.unwrap(), deep.into_bytes());
        let params: Value = serde_json::from_str(&nested(120)).unwrap();
        assert_eq!(host.call(id, "echo", params.clone()).await.unwrap(), params);
    });
}

/// H13: the engine's WASI blocks on a runtime of its own, which is not allowed inside of one.
#[test]
fn h13_a_guest_with_wasi_runs_under_every_runtime() {
    on_one_thread(async {
        let host = host();
        let id = host.load_extension(morphir(guest("clock"))).await.unwrap();
        host.call_raw(id, "spin", b"1".to_vec(), None).await.unwrap();
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async {
        let host = host();
        let id = host.load_extension(morphir(guest("clock"))).await.unwrap();
        host.call_raw(id, "spin", b"1".to_vec(), None).await.unwrap();
    });
}

#[test]
fn the_task_that_waits_is_not_blocked() {
    on_one_thread(async {
        let host = host();
        let id = host.load_extension(morphir(guest("clock"))).await.unwrap();
        let mut ticks = 0;
        let spin = host.call_raw(id, "spin", b"200".to_vec(), None);
        tokio::pin!(spin);
        loop {
            tokio::select! {
                answer = &mut spin => {
                    answer.unwrap();
                    break;
                }
                () = tokio::time::sleep(Duration::from_millis(5)) => ticks += 1,
            }
        }
        assert!(ticks > 10, "the runtime's only thread came to {ticks} ticks in 200 ms");
    });
}

#[test]
fn hundreds_of_calls_are_all_answered() {
    on_one_thread(async {
        let host = host();
        let mut config = morphir(guest("echo"));
        config.instances = 3;
        let id = host.load_extension(config).await.unwrap();
        let tasks: Vec<_> = (0..500)
            .map(|number| {
                let host = host.clone();
                tokio::spawn(async move { host.call(id, "echo", json!(number)).await.unwrap() })
            })
            .collect();
        for (number, task) in tasks.into_iter().enumerate() {
            assert_eq!(task.await.unwrap(), json!(number));
        }
    });
}

/// Work can be done before whoever has put it in line is back from doing so.
#[test]
fn no_answer_is_lost_however_quick_it_is() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).enable_time().build().unwrap();
    runtime.block_on(async {
        let host = host();
        let mut config = morphir(guest("echo"));
        config.instances = 4;
        let id = host.load_extension(config).await.unwrap();
        let tasks: Vec<_> = (0..8)
            .map(|task| {
                let host = host.clone();
                tokio::spawn(async move {
                    for number in 0..2500 {
                        let call = host.call_raw(id, "echo", b"quick".to_vec(), None);
                        let answer = tokio::time::timeout(Duration::from_secs(10), call).await;
                        assert_eq!(
                            answer.unwrap_or_else(|_| panic!("{task}'s number {number} was lost")).unwrap(),
                            b"quick"
                        );
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}

/// The same with slots that come and go with another host.
#[test]
fn no_call_is_forgotten_between_two_hosts() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    runtime.block_on(async {
        let slots = Arc::new(Slots::new(1));
        let mut tasks = Vec::new();
        for _ in 0..2 {
            let host = ExtismExtensionHost::with_options(HostOptions { slots: Arc::clone(&slots), ..options() });
            let id = host.load_extension(morphir(guest("echo"))).await.unwrap();
            for _ in 0..2 {
                let host = host.clone();
                tasks.push(tokio::spawn(async move {
                    for number in 0..500 {
                        let call = host.call_raw(id, "echo", b"quick".to_vec(), None);
                        let answer = tokio::time::timeout(Duration::from_secs(10), call).await;
                        assert_eq!(
                            answer.unwrap_or_else(|_| panic!("number {number} was forgotten")).unwrap(),
                            b"quick"
                        );
                    }
                }));
            }
        }
        for task in tasks {
            task.await.unwrap();
        }
    });
}

/// However many wait, waiting is not work.
#[test]
fn thousands_of_calls_that_wait_cost_no_time() {
    in_own_process! {
        on_one_thread(async {
            let host = ExtismExtensionHost::with_options(HostOptions { slots: Arc::new(Slots::new(1)), ..options() });
            let busy = host.load_extension(morphir(guest("clock"))).await.unwrap();
            let quick = host.load_extension(morphir(guest("echo"))).await.unwrap();
            let spin = tokio::spawn({
                let host = host.clone();
                async move { host.call_raw(busy, "spin", b"1000".to_vec(), None).await }
            });
            wait_for_running(&host, busy, 1).await;
            let calls: Vec<_> = (0..3000)
                .map(|_| {
                    let host = host.clone();
                    tokio::spawn(async move { host.call_raw(quick, "echo", Vec::new(), None).await })
                })
                .collect();
            tokio::time::sleep(Duration::from_millis(200)).await;
            // This thread runs the whole runtime, and nothing of the guest.
            let before = thread_time();
            tokio::time::sleep(Duration::from_millis(500)).await;
            let used = thread_time().saturating_sub(before);
            assert!(used <= Duration::from_millis(50), "{used:?} of half a second");
            spin.await.unwrap().unwrap();
            for call in calls {
                call.await.unwrap().unwrap();
            }
        });
    }
}

#[test]
fn a_dropped_future_cancels_its_call() {
    on_one_thread(async {
        let host = host();
        let id = host.load_extension(loops()).await.unwrap();
        for _ in 0..20 {
            let call = host.call_raw(id, "loop", Vec::new(), None);
            let waiting = host.call_raw(id, "echo", b"never".to_vec(), None);
            drop(tokio::time::timeout(Duration::from_millis(3), async { tokio::join!(call, waiting) }).await);
            assert_eq!(host.call_raw(id, "echo", b"free".to_vec(), None).await.unwrap(), b"free");
        }
        let stats = host.stats(id).unwrap();
        assert_eq!((stats.waiting, stats.running), (0, 0));
    });
}

#[test]
fn a_future_that_nobody_polled_has_done_nothing() {
    on_one_thread(async {
        let host = host();
        let id = host.load_extension(loops()).await.unwrap();
        drop(host.call_raw(id, "loop", Vec::new(), None));
        drop(host.load_extension(loops()));
        assert_eq!(host.stats(id).unwrap().calls, 0);
        assert_eq!(host.list().len(), 1);
    });
}

/// Whenever it is dropped, before, during or after: what nobody can name is not left behind.
#[test]
fn a_dropped_load_leaves_no_extension_behind() {
    on_one_thread(async {
        let host = host();
        for pause in 0..40 {
            let load = host.load_extension(morphir(guest("echo")));
            let loaded = tokio::time::timeout(Duration::from_millis(pause), load).await;
            if let Ok(loaded) = loaded {
                host.unload_extension(loaded.unwrap());
            }
        }
        let until = Instant::now() + Duration::from_secs(10);
        while !host.list().is_empty() && Instant::now() < until {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(host.list().is_empty(), "{} are left", host.list().len());
    });
}

/// Finished, and then dropped before anybody looked.
#[test]
fn a_load_that_is_done_but_was_never_looked_at_leaves_nothing_behind() {
    on_one_thread(async {
        let host = host();
        {
            let load = host.load_extension(morphir(guest("echo")));
            tokio::pin!(load);
            tokio::select! {
                biased;
                _ = &mut load => panic!("it cannot be done at once"),
                () = std::future::ready(()) => {}
            }
            // This task holds its thread, so nobody looks at the future while the load finishes.
            std::thread::sleep(Duration::from_millis(300));
        }
        assert!(host.list().is_empty(), "{} are left", host.list().len());
    });
}

#[test]
fn a_timeout_counts_from_the_call_waiting_included() {
    on_one_thread(async {
        let host = ExtismExtensionHost::with_options(HostOptions { slots: Arc::new(Slots::new(1)), ..options() });
        let id = host.load_extension(loops()).await.unwrap();
        let busy = tokio::spawn({
            let host = host.clone();
            async move { host.call_raw(id, "loop", Vec::new(), Some(Duration::from_millis(300))).await }
        });
        wait_for_running(&host, id, 1).await;
        let since = Instant::now();
        let waited = host.call_raw(id, "echo", Vec::new(), Some(Duration::from_millis(50))).await;
        assert_eq!(code(&waited), ErrorCode::Timeout);
        assert!(since.elapsed() < Duration::from_millis(200), "it waited {:?}", since.elapsed());
        assert_eq!(code(&busy.await.unwrap()), ErrorCode::Timeout);
        assert_eq!(text(host.call_raw(id, "echo", b"free".to_vec(), None).await), "free");
    });
}

#[test]
fn closing_settles_everything() {
    on_one_thread(async {
        let host = host();
        let id = host.load_extension(loops()).await.unwrap();
        let calls: Vec<_> = (0..3)
            .map(|_| {
                let host = host.clone();
                tokio::spawn(async move { host.call_raw(id, "loop", Vec::new(), None).await })
            })
            .collect();
        wait_for_running(&host, id, 1).await;
        host.close();
        for call in calls {
            assert_eq!(code(&call.await.unwrap()), ErrorCode::Cancelled);
        }
        assert_eq!(code(&host.call_raw(id, "echo", Vec::new(), None).await), ErrorCode::Closed);
        assert_eq!(code(&host.load_extension(loops()).await), ErrorCode::Closed);
    });
}

/// A slot that another host gives back is not announced to anybody: who waits for it has to look.
#[test]
fn two_hosts_that_share_slots_both_get_on() {
    on_one_thread(async {
        let slots = Arc::new(Slots::new(1));
        let make = || ExtismExtensionHost::with_options(HostOptions { slots: Arc::clone(&slots), ..options() });
        let (one, other) = (make(), make());
        let first = one.load_extension(morphir(guest("clock"))).await.unwrap();
        let second = other.load_extension(morphir(guest("echo"))).await.unwrap();
        let busy = tokio::spawn({
            let one = one.clone();
            async move { one.call_raw(first, "spin", b"100".to_vec(), None).await }
        });
        wait_for_running(&one, first, 1).await;
        let answer = tokio::time::timeout(Duration::from_secs(5), other.call(second, "echo", json!(1))).await;
        assert_eq!(answer.expect("it waits for a slot that has been free for long").unwrap(), json!(1));
        busy.await.unwrap().unwrap();
    });
}

/// The runtime ends, and with it the threads that were lent; the host stays, for the next runtime.
#[test]
fn a_host_outlives_its_runtime() {
    let host = host();
    let id = on_one_thread(host.load_extension(loops())).unwrap();
    on_one_thread(async {
        let call = host.call_raw(id, "loop", Vec::new(), None);
        drop(tokio::time::timeout(Duration::from_millis(20), call).await);
    });
    assert_eq!(text(on_one_thread(host.call_raw(id, "echo", b"again".to_vec(), None))), "again");
}

#[test]
fn an_extension_is_asked_how_it_is_and_reloaded() {
    on_one_thread(async {
        let host = host();
        let id = host.load_extension(morphir(guest("health"))).await.unwrap();
        let healthy = HealthStatus::Healthy { message: Some("never better".into()) };
        assert_eq!(host.health_check(id).await.unwrap(), healthy);
        assert_eq!(host.health_check(ExtensionId(9)).await.unwrap_err().code(), ErrorCode::NotFound);
        host.reload(id, Some(Source::from_bytes(guest("counter")))).await.unwrap();
        assert_eq!(host.health_check(id).await.unwrap(), HealthStatus::Healthy { message: None });
        assert_eq!(host.call(id, "count", Value::Null).await.unwrap(), 101);
        let broken = host.reload(id, Some(Source::from_bytes(vec![0; 8]))).await.unwrap_err();
        assert_eq!(broken.code(), ErrorCode::InvalidSource);
        assert_eq!(host.call(id, "count", Value::Null).await.unwrap(), 102);
        assert!(host.metrics().contains("method=\"count\",status=\"success\"} 2\n"));
    });
}

#[test]
fn a_reload_that_nobody_waits_for_any_more_leaves_the_extension_loaded() {
    on_one_thread(async {
        let host = host();
        let id = host.load_extension(morphir(guest("counter"))).await.unwrap();
        for patience in [0, 1, 3, 10, 50] {
            let reload = host.reload(id, Some(Source::from_bytes(guest("counter"))));
            let _ = tokio::time::timeout(Duration::from_millis(patience), reload).await;
            assert_eq!(
                host.call(id, "count", Value::Null).await.unwrap_or_default().as_u64().map(|n| n > 100),
                Some(true)
            );
        }
    });
}
