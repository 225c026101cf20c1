//! What one extension is offered beside the engine's own functions.

use std::fmt;
use std::sync::Arc;

use crate::function::{Functions, HostFunction};
use crate::morphir::{Morphir, NAMESPACE, Workspace};
use crate::network::Network;
use crate::prepare::Wanted;

/// What a host offers to all its extensions.
#[derive(Clone, Default)]
pub struct Offers {
    /// Functions; those of an extension's own configuration come first.
    pub functions: Functions,
    /// What carries requests of those extensions that are granted the network; without it none can be.
    pub network: Option<Arc<dyn Network>>,
    /// What Morphir's extensions are told about the workspace.
    pub workspace: Workspace,
}

impl fmt::Debug for Offers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { functions, network, workspace } = self;
        let network = network.is_some();
        f.debug_struct("Offers")
            .field("functions", functions)
            .field("network", &network)
            .field("workspace", workspace)
            .finish()
    }
}

/// What one extension is offered, by whom it comes: a reload keeps it.
#[derive(Debug)]
pub(crate) struct Offered {
    own: Functions,
    host: Functions,
    morphir: Morphir,
}

impl Offered {
    pub fn new(own: Functions, offers: &Offers) -> Self {
        Self { own, host: offers.functions.clone(), morphir: Morphir::new(offers.workspace.clone()) }
    }

    /// Whether a function that a module wants is offered in that shape.
    pub fn has(&self, wanted: &Wanted) -> bool {
        self.find(wanted).is_some() || is_log(wanted)
    }

    /// The function that a module wants; none for `morphir_log`, which the guest's own log takes.
    pub fn find(&self, wanted: &Wanted) -> Option<Arc<dyn HostFunction>> {
        let Wanted { namespace, name, params, answers } = wanted;
        let given = self.own.find(namespace, name).or_else(|| self.host.find(namespace, name)).map(Arc::clone);
        given.or_else(|| self.morphir.find(namespace, name)).filter(|function| function.accepts(*params, *answers))
    }
}

/// Morphir's `morphir_log(level: i64, message: i64)`, which guests import that are written by hand.
fn is_log(wanted: &Wanted) -> bool {
    wanted.namespace == NAMESPACE && wanted.name == "morphir_log" && wanted.params == 2 && !wanted.answers
}
