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

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [what, times, module, input, cache] = arguments.as_slice() else {
        return Err("Give it what to do, how many times, a module, an input and a cache; npm run instructions does.".into());
    };
    let (times, input) = (times.parse::<usize>()?, fs::read(input)?);
    match what.as_str() {
        "call" => {
            let host = host(cache)?;
            let id = load(&host, module)?;
            for _ in 0..times {
                call(&host, id, &input)?;
            }
        }
        "load" => {
            let host = host(cache)?;
            for _ in 0..times {
                load(&host, module)?;
            }
        }
        // The same calls without this host: what the engine takes of them.
        "raw-call" => {
            let manifest = Manifest::new([Wasm::file(module)]);
            let compiled = PluginBuilder::new(manifest).with_cache_disabled().compile()?;
            let mut plugin = Plugin::new_from_compiled(&compiled)?;
            for _ in 0..times {
                plugin.call::<&[u8], &[u8]>(METHOD, &input)?;
            }
        }
        other => return Err(format!("There is nothing called {other}: it is call, load or raw-call.").into()),
    }
    Ok(())
}

fn host(cache: &str) -> Result<Host> {
    let cache = if cache == "-" { None } else { Some(Cache::open(Path::new(cache))?) };
    Ok(Host::new(HostOptions { cache, slots: Arc::new(Slots::new(1)), log_level: None }))
}

fn load(host: &Host, module: &str) -> Result<ExtensionId> {
    let mut config = ExtensionConfig::new("guest", Source::file(module));
    config.lifecycle = Lifecycle::None;
    host.load(config)?;
    match settled(host)? {
        Outcome::Loaded(loaded) => Ok(loaded?),
        Outcome::Called(_) => Err("A load came to a call's answers.".into()),
    }
}

fn call(host: &Host, extension: ExtensionId, input: &[u8]) -> Result<()> {
    let inputs = vec![input.to_vec()];
    host.submit(Call { extension, method: METHOD.into(), inputs, form: Form::Text, timeout: None })?;
    match settled(host)? {
        Outcome::Called(answers) => Ok(answers.into_iter().try_for_each(|answer| answer.map(drop))?),
        Outcome::Loaded(_) => Err("A call came to a load's answer.".into()),
    }
}

/// What the next job comes to, on this thread.
fn settled(host: &Host) -> Result<Outcome> {
    let mut settled = None;
    host.next().ok_or("There is nothing to run.")?.run(&mut |work| settled = Some(work.outcome));
    settled.ok_or_else(|| "The work came to nothing.".into())
}
