//! Compiled modules on disk, so that a second load of the same bytes is quick.
//!
//! An entry is native code, so its directory must be the user's own and closed to others. Nothing in it is trusted further than
//! that: every file's checksum is compared before the engine reads it, and any doubt means compiling again, never failing.
//!
//! ```text
//! <dir>/<key>/module.wasm     the prepared module
//!             module.json     what the host knows about it
//!             engine.toml     the engine's own cache settings
//!             code/           the engine's cache
//!             seal.json       the checksum of every file above, written last
//! ```

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::error::{ErrorCode, ExtensionError, Result};
use crate::prepare::{Caps, Prepared, SOURCES};

/// More entries than this, and those unused for longest go. A toolchain has a handful; each is up to a few megabytes.
const MAX_ENTRIES: usize = 256;
/// How old a mark of use may get before it is renewed: often enough to tell used from forgotten.
const MARK_OF_USE: Duration = Duration::from_secs(24 * 60 * 60);

/// A directory of compiled modules.
#[derive(Clone, Debug)]
pub struct Cache {
    dir: PathBuf,
}

impl Cache {
    /// Opens a directory, creating it with access for its user alone.
    ///
    /// # Errors
    ///
    /// `InvalidConfig` where others can write to the directory or own it, `IoError` where it can neither be found nor made.
    /// A directory that only cannot be written is no error: whatever is not in it is compiled each time.
    pub fn open(dir: impl Into<PathBuf>) -> Result<Self> {
        let dir = dir.into();
        let failed = |error: io::Error| {
            ExtensionError::new(
                ErrorCode::IoError,
                format!("The cache directory {} cannot be used: {error}.", dir.display()),
            )
            .caused_by(error)
        };
        create_private(&dir).map_err(failed)?;
        // What a symbolic link points to now must be what is used later.
        let dir = fs::canonicalize(&dir).map_err(failed)?;
        refuse_shared(&dir)?;
        Ok(Self { dir })
    }

    /// The user's own cache directory, or nothing where there is none to be had: the cache is a help, not a need.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        Self::open(dirs::cache_dir()?.join("morphir-extension-host")).ok()
    }

    /// The directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The place of a module with these bytes under these limits.
    pub(crate) fn entry(&self, wasm: &[u8], caps: Caps) -> Entry {
        // Whatever decides what the prepared module looks like is part of the key, this crate's own rewriting included.
        let key = Sha256::new()
            .chain_update(Sha256::digest(wasm))
            .chain_update(caps.max_memory.to_le_bytes())
            .chain_update(caps.max_output.to_le_bytes())
            .chain_update(extism::extism_version())
            .chain_update(SOURCES.concat())
            .finalize();
        Entry { dir: self.dir.join(format!("{key:x}")), sealed: Mutex::default() }
    }

    /// Removes what was unused for longest, once there is too much.
    fn tidy(&self) {
        let Ok(entries) = fs::read_dir(&self.dir) else { return };
        let mut used: Vec<(SystemTime, PathBuf)> = entries
            .flatten()
            .map(|entry| entry.path())
            .filter(|path| path.is_dir() && is_entry(path))
            .map(|path| {
                let seal = fs::metadata(path.join("seal.json")).and_then(|seal| seal.modified());
                // Without a seal it may be in the making: its own age counts.
                let used = seal.or_else(|_| fs::metadata(&path).and_then(|dir| dir.modified()));
                (used.unwrap_or(SystemTime::UNIX_EPOCH), path)
            })
            .collect();
        used.sort();
        let surplus = used.len().saturating_sub(MAX_ENTRIES);
        for (_, path) in used.drain(..surplus) {
            let _ = fs::remove_dir_all(path);
        }
    }
}

/// One module's place in the cache.
#[derive(Debug)]
pub(crate) struct Entry {
    dir: PathBuf,
    /// The files that are known to be sealed.
    sealed: Mutex<Vec<PathBuf>>,
}

#[derive(Serialize, Deserialize)]
struct Seal {
    files: BTreeMap<String, u32>,
}

impl Entry {
    pub fn module(&self) -> PathBuf {
        self.dir.join("module.wasm")
    }

    /// The settings that make the engine keep its code here.
    pub fn engine_settings(&self) -> PathBuf {
        self.dir.join("engine.toml")
    }

    fn code(&self) -> PathBuf {
        self.dir.join("code")
    }

    fn seal_file(&self) -> PathBuf {
        self.dir.join("seal.json")
    }

    /// What was stored, if every file is as it was sealed.
    pub fn load(&self) -> Option<Prepared> {
        let seal: Seal = serde_json::from_slice(&fs::read(self.seal_file()).ok()?).ok()?;
        let files = self.files().ok()?;
        if !files.iter().any(|file| *file == self.module()) || seal.files != self.checksums(&files).ok()? {
            return None;
        }
        let prepared = serde_json::from_slice(&fs::read(self.dir.join("module.json")).ok()?).ok()?;
        *self.sealed.lock().unwrap_or_else(PoisonError::into_inner) = files;
        self.mark_use();
        Some(prepared)
    }

