//! What a configuration file says somewhere, with the place where it says so.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::config::{Check, milliseconds, parse_duration, parse_size};
use crate::error::{ErrorCode, ExtensionError, Result};
use crate::text::shorten;

/// The most characters of a value that an error repeats.
const QUOTED: usize = 60;

/// A configuration file's text.
pub(super) struct Page<'a> {
    /// The file, as its reader named it.
    pub path: &'a Path,
    /// Where its relative paths start.
    pub directory: PathBuf,
    pub text: &'a str,
}

impl Page<'_> {
    /// A byte of the text as editors find it: `morphir.toml:12:5`.
    pub fn place(&self, at: usize) -> String {
        let before = self.text.get(..at).unwrap_or(self.text);
        let line = 1 + before.matches('\n').count();
        let column = 1 + before.chars().rev().take_while(|char| *char != '\n').count();
        format!("{}:{line}:{column}", self.path.display())
    }
}

/// One value and where it is.
pub(super) struct Found<'a> {
    page: &'a Page<'a>,
    /// The keys that lead to it: `extensions[0].permissions`.
    keys: String,
    at: usize,
    value: &'a DeValue<'a>,
}

/// One entry of a table.
pub(super) struct Entry<'a> {
    pub key: &'a str,
    at: usize,
    pub found: Found<'a>,
}

impl<'a> Entry<'a> {
    pub fn of(page: &'a Page<'a>, table: &'a DeTable<'a>, keys: &str) -> Vec<Self> {
        let mut entries: Vec<Self> = table.iter().map(|(key, value)| Self::new(page, key, value, keys)).collect();
        // The parser sorts them by name; people read them as they are written.
        entries.sort_by_key(|entry| entry.at);
        entries
    }

    fn new(page: &'a Page<'a>, key: &'a Spanned<DeString<'a>>, value: &'a Spanned<DeValue<'a>>, keys: &str) -> Self {
        let at = key.span().start;
        let key: &str = key.get_ref();
        let bare = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
        let name = if bare { key.to_owned() } else { format!("{:?}", shorten(key, QUOTED)) };
        let keys = if keys.is_empty() { name } else { format!("{keys}.{name}") };
        // What is under a heading is found at its heading, where the name of the table is.
        let place = if value.get_ref().is_table() { at } else { value.span().start };
        Self { key, at, found: Found { page, keys, at: place, value: value.get_ref() } }
    }

    /// Refuses the key, whatever its value.
    pub fn refused(&self, code: ErrorCode, what: &str) -> ExtensionError {
        self.found.refused_at(self.at, code, what)
    }
}

