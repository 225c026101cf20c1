//! Functions that the host offers: the way of their arguments and answers, their errors, and what wakes a guest that waits.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use morphir_extension_host::{
    Abandoned, Block, Cache, ErrorCode, ExtensionConfig, FunctionCall, Functions, HostFunction, HostOptions,
    HttpRequest, HttpResponse, LogLevel, Network, Offers, Outcome, Reply, Workspace,
};

use crate::support::{TestHost, code, directory, error, guest, module, morphir, options, plain, text};

/// A function that answers at once.
struct Quick<F>(F);

impl<F: Fn(Vec<Block>) -> Result<Block, String> + Send + Sync> HostFunction for Quick<F> {
    fn start(&self, call: FunctionCall, reply: Reply<Block>) {
        reply.settle((self.0)(call.arguments).map_err(Into::into));
    }
}

fn quick(function: impl Fn(Vec<Block>) -> Result<Block, String> + Send + Sync + 'static) -> Arc<dyn HostFunction> {
    Arc::new(Quick(function))
}

/// A function that keeps its calls for a test to answer.
struct Kept {
    calls: Mutex<Sender<(FunctionCall, Reply<Block>)>>,
    abandoned: Mutex<Sender<(u64, Abandoned)>>,
}

type Calls = Receiver<(FunctionCall, Reply<Block>)>;

fn kept() -> (Arc<dyn HostFunction>, Calls, Receiver<(u64, Abandoned)>) {
    let ((calls, called), (abandoned, given_up)) = (channel(), channel());
    (Arc::new(Kept { calls: Mutex::new(calls), abandoned: Mutex::new(abandoned) }), called, given_up)
}

impl HostFunction for Kept {
    fn start(&self, call: FunctionCall, reply: Reply<Block>) {
        self.calls.lock().unwrap().send((call, reply)).unwrap();
    }

    fn abandon(&self, number: u64, why: Abandoned) {
        let _ = self.abandoned.lock().unwrap().send((number, why));
    }
}

/// All that `fixtures/functions.wat` wants, with `change` and `nudge` as given.
fn all(change: Arc<dyn HostFunction>, nudge: Arc<dyn HostFunction>) -> Functions {
    let user = "extism:host/user";
    let mut functions = Functions::new();
    functions.offer(user, "change", change).unwrap();
    functions.offer(user, "join", quick(|blocks| Ok(Some(blocks.into_iter().flatten().flatten().collect())))).unwrap();
    functions.offer(user, "note", quick(|_| Ok(None))).unwrap();
    functions.offer(user, "now", quick(|blocks| Ok(Some(blocks.len().to_string().into())))).unwrap();
    functions.offer("other", "nudge", nudge).unwrap();
    functions
}

/// The same, doing nothing.
pub fn for_fixture() -> Functions {
    let mut functions = all(quick(|_| Ok(None)), quick(|_| Ok(None)));
    for name in ["lookup", "kv_read", "kv_write"] {
        functions.offer("extism:host/user", name, quick(|_| Ok(None))).unwrap();
    }
    functions
}

fn offered(functions: Functions) -> ExtensionConfig {
    ExtensionConfig { functions, ..plain(guest("functions")) }
}

fn changing(change: impl Fn(Vec<Block>) -> Result<Block, String> + Send + Sync + 'static) -> ExtensionConfig {
    offered(all(quick(change), quick(|_| Ok(None))))
}

#[test]
fn blocks_of_every_length_arrive_whole_and_come_back_whole() {
    let host = TestHost::new();
    let config = changing(|mut blocks| Ok(blocks.remove(0).map(|block| block.iter().rev().copied().collect())));
    let id = host.load(config).unwrap();
    for length in [0, 1, 7, 8, 9, 63, 64, 65, 127, 1000, 65_535, 1_048_577, 3_000_001] {
        let input: Vec<u8> = (0..length).map(|at: usize| u8::try_from(at % 251).unwrap()).collect();
        let answer = host.call(id, "change", &input).unwrap();
        assert!(answer.iter().rev().eq(&input), "{length} bytes");
    }
}

