//! The directories that a guest is granted, as the engine takes them.

use std::path::{Path, PathBuf};

use crate::config::{DirectoryGrant, Permissions};
use crate::error::{ErrorCode, ExtensionError, Result};

/// Finds the granted directories, each by its real path: what a symbolic link points to now is what was granted, whatever it
/// points to later. The engine opens them once for each instance and resolves every path of the guest's beneath the open directory.
pub(crate) fn find(permissions: &Permissions) -> Result<Vec<(String, PathBuf)>> {
    // The engine's own way to write that a directory is only to be read.
    let readonly = |path: PathBuf| format!("ro:{}", path.display());
    let writable = |path: PathBuf| path.display().to_string();
    let mut directories = Vec::new();
    for (grants, write) in
        [(&permissions.filesystem, &writable as &dyn Fn(PathBuf) -> String), (&permissions.readonly_paths, &readonly)]
    {
        for DirectoryGrant { path, guest_path } in grants {
            directories.push((write(real(path)?), PathBuf::from(guest_path)));
        }
    }
    Ok(directories)
}

fn real(path: &Path) -> Result<PathBuf> {
    let failed = |what: String| {
        ExtensionError::new(ErrorCode::IoError, format!("The directory {} cannot be granted: {what}.", path.display()))
    };
    let real = path.canonicalize().map_err(|error| failed(error.to_string()).caused_by(error))?;
    if !real.is_dir() {
        return Err(failed("it is not a directory".into()));
    }
    // The engine takes directories as text.
    if real.to_str().is_none() {
        return Err(failed("its name is not valid UTF-8".into()));
    }
    Ok(real)
}
