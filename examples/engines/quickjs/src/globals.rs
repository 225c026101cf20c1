//! What a script finds: `Host`, `Config`, `Var` and `console`, with the names of Extism's JavaScript kit.

use extism_pdk::{LogLevel, config, input_bytes as kernel_input, log as kernel_log, output, var};
use rquickjs::prelude::Func;
use rquickjs::{Ctx, Exception, Function, Object, Result, TypedArray};

/// How deep JSON may be nested. To write half as much again takes more than the 512 KiB of stack that an engine grants.
const NESTING: usize = 1500;

/// Defines them: the shapes in JavaScript, over the functions here.
pub fn define(ctx: &Ctx<'_>) -> Result<()> {
    let native = Object::new(ctx.clone())?;
    native.set("inputString", Func::from(input_string))?;
    native.set("inputBytes", Func::from(input_bytes))?;
    native.set("outputString", Func::from(output_string))?;
    native.set("outputBytes", Func::from(output_bytes))?;
    native.set("configGet", Func::from(config_get))?;
    native.set("varString", Func::from(var_string))?;
    native.set("varBytes", Func::from(var_bytes))?;
    native.set("varSetString", Func::from(var_set_string))?;
    native.set("varSetBytes", Func::from(var_set_bytes))?;
    native.set("checkNesting", Func::from(check_nesting))?;
    native.set("log", Func::from(log))?;
    let shapes: Function = ctx.eval(include_str!("globals.js"))?;
    shapes.call((native,))
}

fn input_string(ctx: Ctx<'_>) -> Result<String> {
    String::from_utf8(kernel_input()).map_err(|_| Exception::throw_type(&ctx, "the input is not UTF-8"))
}

fn input_bytes(ctx: Ctx<'_>) -> Result<TypedArray<'_, u8>> {
    TypedArray::new(ctx, kernel_input())
}

fn output_string(ctx: Ctx<'_>, text: String) -> Result<bool> {
    thrown(&ctx, output(text))?;
    Ok(true)
}

fn output_bytes<'js>(ctx: Ctx<'js>, bytes: TypedArray<'js, u8>) -> Result<bool> {
    thrown(&ctx, output(copied(&bytes)))?;
    Ok(true)
}

fn config_get(ctx: Ctx<'_>, key: String) -> Result<Option<String>> {
    thrown(&ctx, config::get(key))
}

fn var_string(ctx: Ctx<'_>, key: String) -> Result<Option<String>> {
    thrown(&ctx, var::get(key))
}

fn var_bytes(ctx: Ctx<'_>, key: String) -> Result<Option<TypedArray<'_, u8>>> {
    let bytes: Option<Vec<u8>> = thrown(&ctx, var::get(key))?;
    bytes.map(|bytes| TypedArray::new(ctx, bytes)).transpose()
}

fn var_set_string(ctx: Ctx<'_>, key: String, value: String) -> Result<()> {
    thrown(&ctx, var::set(key, value))
}

fn var_set_bytes<'js>(ctx: Ctx<'js>, key: String, value: TypedArray<'js, u8>) -> Result<()> {
    thrown(&ctx, var::set(key, copied(&value)))
}

/// Throws for JSON that is nested too deep; whether it is JSON at all, others see.
fn check_nesting<'js>(ctx: Ctx<'js>, json: rquickjs::String<'js>) -> Result<()> {
    // Text with half a pair of surrogates comes from the script itself, which knows how deep it is.
    let Ok(json) = json.to_string() else { return Ok(()) };
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > NESTING {
            return Err(Exception::throw_range(&ctx, &format!("nested deeper than {NESTING} levels")));
        }
    }
    Ok(())
}

fn log(level: usize, message: String) {
    let level = [LogLevel::Debug, LogLevel::Info, LogLevel::Warn, LogLevel::Error][level.min(3)];
    kernel_log!(level, "{message}");
}

fn copied(bytes: &TypedArray<'_, u8>) -> Vec<u8> {
    // SAFETY: no script runs while the slice is there, so none can detach or resize what is underneath.
    unsafe { bytes.as_bytes() }.unwrap_or_default().to_vec()
}

/// What the kernel refuses, the script may catch.
fn thrown<T>(ctx: &Ctx<'_>, result: std::result::Result<T, extism_pdk::Error>) -> Result<T> {
    result.map_err(|error| Exception::throw_message(ctx, &error.to_string()))
}