#[test]
fn each_shape_that_a_module_imports_works() {
    let host = TestHost::new();
    let id = host.load(changing(|blocks| Ok(Some(format!("{blocks:?}").into())))).unwrap();
    assert_eq!(text(host.call(id, "join", "ab")), "abab");
    assert_eq!(text(host.call(id, "now", "")), "0");
    assert_eq!(text(host.call(id, "note", "x")), "");
    assert_eq!(text(host.call(id, "nudge", "")), "");
    assert_eq!(text(host.call(id, "change_nothing", "ab")), "[None]");
    assert_eq!(text(host.call(id, "change", [7])), "[Some([7])]");
}

#[test]
fn a_function_that_fails_breaks_the_call_off_with_its_words_and_itself_as_source() {
    let host = TestHost::new();
    let id = host.load(changing(|_| Err("there is no change.".into()))).unwrap();
    let error = error(host.call(id, "change", ""));
    assert_eq!(error.code(), ErrorCode::Trap);
    assert_eq!(error.message(), "The host function `extism:host/user::change` failed: there is no change.");
    assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "there is no change.");
    assert_eq!(host.host.stats(id).unwrap().generation, 2);
    assert_eq!(text(host.call(id, "now", "")), "0");
}

#[test]
fn a_reply_that_is_dropped_is_an_error_and_no_hang() {
    struct Lost;
    impl HostFunction for Lost {
        fn start(&self, _: FunctionCall, _: Reply<Block>) {}
    }
    let host = TestHost::new();
    let id = host.load(offered(all(Arc::new(Lost), quick(|_| Ok(None))))).unwrap();
    let error = error(host.call(id, "change", ""));
    assert_eq!(error.code(), ErrorCode::Trap);
    assert!(error.message().contains("nobody is there any more to answer it"), "{error}");
}

#[test]
fn a_function_that_answers_later_and_from_elsewhere_is_waited_for() {
    let (change, calls, _) = kept();
    let host = TestHost::new();
    let id = host.load(offered(all(change, quick(|_| Ok(None))))).unwrap();
    let ticket = host.submit(id, "change", "input").unwrap();
    let (call, reply) = calls.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!((call.ticket, call.extension.as_str(), call.method.as_deref()), (ticket, "guest", Some("change")));
    assert_eq!((call.arguments, call.answers), (vec![Some(b"input".to_vec())], true));
    reply.settle(Ok(Some(b"later".to_vec())));
    assert_eq!(text(host.answer(ticket)), "later");
}

#[test]
fn the_deadline_wakes_a_guest_that_waits_and_its_thread_and_engine_go_on() {
    let (change, calls, given_up) = kept();
    let host = TestHost::new();
    let mut config = offered(all(change, quick(|_| Ok(None))));
    config.permissions.max_execution_time = Duration::from_millis(100);
    let id = host.load(config).unwrap();
    let since = Instant::now();
    let error = error(host.call(id, "change", ""));
    assert_eq!(error.code(), ErrorCode::Timeout);
    assert!(error.message().contains("while it waited for the host function `extism:host/user::change`"), "{error}");
    assert!(since.elapsed() >= Duration::from_millis(100));
    let (call, reply) = calls.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(given_up.recv_timeout(Duration::from_secs(60)).unwrap(), (call.number, Abandoned::OutOfTime));
    // Too late, and no harm.
    reply.settle(Ok(None));
    assert_eq!(text(host.call(id, "now", "")), "0");
}

#[test]
fn a_cancel_an_unload_and_a_close_wake_a_guest_that_waits() {
    type End = fn(&TestHost, u64, morphir_extension_host::ExtensionId);
    let ends: [End; 3] =
        [|host, ticket, _| host.cancel(ticket), |host, _, id| host.unload(id, true), |host, _, _| host.close(true)];
    for end in ends {
        let (change, calls, given_up) = kept();
        let host = TestHost::new();
        let id = host.load(offered(all(change, quick(|_| Ok(None))))).unwrap();
        let ticket = host.submit(id, "change", "").unwrap();
        let (call, _reply) = calls.recv_timeout(Duration::from_secs(60)).unwrap();
        end(&host, ticket, id);
        assert_eq!(code(&host.answer(ticket)), ErrorCode::Cancelled);
        assert_eq!(given_up.recv_timeout(Duration::from_secs(60)).unwrap(), (call.number, Abandoned::Cancelled));
    }
}

