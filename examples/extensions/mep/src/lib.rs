//! A Morphir extension on Morphir's own SDK: it documents the modules that have no documentation, and reports them.
//!
//! The SDK's macro makes the exports: `handle`, through which every request comes, and two that describe the extension.

mod document;

use std::collections::HashMap;

use morphir_extension_sdk::prelude::*;
use serde_json::Value;

/// The text for undocumented modules when neither the config nor the call has one.
const NOT_DOCUMENTED: &str = "Not documented yet.";

#[derive(Default)]
pub struct Documentation;

impl Extension for Documentation {
    fn info() -> ExtensionInfo {
        ExtensionInfo {
            id: "document-modules".into(),
            name: "Document modules".into(),
            version: env!("CARGO_PKG_VERSION").into(),
            description: Some("Documents the modules that have no documentation".into()),
            ..ExtensionInfo::default()
        }
    }
}

impl Transform for Documentation {
    /// Gives each undocumented module of `ir` a text: that of `options.documentation`, or that of the config.
    fn transform(&self, TransformRequest { mut ir, options }: TransformRequest) -> Result<TransformResult> {
        let text = documentation(&options)?;
        let modules = document::undocumented(&mut ir).map_err(ExtensionError::InvalidParams)?;
        let diagnostics = modules.iter().map(|module| said(DiagnosticSeverity::Info, module, "got one")).collect();
        let documented = modules.len();
        for module in modules {
            module.doc.insert("doc".into(), text.clone().into());
        }
        host_info!("documented {documented} modules");
        Ok(TransformResult { success: true, ir: Some(ir), diagnostics })
    }
}

impl Validator for Documentation {
    /// Warns of each module of `ir` that has no documentation.
    fn validate(&self, mut request: ValidateRequest) -> Result<ValidateResult> {
        let modules = document::undocumented(&mut request.ir).map_err(ExtensionError::InvalidParams)?;
        let diagnostics: Vec<_> =
            modules.iter().map(|module| said(DiagnosticSeverity::Warning, module, "needs one")).collect();
        Ok(ValidateResult { valid: diagnostics.is_empty(), diagnostics })
    }
}

fn said(severity: DiagnosticSeverity, module: &document::Undocumented<'_>, what: &str) -> Diagnostic {
    let message = format!("{} has no documentation, and {what}.", module.name);
    Diagnostic { severity, code: Some("no-documentation".into()), message, location: None, related: vec![] }
}

/// The text that a call's options or the config ask for.
fn documentation(options: &HashMap<String, Value>) -> Result<String> {
    let asked = match options.get("documentation") {
        Some(value) => Some(value.as_str().unwrap_or_default().to_owned()),
        None => configured(),
    };
    match asked {
        Some(text) if text.is_empty() => {
            Err(ExtensionError::InvalidParams("documentation must be a text that is not empty".into()))
        }
        Some(text) => Ok(text),
        None => Ok(NOT_DOCUMENTED.into()),
    }
}

#[cfg(target_arch = "wasm32")]
fn configured() -> Option<String> {
    get_config("documentation")
}

/// There is no host to ask where the code is tested.
#[cfg(not(target_arch = "wasm32"))]
const fn configured() -> Option<String> {
    None
}

export_extension!(Documentation, transform, validator);
