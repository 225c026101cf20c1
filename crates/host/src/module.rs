//! From a source to a module the engine can take: read, compared with its hash, prepared, or found in the cache.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use tempfile::NamedTempFile;

use crate::cache::{Cache, Entry};
use crate::config::Source;
use crate::error::{ErrorCode, ExtensionError, Result};
use crate::prepare::{Caps, Offers, Prepared, check_wanted, prepare};

/// The largest module that is read: several times the largest guest known here (Python with its library, 21 MB).
pub const MAX_MODULE_BYTES: u64 = 64 * 1024 * 1024;

/// A prepared module and where the engine finds it.
pub(crate) struct Module {
    pub prepared: Prepared,
    pub place: Place,
}

/// The engine is given a file where possible: it keeps a copy of everything it is given with each instance.
pub(crate) enum Place {
    Cached(Entry),
    Temporary(NamedTempFile),
    Memory(Vec<u8>),
}

impl Place {
    pub fn wasm(&self) -> extism::Wasm {
        match self {
            Self::Cached(entry) => extism::Wasm::file(entry.module()),
            Self::Temporary(file) => extism::Wasm::file(file.path()),
            Self::Memory(bytes) => extism::Wasm::data(bytes.clone()),
        }
    }

    /// The engine's cache settings for this module.
    pub fn engine_settings(&self) -> Option<PathBuf> {
        match self {
            Self::Cached(entry) => Some(entry.engine_settings()),
            Self::Temporary(_) | Self::Memory(_) => None,
        }
    }

    /// To be called when the engine has compiled the module.
    pub fn compiled(&self) {
        if let Self::Cached(entry) = self {
            // Without a seal the next load compiles again.
            let _ = entry.seal();
        }
    }
}

impl Module {
    /// Reads a source, and compares it with the hash that it must have.
    pub fn read(source: Source) -> Result<Vec<u8>> {
        let wasm = read(source.path.as_deref(), source.bytes)?;
        if let Some(expected) = &source.sha256 {
            check_hash(&wasm, expected)?;
        }
        Ok(wasm)
    }

    /// Prepares a module, or finds it in the cache.
    pub fn prepare(wasm: &[u8], caps: Caps, offers: Offers<'_>, cache: Option<&Cache>) -> Result<Self> {
        let Some(cache) = cache else {
            return Ok(Self::without_cache(prepare(wasm, caps, offers)?));
        };
        let entry = cache.entry(wasm, caps);
        if let Some(prepared) = entry.load() {
            check_wanted(&prepared.functions, offers)?;
            return Ok(Self { prepared, place: Place::Cached(entry) });
        }
        let prepared = prepare(wasm, caps, offers)?;
        match entry.store(cache, &prepared) {
            Ok(()) => Ok(Self { prepared, place: Place::Cached(entry) }),
            // A full or read-only disk: compile for this process alone.
            Err(_) => Ok(Self::without_cache(prepared)),
        }
    }

    fn without_cache(mut prepared: Prepared) -> Self {
        let bytes = std::mem::take(&mut prepared.bytes);
        let file = NamedTempFile::with_prefix("morphir-extension-").and_then(|mut file| {
            file.write_all(&bytes)?;
            Ok(file)
        });
        let place = match file {
            Ok(file) => Place::Temporary(file),
            Err(_) => Place::Memory(bytes),
        };
        Self { prepared, place }
    }
}

fn read(path: Option<&Path>, bytes: Option<Vec<u8>>) -> Result<Vec<u8>> {
    let bytes = match (path, bytes) {
        (_, Some(bytes)) => bytes,
        (Some(path), None) => read_file(path)?,
        (None, None) => Vec::new(),
    };
    if bytes.len() as u64 > MAX_MODULE_BYTES {
        return Err(ExtensionError::new(
            ErrorCode::InvalidSource,
            format!("The source is larger than {MAX_MODULE_BYTES} bytes, the most this host compiles."),
        ));
    }
    Ok(bytes)
}

fn read_file(path: &Path) -> Result<Vec<u8>> {
    let failed = |error: std::io::Error| {
        ExtensionError::new(ErrorCode::IoError, format!("{} cannot be read: {error}.", path.display())).caused_by(error)
    };
    // A pipe or a device could hold the thread for ever: look before opening.
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(ExtensionError::new(ErrorCode::IoError, format!("{} is not a file.", path.display())));
    }
    // One byte more, to see the end without growing.
    let expected = metadata.len().min(MAX_MODULE_BYTES) + 1;
    let mut bytes = Vec::with_capacity(usize::try_from(expected).unwrap_or_default());
    File::open(path).map_err(failed)?.take(MAX_MODULE_BYTES + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

fn check_hash(wasm: &[u8], expected: &str) -> Result<()> {
    let found = format!("{:x}", Sha256::digest(wasm));
    if found.eq_ignore_ascii_case(expected) {
        return Ok(());
    }
    Err(ExtensionError::new(
        ErrorCode::InvalidSource,
        format!("The source has the SHA-256 {found}, but the configuration asks for {expected}."),
    ))
}