#[test]
fn a_guest_that_calls_without_end_is_ended() {
    let host = TestHost::new();
    let mut config = changing(|_| Ok(None));
    config.permissions.max_execution_time = Duration::from_millis(100);
    let id = host.load(config).unwrap();
    assert_eq!(code(&host.call(id, "nag", "")), ErrorCode::Timeout);
    assert_eq!(text(host.call(id, "now", "")), "0");
}

#[test]
fn arguments_and_answers_are_no_longer_than_an_output() {
    let host = TestHost::new();
    let mut config = changing(|_| Ok(Some(vec![0; 1001])));
    config.permissions.max_output = 1000;
    let id = host.load(config).unwrap();
    for (method, input, words) in [
        ("note", 1001, "handed `extism:host/user::note` 1001 bytes"),
        // Together, or many params would be a way around it.
        ("join", 501, "handed `extism:host/user::join` 1002 bytes"),
        ("change", 1, "The host function `extism:host/user::change` answered 1001 bytes"),
    ] {
        let error = error(host.call(id, method, vec![1; input]));
        assert_eq!(error.code(), ErrorCode::MemoryLimit, "{method}");
        assert!(error.message().contains(words), "{error}");
    }
    assert_eq!(host.call(id, "join", vec![1; 500]).unwrap().len(), 1000);
}

#[test]
fn functions_of_the_configuration_come_before_those_of_the_host_and_those_before_morphirs_own() {
    let answers = |answer: &'static str| quick(move |_| Ok(Some(answer.into())));
    let mut functions = all(answers("the host's"), quick(|_| Ok(None)));
    functions.offer("extism:host/user", "morphir_get_workspace_info", answers("the host's")).unwrap();
    let host = TestHost::offering(Offers { functions, ..Offers::default() });
    let id = host.load(plain(guest("functions"))).unwrap();
    assert_eq!(text(host.call(id, "change", "")), "the host's");

    let mut functions = Functions::new();
    functions.offer("extism:host/user", "change", answers("the extension's")).unwrap();
    let id = host.load(offered(functions)).unwrap();
    assert_eq!(text(host.call(id, "change", "")), "the extension's");
    assert_eq!(text(host.call(id, "now", "")), "0");

    let id = host.load(plain(guest("morphir-functions"))).unwrap();
    assert_eq!(text(host.call(id, "workspace", "")), "the host's");
}

#[test]
fn a_reload_keeps_functions() {
    let host = TestHost::new();
    let id = host.load(changing(|_| Ok(Some(b"kept".to_vec())))).unwrap();
    let ticket = host.host.reload(id, None).unwrap();
    assert!(matches!(host.wait(ticket).outcome, Outcome::Reloaded(Ok(()))));
    assert_eq!(text(host.call(id, "change", "")), "kept");
    let source = morphir_extension_host::Source::from_bytes(guest("functions"));
    let ticket = host.host.reload(id, Some(source)).unwrap();
    assert!(matches!(host.wait(ticket).outcome, Outcome::Reloaded(Ok(()))));
    assert_eq!(text(host.call(id, "change", "")), "kept");
}

#[test]
fn a_module_from_the_cache_is_refused_for_want_of_a_function_as_any_other() {
    let place = directory();
    let host = TestHost::with(HostOptions { cache: Some(Cache::open(place.path()).unwrap()), ..options() });
    let cold = error(host.load(plain(guest("functions"))));
    host.load(changing(|_| Ok(None))).unwrap();
    let warm = error(host.load(plain(guest("functions"))));
    for error in [cold, warm] {
        assert_eq!(error.code(), ErrorCode::InvalidSource);
        for words in [
            "extism:host/user::change as (i64) -> (i64)",
            "extism:host/user::join as (i64, i64) -> (i64)",
            "other::nudge as () -> ()",
            r#"load it with `functions`, as in { "extism:host/user": { "change": … } }"#,
        ] {
            assert!(error.message().contains(words), "{words} is not in: {error}");
        }
    }
}

