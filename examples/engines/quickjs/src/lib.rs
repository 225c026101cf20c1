//! QuickJS as an extension that carries a script: the same script, with the same interface file, that Extism's own compiler
//! `extism-js` takes. Each function of the interface is an export that calls the script's function of the same name.

mod clock;
mod globals;

use std::cell::OnceCell;

use extism_pdk::{Memory, extism};
use rquickjs::context::EvalOptions;
use rquickjs::{CatchResultExt, CaughtError, Context, Ctx, Function, Object, Persistent, Runtime, Value};

include!(concat!(env!("OUT_DIR"), "/exports.rs"));

const SCRIPT: &str = include_str!(concat!(env!("OUT_DIR"), "/script.js"));

/// How much of its own stack QuickJS may use before it throws. WebAssembly's, which it does not see, is used up at a third more, and
/// that would break the instance.
const STACK: usize = 192 * 1024;

/// A script that has run, and what it exports.
struct Engine {
    context: Context,
    exports: Persistent<Object<'static>>,
}

thread_local! {
    static ENGINE: OnceCell<Engine> = const { OnceCell::new() };
}

/// Calls the script's function of this name. What it throws is the error of the call: its message, one sentence.
fn call(name: &str) -> i32 {
    ENGINE.with(|cell| {
        let result = match cell.get() {
            Some(engine) => engine.call(name),
            None => Engine::start().and_then(|engine| cell.get_or_init(|| engine).call(name)),
        };
        result.unwrap_or_else(|message| {
            fail(&message);
            1
        })
    })
}

impl Engine {
    /// Runs the script once, with the first call of an instance: only then is there somewhere for its errors to go.
    fn start() -> Result<Self, String> {
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        runtime.set_max_stack_size(STACK);
        let context = Context::full(&runtime).map_err(|error| error.to_string())?;
        let exports = context.with(|ctx| {
            let exports = globals::define(&ctx).and_then(|()| run(&ctx)).catch(&ctx).map_err(message)?;
            Ok::<_, String>(Persistent::save(&ctx, exports))
        })?;
        Ok(Self { context, exports })
    }

    /// Answers what the function returns, where that is a number: 0, or anything else for an error that it has set itself.
    fn call(&self, name: &str) -> Result<i32, String> {
        self.context.with(|ctx| {
            let exports = self.exports.clone().restore(&ctx).map_err(|error| error.to_string())?;
            let function: Function =
                exports.get(name).map_err(|_| format!("the script exports no function named {name}"))?;
            let returned: Value = function.call(()).catch(&ctx).map_err(message)?;
            Ok(returned.as_int().unwrap_or(0))
        })
    }
}

/// As CommonJS has it: what the script puts into `module.exports`.
fn run<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Object<'js>> {
    // On one line, so that the script's own lines keep their numbers.
    let source = format!("(function (module, exports) {{{SCRIPT}\n}})");
    let mut options = EvalOptions::default();
    options.filename = Some("extension.js".into());
    let script: Function = ctx.eval_with_options(source, options)?;
    let (module, exports) = (Object::new(ctx.clone())?, Object::new(ctx.clone())?);
    module.set("exports", exports.clone())?;
    script.call::<_, ()>((module.clone(), exports))?;
    module.get("exports")
}

/// What was thrown, as a sentence: an error's message, anything else as text.
fn message(caught: CaughtError) -> String {
    let text = match caught {
        CaughtError::Exception(exception) => exception.message(),
        CaughtError::Value(value) => value.get::<rquickjs::Coerced<String>>().ok().map(|text| text.0),
        CaughtError::Error(error) => Some(error.to_string()),
    };
    text.filter(|text| !text.is_empty()).unwrap_or_else(|| "the script threw an error without a message".into())
}

fn fail(message: &str) {
    let memory = Memory::from_bytes(message).expect("an error fits the memory");
    // SAFETY: the block was just made, and the kernel keeps it until the call has ended.
    unsafe { extism::error_set(memory.offset()) }
}
