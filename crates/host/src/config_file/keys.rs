//! Every key that an extension has in a configuration file: what reads it, and what editors are told about it.
//!
//! A key that is not here is refused, and so it is by the schema, which is made from the same tables.

use std::path::PathBuf;

use serde_json::value::{RawValue, to_raw_value};
use serde_json::{Value, json};

use super::found::Found;
use super::schema;
use crate::config::{
    self, DirectoryGrant, ExtensionConfig, Lifecycle, MAX_INSTANCES, MAX_MEMORY, MIN_MEMORY, Permissions, Source,
};
use crate::dialect::Dialect;
use crate::error::{ErrorCode, Result};
use crate::network::check_host;
use crate::restart::{self, Restart, Written};

/// One key of a table that is read into a `T`.
pub(super) struct Key<T> {
    pub name: &'static str,
    /// What it means, in a sentence.
    pub about: &'static str,
    /// JSON Schema of its value.
    pub schema: fn() -> Value,
    read: fn(&mut T, &Found<'_>) -> Result<()>,
}

/// Reads a table, each of whose keys has to be among these.
pub(super) fn read<T>(keys: &[&[Key<T>]], into: &mut T, table: &Found<'_>) -> Result<()> {
    for entry in table.table()? {
        match keys.iter().copied().flatten().find(|key| key.name == entry.key) {
            Some(key) => (key.read)(into, &entry.found)?,
            None => {
                let names: Vec<_> = keys.iter().copied().flatten().map(|key| key.name).collect();
                let (code, what) = unknown(entry.key, &names);
                return Err(entry.refused(code, &what));
            }
        }
    }
    Ok(())
}

/// What somebody who wrote a key that there is not is told.
fn unknown(key: &str, names: &[&str]) -> (ErrorCode, String) {
    let invalid = |what: &str| (ErrorCode::InvalidConfig, what.to_owned());
    match key {
        "url" => (ErrorCode::InvalidSource, "Modules are not fetched: give the `path` of a file.".into()),
        "command" | "args" => (ErrorCode::InvalidSource, "This host starts no programs: it loads WebAssembly.".into()),
        "max_concurrent_calls" => invalid("There is no such key: `instances`, a key of the extension, says it."),
        "name" => invalid("There is no such key: the heading names the extension."),
        _ => {
            let letters = |name: &str| name.replace(['_', '-'], "").to_lowercase();
            let meant = names.iter().find(|name| letters(name) == letters(key));
            let there_are = match meant {
                Some(name) => format!("it is written `{name}`"),
                None => format!("there are {}", names.join(", ")),
            };
            invalid(&format!("There is no such key; {there_are}."))
        }
    }
}

/// An extension while it is being read.
#[derive(Default)]
pub(super) struct Draft {
    path: Option<PathBuf>,
    source: Option<Source>,
    permissions: Permissions,
    config: Option<Box<RawValue>>,
    lifecycle: Lifecycle,
    dialect: Option<Dialect>,
    instances: Option<u32>,
    max_queue: Option<u32>,
    restart: Restart,
}

impl Draft {
    /// The configuration, once every key was read.
    pub fn finish(self, name: &str, heading: &Found<'_>) -> Result<ExtensionConfig> {
        let invalid = |what| Err(heading.refused(ErrorCode::InvalidSource, what));
        let source = match (self.source, self.path) {
            (Some(source), None) => source,
            (None, Some(path)) => Source::file(path),
            (Some(_), Some(_)) => return invalid("It has both `path` and `source`: give one of them."),
            (None, None) => return invalid("It has no module: give the `path` of one."),
        };
        let instances = self.instances.unwrap_or(1);
        let Self { permissions, config, lifecycle, dialect, max_queue, restart, .. } = self;
        let config = ExtensionConfig {
            permissions,
            config,
            lifecycle,
            dialect,
            instances,
            max_queue,
            restart,
            ..ExtensionConfig::new(name, source)
        };
        config.permissions.check_network().map_err(|what| heading.refused(ErrorCode::InvalidConfig, &what))?;
        Ok(config)
    }
}

/// The key that only a list of extensions has; in a table of extensions the heading names them.
pub(super) const NAME: &[Key<Draft>] = &[Key {
    name: "name",
    about: "The name that errors, logs and listings use.",
    schema: || json!({ "type": "string", "minLength": 1, "maxLength": 256 }),
    read: |_, found| found.check(config::check_name(found.text()?)),
}];

pub(super) const EXTENSION: &[Key<Draft>] = &[
    Key {
        name: "enabled",
        about: "Whether it is loaded. What is not is not looked at either.",
        schema: || json!({ "type": "boolean", "default": true }),
        read: |_, found| found.flag().map(drop),
    },
    Key {
        name: "protocol",
        about: "How it is called. This host speaks Extism's protocol alone.",
        schema: || json!({ "const": "extism", "default": "extism" }),
        read: |_, found| protocol(found),
    },
    Key {
        name: "path",
        about: "The module's file; a relative path starts at this file's directory. Short for `source`.",
        schema: schema::text,
        read: |draft, found| {
            draft.path = Some(found.path()?);
            Ok(())
        },
    },
    Key {
        name: "source",
        about: "Where the module comes from.",
        schema: || schema::defined("source"),
        read: |draft, found| {
            draft.source = Some(source(found)?);
            Ok(())
        },
    },
    Key {
        name: "permissions",
        about: "What it may use. Everything that is not granted is refused.",
        schema: || schema::defined("permissions"),
        read: |draft, found| {
            read(&[PERMISSIONS], &mut draft.permissions, found)?;
            found.check(draft.permissions.check_network())
        },
    },
    Key {
        name: "config",
        about: "Handed to its `initialize` as JSON; dates become text.",
        schema: || json!({ "type": "object", "default": {} }),
        read: |draft, found| {
            found.table()?;
            draft.config = to_raw_value(&found.json()?).ok();
            Ok(())
        },
    },
    Key {
        name: "dialect",
        about: "Which protocol it speaks; `auto` tells it from what the module exports. `raw` is for plain Extism plug-ins.",
        schema: || json!({ "enum": ["auto", "morphir", "mep", "raw"], "default": "auto" }),
        read: |draft, found| {
            let expected = |_| found.wrong("\"auto\", \"morphir\", \"mep\" or \"raw\"");
            draft.dialect = Dialect::wanted(found.text()?).map_err(expected)?;
            Ok(())
        },
    },
    Key {
        name: "lifecycle",
        about: "`none` means the dialect `raw`: a plain Extism plug-in.",
        schema: || json!({ "enum": ["morphir", "none"], "default": "morphir" }),
        read: |draft, found| {
            draft.lifecycle = match found.text()? {
                "morphir" => Lifecycle::Morphir,
                "none" => Lifecycle::None,
                _ => return Err(found.wrong("\"morphir\" or \"none\"")),
            };
            Ok(())
        },
    },
    Key {
        name: "instances",
        about: "How many of its calls run in parallel, each in a sandbox of its own. With 1, calls keep their order and share state.",
        schema: || json!({ "type": "integer", "minimum": 1, "maximum": MAX_INSTANCES, "default": 1 }),
        read: |draft, found| {
            let instances = found.count()?;
            found.check(config::check_instances(instances))?;
            draft.instances = u32::try_from(instances).ok();
            Ok(())
        },
    },
    Key {
        name: "max_queue",
        about: "How many calls may wait beside those that its instances can take; without it there is no limit.",
        schema: || json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        read: |draft, found| {
            let most = u32::try_from(found.count()?).map_err(|_| found.wrong("a number of 32 bits"))?;
            draft.max_queue = Some(most);
            Ok(())
        },
    },
    Key {
        name: "restart",
        about: "What follows a fault: whether the extension is started anew, and when.",
        schema: || json!({ "oneOf": [strategies(), schema::defined("restart")], "default": "immediate" }),
        read: |draft, found| {
            draft.restart = restart(found)?;
            Ok(())
        },
    },
];

pub(super) fn protocol(found: &Found<'_>) -> Result<()> {
    match found.text()? {
        "extism" => Ok(()),
        other => {
            let what = format!("The protocol {other:?} is not spoken here: this host speaks \"extism\".");
            Err(found.refused(ErrorCode::InvalidConfig, &what))
        }
    }
}

fn restart(found: &Found<'_>) -> Result<Restart> {
    let mut written = Written::default();
    if found.is_text() {
        written.strategy = strategy(found)?;
    } else if found.is_table() {
        read(&[RESTART], &mut written, found)?;
        if written.strategy.is_empty() {
            return Err(found.refused(ErrorCode::InvalidConfig, "It needs a `strategy`."));
        }
    } else {
        return Err(found.wrong("a strategy, or { strategy, initial_delay, max_delay, max_retries }"));
    }
    written.read().map_err(|what| found.refused(ErrorCode::InvalidConfig, &what))
}

const STRATEGIES: [&str; 3] = ["never", "immediate", "exponential"];

fn strategies() -> Value {
    json!({ "enum": STRATEGIES })
}

fn strategy(found: &Found<'_>) -> Result<String> {
    let name = found.text()?;
    let known = STRATEGIES.contains(&name).then(|| name.to_owned());
    known.ok_or_else(|| found.wrong("\"never\", \"immediate\" or \"exponential\""))
}

pub(super) const RESTART: &[Key<Written>] = &[
    Key {
        name: "strategy",
        about: "`never`: it is not started again. `immediate`: the next call starts it. `exponential`: the first call after a delay does.",
        schema: strategies,
        read: |written, found| {
            written.strategy = strategy(found)?;
            Ok(())
        },
    },
    Key {
        name: "initial_delay",
        about: "With `exponential`: the delay after the first fault, which doubles with each that follows without a good call in between.",
        schema: || schema::duration(&humantime::format_duration(restart::INITIAL_DELAY).to_string()),
        read: |written, found| {
            written.initial_delay = Some(found.duration()?);
            Ok(())
        },
    },
    Key {
        name: "max_delay",
        about: "With `exponential`: the longest delay.",
        schema: || schema::duration(&humantime::format_duration(restart::MAX_DELAY).to_string()),
        read: |written, found| {
            written.max_delay = Some(found.duration()?);
            Ok(())
        },
    },
    Key {
        name: "max_retries",
        about: "How often in a row it is started again; without it, as often as it takes.",
        schema: || json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
        read: |written, found| {
            let most = u32::try_from(found.count()?).map_err(|_| found.wrong("a number of 32 bits"))?;
            written.max_retries = Some(most);
            Ok(())
        },
    },
];

fn source(found: &Found<'_>) -> Result<Source> {
    let mut source = Source { kind: String::new(), path: None, bytes: None, sha256: None };
    read(&[SOURCE], &mut source, found)?;
    let missing = |key| found.refused(ErrorCode::InvalidSource, &format!("It needs a `{key}`."));
    if source.kind.is_empty() {
        return Err(missing("type"));
    }
    source.path.is_some().then_some(source).ok_or_else(|| missing("path"))
}

pub(super) const SOURCE: &[Key<Source>] = &[
    Key {
        name: "type",
        about: "The only type there is.",
        schema: || json!({ "const": "wasm" }),
        read: |source, found| match found.text()? {
            "wasm" => {
                source.kind = "wasm".into();
                Ok(())
            }
            other => {
                let what = format!("A source of type {other:?} cannot be loaded: this host loads \"wasm\".");
                Err(found.refused(ErrorCode::InvalidSource, &what))
            }
        },
    },
    Key {
        name: "path",
        about: "The module's file; a relative path starts at this file's directory.",
        schema: schema::text,
        read: |source, found| {
            source.path = Some(found.path()?);
            Ok(())
        },
    },
    Key {
        name: "sha256",
        about: "The SHA-256 that the module must have.",
        schema: || json!({ "type": "string", "pattern": "^[0-9A-Fa-f]{64}$" }),
        read: |source, found| {
            let hash = found.text()?;
            found.check(config::check_sha256(hash))?;
            source.sha256 = Some(hash.into());
            Ok(())
        },
    },
];

pub(super) const PERMISSIONS: &[Key<Permissions>] = &[
    Key {
        name: "max_memory",
        about: "All the memory of one instance, in bytes or with a unit: `\"100MB\"` (millions), `\"64MiB\"`.",
        schema: || schema::size(MIN_MEMORY, MAX_MEMORY, "256MiB"),
        read: |permissions, found| {
            permissions.max_memory = found.size()?;
            found.check(config::check_max_memory(permissions.max_memory))
        },
    },
    Key {
        name: "max_execution_time",
        about: "How long one call may run, and how long start-up may, in milliseconds or with a unit: `\"5s\"`, `\"500ms\"`.",
        schema: || schema::duration("30s"),
        read: |permissions, found| {
            permissions.max_execution_time = found.duration()?;
            found.check(config::check_max_execution_time(permissions.max_execution_time))
        },
    },
    Key {
        name: "max_output",
        about: "How many bytes one call may answer with, written like `max_memory`.",
        schema: || schema::size(1, MAX_MEMORY, "256MiB"),
        read: |permissions, found| {
            permissions.max_output = found.size()?;
            found.check(config::check_max_output(permissions.max_output))
        },
    },
    Key {
        name: "max_fuel",
        about: "How many instructions one call may run; without it they are not counted, which is faster.",
        schema: || json!({ "type": "integer", "minimum": 1 }),
        read: |permissions, found| {
            let instructions = found.count()?;
            permissions.max_fuel = Some(instructions);
            found.check(config::check_max_fuel(instructions))
        },
    },
    Key {
        name: "filesystem",
        about: "Directories to read and write; a relative path starts at this file's directory.",
        schema: || schema::list(&schema::defined("directory")),
        read: |permissions, found| {
            permissions.filesystem = directories(found)?;
            Ok(())
        },
    },
    Key {
        name: "readonly_paths",
        about: "Directories to read only, written like `filesystem`.",
        schema: || schema::list(&schema::defined("directory")),
        read: |permissions, found| {
            permissions.readonly_paths = directories(found)?;
            Ok(())
        },
    },
    Key {
        name: "network",
        about: "Whether it may reach every host on the network that has a public address.",
        schema: || json!({ "type": "boolean", "default": false }),
        read: |permissions, found| {
            permissions.network = Some(found.flag()?);
            Ok(())
        },
    },
    Key {
        name: "allowed_hosts",
        about: "Hosts that it may reach: names, `\"*.example.org\"` for all names beneath one, or addresses. A private address needs an entry that is that address, or `localhost`.",
        schema: || {
            let name = r"(\*\.)?[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63})*";
            let address = r"\[?[0-9A-Fa-f.]*:[0-9A-Fa-f:.]*\]?";
            schema::list(&json!({ "type": "string", "maxLength": 253, "pattern": format!("^({name}|{address})$") }))
        },
        read: |permissions, found| {
            let hosts = found.list()?;
            permissions.allowed_hosts = hosts.iter().map(host).collect::<Result<_>>()?;
            Ok(())
        },
    },
];

fn host(found: &Found<'_>) -> Result<String> {
    let host = found.text()?;
    found.check(check_host(host))?;
    Ok(host.into())
}

#[derive(Default)]
pub(super) struct Directory {
    path: Option<PathBuf>,
    guest_path: Option<String>,
}

pub(super) const DIRECTORY: &[Key<Directory>] = &[
    Key {
        name: "path",
        about: "The directory.",
        schema: schema::text,
        read: |directory, found| {
            directory.path = Some(found.path()?);
            Ok(())
        },
    },
    Key {
        name: "guest_path",
        about: "What the extension calls it.",
        schema: schema::text,
        read: |directory, found| {
            directory.guest_path = Some(found.text()?.into());
            Ok(())
        },
    },
];

fn directories(found: &Found<'_>) -> Result<Vec<DirectoryGrant>> {
    found.list()?.iter().map(directory).collect()
}

fn directory(found: &Found<'_>) -> Result<DirectoryGrant> {
    if found.is_text() {
        // The guest knows it as the file calls it: where the file is, is none of its business.
        return Ok(DirectoryGrant { path: found.path()?, guest_path: found.text()?.into() });
    }
    if !found.is_table() {
        return Err(found.wrong("a path, or { path, guest_path }"));
    }
    let mut directory = Directory::default();
    read(&[DIRECTORY], &mut directory, found)?;
    let missing = |key| found.refused(ErrorCode::InvalidConfig, &format!("It needs a `{key}`."));
    Ok(DirectoryGrant {
        path: directory.path.ok_or_else(|| missing("path"))?,
        guest_path: directory.guest_path.ok_or_else(|| missing("guest_path"))?,
    })
}
