//! Sets the linker flags a Node-API addon needs.

fn main() {
    napi_build::setup();
    // Node unloads an addon when the last worker thread that loaded it exits, while threads of the engine may still run its
    // code. This keeps the addon in memory. (macOS does not unload libraries with thread-local data; for Windows see
    // docs/architecture.md.)
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
