//! One job as a task on libuv's pool.

use std::panic::{AssertUnwindSafe, catch_unwind};

use morphir_extension_host::{Job, Settled};
use napi::bindgen_prelude::{Error, Result};
use napi::{Env, Task};

use crate::settled::SettledList;

/// Runs a job, and settles with what came of it.
pub struct Run {
    job: Option<Job>,
}

impl Run {
    pub const fn new(job: Job) -> Self {
        Self { job: Some(job) }
    }
}

impl Task for Run {
    type Output = Vec<Settled>;
    type JsValue = SettledList;

    fn compute(&mut self) -> Result<Self::Output> {
        // A panic on a thread of libuv's ends the process.
        let job = self.job.take();
        catch_unwind(AssertUnwindSafe(|| job.map(Job::run).unwrap_or_default()))
            .map_err(|_| Error::from_reason("The extension host failed, which is a defect of it."))
    }

    fn resolve(&mut self, _: Env, settled: Self::Output) -> Result<Self::JsValue> {
        Ok(SettledList(settled))
    }
}
