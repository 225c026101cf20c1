//! What is looked for, and how bad it is.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    UnusedArgument,
    UnusedBinding,
    UnusedPatternVariable,
    ShadowedName,
    UnreachableBranch,
    ConstantCondition,
}

/// As in Morphir's protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    Error,
    Warning,
    Info,
    Hint,
}

/// A severity, or `off`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Error,
    Warning,
    Info,
    Hint,
    Off,
}

/// The rules that somebody set. What is not set is as below.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct Rules(BTreeMap<Rule, Level>);

impl Rules {
    /// These, and what they leave out from others.
    pub fn or(mut self, others: Self) -> Self {
        for (rule, level) in others.0 {
            self.0.entry(rule).or_insert(level);
        }
        self
    }

    /// Nothing for a rule that is off.
    pub fn severity(&self, rule: Rule) -> Option<Severity> {
        match self.0.get(&rule).copied().unwrap_or_else(|| usual(rule)) {
            Level::Error => Some(Severity::Error),
            Level::Warning => Some(Severity::Warning),
            Level::Info => Some(Severity::Info),
            Level::Hint => Some(Severity::Hint),
            Level::Off => None,
        }
    }
}

fn usual(rule: Rule) -> Level {
    match rule {
        // A name for what is left alone tells readers what it is, so some write one on purpose.
        Rule::UnusedPatternVariable => Level::Hint,
        _ => Level::Warning,
    }
}
