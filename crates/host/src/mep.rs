//! The Morphir Extension Protocol, version 0.1: JSON-RPC 2.0 through one exported function, in sessions that the guest keeps.
//!
//! Params and results stay text: a request is written around the params, and an answer is the part of the guest's text that holds the
//! result.

use std::borrow::Cow;
use std::sync::Arc;

use serde::de::{Deserializer, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::capability::{Capability, check_length, quote};
use crate::error::{ErrorCode, ExtensionError, Result, RpcError};
use crate::text::shorten;

/// The export that takes every request.
pub(crate) const HANDLE: &str = "handle";
/// The export that describes the extension, also before there is a session.
pub(crate) const INFO: &str = "morphir_extension_info";

/// Opens a session.
pub(crate) const INITIALIZE: &str = "morphir.initialize";
/// Asks for a sign of life.
pub(crate) const PING: &str = "morphir.ping";

/// The one version that this host speaks.
const VERSION: &str = "0.1";

const METHOD_NOT_FOUND: i64 = -32601;
const VERSION_MISMATCH: i64 = -32011;
const NOT_ADVERTISED: i64 = -32013;
const NOT_INITIALIZED: i64 = -32014;

/// The most characters of an extension's own error message that are kept, as with Extism's errors.
const MAX_MESSAGE: usize = 64 * 1024;
/// The most bytes of an error's data that are kept: callers read it on threads that have better things to do.
const MAX_DATA_BYTES: usize = 64 * 1024;

/// Something that extensions of a kind can be asked to do.
#[derive(Debug)]
struct Operation {
    /// As an extension declares it.
    kind: &'static str,
    /// As callers may call it.
    name: &'static str,
    /// As the protocol calls it.
    method: &'static str,
    about: &'static str,
}

const OPERATIONS: [Operation; 5] = [
    Operation {
        kind: "frontend",
        name: "compile",
        method: "morphir.frontend.compile",
        about: "Compiles sources to Morphir IR",
    },
    Operation {
        kind: "backend",
        name: "generate",
        method: "morphir.backend.generate",
        about: "Generates code from Morphir IR",
    },
    Operation {
        kind: "validator",
        name: "validate",
        method: "morphir.validator.validate",
        about: "Checks Morphir IR and answers diagnostics",
    },
    Operation {
        kind: "transform",
        name: "transform",
        method: "morphir.transform.transform",
        about: "Transforms Morphir IR",
    },
    Operation {
        kind: "workspace",
        name: "discover",
        method: "morphir.workspace.discover",
        about: "Finds Morphir projects in a tree of files",
    },
];

/// What the host says itself, and callers may not: the session is its own.
const OF_THE_SESSION: [&str; 4] = [INITIALIZE, "morphir.initialized", "morphir.shutdown", "morphir.exit"];
/// What can be asked of any extension.
const OF_ALL: [&str; 4] =
    [PING, "morphir.extension.describe", "morphir.extension.info", "morphir.extension.capabilities"];

/// Whether the protocol has a method of this name, so that figures can be kept of it: callers may call any name.
pub(crate) fn is_known(method: &str) -> bool {
    let of_operation = |operation: &Operation| operation.name == method || operation.method == method;
    OPERATIONS.iter().any(of_operation) || OF_ALL.contains(&method)
}

/// What an extension says that it can do.
#[derive(Debug)]
pub(crate) struct Advertised {
    /// It knows no sessions.
    pub early: bool,
    operations: Vec<&'static Operation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Initialized {
    protocol_version: String,
    extension: Info,
    #[serde(default)]
    capabilities: Value,
}

#[derive(Deserialize)]
struct Info {
    types: Vec<String>,
}

impl Advertised {
    /// Reads the result of `morphir.initialize`.
    fn read(result: &[u8]) -> Result<Self> {
        check_length(result)?;
        let read: Initialized = serde_json::from_slice(result).map_err(|error| {
            protocol(format!(
                "`{{protocolVersion, extension, capabilities}}` was expected, but it answered {}: {error}",
                quote(result)
            ))
        })?;
        if read.protocol_version != VERSION {
            let version = shorten(&read.protocol_version, 40);
            let message =
                format!("The extension speaks version {version:?} of its protocol; this host speaks {VERSION:?}.");
            let data = serde_json::json!({ "hostVersions": [VERSION], "extensionVersions": [version] });
            let data = serde_json::value::to_raw_value(&data).ok();
            let error = ExtensionError::new(ErrorCode::ProtocolError, message);
            return Err(error.with_rpc(RpcError { code: VERSION_MISMATCH, data }));
        }
        let denied = |operation: &Operation| {
            let claim = read.capabilities.get(operation.kind).and_then(|capability| capability.get(operation.name));
            claim == Some(&Value::Bool(false))
        };
        Ok(Self { early: false, operations: operations(&read.extension, denied) })
    }

    /// Reads what the export that describes an extension answered.
    fn read_info(answer: &[u8]) -> Result<Self> {
        check_length(answer)?;
        let info = serde_json::from_slice(answer).map_err(|error| {
            protocol(format!("an object with `types` was expected, but it answered {}: {error}", quote(answer)))
        })?;
        Ok(Self { early: true, operations: operations(&info, |_| false) })
    }

    /// The protocol's name of a method.
    pub fn find<'a>(&self, method: &'a str) -> Result<&'a str> {
        let refuse = |message| Err(ExtensionError::new(ErrorCode::MethodNotFound, message));
        if OF_THE_SESSION.contains(&method) {
            return refuse(format!("`{method}` is the host's own to say: it opens each session itself."));
        }
        let named = |operation: &&Operation| operation.name == method || operation.method == method;
        match OPERATIONS.iter().find(named) {
            Some(operation) if self.operations.iter().any(|advertised| advertised.kind == operation.kind) => {
                Ok(operation.method)
            }
            // The extension's own affair.
            None if method.contains('.') => Ok(method),
            _ => {
                let names: Vec<&str> = self.operations.iter().map(|operation| operation.name).collect();
                let there = if names.is_empty() { "no method".into() } else { names.join(", ") };
                refuse(format!("The extension has not advertised `{}`. It has: {there}.", shorten(method, 80)))
            }
        }
    }

    pub fn capabilities(&self) -> Vec<Capability> {
        let capability = |operation: &&Operation| Capability {
            name: operation.name.into(),
            description: format!("{} ({})", operation.about, operation.method),
            params_schema: None,
            return_schema: None,
        };
        self.operations.iter().map(capability).collect()
    }
}

