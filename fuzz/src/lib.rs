//! What the fuzz targets share.

mod generated;
mod prepared;
mod resident;
mod sandbox;

pub use generated::{Edit, Shape, generate, mutate};
pub use prepared::check_prepared;
pub use resident::check_resident;
pub use sandbox::Sandbox;

/// What WebAssembly modules start with. Input that does so is taken for a module as it is; all other input decides what is
/// generated.
pub const MAGIC: &[u8] = b"\0asm";
