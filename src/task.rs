//! Jobs as a task on libuv's pool.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use morphir_extension_host::{Host, Job};
use napi::bindgen_prelude::{Error, Result};
use napi::{Env, Task};

use crate::lifeline::Lifeline;
use crate::outbox::Outbox;
use crate::settled::SettledList;
use crate::stay::Handover;

/// Runs a job, and those that are next in line or are given right after. Settles with what JavaScript has not heard of by then.
pub struct Run {
    /// There until it runs.
    pub job: Option<Job>,
    pub host: Host,
    pub outbox: Arc<Outbox>,
    pub handover: Arc<Handover>,
    pub lifeline: Arc<Lifeline>,
}

impl Task for Run {
    type Output = ();
    type JsValue = SettledList;

    fn compute(&mut self) -> Result<Self::Output> {
        let mut next = self.job.take();
        let settle = self.outbox.settle();
        let _watched = self.lifeline.watch();
        while let Some(job) = next {
            // A panic on a thread of libuv's ends the process.
            catch_unwind(AssertUnwindSafe(|| job.run(&settle)))
                .map_err(|_| Error::from_reason("The extension host failed, which is a defect of it."))?;
            let more = if self.handover.is_lent() { self.host.next_in_turn() } else { None };
            next = more.or_else(|| self.handover.wait());
        }
        Ok(())
    }

    fn resolve(&mut self, _: Env, (): Self::Output) -> Result<Self::JsValue> {
        Ok(SettledList(self.outbox.take()))
    }
}
