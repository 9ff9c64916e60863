//! Blobs in a sorted map.
use async_trait::async_trait;
use flows::ports::{BlobError, BlobStore, rules};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Blobs that last as long as the value.
#[derive(Debug, Default)]
pub struct MemoryBlobStore {
    blobs: Mutex<BTreeMap<String, Vec<u8>>>,
}

impl MemoryBlobStore {
    /// A store without blobs.
    pub fn new() -> Self {
        Self::default()
    }

    fn with<T>(&self, look: impl FnOnce(&mut BTreeMap<String, Vec<u8>>) -> T) -> T {
        look(&mut self.blobs.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl BlobStore for MemoryBlobStore {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), BlobError> {
        rules::blob_key(key)?;
        self.with(|blobs| blobs.insert(key.to_owned(), bytes));
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, BlobError> {
        rules::blob_key(key)?;
        Ok(self.with(|blobs| blobs.get(key).cloned()))
    }

    async fn list(&self, prefix: &str, limit: usize) -> Result<Vec<String>, BlobError> {
        Ok(self
            .with(|blobs| blobs.keys().filter(|key| key.starts_with(prefix)).take(limit).cloned().collect()))
    }

    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        rules::blob_key(key)?;
        self.with(|blobs| blobs.remove(key));
        Ok(())
    }
}
