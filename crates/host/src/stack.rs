//! How much stack a guest may use on the threads it is run on.

/// What the engine takes by default, and what its overflow check is known to hold with.
const PREFERRED: usize = 512 * 1024;
/// What the host's own frames and the engine's need beside the guest's.
const RESERVE: usize = 256 * 1024;
/// Less than this and nothing useful runs.
const LEAST: usize = 32 * 1024;

/// The stack that guests get, in bytes. Threads of libuv's pool are made with the process's soft limit, and a guest that recurses
/// beyond its thread's stack would end the process, so the guest's share has to fit.
pub(crate) fn for_guests() -> usize {
    thread_stack().map_or(PREFERRED, |stack| (stack.saturating_sub(RESERVE) / 2).clamp(LEAST, PREFERRED))
}

#[cfg(unix)]
fn thread_stack() -> Option<usize> {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Stack).current?;
    usize::try_from(limit).ok()
}

/// Elsewhere threads get what the binary says, at least a megabyte.
#[cfg(not(unix))]
fn thread_stack() -> Option<usize> {
    None
}
