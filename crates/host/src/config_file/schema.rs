//! JSON Schema of configuration files, for editors.

use serde_json::{Map, Value, json};

use super::keys::{DIRECTORY, EXTENSION, Key, NAME, PERMISSIONS, RESTART, SOURCE};
use crate::config::MAX_EXECUTION_TIME;

const SIZE: &str = r"^([0-9]+|[0-9]+(\.[0-9]+)?\s*([bB]|[kKmMgGtTpPeE][iI]?[bB]?))$";
const DURATION: &str = r"^([0-9]+(\.[0-9]+)?\s*(nanos|nsec|ns|usec|us|millis|msec|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d)\s*)+$";

/// The JSON Schema (draft 2020-12) of the `extensions` in a configuration file such as `morphir.toml`, in both of their shapes. What
/// else such a file holds is left alone.
#[must_use]
pub fn config_schema() -> Value {
    let with_module = |mut table: Value| {
        table["oneOf"] = json!([{ "required": ["path"] }, { "required": ["source"] }]);
        table
    };
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Morphir extensions",
        "description": "The extensions that a morphir.toml lists, for @finos/morphir-extension-host.",
        "type": "object",
        "properties": {
            "extensions": {
                "description": "The extensions to load: a list, or a table with their names as keys.",
                "oneOf": [
                    { "type": "array", "items": { "$ref": "#/$defs/listed" } },
                    { "type": "object", "additionalProperties": { "$ref": "#/$defs/named" } },
                ],
            },
        },
        "$defs": {
            "listed": with_module(table(&[NAME, EXTENSION], &["name"])),
            "named": with_module(table(&[EXTENSION], &[])),
            "source": table(&[SOURCE], &["type", "path"]),
            "permissions": table(&[PERMISSIONS], &[]),
            "restart": table(&[RESTART], &["strategy"]),
            "directory": { "oneOf": [text(), table(&[DIRECTORY], &["path", "guest_path"])] },
        },
    })
}

/// A table with these keys and no other.
fn table<T>(keys: &[&[Key<T>]], required: &[&str]) -> Value {
    let properties: Map<String, Value> = keys.iter().copied().flatten().map(property).collect();
    let mut schema = json!({ "type": "object", "properties": properties, "additionalProperties": false });
    if !required.is_empty() {
        schema["required"] = json!(required);
    }
    schema
}

fn property<T>(key: &Key<T>) -> (String, Value) {
    let mut schema = json!({ "description": key.about });
    if let (Some(into), Value::Object(from)) = (schema.as_object_mut(), (key.schema)()) {
        into.extend(from);
    }
    (key.name.into(), schema)
}

pub(super) fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

pub(super) fn list(items: &Value) -> Value {
    json!({ "type": "array", "items": items, "default": [] })
}

pub(super) fn defined(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

pub(super) fn size(least: u64, most: u64, default: &str) -> Value {
    let bytes = json!({ "type": "integer", "minimum": least, "maximum": most });
    json!({ "oneOf": [bytes, { "type": "string", "pattern": SIZE }], "default": default })
}

pub(super) fn duration(default: &str) -> Value {
    let most = u64::try_from(MAX_EXECUTION_TIME.as_millis()).unwrap_or(u64::MAX);
    let milliseconds = json!({ "type": "number", "exclusiveMinimum": 0, "maximum": most });
    json!({ "oneOf": [milliseconds, { "type": "string", "pattern": DURATION }], "default": default })
}
