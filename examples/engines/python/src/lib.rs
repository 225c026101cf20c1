//! Runs an extension written in Python.
//!
//! The script is in the module, compiled. Python starts with the first call, in the same way every time: it sees no
//! clock, no files, no environment and no random numbers. Then each call is one function of the script.

mod ffi;
mod json;

use std::panic;

use extism_pdk::{LogLevel, Memory, error};
use rustpython_vm::frozen::FrozenLib;
use rustpython_vm::types::PyTypeFlags;
use rustpython_vm::{AsObject, Interpreter, PyRef, Settings, VirtualMachine, builtins::PyBaseException};

/// The script and the module `extism` that it imports.
static MODULES: &FrozenLib = FrozenLib::from_ref(include_bytes!(concat!(env!("OUT_DIR"), "/modules")));

mod exports {
    include!(concat!(env!("OUT_DIR"), "/exports.rs"));
}

thread_local! {
    static PYTHON: Interpreter = start();
}

/// Calls a function of the script.
fn call(name: &'static str) -> i32 {
    PYTHON.with(|python| {
        python.enter(|vm| {
            let result = vm.import("extension", 0).and_then(|script| script.get_attr(name, vm)?.call((), vm));
            let Err(exception) = result else { return 0 };
            fail(&exception, vm);
            1
        })
    })
}

fn start() -> Interpreter {
    // The host only sees that the extension broke off.
    panic::set_hook(Box::new(|panic| error!("{panic}")));
    let mut settings = Settings::default();
    settings.hash_seed = Some(0);
    settings.install_signal_handlers = false;
    settings.import_site = false;
    settings.ignore_environment = true;
    settings.isolated = true;
    let builder = Interpreter::builder(settings);
    let ffi = ffi::module_def(&builder.ctx);
    builder.add_native_module(ffi).add_frozen_modules(MODULES).build()
}

/// Tells the host why a call failed; where in the script, the log says at level debug.
fn fail(exception: &PyRef<PyBaseException>, vm: &VirtualMachine) {
    let mut trace = String::new();
    if vm.write_exception(&mut trace, exception).is_ok() {
        extism_pdk::log!(LogLevel::Debug, "{}", trace.trim_end());
    }
    let text = exception.as_object().str(vm).map_or_else(|_| String::new(), |text| text.to_string());
    let class = exception.class();
    // `raise Exception("…")` is the script's own sentence, and so is an exception of its own. Any other is a defect
    // that needs its name: `KeyError: 'ir'`.
    let own = class.is(vm.ctx.exceptions.exception_type)
        || class.is(vm.ctx.exceptions.value_error)
        || class.slots.flags.has_feature(PyTypeFlags::HEAPTYPE);
    let message = match (own, text.is_empty()) {
        (_, true) => class.name().to_string(),
        (true, false) => text,
        (false, false) => format!("{}: {text}", class.name()),
    };
    let message = Memory::from_bytes(message).expect("the host takes text");
    // SAFETY: the offset is that of memory which Extism just gave.
    unsafe { extism_pdk::extism::error_set(message.offset()) }
}
