//! The engine asks its surroundings for the time. A module without imports has none to give: for scripts it is always the first
//! second of 1970, on every machine, so the same input gives the same output.

#[unsafe(no_mangle)]
extern "C" fn __rquickjs_host_now_us() -> f64 {
    0.0
}
