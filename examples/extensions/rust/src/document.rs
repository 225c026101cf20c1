//! Gives a text to every module that has no documentation.
//!
//! Only the way down to a module's `doc` is read. All else stays the JSON text that it was: numbers keep their digits,
//! and it may nest as deep as it likes.

use indexmap::IndexMap;
use serde_json::Error;
use serde_json::value::{RawValue, to_raw_value};

/// An object with its keys in their order, and its values unread.
pub type Object<'json> = IndexMap<String, &'json RawValue>;

/// What became of an IR.
pub struct Documented {
    pub ir: Box<RawValue>,
    pub package: String,
    /// How many modules it has.
    pub modules: usize,
    /// How many of them got the text.
    pub documented: usize,
}

/// Documents the modules of an IR of format version 3; there is nothing to do for any other.
pub fn document(ir: &RawValue, text: &str) -> Result<Option<Documented>, Error> {
    let mut file: Object = serde_json::from_str(ir.get())?;
    if !file.get("formatVersion").is_some_and(|version| is_3(version)) {
        return Ok(None);
    }
    let (library, path, dependencies, mut package): (&RawValue, &RawValue, &RawValue, Object) =
        read(&file, "distribution")?;
    if library.get() != r#""Library""# {
        return Err(serde::de::Error::custom("the distribution is not a \"Library\""));
    }
    let name = name(&serde_json::from_str::<Vec<Vec<String>>>(path.get())?);
    let mut modules: Vec<(&RawValue, Object)> = read(&package, "modules")?;

    let text = to_raw_value(text)?;
    let mut changed = Vec::new();
    for (at, (_, module)) in modules.iter().enumerate() {
        let mut definition: Object = read(module, "value")?;
        let doc: Option<String> = match definition.get("doc") {
            Some(doc) => serde_json::from_str(doc.get())?,
            None => None,
        };
        if doc.is_none_or(|doc| doc.is_empty()) {
            definition.insert("doc".to_string(), &text);
            changed.push((at, to_raw_value(&definition)?));
        }
    }
    let (count, documented) = (modules.len(), changed.len());
    if documented == 0 {
        return Ok(Some(Documented { ir: ir.to_owned(), package: name, modules: count, documented }));
    }

    for (at, definition) in &changed {
        modules[*at].1.insert("value".to_string(), definition);
    }
    let modules = to_raw_value(&modules)?;
    package.insert("modules".to_string(), &modules);
    let distribution = to_raw_value(&(library, path, dependencies, &package))?;
    file.insert("distribution".to_string(), &distribution);
    Ok(Some(Documented { ir: to_raw_value(&file)?, package: name, modules: count, documented }))
}

/// A path is a list of names, each a list of its words: `[["tidewater"],["chartering"]]` is `Tidewater.Chartering`.
fn name(path: &[Vec<String>]) -> String {
    path.iter().map(|words| words.iter().map(|word| capitalized(word)).collect()).collect::<Vec<String>>().join(".")
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn is_3(version: &RawValue) -> bool {
    serde_json::from_str(version.get()).is_ok_and(|version: f64| version == 3.0)
}

/// Reads an entry that has to be there.
fn read<'json, T: serde::Deserialize<'json>>(object: &Object<'json>, key: &'static str) -> Result<T, Error> {
    let value = object.get(key).ok_or_else(|| serde::de::Error::missing_field(key))?;
    serde_json::from_str(value.get())
}

#[cfg(test)]
mod tests;
