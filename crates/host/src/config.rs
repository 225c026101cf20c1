//! What an extension is, where it comes from, and what it is granted.

use std::collections::HashSet;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use serde::Deserialize;
use serde::de::{self, Deserializer};
use serde_json::value::RawValue;

use crate::dialect::{self, Dialect};
use crate::error::{ErrorCode, ExtensionError, Result};
use crate::function::Functions;
use crate::network::{NetworkGrant, check_host};
use crate::restart::Restart;

/// Memory an extension gets where nobody says otherwise: what Morphir's SDK documents as its own default.
pub const DEFAULT_MAX_MEMORY: u64 = 256 * 1024 * 1024;
/// Time a call gets where nobody says otherwise: what Morphir's SDK documents as its own default.
pub const DEFAULT_MAX_EXECUTION_TIME: Duration = Duration::from_secs(30);
/// Output a call may answer with where nobody says otherwise: no more than the memory it could have been built in.
pub const DEFAULT_MAX_OUTPUT: u64 = DEFAULT_MAX_MEMORY;
/// The most memory that can be granted: 65,536 pages of 64 KiB, what a 32-bit memory can address.
pub const MAX_MEMORY: u64 = 65_536 * PAGE;
/// The least memory that can be granted: Extism's own memory of 16 pages and four pages for the guest.
pub const MIN_MEMORY: u64 = 20 * PAGE;
/// The longest time that can be granted: a day. Longer is a mistake, and would overflow timers.
pub const MAX_EXECUTION_TIME: Duration = Duration::from_secs(24 * 60 * 60);
/// The most instances one extension can have: each is a sandbox with a memory of its own.
pub const MAX_INSTANCES: u32 = 1024;

/// A WebAssembly page, in bytes.
pub(crate) const PAGE: u64 = 65_536;

/// One extension to load. Reads from JSON and TOML alike, with keys such as `maxMemory` or `max_memory`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtensionConfig {
    /// The name that errors, logs and listings use.
    pub name: String,
    /// Where the module comes from.
    pub source: Source,
    /// What the extension may use.
    #[serde(default)]
    pub permissions: Permissions,
    /// Handed to the extension's `initialize` as JSON text; `{}` where there is none.
    #[serde(default)]
    pub config: Option<Box<RawValue>>,
    /// Which functions the extension has beside its methods.
    #[serde(default)]
    pub lifecycle: Lifecycle,
    /// Which protocol it speaks; without one, that which its exports tell. Written as its name, or `"auto"`.
    #[serde(default, deserialize_with = "dialect::wanted")]
    pub dialect: Option<Dialect>,
    /// How many calls of this extension run at the same time, each in a sandbox of its own. One keeps state and order.
    #[serde(default = "one")]
    pub instances: u32,
    /// How many calls may wait beside those that its instances can take; all that come then are refused with `QueueFull`. No limit
    /// where there is none: what waits is what the caller itself has asked for.
    #[serde(default, alias = "maxQueue")]
    pub max_queue: Option<u32>,
    /// Functions that this extension may import.
    #[serde(skip)]
    pub functions: Functions,
    /// What follows a fault.
    #[serde(default)]
    pub restart: Restart,
}

const fn one() -> u32 {
    1
}

impl ExtensionConfig {
    /// A configuration with every default.
    pub fn new(name: impl Into<String>, source: Source) -> Self {
        Self {
            name: name.into(),
            source,
            permissions: Permissions::default(),
            config: None,
            lifecycle: Lifecycle::default(),
            dialect: None,
            instances: 1,
            max_queue: None,
            functions: Functions::default(),
            restart: Restart::default(),
        }
    }

    /// The dialect that it asks for; none where the module is to tell.
    pub(crate) fn wanted_dialect(&self) -> Option<Dialect> {
        match self.lifecycle {
            Lifecycle::None => Some(Dialect::Raw),
            // Whether there are sessions is for the extension to say.
            Lifecycle::Morphir => self.dialect.map(|dialect| match dialect {
                Dialect::MepEarly => Dialect::Mep,
                other => other,
            }),
        }
    }

    /// Reads a configuration from JSON text.
    ///
    /// # Errors
    ///
    /// `InvalidConfig`, naming the key.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text).map_err(|error| {
            ExtensionError::new(ErrorCode::InvalidConfig, format!("The configuration is wrong: {error}."))
        })
    }

    /// Checks what the types alone do not.
    pub(crate) fn validate(&self) -> Result<()> {
        let wrong = |what: String| ExtensionError::new(ErrorCode::InvalidConfig, what).of(&self.name);
        check_name(&self.name)
            .and_then(|()| check_instances(self.instances.into()))
            .and_then(|()| check_lifecycle(self.lifecycle, self.dialect))
            .and_then(|()| self.restart.check())
            .map_err(wrong)?;
        self.source.validate().and_then(|()| self.permissions.validate()).map_err(|error| error.of(&self.name))
    }
}

