//! How extensions start: each instance once, in the right order, with its config, or with an error that says what was wrong (H2).

use morphir_extension_host::{ErrorCode, ExtensionConfig, Lifecycle, Outcome};
use serde_json::value::RawValue;

use crate::support::{TestHost, error, guest, module, morphir, plain, text};

fn lifecycle(config: &str) -> ExtensionConfig {
    ExtensionConfig { config: Some(RawValue::from_string(config.into()).unwrap()), ..morphir(guest("lifecycle")) }
}

#[test]
fn h2_start_up_code_runs_once_before_the_first_call_in_the_engines_own_order() {
    let host = TestHost::new();
    // Each piece appends its digit to a number, which comes back as the guest's code.
    let order = |exports: &str| {
        module(&format!(
            r#"(module
              (global $order (mut i32) (i32.const 0))
              (func $add (param i32) (global.set $order (i32.add (i32.mul (global.get $order) (i32.const 10)) (local.get 0))))
              (func $start (call $add (i32.const 1)))
              (start $start)
              {exports}
              (func (export "order") (result i32) (global.get $order)))"#
        ))
    };
    let reactor = r#"(func (export "_initialize") (call $add (i32.const 2)))"#;
    let constructors = r#"(func (export "__wasm_call_ctors") (call $add (i32.const 3)))"#;
    let haskell = r#"(func (export "hs_init") (param i32 i32) (call $add (i32.add (i32.const 4) (local.get 0))))"#;
    for (exports, expected) in [
        (String::new(), "1"),
        (reactor.into(), "12"),
        (constructors.into(), "13"),
        (haskell.into(), "14"),
        (format!("{reactor}{constructors}"), "13"),
        (format!("{reactor}{haskell}"), "124"),
        (format!("{reactor}{constructors}{haskell}"), "124"),
    ] {
        let id = host.load(plain(order(&exports))).unwrap();
        for _ in 0..2 {
            let message = error(host.call(id, "order", "")).to_string();
            assert!(message.contains(&format!("code {expected} ")), "{exports}: {message}");
        }
    }
}

#[test]
fn initialize_is_given_the_config_as_it_was_written() {
    let host = TestHost::new();
    for config in [r#"{"do":"x","b":1,"a":{"deep":[1.0,"é"]}}"#, r#"{"do":" "}"#, "[1,2]", "null"] {
        let id = host.load(lifecycle(config)).unwrap();
        assert_eq!(text(host.call(id, "config", "")), config);
        assert_eq!(host.host.capabilities(id).unwrap()[0].name, "config");
    }
    let id = host.load(morphir(guest("lifecycle"))).unwrap();
    assert_eq!(text(host.call(id, "config", "")), "{}", "where there is none");
}

#[test]
fn extisms_configuration_has_each_entry_by_its_name() {
    let host = TestHost::new();
    let mut config = plain(guest("plain"));
    let text_of = r#"{"text":"as it is","number":1.50,"list":[1, 2],"":"empty","é":"accent","none":null}"#;
    config.config = Some(RawValue::from_string(text_of.into()).unwrap());
    let id = host.load(config).unwrap();
    for (name, expected) in [
        ("text", "as it is"),
        ("number", "1.50"),
        ("list", "[1, 2]"),
        ("é", "accent"),
        ("none", "null"),
        ("missing", ""),
        ("tex", ""),
    ] {
        assert_eq!(text(host.call(id, "config", name)), expected, "{name}");
    }
}

#[test]
fn a_start_that_goes_wrong_says_what_was_wrong() {
    let host = TestHost::new();
    for (letter, word) in [
        ("t", "`initialize` failed"),
        ("e", "I do not want to start"),
        ("b", "busy"),
        ("n", "it answered nothing"),
        ("T", "`capabilities` failed"),
        ("E", "I do not want to start"),
        ("N", "it answered nothing"),
        ("G", "a list of"),
        ("U", "nameless"),
    ] {
        let error = error(host.load(lifecycle(&format!(r#"{{"do":"{letter}"}}"#))));
        assert_eq!(error.code(), ErrorCode::InitializationFailed, "{letter}");
        assert!(error.message().contains(word), "{letter}: {error}");
        assert_eq!(error.extension(), Some("guest"));
        let method = if letter.chars().all(char::is_lowercase) { "initialize" } else { "capabilities" };
        assert_eq!(error.method(), Some(method), "{letter}");
    }
    assert!(host.host.list().is_empty(), "what did not start is not there");
}

#[test]
fn a_plain_plug_in_is_told_how_it_is_loaded() {
    let host = TestHost::new();
    let config = ExtensionConfig { lifecycle: Lifecycle::Morphir, ..plain(guest("plain")) };
    let error = error(host.load(config));
    assert_eq!(error.code(), ErrorCode::InitializationFailed);
    assert!(error.message().contains("set `dialect` to \"raw\""), "{error}");
}

#[test]
fn every_instance_is_started_by_itself() {
    let host = TestHost::new();
    let mut config = plain(guest("hostile/talk_in_start"));
    config.instances = 3;
    let ticket = host.host.load(config).unwrap();
    let settled = host.wait(ticket);
    assert!(matches!(settled.outcome, Outcome::Loaded(Ok(_))));
    assert_eq!(settled.log.len(), 6, "two messages of each");
}
