//! Which of Morphir's protocols an extension speaks: told from what its module exports, unless its configuration says it.

use serde::de::{self, Deserializer};
use serde::{Deserialize, Serialize};

use crate::mep;
use crate::prepare::Prepared;

/// How an extension is started and called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Dialect {
    /// `initialize` and `capabilities`, and one exported function for each method.
    Morphir,
    /// The Morphir Extension Protocol 0.1: JSON-RPC through `handle`, in a session. What Morphir's own SDK makes.
    Mep,
    /// The same as it was before there were sessions.
    #[serde(skip_deserializing)]
    MepEarly,
    /// Neither: a plain Extism plug-in.
    Raw,
}

impl Dialect {
    /// Its name, the same in Rust, TypeScript and the documentation.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Morphir => "morphir",
            Self::Mep => "mep",
            Self::MepEarly => "mep-early",
            Self::Raw => "raw",
        }
    }

    /// The dialect of this name; `auto` is none in particular.
    pub(crate) fn wanted(name: &str) -> Result<Option<Self>, String> {
        match name {
            "auto" => Ok(None),
            "morphir" => Ok(Some(Self::Morphir)),
            "mep" => Ok(Some(Self::Mep)),
            "raw" => Ok(Some(Self::Raw)),
            _ => Err(format!("`dialect` must be \"auto\", \"morphir\", \"mep\" or \"raw\"; it is {name:?}")),
        }
    }

    /// What a module's exports tell. One that has neither protocol's is taken for an extension that lacks something, not for a plain
    /// plug-in: nobody asked for one.
    pub(crate) fn of(prepared: &Prepared) -> Self {
        let exports = |name| prepared.methods.contains(name);
        if exports(mep::HANDLE) && exports(mep::INFO) { Self::Mep } else { Self::Morphir }
    }
}

/// Reads a dialect as configurations write it.
pub(crate) fn wanted<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Dialect>, D::Error> {
    Dialect::wanted(&String::deserialize(deserializer)?).map_err(de::Error::custom)
}
