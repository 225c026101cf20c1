//! A Morphir extension that renames a package throughout an IR.
//!
//! The exports are the three of the protocol: `initialize`, `capabilities` and one method, `transform`.

mod grammar;
mod mentions;
pub mod name;
pub mod rename;

use extism_pdk::{Error, FnResult, info, plugin_fn, var};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::name::PackageName;
use crate::rename::{Outcome, rename};

/// What a call leaves out of its options, `initialize` may have set.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with from and to")]
struct Names {
    from: Option<PackageName>,
    to: Option<PackageName>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with ir and options")]
struct TransformParams<'params> {
    #[serde(borrow)]
    ir: &'params RawValue,
    #[serde(default)]
    options: Names,
}

#[derive(Serialize)]
struct TransformResult {
    transformed: bool,
    references: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    output: Box<RawValue>,
}

/// Takes default names: `{"from"?, "to"?}`, or `null` for none.
#[plugin_fn]
pub fn initialize(config: String) -> FnResult<String> {
    let _: Option<Names> = serde_json::from_str(&config).map_err(|error| Error::msg(format!("config: {error}")))?;
    var::set("config", &config)?;
    Ok(r#"{"status":"ready"}"#.to_string())
}

#[plugin_fn]
pub fn capabilities() -> FnResult<String> {
    Ok(include_str!("capabilities.json").to_string())
}

#[plugin_fn]
pub fn transform(params_json: String) -> FnResult<String> {
    let params: TransformParams =
        serde_json::from_str(&params_json).map_err(|error| Error::msg(format!("params: {error}")))?;
    let defaults: Names = match var::get::<String>("config")? {
        Some(config) => serde_json::from_str::<Option<Names>>(&config)?.unwrap_or_default(),
        None => Names::default(),
    };
    let from = params.options.from.or(defaults.from);
    let to = params
        .options
        .to
        .or(defaults.to)
        .ok_or_else(|| Error::msg("options.to is missing: the new package name, for example \"AcmeRegs\""))?;

    let result = match rename(params.ir.get(), from.as_ref(), &to)? {
        Outcome::Renamed { ir, from, references } => {
            info!("renamed package {from} to {to} in {references} references");
            TransformResult { transformed: true, references, note: None, output: RawValue::from_string(ir)? }
        }
        Outcome::Unchanged { why } => {
            info!("nothing renamed: {why}");
            TransformResult { transformed: false, references: 0, note: Some(why), output: params.ir.to_owned() }
        }
    };
    Ok(serde_json::to_string(&result)?)
}
