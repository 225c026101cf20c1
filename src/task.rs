//! Jobs as a task on libuv's pool.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use morphir_extension_host::Job;
use napi::bindgen_prelude::{Error, Result};
use napi::{Env, Task};

use crate::outbox::Outbox;
use crate::settled::SettledList;
use crate::stay::Handover;

/// Runs a job, and those that it is given right after. Settles with what JavaScript has not heard of by then.
pub struct Run {
    job: Option<Job>,
    outbox: Arc<Outbox>,
    handover: Arc<Handover>,
}

impl Run {
    pub const fn new(job: Job, outbox: Arc<Outbox>, handover: Arc<Handover>) -> Self {
        Self { job: Some(job), outbox, handover }
    }
}

impl Task for Run {
    type Output = ();
    type JsValue = SettledList;

    fn compute(&mut self) -> Result<Self::Output> {
        let mut next = self.job.take();
        let settle = self.outbox.settle();
        while let Some(job) = next {
            // A panic on a thread of libuv's ends the process.
            catch_unwind(AssertUnwindSafe(|| job.run(&settle)))
                .map_err(|_| Error::from_reason("The extension host failed, which is a defect of it."))?;
            // Only what JavaScript gives: the end of a worker waits for this task, and should not wait for all that is in line.
            next = self.handover.wait();
        }
        Ok(())
    }

    fn resolve(&mut self, _: Env, (): Self::Output) -> Result<Self::JsValue> {
        Ok(SettledList(self.outbox.take()))
    }
}