/// Where a module comes from: a file or bytes, with the hash it must have.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// `wasm` is the only type there is here; any other is refused with `InvalidSource` when the extension is loaded.
    #[serde(rename = "type")]
    pub kind: String,
    /// The module's file; a relative path starts at the process's working directory.
    #[serde(default)]
    pub path: Option<PathBuf>,
    /// The module itself, instead of a path.
    #[serde(skip)]
    pub bytes: Option<Vec<u8>>,
    /// The SHA-256 that the module must have, as 64 hexadecimal digits.
    #[serde(default)]
    pub sha256: Option<String>,
}

impl Source {
    /// A module in a file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self { kind: "wasm".into(), path: Some(path.into()), bytes: None, sha256: None }
    }

    /// A module in memory.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { kind: "wasm".into(), path: None, bytes: Some(bytes), sha256: None }
    }

    /// Reads a source from JSON text; bytes are not among it.
    ///
    /// # Errors
    ///
    /// `InvalidConfig`, naming the key.
    pub fn from_json(text: &str) -> Result<Self> {
        serde_json::from_str(text)
            .map_err(|error| ExtensionError::new(ErrorCode::InvalidConfig, format!("The source is wrong: {error}.")))
    }

    pub(crate) fn validate(&self) -> Result<()> {
        let invalid = |what: String| Err(ExtensionError::new(ErrorCode::InvalidSource, what));
        if self.kind != "wasm" {
            return invalid(format!("A source of type {:?} cannot be loaded: this host loads \"wasm\".", self.kind));
        }
        match (&self.path, &self.bytes) {
            (Some(_), Some(_)) => return invalid("The source has both a path and bytes: give one of them.".into()),
            (None, None) => return invalid("The source has neither a path nor bytes: give one of them.".into()),
            (Some(path), None) if path.as_os_str().is_empty() => {
                return invalid("The source's path is empty.".into());
            }
            _ => {}
        }
        self.sha256
            .as_deref()
            .map_or(Ok(()), check_sha256)
            .map_err(|what| ExtensionError::new(ErrorCode::InvalidConfig, what))
    }
}

/// Which functions an extension has beside its methods. The dialect says more, and goes before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Lifecycle {
    /// Those of its dialect.
    #[default]
    Morphir,
    /// None: a plain Extism plug-in. The same as `Dialect::Raw`.
    None,
}

/// What an extension may use. Everything that is not named is refused.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Permissions {
    /// All the memory of one instance, in bytes: the guest's own and Extism's, which carries input and output. Written as bytes
    /// or with a unit: `104857600`, `"100MB"` (millions), `"64MiB"`.
    #[serde(alias = "maxMemory", deserialize_with = "size")]
    pub max_memory: u64,
    /// How long one call may run, and how long start-up may. Written in milliseconds or with a unit: `5000`, `"5s"`, `"500ms"`.
    #[serde(alias = "maxExecutionTime", deserialize_with = "duration")]
    pub max_execution_time: Duration,
    /// How many bytes one call may answer with; written like `max_memory`.
    #[serde(alias = "maxOutput", deserialize_with = "size")]
    pub max_output: u64,
    /// How many instructions one call may run; without it they are not counted, which is faster.
    #[serde(alias = "maxFuel")]
    pub max_fuel: Option<u64>,
    /// Directories that the guest sees through WASI, to read and write. It sees nothing else.
    pub filesystem: Vec<DirectoryGrant>,
    /// Directories that the guest sees through WASI, to read only.
    #[serde(alias = "readonlyPaths")]
    pub readonly_paths: Vec<DirectoryGrant>,
    /// Whether the guest may reach every host on the network that has a public address. Not to be said together with `allowed_hosts`
    /// where it is `false`.
    pub network: Option<bool>,
    /// Hosts that it may reach: names, `*.example.org` for all names beneath one, or addresses. A private address needs an entry that
    /// is that address, or `localhost`.
    #[serde(alias = "allowedHosts")]
    pub allowed_hosts: Vec<String>,
}

