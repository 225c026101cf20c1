//! A Morphir extension that makes a JSON Schema of a model's types.
//!
//! The exports are the three of the protocol: `initialize`, `capabilities` and one method, `generate`.

pub mod ir;
pub mod json;
pub mod mapping;
pub mod name;
pub mod schema;
pub mod tpe;

use extism_pdk::{Error, FnResult, info, plugin_fn, var};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::mapping::{Mapped, map};

/// What a call leaves out of its options, `initialize` may have set.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, expecting = "an object with filename")]
struct Options {
    filename: Option<FileName>,
}

/// The name of the artifact, without the ending.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct FileName(String);

impl TryFrom<String> for FileName {
    type Error = String;

    /// A path would let whoever writes the artifacts write elsewhere.
    fn try_from(name: String) -> Result<Self, String> {
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
            return Err(format!(
                "filename {name:?} must be the name of a file: not empty, no path, and no dot in front"
            ));
        }
        Ok(Self(name))
    }
}

#[derive(Deserialize)]
#[serde(expecting = "an object with ir and options")]
struct GenerateParams<'params> {
    #[serde(borrow)]
    ir: &'params RawValue,
    #[serde(default)]
    options: Options,
}

#[derive(Serialize)]
struct GenerateResult {
    success: bool,
    artifacts: Vec<Artifact>,
    diagnostics: Vec<Diagnostic>,
}

#[derive(Serialize)]
struct Artifact {
    path: String,
    content: String,
}

#[derive(Serialize)]
struct Diagnostic {
    severity: &'static str,
    code: &'static str,
    message: String,
}

/// Takes the default name: `{"filename"?}`, or `null`.
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
pub fn generate(params_json: String) -> FnResult<String> {
    let params: GenerateParams =
        serde_json::from_str(&params_json).map_err(|error| Error::msg(format!("params: {error}")))?;
    let defaults: Options = match var::get::<String>("config")? {
        Some(config) => serde_json::from_str::<Option<Options>>(&config)?.unwrap_or_default(),
        None => Options::default(),
    };
    let Mapped { package, document, refused, missing } = map(params.ir)?;
    let name = params.options.filename.or(defaults.filename).map_or_else(|| package.clone(), |FileName(name)| name);
    let success = refused.is_empty();
    let mut artifacts = Vec::new();
    if success {
        artifacts.push(Artifact { path: format!("{name}.json"), content: document.to_text()? });
    }
    info!("{} definitions for package {package}, {} types refused", document.definitions.len(), refused.len());
    let refused = refused.into_iter().map(|message| Diagnostic { severity: "error", code: "unmapped-type", message });
    let missing = missing.into_iter().map(|(definition, name)| Diagnostic {
        severity: "warning",
        code: "undefined-reference",
        message: format!("{definition} refers to {name}, which the schema does not define"),
    });
    let diagnostics = refused.chain(missing).collect();
    Ok(serde_json::to_string(&GenerateResult { success, artifacts, diagnostics })?)
}
