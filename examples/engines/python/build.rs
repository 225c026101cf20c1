//! Compiles the script and gives the module an export for each function under `@extism.plugin_fn`.

use std::path::PathBuf;
use std::{env, fs, process};

use rustpython_compiler::ast::{Expr, Stmt};
use rustpython_compiler::core::frozen::{FrozenCodeObject, FrozenLib, FrozenModule};
use rustpython_compiler::{CompileOpts, Mode, compile, parser};

/// The stack has two parts. This one is in memory: Python measures it, and raises `RecursionError` when it is used up. The
/// other, half a megabyte, only the host sees, and its end is a trap. With this size the first one ends first.
const STACK: usize = 320 * 1024;

fn main() {
    println!("cargo:rustc-link-arg-cdylib=-zstack-size={STACK}");
    println!("cargo:rerun-if-env-changed=EXTENSION_SCRIPT");
    let Some(script) = env::var_os("EXTENSION_SCRIPT").map(PathBuf::from) else {
        refuse("EXTENSION_SCRIPT is not set: the Python file to build, as an absolute path")
    };
    println!("cargo:rerun-if-changed={}", script.display());
    println!("cargo:rerun-if-changed=src/extism.py");
    let source = fs::read_to_string(&script).unwrap_or_else(|error| refuse(&format!("{}: {error}", script.display())));
    let file = script.file_name().expect("a file that was read has a name").to_string_lossy();

    let functions = plugin_functions(&source).unwrap_or_else(|error| refuse(&format!("{file}: {error}")));
    if functions.is_empty() {
        refuse(&format!("{file} exports nothing: write @extism.plugin_fn above each function that the host may call"));
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it"));
    let exports: Vec<String> = functions.iter().enumerate().map(export).collect();
    write(out.join("exports.rs"), exports.concat().as_bytes());

    let extism = fs::read_to_string("src/extism.py").expect("it lies beside this file");
    let modules = [("extension", frozen(&source, &file)), ("extism", frozen(&extism, "extism.py"))];
    write(out.join("modules"), &FrozenLib::encode(modules).bytes);
}

/// A name may be a keyword in Rust, but not in what the module calls the function.
fn export((at, name): (usize, &String)) -> String {
    format!(
        "#[unsafe(export_name = {name:?})]\nextern \"C\" fn export_{at}() -> i32 {{\n    crate::call({name:?})\n}}\n"
    )
}

fn frozen(source: &str, file: &str) -> FrozenModule<Vec<u8>> {
    let code = compile(source, Mode::Exec, file, CompileOpts::default()).unwrap_or_else(|error| {
        let (line, column) = error.python_location();
        refuse(&format!("{file}, line {line}, column {column}: {error}"))
    });
    FrozenModule { code: FrozenCodeObject::encode(&code), package: false }
}

/// The names of the functions to export, in their order.
fn plugin_functions(source: &str) -> Result<Vec<String>, String> {
    // What is wrong with the syntax, compiling it says better.
    let Ok(module) = parser::parse_module(source) else { return Ok(vec!["unknown".to_owned()]) };
    let mut names = Vec::new();
    for statement in &module.syntax().body {
        let Stmt::FunctionDef(function) = statement else { continue };
        if !function.decorator_list.iter().any(|decorator| is_plugin_fn(&decorator.expression)) {
            continue;
        }
        let name = function.name.to_string();
        if !function.parameters.is_empty() {
            return Err(format!("{name} must not have parameters: what the host sends, extism.input_json() answers"));
        }
        if names.contains(&name) {
            return Err(format!("{name} is exported twice"));
        }
        names.push(name);
    }
    Ok(names)
}

fn is_plugin_fn(decorator: &Expr) -> bool {
    match decorator {
        Expr::Name(name) => name.id.as_str() == "plugin_fn",
        Expr::Attribute(attribute) => {
            attribute.attr.as_str() == "plugin_fn"
                && matches!(&*attribute.value, Expr::Name(name) if name.id.as_str() == "extism")
        }
        _ => false,
    }
}

fn write(path: PathBuf, content: &[u8]) {
    fs::write(path, content).expect("cargo made this folder for it");
}

/// Ends the build with what is wrong and nothing else: a panic would bury it in a backtrace.
fn refuse(why: &str) -> ! {
    eprintln!("{why}");
    process::exit(1)
}
