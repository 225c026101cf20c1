//! The features that a model uses, as morphir-elm's command `morphir stats` counts them.

use std::fmt;

use serde_json::value::RawValue;

use crate::expansion::{Counts, Expansions, sdk};
use crate::ir::{IrError, Library, distribution};
use crate::json::{Json, Misfit, Tree};
use crate::tally::Tally;

/// The largest integer that every reader of JSON keeps.
const LARGEST: u64 = (1 << 53) - 1;

pub fn features(ir: &RawValue) -> Result<Counts, StatsError> {
    let tree = Tree::new(ir);
    let sdk = sdk();
    let library = Library::read(distribution(tree.root())?)?;
    let expansions = Expansions::new(&library, &sdk)?;
    let mut tally = Tally::default();
    for module in &library.modules {
        for (_, definition) in &module.types {
            add_type_definition(&mut tally, *definition)?;
        }
        for (_, definition) in &module.values {
            tally.add_definition(*definition)?;
        }
    }
    let counts = expansions.total(&tally)?;
    match counts.iter().find(|(_, count)| **count > LARGEST) {
        Some((feature, _)) => Err(StatsError::TooMany(feature.clone())),
        None => Ok(counts),
    }
}

fn add_type_definition<'tree>(tally: &mut Tally<'tree>, definition: Json<'tree>) -> Result<(), Misfit> {
    let tagged = definition.tagged("type definition")?;
    let kind = match tagged.tag {
        "TypeAliasDefinition" => "Type.TypeAlias",
        "CustomTypeDefinition" => "Type.CustomType",
        _ => return Err(tagged.unknown()),
    };
    let [params, details] = tagged.parts()?;
    // In morphir-elm a definition with params is a variable, and nothing else.
    let is_generic = params.items("params")?.next().is_some();
    tally.count(if is_generic { "Type.Variable" } else { kind });
    if kind == "Type.TypeAlias" { tally.add_type(details) } else { tally.add_constructors(details.field("value")?) }
}

/// Why nothing was counted.
#[derive(Debug)]
pub enum StatsError {
    Ir(IrError),
    TooMany(String),
}

impl From<IrError> for StatsError {
    fn from(error: IrError) -> Self {
        Self::Ir(error)
    }
}

impl From<Misfit> for StatsError {
    fn from(misfit: Misfit) -> Self {
        Self::Ir(misfit.into())
    }
}

impl fmt::Display for StatsError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ir(error) => error.fmt(out),
            Self::TooMany(feature) => {
                write!(
                    out,
                    "{feature} occurs more than {LARGEST} times, which JSON cannot say: types refer to types too often"
                )
            }
        }
    }
}

impl std::error::Error for StatsError {}

#[cfg(test)]
mod tests;