#[test]
fn what_is_no_function_of_blocks_is_refused_and_so_are_namespaces_of_the_hosts_own() {
    let host = TestHost::new();
    let mut functions = Functions::new();
    functions.offer("env", "f", quick(|_| Ok(None))).unwrap();
    let many = "i64 ".repeat(17);
    for shape in ["(param i32)", "(result f64)", "(param i64 i32)", "(result i64 i64)", &format!("(param {many})")] {
        let wasm = module(&format!(r#"(module (import "env" "f" (func {shape})))"#));
        let error = error(host.load(ExtensionConfig { functions: functions.clone(), ..plain(wasm) }));
        assert_eq!(error.code(), ErrorCode::InvalidSource, "{shape}");
        assert!(error.message().contains("blocks of Extism's memory"), "{error}");
    }
    for namespace in ["extism:host/env", "wasi_snapshot_preview1", "morphir:host/prepared"] {
        let error = error(Functions::new().offer(namespace, "f", quick(|_| Ok(None))));
        assert_eq!(error.code(), ErrorCode::InvalidConfig, "{namespace}");
        assert!(error.message().contains(namespace), "{error}");
    }
}

#[test]
fn a_module_that_imports_one_function_more_than_a_thousand_times_is_refused() {
    let host = TestHost::new();
    let mut functions = Functions::new();
    functions.offer("env", "f", quick(|_| Ok(None))).unwrap();
    let wasm = |count| module(&format!("(module {})", r#"(import "env" "f" (func))"#.repeat(count)));
    let config = |count| ExtensionConfig { functions: functions.clone(), ..plain(wasm(count)) };
    host.load(config(1000)).unwrap();
    assert_eq!(code(&host.load(config(1001))), ErrorCode::InvalidSource);
}

/// Tells which method called it, and fails.
struct Methods(Mutex<Sender<Option<String>>>);

impl HostFunction for Methods {
    fn start(&self, call: FunctionCall, reply: Reply<Block>) {
        self.0.lock().unwrap().send(call.method).unwrap();
        reply.settle(Err("not now".into()));
    }
}

#[test]
fn start_up_code_may_call_functions_and_its_failure_says_which() {
    let wasm = || {
        module(
            r#"(module (import "env" "f" (func $f))
              (func (export "initialize") (call $f)) (func (export "capabilities")))"#,
        )
    };
    let host = TestHost::new();
    let (seen, methods) = channel();
    let mut functions = Functions::new();
    functions.offer("env", "f", Arc::new(Methods(Mutex::new(seen)))).unwrap();
    let error = error(host.load(ExtensionConfig { functions, ..morphir(wasm()) }));
    assert_eq!(error.code(), ErrorCode::InitializationFailed);
    assert!(error.message().contains("The host function `env::f` failed: not now."), "{error}");
    assert_eq!(methods.recv().unwrap().as_deref(), Some("initialize"));
}

#[test]
fn a_forged_block_is_not_followed() {
    let guest = std::fs::read_to_string("../../fixtures/hostile/block_forged_for_log.wat").unwrap();
    let forging = guest
        .replace(r#"(import "extism:host/env" "log_info" (func $log_info (param i64)))"#, "")
        .replace("(import \"extism:host/env\" \"load_u8\"", "(import \"extism:host/user\" \"note\" (func $note (param i64)))\n  (import \"extism:host/env\" \"load_u8\"")
        .replace("call $log_info", "call $note");
    let wasm = module(&forging);
    let host = TestHost::new();
    let id = host.load(ExtensionConfig { functions: for_fixture(), ..plain(wasm) }).unwrap();
    assert_eq!(code(&host.call(id, "attack", "")), ErrorCode::Trap);
    assert_eq!(text(host.call(id, "echo", "still there")), "still there");
}

#[test]
fn morphirs_own_functions_work_without_being_offered() {
    let root = directory();
    let workspace = Workspace { root: Some(root.path().into()), output_dir: None };
    let host = TestHost::offering(Offers { workspace, ..Offers::default() });
    let config = || ExtensionConfig { instances: 3, ..plain(guest("morphir-functions")) };
    let id = host.load(config()).unwrap();
    let other = host.load(config()).unwrap();
    let info: serde_json::Value = serde_json::from_str(&text(host.call(id, "workspace", ""))).unwrap();
    let root = root.path().to_string_lossy().into_owned();
    assert_eq!(info, serde_json::json!({ "root": root, "output_dir": format!("{root}/.morphir-dist") }));

    assert_eq!(text(host.call(id, "cached", r#""ir""#)), "null");
    host.call(id, "cache", r#""ir""#).unwrap();
    // Whichever of the instances it is.
    for _ in 0..6 {
        assert_eq!(text(host.call(id, "cached", r#""ir""#)), r#""ir""#);
    }
    assert_eq!(text(host.call(other, "cached", r#""ir""#)), "null");
    host.call(id, "forget", r#""ir""#).unwrap();
    assert_eq!(text(host.call(id, "cached", r#""ir""#)), "null");

    let ticket = host.submit(id, "log", "warn").unwrap();
    let log = host.wait(ticket).log;
    assert_eq!((log[0].level, log[0].message.as_str()), (LogLevel::Warn, "warn"));
}

#[test]
fn without_a_workspace_extensions_are_told_the_working_directory() {
    let host = TestHost::new();
    let id = host.load(plain(guest("morphir-functions"))).unwrap();
    let info: serde_json::Value = serde_json::from_str(&text(host.call(id, "workspace", ""))).unwrap();
    assert_eq!(info["root"], std::env::current_dir().unwrap().to_string_lossy().as_ref());
}

const ASKS: &str = r#"(module
  (import "extism:host/env" "input_offset" (func $input (result i64)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (import "extism:host/env" "http_request" (func $request (param i64 i64) (result i64)))
  (import "extism:host/env" "http_status_code" (func $status (result i32)))
  (import "extism:host/env" "http_headers" (func $headers (result i64)))
  (func $answer (param $place i64) (call $output (local.get $place) (call $length (local.get $place))))
  (func (export "get") (call $answer (call $request (call $input) (i64.const 0))))
  (func (export "status") (result i32) (drop (call $request (call $input) (i64.const 0))) (call $status))
  (func (export "headers") (drop (call $request (call $input) (i64.const 0))) (call $answer (call $headers)))
  (func (export "before") (call $answer (call $headers))))"#;

#[test]
fn requests_go_to_the_network_with_their_grant_and_responses_come_back() {
    struct Echo;
    impl Network for Echo {
        fn start(&self, request: HttpRequest, reply: Reply<HttpResponse>) {
            let body = format!("{:?} {} {:?}", request.grant, request.max_response, request.call.arguments[1]);
            reply.settle(Ok(HttpResponse { status: 204, headers: r#"{"a":"b"}"#.into(), body: body.into() }));
        }
    }
    let host = TestHost::offering(Offers { network: Some(Arc::new(Echo)), ..Offers::default() });
    let mut config = plain(module(ASKS));
    config.permissions.allowed_hosts = vec!["*.example.org".into()];
    config.permissions.max_output = 4096;
    let id = host.load(config).unwrap();
    assert_eq!(host.call(id, "before", "").unwrap(), b"");
    assert_eq!(text(host.call(id, "get", "{}")), r#"NetworkGrant { any: false, hosts: ["*.example.org"] } 4096 None"#);
    assert_eq!(text(host.call(id, "headers", "{}")), r#"{"a":"b"}"#);
    assert!(error(host.call(id, "status", "{}")).message().contains("the code 204"));
}

type Change = fn(&mut ExtensionConfig);

#[test]
fn the_network_has_to_be_granted_and_can_be_only_where_there_is_a_client() {
    let host = TestHost::new();
    let id = host.load(plain(module(ASKS))).unwrap();
    let refused = error(host.call(id, "get", "{}"));
    assert_eq!(refused.code(), ErrorCode::Trap);
    assert!(refused.message().contains("`http_request`, for which it has no grant"), "{refused}");

    let changes: [(Change, &str); 4] = [
        (|config| config.permissions.network = Some(true), "has no client"),
        (|config| config.permissions.allowed_hosts = vec!["example.org".into()], "has no client"),
        (|config| config.permissions.allowed_hosts = vec!["https://example.org".into()], "is not a host"),
        (
            |config| {
                config.permissions.network = Some(false);
                config.permissions.allowed_hosts = vec!["example.org".into()];
            },
            "leave one of them out",
        ),
    ];
    for (change, words) in changes {
        let mut config = plain(module(ASKS));
        change(&mut config);
        let error = error(host.load(config));
        assert_eq!(error.code(), ErrorCode::InvalidConfig);
        assert!(error.message().contains(words), "{error}");
    }
}
