//! The numbers that the rewriting of one module turns on.

use wasm_encoder::Function;

use super::injected::{self, Calls};
use super::rewrite::InjectedType;

pub(super) struct Plan {
    /// Imported functions, before ours are added behind them.
    pub imported: u32,
    /// The imports that injected functions take the place of. A module may import a function more than once.
    pub replaced: Vec<Replaced>,
    /// The most bytes that may be set as output.
    pub max_output: u64,
    /// Functions of the module's own.
    pub defined: u32,
    /// Types, before ours are added behind them.
    pub types: u32,
    /// The most pages its memory may have, if it has one.
    pub max_pages: Option<u64>,
    /// The most elements of each table.
    pub tables: Vec<u64>,
}

/// An import that an injected function takes the place of.
pub(super) struct Replaced {
    /// The import's number.
    pub import: u32,
    /// What takes its place.
    pub by: Replacement,
}

#[derive(Clone, Copy)]
pub(super) enum Replacement {
    Poll,
    SetOutput,
    Write,
}

impl Plan {
    /// How many imports are added; `calls` numbers them.
    pub const ADDED_IMPORTS: u32 = 5;

    pub const fn calls(&self) -> Calls {
        Calls {
            returned: self.imported,
            output_refused: self.imported + 1,
            printed: self.imported + 2,
            growth_refused: self.imported + 3,
            entered: self.imported + 4,
        }
    }

    /// The first injected function. Replacements come first, then `grow`, so that their places are known while the module's own
    /// bodies are copied.
    pub const fn first_injected(&self) -> u32 {
        self.imported + Self::ADDED_IMPORTS + self.defined
    }

    /// Where a function of the module's is in the prepared module.
    pub fn function(&self, function: u32) -> u32 {
        if function >= self.imported {
            return function + Self::ADDED_IMPORTS;
        }
        // In the order of the imports, of which a hostile module has many.
        match self.replaced.binary_search_by_key(&function, |replaced| replaced.import) {
            Ok(place) => self.first_injected() + u32::try_from(place).expect("validation limits imports"),
            Err(_) => function,
        }
    }

    /// Where `grow` is.
    pub fn grow(&self) -> u32 {
        self.first_injected() + u32::try_from(self.replaced.len()).expect("validation limits imports")
    }

    /// A replacement's type and body.
    pub fn replacement(&self, replaced: &Replaced) -> (InjectedType, Function) {
        match replaced.by {
            Replacement::Poll => (InjectedType::Wasi, injected::poll_without_waiting()),
            Replacement::Write => (InjectedType::Wasi, injected::write_with_log(&self.calls(), replaced.import)),
            Replacement::SetOutput => {
                (InjectedType::Output, injected::set_output(&self.calls(), replaced.import, self.max_output))
            }
        }
    }
}