fn operations(info: &Info, denied: impl Fn(&Operation) -> bool) -> Vec<&'static Operation> {
    let declared = |operation: &&Operation| info.types.iter().any(|kind| kind == operation.kind);
    OPERATIONS.iter().filter(declared).filter(|operation| !denied(operation)).collect()
}

/// The session of one instance. It lives in the guest's memory, so it ends with it.
#[derive(Default)]
pub(crate) struct Session {
    advertised: Option<Arc<Advertised>>,
    last_id: u64,
}

impl Session {
    /// What the extension advertised, once the session is open.
    pub fn advertised(&self) -> Option<&Arc<Advertised>> {
        self.advertised.as_ref()
    }

    /// The request that opens it.
    pub fn opening(&mut self) -> Result<Request> {
        let host = serde_json::json!({ "kind": "unspecified", "name": env!("CARGO_PKG_NAME"), "version": env!("CARGO_PKG_VERSION") });
        let params = serde_json::json!({ "protocolVersions": [VERSION], "host": host });
        self.request(INITIALIZE, params.to_string().as_bytes())
    }

    /// Opens it with what that answered. Answers whether the extension knows no sessions: then it has to be asked what it is.
    pub fn open(&mut self, result: Result<Vec<u8>>) -> Result<bool> {
        match result {
            Ok(result) => {
                self.advertised = Some(Arc::new(Advertised::read(&result)?));
                Ok(false)
            }
            Err(error) if error.rpc().is_some_and(|rpc| rpc.code == METHOD_NOT_FOUND) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Opens it with what the export that describes the extension answered.
    pub fn open_early(&mut self, info: &[u8]) -> Result<()> {
        self.advertised = Some(Arc::new(Advertised::read_info(info)?));
        Ok(())
    }

    /// The request that calls a method, by the protocol's name or its short one.
    pub fn call(&mut self, method: &str, params: &[u8]) -> Result<Request> {
        let method = match &self.advertised {
            Some(advertised) => advertised.find(method)?,
            None => method,
        };
        // What ends the params early would say more than params: another method, another id.
        if !params.is_empty()
            && let Err(error) = serde_json::from_slice::<IgnoredAny>(params)
        {
            let message = format!("The params are not JSON: {error}.");
            return Err(ExtensionError::new(ErrorCode::SerializationError, message));
        }
        self.request(method, params)
    }

    fn request(&mut self, method: &str, params: &[u8]) -> Result<Request> {
        #[derive(Serialize)]
        struct Envelope<'a> {
            jsonrpc: &'static str,
            id: u64,
            method: &'a str,
        }
        self.last_id += 1;
        let envelope = serde_json::to_string(&Envelope { jsonrpc: "2.0", id: self.last_id, method })
            .map_err(|error| protocol(format!("the method's name cannot be written as JSON: {error}")))?;
        let params: &[u8] = if params.is_empty() { b"{}" } else { params };
        let text =
            [envelope.strip_suffix('}').unwrap_or(&envelope).as_bytes(), br#","params":"#, params, b"}"].concat();
        Ok(Request { id: self.last_id, text })
    }
}

/// One request, and what has to come of it.
pub(crate) struct Request {
    id: u64,
    pub text: Vec<u8>,
}

#[derive(Deserialize)]
struct Response<'a> {
    #[serde(borrow)]
    jsonrpc: Cow<'a, str>,
    #[serde(default, borrow)]
    id: Option<&'a RawValue>,
    // Null is a result, and none is none.
    #[serde(default, borrow, deserialize_with = "present")]
    result: Option<&'a RawValue>,
    #[serde(default, borrow)]
    error: Option<&'a RawValue>,
}

fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

#[derive(Deserialize)]
struct Failure<'a> {
    code: i64,
    #[serde(borrow)]
    message: Cow<'a, str>,
    #[serde(default, borrow)]
    data: Option<&'a RawValue>,
}

