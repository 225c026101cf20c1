//! Notices that an environment ends while guests run for it on libuv's pool.
//!
//! `worker.terminate()` and a reload of an editor's window fire no event that one could hear in time: Node waits for the tasks on the
//! pool before it runs any hook. But while it waits it still looks at what other threads tell it, without running JavaScript. So
//! while a task runs something, the thread of the environment is asked again and again whether JavaScript can still run there.

use std::ptr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use morphir_extension_host::{Host, Pulse};
use napi::bindgen_prelude::{Function, Result};
use napi::threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode};
use napi::{Env, Status, sys};

/// How often to ask. A guest runs on for about so long after its environment has begun to end.
const PERIOD: Duration = Duration::from_millis(50);

/// Asks the environment's thread, where the answer is found. Weak: nobody need be kept alive by it.
type Question = ThreadsafeFunction<(), (), (), Status, false, true, 1>;

/// Stops a host's guests when their environment has begun to end.
#[derive(Default)]
pub struct Lifeline {
    question: Arc<OnceLock<Question>>,
}

impl Lifeline {
    /// Watches over the environment of this function, which is called whenever it was asked and lives.
    pub fn tie(&self, host: &Host, lives: &Function<'_, (), ()>) -> Result<()> {
        let host = host.clone();
        let question =
            lives.build_threadsafe_function().weak::<true>().max_queue_size::<1>().build_callback(move |it| {
                if !can_run(&it.env) {
                    host.stop(Duration::ZERO);
                }
                Ok(())
            })?;
        // There is one for good.
        let _ = self.question.set(question);
        Ok(())
    }

    /// Asks until the answer is dropped.
    pub fn watch(&self) -> Pulse {
        let question = Arc::clone(&self.question);
        Pulse::every(
            PERIOD,
            Arc::new(move || {
                if let Some(question) = question.get() {
                    question.call((), ThreadsafeFunctionCallMode::NonBlocking);
                }
            }),
        )
    }
}

/// Whether JavaScript can run in an environment. Node-API says so only when something asks for it that may run some.
fn can_run(env: &Env) -> bool {
    let (mut undefined, mut equal) = (ptr::null_mut(), false);
    // SAFETY: Node has just handed this environment out, on its own thread; both results are written to places of their own.
    unsafe {
        sys::napi_get_undefined(env.raw(), &raw mut undefined) == sys::Status::napi_ok
            && sys::napi_strict_equals(env.raw(), undefined, undefined, &raw mut equal) == sys::Status::napi_ok
    }
}
