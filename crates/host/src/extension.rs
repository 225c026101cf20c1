//! One loaded extension: its instances and its figures.

use std::sync::Arc;

use crate::capability::Capability;
use crate::config::{ExtensionConfig, Source};
use crate::dialect::Dialect;
use crate::error::{ErrorCode, ExtensionError, Result};
use crate::figures::{Figures, Stats};
use crate::instance::{Blueprint, Instance};
use crate::mep::Advertised;
use crate::offers::Offered;

/// Names an extension for as long as its host lives; never used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExtensionId(pub u64);

impl std::fmt::Display for ExtensionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// `None` while a thread has it. Boxed, because they change hands at each call.
pub(crate) type Instances = Vec<Option<Box<Instance>>>;

pub(crate) struct Extension {
    pub blueprint: Arc<Blueprint>,
    pub capabilities: Arc<Vec<Capability>>,
    /// What an extension with sessions said that it can do.
    pub advertised: Option<Arc<Advertised>>,
    pub instances: Instances,
    /// Where its module came from; without the module's bytes, where it came as bytes.
    pub source: Source,
    pub max_queue: Option<u32>,
    /// Takes no new calls and goes when those it has are done.
    pub retired: bool,
    pub figures: Figures,
}

/// What a reload starts from.
pub(crate) enum Successor {
    /// A source that has to be read, and what the extension is offered.
    Source(Box<ExtensionConfig>, Arc<Offered>),
    /// The module as it is, because it came as bytes that nobody kept.
    Module { blueprint: Arc<Blueprint>, source: Source, instances: usize },
}

impl Extension {
    pub fn stats(&self, load: (usize, usize)) -> Stats {
        self.figures.stats(load, self.instances.len(), self.dialect())
    }

    pub fn dialect(&self) -> Dialect {
        match &self.advertised {
            Some(advertised) if advertised.early => Dialect::MepEarly,
            _ => self.blueprint.dialect,
        }
    }

    /// Makes sure that a call of this method can start.
    pub fn find(&self, method: &str) -> Result<()> {
        if let Some(refusal) = self.blueprint.recovery.refusal() {
            return Err(refusal.of(&self.blueprint.name).in_method(method));
        }
        match &self.advertised {
            Some(advertised) => {
                advertised.find(method).map(drop).map_err(|error| error.of(&self.blueprint.name).in_method(method))
            }
            None => self.blueprint.find(method),
        }
    }

    /// Makes sure that so much more work may wait, beside what waits and runs already.
    pub fn admit(&mut self, pieces: usize, (waiting, running): (usize, usize)) -> Result<()> {
        let Some(max_queue) = self.max_queue else { return Ok(()) };
        let (there, instances) = (waiting + running, self.instances.len());
        if there + pieces <= instances + max_queue as usize {
            return Ok(());
        }
        self.figures.refused += 1;
        let message = format!(
            "The extension has {there} calls that wait or run. With {pieces} more they would be more than its instances \
             ({instances}) and `max_queue` ({max_queue}) allow: send fewer at once, or raise `max_queue`."
        );
        Err(ExtensionError::new(ErrorCode::QueueFull, message).of(&self.blueprint.name))
    }

    /// What a reload starts from, with a `source` where there is a new one.
    pub fn successor(&self, source: Option<Source>) -> Successor {
        let blueprint = Arc::clone(&self.blueprint);
        let instances = self.instances.len();
        let source = match source {
            Some(source) => source,
            None if self.source.path.is_some() => self.source.clone(),
            None => return Successor::Module { blueprint, source: self.source.clone(), instances },
        };
        let config = ExtensionConfig {
            permissions: blueprint.permissions.clone(),
            config: blueprint.config.clone(),
            dialect: blueprint.wanted_dialect,
            instances: u32::try_from(instances).unwrap_or(u32::MAX),
            max_queue: self.max_queue,
            restart: blueprint.recovery.restart,
            ..ExtensionConfig::new(blueprint.name.clone(), source)
        };
        Successor::Source(Box::new(config), Arc::clone(&blueprint.offered))
    }
}
