//! The engine without this host, for its speed: extism's own Rust SDK, called in a loop.
//!
//! `bench/speed.mjs` runs it. It does what it is told on standard input, a line of JSON at a time, and answers each with a line;
//! `bench/speed/acts.mjs` does the same in Node.js. Times are in milliseconds.

use std::error::Error;
use std::fs;
use std::hint;
use std::io::{self, BufRead, Write};
use std::thread;
use std::time::{Duration, Instant};

use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};
use serde::Deserialize;
use serde_json::{Value, json};

/// The memory that a plug-in may take beside what it starts with, in pages of 64 KiB.
const MAX_PAGES: u32 = 16 * 1024;
/// What the host gives guests.
const STACK: usize = 512 * 1024;

#[derive(Deserialize)]
#[serde(tag = "act", rename_all = "camelCase", rename_all_fields = "camelCase")]
enum Act {
    /// Loads a module and, where it is a Morphir extension, starts it as the protocol says.
    Open {
        module: String,
        lifecycle: Lifecycle,
        /// With a limit on the time of each call, in milliseconds.
        time: Option<u64>,
    },
    /// Calls a method, one time after the other.
    Each { method: String, payload: String, calls: usize },
    /// Calls a method for so many milliseconds on so many threads, each with a plug-in of its own.
    Flight { method: String, payload: String, ms: u64, threads: usize },
    /// Copies a payload into new memory, one time after the other.
    Copies { payload: String, calls: usize },
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Lifecycle {
    Morphir,
    None,
}

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What was opened last.
struct Opened {
    module: String,
    time: Option<u64>,
    plugin: Plugin,
}

fn main() -> Result<()> {
    let mut opened = None;
    for line in io::stdin().lock().lines() {
        let answer = serde_json::from_str(&line?)
            .map_err(Into::into)
            .and_then(|act| perform(act, &mut opened))
            .unwrap_or_else(|error| json!({ "error": error.to_string() }));
        let mut out = io::stdout().lock();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

fn perform(act: Act, opened: &mut Option<Opened>) -> Result<Value> {
    match act {
        Act::Open { module, lifecycle, time } => {
            let since = Instant::now();
            let compiled = compile(&module, time)?;
            let compile = milliseconds(since);
            let mut plugin = Plugin::new_from_compiled(&compiled)?;
            if lifecycle == Lifecycle::Morphir {
                plugin.call::<&str, &[u8]>("initialize", "{}")?;
                plugin.call::<&str, &[u8]>("capabilities", "")?;
            }
            let ms = milliseconds(since);
            let guest = compile_alone(&module)?;
            *opened = Some(Opened { module, time, plugin });
            Ok(json!({ "ms": ms, "compile": compile, "guest": guest }))
        }
        Act::Each { method, payload, calls } => {
            let Opened { plugin, .. } = opened.as_mut().ok_or("Nothing was opened.")?;
            let input = fs::read(payload)?;
            let times = times(calls, || plugin.call::<&[u8], &[u8]>(&method, &input).map(drop))?;
            Ok(json!({ "times": times }))
        }
        Act::Flight { method, payload, ms, threads } => {
            let Opened { module, time, .. } = opened.as_ref().ok_or("Nothing was opened.")?;
            let input = fs::read(payload)?;
            // An engine each, as this host has it: they would wait for each other at one.
            let plugins = (0..threads).map(|_| Ok(Plugin::new_from_compiled(&compile(module, *time)?)?));
            let plugins = plugins.collect::<Result<Vec<_>>>()?;
            Ok(json!({ "rate": rate(plugins, &method, &input, Duration::from_millis(ms))? }))
        }
        Act::Copies { payload, calls } => {
            let source = fs::read(payload)?;
            let times = times(calls, || {
                hint::black_box(hint::black_box(&source).clone());
                Ok(())
            })?;
            Ok(json!({ "times": times }))
        }
    }
}

/// As this host compiles: the same engine, the same settings, nothing cached.
fn compile(module: &str, time: Option<u64>) -> Result<CompiledPlugin> {
    let mut manifest = Manifest::new([Wasm::file(module)]).with_memory_max(MAX_PAGES);
    if let Some(time) = time {
        manifest = manifest.with_timeout(Duration::from_millis(time));
    }
    let builder = PluginBuilder::new(manifest).with_wasi(true).with_wasmtime_config(settings());
    Ok(builder.with_cache_disabled().compile()?)
}

/// How long the engine's compiler takes for the guest alone, without Extism's kernel.
fn compile_alone(module: &str) -> Result<f64> {
    let wasm = fs::read(module)?;
    let engine = wasmtime::Engine::new(&settings())?;
    let since = Instant::now();
    wasmtime::Module::new(&engine, wasm)?;
    Ok(milliseconds(since))
}

fn settings() -> wasmtime::Config {
    let mut settings = wasmtime::Config::new();
    settings.generate_address_map(false);
    settings.wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Disable);
    settings.max_wasm_stack(STACK);
    settings
}

/// How long each of so many calls takes, after a tenth of them to warm up.
fn times(calls: usize, mut call: impl FnMut() -> std::result::Result<(), extism::Error>) -> Result<Vec<f64>> {
    for _ in 0..calls / 10 {
        call()?;
    }
    let mut times = Vec::with_capacity(calls);
    for _ in 0..calls {
        let since = Instant::now();
        call()?;
        times.push(milliseconds(since));
    }
    Ok(times)
}

/// Calls a second, of all threads together.
fn rate(plugins: Vec<Plugin>, method: &str, input: &[u8], lasting: Duration) -> Result<f64> {
    let since = Instant::now();
    let calls = thread::scope(|scope| {
        let threads = plugins.into_iter().map(|mut plugin| {
            scope.spawn(move || -> std::result::Result<u32, extism::Error> {
                let mut calls = 0;
                while since.elapsed() < lasting {
                    plugin.call::<&[u8], &[u8]>(method, input)?;
                    calls += 1;
                }
                Ok(calls)
            })
        });
        let threads = threads.collect::<Vec<_>>();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("a loop does not panic"))
            .sum::<std::result::Result<u32, _>>()
    })?;
    Ok(f64::from(calls) / since.elapsed().as_secs_f64())
}

fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1000.0
}
