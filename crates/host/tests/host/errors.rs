//! Every failure has one code, decided from what the host knows and not from what anybody says (H7, H32).

use std::time::Duration;

use morphir_extension_host::{Answer, Call, ErrorCode, ExtensionId, Form, Outcome};

use crate::support::{TestHost, code, error, guest, morphir, plain, text};

/// What the engine and the host say themselves, and what would break a message that is put together carelessly.
const IMITATIONS: &[&str] = &[
    "timeout",
    "oom",
    "plugin ran out of fuel",
    "The extension ran longer than the 50ms that `maxExecutionTime` grants.",
    "The call was cancelled.",
    "The extension needed more memory than the 256 MiB that `maxMemory` grants, input and output included.",
    "The extension trapped: unreachable, in function 0.",
    "wasm trap: interrupt",
    "exit with status 0",
    "Function not found: attack",
    r#"{"code":"Timeout","message":"The call ran out of time."}"#,
    r#"ExtensionError { code: Cancelled, message: "" }"#,
    "\u{1b}[31mred\u{1b}[0m\r\n{}%s\u{202e}",
    "x",
];

fn imitator(host: &TestHost) -> ExtensionId {
    let mut config = plain(guest("hostile/error_imitates"));
    config.permissions.max_execution_time = Duration::from_millis(50);
    host.load(config).unwrap()
}

#[test]
fn h7_what_a_guest_says_is_quoted_and_never_believed() {
    let host = TestHost::new();
    let id = imitator(&host);
    for said in IMITATIONS {
        for method in ["attack", "attack_without_code"] {
            let error = error(host.call(id, method, said));
            assert_eq!((error.code(), error.message()), (ErrorCode::ExtensionError, *said), "{method}");
        }
        assert_eq!(host.host.stats(id).unwrap().generation, 1, "a guest that answers an error is well");
    }
}

#[test]
fn h32_what_a_guest_says_before_it_breaks_does_not_count() {
    let host = TestHost::new();
    let id = imitator(&host);
    for (generation, said) in (1..).zip(IMITATIONS) {
        let broke = error(host.call(id, "attack_and_trap", said));
        assert_eq!(broke.code(), ErrorCode::Trap, "{said}");
        assert!(
            broke.message().contains("unreachable") && (!broke.message().contains(said) || *said == "x"),
            "{broke}"
        );
        assert_eq!(host.host.stats(id).unwrap().generation, generation + 1);
    }
    let late = error(host.call(id, "attack_and_loop", "all is well"));
    assert_eq!((late.code(), late.message()), (ErrorCode::Timeout, IMITATIONS[3]));
}

#[test]
fn h32_every_way_to_fail_has_its_code_and_says_who_and_where() {
    let host = TestHost::new();
    let mut config = morphir(guest("counter"));
    config.name = "the counter".into();
    config.permissions.max_execution_time = Duration::from_millis(100);
    config.permissions.max_memory = 4 * 1024 * 1024;
    let id = host.load(config).unwrap();
    for (method, expected, word) in [
        ("fail", ErrorCode::ExtensionError, "does not like this"),
        ("code", ErrorCode::ExtensionError, "code 7"),
        ("trap", ErrorCode::Trap, "unreachable"),
        ("fail_and_trap", ErrorCode::Trap, "unreachable"),
        ("divide", ErrorCode::Trap, "divide by zero"),
        ("out_of_bounds", ErrorCode::Trap, "out of bounds"),
        ("overflow", ErrorCode::Trap, "stack exhausted"),
        ("loop", ErrorCode::Timeout, "maxExecutionTime"),
        ("hoard", ErrorCode::MemoryLimit, "4 MiB that `maxMemory` grants"),
        ("nothing_of_the_kind", ErrorCode::MethodNotFound, "count"),
    ] {
        let error = error(host.call(id, method, ""));
        assert_eq!(error.code(), expected, "{method}: {error}");
        assert!(error.message().contains(word), "{method}: {error}");
        assert_eq!((error.extension(), error.method()), (Some("the counter"), Some(method)));
        for leak in ["backtrace", "/rustc/", ".rs:", "<unknown>"] {
            assert!(!format!("{error}").contains(leak), "{method} shows the host's insides: {error}");
        }
    }
}

#[test]
fn an_unknown_id_is_told_from_one_that_was_unloaded() {
    let host = TestHost::new();
    let id = host.load(plain(guest("plain"))).unwrap();
    assert!(host.call(ExtensionId(0), "echo", "").unwrap_err().message().contains("has not given it out"));
    assert!(host.call(ExtensionId(9), "echo", "").unwrap_err().message().contains("has not given it out"));
    host.unload(id, false);
    let error = host.call(id, "echo", "").unwrap_err();
    assert_eq!(error.code(), ErrorCode::NotFound);
    assert!(error.message().contains("not loaded any more"), "{error}");
}

#[test]
fn a_function_with_params_is_no_method_and_the_error_shows_why() {
    let host = TestHost::new();
    let id = host.load(plain(guest("plain"))).unwrap();
    let error = error(host.call(id, "double", ""));
    assert_eq!(error.code(), ErrorCode::MethodNotFound);
    assert!(error.message().contains("i32"), "{error}");
}

#[test]
fn an_answer_that_is_not_text_is_an_error_only_where_text_was_asked_for() {
    let host = TestHost::new();
    let id = host.load(morphir(guest("echo"))).unwrap();
    assert_eq!(host.call(id, "not_utf8", "").unwrap(), b"caf\xc3\xa9 \xff\xfe");
    let call = |method: &str| Call {
        extension: id,
        method: method.into(),
        inputs: vec![b"text".to_vec()],
        form: Form::Text,
        timeout: None,
    };
    let Outcome::Called(mut answers) = host.wait(host.host.submit(call("not_utf8")).unwrap()).outcome else { panic!() };
    let broken = answers.remove(0).unwrap_err();
    assert_eq!(broken.code(), ErrorCode::ProtocolError);
    assert!(broken.message().contains("byte 6"), "{broken}");
    let Outcome::Called(mut answers) = host.wait(host.host.submit(call("echo")).unwrap()).outcome else { panic!() };
    assert_eq!(answers.remove(0).unwrap(), Answer::Text("text".into()));
    assert_eq!(host.host.stats(id).unwrap().generation, 1);
}

#[test]
fn an_error_text_is_cut_and_what_is_not_text_in_it_is_replaced() {
    let host = TestHost::new();
    let id = imitator(&host);
    let said = error(host.call(id, "attack", b"caf\xff\xfe"));
    assert_eq!((said.code(), said.message()), (ErrorCode::ExtensionError, "caf\u{fffd}\u{fffd}"));
    let id = host.load(plain(guest("hostile/error_imitates"))).unwrap();
    let said = error(host.call(id, "attack", "x".repeat(1_000_000)));
    assert_eq!((said.code(), said.message().len()), (ErrorCode::ExtensionError, 64 * 1024));
    assert_eq!(code(&host.call(id, "attack", "")), ErrorCode::ExtensionError, "an empty text is none: the code counts");
    assert_eq!(text(host.call(id, "attack_without_code", "")), "");
}
