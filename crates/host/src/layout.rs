//! How the engine lays out a guest's memory in the process's address space.

use std::sync::atomic::{AtomicBool, Ordering};

/// The size of the guard behind a memory in the compact layout: one page, enough to catch what bounds checks let through by
/// design.
const COMPACT_GUARD: u64 = 64 * 1024;

/// Set once an address space turned out to be too small for guards.
static COMPACT: AtomicBool = AtomicBool::new(false);

/// A layout for the memories of one engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// Gigabytes of reserved addresses around each memory take the place of bounds checks. Costs nothing but addresses.
    Guarded,
    /// No more addresses than the memory may come to use, and a check at each access: for processes whose address space is
    /// limited (`ulimit -v`, many remote and batch hosts).
    Compact,
}

impl Layout {
    /// The layout to use now.
    pub fn current() -> Self {
        if COMPACT.load(Ordering::Relaxed) { Self::Compact } else { Self::Guarded }
    }

    /// The layout to try after this one could not be reserved. The whole process stays with it: the address space will not grow.
    pub fn give_up(self) -> Option<Self> {
        match self {
            Self::Guarded => {
                COMPACT.store(true, Ordering::Relaxed);
                Some(Self::Compact)
            }
            Self::Compact => None,
        }
    }

    /// Applies the layout for memories of up to `max_memory` bytes.
    pub fn apply(self, config: &mut wasmtime::Config, max_memory: u64) {
        match self {
            Self::Guarded => {}
            Self::Compact => {
                config.memory_reservation(max_memory);
                config.memory_reservation_for_growth(0);
                config.memory_guard_size(COMPACT_GUARD);
                config.guard_before_linear_memory(false);
            }
        }
    }
}
