//! Blobs in a sorted map.
use async_trait::async_trait;
use flows::ports::{BlobError, BlobStore};
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

/// A key is a relative path of plain segments, at most 900 bytes long.
fn checked(key: &str) -> Result<&str, BlobError> {
    let plain = |segment: &str| !segment.is_empty() && segment != "." && segment != "..";
    if key.len() <= 900 && key.split('/').all(plain) && !key.contains(['\\', '\0']) {
        Ok(key)
    } else {
        Err(BlobError::BadKey(key.to_owned()))
    }
}

#[async_trait]
impl BlobStore for MemoryBlobStore {
    async fn put(&self, key: &str, bytes: Vec<u8>) -> Result<(), BlobError> {
        let key = checked(key)?.to_owned();
        self.with(|blobs| blobs.insert(key, bytes));
        Ok(())
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, BlobError> {
        let key = checked(key)?;
        Ok(self.with(|blobs| blobs.get(key).cloned()))
    }

    async fn list(&self, prefix: &str, limit: usize) -> Result<Vec<String>, BlobError> {
        Ok(self
            .with(|blobs| blobs.keys().filter(|key| key.starts_with(prefix)).take(limit).cloned().collect()))
    }

    async fn delete(&self, key: &str) -> Result<(), BlobError> {
        let key = checked(key)?;
        self.with(|blobs| blobs.remove(key));
        Ok(())
    }
}
