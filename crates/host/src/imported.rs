//! The functions that one module imports from its host, by the numbers by which it calls them.

use std::sync::Arc;

use crate::config::Permissions;
use crate::deadline::{Interrupt, Interrupted, Reason};
use crate::function::{Abandoned, Block, Failure, FunctionCall, HostFunction, wait_for};
use crate::network::{HttpRequest, HttpResponse, Network, NetworkGrant};
use crate::offers::{Offered, Offers};
use crate::prepare::Wanted;

/// The functions that one module imports, in the order of their numbers.
pub(crate) struct Imported {
    extension: String,
    functions: Vec<Function>,
    /// The most bytes that the arguments of one call come to, or its answer.
    pub max_bytes: u64,
}

struct Function {
    /// With its namespace, as messages name it.
    name: String,
    answers: bool,
    does: Does,
}

enum Does {
    Call(Arc<dyn HostFunction>),
    Request(Option<(Arc<dyn Network>, Arc<NetworkGrant>)>),
    Log,
}

/// What came of a call.
pub(crate) enum Called {
    Answered(Block),
    Responded(HttpResponse),
    /// The guest wants something written to its log: a level and a message.
    Logged(Block, Block),
    Interrupted(Interrupted),
    Failed(Failure),
    NotGranted,
}

impl Imported {
    /// Finds what a module wants; it was made sure that all of it is offered.
    pub fn find(
        extension: &str,
        wanted: &[Wanted],
        offered: &Offered,
        offers: &Offers,
        permissions: &Permissions,
    ) -> Self {
        let function = |wanted: &Wanted| {
            let (name, does) = if wanted.is_request() {
                let granted = offers.network.clone().zip(permissions.network_grant().map(Arc::new));
                (wanted.name.clone(), Does::Request(granted))
            } else {
                let name = format!("{}::{}", wanted.namespace, wanted.name);
                (name, offered.find(wanted).map_or(Does::Log, Does::Call))
            };
            Function { name, answers: wanted.answers, does }
        };
        let functions = wanted.iter().map(function).collect();
        Self { extension: extension.into(), functions, max_bytes: permissions.max_output }
    }

    pub const fn is_empty(&self) -> bool {
        self.functions.is_empty()
    }

    /// A function's name, for messages.
    pub fn name(&self, number: usize) -> &str {
        self.functions.get(number).map_or("?", |function| &function.name)
    }

    /// Calls a function and waits for it on this thread, unless the run has to end before.
    pub fn call(
        &self,
        number: usize,
        arguments: Vec<Block>,
        method: Option<String>,
        interrupt: &Arc<Interrupt>,
    ) -> Called {
        let Some(function) = self.functions.get(number) else {
            return Called::Failed("there is no such function".into());
        };
        let call = FunctionCall {
            number: FunctionCall::next_number(),
            ticket: interrupt.ticket(),
            extension: self.extension.clone(),
            method,
            arguments,
            answers: function.answers,
        };
        let number = call.number;
        match &function.does {
            Does::Call(function) => {
                let waited = wait_for(interrupt, |reply| function.start(call, reply));
                called(waited, Called::Answered, |why| function.abandon(number, why))
            }
            Does::Request(None) => Called::NotGranted,
            Does::Request(Some((network, grant))) => {
                let request = HttpRequest { call, grant: Arc::clone(grant), max_response: self.max_bytes };
                let waited = wait_for(interrupt, |reply| network.start(request, reply));
                called(waited, Called::Responded, |why| network.abandon(number, why))
            }
            Does::Log => {
                let mut arguments = call.arguments.into_iter();
                Called::Logged(arguments.next().flatten(), arguments.next().flatten())
            }
        }
    }
}

fn called<T>(
    waited: Result<Result<T, Failure>, Interrupted>,
    answered: impl FnOnce(T) -> Called,
    abandon: impl FnOnce(Abandoned),
) -> Called {
    match waited {
        Ok(Ok(answer)) => answered(answer),
        Ok(Err(failure)) => Called::Failed(failure),
        Err(interrupted) => {
            abandon(match interrupted.reason {
                Reason::Deadline | Reason::Timeout => Abandoned::OutOfTime,
                Reason::Cancelled => Abandoned::Cancelled,
            });
            Called::Interrupted(interrupted)
        }
    }
}
