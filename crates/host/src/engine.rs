//! Has the engine compile a module and make a sandbox of it.

use std::sync::Arc;

use extism::{CompiledPlugin, DebugOptions, Manifest, Plugin, PluginBuilder};

use crate::config::PAGE;
use crate::error::{ErrorCode, ExtensionError, Result};
use crate::guest::Guest;
use crate::instance::Blueprint;
use crate::layout::Layout;
use crate::prepare::KERNEL_PAGES;

/// Why a plug-in could not be made.
pub(crate) enum Unmade {
    OutOfFuel,
    Refused(extism::Error),
}

/// A plug-in with all its memories. The engine makes them at the first call: this one does nothing else.
pub(crate) fn instantiate(
    blueprint: &Blueprint,
    guest: &Arc<Guest>,
    engine: &CompiledPlugin,
) -> Result<Box<Plugin>, Unmade> {
    guest.begin();
    let unmade = |error| if is_out_of_fuel(&error) { Unmade::OutOfFuel } else { Unmade::Refused(error) };
    let mut plugin = Box::new(Plugin::new_from_compiled(engine).map_err(unmade)?);
    plugin.call::<&[u8], &[u8]>(&blueprint.module.prepared.made, b"").map_err(unmade)?;
    Ok(plugin)
}

/// The module's code, compiled or from the cache.
pub(crate) fn compile(blueprint: &Blueprint, guest: &Arc<Guest>, layout: Layout) -> Result<CompiledPlugin> {
    let Blueprint { module, permissions, .. } = blueprint;
    let pages = permissions.max_memory / PAGE - KERNEL_PAGES - module.prepared.initial_pages;
    let manifest = Manifest::new([module.place.wasm()])
        .with_memory_max(u32::try_from(pages).unwrap_or(u32::MAX))
        .with_allowed_paths(blueprint.directories.iter().cloned());
    let mut builder = PluginBuilder::new(manifest)
        .with_wasi(module.prepared.wasi)
        .with_functions(guest.functions())
        .with_wasmtime_config(engine_config(layout, permissions.max_memory))
        // Its default reads environment variables that write files and slow every call.
        .with_debug_options(DebugOptions {
            profiling_strategy: wasmtime::ProfilingStrategy::None,
            coredump: None,
            memdump: None,
            debug_info: false,
        });
    if let Some(fuel) = permissions.max_fuel {
        builder = builder.with_fuel_limit(fuel);
    }
    let engine = match module.place.engine_settings() {
        // Any trouble with the cache means compiling without it.
        Some(settings) => {
            builder.clone().with_cache_config(settings).compile().or_else(|_| builder.with_cache_disabled().compile())
        }
        None => builder.with_cache_disabled().compile(),
    }
    .map_err(|error| engine_refused(&error))?;
    module.place.compiled();
    Ok(engine)
}

fn engine_config(layout: Layout, max_memory: u64) -> wasmtime::Config {
    let mut config = wasmtime::Config::new();
    layout.apply(&mut config, max_memory);
    // Offsets within functions are not reported, and their table is as large as the code.
    config.generate_address_map(false);
    config.wasm_backtrace_details(wasmtime::WasmBacktraceDetails::Disable);
    config.max_wasm_stack(crate::stack::for_guests());
    config
}

/// Whether the engine stopped for want of fuel: by a trap, or, once a call is over, in words.
pub(crate) fn is_out_of_fuel(error: &extism::Error) -> bool {
    error.downcast_ref() == Some(&wasmtime::Trap::OutOfFuel)
        || error.root_cause().to_string() == "plugin ran out of fuel"
}

pub(crate) fn engine_refused(error: &extism::Error) -> ExtensionError {
    ExtensionError::new(ErrorCode::InvalidSource, format!("The engine refused the module: {}.", error.root_cause()))
}
