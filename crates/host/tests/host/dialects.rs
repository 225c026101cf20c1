//! What extensions speak: sessions and their errors, as Rust sees them.

use morphir_extension_host::{Dialect, ErrorCode, ExtensionConfig};
use serde_json::json;
use serde_json::value::to_raw_value;

use crate::support::{TestHost, guest, morphir, text};

/// The guest that speaks MEP, with what it says to its n-th request.
fn mep(answers: &serde_json::Value) -> ExtensionConfig {
    ExtensionConfig { config: to_raw_value(answers).ok(), ..morphir(guest("mep")) }
}

#[test]
fn the_exports_tell_the_dialect_unless_the_configuration_does() {
    let host = TestHost::new();
    let found = |config| host.host.stats(host.load(config).unwrap()).unwrap().dialect;
    assert_eq!(found(morphir(guest("counter"))), Dialect::Morphir);
    assert_eq!(found(mep(&json!({}))), Dialect::Mep);
    assert_eq!(found(ExtensionConfig { dialect: Some(Dialect::MepEarly), ..mep(&json!({})) }), Dialect::Mep);
    assert_eq!(found(ExtensionConfig { dialect: Some(Dialect::Raw), ..mep(&json!({})) }), Dialect::Raw);
    let early = json!({ "1": r#"{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no"}}"# });
    assert_eq!(found(mep(&early)), Dialect::MepEarly);
}

#[test]
fn a_result_comes_without_its_envelope_and_an_error_with_its_code() {
    let host = TestHost::new();
    let failure = r#"{"jsonrpc":"2.0","id":3,"error":{"code":-32602,"message":"no","data":[1.0]}}"#;
    let id = host.load(mep(&json!({ "3": failure }))).unwrap();
    assert_eq!(text(host.call(id, "transform", r#"{"ir":1}"#)), r#"{"request":2}"#);
    let error = host.call(id, "transform", "{}").unwrap_err();
    assert_eq!((error.code(), error.message()), (ErrorCode::ExtensionError, "no"));
    let rpc = error.rpc().unwrap();
    assert_eq!((rpc.code, rpc.data.as_ref().unwrap().get()), (-32602, "[1.0]"));
    assert_eq!(text(host.call(id, "transform", "")), r#"{"request":4}"#);
}

#[test]
fn a_session_ends_with_its_instance() {
    let host = TestHost::new();
    let id = host.load(ExtensionConfig { instances: 2, ..mep(&json!({ "3": "!" })) }).unwrap();
    for _ in 0..5 {
        // Each second request of an instance traps; had it no session of its own, the first would be answered as the opening is.
        let answers: Vec<_> = (0..4).map(|_| host.submit(id, "transform", "{}").unwrap()).collect();
        for ticket in answers {
            match host.answer(ticket) {
                Ok(answer) => assert_eq!(answer, br#"{"request":2}"#),
                Err(error) => assert_eq!(error.code(), ErrorCode::Trap, "{error}"),
            }
        }
    }
    assert!(host.host.stats(id).unwrap().generation > 5);
}
