//! What an extension may import, and the one error that lists what it may not.

use wasmparser::{FuncType, ValType};

use crate::error::{ErrorCode, ExtensionError, Result};
use crate::text::shorten;

/// Extism's own functions: the kernel's memory, configuration, variables, logs.
pub(crate) const EXTISM: &str = "extism:host/env";
/// WASI, as Go, C, Python and others need it.
pub(crate) const WASI: &str = "wasi_snapshot_preview1";

use ValType::{I32, I64};

/// Every function of `extism:host/env`, as extism 1.41 offers it.
const EXTISM_FUNCTIONS: &[(&str, &[ValType], &[ValType])] = &[
    ("alloc", &[I64], &[I64]),
    ("config_get", &[I64], &[I64]),
    ("error_get", &[], &[I64]),
    ("error_set", &[I64], &[]),
    ("free", &[I64], &[]),
    ("get_log_level", &[], &[I32]),
    ("http_headers", &[], &[I64]),
    ("http_request", &[I64, I64], &[I64]),
    ("http_status_code", &[], &[I32]),
    ("input_length", &[], &[I64]),
    ("input_load_u64", &[I64], &[I64]),
    ("input_load_u8", &[I64], &[I32]),
    ("input_offset", &[], &[I64]),
    ("input_set", &[I64, I64], &[]),
    ("length", &[I64], &[I64]),
    ("length_unsafe", &[I64], &[I64]),
    ("load_u64", &[I64], &[I64]),
    ("load_u8", &[I64], &[I32]),
    ("log_debug", &[I64], &[]),
    ("log_error", &[I64], &[]),
    ("log_info", &[I64], &[]),
    ("log_trace", &[I64], &[]),
    ("log_warn", &[I64], &[]),
    ("memory_bytes", &[], &[I64]),
    ("output_length", &[], &[I64]),
    ("output_offset", &[], &[I64]),
    ("output_set", &[I64, I64], &[]),
    ("reset", &[], &[]),
    ("store_u64", &[I64, I64], &[]),
    ("store_u8", &[I64, I32], &[]),
    ("var_get", &[I64], &[I64]),
    ("var_set", &[I64, I64], &[]),
];

/// The functions of WASI that injected ones take the place of. The signatures of all others the engine checks when it links.
const REPLACED_WASI_FUNCTIONS: &[(&str, &[ValType], &[ValType])] = &[
    ("fd_write", &[I32; 4], &[I32]),
    ("path_open", &[I32, I32, I32, I32, I32, I64, I64, I32, I32], &[I32]),
    ("poll_oneoff", &[I32; 4], &[I32]),
    ("proc_exit", &[I32], &[]),
    ("random_get", &[I32; 2], &[I32]),
];

/// Every function of WASI preview 1 (`wasi_snapshot_preview1.witx`).
const WASI_FUNCTIONS: &[&str] = &[
    "adapter_close_badfd",
    "adapter_open_badfd",
    "args_get",
    "args_sizes_get",
    "clock_res_get",
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_advise",
    "fd_allocate",
    "fd_close",
    "fd_datasync",
    "fd_fdstat_get",
    "fd_fdstat_set_flags",
    "fd_fdstat_set_rights",
    "fd_filestat_get",
    "fd_filestat_set_size",
    "fd_filestat_set_times",
    "fd_pread",
    "fd_prestat_dir_name",
    "fd_prestat_get",
    "fd_pwrite",
    "fd_read",
    "fd_readdir",
    "fd_renumber",
    "fd_seek",
    "fd_sync",
    "fd_tell",
    "fd_write",
    "path_create_directory",
    "path_filestat_get",
    "path_filestat_set_times",
    "path_link",
    "path_open",
    "path_readlink",
    "path_remove_directory",
    "path_rename",
    "path_symlink",
    "path_unlink_file",
    "poll_oneoff",
    "proc_exit",
    "proc_raise",
    "random_get",
    "sched_yield",
    "sock_accept",
    "sock_recv",
    "sock_send",
    "sock_shutdown",
];

/// What a module wants from its host.
pub(super) struct Import<'a> {
    pub module: &'a str,
    pub name: &'a str,
    /// `None` where it is not a function.
    pub signature: Option<&'a FuncType>,
}

/// Refuses a module that imports something this host does not offer, naming all of it at once.
pub(super) fn check(imports: &[Import<'_>]) -> Result<()> {
    let refused: Vec<String> = imports.iter().filter_map(refusal).collect();
    if refused.is_empty() {
        return Ok(());
    }
    // A hostile module can have 100,000 imports: an error is for reading.
    let shown = refused.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("; ");
    let more = if refused.len() > 20 { format!("; and {} more", refused.len() - 20) } else { String::new() };
    Err(ExtensionError::new(
        ErrorCode::InvalidSource,
        format!("The module imports what this host does not offer: {shown}{more}."),
    ))
}

fn refusal(import: &Import<'_>) -> Option<String> {
    let name = format!("{}::{}", shorten(import.module, 80), shorten(import.name, 80));
    let Some(signature) = import.signature else {
        return Some(format!("{name}, which is not a function"));
    };
    let shape = || format!("({}) -> ({})", list(signature.params()), list(signature.results()));
    let offered = match import.module {
        EXTISM => EXTISM_FUNCTIONS,
        WASI => REPLACED_WASI_FUNCTIONS,
        _ => &[],
    };
    match offered.iter().find(|(offered, ..)| *offered == import.name) {
        Some((_, params, results)) if *params == signature.params() && *results == signature.results() => None,
        Some((_, params, results)) => {
            Some(format!("{name} as {}, which is ({}) -> ({})", shape(), list(params), list(results)))
        }
        None if import.module == WASI && WASI_FUNCTIONS.contains(&import.name) => None,
        None => Some(format!("{name} as {}", shape())),
    }
}

fn list(types: &[ValType]) -> String {
    types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
