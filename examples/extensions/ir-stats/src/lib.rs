//! A Morphir extension that counts the features that a model uses.
//!
//! The exports are the three of the protocol: `initialize`, `capabilities` and one method, `validate`.

pub mod expansion;
pub mod features;
pub mod ir;
pub mod json;
pub mod name;
pub mod tally;

use std::collections::BTreeSet;

use extism_pdk::{Error, FnResult, info, plugin_fn, var};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::expansion::Counts;
use crate::features::features;

/// What a call leaves out of its options, `initialize` may have set.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with supported")]
struct Options {
    supported: Option<BTreeSet<String>>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with ir and options")]
struct ValidateParams<'params> {
    #[serde(borrow)]
    ir: &'params RawValue,
    #[serde(default)]
    options: Options,
}

#[derive(Serialize)]
struct ValidateResult {
    valid: bool,
    diagnostics: Vec<Diagnostic>,
    features: Counts,
}

#[derive(Serialize)]
struct Diagnostic {
    severity: &'static str,
    code: &'static str,
    message: String,
    data: Unsupported,
}

#[derive(Serialize)]
struct Unsupported {
    feature: String,
    count: u64,
}

/// Takes what is supported by default: `{"supported"?}`, or `null`.
#[plugin_fn]
pub fn initialize(config: String) -> FnResult<String> {
    let _: Option<Options> = serde_json::from_str(&config).map_err(|error| Error::msg(format!("config: {error}")))?;
    var::set("config", &config)?;
    Ok(r#"{"status":"ready"}"#.to_string())
}

#[plugin_fn]
pub fn capabilities() -> FnResult<String> {
    Ok(include_str!("capabilities.json").to_string())
}

#[plugin_fn]
pub fn validate(params_json: String) -> FnResult<String> {
    let params: ValidateParams =
        serde_json::from_str(&params_json).map_err(|error| Error::msg(format!("params: {error}")))?;
    let defaults: Options = match var::get::<String>("config")? {
        Some(config) => serde_json::from_str::<Option<Options>>(&config)?.unwrap_or_default(),
        None => Options::default(),
    };
    let features = features(params.ir)?;
    let diagnostics = match params.options.supported.or(defaults.supported) {
        Some(supported) => unsupported(&features, &supported),
        None => Vec::new(),
    };
    info!("counted {} features, {} of them unsupported", features.len(), diagnostics.len());
    Ok(serde_json::to_string(&ValidateResult { valid: diagnostics.is_empty(), diagnostics, features })?)
}

fn unsupported(features: &Counts, supported: &BTreeSet<String>) -> Vec<Diagnostic> {
    let beyond = features.iter().filter(|(feature, _)| !supported.contains(*feature));
    let diagnostic = |(feature, count): (&String, &u64)| Diagnostic {
        severity: "error",
        code: "unsupported-feature",
        message: format!("the model uses {feature}, which is not supported"),
        data: Unsupported { feature: feature.clone(), count: *count },
    };
    beyond.map(diagnostic).collect()
}