/// One directory for a guest. Written as a path, which the guest sees under the same name, or with a name of its own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "PathOrGrant")]
pub struct DirectoryGrant {
    /// The directory; a relative path starts at the process's working directory.
    pub path: PathBuf,
    /// What the guest calls it.
    pub guest_path: String,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a path, or { path, guest_path }")]
enum PathOrGrant {
    Path(PathBuf),
    Grant(NamedDirectory),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedDirectory {
    path: PathBuf,
    #[serde(alias = "guestPath")]
    guest_path: String,
}

impl From<PathOrGrant> for DirectoryGrant {
    fn from(written: PathOrGrant) -> Self {
        match written {
            PathOrGrant::Path(path) => Self { guest_path: path.to_string_lossy().into_owned(), path },
            PathOrGrant::Grant(NamedDirectory { path, guest_path }) => Self { path, guest_path },
        }
    }
}

impl Default for Permissions {
    fn default() -> Self {
        Self {
            max_memory: DEFAULT_MAX_MEMORY,
            max_execution_time: DEFAULT_MAX_EXECUTION_TIME,
            max_output: DEFAULT_MAX_OUTPUT,
            max_fuel: None,
            filesystem: Vec::new(),
            readonly_paths: Vec::new(),
            network: None,
            allowed_hosts: Vec::new(),
        }
    }
}

impl Permissions {
    /// What may be reached on the network, where anything may.
    pub(crate) fn network_grant(&self) -> Option<NetworkGrant> {
        let grant = NetworkGrant { any: self.network == Some(true), hosts: self.allowed_hosts.clone() };
        (grant.any || !grant.hosts.is_empty()).then_some(grant)
    }

    pub(crate) fn check_network(&self) -> Check {
        ensure(self.network != Some(false) || self.allowed_hosts.is_empty(), || {
            "`network` is false, but `allowed_hosts` grants some of it: leave one of them out.".into()
        })
    }

    fn validate(&self) -> Result<()> {
        let wrong = |what: String| Err(ExtensionError::new(ErrorCode::InvalidConfig, what));
        check_max_memory(self.max_memory)
            .and_then(|()| check_max_execution_time(self.max_execution_time))
            .and_then(|()| check_max_output(self.max_output))
            .and_then(|()| self.max_fuel.map_or(Ok(()), check_max_fuel))
            .and_then(|()| self.allowed_hosts.iter().try_for_each(|host| check_host(host)))
            .and_then(|()| self.check_network())
            .or_else(wrong)?;
        let mut names = HashSet::new();
        for grant in self.filesystem.iter().chain(&self.readonly_paths) {
            if grant.path.as_os_str().is_empty() || grant.guest_path.is_empty() {
                return wrong("A directory that is granted needs a path that is not empty.".into());
            }
            if !names.insert(&grant.guest_path) {
                return wrong(format!("Two directories are granted under the one name {:?}.", grant.guest_path));
            }
        }
        Ok(())
    }
}

// What each value must be beside its type, as sentences: a configuration file adds the line to them.

pub(crate) type Check = Result<(), String>;

fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Check {
    if holds { Ok(()) } else { Err(otherwise()) }
}

pub(crate) fn check_name(name: &str) -> Check {
    ensure(!name.trim().is_empty(), || "An extension needs a name that is not empty.".into())?;
    ensure(name.len() <= 256 && !name.chars().any(char::is_control), || {
        "An extension's name has at most 256 bytes and no control characters.".into()
    })
}

pub(crate) fn check_lifecycle(lifecycle: Lifecycle, dialect: Option<Dialect>) -> Check {
    ensure(lifecycle != Lifecycle::None || matches!(dialect, None | Some(Dialect::Raw)), || {
        "`lifecycle` \"none\" means the dialect \"raw\", but `dialect` is another: leave `lifecycle` out.".into()
    })
}

pub(crate) fn check_instances(instances: u64) -> Check {
    ensure((1..=MAX_INSTANCES.into()).contains(&instances), || {
        format!("`instances` must be from 1 to {MAX_INSTANCES}; it is {instances}.")
    })
}

pub(crate) fn check_sha256(hash: &str) -> Check {
    ensure(hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()), || {
        format!("`sha256` must be 64 hexadecimal digits; it is {hash:?}.")
    })
}

pub(crate) fn check_max_memory(bytes: u64) -> Check {
    ensure((MIN_MEMORY..=MAX_MEMORY).contains(&bytes), || {
        format!(
            "`max_memory` must be from {MIN_MEMORY} bytes (20 pages of 64 KiB, 16 of them Extism's own) to {MAX_MEMORY} bytes; it is {bytes}."
        )
    })
}

pub(crate) fn check_max_execution_time(time: Duration) -> Check {
    ensure(!time.is_zero() && time <= MAX_EXECUTION_TIME, || {
        format!(
            "`max_execution_time` must be longer than nothing and at most a day; it is {}.",
            humantime::format_duration(time)
        )
    })
}

pub(crate) fn check_max_output(bytes: u64) -> Check {
    ensure((1..=MAX_MEMORY).contains(&bytes), || {
        format!("`max_output` must be from 1 to {MAX_MEMORY} bytes; it is {bytes}.")
    })
}

pub(crate) fn check_max_fuel(instructions: u64) -> Check {
    ensure(instructions != 0, || "`max_fuel` must be at least 1; leave it out for no limit.".into())
}

/// A size with a unit, in bytes.
pub(crate) fn parse_size(text: &str) -> Result<u64, String> {
    ByteSize::from_str(text)
        .map(|size| size.as_u64())
        .map_err(|error| format!("{text:?} is not a size such as \"100MB\" or \"64MiB\": {error}"))
}

/// A duration with a unit.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text)
        .map_err(|error| format!("{text:?} is not a duration such as \"5s\" or \"500ms\": {error}"))
}

