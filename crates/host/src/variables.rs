//! Extism's variables: what a guest keeps on its host's side from one call to the next.

use std::collections::BTreeMap;

/// What all variables of an instance may take together: Extism's own default.
pub(crate) const MAX_VARIABLE_BYTES: usize = 1024 * 1024;
/// What an entry costs beside its text.
const ENTRY_BYTES: usize = 64;

/// The variables of one instance.
#[derive(Default)]
pub(crate) struct Variables {
    values: BTreeMap<Vec<u8>, Vec<u8>>,
    bytes: usize,
}

impl Variables {
    /// A variable's value.
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.values.get(name).map(Vec::as_slice)
    }

    /// Sets a variable. Answers whether there was room for it.
    pub fn set(&mut self, name: Vec<u8>, value: Vec<u8>) -> bool {
        self.remove(&name);
        let bytes = cost(&name, &value);
        if self.bytes + bytes > MAX_VARIABLE_BYTES {
            return false;
        }
        self.bytes += bytes;
        self.values.insert(name, value);
        true
    }

    /// Removes a variable.
    pub fn remove(&mut self, name: &[u8]) {
        if let Some((name, value)) = self.values.remove_entry(name) {
            self.bytes -= cost(&name, &value);
        }
    }
}

fn cost(name: &[u8], value: &[u8]) -> usize {
    name.len() + value.len() + ENTRY_BYTES
}
