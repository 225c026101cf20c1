//! The core alone, for counting its instructions: does one thing so many times and ends.
//!
//! `bench/instructions.mjs` runs it, once for n times and once for 2n, and takes the difference for n. The arguments are what to do,
//! how many times, the module, the input's file, and a directory for the cache (`-` for none).

use std::env;
use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use extism::{Manifest, Plugin, PluginBuilder, Wasm};
use morphir_extension_host::{
    Cache, Call, ExtensionConfig, ExtensionId, Form, Host, HostOptions, Lifecycle, Outcome, Slots, Source,
};

const METHOD: &str = "copy";
const NO_CACHE: &str = "-";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [what, times, module, input, cache] = arguments.as_slice() else {
        return Err(
            "Give it what to do, how many times, a module, an input and a cache; npm run instructions does.".into()
        );
    };
    let (times, input) = (times.parse::<usize>()?, fs::read(input)?);
    match what.as_str() {
        "call" => {
            let host = host(cache)?;
            let id = load(&host, module)?;
            for _ in 0..times {
                call(&host, id, vec![input.clone()])?;
            }
        }
        // As many inputs of one call, which follow one another without leaving the engine.
        "row" => {
            let host = host(cache)?;
            let id = load(&host, module)?;
            call(&host, id, vec![input; times])?;
        }
        "load" => {
            let host = host(cache)?;
            for _ in 0..times {
                let id = load(&host, module)?;
                // Valgrind has room for the memories of a few at a time.
                drop(host.unload(id, true));
            }
        }
        // The same without this host: what the engine takes of it.
        "raw-call" => {
            let mut plugin = raw_load(module, cache)?;
            for _ in 0..times {
                plugin.call::<&[u8], &[u8]>(METHOD, &input)?;
            }
        }
        "raw-load" => {
            for _ in 0..times {
                raw_load(module, cache)?;
            }
        }
        other => {
            return Err(format!("There is nothing called {other}: it is call, row, load, raw-call or raw-load.").into());
        }
    }
    Ok(())
}

fn host(cache: &str) -> Result<Host> {
    let cache = if cache == NO_CACHE { None } else { Some(Cache::open(Path::new(cache))?) };
    Ok(Host::new(HostOptions { cache, slots: Arc::new(Slots::new(1)), log_level: None }))
}

fn load(host: &Host, module: &str) -> Result<ExtensionId> {
    let mut config = ExtensionConfig::new("guest", Source::file(module));
    config.lifecycle = Lifecycle::None;
    host.load(config)?;
    match settled(host)? {
        Outcome::Loaded(loaded) => Ok(loaded?),
        _ => Err("A load came to a call's answers.".into()),
    }
}

fn call(host: &Host, extension: ExtensionId, inputs: Vec<Vec<u8>>) -> Result<()> {
    host.submit(Call { extension, method: METHOD.into(), inputs, form: Form::Text, timeout: None })?;
    match settled(host)? {
        Outcome::Called(answers) => Ok(answers.into_iter().try_for_each(|answer| answer.map(drop))?),
        _ => Err("A call came to a load's answer.".into()),
    }
}

fn raw_load(module: &str, cache: &str) -> Result<Plugin> {
    let builder = PluginBuilder::new(Manifest::new([Wasm::file(module)]));
    let builder = if cache == NO_CACHE {
        builder.with_cache_disabled()
    } else {
        let settings = Path::new(cache).join("engine.toml");
        let directory = Path::new(cache).join("code");
        // Without the engine's upkeep, as the host has it: that comes at times of its own.
        let upkeep = "cleanup-interval = \"3650d\"\noptimized-compression-usage-counter-threshold = \"4294967295\"";
        fs::write(&settings, format!("[cache]\ndirectory = '{}'\n{upkeep}\n", directory.display()))?;
        builder.with_cache_config(settings)
    };
    let mut plugin = Plugin::new_from_compiled(&builder.compile()?)?;
    // The engine makes what it still lacks at the first call.
    plugin.call::<&[u8], &[u8]>(METHOD, b"")?;
    Ok(plugin)
}

/// What the next job comes to, on this thread.
fn settled(host: &Host) -> Result<Outcome> {
    let mut settled = host.next().ok_or("There is nothing to run.")?.into_settled();
    settled.pop().map(|work| work.outcome).ok_or_else(|| "The work came to nothing.".into())
}
