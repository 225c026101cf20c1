//! One job as a task on libuv's pool.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use morphir_extension_host::Job;
use napi::bindgen_prelude::{Error, Result};
use napi::{Env, Task};

use crate::outbox::Outbox;
use crate::settled::SettledList;

/// Runs a job, and settles with all that settled until then and JavaScript has not heard of.
pub struct Run {
    job: Option<Job>,
    outbox: Arc<Outbox>,
}

impl Run {
    pub const fn new(job: Job, outbox: Arc<Outbox>) -> Self {
        Self { job: Some(job), outbox }
    }
}

impl Task for Run {
    type Output = ();
    type JsValue = SettledList;

    fn compute(&mut self) -> Result<Self::Output> {
        let Some(job) = self.job.take() else { return Ok(()) };
        let mut put = |settled| {
            self.outbox.put(settled);
        };
        // A panic on a thread of libuv's ends the process.
        catch_unwind(AssertUnwindSafe(|| job.run(&mut put)))
            .map_err(|_| Error::from_reason("The extension host failed, which is a defect of it."))
    }

    fn resolve(&mut self, _: Env, (): Self::Output) -> Result<Self::JsValue> {
        Ok(SettledList(self.outbox.take()))
    }
}