    /// Writes a prepared module and the engine's settings, in place of whatever was there.
    pub fn store(&self, cache: &Cache, prepared: &Prepared) -> io::Result<()> {
        let _ = fs::remove_file(self.seal_file());
        // An unfinished or broken earlier attempt would stop the engine from writing its own.
        let _ = fs::remove_dir_all(self.code());
        create_private(&self.dir)?;
        write(&self.module(), &prepared.bytes)?;
        write(&self.dir.join("module.json"), &serde_json::to_vec(prepared)?)?;
        // The engine's upkeep is turned off: entries are sealed, and `tidy` removes them whole.
        let directory = toml::Value::String(self.code().to_string_lossy().into_owned());
        let settings = format!(
            "[cache]\ndirectory = {directory}\ncleanup-interval = \"3650d\"\noptimized-compression-usage-counter-threshold = \"{}\"\n",
            u32::MAX
        );
        write(&self.engine_settings(), settings.as_bytes())?;
        cache.tidy();
        Ok(())
    }

    /// Vouches for the files that are there now, where there are more than before. To be called once the engine has written its
    /// own.
    pub fn seal(&self) -> io::Result<()> {
        let files = self.files()?;
        let mut sealed = self.sealed.lock().unwrap_or_else(PoisonError::into_inner);
        if files != *sealed {
            write(&self.seal_file(), &serde_json::to_vec(&Seal { files: self.checksums(&files)? })?)?;
            *sealed = files;
        }
        Ok(())
    }

    /// The files that matter, in a fixed order.
    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let mut files = vec![self.module(), self.dir.join("module.json"), self.engine_settings()];
        let mut directories = vec![self.code()];
        while let Some(directory) = directories.pop() {
            let entries = match fs::read_dir(directory) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                other => other?,
            };
            for entry in entries {
                let path = entry?.path();
                if path.is_dir() {
                    directories.push(path);
                } else if path.extension().is_none() {
                    // With an extension it is the engine's bookkeeping, which it rewrites at will and which is not code.
                    files.push(path);
                }
            }
        }
        files.sort();
        Ok(files)
    }

    fn checksums(&self, files: &[PathBuf]) -> io::Result<BTreeMap<String, u32>> {
        let name = |path: &Path| path.strip_prefix(&self.dir).unwrap_or(path).to_string_lossy().into_owned();
        files.iter().map(|path| Ok((name(path), checksum(path)?))).collect()
    }

    fn mark_use(&self) {
        let Ok(seal) = fs::File::options().append(true).open(self.seal_file()) else { return };
        let now = SystemTime::now();
        let fresh = |used: SystemTime| now.duration_since(used).is_ok_and(|age| age < MARK_OF_USE);
        if !seal.metadata().and_then(|metadata| metadata.modified()).is_ok_and(fresh) {
            let _ = seal.set_modified(now);
        }
    }
}

/// A file's checksum, read in pieces: new memory for a whole file takes longer than reading it.
fn checksum(path: &Path) -> io::Result<u32> {
    let mut file = fs::File::open(path)?;
    let mut hasher = crc32fast::Hasher::new();
    let mut piece = vec![0; 128 * 1024];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(hasher.finalize()),
            length => hasher.update(&piece[..length]),
        }
    }
}

/// Whether a folder is named as entries are: by their key. The directory may have been there before the cache.
fn is_entry(path: &Path) -> bool {
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Writes a file so that readers see all of it or none.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let directory = path.parent().expect("files of the cache are in a directory");
    let mut file = tempfile::Builder::new().prefix(".new").suffix(".tmp").tempfile_in(directory)?;
    file.write_all(bytes)?;
    file.persist(path)?;
    Ok(())
}

fn create_private(dir: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

#[cfg(unix)]
fn refuse_shared(dir: &Path) -> Result<()> {
    use std::os::unix::fs::MetadataExt;

    let refuse = |why: String| {
        Err(ExtensionError::new(
            ErrorCode::InvalidConfig,
            format!("The cache directory {} {why}: what it holds runs as native code in this process.", dir.display()),
        ))
    };
    let metadata = match fs::metadata(dir) {
        Ok(metadata) if metadata.is_dir() => metadata,
        Ok(_) => return refuse("is not a directory".into()),
        Err(error) => return refuse(format!("cannot be read ({error})")),
    };
    let user = rustix::process::geteuid().as_raw();
    if metadata.uid() != user {
        return refuse(format!("belongs to user {}, and this process runs as user {user}", metadata.uid()));
    }
    if metadata.mode() & 0o022 != 0 {
        return refuse(format!("can be written by others (mode {:03o}; it should be 700)", metadata.mode() & 0o777));
    }
    Ok(())
}

/// On Windows a directory in the user's profile is closed to other users; there is no mode to read.
#[cfg(not(unix))]
fn refuse_shared(_: &Path) -> Result<()> {
    Ok(())
}
