//! A Morphir extension that documents the modules that have no documentation.
//!
//! The exports are the protocol's `initialize` and `capabilities`, and the methods `transform` and `echo`.

pub mod document;

use extism_pdk::{Error, FnResult, info, plugin_fn, var};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::document::{Object, document};

/// The text for undocumented modules when neither the config nor the call has one.
const NOT_DOCUMENTED: &str = "Not documented yet.";

#[derive(Serialize)]
struct TransformResult {
    transformed: bool,
    documented: usize,
    output: Box<RawValue>,
}

/// Takes the config: `{"documentation"?: "text"}`.
#[plugin_fn]
pub fn initialize(config: String) -> FnResult<String> {
    let config: &RawValue =
        serde_json::from_str(&config).map_err(|error| Error::msg(format!("config is not JSON: {error}")))?;
    let config = object(config).ok_or_else(|| Error::msg("config must be an object"))?;
    var::set("documentation", documentation(&config)?.unwrap_or_else(|| NOT_DOCUMENTED.to_string()))?;
    Ok(r#"{"status":"ready"}"#.to_string())
}

#[plugin_fn]
pub fn capabilities() -> FnResult<String> {
    Ok(include_str!("capabilities.json").to_string())
}

/// Answers its params as they came.
#[plugin_fn]
pub fn echo(params: Vec<u8>) -> FnResult<Vec<u8>> {
    json(&params)?;
    Ok(params)
}

/// Documents the modules of `params.ir`.
#[plugin_fn]
pub fn transform(params: Vec<u8>) -> FnResult<String> {
    let params = object(json(&params)?).unwrap_or_default();
    let ir = params
        .get("ir")
        .filter(|ir| object(ir).is_some())
        .ok_or_else(|| Error::msg(r#"params need an "ir" that is an object"#))?;
    let options = match params.get("options") {
        Some(options) => object(options).ok_or_else(|| Error::msg("options must be an object"))?,
        None => Object::new(),
    };
    let text = match documentation(&options)? {
        Some(text) => text,
        None => var::get("documentation")?.unwrap_or_else(|| NOT_DOCUMENTED.to_string()),
    };

    let result = match document(ir, &text).map_err(|error| Error::msg(format!("the IR has no modules: {error}")))? {
        Some(done) => {
            info!("documented {} of {} modules of {}", done.documented, done.modules, done.package);
            TransformResult { transformed: done.documented > 0, documented: done.documented, output: done.ir }
        }
        None => {
            info!("passed through an IR of another format version");
            TransformResult { transformed: false, documented: 0, output: (*ir).to_owned() }
        }
    };
    Ok(serde_json::to_string(&result)?)
}

fn json(text: &[u8]) -> Result<&RawValue, Error> {
    serde_json::from_slice(text).map_err(|error| Error::msg(format!("params are not JSON: {error}")))
}

fn object(value: &RawValue) -> Option<Object<'_>> {
    serde_json::from_str(value.get()).ok()
}

/// The text that a config or a call's options ask for.
fn documentation(settings: &Object) -> Result<Option<String>, Error> {
    let Some(value) = settings.get("documentation") else { return Ok(None) };
    match serde_json::from_str::<String>(value.get()) {
        Ok(text) if !text.is_empty() => Ok(Some(text)),
        _ => Err(Error::msg("documentation must be a text that is not empty")),
    }
}
