//! Morphir's own functions, which its SDK imports: the workspace, and a place to keep IR.

use std::collections::{HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;

use crate::function::{Block, Failure, FunctionCall, HostFunction, Reply};

/// Where kits import functions from.
pub(crate) const NAMESPACE: &str = "extism:host/user";

/// What all that one extension keeps in its cache may come to, in bytes: some large models.
const MAX_CACHE_BYTES: usize = 64 * 1024 * 1024;
/// How many entries it may have, whatever they come to.
const MAX_ENTRIES: usize = 10_000;
/// What an entry costs beside its text.
const ENTRY_BYTES: usize = 128;

/// What Morphir's extensions are told about the workspace.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    /// Its root; the process's working directory where there is none.
    pub root: Option<PathBuf>,
    /// Where what is made goes; `.morphir-dist` in the root where there is none.
    pub output_dir: Option<PathBuf>,
}

impl Workspace {
    /// As Morphir's SDK reads it.
    fn to_json(&self) -> String {
        let root = self.root.clone().or_else(|| std::env::current_dir().ok()).unwrap_or_default();
        let output_dir = self.output_dir.clone().unwrap_or_else(|| root.join(".morphir-dist"));
        json!({ "root": root.to_string_lossy(), "output_dir": output_dir.to_string_lossy() }).to_string()
    }
}

/// Morphir's own functions for one extension, whose instances share them.
#[derive(Debug, Default)]
pub(crate) struct Morphir {
    workspace: Workspace,
    cache: Arc<Mutex<Cache>>,
}

impl Morphir {
    pub fn new(workspace: Workspace) -> Self {
        Self { workspace, cache: Arc::default() }
    }

    pub fn find(&self, namespace: &str, name: &str) -> Option<Arc<dyn HostFunction>> {
        if namespace != NAMESPACE {
            return None;
        }
        let cache = Arc::clone(&self.cache);
        Some(match name {
            "morphir_get_workspace_info" => Arc::new(WorkspaceInfo(self.workspace.clone())),
            "morphir_cache_ir" => Arc::new(CacheIr(cache)),
            "morphir_get_cached_ir" => Arc::new(CachedIr(cache)),
            _ => return None,
        })
    }
}

/// `morphir_get_workspace_info() -> i64`
struct WorkspaceInfo(Workspace);

impl HostFunction for WorkspaceInfo {
    fn start(&self, _: FunctionCall, reply: Reply<Block>) {
        reply.settle(Ok(Some(self.0.to_json().into_bytes())));
    }

    // Morphir's own host of early 2026 has a param here, which says nothing.
    fn accepts(&self, params: usize, answers: bool) -> bool {
        params <= 1 && answers
    }
}

/// `morphir_cache_ir(key: i64, ir: i64)`
struct CacheIr(Arc<Mutex<Cache>>);

impl HostFunction for CacheIr {
    fn start(&self, call: FunctionCall, reply: Reply<Block>) {
        let [key, ir] = call.arguments.try_into().unwrap_or_default();
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).put(key.unwrap_or_default(), ir);
        reply.settle(kept.map(|()| None));
    }

    fn accepts(&self, params: usize, answers: bool) -> bool {
        params == 2 && !answers
    }
}

/// `morphir_get_cached_ir(key: i64) -> i64`
struct CachedIr(Arc<Mutex<Cache>>);

impl HostFunction for CachedIr {
    fn start(&self, call: FunctionCall, reply: Reply<Block>) {
        let [key] = call.arguments.try_into().unwrap_or_default();
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key.unwrap_or_default());
        // What the SDK reads as nothing.
        reply.settle(Ok(Some(found.map_or_else(|| b"null".to_vec(), |found| found.to_vec()))));
    }

    fn accepts(&self, params: usize, answers: bool) -> bool {
        params == 1 && answers
    }
}

/// IR by key. What was kept first goes first when there is too much.
#[derive(Debug, Default)]
struct Cache {
    entries: HashMap<Vec<u8>, Arc<[u8]>>,
    order: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Cache {
    fn get(&self, key: &[u8]) -> Option<Arc<[u8]>> {
        self.entries.get(key).map(Arc::clone)
    }

    /// Keeps something, or with nothing forgets what there was.
    fn put(&mut self, key: Vec<u8>, ir: Option<Vec<u8>>) -> Result<(), Failure> {
        self.remove(&key);
        let Some(ir) = ir else { return Ok(()) };
        let bytes = cost(&key, &ir);
        if bytes > MAX_CACHE_BYTES {
            return Err(
                format!("an entry of {bytes} bytes is more than the {MAX_CACHE_BYTES} that the cache has").into()
            );
        }
        while (self.bytes + bytes > MAX_CACHE_BYTES || self.entries.len() >= MAX_ENTRIES)
            && let Some(oldest) = self.order.front().cloned()
        {
            self.remove(&oldest);
        }
        self.bytes += bytes;
        self.order.push_back(key.clone());
        self.entries.insert(key, ir.into());
        Ok(())
    }

    fn remove(&mut self, key: &[u8]) {
        if let Some(ir) = self.entries.remove(key) {
            self.bytes -= cost(key, &ir);
            self.order.retain(|kept| kept != key);
        }
    }
}

fn cost(key: &[u8], ir: &[u8]) -> usize {
    key.len() * 2 + ir.len() + ENTRY_BYTES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(bytes: usize) -> Vec<u8> {
        vec![b' '; bytes]
    }

    #[test]
    fn the_cache_keeps_what_came_last() {
        let mut cache = Cache::default();
        for number in 0..200_u8 {
            cache.put(vec![number], Some(filled(1024 * 1024))).unwrap();
        }
        assert!(cache.bytes <= MAX_CACHE_BYTES);
        assert!(cache.get(&[0]).is_none());
        assert_eq!(cache.get(&[199]).unwrap().len(), 1024 * 1024);
        assert_eq!(cache.entries.len(), cache.order.len());
    }

    #[test]
    fn what_is_put_twice_counts_once_and_what_is_taken_out_counts_no_more() {
        let mut cache = Cache::default();
        cache.put(b"a".to_vec(), Some(filled(1000))).unwrap();
        cache.put(b"a".to_vec(), Some(filled(10))).unwrap();
        assert_eq!(cache.bytes, cost(b"a", &[0; 10]));
        cache.put(b"a".to_vec(), None).unwrap();
        assert_eq!((cache.bytes, cache.order.len()), (0, 0));
        assert!(cache.put(b"b".to_vec(), Some(filled(MAX_CACHE_BYTES))).is_err());
        assert!(cache.get(b"b").is_none());
    }
}
