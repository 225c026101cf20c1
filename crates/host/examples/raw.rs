//! The engine without this host: one guest, given to extism's own Rust SDK with every limit that its manifest has.
//!
//! `bench/attacks.mjs` runs it, each time in a process of its own, with a trial as JSON, and reads a line of JSON for each
//! thing that happens; `bench/attacks/trial.mjs` has the shape of both.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use extism::{Manifest, Plugin, PluginBuilder, Wasm};
use serde::Deserialize;
use serde_json::{Value, json};

const PAGE: u32 = 64 * 1024;
/// The most of an answer that is told.
const SHOWN: usize = 200;

#[derive(Deserialize)]
struct Trial {
    module: String,
    /// In bytes.
    memory: u32,
    /// In milliseconds.
    time: u64,
    /// Directories, by the names that the guest has for them.
    #[serde(default)]
    directories: BTreeMap<String, String>,
    #[serde(default)]
    readonly: BTreeMap<String, String>,
    #[serde(default)]
    hosts: Vec<String>,
    calls: Vec<Call>,
    good: Call,
    /// A harmless guest, for when this one does not even load.
    plain: String,
}

#[derive(Deserialize)]
struct Call {
    method: String,
    #[serde(default)]
    input: String,
    /// Given the message of the error before it.
    #[serde(default)]
    imitates: bool,
}

thread_local! {
    static LOGGED: Cell<u64> = const { Cell::new(0) };
}

fn main() -> Result<(), Box<dyn Error>> {
    let argument = env::args().nth(1).ok_or("Give it a trial as JSON; npm run attacks does.")?;
    let trial: Trial = serde_json::from_str(&argument)?;
    extism::set_log_callback(|_| LOGGED.set(LOGGED.get() + 1), "info")?;
    tell(&json!({ "event": "begun" }))?;
    let since = Instant::now();
    let mut plugin = match load(&trial, &trial.module) {
        Ok(plugin) => Some(plugin),
        Err(error) => {
            tell(&json!({ "event": "load", "ms": milliseconds(since), "error": { "message": message(&error) } }))?;
            None
        }
    };
    if let Some(plugin) = &mut plugin {
        tell(&json!({ "event": "load", "ms": milliseconds(since) }))?;
        let mut last = String::new();
        for call in &trial.calls {
            let input = if call.imitates { &last } else { &call.input };
            let since = Instant::now();
            let told = match plugin.call::<&str, Vec<u8>>(&call.method, input) {
                Ok(output) => json!({
                    "event": "call",
                    "ms": milliseconds(since),
                    "length": output.len(),
                    "output": shown(&output),
                }),
                Err(error) => {
                    last = message(&error);
                    json!({ "event": "call", "ms": milliseconds(since), "error": { "message": last } })
                }
            };
            tell(&told)?;
        }
    }
    let (place, well) = good(&trial, plugin);
    tell(&json!({ "event": "good", "place": place, "well": well }))?;
    tell(&json!({ "event": "end", "logged": LOGGED.get(), "peak": peak() }))?;
    Ok(())
}

/// Where the next good call answers: in the same plug-in, in a new one, or in one of another guest.
fn good(trial: &Trial, plugin: Option<Plugin>) -> (&'static str, bool) {
    let Some(mut plugin) = plugin else {
        let mut other = load(trial, &trial.plain);
        return ("other", other.as_mut().is_ok_and(|plugin| answers(plugin, "echo", "well")));
    };
    let Call { method, input, .. } = &trial.good;
    if answers(&mut plugin, method, input) {
        return ("same", true);
    }
    drop(plugin);
    ("new", load(trial, &trial.module).as_mut().is_ok_and(|plugin| answers(plugin, method, input)))
}

fn answers(plugin: &mut Plugin, method: &str, input: &str) -> bool {
    plugin.call::<&str, Vec<u8>>(method, input).is_ok()
}

fn load(trial: &Trial, module: &str) -> Result<Plugin, extism::Error> {
    let granted = trial.directories.iter().map(|(guest, path)| (path.clone(), guest));
    let readonly = trial.readonly.iter().map(|(guest, path)| (format!("ro:{path}"), guest));
    let manifest = Manifest::new([Wasm::data(fs::read(module)?)])
        .with_memory_max(trial.memory / PAGE)
        .with_timeout(Duration::from_millis(trial.time))
        .with_allowed_hosts(trial.hosts.iter().cloned())
        .with_allowed_paths(granted.chain(readonly).map(|(path, guest)| (path, Path::new(guest).to_owned())));
    PluginBuilder::new(manifest).with_wasi(true).with_cache_disabled().build()
}

/// The whole message without the guest's stack, which follows in lines of its own.
fn message(error: &extism::Error) -> String {
    error.root_cause().to_string()
}

fn shown(output: &[u8]) -> String {
    String::from_utf8_lossy(&output[..output.len().min(SHOWN)]).into_owned()
}

/// The most memory that this process has had, in bytes; 0 where the system does not tell.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .map_or(0, |kilobytes| kilobytes * 1024)
}

fn milliseconds(since: Instant) -> u128 {
    since.elapsed().as_millis()
}

/// At once, because the process may not live until the next line.
fn tell(what: &Value) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{what}")?;
    out.flush()
}
