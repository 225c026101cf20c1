//! How long a module keeps the compiler busy.
//!
//! Compiling is the host's own work, which no deadline ends. Most code takes a time that grows with its length, and that is limited; but
//! there is code for which the compiler takes the square of it. What compilers emit stays far below these limits: among the
//! extensions of this project an interpreter for Python comes closest. The times are from one processor of 2.5 GHz.

use wasmparser::Operator;

use crate::error::{ErrorCode, ExtensionError, Result};

/// Functions cost some 50 µs each, however short: ten seconds.
const MAX_FUNCTIONS: usize = 200_000;
/// The squares of the number of loops in each function, together: 7,000 loops in one are five seconds.
const MAX_LOOPS: u64 = 50_000_000;
/// The branches of each function times its local variables, together: 32,000 of both in one are eight seconds.
const MAX_BRANCHES: u64 = 1_000_000_000;

/// Adds up what the functions of a module cost.
#[derive(Default)]
pub(super) struct Effort {
    loops: u64,
    branches: u64,
    function: Function,
}

/// The function that is being read.
#[derive(Default)]
struct Function {
    loops: u64,
    branches: u64,
}

impl Effort {
    /// Refuses a module with too many functions.
    pub fn check_functions(count: usize) -> Result<()> {
        if count <= MAX_FUNCTIONS {
            return Ok(());
        }
        refuse(&format!("it has {count} functions, more than the {MAX_FUNCTIONS} that this host takes"))
    }

    /// Notes one operator of the function that is being read.
    pub const fn note(&mut self, operator: &Operator<'_>) {
        match operator {
            Operator::Loop { .. } => self.function.loops += 1,
            Operator::If { .. } | Operator::BrIf { .. } | Operator::BrTable { .. } => self.function.branches += 1,
            _ => {}
        }
    }

    /// Ends the function that was being read, which has so many local variables.
    pub fn end_function(&mut self, locals: u64) {
        let Function { loops, branches } = std::mem::take(&mut self.function);
        self.loops = self.loops.saturating_add(loops * loops);
        self.branches = self.branches.saturating_add(branches * locals);
    }

    /// Refuses a module that would take too long.
    pub fn check(&self) -> Result<()> {
        if self.loops > MAX_LOOPS {
            return refuse("some of its functions have thousands of loops: split them");
        }
        if self.branches > MAX_BRANCHES {
            return refuse("some of its functions have thousands of branches and of local variables: split them");
        }
        Ok(())
    }
}

fn refuse(why: &str) -> Result<()> {
    Err(ExtensionError::new(ErrorCode::InvalidSource, format!("The module would take too long to compile: {why}.")))
}
