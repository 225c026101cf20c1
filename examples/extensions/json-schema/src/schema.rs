//! JSON Schema, as far as types of a model need it, written with its keys in the order in which morphir-elm writes them.

use std::collections::BTreeMap;

use serde::ser::{Serialize, SerializeMap, Serializer};

/// What a value looks like.
pub enum Schema {
    Integer,
    Number,
    Boolean,
    Null,
    Text { format: Option<&'static str> },
    Const(String),
    Reference(String),
    List { items: Box<Schema>, unique: bool },
    Tuple(Vec<Schema>),
    Object { properties: BTreeMap<String, Schema>, required: Vec<String> },
    OneOf(Vec<Schema>),
}

impl Serialize for Schema {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Integer => map.serialize_entry("type", "integer")?,
            Self::Number => map.serialize_entry("type", "number")?,
            Self::Boolean => map.serialize_entry("type", "boolean")?,
            Self::Null => map.serialize_entry("type", "null")?,
            Self::Text { format } => {
                map.serialize_entry("type", "string")?;
                if let Some(format) = format {
                    map.serialize_entry("format", format)?;
                }
            }
            Self::Const(value) => map.serialize_entry("const", value)?,
            Self::Reference(definition) => map.serialize_entry("$ref", &format!("#/$defs/{definition}"))?,
            Self::List { items, unique } => {
                map.serialize_entry("type", "array")?;
                map.serialize_entry("items", items)?;
                if *unique {
                    map.serialize_entry("uniqueItems", &true)?;
                }
            }
            Self::Tuple(parts) => {
                map.serialize_entry("type", "array")?;
                map.serialize_entry("items", &false)?;
                map.serialize_entry("prefixItems", parts)?;
            }
            Self::Object { properties, required } => {
                map.serialize_entry("type", "object")?;
                map.serialize_entry("properties", properties)?;
                if !required.is_empty() {
                    map.serialize_entry("required", required)?;
                }
            }
            Self::OneOf(choices) => map.serialize_entry("oneOf", choices)?,
        }
        map.end()
    }
}

/// A schema with a definition for each type.
pub struct Document {
    pub id: String,
    pub definitions: BTreeMap<String, Schema>,
}

impl Document {
    /// With four spaces for each level, as morphir-elm writes it.
    pub fn to_text(&self) -> serde_json::Result<String> {
        let mut text = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
        self.serialize(&mut serde_json::Serializer::with_formatter(&mut text, formatter))?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("$id", &self.id)?;
        map.serialize_entry("$schema", "https://json-schema.org/draft/2020-12/schema")?;
        map.serialize_entry("$defs", &self.definitions)?;
        map.end()
    }
}
