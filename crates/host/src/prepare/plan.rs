//! The numbers that the rewriting of one module turns on.

use super::injected::Calls;

/// The numbers that the rewriting turns on.
pub(super) struct Plan {
    /// Imported functions, before ours are added behind them.
    pub imported: u32,
    /// The import that is WASI's `poll_oneoff`.
    pub poll: Option<u32>,
    /// The import that is Extism's `output_set`.
    pub output: Option<u32>,
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

impl Plan {
    /// How many imports are added: `returned` and `output_refused`, in this order.
    pub const ADDED_IMPORTS: u32 = 2;

    pub const fn calls(&self) -> Calls {
        Calls { returned: self.imported, output_refused: self.imported + 1 }
    }

    /// The first injected function. `poll_without_waiting`, `set_output` and `grow` come first, where they are needed at all,
    /// so that their places are known while the module's own bodies are copied.
    pub const fn first_injected(&self) -> u32 {
        self.imported + Self::ADDED_IMPORTS + self.defined
    }

    pub const fn set_output(&self) -> u32 {
        self.first_injected() + self.poll.is_some() as u32
    }

    pub const fn grow(&self) -> u32 {
        self.set_output() + self.output.is_some() as u32
    }
}
