//! Renames a package: its own name and every reference to it, nothing else.
//!
//! The IR stays text. The places that name the package are found first and only their bytes are replaced, so key order,
//! numbers and white space come out as they went in, and renaming back gives the same bytes.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::mentions::mentions;
use crate::name::{InvalidName, PackageName};

/// What became of an IR.
#[derive(Debug)]
pub enum Outcome {
    /// The new text, and the name it had.
    Renamed {
        ir: String,
        from: PackageName,
        /// How many fully qualified names changed.
        references: usize,
    },
    /// There was nothing to do.
    Unchanged { why: String },
}

/// Renames package `from`, by default the distribution's own, to `to`.
pub fn rename(ir: &str, from: Option<&PackageName>, to: &PackageName) -> Result<Outcome, RenameError> {
    let file: File = serde_json::from_str(ir).map_err(RenameError::NotAnIr)?;
    // morphir-elm writes 3, newer tools write "3.0.0".
    let version = file.format_version.get();
    match version.trim_matches('"').split('.').next() {
        Some("3") => rename_v3(ir, file.distribution.get(), from, to),
        Some("4") => Ok(Outcome::Unchanged {
            why: "IR format version 4 is a draft, which this extension passes through as it is".to_owned(),
        }),
        _ => Err(RenameError::UnknownVersion(version.to_owned())),
    }
}

fn rename_v3(
    ir: &str,
    distribution: &str,
    from: Option<&PackageName>,
    to: &PackageName,
) -> Result<Outcome, RenameError> {
    let mentions = mentions(distribution).map_err(RenameError::NotVersion3)?;
    let own = PackageName::from_ir(mentions[0].path).map_err(RenameError::BadPath)?;
    let from = from.unwrap_or(&own);
    if from == to {
        return Ok(Outcome::Unchanged { why: format!("package {to} already has this name") });
    }

    // A model spells a package the same way thousands of times: each spelling is read once.
    let mut packages = HashMap::new();
    for mention in &mentions {
        if !packages.contains_key(mention.path) {
            let package = PackageName::from_ir(mention.path).map_err(RenameError::BadPath)?;
            packages.insert(mention.path, package);
        }
    }
    if !packages.values().any(|package| package == from) {
        return Ok(Outcome::Unchanged { why: format!("the model does not name package {from}") });
    }
    if packages.values().any(|package| package == to) {
        return Err(RenameError::NameTaken(to.clone()));
    }

    let replacement = to.to_ir();
    let mut output = String::with_capacity(ir.len() + mentions.len() * replacement.len());
    let mut copied = 0;
    let mut references = 0;
    for mention in mentions.iter().filter(|mention| packages[mention.path] == *from) {
        // Both are slices of the same text.
        let start = mention.path.as_ptr().addr() - ir.as_ptr().addr();
        output.push_str(&ir[copied..start]);
        output.push_str(&replacement);
        copied = start + mention.path.len();
        references += usize::from(mention.is_reference);
    }
    output.push_str(&ir[copied..]);
    Ok(Outcome::Renamed { ir: output, from: from.clone(), references })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", expecting = "an object with formatVersion and distribution")]
struct File<'ir> {
    #[serde(borrow)]
    format_version: &'ir RawValue,
    distribution: &'ir RawValue,
}

/// Why an IR was not renamed. It is then untouched.
#[derive(Debug)]
pub enum RenameError {
    NotAnIr(serde_json::Error),
    UnknownVersion(String),
    NotVersion3(serde_json::Error),
    BadPath(InvalidName),
    NameTaken(PackageName),
}

impl fmt::Display for RenameError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAnIr(error) => write!(out, "ir is not a Morphir IR: {error}"),
            Self::UnknownVersion(version) => {
                write!(out, "ir has format version {version}; 3 and 4 are known")
            }
            Self::NotVersion3(error) => write!(out, "ir.distribution does not follow format version 3: {error}"),
            Self::BadPath(error) => write!(out, "ir.distribution names a package wrongly: {error}"),
            Self::NameTaken(name) => {
                write!(out, "the model already names package {name}: renaming would merge two packages")
            }
        }
    }
}

impl std::error::Error for RenameError {}

#[cfg(test)]
mod tests;