impl<'a> Found<'a> {
    pub fn text(&self) -> Result<&'a str> {
        match self.value.as_str() {
            Some("") | None => Err(self.wrong("text that is not empty")),
            Some(text) => Ok(text),
        }
    }

    pub fn flag(&self) -> Result<bool> {
        self.value.as_bool().ok_or_else(|| self.wrong("true or false"))
    }

    pub fn count(&self) -> Result<u64> {
        self.whole().ok_or_else(|| self.wrong("a whole number"))
    }

    pub fn size(&self) -> Result<u64> {
        if let Some(text) = self.value.as_str() {
            return parse_size(text).map_err(|what| self.refused(ErrorCode::InvalidConfig, &what));
        }
        self.whole().ok_or_else(|| self.wrong("a whole number of bytes or text such as \"100MB\" or \"64MiB\""))
    }

    pub fn duration(&self) -> Result<Duration> {
        let sentence = |what: String| self.refused(ErrorCode::InvalidConfig, &what);
        let read = match self.value {
            DeValue::String(text) => return parse_duration(text).map_err(sentence),
            DeValue::Integer(_) => self.whole().map(Duration::from_millis),
            DeValue::Float(number) => number.as_str().parse().ok().and_then(|number| milliseconds(number).ok()),
            _ => None,
        };
        read.ok_or_else(|| self.wrong("a number of milliseconds or text such as \"5s\" or \"500ms\""))
    }

    /// A path; a relative one starts at the file's directory.
    pub fn path(&self) -> Result<PathBuf> {
        // Without the `.` that people begin paths with; a `..` may be one of a link's.
        Ok(self.page.directory.join(self.text()?).components().collect())
    }

    pub fn list(&self) -> Result<Vec<Found<'a>>> {
        let list = self.value.as_array().ok_or_else(|| self.wrong("a list"))?;
        let (page, keys) = (self.page, &self.keys);
        let item = |(index, item): (usize, &'a Spanned<DeValue<'a>>)| Found {
            page,
            keys: format!("{keys}[{index}]"),
            at: item.span().start,
            value: item.get_ref(),
        };
        Ok(list.iter().enumerate().map(item).collect())
    }

    /// The entries of a table, in the order of the file.
    pub fn table(&self) -> Result<Vec<Entry<'a>>> {
        let table = self.value.as_table().ok_or_else(|| self.wrong("a table"))?;
        Ok(Entry::of(self.page, table, &self.keys))
    }

    pub fn is_text(&self) -> bool {
        self.value.is_str()
    }

    pub fn is_table(&self) -> bool {
        self.value.is_table()
    }

    pub fn is_list(&self) -> bool {
        self.value.is_array()
    }

    /// The value as JSON; dates become text.
    pub fn json(&self) -> Result<Value> {
        Ok(match self.value {
            DeValue::String(text) => text.as_ref().into(),
            DeValue::Boolean(flag) => (*flag).into(),
            DeValue::Datetime(date) => date.to_string().into(),
            DeValue::Integer(_) => self.integer().ok_or_else(|| self.wrong("a number of 64 bits"))?.into(),
            DeValue::Float(number) => {
                let finite = number.as_str().parse().ok().and_then(serde_json::Number::from_f64);
                finite.ok_or_else(|| self.wrong("a number that JSON has"))?.into()
            }
            DeValue::Array(_) => self.list()?.iter().map(Self::json).collect::<Result<Value>>()?,
            DeValue::Table(_) => {
                let entries = self.table()?;
                let pairs = entries.iter().map(|entry| Ok((entry.key.to_owned(), entry.found.json()?)));
                Value::Object(pairs.collect::<Result<_>>()?)
            }
        })
    }

    /// Where it is: `morphir.toml:12:5: extensions[0].permissions`.
    pub fn place(&self) -> String {
        format!("{}: {}", self.page.place(self.at), self.keys)
    }

    pub fn keys(&self) -> &str {
        &self.keys
    }

    /// What a value that is not of the right type is told.
    pub fn wrong(&self, expected: &str) -> ExtensionError {
        self.refused(ErrorCode::InvalidConfig, &format!("It must be {expected}; it is {}.", self.described()))
    }

    /// Refuses the value, with a sentence.
    pub fn refused(&self, code: ErrorCode, what: &str) -> ExtensionError {
        self.refused_at(self.at, code, what)
    }

    pub fn check(&self, check: Check) -> Result<()> {
        check.map_err(|what| self.refused(ErrorCode::InvalidConfig, &what))
    }

    fn refused_at(&self, at: usize, code: ErrorCode, what: &str) -> ExtensionError {
        ExtensionError::new(code, format!("{}: {}: {what}", self.page.place(at), self.keys))
    }

    fn whole(&self) -> Option<u64> {
        let integer = self.value.as_integer()?;
        u64::from_str_radix(integer.as_str(), integer.radix()).ok()
    }

    fn integer(&self) -> Option<i64> {
        let integer = self.value.as_integer()?;
        i64::from_str_radix(integer.as_str(), integer.radix()).ok()
    }

    fn described(&self) -> String {
        match self.value {
            DeValue::String(text) => format!("the text {:?}", shorten(text, QUOTED)),
            DeValue::Integer(number) => shorten(number.as_str(), QUOTED),
            DeValue::Float(number) => shorten(number.as_str(), QUOTED),
            DeValue::Boolean(flag) => flag.to_string(),
            DeValue::Datetime(date) => format!("the date {date}"),
            DeValue::Array(_) => "a list".into(),
            DeValue::Table(_) => "a table".into(),
        }
    }
}
