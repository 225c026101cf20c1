// What this host offers for import. The core refuses what it does not know; here it is for reading, so names are enough.

const EXTISM = `alloc config_get error_get error_set free get_log_level http_headers http_request http_status_code input_length
input_load_u64 input_load_u8 input_offset input_set length length_unsafe load_u64 load_u8 log_debug log_error log_info log_trace
log_warn memory_bytes output_length output_offset output_set reset store_u64 store_u8 var_get var_set`

const WASI = `adapter_close_badfd adapter_open_badfd args_get args_sizes_get clock_res_get clock_time_get environ_get
environ_sizes_get fd_advise fd_allocate fd_close fd_datasync fd_fdstat_get fd_fdstat_set_flags fd_fdstat_set_rights
fd_filestat_get fd_filestat_set_size fd_filestat_set_times fd_pread fd_prestat_dir_name fd_prestat_get fd_pwrite fd_read
fd_readdir fd_renumber fd_seek fd_sync fd_tell fd_write path_create_directory path_filestat_get path_filestat_set_times path_link
path_open path_readlink path_remove_directory path_rename path_symlink path_unlink_file poll_oneoff proc_exit proc_raise
random_get sched_yield sock_accept sock_recv sock_send sock_shutdown`

const MORPHIR = 'morphir_cache_ir morphir_get_cached_ir morphir_get_workspace_info morphir_log'

/** By module, the functions that there are. A map: modules may import from what every object has, `constructor` for one. */
export const OFFERED = new Map([
  ['extism:host/env', new Set(EXTISM.split(/\s+/))],
  ['extism:host/user', new Set(MORPHIR.split(' '))],
  ['wasi_snapshot_preview1', new Set(WASI.split(/\s+/))],
])

/** Whether the host itself has a function of this name. */
export function isOurs({ module, name }) {
  return OFFERED.get(module)?.has(name) === true
}

/**
 * @param {{ module: string, name: string, kind: string }} found
 * @param {import('../../index.js').HostFunctions} functions
 */
export function isOffered({ module, name, kind }, functions = {}) {
  if (kind !== 'function') return false
  return isOurs({ module, name }) || (Object.hasOwn(functions, module) && Object.hasOwn(functions[module], name))
}
