//! A door for the fuzz targets in `fuzz`. **Not part of the API**: it is there only with the feature `fuzzing`, and may change or
//! go with any release.

use wasmparser::WasmFeatures;

use crate::error::Result;
use crate::prepare::{self, Caps};

/// What a prepared module may use: the same that the prepare step accepts.
pub const FEATURES: WasmFeatures = prepare::FEATURES;
/// Pages of a grant that are Extism's own.
pub const KERNEL_PAGES: u64 = prepare::KERNEL_PAGES;
/// The most elements that all tables of a prepared module may have together.
pub const MAX_TABLE_ELEMENTS: u64 = prepare::MAX_TABLE_ELEMENTS;

/// Rewrites a module for these limits, in bytes, as a load does before the engine sees it.
///
/// # Errors
///
/// `InvalidSource` for what is not a module this host can run, `MemoryLimit` for one whose least needs exceed the grant.
pub fn prepare(bytes: &[u8], max_memory: u64, max_output: u64) -> Result<Vec<u8>> {
    prepare::prepare(bytes, Caps { max_memory, max_output }, &|_| true).map(|prepared| prepared.bytes)
}
