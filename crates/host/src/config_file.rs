//! Configuration files such as `morphir.toml`: which extensions they list, in either of the two shapes that Morphir's files have.

mod found;
mod keys;
mod schema;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use self::found::{Entry, Found, Page};
use self::keys::{Draft, EXTENSION, NAME};
pub use self::schema::config_schema;
use crate::config::{ExtensionConfig, check_name};
use crate::error::{ErrorCode, ExtensionError, Result};

/// The longest file that is read. People write a few kilobytes.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The extensions that a configuration file lists, in the order of the file.
#[derive(Debug)]
pub struct ConfigFile {
    /// One for each extension, whatever is to become of it.
    pub extensions: Vec<Listed>,
}

/// One extension in a configuration file.
#[derive(Debug)]
pub struct Listed {
    /// Its name; the keys that lead to it, such as `extensions[2]`, where it has none.
    pub name: String,
    /// Where it is: `morphir.toml:12:1: extensions[2]`.
    pub place: String,
    /// What is to become of it.
    pub intent: Intent,
}

/// What is to become of an extension in a configuration file.
#[derive(Debug)]
pub enum Intent {
    /// To be loaded.
    Load(Box<ExtensionConfig>),
    /// Not enabled.
    Skip,
    /// Written wrongly; the message has the file, the line and the key.
    Refuse(ExtensionError),
}

impl ConfigFile {
    /// Reads a file. What is wrong with one extension is said in its place and keeps no other from being read.
    ///
    /// # Errors
    ///
    /// `IoError` where the file cannot be read; `InvalidConfig`, with the line, where it is not TOML or its `extensions` are neither
    /// a list nor a table.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let bytes = read(path).map_err(|what| {
            let message = format!("The configuration file {} cannot be read: {what}.", path.display());
            ExtensionError::new(ErrorCode::IoError, message)
        })?;
        match std::str::from_utf8(&bytes) {
            Ok(text) => Self::parse(path, text),
            Err(error) => {
                let (valid, _) = bytes.split_at(error.valid_up_to());
                let text = std::str::from_utf8(valid).unwrap_or_default();
                let place = page(path, text).place(text.len());
                Err(invalid(format!("{place}: This is not TOML: from here on it is not UTF-8.")))
            }
        }
    }

    /// Reads the text of a file, without the file: `path` is what errors call it, and its directory is where relative paths start.
    ///
    /// # Errors
    ///
    /// `InvalidConfig`, as [`read`](Self::read) has it.
    pub fn parse(path: impl AsRef<Path>, text: &str) -> Result<Self> {
        let page = page(path.as_ref(), text.strip_prefix('\u{feff}').unwrap_or(text));
        let document = DeTable::parse(page.text).map_err(|error| {
            let place = page.place(error.span().map_or(0, |span| span.start));
            invalid(format!("{place}: This is not TOML: {}.", error.message().replace('\n', "; ")))
        })?;
        let entries = Entry::of(&page, document.get_ref(), "");
        let Some(entry) = entries.into_iter().find(|entry| entry.key == "extensions") else {
            return Ok(Self { extensions: Vec::new() });
        };
        let mut names = HashMap::new();
        let extensions = if entry.found.is_list() {
            entry.found.list()?.iter().map(|found| listed(found, None, &mut names)).collect()
        } else if entry.found.is_table() {
            let entries = entry.found.table()?;
            entries.iter().map(|entry| listed(&entry.found, Some(entry.key), &mut names)).collect()
        } else {
            return Err(entry.found.wrong("a list, `[[extensions]]`, or a table, `[extensions.name]`"));
        };
        Ok(Self { extensions })
    }
}

fn invalid(message: String) -> ExtensionError {
    ExtensionError::new(ErrorCode::InvalidConfig, message)
}

fn page<'a>(path: &'a Path, text: &'a str) -> Page<'a> {
    // The working directory may be another one by the time a module is read.
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.into());
    let directory = absolute.parent().map(PathBuf::from).unwrap_or_default();
    Page { path, directory, text }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let said = |error: std::io::Error| error.to_string();
    // Opening a pipe would wait for somebody who writes to it.
    if !std::fs::metadata(path).map_err(said)?.is_file() {
        return Err("it is not a file".into());
    }
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(said)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(format!("it is longer than {MAX_BYTES} bytes"));
    }
    Ok(bytes)
}

/// What is to become of one extension. `names` has those read so far, each with its place.
fn listed(found: &Found<'_>, heading: Option<&str>, names: &mut HashMap<String, String>) -> Listed {
    let mut name = heading.map(ToOwned::to_owned);
    let intent = intent(found, &mut name, names).unwrap_or_else(|error| {
        Intent::Refuse(match &name {
            Some(name) => error.of(name),
            None => error,
        })
    });
    Listed { name: name.unwrap_or_else(|| found.keys().to_owned()), place: found.place(), intent }
}

fn intent(found: &Found<'_>, name: &mut Option<String>, names: &mut HashMap<String, String>) -> Result<Intent> {
    let refuse = |what: &str| Err(found.refused(ErrorCode::InvalidConfig, what));
    if !found.is_table() {
        return Err(found.wrong("a table, under `[[extensions]]` or `[extensions.name]`"));
    }
    let entries = found.table()?;
    let value = |key: &str| entries.iter().find(|entry| entry.key == key).map(|entry| &entry.found);
    let listed = name.is_none();
    let name = match (&*name, value("name")) {
        (Some(name), _) => {
            found.check(check_name(name))?;
            name.clone()
        }
        (None, Some(given)) => {
            let text = given.text()?;
            given.check(check_name(text))?;
            name.insert(text.to_owned()).clone()
        }
        (None, None) => return refuse("It needs a `name`."),
    };
    if value("enabled").map_or(Ok(true), Found::flag)? {
        // The first thing to know of an extension that another host would load: its other keys mean nothing here.
        value("protocol").map_or(Ok(()), keys::protocol)?;
    } else {
        return Ok(Intent::Skip);
    }
    if let Some(place) = names.insert(name.clone(), found.place()) {
        return refuse(&format!("Its name is taken by the one at {place}."));
    }
    let mut draft = Draft::default();
    keys::read(if listed { &[NAME, EXTENSION] } else { &[EXTENSION] }, &mut draft, found)?;
    let config = draft.finish(&name, found)?;
    // What no single key is wrong about.
    config.validate().map_err(|error| found.refused(error.code(), error.message()))?;
    Ok(Intent::Load(Box::new(config)))
}
