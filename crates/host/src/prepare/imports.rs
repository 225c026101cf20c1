//! What an extension may import, and the one error that lists what it may not.

use wasmparser::{FuncType, ValType};

use super::HOST;
use super::call::Wanted;
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

/// The most params of a function that its host offers: kits use a handful.
const MAX_PARAMS: usize = 16;
/// The most functions of its host's that a module may import: each takes some code of its own.
const MAX_FUNCTIONS: usize = 1_000;

/// Whether a namespace is one that only the host itself fills.
pub(crate) fn is_reserved(namespace: &str) -> bool {
    [EXTISM, WASI, HOST].contains(&namespace)
}

/// What a module wants from its host.
pub(super) struct Import<'a> {
    pub module: &'a str,
    pub name: &'a str,
    /// `None` where it is not a function.
    pub signature: Option<&'a FuncType>,
}

impl Import<'_> {
    /// What it is as a function that a host can offer; nothing where it cannot be one.
    pub fn wanted(&self) -> Option<Wanted> {
        let signature = self.signature?;
        let blocks = |types: &[ValType]| types.iter().all(|ty| *ty == I64);
        let (params, results) = (signature.params(), signature.results());
        let fits = blocks(params) && params.len() <= MAX_PARAMS && blocks(results) && results.len() <= 1;
        let is_request =
            self.module == EXTISM && self.name == "http_request" && params.len() == 2 && results.len() == 1;
        (fits && (is_request || !is_reserved(self.module))).then(|| Wanted {
            namespace: self.module.into(),
            name: self.name.into(),
            params: params.len(),
            answers: !results.is_empty(),
        })
    }
}

/// Refuses a module that imports something this host does not offer, naming all of it at once.
pub(super) fn check(imports: &[Import<'_>], offers: Offers<'_>) -> Result<()> {
    let mut advised = None;
    let mut functions = 0;
    let mut refused = Vec::new();
    for import in imports {
        match import.wanted() {
            Some(wanted) if wanted.is_request() || offers(&wanted) => functions += 1,
            Some(wanted) => {
                refused.push(described(import));
                advised.get_or_insert(wanted);
            }
            None => refused.extend(refusal(import)),
        }
    }
    if functions > MAX_FUNCTIONS {
        let message = format!(
            "The module imports {functions} functions that its host offers, more than the {MAX_FUNCTIONS} that this host takes."
        );
        return Err(ExtensionError::new(ErrorCode::InvalidSource, message));
    }
    refuse(&refused, advised.as_ref())
}

/// Whether a function that a module wants is offered to it.
pub(crate) type Offers<'a> = &'a dyn Fn(&Wanted) -> bool;

/// Refuses a module that was prepared for other offers.
pub(crate) fn check_wanted(wanted: &[Wanted], offers: Offers<'_>) -> Result<()> {
    let refused: Vec<_> = wanted.iter().filter(|wanted| !wanted.is_request() && !offers(wanted)).collect();
    let names: Vec<String> = (refused.iter())
        .map(|wanted| {
            let (params, results) = (vec![I64; wanted.params], vec![I64; usize::from(wanted.answers)]);
            described(&Import {
                module: &wanted.namespace,
                name: &wanted.name,
                signature: Some(&FuncType::new(params, results)),
            })
        })
        .collect();
    refuse(&names, refused.first().copied())
}

fn refuse(refused: &[String], advised: Option<&Wanted>) -> Result<()> {
    if refused.is_empty() {
        return Ok(());
    }
    // A hostile module can have 100,000 imports: an error is for reading.
    let shown = refused.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("; ");
    let more = if refused.len() > 20 { format!("; and {} more", refused.len() - 20) } else { String::new() };
    let advice = advised.map_or_else(String::new, |Wanted { namespace, name, .. }| {
        let (namespace, name) = (shorten(namespace, 80), shorten(name, 80));
        format!(
            " To offer functions of your own, load it with `functions`, as in {{ {namespace:?}: {{ {name:?}: … }} }}."
        )
    });
    Err(ExtensionError::new(
        ErrorCode::InvalidSource,
        format!("The module imports what this host does not offer: {shown}{more}.{advice}"),
    ))
}

fn refusal(import: &Import<'_>) -> Option<String> {
    let Some(signature) = import.signature else {
        return Some(format!("{}, which is not a function", name_of(import)));
    };
    let offered = match import.module {
        EXTISM => EXTISM_FUNCTIONS,
        WASI => REPLACED_WASI_FUNCTIONS,
        HOST => &[],
        _ => {
            return Some(format!(
                "{}, but a host's functions take up to {MAX_PARAMS} i64, which are blocks of Extism's memory, and answer one or nothing",
                described(import)
            ));
        }
    };
    match offered.iter().find(|(offered, ..)| *offered == import.name) {
        Some((_, params, results)) if *params == signature.params() && *results == signature.results() => None,
        Some((_, params, results)) => {
            Some(format!("{}, which is ({}) -> ({})", described(import), list(params), list(results)))
        }
        None if import.module == WASI && WASI_FUNCTIONS.contains(&import.name) => None,
        None => Some(described(import)),
    }
}

fn name_of(import: &Import<'_>) -> String {
    format!("{}::{}", shorten(import.module, 80), shorten(import.name, 80))
}

/// An import's name and shape.
fn described(import: &Import<'_>) -> String {
    let shape = import.signature.map(|found| format!(" as ({}) -> ({})", list(found.params()), list(found.results())));
    name_of(import) + shape.as_deref().unwrap_or_default()
}

fn list(types: &[ValType]) -> String {
    types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
