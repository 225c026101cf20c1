//! A Morphir extension that finds faults in the values of a model.
//!
//! The exports are the three of the protocol: `initialize`, `capabilities` and one method, `validate`.

pub mod ir;
pub mod json;
pub mod name;
pub mod rule;
pub mod scope;
pub mod walk;

use extism_pdk::{Error, FnResult, info, plugin_fn, var};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::rule::{Rules, Severity};
use crate::walk::{Diagnostic, lint};

/// What a call leaves out of its rules, `initialize` may have set.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with rules")]
struct Options {
    #[serde(default)]
    rules: Rules,
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
}

/// Takes rules for all calls: `{"rules"?}`, or `null` for none.
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
    let diagnostics = lint(params.ir, &params.options.rules.or(defaults.rules))?;
    info!("found {} faults", diagnostics.len());
    let valid = diagnostics.iter().all(|diagnostic| diagnostic.severity != Severity::Error);
    Ok(serde_json::to_string(&ValidateResult { valid, diagnostics })?)
}