impl Request {
    /// The result in an answer, as text.
    pub fn read(&self, mut answer: Vec<u8>) -> Result<Vec<u8>> {
        let (start, length) = {
            let result = self.result(&answer)?.get();
            (result.as_ptr().addr() - answer.as_ptr().addr(), result.len())
        };
        answer.truncate(start + length);
        answer.drain(..start);
        Ok(answer)
    }

    fn result<'a>(&self, answer: &'a [u8]) -> Result<&'a RawValue> {
        let wrong = |what: &str| Err(protocol(format!("JSON-RPC 2.0 was expected, but {what}: {}", quote(answer))));
        let response: Response<'a> = match serde_json::from_slice(answer) {
            Ok(response) => response,
            Err(error) => return wrong(&format!("the answer is not it ({error})")),
        };
        if response.jsonrpc != "2.0" {
            return wrong("the answer has another version");
        }
        if response.id.map(RawValue::get) != Some(&*self.id.to_string()) {
            return wrong(&format!("the answer is not to request {}", self.id));
        }
        match (response.result, response.error) {
            (Some(result), None) => Ok(result),
            (None, Some(error)) => match serde_json::from_str::<Failure<'_>>(error.get()) {
                Ok(failure) => Err(failed(&failure)),
                Err(error) => wrong(&format!("its error has no code or no message ({error})")),
            },
            (Some(_), Some(_)) => wrong("the answer has both a result and an error"),
            (None, None) => wrong("the answer has neither a result nor an error"),
        }
    }
}

/// The session is gone although the guest is there: it has to be started anew.
pub(crate) fn has_lost_session(error: &ExtensionError) -> bool {
    error.rpc().is_some_and(|rpc| rpc.code == NOT_INITIALIZED)
}

