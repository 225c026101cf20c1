//! A module's own parts, copied with what has to change.

use wasm_encoder::reencode::{self, Reencode, utils};

use super::effort::Effort;
use super::plan::Plan;

/// Copies a module's parts, with functions renumbered, limits set, and growing and sleeping redirected.
pub(super) struct Copy<'a> {
    pub effort: Effort,
    plan: &'a Plan,
    next_table: usize,
}

impl<'a> Copy<'a> {
    pub fn new(plan: &'a Plan) -> Self {
        Self { effort: Effort::default(), plan, next_table: 0 }
    }

    pub const fn plan(&self) -> &'a Plan {
        self.plan
    }
}

impl Reencode for Copy<'_> {
    type Error = std::convert::Infallible;

    fn function_index(&mut self, function: u32) -> Result<u32, reencode::Error> {
        Ok(self.plan.function(function))
    }

    fn table_type(&mut self, table: wasmparser::TableType) -> Result<wasm_encoder::TableType, reencode::Error> {
        let maximum = self.plan.tables[self.next_table];
        self.next_table += 1;
        Ok(wasm_encoder::TableType { maximum: Some(maximum), ..utils::table_type(self, table)? })
    }

    fn memory_type(&mut self, memory: wasmparser::MemoryType) -> Result<wasm_encoder::MemoryType, reencode::Error> {
        // Extism refuses to grow a memory to its declared maximum: one page more than `grow` ever asks for.
        let maximum = self.plan.max_pages.map(|pages| pages + 1);
        Ok(wasm_encoder::MemoryType { maximum, ..utils::memory_type(self, memory) })
    }

    fn instruction<'b>(
        &mut self,
        operator: wasmparser::Operator<'b>,
    ) -> Result<wasm_encoder::Instruction<'b>, reencode::Error> {
        self.effort.note(&operator);
        match operator {
            wasmparser::Operator::MemoryGrow { .. } => Ok(wasm_encoder::Instruction::Call(self.plan.grow())),
            other => utils::instruction(self, other),
        }
    }
}
