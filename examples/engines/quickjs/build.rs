//! Takes in the script that the extension carries, and makes one WebAssembly export for each function that its interface declares.

use std::path::Path;
use std::{env, fs, process};

fn main() {
    if let Err(sentence) = run() {
        println!("cargo::error={sentence}");
        process::exit(1);
    }
}

fn run() -> Result<(), String> {
    let script = read("EXTENSION_SCRIPT", "the script, one file of CommonJS")?;
    let interface = read("EXTENSION_INTERFACE", "its interface, a .d.ts as extism-js takes it")?;
    let exports: String = exported(&interface)?
        .iter()
        .map(|name| {
            format!("#[unsafe(no_mangle)]\npub extern \"C\" fn {name}() -> i32 {{\n    crate::call({name:?})\n}}\n")
        })
        .collect();
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    for (name, text) in [("script.js", script), ("exports.rs", exports)] {
        fs::write(Path::new(&out).join(name), text).map_err(|error| format!("{name} cannot be written: {error}"))?;
    }
    Ok(())
}

/// The file that a variable names.
fn read(variable: &str, what: &str) -> Result<String, String> {
    println!("cargo::rerun-if-env-changed={variable}");
    let path = env::var(variable).map_err(|_| format!("{variable} is not set: the path of {what}"))?;
    println!("cargo::rerun-if-changed={path}");
    fs::read_to_string(&path).map_err(|error| format!("{variable} names {path}, which cannot be read: {error}"))
}

/// The names in `declare module "main" { export function transform(): I32 }`.
fn exported(interface: &str) -> Result<Vec<&str>, String> {
    let without = "the interface has no `declare module \"main\" { … }`";
    let main = interface.split("declare module").find(|part| {
        let name = part.trim_start();
        name.starts_with("\"main\"") || name.starts_with("'main'")
    });
    let block = main.and_then(|part| Some(part.split_once('{')?.1.split_once('}')?.0)).ok_or(without)?;
    let functions = block.split("export function").skip(1);
    let names = functions.map(|part| part.split_once('(').map_or("", |(name, _)| name.trim())).collect::<Vec<_>>();
    if names.is_empty() {
        return Err("the interface exports no function".into());
    }
    match names.iter().find(|name| !is_name(name)) {
        Some(name) => Err(format!("the interface exports `{name}`, which cannot be the name of an export")),
        None => Ok(names),
    }
}

/// Whether it can name a function in Rust too.
fn is_name(name: &str) -> bool {
    let letters = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_');
    letters && name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}