fn failed(failure: &Failure<'_>) -> ExtensionError {
    let Failure { code, message, data } = failure;
    let message = match &**message {
        "" => format!("The extension answered the error {code} without saying why."),
        message => shorten(message, MAX_MESSAGE),
    };
    let data = data.filter(|data| data.get().len() <= MAX_DATA_BYTES).map(ToOwned::to_owned);
    ExtensionError::new(code_of(*code), message).with_rpc(RpcError { code: *code, data })
}

/// The code of a JSON-RPC error. The guest chooses it, so none of those that tell what the host knows: a guest that says that it was
/// cancelled was not.
const fn code_of(code: i64) -> ErrorCode {
    match code {
        METHOD_NOT_FOUND | NOT_ADVERTISED => ErrorCode::MethodNotFound,
        // What the host sent was no request to it, or came out of turn: they do not speak the same protocol.
        -32700 | -32600 | NOT_INITIALIZED => ErrorCode::ProtocolError,
        _ => ErrorCode::ExtensionError,
    }
}

fn protocol(what: String) -> ExtensionError {
    ExtensionError::new(ErrorCode::ProtocolError, format!("{what}."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(result: &str) -> Result<Session> {
        let mut session = Session::default();
        session.open(Ok(result.into()))?;
        Ok(session)
    }

    fn transform() -> Session {
        open(r#"{"protocolVersion":"0.1","extension":{"types":["transform"]},"capabilities":{}}"#).unwrap()
    }

    #[test]
    fn a_request_is_written_around_its_params() {
        let mut session = transform();
        let request = session.call("transform", br#"{"ir": 1.50}"#).unwrap();
        let expected = r#"{"jsonrpc":"2.0","id":1,"method":"morphir.transform.transform","params":{"ir": 1.50}}"#;
        assert_eq!(String::from_utf8(request.text).unwrap(), expected);
        let request = session.call("morphir.\"x\"}", b"").unwrap();
        let expected = r#"{"jsonrpc":"2.0","id":2,"method":"morphir.\"x\"}","params":{}}"#;
        assert_eq!(String::from_utf8(request.text).unwrap(), expected);
    }

    #[test]
    fn params_say_nothing_but_params() {
        let mut session = transform();
        for params in [r#"{},"method":"morphir.exit""#, "{}}", "{", "{} {}", "x", " ", "{}\u{0}"] {
            let error = session.call("transform", params.as_bytes()).map(|request| request.text).unwrap_err();
            assert_eq!(error.code(), ErrorCode::SerializationError, "{params}");
        }
    }

    #[test]
    fn a_result_keeps_its_text() {
        let request = transform().call("transform", b"").unwrap();
        for (answer, result) in [
            (r#"{"jsonrpc":"2.0","result":{"a": [1.50]} ,"id":1}"#, r#"{"a": [1.50]}"#),
            (r#" {"id":1,"result":null,"jsonrpc":"2.0","error":null}"#, "null"),
            (r#"{"jsonrpc":"2.0","id":1,"result":"\u00e9","more":[{}]}"#, r#""\u00e9""#),
        ] {
            assert_eq!(String::from_utf8(request.read(answer.into()).unwrap()).unwrap(), result);
        }
    }

    #[test]
    fn what_is_no_answer_is_told_with_its_beginning() {
        let request = transform().call("transform", b"").unwrap();
        for (answer, why) in [
            ("", "the answer is not it"),
            ("pong", "the answer is not it"),
            ("[]", "the answer is not it"),
            (r#"{"jsonrpc":"2.0","id":1,"result":1,"result":2}"#, "duplicate"),
            (r#"{"id":1,"result":{}}"#, "missing field `jsonrpc`"),
            (r#"{"jsonrpc":"1.0","id":1,"result":{}}"#, "another version"),
            (r#"{"jsonrpc":"2.0","id":2,"result":{}}"#, "not to request 1"),
            (r#"{"jsonrpc":"2.0","id":"1","result":{}}"#, "not to request 1"),
            (r#"{"jsonrpc":"2.0","result":{}}"#, "not to request 1"),
            (r#"{"jsonrpc":"2.0","id":1}"#, "neither"),
            (r#"{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}}"#, "both"),
            (r#"{"jsonrpc":"2.0","id":1,"error":"no"}"#, "no code"),
            (r#"{"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":""}}"#, "no code"),
        ] {
            let error = request.read(answer.into()).unwrap_err();
            assert_eq!(error.code(), ErrorCode::ProtocolError, "{answer}");
            assert!(error.message().contains(why), "{answer}: {error}");
        }
    }

    #[test]
    fn an_error_keeps_its_code_and_its_data() {
        let request = transform().call("transform", b"").unwrap();
        let of = |code: i64, more: &str| {
            let answer = format!(r#"{{"jsonrpc":"2.0","id":1,"error":{{"code":{code},"message":"no"{more}}}}}"#);
            request.read(answer.into()).unwrap_err()
        };
        for (code, expected) in [
            (-32700, ErrorCode::ProtocolError),
            (-32600, ErrorCode::ProtocolError),
            (-32601, ErrorCode::MethodNotFound),
            (-32602, ErrorCode::ExtensionError),
            (-32603, ErrorCode::ExtensionError),
            (-32800, ErrorCode::ExtensionError),
            (-32010, ErrorCode::ExtensionError),
            (-32011, ErrorCode::ExtensionError),
            (-32012, ErrorCode::ExtensionError),
            (-32013, ErrorCode::MethodNotFound),
            (-32014, ErrorCode::ProtocolError),
            (-32004, ErrorCode::ExtensionError),
            (7, ErrorCode::ExtensionError),
        ] {
            let error = of(code, r#","data":{"why": 1.0}"#);
            let data = error.rpc().and_then(|rpc| rpc.data.as_ref()).map(|data| data.get());
            assert_eq!((error.code(), error.rpc().unwrap().code), (expected, code));
            assert_eq!((error.message(), data), ("no", Some(r#"{"why": 1.0}"#)));
        }
        let long = format!(r#","data":"{}""#, "x".repeat(MAX_DATA_BYTES));
        assert!(of(1, &long).rpc().unwrap().data.is_none());
        assert!(of(1, "").rpc().unwrap().data.is_none());
    }

    #[test]
    fn only_what_is_advertised_can_be_called_by_its_short_name() {
        let session = open(
            r#"{"protocolVersion":"0.1","extension":{"id":"x","types":["backend","frontend","tea"]},
                "capabilities":{"frontend":{"compile":false},"backend":{"generate":true}}}"#,
        )
        .unwrap();
        let advertised = session.advertised().unwrap();
        assert_eq!(advertised.find("generate").unwrap(), "morphir.backend.generate");
        assert_eq!(advertised.find("morphir.backend.generate").unwrap(), "morphir.backend.generate");
        assert_eq!(advertised.find("acme.brew").unwrap(), "acme.brew");
        for method in ["compile", "morphir.frontend.compile", "transform", "brew", "handle", "morphir.exit"] {
            assert_eq!(advertised.find(method).unwrap_err().code(), ErrorCode::MethodNotFound, "{method}");
        }
        let names: Vec<String> = advertised.capabilities().into_iter().map(|found| found.name).collect();
        assert_eq!(names, ["generate"]);
    }

    #[test]
    fn a_session_needs_a_version_and_types() {
        for wrong in ["{}", "[]", r#"{"protocolVersion":"0.1","extension":{}}"#, "7"] {
            assert_eq!(open(wrong).map(drop).unwrap_err().code(), ErrorCode::ProtocolError, "{wrong}");
        }
        let other = open(r#"{"protocolVersion":"9","extension":{"types":[]}}"#).map(drop).unwrap_err();
        assert_eq!(other.rpc().unwrap().code, VERSION_MISMATCH);
        let data = other.rpc().unwrap().data.as_ref().unwrap();
        assert_eq!(data.get(), r#"{"hostVersions":["0.1"],"extensionVersions":["9"]}"#);
    }
}