/// A duration as a number of milliseconds.
pub(crate) fn milliseconds(number: f64) -> Result<Duration, String> {
    Duration::try_from_secs_f64(number / 1000.0)
        .map_err(|error| format!("{number} is not a number of milliseconds: {error}"))
}

/// A number, or text with a unit.
#[derive(Deserialize)]
#[serde(untagged)]
enum Amount {
    Whole(u64),
    Number(f64),
    Text(String),
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    match Amount::deserialize(deserializer) {
        Ok(Amount::Whole(bytes)) => Ok(bytes),
        Ok(Amount::Text(text)) => parse_size(&text).map_err(de::Error::custom),
        Ok(Amount::Number(_)) | Err(_) => {
            Err(de::Error::custom("a size is a whole number of bytes or text such as \"100MB\" or \"64MiB\""))
        }
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    match Amount::deserialize(deserializer) {
        Ok(Amount::Whole(number)) => Ok(Duration::from_millis(number)),
        Ok(Amount::Number(number)) => milliseconds(number).map_err(de::Error::custom),
        Ok(Amount::Text(text)) => parse_duration(&text).map_err(de::Error::custom),
        Err(_) => Err(de::Error::custom("a duration is a number of milliseconds or text such as \"5s\" or \"500ms\"")),
    }
}

pub(crate) fn optional_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(json: &str) -> Result<Permissions, serde_json::Error> {
        serde_json::from_str(json)
    }

    #[test]
    fn sizes_are_read_as_people_write_them() {
        let memory = |json: &str| permissions(&format!(r#"{{"max_memory":{json}}}"#)).map(|read| read.max_memory);
        assert_eq!(memory(r#""100MB""#).unwrap(), 100_000_000);
        assert_eq!(memory(r#""64MiB""#).unwrap(), 64 * 1024 * 1024);
        assert_eq!(memory("104857600").unwrap(), 104_857_600);
        for wrong in [r#""a lot""#, r#""-1MB""#, "-1", "1.5", "true", "null", r#""100 parsecs""#, "[]"] {
            assert!(memory(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_are_read_as_people_write_them() {
        let time =
            |json: &str| permissions(&format!(r#"{{"maxExecutionTime":{json}}}"#)).map(|read| read.max_execution_time);
        assert_eq!(time(r#""5s""#).unwrap(), Duration::from_secs(5));
        assert_eq!(time(r#""500ms""#).unwrap(), Duration::from_millis(500));
        assert_eq!(time("250").unwrap(), Duration::from_millis(250));
        assert_eq!(time("0.5").unwrap(), Duration::from_micros(500));
        for wrong in [r#""soon""#, r#""5 lightyears""#, "-5", "1e300", "false", "null"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_wrong_configuration_says_what_is_wrong_with_it() {
        let cases = [
            (r#"{"name":"","source":{"type":"wasm","path":"a"}}"#, ErrorCode::InvalidConfig, "name"),
            (r#"{"name":"x","source":{"type":"jar","path":"a"}}"#, ErrorCode::InvalidSource, "jar"),
            (r#"{"name":"x","source":{"type":"wasm"}}"#, ErrorCode::InvalidSource, "neither"),
            (r#"{"name":"x","source":{"type":"wasm","path":""}}"#, ErrorCode::InvalidSource, "empty"),
            (r#"{"name":"x","source":{"type":"wasm","path":"a","sha256":"12"}}"#, ErrorCode::InvalidConfig, "sha256"),
            (
                r#"{"name":"x","source":{"type":"wasm","path":"a"},"instances":0}"#,
                ErrorCode::InvalidConfig,
                "instances",
            ),
            (r#"{"name":"x","source":{"type":"wasm","path":"a"},"surprise":0}"#, ErrorCode::InvalidConfig, "surprise"),
            (
                r#"{"name":"x","source":{"type":"wasm","path":"a"},"permissions":{"max_memory":"1KB"}}"#,
                ErrorCode::InvalidConfig,
                "max_memory",
            ),
            (
                r#"{"name":"x","source":{"type":"wasm","path":"a"},"permissions":{"max_execution_time":0}}"#,
                ErrorCode::InvalidConfig,
                "max_execution_time",
            ),
        ];
        for (json, code, word) in cases {
            let error = ExtensionConfig::from_json(json).and_then(|config| config.validate()).unwrap_err();
            assert_eq!(error.code(), code, "{json}");
            assert!(error.message().contains(word), "{json}: {error}");
        }
    }
}
